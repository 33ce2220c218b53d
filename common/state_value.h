/*
 * Values of the ledger's state map (wire.cddl "state"). They come from the ledger's own state, whose root
 * was checked; a decoder still refuses what does not fit, so that a damaged file is found, not believed.
 */
#ifndef COMMON_STATE_VALUE_H
#define COMMON_STATE_VALUE_H

#include "common/enrol.h"
#include "common/state_goods.h"

#define STATE_VALUE_MAX     (64 * 1024)
#define STATE_CONTRACTS_MAX 8  /* contracts in force for one asset */
#define STATE_CUSTODY_MAX   64 /* custody changes kept for charging */

struct state_params {
    uint64_t rules;
    bool demo;
    uint64_t opening_wait_ms;
    struct slice name; /* of the ledger, for people; empty = none */
};

struct state_member {
    struct slice name;
    bool active;
    bool has_key;
    struct kid key; /* its present key, when it is no longer the founding one */
};

struct state_key_record {
    uint8_t pub[PUB_SIZE];
    struct kid member;
    enum key_class class;
    struct slice rights; /* raw array */
    bool founding;       /* enrolled by the genesis, not by a statement */
    struct hash enrolled_by;
    bool revoked;
    uint64_t revoked_from_ms;
    uint64_t last_good_seq;
    uint64_t revoked_height;
};

struct state_asset {
    uint64_t events;
    struct hash chain;
    bool has_custodian, has_owner, has_offer;
    struct kid custodian, owner;
    struct hash offer; /* of custody */
    struct state_goods goods;
};
/* False: a name that was seen and that nobody commissioned. */
static inline bool state_asset_is_made(const struct state_asset *v)
{
    return v->has_owner;
}

struct state_offer {
    struct kid from, to;
    struct hash assets; /* SHA-256 of the canonical asset-set */
    uint64_t role;
    uint64_t time_ms;
    bool has_expiry;
    uint64_t expiry_ms;
    struct slice set; /* the raw set; with has_expiry, for then the ledger itself ends the offer */
};

enum instance_status {
    INSTANCE_WAITING = 0,
    INSTANCE_IN_FORCE = 1,
    INSTANCE_LAPSED = 2,
    INSTANCE_FINISHED = 3,
    INSTANCE_REPLACED = 4,
};

struct state_instance {
    struct hash definition;
    enum instance_status status;
    size_t agreed_count;
    struct kid agreed[16];
};

struct state_attachment {
    struct slice asset;
    uint64_t since_ms;
};

/* Each put appends canonical CBOR; each take decodes a whole value. */
void state_params_put(struct buf *out, const struct state_params *v);
bool state_params_take(struct slice value, struct state_params *ret_v);
void state_member_put(struct buf *out, const struct state_member *v);
bool state_member_take(struct slice value, struct state_member *ret_v);
void state_key_record_put(struct buf *out, const struct state_key_record *v);
bool state_key_record_take(struct slice value, struct state_key_record *ret_v);
void state_asset_put(struct buf *out, const struct state_asset *v);
bool state_asset_take(struct slice value, struct state_asset *ret_v);
void state_offer_put(struct buf *out, const struct state_offer *v);
bool state_offer_take(struct slice value, struct state_offer *ret_v);
void state_instance_put(struct buf *out, const struct state_instance *v);
bool state_instance_take(struct slice value, struct state_instance *ret_v);
void state_attachment_put(struct buf *out, const struct state_attachment *v);
bool state_attachment_take(struct slice value, struct state_attachment *ret_v);
/* [height, hash] */
void state_block_put(struct buf *out, uint64_t height, const struct hash *hash);
bool state_block_take(struct slice value, uint64_t *ret_height, struct hash *ret_hash);
/* [bstr this set, bstr next set] */
void state_sets_put(struct buf *out, struct slice set, struct slice next);
bool state_sets_take(struct slice value, struct slice *ret_set, struct slice *ret_next);
/* [payload map, statement hash] */
void state_master_put(struct buf *out, struct slice payload, const struct hash *statement);
bool state_master_take(struct slice value, struct slice *ret_payload, struct hash *ret_statement);

#endif
