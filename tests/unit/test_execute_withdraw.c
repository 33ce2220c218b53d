/* Readings corrected: what they had caused is taken back, whenever that is said. */
#include "contracts/book.h"
#include "node/provenance.h"
#include "tests/unit/support_judging.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define OTHER "01/09506000134352/21/OTHER"
#define HEAD                                                        \
    "contract: test\nversion: 1\nsummary: For tests.\n"             \
    "roles:\n  shipper: packs the goods\n  clinic: receives them\n" \
    "parties:\n  sender: shipper\n  receiver: clinic\n"             \
    "maximum gap: 30 min\nlateness: 24 h\nwatch:\n"
#define BUDGET                                                             \
    "  warm in all:\n    when: temperature > 7.5 °C\n    total: 30 min\n" \
    "    budget: room temperature\n    severity: high\n"

static const char warm_yaml[] =
    HEAD "  too warm:\n    when: temperature > 8 °C\n    for: 10 min\n    severity: high\n";
static const char mixed_yaml[] =
    HEAD "  too warm:\n    when: temperature > 8 °C\n    for: 10 min\n    severity: high\n"
         "  silence:\n    no reading for: 60 min\n    severity: low\n" BUDGET;
static const char budget_yaml[] = HEAD BUDGET;
static const char later_yaml[] = HEAD "  a:\n    when: temperature > 90 °C\n    severity: low\n"
                                      "  b:\n    when: temperature > 90 °C\n"
                                      "    severity: low\n" BUDGET;

static int setup(void **state)
{
    *state = judging_world();
    return 0;
}

static int teardown(void **state)
{
    world_free(*state);
    return 0;
}

static struct judging_letter flat(struct world *w, enum world_key who, unsigned first,
                                  unsigned count, int centi)
{
    int values[600];
    for (unsigned i = 0; i < count; i++)
        values[i] = centi;
    return judging_sign(w, who, judging_minutes(values, count), MINUTES(first + count - 1));
}

/* Says it, and keeps it for its correction. */
static void say(struct world *w, const struct judging_letter *letter)
{
    world_block(w, w->context.time_ms + 1000);
    assert_int_equal(world_say_bytes(w, buf_slice(&letter->bytes)), ACCEPTED);
}

static void correct(struct world *w, enum world_key who, const struct judging_letter *letter)
{
    world_block(w, w->context.time_ms + 1000);
    judging_say(w, who, judging_correct(buf_slice(&letter->bytes)), w->context.time_ms);
}

static void forget(struct judging_letter *letters, size_t count)
{
    for (size_t i = 0; i < count; i++)
        buf_free(&letters[i].bytes);
}

static size_t excursions(struct world *w, const struct hash *opening, const char *yaml)
{
    struct contract_definition definition;
    struct book book;
    size_t count = 0;
    struct slice bytes = judging_book_bytes(w, opening);
    assert_true(definition_decode(judging_compile(yaml), &definition, NULL));
    assert_true(book_decode(&definition, bytes, &book, NULL));
    for (size_t i = 0; i < book.count; i++)
        count += book.stretches[i].excursion && !book.stretches[i].sure ? 1 : 0;
    return count;
}

/* ------------------------------------------------------------------ breach becomes good */

static void correcting_what_caused_an_excursion_takes_it_back(void **state)
{
    struct world *w = *state;
    struct hash opening = judging_open_at(w, warm_yaml, MINUTES(10));
    world_block(w, MINUTES(70));
    struct judging_letter packs[3] = { flat(w, LOGGER, 20, 10, 450), flat(w, LOGGER, 30, 15, 900),
                                       flat(w, LOGGER, 45, 10, 450) };
    for (int i = 0; i < 3; i++)
        say(w, &packs[i]);
    assert_true(world_has(w, "excursion_closed " UNIT " 0 +30m +45m"));
    assert_int_equal(excursions(w, &opening, warm_yaml), 1);
    correct(w, FARM, &packs[1]);
    assert_true(world_has(w, "revision " UNIT " 0 +30m # logger yes"));
    assert_int_equal(world_count(w, "corrected " UNIT), 1);
    assert_int_equal(judging_book_bytes(w, &opening).len, 0);
    char *charges = judging_final_charges(w);
    assert_string_equal(charges, "");
    free(charges);
    forget(packs, 3);
}

/* What happened to the unit, which is all there is, as its history is read. */
static void read_history(void *ctx, const struct event *e)
{
    struct cbor_reader subject = cbor_reader(e->subject);
    if (cbor_peek(&subject) != CBOR_BYTES)
        provenance_add(ctx, e->what, e->time_ms, e->data);
}

static enum provenance_verdict verdict(struct world *w, const struct provenance *history)
{
    enum provenance_reason reason;
    world_end(w);
    return provenance_judge(history, &reason);
}

static void breach_becomes_good_and_breach_again(void **state)
{
    struct world *w = *state;
    static struct provenance history;
    provenance_begin(&history);
    w->listener = read_history;
    w->listener_ctx = &history;
    (void)judging_open_at(w, warm_yaml, MINUTES(10));
    world_block(w, MINUTES(200));
    struct judging_letter packs[4] = { flat(w, LOGGER, 20, 10, 450), flat(w, LOGGER, 30, 15, 900),
                                       flat(w, LOGGER, 45, 10, 450), flat(w, LOGGER, 60, 15, 900) };
    say(w, &packs[0]);
    assert_int_equal(verdict(w, &history), PROVENANCE_GOOD);
    say(w, &packs[1]);
    say(w, &packs[2]);
    assert_int_equal(verdict(w, &history), PROVENANCE_BREACH);
    correct(w, FARM, &packs[1]);
    assert_int_equal(verdict(w, &history), PROVENANCE_GOOD);
    say(w, &packs[3]); /* nobody took that back */
    assert_int_equal(verdict(w, &history), PROVENANCE_BREACH);
    forget(packs, 4);
}

/* The last word of a device that then fell silent: no timer brings its excursion back. */
static void no_timer_brings_it_back(void **state)
{
    struct world *w = *state;
    struct hash opening = judging_open_at(w, warm_yaml, MINUTES(10));
    world_block(w, MINUTES(70));
    struct judging_letter packs[2] = { flat(w, LOGGER, 20, 10, 450), flat(w, LOGGER, 30, 15, 900) };
    say(w, &packs[0]);
    say(w, &packs[1]);
    assert_true(world_has(w, "excursion_opened " UNIT " 0 +30m # logger at +40m"));
    correct(w, LOGGER, &packs[1]); /* the device itself may, too */
    assert_true(world_has(w, "revision " UNIT " 0 +30m # logger yes"));
    world_block(w, MINUTES(26 * 60));
    world_block(w, MINUTES(27 * 60));
    assert_int_equal(judging_book_bytes(w, &opening).len, 0);
    assert_int_equal(world_count(w, "excursion"), 1);
    forget(packs, 2);
}

/* Every order of a correction and of the packs beside it. */
static void the_same_before_and_after_a_late_pack(void **state)
{
    (void)state;
    static uint8_t memory[BOOK_MAX_BYTES];
    static const uint8_t orders[][4] = { { 0, 1, 2, 3 }, { 0, 2, 1, 3 }, { 1, 3, 2, 0 },
                                         { 1, 3, 0, 2 }, { 2, 1, 3, 0 }, { 2, 0, 1, 3 },
                                         { 1, 2, 0, 3 }, { 1, 2, 3, 0 }, { 2, 3, 1, 0 },
                                         { 0, 2, 3, 1 } }; /* before its reading, too */
    size_t len = 0;
    char *charges = NULL;
    for (size_t i = 0; i < sizeof orders / sizeof orders[0]; i++) {
        struct world *w = judging_world();
        struct hash opening = judging_open_at(w, mixed_yaml, MINUTES(10));
        world_block(w, MINUTES(100));
        struct judging_letter packs[3] = { flat(w, LOGGER, 20, 12, 900),
                                           flat(w, LOGGER, 32, 20, 1000),
                                           flat(w, LOGGER, 52, 13, 950) };
        for (int k = 0; k < 4; k++)
            if (orders[i][k] < 3)
                say(w, &packs[orders[i][k]]);
            else
                correct(w, FARM, &packs[1]);
        world_block(w, MINUTES(26 * 60));
        struct slice book = judging_book_bytes(w, &opening);
        char *found = judging_final_charges(w);
        if (i == 0) {
            assert_true(book.len > 0 && book.len <= sizeof memory);
            memcpy(memory, book.data, book.len);
            len = book.len;
            charges = found;
            found = NULL;
            /* 20 … 32 and 52 … 94 by one rule, the latter by the total, and silence after that */
            assert_int_equal(excursions(w, &opening, mixed_yaml), 4);
            assert_non_null(strstr(charges, "charged " UNIT " 0 farm 720 +20m #"));
            assert_non_null(strstr(charges, "charged " UNIT " 0 farm 2520 +52m #"));
        } else {
            assert_true(slice_equal(book, slice_of(memory, len)));
            assert_string_equal(found, charges);
        }
        free(found);
        forget(packs, 3);
        world_free(w);
    }
    free(charges);
}

/* ------------------------------------------------------------------ who is judged, and for what */

static void only_its_own_device_and_assets_are_touched(void **state)
{
    struct world *w = *state;
    judging_say(w, FARM, kit_commission(OTHER), MINUTES(0));
    struct hash opening = judging_open_at(w, warm_yaml, MINUTES(10));
    world_block(w, MINUTES(100));
    struct judging_letter logger = flat(w, LOGGER, 30, 15, 900);
    struct judging_letter tracker = flat(w, TRACKER, 30, 15, 900);
    say(w, &logger);
    say(w, &tracker);
    judging_say(w, FARM, kit_attach(world_kid(w, LOGGER), UNIT, true), MINUTES(60));
    judging_say(w, FARM, kit_attach(world_kid(w, LOGGER), OTHER, false), MINUTES(60));
    correct(w, FARM, &logger);
    /* it was on the unit then, whatever it is on now */
    assert_true(world_has(w, "corrected " UNIT));
    assert_int_equal(world_count(w, "corrected " OTHER), 0);
    assert_true(world_has(w, "revision " UNIT " 0 +30m # logger yes"));
    assert_int_equal(excursions(w, &opening, warm_yaml), 1);
    forget(&logger, 1);
    forget(&tracker, 1);
}

static void silence_stays_as_it_was(void **state)
{
    struct world *w = *state;
    struct hash opening = judging_open_at(w, mixed_yaml, MINUTES(10));
    world_block(w, MINUTES(200));
    struct judging_letter packs[2] = { flat(w, LOGGER, 20, 3, 450), flat(w, LOGGER, 100, 3, 450) };
    say(w, &packs[0]);
    say(w, &packs[1]);
    world_end(w);
    world_block(w, w->context.time_ms + 1000); /* timers: silent since the last one */
    size_t before = excursions(w, &opening, mixed_yaml), revised = world_count(w, "revision");
    assert_true(before > 0);
    correct(w, FARM, &packs[1]);
    assert_int_equal(world_count(w, "revision"), revised);
    assert_int_equal(excursions(w, &opening, mixed_yaml), before);
    forget(packs, 2);
}

/* What the first contract used no more, the second one does not carry. */
static void a_budget_gets_its_time_back(void **state)
{
    struct world *w = *state;
    (void)judging_open_at(w, budget_yaml, MINUTES(10));
    world_block(w, MINUTES(100));
    struct judging_letter packs[2] = { flat(w, LOGGER, 20, 25, 900), flat(w, LOGGER, 45, 5, 450) };
    say(w, &packs[0]);
    say(w, &packs[1]);
    struct hash second = judging_open_at(w, later_yaml, MINUTES(110));
    world_block(w, MINUTES(200));
    judging_report_flat(w, LOGGER, 120, 11, 900);
    judging_report_flat(w, LOGGER, 131, 2, 450);
    assert_int_equal(excursions(w, &second, later_yaml), 1); /* 25 and 11 are more than 30 */
    correct(w, FARM, &packs[0]);
    assert_int_equal(excursions(w, &second, later_yaml), 0);
    assert_true(world_has(w, "revision " UNIT " 2 +120m # logger yes"));
    forget(packs, 2);
}

/* Nine spans that do not touch are one too many: that one stays judged, and it is said so. */
static void the_ninth_span_is_not_judged(void **state)
{
    struct world *w = *state;
    struct hash opening = judging_open_at(w, warm_yaml, MINUTES(10));
    struct judging_letter packs[9];
    world_block(w, MINUTES(600));
    for (unsigned i = 0; i < 9; i++) {
        packs[i] = flat(w, LOGGER, 20 + 50 * i, 15, 900);
        say(w, &packs[i]);
        judging_report_flat(w, LOGGER, 20 + 50 * i + 15, 5, 450);
    }
    assert_int_equal(excursions(w, &opening, warm_yaml), 9);
    for (unsigned i = 0; i < 9; i++)
        correct(w, FARM, &packs[i]);
    assert_int_equal(excursions(w, &opening, warm_yaml), 1);
    assert_true(world_has(w, "not_judged " UNIT " logger +420m +434m # at"));
    forget(packs, 9);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(correcting_what_caused_an_excursion_takes_it_back),
        CASE(breach_becomes_good_and_breach_again),
        CASE(no_timer_brings_it_back),
        CASE(the_same_before_and_after_a_late_pack),
        CASE(only_its_own_device_and_assets_are_touched),
        CASE(silence_stays_as_it_was),
        CASE(a_budget_gets_its_time_back),
        CASE(the_ninth_span_is_not_judged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
