#include "node/read_model_goods.h"
#include "common/goods_name.h"

#include "common/gs1.h"
#include "node/goods.h"

#include <string.h>

#define UNIT_HEAD 21 /* bytes of "01/09506000134352/21/" */

static struct db_stmt *begin(const struct read_model_at *at, enum read_model_goods_sql which)
{
    return at->m->goods[which];
}

/* Puts the number that the query gives into *ret_id: false when it gives none. */
static bool ask_id(struct db_stmt *find, int64_t *ret_id, bool *ret_found, struct err *err)
{
    enum db_row row = db_step(find, err);
    *ret_found = row == DB_ROW;
    if (*ret_found)
        *ret_id = db_column_int(find, 0);
    db_reset(find);
    return row != DB_ERROR;
}

static bool find_by(const struct read_model_at *at, enum read_model_goods_sql which,
                    const struct hash *statement, int64_t *ret_id, bool *ret_found)
{
    struct db_stmt *find = begin(at, which);
    db_bind_blob(find, 1, hash_slice(statement));
    return ask_id(find, ret_id, ret_found, at->err);
}

static bool is_unit(struct slice name)
{
    return name.len > UNIT_HEAD && memcmp(name.data, "01/", 3) == 0 &&
           memcmp(name.data + UNIT_HEAD - 4, "/21/", 4) == 0;
}

static bool is_lot(struct slice name)
{
    return name.len > UNIT_HEAD && memcmp(name.data, "01/", 3) == 0 &&
           memcmp(name.data + UNIT_HEAD - 4, "/10/", 4) == 0;
}

bool read_model_run_takes(const struct read_model_run *run, int64_t asset, struct slice name)
{
    struct slice first = slice_of(run->name, run->name_len);
    if (run->count == 0 || asset != run->first + run->count || is_lot(first) || is_lot(name) ||
        is_unit(first) != is_unit(name))
        return false;
    return !is_unit(name) || memcmp(run->name, name.data, UNIT_HEAD) == 0;
}

/* ------------------------------------------------------------------ coming into being */

static bool put_making(const struct read_model_at *at, const struct hash *statement, uint64_t kind,
                       struct slice place, uint64_t time_ms)
{
    struct read_model_now *now = at->m->now;
    struct db_stmt *insert = begin(at, GM_MAKING_INSERT);
    bool found = false;
    if (!find_by(at, GM_MAKING_FIND, statement, &now->making, &found) || found)
        return found;
    db_bind_blob(insert, 1, hash_slice(statement));
    db_bind_int(insert, 2, (int64_t)kind);
    db_bind_blob(insert, 3, kid_slice(&now->member));
    read_model_bind_text(insert, 4, place);
    read_model_bind_leaf(at, insert, 5);
    db_bind_int(insert, 6, (int64_t)time_ms);
    if (!db_run(insert, at->err))
        return false;
    now->making = db_last_rowid(at->m->db);
    return true;
}

static bool commissioned(const struct read_model_at *at, const struct event *e)
{
    struct read_model_now *now = at->m->now;
    if (at->st == NULL || at->st->kind != KIND_COMMISSION ||
        !event_data_kid(e->data, &now->member)) {
        now->making = 0;
        return true;
    }
    now->owner = now->member;
    now->has_owner = true;
    return put_making(at, &at->st->hash, MAKING_COMMISSION, at->st->as.commission.place,
                      e->time_ms);
}

/* What is made belongs to whom the inputs belonged. */
static bool find_owner(const struct read_model_at *at)
{
    struct read_model_now *now = at->m->now;
    struct db_stmt *first = begin(at, GM_INPUT_FIRST), *owner = begin(at, GM_ASSET_GET_OWNER);
    int64_t asset = 0;
    bool found = false;
    now->has_owner = false;
    db_bind_int(first, 1, now->making);
    if (!ask_id(first, &asset, &found, at->err))
        return false;
    db_bind_int(owner, 1, asset); /* 0 is nobody's */
    enum db_row row = db_step(owner, at->err);
    now->has_owner = row == DB_ROW && db_column_blob(owner, 0).len == KID_SIZE;
    if (now->has_owner)
        memcpy(now->owner.bytes, db_column_blob(owner, 0).data, KID_SIZE);
    db_reset(owner);
    return row != DB_ERROR;
}

static bool made(const struct read_model_at *at, const struct event *e, bool output)
{
    struct read_model_now *now = at->m->now;
    struct event_made m;
    struct event_used u;
    now->making = 0;
    if (at->st == NULL || at->st->kind != KIND_MAKE ||
        !(output ? event_data_made(e->data, &m) : event_data_used(e->data, &u)) ||
        !read_model_member_of(at->m, &at->st->kid, &now->member))
        return true;
    const struct make *make = &at->st->as.make;
    return put_making(at, &at->st->hash, make->action, make->place, e->time_ms) &&
           (!output || find_owner(at));
}

/* What a statement says of one of its outputs. */
struct output {
    uint64_t n;
    bool has_amount, has_expiry;
    struct amount amount;
    uint64_t expiry_ms;
    struct slice lot;
};

static bool output_of(const struct read_model_at *at, const struct event *e,
                      struct output *ret_output)
{
    struct event_made m;
    *ret_output = (struct output){ .n = 0 };
    if (e->what == EVENT_COMMISSIONED) {
        const struct commission *c = &at->st->as.commission;
        *ret_output =
            (struct output){ 0, c->has_amount, c->has_expiry, c->amount, c->expiry_ms, c->lot };
        return true;
    }
    if (!event_data_made(e->data, &m) || m.output >= at->st->as.make.output_count)
        return false;
    struct cbor_reader r = make_outputs(&at->st->as.make);
    struct make_output o = { .has_amount = false };
    for (uint64_t i = 0; i <= m.output; i++)
        o = make_next_output(&r);
    *ret_output =
        (struct output){ m.output, o.has_amount, o.has_expiry, o.amount, o.expiry_ms, o.lot };
    return true;
}

/* The lot's number, made when it is new; *ret_found false when the goods are of none. */
static bool lot_id(const struct read_model_at *at, const struct read_model_run *run,
                   const struct output *o, int64_t *ret_id, bool *ret_found)
{
    char name[ASSET_NAME_MAX + 1];
    struct db_stmt *find = begin(at, GM_LOT_FIND), *insert = begin(at, GM_LOT_INSERT);
    *ret_found = false;
    if (!goods_name_lot(slice_of(run->name, run->name_len), o->lot, name))
        return true;
    db_bind_text(find, 1, slice_text(name));
    if (!ask_id(find, ret_id, ret_found, at->err) || *ret_found)
        return *ret_found;
    db_bind_text(insert, 1, slice_text(name));
    db_bind_blob(insert, 2, kid_slice(&at->m->now->member));
    if (!db_run(insert, at->err))
        return false;
    *ret_id = db_last_rowid(at->m->db);
    *ret_found = true;
    return true;
}

/* Pieces as a whole number: what a lot may have. */
static bool whole_pieces(const struct amount *a, int64_t *ret_count)
{
    struct amount_sum sum = { .dimension = AMOUNT_COUNT };
    const amount_wide one = 1000000000;
    if (amount_dimension_of(a) != AMOUNT_COUNT || !amount_add(&sum, a, 1) || sum.value % one != 0 ||
        sum.value / one > INT64_MAX)
        return false;
    *ret_count = (int64_t)(sum.value / one);
    return true;
}

static bool count_to_lot(const struct read_model_at *at, const struct read_model_run *run,
                         const struct output *o, int64_t lot)
{
    struct slice name = slice_of(run->name, run->name_len);
    struct db_stmt *count = begin(at, GM_LOT_MADE), *declare = begin(at, GM_LOT_DECLARE);
    int64_t pieces = 0;
    if (is_unit(name)) {
        db_bind_int(count, 1, lot);
        db_bind_int(count, 2, run->count);
        return db_run(count, at->err);
    }
    if (!is_lot(name) || !o->has_amount || !whole_pieces(&o->amount, &pieces))
        return true;
    db_bind_int(declare, 1, lot);
    db_bind_int(declare, 2, pieces);
    return db_run(declare, at->err);
}

static void bind_amount(struct db_stmt *stmt, int index, bool there, const struct amount *a)
{
    if (!there)
        return; /* unbound is NULL */
    db_bind_int(stmt, index, a->mantissa);
    db_bind_int(stmt, index + 1, a->exponent);
    db_bind_text(stmt, index + 2, a->unit);
}

static bool put_output(const struct read_model_at *at, const struct read_model_run *run,
                       const struct output *o)
{
    struct db_stmt *insert = begin(at, GM_OUTPUT_INSERT);
    int64_t lot = 0;
    bool of_lot = false;
    if (!lot_id(at, run, o, &lot, &of_lot) || (of_lot && !count_to_lot(at, run, o, lot)))
        return false;
    db_bind_int(insert, 1, at->m->now->making);
    db_bind_int(insert, 2, (int64_t)o->n);
    db_bind_int(insert, 3, run->first);
    db_bind_int(insert, 4, run->count);
    if (of_lot)
        db_bind_int(insert, 5, lot);
    read_model_bind_text(insert, 6, o->lot);
    if (o->has_expiry)
        db_bind_int(insert, 7, (int64_t)o->expiry_ms);
    bind_amount(insert, 8, o->has_amount, &o->amount);
    return db_run(insert, at->err);
}

static bool begin_holding(const struct read_model_at *at, const struct read_model_run *run,
                          const struct event *e)
{
    const struct read_model_now *now = at->m->now;
    return read_model_hold(at, run, ROLE_CUSTODIAN, &now->member, e->time_ms) &&
           (!now->has_owner || read_model_hold(at, run, ROLE_OWNER, &now->owner, e->time_ms));
}

static bool born(const struct read_model_at *at, const struct read_model_run *run,
                 const struct event *e)
{
    const struct read_model_now *now = at->m->now;
    struct db_stmt *update = begin(at, GM_ASSET_BORN);
    struct output o;
    if (now->making == 0 || !output_of(at, e, &o))
        return true;
    db_bind_int(update, 1, run->first);
    db_bind_int(update, 2, run->first + run->count - 1);
    db_bind_blob(update, 3, kid_slice(&now->member));
    if (now->has_owner)
        db_bind_blob(update, 4, kid_slice(&now->owner));
    db_bind_int(update, 5, now->making);
    bind_amount(update, 6, o.has_amount, &o.amount);
    return db_run(update, at->err) && put_output(at, run, &o) && begin_holding(at, run, e);
}

/* ------------------------------------------------------------------ being used */

static bool end_run(const struct read_model_at *at, int64_t first, int64_t count)
{
    struct db_stmt *end = begin(at, GM_ASSET_END);
    db_bind_int(end, 1, first);
    db_bind_int(end, 2, first + count - 1);
    db_bind_int(end, 3, GOODS_USED_UP);
    return db_run(end, at->err); /* by a making, not by a disposition */
}

/* Which of the inputs the event is about: each is told by its own, in order. */
static uint64_t input_number(const struct read_model_at *at, const struct event *e)
{
    struct cbor_reader r = make_inputs(&at->st->as.make);
    for (uint64_t n = 0; n < at->st->as.make.input_count; n++) {
        struct make_input input = make_next_input(&r);
        if (slice_equal(input.assets.raw, e->subject))
            return n;
    }
    return 0;
}

static bool used(const struct read_model_at *at, const struct read_model_run *run,
                 const struct event *e)
{
    struct db_stmt *insert = begin(at, GM_INPUT_INSERT);
    struct event_used u;
    if (at->m->now->making == 0 || !event_data_used(e->data, &u))
        return true;
    db_bind_int(insert, 1, at->m->now->making);
    db_bind_int(insert, 2, (int64_t)input_number(at, e));
    db_bind_int(insert, 3, run->first);
    db_bind_int(insert, 4, run->count);
    bind_amount(insert, 5, u.has_amount, &u.amount);
    return db_run(insert, at->err) && (u.has_amount || end_run(at, run->first, run->count));
}

static bool take_amount(const struct read_model_at *at, int64_t asset, const struct event *e)
{
    struct db_stmt *get = begin(at, GM_ASSET_GET_AMOUNT), *put = begin(at, GM_ASSET_AMOUNT);
    struct event_used u;
    if (!event_data_used(e->data, &u) || !u.has_amount)
        return true;
    db_bind_int(get, 1, asset);
    enum db_row row = db_step(get, at->err);
    struct amount left, had = { .mantissa = 0 };
    bool taken = false;
    if (row == DB_ROW) {
        had = (struct amount){ db_column_int(get, 0), (int)db_column_int(get, 1),
                               db_column_text(get, 2) };
        taken = amount_subtract(&had, &u.amount, &left);
    }
    db_reset(get);
    if (!taken)
        return row != DB_ERROR;
    db_bind_int(put, 1, asset);
    db_bind_int(put, 2, left.mantissa);
    db_bind_int(put, 3, left.exponent);
    return db_run(put, at->err) && (left.mantissa > 0 || end_run(at, asset, 1));
}

/* ------------------------------------------------------------------ packing */

static bool find_container(const struct read_model_at *at, const struct event *e)
{
    struct slice name;
    at->m->now->container = 0;
    return !event_data_container(e->data, &name) ||
           read_model_asset_id(at->m, name, &at->m->now->container, at->err);
}

static bool put_in(const struct read_model_at *at, const struct read_model_run *run, bool packed)
{
    struct db_stmt *set = begin(at, GM_ASSET_CONTAINER);
    if (at->m->now->container == 0)
        return true;
    db_bind_int(set, 1, run->first);
    db_bind_int(set, 2, run->first + run->count - 1);
    if (packed)
        db_bind_int(set, 3, at->m->now->container);
    return db_run(set, at->err);
}

static bool packed_one(const struct read_model_at *at, int64_t asset, uint64_t time_ms)
{
    struct db_stmt *insert = begin(at, GM_PACK);
    if (at->m->now->container == 0)
        return true;
    db_bind_int(insert, 1, asset);
    db_bind_int(insert, 2, at->m->now->container);
    db_bind_int(insert, 3, (int64_t)time_ms);
    return db_run(insert, at->err);
}

static bool unpacked_one(const struct read_model_at *at, int64_t asset, uint64_t time_ms)
{
    struct db_stmt *update = begin(at, GM_UNPACK);
    db_bind_int(update, 1, asset);
    db_bind_int(update, 2, (int64_t)time_ms);
    return db_run(update, at->err);
}

/* ------------------------------------------------------------------ changing hands */

static bool offered(const struct read_model_at *at, const struct event *e)
{
    struct db_stmt *insert = begin(at, GM_HANDOVER_INSERT);
    struct event_handover h;
    if (at->st == NULL || !event_data_offered(e->data, &h))
        return true;
    db_bind_blob(insert, 1, hash_slice(&at->st->hash));
    db_bind_blob(insert, 2, kid_slice(&h.from));
    db_bind_blob(insert, 3, kid_slice(&h.to));
    db_bind_int(insert, 4, (int64_t)h.role);
    read_model_bind_leaf(at, insert, 5);
    db_bind_int(insert, 6, (int64_t)e->time_ms);
    return db_run(insert, at->err);
}

static bool answered(const struct read_model_at *at, const struct hash *offer,
                     enum event_what answer, uint64_t time_ms)
{
    struct db_stmt *update = begin(at, GM_HANDOVER_ANSWER);
    db_bind_blob(update, 1, hash_slice(offer));
    db_bind_int(update, 2, answer);
    read_model_bind_leaf(at, update, 3);
    db_bind_int(update, 4, (int64_t)time_ms);
    return db_run(update, at->err);
}

static bool received(const struct read_model_at *at, const struct event *e)
{
    struct db_stmt *update = begin(at, GM_HANDOVER_COUNTS);
    struct event_received r;
    if (!event_data_received(e->data, &r))
        return true;
    db_bind_blob(update, 1, hash_slice(&r.offer));
    db_bind_int(update, 2, (int64_t)r.missing);
    db_bind_int(update, 3, (int64_t)r.surplus);
    db_bind_int(update, 4, (int64_t)r.damaged);
    return db_run(update, at->err);
}

static bool bound(const struct read_model_at *at, const struct event *e)
{
    struct db_stmt *insert = begin(at, GM_BOUND_INSERT);
    struct event_bound b;
    if (!event_data_bound(e->data, &b))
        return true;
    db_bind_blob(insert, 1, hash_slice(&b.statement));
    if (b.has_reading) {
        db_bind_blob(insert, 2, kid_slice(&b.device));
        db_bind_blob(insert, 3, hash_slice(&b.reading));
    }
    if (b.has_seal) {
        db_bind_int(insert, 4, (int64_t)b.seal);
        read_model_bind_text(insert, 5, b.seal_number);
    }
    read_model_bind_leaf(at, insert, 6);
    db_bind_int(insert, 7, (int64_t)e->time_ms);
    return db_run(insert, at->err);
}

static bool hand_over(const struct read_model_at *at, const struct read_model_run *run,
                      const struct event *e)
{
    struct event_handover h;
    if (!event_data_handover(e->data, &h))
        return true;
    struct db_stmt *set = begin(at, h.role == ROLE_OWNER ? GM_ASSET_OWNER : GM_ASSET_CUSTODIAN);
    db_bind_int(set, 1, run->first);
    db_bind_int(set, 2, run->first + run->count - 1);
    db_bind_blob(set, 3, kid_slice(&h.to));
    return db_run(set, at->err) &&
           read_model_hold(at, run, (enum custody_role)h.role, &h.to, e->time_ms);
}

/* ------------------------------------------------------------------ which event, which fact */

static bool handover_fact(const struct read_model_at *at, const struct event *e)
{
    struct event_handover h;
    struct hash offer;
    if (e->what == EVENT_OFFERED)
        return offered(at, e);
    if (e->what == EVENT_RECEIVED)
        return received(at, e);
    if (e->what == EVENT_BOUND)
        return bound(at, e);
    if (e->what == EVENT_NOT_RECEIVED) /* of all of them: nothing else tells of the answer */
        return !event_data_not_received(e->data, &offer) ||
               answered(at, &offer, EVENT_PASSED, e->time_ms);
    if (e->what == EVENT_PASSED || e->what == EVENT_REJECTED || e->what == EVENT_CANCELLED ||
        e->what == EVENT_OFFER_EXPIRED)
        return !event_data_handover(e->data, &h) || answered(at, &h.offer, e->what, e->time_ms);
    return true;
}

bool read_model_goods_fact(const struct read_model_at *at, const struct event *e)
{
    if (e->what == EVENT_COMMISSIONED)
        return commissioned(at, e);
    if (e->what == EVENT_MADE || e->what == EVENT_USED)
        return made(at, e, e->what == EVENT_MADE);
    if (e->what == EVENT_PACKED || e->what == EVENT_UNPACKED)
        return find_container(at, e);
    return handover_fact(at, e) && read_model_fate_fact(at, e);
}

bool read_model_goods_run(const struct read_model_at *at, const struct read_model_run *run,
                          const struct event *e)
{
    if (e->what == EVENT_COMMISSIONED || e->what == EVENT_MADE)
        return born(at, run, e);
    if (e->what == EVENT_USED)
        return used(at, run, e);
    if (e->what == EVENT_PASSED)
        return hand_over(at, run, e);
    if (e->what == EVENT_PACKED || e->what == EVENT_UNPACKED)
        return put_in(at, run, e->what == EVENT_PACKED);
    return e->what != EVENT_DISPOSITION || read_model_fate_run(at, run, e);
}

bool read_model_goods_asset(const struct read_model_at *at, int64_t asset, const struct event *e)
{
    if (e->what == EVENT_USED)
        return take_amount(at, asset, e);
    if (e->what == EVENT_PACKED)
        return packed_one(at, asset, e->time_ms);
    if (e->what == EVENT_UNPACKED)
        return unpacked_one(at, asset, e->time_ms);
    return read_model_fate_asset(at, asset, e);
}
