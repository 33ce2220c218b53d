/* How long the disk will last, and when the door closes. */
#include "node/disk.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define MIB  (UINT64_C(1) << 20)
#define HOUR (UINT64_C(3600) * 1000)

static void nothing_is_said_of_growth_at_first(void **state)
{
    struct disk d = { .count = 0 };
    (void)state;
    disk_note(&d, 10000 * MIB, 100 * MIB, 1000);
    assert_true(d.days == DISK_DAYS_NONE);
    disk_note(&d, 10000 * MIB, 200 * MIB, 31000);
    assert_true(d.days == DISK_DAYS_NONE);
}

static void growth_tells_the_days(void **state)
{
    struct disk d = { .count = 0 };
    (void)state;
    /* 10 MiB an hour, so 240 a day; room for 2,400 above the door's limit: ten days */
    for (uint64_t h = 0; h <= 4; h++)
        disk_note(&d, DISK_REFUSE_BYTES + 2400 * MIB, (100 + 10 * h) * MIB, 1 + h * HOUR);
    assert_int_equal(d.days, 10);
    disk_note(&d, DISK_REFUSE_BYTES, 150 * MIB, 1 + 5 * HOUR);
    assert_int_equal(d.days, 0);
}

static void a_ledger_that_does_not_grow_lasts(void **state)
{
    struct disk d = { .count = 0 };
    (void)state;
    for (uint64_t h = 0; h <= 4; h++)
        disk_note(&d, 5000 * MIB, 100 * MIB, 1 + h * HOUR);
    assert_true(d.days == DISK_DAYS_NONE);
}

/* Only the newest hours count: what was imported last week says nothing of tomorrow. */
static void old_growth_is_forgotten(void **state)
{
    struct disk d = { .count = 0 };
    uint64_t used = 100 * MIB;
    (void)state;
    disk_note(&d, 50000 * MIB, used, 1);
    used += 5000 * MIB;
    for (uint64_t i = 1; i <= 200; i++)
        disk_note(&d, 50000 * MIB, used, 1 + i * HOUR / 4);
    assert_int_equal(d.count, DISK_MARKS);
    assert_true(d.days == DISK_DAYS_NONE);
}

static void the_door_closes_before_blocks_stop(void **state)
{
    struct disk d = { .count = 0 };
    (void)state;
    disk_note(&d, DISK_REFUSE_BYTES, MIB, 1);
    assert_false(disk_refuses(&d));
    disk_note(&d, DISK_REFUSE_BYTES - 1, MIB, 1);
    assert_true(disk_refuses(&d) && !disk_halts(&d));
    disk_note(&d, DISK_HALT_BYTES - 1, MIB, 1);
    assert_true(disk_refuses(&d) && disk_halts(&d));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_said_of_growth_at_first),
        cmocka_unit_test(growth_tells_the_days),
        cmocka_unit_test(a_ledger_that_does_not_grow_lasts),
        cmocka_unit_test(old_growth_is_forgotten),
        cmocka_unit_test(the_door_closes_before_blocks_stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
