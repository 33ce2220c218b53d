#include "common/state_key.h"
#include "node/founding.h"
#include "tests/support/vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define T0 UINT64_C(1767225600000)

static int setup(void **state)
{
    (void)state;
    return crypto_init() ? 0 : 1;
}

static void founds_the_vectors_ledger(void **state)
{
    (void)state;
    struct key_pair farm = vectors_key("farm"), carrier = vectors_key("carrier");
    struct key_pair clinic = vectors_key("clinic"), node = vectors_key("node 1");
    struct founding f = { .time_ms = T0,
                          .opening_wait_ms = 300000,
                          .member_count = 3,
                          .members = { { .name = "Farm", .key = &farm, .authority = &node },
                                       { .name = "Carrier", .key = &carrier },
                                       { .name = "Clinic", .key = &clinic } } };
    struct buf out = buf_heap(GENESIS_SIZE_MAX), id_bytes = buf_heap(4096);
    struct identity id;
    assert_true(founding_make(&f, &out, &id, NULL));
    assert_true(slice_equal(buf_slice(&out), vectors_bytes("genesis file")));
    identity_put(&id_bytes, &id);
    assert_true(slice_equal(buf_slice(&id_bytes), vectors_bytes("identity")));
    buf_free(&out);
    buf_free(&id_bytes);
}

static void refuses_what_is_no_ledger(void **state)
{
    (void)state;
    struct key_pair farm = vectors_key("farm"), node = vectors_key("node 1");
    struct founding f = { .time_ms = T0, .member_count = 0 };
    struct buf out = buf_heap(GENESIS_SIZE_MAX);
    struct identity id;
    assert_false(founding_make(&f, &out, &id, NULL));
    f.member_count = 1;
    f.members[0] = (struct founding_member){ .name = "Farm", .key = &farm };
    assert_false(founding_make(&f, &out, &id, NULL));
    f.member_count = 2;
    f.members[0].authority = &node;
    f.members[1] = (struct founding_member){ .name = "Twin", .key = &farm };
    assert_false(founding_make(&f, &out, &id, NULL));
    buf_free(&out);
}

/* Entries of the genesis by table; the first value of each. */
static size_t count_entries(struct slice file, enum state_table table, struct slice *ret_value)
{
    struct genesis g;
    size_t n = 0;
    assert_true(genesis_decode(file, &g, NULL));
    for (size_t i = 0; i < g.entry_count; i++) {
        struct slice key, value;
        genesis_next_entry(&g, &key, &value);
        if (state_key_table(key) == table && n++ == 0)
            *ret_value = value;
    }
    return n;
}

static void founds_what_is_governed(void **state)
{
    (void)state;
    struct key_pair farm = vectors_key("farm"), carrier = vectors_key("carrier");
    struct key_pair node = vectors_key("node 1");
    struct constitution c = constitution_default(), read;
    struct node_record record = { slice_text("a.example:18830"),
                                  slice_text("https://a.example:18840"), slice_text("DER") },
                       heard;
    struct buf constitution = buf_heap(CONSTITUTION_SIZE_MAX), node_bytes = buf_heap(4096);
    constitution_put(&constitution, &c);
    node_record_put(&node_bytes, &record);
    struct founding f = { .time_ms = T0,
                          .name = slice_text("Cold chain"),
                          .constitution = buf_slice(&constitution),
                          .member_count = 2,
                          .members = { { .name = "Farm",
                                         .key = &farm,
                                         .authority = &node,
                                         .node = buf_slice(&node_bytes),
                                         .roles = ROLE_BIT_OPERATOR },
                                       { .name = "Carrier", .key = &carrier } } };
    struct buf out = buf_heap(GENESIS_SIZE_MAX);
    struct identity id;
    struct slice value = { NULL, 0 };
    struct state_members members;
    uint64_t roles;
    assert_true(founding_make(&f, &out, &id, NULL));
    assert_int_equal(count_entries(buf_slice(&out), TABLE_CONSTITUTION, &value), 1);
    assert_true(constitution_decode(value, &read, NULL));
    assert_int_equal(read.rules, RULES_VERSION);
    assert_int_equal(count_entries(buf_slice(&out), TABLE_MEMBERS, &value), 1);
    assert_true(state_members_take(value, &members));
    assert_int_equal(members.count, 2);
    assert_true(state_members_has(&members, &carrier.kid));
    assert_int_equal(count_entries(buf_slice(&out), TABLE_NODE, &value), 1);
    assert_true(node_record_take(value, &heard) && slice_equal(heard.url, record.url));
    assert_int_equal(count_entries(buf_slice(&out), TABLE_ROLES, &value), 1);
    assert_true(state_roles_take(value, &roles) && roles == ROLE_BIT_OPERATOR);
    buf_clear(&node_bytes);
    record.url = slice_text("http://a.example:1884");
    node_record_put(&node_bytes, &record);
    f.members[0].node = buf_slice(&node_bytes);
    assert_false(founding_make(&f, &out, &id, NULL));
    f.members[0].node.len = 0;
    assert_true(founding_make(&f, &out, &id, NULL));
    f.constitution.len--;
    assert_false(founding_make(&f, &out, &id, NULL));
    buf_free(&constitution);
    buf_free(&node_bytes);
    buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(founds_the_vectors_ledger),
        cmocka_unit_test(refuses_what_is_no_ledger),
        cmocka_unit_test(founds_what_is_governed),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
