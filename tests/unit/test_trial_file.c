#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/crypto.h"
#include "common/file.h"
#include "tools/trial_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[] = "/tmp/waybill-trial-XXXXXX";

static const char contract[] = "contract: parcel\n"
                               "opened by: shipper\n"
                               "roles:\n"
                               "  shipper: packs\n"
                               "  carrier: moves\n"
                               "  clinic: receives\n"
                               "  logger: { is: device, does: measures }\n"
                               "  inspector: { is: oracle, does: looks }\n"
                               "parties: { sender: shipper, receiver: clinic }\n"
                               "terms: { warmest: 8 °C, price: EUR 10 }\n"
                               "maximum gap: 30 min\n"
                               "lateness: 1 h\n"
                               "watch:\n"
                               "  too warm:\n"
                               "    when: temperature > warmest\n"
                               "    for: 10 min\n"
                               "    severity: high\n"
                               "  silence: { no reading for: 2 h, severity: low }\n"
                               "quality: sender\n"
                               "documents: { bill: sender }\n"
                               "properties:\n"
                               "  keeper: { is: party, starts: opener }\n"
                               "  paid: { is: money EUR, starts: EUR 0 }\n"
                               "  seen: time\n"
                               "states:\n"
                               "  packed: { progress: 0 }\n"
                               "  released: { progress: 100, ends: success }\n"
                               "reactions:\n"
                               "  give up:\n"
                               "    on: { ended: silence }\n"
                               "    to: released\n"
                               "  remember: { on: { broken: silence }, sets: { seen: now } }\n"
                               "actions:\n"
                               "  look:\n"
                               "    by: inspector\n"
                               "    takes: { at: time }\n"
                               "    sets: { seen: at }\n"
                               "  release:\n"
                               "    by: receiver\n"
                               "    takes: { sum: money EUR }\n"
                               "    when: worst severity < high\n"
                               "    sets: { paid: sum, keeper: caller }\n"
                               "    to: released\n";

static const char people[] = "contract: c.yaml\n"
                             "people:\n"
                             "  Farm A: shipper\n"
                             "  Carrier B: carrier\n"
                             "  Clinic C: clinic\n"
                             "  logger 1: logger of Farm A\n"
                             "  Inspector: inspector of Clinic C\n"
                             "goods: { units: 3 }\n"
                             "tests:\n"
                             "  it:\n";
#define FIRST_STEP_LINE "t.yaml:11"

static void path_of(const char *name, char *path, size_t size)
{
    (void)snprintf(path, size, "%s/%s", folder, name);
}

static void write_file(const char *name, const char *head, const char *rest)
{
    char path[64];
    struct buf all = buf_heap(1 << 16);
    struct err err = { 0 };
    buf_add(&all, head, strlen(head));
    buf_add(&all, rest, strlen(rest));
    path_of(name, path, sizeof path);
    if (!file_replace(path, buf_slice(&all), 0600, &err))
        fail_msg("%s", err.msg);
    buf_free(&all);
}

/* Runs one test of these steps; the outcome stays until the next. */
static const struct trial_outcome *run(const char *steps)
{
    static struct trial_outcome outcome;
    struct trial_file *f = NULL;
    struct err err = { 0 };
    char path[64];
    write_file("t.yaml", people, steps);
    path_of("t.yaml", path, sizeof path);
    if (!trial_file_load(path, &f, &err))
        fail_msg("%s", err.msg);
    assert_int_equal(trial_file_count(f), 1);
    trial_file_run(f, 0, &outcome);
    outcome.name = NULL;
    trial_file_free(f);
    return &outcome;
}

static void passes(const char *steps)
{
    const struct trial_outcome *o = run(steps);
    if (o->message_count > 0)
        fail_msg("%s", o->messages[0]);
}

/* Fails, and its nth message ends so. */
static void says(const struct trial_outcome *o, size_t n, const char *end)
{
    if (o->message_count <= n)
        fail_msg("nothing was found wrong, expected \"%s\"", end);
    size_t len = strlen(o->messages[n]);
    if (len < strlen(end) || strcmp(o->messages[n] + len - strlen(end), end) != 0)
        fail_msg("expected \"…%s\", found \"%s\"", end, o->messages[n]);
}

#define WARM                                                                              \
    "    - at: 10:00\n"                                                                   \
    "    - open: { units: 1 }\n"                                                          \
    "    - readings: { from: logger 1, temperature: 9 °C, every: 1 min, for: 20 min }\n" \
    "    - handover: { from: Farm A, to: Carrier B }\n"                                   \
    "    - readings: { from: logger 1, temperature: [9.5, absent, 9], every: 10 min }\n"  \
    "    - readings: { from: logger 1, temperature: 7 °C }\n"

static void test_an_excursion_is_found_and_charged(void **state)
{
    (void)state;
    passes(WARM "    - expect:\n"
                "        custodian: Carrier B\n"
                "        unit: 2\n"
                "    - expect:\n"
                "        state: packed\n"
                "        status: in force\n"
                "        ended: no\n"
                "        excursions: 1\n"
                "        unacknowledged excursions: 1\n"
                "        uncertain excursions: 0\n"
                "        worst severity: high\n"
                "        excursion of silence: none\n"
                "        excursion of too warm:\n"
                "          from: 10:00\n"
                "          broken: 10:10\n"
                "          to: 10:50\n"
                "          peak: 9.5 °C\n"
                "          mean: 9.2 °C\n"
                "          certain: yes\n"
                "          open: no\n"
                "          charged: { Farm A: 20 min, Carrier B: 1800 s }\n");
}

static void test_each_wrong_expectation_fails_by_its_line(void **state)
{
    (void)state;
    const struct trial_outcome *o =
        run(WARM "    - expect:\n"
                 "        state: released\n"
                 "        excursions: 2\n"
                 "        worst severity: low\n"
                 "        custodian: Farm A\n"
                 "        status: finished\n"
                 "        ended: success\n"
                 "        excursion of silence: {}\n"
                 "        excursion of too warm: { from: 10:01, to: 10:51, "
                 "peak: 9.4 °C, mean: 9.1 °C, open: yes, certain: no, "
                 "acknowledged: yes, charged: { Farm A: 20 min } }\n"
                 "        property keeper: Clinic C\n"
                 "        documents: [bill]\n");
    static const char *const ends[] = {
        "t.yaml:18: state: expected released, found packed",
        "t.yaml:19: excursions: expected 2, found 1: too warm from 10:00",
        "t.yaml:20: worst severity: expected low, found high",
        "t.yaml:21: custodian: expected Farm A, found Carrier B",
        "t.yaml:22: status: expected finished, found in force",
        "t.yaml:23: ended: expected success, found no",
        "t.yaml:24: excursion of silence: expected 1, found 0",
        "t.yaml:25: from: expected 10:01, found 10:00",
        "t.yaml:25: to: expected 10:51, found 10:50",
        "t.yaml:25: peak: expected 9.4 °C, found 9.5 °C",
        "t.yaml:25: mean: expected 9.1 °C, found 9.2 °C",
        "t.yaml:25: open: expected yes, found no",
        "t.yaml:25: certain: expected no, found yes",
        "t.yaml:25: acknowledged: expected yes, found no",
        "t.yaml:25: charged: expected Farm A: 20 min, found Farm A: 1200 s, Carrier B: 1800 s",
        "t.yaml:26: property keeper: expected Clinic C, found Farm A",
    };
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        says(o, i, ends[i]);
    assert_int_equal(o->message_count, TRIAL_MESSAGES_MAX);
}

static void test_calls_are_accepted_and_refused(void **state)
{
    (void)state;
    passes("    - open: { terms: { price: EUR 12.50 } }\n"
           "    - at: day 2 08:00\n"
           "    - call: { by: Inspector, action: look, with: { at: day 2 07:30 } }\n"
           "    - expect: { property seen: day 2 07:30, property keeper: Farm A }\n"
           "    - call: { by: Carrier B, action: release, with: { sum: EUR 1 } }\n"
           "      refused: NOT_ALLOWED\n"
           "    - call: { by: Clinic C, action: release }\n"
           "      refused: BAD_ARGUMENT \"sum\"\n"
           "    - call: { by: Clinic C, action: fly }\n"
           "      refused: NO_SUCH_ACTION\n"
           "    - call: { by: Clinic C, action: release, with: { sum: 12.50 EUR } }\n"
           "    - expect: { state: released, ended: success, property keeper: Clinic C, "
           "property paid: EUR 12.50 }\n");
    passes(WARM "    - call: { by: Clinic C, action: release, with: { sum: EUR 1 } }\n"
                "      refused: GUARD \"worst severity\"\n");
    says(run("    - open:\n"
             "    - call: { by: Clinic C, action: release, with: { sum: EUR 1 } }\n"
             "      refused: GUARD\n"),
         0, "t.yaml:13: expected refused GUARD, found accepted");
    says(
        run("    - open:\n"
            "    - call: { by: Carrier B, action: release, with: { sum: EUR 1 } }\n"
            "      refused: GUARD\n"),
        0,
        "t.yaml:13: expected refused GUARD, found refused NOT_ALLOWED: release: only for receiver");
    const struct trial_outcome *o =
        run(WARM "    - call: { by: Clinic C, action: release, with: { sum: EUR 1 } }\n");
    assert_int_equal(o->message_count, 1);
    assert_non_null(strstr(o->messages[0], "t.yaml:17: expected accepted, found refused GUARD: "));
}

static void test_what_is_acknowledged(void **state)
{
    (void)state;
    passes(WARM
           "    - call: { by: Farm A, action: acknowledge, with: { rule: too warm, meaning: "
           "seen, comment: \"a flat tyre\" } }\n"
           "    - expect: { unacknowledged excursions: 0, excursion of too warm: { "
           "acknowledged: yes } }\n"
           "    - call: { by: Farm A, action: acknowledge, with: { rule: too warm, from: 10:00, "
           "device: logger 1, meaning: \"\", comment: \"\" } }\n"
           "      refused: BAD_ARGUMENT\n");
}

static void test_parties_agree(void **state)
{
    (void)state;
    passes("    - open: { agree: none, expires: 1 h }\n"
           "      as: first\n"
           "    - expect: { status: waiting }\n"
           "    - agree: { by: Carrier B }\n"
           "      refused: NOT_A_PARTY\n"
           "    - wait: 2 h\n"
           "    - expect: { of: first, status: lapsed }\n"
           "    - open: { by: Clinic C, parties: { sender: Farm A } }\n"
           "      refused: NOT_ALLOWED\n"
           "    - open: { units: [1, 3], agree: none }\n"
           "    - agree: { by: Clinic C, to: first }\n"
           "      refused: EXPIRED\n"
           "    - agree: { by: Clinic C }\n"
           "    - expect: { status: in force }\n"
           "    - document: { by: Farm A, name: bill, text: \"a bill\" }\n"
           "    - document: { by: Clinic C, name: bill, text: \"a bill\" }\n"
           "      refused: NOT_ALLOWED\n"
           "    - expect: { documents: [bill] }\n");
}

static void test_goods_move(void **state)
{
    (void)state;
    passes("    - handover: { from: Carrier B, to: Clinic C }\n"
           "      refused: NOT_HOLDER\n"
           "    - handover: { from: Farm A, to: Carrier B, units: [2, 3], answer: reject }\n"
           "    - handover: { from: Farm A, to: Carrier B, units: 2, role: owner }\n"
           "    - expect: { unit: 2, custodian: Farm A, owner: Carrier B }\n"
           "    - handover: { from: Farm A, to: Carrier B, answer: none }\n"
           "    - handover: { from: Farm A, to: Carrier B }\n"
           "      refused: OFFER_OPEN\n"
           "    - attach: { device: logger 1 }\n"
           "      refused: ATTACHED_ELSEWHERE\n"
           "    - detach: { device: logger 1 }\n"
           "    - attach: { device: logger 1, unit: 2 }\n"
           "    - scan: { by: Carrier B, place: \"9506000134376\", note: \"in the cold room\" }\n");
}

static void test_what_was_lost_comes_later_and_in_any_order(void **state)
{
    (void)state;
#define LOST                                                                                       \
    "    - open:\n"                                                                                \
    "    - readings: { from: logger 1, temperature: 9 °C, every: 1 min, for: 6 min }\n"           \
    "    - readings: { from: logger 1, temperature: 9 °C, every: 1 min, for: 4 min, lost: yes, "  \
    "pack: 2 }\n"                                                                                  \
    "      as: one\n"                                                                              \
    "    - readings: { from: logger 1, temperature: 9.9 °C, every: 1 min, for: 2 min, lost: yes " \
    "}\n"                                                                                          \
    "      as: two\n"                                                                              \
    "    - readings: { from: logger 1, temperature: 7 °C }\n"
#define FOUND "    - expect: { excursion of too warm: { from: 00:00, to: 00:12, peak: 9.9 °C } }\n"
    passes(LOST "    - deliver: all\n" FOUND);
    passes(LOST "    - deliver: reversed\n" FOUND);
    passes(LOST "    - deliver: [two, one]\n" FOUND);
    says(run(LOST "    - deliver: [three]\n"), 0,
         "t.yaml:18: deliver: no lost readings of that name (`as:`)");
}

static void test_silence_needs_no_statement(void **state)
{
    (void)state;
    passes("    - open:\n"
           "    - readings: { from: logger 1, temperature: 5 °C }\n"
           "    - wait: 119 min\n"
           "    - expect: { excursions: 0 }\n"
           "    - wait: 2 min\n"
           "    - expect: { unit: 1, excursion of silence: { from: 00:00, broken: 02:00, open: yes "
           "} }\n"
           "    - expect: { property seen: 02:00 }\n"
           "    - readings: { from: logger 1, temperature: 5 °C }\n"
           "    - expect: { unit: 1, state: released, excursion of silence: { to: 02:01 } }\n");
}

/* Also where the block of that very moment was made for a timer, and theirs comes a millisecond later. */
static void test_readings_bear_the_time_they_were_measured_at(void **state)
{
    (void)state;
    passes("    - open:\n"
           "    - at: 00:10\n"
           "    - readings: { from: logger 1, temperature: 5 °C }\n"
           "    - at: 02:10\n"
           "    - readings: { from: logger 1, temperature: 9 °C, every: 10 min, for: 10 min }\n"
           "    - readings: { from: logger 1, temperature: 5 °C }\n"
           "    - expect: { unit: 1, state: packed, excursion of silence: none, excursion of too "
           "warm: { from: 02:10:00.000, broken: 02:20:00.000 } }\n");
}

static void test_what_is_mistyped_is_named_by_its_line(void **state)
{
    (void)state;
    static const struct {
        const char *step, *end;
    } wrong[] = {
        { "    - fly: 10:00\n", "unknown step \"fly\"" },
        { "    - { at: 10:00, wait: 1 h }\n", "\"wait\" is a step of its own" },
        { "    - 10:00\n", "expected a step such as `at: 10:00`" },
        { "    - { as: it }\n", "expected a step such as `at: 10:00`" },
        { "    - at: noon\n",
          "expected a time such as 10:00, \"day 2 10:00\" or \"+30 min\", found \"noon\"" },
        { "    - wait: 10\n", "wait: expected a duration such as \"2 h\"" },
        { "    - open: { partys: {} }\n", "unknown key \"partys\"" },
        { "    - open: { parties: { sender: Nobody } }\n",
          "parties.sender: expected someone under `people`" },
        { "    - open: { parties: { sendr: Farm A } }\n", "the contract has no party \"sendr\"" },
        { "    - open: { terms: { warmst: 8 °C } }\n", "the contract has no term \"warmst\"" },
        { "    - open: { holders: { cook: Farm A } }\n", "the contract has no role \"cook\"" },
        { "    - expect: { excursions: 0 }\n", "no contract was opened yet" },
        { "    - call: { by: Farm A, action: release }\n", "no contract was opened yet" },
        { "    - call: { action: release }\n", "by: expected someone under `people`" },
        { "    - handover: { from: Farm A, to: Farm B }\n",
          "to: expected someone under `people`, found \"Farm B\"" },
        { "    - handover: { from: Farm A, to: Carrier B, units: 4 }\n",
          "expected the number of a unit, 1 to 3" },
        { "    - readings: { from: logger 1 }\n",
          "expected a property such as `temperature: 5 °C`" },
        { "    - readings: { from: logger 1, heat: 5 }\n", "no property \"heat\"" },
        { "    - readings: { from: logger 1, temperature: 5 %RH }\n",
          "expected a quantity in Cel, found \"5 %RH\"" },
        { "    - readings: { from: logger 1, temperature: 5, for: 1 h }\n",
          "every: expected the time from reading to reading" },
        { "    - readings: { from: logger 1, temperature: [5, 6], humidity: [1], every: 1 h }\n",
          "expected lists of equal length" },
        { "    - deliver: some\n", "deliver: expected all, reversed or a list of names" },
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        const struct trial_outcome *o = run(wrong[i].step);
        says(o, 0, wrong[i].end);
        if (strstr(o->messages[0], FIRST_STEP_LINE) == NULL)
            fail_msg("expected %s, found \"%s\"", FIRST_STEP_LINE, o->messages[0]);
    }
    says(run("    - at: 10:00\n    - at: 09:00\n"), 0,
         "t.yaml:12: it is 10:00 already, and time runs one way: 09:00 is past");
    says(run("    - open:\n    - expect: { exc: 1 }\n"), 0,
         "t.yaml:12: nothing here is called \"exc\"");
}

static void test_files_that_are_no_tests(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } wrong[] = {
        { "people: {}\ntests: {}\n", "contract: expected the name of the contract's file" },
        { "contract: c.yaml\ntests: {}\n", "people: expected a map of names to roles" },
        { "contract: c.yaml\npeople: {}\n", "tests: expected a map of names to lists of steps" },
        { "contract: c.yaml\npeople: {}\ntests: {}\nmore: 1\n",
          "t.yaml:4: unknown section \"more\"" },
        { "contract: c.yaml\npeople: {}\ntests: {}\ngoods: { units: 0 }\n",
          "t.yaml:4: units: expected a number from 1 to 10000" },
        { "contract: none.yaml\npeople: {}\ntests: {}\n", "none.yaml" },
    };
    struct trial_file *f = NULL;
    struct err err = { 0 };
    char path[64];
    path_of("t.yaml", path, sizeof path);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        write_file("t.yaml", wrong[i].text, "");
        assert_false(trial_file_load(path, &f, &err));
        if (strstr(err.msg, wrong[i].message) == NULL)
            fail_msg("expected \"%s\", found \"%s\"", wrong[i].message, err.msg);
    }
}

static void note(void *ctx, const char *kind, struct slice name)
{
    struct buf *out = ctx;
    buf_add(out, kind, strlen(kind));
    buf_add(out, " ", 1);
    buf_add_slice(out, name);
    buf_add(out, ";", 1);
}

static void test_what_no_test_touched(void **state)
{
    (void)state;
    struct trial_file *f = NULL;
    struct trial_outcome *o = calloc(1, sizeof *o);
    struct err err = { 0 };
    char path[64];
    struct buf all = buf_heap(4096);
    write_file("t.yaml", people, WARM);
    path_of("t.yaml", path, sizeof path);
    assert_true(trial_file_load(path, &f, &err));
    trial_file_untested(f, note, &all);
    buf_add_byte(&all, 0);
    assert_string_equal(
        (const char *)all.data,
        "action look;action release;reaction give up;rule too warm;rule silence;state packed;"
        "state released;document bill;");
    buf_clear(&all);
    trial_file_run(f, 0, o);
    assert_string_equal(o->name, "it");
    trial_file_untested(f, note, &all);
    buf_add_byte(&all, 0);
    assert_string_equal(
        (const char *)all.data,
        "action look;action release;reaction give up;rule silence;state released;document bill;");
    trial_file_free(f);
    buf_free(&all);
    free(o);
}

static int make_folder(void **state)
{
    (void)state;
    if (!crypto_init() || mkdtemp(folder) == NULL)
        return -1;
    write_file("c.yaml", contract, "");
    return 0;
}

static int remove_folder(void **state)
{
    char path[64];
    (void)state;
    path_of("c.yaml", path, sizeof path);
    (void)unlink(path);
    path_of("t.yaml", path, sizeof path);
    (void)unlink(path);
    return rmdir(folder);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_excursion_is_found_and_charged),
        cmocka_unit_test(test_each_wrong_expectation_fails_by_its_line),
        cmocka_unit_test(test_calls_are_accepted_and_refused),
        cmocka_unit_test(test_what_is_acknowledged),
        cmocka_unit_test(test_parties_agree),
        cmocka_unit_test(test_goods_move),
        cmocka_unit_test(test_what_was_lost_comes_later_and_in_any_order),
        cmocka_unit_test(test_silence_needs_no_statement),
        cmocka_unit_test(test_readings_bear_the_time_they_were_measured_at),
        cmocka_unit_test(test_what_is_mistyped_is_named_by_its_line),
        cmocka_unit_test(test_files_that_are_no_tests),
        cmocka_unit_test(test_what_no_test_touched),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
