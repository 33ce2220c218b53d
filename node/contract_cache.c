#include "node/contract_cache.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define CACHE_PLACES  32
#define STEPS_OF_BIND 200
#define BYTES_OF_STEP 16 /* of a definition and its terms that are bound */

struct cache_place {
    uint64_t used; /* when last asked for; 0 = holds nothing */
    uint64_t pass; /* which keys are devices was looked up in this one */
    unsigned held;
    struct contract_bound bound;
    uint8_t *bytes; /* the opening and the definition, which bound borrows from */
};

struct contract_cache {
    struct cache_place *places[CACHE_PLACES]; /* NULL: never needed so far */
    uint64_t clock;
    uint64_t pass; /* blocks begun: an earlier one may have been thrown away */
};

struct contract_cache *contract_cache_new(void)
{
    return calloc(1, sizeof(struct contract_cache));
}

void contract_cache_free(struct contract_cache *c)
{
    if (c == NULL)
        return;
    for (size_t i = 0; i < CACHE_PLACES; i++) {
        if (c->places[i] != NULL)
            free(c->places[i]->bytes);
        free(c->places[i]);
    }
    free(c);
}

void contract_cache_begin(struct contract_cache *c)
{
    c->pass++;
}

/* ------------------------------------------------------------------ table 16 */

void kept_opening_put(struct buf *out, const struct open *o, const struct kid *opener)
{
    cbor_put_array(out, 8);
    cbor_put_bytes(out, hash_slice(&o->definition));
    buf_add_slice(out, o->parties);
    buf_add_slice(out, o->terms);
    asset_set_put(out, &o->assets);
    cbor_put_uint(out, o->expires_ms);
    if (o->has_replaces)
        cbor_put_bytes(out, hash_slice(&o->replaces));
    else
        cbor_put_null(out);
    if (o->holders.len > 0)
        buf_add_slice(out, o->holders);
    else
        cbor_put_map(out, 0);
    kid_put(out, opener);
}

bool kept_opening_take(struct slice value, struct kept_opening *ret_opening)
{
    struct cbor_reader r = cbor_reader(value);
    cbor_take_array_of(&r, 8);
    cbor_take_fixed(&r, ret_opening->definition.bytes, HASH_SIZE);
    ret_opening->parties = cbor_take_item(&r);
    ret_opening->terms = cbor_take_item(&r);
    ret_opening->assets = asset_set_take(&r);
    ret_opening->expires_ms = cbor_take_uint(&r);
    ret_opening->has_replaces = cbor_peek(&r) != CBOR_NULL;
    if (ret_opening->has_replaces)
        cbor_take_fixed(&r, ret_opening->replaces.bytes, HASH_SIZE);
    else
        cbor_take_null(&r);
    ret_opening->holders = cbor_take_item(&r);
    ret_opening->opener = kid_take(&r);
    return cbor_done(&r);
}

/* ------------------------------------------------------------------ binding */

static bool is_device(struct execution *x, const struct kid *kid)
{
    struct state_key key = state_key_kid(TABLE_KEY, kid);
    struct slice value;
    struct state_key_record record;
    return execution_get(x, &key, &value) && state_key_record_take(value, &record) &&
           record.class == CLASS_DEVICE;
}

static void note_devices(struct execution *x, struct contract_bound *b)
{
    b->device_count = 0;
    for (size_t i = 0; i < b->named_count; i++)
        if (is_device(x, &b->named[i]))
            b->devices[b->device_count++] = b->named[i];
}

static void note_parties(struct slice parties, struct contract_bound *b)
{
    struct cbor_reader r = cbor_reader(parties);
    for (size_t n = cbor_take_map(&r); n > 0 && b->named_count < OPEN_PARTIES_MAX; n--) {
        unsigned index;
        struct slice name = cbor_take_text(&r, 1, NAME_MAX_BYTES);
        struct slice raw = cbor_take_bytes(&r, KID_SIZE, KID_SIZE);
        if (r.failed)
            return;
        memcpy(b->named[b->named_count++].bytes, raw.data, KID_SIZE);
        if (definition_find_party(&b->definition, name, &index))
            b->parties[index] = raw;
    }
}

/* The opening's value and the compiled definition, copied to one piece of memory. */
static bool copy_bytes(struct execution *x, const struct hash *opening, struct cache_place *p,
                       struct kept_opening *ret_opening, struct slice *ret_definition)
{
    struct state_key key = state_key_hash(TABLE_OPENING, opening);
    struct slice value, kept;
    if (!execution_get(x, &key, &value) || !kept_opening_take(value, ret_opening))
        return false;
    key = state_key_hash(TABLE_DEFINITION, &ret_opening->definition);
    if (!execution_get(x, &key, &kept))
        return false;
    struct cbor_reader r = cbor_reader(kept);
    struct slice definition = cbor_take_bytes(&r, 1, OPEN_DEFINITION_MAX);
    if (r.failed)
        return false;
    uint8_t *bytes = malloc(value.len + definition.len);
    if (bytes == NULL) {
        x->failed = true; /* not "no such contract": other nodes have the memory */
        return false;
    }
    memcpy(bytes, value.data, value.len);
    memcpy(bytes + value.len, definition.data, definition.len);
    free(p->bytes);
    p->bytes = bytes;
    *ret_definition = slice_of(bytes + value.len, definition.len);
    return kept_opening_take(slice_of(bytes, value.len), ret_opening);
}

static bool bind(struct execution *x, const struct hash *opening, struct cache_place *p,
                 enum contract_cache_fault *ret_fault, struct err *err)
{
    struct contract_bound *b = &p->bound;
    struct kept_opening o;
    struct slice definition;
    *ret_fault = CONTRACT_CACHE_DEFINITION;
    if (!copy_bytes(x, opening, p, &o, &definition))
        return err_set(err, ERR_INPUT, "the ledger has no such contract");
    if (!definition_decode(definition, &b->definition, err))
        return false;
    *ret_fault = CONTRACT_CACHE_TERMS;
    if (!terms_bind(&b->definition, o.terms, &b->terms, err) ||
        !terms_check_parties(&b->definition, o.parties, err))
        return false;
    b->opening = *opening;
    b->named_count = 0;
    memset(b->parties, 0, sizeof b->parties);
    note_parties(o.parties, b);
    b->holders = o.holders;
    b->opener = o.opener;
    b->assets = o.assets;
    b->expires_ms = o.expires_ms;
    b->has_replaces = o.has_replaces;
    b->replaces = o.replaces;
    b->steps = STEPS_OF_BIND + (definition.len + o.terms.len) / BYTES_OF_STEP;
    return true;
}

/* A place to fill: a free one, or of those that nobody holds the one asked for longest ago. */
static struct cache_place *make_room(struct contract_cache *c)
{
    struct cache_place *oldest = NULL;
    for (size_t i = 0; i < CACHE_PLACES; i++) {
        if (c->places[i] == NULL)
            c->places[i] = calloc(1, sizeof *c->places[i]);
        struct cache_place *p = c->places[i];
        if (p == NULL || p->used == 0)
            return p;
        if (p->held == 0 && (oldest == NULL || p->used < oldest->used))
            oldest = p;
    }
    return oldest;
}

static struct cache_place *find_place(struct contract_cache *c, const struct hash *opening)
{
    for (size_t i = 0; i < CACHE_PLACES && c->places[i] != NULL; i++)
        if (c->places[i]->used != 0 && hash_equal(&c->places[i]->bound.opening, opening))
            return c->places[i];
    return NULL;
}

const struct contract_bound *contract_cache_bind(struct execution *x, const struct hash *opening,
                                                 enum contract_cache_fault *ret_fault,
                                                 struct err *err)
{
    struct contract_cache *c = x->contracts;
    struct state_key key = state_key_hash(TABLE_INSTANCE, opening);
    struct slice value;
    *ret_fault = CONTRACT_CACHE_DEFINITION;
    /* what is kept may come from a block that was never decided, or an opening that was refused */
    if (!execution_get(x, &key, &value)) {
        (void)err_set(err, ERR_INPUT, "the ledger has no such contract");
        return NULL;
    }
    struct cache_place *p = find_place(c, opening);
    if (p == NULL) {
        p = make_room(c);
        if (p == NULL) {
            x->failed = true;
            return NULL;
        }
        p->used = p->pass = 0;
        if (!bind(x, opening, p, ret_fault, err))
            return NULL;
    }
    /* what this block asked for is let go last, so that what of it is here is the same on every node */
    if (p->pass != c->pass)
        note_devices(x, &p->bound);
    (void)execution_step(x, p->pass != c->pass ? p->bound.steps : 1);
    p->pass = c->pass;
    p->used = ++c->clock;
    return &p->bound;
}

void contract_cache_hold(struct execution *x, const struct contract_bound *contract)
{
    struct cache_place *p = find_place(x->contracts, &contract->opening);
    assert(p != NULL && &p->bound == contract);
    p->held++;
}

void contract_cache_release(struct execution *x, const struct contract_bound *contract)
{
    struct cache_place *p = find_place(x->contracts, &contract->opening);
    assert(p != NULL && p->held > 0);
    p->held--;
}

const struct contract_bound *contract_cache_find(struct execution *x, const struct hash *opening)
{
    enum contract_cache_fault fault;
    return contract_cache_bind(x, opening, &fault, NULL);
}
