/* The files by which a ledger is founded: requests, drafts, founders' signatures. */
#ifndef TOOLS_GENESIS_FILES_H
#define TOOLS_GENESIS_FILES_H

#include "common/request.h"
#include "tools/cmd_home.h"
#include "tools/genesis_words.h"

/* A plan as it grows, and what it borrows from. */
struct genesis_files {
    struct founding_plan plan; /* its terms are the caller's to fill in */
    bool joiners_too;          /* requests that were to join another ledger: of a fork */
    char slug[FOUNDING_MEMBERS_MAX][CMD_SLUG_SIZE];
    struct request request[FOUNDING_MEMBERS_MAX];
    struct buf bytes[FOUNDING_MEMBERS_MAX], node[FOUNDING_MEMBERS_MAX];
    struct buf constitution;
};

/* Takes a request's file into the plan. False, too, when its name is too like another founder's. */
bool genesis_files_add(struct genesis_files *f, const char *path, struct err *err);
/* The ledger's name, checked. */
bool genesis_files_name(struct genesis_files *f, const char *name, struct err *err);
/*
 * The constitution and who has which role; after all requests were added. path NULL: the default one.
 */
bool genesis_files_constitution(struct genesis_files *f, const char *path, struct err *err);
void genesis_files_free(struct genesis_files *f); /* what it holds, not f itself */

/* Reads a genesis, drafted or sealed; out holds what ret_view borrows. */
bool genesis_files_read(const char *path, bool sealed, struct buf *out,
                        struct genesis_view *ret_view, struct err *err);
/* A new file; one that is there with the same content is no conflict. */
bool genesis_files_write(const char *path, struct slice content, struct err *err);

/*
 * Signs the draft with the member's key in dir, into path. ERR_PROOF when the draft does not say of this
 * member what its own request says.
 */
bool genesis_files_sign(const char *dir, const struct genesis_view *draft, const char *path,
                        struct err *err);
bool genesis_files_read_signature(const char *path, const struct hash *ledger,
                                  struct founding_signature *ret_signature, struct err *err);

#endif
