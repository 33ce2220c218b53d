#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "contracts/compile.h"
#include "node/proof.h"
#include "tests/unit/support_ledger.h"
#include "tools/trial_plot.h"
#include "tools/trial_replay.h"

#include <stdlib.h>
#include <string.h>

#define MINUTE UINT64_C(60000)

static const char proposed_yaml[] = "contract: stricter\n"
                                    "roles: { shipper: packs, clinic: receives }\n"
                                    "parties: { sender: shipper, receiver: clinic }\n"
                                    "terms: { warmest: 8 °C }\n"
                                    "maximum gap: 30 min\n"
                                    "watch:\n"
                                    "  too warm:\n"
                                    "    when: temperature > warmest\n"
                                    "    for: 10 min\n"
                                    "    severity: low\n";

struct fixture {
    struct ledger *l;
    struct buf bundle, compiled, parties;
    struct trial_proposal proposal;
};

static void expect(bool good, const struct err *err)
{
    if (!good)
        fail_msg("%s", err->msg);
}

/* The sample journey, proven, and a contract to try on it. */
static void begin(struct fixture *f)
{
    struct err err = { 0 };
    struct yaml_tree tree;
    f->l = ledger_new(true);
    f->bundle = buf_heap(BUNDLE_SIZE_MAX);
    f->compiled = buf_heap(DEFINITION_MAX_BYTES);
    f->parties = buf_heap(256);
    (void)ledger_journey(f->l);
    struct proof_state state = { f->l, ledger_prove };
    expect(proof_bundle(f->l->store, &state, slice_text(LEDGER_UNIT), &f->bundle, &err), &err);
    expect(yaml_parse("p.yaml", slice_text(proposed_yaml), &tree, &err), &err);
    expect(compile_contract(&tree, &f->compiled, &err), &err);
    yaml_free(&tree);
    cbor_put_map(&f->parties, 2);
    cbor_put_text(&f->parties, slice_text("sender"));
    kid_put(&f->parties, &f->l->farm.kid);
    cbor_put_text(&f->parties, slice_text("receiver"));
    kid_put(&f->parties, &f->l->clinic.kid);
    f->proposal = (struct trial_proposal){ .compiled = buf_slice(&f->compiled),
                                           .parties = buf_slice(&f->parties),
                                           .terms = slice_of("\xa0", 1),
                                           .opener = f->l->farm.kid };
}

static void end(struct fixture *f)
{
    buf_free(&f->bundle);
    buf_free(&f->compiled);
    buf_free(&f->parties);
    ledger_free(f->l);
}

static struct trial_replay *load(struct fixture *f)
{
    struct err err = { 0 };
    struct trial_replay *r = NULL;
    expect(trial_replay_load(buf_slice(&f->bundle), &f->l->identity, &r, &err), &err);
    return r;
}

static void test_what_a_bundle_holds(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    struct trial_replay *r = load(&f);
    assert_string_equal(r->claim.asset, LEDGER_UNIT);
    assert_int_equal(r->member_count, 3);
    assert_true(kid_equal(&r->members[0], &f.l->farm.kid));
    assert_true(kid_equal(&r->members[1], &f.l->carrier.kid));
    assert_true(kid_equal(&r->members[2], &f.l->clinic.kid));
    assert_int_equal(r->device_count, 1);
    assert_true(kid_equal(&r->company[0], &f.l->farm.kid));
    assert_int_equal(r->order_count, 24);
    assert_int_equal(r->contract_count, 1);
    assert_non_null(r->contracts[0].definition);
    assert_int_equal(r->recorded.count, 1);
    assert_int_equal(r->recorded.items[0].shares[1].seconds, 2400);
    trial_replay_free(r);
    end(&f);
}

static void test_another_contract_finds_the_same_by_the_same_rule(void **state)
{
    (void)state;
    struct fixture f;
    struct err err = { 0 };
    begin(&f);
    struct trial_replay *r = load(&f);
    expect(trial_replay_run(r, &f.proposal, &err), &err);
    if (r->refused > 0)
        fail_msg("%s", r->refusal);
    const struct trial_excursion *then = &r->recorded.items[0], *now = &r->t->found.items[0];
    assert_int_equal(r->t->found.count, 1);
    assert_true(now->opened && now->ended);
    assert_int_equal(now->of.from_ms, then->of.from_ms);
    assert_int_equal(now->to_ms, then->to_ms);
    assert_true(kid_equal(&now->of.device, &then->of.device));
    assert_int_equal(now->share_count, then->share_count);
    for (size_t i = 0; i < now->share_count; i++) {
        assert_true(kid_equal(&now->shares[i].member, &then->shares[i].member));
        assert_int_equal(now->shares[i].seconds, then->shares[i].seconds);
    }
    trial_replay_free(r);
    end(&f);
}

static void test_a_contract_counts_from_its_start(void **state)
{
    (void)state;
    struct fixture f;
    struct err err = { 0 };
    begin(&f);
    struct trial_replay *r = load(&f);
    uint64_t from_ms = r->recorded.items[0].of.from_ms;
    f.proposal.start_ms = from_ms + 15 * MINUTE;
    expect(trial_replay_run(r, &f.proposal, &err), &err);
    assert_int_equal(r->start_ms, from_ms + 15 * MINUTE);
    assert_int_equal(r->t->found.count, 1);
    assert_int_equal(r->t->found.items[0].of.from_ms, from_ms + 15 * MINUTE);
    trial_replay_free(r);
    end(&f);
}

/* The ath pack arrives right after the bth. */
static void delay(struct trial_replay *r, size_t a, size_t b)
{
    size_t from = r->order[a], to = r->order[b];
    struct trial_replay_item kept = r->items[from];
    kept.block_ms = r->items[to].block_ms;
    memmove(&r->items[from], &r->items[from + 1], (to - from) * sizeof kept);
    r->items[to] = kept;
    for (size_t i = 0; i < r->order_count; i++)
        if (r->order[i] > from && r->order[i] <= to)
            r->order[i]--;
    r->order[a] = to;
}

static void test_what_came_late_is_judged_in_its_place(void **state)
{
    (void)state;
    struct fixture f;
    struct err err = { 0 };
    begin(&f);
    struct trial_replay *r = load(&f);
    delay(r, 4, 9); /* the warm hour's pack */
    delay(r, 3, 5);
    expect(trial_replay_run(r, &f.proposal, &err), &err);
    if (r->refused > 0)
        fail_msg("%s", r->refusal);
    size_t opened = 0, at = 0;
    for (size_t i = 0; i < r->t->found.count; i++)
        if (r->t->found.items[i].opened) {
            opened++;
            at = i;
        }
    assert_int_equal(opened, 1);
    const struct trial_excursion *then = &r->recorded.items[0], *now = &r->t->found.items[at];
    assert_int_equal(now->of.from_ms, then->of.from_ms);
    assert_int_equal(now->to_ms, then->to_ms);
    assert_int_equal(now->shares[0].seconds, then->shares[0].seconds);
    trial_replay_free(r);
    end(&f);
}

static void test_terms_make_a_difference(void **state)
{
    (void)state;
    static const uint8_t terms[] = "\xa1\x67warmest\x83\x18\x5c\x20\x63"
                                   "Cel"; /* { "warmest": [92, -1, "Cel"] } */
    struct fixture f;
    struct err err = { 0 };
    begin(&f);
    struct trial_replay *r = load(&f);
    f.proposal.terms = slice_of(terms, sizeof terms - 1);
    expect(trial_replay_run(r, &f.proposal, &err), &err);
    assert_int_equal(r->t->found.count, 0);
    trial_replay_free(r);
    end(&f);
}

static void test_what_cannot_be_opened_is_said(void **state)
{
    (void)state;
    struct fixture f;
    struct err err = { 0 };
    begin(&f);
    struct trial_replay *r = load(&f);
    f.proposal.opener = f.l->carrier.kid;
    assert_false(trial_replay_run(r, &f.proposal, &err));
    assert_int_equal(err.code, ERR_REFUSED);
    assert_non_null(strstr(err.msg, "NOT_A_PARTY"));
    trial_replay_free(r);
    end(&f);
}

static void test_a_bundle_is_believed_only_as_far_as_it_is_proven(void **state)
{
    (void)state;
    struct fixture f;
    struct err err = { 0 };
    struct trial_replay *r = NULL;
    begin(&f);
    expect(trial_replay_load(buf_slice(&f.bundle), NULL, &r, &err), &err);
    trial_replay_free(r);
    struct identity other = f.l->identity;
    other.genesis.ledger.bytes[0] ^= 1;
    r = NULL;
    assert_false(trial_replay_load(buf_slice(&f.bundle), &other, &r, &err));
    f.bundle.data[f.bundle.len / 2] ^= 1;
    assert_false(trial_replay_load(buf_slice(&f.bundle), NULL, &r, &err));
    assert_false(trial_replay_load(slice_text("no bundle"), NULL, &r, &err));
    assert_null(r);
    end(&f);
}

/* ------------------------------------------------------------------ plots */

static void test_a_plot_shows_heights_and_bounds(void **state)
{
    (void)state;
    struct series *s = calloc(1, sizeof *s);
    struct contract_definition *d = calloc(1, sizeof *d);
    struct contract_terms *terms = calloc(1, sizeof *terms);
    char line[TRIAL_PLOT_SIZE], marks[TRIAL_PLOT_WIDTH + 1];
    series_begin(s, 0, 9, 5);
    assert_false(trial_plot_line(s, true, line));
    series_add(s, 0, 20, -1); /* 2 */
    series_add(s, 1, 3, 0);
    series_add(s, 2, 9, 0);
    series_add(s, 8, 55, -1);
    d->rule_count = 1;
    d->rules[0] =
        (struct contract_rule){ .property = 1, .op = CONTRACT_ABOVE, .watch = CONTRACT_BOUND };
    terms->limits[0] = (struct contract_limit){ .bound = 8 };
    assert_true(trial_plot_line(s, true, line));
    assert_string_equal(line, "▂█  ▅");
    assert_true(trial_plot_line(s, false, line));
    assert_string_equal(line, "▁█  ▅");
    trial_plot_marks(s, 1, d, terms, marks);
    assert_string_equal(marks, " ^");
    trial_plot_marks(s, 2, d, terms, marks);
    assert_string_equal(marks, "");
    free(terms);
    free(d);
    free(s);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_a_bundle_holds),
        cmocka_unit_test(test_another_contract_finds_the_same_by_the_same_rule),
        cmocka_unit_test(test_a_contract_counts_from_its_start),
        cmocka_unit_test(test_what_came_late_is_judged_in_its_place),
        cmocka_unit_test(test_terms_make_a_difference),
        cmocka_unit_test(test_what_cannot_be_opened_is_said),
        cmocka_unit_test(test_a_bundle_is_believed_only_as_far_as_it_is_proven),
        cmocka_unit_test(test_a_plot_shows_heights_and_bounds),
    };
    assert_true(crypto_init());
    return cmocka_run_group_tests(tests, NULL, NULL);
}
