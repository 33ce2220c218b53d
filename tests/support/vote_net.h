/*
 * Consensus cores against each other in memory: virtual time, every message through its bytes, and a stand-in
 * for the machine that makes blocks of nothing but headers. The net checks as it goes that nobody signs twice,
 * that what is sent was made durable, and that decided blocks agree and are proven; a failure ends the test.
 */
#ifndef TESTS_SUPPORT_VOTE_NET_H
#define TESTS_SUPPORT_VOTE_NET_H

#include "node/consensus.h"

#define NET_NODES   10
#define NET_HEIGHTS 512
#define NET_BLOCKS  4096
#define NET_DELAY   5      /* ms a message travels */
#define NET_PERIOD  20     /* ms from a block until there is work again */
#define NET_START   100000 /* steady ms at which the net begins */

struct net_node {
    struct consensus *core;
    bool up, work, mute; /* mute: nothing it says arrives */
    bool has_voted;
    int64_t clock_off_ms;
    uint64_t began_ms, wake_ms; /* of the height; when to tick it though its core does not ask */
    uint64_t height;            /* of the newest block */
    struct header chain[NET_HEIGHTS];
    uint64_t decided_round[NET_HEIGHTS];
    struct buf vote; /* durable */
    struct hash durable_body;
    bool has_durable_body;
    size_t evidence_count, behind_count, clock_count, judged_count, built_count;
    uint8_t nonce_seed;
    struct buf evidence[2];
    struct buf said[MESSAGE_STATUS + 1]; /* the newest message of each type that it sent */
};

struct vote_net;
/* True: the message is lost. Looked at when it is sent. */
typedef bool net_filter(struct vote_net *net, size_t from, size_t to, const struct message *m);

struct vote_net {
    size_t count, members;      /* nodes; the first `members` are of the set, in order of kid */
    uint64_t now_ms, period_ms; /* period_ms: from a block until there is work again */
    struct key_pair keys[NET_NODES];
    struct authority_set set;
    struct header genesis;
    struct net_node nodes[NET_NODES];
    uint64_t seed;                            /* named when something fails */
    uint64_t random, delay_ms, loss_permille; /* delay_ms 0: NET_DELAY for all, in order */
    net_filter *filter;
    bool refuse;              /* JUDGE answers INVALID */
    bool withhold[NET_NODES]; /* JUDGE is not answered by this node */
    size_t block_count;
    struct header blocks[NET_BLOCKS];
    struct net_parcel *first, *last;
    struct net_signed *signed_votes;
    size_t sent[MESSAGE_STATUS + 1];
};

/* members of the set, and followers beside it. Everybody has work unless told otherwise. */
void vote_net_begin(struct vote_net *net, size_t members, size_t followers);
void vote_net_end(struct vote_net *net);
/* The net's own luck: 0..below - 1. */
uint64_t vote_net_random(struct vote_net *net, uint64_t below);
/* Goes on for so many milliseconds. */
void vote_net_run(struct vote_net *net, uint64_t ms);
/* Goes on until all who are up have reached the height: false when it takes longer than ms. */
bool vote_net_reach(struct vote_net *net, uint64_t height, uint64_t ms);
void vote_net_crash(struct vote_net *net, size_t node);
/* forget: the disk lost the vote; the chain is as it was. */
void vote_net_restart(struct vote_net *net, size_t node, bool forget);

/* One event by hand, its actions done. */
void vote_net_step(struct vote_net *net, size_t node, struct consensus_event event);
/* Hands a message to one node, verified as its machine would; false: it did not hold. */
bool vote_net_give(struct vote_net *net, size_t to, struct slice bytes);
/* A header on the node's tip, by `by`, noted as a block that can be judged. */
struct header vote_net_block(struct vote_net *net, size_t node, size_t by, uint64_t time_ms);

/* Messages of anybody, for lies. body is released by the caller. */
void vote_net_sign(const struct vote_net *net, size_t by, const struct message_draft *draft,
                   struct buf *out);
void vote_net_prepare(const struct vote_net *net, size_t by, uint64_t round,
                      const struct header *block, struct buf *out);
void vote_net_commit(const struct vote_net *net, size_t by, uint64_t round,
                     const struct header *block, struct buf *out);
/* claim: NULL, or what is claimed with its certificate. */
void vote_net_roundchange(const struct vote_net *net, size_t by, uint64_t height, uint64_t round,
                          const struct prepared *claim, struct buf *out);
/* A certificate by the nodes of a bitmap. */
struct prepared vote_net_prepared(const struct vote_net *net, unsigned who, uint64_t round,
                                  const struct header *block);
/* Why a round above 0: a bitmap of those whose ROUNDCHANGEs say so, and what node i claims, or NULL. */
struct net_reasons {
    unsigned who;
    const struct prepared *const *claims;
};
void vote_net_propose(const struct vote_net *net, size_t by, uint64_t round,
                      const struct header *block, struct net_reasons why, struct buf *out);
void vote_net_rccert(const struct vote_net *net, size_t by, uint64_t height, uint64_t round,
                     unsigned who, struct buf *out);
/* The newest of its type that the node sent; false: none. */
bool vote_net_said(const struct vote_net *net, size_t node, enum message_type type,
                   struct message *ret_message);
void vote_net_look(const struct vote_net *net, size_t node, struct consensus_view *ret_view);

#endif
