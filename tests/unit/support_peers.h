/* Members with keys and certificates in a scratch folder, for tests of what nodes say to each other. */
#ifndef TESTS_UNIT_SUPPORT_PEERS_H
#define TESTS_UNIT_SUPPORT_PEERS_H

#include "node/peer.h"

#include <stdbool.h>

#define SUPPORT_PEERS 4

struct support_peer {
    struct key_pair key;
    char kid[2 * KID_SIZE + 1];
    char dir[64], crt[96], pem_key[96];
    struct peer peer; /* broker and url are the test's to fill in */
};

struct support_peers {
    char dir[40];
    struct support_peer at[SUPPORT_PEERS];
};

void support_peers_make(struct support_peers *s);
/* Removes the folder with everything in it. */
void support_peers_remove(struct support_peers *s);
/* Makes another certificate for a member; from_ms may lie so far back that it has expired. */
void support_peers_certify(struct support_peers *s, size_t i, const char *name, uint64_t from_ms);
/* Runs a command in the scratch folder: what it printed is in *ret_text (4096 bytes). Returns its code. */
int support_peers_shell(const struct support_peers *s, char *ret_text, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif
