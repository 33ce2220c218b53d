/*
 * Goods, a second time: what the ledger's rules say of custody, packing, making, holds, certificates, labels and
 * corrections, slow and obvious, over plain structs. It shares no rule with node/; goods_play.h runs both
 * and compares.
 */
#ifndef TESTS_SUPPORT_GOODS_REFERENCE_H
#define TESTS_SUPPORT_GOODS_REFERENCE_H

#include "common/event.h"
#include "common/refusal.h"
#include "common/state_goods.h"
#include "tests/support/goods_op.h"

#define GOODS_SEQUENCE_KEPT 16 /* statements of a key that can be bound to a handover */

__extension__ typedef __int128 goods_wide;

struct goods_hold {
    bool quarantined, rejected, recalled;
    unsigned quarantine_member, recall_member;
    uint32_t quarantine, recall; /* operations */
};

struct goods_name {
    char text[ASSET_NAME_MAX + 1];
    bool entry, made;
    unsigned custodian, owner;
    uint32_t offers[2]; /* open ones by role, or GOODS_NONE */
    enum goods_end end;
    uint32_t end_by;
    unsigned end_member;
    uint64_t end_ms;
    uint32_t origin;
    size_t output;
    uint32_t lot; /* name */
    uint64_t expiry_ms;
    bool has_amount;
    enum amount_dimension dimension;
    goods_wide left; /* in mg, mL or pieces, times 10^9 */
    uint32_t container;
    uint32_t *inside; /* in packing order */
    size_t inside_count, inside_cap;
    bool has_sighting;
    uint64_t seen_ms;
    unsigned seen_at;
    uint32_t seen_by;
    bool has_label;
    uint32_t reveal;
    struct goods_hold hold;
    bool is_lot; /* the lot's record */
    unsigned lot_maker;
    bool has_declared;
    uint64_t declared, lot_made;
    size_t certificates, certificates_by[GOODS_MEMBERS];
    uint64_t stamp; /* of the last walk that came by */
};

struct goods_finding {
    enum event_finding what;
    uint32_t name, other; /* other: an operation, or GOODS_NONE */
    bool doubtful;        /* too near the bound for arithmetic with fractions */
};

struct goods_said {
    const struct goods_op *op; /* NULL: not said */
    enum refusal code;
    bool open; /* an offer that can be answered */
    bool revoked;
    uint64_t revoked_from_ms; /* a certificate */
    uint32_t corrected;       /* by which operation */
    uint64_t stamp;
};

struct goods_reference {
    uint64_t now_ms;
    struct goods_name *names;
    size_t name_count, name_cap;
    uint32_t *slots; /* of names by text */
    size_t slot_count;
    struct goods_said *said; /* by operation */
    size_t said_cap;
    uint32_t *expiring; /* offers with an expiry */
    size_t expiring_count;
    uint32_t *by_device; /* operations */
    size_t device_count;
    uint32_t attached; /* the device's goods */
    size_t certificates_of_place[GOODS_PLACES], certificates_of_member[GOODS_MEMBERS];
    size_t certificates_of_place_by[GOODS_PLACES][GOODS_MEMBERS];
    size_t certificates_of_member_by[GOODS_MEMBERS][GOODS_MEMBERS];
    uint64_t stamp;
    uint32_t *todo; /* of a walk */
    size_t recalls; /* names recalled now */

    /* of the last operation */
    struct goods_finding *findings;
    size_t finding_count;
    enum event_reveal reveal;
    uint32_t refused_for; /* the name that stood in the way */
};

struct goods_position {
    bool known; /* the ledger has it, with a position */
    double lat, lon;
};
extern const struct goods_position goods_reference_places[GOODS_PLACES];

struct goods_reference *goods_reference_new(size_t names_max, size_t operations_max);
void goods_reference_free(struct goods_reference *r);
/* The number of a name, which is a new one when nobody asked before. */
uint32_t goods_reference_name(struct goods_reference *r, const char *text);
unsigned goods_reference_member(unsigned signer);
/* A block begins: offers that end by now do. */
void goods_reference_block(struct goods_reference *r, uint64_t time_ms);
/* op lives as long as r. */
enum refusal goods_reference_say(struct goods_reference *r, const struct goods_op *op);
/* Too much for one statement: nothing comes of it. */
enum refusal goods_reference_pass_over(struct goods_reference *r, const struct goods_op *op);
goods_wide goods_reference_value(struct goods_amount a, enum amount_dimension *ret_dimension);
size_t goods_reference_inside_all(const struct goods_reference *r, uint32_t name);

#endif
