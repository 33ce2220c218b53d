/*
 * A SQLite VFS that fails on purpose, for tests: give its name as db_options.base_vfs. It sits between
 * the checksums and the system's files and knows which bytes a power cut would leave on the disk: what
 * was written since a file's last sync is lost, all of it or a random part. One thread, one process.
 *
 * Creating and deleting files counts as durable at once; only contents are lost.
 */
#ifndef TESTS_FAULT_FAULT_VFS_H
#define TESTS_FAULT_FAULT_VFS_H

#include <stdbool.h>
#include <stdint.h>

#define FAULT_VFS_NAME "fault"

enum fault_kind {
    FAULT_NONE,
    FAULT_EIO,         /* a write, truncation or sync fails; nothing is done */
    FAULT_FULL,        /* a write finds the disk full */
    FAULT_SHORT_WRITE, /* a write does its first half, then fails */
    FAULT_SYNC,        /* a sync fails; what it should have saved stays unsaved */
    FAULT_READ,        /* a read fails */
    FAULT_POWER_CUT,   /* the power goes off at a write, truncation or sync: fault_vfs_power_on() */
};

/* Registers the VFS, once. */
void fault_vfs_register(void);

/*
 * The call number `first` (from 1, counted from now, among those the kind applies to) fails, and after
 * it every `every`-th one (0: none). FAULT_NONE only counts writes, truncations and syncs.
 */
void fault_vfs_arm(enum fault_kind kind, uint64_t first, uint64_t every);
/* Calls counted since the last fault_vfs_arm(). */
uint64_t fault_vfs_calls(void);

/* From now on every call of files open now fails, also after the power is back. */
void fault_vfs_power_cut(void);
bool fault_vfs_power_is_off(void);
/*
 * Leaves on disk what was synced, plus each unsynced write with probability keep_percent, whole or torn
 * at a sector, chosen by seed. Close all connections first.
 */
void fault_vfs_power_on(uint64_t seed, unsigned keep_percent);

/*
 * The same for one machine of several: files below dir fail from now on, until what was synced (and of the rest
 * what chance keeps) is put back. Close its connections in between.
 */
void fault_vfs_power_cut_below(const char *dir);
void fault_vfs_power_on_below(const char *dir, uint64_t seed, unsigned keep_percent);

/* Forgets all files and faults, between tests. */
void fault_vfs_reset(void);

#endif
