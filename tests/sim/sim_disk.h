/*
 * What a simulated node has on its disk: in memory, where each write is durable at once, or a real store over the
 * faulty VFS. Both hold the same.
 */
#ifndef TESTS_SIM_SIM_DISK_H
#define TESTS_SIM_SIM_DISK_H

#include "node/chain.h"
#include "node/commit.h"

struct sim_disk;

/* dir: NULL: in memory. The genesis file is borrowed for the disk's life. Not open yet. */
struct sim_disk *sim_disk_new(struct slice genesis, const char *dir);
void sim_disk_free(struct sim_disk *d);
bool sim_disk_open(struct sim_disk *d, struct err *err);
/* The process that used it is gone. */
void sim_disk_close(struct sim_disk *d);
/* So is the power: of what was not synced, chance keeps some or nothing. */
void sim_disk_power_cut(struct sim_disk *d, uint64_t seed);

bool sim_disk_get(struct sim_disk *d, struct slice key, struct buf *value);
/* Everything a machine begins with. */
bool sim_disk_load(struct sim_disk *d, struct chain *chain, struct err *err);
bool sim_disk_commit(struct sim_disk *d, const struct commit *c);
bool sim_disk_put_vote(struct sim_disk *d, struct slice vote, const struct hash *body_hash,
                       struct slice body);
struct slice sim_disk_vote(struct sim_disk *d); /* lives until the next vote is put */
void sim_disk_candidates(struct sim_disk *d, bool (*visit)(void *ctx, struct slice body),
                         void *ctx);
uint64_t sim_disk_height(struct sim_disk *d);
/* Appended. False: no such block. */
bool sim_disk_block(struct sim_disk *d, uint64_t height, struct buf *block, struct buf *seals);
/* The vote is gone, and with all_too the chain. The disk is closed. */
void sim_disk_forget(struct sim_disk *d, bool all_too);

#endif
