/*
 * A ledger for trying things out: in memory, with companies and devices made on demand, its clock moved by
 * hand. The rules are the product's own (node/execute.h); there is no consensus, no proof and nothing on disk,
 * and nothing here ever reaches a real ledger. Keys come from names, so that a trial is the same every time.
 */
#ifndef TOOLS_TRIAL_H
#define TOOLS_TRIAL_H

#include "common/outcome.h"
#include "common/statement.h"
#include "tools/trial_findings.h"
#include "tools/trial_state.h"

#define TRIAL_START_MS   UINT64_C(1780272000000) /* 2026-06-01T00:00:00Z */
#define TRIAL_DAY_MS     UINT64_C(86400000)
#define TRIAL_PEOPLE_MAX 128
#define TRIAL_NAME_SIZE  201

struct trial_person {
    char name[TRIAL_NAME_SIZE];
    enum key_class class;
    struct key_pair key;
    struct kid member; /* its company; its own kid if it is one */
    uint64_t seq;      /* of the last statement it signed */
    uint8_t prev[HALF_SIZE];
};

struct trial_result {
    struct hash statement;
    enum refusal code;
    uint64_t flags;
    char words[OUTCOME_DETAIL_MAX + 1]; /* why it was refused; only after trial_settle() */
};

/* To be read by anybody, written by trial*.c alone. */
struct trial {
    struct hash ledger;
    uint64_t now_ms; /* statements are signed and blocks made at this time */
    size_t person_count;
    struct trial_person people[TRIAL_PEOPLE_MAX];
    struct trial_result last; /* of the last statement */
    struct trial_findings found;
    struct trial_parts *parts;
    /* Told of each event when its block ends, if set. */
    void (*watch)(void *ctx, const struct event *e);
    void *watch_ctx;
};

struct trial *trial_new(uint64_t start_ms); /* NULL when memory is short */
void trial_free(struct trial *t);           /* NULL is legal */

/* Somebody to be made. */
struct trial_who {
    const char *name;
    enum key_class class;
    const struct trial_person *company; /* NULL for a member */
    const struct kid *kid;              /* NULL, or the one it shall go by */
    struct slice
        rights; /* raw array of what the key may do; empty: a device reports any property */
};
/* NULL with a sentence when there are too many, or the name is taken. */
struct trial_person *trial_add(struct trial *t, const struct trial_who *who, struct err *err);
struct trial_person *trial_find(struct trial *t, const char *name);
struct trial_person *trial_find_kid(struct trial *t, const struct kid *kid);

/*
 * Signs draft as the person's next statement, dated time_ms, and appends it to out. Whoever signs and does
 * not send leaves a gap.
 */
bool trial_sign(struct trial *t, struct trial_person *by, struct statement draft, uint64_t time_ms,
                struct buf *out, struct err *err);
/*
 * Executes bytes that trial_sign() made; t->last is theirs. Returns: false only when memory is short or the
 * bytes are not the ledger's business; a refusal is a result.
 */
bool trial_send(struct trial *t, struct slice bytes, struct err *err);
/* Both, dated now. */
bool trial_say(struct trial *t, struct trial_person *by, struct statement draft, struct err *err);

/* Ends the open block, as far as there is one. The next one comes at least a millisecond later. */
bool trial_settle(struct trial *t, struct err *err);
/*
 * Moves the clock on; each timer due on the way runs in a block of its own time. Earlier than now_ms is an
 * error, unless by less than a second, which is what blocks of one moment take.
 */
bool trial_advance(struct trial *t, uint64_t time_ms, struct err *err);

/* Of the state after the last settled block. */
bool trial_get(const struct trial *t, const struct state_key *key, struct slice *ret_value);

#endif
