#include "tests/unit/support_deal.h"

#include "contracts/compile.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define KEPT_MAX 64

static struct buf kept[KEPT_MAX];
static size_t kept_count;

struct slice deal_compile(const char *yaml)
{
    struct yaml_tree tree = { 0 };
    struct err err = { .msg = "" };
    assert_true(kept_count < KEPT_MAX);
    struct buf *out = &kept[kept_count++];
    *out = buf_heap(DEFINITION_MAX_BYTES);
    if (!yaml_parse("c.yaml", slice_text(yaml), &tree, &err) || !compile_contract(&tree, out, &err))
        fail_msg("%s", err.msg);
    yaml_tree_free(&tree);
    return buf_slice(out);
}

/* ------------------------------------------------------------------ opening */

struct kit_opening deal_draft(struct world *w, struct slice definition)
{
    static struct kit_party parties[2];
    parties[0] = (struct kit_party){ "sender", *world_kid(w, FARM) };
    parties[1] = (struct kit_party){ "receiver", *world_kid(w, CLINIC) };
    return (struct kit_opening){ .definition = definition,
                                 .asset = KIT_UNIT,
                                 .parties = parties,
                                 .party_count = 2,
                                 .expires_ms = MINUTES(100000) };
}

static uint64_t later(struct world *w)
{
    world_end(w);
    return w->context.time_ms + 60000;
}

enum refusal deal_try(struct world *w, const struct kit_opening *o, struct deal *ret_deal)
{
    enum refusal code = world_say(w, FARM, kit_open_with(o), later(w));
    *ret_deal = (struct deal){ o->definition, w->last };
    return code;
}

struct deal deal_open(struct world *w, const struct kit_opening *o)
{
    struct deal d;
    enum refusal code = deal_try(w, o, &d);
    if (code == ACCEPTED)
        code = world_say(w, CLINIC, kit_agree(&d.opening, false), later(w));
    world_end(w);
    if (code != ACCEPTED)
        fail_msg("%s: %s", refusal_name(code), w->detail);
    return d;
}

struct deal deal_open_yaml(struct world *w, const char *yaml)
{
    struct kit_opening o = deal_draft(w, deal_compile(yaml));
    return deal_open(w, &o);
}

/* ------------------------------------------------------------------ calls */

enum refusal deal_call_with(struct world *w, enum world_key who, const struct deal *d,
                            const char *action, const struct kit_argument *arguments, size_t count)
{
    return world_say(w, who, kit_call(&d->opening, action, arguments, count, NULL), later(w));
}

enum refusal deal_call(struct world *w, enum world_key who, const struct deal *d,
                       const char *action)
{
    return deal_call_with(w, who, d, action, NULL, 0);
}

void deal_said(struct world *w, const char *words)
{
    world_end(w);
    assert_string_equal(w->detail, words);
}

/* ------------------------------------------------------------------ looking */

static const struct contract_definition *decode(const struct deal *d)
{
    static struct contract_definition definition;
    struct err err = { .msg = "" };
    if (!definition_decode(d->definition, &definition, &err))
        fail_msg("%s", err.msg);
    return &definition;
}

static struct flow_state load(struct world *w, const struct deal *d, const char *asset)
{
    struct slice none = { NULL, 0 }, value;
    struct flow_state state;
    struct err err = { .msg = "" };
    world_end(w);
    struct state_key own = state_key_flow(&d->opening, asset == NULL ? none : slice_text(asset));
    struct state_key start = state_key_flow(&d->opening, none);
    assert_true(memory_state_get(w->state, state_key_slice(&own), &value) ||
                memory_state_get(w->state, state_key_slice(&start), &value));
    if (!flow_state_decode(decode(d), value, &state, &err))
        fail_msg("%s", err.msg);
    return state;
}

static const char *keep_text(struct slice s)
{
    static char text[DEFINITION_MAX_NAME + 1];
    (void)snprintf(text, sizeof text, "%.*s", (int)s.len, (const char *)s.data);
    return text;
}

const char *deal_state(struct world *w, const struct deal *d, const char *asset)
{
    return keep_text(decode(d)->states[load(w, d, asset).state].name);
}

const char *deal_property(struct world *w, const struct deal *d, const char *name)
{
    static char text[200];
    unsigned index;
    struct flow_state state = load(w, d, NULL);
    assert_true(definition_find_field(decode(d), slice_text(name), &index));
    if (state.fields[index].type == CONTRACT_NOTHING)
        return "nothing";
    value_show(&state.fields[index], text, sizeof text);
    return text;
}

enum instance_status deal_status(struct world *w, const struct deal *d)
{
    struct state_key key = state_key_hash(TABLE_INSTANCE, &d->opening);
    struct state_instance v;
    struct slice value;
    world_end(w);
    assert_true(memory_state_get(w->state, state_key_slice(&key), &value));
    assert_true(state_instance_take(value, &v));
    return v.status;
}
