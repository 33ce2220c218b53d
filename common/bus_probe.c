#include "common/bus_probe.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static bool find_places(struct bus_probe *probe, const char *host, uint16_t port,
                        const char **ret_why)
{
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV };
    struct addrinfo *list = NULL;
    char text[8];
    (void)snprintf(text, sizeof text, "%u", port);
    int rc = getaddrinfo(host, text, &hints, &list);
    if (rc != 0) {
        *ret_why = gai_strerror(rc);
        return false;
    }
    probe->count = 0;
    for (const struct addrinfo *a = list; a != NULL && probe->count < BUS_PROBE_PLACES;
         a = a->ai_next) {
        struct bus_probe_place *place = &probe->places[probe->count];
        if (a->ai_addrlen > sizeof place->address)
            continue;
        memcpy(&place->address, a->ai_addr, a->ai_addrlen);
        place->len = a->ai_addrlen;
        probe->count++;
    }
    freeaddrinfo(list);
    return true;
}

static bool try_place(struct bus_probe *probe, const struct bus_probe_place *place)
{
    const struct sockaddr *address = (const struct sockaddr *)&place->address;
    probe->fd = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    return probe->fd >= 0 && (connect(probe->fd, address, place->len) == 0 || errno == EINPROGRESS);
}

static bool try_next(struct bus_probe *probe, uint64_t now_ms, const char **ret_why)
{
    while (probe->tried < probe->count) {
        bus_probe_close(probe);
        if (probe->tried++ > 0)
            probe->turn++;
        probe->turn %= probe->count;
        probe->deadline_ms = now_ms + probe->limit_ms;
        if (try_place(probe, &probe->places[probe->turn]))
            return true;
        *ret_why = strerrordesc_np(errno);
    }
    bus_probe_close(probe);
    return false;
}

bool bus_probe_start(struct bus_probe *probe, const char *host, uint16_t port, uint64_t now_ms,
                     const char **ret_why)
{
    *ret_why = "it has no address";
    probe->tried = 0;
    if (probe->by_name)
        probe->turn = 0;
    return find_places(probe, host, port, ret_why) && try_next(probe, now_ms, ret_why);
}

/* EINPROGRESS: it has neither answered nor refused. */
static int look(const struct bus_probe *probe)
{
    struct pollfd p = { .fd = probe->fd, .events = POLLOUT };
    int problem = ETIMEDOUT;
    socklen_t len = sizeof problem;
    if (poll(&p, 1, 0) <= 0)
        return EINPROGRESS;
    (void)getsockopt(probe->fd, SOL_SOCKET, SO_ERROR, &problem, &len);
    return problem;
}

/*
 * Asked to connect by name, libmosquitto goes past an address that refuses, but would wait for minutes at one
 * that swallows packets: then the others are of no use.
 */
enum bus_probe_result bus_probe_step(struct bus_probe *probe, uint64_t now_ms, const char **ret_why)
{
    int problem = look(probe);
    bool silent = problem == EINPROGRESS;
    if (silent && now_ms < probe->deadline_ms)
        return BUS_PROBE_WAITS;
    if (problem == 0)
        return BUS_PROBE_ANSWERED;
    *ret_why = strerrordesc_np(silent ? ETIMEDOUT : problem);
    bool more = !(silent && probe->by_name) && try_next(probe, now_ms, ret_why);
    return more ? BUS_PROBE_WAITS : BUS_PROBE_FAILED;
}

void bus_probe_close(struct bus_probe *probe)
{
    if (probe->fd >= 0)
        (void)close(probe->fd);
    probe->fd = -1;
}

void bus_probe_pass(struct bus_probe *probe)
{
    probe->turn++;
}

bool bus_probe_chose(const struct bus_probe *probe, char ret_text[BUS_PROBE_TEXT_SIZE])
{
    const struct bus_probe_place *place = &probe->places[probe->turn];
    return probe->count > 1 &&
           getnameinfo((const struct sockaddr *)&place->address, place->len, ret_text,
                       BUS_PROBE_TEXT_SIZE, NULL, 0, NI_NUMERICHOST) == 0;
}

bool bus_probe_ended(int fd)
{
    char byte;
    ssize_t n = recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR);
}
