#include "tests/unit/support_rows.h"

#include "node/read_model_parts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static struct db_stmt *first(struct store *s, const char *sql)
{
    struct err err = { .msg = "" };
    struct db_stmt *stmt = NULL;
    if (!db_prepare(s->db, sql, &stmt, &err) || db_step(stmt, &err) != DB_ROW)
        fail_msg("%s: no row %s", sql, err.msg);
    return stmt;
}

int64_t rows_number(struct store *s, const char *sql)
{
    struct db_stmt *stmt = first(s, sql);
    int64_t value = db_column_int(stmt, 0);
    db_stmt_free(stmt);
    return value;
}

void rows_expect(struct store *s, const char *sql, const char *text)
{
    struct db_stmt *stmt = first(s, sql);
    struct slice found = db_column_text(stmt, 0);
    char row[256];
    (void)snprintf(row, sizeof row, "%.*s", (int)found.len, (const char *)found.data);
    assert_string_equal(row, text);
    db_stmt_free(stmt);
}
