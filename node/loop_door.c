/* The door's side of the loop: what clients and peers bring, and what became of it. */
#include "common/hex.h"
#include "common/log.h"
#include "node/announce.h"
#include "node/loop_parts.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define PARKED_BYTES (4u * 1024 * 1024) /* nobody vouches for any of them */
#define PARKED_MS    2000 /* a statement by a key that is not enrolled yet waits so long */

/*
 * Authorities listen to each other, and to candidates, who have to say that they enter. Nobody listens to any
 * other node: what it took in would wait for ever.
 */
void loop_door_look(struct node *n, uint64_t height)
{
    bool heard = authority_set_find(&n->chain.next, &n->kid) >= 0 ||
                 peer_book_is_candidate(n->meet.book, &n->kid) ||
                 (n->settings->has_recovery && authority_set_find(&n->recovery.set, &n->kid) >= 0);
    if (heard == !n->meet.outside)
        return;
    __atomic_store_n(&n->meet.outside_since, height, __ATOMIC_RELAXED);
    __atomic_store_n(&n->meet.outside, !heard, __ATOMIC_RELEASE);
}

static bool is_outside(const struct node *n, struct err *err)
{
    char since[64] = "";
    if (!__atomic_load_n(&n->meet.outside, __ATOMIC_ACQUIRE))
        return false;
    uint64_t height = __atomic_load_n(&n->meet.outside_since, __ATOMIC_RELAXED);
    if (height > 0)
        (void)snprintf(since, sizeof since, " since block %" PRIu64, height);
    (void)err_set(err, ERR_REFUSED,
                  "this node is not an authority of the ledger%s: send statements to another node",
                  since);
    return true;
}

bool node_submit(struct node *n, struct slice bytes, struct err *err)
{
    if (is_outside(n, err))
        return false;
    if (__atomic_load_n(&n->watch.full, __ATOMIC_RELAXED))
        return err_set(err, ERR_IO, "this node's disk is full: try another node, or later");
    if (ingest_submit(n->ingest, bytes, err))
        return true;
    __atomic_add_fetch(&n->busy, 1, __ATOMIC_RELAXED);
    return false;
}

void loop_on_message(void *user, const struct bus_message *message)
{
    struct node *n = user;
    struct err err;
    struct cose cose;
    if (node_submit(n, message->payload, &err) || !cose_parse(message->payload, &cose, NULL))
        return;
    struct node_refused refused = { crypto_sha256(message->payload), cose.kid,
                                    err.code == ERR_INPUT     ? REFUSED_TOO_LARGE
                                    : err.code == ERR_REFUSED ? REFUSED_NOT_AUTHORITY
                                                              : REFUSED_BUSY };
    announce_refused(n->bus, &refused);
}

static void turn_away(struct node *n, const struct parcel *p, enum refusal code)
{
    struct node_refused refused = { p->st.hash, p->st.kid, code };
    tracker_note(n->tracker, &p->st.hash, code);
    n->metrics.turned_away++;
    if (code != REFUSED_MALFORMED)
        announce_refused(n->bus, &refused);
}

static void park(struct node *n, struct parcel *p, uint64_t steady_ms)
{
    if (steady_ms >= p->arrived_ms + PARKED_MS || n->parked_count == LOOP_PARKED_MAX ||
        n->parked_bytes + p->len > PARKED_BYTES) {
        turn_away(n, p, REFUSED_UNKNOWN_KEY);
        free(p);
        return;
    }
    n->parked_bytes += p->len;
    n->parked[n->parked_count++] = p;
}

void loop_retry_parked(struct node *n)
{
    for (size_t i = 0; i < n->parked_count; i++) {
        if (ingest_retry(n->ingest, n->parked[i]))
            continue;
        turn_away(n, n->parked[i], REFUSED_BUSY);
        free(n->parked[i]);
    }
    n->parked_count = 0;
    n->parked_bytes = 0;
}

/* Nobody here waits for its fate; a peer verifies what it relays. */
static void note_forged(struct node *n, const struct parcel *p, uint64_t steady_ms)
{
    char kid[2 * KID_SIZE + 1];
    n->metrics.turned_away++;
    if (!loop_mute_note(&n->meet.mute, &p->relayer, steady_ms))
        return;
    hex_encode(kid_slice(&p->relayer), kid);
    log_warn("peer %s relays statements that do not hold: what it relays is passed over for %d s",
             kid, LOOP_MUTE_MS / 1000);
}

static void take_result(struct node *n, struct ingest_result result, uint64_t steady_ms)
{
    struct parcel *p = result.parcel;
    if (p->arrived_ms == 0)
        p->arrived_ms = steady_ms;
    if (result.code == REFUSED_UNKNOWN_KEY) {
        park(n, p, steady_ms);
        return;
    }
    if (result.code == ACCEPTED) {
        switch (node_core_add(n->core, p)) {
        case POOL_TAKEN: tracker_note(n->tracker, &p->st.hash, ACCEPTED); return;
        case POOL_KNOWN: free(p); return;
        case POOL_FULL: result.code = REFUSED_BUSY; break;
        case POOL_QUOTA: result.code = REFUSED_QUOTA; break;
        }
    }
    if (p->from_peer && (result.code == REFUSED_MALFORMED || result.code == REFUSED_BAD_SIGNATURE))
        note_forged(n, p, steady_ms);
    else
        turn_away(n, p, result.code);
    free(p);
}

void loop_door(struct node *n, uint64_t steady_ms)
{
    struct ingest_result result;
    while (ingest_take(n->ingest, &result))
        take_result(n, result, steady_ms);
    if (n->parked_count > 0 && steady_ms >= n->parked[0]->arrived_ms + PARKED_MS)
        loop_retry_parked(n);
}
