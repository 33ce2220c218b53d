/*
 * Whom this node lets in and listens to: what the ledger says, taken over at a bounded pace. Another
 * certificate costs a restart of the own broker, and with it every link for a moment, while an authority may
 * announce another one in each block. So who enters is let in at once, for that needed ballots; who leaves
 * hears the others a moment longer, to learn that it has left; what one who is there announces anew waits:
 * until nothing was taken over for a while, and for a pause of its own, which doubles for who announces again
 * and again. Until then the old one counts. Pure: time comes in.
 */
#ifndef NODE_PEERS_ROSTER_H
#define NODE_PEERS_ROSTER_H

#include "node/peer.h"

#define PEERS_ROSTER_LEAVE_MS     3000    /* some statuses of the others long */
#define PEERS_ROSTER_GATHER_MS    10000   /* since anything was taken over */
#define PEERS_ROSTER_PAUSE_MS     10000   /* of one peer, at first */
#define PEERS_ROSTER_PAUSE_MAX_MS 300000  /* of one that goes on and on */
#define PEERS_ROSTER_QUIET_MS     3600000 /* after so long it is at its first pause again */
#define PEERS_ROSTER_MAX          (2 * PEER_MAX)

struct peers_roster_entry {
    struct peer said, taken;
    bool listed;            /* said counts */
    bool present;           /* taken counts */
    uint64_t left_ms;       /* when it was listed no more */
    uint64_t not_before_ms; /* so long another one of it waits */
    uint64_t pause_ms;      /* the last one; 0: none */
};

struct peers_roster {
    uint64_t taken_ms; /* when anything was taken over; 0: never */
    size_t count;
    struct peers_roster_entry at[PEERS_ROSTER_MAX]; /* some have left, and keep their pause */
};

/* What the ledger says now; every kid once, at most PEER_MAX. It changes nothing yet. */
void peers_roster_say(struct peers_roster *r, const struct peer *list, size_t count,
                      uint64_t now_ms);
/* When something is to be taken over; UINT64_MAX: nothing is. */
uint64_t peers_roster_due_ms(const struct peers_roster *r);
/* When it is time, takes over all that waits but for those who left. Returns: whether anything was. */
bool peers_roster_take(struct peers_roster *r, uint64_t now_ms);

#endif
