/* The folder of a node's ledger, and whether a node runs in it. */
#ifndef TOOLS_DATA_FOLDER_H
#define TOOLS_DATA_FOLDER_H

#include "common/err.h"

#include <limits.h>

/*
 * DIR holds a ledger itself, or is a company's with a node's in it: then home is DIR, else "". ERR_NOT_FOUND
 * when it holds none.
 */
bool data_folder_find(const char *dir, char data[PATH_MAX], char home[PATH_MAX], struct err *err);

/* Keeps a node from starting in it. ERR_BUSY when one runs. */
bool data_folder_lock(const char *data, int *ret_fd, struct err *err);
void data_folder_unlock(int *fd);

/* The authority's key: what home/node.yaml says, else the one that lies in data. False: there is none. */
bool data_folder_key(const char *data, const char *home, char path[PATH_MAX]);

/* Copies a file to one that is not there, synced. */
bool data_folder_copy(const char *from, const char *to, struct err *err);

#endif
