/*
 * Snapshots as files, HEIGHT.snapshot in a folder of their own: the chunks one after the other, the
 * manifest, an index. A file appears whole under its name or not at all, and never changes. Whoever reads
 * a snapshot over days gets one and the same height, whatever the ledger does.
 */
#ifndef NODE_SNAPSHOT_FILE_H
#define NODE_SNAPSHOT_FILE_H

#include "node/snapshot.h"
#include "node/store.h"

#define SNAPSHOT_FILES_MAX 16

/*
 * Writes the state as a reading store sees it, between its begin and end of reading, which is the
 * caller's: store_begin_read() pins the height.
 * In: size_max: the file may not become larger; stop: set by somebody else to give up, may be NULL.
 * Returns: false with ERR_BUSY when a bound was reached; ret_height is set when true.
 */
bool snapshot_file_cut(struct store *s, const char *dir, uint64_t size_max,
                       const volatile int *stop, uint64_t *ret_height, struct err *err);

struct snapshot_file {
    uint64_t height;
    uint64_t bytes;
};
/* Newest first, at most SNAPSHOT_FILES_MAX; none when there is no folder. */
size_t snapshot_file_list(const char *dir, struct snapshot_file files[SNAPSHOT_FILES_MAX]);
/* Appended; ERR_NOT_FOUND when there is no such snapshot, or no chunk that begins there. */
bool snapshot_file_manifest(const char *dir, uint64_t height, struct buf *out, struct err *err);
bool snapshot_file_chunk(const char *dir, uint64_t height, uint32_t first, struct buf *out,
                         struct err *err);
bool snapshot_file_remove(const char *dir, uint64_t height, struct err *err);
/* Removes what a crash left of a file in the making. */
void snapshot_file_clean(const char *dir);

#endif
