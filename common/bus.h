/*
 * An MQTT 5 client under the caller's own poll loop: the only file that includes libmosquitto. It owns
 * no thread and no timer; the caller tells it the time. It reconnects by itself, more patiently each time.
 *
 * A PUBACK says that the broker has a message, never that the ledger does.
 */
#ifndef COMMON_BUS_H
#define COMMON_BUS_H

#include "common/bytes.h"
#include "common/err.h"

#define BUS_MAX_PACKET      270336 /* a statement of 256 KiB, its topic and properties */
#define BUS_MAX_OUTSTANDING 4096   /* QoS 1 messages sent and not yet acknowledged */
#define BUS_MAX_FILTERS     8
#define BUS_MAX_TOPIC       256
#define BUS_RECEIVE_MAX     4096 /* QoS 1 messages the broker may have on the way to us */

struct bus;

struct bus_message {
    const char *topic;
    struct slice payload;
    bool retained; /* kept by the broker from before we subscribed */
};

/* Runs inside bus_service(). May publish; must not service or close. Everything is borrowed. */
typedef void bus_message_fn(void *user, const struct bus_message *message);

struct bus_options {
    const char *host; /* name or address */
    uint16_t port;
    const char *client_id;
    uint32_t session_expiry_s; /* 0: the broker forgets us at once when we leave */
    uint16_t keepalive_s;      /* 0: 30 */
    const char *will_topic;    /* NULL: none; QoS 1, retained */
    struct slice will_payload;
    const char *username; /* NULL: none */
    const char *password;
    const char *ca_file; /* NULL: no TLS */
    bool pinned;         /* ca_file is the broker's own certificate: its name does not matter */
    const char *certificate_file, *key_file; /* shown to the broker; NULL: none */
    size_t max_packet;                       /* both ways; 0: BUS_MAX_PACKET */
    bool at_most_once;                       /* subscriptions at QoS 0 instead of 1 */
    uint32_t
        patience_ms; /* at most so long for a TCP connection, and until the next one; 0: usual */
    bus_message_fn *on_message;
    void *user;
};

/* Texts of the options are copied. The first connection is made by bus_service(). */
bool bus_open(const struct bus_options *options, struct bus **ret_bus, struct err *err);
/* Says goodbye, so that the will is not sent, and releases all. NULL is legal. */
void bus_close(struct bus *bus);

/* For poll(): ask before each one, both change. -1 when there is nothing to wait for but time. */
int bus_fd(const struct bus *bus);
short bus_events(const struct bus *bus);
/* How long poll() may wait at most before bus_service() wants to run. now_ms: clock_steady_ms(). */
int bus_timeout_ms(const struct bus *bus, uint64_t now_ms);
/*
 * Does what poll() found and what the time demands: connects, reads all there is (in turns of a few
 * hundred messages), writes, keeps alive. revents may be 0. Never fails: see bus_is_connected().
 */
void bus_service(struct bus *bus, short revents, uint64_t now_ms);

/* Gives the connection up, as one that is dead without saying so, and makes another. */
void bus_drop(struct bus *bus, uint64_t now_ms);

/* Connected, and every subscription is answered. */
bool bus_is_connected(const struct bus *bus);
/* Why the connection was last lost or not made, or which subscription was denied; code ERR_NONE: nothing. */
const struct err *bus_last_error(const struct bus *bus);

/*
 * While paused nothing is read: what the broker has for us waits there. So do acknowledgements and the
 * broker's sign of life: a pause longer than the keepalive costs the connection.
 */
void bus_pause(struct bus *bus, bool pause);

/* Now and after every reconnection. ERR_BUSY: no room for another filter. */
bool bus_subscribe(struct bus *bus, const char *filter, struct err *err);

struct bus_publish {
    const char *topic;
    struct slice payload;
    int qos; /* 0 or 1 */
    bool retain;
    uint32_t expiry_s; /* the broker drops it after; 0: never */
};

/*
 * ERR_BUSY when not connected or too many are outstanding: nothing was taken, try later. ret_mid (may be
 * NULL) is the number under which the acknowledgement of a QoS 1 message comes.
 */
bool bus_publish(struct bus *bus, const struct bus_publish *message, int *ret_mid, struct err *err);
size_t bus_outstanding(const struct bus *bus);

#define BUS_REASON_REFUSED 128 /* MQTT 5 reason codes from here on say no */

struct bus_ack {
    int mid;
    int reason;
};

/* Acknowledgements in order of arrival, each once; take them after bus_service(). False: none left. */
bool bus_take_ack(struct bus *bus, struct bus_ack *ret_ack);

#endif
