/*
 * A name with several addresses, of which some refuse, swallow packets or are another program's: how the MQTT
 * client (bus_probe.c) and the HTTPS client get to the one that answers. Names are looked up in this file.
 */
#include "common/bus_probe.h"

#include "common/broker.h"
#include "common/bus.h"
#include "common/clock.h"
#include "common/http_client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define LIMIT_MS 60000
#define NAME     "several.example"
#define FILLERS  16

/* ------------------------------------------------------------------ names */

static const char *addresses[4]; /* of NAME, up to the first NULL */

/* In the place of the C library's, for this program and the libraries it uses. */
// NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name): its names are reserved ones
int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
                struct addrinfo **list)
{
    struct addrinfo **last = list;
    const char *const alone[] = { node, NULL };
    const char *const *at = strcmp(node, NAME) == 0 ? addresses : alone;
    (void)hints;
    *list = NULL;
    for (; *at != NULL; at++) {
        struct addrinfo *a = calloc(1, sizeof *a + sizeof(struct sockaddr_in));
        assert_non_null(a);
        struct sockaddr_in *four = (struct sockaddr_in *)(void *)(a + 1);
        *four = (struct sockaddr_in){ .sin_family = AF_INET };
        four->sin_port = htons((uint16_t)(service != NULL ? strtoul(service, NULL, 10) : 0));
        assert_int_equal(inet_pton(AF_INET, *at, &four->sin_addr), 1);
        *a = (struct addrinfo){ .ai_family = AF_INET,
                                .ai_socktype = SOCK_STREAM,
                                .ai_addrlen = sizeof *four,
                                .ai_addr = (struct sockaddr *)four };
        *last = a;
        last = &a->ai_next;
    }
    return *list != NULL ? 0 : EAI_NONAME;
}

// NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name)
void freeaddrinfo(struct addrinfo *list)
{
    while (list != NULL) {
        struct addrinfo *next = list->ai_next;
        free(list);
        list = next;
    }
}

static void resolve(const char *first, const char *second, const char *third)
{
    addresses[0] = first;
    addresses[1] = second;
    addresses[2] = third;
}

/* ------------------------------------------------------------------ who is there */

static int connect_to(const char *address, uint16_t port)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(port) };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(inet_pton(AF_INET, address, &at.sin_addr), 1);
    assert_true(connect(fd, (struct sockaddr *)&at, sizeof at) == 0 || errno == EINPROGRESS);
    return fd;
}

/* 0: any free port, which is set. */
static int listen_at(const char *address, uint16_t *port, int queue)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(*port) };
    socklen_t len = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(inet_pton(AF_INET, address, &at.sin_addr), 1);
    int yes = 1;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(fd, queue), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
    *port = ntohs(at.sin_port);
    return fd;
}

/* A listener with nobody to accept drops what comes when its queue is full. */
struct silent {
    int fd, fillers[FILLERS];
};

static void fill(struct silent *s, const char *address, uint16_t port)
{
    s->fd = listen_at(address, &port, 0);
    for (size_t i = 0; i < FILLERS; i++)
        s->fillers[i] = connect_to(address, port);
}

static void end(struct silent *s)
{
    for (size_t i = 0; i < FILLERS; i++)
        (void)close(s->fillers[i]);
    (void)close(s->fd);
}

/* ------------------------------------------------------------------ the probe alone */

static struct bus_probe new_probe(bool by_name)
{
    return (struct bus_probe){ .limit_ms = 1000, .by_name = by_name, .fd = -1 };
}

/* Until it answers, fails, or waits for time to pass: nothing else does. */
static enum bus_probe_result step(struct bus_probe *p, uint64_t now_ms)
{
    const char *why = NULL;
    enum bus_probe_result r = BUS_PROBE_WAITS;
    for (int i = 0; i < 20 && r == BUS_PROBE_WAITS; i++) {
        struct pollfd fds = { .fd = p->fd, .events = POLLOUT };
        (void)poll(&fds, 1, 50);
        r = bus_probe_step(p, now_ms, &why);
    }
    return r;
}

static void one_that_refuses_is_passed(void **state)
{
    (void)state;
    const char *why = NULL;
    char text[BUS_PROBE_TEXT_SIZE];
    uint16_t port = 0;
    int fd = listen_at("127.0.0.1", &port, 64);
    struct bus_probe p = new_probe(false);
    resolve("127.0.0.2", "127.0.0.3", "127.0.0.1");
    assert_true(bus_probe_start(&p, NAME, port, 0, &why));
    assert_int_equal(step(&p, 0), BUS_PROBE_ANSWERED);
    assert_true(bus_probe_chose(&p, text));
    assert_string_equal(text, "127.0.0.1");
    bus_probe_close(&p);
    assert_true(bus_probe_start(&p, NAME, port, 0, &why)); /* with the one that served */
    assert_int_equal(p.turn, 2);
    bus_probe_pass(&p);
    bus_probe_close(&p);
    assert_true(bus_probe_start(&p, NAME, port, 0, &why));
    assert_int_equal(p.turn, 0);
    bus_probe_close(&p);
    (void)close(fd);
    assert_true(bus_probe_start(&p, NAME, port, 0, &why));
    assert_int_equal(step(&p, 0), BUS_PROBE_FAILED);
    assert_int_equal(p.fd, -1);
}

static void one_that_is_silent_is_passed_when_its_time_is_up(void **state)
{
    (void)state;
    const char *why = NULL;
    char text[BUS_PROBE_TEXT_SIZE];
    uint16_t port = 0;
    struct silent silent;
    int fd = listen_at("127.0.0.1", &port, 64);
    fill(&silent, "127.0.0.2", port);
    struct bus_probe p = new_probe(false);
    resolve("127.0.0.2", "127.0.0.1", NULL);
    assert_true(bus_probe_start(&p, NAME, port, 0, &why));
    assert_int_equal(step(&p, 999), BUS_PROBE_WAITS);
    assert_int_equal(bus_probe_step(&p, 1000, &why), BUS_PROBE_WAITS); /* at the other */
    assert_int_equal(p.deadline_ms, 2000);
    assert_int_equal(step(&p, 1000), BUS_PROBE_ANSWERED);
    assert_true(bus_probe_chose(&p, text));
    assert_string_equal(text, "127.0.0.1");
    bus_probe_close(&p);
    struct bus_probe named = new_probe(true); /* who connects by name would wait there */
    assert_true(bus_probe_start(&named, NAME, port, 0, &why));
    assert_int_equal(bus_probe_step(&named, 1000, &why), BUS_PROBE_FAILED);
    bus_probe_close(&named);
    end(&silent);
    (void)close(fd);
}

static void one_address_is_left_to_its_name(void **state)
{
    (void)state;
    const char *why = NULL;
    char text[BUS_PROBE_TEXT_SIZE];
    uint16_t port = 0;
    int fd = listen_at("127.0.0.1", &port, 64);
    struct bus_probe p = new_probe(false);
    resolve("127.0.0.1", NULL, NULL);
    assert_true(bus_probe_start(&p, NAME, port, 0, &why));
    assert_int_equal(step(&p, 0), BUS_PROBE_ANSWERED);
    assert_false(bus_probe_chose(&p, text));
    bus_probe_close(&p);
    (void)close(fd);
    resolve(NULL, NULL, NULL);
    assert_false(bus_probe_start(&p, NAME, port, 0, &why));
    assert_non_null(why);
}

/* ------------------------------------------------------------------ a client and its broker */

static void remove_dir(const char *dir)
{
    static const char *const names[] = { "mosquitto.conf", "mosquitto.log", "mosquitto.db" };
    char path[64];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", dir, names[i]);
        (void)unlink(path);
    }
    (void)rmdir(dir);
}

static void connect_bus(uint16_t port)
{
    struct bus *bus = NULL;
    struct err err = { 0 };
    struct bus_options o = {
        .host = NAME, .port = port, .client_id = "several", .patience_ms = 300
    };
    assert_true(bus_open(&o, &bus, &err));
    for (uint64_t end_ms = clock_steady_ms() + LIMIT_MS; !bus_is_connected(bus);) {
        struct pollfd fds = { .fd = bus_fd(bus), .events = bus_events(bus) };
        if (clock_steady_ms() > end_ms)
            fail_msg("waited in vain for the broker: %s", bus_last_error(bus)->msg);
        (void)poll(&fds, 1, bus_timeout_ms(bus, clock_steady_ms()));
        bus_service(bus, fds.revents, clock_steady_ms());
    }
    bus_close(bus);
}

static void a_client_finds_the_broker_among_them(void **state)
{
    (void)state;
    char dir[] = "/tmp/waybill-probe-XXXXXX";
    struct err err = { 0 };
    struct broker broker;
    struct silent silent;
    assert_non_null(mkdtemp(dir));
    struct broker_options options = { .dir = dir };
    if (!broker_start(&options, &broker, &err))
        fail_msg("%s", err.msg);
    resolve("127.0.0.2", "127.0.0.1", NULL); /* refuses */
    connect_bus(broker.port);
    int mute = listen_at("127.0.0.2", &broker.port, 64); /* accepts, and never says a word */
    connect_bus(broker.port);
    (void)close(mute);
    fill(&silent, "127.0.0.2", broker.port);
    connect_bus(broker.port);
    end(&silent);
    broker_stop(&broker);
    remove_dir(dir);
}

/* ------------------------------------------------------------------ HTTPS */

static bool was_reached(int fd)
{
    struct pollfd fds = { .fd = fd, .events = POLLIN };
    return poll(&fds, 1, 0) > 0;
}

static void reach(struct http_client *client, int fd)
{
    struct http_reply reply;
    struct err err = { 0 };
    for (uint64_t end_ms = clock_steady_ms() + LIMIT_MS; !was_reached(fd);) {
        if (clock_steady_ms() > end_ms)
            fail_msg("waited in vain for a connection: %s", err.msg);
        assert_false(http_client_get(client, "/", NULL, &reply, &err));
        http_reply_free(&reply);
    }
}

/* It accepts, and says nothing; libcurl alone would begin with it every time. Nobody answers at the other. */
static void https_gets_past_another_program(void **state)
{
    (void)state;
    char url[64];
    uint16_t port = 0;
    struct http_client *client = NULL;
    struct err err = { 0 };
    int fd = listen_at("127.0.0.1", &port, 64);
    int mute = listen_at("127.0.0.2", &port, 64);
    resolve("127.0.0.2", "127.0.0.1", NULL);
    (void)snprintf(url, sizeof url, "https://" NAME ":%u", port);
    struct http_client_options o = { .base_url = url, .timeout_ms = 500 };
    assert_true(http_client_open(&o, &client, &err));
    reach(client, fd);
    assert_true(was_reached(mute));
    http_client_close(client);
    (void)close(mute);
    (void)close(fd);
}

/* The only one is tried every time, however often it came to nothing. */
static void https_does_not_give_up_the_last_address(void **state)
{
    (void)state;
    char url[64];
    uint16_t port = 0;
    struct http_client *client = NULL;
    struct err err = { 0 };
    int fd = listen_at("127.0.0.1", &port, 64);
    resolve("127.0.0.1", NULL, NULL);
    (void)snprintf(url, sizeof url, "https://" NAME ":%u", port);
    struct http_client_options o = { .base_url = url, .timeout_ms = 200 };
    assert_true(http_client_open(&o, &client, &err));
    for (int i = 0; i < 3; i++) {
        reach(client, fd);
        (void)close(accept(fd, NULL, NULL));
    }
    http_client_close(client);
    (void)close(fd);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_that_refuses_is_passed),
        cmocka_unit_test(one_that_is_silent_is_passed_when_its_time_is_up),
        cmocka_unit_test(one_address_is_left_to_its_name),
        cmocka_unit_test(a_client_finds_the_broker_among_them),
        cmocka_unit_test(https_gets_past_another_program),
        cmocka_unit_test(https_does_not_give_up_the_last_address),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
