#include "tests/support/bad_links.h"

#include "common/clock.h"
#include "common/rand.h"

#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define LINES_MAX       64
#define CONNECTIONS_MAX 256
#define PIECE           (16 * 1024)
#define CUT_ONE_IN      40 /* pieces */
#define STALL_ONE_IN    10
#define STALL_MS        400
#define TURN_MS         5

struct line {
    int fd;
    uint16_t to;
};

struct connection {
    int fd[2];         /* who called, who was called */
    uint64_t until_ms; /* steady: nothing passes before */
};

struct bad_links {
    struct rand_seq rand;
    size_t line_count, connection_count;
    struct line lines[LINES_MAX];
    struct connection connections[CONNECTIONS_MAX];
    pthread_t thread;
    atomic_bool ending, bad;
    atomic_ullong cuts, stalls;
};

static void check(bool good, const char *what)
{
    if (good)
        return;
    perror(what);
    abort();
}

static struct sockaddr_in at(uint16_t port)
{
    return (struct sockaddr_in){ .sin_family = AF_INET,
                                 .sin_port = htons(port),
                                 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
}

struct bad_links *bad_links_new(uint64_t seed)
{
    struct bad_links *b = calloc(1, sizeof *b);
    check(b != NULL, "memory");
    b->rand = rand_seeded(seed);
    return b;
}

uint16_t bad_links_add(struct bad_links *b, uint16_t to)
{
    struct sockaddr_in a = at(0);
    socklen_t len = sizeof a;
    check(b->line_count < LINES_MAX, "too many lines");
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    check(fd >= 0 && bind(fd, (const struct sockaddr *)&a, sizeof a) == 0 && listen(fd, 16) == 0 &&
              getsockname(fd, (struct sockaddr *)&a, &len) == 0,
          "a port");
    b->lines[b->line_count++] = (struct line){ fd, to };
    return ntohs(a.sin_port);
}

/* ------------------------------------------------------------------ the thread */

static void take_call(struct bad_links *b, const struct line *l)
{
    struct sockaddr_in a = at(l->to);
    const struct timeval patience = { .tv_sec = 1 };
    int from = accept4(l->fd, NULL, NULL, SOCK_CLOEXEC);
    int to = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool good = from >= 0 && to >= 0 && b->connection_count < CONNECTIONS_MAX &&
                setsockopt(from, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience) == 0 &&
                setsockopt(to, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience) == 0 &&
                connect(to, (const struct sockaddr *)&a, sizeof a) == 0;
    if (good) {
        b->connections[b->connection_count++] = (struct connection){ { from, to }, 0 };
        return;
    }
    if (from >= 0)
        (void)close(from);
    if (to >= 0)
        (void)close(to);
}

/* False: the connection is over. */
static bool pass(struct bad_links *b, struct connection *c, size_t from, uint64_t now_ms)
{
    char piece[PIECE];
    ssize_t n = recv(c->fd[from], piece, sizeof piece, 0);
    if (n <= 0)
        return false;
    if (b->bad && rand_below(&b->rand, CUT_ONE_IN) == 0) {
        b->cuts++;
        return false;
    }
    if (b->bad && rand_below(&b->rand, STALL_ONE_IN) == 0) {
        b->stalls++;
        c->until_ms = now_ms + rand_below(&b->rand, STALL_MS);
    }
    for (ssize_t done = 0; done < n;) {
        ssize_t sent = send(c->fd[1 - from], piece + done, (size_t)(n - done), MSG_NOSIGNAL);
        if (sent <= 0)
            return false;
        done += sent;
    }
    return true;
}

static void hang_up(struct bad_links *b, size_t i)
{
    (void)close(b->connections[i].fd[0]);
    (void)close(b->connections[i].fd[1]);
    b->connections[i] = b->connections[--b->connection_count];
}

static void turn(struct bad_links *b)
{
    struct pollfd fds[LINES_MAX + 2 * CONNECTIONS_MAX];
    size_t lines = b->line_count, n = b->connection_count;
    uint64_t now_ms = clock_steady_ms();
    for (size_t i = 0; i < lines; i++)
        fds[i] = (struct pollfd){ .fd = b->lines[i].fd, .events = POLLIN };
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < 2; k++)
            fds[lines + 2 * i + k] = (struct pollfd){
                .fd = now_ms < b->connections[i].until_ms ? -1 : b->connections[i].fd[k],
                .events = POLLIN,
            };
    (void)poll(fds, lines + 2 * n, TURN_MS);
    for (size_t i = n; i-- > 0;) { /* downwards: hanging up moves the last one here */
        bool open = true;
        for (size_t k = 0; k < 2 && open; k++)
            if (fds[lines + 2 * i + k].revents != 0)
                open = pass(b, &b->connections[i], k, now_ms);
        if (!open)
            hang_up(b, i);
    }
    for (size_t i = 0; i < lines; i++)
        if (fds[i].revents != 0)
            take_call(b, &b->lines[i]);
}

static void *run(void *arg)
{
    struct bad_links *b = arg;
    while (!b->ending)
        turn(b);
    return NULL;
}

/* ------------------------------------------------------------------ the test's side */

void bad_links_start(struct bad_links *b)
{
    check(pthread_create(&b->thread, NULL, run, b) == 0, "a thread");
}

void bad_links_set(struct bad_links *b, bool bad)
{
    b->bad = bad;
}

uint64_t bad_links_cuts(struct bad_links *b)
{
    return b->cuts;
}

uint64_t bad_links_stalls(struct bad_links *b)
{
    return b->stalls;
}

void bad_links_free(struct bad_links *b)
{
    b->ending = true;
    (void)pthread_join(b->thread, NULL);
    while (b->connection_count > 0)
        hang_up(b, 0);
    for (size_t i = 0; i < b->line_count; i++)
        (void)close(b->lines[i].fd);
    free(b);
}
