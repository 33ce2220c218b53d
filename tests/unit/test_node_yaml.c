/* Addresses in a configuration are changed line by line, and nothing else is. */
#include "common/file.h"
#include "tools/node_yaml.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char path[64];
static const struct kid peer = { { 0x12, 0x34, 0x56, 0x78, 0x90, 0x12, 0x34, 0x56 } };

static int setup(void **state)
{
    (void)state;
    (void)snprintf(path, sizeof path, "/tmp/waybill-node-yaml-%ld.yaml", (long)getpid());
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    (void)unlink(path);
    return 0;
}

static void begin(const char *text)
{
    assert_true(file_replace(path, slice_text(text), 0644, NULL));
}

static void is(const char *wanted)
{
    char memory[4096] = "";
    struct buf out = buf_fixed(memory, sizeof memory - 1);
    assert_true(file_read(path, sizeof memory - 1, &out, NULL));
    assert_string_equal(memory, wanted);
}

#define BEFORE                                                                                  \
    "# mine\ndata: node\npeers:  # here\n  broker:\n    host: 127.0.0.1   # inside\n    port: " \
    "18602\n"                                                                                   \
    "  http:\n    port: 18603\n    host: 127.0.0.1\n"

static void where_it_listens(void **state)
{
    (void)state;
    begin(BEFORE "  key: tls.key\n");
    struct listening broker = { "0.0.0.0", 7000 }, http = { "10.0.0.2", 7001 };
    assert_true(node_yaml_set_listening(path, &broker, &http, NULL));
    is("# mine\ndata: node\npeers:  # here\n  broker:\n    host: 0.0.0.0  # inside\n    port: "
       "7000\n"
       "  http:\n    port: 7001\n    host: 10.0.0.2\n  key: tls.key\n");
    struct listening six = { "::", 1 }, loopback = { "::1", 2 };
    assert_true(node_yaml_set_listening(path, &six, &loopback, NULL));
    is("# mine\ndata: node\npeers:  # here\n  broker:\n    host: \"::\"  # inside\n    port: 1\n"
       "  http:\n    port: 2\n    host: \"::1\"\n  key: tls.key\n");
}

static void where_a_peer_is(void **state)
{
    (void)state;
    static const struct kid another = { { 1 } };
    begin(BEFORE);
    assert_true(node_yaml_set_peer(path, &peer, "a:1", "https://a:2", NULL));
    assert_true(node_yaml_set_peer(path, &another, "b:1", "https://b:2", NULL));
    assert_true(node_yaml_set_peer(path, &peer, "c:3", "https://c:4", NULL));
    is("# mine\ndata: node\npeers:  # here\n"
       "  addresses:           # these first, whatever the ledger says\n"
       "    \"0100000000000000\":\n      broker: \"b:1\"\n      url: \"https://b:2\"\n"
       "    \"1234567890123456\":\n      broker: \"c:3\"\n      url: \"https://c:4\"\n"
       "  broker:\n    host: 127.0.0.1   # inside\n    port: 18602\n"
       "  http:\n    port: 18603\n    host: 127.0.0.1\n");
}

/* What people wrote in another way stays theirs. */
static void what_is_not_in_lines(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "peers: { broker: { host: a, port: 1 }, http: { host: a, port: 2 } }\n",
        "peers:\n  broker: { host: a, port: 1 }\n  http: { host: a, port: 2 }\n",
        "peers:\n  broker:\n    port: 1\n  http:\n    port: 2\n",
        "data: node\n",
    };
    const struct listening broker = { "127.0.0.1", 3 }, http = { "127.0.0.1", 4 };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct err err = { .code = ERR_NONE };
        begin(texts[i]);
        assert_false(node_yaml_set_listening(path, &broker, &http, &err));
        assert_non_null(strstr(err.msg, "by hand"));
        is(texts[i]);
    }
    struct err err = { .code = ERR_NONE };
    begin("peers:\n  addresses: {}\n");
    assert_false(node_yaml_set_peer(path, &peer, "a:1", "https://a:2", &err));
    assert_non_null(strstr(err.msg, "by hand"));
    is("peers:\n  addresses: {}\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(where_it_listens),
        cmocka_unit_test(where_a_peer_is),
        cmocka_unit_test(what_is_not_in_lines),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
