/*
 * The nodes of a rehearsal as processes: started so that they outlive the command, each with DIR/NAME/node.pid
 * and node.log; and what each says of itself over HTTP.
 */
#ifndef TOOLS_CONSORTIUM_NODE_H
#define TOOLS_CONSORTIUM_NODE_H

#include "tools/consortium_dir.h"

#include <sys/types.h>

#define CONSORTIUM_NODE_ASK_MS 2000 /* a node that says nothing for so long counts as silent */
#define CONSORTIUM_ALARMS_MAX  8

/* Its process, 0 when it does not run (a pid file that is left over is of nobody). */
pid_t consortium_node_pid(const struct consortium_member *m);
/* Starts it and returns at once. ERR_BUSY when it runs already. */
bool consortium_node_start(const struct consortium_dir *d, const struct consortium_member *m,
                           struct err *err);
/* Asks it to end and waits. False, ERR_BUSY, when it has not ended after so long. */
bool consortium_node_stop(const struct consortium_member *m, uint64_t wait_ms, struct err *err);
/* The end of its log: its last line, "" when there is none. */
void consortium_node_last_line(const struct consortium_member *m, char *text, size_t size);

struct consortium_look {
    pid_t pid;
    bool answers; /* and the rest is set */
    uint64_t height;
    struct hash tip;
    bool knows_peers; /* it says how it stands with the others: and this is set */
    bool votes, abstains;
    uint64_t round, quorum, members, peers, lag, pool;
    bool offset_known;
    int64_t offset_ms;
    size_t alarm_count; /* what it says is wrong */
    struct consortium_alarm {
        char name[24], text[192];
    } alarms[CONSORTIUM_ALARMS_MAX];
};

void consortium_node_look(const struct consortium_member *m, struct consortium_look *ret_look);
/* The hash of its block at this height: false when it does not say. */
bool consortium_node_block(const struct consortium_member *m, uint64_t height,
                           struct hash *ret_hash);

#endif
