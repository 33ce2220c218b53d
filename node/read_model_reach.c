/* All that a recall reaches, by reference: from names to lots to what was made of them. */
#include "node/read_model_trace.h"

#include "node/read_model_goods.h"

#include <stdlib.h>

#define RUN_MAX \
    9999 /* a set has at most 10,000 names, so a run that reaches an asset begins no farther off */

struct db_stmt *read_model_inputs_over(struct store *s, int64_t first, int64_t count)
{
    struct db_stmt *rows = s->model->goods[GM_INPUTS_OVER];
    db_bind_int(rows, 1, first);
    db_bind_int(rows, 2, first + count - 1);
    db_bind_int(rows, 3, first - RUN_MAX);
    return rows;
}

struct reach {
    struct store *s;
    struct trace_runs *runs;
    uint8_t *seen; /* a bit a making */
    struct trace_runs makings;
    struct err *err;
};

static bool add_runs(struct reach *r, struct db_stmt *rows)
{
    enum db_row row;
    while ((row = db_step(rows, r->err)) == DB_ROW)
        trace_runs_add(r->runs, db_column_int(rows, 0), db_column_int(rows, 1));
    db_reset(rows);
    return row == DB_END;
}

static bool add_reached_output(void *ctx, const struct trace_set *set)
{
    struct reach *r = ctx;
    trace_runs_add(r->runs, set->run.first, set->run.count);
    return !r->runs->failed;
}

/* The outputs of every making that used a part of this run and was not seen before. */
static bool reach_on(struct reach *r, struct trace_run run)
{
    struct db_stmt *rows = read_model_inputs_over(r->s, run.first, run.count);
    enum db_row row;
    r->makings.count = 0;
    while ((row = db_step(rows, r->err)) == DB_ROW) {
        int64_t making = db_column_int(rows, 0);
        uint8_t bit = (uint8_t)(1u << (making % 8));
        if ((r->seen[making / 8] & bit) != 0)
            continue;
        r->seen[making / 8] |= bit;
        trace_runs_add(&r->makings, making, 1);
    }
    db_reset(rows);
    bool good = row == DB_END && !r->makings.failed;
    for (size_t i = 0; i < r->makings.count && good; i++)
        good = trace_outputs(r->s, r->makings.at[i].first, add_reached_output, r, r->err);
    return good;
}

static bool make_room(struct reach *r)
{
    struct db_stmt *last = r->s->model->goods[GM_MAKING_LAST];
    enum db_row row = db_step(last, r->err);
    int64_t makings = row == DB_ROW ? db_column_int(last, 0) : 0;
    db_reset(last);
    r->seen = row == DB_ERROR ? NULL : calloc((size_t)makings / 8 + 1, 1);
    return r->seen != NULL || (row != DB_ERROR && err_set(r->err, ERR_IO, "out of memory"));
}

bool trace_reached(struct store *s, int64_t disposition, struct trace_runs *ret_runs,
                   struct err *err)
{
    struct reach r = { .s = s, .runs = ret_runs, .err = err };
    struct db_stmt *names = s->model->goods[GM_DISPOSITION_RUNS];
    struct db_stmt *lots = s->model->goods[GM_DISPOSITION_LOTS];
    *ret_runs = (struct trace_runs){ .count = 0 };
    db_bind_int(names, 1, disposition);
    db_bind_int(lots, 1, disposition);
    bool good = make_room(&r) && add_runs(&r, names) && add_runs(&r, lots);
    for (size_t i = 0; i < ret_runs->count && good; i++)
        good = reach_on(&r, ret_runs->at[i]);
    if (good && ret_runs->failed)
        good = err_set(err, ERR_IO, "out of memory");
    trace_runs_settle(ret_runs);
    trace_runs_free(&r.makings);
    free(r.seen);
    if (!good)
        trace_runs_free(ret_runs);
    return good;
}
