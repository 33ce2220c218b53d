#include "node/read_model_list.h"

#include "node/read_model_goods.h"

#include <assert.h>
#include <string.h>

#define DISPOSITION_COLUMNS                                                                   \
    "d.id, d.statement, d.action, d.member, d.meaning, d.reason, d.place, d.leaf, d.time_ms," \
    " (SELECT sum(count) FROM disposition_asset WHERE disposition = d.id),"                   \
    " (SELECT name FROM asset WHERE id = (SELECT first FROM disposition_asset"                \
    " WHERE disposition = d.id ORDER BY first LIMIT 1)),"                                     \
    " EXISTS (SELECT 1 FROM hold WHERE disposition = d.id AND until_ms IS NULL)"
#define CERTIFICATE_COLUMNS                                                          \
    "c.id, c.statement, c.name, c.number, c.issuer, c.from_ms, c.until_ms, c.place," \
    " c.member, c.document, c.leaf, c.time_ms, c.revoked_from_ms, (SELECT count(*)"  \
    " FROM certificate_asset WHERE certificate = c.id)"
#define FINDING_COLUMNS                                                                       \
    "f.id, (SELECT name FROM asset WHERE id = f.asset), f.what, f.statement, f.other, f.kid," \
    " f.leaf, f.time_ms, f.withdrawn_ms IS NULL, f.withdrawn_ms"

#define DISPOSITION_NAMES                                                                 \
    {                                                                                     \
        { NULL, CELL_NUMBER }, { "statement", CELL_HEX }, { "action", CELL_ACTION },      \
            { "member", CELL_MEMBER }, { "meaning", CELL_TEXT }, { "reason", CELL_TEXT }, \
            { "place", CELL_TEXT }, { "leaf", CELL_NUMBER }, { "time", CELL_TIME },       \
            { "names", CELL_NUMBER }, { "first", CELL_TEXT }, { "open", CELL_BOOL },      \
    }
#define CERTIFICATE_NAMES                                                              \
    {                                                                                  \
        { NULL, CELL_NUMBER }, { "certificate", CELL_HEX }, { "name", CELL_TEXT },     \
            { "number", CELL_TEXT }, { "issuer", CELL_MEMBER }, { "from", CELL_TIME }, \
            { "until", CELL_TIME }, { "place", CELL_TEXT }, { "member", CELL_MEMBER }, \
            { "document", CELL_HEX }, { "leaf", CELL_NUMBER }, { "time", CELL_TIME },  \
            { "revoked_from", CELL_TIME }, { "goods", CELL_NUMBER },                   \
    }
#define FINDING_NAMES                                                                    \
    {                                                                                    \
        { NULL, CELL_NUMBER }, { "asset", CELL_TEXT }, { "finding", CELL_FINDING },      \
            { "statement", CELL_HEX }, { "other", CELL_HEX }, { "signer", CELL_SIGNER }, \
            { "leaf", CELL_NUMBER }, { "time", CELL_TIME }, { "stands", CELL_BOOL },     \
            { "withdrawn", CELL_TIME },                                                  \
    }

static const struct list {
    const char *sql;
    struct read_model_column columns[LIST_COLUMNS_MAX + 1]; /* the first with neither ends them */
    size_t count;
} lists[LIST_COUNT] = {
    [LIST_RECALLS] = { "SELECT " DISPOSITION_COLUMNS " FROM disposition d WHERE d.action = 4"
                       " AND d.id < ?1 ORDER BY d.id DESC LIMIT ?2",
                       DISPOSITION_NAMES, 12 },
    [LIST_DISPOSITION] = { "SELECT " DISPOSITION_COLUMNS
                           " FROM disposition d WHERE d.statement = ?1",
                           DISPOSITION_NAMES, 12 },
    [LIST_DISPOSITION_BY_ID] = { "SELECT " DISPOSITION_COLUMNS
                                 " FROM disposition d WHERE d.id = ?1",
                                 DISPOSITION_NAMES, 12 },
    [LIST_DISPOSITION_NAMES] = { "SELECT x.first, (SELECT name FROM asset WHERE id = x.first),"
                                 " (SELECT name FROM asset WHERE id = x.first + x.count - 1),"
                                 " x.count FROM disposition_asset x WHERE x.disposition = ?1"
                                 " ORDER BY x.first LIMIT ?2",
                                 { { NULL, CELL_NUMBER },
                                   { "first", CELL_TEXT },
                                   { "last", CELL_TEXT },
                                   { "count", CELL_NUMBER } },
                                 4 },
    [LIST_CERTIFICATES] = { "SELECT " CERTIFICATE_COLUMNS " FROM certificate c WHERE c.id > ?1"
                            " AND (?3 IS NULL OR c.member = ?3) AND (?4 IS NULL OR c.place = ?4)"
                            " AND (?5 IS NULL OR EXISTS (SELECT 1 FROM certificate_asset"
                            " WHERE asset = ?5 AND certificate = c.id)) ORDER BY c.id LIMIT ?2",
                            CERTIFICATE_NAMES, 14 },
    [LIST_CERTIFICATE] = { "SELECT " CERTIFICATE_COLUMNS
                           " FROM certificate c WHERE c.statement = ?1",
                           CERTIFICATE_NAMES, 14 },
    [LIST_CERTIFICATE_ASSETS] = { "SELECT x.asset, (SELECT name FROM asset WHERE id = x.asset)"
                                  " FROM certificate_asset x WHERE x.certificate = ?1",
                                  { { NULL, CELL_NUMBER }, { "asset", CELL_TEXT } },
                                  2 },
    [LIST_CERTIFICATES_OF_HOP] = { "SELECT " CERTIFICATE_COLUMNS
                                   " FROM certificate c WHERE c.id IN ("
                                   "SELECT id FROM certificate WHERE member = ?1 UNION"
                                   " SELECT id FROM certificate WHERE place = ?2 UNION"
                                   " SELECT certificate FROM certificate_asset WHERE asset BETWEEN "
                                   "?3 AND ?4)"
                                   " ORDER BY c.id",
                                   CERTIFICATE_NAMES, 14 },
    [LIST_FINDINGS_OF_ASSET] = { "SELECT " FINDING_COLUMNS " FROM finding f WHERE f.asset = ?1"
                                 " AND f.id > ?2 ORDER BY f.id LIMIT ?3",
                                 FINDING_NAMES, 10 },
    [LIST_FINDINGS_OF_KEY] = { "SELECT " FINDING_COLUMNS " FROM finding_key k JOIN finding f"
                               " ON f.id = k.finding WHERE k.kid = ?1 AND k.finding > ?2"
                               " ORDER BY f.id LIMIT ?3",
                               FINDING_NAMES, 10 },
    [LIST_FINDINGS] = { "SELECT " FINDING_COLUMNS " FROM finding f WHERE f.id > ?1"
                        " ORDER BY f.id LIMIT ?2",
                        FINDING_NAMES, 10 },
    [LIST_HANDOVER] = { "SELECT 1, offer, sender, receiver, role, leaf, time_ms, answer,"
                        " answer_leaf, answer_ms, missing, surplus, damaged FROM handover"
                        " WHERE offer = ?1",
                        { { NULL, CELL_NUMBER },
                          { "offer", CELL_HEX },
                          { "from", CELL_MEMBER },
                          { "to", CELL_MEMBER },
                          { "role", CELL_ROLE },
                          { "offer_leaf", CELL_NUMBER },
                          { "offered", CELL_TIME },
                          { "answer", CELL_ANSWER },
                          { "answer_leaf", CELL_NUMBER },
                          { "answered", CELL_TIME },
                          { "missing", CELL_NUMBER },
                          { "surplus", CELL_NUMBER },
                          { "damaged", CELL_NUMBER } },
                        13 },
    [LIST_BOUND] = { "SELECT 1, device, reading, seal, seal_number, leaf, time_ms FROM bound"
                     " WHERE statement = ?1",
                     { { NULL, CELL_NUMBER },
                       { "device", CELL_HEX },
                       { "reading", CELL_HEX },
                       { "seal", CELL_SEAL },
                       { "seal_number", CELL_TEXT },
                       { "leaf", CELL_NUMBER },
                       { "time", CELL_TIME } },
                     7 },
    [LIST_LOT] = { "SELECT id, name, maker, declared, made FROM lot WHERE name = ?1",
                   { { NULL, CELL_NUMBER },
                     { "lot", CELL_TEXT },
                     { "maker", CELL_MEMBER },
                     { "declared", CELL_NUMBER },
                     { "made", CELL_NUMBER } },
                   5 },
    [LIST_LOT_GOODS] = { "SELECT o.first, (SELECT name FROM asset WHERE id = o.first),"
                         " (SELECT name FROM asset WHERE id = o.first + o.count - 1), o.count,"
                         " o.expiry_ms, m.statement, m.time_ms FROM making_output o JOIN making m"
                         " ON m.id = o.making WHERE o.lot = ?1 AND o.first > ?2"
                         " ORDER BY o.first LIMIT ?3",
                         { { NULL, CELL_NUMBER },
                           { "first", CELL_TEXT },
                           { "last", CELL_TEXT },
                           { "count", CELL_NUMBER },
                           { "expiry", CELL_TIME },
                           { "making", CELL_HEX },
                           { "time", CELL_TIME } },
                         7 },
    [LIST_CORRECTION] = { "SELECT 1, kind, correction, meaning, reason, leaf, time_ms"
                          " FROM correction WHERE original = ?1",
                          { { NULL, CELL_NUMBER },
                            { "kind", CELL_KIND },
                            { "correction", CELL_HEX },
                            { "meaning", CELL_TEXT },
                            { "reason", CELL_TEXT },
                            { "leaf", CELL_NUMBER },
                            { "time", CELL_TIME } },
                          7 },
    [LIST_DISPUTES] = { "SELECT n, dispute, member, reason, leaf, time_ms FROM dispute"
                        " WHERE statement = ?1 ORDER BY n LIMIT ?2",
                        { { NULL, CELL_NUMBER },
                          { "dispute", CELL_HEX },
                          { "member", CELL_MEMBER },
                          { "reason", CELL_TEXT },
                          { "leaf", CELL_NUMBER },
                          { "time", CELL_TIME } },
                        6 },
    [LIST_CUSTODY_AT] = { "SELECT n, role, member, since_ms, until_ms FROM custody"
                          " WHERE asset = ?1 AND since_ms <= ?2"
                          " AND (until_ms IS NULL OR until_ms > ?2) ORDER BY role, n",
                          { { NULL, CELL_NUMBER },
                            { "role", CELL_ROLE },
                            { "member", CELL_MEMBER },
                            { "since", CELL_TIME },
                            { "until", CELL_TIME } },
                          5 },
    [LIST_CONTENTS] = { "SELECT p.asset, (SELECT name FROM asset WHERE id = p.asset), p.since_ms"
                        " FROM packing p WHERE p.container = ?1 AND p.asset > ?2"
                        " AND p.until_ms IS NULL ORDER BY p.asset LIMIT ?3",
                        { { NULL, CELL_NUMBER }, { "asset", CELL_TEXT }, { "since", CELL_TIME } },
                        3 },
    [LIST_CONTAINERS] = { "SELECT p.n, (SELECT name FROM asset WHERE id = p.container),"
                          " p.since_ms, p.until_ms FROM packing p WHERE p.asset = ?1"
                          " ORDER BY p.n DESC LIMIT ?2",
                          { { NULL, CELL_NUMBER },
                            { "container", CELL_TEXT },
                            { "since", CELL_TIME },
                            { "until", CELL_TIME } },
                          4 },
    [LIST_REVEALS] = { "SELECT n, result, statement, leaf, time_ms FROM label_reveal"
                       " WHERE asset = ?1 ORDER BY n DESC LIMIT ?2",
                       { { NULL, CELL_NUMBER },
                         { "result", CELL_REVEAL },
                         { "statement", CELL_HEX },
                         { "leaf", CELL_NUMBER },
                         { "time", CELL_TIME } },
                       5 },
    [LIST_HOLDS_OF_RUN] = { "SELECT h.disposition, (SELECT name FROM asset WHERE id = h.asset),"
                            " h.kind, h.rejected IS NOT NULL, d.statement, d.member, d.meaning,"
                            " d.reason, h.since_ms FROM hold h JOIN disposition d"
                            " ON d.id = h.disposition WHERE h.asset BETWEEN ?1 AND ?2"
                            " AND h.until_ms IS NULL",
                            { { NULL, CELL_NUMBER },
                              { "name", CELL_TEXT },
                              { "kind", CELL_HOLD },
                              { "rejected", CELL_BOOL },
                              { "statement", CELL_HEX },
                              { "member", CELL_MEMBER },
                              { "meaning", CELL_TEXT },
                              { "reason", CELL_TEXT },
                              { "since", CELL_TIME } },
                            9 },
    [LIST_LOTS_OF_RUN] = { "SELECT DISTINCT a.id, a.name FROM making_output o JOIN lot l"
                           " ON l.id = o.lot JOIN asset a ON a.name = l.name WHERE o.making = ?1"
                           " AND o.first <= ?3 AND o.first + o.count > ?2",
                           { { NULL, CELL_NUMBER }, { "lot", CELL_TEXT } },
                           2 },
    [LIST_PARTY] = { "SELECT 1, name, contact, gln FROM party WHERE member = ?1"
                     " ORDER BY n DESC LIMIT 1",
                     { { NULL, CELL_NUMBER },
                       { "name", CELL_TEXT },
                       { "contact", CELL_TEXT },
                       { "gln", CELL_TEXT } },
                     4 },
};

const char *read_model_list_sql(enum read_model_list which)
{
    assert((size_t)which < LIST_COUNT && lists[which].sql != NULL);
    return lists[which].sql;
}

/* ------------------------------------------------------------------ parameters */

struct read_model_arg read_model_arg_number(uint64_t number)
{
    return (struct read_model_arg){ .kind = ARG_NUMBER,
                                    .number = number > INT64_MAX ? INT64_MAX : (int64_t)number };
}

struct read_model_arg read_model_arg_bytes(struct slice bytes)
{
    return (struct read_model_arg){ .kind = bytes.len > 0 ? ARG_BYTES : ARG_NULL, .bytes = bytes };
}

struct read_model_arg read_model_arg_text(struct slice text)
{
    return (struct read_model_arg){ .kind = text.len > 0 ? ARG_TEXT : ARG_NULL, .bytes = text };
}

static void bind(struct db_stmt *rows, int index, const struct read_model_arg *arg)
{
    switch (arg->kind) {
    case ARG_NULL: db_bind_null(rows, index); return;
    case ARG_NUMBER: db_bind_int(rows, index, arg->number); return;
    case ARG_BYTES: db_bind_blob(rows, index, arg->bytes); return;
    case ARG_TEXT: db_bind_text(rows, index, arg->bytes); return;
    }
}

/* ------------------------------------------------------------------ rows */

static bool is_bytes(enum read_model_kind kind)
{
    return kind == CELL_TEXT || kind == CELL_HEX || kind == CELL_MEMBER || kind == CELL_SIGNER;
}

bool read_model_list(struct store *s, enum read_model_list which,
                     const struct read_model_args *args, read_model_row_visitor visit, void *ctx,
                     struct err *err)
{
    const struct list *list = &lists[which];
    struct db_stmt *rows = s->model->lists[which];
    struct read_model_cell cells[LIST_COLUMNS_MAX];
    enum db_row row;
    assert(list->count <= LIST_COLUMNS_MAX);
    for (size_t i = 0; i < args->count; i++)
        bind(rows, (int)i + 1, &args->at[i]);
    while ((row = db_step(rows, err)) == DB_ROW) {
        for (size_t i = 0; i < list->count; i++) {
            cells[i] = (struct read_model_cell){ .column = &list->columns[i],
                                                 .is_null = db_column_is_null(rows, (int)i) };
            if (is_bytes(list->columns[i].kind))
                cells[i].bytes = db_column_blob(rows, (int)i);
            else
                cells[i].number = db_column_int(rows, (int)i);
        }
        if (!visit(ctx, cells, list->count))
            break;
    }
    db_reset(rows);
    return row != DB_ERROR;
}

const struct read_model_cell *read_model_cell_of(const struct read_model_cell *cells, size_t count,
                                                 const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (cells[i].column->name != NULL && strcmp(cells[i].column->name, name) == 0)
            return &cells[i];
    return NULL;
}
