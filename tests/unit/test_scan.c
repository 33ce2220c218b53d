/* What a scan means: whose ledger, whose goods, which step (scanner/scan). */
#include "scanner/json_text.h"
#include "scanner/scan.h"
#include "scanner/visible.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define HEX "7f3a000102030405060708090a0b0cff"

static const uint8_t this_ledger[GS1_LINK_LEDGER] = { 0x7f, 0x3a, 0, 1, 2,  3,  4,  5,
                                                      6,    7,    8, 9, 10, 11, 12, 0xff };
static const struct kid farm = { { 1 } };
static const struct kid carrier = { { 2 } };
static const struct kid clinic = { { 3 } };

static struct scan_label label_of(const char *payload)
{
    struct scan_label label;
    struct err err = { 0 };
    if (!scan_read_label(slice_text(payload), &label, &err))
        fail_msg("%s", err.msg);
    return label;
}

static struct scan_label unit(void)
{
    return label_of("https://id.example.org/01/09506000134352/21/DEMO1?wb=" HEX);
}

static void labels_are_read_and_compared(void **state)
{
    (void)state;
    struct scan_label label = unit();
    assert_string_equal(label.asset, "01/09506000134352/21/DEMO1");
    assert_string_equal(label.human, "(01)09506000134352(21)DEMO1");
    assert_int_equal(scan_compare_ledger(&label, this_ledger), SCAN_SAME);
    assert_int_equal(scan_compare_ledger(&label, NULL), SCAN_UNCHECKED);
    for (size_t i = 0; i < sizeof this_ledger; i++) {
        uint8_t twin[GS1_LINK_LEDGER];
        memcpy(twin, this_ledger, sizeof twin);
        twin[i] ^= 1;
        assert_int_equal(scan_compare_ledger(&label, twin), SCAN_OTHER);
    }
    label = label_of("(00)106141411234567897");
    assert_int_equal(scan_compare_ledger(&label, this_ledger), SCAN_ABSENT);
}

static void a_wrong_check_digit_is_not_scanned(void **state)
{
    (void)state;
    struct scan_label label;
    struct err err = { 0 };
    assert_false(scan_read_label(slice_text("01/09506000134350/21/A"), &label, &err));
    assert_non_null(strstr(err.msg, "should be 2"));
    assert_false(scan_read_label(slice_text("WIFI:S:x;;"), &label, &err));
}

struct expectation {
    const char *name;
    struct scan_goods goods;
    struct scan_wish wish;
    enum err_code code; /* ERR_NONE: decided */
    enum scan_step step;
};

static struct scan_goods goods_held(void)
{
    return (struct scan_goods){ .known = true, .has_custodian = true, .custodian = farm };
}

static struct scan_goods goods_offered(void)
{
    struct scan_goods g = goods_held();
    g.has_offer = true;
    g.offer_from = farm;
    g.offer_to = carrier;
    g.offer = (struct hash){ { 9 } };
    return g;
}

static void expect_steps(const struct expectation *rows, size_t count)
{
    struct scan_label label = unit();
    for (size_t i = 0; i < count; i++) {
        struct err err = { 0 };
        struct scan_decision decision = { .step = SCAN_STEP_NONE };
        bool good = scan_decide(&label, SCAN_SAME, &rows[i].goods, &rows[i].wish, &decision, &err);
        if (good != (rows[i].code == ERR_NONE) || err.code != rows[i].code ||
            decision.step != rows[i].step)
            fail_msg("%s: step %d, error %d %s", rows[i].name, (int)decision.step, (int)err.code,
                     err.msg);
        if (decision.step == SCAN_STEP_OFFER)
            assert_true(kid_equal(&decision.to, &carrier));
        if (decision.step == SCAN_STEP_ACCEPT)
            assert_int_equal(decision.offer.bytes[0], 9);
    }
}

static void every_situation_has_its_step(void **state)
{
    (void)state;
    const struct scan_goods held = goods_held(), offered = goods_offered();
    const struct scan_goods orphan = { .known = true };
    const struct scan_wish farm_looks = { .self = farm };
    const struct scan_wish farm_gives = { .self = farm, .has_to = true, .to = carrier };
    const struct scan_wish farm_gives_itself = { .self = farm, .has_to = true, .to = farm };
    const struct scan_wish farm_takes = { .self = farm, .accept = true };
    const struct scan_wish carrier_looks = { .self = carrier };
    const struct scan_wish carrier_takes = { .self = carrier, .accept = true };
    const struct scan_wish carrier_gives = { .self = carrier, .has_to = true, .to = clinic };
    const struct scan_wish clinic_takes = { .self = clinic, .accept = true };
    const struct scan_wish clinic_looks = { .self = clinic };
    struct scan_wish both = farm_gives;
    both.accept = true;
    const struct expectation rows[] = {
        { "unknown goods", { .known = false }, farm_gives, ERR_NOT_FOUND, SCAN_STEP_NONE },
        { "holder looks", held, farm_looks, ERR_NONE, SCAN_STEP_NONE },
        { "holder gives", held, farm_gives, ERR_NONE, SCAN_STEP_OFFER },
        { "holder gives to itself", held, farm_gives_itself, ERR_REFUSED, SCAN_STEP_NONE },
        { "holder takes what it holds", held, farm_takes, ERR_NONE, SCAN_STEP_NONE },
        { "stranger takes what nobody offers", held, carrier_takes, ERR_REFUSED, SCAN_STEP_NONE },
        { "stranger gives", held, carrier_gives, ERR_REFUSED, SCAN_STEP_NONE },
        { "stranger looks", held, carrier_looks, ERR_NONE, SCAN_STEP_NONE },
        { "nobody's goods are given", orphan, farm_gives, ERR_REFUSED, SCAN_STEP_NONE },
        { "receiver looks", offered, carrier_looks, ERR_NONE, SCAN_STEP_ACCEPT },
        { "receiver takes", offered, carrier_takes, ERR_NONE, SCAN_STEP_ACCEPT },
        { "receiver gives on before taking", offered, carrier_gives, ERR_REFUSED, SCAN_STEP_NONE },
        { "third party takes", offered, clinic_takes, ERR_REFUSED, SCAN_STEP_NONE },
        { "third party looks", offered, clinic_looks, ERR_NONE, SCAN_STEP_NONE },
        { "holder gives twice", offered, farm_gives, ERR_REFUSED, SCAN_STEP_NONE },
        { "holder looks at its offer", offered, farm_looks, ERR_NONE, SCAN_STEP_NONE },
        { "both at once", held, both, ERR_INPUT, SCAN_STEP_NONE },
    };
    expect_steps(rows, sizeof rows / sizeof rows[0]);
}

static void seeing_is_a_step_of_its_own(void **state)
{
    (void)state;
    const struct scan_goods held = goods_held(), offered = goods_offered();
    const struct scan_goods orphan = { .known = true };
    const struct scan_wish farm_sees = { .self = farm, .seen = true };
    const struct scan_wish carrier_sees = { .self = carrier, .seen = true };
    struct scan_wish farm_asks = { .self = farm }, carrier_asks = { .self = carrier };
    struct scan_wish farm_gives_asking = { .self = farm, .has_to = true, .to = carrier };
    struct scan_wish farm_takes_asking = { .self = farm, .accept = true };
    struct scan_wish seen_and_given = farm_gives_asking, seen_and_taken = farm_takes_asking;
    farm_asks.asks = carrier_asks.asks = true;
    farm_gives_asking.asks = farm_takes_asking.asks = true;
    seen_and_given.seen = seen_and_taken.seen = true;
    const struct expectation rows[] = {
        { "holder sees", held, farm_sees, ERR_NONE, SCAN_STEP_SEEN },
        { "stranger sees", held, carrier_sees, ERR_NONE, SCAN_STEP_SEEN },
        { "nobody's goods are seen", orphan, carrier_sees, ERR_NONE, SCAN_STEP_SEEN },
        { "receiver sees and takes nothing", offered, carrier_sees, ERR_NONE, SCAN_STEP_SEEN },
        { "unknown goods are seen", { .known = false }, farm_sees, ERR_NOT_FOUND, SCAN_STEP_NONE },
        { "holder may be asked", held, farm_asks, ERR_NONE, SCAN_STEP_SEEN },
        { "stranger may be asked", held, carrier_asks, ERR_NONE, SCAN_STEP_SEEN },
        { "receiver is asked to accept", offered, carrier_asks, ERR_NONE, SCAN_STEP_ACCEPT },
        { "holder of an offer may be asked", offered, farm_asks, ERR_NONE, SCAN_STEP_SEEN },
        { "giver is asked to give", held, farm_gives_asking, ERR_NONE, SCAN_STEP_OFFER },
        { "taker is not asked to see", held, farm_takes_asking, ERR_NONE, SCAN_STEP_NONE },
        { "seen and given", held, seen_and_given, ERR_INPUT, SCAN_STEP_NONE },
        { "seen and taken", held, seen_and_taken, ERR_INPUT, SCAN_STEP_NONE },
    };
    expect_steps(rows, sizeof rows / sizeof rows[0]);
}

static void another_ledgers_label_is_never_acted_on(void **state)
{
    (void)state;
    struct scan_label label = unit();
    const struct scan_goods held = { .known = true, .has_custodian = true, .custodian = farm };
    const struct scan_wish gives = { .self = farm, .has_to = true, .to = carrier };
    struct scan_decision decision;
    struct err err = { 0 };
    assert_false(scan_decide(&label, SCAN_OTHER, &held, &gives, &decision, &err));
    assert_int_equal(err.code, ERR_PROOF);
    assert_true(scan_decide(&label, SCAN_ABSENT, &held, &gives, &decision, &err));
    const struct scan_wish sees = { .self = farm, .seen = true };
    assert_false(scan_decide(&label, SCAN_OTHER, &held, &sees, &decision, &err));
    assert_int_equal(err.code, ERR_PROOF);
    label = label_of("414/4012345000009");
    assert_false(scan_decide(&label, SCAN_SAME, &held, &sees, &decision, &err));
    assert_int_equal(err.code, ERR_REFUSED);
    assert_false(scan_decide(&label, SCAN_SAME, &held, &gives, &decision, &err));
    assert_int_equal(err.code, ERR_REFUSED);
}

static void a_refusal_names_people_where_it_can(void **state)
{
    (void)state;
    struct scan_label label = unit();
    struct scan_goods goods = { .known = true, .has_custodian = true, .custodian = farm };
    const struct scan_wish gives = { .self = carrier, .has_to = true, .to = clinic };
    struct scan_decision decision;
    struct err err = { 0 };
    assert_false(scan_decide(&label, SCAN_SAME, &goods, &gives, &decision, &err));
    assert_non_null(strstr(err.msg, "held by 0100000000000000:"));
    goods.custodian_name = "Farm A";
    assert_false(scan_decide(&label, SCAN_SAME, &goods, &gives, &decision, &err));
    assert_non_null(strstr(err.msg, "held by Farm A:"));
}

static void foreign_words_keep_their_letters_and_lose_their_controls(void **state)
{
    (void)state;
    char text[] = "K\xc3\xa4se\x1b[31m\xc2\x9b"
                  "1m\x7f";
    visible_clean(text);
    assert_string_equal(text, "K\xc3\xa4se?[31m??1m?");
    char memory[64] = "";
    struct buf out = buf_fixed(memory, sizeof memory - 1);
    json_text_put_words(&out, "n", slice_text("K\xc3\xa4\""));
    assert_string_equal(memory, "\"n\":\"K\xc3\xa4\\\"\"");
    memset(memory, 0, sizeof memory);
    out = buf_fixed(memory, sizeof memory - 1);
    json_text_put_words(&out, "n", slice_text("\xc3(")); /* no UTF-8 */
    assert_string_equal(memory, "\"n\":\"\\u00c3(\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(labels_are_read_and_compared),
        cmocka_unit_test(a_wrong_check_digit_is_not_scanned),
        cmocka_unit_test(every_situation_has_its_step),
        cmocka_unit_test(seeing_is_a_step_of_its_own),
        cmocka_unit_test(another_ledgers_label_is_never_acted_on),
        cmocka_unit_test(a_refusal_names_people_where_it_can),
        cmocka_unit_test(foreign_words_keep_their_letters_and_lose_their_controls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
