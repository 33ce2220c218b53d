/*
 * Whole small files, read within a cap and replaced so that a reader, or a power cut, meets the old
 * content or the new, never a mixture. For tools and edges; pure code sees no files.
 */
#ifndef COMMON_FILE_H
#define COMMON_FILE_H

#include "common/bytes.h"
#include "common/err.h"

/*
 * Appends the file's content to out. ERR_NOT_FOUND: no such file; ERR_INPUT: larger than max bytes, or no
 * regular file; ERR_IO otherwise. The message begins with the path.
 */
bool file_read(const char *path, size_t max, struct buf *out, struct err *err);

/*
 * Writes beside the file, syncs, renames over it and syncs the folder: durable when it returns true.
 * In: mode, such as 0600, of a new file and of one replaced.
 */
bool file_replace(const char *path, struct slice content, unsigned mode, struct err *err);

/* As file_replace(), but a file that is there is refused with ERR_INPUT and left alone. */
bool file_create(const char *path, struct slice content, unsigned mode, struct err *err);

/* Makes one folder and syncs the one above. ERR_INPUT when something of that name is there. */
bool file_make_folder(const char *path, unsigned mode, struct err *err);

bool file_exists(const char *path);
/* May nobody but its owner (and root) read, write or run it? True, too, when there is none. */
bool file_is_private(const char *path);

/*
 * First thing in every main: what a program opens must not get the number of a standard input, output or error
 * that it was started without, or its words end up in its own files. Each that is closed is opened on
 * /dev/null the wrong way round, so that using it fails as before. Returns: false when that can't be done.
 */
bool file_hold_standard(void);

#endif
