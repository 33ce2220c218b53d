/*
 * What the ledger's state knows of goods beyond who holds and owns them: where they come from, what they
 * are in, what was said about them. Each put appends canonical CBOR, each take decodes a whole value;
 * texts and sets are borrowed from it.
 */
#ifndef COMMON_STATE_GOODS_H
#define COMMON_STATE_GOODS_H

#include "common/amount.h"
#include "common/asset_set.h"
#include "common/key.h"

#define STATE_CERTIFICATES_MAX    64 /* on one subject */
#define STATE_CERTIFICATES_OF_ONE 16 /* of these, from one issuer: nobody fills it for the others */
#define STATE_ATTACHMENTS_MAX     16 /* past ones kept of a device */
#define STATE_MAKING_OUTPUTS      64
#define STATE_MAKING_BYTES_MAX    (48 * 1024)

/* How goods ended. */
enum goods_end {
    GOODS_ACTIVE = 0,
    GOODS_DISPENSED = 1,
    GOODS_DECOMMISSIONED = 2,
    GOODS_DESTROYED = 3,
    GOODS_USED_UP = 4,
};

/* Where they were seen last, by a scan at a place with a position. */
struct goods_sighting {
    uint64_t time_ms;
    int64_t lat, lon; /* 10^-7 degrees */
    struct hash statement;
    struct kid kid;
};

/* Of one asset; all zero for those that only ever changed hands. */
struct state_goods {
    enum goods_end end;
    struct hash end_by; /* statement; with end, as the next two */
    struct kid end_member;
    uint64_t end_ms; /* as signed */
    bool has_origin;
    struct hash origin;     /* the commission or making: table 25 */
    uint64_t origin_output; /* which of its outputs */
    bool has_sale;
    struct hash sale; /* open offer of ownership; that of custody is struct state_asset.offer */
    bool has_amount;
    struct amount amount;                   /* what is left; mantissa 0: nothing */
    struct slice container, previous, next; /* inside which, between which others; empty = none */
    struct slice first, last;               /* of what is directly inside; empty = nothing */
    uint64_t inside;                        /* how many are directly inside */
    uint64_t inside_all;                    /* and with all that is in those */
    bool has_sighting;
    struct goods_sighting sighting;
    bool has_label;
    struct hash label; /* commitment to the covered code */
    bool has_reveal;
    struct hash reveal; /* the statement that revealed it first */
};
bool state_goods_is_plain(const struct state_goods *v);
void state_goods_put(struct buf *out, const struct state_goods *v);
void state_goods_take(struct cbor_reader *r, struct state_goods *ret_v); /* a part of a value */

/* [25, statement] */
enum making_kind {
    MAKING_SPLIT = 0, /* the first three as enum make_action */
    MAKING_MERGE = 1,
    MAKING_TRANSFORM = 2,
    MAKING_COMMISSION = 3,
};
struct making_output {
    struct slice lot; /* lot number; empty = none */
    bool has_expiry;
    uint64_t expiry_ms;
};
struct state_making {
    enum making_kind kind;
    struct kid member;
    uint64_t time_ms;
    struct slice place; /* GLN; empty = not said */
    size_t output_count;
    struct making_output outputs[STATE_MAKING_OUTPUTS];
    size_t input_count;
    struct slice inputs; /* that many asset-sets, one after the other: asset_set_take() each */
};
void state_making_put(struct buf *out, const struct state_making *v);
bool state_making_take(struct slice value, struct state_making *ret_v);

/* [26, name] */
struct state_hold {
    bool quarantined;
    struct kid quarantine_member;
    struct hash quarantine; /* statement */
    bool rejected;
    bool recalled;
    struct kid recall_member;
    struct hash recall; /* statement */
};
void state_hold_put(struct buf *out, const struct state_hold *v);
bool state_hold_take(struct slice value, struct state_hold *ret_v);

/* [27, lot]; the lot's name is as an asset's, whether or not it is one. */
struct state_lot {
    struct kid maker;
    bool has_declared;
    uint64_t declared; /* units */
    uint64_t made;
};
void state_lot_put(struct buf *out, const struct state_lot *v);
bool state_lot_take(struct slice value, struct state_lot *ret_v);

/* [28, statement] */
struct state_certificate {
    struct kid issuer; /* member */
    struct slice name;
    uint64_t from_ms, until_ms;
    struct slice assets; /* raw set; empty = none */
    struct slice place;  /* GLN; empty = none */
    bool has_member;
    struct kid member;
    bool revoked;
    uint64_t revoked_from_ms;
    struct hash revoked_by;
};
void state_certificate_put(struct buf *out, const struct state_certificate *v);
bool state_certificate_take(struct slice value, struct state_certificate *ret_v);
/* Valid at a time, as far as is known now. */
bool state_certificate_holds(const struct state_certificate *v, uint64_t time_ms);

/* [30, device] */
struct state_past_attachment {
    struct slice asset;
    uint64_t from_ms, to_ms; /* from <= t < to */
};
struct state_attachments {
    size_t count; /* oldest first */
    struct state_past_attachment items[STATE_ATTACHMENTS_MAX];
};
void state_attachments_put(struct buf *out, const struct state_attachments *v);
bool state_attachments_take(struct slice value, struct state_attachments *ret_v);

#endif
