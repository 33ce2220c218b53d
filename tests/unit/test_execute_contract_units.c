/* Contracts for many units: one opening, a state for each, and calls for some of them. */
#include "tests/unit/support_deal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define COUNT  10000
#define PREFIX "01/09506000134352/21/U"

static const char units_yaml[] = "contract: units\n"
                                 "each unit: yes\n"
                                 "roles:\n"
                                 "  shipper: packs\n"
                                 "  clinic: uses\n"
                                 "parties:\n"
                                 "  sender: shipper\n"
                                 "  receiver: clinic\n"
                                 "terms:\n"
                                 "  most: 2\n"
                                 "properties:\n"
                                 "  doses: { is: int 0..100, starts: 0 }\n"
                                 "states:\n"
                                 "  full: { progress: 0 }\n"
                                 "  opened: { progress: 50 }\n"
                                 "  empty: { progress: 100, ends: success }\n"
                                 "  broken: { progress: 0, ends: failure }\n"
                                 "documents:\n"
                                 "  certificate: sender\n"
                                 "actions:\n"
                                 "  open: { by: receiver, in: full, to: opened }\n"
                                 "  give:\n"
                                 "    by: receiver\n"
                                 "    in: [full, opened]\n"
                                 "    when: doses < most\n"
                                 "    sets: { doses: doses + 1 }\n"
                                 "  finish: { by: receiver, in: [full, opened], to: empty }\n"
                                 "  smash: { by: receiver, in: [full, opened], to: broken }\n"
                                 "reactions:\n"
                                 "  seen:\n"
                                 "    on: { scan: any }\n"
                                 "    in: full\n"
                                 "    to: opened\n";

struct fixture {
    struct world *w;
    struct deal deal;
    struct buf memory;
    uint8_t bytes[1024];
};

static struct asset_set range(struct fixture *fx, const char *first, size_t count)
{
    return asset_set_range(PREFIX, first, count, &fx->memory);
}

/* Three units named one by one: not neighbours. */
static struct asset_set some(struct fixture *fx, const char *a, const char *b, const char *c)
{
    struct buf *out = &fx->memory;
    size_t start = out->len;
    cbor_put_array(out, 2);
    cbor_put_text(out, slice_text(PREFIX));
    cbor_put_array(out, 3);
    cbor_put_text(out, slice_text(a));
    cbor_put_text(out, slice_text(b));
    cbor_put_text(out, slice_text(c));
    struct cbor_reader r = cbor_reader(slice_from(buf_slice(out), start, out->len - start));
    struct asset_set set = asset_set_take(&r);
    assert_true(cbor_done(&r) && set.count == 3);
    return set;
}

static struct fixture *begin(size_t count)
{
    static struct fixture fx;
    fx.w = world_new();
    fx.memory = buf_fixed(fx.bytes, sizeof fx.bytes);
    assert_int_equal(
        world_say(fx.w, FARM, kit_commission_range(PREFIX, "00000", count), MINUTES(1)), ACCEPTED);
    struct kit_opening o = deal_draft(fx.w, deal_compile(units_yaml));
    o.asset = NULL;
    o.assets = range(&fx, "00000", count);
    fx.deal = deal_open(fx.w, &o);
    return &fx;
}

static enum refusal call(struct fixture *fx, const char *action, const struct asset_set *set)
{
    struct statement st = kit_call(&fx->deal.opening, action, NULL, 0, NULL);
    st.as.call.has_assets = set != NULL;
    if (set != NULL)
        st.as.call.assets = *set;
    world_end(fx->w);
    return world_say(fx->w, CLINIC, st, fx->w->context.time_ms + 60000);
}

static void check(struct fixture *fx, const char *unit, const char *state)
{
    assert_string_equal(deal_state(fx->w, &fx->deal, unit), state);
}

/* ------------------------------------------------------------------ ten thousand */

static void a_call_for_three_of_ten_thousand(void **state)
{
    struct fixture *fx = begin(COUNT);
    struct asset_set three = some(fx, "00002", "04711", "09999");
    (void)state;
    assert_int_equal(call(fx, "open", &three), ACCEPTED);
    check(fx, PREFIX "00002", "opened");
    check(fx, PREFIX "04711", "opened");
    check(fx, PREFIX "09999", "opened");
    check(fx, PREFIX "00003", "full");
    assert_int_equal(world_count(fx->w, "state "), 1);
    world_free(fx->w);
}

static void a_call_for_all_of_them(void **state)
{
    struct fixture *fx = begin(COUNT);
    (void)state;
    assert_int_equal(call(fx, "open", NULL), ACCEPTED);
    check(fx, PREFIX "00000", "opened");
    check(fx, PREFIX "09999", "opened");
    assert_int_equal(world_count(fx->w, "state "), 1); /* one event for all */
    assert_int_equal(call(fx, "finish", NULL), ACCEPTED);
    assert_int_equal(deal_status(fx->w, &fx->deal), INSTANCE_FINISHED);
    assert_int_equal(world_count(fx->w, "finished "), 1);
    world_free(fx->w);
}

/* ------------------------------------------------------------------ all or nothing */

static void all_units_or_none(void **state)
{
    struct fixture *fx = begin(10);
    struct asset_set three = some(fx, "00001", "00002", "00003"), second = range(fx, "00002", 2);
    (void)state;
    assert_int_equal(call(fx, "open", &second), ACCEPTED);
    assert_int_equal(call(fx, "open", &three), REFUSED_WRONG_STATE);
    check(fx, PREFIX "00001", "full");
    world_free(fx->w);
}

static void only_units_of_the_opening(void **state)
{
    struct fixture *fx = begin(10);
    (void)state;
    assert_int_equal(world_say(fx->w, FARM, kit_commission_range(PREFIX, "00010", 5), MINUTES(9)),
                     ACCEPTED);
    struct asset_set wrong = range(fx, "00008", 4);
    assert_int_equal(call(fx, "open", &wrong), REFUSED_UNKNOWN_ASSET);
    deal_said(fx->w, PREFIX "00010 is not of this contract");
    check(fx, PREFIX "00008", "full");
    world_free(fx->w);
}

/* Units that went different ways are told of in groups. */
static void each_way_is_told_once(void **state)
{
    struct fixture *fx = begin(6);
    struct asset_set three = some(fx, "00001", "00003", "00005");
    (void)state;
    assert_int_equal(call(fx, "open", &three), ACCEPTED);
    assert_int_equal(call(fx, "smash", NULL), ACCEPTED);
    world_end(fx->w);
    assert_int_equal(fx->w->caused, 5); /* called, two ways, each with its end */
    assert_int_equal(
        world_count(fx->w, "state " PREFIX "00001 " PREFIX "00003 " PREFIX "00005 # 1 3 smash"), 1);
    assert_int_equal(world_count(fx->w, "state " PREFIX "00000 " PREFIX "00002 "), 1);
    assert_int_equal(deal_status(fx->w, &fx->deal), INSTANCE_FINISHED);
    world_free(fx->w);
}

/* ------------------------------------------------------------------ a unit's own */

static void each_unit_counts_for_itself(void **state)
{
    struct fixture *fx = begin(10);
    struct asset_set one = some(fx, "00001", "00002", "00003");
    (void)state;
    assert_int_equal(call(fx, "give", &one), ACCEPTED);
    assert_int_equal(call(fx, "give", NULL), ACCEPTED);
    assert_int_equal(call(fx, "give", &one), REFUSED_GUARD);
    assert_int_equal(call(fx, "give", NULL), REFUSED_GUARD);
    struct asset_set rest = range(fx, "00004", 6);
    assert_int_equal(call(fx, "give", &rest), ACCEPTED);
    world_free(fx->w);
}

static void a_unit_that_has_ended_is_over(void **state)
{
    struct fixture *fx = begin(10);
    struct asset_set first = range(fx, "00000", 2), rest = range(fx, "00002", 8);
    (void)state;
    assert_int_equal(call(fx, "finish", &first), ACCEPTED);
    assert_int_equal(deal_status(fx->w, &fx->deal), INSTANCE_IN_FORCE);
    assert_int_equal(call(fx, "open", &first), REFUSED_FINISHED);
    assert_int_equal(call(fx, "open", &rest), ACCEPTED);
    assert_int_equal(call(fx, "finish", &rest), ACCEPTED);
    assert_int_equal(deal_status(fx->w, &fx->deal), INSTANCE_FINISHED);
    assert_int_equal(call(fx, "open", &rest), REFUSED_FINISHED);
    world_free(fx->w);
}

static void only_the_unit_that_was_scanned_reacts(void **state)
{
    struct fixture *fx = begin(10);
    (void)state;
    assert_int_equal(world_say(fx->w, FARM, kit_scan(PREFIX "00003", NULL, NULL), MINUTES(9)),
                     ACCEPTED);
    check(fx, PREFIX "00003", "opened");
    check(fx, PREFIX "00004", "full");
    assert_int_equal(world_count(fx->w, "state " PREFIX "00003 # 0 1 seen"), 1);
    world_free(fx->w);
}

static void a_document_for_some_units(void **state)
{
    struct fixture *fx = begin(10);
    struct statement st =
        kit_document(&fx->deal.opening, "certificate", slice_text("x"), PREFIX "00003");
    (void)state;
    assert_int_equal(world_say(fx->w, FARM, st, MINUTES(9)), ACCEPTED);
    assert_int_equal(world_count(fx->w, "document " PREFIX "00003 # certificate #"), 1);
    st = kit_document(&fx->deal.opening, "certificate", slice_text("x"), KIT_UNIT);
    assert_int_equal(world_say(fx->w, FARM, st, MINUTES(9)), REFUSED_UNKNOWN_ASSET);
    st = kit_document(&fx->deal.opening, "certificate", slice_text("x"), NULL);
    assert_int_equal(world_say(fx->w, FARM, st, MINUTES(9)), ACCEPTED);
    world_free(fx->w);
}

/* ------------------------------------------------------------------ a newer version */

static void each_unit_is_carried_over(void **state)
{
    static const char newer_yaml[] = "contract: units\n"
                                     "version: 2\n"
                                     "each unit: yes\n"
                                     "roles: { shipper: packs, clinic: uses }\n"
                                     "parties: { sender: shipper, receiver: clinic }\n"
                                     "properties:\n"
                                     "  doses: { is: int 0..100, starts: 50 }\n"
                                     "states:\n"
                                     "  new: { progress: 0 }\n"
                                     "  full: { progress: 0 }\n"
                                     "  opened: { progress: 50 }\n"
                                     "  empty: { progress: 100, ends: success }\n"
                                     "actions:\n"
                                     "  drain: { by: receiver, when: doses < 2, to: empty }\n";
    struct fixture *fx = begin(10);
    struct deal old = fx->deal;
    struct asset_set gone = range(fx, "00000", 2), some_units = range(fx, "00002", 3);
    (void)state;
    assert_int_equal(call(fx, "finish", &gone), ACCEPTED);
    assert_int_equal(call(fx, "open", &some_units), ACCEPTED);
    struct kit_opening o = deal_draft(fx->w, deal_compile(newer_yaml));
    o.asset = NULL;
    o.assets = range(fx, "00000", 10);
    o.replaces = &old.opening;
    fx->deal = deal_open(fx->w, &o);
    assert_int_equal(deal_status(fx->w, &old), INSTANCE_REPLACED);
    check(fx, PREFIX "00001", "empty");
    check(fx, PREFIX "00003", "opened");
    check(fx, PREFIX "00009", "full");
    struct asset_set rest = range(fx, "00002", 8);
    assert_int_equal(call(fx, "drain", &gone), REFUSED_FINISHED);
    assert_int_equal(deal_status(fx->w, &fx->deal), INSTANCE_IN_FORCE);
    assert_int_equal(call(fx, "drain", &rest), ACCEPTED); /* the two that were empty count */
    assert_int_equal(deal_status(fx->w, &fx->deal), INSTANCE_FINISHED);
    world_free(fx->w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_call_for_three_of_ten_thousand),
        cmocka_unit_test(a_call_for_all_of_them),
        cmocka_unit_test(all_units_or_none),
        cmocka_unit_test(only_units_of_the_opening),
        cmocka_unit_test(each_way_is_told_once),
        cmocka_unit_test(each_unit_counts_for_itself),
        cmocka_unit_test(a_unit_that_has_ended_is_over),
        cmocka_unit_test(only_the_unit_that_was_scanned_reacts),
        cmocka_unit_test(a_document_for_some_units),
        cmocka_unit_test(each_unit_is_carried_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
