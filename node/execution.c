#include "node/execution.h"

#include <stdarg.h>
#include <string.h>

/* ------------------------------------------------------------------ state */

bool execution_get(struct execution *x, const struct state_key *key, struct slice *ret_value)
{
    return overlay_get(x->overlay, state_key_slice(key), ret_value);
}

struct buf *execution_value(struct execution *x)
{
    buf_clear(&x->scratch);
    return &x->scratch;
}

void execution_store(struct execution *x, const struct state_key *key)
{
    if (x->scratch.failed)
        x->failed = true;
    else
        overlay_put(x->overlay, state_key_slice(key), buf_slice(&x->scratch));
}

bool execution_asset(struct execution *x, struct slice name, struct state_asset *ret_asset)
{
    struct state_key key = state_key_text(TABLE_ASSET, name);
    struct slice value;
    return execution_get(x, &key, &value) && state_asset_take(value, ret_asset);
}

void execution_store_asset(struct execution *x, struct slice name, const struct state_asset *asset)
{
    struct state_key key = state_key_text(TABLE_ASSET, name);
    state_asset_put(execution_value(x), asset);
    execution_store(x, &key);
}

bool execution_speaks_for_member(const struct speaker *by)
{
    return by->key.class == CLASS_MEMBER || by->key.class == CLASS_OPERATOR;
}

bool execution_member_active(struct execution *x, const struct kid *member)
{
    struct state_key key = state_key_kid(TABLE_MEMBER, member);
    struct slice value;
    struct state_member m;
    return execution_get(x, &key, &value) && state_member_take(value, &m) && m.active;
}

/* ------------------------------------------------------------------ events */

static struct slice keep(struct execution *x, const struct buf *b)
{
    uint8_t *at = overlay_alloc(x->overlay, b->len);
    if (at == NULL)
        return (struct slice){ NULL, 0 };
    memcpy(at, b->data, b->len);
    return slice_of(at, b->len);
}

struct slice execution_subject_asset(struct execution *x, struct slice name)
{
    uint8_t memory[ASSET_NAME_MAX + 9];
    struct buf b = buf_fixed(memory, sizeof memory);
    cbor_put_text(&b, name);
    return keep(x, &b);
}

struct slice execution_subject_bytes(struct execution *x, struct slice bytes)
{
    uint8_t memory[STATE_KEY_MAX + 9];
    struct buf b = buf_fixed(memory, sizeof memory);
    cbor_put_bytes(&b, bytes);
    return keep(x, &b);
}

/* An asset-set's items; a name or a byte string is one. */
static size_t subject_items(struct slice raw)
{
    struct cbor_reader r = cbor_reader(raw);
    if (cbor_peek(&r) != CBOR_ARRAY)
        return 1;
    size_t n = 1 + cbor_take_array(&r);
    (void)cbor_take_item(&r);
    if (cbor_peek(&r) == CBOR_ARRAY)
        n += cbor_take_array(&r);
    return n;
}

/* The assets whose chains an event about this lengthens. */
static size_t subject_links(struct slice raw)
{
    struct cbor_reader r = cbor_reader(raw);
    enum cbor_kind kind = cbor_peek(&r);
    return kind == CBOR_ARRAY ? asset_set_take(&r).count : kind == CBOR_TEXT ? 1 : 0;
}

struct buf *execution_emit(struct execution *x, enum event_what what, struct slice raw_subject,
                           uint64_t time_ms, size_t data_items)
{
    cbor_put_array(&x->events, 4);
    cbor_put_uint(&x->events, what);
    buf_add_slice(&x->events, raw_subject);
    cbor_put_uint(&x->events, time_ms);
    cbor_put_array(&x->events, data_items);
    x->now.count++;
    x->now.items += 4 + subject_items(raw_subject) + data_items;
    size_t links = subject_links(raw_subject);
    x->now.links += links;
    x->now.hashed += (uint64_t)links * raw_subject.len;
    return &x->events;
}

bool execution_step(struct execution *x, uint64_t steps)
{
    x->statement_steps += steps;
    x->steps += steps;
    return x->statement_steps <= EXECUTE_STEPS_STATEMENT;
}

bool execution_is_over(const struct execution *x)
{
    return x->now.items > EXECUTE_ITEMS_STATEMENT || x->now.links > EXECUTE_LINKS_STATEMENT ||
           x->now.hashed > EXECUTE_HASHED_STATEMENT || x->statement_steps > EXECUTE_STEPS_STATEMENT;
}

void execution_explain(struct execution *x, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    struct err text;
    (void)err_setv(&text, ERR_REFUSED, fmt, ap);
    va_end(ap);
    size_t len = strnlen(text.msg, OUTCOME_DETAIL_MAX);
    while (len > 0 && !cbor_text_valid(slice_of(text.msg, len)))
        len--; /* never half a character */
    memcpy(x->detail, text.msg, len);
    x->detail[len] = '\0';
}

void execution_load_sequence(struct execution *x, const struct kid *kid,
                             struct sequence *ret_sequence)
{
    struct state_key key = state_key_kid(TABLE_SEQUENCE, kid);
    struct slice value;
    if (!execution_get(x, &key, &value) || !sequence_take(value, ret_sequence))
        sequence_fresh(ret_sequence, &x->context.ledger);
}
