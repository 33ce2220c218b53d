/*
 * A TCP connection made without waiting, only to see which of a name's addresses answers: libmosquitto's own
 * way of connecting waits, and a host that swallows packets would hold its caller for minutes. The addresses
 * are tried in turn, beginning with the one that served last.
 */
#ifndef COMMON_BUS_PROBE_H
#define COMMON_BUS_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#define BUS_PROBE_PLACES    8  /* of one name; more are left out */
#define BUS_PROBE_TEXT_SIZE 64 /* an address in digits, with its interface where it has one */

struct bus_probe_place {
    struct sockaddr_storage address;
    socklen_t len;
};

struct bus_probe {
    /* the caller's, from the first time on */
    uint64_t limit_ms; /* at most so long for each address */
    bool
        by_name; /* the connection will be made by name, which begins with the first address each time */
    /* the probe's own; zeroed before the first time, but for fd, which is -1 */
    int fd;               /* to poll for POLLOUT; -1: none */
    uint64_t deadline_ms; /* of this address */
    size_t count, tried;
    size_t turn; /* which one is tried, or was last */
    struct bus_probe_place places[BUS_PROBE_PLACES];
};

enum bus_probe_result {
    BUS_PROBE_WAITS,
    BUS_PROBE_ANSWERED,
    BUS_PROBE_FAILED,
};

/*
 * Looks the name up (this waits for it) and begins. Returns: false when no address of it can be tried, with a
 * text in *ret_why that lives for good.
 */
bool bus_probe_start(struct bus_probe *probe, const char *host, uint16_t port, uint64_t now_ms,
                     const char **ret_why);
/* Goes on to the next address when this one refuses or is silent too long. FAILED: none is left, see *ret_why. */
enum bus_probe_result bus_probe_step(struct bus_probe *probe, uint64_t now_ms,
                                     const char **ret_why);
void bus_probe_close(struct bus_probe *probe);
/* The one that answered is not what was looked for: begin with the one after it next time. */
void bus_probe_pass(struct bus_probe *probe);
/* Which of several addresses answered, in digits. False when there is but one: then the name says it. */
bool bus_probe_chose(const struct bus_probe *probe, char ret_text[BUS_PROBE_TEXT_SIZE]);

/* Has the other side closed the connection, with nothing left to read? */
bool bus_probe_ended(int fd);

#endif
