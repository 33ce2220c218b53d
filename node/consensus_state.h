/* The state of consensus, by what of it must outlive a crash and by how long the rest is good for. */
#ifndef NODE_CONSENSUS_STATE_H
#define NODE_CONSENSUS_STATE_H

#include "node/consensus_kept.h"

/* What a step wants done; consensus.c makes actions of it, in the order that is safe. */
struct wants {
    bool persist, has_block;
    struct hash block; /* whose body must be durable */
    unsigned send;     /* bits 1 << message type */
    unsigned answer;   /* the same, to answer_to alone */
    struct kid answer_to, behind_whom, evidence_of;
    bool judge, build, decide, behind, evidence, clock;
    uint64_t behind_height;
    bool
        replies; /* the STATUS in answer: to this question, and when the asker's key spoke before it */
    uint8_t question[HALF_SIZE];
    bool has_heard;
    uint64_t heard_ms;
};

struct consensus {
    struct consensus_options options;
    struct authority_set set;
    struct hash set_hash;
    int place; /* own, in the set; -1: follows only */
    size_t quorum, faults;
    uint64_t height;
    struct header parent;
    struct hash tip;
    bool begun; /* START came */

    /* of the event */
    uint64_t now_ms, clock_ms;
    bool work;

    /* durable: consensus_put_vote(), with cert */
    uint64_t round;
    struct said proposed, accepted, sealed; /* the newest PROPOSE, PREPARE and COMMIT */
    struct header prepared_header;
    enum lost_state lost;
    uint64_t until_height;

    /* of this height */
    enum consensus_phase phase;
    struct candidate candidate;
    size_t header_count; /* ever noted; the newest HEADERS_KEPT are there */
    bool has_roundchange[AUTHORITY_MAX];

    /* timers, steady */
    bool timed, certified; /* the round's timer was armed; its certificate was relayed */
    bool building;         /* BUILD is out for the current round */
    uint64_t timer_ms, resend_ms, status_ms;
    uint64_t above_ms; /* since when others are a height above; NEVER: they are not */

    struct peer peers[AUTHORITY_MAX + 1]; /* by place; the last is shared by all strangers */
    struct wants wants;
    size_t evidence_len[2];
    struct message_cache cache;

    /* Large; never cleared as a whole: the flags in them, or counts above, say what is there. */
    struct prepared prepared; /* durable: the newest certificate */
    struct round_cert cert;   /* durable */
    struct decision decision; /* of this height; after START, of the one before */
    struct ballot_box prepares, commits;
    struct roundchange roundchanges[AUTHORITY_MAX];
    struct hash header_hashes[HEADERS_KEPT];
    struct header headers[HEADERS_KEPT];
    uint8_t candidate_envelope[EVIDENCE_MAX];
    uint8_t evidence[2][EVIDENCE_MAX];
};

#endif
