#include "node/contract_cache.h"

#include <stdlib.h>
#include <string.h>

#define CACHE_PLACES 16

struct cache_place {
    bool used;
    struct contract_bound bound;
    uint8_t *bytes; /* definition and terms, which bound borrows from */
};

struct contract_cache {
    struct cache_place places[CACHE_PLACES];
    size_t next; /* to be replaced */
};

struct contract_cache *contract_cache_new(void)
{
    return calloc(1, sizeof(struct contract_cache));
}

void contract_cache_free(struct contract_cache *c)
{
    if (c == NULL)
        return;
    for (size_t i = 0; i < CACHE_PLACES; i++)
        free(c->places[i].bytes);
    free(c);
}

void kept_opening_put(struct buf *out, const struct open *o)
{
    cbor_put_array(out, 5);
    cbor_put_bytes(out, hash_slice(&o->definition));
    buf_add_slice(out, o->parties);
    buf_add_slice(out, o->terms);
    asset_set_put(out, &o->assets);
    cbor_put_uint(out, o->expires_ms);
}

bool kept_opening_take(struct slice value, struct kept_opening *ret_opening)
{
    struct cbor_reader r = cbor_reader(value);
    cbor_take_array_of(&r, 5);
    cbor_take_fixed(&r, ret_opening->definition.bytes, HASH_SIZE);
    ret_opening->parties = cbor_take_item(&r);
    ret_opening->terms = cbor_take_item(&r);
    ret_opening->assets = asset_set_take(&r);
    ret_opening->expires_ms = cbor_take_uint(&r);
    return cbor_done(&r);
}

static void note_devices(struct execution *x, struct slice parties, struct contract_bound *b)
{
    struct cbor_reader r = cbor_reader(parties);
    for (size_t n = cbor_take_map(&r); n > 0; n--) {
        struct slice value;
        struct state_key_record record;
        (void)cbor_take_item(&r);
        struct kid kid = kid_take(&r);
        struct state_key key = state_key_kid(TABLE_KEY, &kid);
        if (!r.failed && execution_get(x, &key, &value) && state_key_record_take(value, &record) &&
            record.class == CLASS_DEVICE && b->device_count < OPEN_PARTIES_MAX)
            b->devices[b->device_count++] = kid;
    }
}

/* The compiled definition and the terms, copied to one piece of memory. */
static bool copy_bytes(struct execution *x, const struct kept_opening *o, struct cache_place *p,
                       struct slice *ret_definition, struct slice *ret_terms)
{
    struct state_key key = state_key_hash(TABLE_DEFINITION, &o->definition);
    struct slice value;
    if (!execution_get(x, &key, &value))
        return false;
    struct cbor_reader r = cbor_reader(value);
    struct slice definition = cbor_take_bytes(&r, 1, OPEN_DEFINITION_MAX);
    uint8_t *bytes = malloc(definition.len + o->terms.len);
    if (bytes == NULL || r.failed) {
        free(bytes);
        return false;
    }
    memcpy(bytes, definition.data, definition.len);
    memcpy(bytes + definition.len, o->terms.data, o->terms.len);
    free(p->bytes);
    p->bytes = bytes;
    *ret_definition = slice_of(bytes, definition.len);
    *ret_terms = slice_of(bytes + definition.len, o->terms.len);
    return true;
}

static bool bind(struct execution *x, const struct hash *opening, struct cache_place *p)
{
    struct state_key key = state_key_hash(TABLE_OPENING, opening);
    struct slice value, definition, terms;
    struct kept_opening o;
    p->used = false;
    if (!execution_get(x, &key, &value) || !kept_opening_take(value, &o) ||
        !copy_bytes(x, &o, p, &definition, &terms))
        return false;
    p->bound.opening = *opening;
    p->bound.device_count = 0;
    note_devices(x, o.parties, &p->bound);
    p->used = definition_decode(definition, &p->bound.definition, NULL) &&
              terms_bind(&p->bound.definition, terms, &p->bound.terms, NULL);
    return p->used;
}

const struct contract_bound *contract_cache_find(struct execution *x, const struct hash *opening)
{
    struct contract_cache *c = x->contracts;
    for (size_t i = 0; i < CACHE_PLACES; i++)
        if (c->places[i].used && hash_equal(&c->places[i].bound.opening, opening))
            return &c->places[i].bound;
    struct cache_place *p = &c->places[c->next];
    c->next = (c->next + 1) % CACHE_PLACES;
    return bind(x, opening, p) ? &p->bound : NULL;
}
