#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "node/provenance.h"
#include "node/series.h"

#include <stdlib.h>
#include <string.h>

#define MINUTE UINT64_C(60000)

static const struct kid farm = { "FARM-A__" }, carrier = { "CARRIERB" }, logger = { "LOGGER_1" };
static const struct hash opening = { { 7 } };

static struct provenance *begin(void)
{
    struct provenance *p = malloc(sizeof *p);
    assert_non_null(p);
    provenance_begin(p);
    return p;
}

struct data {
    uint8_t memory[256];
    struct buf b;
};

static struct buf *data(struct data *d, size_t items)
{
    d->b = buf_fixed(d->memory, sizeof d->memory);
    cbor_put_array(&d->b, items);
    return &d->b;
}

static void commission(struct provenance *p, uint64_t time_ms)
{
    struct data d;
    kid_put(data(&d, 1), &farm);
    provenance_add(p, EVENT_COMMISSIONED, time_ms, buf_slice(&d.b));
}

static void pass(struct provenance *p, uint64_t time_ms, uint64_t role)
{
    struct data d;
    struct buf *b = data(&d, 4);
    cbor_put_bytes(b, hash_slice(&opening));
    kid_put(b, &farm);
    kid_put(b, &carrier);
    cbor_put_uint(b, role);
    provenance_add(p, EVENT_PASSED, time_ms, buf_slice(b));
}

static struct buf *key(struct data *d, size_t items, uint64_t from_ms)
{
    struct buf *b = data(d, items);
    cbor_put_uint(b, 2);
    cbor_put_uint(b, from_ms);
    return b;
}

static void closed(struct provenance *p, uint64_t from_ms, bool certain)
{
    struct data d;
    struct buf *b = key(&d, 10, from_ms);
    cbor_put_uint(b, from_ms + 60 * MINUTE);
    cbor_put_int(b, 91);
    cbor_put_int(b, -1);
    cbor_put_bytes(b, hash_slice(&opening));
    kid_put(b, &logger);
    cbor_put_int(b, 8512);
    cbor_put_int(b, -3);
    cbor_put_bool(b, certain);
    provenance_add(p, EVENT_EXCURSION_CLOSED, from_ms, buf_slice(b));
}

/* Opened or acknowledged. */
static void excursion(struct provenance *p, enum event_what what, uint64_t from_ms)
{
    struct data d;
    struct buf *b = key(&d, 4, from_ms);
    cbor_put_bytes(b, hash_slice(&opening));
    kid_put(b, &logger);
    provenance_add(p, what, from_ms, buf_slice(b));
}

static void revise(struct provenance *p, uint64_t from_ms, bool is_void)
{
    struct data d;
    struct buf *b = key(&d, 5, from_ms);
    cbor_put_bytes(b, hash_slice(&opening));
    kid_put(b, &logger);
    cbor_put_bool(b, is_void);
    provenance_add(p, EVENT_REVISION, from_ms, buf_slice(b));
}

static void charge(struct provenance *p, const struct kid *member, uint64_t seconds,
                   uint64_t from_ms)
{
    struct data d;
    struct buf *b = data(&d, 6);
    cbor_put_uint(b, 2);
    if (member != NULL)
        kid_put(b, member);
    else
        cbor_put_null(b);
    cbor_put_uint(b, seconds);
    cbor_put_uint(b, from_ms);
    cbor_put_bytes(b, hash_slice(&opening));
    kid_put(b, &logger);
    provenance_add(p, EVENT_CHARGED, from_ms, buf_slice(b));
}

static void record(struct provenance *p, uint64_t first, uint64_t last)
{
    struct data d;
    struct buf *b = data(&d, 3);
    kid_put(b, &farm);
    cbor_put_uint(b, first);
    cbor_put_uint(b, last);
    provenance_add(p, EVENT_RECORDED, last, buf_slice(b));
}

static void agree(struct provenance *p)
{
    struct data d;
    cbor_put_bytes(data(&d, 1), hash_slice(&opening));
    provenance_add(p, EVENT_IN_FORCE, 0, buf_slice(&d.b));
}

static void test_custody_is_a_chain_of_intervals(void **state)
{
    (void)state;
    struct provenance *p = begin();
    commission(p, 1000);
    pass(p, 5000, 0);
    assert_int_equal(p->interval_count, 3);
    assert_true(kid_equal(&provenance_holder(p, 0, 4999)->member, &farm));
    assert_true(kid_equal(&provenance_holder(p, 0, 5000)->member, &carrier));
    assert_true(kid_equal(&provenance_holder(p, 1, 5000)->member, &farm));
    assert_null(provenance_holder(p, 0, 999));
    pass(p, 9000, 1);
    assert_true(kid_equal(&provenance_current(p, 1)->member, &carrier));
    assert_false(provenance_current(p, 1)->ended);
    free(p);
}

static void test_an_excursion_with_a_handover_charges_20_and_40_minutes(void **state)
{
    (void)state;
    struct provenance *p = begin();
    excursion(p, EVENT_EXCURSION_OPENED, 600 * MINUTE);
    assert_false(p->excursion[0].ended);
    closed(p, 600 * MINUTE, true);
    charge(p, &farm, 1200, 600 * MINUTE);
    charge(p, &carrier, 2400, 600 * MINUTE);
    assert_int_equal(p->excursion_count, 1);
    assert_int_equal(p->excursion[0].share_count, 2);
    assert_int_equal(p->excursion[0].share[0].seconds, 1200);
    assert_int_equal(p->excursion[0].share[1].seconds, 2400);
    assert_int_equal(provenance_seconds(&p->excursion[0]), 3600);
    assert_int_equal(p->excursion[0].peak, 91);
    assert_int_equal(p->excursion[0].mean, 8512);
    assert_int_equal(p->excursion[0].mean_exponent, -3);
    assert_true(kid_equal(&p->excursion[0].of.device, &logger));
    free(p);
}

static void test_a_revision_replaces_the_charges(void **state)
{
    (void)state;
    struct provenance *p = begin();
    closed(p, 10, true);
    charge(p, &farm, 3600, 10);
    revise(p, 10, false);
    charge(p, &farm, 1200, 10);
    charge(p, NULL, 2400, 10);
    assert_int_equal(p->excursion[0].revisions, 1);
    assert_int_equal(p->excursion[0].share[0].seconds, 1200);
    assert_false(p->excursion[0].share[1].held);
    assert_int_equal(provenance_seconds(&p->excursion[0]), 3600);
    free(p);
}

static void test_what_is_void_is_gone(void **state)
{
    (void)state;
    struct provenance *p = begin();
    closed(p, 10, true);
    charge(p, &farm, 3600, 10);
    closed(p, 20, true);
    revise(p, 10, true);
    assert_int_equal(p->excursion_count, 1);
    assert_int_equal(p->excursion[0].of.from_ms, 20);
    revise(p, 30, true); /* never told of */
    assert_int_equal(p->excursion_count, 1);
    closed(p, 12, true); /* what holds instead */
    assert_int_equal(p->excursion[1].of.from_ms, 12);
    assert_int_equal(p->excursion[1].share_count, 0);
    free(p);
}

static void test_what_the_accuracy_leaves_open_is_uncertain(void **state)
{
    (void)state;
    struct provenance *p = begin();
    enum provenance_reason reason;
    agree(p);
    record(p, 100, 200);
    excursion(p, EVENT_EXCURSION_OPENED, 100);
    assert_int_equal(provenance_judge(p, &reason), PROVENANCE_BREACH); /* as long as it goes on */
    closed(p, 100, false);
    assert_int_equal(provenance_judge(p, &reason), PROVENANCE_UNCERTAIN);
    assert_int_equal(reason, PROVENANCE_ACCURACY);
    assert_int_equal(provenance_doubtful(p), 1);
    closed(p, 150, true);
    assert_int_equal(provenance_judge(p, &reason), PROVENANCE_BREACH);
    excursion(p, EVENT_ACKNOWLEDGED, 150);
    assert_false(p->excursion[0].acknowledged);
    assert_true(p->excursion[1].acknowledged);
    assert_int_equal(p->excursion[1].acknowledged_event, p->events - 1);
    assert_int_equal(provenance_judge(p, &reason), PROVENANCE_BREACH); /* it was one all the same */
    free(p);
}

static void test_readings_that_came_too_late_leave_doubt(void **state)
{
    (void)state;
    struct provenance *p = begin();
    enum provenance_reason reason;
    struct data d;
    agree(p);
    record(p, 100, 200);
    struct buf *b = data(&d, 4);
    kid_put(b, &logger);
    cbor_put_uint(b, 1);
    cbor_put_uint(b, 2);
    cbor_put_bytes(b, hash_slice(&opening));
    provenance_add(p, EVENT_NOT_JUDGED, 300, buf_slice(b));
    assert_int_equal(provenance_judge(p, &reason), PROVENANCE_UNCERTAIN);
    assert_int_equal(reason, PROVENANCE_NOT_JUDGED);
    free(p);
}

static void test_a_contract_has_a_state_and_an_end(void **state)
{
    (void)state;
    struct provenance *p = begin();
    struct data d;
    agree(p);
    assert_false(p->contract[0].has_state);
    struct buf *b = data(&d, 4);
    cbor_put_bytes(b, hash_slice(&opening));
    cbor_put_uint(b, 0);
    cbor_put_uint(b, 3);
    cbor_put_text(b, slice_text("release"));
    provenance_add(p, EVENT_STATE, 300, buf_slice(b));
    assert_int_equal(p->contract[0].state, 3);
    b = data(&d, 2);
    cbor_put_bytes(b, hash_slice(&opening));
    cbor_put_uint(b, 1);
    provenance_add(p, EVENT_FINISHED, 301, buf_slice(b));
    assert_int_equal(p->contract[0].status, PROVENANCE_SUCCEEDED);
    assert_int_equal(p->contract[0].status_ms, 301);
    b = data(&d, 2);
    cbor_put_bytes(b, hash_slice(&opening));
    cbor_put_bytes(b, hash_slice(&opening));
    provenance_add(p, EVENT_REPLACED, 302, buf_slice(b));
    assert_string_equal(provenance_status_name(p->contract[0].status), "replaced");
    free(p);
}

static void test_verdicts(void **state)
{
    (void)state;
    struct provenance *p = begin();
    enum provenance_reason reason;
    assert_int_equal(provenance_judge(p, &reason), PROVENANCE_UNCERTAIN);
    assert_int_equal(reason, PROVENANCE_NO_CONTRACT);
    agree(p);
    assert_int_equal(provenance_judge(p, &reason), PROVENANCE_UNCERTAIN);
    assert_int_equal(reason, PROVENANCE_NO_DATA);
    record(p, 100, 200);
    record(p, 50, 90); /* late */
    assert_int_equal(provenance_judge(p, &reason), PROVENANCE_GOOD);
    assert_int_equal(p->first_reading_ms, 50);
    assert_int_equal(p->last_reading_ms, 200);
    charge(p, &farm, 60, 70); /* towards a total that holds: no breach */
    assert_int_equal(provenance_judge(p, &reason), PROVENANCE_GOOD);
    provenance_add(p, EVENT_SUSPECT, 1, slice_of("\x80", 1));
    assert_int_equal(provenance_judge(p, &reason), PROVENANCE_UNCERTAIN);
    assert_int_equal(reason, PROVENANCE_SUSPECT);
    excursion(p, EVENT_EXCURSION_OPENED, 70);
    assert_int_equal(provenance_judge(p, &reason), PROVENANCE_BREACH);
    assert_int_equal(provenance_breaches(p), 1);
    for (size_t i = 0; i < p->excursion_count; i++) /* what a contract's rule of silence found */
        p->excursion[i].of_sensor = true;
    assert_int_equal(provenance_judge(p, &reason), PROVENANCE_UNCERTAIN);
    assert_int_equal(reason, PROVENANCE_SENSOR);
    free(p);
}

static void test_it_is_bounded_and_says_so(void **state)
{
    (void)state;
    struct provenance *p = begin();
    enum provenance_reason reason;
    agree(p);
    record(p, 1, 2);
    for (uint64_t i = 0; i < PROVENANCE_INTERVALS + 10; i++)
        pass(p, i, 0);
    assert_true(p->cut);
    assert_int_equal(provenance_judge(p, &reason), PROVENANCE_UNCERTAIN);
    assert_int_equal(reason, PROVENANCE_CUT);
    for (uint64_t i = 0; i < PROVENANCE_EXCURSIONS + 10; i++)
        closed(p, i, true);
    assert_int_equal(p->excursion_count, PROVENANCE_EXCURSIONS);
    assert_int_equal(provenance_judge(p, &reason), PROVENANCE_BREACH);
    free(p);
}

static void test_misfits_change_nothing(void **state)
{
    (void)state;
    struct provenance *p = begin();
    static const uint8_t bad[][4] = { { 0x80 }, { 0x81, 0x00 }, { 0x00 }, { 0x81, 0x41, 0x00 } };
    for (int what = 0; what < 40; what++)
        for (size_t i = 0; i < 4; i++)
            provenance_add(p, (enum event_what)what, 5, slice_of(bad[i], 4));
    assert_int_equal(p->events, 160);
    assert_int_equal(p->interval_count + p->excursion_count + p->packs + p->contract_count, 0);
    free(p);
}

/* ------------------------------------------------------------------ series */

static void test_no_peak_is_averaged_away(void **state)
{
    (void)state;
    struct series *s = malloc(sizeof *s);
    struct series_value min, max;
    series_begin(s, 0, 100000 * MINUTE - 1, 100);
    for (uint64_t i = 0; i < 100000; i++)
        series_add(s, i * MINUTE,
                   i == 54321 ? 92
                   : i == 777 ? -5
                              : 500 + (int64_t)(i % 7),
                   i == 54321 || i == 777 ? -1 : -2); /* 9.2 and -0.5 degrees among 5.0x */
    assert_int_equal(s->samples, 100000);
    assert_int_equal(s->at[54].max.mantissa, 92);
    assert_int_equal(s->at[0].min.mantissa, -5);
    assert_int_equal(s->at[55].max.mantissa, 506);
    for (size_t i = 0; i < 100; i++)
        assert_int_equal(s->at[i].count, 1000);
    assert_true(series_range(s, &min, &max));
    assert_int_equal(min.mantissa, -5);
    assert_int_equal(max.mantissa, 92);
    free(s);
}

static void test_series_edges(void **state)
{
    (void)state;
    struct series *s = malloc(sizeof *s);
    struct series_value min, max;
    series_begin(s, 1000, 1000, 50);
    assert_false(series_range(s, &min, &max));
    series_add(s, 999, 1, 0);
    series_add(s, 1001, 1, 0);
    assert_int_equal(s->samples, 0);
    series_add(s, 1000, 4, 0);
    assert_int_equal(s->at[0].count, 1);
    series_begin(s, 0, 9, 0);
    assert_int_equal(s->points, 1);
    series_begin(s, 0, UINT64_C(253402300799999), 100000);
    assert_int_equal(s->points, SERIES_POINTS_MAX);
    series_add(s, UINT64_C(253402300799999), 1, 0);
    assert_int_equal(s->at[SERIES_POINTS_MAX - 1].count, 1);
    free(s);
}

/* ------------------------------------------------------------------ goods */

static void pack_into(struct provenance *p, uint64_t time_ms, const char *container, bool unpack)
{
    struct data d;
    cbor_put_text(data(&d, 1), slice_text(container));
    provenance_add(p, unpack ? EVENT_UNPACKED : EVENT_PACKED, time_ms, buf_slice(&d.b));
}

static void dispose(struct provenance *p, uint64_t action, const struct hash *statement)
{
    struct data d;
    struct buf *b = data(&d, 5);
    cbor_put_uint(b, action);
    cbor_put_bytes(b, hash_slice(statement));
    kid_put(b, &farm);
    cbor_put_null(b);
    cbor_put_text(b, slice_text("leaks"));
    provenance_add(p, EVENT_DISPOSITION, 5 * MINUTE, buf_slice(b));
}

static void correct(struct provenance *p, const struct hash *original)
{
    static const struct hash correction = { { 99 } };
    struct data d;
    struct buf *b = data(&d, 3);
    cbor_put_bytes(b, hash_slice(original));
    cbor_put_uint(b, 12);
    cbor_put_bytes(b, hash_slice(&correction));
    provenance_add(p, EVENT_CORRECTED, 6 * MINUTE, buf_slice(b));
}

static void find_wrong(struct provenance *p, const struct hash *statement, const struct hash *other)
{
    struct data d;
    struct buf *b = data(&d, 4);
    cbor_put_uint(b, FINDING_IMPOSSIBLE_TRAVEL);
    cbor_put_bytes(b, hash_slice(statement));
    cbor_put_bytes(b, hash_slice(other));
    kid_put(b, &carrier);
    provenance_add(p, EVENT_FINDING, 5 * MINUTE, buf_slice(b));
}

static void test_boxes(void **state)
{
    (void)state;
    struct provenance *p = begin();
    assert_null(provenance_goods_box(&p->goods));
    pack_into(p, MINUTE, "00/1", false);
    assert_string_equal(provenance_goods_box(&p->goods)->container, "00/1");
    pack_into(p, 2 * MINUTE, "00/1", true);
    assert_null(provenance_goods_box(&p->goods));
    assert_int_equal(p->goods.box[0].to_ms, 2 * MINUTE);
    for (uint64_t i = 0; i < PROVENANCE_BOXES + 3; i++) {
        pack_into(p, (3 + i) * MINUTE, i % 2 == 0 ? "00/2" : "00/3", false);
        pack_into(p, (3 + i) * MINUTE, "", true);
    }
    assert_int_equal(p->goods.box_count, PROVENANCE_BOXES); /* the newest */
    assert_true(p->goods.cut);
    free(p);
}

static void test_holds_ends_and_corrections(void **state)
{
    (void)state;
    static const struct hash first = { { 1 } }, second = { { 2 } }, third = { { 3 } };
    struct provenance *p = begin();
    struct provenance_goods *g = &p->goods;
    dispose(p, DISPOSITION_QUARANTINE, &first);
    assert_true(g->quarantine.there);
    assert_string_equal(g->quarantine.reason, "leaks");
    dispose(p, DISPOSITION_REJECT, &second);
    assert_true(g->quarantine.rejected);
    correct(p, &first);
    assert_false(g->quarantine.there);
    dispose(p, DISPOSITION_DISPENSE, &second);
    assert_int_equal(g->end, GOODS_DISPENSED);
    dispose(p, DISPOSITION_RETURN, &third);
    assert_int_equal(g->end, GOODS_ACTIVE);
    assert_true(g->quarantine.there && !g->quarantine.rejected);
    dispose(p, DISPOSITION_RELEASE, &third);
    assert_false(g->quarantine.there);
    dispose(p, DISPOSITION_RECALL, &third);
    assert_true(g->recall.there);
    dispose(p, DISPOSITION_END_RECALL, &third);
    assert_false(g->recall.there);
    dispose(p, DISPOSITION_DESTROY, &third);
    assert_int_equal(g->end, GOODS_DESTROYED);
    correct(p, &third);
    assert_int_equal(g->end, GOODS_ACTIVE);
    assert_int_equal(g->correction_count, 2);
    free(p);
}

/* Either of two statements that contradict each other may be the wrong one. */
static void test_findings_stand_until_corrected(void **state)
{
    (void)state;
    static const struct hash one = { { 1 } }, two = { { 2 } }, three = { { 3 } };
    struct provenance *p = begin();
    find_wrong(p, &two, &one);
    find_wrong(p, &three, &two);
    assert_int_equal(provenance_goods_findings(&p->goods), 2);
    correct(p, &three);
    assert_int_equal(provenance_goods_findings(&p->goods), 1);
    correct(p, &one);
    assert_int_equal(provenance_goods_findings(&p->goods), 0);
    enum provenance_reason reason;
    assert_int_equal(provenance_judge(p, &reason), PROVENANCE_UNCERTAIN); /* for other reasons */
    assert_int_equal(reason, PROVENANCE_NO_CONTRACT);
    free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_custody_is_a_chain_of_intervals),
        cmocka_unit_test(test_an_excursion_with_a_handover_charges_20_and_40_minutes),
        cmocka_unit_test(test_a_revision_replaces_the_charges),
        cmocka_unit_test(test_what_is_void_is_gone),
        cmocka_unit_test(test_what_the_accuracy_leaves_open_is_uncertain),
        cmocka_unit_test(test_readings_that_came_too_late_leave_doubt),
        cmocka_unit_test(test_a_contract_has_a_state_and_an_end),
        cmocka_unit_test(test_verdicts),
        cmocka_unit_test(test_it_is_bounded_and_says_so),
        cmocka_unit_test(test_misfits_change_nothing),
        cmocka_unit_test(test_no_peak_is_averaged_away),
        cmocka_unit_test(test_series_edges),
        cmocka_unit_test(test_boxes),
        cmocka_unit_test(test_holds_ends_and_corrections),
        cmocka_unit_test(test_findings_stand_until_corrected),
    };
    return cmocka_run_group_tests_name("provenance", tests, NULL, NULL);
}
