#include "common/event_data.h"

#include "common/cose.h"
#include "common/custody.h"
#include "common/disposition.h"
#include "common/state_goods.h"

#define EXPONENT_MAX 9

static struct cbor_reader begin(struct slice data, size_t items)
{
    struct cbor_reader r = cbor_reader(data);
    cbor_take_array_of(&r, items);
    return r;
}

static struct hash take_hash(struct cbor_reader *r)
{
    struct hash hash;
    cbor_take_fixed(r, hash.bytes, HASH_SIZE);
    return hash;
}

static uint64_t take_time(struct cbor_reader *r)
{
    return cbor_take_uint_max(r, TIME_MAX_MS);
}

static int take_exponent(struct cbor_reader *r)
{
    return (int)cbor_take_int_in(r, -EXPONENT_MAX, EXPONENT_MAX);
}

static struct slice take_name(struct cbor_reader *r)
{
    return cbor_take_text(r, 1, NAME_MAX_BYTES);
}

bool event_excursion_equal(const struct event_excursion *a, const struct event_excursion *b)
{
    return a->rule == b->rule && a->from_ms == b->from_ms && hash_equal(&a->opening, &b->opening) &&
           kid_equal(&a->device, &b->device);
}

/* ------------------------------------------------------------------ goods */

bool event_data_kid(struct slice data, struct kid *ret_kid)
{
    struct cbor_reader r = begin(data, 1);
    *ret_kid = kid_take(&r);
    return cbor_done(&r);
}

bool event_data_opening(struct slice data, struct hash *ret_hash)
{
    struct cbor_reader r = begin(data, 1);
    *ret_hash = take_hash(&r);
    return cbor_done(&r);
}

bool event_data_recorded(struct slice data, struct event_recorded *ret_data)
{
    struct cbor_reader r = begin(data, 3);
    ret_data->device = kid_take(&r);
    ret_data->first_ms = take_time(&r);
    ret_data->last_ms = take_time(&r);
    return cbor_done(&r);
}

static void take_sides(struct cbor_reader *r, struct event_handover *h)
{
    h->from = kid_take(r);
    h->to = kid_take(r);
    h->role = cbor_take_uint_max(r, ROLE_OWNER);
}

bool event_data_offered(struct slice data, struct event_handover *ret_data)
{
    struct cbor_reader r = begin(data, 3);
    ret_data->offer = (struct hash){ { 0 } };
    take_sides(&r, ret_data);
    return cbor_done(&r);
}

bool event_data_handover(struct slice data, struct event_handover *ret_data)
{
    struct cbor_reader r = begin(data, 4);
    ret_data->offer = take_hash(&r);
    take_sides(&r, ret_data);
    return cbor_done(&r);
}

bool event_data_scanned(struct slice data, struct event_scanned *ret_data)
{
    struct cbor_reader r = begin(data, 2);
    ret_data->kid = kid_take(&r);
    ret_data->place = (struct slice){ NULL, 0 };
    if (cbor_peek(&r) == CBOR_NULL)
        cbor_take_null(&r);
    else
        ret_data->place = take_name(&r);
    return cbor_done(&r);
}

/* ------------------------------------------------------------------ excursions */

bool event_data_excursion(struct slice data, struct event_excursion *ret_data)
{
    struct cbor_reader r = begin(data, 4);
    ret_data->rule = cbor_take_uint(&r);
    ret_data->from_ms = take_time(&r);
    ret_data->opening = take_hash(&r);
    ret_data->device = kid_take(&r);
    return cbor_done(&r);
}

bool event_data_closed(struct slice data, struct event_closed *ret_data)
{
    struct cbor_reader r = begin(data, 10);
    ret_data->of.rule = cbor_take_uint(&r);
    ret_data->of.from_ms = take_time(&r);
    ret_data->to_ms = take_time(&r);
    ret_data->peak = cbor_take_int(&r);
    ret_data->peak_exponent = take_exponent(&r);
    ret_data->of.opening = take_hash(&r);
    ret_data->of.device = kid_take(&r);
    ret_data->mean = cbor_take_int(&r);
    ret_data->mean_exponent = take_exponent(&r);
    ret_data->certain = cbor_take_bool(&r);
    return cbor_done(&r);
}

bool event_data_charged(struct slice data, struct event_charged *ret_data)
{
    struct cbor_reader r = begin(data, 6);
    ret_data->of.rule = cbor_take_uint(&r);
    ret_data->held = cbor_peek(&r) != CBOR_NULL;
    ret_data->member = (struct kid){ { 0 } };
    if (ret_data->held)
        ret_data->member = kid_take(&r);
    else
        cbor_take_null(&r);
    ret_data->seconds = cbor_take_uint(&r);
    ret_data->of.from_ms = take_time(&r);
    ret_data->of.opening = take_hash(&r);
    ret_data->of.device = kid_take(&r);
    return cbor_done(&r);
}

bool event_data_revision(struct slice data, struct event_revision *ret_data)
{
    struct cbor_reader r = begin(data, 5);
    ret_data->of.rule = cbor_take_uint(&r);
    ret_data->of.from_ms = take_time(&r);
    ret_data->of.opening = take_hash(&r);
    ret_data->of.device = kid_take(&r);
    ret_data->is_void = cbor_take_bool(&r);
    return cbor_done(&r);
}

bool event_data_not_judged(struct slice data, struct event_not_judged *ret_data)
{
    struct cbor_reader r = begin(data, 4);
    ret_data->device = kid_take(&r);
    ret_data->first_ms = take_time(&r);
    ret_data->last_ms = take_time(&r);
    ret_data->opening = take_hash(&r);
    return cbor_done(&r);
}

/* ------------------------------------------------------------------ contracts */

bool event_data_called(struct slice data, struct event_called *ret_data)
{
    struct cbor_reader r = begin(data, 3);
    ret_data->opening = take_hash(&r);
    ret_data->action = take_name(&r);
    ret_data->by_key = cbor_peek(&r) != CBOR_NULL;
    ret_data->caller = (struct kid){ { 0 } };
    if (ret_data->by_key)
        ret_data->caller = kid_take(&r);
    else
        cbor_take_null(&r);
    return cbor_done(&r);
}

bool event_data_state(struct slice data, struct event_state *ret_data)
{
    struct cbor_reader r = begin(data, 4);
    ret_data->opening = take_hash(&r);
    ret_data->from = cbor_take_uint(&r);
    ret_data->to = cbor_take_uint(&r);
    ret_data->by = take_name(&r);
    return cbor_done(&r);
}

bool event_data_document(struct slice data, struct event_document *ret_data)
{
    struct cbor_reader r = begin(data, 3);
    ret_data->opening = take_hash(&r);
    ret_data->name = take_name(&r);
    ret_data->hash = take_hash(&r);
    return cbor_done(&r);
}

bool event_data_add_back(struct slice data, struct event_add_back *ret_data)
{
    struct cbor_reader r = begin(data, 4);
    ret_data->opening = take_hash(&r);
    ret_data->budget = take_name(&r);
    ret_data->ms = cbor_take_uint(&r);
    ret_data->call = take_hash(&r);
    return cbor_done(&r);
}

bool event_data_finished(struct slice data, struct event_finished *ret_data)
{
    struct cbor_reader r = begin(data, 2);
    ret_data->opening = take_hash(&r);
    ret_data->ending = cbor_take_uint_max(&r, 2);
    return cbor_done(&r);
}

bool event_data_replaced(struct slice data, struct event_replaced *ret_data)
{
    struct cbor_reader r = begin(data, 2);
    ret_data->old = take_hash(&r);
    ret_data->new = take_hash(&r);
    return cbor_done(&r);
}

/* ------------------------------------------------------------------ handovers, packing, making */

#define COUNT_MAX 1000000000u

bool event_data_received(struct slice data, struct event_received *ret_data)
{
    struct cbor_reader r = begin(data, 4);
    ret_data->offer = take_hash(&r);
    ret_data->missing = cbor_take_uint_max(&r, COUNT_MAX);
    ret_data->surplus = cbor_take_uint_max(&r, COUNT_MAX);
    ret_data->damaged = cbor_take_uint_max(&r, COUNT_MAX);
    return cbor_done(&r);
}

bool event_data_not_received(struct slice data, struct hash *ret_offer)
{
    return event_data_opening(data, ret_offer);
}

/* False, and the null is taken, where there is nothing. */
static bool take_present(struct cbor_reader *r)
{
    if (cbor_peek(r) != CBOR_NULL)
        return true;
    cbor_take_null(r);
    return false;
}

bool event_data_bound(struct slice data, struct event_bound *ret_data)
{
    struct cbor_reader r = begin(data, 5);
    struct event_bound b = { .statement = take_hash(&r) };
    b.has_reading = take_present(&r);
    if (b.has_reading) {
        b.device = kid_take(&r);
        b.reading = take_hash(&r);
    } else {
        cbor_take_null(&r);
    }
    b.has_seal = take_present(&r);
    if (b.has_seal) {
        b.seal = cbor_take_uint_max(&r, SEAL_NONE);
        b.seal_number = cbor_take_text(&r, 0, CUSTODY_SEAL_MAX);
    } else {
        cbor_take_null(&r);
    }
    *ret_data = b;
    return cbor_done(&r);
}

bool event_data_container(struct slice data, struct slice *ret_name)
{
    struct cbor_reader r = begin(data, 1);
    *ret_name = cbor_take_text(&r, 1, ASSET_NAME_MAX);
    return cbor_done(&r);
}

bool event_data_load(struct slice data, struct event_load *ret_data)
{
    struct cbor_reader r = begin(data, 2);
    ret_data->moved = cbor_take_uint(&r);
    ret_data->inside = cbor_take_uint(&r);
    return cbor_done(&r);
}

bool event_data_made(struct slice data, struct event_made *ret_data)
{
    struct cbor_reader r = begin(data, 3);
    ret_data->action = cbor_take_uint_max(&r, MAKING_COMMISSION);
    ret_data->making = take_hash(&r);
    ret_data->output = cbor_take_uint_max(&r, STATE_MAKING_OUTPUTS - 1);
    return cbor_done(&r);
}

bool event_data_used(struct slice data, struct event_used *ret_data)
{
    struct cbor_reader r = begin(data, 5);
    struct event_used u = { .action = cbor_take_uint_max(&r, MAKING_COMMISSION) };
    enum amount_dimension dimension;
    u.making = take_hash(&r);
    u.has_amount = take_present(&r);
    if (u.has_amount) {
        u.amount.mantissa = cbor_take_int_in(&r, 1, INT64_MAX);
        u.amount.exponent = take_exponent(&r);
        u.amount.unit = cbor_take_text(&r, 1, AMOUNT_UNIT_MAX);
        if (!amount_find_unit(u.amount.unit, &dimension))
            cbor_fail(&r);
    } else {
        cbor_take_null(&r);
        cbor_take_null(&r);
    }
    *ret_data = u;
    return cbor_done(&r);
}

/* ------------------------------------------------------------------ what is said of goods */

static struct slice take_optional_name(struct cbor_reader *r)
{
    return take_present(r) ? take_name(r) : (struct slice){ NULL, 0 };
}

bool event_data_disposition(struct slice data, struct event_disposition *ret_data)
{
    struct cbor_reader r = begin(data, 5);
    ret_data->action = cbor_take_uint_max(&r, DISPOSITION_DESTROY);
    ret_data->statement = take_hash(&r);
    ret_data->member = kid_take(&r);
    ret_data->meaning = take_optional_name(&r);
    ret_data->reason = take_optional_name(&r);
    return cbor_done(&r);
}

bool event_data_disputed(struct slice data, struct event_disputed *ret_data)
{
    struct cbor_reader r = begin(data, 2);
    ret_data->statement = take_hash(&r);
    ret_data->member = kid_take(&r);
    return cbor_done(&r);
}

bool event_data_certified(struct slice data, struct event_certified *ret_data)
{
    struct cbor_reader r = cbor_reader(data);
    size_t items = cbor_take_array(&r);
    if (items != 4 && items != 5)
        cbor_fail(&r);
    ret_data->certificate = take_hash(&r);
    ret_data->name = take_name(&r);
    ret_data->issuer = kid_take(&r);
    ret_data->from_ms = take_time(&r);
    ret_data->until_ms = items == 5 ? take_time(&r) : 0;
    return cbor_done(&r);
}

bool event_data_corrected(struct slice data, struct event_corrected *ret_data)
{
    struct cbor_reader r = begin(data, 3);
    ret_data->original = take_hash(&r);
    ret_data->kind = cbor_take_uint(&r);
    ret_data->correction = take_hash(&r);
    return cbor_done(&r);
}

bool event_data_finding(struct slice data, struct event_found *ret_data)
{
    struct cbor_reader r = begin(data, 4);
    struct event_found f = { .finding = (uint64_t)cbor_take_int_in(&r, 1, FINDING_LAST) };
    f.statement = take_hash(&r);
    f.has_other = take_present(&r);
    if (f.has_other)
        f.other = take_hash(&r);
    f.kid = kid_take(&r);
    *ret_data = f;
    return cbor_done(&r);
}

bool event_data_revealed(struct slice data, struct event_revealed *ret_data)
{
    struct cbor_reader r = begin(data, 2);
    ret_data->result = cbor_take_uint_max(&r, REVEAL_MISMATCH);
    ret_data->statement = take_hash(&r);
    return cbor_done(&r);
}
