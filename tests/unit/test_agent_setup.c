/* device/setup: a configuration is taken whole, or its first fault is named by file, line and key. */
#include "device/setup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static struct setup setup;
static char path[32];

static const char good[] = "ledger: ledger.identity\n"                                /* 1 */
                           "key: agent.key\n"                                         /* 2 */
                           "outbox: { folder: outbox, max MiB: 2 }\n"                 /* 3 */
                           "broker: { host: broker.example, port: 1884 }\n"           /* 4 */
                           "pack: { samples: 30, within: 10 min }\n"                  /* 5 */
                           "sensors:\n"                                               /* 6 */
                           "  - source: csv\n"                                        /* 7 */
                           "    file: a.csv\n"                                        /* 8 */
                           "    time column: when\n"                                  /* 9 */
                           "    zone: Europe/Berlin\n"                                /* 10 */
                           "    delimiter: tab\n"                                     /* 11 */
                           "    decimal: \",\"\n"                                     /* 12 */
                           "    columns:\n"                                           /* 13 */
                           "      - { name: RH, property: humidity, exponent: -1 }\n" /* 14 */
                           "      - { name: T, property: temperature, unit: °F }\n";  /* 15 */

static const char chip[] = "ledger: ledger.identity\n"
                           "key: agent.key\n"
                           "outbox: { folder: outbox }\n"
                           "sensors:\n"
                           "  - source: hwmon\n"
                           "    chip: sht3x\n"
                           "    interval: 5 min\n"
                           "    columns:\n"
                           "      - { label: Cargo, property: temperature }\n";

static bool load(const char *text, struct err *err)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    (void)fclose(f);
    return setup_load(path, &setup, err);
}

static int set_up(void **state)
{
    (void)state;
    (void)snprintf(path, sizeof path, "/tmp/waybill-setup-XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    (void)close(fd);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    (void)unlink(path);
    return 0;
}

static void test_reads_several_brokers(void **state)
{
    (void)state;
    struct err err;
    char text[2048];
    const char *one = strstr(good, "broker: {");
    (void)snprintf(text, sizeof text,
                   "%.*sbrokers:\n  - { host: a.example }\n  - { port: 1885, password: p }%s",
                   (int)(one - good), good, strchr(one, '\n'));
    if (!load(text, &err))
        fail_msg("%s", err.msg);
    assert_int_equal(setup.broker_count, 2);
    assert_string_equal(setup.brokers[0].host, "a.example");
    assert_int_equal(setup.brokers[0].port, 1883);
    assert_null(setup.brokers[0].password);
    assert_string_equal(setup.brokers[1].host, "127.0.0.1");
    assert_int_equal(setup.brokers[1].port, 1885);
    assert_string_equal(setup.brokers[1].password, "p");
    setup_free(&setup);
}

static void test_reads_all(void **state)
{
    (void)state;
    struct err err;
    if (!load(good, &err))
        fail_msg("%s", err.msg);
    assert_string_equal(setup.ledger.path, "/tmp/ledger.identity");
    assert_string_equal(setup.brokers[0].host, "broker.example");
    assert_int_equal(setup.brokers[0].port, 1884);
    assert_int_equal(setup.outbox_max_bytes, 2 * 1024 * 1024);
    assert_int_equal(setup.agent.pack_samples, 30);
    assert_int_equal(setup.agent.pack_within_ms, 600000);
    assert_int_equal(setup.sensors, 1);
    const struct sensor_csv_settings *csv = &setup.sensor[0].csv;
    assert_string_equal(csv->path, "/tmp/a.csv");
    assert_int_equal(csv->delimiter, '\t');
    assert_int_equal(csv->decimal, ',');
    assert_string_equal(csv->zone.name, "Europe/Berlin");
    /* Properties rise on the wire, whatever their order here. */
    assert_int_equal(setup.agent.columns, 2);
    assert_int_equal(setup.agent.column[0].property, PROPERTY_TEMPERATURE);
    assert_int_equal(setup.agent.column[0].exponent, -2);
    assert_int_equal(setup.agent.column[1].property, PROPERTY_HUMIDITY);
    assert_int_equal(setup.agent.column[1].exponent, -1);
    assert_int_equal(csv->column[0].place, 1);
    assert_int_equal(csv->column[1].place, 0);
    assert_int_equal(csv->column[1].measure.kind, MEASURE_FAHRENHEIT);
    setup_free(&setup);
    if (!load(chip, &err))
        fail_msg("%s", err.msg);
    assert_int_equal(setup.source, SETUP_HWMON);
    assert_int_equal(setup.sensor[0].hwmon.interval_ms, 300000);
    assert_string_equal(setup.sensor[0].hwmon.column[0].label, "Cargo");
    setup_free(&setup);
}

static void test_example_is_good(void **state)
{
    (void)state;
    struct err err;
    if (!setup_load("docs/examples/agent.yaml", &setup, &err))
        fail_msg("%s", err.msg);
    setup_free(&setup);
}

/* The text with one line replaced. */
static const char *with_line(const char *text, unsigned line, const char *instead)
{
    static char out[4096];
    size_t at = 0;
    for (unsigned n = 1; *text != '\0'; n++) {
        size_t len = strcspn(text, "\n") + 1;
        if (n == line)
            at += (size_t)snprintf(out + at, sizeof out - at, "%s\n", instead);
        else
            at += (size_t)snprintf(out + at, sizeof out - at, "%.*s", (int)len, text);
        text += len;
    }
    return out;
}

static void test_faults_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        unsigned line;
        const char *instead, *complaint;
    } cases[] = {
        { chip, 7, "    interval: 5",
          ":7: sensors[0].interval: expected a duration such as \"5 min\", found \"5\"" },
        { chip, 7, "", "sensors[0].interval: is missing" },
        { chip, 7, "    intervall: 5 min", ":7: sensors[0].intervall: unknown key" },
        { chip, 9, "      - { label: Cargo, property: pressure }",
          "temperature and humidity only" },
        { chip, 9, "      - { channel: ../x, property: temperature }",
          ":9: sensors[0].columns[0]" },
        { chip, 5, "  - source: modbus", ":5: sensors[0].source: expected one of csv, hwmon" },
        { good, 1, "", "ledger: is missing" },
        { good, 3, "outbox: { max MiB: 2 }", "outbox.folder: is missing" },
        { good, 4, "broker: { port: 0 }",
          ":4: broker.port: expected a number 1-65535, found \"0\"" },
        { good, 4, "broker: { port: 1 }\nbrokers: [ { port: 1 } ]",
          ":5: brokers: \"broker\" names one already" },
        { good, 4, "brokers: [ { port: 1 }, { prot: 1 } ]", ":4: brokers[1].prot: unknown key" },
        { good, 5, "pack: { samples: 5000 }", ":5: pack.samples: expected a number 1-2408" },
        { good, 5, "pack: { within: 60 }", ":5: pack.within: expected a duration" },
        { good, 10, "    zone: Europe/Atlantis", ":10: sensors[0].zone: expected a time zone" },
        { good, 9, "    file2: x", "sensors[0].file2: unknown key" },
        { good, 11, "    time format: DD.MM.YY hh:mm", ":11: sensors[0].time format: expected" },
        { good, 12, "    decimal: ;", ":12: sensors[0].decimal: expected one of" },
        { good, 14, "      - { name: RH, property: dampness }",
          ":14: sensors[0].columns[0].property: expected a name such as \"temperature\"" },
        { good, 14, "      - { name: RH, property: humidity, unit: hPa }",
          ":14: sensors[0].columns[0].unit: expected %RH" },
        { good, 14, "      - { name: RH, property: humidity, exponent: -10 }",
          ":14: sensors[0].columns[0].exponent: expected a number -9 to 9" },
        { good, 15, "      - { name: T, property: humidity }",
          ":15: sensors[0].columns[1].property: another column reports it" },
        { good, 15, "      - { property: temperature }", "sensors[0].columns[1].name: is missing" },
        { good, 13, "    columns: []\n    x:", "sensors[0].x: unknown key" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct err err = { .msg = "taken" };
        bool taken = load(with_line(cases[i].text, cases[i].line, cases[i].instead), &err);
        if (taken)
            setup_free(&setup);
        if (taken || strstr(err.msg, cases[i].complaint) == NULL)
            fail_msg("expected \"%s\", found \"%s\"", cases[i].complaint, err.msg);
        assert_int_equal(strncmp(err.msg, path, strlen(path)), 0);
    }
}

static void test_files_and_chips_do_not_mix(void **state)
{
    (void)state;
    char text[4096];
    struct err err;
    (void)snprintf(text, sizeof text, "%s%s", good,
                   "  - { source: hwmon, chip: x, interval: 1 s, columns: [] }\n");
    assert_false(load(text, &err));
    assert_non_null(
        strstr(err.msg, ":16: sensors[1].source: an agent replays files or reads chips"));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_reads_several_brokers),
        CASE(test_reads_all),
        CASE(test_example_is_good),
        CASE(test_faults_are_named),
        CASE(test_files_and_chips_do_not_mix),
    };
    return cmocka_run_group_tests_name("agent_setup", tests, NULL, NULL);
}
