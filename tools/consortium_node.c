#include "tools/consortium_node.h"

#include "common/file.h"
#include "common/hex.h"
#include "common/http_client.h"
#include "common/json.h"
#include "tools/member_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PROGRAM       "waybill-node"
#define STEP_US       50000
#define LOG_TAIL      4096
#define ANSWER_MAX    (1 << 20)
#define CMDLINE_MAX   (2 * PATH_MAX)
#define PID_TEXT_SIZE 32
#define FILES_MAX     256
#define ARGUMENTS_MAX 8

/* ------------------------------------------------------------------ processes */

/* Returns: 0 when there is no such process, or nothing but its end to be collected. */
static size_t read_words(pid_t pid, char line[CMDLINE_MAX])
{
    char path[64];
    (void)snprintf(path, sizeof path, "/proc/%ld/cmdline", (long)pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t len = fd >= 0 ? read(fd, line, CMDLINE_MAX) : -1;
    if (fd >= 0)
        (void)close(fd);
    return len > 0 ? (size_t)len : 0;
}

static bool runs(pid_t pid)
{
    char line[CMDLINE_MAX];
    return read_words(pid, line) > 0;
}

/* Is this process a node with that configuration? Numbers of processes are used again. */
static bool is_node(pid_t pid, const char *config)
{
    char line[CMDLINE_MAX];
    size_t len = read_words(pid, line);
    return len > 0 && memmem(line, len, config, strlen(config) + 1) != NULL;
}

/*
 * Does it hold the lock of this member's ledger? A folder that was renamed since its node was started has
 * another name than in the node's command line, and is the same folder.
 */
static bool holds_ledger(pid_t pid, const struct consortium_member *m)
{
    char path[PATH_MAX];
    struct stat lock, st;
    struct dirent *entry;
    bool found = false;
    if (!member_folder_path(m->dir, "node/lock", path, NULL) || stat(path, &lock) != 0)
        return false;
    (void)snprintf(path, sizeof path, "/proc/%ld/fd", (long)pid);
    DIR *dir = opendir(path);
    while (!found && dir != NULL && (entry = readdir(dir)) != NULL)
        found = fstatat(dirfd(dir), entry->d_name, &st, 0) == 0 && st.st_dev == lock.st_dev &&
                st.st_ino == lock.st_ino;
    if (dir != NULL)
        (void)closedir(dir);
    return found;
}

/* The configuration's whole path, which tells this node from another's with the same words. */
static bool own_config(const struct consortium_member *m, char config[PATH_MAX], struct err *err)
{
    char path[PATH_MAX];
    return member_folder_path(m->dir, "node.yaml", path, err) &&
           (realpath(path, config) != NULL ||
            err_set(err, ERR_IO, "%s: %s", path, strerror(errno)));
}

pid_t consortium_node_pid(const struct consortium_member *m)
{
    char path[PATH_MAX], config[PATH_MAX], text[PID_TEXT_SIZE] = "";
    struct buf out = buf_fixed(text, sizeof text - 1);
    if (!member_folder_path(m->dir, "node.pid", path, NULL) ||
        !file_read(path, sizeof text - 1, &out, NULL))
        return 0;
    long pid = strtol(text, NULL, 10);
    bool own = pid > 1 && ((own_config(m, config, NULL) && is_node((pid_t)pid, config)) ||
                           holds_ledger((pid_t)pid, m));
    return own ? (pid_t)pid : 0;
}

/* Beside this program, as built or installed; else wherever the system finds it. */
static void find_program(char path[PATH_MAX])
{
    ssize_t len = readlink("/proc/self/exe", path, PATH_MAX - sizeof PROGRAM - 1);
    path[len > 0 ? len : 0] = '\0';
    char *slash = strrchr(path, '/');
    if (slash != NULL)
        memcpy(slash + 1, PROGRAM, sizeof PROGRAM);
    if (slash == NULL || access(path, X_OK) != 0)
        (void)snprintf(path, PATH_MAX, "%s", PROGRAM);
}

/* In the child, between fork and exec: nothing of the parent's is kept but `told`, which exec closes. */
static void become_node(const char *const argv[], const char *log, int told)
{
    int in = open("/dev/null", O_RDONLY);
    int out = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
    (void)setsid();
    (void)signal(SIGPIPE, SIG_DFL);
    if (in < 0 || out < 0 || dup2(in, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 ||
        dup2(out, STDERR_FILENO) < 0)
        _exit(127);
    for (int fd = STDERR_FILENO + 1; fd < FILES_MAX; fd++)
        if (fd != told)
            (void)close(fd);
    char *copy[ARGUMENTS_MAX] = {
        NULL
    }; /* exec's own promise not to change what it is given is not in its type */
    for (size_t i = 1; argv[i] != NULL; i++)
        copy[i - 1] = strdup(argv[i]);
    (void)execvp(argv[0], copy);
    int code = errno;
    (void)!write(told, &code, sizeof code);
    _exit(127);
}

/* Returns when it has become the node: its process is known by its command line. */
static bool run_detached(const char *const argv[], const char *log, pid_t *ret_pid, struct err *err)
{
    int told[2], code = 0;
    if (pipe2(told, O_CLOEXEC) != 0)
        return err_set(err, ERR_IO, "%s: %s", PROGRAM, strerror(errno));
    pid_t pid = fork();
    if (pid == 0)
        become_node(argv, log, told[1]);
    (void)close(told[1]);
    bool good = pid > 0 || err_set(err, ERR_IO, "%s: %s", PROGRAM, strerror(errno));
    if (good && read(told[0], &code, sizeof code) > 0)
        good = err_set(err, ERR_IO, "%s: cannot be run: %s", argv[0], strerror(code));
    (void)close(told[0]);
    *ret_pid = pid;
    return good;
}

bool consortium_node_start(const struct consortium_dir *d, const struct consortium_member *m,
                           struct err *err)
{
    char program[PATH_MAX], config[PATH_MAX], log[PATH_MAX], file[PATH_MAX];
    char text[PID_TEXT_SIZE];
    pid_t pid = 0;
    if (consortium_node_pid(m) != 0)
        return err_set(err, ERR_BUSY, "%s: runs already", m->name);
    if (!own_config(m, config, err) || !member_folder_path(m->dir, "node.log", log, err) ||
        !member_folder_path(m->dir, "node.pid", file, err))
        return false;
    find_program(program);
    bool clock = strcmp(d->clock, "REAL") != 0;
    const char *const argv[] = { program,    PROGRAM, "run",
                                 "--config", config,  clock ? "--clock" : NULL,
                                 d->clock,   NULL };
    if (!run_detached(argv, log, &pid, err))
        return false;
    (void)snprintf(text, sizeof text, "%ld\n", (long)pid);
    return file_replace(file, slice_text(text), 0644, err);
}

bool consortium_node_stop(const struct consortium_member *m, uint64_t wait_ms, struct err *err)
{
    char path[PATH_MAX];
    pid_t pid = consortium_node_pid(m);
    uint64_t until = clock_steady_ms() + wait_ms;
    if (pid != 0 && kill(pid, SIGTERM) != 0 && errno != ESRCH)
        return err_set(err, ERR_IO, "%s: process %ld: %s", m->name, (long)pid, strerror(errno));
    while (pid != 0 && runs(pid)) {
        if (clock_steady_ms() >= until)
            return err_set(err, ERR_BUSY, "%s: process %ld has not ended yet", m->name, (long)pid);
        (void)usleep(STEP_US);
    }
    if (member_folder_path(m->dir, "node.pid", path, NULL))
        (void)unlink(path);
    return true;
}

void consortium_node_last_line(const struct consortium_member *m, char *text, size_t size)
{
    char path[PATH_MAX], tail[LOG_TAIL + 1] = "";
    text[0] = '\0';
    FILE *f = member_folder_path(m->dir, "node.log", path, NULL) ? fopen(path, "re") : NULL;
    if (f == NULL)
        return;
    if (fseek(f, -LOG_TAIL, SEEK_END) != 0)
        rewind(f);
    size_t len = fread(tail, 1, LOG_TAIL, f);
    (void)fclose(f);
    while (len > 0 && tail[len - 1] == '\n')
        tail[--len] = '\0';
    const char *line = strrchr(tail, '\n');
    (void)snprintf(text, size, "%s", line != NULL ? line + 1 : tail);
}

/* ------------------------------------------------------------------ asking */

static bool ask(const struct consortium_member *m, const char *path, struct json_doc **ret_doc)
{
    struct http_client_options options = { .base_url = m->url,
                                           .timeout_ms = CONSORTIUM_NODE_ASK_MS };
    struct http_client *client = NULL;
    struct http_reply reply = { .status = 0 };
    if (!http_client_open(&options, &client, NULL))
        return false;
    bool good = http_client_get(client, path, "application/json", &reply, NULL) &&
                reply.status == 200 &&
                json_doc_parse(buf_slice(&reply.body), ANSWER_MAX, ret_doc, NULL);
    http_reply_free(&reply);
    http_client_close(client);
    return good;
}

static void take_uint(const struct json_doc *doc, const char *pointer, uint64_t *ret_value)
{
    int64_t value = 0;
    if (json_doc_get_int(json_doc_at(doc, pointer), &value) && value >= 0)
        *ret_value = (uint64_t)value;
}

static bool take_hash(const struct json_doc *doc, const char *pointer, struct hash *ret_hash)
{
    struct slice text;
    return json_doc_get_text(json_doc_at(doc, pointer), &text) &&
           hex_decode((const char *)text.data, text.len, ret_hash->bytes, HASH_SIZE);
}

static void take_consensus(const struct json_doc *doc, struct consortium_look *l)
{
    l->knows_peers = true;
    (void)json_doc_get_bool(json_doc_at(doc, "/votes"), &l->votes);
    (void)json_doc_get_bool(json_doc_at(doc, "/abstains"), &l->abstains);
    take_uint(doc, "/round", &l->round);
    take_uint(doc, "/quorum", &l->quorum);
    take_uint(doc, "/members", &l->members);
    take_uint(doc, "/peers", &l->peers);
    take_uint(doc, "/lag", &l->lag);
    take_uint(doc, "/pool", &l->pool);
    l->offset_known = json_doc_get_int(json_doc_at(doc, "/offset_ms"), &l->offset_ms);
}

static void take_text(const struct json_doc *doc, const char *pointer, char *text, size_t size)
{
    struct slice found = { NULL, 0 };
    (void)json_doc_get_text(json_doc_at(doc, pointer), &found);
    (void)snprintf(text, size, "%.*s", (int)found.len, (const char *)found.data);
}

static void take_alarms(const struct json_doc *doc, struct consortium_look *l)
{
    const struct json_doc *list = json_doc_at(doc, "/alarms");
    for (size_t i = 0; i < json_doc_count(list) && i < CONSORTIUM_ALARMS_MAX; i++) {
        struct consortium_alarm *alarm = &l->alarms[l->alarm_count++];
        const struct json_doc *one = json_doc_element(list, i);
        take_text(one, "/alarm", alarm->name, sizeof alarm->name);
        take_text(one, "/text", alarm->text, sizeof alarm->text);
    }
}

void consortium_node_look(const struct consortium_member *m, struct consortium_look *ret_look)
{
    struct consortium_look l = { .pid = consortium_node_pid(m) };
    struct json_doc *head = NULL, *consensus = NULL, *health = NULL;
    if (ask(m, "/v1/head", &head)) {
        take_uint(head, "/height", &l.height);
        l.answers = take_hash(head, "/hash", &l.tip);
    }
    if (l.answers && ask(m, "/v1/consensus", &consensus))
        take_consensus(consensus, &l);
    if (l.answers && ask(m, "/healthz", &health))
        take_alarms(health, &l);
    json_doc_free(head);
    json_doc_free(consensus);
    json_doc_free(health);
    *ret_look = l;
}

bool consortium_node_block(const struct consortium_member *m, uint64_t height,
                           struct hash *ret_hash)
{
    char path[80];
    struct json_doc *doc = NULL;
    (void)snprintf(path, sizeof path, "/v1/blocks?from=%" PRIu64 "&limit=1", height);
    bool good = ask(m, path, &doc) && take_hash(doc, "/blocks/0/hash", ret_hash);
    json_doc_free(doc);
    return good;
}
