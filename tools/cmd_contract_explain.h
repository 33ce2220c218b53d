/* What happened to an asset under its contracts, out of its proof bundle, event by event and in words. */
#ifndef TOOLS_CMD_CONTRACT_EXPLAIN_H
#define TOOLS_CMD_CONTRACT_EXPLAIN_H

#include "common/bundle.h"
#include "common/event_data.h"
#include "tools/cmd_contract_parts.h"

#define CHRONICLE_LINES_MAX     4096
#define CHRONICLE_CONTRACTS_MAX 16
#define CHRONICLE_WORDS_MAX     1024

/* An event that concerns a contract. */
struct chronicle_line {
    struct event event; /* borrows from the bundle */
    size_t contract;    /* whose it is */
    bool has_statement;
    struct hash statement; /* that caused it */
    struct slice bytes;    /* of it; empty: the bundle does not bring them */
};

struct chronicle {
    struct buf bundle;
    struct bundle_claim claim;
    bool pinned; /* checked against the folder's identity, not the node's own */
    size_t contract_count, line_count;
    bool cut; /* more happened than is kept */
    struct hash openings[CHRONICLE_CONTRACTS_MAX];
    struct contract_opened *contracts[CHRONICLE_CONTRACTS_MAX]; /* NULL: not to be had */
    struct chronicle_line lines[CHRONICLE_LINES_MAX];
};

/* Fetches and verifies; ERR_PROOF when the node proves nothing or something else. */
bool cmd_contract_chronicle(struct cmd_home *home, const char *asset, struct chronicle **ret,
                            struct err *err);
void cmd_contract_chronicle_free(struct chronicle *c); /* NULL is legal */
/* One event in words, without its time. */
void cmd_contract_chronicle_say(const struct cmd_home *home, const struct chronicle *c,
                                const struct chronicle_line *line, char words[CHRONICLE_WORDS_MAX]);
/* `explain ASSET`. */
int cmd_contract_explain_asset(struct cmd_home *home, const char *asset, struct err *err);

#endif
