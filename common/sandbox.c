#include "common/sandbox.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <poll.h>
#include <seccomp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/*
 * The child's answer on the pipe: one byte, then the result or the error's text; after a refusal there
 * is nothing else. EOF without the first byte: the child died.
 */
enum answer {
    ANSWER_RESULT = 'R',
    ANSWER_ERROR = 'E',
    ANSWER_BROKEN = 'B', /* the sandbox could not be closed, so the input was not touched */
};

#define PIPE_FD        3                 /* the child's only descriptor */
#define UNKNOWN_SPACE  ((size_t)1 << 30) /* address space when /proc does not tell */
#define STATUS_CRASHED 1

/* ------------------------------------------------------------------ child */

static bool limit(int what, rlim_t value)
{
    struct rlimit both = { value, value };
    return setrlimit((__rlimit_resource_t)what, &both) == 0;
}

/* Bytes of address space in use: RLIMIT_AS counts from zero, a sanitizer's terabytes included. */
static size_t space_in_use(void)
{
    char text[64] = { 0 };
    int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return UNKNOWN_SPACE;
    ssize_t len = read(fd, text, sizeof text - 1);
    (void)close(fd);
    char *end = text;
    unsigned long pages = len > 0 ? strtoul(text, &end, 10) : 0;
    long page = sysconf(_SC_PAGESIZE);
    return end == text || page <= 0 ? UNKNOWN_SPACE : pages * (size_t)page;
}

static bool set_limits(const struct sandbox_limits *limits)
{
    return limit(RLIMIT_AS, space_in_use() + limits->memory_bytes) &&
           limit(RLIMIT_CPU, limits->cpu_s) && limit(RLIMIT_FSIZE, 0) && limit(RLIMIT_CORE, 0) &&
           limit(RLIMIT_NPROC, 0) && limit(RLIMIT_NOFILE, PIPE_FD + 1);
}

/* Forbids every way to a file. A kernel without landlock (ENOSYS, EOPNOTSUPP) leaves it to seccomp. */
static bool close_files(void)
{
    struct landlock_ruleset_attr none = {
        .handled_access_fs = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE |
                             LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR |
                             LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |
                             LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR |
                             LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK |
                             LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK |
                             LANDLOCK_ACCESS_FS_MAKE_SYM,
    };
    long set = syscall(SYS_landlock_create_ruleset, &none, sizeof none, 0);
    if (set < 0)
        return errno == ENOSYS || errno == EOPNOTSUPP;
    bool closed = syscall(SYS_landlock_restrict_self, (int)set, 0) == 0;
    (void)close((int)set);
    return closed;
}

/* Libraries look for tables and locales now and then: they are told no, and go on without. */
static bool refuse_softly(scmp_filter_ctx filter)
{
    static const int calls[] = {
        SCMP_SYS(open),  SCMP_SYS(openat),     SCMP_SYS(access), SCMP_SYS(faccessat),
        SCMP_SYS(stat),  SCMP_SYS(newfstatat), SCMP_SYS(statx),  SCMP_SYS(readlink),
        SCMP_SYS(ioctl), SCMP_SYS(fstat),      SCMP_SYS(lseek),  SCMP_SYS(fcntl),
    };
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++)
        if (seccomp_rule_add(filter, SCMP_ACT_ERRNO(EACCES), calls[i], 0) != 0)
            return false;
    /* Library chatter on standard error. */
    return seccomp_rule_add(filter, SCMP_ACT_ERRNO(EBADF), SCMP_SYS(write), 1,
                            SCMP_A0(SCMP_CMP_NE, PIPE_FD)) == 0;
}

static bool allow_computing(scmp_filter_ctx filter)
{
    static const int calls[] = {
        SCMP_SYS(brk),           SCMP_SYS(munmap),
        SCMP_SYS(mremap),        SCMP_SYS(madvise),
        SCMP_SYS(futex),         SCMP_SYS(exit),
        SCMP_SYS(exit_group),    SCMP_SYS(rt_sigreturn),
        SCMP_SYS(clock_gettime), SCMP_SYS(gettimeofday),
        SCMP_SYS(time),          SCMP_SYS(getpid),
        SCMP_SYS(gettid),        SCMP_SYS(sched_yield),
        SCMP_SYS(sigaltstack),   SCMP_SYS(rt_sigprocmask),
        SCMP_SYS(getrandom),     SCMP_SYS(sysinfo) /* qsort asks */,
    };
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++)
        if (seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[i], 0) != 0)
            return false;
    /* Memory, but never memory that can be executed. */
    return seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1,
                            SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)) == 0 &&
           seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
                            SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)) == 0 &&
           seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(write), 1,
                            SCMP_A0(SCMP_CMP_EQ, PIPE_FD)) == 0;
}

static bool close_calls(void)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
    bool closed = filter != NULL && refuse_softly(filter) && allow_computing(filter) &&
                  seccomp_load(filter) == 0;
    seccomp_release(filter);
    return closed;
}

/* Only the pipe stays open, as PIPE_FD. */
static bool close_descriptors(int pipe_fd)
{
    if (pipe_fd != PIPE_FD && dup2(pipe_fd, PIPE_FD) != PIPE_FD)
        return false;
    return close_range(PIPE_FD + 1, ~0U, 0) == 0 && close_range(0, PIPE_FD - 1, 0) == 0;
}

static bool close_sandbox(int pipe_fd, pid_t parent, const struct sandbox_limits *limits)
{
    for (int sig = 1; sig < NSIG; sig++)
        (void)signal(sig, SIG_DFL); /* the caller's handlers are not for the child */
    return prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == parent &&
           prctl(PR_SET_DUMPABLE, 0) == 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           set_limits(limits) && close_descriptors(pipe_fd) && close_files() && close_calls();
}

static void say(enum answer kind, struct slice text)
{
    uint8_t first = (uint8_t)kind;
    bool good = write(PIPE_FD, &first, 1) == 1;
    while (good && text.len > 0) {
        ssize_t sent = write(PIPE_FD, text.data, text.len);
        good = sent > 0;
        if (good)
            text = slice_from(text, (size_t)sent, text.len - (size_t)sent);
    }
    _exit(good ? 0 : STATUS_CRASHED);
}

static void run_child(bool (*work)(struct slice, struct buf *, struct err *), struct slice input,
                      size_t result_max)
{
    struct err err = { .code = ERR_NONE };
    struct buf result = buf_heap(result_max);
    bool good = work(input, &result, &err);
    if (good && result.failed)
        good = err_set(&err, ERR_INPUT, "the result is larger than %zu bytes", result_max);
    if (good)
        say(ANSWER_RESULT, buf_slice(&result));
    else
        say(ANSWER_ERROR, slice_text(err.msg));
}

/* ----------------------------------------------------------------- parent */

static int64_t now_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Reads to EOF. False: the deadline passed, or more came than agreed (ret_overrun). */
static bool collect(int fd, unsigned timeout_ms, struct buf *out, bool *ret_overrun)
{
    int64_t deadline = now_ms() + timeout_ms;
    *ret_overrun = false;
    for (;;) {
        int64_t left = deadline - now_ms();
        struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
        int ready = left <= 0 ? 0 : poll(&poll_fd, 1, (int)left);
        if (ready < 0 && errno == EINTR)
            continue;
        if (ready <= 0)
            return false;
        uint8_t chunk[4096];
        ssize_t len = read(fd, chunk, sizeof chunk);
        if (len < 0 && errno == EINTR)
            continue;
        if (len <= 0)
            return true;
        buf_add(out, chunk, (size_t)len);
        if (out->failed) {
            *ret_overrun = true;
            return false;
        }
    }
}

static bool explain_death(int status, struct err *err)
{
    int sig = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    if (sig == SIGSYS)
        return err_set(err, ERR_INPUT, "the input made its decoder call something forbidden");
    if (sig == SIGXCPU || sig == SIGKILL)
        return err_set(err, ERR_INPUT, "the input took more CPU time or memory than allowed");
    if (sig != 0)
        return err_set(err, ERR_INPUT, "the input crashed its decoder (signal %d)", sig);
    return err_set(err, ERR_INPUT, "the input ended its decoder without an answer");
}

/* A text out of the child, made fit for a message. */
static bool explain_refusal(struct slice text, struct err *err)
{
    char clean[sizeof err->msg];
    size_t len = text.len < sizeof clean - 1 ? text.len : sizeof clean - 1;
    for (size_t i = 0; i < len; i++)
        clean[i] = text.data[i] >= ' ' && text.data[i] != 0x7f ? (char)text.data[i] : '?';
    clean[len] = '\0';
    return err_set(err, ERR_INPUT, "%s", len == 0 ? "refused" : clean);
}

static bool judge(struct slice answer, int status, struct buf *ret_result, struct err *err)
{
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0 || answer.len == 0)
        return explain_death(status, err);
    struct slice rest = slice_from(answer, 1, answer.len - 1);
    switch (answer.data[0]) {
    case ANSWER_RESULT:
        buf_add_slice(ret_result, rest);
        assert(!ret_result->failed); /* the caller promised room for result_max */
        return true;
    case ANSWER_ERROR: return explain_refusal(rest, err);
    case ANSWER_BROKEN:
        return err_set(err, ERR_IO,
                       "this system cannot close the sandbox (seccomp, landlock or limits); the "
                       "input was not touched");
    }
    return explain_death(status, err);
}

static bool watch_child(pid_t pid, int fd, const struct sandbox_limits *limits,
                        struct buf *ret_result, struct err *err)
{
    struct buf answer = buf_heap(limits->result_max + 1 + sizeof err->msg);
    bool overrun;
    bool whole = collect(fd, limits->timeout_ms, &answer, &overrun);
    if (!whole)
        (void)kill(pid, SIGKILL);
    int status = 0;
    pid_t waited;
    while ((waited = waitpid(pid, &status, 0)) < 0 && errno == EINTR)
        ;
    if (waited != pid)
        status = 0; /* the caller ignores SIGCHLD: the answer alone must do */
    bool good;
    if (overrun ||
        (whole && answer.len > limits->result_max + 1 && answer.data[0] == ANSWER_RESULT))
        good =
            err_set(err, ERR_INPUT, "the decoder answered more than %zu bytes", limits->result_max);
    else if (!whole)
        good = err_set(err, ERR_INPUT, "the input took longer than %u ms", limits->timeout_ms);
    else
        good = judge(buf_slice(&answer), status, ret_result, err);
    buf_free(&answer);
    return good;
}

bool sandbox_run(bool (*work)(struct slice input, struct buf *result, struct err *err),
                 struct slice input, const struct sandbox_limits *limits, struct buf *ret_result,
                 struct err *err)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return err_set(err, ERR_IO, "pipe: %s", strerror(errno));
    pid_t parent = getpid();
    pid_t pid = fork();
    if (pid < 0) {
        int why = errno;
        (void)close(ends[0]);
        (void)close(ends[1]);
        return err_set(err, ERR_IO, "fork: %s", strerror(why));
    }
    if (pid == 0) {
        if (!close_sandbox(ends[1], parent, limits)) {
            uint8_t broken = ANSWER_BROKEN;
            _exit(write(ends[1], &broken, 1) == 1 || write(PIPE_FD, &broken, 1) == 1
                      ? 0
                      : STATUS_CRASHED);
        }
        run_child(work, input, limits->result_max);
        _exit(STATUS_CRASHED);
    }
    (void)close(ends[1]);
    bool good = watch_child(pid, ends[0], limits, ret_result, err);
    (void)close(ends[0]);
    return good;
}
