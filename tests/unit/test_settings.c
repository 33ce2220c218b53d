/* The node's configuration: what is left out, what is said, and what is wrong, by file and line. */
#include "node/settings.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char path[64];
static struct settings settings;
static struct err err;

static bool load(const char *text)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
    err = (struct err){ .msg = "" };
    return settings_load(path, &settings, &err);
}

static int group_setup(void **state)
{
    (void)state;
    (void)snprintf(path, sizeof path, "/tmp/waybill-settings-XXXXXX");
    int fd = mkstemp(path);
    return fd < 0 ? -1 : close(fd);
}

static int group_teardown(void **state)
{
    (void)state;
    return unlink(path);
}

static void what_is_left_out(void **state)
{
    (void)state;
    if (!load("data: d\nkey: k\n"))
        fail_msg("%s", err.msg);
    assert_string_equal(settings.data.path, "/tmp/d"); /* paths start at the file's folder */
    assert_string_equal(settings.key.path, "/tmp/k");
    assert_true(settings.own_broker);
    assert_string_equal(settings.broker_host, "127.0.0.1");
    assert_int_equal(settings.broker_port, 0);
    assert_true(settings.http);
    assert_string_equal(settings.http_host, "127.0.0.1");
    assert_int_equal(settings.http_port, 8600);
    assert_int_equal(settings.period_ms, 500);
    assert_int_equal(settings.empty_ms, 60000);
    assert_int_equal(settings.workers, 0);
    assert_int_equal(settings.t0_ms, 1000);
    assert_false(settings.has_peers);
}

static void what_is_said(void **state)
{
    (void)state;
    if (!load("data: /var/lib/waybill\nkey: /etc/waybill/node.key\n"
              "broker:\n  host: mqtt.example\n  user: node\n  password: p\n  ca: ca.pem\n"
              "http:\n  host: 0.0.0.0\n  port: 80\n  enabled: false\n"
              "block:\n  period: 0 s\n  empty every: 5 min\nworkers: 3\n"))
        fail_msg("%s", err.msg);
    assert_string_equal(settings.data.path, "/var/lib/waybill");
    assert_false(settings.own_broker);
    assert_string_equal(settings.broker_host, "mqtt.example");
    assert_int_equal(settings.broker_port, 1883);
    assert_string_equal(settings.broker_user, "node");
    assert_string_equal(settings.broker_ca.path, "/tmp/ca.pem");
    assert_false(settings.http);
    assert_int_equal(settings.http_port, 80);
    assert_int_equal(settings.period_ms, 0);
    assert_int_equal(settings.empty_ms, 300000);
    assert_int_equal(settings.workers, 3);
}

static void who_the_peers_are(void **state)
{
    (void)state;
    if (!load("data: d\nkey: k\n"
              "peers:\n"
              "  broker: { host: 127.0.0.1, port: 18831 }\n"
              "  http: { host: \"::1\" }\n"
              "  certificate: tls.crt\n"
              "  key: tls.key\n"
              "  addresses:\n"
              "    00112233445566ff: { broker: \"a.example:1\", url: \"https://a.example:2\" }\n"
              "    0011223344556677: { url: \"https://[::1]:2\" }\n"
              "consensus: { t0: 2 s, period: 100 ms, empty: 5 s }\n"))
        fail_msg("%s", err.msg);
    const struct settings_peers *p = &settings.peers;
    assert_true(settings.has_peers);
    assert_string_equal(p->broker_host, "127.0.0.1");
    assert_int_equal(p->broker_port, 18831);
    assert_string_equal(p->http_host, "::1");
    assert_int_equal(p->http_port, 18840);
    assert_string_equal(p->certificate.path, "/tmp/tls.crt");
    assert_string_equal(p->key.path, "/tmp/tls.key");
    assert_int_equal(p->address_count, 2);
    assert_int_equal(p->addresses[0].kid.bytes[7], 0xff);
    assert_string_equal(p->addresses[0].broker, "a.example:1");
    assert_string_equal(p->addresses[0].url, "https://a.example:2");
    assert_string_equal(p->addresses[1].broker, "");
    assert_int_equal(settings.t0_ms, 2000);
    assert_int_equal(settings.period_ms, 100);
    assert_int_equal(settings.empty_ms, 5000);
}

static void what_is_wrong(void **state)
{
    static const struct {
        const char *text;
        unsigned line;
        const char *says;
    } cases[] = {
        { "key: k\n", 1, "data" },
        { "data: d\n", 1, "key" },
        { "data: d\nkey: k\nblok:\n  period: 1 s\n", 3, "blok" },
        { "data: d\nkey: k\nblock:\n  period: 5\n", 4, "duration" },
        { "data: d\nkey: k\nblock:\n  period: 2 h\n", 4, "period" },
        { "data: d\nkey: k\nhttp:\n  port: 70000\n", 4, "port" },
        { "data: d\nkey: k\nhttp:\n  enabled: perhaps\n", 4, "enabled" },
        { "data: d\nkey: k\nworkers: 65\n", 3, "workers" },
        { "data: d\nkey: k\nbroker:\n  prot: 1\n", 4, "prot" },
        { "data: [d]\nkey: k\n", 1, "data" },
        { "data: d\nkey: k\npeers:\n  certificate: c\n", 4, "peers.key" },
        { "data: d\nkey: k\npeers:\n  certificate: c\n  key: k\n  brokr: 1\n", 6, "broker" },
        { "data: d\nkey: k\npeers:\n  key: k\n  certificate: c\n"
          "  addresses:\n    0011: { url: \"https://a:1\" }\n",
          7, "kid" },
        { "data: d\nkey: k\npeers:\n  key: k\n  certificate: c\n"
          "  addresses:\n    0011223344556677:\n      url: \"http://a:1\"\n",
          8, "https" },
        { "data: d\nkey: k\npeers:\n  key: k\n  certificate: c\n"
          "  addresses:\n    0011223344556677:\n      broker: a\n",
          8, "host:port" },
        { "data: d\nkey: k\npeers:\n  key: k\n  certificate: c\n  broker:\n    host: "
          "node.example\n",
          7, "address" },
        { "data: d\nkey: k\nhttp:\n  host: localhost\n", 4, "address" },
        { "data: d\nkey: k\nbroker: { port: 4000 }\nhttp:\n  port: 4000\n", 5, "4000" },
        { "data: d\nkey: k\npeers:\n  key: k\n  certificate: c\n  broker: { port: 4000 }\n"
          "  http:\n    port: 4000\n",
          8, "4000" },
        { "data: d\nkey: k\npeers:\n  key: k\n  certificate: c\n  broker: { port: 18840 }\n", 4,
          "18840" },
        { "data: d\nkey: k\nconsensus:\n  t0: 10 ms\n", 4, "t0" },
        { "data: d\nkey: k\nblock:\n  period: 1 s\nconsensus:\n  period: 1 s\n", 6, "already" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char place[96];
        struct settings before = settings;
        assert_false(load(cases[i].text));
        (void)snprintf(place, sizeof place, "%s:%u: ", path, cases[i].line);
        if (strncmp(err.msg, place, strlen(place)) != 0 || strstr(err.msg, cases[i].says) == NULL)
            fail_msg("case %zu: %s", i, err.msg);
        assert_memory_equal(&settings, &before, sizeof settings); /* untouched */
    }
    assert_false(settings_load("/tmp/waybill-no-such-file", &settings, &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_left_out),
        cmocka_unit_test(what_is_said),
        cmocka_unit_test(who_the_peers_are),
        cmocka_unit_test(what_is_wrong),
    };
    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
