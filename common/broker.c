#include "common/broker.h"

#include "common/bus.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define START_LIMIT_MS  10000
#define STOP_LIMIT_MS   5000
#define TRY_PERIOD_MS   5
#define FREE_PORT_TRIES 3
#define CONFIG_NAME     "mosquitto.conf"

static struct sockaddr_in loopback(uint16_t port)
{
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(port) };
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return a;
}

/* Finds a free port for 0, and finds out whether another one is free. */
static bool claim_port(uint16_t *port, struct err *err)
{
    struct sockaddr_in a = loopback(*port);
    socklen_t len = sizeof a;
    int yes = 1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return err_set(err, ERR_IO, "broker: %s", strerror(errno));
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    bool good = bind(fd, (struct sockaddr *)&a, sizeof a) == 0 &&
                getsockname(fd, (struct sockaddr *)&a, &len) == 0;
    if (good)
        *port = ntohs(a.sin_port);
    else
        (void)err_set(err, errno == EADDRINUSE ? ERR_BUSY : ERR_IO, "broker: port %u: %s", *port,
                      strerror(errno));
    (void)close(fd);
    return good;
}

static bool accepts(uint16_t port)
{
    struct sockaddr_in a = loopback(port);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool yes = fd >= 0 && connect(fd, (struct sockaddr *)&a, sizeof a) == 0;
    if (fd >= 0)
        (void)close(fd);
    return yes;
}

/* ------------------------------------------------------------------ configuration */

static bool write_config(const char *dir, const char *path, uint16_t port, struct err *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    FILE *f = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (f == NULL) {
        (void)err_set(err, ERR_IO, "%s: %s", path, strerror(errno));
        if (fd >= 0)
            (void)close(fd);
        return false;
    }
    /* started as root, mosquitto would become a user who cannot enter the node's folder */
    if (geteuid() == 0)
        (void)fprintf(f, "user root\n");
    (void)fprintf(f,
                  "# written by Waybill at every start: changes are lost\n"
                  "listener %u 127.0.0.1\n"
                  "allow_anonymous true\n"
                  "persistence true\n"
                  "persistence_location %s/\n"
                  "autosave_interval 60\n"
                  "log_dest file %s/mosquitto.log\n"
                  "log_type error\nlog_type warning\nlog_type notice\n"
                  "connection_messages false\n"
                  "set_tcp_nodelay true\n"
                  "sys_interval 0\n"
                  "max_packet_size %d\n"
                  "max_inflight_messages %d\n"
                  "max_queued_messages %d\n",
                  port, dir, dir, BUS_MAX_PACKET, BROKER_MAX_INFLIGHT, BROKER_MAX_QUEUED);
    bool good = ferror(f) == 0;
    good = fclose(f) == 0 && good;
    return good || err_set(err, ERR_IO, "%s: %s", path, strerror(errno));
}

/* ------------------------------------------------------------------ the process */

/* In the child: becomes the broker. Only async-signal-safe calls. */
_Noreturn static void become_broker(const char *program, const char *config, pid_t parent)
{
    static const char option[] = "-c";
    char *argv[4] = { NULL };
    sigset_t none;
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* also when we are killed and cannot stop it */
    (void)setpgid(0, 0);                    /* Ctrl-C is for us, who then stop it in order */
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    (void)signal(SIGPIPE, SIG_DFL);
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
        if (accepts(b->port) && !has_ended(b->pid))
            return true;
        if (wait_end(pidfd, b->pid, TRY_PERIOD_MS))
            return err_set(err, ERR_IO, "the broker ended at once: see %s/mosquitto.log", dir);
    }
    kill_and_reap(b->pid);
    return err_set(err, ERR_IO, "the broker does not accept connections: see %s/mosquitto.log",
                   dir);
}

static bool launch(const char *program, const char *dir, struct broker *b, struct err *err)
{
    char config[PATH_MAX];
    int n = snprintf(config, sizeof config, "%s/" CONFIG_NAME, dir);
    if (n < 0 || (size_t)n >= sizeof config)
        return err_set(err, ERR_INPUT, "%s: the path is too long", dir);
    if (!claim_port(&b->port, err) || !write_config(dir, config, b->port, err))
        return false;
    pid_t parent = getpid();
    b->pid = fork();
    if (b->pid == 0)
        become_broker(program, config, parent);
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
        good = launch(program, dir, ret_broker, err);
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
