/* `waybill consortium up`, `down` and `status`: the nodes of a rehearsal, started, ended and looked at. */
#include "common/hex.h"
#include "common/json.h"
#include "tools/cmd_consortium_parts.h"
#include "tools/cmd_names.h"
#include "tools/consortium_node.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WAIT_MS      60000
#define STOP_MS      30000
#define STEP_US      200000
#define WATCH_US     1000000
#define NEAR         1 /* heads apart by one block agree: one of them is still hearing of it */
#define LINE_SIZE    256
#define SHORT_DIGITS 12

struct running {
    struct consortium_dir *dir; /* those that are asked for */
    struct consortium_dir *all; /* for up: whose heads count too */
    struct consortium_look looks[FOUNDING_MEMBERS_MAX];
};

static bool open_dir(struct running *r, const struct cmd_args *args, struct err *err)
{
    return cmd_args_expect(args, 1, 1 + FOUNDING_MEMBERS_MAX, "DIR and members", err) &&
           consortium_dir_load(args->operand[0], &r->dir, err) &&
           consortium_dir_choose(r->dir, args->operand + 1, args->operand_count - 1, err);
}

static void look_at_all(struct running *r)
{
    for (size_t i = 0; i < r->dir->count; i++)
        consortium_node_look(&r->dir->members[i], &r->looks[i]);
}

/* ------------------------------------------------------------------ agreement */

struct agreement {
    size_t up;            /* that answer */
    uint64_t low, high;   /* their heads */
    bool forked;          /* two blocks at one height */
    size_t one, another;  /* who has them */
    uint64_t fork_height; /* not the first such, but one */
};

/* The tip of a lower head must be in the chain of every higher one. */
static void compare(const struct running *r, struct agreement *a, size_t low, size_t high)
{
    struct hash hash;
    const struct consortium_look *l = &r->looks[low], *h = &r->looks[high];
    if (l->height == h->height)
        hash = h->tip;
    else if (!consortium_node_block(&r->dir->members[high], l->height, &hash))
        return;
    if (hash_equal(&hash, &l->tip))
        return;
    a->forked = true;
    a->one = low;
    a->another = high;
    a->fork_height = l->height;
}

static void agree(const struct running *r, struct agreement *ret_a)
{
    struct agreement a = { .low = UINT64_MAX };
    size_t highest = 0;
    for (size_t i = 0; i < r->dir->count; i++) {
        const struct consortium_look *l = &r->looks[i];
        if (!l->answers)
            continue;
        if (a.up++ == 0 || l->height > a.high)
            highest = i;
        a.high = r->looks[highest].height;
        a.low = l->height < a.low ? l->height : a.low;
    }
    for (size_t i = 0; i < r->dir->count; i++)
        if (r->looks[i].answers && i != highest)
            compare(r, &a, i, highest);
    *ret_a = a;
}

static bool all_well(const struct running *r, const struct agreement *a)
{
    return a->up == r->dir->count && !a->forked && a->high - a->low <= NEAR;
}

static bool tell_fork(const struct running *r, const struct agreement *a, struct err *err)
{
    return err_set(err, ERR_PROOF, "%s and %s have different blocks at height %" PRIu64,
                   r->dir->members[a->one].name, r->dir->members[a->another].name, a->fork_height);
}

/* ------------------------------------------------------------------ up */

static bool start_all(struct running *r, const struct cmd_home *home, struct err *err)
{
    for (size_t i = 0; i < r->dir->count; i++) {
        const struct consortium_member *m = &r->dir->members[i];
        struct err why = { .code = ERR_NONE };
        if (consortium_node_start(r->dir, m, &why))
            continue;
        if (why.code != ERR_BUSY) {
            *err = why;
            return false;
        }
        if (!home->json)
            (void)printf("%s\n", why.msg);
    }
    return true;
}

/* A node that ended says why in its log. */
static bool all_run(const struct running *r, struct err *err)
{
    char line[LINE_SIZE];
    for (size_t i = 0; i < r->dir->count; i++) {
        const struct consortium_member *m = &r->dir->members[i];
        if (r->looks[i].pid != 0)
            continue;
        consortium_node_last_line(m, line, sizeof line);
        return err_set(err, ERR_IO, "%s has ended: %s", m->name,
                       line[0] != '\0' ? line : "its log is empty");
    }
    return true;
}

static void progress(const struct running *r, const struct agreement *a, bool end)
{
    if (isatty(STDERR_FILENO) != 1)
        return;
    (void)fprintf(stderr, "\r\033[K");
    if (!end)
        (void)fprintf(stderr, "%zu of %zu answer, blocks %" PRIu64 " to %" PRIu64, a->up,
                      r->dir->count, a->up > 0 ? a->low : 0, a->high);
}

/* A node that was started has caught up when it has the newest block of any that runs. */
static void reach_for_others(const struct running *r, struct agreement *a)
{
    for (size_t i = 0; i < r->all->count; i++) {
        struct consortium_look l;
        consortium_node_look(&r->all->members[i], &l);
        if (l.answers && l.height > a->high)
            a->high = l.height;
    }
}

/* Until every node that was started answers and their heads are one chain. */
static bool wait_for_all(struct running *r, uint64_t wait_ms, struct err *err)
{
    struct agreement a;
    uint64_t until = clock_steady_ms() + wait_ms;
    for (;;) {
        look_at_all(r);
        agree(r, &a);
        if (r->dir->count < r->all->count)
            reach_for_others(r, &a);
        bool last = clock_steady_ms() >= until;
        progress(r, &a, false);
        if (!all_run(r, err) || a.forked || all_well(r, &a) || last)
            break;
        (void)usleep(STEP_US);
    }
    progress(r, &a, true);
    if (err->code != ERR_NONE)
        return false;
    if (a.forked)
        return tell_fork(r, &a, err);
    return all_well(r, &a) ||
           err_set(err, ERR_BUSY,
                   "after %" PRIu64 " s %zu of %zu answer, and their heads differ by "
                   "%" PRIu64 " blocks",
                   wait_ms / 1000, a.up, r->dir->count, a.up > 0 ? a.high - a.low : 0);
}

static void tell_table(const struct running *r);
static void put_looks(const struct running *r, struct json_doc *doc);

static int up(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    struct running *r = calloc(1, sizeof *r);
    uint64_t wait_ms = WAIT_MS;
    if (r == NULL) {
        (void)err_set(err, ERR_IO, "out of memory");
        return CMD_ERROR;
    }
    bool good = open_dir(r, args, err) && consortium_dir_load(args->operand[0], &r->all, err) &&
                cmd_names_duration(args, "wait", &wait_ms, err) && start_all(r, home, err) &&
                wait_for_all(r, wait_ms, err);
    if (good && home->json) {
        struct json_doc *doc = json_doc_object();
        put_looks(r, doc);
        cmd_action_print(doc);
    } else if (good) {
        tell_table(r);
    }
    consortium_dir_free(r->all);
    consortium_dir_free(r->dir);
    free(r);
    return good ? CMD_GOOD : cmd_action_fail(err);
}

/* ------------------------------------------------------------------ down */

/* All are told before any is waited for: the last ones need not seal what the first ones would. */
static int down(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    struct running r = { .dir = NULL };
    bool good = open_dir(&r, args, err);
    size_t count = good ? r.dir->count : 0, ended = 0;
    for (size_t i = 0; i < count; i++)
        if (consortium_node_pid(&r.dir->members[i]) != 0) {
            ended++;
            (void)consortium_node_stop(&r.dir->members[i], 0, NULL);
        }
    for (size_t i = 0; i < count && good; i++)
        good = consortium_node_stop(&r.dir->members[i], STOP_MS, err);
    if (good && home->json) {
        struct json_doc *doc = json_doc_object();
        json_doc_put_int(doc, "ended", (int64_t)ended);
        cmd_action_print(doc);
    } else if (good) {
        (void)printf("%zu of %zu ended; the others did not run\n", ended, count);
    }
    consortium_dir_free(r.dir);
    return good ? CMD_GOOD : cmd_action_fail(err);
}

/* ------------------------------------------------------------------ status */

static void put_looks(const struct running *r, struct json_doc *doc)
{
    struct json_doc *list = json_doc_put_array(doc, "nodes");
    for (size_t i = 0; i < r->dir->count; i++) {
        const struct consortium_look *l = &r->looks[i];
        struct json_doc *one = json_doc_put_object(list, NULL);
        json_doc_put_text(one, "member", r->dir->members[i].name);
        json_doc_put_text(one, "url", r->dir->members[i].url);
        json_doc_put_bool(one, "answers", l->answers);
        if (l->pid != 0)
            json_doc_put_int(one, "pid", l->pid);
        if (!l->answers)
            continue;
        json_doc_put_int(one, "height", (int64_t)l->height);
        json_doc_put_hex(one, "tip", hash_slice(&l->tip));
        struct json_doc *alarms = json_doc_put_array(one, "alarms");
        for (size_t k = 0; k < l->alarm_count; k++)
            json_doc_put_text(alarms, NULL, l->alarms[k].name);
        if (!l->knows_peers)
            continue;
        json_doc_put_int(one, "round", (int64_t)l->round);
        json_doc_put_int(one, "peers", (int64_t)l->peers);
        json_doc_put_int(one, "quorum", (int64_t)l->quorum);
        json_doc_put_int(one, "members", (int64_t)l->members);
        json_doc_put_int(one, "lag", (int64_t)l->lag);
        json_doc_put_int(one, "pool", (int64_t)l->pool);
        json_doc_put_bool(one, "votes", l->votes);
        json_doc_put_bool(one, "abstains", l->abstains);
        if (l->offset_known)
            json_doc_put_int(one, "offset_ms", l->offset_ms);
    }
}

static void tell_peers(const struct consortium_look *l)
{
    char offset[32] = "-", peers[32];
    if (l->offset_known)
        (void)snprintf(offset, sizeof offset, "%+" PRId64 " ms", l->offset_ms);
    (void)snprintf(peers, sizeof peers, "%" PRIu64 "/%" PRIu64, l->peers,
                   l->members > 0 ? l->members - 1 : 0);
    (void)printf("%6" PRIu64 " %6s %5" PRIu64 " %10s %6" PRIu64 "  %s", l->round, peers, l->lag,
                 offset, l->pool,
                 l->abstains ? "abstains "
                 : l->votes  ? "votes    "
                             : "follows  ");
}

static void tell_table(const struct running *r)
{
    (void)printf("%-14s %-8s %9s %6s %6s %5s %10s %6s\n", "member", "process", "height", "round",
                 "peers", "lag", "offset", "pool");
    for (size_t i = 0; i < r->dir->count; i++) {
        const struct consortium_look *l = &r->looks[i];
        char tip[2 * HASH_SIZE + 1], process[16] = "-";
        if (l->pid != 0)
            (void)snprintf(process, sizeof process, "%ld", (long)l->pid);
        (void)printf("%-14s %-8s ", r->dir->members[i].name, process);
        if (!l->answers) {
            (void)printf("%9s\n", l->pid != 0 ? "silent" : "down");
            continue;
        }
        hex_encode(hash_slice(&l->tip), tip);
        (void)printf("%9" PRIu64 " ", l->height);
        if (l->knows_peers)
            tell_peers(l);
        (void)printf(" %.*s\n", SHORT_DIGITS, tip);
    }
}

static void tell_alarms(const struct running *r)
{
    for (size_t i = 0; i < r->dir->count; i++)
        if (r->dir->members[i].damage.code != ERR_NONE)
            (void)printf("%s: %s\n", r->dir->members[i].name, r->dir->members[i].damage.msg);
    for (size_t i = 0; i < r->dir->count; i++)
        for (size_t k = 0; k < r->looks[i].alarm_count; k++)
            (void)printf("alarm of %s: %s: %s\n", r->dir->members[i].name,
                         r->looks[i].alarms[k].name, r->looks[i].alarms[k].text);
}

static void tell_verdict(const struct running *r, const struct agreement *a)
{
    if (all_well(r, a))
        (void)printf("all %zu are up and their heads agree\n", r->dir->count);
    else if (a->up < r->dir->count)
        (void)printf("%zu of %zu are up\n", a->up, r->dir->count);
    else
        (void)printf("all are up; heads %" PRIu64 " blocks apart\n", a->high - a->low);
}

static int status_once(struct running *r, const struct cmd_home *home, bool clear, struct err *err)
{
    struct agreement a;
    look_at_all(r);
    agree(r, &a);
    if (home->json) {
        struct json_doc *doc = json_doc_object();
        put_looks(r, doc);
        json_doc_put_bool(doc, "well", all_well(r, &a));
        json_doc_put_bool(doc, "forked", a.forked);
        cmd_action_print(doc);
    } else {
        (void)printf("%s", clear ? "\033[H\033[2J" : "");
        tell_table(r);
        tell_alarms(r);
        tell_verdict(r, &a);
    }
    (void)fflush(stdout);
    if (a.forked) {
        (void)tell_fork(r, &a, err);
        return CMD_PROOF;
    }
    return all_well(r, &a) ? CMD_GOOD : CMD_ERROR;
}

static int status(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    struct running *r = calloc(1, sizeof *r);
    bool watch = cmd_args_flag(args, "watch");
    int code = CMD_ERROR;
    if (r == NULL) {
        (void)err_set(err, ERR_IO, "out of memory");
        return CMD_ERROR;
    }
    if (open_dir(r, args, err)) {
        code = status_once(r, home, watch, err);
        while (watch && code != CMD_PROOF) {
            (void)usleep(WATCH_US);
            code = status_once(r, home, watch, err);
        }
    }
    consortium_dir_free(r->dir);
    free(r);
    return code;
}

/* ------------------------------------------------------------------ actions */

const struct cmd_action cmd_consortium_up_action = {
    "up", "consortium up", "wait=",
    "Usage: waybill consortium up DIR [MEMBER...] [--wait DURATION]\n"
    "Starts the nodes of a rehearsal, all or those named, and waits until they answer and their\n"
    "heads agree. They go on when this command ends: DIR/MEMBER/node.log is what they say,\n"
    "DIR/MEMBER/node.pid their process.\n"
    "\n"
    "  --wait DURATION  how long at most (default: 60 s)\n"
    "Exit code: 0 they agree, 1 error, 3 they have different blocks at one height.\n",
    up
};

const struct cmd_action cmd_consortium_down_action = {
    "down", "consortium down", "",
    "Usage: waybill consortium down DIR [MEMBER...]\n"
    "Asks the nodes of a rehearsal, all or those named, to end, and waits until they have.\n"
    "Exit code: 0 none of them runs, 1 error.\n",
    down
};

const struct cmd_action cmd_consortium_status_action = {
    "status", "consortium status", "watch",
    "Usage: waybill consortium status DIR [MEMBER...] [--watch]\n"
    "Each node's process, newest block, round, peers heard of, blocks behind, its clock against\n"
    "theirs, and what waits in its pool, as it says itself.\n"
    "\n"
    "  --watch  again every second, until Ctrl-C\n"
    "Exit code: 0 all are up and their heads agree, 1 not so, 3 different blocks at one height.\n",
    status
};
