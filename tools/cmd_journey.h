/*
 * An asset's journey out of its proof bundle: verified against an identity, judged by the same functions
 * the node uses, and told to a person or as JSON. Asks nobody: what it says follows from the bundle.
 */
#ifndef TOOLS_CMD_JOURNEY_H
#define TOOLS_CMD_JOURNEY_H

#include "common/bundle.h"
#include "common/json.h"
#include "common/statement.h"
#include "contracts/terms.h"
#include "node/provenance.h"
#include "tools/cmd_home.h"

#define JOURNEY_LINES_MAX   1024
#define JOURNEY_DEVICES_MAX 64

enum journey_what {
    JOURNEY_COMMISSIONED,
    JOURNEY_PASSED,
    JOURNEY_REJECTED,
    JOURNEY_ATTACHED,
    JOURNEY_DETACHED,
    JOURNEY_IN_FORCE,
    JOURNEY_EXCURSION,
    JOURNEY_SUSPECT,
    JOURNEY_SCANNED,
    JOURNEY_CALLED,
    JOURNEY_STATE,
    JOURNEY_DOCUMENT,
    JOURNEY_ACKNOWLEDGED,
    JOURNEY_ADDED_BACK,
    JOURNEY_ADD_BACK_UNDONE,
    JOURNEY_NOT_JUDGED,
    JOURNEY_FINISHED,
    JOURNEY_REPLACED,
    JOURNEY_GOODS, /* see cmd_journey_goods.h */
};

struct journey_line {
    enum journey_what what;
    uint64_t time_ms;
    uint64_t sealed_ms; /* of the block that tells it */
    size_t order;       /* as it came */
    struct kid from, to;
    uint64_t role;
    size_t index; /* of an excursion, or a contract: PROVENANCE_CONTRACTS when it is not there */
    struct slice text; /* an action, a document, a budget, a place; borrowed from the bundle */
    struct slice note; /* what the caller wrote: comment, reason */
    bool by_contract;  /* another contract called */
    uint64_t number, to_number; /* states, an ending, seconds, times */
    bool has_by;
    struct hash by;        /* the statement that caused it */
    bool corrected;        /* by a later statement of its own side */
    bool disputed;         /* by a later one of another side */
    enum event_what event; /* of JOURNEY_GOODS, with its data and the statement's bytes */
    struct slice data, statement;
};

struct journey_contract {
    struct hash opening;
    bool known; /* the opening brought its definition along */
    struct contract_definition definition;
    struct contract_terms terms;
};

/* A device's packs from one attachment to the next. */
struct journey_device {
    struct kid kid;
    uint64_t packs, first_seq, last_seq;
};

struct journey {
    struct bundle_claim claim;
    struct provenance provenance;
    size_t line_count;
    struct journey_line lines[JOURNEY_LINES_MAX]; /* by time */
    bool cut;                                     /* more happened than lines hold */
    size_t contract_count;
    struct journey_contract contracts[PROVENANCE_CONTRACTS];
    size_t device_count;
    struct journey_device devices[JOURNEY_DEVICES_MAX];
    uint64_t readings; /* single values */
    uint64_t signatures_checked;
    struct hash last_statement;
    struct samples samples; /* scratch */
};

/*
 * In: home: for members' names and keys; bundle outlives the journey.
 * Returns: false with ERR_PROOF, whatever is wrong with the bundle.
 */
bool journey_load(const struct cmd_home *home, struct slice bundle, const struct identity *trusted,
                  struct journey **ret_journey, struct err *err);
void journey_free(struct journey *j); /* NULL is legal */

/* What a line's, or an excursion's, contract says; NULL when the bundle did not bring it along. */
const struct contract_definition *journey_definition_of(const struct journey *j,
                                                        const struct journey_line *line);
const struct journey_contract *journey_contract_of(const struct journey *j,
                                                   const struct provenance_excursion *e);

/* Statements of devices that are missing between those that are there. */
uint64_t journey_missing(const struct journey *j);

/* In: pinned: the identity was the verifier's own, not the node's. */
void journey_print(const struct cmd_home *home, const struct journey *j, bool pinned);
struct json_doc *journey_json(const struct cmd_home *home, const struct journey *j, bool pinned);

#endif
