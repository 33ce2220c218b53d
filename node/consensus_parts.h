/*
 * What the files of consensus share: the state, by what of it must outlive a crash, and the steps that
 * each event may set off. Everything is bounded by sender: who lies pushes out only what is his.
 */
#ifndef NODE_CONSENSUS_PARTS_H
#define NODE_CONSENSUS_PARTS_H

#include "node/consensus.h"

#define NEVER        UINT64_MAX
#define BITMAP_WORDS (AUTHORITY_MAX / 64)
#define VOTES_KEPT   4             /* rounds of one sender's PREPAREs, and of its COMMITs */
#define HEADERS_KEPT 8             /* of blocks that were proposed at this height */
#define EVIDENCE_MAX (64 * 1024)   /* of one envelope */
#define ANSWER_MS    300           /* at most one answer to one who is behind in so long */
#define HEARD_MS     5000          /* who was heard within counts as there */
#define STUCK_MS     1500          /* others are a height above for so long: fetch */
#define STRANGER     AUTHORITY_MAX /* the place of all peers that are not of the set */

/* One PREPARE or COMMIT of one sender. */
struct vote {
    bool there;
    uint64_t round;
    struct hash block;
    uint8_t sig[SIG_SIZE]; /* PREPARE */
    uint64_t time_s, size; /* COMMIT: what the seal says of the header */
    struct hash tree;
    size_t seal_len;
    uint8_t seal[SEAL_SIZE_MAX];
};

struct ballot_box {
    struct vote at[AUTHORITY_MAX][VOTES_KEPT];
};

/* q ROUNDCHANGEs for exactly one round: the newest that was held, which may be below the current round. */
struct round_cert {
    bool there;
    uint64_t round;
    size_t count;
    struct roundchange at[AUTHORITY_MAX];
};

/* What this node said at a height in a round, about a block. */
struct said {
    bool there;
    uint64_t round;
    struct header header;
    struct hash block;
};

enum candidate_state {
    CANDIDATE_NONE,
    CANDIDATE_EARLY, /* its time is ahead of the clock */
    CANDIDATE_ASKED, /* JUDGE is out */
    CANDIDATE_BAD,   /* no other of its round is looked at */
    CANDIDATE_TAKEN, /* PREPAREd, or not to be PREPAREd any more */
};

/* The justified proposal of the current round: another's, or the prepared block that is mine to propose. */
struct candidate {
    enum candidate_state state;
    bool own;    /* I shall propose it */
    bool exempt; /* prepared before: its time is not judged again */
    bool has_header;
    struct header header;
    struct hash block;
    uint64_t sources[BITMAP_WORDS];
    size_t envelope_len; /* 0: too long to be evidence, or own */
};

/* What is known of an authority, beyond heights. */
struct peer {
    struct kid kid;
    bool heard, has_offset, asked, evidenced;
    uint64_t heard_ms, answered_ms;
    int64_t offset_ms;
    uint64_t asked_height, asked_round; /* its answer to my question */
    bool has_question;
    uint8_t question
        [HALF_SIZE]; /* the newest it asked, and whether and when its key had spoken before */
    bool spoken, spoken_before;
    uint64_t spoken_ms, spoken_before_ms;
};

enum lost_state {
    LOST_NOT,
    LOST_ASKING, /* abstains, and asks where the others stand */
    LOST_UNTIL,  /* abstains until until_height is decided */
};

struct decision {
    bool there;
    struct header header;
    struct hash block;
    uint64_t round;
    uint64_t bits[BITMAP_WORDS]; /* whose seals */
    size_t count;
    size_t seal_len[AUTHORITY_MAX];
    uint8_t seal[AUTHORITY_MAX][SEAL_SIZE_MAX];
};

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

/* ------------------------------------------------------------------ consensus.c */

bool consensus_may_vote(const struct consensus *c);
void consensus_want_send(struct consensus *c, enum message_type type);
/* What was said must be durable before it is sent; block: whose body too, or NULL. */
void consensus_want_persist(struct consensus *c, const struct hash *block);

/* ------------------------------------------------------------------ consensus_vote.c */

void consensus_vote_clear(struct consensus *c); /* a new height */
void consensus_vote_prepare(struct consensus *c, size_t place, const struct message *m);
void consensus_vote_commit(struct consensus *c, size_t place, const struct message *m);
/* PREPAREs a block of the current round, once: it is valid here. */
void consensus_vote_accept(struct consensus *c, const struct header *h);
/* On q PREPAREs: COMMIT. */
void consensus_vote_seal(struct consensus *c);
void consensus_vote_decided(struct consensus *c, const struct message *m);
/* Own votes read back after a restart; sig: of the PREPARE. */
void consensus_vote_restore(struct consensus *c);
/* A header that names one of this height's blocks: COMMITs for it can be judged from now on. */
void consensus_vote_note_header(struct consensus *c, const struct header *h);
const struct vote *consensus_vote_own(const struct consensus *c, const struct ballot_box *box,
                                      uint64_t round);
/* Two of its signatures for one (type, height, round): told once a height. */
void consensus_vote_evidence(struct consensus *c, size_t place, struct slice a, struct slice b);

/* ------------------------------------------------------------------ consensus_round.c */

void consensus_round_enter(struct consensus *c, uint64_t round);
void consensus_round_arm(struct consensus *c);
void consensus_round_expire(struct consensus *c);
void consensus_round_change(struct consensus *c, size_t place, const struct message *m);
void consensus_round_cert(struct consensus *c, const struct message *m);
/* The f + 1 rule, and what holding q ROUNDCHANGEs for exactly this round brings. */
void consensus_round_advance(struct consensus *c);
const struct kid *consensus_round_proposer(const struct consensus *c, uint64_t round);
/* Do q distinct ROUNDCHANGEs speak for it? ret_highest: the claim of the highest round, or there = false. */
bool consensus_round_justified(const struct consensus *c, struct cbor_reader at, size_t count,
                               struct prepared *ret_highest);
/* Takes what justifies a round that is mine or above, as one unit. */
void consensus_round_take(struct consensus *c, struct cbor_reader at, size_t count, uint64_t round);
/* Is the certificate of the current round held? */
bool consensus_round_held(const struct consensus *c);
/* The claim of the highest round in the certificate, or NULL: all are unprepared. */
const struct prepared *consensus_round_highest(const struct consensus *c);

/* ------------------------------------------------------------------ consensus_propose.c */

void consensus_propose_receive(struct consensus *c, const struct message *m);
/* The proposer's duty, and judging the candidate. */
void consensus_propose_advance(struct consensus *c);
void consensus_propose_built(struct consensus *c, const struct header *h, uint64_t round);
void consensus_propose_nothing(struct consensus *c, uint64_t round);
void consensus_propose_valid(struct consensus *c, const struct header *h);
void consensus_propose_invalid(struct consensus *c, const struct header *h);
/* Is it a header of this height, on this tip, under this set? */
bool consensus_propose_fits(const struct consensus *c, const struct header *h);

/* ------------------------------------------------------------------ consensus_peer.c */

void consensus_peer_heard(struct consensus *c, size_t place, const struct message *m);
void consensus_peer_status(struct consensus *c, size_t place, const struct message *m);
/* Answers one who is at an older height. */
void consensus_peer_answer(struct consensus *c, size_t place, const struct message *m);
/* Moves what is known of peers to their places in the set to come. */
void consensus_peer_move(struct consensus *c, const struct authority_set *set);
/* May one whose vote state was lost vote again? */
void consensus_peer_rejoin(struct consensus *c);
bool consensus_peer_offset(const struct consensus *c, int64_t *ret_ms);

/* ------------------------------------------------------------------ consensus_store.c */

/* False: damaged, or of a height above this: nobody knows what was voted. */
bool consensus_store_load(struct consensus *c, struct slice vote);

static inline bool bitmap_has(const uint64_t *bits, size_t place)
{
    return (bits[place / 64] >> (place % 64) & 1) != 0;
}

static inline void bitmap_add(uint64_t *bits, size_t place)
{
    bits[place / 64] |= UINT64_C(1) << (place % 64);
}

#endif
