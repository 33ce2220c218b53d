/* What consensus keeps of others and of itself. Bounded by sender: who lies pushes out only what is his. */
#ifndef NODE_CONSENSUS_KEPT_H
#define NODE_CONSENSUS_KEPT_H

#include "node/consensus.h"

#define NEVER        UINT64_MAX
#define BITMAP_WORDS (AUTHORITY_MAX / 64)
#define VOTES_KEPT   4             /* rounds of one sender's PREPAREs, and of its COMMITs */
#define HEADERS_KEPT 8             /* of blocks that were proposed at this height */
#define EVIDENCE_MAX (64 * 1024)   /* of one envelope */
#define ANSWER_MS    300           /* at most one answer to one who is behind in so long */
#define HEARD_MS     5000          /* who was heard within counts as there */
#define STUCK_MS     800           /* others are a height above for so long: fetch */
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
    uint64_t heard_ms, answered_ms, replied_ms;
    uint64_t reached; /* the highest block that it said it has */
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

static inline bool bitmap_has(const uint64_t *bits, size_t place)
{
    return (bits[place / 64] >> (place % 64) & 1) != 0;
}

static inline void bitmap_add(uint64_t *bits, size_t place)
{
    bits[place / 64] |= UINT64_C(1) << (place % 64);
}

#endif
