#include "common/bus.h"

#include "common/bus_probe.h"
#include "common/rand.h"

#include <assert.h>
#include <errno.h>
#include <mosquitto.h>
#include <mqtt_protocol.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define KEEPALIVE_S    30
#define MISC_PERIOD_MS 1000
#define PROBE_LIMIT_MS 10000
#define HELLO_LIMIT_MS 15000 /* from the TCP connection to the broker's CONNACK */
#define BACKOFF_MIN_MS 200
#define BACKOFF_MAX_MS 30000
#define DRAIN_MAX      512 /* packets read in one bus_service() */
#define MID_COUNT      65536

enum bus_state {
    BUS_WAITING, /* until retry_at_ms */
    BUS_PROBING, /* a TCP connection of our own shows that the host answers: libmosquitto's blocks */
    BUS_GREETING,
    BUS_CONNECTED,
};

struct bus {
    struct mosquitto *client;
    enum bus_state state;
    char *host, *client_id;
    uint16_t port, keepalive_s;
    uint32_t session_expiry_s;
    bool tls, paused;
    int subscribe_qos;
    size_t max_packet;
    uint64_t patience_ms;
    struct bus_probe probe;
    uint64_t deadline_ms; /* of GREETING */
    uint64_t retry_at_ms;
    uint64_t backoff_ms;
    uint64_t misc_at_ms;
    bus_message_fn *on_message;
    void *user;
    struct err why;
    char filters[BUS_MAX_FILTERS][BUS_MAX_TOPIC];
    size_t filter_count;
    size_t unanswered; /* subscriptions sent in this connection, without a SUBACK so far */
    uint8_t pending[MID_COUNT / 8]; /* QoS 1 messages not yet acknowledged */
    size_t outstanding;
    struct bus_ack acks[BUS_MAX_OUTSTANDING]; /* a ring */
    size_t ack_first;
    size_t ack_count;
};

/* ------------------------------------------------------------------ what libmosquitto calls */

static void send_subscribe(struct bus *bus, const char *filter)
{
    int rc = mosquitto_subscribe_v5(bus->client, NULL, filter, bus->subscribe_qos, 0, NULL);
    if (rc != MOSQ_ERR_SUCCESS)
        (void)err_set(&bus->why, ERR_IO, "subscribing to %s: %s", filter, mosquitto_strerror(rc));
    bus->unanswered++;
}

static void on_connect(struct mosquitto *client, void *user, int reason, int flags,
                       const mosquitto_property *properties)
{
    struct bus *bus = user;
    (void)client;
    (void)flags;
    (void)properties;
    if (reason != 0) {
        (void)err_set(&bus->why, ERR_REFUSED, "the broker at %s:%u refused us: %s", bus->host,
                      bus->port, mosquitto_reason_string(reason));
        return;
    }
    bus->state = BUS_CONNECTED;
    bus->backoff_ms = 0;
    bus->unanswered = 0;
    bus->why = (struct err){ .code = ERR_NONE };
    for (size_t i = 0; i < bus->filter_count; i++)
        send_subscribe(bus, bus->filters[i]);
}

static void on_disconnect(struct mosquitto *client, void *user, int reason,
                          const mosquitto_property *properties)
{
    struct bus *bus = user;
    (void)client;
    (void)properties;
    if (bus->why.code == ERR_NONE)
        (void)err_set(&bus->why, ERR_IO, "the connection to %s:%u was lost: %s", bus->host,
                      bus->port,
                      reason >= BUS_REASON_REFUSED ? mosquitto_reason_string(reason)
                                                   : mosquitto_strerror(reason));
}

static void on_message(struct mosquitto *client, void *user,
                       const struct mosquitto_message *message)
{
    struct bus *bus = user;
    int saved = errno; /* bus_service() learns from it when the socket is empty */
    (void)client;
    struct bus_message m = {
        .topic = message->topic,
        .payload = slice_of(message->payload, (size_t)message->payloadlen),
        .retained = message->retain,
    };
    if (bus->on_message != NULL)
        bus->on_message(bus->user, &m);
    errno = saved;
}

static bool is_pending(const struct bus *bus, int mid)
{
    return (bus->pending[mid / 8] >> mid % 8 & 1) != 0;
}

static void flip_pending(struct bus *bus, int mid)
{
    bus->pending[mid / 8] = (uint8_t)(bus->pending[mid / 8] ^ 1 << mid % 8);
}

static void on_publish(struct mosquitto *client, void *user, int mid, int reason,
                       const mosquitto_property *properties)
{
    struct bus *bus = user;
    (void)client;
    (void)properties;
    if (mid < 0 || mid >= MID_COUNT || !is_pending(bus, mid))
        return; /* QoS 0 */
    flip_pending(bus, mid);
    bus->outstanding--;
    if (bus->ack_count == BUS_MAX_OUTSTANDING) { /* nobody takes them: the oldest goes */
        bus->ack_first = (bus->ack_first + 1) % BUS_MAX_OUTSTANDING;
        bus->ack_count--;
    }
    size_t at = (bus->ack_first + bus->ack_count++) % BUS_MAX_OUTSTANDING;
    bus->acks[at] = (struct bus_ack){ .mid = mid, .reason = reason };
}

static void on_subscribe(struct mosquitto *client, void *user, int mid, int count,
                         const int *granted)
{
    struct bus *bus = user;
    (void)client;
    (void)mid;
    bus->unanswered -= bus->unanswered > 0;
    for (int i = 0; i < count; i++)
        if (granted[i] >= BUS_REASON_REFUSED)
            (void)err_set(&bus->why, ERR_REFUSED, "the broker denied a subscription: %s",
                          mosquitto_reason_string(granted[i]));
}

/* ------------------------------------------------------------------ making and closing */

static bool mosquitto_failed(int rc, const char *what, struct err *err)
{
    if (rc == MOSQ_ERR_SUCCESS)
        return false;
    (void)err_set(err, rc == MOSQ_ERR_INVAL ? ERR_INPUT : ERR_IO, "%s: %s", what,
                  mosquitto_strerror(rc));
    return true;
}

static bool set_options(struct bus *bus, const struct bus_options *o, struct err *err)
{
    struct mosquitto *c = bus->client;
    static const struct {
        enum mosq_opt_t option;
        int value;
    } numbers[] = {
        { MOSQ_OPT_PROTOCOL_VERSION, MQTT_PROTOCOL_V5 },
        { MOSQ_OPT_TCP_NODELAY, 1 },
        { MOSQ_OPT_RECEIVE_MAXIMUM, BUS_RECEIVE_MAX },
        { MOSQ_OPT_SEND_MAXIMUM, BUS_MAX_OUTSTANDING },
    };
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        if (mosquitto_failed(mosquitto_int_option(c, numbers[i].option, numbers[i].value),
                             "MQTT option", err))
            return false;
    if (o->username != NULL &&
        mosquitto_failed(mosquitto_username_pw_set(c, o->username, o->password), "user name", err))
        return false;
    if (o->ca_file != NULL &&
        (mosquitto_failed(
             mosquitto_tls_set(c, o->ca_file, NULL, o->certificate_file, o->key_file, NULL),
             o->ca_file, err) ||
         mosquitto_failed(mosquitto_tls_insecure_set(c, o->pinned), "TLS", err)))
        return false;
    if (o->will_topic != NULL &&
        mosquitto_failed(mosquitto_will_set_v5(c, o->will_topic, (int)o->will_payload.len,
                                               o->will_payload.data, 1, true, NULL),
                         o->will_topic, err))
        return false;
    mosquitto_connect_v5_callback_set(c, on_connect);
    mosquitto_disconnect_v5_callback_set(c, on_disconnect);
    mosquitto_message_callback_set(c, on_message);
    mosquitto_publish_v5_callback_set(c, on_publish);
    mosquitto_subscribe_callback_set(c, on_subscribe);
    return true;
}

static uint64_t limit_ms(const struct bus *bus, uint64_t usual_ms)
{
    return bus->patience_ms > 0 ? bus->patience_ms : usual_ms;
}

bool bus_open(const struct bus_options *options, struct bus **ret_bus, struct err *err)
{
    struct bus *bus = calloc(1, sizeof *bus);
    if (bus == NULL)
        return err_set(err, ERR_IO, "out of memory");
    (void)mosquitto_lib_init();
    (void)signal(SIGPIPE, SIG_IGN); /* libmosquitto writes to sockets the broker may have closed */
    bus->host = strdup(options->host);
    bus->client_id = strdup(options->client_id);
    bus->port = options->port;
    bus->keepalive_s = options->keepalive_s > 0 ? options->keepalive_s : KEEPALIVE_S;
    bus->session_expiry_s = options->session_expiry_s;
    bus->tls = options->ca_file != NULL;
    bus->subscribe_qos = options->at_most_once ? 0 : 1;
    bus->max_packet = options->max_packet > 0 ? options->max_packet : BUS_MAX_PACKET;
    bus->patience_ms = options->patience_ms;
    bus->probe = (struct bus_probe){ .limit_ms = limit_ms(bus, PROBE_LIMIT_MS),
                                     .by_name = bus->tls && !options->pinned, /* it is verified */
                                     .fd = -1 };
    bus->on_message = options->on_message;
    bus->user = options->user;
    if (bus->host != NULL && bus->client_id != NULL)
        bus->client = mosquitto_new(bus->client_id, options->session_expiry_s == 0, bus);
    bool good = bus->client != NULL ? set_options(bus, options, err)
                                    : err_set(err, ERR_IO, "MQTT client: %s", strerror(errno));
    if (!good) {
        bus_close(bus);
        return false;
    }
    *ret_bus = bus;
    return true;
}

void bus_close(struct bus *bus)
{
    if (bus == NULL)
        return;
    bus_probe_close(&bus->probe);
    if (bus->client != NULL) {
        if (bus->state == BUS_CONNECTED)
            (void)mosquitto_disconnect_v5(bus->client, 0, NULL);
        mosquitto_destroy(bus->client);
    }
    (void)mosquitto_lib_cleanup();
    free(bus->host);
    free(bus->client_id);
    free(bus);
}

/* ------------------------------------------------------------------ connecting */

static void wait_longer(struct bus *bus, uint64_t now_ms)
{
    uint16_t jitter = 0;
    rand_system(&jitter, sizeof jitter);
    bus_probe_close(&bus->probe);
    bus->backoff_ms = bus->backoff_ms == 0 ? BACKOFF_MIN_MS : bus->backoff_ms * 2;
    if (bus->backoff_ms > limit_ms(bus, BACKOFF_MAX_MS))
        bus->backoff_ms = limit_ms(bus, BACKOFF_MAX_MS);
    /* half of it by chance: clients that lost one broker do not all come back at once */
    bus->retry_at_ms = now_ms + bus->backoff_ms / 2 + jitter % (bus->backoff_ms / 2 + 1);
    bus->state = BUS_WAITING;
}

static void give_up(struct bus *bus, uint64_t now_ms, const char *why)
{
    if (bus->state == BUS_GREETING)
        bus_probe_pass(&bus->probe);
    if (bus->why.code == ERR_NONE || bus->state == BUS_PROBING)
        (void)err_set(&bus->why, ERR_IO, "no connection to %s:%u: %s", bus->host, bus->port, why);
    wait_longer(bus, now_ms);
}

static void start_probe(struct bus *bus, uint64_t now_ms)
{
    const char *why = NULL;
    bus->state = BUS_PROBING;
    if (!bus_probe_start(&bus->probe, bus->host, bus->port, now_ms, &why))
        give_up(bus, now_ms, why);
}

static int connect_client(struct bus *bus)
{
    char address[BUS_PROBE_TEXT_SIZE];
    bool by_name = bus->probe.by_name || !bus_probe_chose(&bus->probe, address);
    mosquitto_property *properties = NULL;
    int rc = mosquitto_property_add_int32(&properties, MQTT_PROP_MAXIMUM_PACKET_SIZE,
                                          (uint32_t)bus->max_packet);
    if (rc == MOSQ_ERR_SUCCESS && bus->session_expiry_s > 0)
        rc = mosquitto_property_add_int32(&properties, MQTT_PROP_SESSION_EXPIRY_INTERVAL,
                                          bus->session_expiry_s);
    if (rc == MOSQ_ERR_SUCCESS)
        rc = mosquitto_connect_bind_v5(bus->client, by_name ? bus->host : address, bus->port,
                                       bus->keepalive_s, NULL, properties);
    mosquitto_property_free_all(&properties);
    return rc;
}

static void finish_probe(struct bus *bus, uint64_t now_ms)
{
    const char *why = NULL;
    enum bus_probe_result result = bus_probe_step(&bus->probe, now_ms, &why);
    if (result == BUS_PROBE_FAILED)
        give_up(bus, now_ms, why);
    if (result != BUS_PROBE_ANSWERED)
        return;
    bus_probe_close(&bus->probe);
    bus->why.code = ERR_NONE;
    bus->state = BUS_GREETING;
    bus->deadline_ms = now_ms + limit_ms(bus, HELLO_LIMIT_MS);
    bus->misc_at_ms = now_ms + MISC_PERIOD_MS;
    int rc = connect_client(bus);
    if (rc != MOSQ_ERR_SUCCESS)
        give_up(bus, now_ms, rc == MOSQ_ERR_ERRNO ? strerror(errno) : mosquitto_strerror(rc));
}

/* ------------------------------------------------------------------ the loop */

int bus_fd(const struct bus *bus)
{
    if (bus->state == BUS_PROBING)
        return bus->probe.fd;
    return bus->state == BUS_WAITING || bus_events(bus) == 0 ? -1 : mosquitto_socket(bus->client);
}

short bus_events(const struct bus *bus)
{
    if (bus->state == BUS_WAITING || bus->state == BUS_PROBING)
        return bus->state == BUS_WAITING ? 0 : POLLOUT;
    return (short)((bus->paused ? 0 : POLLIN) | (mosquitto_want_write(bus->client) ? POLLOUT : 0));
}

int bus_timeout_ms(const struct bus *bus, uint64_t now_ms)
{
    uint64_t at = bus->state == BUS_WAITING   ? bus->retry_at_ms
                  : bus->state == BUS_PROBING ? bus->probe.deadline_ms
                                              : bus->misc_at_ms;
    return at > now_ms ? (int)(at - now_ms) : 0;
}

/* Reads until the socket is empty, or enough for one turn. */
static int drain(struct bus *bus)
{
    int rc = MOSQ_ERR_SUCCESS;
    for (int i = 0; i < DRAIN_MAX && rc == MOSQ_ERR_SUCCESS && !bus->paused; i++) {
        errno = 0;
        rc = mosquitto_loop_read(bus->client, 1);
        if (errno == EAGAIN)
            break;
    }
    return rc;
}

static void service_client(struct bus *bus, short revents, uint64_t now_ms)
{
    int rc = MOSQ_ERR_SUCCESS;
    /* TLS may hold bytes that poll() does not see */
    if (!bus->paused && (bus->tls || (revents & (POLLIN | POLLERR | POLLHUP)) != 0))
        rc = drain(bus);
    if (rc == MOSQ_ERR_SUCCESS && mosquitto_want_write(bus->client))
        rc = mosquitto_loop_write(bus->client, 1);
    if (rc == MOSQ_ERR_SUCCESS && now_ms >= bus->misc_at_ms) {
        bus->misc_at_ms = now_ms + MISC_PERIOD_MS;
        rc = mosquitto_loop_misc(bus->client);
    }
    /* libmosquitto does not notice an end within the TLS handshake */
    bool late = bus->state == BUS_GREETING &&
                (now_ms >= bus->deadline_ms || bus_probe_ended(mosquitto_socket(bus->client)));
    if (rc == MOSQ_ERR_SUCCESS && mosquitto_socket(bus->client) >= 0 && !late)
        return;
    if (late)
        (void)mosquitto_disconnect_v5(bus->client, 0, NULL); /* closes the socket */
    give_up(bus, now_ms, late ? "it does not answer" : mosquitto_strerror(rc));
}

void bus_service(struct bus *bus, short revents, uint64_t now_ms)
{
    switch (bus->state) {
    case BUS_WAITING:
        if (now_ms >= bus->retry_at_ms)
            start_probe(bus, now_ms);
        break;
    case BUS_PROBING: finish_probe(bus, now_ms); break;
    case BUS_GREETING:
    case BUS_CONNECTED: service_client(bus, revents, now_ms); break;
    }
}

void bus_drop(struct bus *bus, uint64_t now_ms)
{
    if (bus->state != BUS_GREETING && bus->state != BUS_CONNECTED)
        return;
    (void)mosquitto_disconnect_v5(bus->client, 0, NULL); /* closes the socket */
    give_up(bus, now_ms, "it fell silent");
}

bool bus_is_connected(const struct bus *bus)
{
    return bus->state == BUS_CONNECTED && bus->unanswered == 0;
}

const struct err *bus_last_error(const struct bus *bus)
{
    return &bus->why;
}

void bus_pause(struct bus *bus, bool pause)
{
    bus->paused = pause;
}

/* ------------------------------------------------------------------ messages */

bool bus_subscribe(struct bus *bus, const char *filter, struct err *err)
{
    if (strlen(filter) >= BUS_MAX_TOPIC || mosquitto_sub_topic_check(filter) != MOSQ_ERR_SUCCESS)
        return err_set(err, ERR_INPUT, "\"%.80s\" is no MQTT topic filter", filter);
    if (bus->filter_count == BUS_MAX_FILTERS)
        return err_set(err, ERR_BUSY, "more than %d subscriptions", BUS_MAX_FILTERS);
    char *mine = bus->filters[bus->filter_count++];
    (void)snprintf(mine, BUS_MAX_TOPIC, "%s", filter);
    if (bus->state == BUS_CONNECTED)
        send_subscribe(bus, mine);
    return true;
}

static int publish(struct bus *bus, const struct bus_publish *m, int *ret_mid)
{
    mosquitto_property *properties = NULL;
    int rc = MOSQ_ERR_SUCCESS;
    if (m->expiry_s > 0)
        rc = mosquitto_property_add_int32(&properties, MQTT_PROP_MESSAGE_EXPIRY_INTERVAL,
                                          m->expiry_s);
    if (rc == MOSQ_ERR_SUCCESS)
        rc = mosquitto_publish_v5(bus->client, ret_mid, m->topic, (int)m->payload.len,
                                  m->payload.data, m->qos, m->retain, properties);
    mosquitto_property_free_all(&properties);
    return rc;
}

bool bus_publish(struct bus *bus, const struct bus_publish *message, int *ret_mid, struct err *err)
{
    int mid = 0;
    assert(message->qos == 0 || message->qos == 1);
    if (message->payload.len > bus->max_packet)
        return err_set(err, ERR_INPUT, "a message of %zu bytes is larger than %zu",
                       message->payload.len, bus->max_packet);
    if (bus->state != BUS_CONNECTED)
        return err_set(err, ERR_BUSY, "not connected to %s:%u", bus->host, bus->port);
    if (message->qos > 0 && bus->outstanding >= BUS_MAX_OUTSTANDING)
        return err_set(err, ERR_BUSY, "%d messages await the broker's acknowledgement",
                       BUS_MAX_OUTSTANDING);
    int rc = publish(bus, message, &mid);
    if (rc == MOSQ_ERR_NO_CONN || rc == MOSQ_ERR_CONN_LOST)
        return err_set(err, ERR_BUSY, "the connection to %s:%u was just lost", bus->host,
                       bus->port);
    if (mosquitto_failed(rc, message->topic, err))
        return false;
    if (message->qos > 0 && !is_pending(bus, mid)) {
        flip_pending(bus, mid);
        bus->outstanding++;
    }
    if (ret_mid != NULL)
        *ret_mid = mid;
    return true;
}

size_t bus_outstanding(const struct bus *bus)
{
    return bus->outstanding;
}

bool bus_take_ack(struct bus *bus, struct bus_ack *ret_ack)
{
    if (bus->ack_count == 0)
        return false;
    *ret_ack = bus->acks[bus->ack_first];
    bus->ack_first = (bus->ack_first + 1) % BUS_MAX_OUTSTANDING;
    bus->ack_count--;
    return true;
}
