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
                          .members = { { "Farm", &farm, &node },
                                       { "Carrier", &carrier, NULL },
                                       { "Clinic", &clinic, NULL } } };
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
    f.members[0] = (struct founding_member){ "Farm", &farm, NULL };
    assert_false(founding_make(&f, &out, &id, NULL));
    f.member_count = 2;
    f.members[0].authority = &node;
    f.members[1] = (struct founding_member){ "Twin", &farm, NULL };
    assert_false(founding_make(&f, &out, &id, NULL));
    buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(founds_the_vectors_ledger),
        cmocka_unit_test(refuses_what_is_no_ledger),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
