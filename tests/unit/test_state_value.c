/* Values of the state: what is put is taken again, and anything shorter, longer or of another shape is not. */
#include "common/state_key.h"
#include "common/state_value.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static uint8_t memory[STATE_VALUE_MAX];
static struct buf out;

static int setup(void **state)
{
    (void)state;
    out = buf_fixed(memory, sizeof memory);
    return 0;
}

/* take() must refuse every proper beginning of what was put, and one byte more. */
#define REFUSES_OTHER_LENGTHS(take, type)                          \
    do {                                                           \
        type other;                                                \
        for (size_t cut = 0; cut < out.len; cut++)                 \
            assert_false(take(slice_of(memory, cut), &other));     \
        memory[out.len] = 0;                                       \
        assert_false(take(slice_of(memory, out.len + 1), &other)); \
    } while (false)

static void params(void **state)
{
    struct state_params v = { .rules = 1, .demo = true, .opening_wait_ms = 86400000 }, w;
    (void)state;
    state_params_put(&out, &v);
    assert_true(state_params_take(buf_slice(&out), &w));
    assert_int_equal(w.rules, 1);
    assert_true(w.demo);
    assert_int_equal(w.opening_wait_ms, 86400000);
    assert_int_equal(w.name.len, 0);
    REFUSES_OTHER_LENGTHS(state_params_take, struct state_params);
    v.name = slice_text("Cold chain");
    buf_clear(&out);
    state_params_put(&out, &v);
    assert_true(state_params_take(buf_slice(&out), &w));
    assert_true(slice_equal(w.name, v.name));
    REFUSES_OTHER_LENGTHS(state_params_take, struct state_params);
}

static void member(void **state)
{
    struct state_member v = { .name = slice_text("Farm A"), .active = false }, w;
    (void)state;
    state_member_put(&out, &v);
    assert_true(state_member_take(buf_slice(&out), &w));
    assert_true(slice_equal(w.name, v.name));
    assert_false(w.active);
    assert_false(w.has_key);
    REFUSES_OTHER_LENGTHS(state_member_take, struct state_member);
    v.has_key = true;
    v.key.bytes[0] = 7;
    buf_clear(&out);
    state_member_put(&out, &v);
    assert_true(state_member_take(buf_slice(&out), &w));
    assert_true(w.has_key && kid_equal(&w.key, &v.key));
    REFUSES_OTHER_LENGTHS(state_member_take, struct state_member);
}

static void key_record(void **state)
{
    struct state_key_record v = { .class = CLASS_DEVICE,
                                  .rights = slice_of("\x82\x01\x02", 3),
                                  .member = { { 1, 2 } },
                                  .enrolled_by = { { 3 } } };
    struct state_key_record w;
    (void)state;
    v.pub[5] = 9;
    state_key_record_put(&out, &v);
    assert_true(state_key_record_take(buf_slice(&out), &w));
    assert_memory_equal(w.pub, v.pub, PUB_SIZE);
    assert_int_equal(w.class, CLASS_DEVICE);
    assert_true(slice_equal(w.rights, v.rights));
    assert_false(w.founding || w.revoked);
    REFUSES_OTHER_LENGTHS(state_key_record_take, struct state_key_record);
    v.revoked = v.founding = true;
    v.revoked_from_ms = 77;
    v.last_good_seq = 5;
    v.revoked_height = 9;
    buf_clear(&out);
    state_key_record_put(&out, &v);
    assert_true(state_key_record_take(buf_slice(&out), &w));
    assert_true(w.founding && w.revoked);
    assert_int_equal(w.revoked_from_ms, 77);
    assert_int_equal(w.last_good_seq, 5);
    assert_int_equal(w.revoked_height, 9);
    REFUSES_OTHER_LENGTHS(state_key_record_take, struct state_key_record);
}

static void asset(void **state)
{
    struct state_asset v = { .events = 3, .has_owner = true, .owner = { { 4 } } }, w;
    (void)state;
    state_asset_put(&out, &v);
    assert_true(state_asset_take(buf_slice(&out), &w));
    assert_int_equal(w.events, 3);
    assert_true(w.has_owner && !w.has_custodian && !w.has_offer);
    assert_true(kid_equal(&w.owner, &v.owner));
    REFUSES_OTHER_LENGTHS(state_asset_take, struct state_asset);
}

static void offer(void **state)
{
    struct state_offer v = { .from = { { 1 } },
                             .to = { { 2 } },
                             .assets = { { 3 } },
                             .role = 1,
                             .time_ms = 5 },
                       w;
    (void)state;
    state_offer_put(&out, &v);
    assert_true(state_offer_take(buf_slice(&out), &w));
    assert_true(kid_equal(&w.from, &v.from) && kid_equal(&w.to, &v.to));
    assert_int_equal(w.role, 1);
    assert_int_equal(w.time_ms, 5);
    REFUSES_OTHER_LENGTHS(state_offer_take, struct state_offer);
}

static void instance(void **state)
{
    struct state_instance v = { .definition = { { 1 } },
                                .status = INSTANCE_LAPSED,
                                .agreed_count = 16 },
                          w;
    (void)state;
    v.agreed[15].bytes[7] = 6;
    state_instance_put(&out, &v);
    assert_true(state_instance_take(buf_slice(&out), &w));
    assert_int_equal(w.status, INSTANCE_LAPSED);
    assert_int_equal(w.agreed_count, 16);
    assert_int_equal(w.agreed[15].bytes[7], 6);
    REFUSES_OTHER_LENGTHS(state_instance_take, struct state_instance);
    buf_clear(&out); /* one agreement more than a contract has parties */
    cbor_put_array(&out, 3);
    cbor_put_bytes(&out, hash_slice(&v.definition));
    cbor_put_uint(&out, 0);
    cbor_put_array(&out, 17);
    for (size_t i = 0; i < 17; i++)
        kid_put(&out, &v.agreed[0]);
    assert_false(state_instance_take(buf_slice(&out), &w));
}

static void the_smaller_ones(void **state)
{
    struct state_attachment v = { slice_text("00/106141411234567897"), 9 }, w;
    struct hash hash = { { 7 } }, got;
    struct slice a, b;
    uint64_t height;
    (void)state;
    state_attachment_put(&out, &v);
    assert_true(state_attachment_take(buf_slice(&out), &w));
    assert_true(slice_equal(w.asset, v.asset));
    REFUSES_OTHER_LENGTHS(state_attachment_take, struct state_attachment);
    buf_clear(&out);
    state_block_put(&out, 70000, &hash);
    assert_true(state_block_take(buf_slice(&out), &height, &got));
    assert_int_equal(height, 70000);
    assert_true(hash_equal(&hash, &got));
    assert_false(state_block_take(slice_of(memory, out.len - 1), &height, &got));
    buf_clear(&out);
    state_sets_put(&out, slice_text("this"), slice_text("next"));
    assert_true(state_sets_take(buf_slice(&out), &a, &b));
    assert_true(slice_equal(a, slice_text("this")) && slice_equal(b, slice_text("next")));
    assert_false(state_sets_take(slice_of(memory, out.len - 1), &a, &b));
    buf_clear(&out);
    state_master_put(&out, slice_of("\xa1\x01\x02", 3), &hash);
    assert_true(state_master_take(buf_slice(&out), &a, &got));
    assert_int_equal(a.len, 3);
    assert_false(state_master_take(slice_of(memory, out.len - 1), &a, &got));
}

/* A key names its table, and a timer's key its time, what and id. */
static void keys(void **state)
{
    struct kid kid = { { 1 } };
    struct hash hash = { { 2 } };
    uint64_t time_ms, what;
    struct slice id;
    (void)state;
    struct state_key timer = state_key_timer(1234567, 2, slice_text("id"));
    assert_int_equal(state_key_table(state_key_slice(&timer)), TABLE_TIMER);
    assert_true(state_key_take_timer(state_key_slice(&timer), &time_ms, &what, &id));
    assert_int_equal(time_ms, 1234567);
    assert_int_equal(what, 2);
    assert_true(slice_equal(id, slice_text("id")));
    assert_false(state_key_take_timer(slice_of(timer.bytes, timer.len - 1), &time_ms, &what, &id));
    struct state_key rule = state_key_rule(slice_text("asset"), &hash, &kid);
    assert_int_equal(state_key_table(state_key_slice(&rule)), TABLE_RULE);
    assert_false(state_key_take_timer(state_key_slice(&rule), &time_ms, &what, &id));
    struct state_key one = state_key_block(5), same = state_key_block(5 + STATE_BLOCK_RING);
    assert_true(slice_equal(state_key_slice(&one), state_key_slice(&same)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(params, setup),
        cmocka_unit_test_setup(member, setup),
        cmocka_unit_test_setup(key_record, setup),
        cmocka_unit_test_setup(asset, setup),
        cmocka_unit_test_setup(offer, setup),
        cmocka_unit_test_setup(instance, setup),
        cmocka_unit_test_setup(the_smaller_ones, setup),
        cmocka_unit_test_setup(keys, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
