/*
 * Peers that relay statements which do not hold. An honest one has verified what it relays: who brings
 * forgeries by the dozen is not listened to for a while, so that its lies do not stand in the way of what
 * clients bring. Only its STATEMENTS are passed over; its votes count as before.
 */
#ifndef NODE_LOOP_MUTE_H
#define NODE_LOOP_MUTE_H

#include "common/authority_set.h"

#define LOOP_MUTE_BAD 32    /* so many within … */
#define LOOP_MUTE_IN  10000 /* … so many ms are too many … */
#define LOOP_MUTE_MS  30000 /* … and it is passed over for so long */

struct loop_mute {
    size_t count;
    struct loop_mute_peer {
        struct kid kid;
        unsigned bad;
        uint64_t since_ms, until_ms; /* steady */
    } at[AUTHORITY_MAX];
};

/* A statement of this peer did not hold. True: from now on it is muted. */
bool loop_mute_note(struct loop_mute *m, const struct kid *peer, uint64_t steady_ms);
bool loop_mute_is(const struct loop_mute *m, const struct kid *peer, uint64_t steady_ms);

#endif
