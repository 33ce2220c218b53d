/* Inside `waybill audit` (cmd_audit*.c): what its steps share. */
#ifndef TOOLS_CMD_AUDIT_H
#define TOOLS_CMD_AUDIT_H

#include "common/final.h"
#include "node/store.h"

#include <limits.h>

#define AUDIT_CHANGES_MAX 256

/* Another set of authorities from a height on. */
struct audit_change {
    uint64_t height;
    size_t count, quorum;
    bool recovery; /* not by the set before, but by a recovery */
};

struct audit {
    char data[PATH_MAX]; /* the node's folder */
    char home[PATH_MAX]; /* the company's around it, "" when there is none */
    bool progress;       /* on a terminal */
    struct store *store; /* of the folder, read only */
    struct identity identity;
    struct buf genesis;
    uint64_t files, blocks, statements, outcomes, entries;
    uint64_t change_count; /* of the set; the first of them are kept */
    struct audit_change changes[AUDIT_CHANGES_MAX];
};

/*
 * Files byte for byte: the database's pages and log, keys, their states, genesis and identity against the
 * database's own genesis. Each complaint names file and offset. False: ERR_PROOF for damage.
 */
bool audit_database_file(struct audit *a, struct err *err);
bool audit_log_file(const char *path, struct err *err);
bool audit_other_files(struct audit *a, struct err *err);
/* A key file whose one wrong byte is to be named. False with ERR_PROOF and the place. */
bool audit_key_file(const char *path, struct err *err);

/*
 * Executes every block again from the genesis, in a ledger of its own that is thrown away, and compares
 * what comes out with what is stored: outcomes, roots, seals, state, tree, index, read models.
 */
bool audit_replay(struct audit *a, struct err *err);

/* "block 17 of 90", now and then, to a terminal; an empty text ends the line. */
void audit_progress(const struct audit *a, const char *text);

#endif
