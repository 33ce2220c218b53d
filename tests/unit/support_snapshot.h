/* Snapshots in memory, made of a test's ledger or of entries out of nothing. Failures end the test. */
#ifndef TESTS_UNIT_SUPPORT_SNAPSHOT_H
#define TESTS_UNIT_SUPPORT_SNAPSHOT_H

#include "node/snapshot.h"
#include "tests/unit/support_ledger.h"

#define CUT_CHUNKS 64

struct cut {
    struct buf manifest;
    size_t count;
    uint32_t first[CUT_CHUNKS];
    struct buf chunk[CUT_CHUNKS];
};

/* The newest block's state of a ledger, whose store is open. */
struct cut *cut_ledger(struct ledger *l);
void cut_free(struct cut *c);
/* A sink for snapshot_maker_new(). */
bool cut_sink(void *ctx, uint32_t first, uint32_t count, struct slice chunk);

/* A new folder under /tmp, and the end of one with all that is in it. */
void cut_make_folder(char path[64]);
void cut_remove_folder(const char *path);

#endif
