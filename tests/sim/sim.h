/*
 * A consortium in one process, over virtual time: several authorities run the product's own objects (machine,
 * consensus, execution, contracts, chain, pool, store), and everything around them is drawn from a seed: loss, delay,
 * repetition, partitions, crashes between any two actions, disks that forget, liars and twins, wrong clocks. One
 * seed is one run, and always the same run.
 */
#ifndef TESTS_SIM_SIM_H
#define TESTS_SIM_SIM_H

#include "common/rand.h"
#include "node/node_step.h"
#include "tests/sim/sim_cover.h"
#include "tests/support/ledger_kit.h"

#define SIM_NODES_MAX  32
#define SIM_KEYS_MAX   12 /* authorities, and those that may become one */
#define SIM_PERIOD_MS  500
#define SIM_T0_MS      1000
#define SIM_CANDIDATES 2      /* nodes that may enter the set */
#define SIM_STEADY0_MS 100000 /* the machines have been on for so long */

enum sim_store {
    SIM_MEMORY,
    SIM_SQLITE,
};

struct sim_options {
    uint64_t seed;
    unsigned authorities; /* 0: drawn */
    int liars;            /* -1: drawn */
    enum sim_store store;
    bool verbose;
    const char *scratch; /* a folder for SIM_SQLITE */
};

enum sim_kind {
    SIM_HONEST,
    SIM_TWIN,     /* one of two machines with one key, each of them honest by itself */
    SIM_LIAR,     /* runs the product, and bends what comes out of it */
    SIM_COSIGNER, /* signs everything, claims what helps: sim_liar.c */
    SIM_DEAD,
};

/* What travels: an envelope by its type, or a request or answer of the other transport. */
enum sim_what {
    SIM_FETCH = 9, /* a body by hash */
    SIM_BODY,
    SIM_ASK,    /* blocks from a height on */
    SIM_BLOCKS, /* a run of them: node/blocks_range.h */
    SIM_WHATS,
};

struct sim_packet {
    unsigned refs;
    unsigned what; /* enum message_type or enum sim_what */
    unsigned from; /* node */
    uint64_t height;
    struct hash block;
    size_t len;
    uint8_t bytes[];
};

struct sim_disk;
struct sim_truth;
struct sim_work;
struct sim_govern;
struct sim_mischief;
struct sim_deal;
struct sim_liar;

struct sim_node {
    unsigned number, key;
    enum sim_kind kind;
    bool byzantine, up, ill;
    int64_t offset_ms; /* of its clock */
    struct sim_disk *disk;
    struct chain chain;
    bool chain_there;
    struct node_core *core;
    struct sim_liar *liar;
    uint64_t wake_at; /* UINT64_MAX: none */
    uint64_t dies_in; /* so many actions later; 0: not */
    uint64_t down_ms; /* for how long then */
    bool forgets;     /* its disk, when it comes back */
    bool abstained;   /* was seen abstaining */
    struct consensus_view seen;
};

enum sim_event_kind {
    SIM_DELIVER,
    SIM_WAKE,
    SIM_DOOM,    /* the node dies some actions later */
    SIM_RESTART, /* the node comes back */
    SIM_SPLIT,
    SIM_HEAL,
    SIM_WORK,     /* a signer says something */
    SIM_REPEAT,   /* and repeats it until it is sealed */
    SIM_CLOCKS,   /* the common time source is mended */
    SIM_MISCHIEF, /* somebody says something wrong */
    SIM_DEAL,     /* a contract goes on */
    SIM_GOVERN,   /* members go on with a change of the set */
};

struct sim_event {
    uint64_t at, order;
    enum sim_event_kind kind;
    unsigned node; /* or signer */
    uint64_t arg;
    struct sim_packet *packet;
};

struct sim {
    struct sim_options options;
    struct rand_seq rnd;
    struct sim_cover *cover;

    uint64_t now_ms, heal_ms;
    struct sim_event *events; /* a heap */
    size_t event_count, event_cap;
    uint64_t serial;

    unsigned n, liars, weak;
    bool governed; /* the set may change */
    bool wide;     /* more is wrong than the protocol bears: safety alone is checked */
    struct kit kit;
    struct buf genesis;
    struct key_pair keys[SIM_KEYS_MAX];
    unsigned node_count;
    struct sim_node nodes[SIM_NODES_MAX];

    unsigned loss[SIM_WHATS]; /* percent */
    unsigned max_delay_ms, chatty;
    unsigned part[SIM_NODES_MAX];

    struct sim_truth *truth;
    struct sim_work *work;
    struct sim_govern *govern;
    struct sim_mischief *mischief;
    struct sim_deal *deal;
    uint64_t base; /* height of the most advanced good node at the healing */
    uint64_t lag;  /* how far behind it another member was */
    bool stale;    /* some member was above round 1 then, and clocks had been set back by an hour */
    uint64_t took_ms;
    bool healed, mended /* the clocks */, took, finished;
    const char *fault; /* NULL: none */
    char why[400];
};

/* ------------------------------------------------------------------ sim.c: time, chance, running */

struct sim *sim_new(const struct sim_options *options, struct sim_cover *cover);
void sim_free(struct sim *s);
/* False: s->fault and s->why say what is wrong. */
bool sim_run(struct sim *s);
__attribute__((format(printf, 3, 4))) bool sim_fail(struct sim *s, const char *fault,
                                                    const char *fmt, ...);
/* A line of the transcript. */
__attribute__((format(printf, 2, 3))) void sim_say(const struct sim *s, const char *fmt, ...);
unsigned sim_pick(struct sim *s, unsigned n); /* 0 … n - 1 */
bool sim_chance(struct sim *s, unsigned percent);
void sim_at(struct sim *s, uint64_t delay_ms, struct sim_event event);
bool sim_is_good(const struct sim_node *node);
bool sim_is_member(const struct sim *s, const struct sim_node *node); /* of the newest set */
/* A good node that is up; NULL: none is. */
struct sim_node *sim_any_good(struct sim *s);

/* ------------------------------------------------------------------ sim_script.c: what happens */

void sim_script(struct sim *s);
void sim_script_split(struct sim *s);
void sim_script_heal(struct sim *s);

/* ------------------------------------------------------------------ sim_net.c */

struct sim_packet *sim_net_packet(unsigned what, unsigned from, struct slice bytes);
void sim_net_release(struct sim_packet *packet);
/* To all other nodes, to those with this key, to one. The packet is consumed. */
void sim_net_cast(struct sim *s, struct sim_packet *packet);
void sim_net_to_kid(struct sim *s, struct sim_packet *packet, const struct kid *kid);
void sim_net_to(struct sim *s, struct sim_packet *packet, unsigned node);
/* Blocks to who asked for them with `packet`. */
void sim_net_answer(struct sim *s, const struct sim_packet *packet, unsigned from,
                    struct slice blocks);

/* ------------------------------------------------------------------ sim_node.c */

bool sim_node_start(struct sim *s, struct sim_node *node);
void sim_node_crash(struct sim *s, struct sim_node *node);
void sim_node_free(struct sim_node *node);
void sim_node_deliver(struct sim *s, struct sim_node *node, const struct sim_packet *packet);
void sim_node_wake(struct sim *s, struct sim_node *node);
/* A client's statement at the door. */
void sim_node_submit(struct sim *s, struct sim_node *node, struct slice statement);
uint64_t sim_node_height(const struct sim_node *node);

/* ------------------------------------------------------------------ sim_serve.c */

/* Answers what a packet asks for. */
void sim_serve_body(struct sim *s, struct sim_node *node, const struct sim_packet *packet);
void sim_serve_blocks(struct sim *s, struct sim_node *node, const struct sim_packet *packet);

#endif
