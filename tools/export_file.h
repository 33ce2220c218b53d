/*
 * A ledger as one file that any machine can read through from its front: the genesis, then runs of blocks
 * with their seals. It can grow, and a tail that was cut short is found and written anew.
 *
 *   "waybill-export 1\n", then records: kind (G genesis, B run of blocks, R recovery, E end), length (4
 *   bytes, most significant first), content, first 8 bytes of SHA-256 over kind, length and content.
 *   E holds [height, block hash] of the last block; an R stands before the run with its first block.
 */
#ifndef TOOLS_EXPORT_FILE_H
#define TOOLS_EXPORT_FILE_H

#include "common/bytes.h"
#include "common/crypto.h"
#include "common/err.h"

#define EXPORT_FILE_GENESIS  'G'
#define EXPORT_FILE_BLOCKS   'B'
#define EXPORT_FILE_RECOVERY 'R'
#define EXPORT_FILE_END      'E'

struct export_file;

/* For reading from the front. ERR_INPUT when it is no export. */
bool export_file_open(const char *path, struct export_file **ret_file, struct err *err);
/* For writing: a new one, or one that is there and begins as an export does; to be read to its end first. */
bool export_file_extend(const char *path, struct export_file **ret_file, struct err *err);
void export_file_close(struct export_file *f); /* NULL is legal */

/*
 * The next whole record into out (cleared first).
 * Returns: false at the end, with err untouched; and with ERR_PROOF where a record is damaged. A record that
 * is cut short is the end; export_file_cut() says so.
 */
bool export_file_next(struct export_file *f, char *ret_kind, struct buf *out, struct err *err);
/* Behind the last whole record that is no end. */
uint64_t export_file_offset(const struct export_file *f);
bool export_file_cut(const struct export_file *f);

/* Writing goes on after the last whole record that is no end. */
bool export_file_rewind(struct export_file *f, struct err *err);
bool export_file_put(struct export_file *f, char kind, struct slice content, struct err *err);
/* On the disk when it returns true. */
bool export_file_sync(struct export_file *f, struct err *err);

#endif
