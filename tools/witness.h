/*
 * A witness of one ledger: its own key and the newest checkpoint that it has cosigned, in a folder of its own. It
 * never cosigns two checkpoints of which one is not the other continued, whoever asks: what it cosigns is on disk
 * before anybody sees the signature, and one process at a time uses the folder.
 *
 *   DIR/witness.key    its private key       DIR/witness.name   the name it signs with
 *   DIR/witness.note   what it cosigned last
 */
#ifndef TOOLS_WITNESS_H
#define TOOLS_WITNESS_H

#include "common/checkpoint.h"

#include <limits.h>

struct witness {
    char dir[PATH_MAX];
    int lock;
    struct key_pair pair;
    struct note_key key;
    bool has_last;
    struct buf last;        /* the whole note */
    struct checkpoint seen; /* of it */
};

/* Makes key and name in a folder that is there. */
bool witness_make(const char *dir, const char *name, struct note_key *ret_key, struct err *err);
/* Waits for nobody: ERR_BUSY while another process has it. */
bool witness_open(const char *dir, struct witness *ret_witness, struct err *err);
void witness_close(struct witness *w);

/* The size that a proof of consistency must begin at. */
uint64_t witness_old_size(const struct witness *w);
/*
 * Does c continue what was cosigned last? path: RFC 9162 2.1.4, from witness_old_size(). ERR_PROOF when not, also
 * when it is smaller.
 */
bool witness_agree(const struct witness *w, const struct checkpoint *c,
                   const struct merkle_path *path, struct err *err);
/*
 * A request of c2sp.org/tlog-witness: "old SIZE", lines of the path, an empty line, the checkpoint. Borrowed from the
 * bytes.
 */
struct witness_request {
    uint64_t old;
    struct merkle_path path;
    struct slice note;
};
/*
 * Cosigns the checkpoint of a request, of which c was taken: that it is of the ledger was checked. Appends the line. In:
 * time_s: now, of a real clock.
 */
bool witness_cosign(struct witness *w, const struct witness_request *r, const struct checkpoint *c,
                    uint64_t time_s, struct buf *ret_line, struct err *err);

bool witness_take_request(struct slice bytes, struct witness_request *ret_request, struct err *err);
void witness_put_request(struct buf *out, uint64_t old, const struct merkle_path *path,
                         struct slice note);

#endif
