/* The value of one budget. */
#include "node/budget.h"

#include <string.h>

static void take_device(struct cbor_reader *r, struct budget_device *d)
{
    cbor_take_array_of(r, 3);
    d->kid = kid_take(r);
    d->used_ms = cbor_take_uint(r);
    d->newest_ms = cbor_take_uint(r);
}

static void take_opening(struct cbor_reader *r, struct budget_opening *o)
{
    cbor_take_array_of(r, 4);
    cbor_take_fixed(r, o->hash.bytes, HASH_SIZE);
    o->start_ms = cbor_take_uint(r);
    o->judged_ms = cbor_take_int(r);
    o->device_count = cbor_take_array(r);
    if (o->device_count > BUDGET_DEVICES_MAX) {
        o->device_count = 0;
        cbor_fail(r);
    }
    for (size_t i = 0; i < o->device_count; i++)
        take_device(r, &o->devices[i]);
}

bool budget_decode(struct slice value, struct budget *ret_budget)
{
    struct budget *b = ret_budget;
    memset(b, 0, sizeof *b);
    if (value.len == 0)
        return true;
    struct cbor_reader r = cbor_reader(value);
    cbor_take_array_of(&r, 3);
    size_t n = cbor_take_array(&r);
    for (size_t i = 0; i < n && i < BUDGET_OPENINGS_MAX; i++)
        take_opening(&r, &b->openings[b->opening_count++]);
    n = cbor_take_array(&r);
    for (size_t i = 0; i < n && i < BUDGET_ADDED_MAX; i++) {
        struct budget_added *a = &b->added[b->added_count++];
        cbor_take_array_of(&r, 4);
        cbor_take_fixed(&r, a->call.bytes, HASH_SIZE);
        cbor_take_fixed(&r, a->opening.bytes, HASH_SIZE);
        a->ms = cbor_take_uint(&r);
        a->undone = cbor_take_bool(&r);
    }
    b->let_go_ms = cbor_take_uint(&r);
    return cbor_done(&r);
}

static void put_opening(struct buf *out, const struct budget_opening *o)
{
    cbor_put_array(out, 4);
    cbor_put_bytes(out, hash_slice(&o->hash));
    cbor_put_uint(out, o->start_ms);
    cbor_put_int(out, o->judged_ms);
    cbor_put_array(out, o->device_count);
    for (size_t i = 0; i < o->device_count; i++) {
        cbor_put_array(out, 3);
        kid_put(out, &o->devices[i].kid);
        cbor_put_uint(out, o->devices[i].used_ms);
        cbor_put_uint(out, o->devices[i].newest_ms);
    }
}

void budget_encode(const struct budget *b, struct buf *out)
{
    cbor_put_array(out, 3);
    cbor_put_array(out, b->opening_count);
    for (size_t i = 0; i < b->opening_count; i++)
        put_opening(out, &b->openings[i]);
    cbor_put_array(out, b->added_count);
    for (size_t i = 0; i < b->added_count; i++) {
        cbor_put_array(out, 4);
        cbor_put_bytes(out, hash_slice(&b->added[i].call));
        cbor_put_bytes(out, hash_slice(&b->added[i].opening));
        cbor_put_uint(out, b->added[i].ms);
        cbor_put_bool(out, b->added[i].undone);
    }
    cbor_put_uint(out, b->let_go_ms);
}

/* ------------------------------------------------------------------ sums */

uint64_t budget_used_by(const struct budget_opening *o)
{
    uint64_t most = 0;
    for (size_t i = 0; i < o->device_count; i++)
        most = o->devices[i].used_ms > most ? o->devices[i].used_ms : most;
    return most;
}

uint64_t budget_added_by(const struct budget *b, const struct hash *opening)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < b->added_count; i++)
        if (!b->added[i].undone && hash_equal(&b->added[i].opening, opening))
            sum += b->added[i].ms;
    return sum;
}

/* ------------------------------------------------------------------ entries */

static int compare_opening(const struct budget_opening *o, const struct hash *hash,
                           uint64_t start_ms)
{
    if (o->start_ms != start_ms)
        return o->start_ms < start_ms ? -1 : 1;
    return memcmp(o->hash.bytes, hash->bytes, HASH_SIZE);
}

static void let_go_oldest(struct budget *b)
{
    const struct hash oldest = b->openings[0].hash;
    uint64_t used = budget_used_by(&b->openings[0]), back = budget_added_by(b, &oldest);
    size_t kept = 0;
    b->let_go_ms += used > back ? used - back : 0;
    for (size_t i = 0; i < b->added_count; i++)
        if (!hash_equal(&b->added[i].opening, &oldest))
            b->added[kept++] = b->added[i];
    b->added_count = kept;
    b->opening_count--;
    memmove(&b->openings[0], &b->openings[1], b->opening_count * sizeof b->openings[0]);
}

struct budget_opening *budget_enter(struct budget *b, const struct hash *opening, uint64_t start_ms)
{
    size_t at = 0;
    while (at < b->opening_count && compare_opening(&b->openings[at], opening, start_ms) < 0)
        at++;
    if (at < b->opening_count && hash_equal(&b->openings[at].hash, opening))
        return &b->openings[at];
    if (b->opening_count == BUDGET_OPENINGS_MAX) {
        if (at == 0)
            return NULL;
        let_go_oldest(b);
        at--;
    }
    struct budget_opening *o = &b->openings[at];
    memmove(o + 1, o, (b->opening_count - at) * sizeof *o);
    b->opening_count++;
    *o = (struct budget_opening){ .hash = *opening, .start_ms = start_ms };
    return o;
}

/* The place of a new device: at the end, or that of the one that used least, if less than used_ms. */
static struct budget_device *make_place(struct budget_opening *o, uint64_t used_ms)
{
    if (o->device_count < BUDGET_DEVICES_MAX)
        return &o->devices[o->device_count++];
    struct budget_device *least = &o->devices[0];
    for (size_t i = 1; i < o->device_count; i++)
        if (o->devices[i].used_ms < least->used_ms)
            least = &o->devices[i];
    return least->used_ms < used_ms ? least : NULL;
}

static void sort_devices(struct budget_opening *o)
{
    for (size_t i = 1; i < o->device_count; i++)
        for (size_t k = i; k > 0 && kid_compare(&o->devices[k].kid, &o->devices[k - 1].kid) < 0;
             k--) {
            struct budget_device moved = o->devices[k];
            o->devices[k] = o->devices[k - 1];
            o->devices[k - 1] = moved;
        }
}

static struct budget_device *find_device(struct budget_opening *o, const struct kid *device)
{
    for (size_t i = 0; i < o->device_count; i++)
        if (kid_equal(&o->devices[i].kid, device))
            return &o->devices[i];
    return NULL;
}

bool budget_meet(struct budget_opening *o, const struct kid *device)
{
    return find_device(o, device) == NULL && budget_note(o, device, 0, 0);
}

bool budget_note(struct budget_opening *o, const struct kid *device, uint64_t used_ms,
                 uint64_t newest_ms)
{
    struct budget_device *d = find_device(o, device);
    if (d != NULL && d->used_ms == used_ms)
        return false; /* newest_ms matters while the device uses */
    if (d != NULL) {
        d->used_ms = used_ms;
        d->newest_ms = newest_ms > d->newest_ms ? newest_ms : d->newest_ms;
        return true;
    }
    d = make_place(o, used_ms);
    if (d == NULL)
        return false;
    *d = (struct budget_device){ *device, used_ms, newest_ms };
    sort_devices(o);
    return true;
}
