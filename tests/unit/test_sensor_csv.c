/* device/sensor_csv: foreign files as they are, each row right or named with a reason. */
#include "device/sensor_csv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct sensor_csv_settings settings;
static struct sensor_csv sensor;

/* A file with the columns time, t (°C, place 0) and h (%RH, place 1), both at 10^-2. */
static int set_up(void **state)
{
    (void)state;
    settings = (struct sensor_csv_settings){
        .path = "log.csv", .decimal = '.', .time_column = "time", .columns = 2
    };
    settings.column[0] = (struct sensor_csv_column){ .name = "t", .place = 0, .exponent = -2 };
    settings.column[1] = (struct sensor_csv_column){ .name = "h", .place = 1, .exponent = -2 };
    assert_true(measure_find("", "Cel", &settings.column[0].measure, NULL));
    assert_true(measure_find("", "%RH", &settings.column[1].measure, NULL));
    return 0;
}

static bool open_bytes(const char *text, size_t len, struct err *err)
{
    FILE *f = tmpfile();
    assert_non_null(f);
    assert_int_equal(fwrite(text, 1, len, f), len);
    return sensor_csv_open_stream(&sensor, &settings, f, err);
}

static void open_text(const char *text)
{
    struct err err;
    if (!open_bytes(text, strlen(text), &err))
        fail_msg("%s", err.msg);
}

/*
 * The whole file as one line of text: "<UTC>=<t>/<h>" a row, "." for null, "!<line>" for a bad one,
 * "*" after a row with a note, "STOP" where it ends early.
 */
static const char *replay(const char *text)
{
    static char out[2048];
    size_t at = 0;
    struct err err;
    open_text(text);
    out[0] = '\0';
    for (;;) {
        struct agent_sample row = { .time_ms = 0 };
        char time[INSTANT_TEXT_SIZE];
        char value[2][32];
        enum sensor_csv_result got = sensor_csv_next(&sensor, &row, &err);
        if (got == SENSOR_CSV_END)
            break;
        at += (size_t)snprintf(out + at, sizeof out - at, "%s", at == 0 ? "" : " ");
        if (got != SENSOR_CSV_ROW)
            at += (size_t)snprintf(out + at, sizeof out - at, "!%u", (unsigned)sensor.csv.line);
        if (got == SENSOR_CSV_STOP) {
            (void)snprintf(out + at, sizeof out - at, " STOP");
            break;
        }
        if (got == SENSOR_CSV_BAD)
            continue;
        instant_format(row.time_ms, time);
        for (size_t i = 0; i < 2; i++)
            (void)snprintf(value[i], sizeof value[i], row.present[i] ? "%lld" : ".",
                           (long long)row.value[i]);
        at += (size_t)snprintf(out + at, sizeof out - at, "%s=%s/%s%s", time + 5, value[0],
                               value[1], sensor.note[0] != '\0' ? "*" : "");
    }
    sensor_csv_close(&sensor);
    return out;
}

static void expect_reason(const char *text, const char *reason)
{
    struct agent_sample row = { .time_ms = 0 };
    struct err err = { .code = ERR_NONE };
    open_text(text);
    enum sensor_csv_result got;
    do
        got = sensor_csv_next(&sensor, &row, &err);
    while (got == SENSOR_CSV_ROW);
    sensor_csv_close(&sensor);
    if (got == SENSOR_CSV_END || strstr(err.msg, reason) == NULL)
        fail_msg("expected \"%s\", found \"%s\"", reason, err.msg);
}

/* ------------------------------------------------------------------ form */

static void test_plain_file(void **state)
{
    (void)state;
    assert_string_equal(replay("time,t,h\n"
                               "2026-06-01T06:00:00Z,4.43,62.1\n"
                               "2026-06-01T06:01:00Z,-0.5,100\n"),
                        "06-01T06:00:00Z=443/6210 06-01T06:01:00Z=-50/10000");
}

static void test_forms_of_the_same_file(void **state)
{
    (void)state;
    static const char *const files[] = {
        "\xef\xbb\xbftime,t,h\n2026-06-01T06:00:00Z,4.43,62.1\n", /* byte order mark */
        "time;t;h\r\n2026-06-01T06:00:00Z;4.43;62.1\r\n",
        "time\tt\th\n2026-06-01T06:00:00Z\t4.43\t62.1", /* no last line end */
        "time|t|h\r2026-06-01T06:00:00Z|4.43|62.1\r",
        "\"time\",\"t\",\"h\"\n\"2026-06-01T06:00:00Z\",\"4.43\",\"62.1\"\n",
        " time , t , h \n 2026-06-01T06:00:00Z , 4.43 , \"62.1\" \n",
        "h,serial,time,t\n62.1,\"a,b\",2026-06-01T06:00:00Z,4.43\n",
        "time,t,h,note\n\n2026-06-01T06:00:00Z,4.43,62.1,\"two\nlines, \"\"quoted\"\"\"\n\n\n",
        "time,t,h\n2026-06-01T06:00:00Z,4.43,62.1,,\n", /* empty fields at the end */
        "time,t,h\n2026-06-01 08:00:00.0+02:00,+4.430,6.21e1\n",
    };
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        assert_string_equal(replay(files[i]), "06-01T06:00:00Z=443/6210");
}

static void test_preamble_and_numbered_columns(void **state)
{
    (void)state;
    settings.skip_lines = 2;
    settings.time_column = "#1";
    settings.column[0].name = "#3";
    assert_string_equal(replay("Logger 7\nSerial;12\nwhen;h;x;x\n"
                               "2026-06-01T06:00:00Z;50;4.4;9\n"),
                        "06-01T06:00:00Z=440/5000");
    settings.column[0].name = "x"; /* there are two of them */
    struct err err;
    const char text[] = "a\nb\nwhen;h;x;x\n";
    assert_false(open_bytes(text, sizeof text - 1, &err));
    assert_non_null(strstr(err.msg, "log.csv:3:"));
    assert_non_null(strstr(err.msg, "\"x\""));
}

static void test_decimal_comma(void **state)
{
    (void)state;
    settings.decimal = ',';
    assert_string_equal(replay("time;t;h\n2026-06-01T06:00:00Z;-4,43;62\n"),
                        "06-01T06:00:00Z=-443/6200");
    assert_string_equal(replay("time,t,h\n2026-06-01T06:00:00Z,\"4,43\",\"62,1\"\n"),
                        "06-01T06:00:00Z=443/6210");
    expect_reason("time;t;h\n2026-06-01T06:00:00Z;4.43;62\n", "log.csv:2: t: expected a number");
    settings.decimal = '.';
    expect_reason("time;t;h\n2026-06-01T06:00:00Z;4,43;62\n", "found \"4,43\"");
}

static void test_bad_rows_are_named_and_skipped(void **state)
{
    (void)state;
    assert_string_equal(replay("time,t,h\n"
                               "2026-06-01T06:00:00Z,4.43,62\n"
                               "2026-06-01T06:01:00Z,4.43\n"       /* 3: too few */
                               "2026-06-01T06:02:00Z,4.43,62,9\n"  /* 4: too many */
                               "2026-06-31T06:03:00Z,4.43,62\n"    /* 5: no such day */
                               "2026-06-01T06:04:00Z,4.43 C,62\n"  /* 6 */
                               "2026-06-01T06:05:00Z,0x10,62\n"    /* 7 */
                               "2026-06-01T06:06:00Z,\"4\"3,62\n"  /* 8 */
                               "2026-06-01T05:59:00Z,4.43,62\n"    /* 9: goes back */
                               "2026-06-01T06:00:00Z,4.44,62\n"    /* 10: the same time */
                               "2026-06-01T06:07:00,4.43,62\n"     /* 11: no zone */
                               ",4.43,62\n"                        /* 12 */
                               "2026-06-01T06:08:00Z,1e30,62\n"    /* 13: too large */
                               "2026-06-01T06:09:00Z,1.234.5,62\n" /* 14 */
                               "2026-06-01T06:10:00Z,4.45,63\n"),
                        "06-01T06:00:00Z=443/6200 !3 !4 !5 !6 !7 !8 !9 !10 !11 !12 !13 !14 "
                        "06-01T06:10:00Z=445/6300");
    assert_int_equal(sensor.rows, 2);
    assert_int_equal(sensor.bad, 12);
    settings.stop_at_bad_rows = true;
    assert_string_equal(replay("time,t,h\n2026-06-01T06:00:00Z,4.43,62\nx,1,2\n"),
                        "06-01T06:00:00Z=443/6200 !3 STOP");
}

/* Never half a row: a bad value leaves nothing of its row behind, and rows go on where they should. */
static void test_bad_row_leaves_no_trace(void **state)
{
    (void)state;
    assert_string_equal(replay("time,t,h,note\n"
                               "2026-06-01T06:02:00Z,4.43,bad,x\n"
                               "2026-06-01T06:01:00Z,4.40,62,\"says\n2026-06-01T07:00:00Z,9,9,y\"\n"
                               "2026-06-01T06:03:00Z,4.41,62,z\n"),
                        "!2 06-01T06:01:00Z=440/6200 06-01T06:03:00Z=441/6200");
}

static void test_missing_values(void **state)
{
    (void)state;
    settings.missing[0] = "ERR";
    settings.missing_count = 1;
    assert_string_equal(replay("time,t,h\n"
                               "2026-06-01T06:00:00Z,,62\n"
                               "2026-06-01T06:01:00Z,NaN,--\n"
                               "2026-06-01T06:02:00Z,ERR,n/a\n"
                               "2026-06-01T06:03:00Z,Error,1\n"
                               "2026-06-01T06:09:00Z,0,0\n"), /* and rows are missing */
                        "06-01T06:00:00Z=./6200 06-01T06:01:00Z=./. 06-01T06:02:00Z=./. !5 "
                        "06-01T06:09:00Z=0/0");
}

static void test_hopeless_files(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t len;
        const char *why;
    } files[] = {
        { "", 0, "names of the columns" },      { "\xff\xfet\0i\0", 6, "UTF-16" },
        { "a,b,c\n1,2,3\n", 12, "\"time\"" },   { "time,t\n", 7, "\"h\"" },
        { "t\0i\0m\0e\0,\0", 10, "zero byte" },
    };
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        struct err err = { .code = ERR_NONE };
        assert_false(open_bytes(files[i].bytes, files[i].len, &err));
        if (strstr(err.msg, files[i].why) == NULL)
            fail_msg("expected \"%s\", found \"%s\"", files[i].why, err.msg);
    }
    expect_reason("time,t,h\n2026-06-01T06:00:00Z,\"4.43,62\n2026-06-01T06:01:00Z,4,62\n",
                  "log.csv:2: a quote that is never closed");
}

/* ------------------------------------------------------------------ times */

static void test_epochs(void **state)
{
    (void)state;
    settings.time = SENSOR_CSV_EPOCH_S;
    assert_string_equal(replay("time,t,h\n1780293600,4,62\n1780293600.5,4,62\n-1,4,62\n1e30,1,1\n"),
                        "06-01T06:00:00Z=400/6200 06-01T06:00:00.500Z=400/6200 !4 !5");
    settings.time = SENSOR_CSV_EPOCH_MS;
    assert_string_equal(replay("time,t,h\n1780293600123,4,62\n2026-06-01T06:00:00Z,4,62\n"),
                        "06-01T06:00:00.123Z=400/6200 !3");
}

static void test_patterns(void **state)
{
    (void)state;
    assert_true(zone_find("Europe/Berlin", &settings.zone, NULL));
    settings.time = SENSOR_CSV_PATTERN;
    settings.pattern = "DD.MM.YYYY hh:mm:ss";
    assert_string_equal(replay("time;t;h\n01.06.2026 08:00:00;4;62\n1.6.2026 8:01:00;4;62\n"
                               "06/01/2026 08:02:00;4;62\n31.06.2026 08:00:00;4;62\n"
                               "01.06.2026 08:03:00 x;4;62\n"),
                        "06-01T06:00:00Z=400/6200 06-01T06:01:00Z=400/6200 !4 !5 !6");
    settings.pattern = "MM/DD/YYYY hh:mm AP";
    settings.time_column = "date";
    settings.clock_column = "clock";
    assert_string_equal(replay("date,clock,t,h\n06/01/2026,12:30 AM,4,62\n06/01/2026,1:30 pm,4,62\n"
                               "06/01/2026,13:30 PM,4,62\n06/01/2026,0:30 AM,4,62\n"),
                        "05-31T22:30:00Z=400/6200 06-01T11:30:00Z=400/6200 !4 !5");
    assert_true(sensor_csv_check_pattern(settings.pattern));
    assert_false(sensor_csv_check_pattern("DD.MM.YY hh:mm"));
}

static void test_named_zone(void **state)
{
    (void)state;
    assert_true(zone_find("Europe/Berlin", &settings.zone, NULL));
    assert_string_equal(replay("time,t,h\n"
                               "2026-01-15 12:00,1,1\n"
                               "2026-07-15 12:00,1,1\n"
                               "2026-07-15 12:00:00Z,1,1\n"), /* its own offset counts */
                        "01-15T11:00:00Z=100/100 07-15T10:00:00Z=100/100 07-15T12:00:00Z=100/100");
}

/* Clocks go from 02:00 to 03:00 on 2026-03-29 in Berlin. */
static void test_skipped_hour(void **state)
{
    (void)state;
    assert_true(zone_find("Europe/Berlin", &settings.zone, NULL));
    const char *text = "time,t,h\n"
                       "2026-03-29 01:59,1,1\n2026-03-29 02:00,1,1\n2026-03-29 02:59,1,1\n"
                       "2026-03-29 03:00,1,1\n";
    assert_string_equal(replay(text), "03-29T00:59:00Z=100/100 !3 !4 03-29T01:00:00Z=100/100");
    expect_reason(text, "log.csv:3: \"2026-03-29 02:00\" did not happen in Europe/Berlin");
}

/* They go from 03:00 back to 02:00 on 2026-10-25. */
static void test_repeated_hour(void **state)
{
    (void)state;
    assert_true(zone_find("Europe/Berlin", &settings.zone, NULL));
    const char *text = "time,t,h\n"
                       "2026-10-25 01:30,1,1\n2026-10-25 02:00,1,1\n2026-10-25 02:30,1,1\n"
                       "2026-10-25 02:00,1,1\n2026-10-25 02:30,1,1\n2026-10-25 03:00,1,1\n";
    assert_string_equal(replay(text),
                        "10-24T23:30:00Z=100/100 10-25T00:00:00Z=100/100* 10-25T00:30:00Z=100/100 "
                        "10-25T01:00:00Z=100/100 10-25T01:30:00Z=100/100 10-25T02:00:00Z=100/100");
    settings.refuse_repeated = true;
    assert_string_equal(replay(text),
                        "10-24T23:30:00Z=100/100 !3 !4 !5 !6 10-25T02:00:00Z=100/100");
    expect_reason(text, "happened twice in Europe/Berlin");
}

/* Zones that are not a whole hour off, change by half an hour, or have no summer. */
static void test_odd_zones(void **state)
{
    (void)state;
    assert_true(zone_find("Asia/Kathmandu", &settings.zone, NULL));
    assert_string_equal(replay("time,t,h\n2026-06-01 05:45,1,1\n"), "06-01T00:00:00Z=100/100");
    assert_true(zone_find("Australia/Lord_Howe", &settings.zone, NULL)); /* ends on 2026-04-05 */
    assert_string_equal(replay("time,t,h\n2026-04-05 01:29,1,1\n2026-04-05 01:45,1,1\n"
                               "2026-04-05 01:40,1,1\n2026-04-05 02:00,1,1\n"),
                        "04-04T14:29:00Z=100/100 04-04T14:45:00Z=100/100* "
                        "04-04T15:10:00Z=100/100 04-04T15:30:00Z=100/100");
    assert_true(zone_find("Pacific/Apia", &settings.zone, NULL)); /* had no 2011-12-30 */
    expect_reason("time,t,h\n2011-12-30 12:00,1,1\n", "did not happen in Pacific/Apia");
    assert_true(zone_find("UTC", &settings.zone, NULL));
    assert_string_equal(replay("time,t,h\n2026-06-01 05:45,1,1\n"), "06-01T05:45:00Z=100/100");
}

static void test_unknown_zones(void **state)
{
    (void)state;
    static const char *const names[] = { "",       "Europe/Atlantis",  "../../etc/passwd",
                                         "/etc/x", "Europe/../../etc", "CEST",
                                         "Europe" };
    struct err err;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        assert_false(zone_find(names[i], &settings.zone, &err));
}

/* ------------------------------------------------------------------ units */

static void test_units(void **state)
{
    (void)state;
    static const struct {
        const char *unit, *own, *text;
        int exponent;
        int64_t value;
    } cases[] = {
        { "", "Cel", "4.435", -2, 444 },
        { "", "Cel", "4.425", -2, 442 }, /* half to even */
        { "", "Cel", "-4.425", -2, -442 },
        { "", "Cel", "-4.435", -2, -444 },
        { "", "Cel", "4.4250000001", -2, 443 },
        { "°C", "Cel", "4.300000190734863", -2, 430 },
        { "°F", "Cel", "32", -2, 0 },
        { "°F", "Cel", "-40", -2, -4000 },
        { "°F", "Cel", "46", -2, 778 },
        { "°F", "Cel", "212.0", 0, 100 },
        { "degF", "Cel", "40.1", -2, 450 },
        { "F", "Cel", "35.6", -9, 2000000000 },
        { "°F", "Cel", "32.9", -1, 5 },   /* exactly 0.5 */
        { "°F", "Cel", "32.045", -2, 2 }, /* exactly 0.025 */
        { "K", "Cel", "273.15", -2, 0 },
        { "K", "Cel", "277.585", -2, 444 },
        { "K", "Cel", "0", -2, -27315 },
        { "K", "Cel", "277", 0, 4 },
        { "%", "%RH", "62.15", -2, 6215 },
        { "hPa", "Pa", "1013.25", 0, 101325 },
        { "kPa", "Pa", "101.3255", 0, 101326 },
        { "mV", "V", "3301.5", -3, 3302 },
        { "g", "kg", "1.5", -3, 2 },
        { "", "Cel", "1e-18", -2, 0 },
        { "", "Cel", "000123.4500", -2, 12345 },
        { "", "Cel", "0.000000000000000000", -2, 0 },
        { "", "Cel", "4.", 0, INT64_MIN },
        { "", "Cel", "-.5", -1, -5 },
        { "", "Cel", ".", 0, INT64_MIN },
        { "", "Cel", "", 0, INT64_MIN },
        { "", "Cel", "1 000", 0, INT64_MIN },
        { "", "Cel", "--1", 0, INT64_MIN },
        { "", "Cel", "1e", 0, INT64_MIN },
        { "", "Cel", "1e999", 0, INT64_MIN },
        { "", "Cel", "inf", 0, INT64_MIN },
        { "", "Cel", "99999999999999", -2, INT64_MIN },
        { "", "Cel", "123456789012345678901234", 0, INT64_MIN },
        { "", "Cel", "90071992547409.91", -2, 9007199254740991 },
        { "", "Cel", "90071992547409.92", -2, INT64_MIN },
        { "°F", "Cel", "1e18", 9, 555555556 },
        { "K", "Cel", "1e18", -9, INT64_MIN },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct measure m;
        struct measure_number n;
        int64_t got = INT64_MIN;
        assert_true(measure_find(cases[i].unit, cases[i].own, &m, NULL));
        if (measure_parse(cases[i].text, '.', &n) &&
            !measure_convert(&m, n, cases[i].exponent, &got))
            got = INT64_MIN;
        if (got != cases[i].value)
            fail_msg("%s %s: %lld", cases[i].text, cases[i].unit, (long long)got);
    }
    struct measure m;
    assert_false(measure_find("°F", "%RH", &m, NULL));
    assert_false(measure_find("hPa", "Cel", &m, NULL));
    assert_false(measure_find("Pa", NULL, &m, NULL));
}

#define CASE(name) cmocka_unit_test_setup(name, set_up)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_plain_file),
        CASE(test_forms_of_the_same_file),
        CASE(test_preamble_and_numbered_columns),
        CASE(test_decimal_comma),
        CASE(test_bad_rows_are_named_and_skipped),
        CASE(test_bad_row_leaves_no_trace),
        CASE(test_missing_values),
        CASE(test_hopeless_files),
        CASE(test_epochs),
        CASE(test_patterns),
        CASE(test_named_zone),
        CASE(test_skipped_hour),
        CASE(test_repeated_hour),
        CASE(test_odd_zones),
        CASE(test_unknown_zones),
        CASE(test_units),
    };
    return cmocka_run_group_tests_name("sensor_csv", tests, NULL, NULL);
}
