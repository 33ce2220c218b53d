#include "node/read_model_trace.h"

#include "node/read_model_goods.h"

#include <stdlib.h>
#include <string.h>

#define RUN_MAX \
    9999 /* a set has at most 10,000 names, so a run that reaches an asset begins no farther off */

static struct db_stmt *begin(struct store *s, enum read_model_goods_sql which)
{
    return s->model->goods[which];
}

static void copy_text(struct slice text, char *ret, size_t room)
{
    size_t len = text.len < room ? text.len : room - 1;
    if (len > 0)
        memcpy(ret, text.data, len);
    ret[len] = '\0';
}

static bool copy_kid(struct slice bytes, struct kid *ret_kid)
{
    if (bytes.len != KID_SIZE)
        return false;
    memcpy(ret_kid->bytes, bytes.data, KID_SIZE);
    return true;
}

/* ------------------------------------------------------------------ runs */

void trace_runs_add(struct trace_runs *r, int64_t first, int64_t count)
{
    if (r->count == r->room && !r->failed) {
        size_t room = r->room == 0 ? 64 : 2 * r->room;
        struct trace_run *more = realloc(r->at, room * sizeof *more);
        r->failed = more == NULL;
        if (more != NULL) {
            r->at = more;
            r->room = room;
        }
    }
    if (!r->failed)
        r->at[r->count++] = (struct trace_run){ first, count };
}

static int by_first(const void *a, const void *b)
{
    const struct trace_run *x = a, *y = b;
    return (x->first > y->first) - (x->first < y->first);
}

void trace_runs_settle(struct trace_runs *r)
{
    size_t kept = 0;
    if (r->count == 0)
        return;
    qsort(r->at, r->count, sizeof r->at[0], by_first);
    for (size_t i = 1; i < r->count; i++) {
        struct trace_run *last = &r->at[kept];
        int64_t end = r->at[i].first + r->at[i].count;
        if (r->at[i].first > last->first + last->count)
            r->at[++kept] = r->at[i];
        else if (end > last->first + last->count)
            last->count = end - last->first;
    }
    r->count = kept + 1;
}

void trace_runs_free(struct trace_runs *r)
{
    free(r->at);
    *r = (struct trace_runs){ .count = 0 };
}

/* ------------------------------------------------------------------ makings */

bool trace_load_making(struct store *s, int64_t making, struct trace_making *ret_making,
                       struct err *err)
{
    struct db_stmt *get = begin(s, GM_MAKING_GET);
    db_bind_int(get, 1, making);
    enum db_row row = db_step(get, err);
    if (row == DB_ROW) {
        *ret_making = (struct trace_making){ .id = making,
                                             .kind = (uint64_t)db_column_int(get, 1),
                                             .has_leaf = !db_column_is_null(get, 4),
                                             .leaf = (uint64_t)db_column_int(get, 4),
                                             .time_ms = (uint64_t)db_column_int(get, 5) };
        memcpy(ret_making->statement.bytes, db_column_blob(get, 0).data, HASH_SIZE);
        ret_making->has_member = copy_kid(db_column_blob(get, 2), &ret_making->member);
        copy_text(db_column_text(get, 3), ret_making->place, sizeof ret_making->place);
    } else if (row == DB_END) {
        (void)err_set(err, ERR_NOT_FOUND, "the ledger knows no such making");
    }
    db_reset(get);
    return row == DB_ROW;
}

/* Columns: n, first, count, mantissa, exponent, unit, first name, last name, lot, expiry. */
static struct trace_set set_of(struct db_stmt *rows)
{
    struct trace_set set = { .n = (uint64_t)db_column_int(rows, 0),
                             .run = { db_column_int(rows, 1), db_column_int(rows, 2) },
                             .has_amount = !db_column_is_null(rows, 3),
                             .has_expiry = !db_column_is_null(rows, 9),
                             .expiry_ms = (uint64_t)db_column_int(rows, 9) };
    set.amount.mantissa = db_column_int(rows, 3);
    set.amount.exponent = (int)db_column_int(rows, 4);
    copy_text(db_column_text(rows, 5), set.unit, sizeof set.unit);
    copy_text(db_column_text(rows, 6), set.first, sizeof set.first);
    copy_text(db_column_text(rows, 7), set.last, sizeof set.last);
    copy_text(db_column_text(rows, 8), set.lot, sizeof set.lot);
    return set;
}

static bool each_set(struct store *s, enum read_model_goods_sql which, int64_t making,
                     trace_set_visitor visit, void *ctx, struct err *err)
{
    struct db_stmt *rows = begin(s, which);
    db_bind_int(rows, 1, making);
    enum db_row row;
    while ((row = db_step(rows, err)) == DB_ROW) {
        struct trace_set set = set_of(rows);
        set.amount.unit = slice_text(set.unit);
        if (!visit(ctx, &set))
            break;
    }
    db_reset(rows);
    return row != DB_ERROR;
}

bool trace_inputs(struct store *s, int64_t making, trace_set_visitor visit, void *ctx,
                  struct err *err)
{
    return each_set(s, GM_INPUTS, making, visit, ctx, err);
}

bool trace_outputs(struct store *s, int64_t making, trace_set_visitor visit, void *ctx,
                   struct err *err)
{
    return each_set(s, GM_OUTPUTS, making, visit, ctx, err);
}

/* ------------------------------------------------------------------ walking */

/* What goes through a hop, as it is found. */
struct part {
    size_t hop;
    struct trace_run run;
};

struct walk {
    struct store *s;
    struct trace_path *path;
    size_t part_count, part_room;
    struct part *parts;
    struct trace_runs todo; /* of uses: runs whose users are looked for */
    size_t *made_by;        /* the hop of each of todo; SIZE_MAX: where it begins */
    struct err *err;
    bool failed;
};

/* The hop of a making, made when it is new; SIZE_MAX when there is no room. */
static size_t hop_of(struct walk *w, int64_t making, size_t depth, bool *ret_new)
{
    struct trace_path *p = w->path;
    *ret_new = false;
    for (size_t i = p->count; i-- > 0;)
        if (p->hops[i].making == making)
            return i;
    if (p->count == TRACE_HOPS_MAX) {
        p->cut = true;
        return SIZE_MAX;
    }
    p->hops[p->count] = (struct trace_hop){ .making = making, .depth = depth };
    *ret_new = true;
    return p->count++;
}

/* The links to one hop are added one after the other. */
static void add_link(struct walk *w, size_t hop, size_t to)
{
    struct trace_path *p = w->path;
    if (to == SIZE_MAX)
        return;
    for (size_t i = p->link_count; i-- > 0 && p->links[i].to == to;)
        if (p->links[i].hop == hop)
            return;
    if (p->link_count == p->link_room) {
        size_t room = p->link_room == 0 ? 64 : 2 * p->link_room;
        struct trace_link *more = realloc(p->links, room * sizeof *more);
        w->failed = more == NULL;
        if (more == NULL)
            return;
        p->links = more;
        p->link_room = room;
    }
    p->links[p->link_count++] = (struct trace_link){ hop, to };
}

static void add_part(struct walk *w, size_t hop, size_t to, struct trace_run run)
{
    if (hop == SIZE_MAX || w->failed)
        return;
    add_link(w, hop, to);
    if (w->part_count == w->part_room) {
        size_t room = w->part_room == 0 ? 64 : 2 * w->part_room;
        struct part *more = realloc(w->parts, room * sizeof *more);
        w->failed = more == NULL;
        if (more == NULL)
            return;
        w->parts = more;
        w->part_room = room;
    }
    w->parts[w->part_count++] = (struct part){ hop, run };
}

static int by_hop(const void *a, const void *b)
{
    const struct part *x = a, *y = b;
    if (x->hop != y->hop)
        return x->hop < y->hop ? -1 : 1;
    return by_first(&x->run, &y->run);
}

/* Gives each hop its parts, sorted and joined. */
static void settle_parts(struct walk *w)
{
    struct trace_path *p = w->path;
    if (w->part_count > 0)
        qsort(w->parts, w->part_count, sizeof w->parts[0], by_hop);
    for (size_t i = 0; i < w->part_count;) {
        struct trace_runs own = { .count = 0 };
        struct trace_hop *hop = &p->hops[w->parts[i].hop];
        size_t h = w->parts[i].hop;
        for (; i < w->part_count && w->parts[i].hop == h; i++)
            trace_runs_add(&own, w->parts[i].run.first, w->parts[i].run.count);
        trace_runs_settle(&own);
        hop->via = p->via.count;
        for (size_t k = 0; k < own.count; k++)
            trace_runs_add(&p->via, own.at[k].first, own.at[k].count);
        hop->via_count = own.failed ? 0 : p->via.count - hop->via;
        w->failed = w->failed || own.failed || p->via.failed;
        trace_runs_free(&own);
    }
}

static bool end_walk(struct walk *w, bool good)
{
    settle_parts(w);
    if (good && w->failed)
        good = err_set(w->err, ERR_IO, "out of memory");
    free(w->parts);
    trace_runs_free(&w->todo);
    free(w->made_by);
    if (!good)
        trace_path_free(w->path);
    return good;
}

static bool begin_path(struct trace_path *p, struct err *err)
{
    *p = (struct trace_path){ .hops = calloc(TRACE_HOPS_MAX, sizeof *p->hops) };
    return p->hops != NULL || err_set(err, ERR_IO, "out of memory");
}

void trace_path_free(struct trace_path *p)
{
    free(p->hops);
    free(p->links);
    trace_runs_free(&p->via);
    *p = (struct trace_path){ .count = 0 };
}

/* ------------------------------------------------------------------ back */

/* The makings that a run of goods came from. */
static bool follow_back(struct walk *w, struct trace_run run, size_t to)
{
    struct db_stmt *rows = begin(w->s, GM_MAKINGS_OF_RUN);
    size_t depth = to == SIZE_MAX ? 0 : w->path->hops[to].depth + 1;
    enum db_row row;
    bool is_new = false;
    db_bind_int(rows, 1, run.first);
    db_bind_int(rows, 2, run.first + run.count - 1);
    while ((row = db_step(rows, w->err)) == DB_ROW) {
        struct trace_run part = { db_column_int(rows, 1),
                                  db_column_int(rows, 2) - db_column_int(rows, 1) + 1 };
        add_part(w, hop_of(w, db_column_int(rows, 0), depth, &is_new), to, part);
    }
    db_reset(rows);
    return row == DB_END;
}

struct back_step {
    struct walk *walk;
    size_t to;
    bool good;
};

static bool follow_input(void *ctx, const struct trace_set *set)
{
    struct back_step *step = ctx;
    step->good = follow_back(step->walk, set->run, step->to);
    return step->good;
}

bool trace_origin(struct store *s, int64_t asset, struct trace_path *ret_path, struct err *err)
{
    struct walk w = { .s = s, .path = ret_path, .err = err };
    if (!begin_path(ret_path, err))
        return false;
    bool good = follow_back(&w, (struct trace_run){ asset, 1 }, SIZE_MAX);
    for (size_t i = 0; i < ret_path->count && good; i++) {
        struct back_step step = { &w, i, true };
        good = trace_inputs(s, ret_path->hops[i].making, follow_input, &step, err) && step.good;
    }
    return end_walk(&w, good);
}

/* ------------------------------------------------------------------ forward */

static void add_todo(struct walk *w, struct trace_run run, size_t made_by)
{
    trace_runs_add(&w->todo, run.first, run.count);
    w->failed = w->failed || w->todo.failed;
    if (w->failed)
        return;
    size_t *more = realloc(w->made_by, (w->todo.room + 1) * sizeof *more);
    w->failed = more == NULL;
    if (more == NULL)
        return;
    w->made_by = more;
    w->made_by[w->todo.count - 1] = made_by;
}

struct output_step {
    struct walk *walk;
    size_t made_by;
};

static bool add_output(void *ctx, const struct trace_set *set)
{
    const struct output_step *step = ctx;
    add_todo(step->walk, set->run, step->made_by);
    return !step->walk->failed;
}

static struct trace_run overlap(struct trace_run run, struct trace_run input)
{
    int64_t from = input.first > run.first ? input.first : run.first;
    int64_t end = run.first + run.count, input_end = input.first + input.count;
    return (struct trace_run){ from, (end < input_end ? end : input_end) - from };
}

static bool follow_on(struct walk *w, struct trace_run run, size_t made_by)
{
    struct db_stmt *rows = read_model_inputs_over(w->s, run.first, run.count);
    size_t depth = made_by == SIZE_MAX ? 1 : w->path->hops[made_by].depth + 1;
    enum db_row row;
    bool good = true;
    while (good && (row = db_step(rows, w->err)) != DB_END) {
        if (row == DB_ERROR) {
            good = false;
            break;
        }
        bool is_new = false;
        int64_t making = db_column_int(rows, 0);
        struct trace_run input = { db_column_int(rows, 1), db_column_int(rows, 2) };
        struct output_step step = { w, hop_of(w, making, depth, &is_new) };
        add_part(w, step.made_by, made_by, overlap(run, input));
        good = !is_new || trace_outputs(w->s, making, add_output, &step, w->err);
    }
    db_reset(rows);
    return good;
}

bool trace_uses(struct store *s, int64_t asset, struct trace_path *ret_path, struct err *err)
{
    struct walk w = { .s = s, .path = ret_path, .err = err };
    bool good = begin_path(ret_path, err);
    if (!good)
        return false;
    add_todo(&w, (struct trace_run){ asset, 1 }, SIZE_MAX);
    for (size_t i = 0; i < w.todo.count && good && !w.failed; i++)
        good = follow_on(&w, w.todo.at[i], w.made_by[i]);
    return end_walk(&w, good);
}

/* ------------------------------------------------------------------ goods as they are now */

bool trace_assets(struct store *s, struct trace_run run, trace_asset_visitor visit, void *ctx,
                  struct err *err)
{
    struct db_stmt *rows = begin(s, GM_ASSETS_OF_RUN);
    struct trace_asset a;
    enum db_row row;
    db_bind_int(rows, 1, run.first);
    db_bind_int(rows, 2, run.first + run.count - 1);
    while ((row = db_step(rows, err)) == DB_ROW) {
        struct slice name = db_column_text(rows, 1);
        a.id = db_column_int(rows, 0);
        a.name_len = name.len <= ASSET_NAME_MAX ? name.len : ASSET_NAME_MAX;
        memcpy(a.name, name.data, a.name_len);
        a.name[a.name_len] = '\0';
        a.has_custodian = copy_kid(db_column_blob(rows, 2), &a.custodian);
        a.has_owner = copy_kid(db_column_blob(rows, 3), &a.owner);
        a.end = (uint64_t)db_column_int(rows, 4);
        a.container = db_column_int(rows, 5);
        a.making = db_column_int(rows, 6);
        if (!visit(ctx, &a))
            break;
    }
    db_reset(rows);
    return row != DB_ERROR;
}

static bool keep_asset(void *ctx, const struct trace_asset *a)
{
    struct trace_asset *kept = ctx;
    *kept = *a;
    return false;
}

bool trace_asset(struct store *s, int64_t id, struct trace_asset *ret_asset, struct err *err)
{
    ret_asset->id = 0;
    return trace_assets(s, (struct trace_run){ id, 1 }, keep_asset, ret_asset, err) &&
           (ret_asset->id == id || err_set(err, ERR_NOT_FOUND, "the ledger knows no such asset"));
}
