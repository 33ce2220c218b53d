/* The reference of goods: what becomes of them, what is said of them, and what is taken back. */
#include "tests/support/goods_reference_parts.h"

#include <math.h>
#include <string.h>

const struct goods_position goods_reference_places[GOODS_PLACES] = {
    { false, 0, 0 },       /* none is said */
    { true, 51.0, 4.0 },   /* a port */
    { true, 51.03, 4.02 }, /* a shed beside it, 3.6 km away */
    { true, 48.0, 11.0 },  /* 600 km from there */
    { true, -33.9, 18.4 }, /* another continent */
    { false, 0, 0 },       /* a place that the ledger does not know */
};

/* ------------------------------------------------------------------ dispositions */

static bool whys(const struct goods_op *op)
{
    return op->has_meaning && op->has_reason;
}

/* It has units, which others may hold. */
static bool is_anothers_lot(const struct goods_name *n, unsigned member)
{
    return n->is_lot && n->lot_made > 0 && n->lot_maker != member;
}

static enum refusal check_quarantine(const struct goods_reference *r, const struct goods_name *n,
                                     unsigned member)
{
    if (n->made && n->end != GOODS_ACTIVE)
        return REFUSED_ENDED;
    if (n->made && n->custodian != member && n->owner != member &&
        goods_reference_maker(r, n) != member)
        return REFUSED_NOT_HOLDER;
    if (!n->made && !n->is_lot)
        return REFUSED_UNKNOWN_ASSET;
    if (!n->made && n->lot_maker != member)
        return REFUSED_NOT_MAKER;
    if (is_anothers_lot(n, member))
        return REFUSED_NOT_MAKER;
    return n->hold.quarantined ? REFUSED_EXISTS : ACCEPTED;
}

static enum refusal check_recall(const struct goods_reference *r, const struct goods_name *n,
                                 unsigned member)
{
    if (n->made && goods_reference_maker(r, n) != member && !(n->is_lot && n->lot_maker == member))
        return REFUSED_NOT_MAKER;
    if (!n->made && !n->is_lot)
        return REFUSED_UNKNOWN_ASSET;
    if (!n->made && n->lot_maker != member)
        return REFUSED_NOT_MAKER;
    return n->hold.recalled ? REFUSED_EXISTS : ACCEPTED;
}

static enum refusal check_return(const struct goods_name *n, unsigned member)
{
    if (!n->made)
        return REFUSED_UNKNOWN_ASSET;
    if (n->end != GOODS_DISPENSED)
        return REFUSED_WRONG_STATE;
    if (n->end_member != member)
        return REFUSED_NOT_ALLOWED;
    return is_anothers_lot(n, member) ? REFUSED_NOT_MAKER : ACCEPTED;
}

static enum refusal check_end(struct goods_reference *r, const struct goods_op *op, uint32_t name)
{
    const struct goods_name *n = &r->names[name];
    if (!n->made)
        return REFUSED_UNKNOWN_ASSET;
    if (n->end != GOODS_ACTIVE)
        return REFUSED_ENDED;
    if (n->custodian != goods_reference_member(op->signer))
        return REFUSED_NOT_HOLDER;
    if (n->offers[0] != GOODS_NONE || n->offers[1] != GOODS_NONE)
        return REFUSED_OFFER_OPEN;
    if (n->container != GOODS_NONE)
        return REFUSED_PACKED;
    if (n->inside_count > 0)
        return REFUSED_NOT_EMPTY;
    if (op->action != DISPOSITION_DISPENSE)
        return ACCEPTED;
    if (n->expiry_ms != 0 && n->expiry_ms <= r->now_ms)
        return REFUSED_EXPIRED;
    return goods_reference_held(r, name, GOODS_NONE);
}

static enum refusal check_disposition(struct goods_reference *r, const struct goods_op *op,
                                      uint32_t name)
{
    const struct goods_name *n = &r->names[name];
    unsigned member = goods_reference_member(op->signer);
    switch ((enum disposition_action)op->action) {
    case DISPOSITION_QUARANTINE: return check_quarantine(r, n, member);
    case DISPOSITION_RELEASE:
    case DISPOSITION_REJECT:
        if (!n->hold.quarantined || n->hold.rejected)
            return REFUSED_NOT_HELD;
        return n->hold.quarantine_member == member ||
                       (n->made && n->owner == member && !is_anothers_lot(n, member))
                   ? ACCEPTED
                   : REFUSED_NOT_ALLOWED;
    case DISPOSITION_RETURN: return check_return(n, member);
    case DISPOSITION_RECALL: return check_recall(r, n, member);
    case DISPOSITION_END_RECALL:
        return n->hold.recalled && n->hold.recall_member == member ? ACCEPTED : REFUSED_NOT_HELD;
    case DISPOSITION_DECOMMISSION:
    case DISPOSITION_DISPENSE:
    case DISPOSITION_DESTROY: return check_end(r, op, name);
    }
    return REFUSED_MALFORMED;
}

static void quarantine(struct goods_name *n, const struct goods_op *op)
{
    if (n->hold.quarantined)
        return;
    n->hold.quarantined = true;
    n->hold.quarantine_member = goods_reference_member(op->signer);
    n->hold.quarantine = op->number;
}

static void end_goods(struct goods_name *n, const struct goods_op *op, enum goods_end end)
{
    n->end = end;
    n->end_by = op->number;
    n->end_member = goods_reference_member(op->signer);
    n->end_ms = op->time_ms;
}

static void dispose(struct goods_reference *r, const struct goods_op *op, struct goods_name *n)
{
    switch ((enum disposition_action)op->action) {
    case DISPOSITION_QUARANTINE: quarantine(n, op); return;
    case DISPOSITION_RELEASE: n->hold.quarantined = false; return;
    case DISPOSITION_REJECT: n->hold.rejected = true; return;
    case DISPOSITION_RETURN:
        n->end = GOODS_ACTIVE;
        n->custodian = goods_reference_member(op->signer);
        quarantine(n, op);
        return;
    case DISPOSITION_RECALL:
        n->hold.recalled = true;
        n->hold.recall_member = goods_reference_member(op->signer);
        n->hold.recall = op->number;
        r->recalls++;
        return;
    case DISPOSITION_END_RECALL:
        n->hold.recalled = false;
        r->recalls--;
        return;
    case DISPOSITION_DECOMMISSION: end_goods(n, op, GOODS_DECOMMISSIONED); return;
    case DISPOSITION_DISPENSE: end_goods(n, op, GOODS_DISPENSED); return;
    case DISPOSITION_DESTROY: end_goods(n, op, GOODS_DESTROYED); return;
    }
}

static enum refusal disposition(struct goods_reference *r, const struct goods_op *op)
{
    if ((op->action == DISPOSITION_RELEASE || op->action == DISPOSITION_REJECT ||
         op->action == DISPOSITION_RECALL || op->action == DISPOSITION_END_RECALL) &&
        !whys(op))
        return REFUSED_NO_REASON;
    for (size_t i = 0; i < op->what.names.count; i++) {
        enum refusal code = check_disposition(r, op, op->what.names.at[i]);
        if (code != ACCEPTED)
            return goods_reference_refuse(r, code, op->what.names.at[i]);
    }
    for (size_t i = 0; i < op->what.names.count; i++)
        dispose(r, op, &r->names[op->what.names.at[i]]);
    return ACCEPTED;
}

/* ------------------------------------------------------------------ certificates */

static bool is_full(size_t all, size_t own)
{
    return all >= 64 || own >= 16;
}

static enum refusal certificate(struct goods_reference *r, const struct goods_op *op)
{
    unsigned by = goods_reference_member(op->signer);
    if (op->has_member && op->to >= GOODS_MEMBERS)
        return REFUSED_UNKNOWN_MEMBER;
    for (size_t i = 0; i < op->what.names.count; i++) {
        const struct goods_name *n = &r->names[op->what.names.at[i]];
        if (!n->made && !n->is_lot)
            return goods_reference_refuse(r, REFUSED_UNKNOWN_ASSET, op->what.names.at[i]);
        if (is_full(n->certificates, n->certificates_by[by]))
            return goods_reference_refuse(r, REFUSED_FULL, op->what.names.at[i]);
    }
    if (op->place != 0 &&
        is_full(r->certificates_of_place[op->place], r->certificates_of_place_by[op->place][by]))
        return REFUSED_FULL;
    if (op->has_member &&
        is_full(r->certificates_of_member[op->to], r->certificates_of_member_by[op->to][by]))
        return REFUSED_FULL;
    for (size_t i = 0; i < op->what.names.count; i++) {
        r->names[op->what.names.at[i]].certificates++;
        r->names[op->what.names.at[i]].certificates_by[by]++;
    }
    if (op->place != 0) {
        r->certificates_of_place[op->place]++;
        r->certificates_of_place_by[op->place][by]++;
    }
    if (op->has_member) {
        r->certificates_of_member[op->to]++;
        r->certificates_of_member_by[op->to][by]++;
    }
    return ACCEPTED;
}

static enum refusal revoke(struct goods_reference *r, const struct goods_op *op)
{
    if (op->refers == GOODS_NONE)
        return REFUSED_NO_SUCH_CERTIFICATE;
    struct goods_said *said = &r->said[op->refers];
    if (said->op == NULL || said->op->kind != KIND_CERTIFICATE || said->code != ACCEPTED)
        return REFUSED_NO_SUCH_CERTIFICATE;
    if (goods_reference_member(said->op->signer) != goods_reference_member(op->signer))
        return REFUSED_NOT_ALLOWED;
    if (said->revoked)
        return REFUSED_EXISTS;
    said->revoked = true;
    said->revoked_from_ms = op->expiry_ms;
    return ACCEPTED;
}

/* ------------------------------------------------------------------ corrections */

static bool is_correctable(enum statement_kind kind)
{
    static const enum statement_kind not [] = { KIND_ENROL,
                                                KIND_REVOKE,
                                                KIND_PRODUCT,
                                                KIND_PLACE,
                                                KIND_PARTY,
                                                KIND_OPEN,
                                                KIND_AGREE,
                                                KIND_CALL,
                                                KIND_DOCUMENT,
                                                KIND_DISPUTE,
                                                KIND_CERTIFICATE_REVOKE,
                                                KIND_CORRECTION };
    for (size_t i = 0; i < sizeof not / sizeof not [0]; i++)
        if (not [i] == kind)
            return false;
    return true;
}

static void undo_disposition(struct goods_reference *r, uint32_t number, struct goods_name *n)
{
    if (n->end != GOODS_ACTIVE && n->end_by == number)
        n->end = GOODS_ACTIVE;
    if (n->hold.quarantined && !n->hold.rejected && n->hold.quarantine == number)
        n->hold.quarantined = false;
    if (n->hold.recalled && n->hold.recall == number) {
        n->hold.recalled = false;
        r->recalls--;
    }
}

static void undo(struct goods_reference *r, const struct goods_op *was)
{
    struct goods_said *said = &r->said[was->number];
    if (was->kind == KIND_CERTIFICATE && said->code == ACCEPTED &&
        !(said->revoked && said->revoked_from_ms <= was->expiry_ms)) {
        said->revoked = true;
        said->revoked_from_ms = was->expiry_ms;
    }
    for (size_t i = 0; i < was->what.names.count; i++) {
        struct goods_name *n = &r->names[was->what.names.at[i]];
        if (was->kind == KIND_DISPOSITION)
            undo_disposition(r, was->number, n);
        if (was->kind == KIND_SCAN && n->has_sighting && n->seen_by == was->number)
            n->has_sighting = false;
    }
}

static enum refusal correction(struct goods_reference *r, const struct goods_op *op)
{
    if (!whys(op))
        return REFUSED_NO_REASON;
    if (op->refers == GOODS_NONE || op->spoilt)
        return REFUSED_BAD_REQUEST;
    struct goods_said *said = &r->said[op->refers];
    if (said->op->signer != op->signer &&
        !(goods_reference_speaks(op) &&
          goods_reference_member(said->op->signer) == goods_reference_member(op->signer)))
        return REFUSED_NOT_SIGNER;
    if (!is_correctable(said->op->kind))
        return REFUSED_NOT_CORRECTABLE;
    if (said->corrected != 0)
        return REFUSED_EXISTS;
    said->corrected = op->number + 1;
    undo(r, said->op);
    return ACCEPTED;
}

/* ------------------------------------------------------------------ scans and labels */

static double metres_between(const struct goods_position *a, const struct goods_position *b)
{
    const double rad = 3.14159265358979323846 / 180, radius = 6371000;
    double dlat = (b->lat - a->lat) * rad, dlon = (b->lon - a->lon) * rad;
    double h = sin(dlat / 2) * sin(dlat / 2) +
               cos(a->lat * rad) * cos(b->lat * rad) * sin(dlon / 2) * sin(dlon / 2);
    return 2 * radius * asin(sqrt(h));
}

static void travel(struct goods_reference *r, const struct goods_op *op, uint32_t name)
{
    struct goods_name *n = &r->names[name];
    const struct goods_position *here = &goods_reference_places[op->place];
    if (!here->known)
        return;
    if (n->has_sighting) {
        double metres = metres_between(here, &goods_reference_places[n->seen_at]);
        double ms = fabs((double)op->time_ms - (double)n->seen_ms);
        double least = metres * 3600, most = 1200 * ms;
        bool doubtful = fabs(least - most) < 0.01 * least;
        if (metres > 10000 && (doubtful || least > most)) {
            goods_reference_find(r, FINDING_IMPOSSIBLE_TRAVEL, name, n->seen_by);
            r->findings[r->finding_count - 1].doubtful = doubtful;
        }
        if (op->time_ms < n->seen_ms)
            return;
    }
    n->has_sighting = true;
    n->seen_ms = op->time_ms;
    n->seen_at = op->place;
    n->seen_by = op->number;
}

/*
 * A thousand are told of one scan. Where it is doubtful whether some were found, as many beyond the thousandth
 * are doubtful too.
 */
static void tell_no_more(struct goods_reference *r)
{
    size_t doubtful = 0;
    for (size_t i = 0; i < r->finding_count; i++)
        doubtful += r->findings[i].doubtful ? 1 : 0;
    if (r->finding_count > 1000 + doubtful)
        r->finding_count = 1000 + doubtful;
    for (size_t i = 1000; i < r->finding_count; i++)
        r->findings[i].doubtful = true;
}

static enum refusal scan(struct goods_reference *r, const struct goods_op *op)
{
    size_t ghosts = 0;
    if (!goods_reference_speaks(op) && op->signer != GOODS_DEVICE)
        return REFUSED_NOT_ALLOWED;
    for (size_t i = 0; i < op->what.names.count; i++) {
        if (!r->names[op->what.names.at[i]].entry && ++ghosts > 1000)
            return goods_reference_refuse(r, REFUSED_UNKNOWN_ASSET, op->what.names.at[i]);
    }
    for (size_t i = 0; i < op->what.names.count; i++) {
        uint32_t name = op->what.names.at[i];
        struct goods_name *n = &r->names[name];
        n->entry = true;
        if (!n->made)
            goods_reference_find(r, FINDING_NEVER_COMMISSIONED, name, GOODS_NONE);
        if (n->made && n->end != GOODS_ACTIVE && op->time_ms > n->end_ms)
            goods_reference_find(r, FINDING_AFTER_END, name, n->end_by);
        travel(r, op, name);
        if (n->made && op->in_custody && n->custodian != goods_reference_member(op->signer))
            goods_reference_find(r, FINDING_TWO_CUSTODIANS, name, GOODS_NONE);
    }
    tell_no_more(r);
    return ACCEPTED;
}

static enum refusal seal(struct goods_reference *r, const struct goods_op *op)
{
    for (size_t i = 0; i < op->what.names.count; i++) {
        const struct goods_name *n = &r->names[op->what.names.at[i]];
        enum refusal code = ACCEPTED;
        if (!n->made)
            code = REFUSED_UNKNOWN_ASSET;
        else if (n->end != GOODS_ACTIVE)
            code = REFUSED_ENDED;
        else if (n->custodian != goods_reference_member(op->signer))
            code = REFUSED_NOT_HOLDER;
        else if (n->has_label)
            code = REFUSED_EXISTS;
        if (code != ACCEPTED)
            return goods_reference_refuse(r, code, op->what.names.at[i]);
    }
    for (size_t i = 0; i < op->what.names.count; i++)
        r->names[op->what.names.at[i]].has_label = true;
    return ACCEPTED;
}

static enum refusal reveal(struct goods_reference *r, const struct goods_op *op)
{
    struct goods_name *n = &r->names[op->what.names.at[0]];
    if (!n->made)
        return goods_reference_refuse(r, REFUSED_UNKNOWN_ASSET, op->what.names.at[0]);
    if (!n->has_label)
        return goods_reference_refuse(r, REFUSED_NO_LABEL, op->what.names.at[0]);
    if (op->spoilt) {
        r->reveal = REVEAL_MISMATCH;
        return ACCEPTED;
    }
    if (n->reveal != GOODS_NONE) {
        r->reveal = REVEAL_ALREADY_OPENED;
        return ACCEPTED;
    }
    n->reveal = op->number;
    bool on_its_way = n->offers[ROLE_CUSTODIAN] != GOODS_NONE || n->container != GOODS_NONE ||
                      n->custodian == goods_reference_maker(r, n);
    r->reveal = n->end != GOODS_DISPENSED && on_its_way ? REVEAL_TAMPER : REVEAL_AUTHENTIC_OPENED;
    return ACCEPTED;
}

static enum refusal attach(struct goods_reference *r, const struct goods_op *op)
{
    uint32_t name = op->what.names.at[0];
    if (goods_reference_member(op->signer) != goods_reference_member(GOODS_DEVICE))
        return REFUSED_NOT_YOUR_KEY;
    if (!r->names[name].made)
        return goods_reference_refuse(r, REFUSED_UNKNOWN_ASSET, name);
    if (op->detach ? r->attached != name : r->attached != GOODS_NONE)
        return REFUSED_ATTACHED_ELSEWHERE;
    r->attached = op->detach ? GOODS_NONE : name;
    return ACCEPTED;
}

static enum refusal dispute(struct goods_reference *r, const struct goods_op *op)
{
    for (size_t i = 0; i < op->what.names.count; i++)
        if (!r->names[op->what.names.at[i]].made)
            return goods_reference_refuse(r, REFUSED_UNKNOWN_ASSET, op->what.names.at[i]);
    return ACCEPTED;
}

/* ------------------------------------------------------------------ all */

static enum refusal judge(struct goods_reference *r, const struct goods_op *op)
{
    if (op->kind == KIND_CORRECTION)
        return correction(r, op);
    if (op->kind == KIND_LABEL_REVEAL)
        return reveal(r, op);
    if (op->kind == KIND_SCAN)
        return scan(r, op);
    if (!goods_reference_speaks(op))
        return REFUSED_NOT_ALLOWED;
    if (op->kind == KIND_COMMISSION)
        return goods_reference_commission(r, op);
    if (op->kind == KIND_CUSTODY)
        return goods_reference_custody(r, op);
    if (op->kind == KIND_PACK)
        return goods_reference_pack(r, op);
    if (op->kind == KIND_MAKE)
        return goods_reference_make(r, op);
    if (op->kind == KIND_DISPOSITION)
        return disposition(r, op);
    if (op->kind == KIND_DISPUTE)
        return dispute(r, op);
    if (op->kind == KIND_CERTIFICATE)
        return certificate(r, op);
    if (op->kind == KIND_CERTIFICATE_REVOKE)
        return revoke(r, op);
    if (op->kind == KIND_ATTACH)
        return attach(r, op);
    return seal(r, op);
}

static enum refusal note(struct goods_reference *r, const struct goods_op *op, bool judged)
{
    struct goods_said *said = &r->said[op->number];
    r->finding_count = 0;
    r->refused_for = GOODS_NONE;
    said->op = op;
    goods_reference_walk(r);
    said->code = judged ? judge(r, op) : REFUSED_STEPS;
    if (op->signer == GOODS_DEVICE)
        r->by_device[r->device_count++] = op->number;
    return said->code;
}

enum refusal goods_reference_say(struct goods_reference *r, const struct goods_op *op)
{
    return note(r, op, true);
}

enum refusal goods_reference_pass_over(struct goods_reference *r, const struct goods_op *op)
{
    return note(r, op, false);
}
