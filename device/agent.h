/*
 * What an agent decides, without doing it: when a pack of samples is signed, what is sent and sent again,
 * and what a proven ack allows to be deleted. Pure: times and jitter are arguments; main.c stores, sends
 * and logs. A seq is signed once: the signed bytes stay here until agent_stored() says they are on disk.
 *
 * Two kinds of time: now_ms is the clock the samples live by (it may be virtual), steady_ms counts real
 * milliseconds for timeouts and never goes back.
 */
#ifndef DEVICE_AGENT_H
#define DEVICE_AGENT_H

#include "common/set_chain.h"
#include "common/statement.h"
#include "device/agent_pending.h"

#define AGENT_WINDOW          64 /* statements on their way at once */
#define AGENT_TRIES_MAX       6  /* a timeout doubles up to here */
#define AGENT_ANCHOR_EVERY_MS 3600000
#define AGENT_SIGNED_MAX      (READING_SIZE_MAX + 1024)
#define AGENT_SETS_MAX        (256 * 1024)

struct agent_column {
    uint16_t property;
    int8_t exponent;
};

struct agent_settings {
    size_t columns;
    struct agent_column column[READING_COLUMNS_MAX]; /* properties rise */
    size_t pack_samples;     /* a pack is signed when it holds so many … */
    uint64_t pack_within_ms; /* … or spans, or has waited, so long */
    uint64_t resend_ms;      /* the first timeout of an unacked statement */
};

struct agent_sample {
    uint64_t time_ms;
    bool present[READING_COLUMNS_MAX];
    int64_t value[READING_COLUMNS_MAX];
};

struct agent_signed {
    bool waiting; /* signed, not known to be on disk */
    bool anchored;
    uint64_t seq;
    uint64_t time_ms;
    struct hash hash;
    struct buf bytes;
};

/* About 850 kB and a table of 4 MB: allocate it, agent_begin() it, agent_end() it. */
struct agent {
    struct agent_settings settings;
    struct key_pair key;
    struct identity identity;
    struct authority_set set; /* the newest that is proven; it seals from set_from on */
    uint64_t set_from;
    size_t set_changes;
    struct buf sets;         /* the proof of it and of all before it */
    struct set_chain before; /* a place in there */
    struct hash last_hash;   /* of the newest signed statement */
    uint64_t last_time_ms;
    struct agent_table table;
    struct anchor head; /* of the newest proven head */
    uint64_t anchored_ms;
    bool anchored;
    bool behind; /* the ledger knows later statements of this key than this agent does */
    uint64_t ack_height;
    uint64_t pack_opened_ms;
    struct samples pack;
    struct agent_signed out;
    uint8_t out_memory[AGENT_SIGNED_MAX];
    uint8_t reading_memory[READING_SIZE_MAX];
};

/* The most samples of so many columns that fit in one reading, whatever their values. */
size_t agent_pack_limit(size_t columns);

/* Returns: false when there is no memory. The key is copied; agent_end() wipes it. */
bool agent_begin(struct agent *a, const struct agent_settings *settings, const struct key_pair *key,
                 const struct identity *identity, struct err *err);
void agent_end(struct agent *a);

/* ---- what the outbox knew at the start */

/* The newest statement ever signed; seq 0: none. */
void agent_resume(struct agent *a, uint64_t seq, const struct hash *hash, uint64_t time_ms);
/* Each statement still kept, and each freed one above the first kept, in order of seq without a hole. */
void agent_restore(struct agent *a, uint64_t seq, const struct hash *hash, bool freed);

/* ---- samples into packs */

/*
 * Adds one sample. ERR_BUSY: the pack must be signed first (full, too long, or this sample is older than
 * its last). ERR_INPUT: a time or value beyond the wire's bounds.
 * In: the sample has a value or a null for each column of the settings.
 */
bool agent_add_sample(struct agent *a, const struct agent_sample *sample, uint64_t now_ms,
                      struct err *err);
/* True when the pack is full or old enough. */
bool agent_pack_is_due(const struct agent *a, uint64_t now_ms);
/* How many ms from now on a pack that gets no further sample is due; UINT64_MAX when it is empty. */
uint64_t agent_pack_wait_ms(const struct agent *a, uint64_t now_ms);
/*
 * Signs the pack into a->out and empties it. ERR_BUSY: the statement signed before is not on disk, or
 * AGENT_PENDING_MAX are waiting. ERR_REFUSED: the ledger proved that this key has signed elsewhere.
 */
bool agent_sign(struct agent *a, uint64_t now_ms, struct err *err);
/* a->out is on disk and may be sent. */
void agent_stored(struct agent *a);

/* ---- sending */

/*
 * What was sent went to a broker that is left for another one, which may never have seen it: all of it
 * that is not acknowledged is due now.
 */
void agent_send_again(struct agent *a, uint64_t steady_ms);
/*
 * The next statement to send now. False: none; ret_wait_ms is how long that stays so unless something
 * happens (UINT64_MAX: for ever).
 */
bool agent_next_send(const struct agent *a, uint64_t steady_ms, uint64_t *ret_seq,
                     uint64_t *ret_wait_ms);
/* In: jitter is any random number. */
void agent_sent(struct agent *a, uint64_t seq, uint64_t steady_ms, uint64_t jitter);

#endif
