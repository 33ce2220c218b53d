/* tools/lineage: where goods come from and what was made of them, out of the bundles of all of them; and bundles
 * that contradict each other. */
#include "common/state_key.h"
#include "node/proof.h"
#include "tests/support/transform.h"
#include "tests/unit/support_ledger.h"
#include "tools/lineage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define PLOT  "01/09506000134352/10/PLOT"
#define SACK1 "01/09506000134352/10/SACK1"
#define SACK2 "01/09506000134352/10/SACK2"
#define BAR   "01/09506000134369/21/BAR"
#define MANY  "01/09506000134376/21/M"

struct world {
    struct ledger *l;
    const char *instead_of, *instead; /* the source lies: this one's bundle for that one's */
    size_t asked;
    uint64_t time_ms;
};

/* ------------------------------------------------------------------ goods of the test */

static void put_set(struct buf *out, const char *const *names, size_t count)
{
    cbor_put_array(out, count);
    for (size_t i = 0; i < count; i++)
        cbor_put_text(out, slice_text(names[i]));
}

static struct asset_set set_of(struct buf *memory, const char *const *names, size_t count)
{
    size_t start = memory->len;
    put_set(memory, names, count);
    return (struct asset_set){ slice_from(buf_slice(memory), start, memory->len - start), count };
}

static void commission(struct world *w, const char *name)
{
    uint8_t memory[128];
    struct buf names = buf_fixed(memory, sizeof memory);
    struct statement s = { .kind = KIND_COMMISSION };
    s.as.commission.assets = set_of(&names, &name, 1);
    w->time_ms += 1000;
    (void)ledger_add(w->l, &w->l->farm, w->time_ms, s);
    ledger_event(w->l, EVENT_COMMISSIONED, name, w->time_ms, "k", &w->l->farm.kid);
}

struct made {
    const char *const *inputs;
    size_t input_count;
    struct asset_set outputs;
    bool hide_use;  /* the input's events do not tell of it */
    bool hide_made; /* nor the outputs' */
};

/* In these blocks an output is commissioned too: that gives it its owner in the test's state. */
static struct hash make(struct world *w, const struct made *m)
{
    struct buf memory = buf_heap(1 << 16), entries = buf_heap(1 << 17);
    struct make_input input = { .assets = set_of(&memory, m->inputs, m->input_count) };
    struct make_output output = { .assets = m->outputs };
    w->time_ms += 1000;
    struct hash making =
        ledger_add(w->l, &w->l->farm, w->time_ms, transform_draft(&input, &output, &entries));
    uint64_t action = MAKING_TRANSFORM;
    if (!m->hide_use)
        ledger_event_raw(w->l, EVENT_USED, input.assets.raw, w->time_ms, "uhnnn", action, &making);
    ledger_event_raw(w->l, EVENT_COMMISSIONED, m->outputs.raw, w->time_ms, "k", &w->l->farm.kid);
    if (!m->hide_made)
        ledger_event_raw(w->l, EVENT_MADE, m->outputs.raw, w->time_ms, "uhu", action, &making,
                         UINT64_C(0));
    buf_free(&memory);
    buf_free(&entries);
    return making;
}

static struct hash make_of(struct world *w, const char *input, const char *const *outputs,
                           size_t count)
{
    uint8_t memory[1024];
    struct buf names = buf_fixed(memory, sizeof memory);
    struct made m = { .inputs = &input, .input_count = 1 };
    m.outputs = set_of(&names, outputs, count);
    return make(w, &m);
}

static struct hash dispose(struct world *w, enum disposition_action action, const char *name)
{
    uint8_t memory[128];
    struct buf names = buf_fixed(memory, sizeof memory);
    struct statement s = { .kind = KIND_DISPOSITION, .as.disposition = { .action = action } };
    s.as.disposition.assets = set_of(&names, &name, 1);
    s.as.disposition.meaning = s.as.disposition.reason = slice_text("cadmium");
    w->time_ms += 1000;
    struct hash h = ledger_add(w->l, &w->l->farm, w->time_ms, s);
    ledger_event(w->l, EVENT_DISPOSITION, name, w->time_ms, "uhktt", (uint64_t)action, &h,
                 &w->l->farm.kid, "cadmium", "cadmium");
    return h;
}

/* What the state keeps of it; recall NULL: nothing. */
static void put_hold(struct world *w, const char *name, const struct hash *recall)
{
    uint8_t memory[256];
    struct buf value = buf_fixed(memory, sizeof memory);
    struct state_key key = state_key_text(TABLE_HOLD, slice_text(name));
    struct state_hold hold = { .recalled = true, .recall_member = w->l->farm.kid };
    if (recall != NULL) {
        hold.recall = *recall;
        state_hold_put(&value, &hold);
    }
    ledger_put_state(w->l, state_key_slice(&key), buf_slice(&value));
}

/* A plot, two sacks off it, three bars from the first. */
static int set_up(void **state)
{
    static const char *const sacks[] = { SACK1, SACK2 };
    static const char *const bars[] = { BAR "1", BAR "2", BAR "3" };
    struct world *w = calloc(1, sizeof *w);
    assert_non_null(w);
    w->l = ledger_new(true);
    w->time_ms = LEDGER_T0;
    commission(w, PLOT);
    (void)make_of(w, PLOT, sacks, 2);
    ledger_seal(w->l, w->time_ms + 1000);
    (void)make_of(w, SACK1, bars, 3);
    ledger_seal(w->l, w->time_ms + 1000);
    *state = w;
    return 0;
}

static int tear_down(void **state)
{
    struct world *w = *state;
    ledger_free(w->l);
    free(w);
    return 0;
}

/* ------------------------------------------------------------------ walking */

static bool get(void *ctx, const char *asset, struct buf *out, struct err *err)
{
    struct world *w = ctx;
    struct proof_state proof = { w->l, ledger_prove };
    if (w->instead_of != NULL && strcmp(asset, w->instead_of) == 0)
        asset = w->instead;
    w->asked++;
    return proof_bundle(w->l->store, &proof, slice_text(asset), out, err);
}

static struct lineage *walk(struct world *w, const char *asset,
                            enum bundle_pack_direction direction)
{
    struct lineage *l = NULL;
    struct lineage_source source = { get, w };
    struct err err = { .code = ERR_NONE };
    if (!lineage_walk(asset, direction, &w->l->identity, &source, &l, &err))
        fail_msg("%s", err.msg);
    return l;
}

static void fail_walk(struct world *w, const char *asset, enum bundle_pack_direction direction,
                      enum err_code code, const char *said)
{
    struct lineage *l = NULL;
    struct lineage_source source = { get, w };
    struct err err = { .code = ERR_NONE };
    if (lineage_walk(asset, direction, &w->l->identity, &source, &l, &err))
        fail_msg("%s: the walk was believed", asset);
    assert_int_equal(err.code, code);
    if (strstr(err.msg, said) == NULL)
        fail_msg("expected \"%s\", found \"%s\"", said, err.msg);
}

static void expect_nodes(const struct lineage *l, const char *const *names, size_t count)
{
    assert_int_equal(l->count, count);
    for (size_t i = 0; i < count; i++)
        assert_string_equal(l->node[i]->claim.asset, names[i]);
}

/* ------------------------------------------------------------------ tests */

static void back_to_the_plot(void **state)
{
    static const char *const names[] = { BAR "2", SACK1, PLOT };
    struct world *w = *state;
    struct lineage *l = walk(w, BAR "2", BUNDLE_PACK_BACK);
    expect_nodes(l, names, 3);
    assert_int_equal(l->making_count, 2);
    assert_int_equal(l->head, 2);
    assert_int_equal(l->seals, 1);
    assert_int_equal(l->node[2]->depth, 2);
    assert_true(l->node[0]->made && l->node[1]->made && !l->node[2]->made);
    assert_null(lineage_recalled(l));
    assert_int_equal(w->asked, 3);
    lineage_free(l);
}

static void forward_to_all_bars(void **state)
{
    static const char *const names[] = { PLOT, SACK1, BAR "1", BAR "2", BAR "3", SACK2 };
    struct lineage *l = walk(*state, PLOT, BUNDLE_PACK_FORWARD);
    expect_nodes(l, names, 6);
    assert_int_equal(l->making_count, 2);
    assert_int_equal(l->unfollowed_count, 0);
    assert_int_equal(l->node[0]->use_count, 1);
    assert_int_equal(l->node[5]->use_count, 0);
    lineage_free(l);
}

static void the_same_goods_twice(void **state)
{
    static const char *const both[] = { SACK1, SACK2 };
    static const char *const box[] = { "01/09506000134369/21/BOX" };
    static const char *const names[] = { "01/09506000134369/21/BOX", SACK1, PLOT, SACK2 };
    struct world *w = *state;
    uint8_t memory[128];
    struct buf out = buf_fixed(memory, sizeof memory);
    struct made m = { .inputs = both, .input_count = 2 };
    m.outputs = set_of(&out, box, 1);
    (void)make(w, &m);
    ledger_seal(w->l, w->time_ms + 1000);
    struct lineage *l = walk(w, box[0], BUNDLE_PACK_BACK);
    expect_nodes(l, names, 4); /* the plot once, though both sacks lead there */
    assert_int_equal(l->making_count, 2);
    lineage_free(l);
}

static void kept_and_walked_again(void **state)
{
    struct lineage *l = walk(*state, BAR "2", BUNDLE_PACK_BACK);
    struct buf file = buf_heap(BUNDLE_PACK_SIZE_MAX);
    struct bundle_pack *p = calloc(1, sizeof *p);
    struct err err = { .code = ERR_NONE };
    assert_non_null(p);
    lineage_pack(l, &file);
    assert_true(bundle_pack_take(buf_slice(&file), p, &err));
    assert_int_equal(p->count, 3);
    assert_true(slice_equal(p->item[0].asset, slice_text(BAR "2")));
    assert_true(slice_equal(p->item[2].bundle, buf_slice(&l->node[2]->bundle)));
    lineage_free(l);
    buf_free(&file);
    free(p);
}

static void an_input_that_knows_nothing_of_it(void **state)
{
    static const char *const input[] = { SACK2 }, *const output[] = { BAR "X" };
    struct world *w = *state;
    uint8_t memory[128];
    struct buf out = buf_fixed(memory, sizeof memory);
    struct made m = { .inputs = input, .input_count = 1, .hide_use = true };
    m.outputs = set_of(&out, output, 1);
    (void)make(w, &m);
    ledger_seal(w->l, w->time_ms + 1000);
    fail_walk(w, BAR "X", BUNDLE_PACK_BACK, ERR_PROOF, SACK2 ": its own events know nothing");
}

static void an_output_that_came_into_being_otherwise(void **state)
{
    static const char *const input[] = { SACK2 }, *const output[] = { BAR "Y" };
    struct world *w = *state;
    uint8_t memory[128];
    struct buf out = buf_fixed(memory, sizeof memory);
    struct made m = { .inputs = input, .input_count = 1, .hide_made = true };
    m.outputs = set_of(&out, output, 1);
    (void)make(w, &m);
    ledger_seal(w->l, w->time_ms + 1000);
    fail_walk(w, PLOT, BUNDLE_PACK_FORWARD, ERR_PROOF, BAR "Y: its own events know nothing");
}

static void a_node_that_proves_something_else(void **state)
{
    struct world *w = *state;
    w->instead_of = SACK1;
    w->instead = SACK2;
    fail_walk(w, BAR "2", BUNDLE_PACK_BACK, ERR_PROOF, "a proof of " SACK2 " instead of " SACK1);
}

static void another_ledgers_identity(void **state)
{
    struct world *w = *state;
    struct identity other = w->l->identity;
    struct lineage_source source = { get, w };
    struct lineage *l = NULL;
    struct err err = { .code = ERR_NONE };
    other.genesis.ledger.bytes[0] ^= 1;
    assert_false(lineage_walk(PLOT, BUNDLE_PACK_FORWARD, &other, &source, &l, &err));
    assert_int_equal(err.code, ERR_PROOF);
}

static void goods_that_nobody_made(void **state)
{
    struct err err = { .code = ERR_NONE };
    struct world *w = *state;
    struct lineage_source source = { get, w };
    struct lineage *l = NULL;
    assert_false(lineage_walk("01/09506000134352/21/NONE", BUNDLE_PACK_BACK, &w->l->identity,
                              &source, &l, &err));
    assert_int_equal(err.code, ERR_NOT_FOUND);
}

static void recalled_until_corrected(void **state)
{
    struct world *w = *state;
    struct hash recall = dispose(w, DISPOSITION_RECALL, SACK1);
    put_hold(w, SACK1, &recall);
    ledger_seal(w->l, w->time_ms + 1000);
    struct lineage *l = walk(w, BAR "1", BUNDLE_PACK_BACK);
    assert_non_null(lineage_recalled(l));
    assert_string_equal(lineage_recalled(l)->claim.asset, SACK1);
    lineage_free(l);
    l = walk(w, PLOT, BUNDLE_PACK_FORWARD); /* what was asked about is not recalled itself */
    assert_null(lineage_recalled(l));
    lineage_free(l);
    (void)dispose(w, DISPOSITION_QUARANTINE, PLOT); /* any statement to hang the event on */
    ledger_event(w->l, EVENT_CORRECTED, SACK1, w->time_ms, "huh", &recall,
                 (uint64_t)KIND_DISPOSITION, &recall);
    put_hold(w, SACK1, NULL);
    ledger_seal(w->l, w->time_ms + 1000);
    l = walk(w, BAR "1", BUNDLE_PACK_BACK);
    assert_null(lineage_recalled(l));
    lineage_free(l);
}

static void a_set_too_large_to_follow(void **state)
{
    static const char *const input[] = { SACK2 };
    struct world *w = *state;
    uint8_t memory[128];
    struct buf out = buf_fixed(memory, sizeof memory);
    struct made m = { .inputs = input, .input_count = 1 };
    m.outputs = asset_set_range(MANY, "0001", LINEAGE_SET_MAX + 1, &out);
    struct hash making = make(w, &m);
    ledger_seal(w->l, w->time_ms + 1000);
    struct lineage *l = walk(w, SACK2, BUNDLE_PACK_FORWARD);
    assert_int_equal(l->count, 1);
    assert_int_equal(l->unfollowed_count, 1);
    assert_true(hash_equal(&l->unfollowed[0], &making));
    lineage_free(l);
    static const char *const names[] = { MANY "0777", SACK2, PLOT };
    l = walk(w, MANY "0777", BUNDLE_PACK_BACK); /* back is another matter */
    expect_nodes(l, names, 3);
    lineage_free(l);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(back_to_the_plot),
        TEST(forward_to_all_bars),
        TEST(the_same_goods_twice),
        TEST(kept_and_walked_again),
        TEST(an_input_that_knows_nothing_of_it),
        TEST(an_output_that_came_into_being_otherwise),
        TEST(a_node_that_proves_something_else),
        TEST(another_ledgers_identity),
        TEST(goods_that_nobody_made),
        TEST(recalled_until_corrected),
        TEST(a_set_too_large_to_follow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
