#include "tests/unit/support_custody.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct world *custody_world(void)
{
    struct world *w = world_new();
    assert_int_equal(world_say(w, FARM, kit_commission(KIT_UNIT), MINUTES(1)), ACCEPTED);
    return w;
}

struct hash custody_do(struct world *w, enum world_key who, struct statement draft,
                       uint64_t time_ms)
{
    if (!w->open && time_ms > w->context.time_ms)
        world_block(w, time_ms);
    enum refusal code = world_say(w, who, draft, time_ms);
    struct hash said = w->last;
    world_end(w);
    if (code != ACCEPTED)
        fail_msg("%s: %s", refusal_name(code), w->detail);
    return said;
}

void custody_refused(struct world *w, enum world_key who, struct statement draft,
                     enum refusal expected)
{
    world_end(w);
    enum refusal code = world_say(w, who, draft, w->context.time_ms);
    world_end(w);
    if (code != expected)
        fail_msg("%s: %s, not %s", refusal_name(code), w->detail, refusal_name(expected));
}

/* ------------------------------------------------------------------ sets and drafts */

#define LISTS      4
#define LIST_BYTES (512 * 1024)

static struct buf *next_memory(void)
{
    static uint8_t bytes[LISTS][LIST_BYTES];
    static struct buf memory[LISTS];
    static unsigned next;
    struct buf *b = &memory[next % LISTS];
    *b = buf_fixed(bytes[next++ % LISTS], LIST_BYTES);
    return b;
}

struct asset_set custody_list(size_t count, const char *const names[])
{
    struct buf *b = next_memory();
    cbor_put_array(b, count);
    for (size_t i = 0; i < count; i++)
        cbor_put_text(b, slice_text(names[i]));
    assert_false(b->failed);
    struct cbor_reader r = cbor_reader(buf_slice(b));
    struct asset_set set = asset_set_take(&r);
    assert_true(cbor_done(&r));
    return set;
}

struct asset_set custody_range(size_t count)
{
    return asset_set_range(CUSTODY_PREFIX, "00000", count, next_memory());
}

struct asset_set custody_one(const char *name)
{
    return asset_set_one(name, next_memory());
}

struct statement custody_offer(const struct world *w, const struct asset_set *assets,
                               enum world_key to, enum custody_role role)
{
    struct statement s = { .kind = KIND_CUSTODY };
    s.as.custody = (struct custody){
        .assets = *assets, .action = CUSTODY_OFFER, .to = *world_kid(w, to), .role = role
    };
    return s;
}

struct statement custody_answer(enum custody_action action, const struct asset_set *assets,
                                const struct hash *offer, enum custody_role role)
{
    struct statement s = kit_answer(action, KIT_UNIT, offer, role);
    s.as.custody.assets = *assets;
    return s;
}

/* ------------------------------------------------------------------ by hand */

void custody_store(struct world *w, const char *name, const struct state_asset *a)
{
    uint8_t memory[2048];
    struct buf value = buf_fixed(memory, sizeof memory);
    struct state_key key = state_key_text(TABLE_ASSET, slice_text(name));
    world_end(w);
    state_asset_put(&value, a);
    assert_false(value.failed);
    memory_state_set(w->state, state_key_slice(&key), buf_slice(&value));
}

static struct state_asset load(struct world *w, const char *name)
{
    struct state_asset a;
    assert_true(world_asset(w, name, &a));
    return a;
}

void custody_end(struct world *w, const char *name, enum goods_end end)
{
    struct state_asset a = load(w, name);
    a.goods.end = end;
    a.goods.end_by = w->last;
    a.goods.end_member = a.custodian;
    a.goods.end_ms = MINUTES(2);
    custody_store(w, name, &a);
}

void custody_ghost(struct world *w, const char *name)
{
    struct state_asset a = { .events = 0 };
    custody_store(w, name, &a);
}

static void store_hold(struct world *w, const char *name, const struct state_hold *h)
{
    uint8_t memory[256];
    struct buf value = buf_fixed(memory, sizeof memory);
    struct state_key key = state_key_text(TABLE_HOLD, slice_text(name));
    world_end(w);
    state_hold_put(&value, h);
    memory_state_set(w->state, state_key_slice(&key), buf_slice(&value));
}

void custody_quarantine(struct world *w, const char *name, enum world_key by)
{
    store_hold(w, name,
               &(struct state_hold){ .quarantined = true,
                                     .quarantine_member = *world_kid(w, by),
                                     .quarantine = w->last });
}

void custody_recall(struct world *w, const char *name, enum world_key by)
{
    store_hold(w, name,
               &(struct state_hold){
                   .recalled = true, .recall_member = *world_kid(w, by), .recall = w->last });
}

void custody_release(struct world *w, const char *name)
{
    store_hold(w, name, &(struct state_hold){ .quarantined = false });
}

const char *custody_unit(unsigned number)
{
    static char name[ASSET_NAME_MAX];
    (void)snprintf(name, sizeof name, CUSTODY_PREFIX "%05u", number);
    return name;
}

static void put_in(struct world *w, const char *container, const char *name, const char *previous)
{
    struct state_asset box = load(w, container), a = load(w, name);
    uint64_t within = a.goods.inside_all + 1;
    a.goods.container = slice_text(container);
    a.goods.previous = slice_text(previous);
    custody_store(w, name, &a);
    if (box.goods.inside == 0)
        box.goods.first = slice_text(name);
    box.goods.last = slice_text(name);
    box.goods.inside++;
    box.goods.inside_all += within;
    custody_store(w, container, &box);
    if (*previous == '\0')
        return;
    struct state_asset before = load(w, previous);
    before.goods.next = slice_text(name);
    custody_store(w, previous, &before);
}

void custody_stow(struct world *w, const char *container, unsigned first, unsigned count)
{
    char previous[ASSET_NAME_MAX] = "";
    for (unsigned i = first; i < first + count; i++) {
        put_in(w, container, custody_unit(i), previous);
        (void)snprintf(previous, sizeof previous, "%s", custody_unit(i));
    }
}

void custody_stow_one(struct world *w, const char *container, const char *name)
{
    put_in(w, container, name, "");
}

/* ------------------------------------------------------------------ looking */

bool custody_is_holder(struct world *w, const char *name, enum custody_role role,
                       enum world_key who)
{
    struct state_asset a = load(w, name);
    return role == ROLE_OWNER ? a.has_owner && kid_equal(&a.owner, world_kid(w, who))
                              : a.has_custodian && kid_equal(&a.custodian, world_kid(w, who));
}

bool custody_on_offer(struct world *w, const char *name, enum custody_role role)
{
    struct state_asset a = load(w, name);
    return role == ROLE_OWNER ? a.goods.has_sale : a.has_offer;
}
