#include "common/bus_probe.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int bus_probe_start(const char *host, uint16_t port, const char **ret_why)
{
    struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV };
    struct addrinfo *list = NULL;
    char text[8];
    int fd = -1, problem = EHOSTUNREACH;
    (void)snprintf(text, sizeof text, "%u", port);
    int rc = getaddrinfo(host, text, &hints, &list);
    if (rc != 0) {
        *ret_why = gai_strerror(rc);
        return -1;
    }
    for (const struct addrinfo *a = list; a != NULL && fd < 0; a = a->ai_next) {
        fd = socket(a->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (fd < 0 || connect(fd, a->ai_addr, a->ai_addrlen) == 0 || errno == EINPROGRESS)
            continue;
        problem = errno;
        (void)close(fd);
        fd = -1;
    }
    freeaddrinfo(list);
    if (fd < 0)
        *ret_why = strerrordesc_np(problem);
    return fd;
}

int bus_probe_look(int fd)
{
    struct pollfd p = { .fd = fd, .events = POLLOUT };
    int problem = ETIMEDOUT;
    socklen_t len = sizeof problem;
    if (poll(&p, 1, 0) <= 0)
        return EINPROGRESS;
    (void)getsockopt(fd, SOL_SOCKET, SO_ERROR, &problem, &len);
    return problem;
}

bool bus_probe_ended(int fd)
{
    char byte;
    ssize_t n = recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR);
}
