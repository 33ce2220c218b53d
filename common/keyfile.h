/*
 * A private key on disk: a small text file of mode 0600 that holds seed and public key, so that any
 * flipped byte is found. Never overwrites a file, never prints a seed, never reads a file that others
 * may read.
 *
 *   waybill-key 1
 *   seed <64 hex digits>
 *   pub <64 hex digits>
 */
#ifndef COMMON_KEYFILE_H
#define COMMON_KEYFILE_H

#include "common/err.h"
#include "common/key.h"

/*
 * Makes a new key and stores it; the file and its folder are on disk before this returns.
 * Returns: false with ERR_INPUT when the file exists already, ERR_IO when the system refuses.
 */
bool keyfile_make(const char *path, struct key_pair *ret_key, struct err *err);

/* Stores a key that the caller has. As keyfile_make(). */
bool keyfile_write(const char *path, const struct key_pair *key, struct err *err);

/*
 * Returns: false with ERR_NOT_FOUND when there is no such file, ERR_INPUT when group or others have any
 * right to it or its content is not exactly as written, ERR_IO when the system refuses.
 * The caller wipes ret_key with crypto_wipe() when done.
 */
bool keyfile_load(const char *path, struct key_pair *ret_key, struct err *err);

#endif
