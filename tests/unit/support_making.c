#include "tests/unit/support_making.h"

#include "node/execution.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ------------------------------------------------------------------ sets and amounts */

#define SET_ROOM  (512 * 1024)
#define SET_SLOTS 8
#define MAKE_ROOM (200 * 1024)

static struct buf *next_memory(void)
{
    static uint8_t bytes[SET_SLOTS][SET_ROOM];
    static struct buf memory[SET_SLOTS];
    static unsigned next;
    struct buf *b = &memory[next % SET_SLOTS];
    *b = buf_fixed(bytes[next++ % SET_SLOTS], SET_ROOM);
    return b;
}

static void put_range(struct buf *b, const char *text)
{
    const char *first = strchr(text, '|') + 1;
    const char *count = strchr(first, '|') + 1;
    cbor_put_array(b, 3);
    cbor_put_text(b, slice_of(text, (size_t)(first - text) - 1));
    cbor_put_text(b, slice_of(first, (size_t)(count - first) - 1));
    cbor_put_uint(b, strtoull(count, NULL, 10));
}

static void put_names(struct buf *b, const char *text)
{
    size_t n = 1;
    for (const char *at = text; *at != '\0'; at++)
        n += *at == ' ' ? 1 : 0;
    cbor_put_array(b, n);
    for (size_t i = 0; i < n; i++) {
        size_t len = strcspn(text, " ");
        cbor_put_text(b, slice_of(text, len));
        text += len + 1;
    }
}

struct asset_set making_set(const char *text)
{
    struct buf *b = next_memory();
    if (strchr(text, '|') != NULL)
        put_range(b, text);
    else
        put_names(b, text);
    struct cbor_reader r = cbor_reader(buf_slice(b));
    struct asset_set set = asset_set_take(&r);
    assert_true(cbor_done(&r) && !b->failed);
    return set;
}

struct amount making_amount(const char *text)
{
    struct amount a = { .mantissa = 0 };
    bool fraction = false;
    for (; *text != ' '; text++) {
        if (*text == '.') {
            fraction = true;
            continue;
        }
        a.mantissa = a.mantissa * 10 + (*text - '0');
        a.exponent -= fraction ? 1 : 0;
    }
    a.unit = slice_text(text + 1);
    return a;
}

/* ------------------------------------------------------------------ drafts */

struct statement making_commission(const char *set, const char *amount, const char *lot)
{
    struct statement s = { .kind = KIND_COMMISSION };
    s.as.commission.assets = making_set(set);
    s.as.commission.has_amount = amount != NULL;
    if (amount != NULL)
        s.as.commission.amount = making_amount(amount);
    if (lot != NULL)
        s.as.commission.lot = slice_text(lot);
    return s;
}

struct statement making_pack(const char *container, const char *set)
{
    struct statement s = { .kind = KIND_PACK };
    s.as.pack = (struct pack){ .container = slice_text(container), .assets = making_set(set) };
    return s;
}

struct statement making_unpack(const char *container, const char *set)
{
    struct statement s = making_pack(container, set);
    s.as.pack.unpack = true;
    return s;
}

struct statement making_disposition(enum disposition_action action, const char *set)
{
    struct statement s = { .kind = KIND_DISPOSITION };
    s.as.disposition = (struct disposition){ .assets = making_set(set),
                                             .action = action,
                                             .meaning = slice_text("quality"),
                                             .reason = slice_text("because") };
    return s;
}

/* ------------------------------------------------------------------ makings */

enum pool { INPUTS, OUTPUTS, POOLS };

/* An array's head says how many there are: with one more, all before it are copied behind a new one. */
static void append(enum pool pool, struct slice *array, size_t *count, struct slice entry)
{
    static uint8_t bytes[POOLS][4][MAKE_ROOM];
    static unsigned next[POOLS];
    struct buf b = buf_fixed(bytes[pool][next[pool]++ % 4], MAKE_ROOM);
    struct cbor_reader r = cbor_reader(*array);
    if (*count > 0)
        (void)cbor_take_array(&r);
    cbor_put_array(&b, ++*count);
    buf_add_slice(&b, slice_from(*array, r.pos, array->len - r.pos));
    buf_add_slice(&b, entry);
    assert_false(b.failed);
    *array = buf_slice(&b);
}

struct statement making_begin(enum make_action action)
{
    struct statement s = { .kind = KIND_MAKE };
    s.as.make.action = action;
    return s;
}

void making_add_input(struct statement *s, const char *set, const char *amount)
{
    struct buf *b = next_memory();
    struct make_input input = { .assets = making_set(set), .has_amount = amount != NULL };
    if (amount != NULL)
        input.amount = making_amount(amount);
    make_put_input(b, &input);
    append(INPUTS, &s->as.make.inputs, &s->as.make.input_count, buf_slice(b));
}

void making_add_output(struct statement *s, const char *set, const char *amount, const char *lot)
{
    struct buf *b = next_memory();
    struct make_output output = { .assets = making_set(set), .has_amount = amount != NULL };
    if (amount != NULL)
        output.amount = making_amount(amount);
    if (lot != NULL)
        output.lot = slice_text(lot);
    make_put_output(b, &output);
    append(OUTPUTS, &s->as.make.outputs, &s->as.make.output_count, buf_slice(b));
}

struct statement making_of(enum make_action action, const char *in, const char *taken,
                           const char *out, const char *made)
{
    struct statement s = making_begin(action);
    making_add_input(&s, in, taken);
    making_add_output(&s, out, made, NULL);
    return s;
}

/* ------------------------------------------------------------------ looking */

struct state_asset making_asset(struct world *w, const char *name)
{
    struct state_asset a;
    if (!world_asset(w, name, &a))
        fail_msg("no %s", name);
    return a;
}

const char *making_left(struct world *w, const char *name)
{
    static char text[AMOUNT_TEXT_SIZE];
    struct state_asset a = making_asset(w, name);
    if (!a.goods.has_amount)
        return "-";
    amount_format(&a.goods.amount, text);
    return text;
}

static bool look(struct world *w, struct state_key key, struct slice *ret_value)
{
    world_end(w);
    return memory_state_get(w->state, state_key_slice(&key), ret_value);
}

bool making_record(struct world *w, const struct hash *statement, struct state_making *ret_making)
{
    struct slice value;
    return look(w, state_key_hash(TABLE_MAKING, statement), &value) &&
           state_making_take(value, ret_making);
}

bool making_lot(struct world *w, const char *name, struct state_lot *ret_lot)
{
    struct slice value;
    return look(w, state_key_text(TABLE_LOT, slice_text(name)), &value) &&
           state_lot_take(value, ret_lot);
}

void making_rules(struct world *w, uint64_t version)
{
    world_block(w, w->context.time_ms + 1000);
    w->execution->context.rules = version;
}

uint64_t making_steps(const struct world *w)
{
    return w->execution->statement_steps;
}
