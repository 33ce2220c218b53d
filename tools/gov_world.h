/*
 * How a ledger is governed now, as a node tells it: members, roles, constitution, proposals and their
 * ballots. A claim: what is signed names members by kid and proposals by hash.
 */
#ifndef TOOLS_GOV_WORLD_H
#define TOOLS_GOV_WORLD_H

#include "common/json.h"
#include "common/proposal.h"
#include "tools/cmd_home.h"
#include "tools/constitution_file.h"

#define GOV_WORLD_MEMBERS_MAX CONSTITUTION_FILE_MEMBERS_MAX

struct gov_member {
    struct kid kid;
    char name[CMD_HOME_NAME_SIZE];
    bool active, operator_role, sponsor_role, has_authority;
    struct kid authority;
};

struct gov_world {
    uint64_t height;
    struct hash set; /* a ballot of the next block names it */
    size_t quorum, authorities;
    bool governed; /* there is a constitution: */
    struct constitution constitution;
    size_t count;
    struct gov_member members[GOV_WORLD_MEMBERS_MAX];
    struct json_doc *doc; /* the node's whole answer: its /proposals */
};

/* Asks the node. all: closed proposals too. */
bool gov_world_load(struct cmd_home *home, bool all, struct gov_world **ret_world, struct err *err);
void gov_world_free(struct gov_world *w); /* NULL is legal */

/* By name in any case, or by kid. */
const struct gov_member *gov_world_find(const struct gov_world *w, const char *text,
                                        struct err *err);
/* Its name; its kid in hex when the node names none. Borrowed, or written to text. */
const char *gov_world_name(const struct gov_world *w, const struct kid *member,
                           char text[CMD_HOME_NAME_SIZE]);
void gov_world_names(const struct gov_world *w, struct constitution_names *ret_names);
size_t gov_world_active(const struct gov_world *w);
/* Is this key of an authority that was voted in and has not entered, and whose? */
bool gov_world_candidate(const struct gov_world *w, const struct kid *authority,
                         struct kid *ret_member);
/* How many such a member has; the last one's key. */
size_t gov_world_candidates(const struct gov_world *w, const struct kid *member,
                            struct kid *ret_authority);

/* A proposal by its hash or by its first digits, six at least, among those the node lists. */
bool gov_world_proposal(const struct gov_world *w, const char *text, struct hash *ret_hash,
                        struct err *err);

/* What one part of the node's answer says of a proposal. */
struct gov_proposal {
    struct hash hash;
    enum govern_action action;
    uint8_t body[PROPOSAL_BODY_MAX];
    struct proposal_body parts; /* borrows from body */
    bool readable;              /* parts are set */
    struct kid proposer;
    struct slice status, expires, reason; /* borrowed from the answer */
    struct slice code, sentence;          /* why it passed and was not applied; or empty */
    uint64_t height, needed, voters, yes, no;
    const struct json_doc *ballots;
};
bool gov_world_take(const struct json_doc *doc, struct gov_proposal *ret_proposal, struct err *err);

#endif
