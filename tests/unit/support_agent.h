/* A ledger of one to four authorities and one device, whose acks the agent's tests seal or forge. */
#ifndef TESTS_UNIT_SUPPORT_AGENT_H
#define TESTS_UNIT_SUPPORT_AGENT_H

#include "device/agent_ack.h"

#define NODES_MAX 4
#define HOUR_MS   3600000u
#define T0        UINT64_C(1780293600000) /* 2026-06-01T06:00:00Z */

struct support_world {
    struct key_pair node[NODES_MAX];
    size_t nodes;
    struct key_pair device;
    struct identity identity;
    struct agent *agent;
};

struct support_forgery {
    uint64_t height;
    size_t seals;      /* how many; 0: all */
    bool mixed_rounds; /* the second seal is of another round */
    bool same_seal;    /* the first seal repeated */
    bool other_block;  /* seals of a header at the next height */
    bool other_path;   /* the path does not lead to the root */
    bool other_leaf;   /* the summary is not the leaf */
    const struct support_world
        *sealed_by; /* another ledger's authorities, under this ledger's id and set hash */
    const struct authority_set *set; /* in force, says the header; NULL: the genesis's */
    struct support_world *of;        /* all of it another ledger's */
};

/* Temperature and humidity in packs of five, or of an hour; a timeout of a second. */
extern const struct agent_settings support_agent_settings;

struct key_pair support_agent_test_key(uint8_t n);
struct agent *support_agent_new_agent(const struct key_pair *key, const struct identity *identity);
void support_agent_free_agent(struct agent *a);
/* Two worlds of different salts share no authority. */
struct support_world support_agent_make_world(size_t nodes, uint8_t salt);

/* One sample of value hundredths; one statement of one sample; n statements, sent at steady time 0. */
void support_agent_sample(struct agent *a, uint64_t time_ms, int64_t value);
struct hash support_agent_sign_one(struct agent *a, uint64_t time_ms);
void support_agent_sign_and_send(struct agent *a, size_t n, struct hash *hashes);

void support_agent_put_seals(const struct support_world *w, const struct support_forgery *f,
                             const struct header *h, struct buf *out);
/* The ack of summary as one of three outcomes of a block; lives until the next call. */
struct slice support_agent_make_ack(const struct support_world *w, const struct summary *summary,
                                    const struct support_forgery *f);
struct summary support_agent_summary_of(const struct support_world *w, uint64_t last,
                                        const struct hash *hash, uint64_t run);

#endif
