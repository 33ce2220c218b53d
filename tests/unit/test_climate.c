/* firmware-sim/climate: what a plan promises, for many seeds; and the shipped journey, byte for byte. */
#include "firmware-sim/climate.h"

#include "common/file.h"
#include "common/instant.h"
#include "firmware-sim/sim.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define MINUTE UINT64_C(60000)
#define HOUR   (60 * MINUTE)
#define START  UINT64_C(1780293600000) /* 2026-06-01T06:00:00Z */

static struct climate_plan journey(uint64_t seed)
{
    struct climate_plan p = { .seed = seed, .start_ms = START, .hours = 24, .interval_ms = MINUTE };
    p.excursion = true;
    p.from_ms = START + 4 * HOUR;
    p.to_ms = START + 5 * HOUR;
    p.bound_centi_c = 800;
    p.peak_centi_c = 910;
    return p;
}

/* Above the bound in the excursion and nowhere else, whatever the seed: so that its length is known. */
static void excursion_is_exactly_as_planned(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 200; seed++) {
        struct climate_plan p = journey(seed);
        struct climate c;
        struct climate_sample s;
        size_t samples = 0, peaks = 0;
        climate_begin(&c, &p);
        while (climate_next(&c, &s)) {
            bool within = s.time_ms >= p.from_ms && s.time_ms < p.to_ms;
            assert_int_equal(s.time_ms, START + samples * MINUTE);
            assert_true(within == (s.temp_centi_c > p.bound_centi_c));
            assert_in_range(s.temp_centi_c, 300, p.peak_centi_c);
            assert_in_range(s.humidity_deci, 300, 740);
            peaks += s.temp_centi_c == p.peak_centi_c;
            samples++;
        }
        assert_int_equal(samples, 1440);
        assert_int_equal(peaks, 1);
    }
}

static void calm_journeys_stay_calm(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 50; seed++) {
        struct climate_plan p = journey(seed);
        struct climate c;
        struct climate_sample s;
        int64_t lowest = 10000, highest = -10000;
        p.excursion = false;
        climate_begin(&c, &p);
        while (climate_next(&c, &s)) {
            lowest = s.temp_centi_c < lowest ? s.temp_centi_c : lowest;
            highest = s.temp_centi_c > highest ? s.temp_centi_c : highest;
        }
        assert_in_range(lowest, 350, 450); /* the compressor works … */
        assert_in_range(highest, 560, CLIMATE_CALM_CENTI);
    }
}

static void seeds_differ(void **state)
{
    (void)state;
    struct climate_plan one = journey(1), two = journey(2);
    struct climate a, b;
    struct climate_sample s, t;
    size_t same = 0;
    climate_begin(&a, &one);
    climate_begin(&b, &two);
    while (climate_next(&a, &s) && climate_next(&b, &t))
        same += s.temp_centi_c == t.temp_centi_c;
    assert_in_range(same, 0, 200);
}

/* main() may write to its arguments, so each gets a copy. */
static int run(const char *const *arguments)
{
    char *argv[20] = { strdup("climate") };
    int argc = 1;
    for (; *arguments != NULL; arguments++)
        argv[argc++] = strdup(*arguments);
    int code = sim_climate(argc, argv);
    while (argc > 0)
        free(argv[--argc]);
    return code;
}

static void shipped_journey_is_reproduced(void **state)
{
    (void)state;
    char path[] = "/tmp/waybill-climate-XXXXXX";
    struct buf made = buf_heap(1 << 20), shipped = buf_heap(1 << 20);
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    (void)close(fd);
    const char *arguments[] = {
        "--seed", "1",          "--start", "2026-06-01T06:00:00Z", "--hours",
        "24",     "--interval", "1 min",   "--excursion",          "10:00-11:00@9.1",
        "-o",     path,         NULL
    };
    assert_int_equal(run(arguments), 0);
    assert_true(file_read(path, 1 << 20, &made, NULL));
    assert_true(file_read("docs/examples/journey.csv", 1 << 20, &shipped, NULL));
    (void)unlink(path);
    assert_true(slice_equal(buf_slice(&made), buf_slice(&shipped)));
    buf_free(&made);
    buf_free(&shipped);
}

static void bad_options_are_refused(void **state)
{
    (void)state;
    static const char *const bad[][2] = {
        { "--excursion", "10:00-11:00" },
        { "--excursion", "24:00-11:00@9.1" },
        { "--excursion", "10:00-11:00@7.9" },
        { "--excursion", "10:00-11:00@9 K" },
        { "--excursion", "a0:00-11:00@9" },
        { "--hours", "0" },
        { "--hours", "8785" },
        { "--hours", "-1" },
        { "--interval", "500 ms" },
        { "--interval", "5" },
        { "--seed", "1x" },
        { "--seed", "" },
        { "--start", "yesterday" },
        { "--bound", "8.123 °C" },
    };
    (void)!freopen("/dev/null", "w", stderr);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const char *arguments[] = { bad[i][0], bad[i][1], "-o", "/dev/null/none", NULL };
        assert_int_equal(run(arguments), 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(excursion_is_exactly_as_planned),
        cmocka_unit_test(calm_journeys_stay_calm),
        cmocka_unit_test(seeds_differ),
        cmocka_unit_test(shipped_journey_is_reproduced),
        cmocka_unit_test(bad_options_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
