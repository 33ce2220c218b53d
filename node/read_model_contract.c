/* What events say about contracts: excursions and their charges, calls, states, documents, add-backs. */
#include "node/read_model_parts.h"

#include "common/event_data.h"
#include "common/state_value.h"
#include "contracts/definition.h"

#include <stdlib.h>

/* Kinds of table definition_name. */
enum name_kind {
    NAME_RULE = 0,
    NAME_STATE = 1,
};

/* ------------------------------------------------------------------ excursions */

static struct db_stmt *excursion_sql(const struct read_model_at *at, enum read_model_sql which,
                                     int64_t asset, const struct event_excursion *of)
{
    struct db_stmt *stmt = at->m->sql[which];
    db_bind_int(stmt, 1, asset);
    db_bind_blob(stmt, 2, hash_slice(&of->opening));
    db_bind_int(stmt, 3, (int64_t)of->rule);
    db_bind_int(stmt, 4, (int64_t)of->from_ms);
    db_bind_blob(stmt, 5, kid_slice(&of->device));
    return stmt;
}

static bool excursion_opened(const struct read_model_at *at, int64_t asset, const struct event *e)
{
    struct event_excursion of;
    if (!event_data_excursion(e->data, &of))
        return true;
    struct db_stmt *open = excursion_sql(at, RM_EXCURSION_OPEN, asset, &of);
    db_bind_int(open, 6, (int64_t)e->time_ms);
    return db_run(open, at->err);
}

static bool excursion_closed(const struct read_model_at *at, int64_t asset, const struct event *e)
{
    struct event_closed c;
    if (!event_data_closed(e->data, &c))
        return true;
    struct db_stmt *end = excursion_sql(at, RM_EXCURSION_CLOSE, asset, &c.of);
    db_bind_int(end, 6, (int64_t)c.to_ms);
    db_bind_int(end, 7, c.peak);
    db_bind_int(end, 8, c.peak_exponent);
    db_bind_int(end, 9, c.mean);
    db_bind_int(end, 10, c.mean_exponent);
    db_bind_int(end, 11, c.certain);
    return db_run(end, at->err);
}

static bool acknowledged(const struct read_model_at *at, int64_t asset, const struct event *e)
{
    struct event_excursion of;
    if (!event_data_excursion(e->data, &of))
        return true;
    struct db_stmt *update = excursion_sql(at, RM_EXCURSION_ACKNOWLEDGE, asset, &of);
    db_bind_int(update, 6, (int64_t)e->time_ms);
    read_model_bind_leaf(at, update, 7);
    return db_run(update, at->err);
}

static bool charged(const struct read_model_at *at, int64_t asset, const struct event *e)
{
    struct event_charged c;
    if (!event_data_charged(e->data, &c))
        return true;
    struct db_stmt *insert = excursion_sql(at, RM_CHARGE_INSERT, asset, &c.of);
    if (c.held)
        db_bind_blob(insert, 6, kid_slice(&c.member));
    else
        db_bind_null(insert, 6);
    db_bind_int(insert, 7, (int64_t)c.seconds);
    return db_run(insert, at->err);
}

/* What was charged is void, and perhaps the excursion itself; what follows replaces it. */
static bool revised(const struct read_model_at *at, int64_t asset, const struct event *e)
{
    struct event_revision r;
    if (!event_data_revision(e->data, &r))
        return true;
    enum read_model_sql other = r.is_void ? RM_EXCURSION_VOID : RM_EXCURSION_REVISE;
    return db_run(excursion_sql(at, RM_CHARGE_VOID, asset, &r.of), at->err) &&
           db_run(excursion_sql(at, other, asset, &r.of), at->err);
}

static bool not_judged(const struct read_model_at *at, int64_t asset, const struct event *e)
{
    struct db_stmt *insert = at->m->sql[RM_NOT_JUDGED_INSERT];
    struct event_not_judged n;
    if (!event_data_not_judged(e->data, &n))
        return true;
    db_bind_int(insert, 1, asset);
    db_bind_blob(insert, 2, hash_slice(&n.opening));
    db_bind_blob(insert, 3, kid_slice(&n.device));
    db_bind_int(insert, 4, (int64_t)n.first_ms);
    db_bind_int(insert, 5, (int64_t)n.last_ms);
    read_model_bind_leaf(at, insert, 6);
    return db_run(insert, at->err);
}

/* ------------------------------------------------------------------ budgets */

static bool added_back(const struct read_model_at *at, int64_t asset, const struct event *e)
{
    struct db_stmt *insert = at->m->sql[RM_ADD_BACK_INSERT];
    struct event_add_back a;
    if (!event_data_add_back(e->data, &a))
        return true;
    db_bind_int(insert, 1, asset);
    db_bind_blob(insert, 2, hash_slice(&a.call));
    db_bind_text(insert, 3, a.budget);
    db_bind_blob(insert, 4, hash_slice(&a.opening));
    db_bind_int(insert, 5, (int64_t)a.ms);
    read_model_bind_leaf(at, insert, 6);
    db_bind_int(insert, 7, (int64_t)e->time_ms);
    return db_run(insert, at->err);
}

static bool add_back_undone(const struct read_model_at *at, int64_t asset, const struct event *e)
{
    struct db_stmt *undo = at->m->sql[RM_ADD_BACK_UNDO];
    struct event_add_back a;
    if (!event_data_add_back(e->data, &a))
        return true;
    db_bind_int(undo, 1, asset);
    db_bind_blob(undo, 2, hash_slice(&a.call));
    db_bind_text(undo, 3, a.budget);
    db_bind_int(undo, 4, (int64_t)e->time_ms);
    return db_run(undo, at->err);
}

/* ------------------------------------------------------------------ an asset's part in a contract */

static bool link_asset(const struct read_model_at *at, int64_t asset, const struct event *e)
{
    struct db_stmt *link = at->m->sql[RM_ASSET_CONTRACT_INSERT];
    struct hash opening;
    if (!event_data_opening(e->data, &opening))
        return true;
    db_bind_int(link, 1, asset);
    db_bind_blob(link, 2, hash_slice(&opening));
    return db_run(link, at->err);
}

static bool end_asset(const struct read_model_at *at, int64_t asset, const struct hash *opening,
                      enum instance_status status, uint64_t ending, uint64_t time_ms)
{
    struct db_stmt *end = at->m->sql[RM_ASSET_CONTRACT_END];
    db_bind_int(end, 1, asset);
    db_bind_blob(end, 2, hash_slice(opening));
    db_bind_int(end, 3, status);
    if (ending != 0)
        db_bind_int(end, 4, (int64_t)ending);
    else
        db_bind_null(end, 4);
    db_bind_int(end, 5, (int64_t)time_ms);
    return db_run(end, at->err);
}

static bool finished(const struct read_model_at *at, int64_t asset, const struct event *e)
{
    struct event_finished f;
    return !event_data_finished(e->data, &f) ||
           end_asset(at, asset, &f.opening, INSTANCE_FINISHED, f.ending, e->time_ms);
}

static bool replaced(const struct read_model_at *at, int64_t asset, const struct event *e)
{
    struct event_replaced r;
    return !event_data_replaced(e->data, &r) ||
           end_asset(at, asset, &r.old, INSTANCE_REPLACED, 0, e->time_ms);
}

static bool set_state(const struct read_model_at *at, int64_t asset, const struct event *e)
{
    struct db_stmt *set = at->m->sql[RM_ASSET_CONTRACT_STATE];
    struct event_state s;
    if (!event_data_state(e->data, &s))
        return true;
    db_bind_int(set, 1, asset);
    db_bind_blob(set, 2, hash_slice(&s.opening));
    db_bind_int(set, 3, (int64_t)s.to);
    return db_run(set, at->err);
}

bool read_model_contract_asset_fact(const struct read_model_at *at, int64_t asset,
                                    const struct event *e)
{
    static bool (*const facts[])(const struct read_model_at *, int64_t, const struct event *) = {
        [EVENT_OPENED] = link_asset,
        [EVENT_EXCURSION_OPENED] = excursion_opened,
        [EVENT_EXCURSION_CLOSED] = excursion_closed,
        [EVENT_CHARGED] = charged,
        [EVENT_REVISION] = revised,
        [EVENT_NOT_JUDGED] = not_judged,
        [EVENT_STATE] = set_state,
        [EVENT_ACKNOWLEDGED] = acknowledged,
        [EVENT_ADDED_BACK] = added_back,
        [EVENT_ADD_BACK_UNDONE] = add_back_undone,
        [EVENT_FINISHED] = finished,
        [EVENT_REPLACED] = replaced,
    };
    bool known = (size_t)e->what < sizeof facts / sizeof facts[0] && facts[e->what] != NULL;
    return !known || facts[e->what](at, asset, e);
}

/* ------------------------------------------------------------------ the contract itself */

static bool put_name(const struct read_model_at *at, enum name_kind kind, size_t n,
                     struct slice name, enum contract_ending ending)
{
    struct db_stmt *insert = at->m->sql[RM_NAME_INSERT];
    db_bind_blob(insert, 1, hash_slice(&at->st->as.open.definition));
    db_bind_int(insert, 2, kind);
    db_bind_int(insert, 3, (int64_t)n);
    db_bind_text(insert, 4, name);
    if (kind == NAME_STATE)
        db_bind_int(insert, 5, ending);
    else
        db_bind_null(insert, 5);
    return db_run(insert, at->err);
}

/* Events speak of rules and states by their places; whoever asks in SQL wants their names. */
static bool put_names(const struct read_model_at *at, const struct open *o)
{
    struct contract_definition *d = calloc(1, sizeof *d);
    if (d == NULL)
        return err_set(at->err, ERR_IO, "out of memory");
    bool good = true;
    if (definition_decode(o->compiled, d, NULL)) {
        for (size_t i = 0; i < d->rule_count && good; i++)
            good = put_name(at, NAME_RULE, i, d->rules[i].name, CONTRACT_GOES_ON);
        for (size_t i = 0; i < d->state_count && good; i++)
            good = put_name(at, NAME_STATE, i, d->states[i].name, d->states[i].ending);
    }
    free(d);
    return good;
}

static bool opened(const struct read_model_at *at, const struct event *e)
{
    struct db_stmt *insert = at->m->sql[RM_CONTRACT_INSERT];
    struct hash opening;
    if (!event_data_opening(e->data, &opening) || at->st == NULL || at->st->kind != KIND_OPEN)
        return true;
    const struct open *o = &at->st->as.open;
    db_bind_blob(insert, 1, hash_slice(&opening));
    db_bind_blob(insert, 2, hash_slice(&o->definition));
    db_bind_int(insert, 3, (int64_t)at->leaf);
    db_bind_int(insert, 4, (int64_t)e->time_ms);
    return db_run(insert, at->err) && (o->compiled.len == 0 || put_names(at, o));
}

static bool in_force(const struct read_model_at *at, const struct event *e)
{
    struct db_stmt *set = at->m->sql[RM_CONTRACT_STATUS];
    struct hash opening;
    if (!event_data_opening(e->data, &opening))
        return true;
    db_bind_blob(set, 1, hash_slice(&opening));
    db_bind_int(set, 2, INSTANCE_IN_FORCE);
    db_bind_int(set, 3, (int64_t)e->time_ms);
    return db_run(set, at->err);
}

static bool note_successor(const struct read_model_at *at, const struct event *e)
{
    struct db_stmt *set = at->m->sql[RM_CONTRACT_REPLACE];
    struct event_replaced r;
    if (!event_data_replaced(e->data, &r))
        return true;
    db_bind_blob(set, 1, hash_slice(&r.old));
    db_bind_blob(set, 2, hash_slice(&r.new));
    return db_run(set, at->err);
}

/* The opening and the asset, where tables of what happened begin: 1 and 2. */
static struct db_stmt *happening_sql(const struct read_model_at *at, enum read_model_sql which,
                                     const struct hash *opening, const int64_t *asset)
{
    struct db_stmt *stmt = at->m->sql[which];
    db_bind_blob(stmt, 1, hash_slice(opening));
    if (asset != NULL)
        db_bind_int(stmt, 2, *asset);
    else
        db_bind_null(stmt, 2);
    return stmt;
}

static bool called(const struct read_model_at *at, const int64_t *asset, const struct event *e)
{
    struct event_called c;
    if (!event_data_called(e->data, &c))
        return true;
    struct db_stmt *insert = happening_sql(at, RM_CALL_INSERT, &c.opening, asset);
    db_bind_text(insert, 3, c.action);
    read_model_bind_blob(insert, 4, c.by_key ? kid_slice(&c.caller) : (struct slice){ NULL, 0 });
    read_model_bind_leaf(at, insert, 5);
    db_bind_int(insert, 6, (int64_t)e->time_ms);
    return db_run(insert, at->err);
}

static bool state_changed(const struct read_model_at *at, const int64_t *asset,
                          const struct event *e)
{
    struct event_state s;
    if (!event_data_state(e->data, &s))
        return true;
    struct db_stmt *insert = happening_sql(at, RM_CHANGE_INSERT, &s.opening, asset);
    db_bind_int(insert, 3, (int64_t)s.from);
    db_bind_int(insert, 4, (int64_t)s.to);
    db_bind_text(insert, 5, s.by);
    read_model_bind_leaf(at, insert, 6);
    db_bind_int(insert, 7, (int64_t)e->time_ms);
    return db_run(insert, at->err);
}

static bool document_attached(const struct read_model_at *at, const int64_t *asset,
                              const struct event *e)
{
    struct event_document d;
    if (!event_data_document(e->data, &d))
        return true;
    struct db_stmt *insert = happening_sql(at, RM_DOCUMENT_INSERT, &d.opening, asset);
    db_bind_text(insert, 3, d.name);
    db_bind_blob(insert, 4, hash_slice(&d.hash));
    read_model_bind_leaf(at, insert, 5);
    db_bind_int(insert, 6, (int64_t)e->time_ms);
    return db_run(insert, at->err);
}

bool read_model_contract_fact(const struct read_model_at *at, const int64_t *asset,
                              const struct event *e)
{
    if (e->what == EVENT_OPENED)
        return opened(at, e);
    if (e->what == EVENT_IN_FORCE)
        return in_force(at, e);
    if (e->what == EVENT_REPLACED)
        return note_successor(at, e);
    if (e->what == EVENT_CALLED)
        return called(at, asset, e);
    if (e->what == EVENT_STATE)
        return state_changed(at, asset, e);
    return e->what != EVENT_DOCUMENT || document_attached(at, asset, e);
}
