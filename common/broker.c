#include "common/broker.h"

#include "common/bus.h"
#include "common/file.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define START_LIMIT_MS  10000
#define STOP_LIMIT_MS   5000
#define TRY_PERIOD_MS   5
#define FREE_PORT_TRIES 3
#define CONFIG_NAME     "mosquitto.conf"
#define LOG_NAME        "mosquitto.log"
#define ACL_NAME        "acl"
#define ALLOWED_NAME    "allowed.pem"
#define LOOPBACK        "127.0.0.1"
#define CONFIG_MAX      (64 * 1024)
#define LOG_SIZE_MAX    (16u << 20) /* strangers who are turned away leave a line each */

/* ------------------------------------------------------------------ addresses */

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

static bool parse_address(const char *host, uint16_t port, union address *a, struct err *err)
{
    *a = (union address){ .v6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) } };
    if (inet_pton(AF_INET6, host, &a->v6.sin6_addr) == 1)
        return true;
    *a = (union address){ .v4 = { .sin_family = AF_INET, .sin_port = htons(port) } };
    return inet_pton(AF_INET, host, &a->v4.sin_addr) == 1 ||
           err_set(err, ERR_INPUT, "broker: expected an address such as 127.0.0.1, found \"%.80s\"",
                   host);
}

bool broker_is_address(const char *host)
{
    union address a;
    return parse_address(host, 0, &a, NULL);
}

static socklen_t size_of(const union address *a)
{
    return a->any.sa_family == AF_INET ? sizeof a->v4 : sizeof a->v6;
}

/* One that listens on all addresses is reached on the loopback interface. */
static const char *reached_at(const char *host)
{
    if (strcmp(host, "0.0.0.0") == 0)
        return LOOPBACK;
    return strcmp(host, "::") == 0 ? "::1" : host;
}

/* Finds a free port for 0, and finds out whether another one is free. */
static bool claim_port(const char *host, uint16_t *port, struct err *err)
{
    union address a;
    if (!parse_address(host, *port, &a, err))
        return false;
    socklen_t len = sizeof a;
    int yes = 1;
    int fd = socket(a.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return err_set(err, ERR_IO, "broker: %s", strerror(errno));
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    bool good = bind(fd, &a.any, size_of(&a)) == 0 && getsockname(fd, &a.any, &len) == 0;
    if (good) /* it lies in the same place in both */
        *port = ntohs(a.v4.sin_port);
    else
        (void)err_set(err, errno == EADDRINUSE ? ERR_BUSY : ERR_IO, "broker: %s port %u: %s", host,
                      *port, strerror(errno));
    (void)close(fd);
    return good;
}

static bool accepts(const struct broker *b)
{
    union address a;
    if (!parse_address(b->host, b->port, &a, NULL))
        return false;
    int fd = socket(a.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool yes = fd >= 0 && connect(fd, &a.any, size_of(&a)) == 0;
    if (fd >= 0)
        (void)close(fd);
    return yes;
}

/* ------------------------------------------------------------------ configuration */

static void put(struct buf *out, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void put(struct buf *out, const char *fmt, ...)
{
    char line[2 * PATH_MAX];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(line, sizeof line, fmt, ap);
    va_end(ap);
    if (n < 0 || (size_t)n >= sizeof line)
        out->failed = true;
    else
        buf_add(out, line, (size_t)n);
}

static void put_common(struct buf *out, const char *dir)
{
    put(out, "# written by Waybill at every start: changes are lost\n");
    /* started as root, mosquitto would become a user who cannot enter the node's folder */
    if (geteuid() == 0)
        put(out, "user root\n");
    put(out, "log_dest file %s/" LOG_NAME "\n", dir);
    put(out, "log_type error\nlog_type warning\nlog_type notice\nconnection_messages false\n"
             "set_tcp_nodelay true\nsys_interval 0\n");
}

static void put_for_devices(struct buf *out, const char *dir, uint16_t port)
{
    put(out,
        "listener %u " LOOPBACK "\nallow_anonymous true\n"
        "persistence true\npersistence_location %s/\nautosave_interval 60\n",
        port, dir);
    put(out, "max_packet_size %d\nmax_inflight_messages %d\nmax_queued_messages %d\n",
        BUS_MAX_PACKET, BROKER_MAX_INFLIGHT, BROKER_MAX_QUEUED);
}

/* A name is its certificate's, and the client id is the name: nobody can push another one out. */
static void put_for_peers(struct buf *out, const char *dir, uint16_t port,
                          const struct broker_peers *p)
{
    put(out, "listener %u %s\nallow_anonymous false\npersistence false\n", port, p->host);
    put(out, "cafile %s/" ALLOWED_NAME "\nacl_file %s/" ACL_NAME "\n", dir, dir);
    put(out, "certfile %s\nkeyfile %s\n", p->certificate_file, p->key_file);
    put(out, "require_certificate true\nuse_identity_as_username true\n"
             "use_username_as_clientid true\ntls_version tlsv1.3\n");
    put(out, "max_packet_size %zu\nmax_queued_messages %d\nretain_available false\n", p->max_packet,
        BROKER_PEER_QUEUED);
}

static bool write_file(const char *dir, const char *name, struct slice text, struct err *err)
{
    char path[PATH_MAX];
    int n = snprintf(path, sizeof path, "%s/%s", dir, name);
    if (n < 0 || (size_t)n >= sizeof path)
        return err_set(err, ERR_INPUT, "%s: the path is too long", dir);
    return file_replace(path, text, 0600, err);
}

static bool write_config(const char *dir, uint16_t port, const struct broker_peers *peers,
                         struct err *err)
{
    struct buf config = buf_heap(CONFIG_MAX), acl = buf_heap(CONFIG_MAX);
    put_common(&config, dir);
    if (peers == NULL)
        put_for_devices(&config, dir, port);
    else
        put_for_peers(&config, dir, port, peers);
    bool good = !config.failed || err_set(err, ERR_INPUT, "%s: the path is too long", dir);
    if (good && peers != NULL) {
        put(&acl, "pattern read %s/all\npattern read %s/to/%%u\n", peers->topics, peers->topics);
        put(&acl, "user %s\ntopic write %s/#\n", peers->owner, peers->topics);
        good = write_file(dir, ACL_NAME, buf_slice(&acl), err) &&
               write_file(dir, ALLOWED_NAME, peers->allowed, err);
    }
    good = good && write_file(dir, CONFIG_NAME, buf_slice(&config), err);
    buf_free(&config);
    buf_free(&acl);
    return good;
}

/* ------------------------------------------------------------------ the process */

/* In the child: becomes the broker. Only async-signal-safe calls. */
_Noreturn static void become_broker(const char *program, const char *config, bool peers,
                                    pid_t parent)
{
    const struct rlimit log_limit = { LOG_SIZE_MAX, LOG_SIZE_MAX };
    static const char option[] = "-c";
    char *argv[4] = { NULL };
    sigset_t none;
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* also when we are killed and cannot stop it */
    (void)setpgid(0, 0);                    /* Ctrl-C is for us, who then stop it in order */
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    (void)signal(SIGPIPE, SIG_DFL);
    if (peers) { /* it stores nothing: its log is the only file that grows, up to here */
        (void)signal(SIGXFSZ, SIG_IGN);
        (void)setrlimit(RLIMIT_FSIZE, &log_limit);
    }
    int null = open("/dev/null", O_RDWR);
    if (getppid() != parent || null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 ||
        dup2(null, 2) < 0 || close_range(3, ~0U, 0) != 0)
        _exit(126);
    /* execv() takes pointers to char for history's sake and does not write through them */
    memcpy(&argv[0], &program, sizeof program);
    const char *text = option;
    memcpy(&argv[1], &text, sizeof text);
    memcpy(&argv[2], &config, sizeof config);
    (void)execv(program, argv);
    _exit(127);
}

static bool has_ended(pid_t pid)
{
    int status = 0;
    return waitpid(pid, &status, WNOHANG) == pid;
}

/* Waits for the process to end, at most so long. */
static bool wait_end(int pidfd, pid_t pid, int limit_ms)
{
    struct pollfd p = { .fd = pidfd, .events = POLLIN };
    return poll(&p, 1, limit_ms) > 0 && has_ended(pid);
}

static void kill_and_reap(pid_t pid)
{
    int status = 0;
    (void)kill(pid, SIGKILL);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
}

/* Tries to connect until it works, the broker ends, or the time is up. */
static bool wait_ready(const struct broker *b, int pidfd, const char *dir, struct err *err)
{
    for (int waited = 0; waited < START_LIMIT_MS; waited += TRY_PERIOD_MS) {
        if (accepts(b) && !has_ended(b->pid))
            return true;
        if (wait_end(pidfd, b->pid, TRY_PERIOD_MS))
            return err_set(err, ERR_IO, "the broker ended at once: see %s/" LOG_NAME, dir);
    }
    kill_and_reap(b->pid);
    return err_set(err, ERR_IO, "the broker does not accept connections: see %s/" LOG_NAME, dir);
}

static bool launch(const char *program, const char *dir, const struct broker_peers *peers,
                   struct broker *b, struct err *err)
{
    char config[PATH_MAX];
    int n = snprintf(config, sizeof config, "%s/" CONFIG_NAME, dir);
    if (n < 0 || (size_t)n >= sizeof config)
        return err_set(err, ERR_INPUT, "%s: the path is too long", dir);
    const char *host = peers != NULL ? peers->host : LOOPBACK;
    (void)snprintf(b->host, sizeof b->host, "%s", reached_at(host));
    if (!claim_port(host, &b->port, err) || !write_config(dir, b->port, peers, err))
        return false;
    pid_t parent = getpid();
    b->pid = fork();
    if (b->pid == 0)
        become_broker(program, config, peers != NULL, parent);
    int pidfd = b->pid > 0 ? pidfd_open(b->pid, 0) : -1;
    if (pidfd < 0) {
        (void)err_set(err, ERR_IO, "%s: %s", program, strerror(errno));
        if (b->pid > 0)
            kill_and_reap(b->pid);
        return false;
    }
    bool good = wait_ready(b, pidfd, dir, err);
    (void)close(pidfd);
    return good;
}

bool broker_start(const struct broker_options *options, struct broker *ret_broker, struct err *err)
{
    const char *program = options->program != NULL ? options->program : BROKER_PROGRAM;
    if (access(program, X_OK) != 0)
        return err_set(err, ERR_NOT_FOUND, "%s: %s (Debian package mosquitto)", program,
                       strerror(errno));
    char *dir = realpath(options->dir, NULL);
    if (dir == NULL)
        return err_set(err, ERR_IO, "%s: %s", options->dir, strerror(errno));
    bool good = false;
    /* a port that was free can be taken before the broker gets it */
    for (int i = 0; !good && i < (options->port == 0 ? FREE_PORT_TRIES : 1); i++) {
        *ret_broker = (struct broker){ .port = options->port };
        good = launch(program, dir, options->peers, ret_broker, err);
    }
    if (!good)
        *ret_broker = (struct broker){ 0 };
    free(dir);
    return good;
}

bool broker_is_running(struct broker *broker)
{
    if (broker->pid != 0 && has_ended(broker->pid))
        broker->pid = 0;
    return broker->pid != 0;
}

void broker_stop(struct broker *broker)
{
    if (!broker_is_running(broker))
        return;
    int pidfd = pidfd_open(broker->pid, 0);
    (void)kill(broker->pid, SIGTERM);
    if (pidfd < 0 || !wait_end(pidfd, broker->pid, STOP_LIMIT_MS))
        kill_and_reap(broker->pid);
    if (pidfd >= 0)
        (void)close(pidfd);
    broker->pid = 0;
}
