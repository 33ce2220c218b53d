/*
 * Private to db.c: the SQLite VFS that seals each page of a main database file on its way out and checks
 * it on its way in. Everything else goes straight to the VFS beneath.
 */
#ifndef COMMON_DB_VFS_H
#define COMMON_DB_VFS_H

#include "common/err.h"

#include <stdint.h>

/* sqlite3_file_control() with a `struct err **`: what the file's last failed check found. */
#define DB_VFS_GET_DAMAGE 0x57420001

#define DB_VFS_MAX 8 /* different VFSs beneath, in one process */

/* Returns: the name of the VFS over base (NULL: the system's), or NULL when there is no such base. */
const char *db_vfs_over(const char *base);

/* Says which byte of which page of the file is wrong. */
void db_vfs_describe(const char *path, uint64_t page, const uint8_t *bytes, struct err *err);

#endif
