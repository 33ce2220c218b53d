/* The MQTT client against a real mosquitto, which broker.c starts on the loopback interface. */
#include "common/bus.h"

#include "common/broker.h"
#include "common/clock.h"

#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define LIMIT_MS 20000
#define FLOOD    40000

static char dir[32];
static struct broker broker;

struct inbox {
    size_t count;
    size_t bytes;
    char topic[BUS_MAX_TOPIC];
    char text[256];
    bool retained;
};

static void remember(void *user, const struct bus_message *m)
{
    struct inbox *in = user;
    in->count++;
    in->bytes += m->payload.len;
    in->retained = m->retained;
    (void)snprintf(in->topic, sizeof in->topic, "%s", m->topic);
    (void)snprintf(in->text, sizeof in->text, "%.*s", (int)m->payload.len,
                   m->payload.len > 0 ? (const char *)m->payload.data : "");
}

static void remove_dir(void)
{
    static const char *const names[] = { "mosquitto.conf", "mosquitto.log", "mosquitto.db" };
    char path[64];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", dir, names[i]);
        (void)unlink(path);
    }
    (void)rmdir(dir);
}

static void start_broker(uint16_t port)
{
    struct err err = { 0 };
    struct broker_options options = { .dir = dir, .port = port };
    if (!broker_start(&options, &broker, &err))
        fail_msg("%s", err.msg);
}

static int setup(void **state)
{
    (void)state;
    (void)snprintf(dir, sizeof dir, "/tmp/waybill-bus-XXXXXX");
    assert_non_null(mkdtemp(dir));
    start_broker(0);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    broker_stop(&broker);
    remove_dir();
    return 0;
}

static struct bus *open_bus(const char *id, uint32_t expiry_s, struct inbox *in)
{
    struct bus *bus = NULL;
    struct err err = { 0 };
    struct bus_options o = { .host = "127.0.0.1",
                             .port = broker.port,
                             .client_id = id,
                             .session_expiry_s = expiry_s,
                             .on_message = in != NULL ? remember : NULL,
                             .user = in };
    if (!bus_open(&o, &bus, &err))
        fail_msg("%s", err.msg);
    return bus;
}

/* One turn of a poll loop over up to two clients. */
static void turn(struct bus *a, struct bus *b)
{
    struct bus *const all[] = { a, b };
    struct pollfd fds[2];
    int timeout = 100;
    for (size_t i = 0; i < 2; i++) {
        fds[i] = (struct pollfd){ .fd = -1 };
        if (all[i] == NULL)
            continue;
        int wait = bus_timeout_ms(all[i], clock_steady_ms());
        timeout = wait < timeout ? wait : timeout;
        fds[i] = (struct pollfd){ .fd = bus_fd(all[i]), .events = bus_events(all[i]) };
    }
    (void)poll(fds, 2, timeout);
    for (size_t i = 0; i < 2; i++)
        if (all[i] != NULL)
            bus_service(all[i], fds[i].revents, clock_steady_ms());
}

static void turn_before(uint64_t end_ms, struct bus *a, struct bus *b, const char *hope)
{
    if (clock_steady_ms() > end_ms)
        fail_msg("waited in vain for %s", hope);
    turn(a, b);
}

/* Turns until the condition holds. */
#define TURN_UNTIL(a, b, condition)                                     \
    for (uint64_t end_ms = clock_steady_ms() + LIMIT_MS; !(condition);) \
    turn_before(end_ms, (a), (b), #condition)

static void publish(struct bus *bus, const char *topic, const char *text, bool retain)
{
    struct err err = { 0 };
    struct bus_ack ack;
    int mid = -1;
    struct bus_publish m = {
        .topic = topic, .payload = slice_text(text), .qos = 1, .retain = retain
    };
    if (!bus_publish(bus, &m, &mid, &err))
        fail_msg("%s", err.msg);
    assert_int_equal(bus_outstanding(bus), 1);
    TURN_UNTIL(bus, NULL, bus_take_ack(bus, &ack));
    assert_int_equal(ack.mid, mid);
    assert_true(ack.reason < 128);
    assert_int_equal(bus_outstanding(bus), 0);
    assert_false(bus_take_ack(bus, &ack));
}

static void test_messages_arrive_and_are_acknowledged(void **state)
{
    (void)state;
    struct inbox in = { 0 };
    struct err err = { 0 };
    struct bus *a = open_bus("a", 0, NULL);
    struct bus *b = open_bus("b", 0, &in);
    assert_false(bus_is_connected(a));
    struct bus_publish early = { .topic = "x", .qos = 1 };
    assert_false(bus_publish(a, &early, NULL, &err));
    assert_int_equal(err.code, ERR_BUSY);
    assert_true(bus_subscribe(b, "wb/1/+/up", &err));
    assert_false(bus_subscribe(b, "wb/#/up", &err));
    assert_int_equal(err.code, ERR_INPUT);
    TURN_UNTIL(a, b, bus_is_connected(a) && bus_is_connected(b));
    publish(a, "wb/1/k/up", "hello", false);
    TURN_UNTIL(a, b, in.count == 1);
    assert_string_equal(in.topic, "wb/1/k/up");
    assert_string_equal(in.text, "hello");
    assert_false(in.retained);
    struct bus_publish quick = { .topic = "wb/1/q/up", .payload = slice_text("0"), .expiry_s = 5 };
    assert_true(bus_publish(a, &quick, NULL, &err));
    TURN_UNTIL(a, b, in.count == 2);
    assert_int_equal(bus_outstanding(a), 0);
    bus_close(a);
    bus_close(b);
    bus_close(NULL);
}

static void test_retained_and_will(void **state)
{
    (void)state;
    struct inbox in = { 0 };
    struct err err = { 0 };
    struct bus *a = NULL;
    struct bus_options o = { .host = "127.0.0.1",
                             .port = broker.port,
                             .client_id = "dying",
                             .will_topic = "wb/1/k/status",
                             .will_payload = slice_text("offline") };
    assert_true(bus_open(&o, &a, &err));
    TURN_UNTIL(a, NULL, bus_is_connected(a));
    publish(a, "wb/1/k/status", "online", true);
    struct bus *b = open_bus("b", 0, &in);
    assert_true(bus_subscribe(b, "wb/1/+/status", &err));
    TURN_UNTIL(a, b, in.count == 1);
    assert_true(in.retained);
    assert_string_equal(in.text, "online");
    assert_int_equal(shutdown(bus_fd(a), SHUT_RDWR), 0);
    TURN_UNTIL(b, NULL, in.count == 2);
    assert_string_equal(in.text, "offline");
    bus_close(a);
    bus_close(b);
}

static void test_a_persistent_session_loses_nothing(void **state)
{
    (void)state;
    struct inbox in = { 0 };
    struct err err = { 0 };
    struct bus *a = open_bus("a", 0, NULL);
    struct bus *b = open_bus("keeps", 3600, &in);
    assert_true(bus_subscribe(b, "t/#", &err));
    TURN_UNTIL(a, b, bus_is_connected(a) && bus_is_connected(b));
    publish(a, "t/1", "1", false);
    TURN_UNTIL(a, b, in.count == 1);
    bus_close(b);
    publish(a, "t/2", "2", false);
    publish(a, "t/3", "3", false);
    b = open_bus("keeps", 3600, &in);
    assert_true(bus_subscribe(b, "t/#", &err));
    TURN_UNTIL(a, b, in.count == 3);
    assert_string_equal(in.text, "3");
    bus_close(a);
    bus_close(b);
}

static void test_reconnects_after_the_broker_died(void **state)
{
    (void)state;
    struct inbox in = { 0 };
    struct err err = { 0 };
    uint16_t port = broker.port;
    struct bus *a = open_bus("a", 3600, &in);
    assert_true(bus_subscribe(a, "t", &err));
    TURN_UNTIL(a, NULL, bus_is_connected(a));
    assert_int_equal(kill(broker.pid, SIGKILL), 0);
    TURN_UNTIL(a, NULL, !bus_is_connected(a));
    assert_int_equal(bus_last_error(a)->code, ERR_IO);
    TURN_UNTIL(a, NULL, !broker_is_running(&broker));
    TURN_UNTIL(a, NULL, strstr(bus_last_error(a)->msg, "refused") != NULL);
    start_broker(port);
    TURN_UNTIL(a, NULL, bus_is_connected(a));
    assert_int_equal(bus_last_error(a)->code, ERR_NONE);
    publish(a, "t", "again", false);
    TURN_UNTIL(a, NULL, in.count == 1);
    bus_close(a);
}

static void test_backoff_grows_with_the_callers_time(void **state)
{
    (void)state;
    struct bus *bus = NULL;
    struct err err = { 0 };
    struct bus_options o = { .host = "127.0.0.1", .port = 1, .client_id = "nobody" };
    uint64_t now = 1000;
    int longest = 0;
    assert_true(bus_open(&o, &bus, &err));
    for (int i = 0; i < 400; i++) {
        int wait = bus_timeout_ms(bus, now);
        if (bus_fd(bus) >= 0) { /* a refusal on the loopback interface is there at once */
            struct pollfd p = { .fd = bus_fd(bus), .events = bus_events(bus) };
            (void)poll(&p, 1, 1000);
            bus_service(bus, p.revents, now);
            continue;
        }
        longest = wait > longest ? wait : longest;
        now += (uint64_t)wait;
        bus_service(bus, 0, now);
    }
    assert_in_range(longest, 20000, 30000);
    assert_in_range(now, 2000000, 6000000);
    bus_close(bus);
}

static void test_pause_leaves_messages_with_the_broker(void **state)
{
    (void)state;
    struct inbox in = { 0 };
    struct err err = { 0 };
    struct bus *a = open_bus("a", 0, NULL);
    struct bus *b = open_bus("b", 0, &in);
    assert_true(bus_subscribe(b, "t", &err));
    TURN_UNTIL(a, b, bus_is_connected(a) && bus_is_connected(b));
    publish(a, "t", "first", false);
    TURN_UNTIL(a, b, in.count == 1);
    bus_pause(b, true);
    for (int i = 0; i < 5; i++)
        publish(a, "t", "later", false);
    turn(a, b);
    assert_int_equal(in.count, 1);
    bus_pause(b, false);
    TURN_UNTIL(a, b, in.count == 6);
    bus_close(a);
    bus_close(b);
}

/* Messages to a subscriber who was away wait at the broker; then they come as fast as we can read. */
static void test_flood(void **state)
{
    (void)state;
    struct inbox in = { 0 };
    struct err err = { 0 };
    uint8_t payload[200] = { 7 };
    struct bus_publish m = { .topic = "t", .payload = slice_of(payload, sizeof payload), .qos = 1 };
    struct bus_ack ack;
    struct bus *a = open_bus("a", 0, NULL);
    struct bus *b = open_bus("slow", 3600, &in);
    assert_true(bus_subscribe(b, "t", &err));
    TURN_UNTIL(a, b, bus_is_connected(a) && bus_is_connected(b));
    publish(a, "t", "subscribed", false);
    TURN_UNTIL(a, b, in.count == 1);
    bus_close(b);
    size_t sent = 0;
    size_t acked = 0;
    uint64_t limit = clock_steady_ms() + LIMIT_MS;
    while (acked < FLOOD && clock_steady_ms() < limit) {
        while (sent < FLOOD && bus_publish(a, &m, NULL, &err))
            sent++;
        turn(a, NULL);
        while (bus_take_ack(a, &ack))
            acked++;
    }
    assert_int_equal(acked, FLOOD);
    b = open_bus("slow", 3600, &in);
    assert_true(bus_subscribe(b, "t", &err));
    TURN_UNTIL(b, NULL, bus_is_connected(b));
    uint64_t start = clock_steady_ms();
    TURN_UNTIL(b, NULL, in.count == FLOOD + 1);
    uint64_t took = clock_steady_ms() - start;
    print_message("%d QoS 1 messages in %llu ms\n", FLOOD, (unsigned long long)took);
    assert_int_equal(in.bytes, FLOOD * sizeof payload + strlen("subscribed"));
    bus_close(a);
    bus_close(b);
}

static void test_the_largest_message(void **state)
{
    (void)state;
    struct inbox in = { 0 };
    struct err err = { 0 };
    uint8_t *big = calloc(1, BUS_MAX_PACKET + 1);
    assert_non_null(big);
    struct bus_publish m = { .topic = "t", .payload = slice_of(big, 262144), .qos = 1 };
    struct bus *a = open_bus("a", 0, &in);
    assert_true(bus_subscribe(a, "t", &err));
    TURN_UNTIL(a, NULL, bus_is_connected(a));
    assert_true(bus_publish(a, &m, NULL, &err));
    TURN_UNTIL(a, NULL, in.count == 1);
    assert_int_equal(in.bytes, 262144);
    m.payload = slice_of(big, BUS_MAX_PACKET); /* with its topic it is too large */
    assert_false(bus_publish(a, &m, NULL, &err));
    m.payload = slice_of(big, BUS_MAX_PACKET + 1);
    assert_false(bus_publish(a, &m, NULL, &err));
    assert_int_equal(err.code, ERR_INPUT);
    assert_true(bus_is_connected(a));
    bus_close(a);
    free(big);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_messages_arrive_and_are_acknowledged, setup, teardown),
        cmocka_unit_test_setup_teardown(test_retained_and_will, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_persistent_session_loses_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_reconnects_after_the_broker_died, setup, teardown),
        cmocka_unit_test(test_backoff_grows_with_the_callers_time),
        cmocka_unit_test_setup_teardown(test_pause_leaves_messages_with_the_broker, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_flood, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_largest_message, setup, teardown),
    };
    return cmocka_run_group_tests_name("bus", tests, NULL, NULL);
}
