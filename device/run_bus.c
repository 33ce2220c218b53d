#include "device/run_parts.h"

#include "common/file.h"
#include "common/log.h"
#include "common/rand.h"

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#define SESSION_S     (30u * 24 * 3600) /* how long the broker keeps acks for a device that is away */
#define GOODBYE_MS    1000
#define SET_FILE      "set.cbor"
#define HINT_SIZE_MAX 64
#define REACH_MS      3000 /* a broker not reached for so long is left for the next one */
#define PROOF_RESENDS 5    /* and one that brings no ack in so many times the resend interval */

static const char head_topic[] = "wb/1/head";
static const char set_topic[] = "wb/1/set";

/* ------------------------------------------------------------------ acks */

static void log_refusals(const struct summary *s)
{
    struct cbor_reader r = cbor_reader(s->refusals);
    for (size_t n = cbor_take_array(&r); n > 0 && !r.failed; n--) {
        cbor_take_array_of(&r, 2);
        uint64_t seq = cbor_take_uint(&r);
        uint64_t code = cbor_take_uint(&r);
        const struct refusal_entry *entry = refusal_find(code);
        log_warn("statement %" PRIu64 " is recorded but refused: %s: %s", seq, refusal_name(code),
                 entry != NULL ? entry->sentence : "a code of a later version");
    }
}

/* What the ledger will never take is not deleted: it goes where somebody can look at it. */
static void set_stuck_aside(struct run *r)
{
    uint64_t seq;
    struct err err;
    while (agent_ack_next_stuck(r->agent, &seq)) {
        if (!outbox_set_aside(r->outbox, seq, &err)) {
            log_error("%s", err.msg);
            return;
        }
        agent_ack_set_aside(r->agent, seq);
        log_warn("statement %" PRIu64
                 " can't enter the ledger any more (its gap was closed as lost); kept as "
                 "%s/aside/%" PRIu64 ".cose",
                 seq, r->setup->outbox.path, seq);
    }
}

static void free_acked(struct run *r, const struct agent_ack *ack)
{
    struct err err;
    if (ack->freed == 0)
        return;
    r->acked_count += ack->freed;
    r->progress_ms = r->proven_ms = r->steady_ms;
    log_debug("block %" PRIu64 " proves statements %" PRIu64 " to %" PRIu64, ack->height,
              ack->freed_from, ack->to);
    if (outbox_free(r->outbox, ack->freed_from, ack->to, ack->height, clock_real_ms(), &err))
        return;
    r->unfreed = true;
    log_error("%s", err.msg);
}

void run_bus_free_again(struct run *r)
{
    struct err err;
    for (size_t i = 0; i < outbox_count(r->outbox); i++) {
        struct outbox_entry e = outbox_at(r->outbox, i);
        const struct agent_pending *p = agent_pending_find(&r->agent->table, e.seq);
        if (e.freed || (p != NULL && !p->freed))
            continue;
        if (!outbox_free(r->outbox, e.seq, e.seq, r->agent->ack_height, clock_real_ms(), &err)) {
            log_error("%s", err.msg);
            return;
        }
        i = (size_t)-1; /* the row has moved */
    }
    r->unfreed = false;
}

/* [0, statement hash, code]: what anyone could have written; it says where to look, and decides nothing. */
static bool take_hint(struct run *r, struct slice bytes)
{
    struct hash hash;
    if (bytes.len > HINT_SIZE_MAX || !cbor_scan(bytes, NULL))
        return false;
    struct cbor_reader c = cbor_reader(bytes);
    cbor_take_array_of(&c, 3);
    (void)cbor_take_int_in(&c, 0, 0);
    cbor_take_fixed(&c, hash.bytes, HASH_SIZE);
    uint64_t code = cbor_take_uint_max(&c, UINT16_MAX);
    if (!cbor_done(&c))
        return false;
    const struct refusal_entry *entry = refusal_find(code);
    bool worth = entry == NULL || entry->fate != FATE_KNOWN;
    if (worth && !r->hinted)
        log_warn("a node turned a statement away (a hint, no proof): %s: %s", refusal_name(code),
                 entry != NULL ? entry->sentence : "a code of a later version");
    r->hinted = r->hinted || worth;
    return true;
}

static void take_ack(struct run *r, struct slice bytes)
{
    struct agent_ack ack;
    struct err err;
    if (take_hint(r, bytes))
        return;
    if (!agent_ack_take(r->agent, bytes, r->steady_ms, &ack, &err)) {
        log_warn("an ack that proves nothing, nothing is deleted: %s", err.msg);
        return;
    }
    r->hinted = false;
    if (ack.news)
        log_refusals(&ack.summary);
    if (ack.stranger)
        log_error("block %" PRIu64 " holds statement %" PRIu64
                  " of this key, which this device did not sign: the key is used elsewhere, or the "
                  "outbox was replaced",
                  ack.height, ack.summary.last);
    free_acked(r, &ack);
    set_stuck_aside(r);
}

/* ------------------------------------------------------------------ heads and sets */

static void take_set(struct run *r, struct slice bytes)
{
    char path[PATH_MAX];
    bool changed = false;
    struct err err;
    if (!agent_ack_take_set(r->agent, bytes, &changed, &err)) {
        log_warn("an authority set that proves nothing is ignored: %s", err.msg);
        return;
    }
    int n = snprintf(path, sizeof path, "%s/%s", r->setup->outbox.path, SET_FILE);
    if (!changed || n < 0 || (size_t)n >= sizeof path)
        return;
    log_info("the ledger's authorities changed: %zu are in force now", r->agent->set.count);
    if (!file_replace(path, bytes, 0600, &err))
        log_error("%s", err.msg);
}

/* The newest set this device has seen: an older one, kept by a broker, must not count again. */
static void load_set(struct run *r)
{
    char path[PATH_MAX];
    bool changed;
    struct err err;
    struct buf bytes = buf_heap(BUS_MAX_PACKET);
    int n = snprintf(path, sizeof path, "%s/%s", r->setup->outbox.path, SET_FILE);
    if (n > 0 && (size_t)n < sizeof path && file_exists(path) &&
        (!file_read(path, BUS_MAX_PACKET, &bytes, &err) ||
         !agent_ack_take_set(r->agent, buf_slice(&bytes), &changed, &err)))
        log_warn("%s: %s", path, err.msg);
    buf_free(&bytes);
}

static void on_message(void *user, const struct bus_message *message)
{
    struct run *r = user;
    struct err err;
    if (strcmp(message->topic, r->ack) == 0)
        take_ack(r, message->payload);
    else if (strcmp(message->topic, set_topic) == 0)
        take_set(r, message->payload);
    else if (strcmp(message->topic, head_topic) == 0 &&
             !agent_ack_take_head(r->agent, message->payload, &err))
        log_debug("a head that proves nothing is ignored: %s", err.msg);
}

/* ------------------------------------------------------------------ sending */

static bool publish_status(struct run *r, const char *text)
{
    struct bus_publish message = {
        .topic = r->status, .payload = slice_text(text), .qos = 1, .retain = true
    };
    return bus_publish(r->bus, &message, NULL, NULL);
}

static void tell_connection(struct run *r)
{
    bool connected = bus_is_connected(r->bus);
    const struct setup_broker *b = &r->setup->brokers[r->broker];
    if (connected == r->connected)
        return;
    if (connected && !publish_status(r, "online"))
        return;
    r->connected = connected;
    if (connected)
        log_info("connected to the broker at %s:%u", b->host, (unsigned)b->port);
    else
        log_warn("the broker at %s:%u is gone: %s; sampling goes on", b->host, (unsigned)b->port,
                 bus_last_error(r->bus)->msg);
}

void run_bus_send(struct run *r)
{
    uint64_t seq;
    uint64_t wait;
    tell_connection(r);
    while (r->connected && agent_next_send(r->agent, r->steady_ms, &seq, &wait)) {
        struct buf bytes = buf_heap(AGENT_SIGNED_MAX);
        struct bus_publish message = { .topic = r->up, .qos = 1 };
        struct err err;
        uint64_t jitter;
        rand_system(&jitter, sizeof jitter);
        bool good = outbox_read(r->outbox, seq, &bytes, &err);
        if (!good)
            log_error("%s", err.msg);
        message.payload = buf_slice(&bytes);
        bool taken = good && bus_publish(r->bus, &message, NULL, NULL);
        buf_free(&bytes);
        if (good && !taken)
            return; /* the broker has enough to do: later */
        agent_sent(r->agent, seq, r->steady_ms, jitter);
    }
}

/* ------------------------------------------------------------------ opening and closing */

static bool open_broker(struct run *r, struct err *err)
{
    char client_id[RUN_TOPIC_SIZE];
    const struct setup_broker *b = &r->setup->brokers[r->broker];
    (void)snprintf(client_id, sizeof client_id, "waybill-agent-%s", r->kid);
    struct bus_options options = {
        .host = b->host,
        .port = b->port,
        .client_id = client_id,
        .session_expiry_s = SESSION_S,
        .will_topic = r->status,
        .will_payload = slice_text("offline"),
        .username = b->user,
        .password = b->password,
        .ca_file = b->ca.path[0] != '\0' ? b->ca.path : NULL,
        .patience_ms = r->setup->broker_count > 1 ? REACH_MS : 0,
        .on_message = on_message,
        .user = r,
    };
    if (options.username == NULL && options.password != NULL)
        options.username = r->kid;
    r->reached_ms = r->proven_ms = r->steady_ms;
    return bus_open(&options, &r->bus, err) && bus_subscribe(r->bus, r->ack, err) &&
           bus_subscribe(r->bus, set_topic, err) && bus_subscribe(r->bus, head_topic, err);
}

bool run_bus_open(struct run *r, struct err *err)
{
    (void)snprintf(r->up, sizeof r->up, "wb/1/%s/up", r->kid);
    (void)snprintf(r->ack, sizeof r->ack, "wb/1/%s/ack", r->kid);
    (void)snprintf(r->status, sizeof r->status, "wb/1/%s/status", r->kid);
    r->steady_ms = clock_steady_ms();
    load_set(r);
    return open_broker(r, err);
}

static bool is_to_be_left(struct run *r)
{
    bool connected = bus_is_connected(r->bus);
    if (connected)
        r->reached_ms = r->steady_ms;
    if (!connected || agent_pending_unacked(&r->agent->table) == 0)
        r->proven_ms = r->steady_ms; /* nothing is owed by it */
    return r->steady_ms >= r->reached_ms + REACH_MS ||
           r->steady_ms >= r->proven_ms + PROOF_RESENDS * r->setup->agent.resend_ms;
}

void run_bus_choose(struct run *r)
{
    struct err err;
    if (r->setup->broker_count == 1 || !is_to_be_left(r))
        return;
    bool reached = bus_is_connected(r->bus);
    const struct setup_broker *b = &r->setup->brokers[r->broker];
    r->broker = (r->broker + 1) % r->setup->broker_count;
    const struct setup_broker *next = &r->setup->brokers[r->broker];
    log_warn("the broker at %s:%u %s; trying the one at %s:%u", b->host, (unsigned)b->port,
             reached ? "brings no acknowledgements" : "can't be reached", next->host,
             (unsigned)next->port);
    struct bus *left = r->bus, *fresh;
    r->bus = NULL;
    bool good = open_broker(r, &err);
    fresh = r->bus;
    r->bus = left;
    if (!good) { /* such as a file of certificates that is gone: the one after it comes next */
        log_error("%s:%u: %s", next->host, (unsigned)next->port, err.msg);
        bus_close(fresh);
        return;
    }
    run_bus_close(r);
    r->bus = fresh;
    r->connected = false;
    agent_send_again(r->agent, r->steady_ms);
}

void run_bus_close(struct run *r)
{
    if (r->bus == NULL)
        return;
    uint64_t until = clock_steady_ms() + GOODBYE_MS;
    if (bus_is_connected(r->bus) && publish_status(r, "offline"))
        for (uint64_t now = clock_steady_ms(); now < until && bus_outstanding(r->bus) > 0;
             now = clock_steady_ms()) {
            struct pollfd p = { .fd = bus_fd(r->bus), .events = bus_events(r->bus) };
            (void)poll(&p, 1, 50);
            bus_service(r->bus, p.revents, clock_steady_ms());
        }
    bus_close(r->bus);
    r->bus = NULL;
}
