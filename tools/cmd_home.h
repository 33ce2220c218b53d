/*
 * A company's folder, and what a command knows of its world: keys, the ledger's pinned identity, members'
 * names, the node to ask, the clock to live by.
 *
 *   DIR/identity.cbor   all a verifier has to trust
 *   DIR/genesis.cbor    the founders and their names
 *   DIR/name            what people call the ledger
 *   DIR/keys/NAME.key   a private key, NAME.key.state its place in its sequence
 *   DIR/member.key      the company's own, where it is not among those (tools/member_folder.h)
 *   DIR/node/           a node's ledger, when one runs here; DIR/node.yaml says where it is asked
 *   DIR/clock           a demo's clock, when it has one of its own
 */
#ifndef TOOLS_CMD_HOME_H
#define TOOLS_CMD_HOME_H

#include "common/clock.h"
#include "common/final.h"
#include "common/node_client.h"
#include "tools/cmd_args.h"

#include <limits.h>

#define CMD_HOME_MEMBERS_MAX 64
#define CMD_HOME_NAME_SIZE   201
#define CMD_HOME_DEFAULT     "waybill-home"
#define CMD_HOME_URL_SIZE    320
#define CMD_SLUG_SIZE        48

struct cmd_member {
    struct kid kid;
    uint8_t pub[PUB_SIZE]; /* of the founding key */
    char name[CMD_HOME_NAME_SIZE];
};

struct cmd_home {
    const struct cmd_args *args;
    bool json;
    char dir[PATH_MAX];
    const char *node_url, *ca_file;
    char own_url[CMD_HOME_URL_SIZE]; /* of the node that runs from this folder; "" when none does */
    struct clock clock;
    bool has_identity;
    struct err damage; /* what is wrong with the folder's identity or genesis: ERR_NONE, nothing */
    struct identity identity;
    char ledger_name[CMD_HOME_NAME_SIZE]; /* "" when the folder does not say */
    bool demo;                            /* the genesis says so */
    size_t member_count;                  /* 0 without a genesis file */
    struct cmd_member members[CMD_HOME_MEMBERS_MAX];
    struct node_client *node; /* opened when first needed */
    struct buf sets;          /* cmd_seen.c */
};

/*
 * Reads options and folder. A missing or damaged identity is no error yet, for an auditor wants to look
 * into such a folder: cmd_home_need_identity() says so.
 */
bool cmd_home_open(const struct cmd_args *args, struct cmd_home **ret_home, struct err *err);
void cmd_home_close(struct cmd_home *home); /* NULL is legal */
bool cmd_home_need_identity(const struct cmd_home *home, struct err *err);

/*
 * "Farm A", in any case, or a kid in hex. A name that the genesis does not have is asked of the node, and
 * what it says is told on standard error.
 */
bool cmd_home_find_member(const struct cmd_home *home, const char *text, struct kid *ret_member,
                          struct err *err);
/* Its name; its kid in hex when nobody told. Borrowed from home, or written to text. */
const char *cmd_home_member_name(const struct cmd_home *home, const struct kid *member,
                                 char text[CMD_HOME_NAME_SIZE]);
/* Whose member key this is now, as the node says: one that a vote gave a member has not its kid. */
bool cmd_home_key_member(const struct cmd_home *home, const struct kid *key,
                         struct kid *ret_member);
/* --key, or DIR/keys/ of --as, or DIR/member.key, or the only key in DIR/keys/. */
bool cmd_home_key_path(const struct cmd_home *home, char path[PATH_MAX], struct err *err);

/* Has it a letter or digit? Of other alphabets than ours any sign passes for one. */
bool cmd_home_is_name(const char *text);
/* "Farm A" -> "farm-a": letters, digits and single dashes; false when nothing is left. */
bool cmd_home_slug(const char *name, char slug[CMD_SLUG_SIZE]);

bool cmd_home_parse_kid(const char *text, struct kid *ret_kid, struct err *err);
bool cmd_home_parse_hash(const char *text, struct hash *ret_hash, struct err *err);

#endif
