/* Goods go into containers and come out of them: each refusal, the list of what is inside, and how deep it goes. */
#include "tests/unit/support_making.h"

#include "node/execution.h"
#include "node/goods.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define U      CUSTODY_PREFIX
#define PALLET CUSTODY_PALLET
#define BOX    "00/109506000134352001"
#define SHIP   "00/109506000134352009"

/* The farm has ten units, a pallet, a box and a ship's container. */
static int setup(void **state)
{
    struct world *w = world_new();
    *state = w;
    (void)custody_do(w, FARM, making_commission(U "|00000|10", NULL, NULL), MINUTES(1));
    (void)custody_do(w, FARM, making_commission(PALLET " " BOX " " SHIP, NULL, NULL), MINUTES(1));
    return 0;
}

static int teardown(void **state)
{
    world_free(*state);
    return 0;
}

static void pack(struct world *w, const char *container, const char *set)
{
    (void)custody_do(w, FARM, making_pack(container, set), MINUTES(5));
}

static void unpack(struct world *w, const char *container, const char *set)
{
    (void)custody_do(w, FARM, making_unpack(container, set), MINUTES(6));
}

/* Walks the list from either end; both must tell the same names. */
static size_t check_list(struct world *w, const char *container)
{
    char name[ASSET_NAME_MAX + 1], previous[ASSET_NAME_MAX + 1] = "";
    struct state_asset box = making_asset(w, container);
    size_t n = 0;
    uint64_t all = 0;
    struct slice at = box.goods.first;
    for (; at.len > 0; n++) {
        (void)snprintf(name, sizeof name, "%.*s", (int)at.len, (const char *)at.data);
        struct state_asset a = making_asset(w, name);
        assert_true(slice_equal(a.goods.container, slice_text(container)));
        assert_true(slice_equal(a.goods.previous, slice_text(previous)));
        assert_true(n < ASSET_SET_MAX);
        all += 1 + a.goods.inside_all;
        at = a.goods.next;
        memcpy(previous, name, sizeof name);
    }
    assert_true(slice_equal(box.goods.last, slice_text(previous)));
    assert_int_equal(box.goods.inside, n);
    assert_int_equal(box.goods.inside_all, all);
    return n;
}

static void is_first(struct world *w, const char *container, const char *name)
{
    assert_true(slice_equal(making_asset(w, container).goods.first, slice_text(name)));
}

static void is_loose(struct world *w, const char *name)
{
    struct state_asset a = making_asset(w, name);
    assert_true(a.goods.container.len == 0 && a.goods.previous.len == 0 && a.goods.next.len == 0);
}

/* ------------------------------------------------------------------ in and out */

static void a_pallet_of_48_is_built_and_stowed(void **state)
{
    struct world *w = *state;
    (void)custody_do(w, FARM, making_commission(U "|00100|48", NULL, NULL), MINUTES(1));
    pack(w, PALLET, U "|00100|40");
    assert_true(world_has(w, "packed " U " 00100 40 " PALLET " at +5m"));
    assert_true(world_has(w, "loaded " PALLET " 40 40 at +5m"));
    pack(w, PALLET, U "|00140|8");
    assert_true(world_has(w, "loaded " PALLET " 8 48 at +5m"));
    assert_int_equal(check_list(w, PALLET), 48);
    is_first(w, PALLET, U "00100");
    pack(w, SHIP, PALLET);
    assert_true(world_has(w, "loaded " SHIP " 49 49 at +5m"));
    assert_int_equal(check_list(w, SHIP), 1);
    assert_int_equal(making_asset(w, SHIP).goods.inside_all, 49);
    /* the list stays as it is while it is stowed: from the top only */
    custody_refused(w, FARM, making_pack(PALLET, U "00000"), REFUSED_PACKED);
    custody_refused(w, FARM, making_unpack(PALLET, U "00100"), REFUSED_PACKED);
    unpack(w, SHIP, PALLET);
    assert_true(world_has(w, "unpacked " PALLET " " SHIP " at +6m"));
    assert_true(world_has(w, "unloaded " SHIP " 49 0 at +6m"));
    is_loose(w, PALLET);
    assert_int_equal(check_list(w, SHIP), 0);
    assert_int_equal(check_list(w, PALLET), 48);
}

static void what_comes_out_leaves_the_rest_in_order(void **state)
{
    struct world *w = *state;
    pack(w, PALLET, U "|00000|10");
    unpack(w, PALLET, U "00000"); /* the first */
    assert_int_equal(check_list(w, PALLET), 9);
    is_first(w, PALLET, U "00001");
    is_loose(w, U "00000");
    unpack(w, PALLET, U "00004 " U "00005 " U "00007"); /* neighbours, and one by itself */
    assert_int_equal(check_list(w, PALLET), 6);
    unpack(w, PALLET, U "00009"); /* the last */
    assert_int_equal(check_list(w, PALLET), 5);
    pack(w, PALLET, U "00000"); /* it comes last now */
    assert_int_equal(check_list(w, PALLET), 6);
    assert_true(slice_equal(making_asset(w, PALLET).goods.last, slice_text(U "00000")));
    unpack(w, PALLET, U "00000 " U "00001 " U "00002 " U "00003 " U "00006 " U "00008");
    assert_int_equal(check_list(w, PALLET), 0);
    struct state_asset box = making_asset(w, PALLET);
    assert_true(box.goods.first.len == 0 && box.goods.last.len == 0);
    pack(w, BOX, U "|00000|10"); /* they are as they were */
    assert_int_equal(check_list(w, BOX), 10);
}

/* ------------------------------------------------------------------ refusals */

static void a_container_must_be_there_and_loose(void **state)
{
    struct world *w = *state;
    struct statement in = making_pack(PALLET, U "00000"), out = making_unpack(PALLET, U "00001");
    custody_refused(w, LOGGER, in, REFUSED_NOT_ALLOWED);
    custody_refused(w, FARM, making_pack("00/109506000134352777", U "00000"),
                    REFUSED_UNKNOWN_ASSET);
    custody_ghost(w, "00/109506000134352888");
    custody_refused(w, FARM, making_pack("00/109506000134352888", U "00000"),
                    REFUSED_UNKNOWN_ASSET);
    assert_string_equal(w->detail, "00/109506000134352888");
    pack(w, PALLET, U "00001");
    custody_refused(w, CARRIER, in, REFUSED_NOT_HOLDER);
    custody_refused(w, CARRIER, out, REFUSED_NOT_HOLDER);
    custody_quarantine(w, PALLET, FARM);
    custody_refused(w, FARM, out, REFUSED_QUARANTINED);
    assert_string_equal(w->detail, PALLET);
    pack(w, PALLET, U "00002"); /* what is in it is held with it */
    custody_release(w, PALLET);
    struct asset_set pallet = custody_one(PALLET);
    struct hash offer =
        custody_do(w, FARM, custody_offer(w, &pallet, CARRIER, ROLE_CUSTODIAN), MINUTES(7));
    custody_refused(w, FARM, in, REFUSED_OFFER_OPEN);
    custody_refused(w, FARM, out, REFUSED_OFFER_OPEN);
    (void)custody_do(w, FARM, custody_answer(CUSTODY_CANCEL, &pallet, &offer, ROLE_CUSTODIAN),
                     MINUTES(8));
    offer = custody_do(w, FARM, custody_offer(w, &pallet, CLINIC, ROLE_OWNER), MINUTES(9));
    custody_refused(w, FARM, in, REFUSED_OFFER_OPEN);
    (void)custody_do(w, FARM, custody_answer(CUSTODY_CANCEL, &pallet, &offer, ROLE_OWNER),
                     MINUTES(9));
    pack(w, SHIP, PALLET);
    custody_refused(w, FARM, in, REFUSED_PACKED);
    custody_refused(w, FARM, out, REFUSED_PACKED);
    unpack(w, SHIP, PALLET);
    custody_end(w, PALLET, GOODS_DESTROYED);
    custody_refused(w, FARM, in, REFUSED_ENDED);
    custody_refused(w, FARM, out, REFUSED_ENDED);
}

static void what_goes_in_must_be_there_and_loose(void **state)
{
    struct world *w = *state;
    struct statement in = making_pack(PALLET, U "00001 " U "00002");
    custody_refused(w, FARM, making_pack(PALLET, U "00001 " U "00777"), REFUSED_UNKNOWN_ASSET);
    assert_string_equal(w->detail, U "00777");
    custody_ghost(w, U "00888");
    custody_refused(w, FARM, making_pack(PALLET, U "00888"), REFUSED_UNKNOWN_ASSET);
    (void)custody_do(w, CARRIER, making_commission(U "00700", NULL, NULL), MINUTES(1));
    custody_refused(w, FARM, making_pack(PALLET, U "00700"), REFUSED_NOT_HOLDER);
    struct asset_set one = custody_one(U "00002");
    struct hash offer =
        custody_do(w, FARM, custody_offer(w, &one, CARRIER, ROLE_CUSTODIAN), MINUTES(2));
    custody_refused(w, FARM, in, REFUSED_OFFER_OPEN);
    assert_string_equal(w->detail, U "00002");
    (void)custody_do(w, FARM, custody_answer(CUSTODY_CANCEL, &one, &offer, ROLE_CUSTODIAN),
                     MINUTES(3));
    offer = custody_do(w, FARM, custody_offer(w, &one, CLINIC, ROLE_OWNER), MINUTES(3));
    custody_refused(w, FARM, in, REFUSED_OFFER_OPEN);
    (void)custody_do(w, FARM, custody_answer(CUSTODY_CANCEL, &one, &offer, ROLE_OWNER), MINUTES(4));
    pack(w, BOX, U "00002");
    custody_refused(w, FARM, in, REFUSED_PACKED);
    assert_true(making_asset(w, U "00001").goods.container.len == 0); /* nothing half done */
    unpack(w, BOX, U "00002");
    custody_quarantine(w, U "00002", FARM); /* it may be packed: the pallet is held then */
    pack(w, PALLET, U "00001 " U "00002");
    unpack(w, PALLET, U "00001 " U "00002");
    custody_end(w, U "00002", GOODS_DISPENSED);
    custody_refused(w, FARM, in, REFUSED_ENDED);
}

static void only_what_is_in_it_comes_out_of_it(void **state)
{
    struct world *w = *state;
    pack(w, BOX, U "00003");
    pack(w, PALLET, BOX " " U "00004");
    custody_refused(w, FARM, making_unpack(PALLET, U "00005"), REFUSED_NOT_PACKED);
    custody_refused(w, FARM, making_unpack(PALLET, U "00003"), REFUSED_NOT_PACKED); /* deeper */
    assert_string_equal(w->detail, U "00003");
    custody_refused(w, FARM, making_unpack(PALLET, U "00777"), REFUSED_UNKNOWN_ASSET);
    custody_refused(w, FARM, making_unpack(PALLET, U "00004 " U "00005"), REFUSED_NOT_PACKED);
    assert_int_equal(check_list(w, PALLET), 2);
    unpack(w, PALLET, BOX " " U "00004");
    unpack(w, BOX, U "00003");
}

/* ------------------------------------------------------------------ how much, how deep */

static const char *box(unsigned number)
{
    static char names[4][ASSET_NAME_MAX];
    static unsigned next;
    char *name = names[next++ % 4];
    (void)snprintf(name, sizeof names[0], "00/1095060001343521%02u", number);
    return name;
}

static void boxes_go_in_boxes_eight_deep(void **state)
{
    struct world *w = *state;
    (void)custody_do(w, FARM, making_commission("00/1095060001343521|00|10", NULL, NULL),
                     MINUTES(1));
    for (unsigned i = 1; i <= GOODS_INSIDE_DEPTH; i++)
        pack(w, box(i), box(i - 1));
    custody_refused(w, FARM, making_pack(box(9), box(8)), REFUSED_FULL);
    assert_string_equal(w->detail, box(8));
    /* the deepest counts, not the first nor the last */
    unpack(w, box(8), box(7));
    pack(w, box(8), U "00001");
    pack(w, box(8), box(7));
    pack(w, box(8), U "00002");
    custody_refused(w, FARM, making_pack(box(9), box(8)), REFUSED_FULL);
    unpack(w, box(8), box(7));
    pack(w, box(9), box(8));
    assert_int_equal(making_asset(w, box(9)).goods.inside_all, 3);
}

static void a_container_holds_ten_thousand(void **state)
{
    struct world *w = *state;
    (void)custody_do(w, FARM, making_commission(U "|10000|9999", NULL, NULL), MINUTES(1));
    pack(w, PALLET, U "|10000|9999");
    assert_true(making_steps(w) < 100000);
    assert_int_equal(check_list(w, PALLET), 9999);
    pack(w, BOX, U "00001");
    custody_refused(w, FARM, making_pack(PALLET, BOX), REFUSED_FULL);
    assert_string_equal(w->detail, BOX);
    custody_refused(w, FARM, making_pack(PALLET, U "00002 " U "00003"), REFUSED_FULL);
    assert_string_equal(w->detail, U "00003");
    pack(w, SHIP, PALLET);
    assert_int_equal(making_asset(w, SHIP).goods.inside_all, 10000);
    custody_refused(w, FARM, making_pack(SHIP, U "00002"), REFUSED_FULL);
    unpack(w, SHIP, PALLET);
    unpack(w, PALLET, U "|10000|9999");
    assert_int_equal(check_list(w, PALLET), 0);
    is_loose(w, U "15000");
}

/* ------------------------------------------------------------------ telling of what is inside */

/* Tells of what is inside in a block of its own, as a handover would; the event stands for any. */
static void tell(struct world *w, const char *container)
{
    struct state_asset a;
    struct statement s = making_pack(container, U "00000");
    world_end(w);
    world_block(w, MINUTES(30));
    assert_int_equal(world_say(w, FARM, s, MINUTES(30)), ACCEPTED);
    assert_true(execution_asset(w->execution, slice_text(container), &a));
    struct recorded *r = &w->execution->records[w->execution->record_count - 1];
    w->execution->now = r->events;
    goods_emit_inside(w->execution, &a, EVENT_COMMISSIONED, MINUTES(31), 1, slice_of("\x01", 1));
    r->events = w->execution->now;
    r->events.len = w->execution->events.len - r->events.start;
    world_end(w);
}

static void what_is_inside_is_told_in_few_sets(void **state)
{
    struct world *w = *state;
    (void)custody_do(w, FARM, making_commission("lone odd/a odd/b/c odd/c", NULL, NULL),
                     MINUTES(1));
    (void)custody_do(w, FARM, making_commission(MAKING_BEAN "8 " MAKING_BEAN "9", NULL, NULL),
                     MINUTES(1));
    (void)custody_do(w, FARM, making_commission(MAKING_BAR "10 " MAKING_BAR "9", NULL, NULL),
                     MINUTES(1));
    (void)custody_do(w, FARM, making_commission("gap/1 gap/3 wide/01 wide/02 wide/3", NULL, NULL),
                     MINUTES(1));
    (void)custody_do(w, FARM, making_commission("x/a1 x/b2", NULL, NULL), MINUTES(1));
    (void)custody_do(w, FARM, making_commission("x/n|1|9", NULL, NULL), MINUTES(1));
    pack(w, BOX, U "|00001|4");
    pack(w, PALLET, BOX " lone odd/a odd/b/c odd/c");
    pack(w, PALLET, U "00006"); /* told in the order of names, not of packing */
    pack(w, PALLET, U "00005");
    pack(w, PALLET, MAKING_BEAN "8 " MAKING_BEAN "9 " MAKING_BAR "10 " MAKING_BAR "9");
    pack(w, PALLET, "gap/1 gap/3 wide/01 wide/02 wide/3");
    pack(w, PALLET, "x/a1 x/b2");
    pack(w, PALLET, "x/n|1|9");
    tell(w, PALLET);
    assert_true(world_has(w, "commissioned x/ a1 b2 1 at +31m"));
    assert_true(world_has(w, "commissioned x/n 1 9 1 at +31m"));
    assert_true(world_has(w, "commissioned gap/ 1 3 1 at +31m"));
    assert_true(world_has(w, "commissioned wide/ 01 02 3 1 at +31m"));
    /* of two widths, so no range; names are in order byte by byte */
    assert_true(world_has(w, "commissioned " MAKING_BAR " 10 9 1 at +31m"));
    assert_true(world_has(w, "commissioned " MAKING_BEAN " 8 2 1 at +31m"));
    assert_true(world_has(w, "commissioned 01/09506000134352/21/ 00000 7 1 at +31m"));
    assert_true(world_has(w, "commissioned " BOX " 1 at +31m"));
    assert_true(world_has(w, "commissioned lone 1 at +31m"));
    assert_true(world_has(w, "commissioned odd/ a c 1 at +31m"));
    assert_true(world_has(w, "commissioned odd/b/c 1 at +31m"));
}

/* Reads the events told since `start`, which must name each thing inside once; how many, and the most names of one. */
static size_t read_told(struct world *w, size_t start, size_t *ret_names, size_t *ret_longest)
{
    struct buf *all = &w->execution->events;
    struct cbor_reader r = cbor_reader(slice_from(buf_slice(all), start, all->len - start));
    size_t events = 0;
    *ret_names = *ret_longest = 0;
    for (; r.pos < r.in.len && !r.failed; events++) {
        struct event e = event_take(&r);
        struct cbor_reader subject = cbor_reader(e.subject);
        size_t n = 1;
        if (cbor_peek(&subject) == CBOR_ARRAY) {
            struct cbor_reader items = subject;
            n = asset_set_take(&subject).count;
            if (cbor_take_array(&items) == 2) /* a range is short, however many it names */
                *ret_longest = n > *ret_longest ? n : *ret_longest;
        }
        *ret_names += n;
    }
    assert_true(cbor_done(&r));
    return events;
}

/* A pallet of letters and digits is a range; one of serials drawn at random is told in short lists. */
static void no_list_of_things_inside_is_long(void **state)
{
    struct world *w = *state;
    struct state_asset a;
    size_t names, longest;
    char list[3 * 1000 * 16] = "";
    size_t len = 0;
    (void)custody_do(w, FARM, making_commission(MAKING_BAR "PIECE|00001|9000", NULL, NULL),
                     MINUTES(1));
    for (unsigned i = 0; i < 900; i++) /* every third number, so that none follows another */
        len += (size_t)snprintf(list + len, sizeof list - len, "%sr/%04u", i > 0 ? " " : "", 3 * i);
    (void)custody_do(w, FARM, making_commission(list, NULL, NULL), MINUTES(1));
    pack(w, PALLET, MAKING_BAR "PIECE|00001|9000");
    pack(w, PALLET, list);
    world_end(w);
    world_block(w, MINUTES(30));
    assert_int_equal(world_say(w, FARM, making_pack(BOX, U "00001"), MINUTES(30)), ACCEPTED);
    assert_true(execution_asset(w->execution, slice_text(PALLET), &a));
    size_t start = w->execution->events.len;
    goods_emit_inside(w->execution, &a, EVENT_COMMISSIONED, MINUTES(31), 1, slice_of("\x01", 1));
    assert_int_equal(read_told(w, start, &names, &longest), 1 + (900 + 63) / 64);
    assert_int_equal(names, 9900);
    assert_int_equal(longest, 64);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_pallet_of_48_is_built_and_stowed, setup, teardown),
        cmocka_unit_test_setup_teardown(what_comes_out_leaves_the_rest_in_order, setup, teardown),
        cmocka_unit_test_setup_teardown(a_container_must_be_there_and_loose, setup, teardown),
        cmocka_unit_test_setup_teardown(what_goes_in_must_be_there_and_loose, setup, teardown),
        cmocka_unit_test_setup_teardown(only_what_is_in_it_comes_out_of_it, setup, teardown),
        cmocka_unit_test_setup_teardown(boxes_go_in_boxes_eight_deep, setup, teardown),
        cmocka_unit_test_setup_teardown(a_container_holds_ten_thousand, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_inside_is_told_in_few_sets, setup, teardown),
        cmocka_unit_test_setup_teardown(no_list_of_things_inside_is_long, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
