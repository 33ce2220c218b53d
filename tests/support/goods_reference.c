#include "tests/support/goods_reference_parts.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *room(size_t count, size_t size)
{
    void *memory = calloc(count, size);
    if (memory == NULL)
        abort();
    return memory;
}

struct goods_reference *goods_reference_new(size_t names_max, size_t operations_max)
{
    struct goods_reference *r = room(1, sizeof *r);
    r->name_cap = names_max;
    r->names = room(names_max, sizeof r->names[0]);
    r->slot_count = 4 * names_max;
    r->slots = room(r->slot_count, sizeof r->slots[0]);
    r->said_cap = operations_max;
    r->said = room(operations_max, sizeof r->said[0]);
    r->expiring = room(operations_max, sizeof r->expiring[0]);
    r->by_device = room(operations_max, sizeof r->by_device[0]);
    r->todo = room(names_max, sizeof r->todo[0]);
    r->findings = room(4 * names_max, sizeof r->findings[0]);
    r->attached = GOODS_NONE;
    return r;
}

void goods_reference_free(struct goods_reference *r)
{
    if (r == NULL)
        return;
    for (size_t i = 0; i < r->name_count; i++)
        free(r->names[i].inside);
    free(r->names);
    free(r->slots);
    free(r->said);
    free(r->expiring);
    free(r->by_device);
    free(r->todo);
    free(r->findings);
    free(r);
}

uint32_t goods_reference_name(struct goods_reference *r, const char *text)
{
    size_t sum = 5381;
    for (const char *c = text; *c != '\0'; c++)
        sum = sum * 33 + (unsigned char)*c;
    size_t at = sum % r->slot_count;
    for (; r->slots[at] != 0; at = (at + 1) % r->slot_count)
        if (strcmp(r->names[r->slots[at] - 1].text, text) == 0)
            return r->slots[at] - 1;
    assert(r->name_count < r->name_cap && strlen(text) <= ASSET_NAME_MAX);
    struct goods_name *n = &r->names[r->name_count];
    strcpy(n->text, text);
    n->offers[0] = n->offers[1] = n->origin = n->lot = n->container = n->reveal = GOODS_NONE;
    r->slots[at] = (uint32_t)++r->name_count;
    return (uint32_t)r->name_count - 1;
}

unsigned goods_reference_member(unsigned signer)
{
    if (signer < GOODS_MEMBERS)
        return signer;
    if (signer < GOODS_DEVICE)
        return signer - GOODS_MEMBERS;
    return signer == GOODS_DEVICE ? 3 : 4;
}

bool goods_reference_speaks(const struct goods_op *op)
{
    return op->signer < GOODS_DEVICE;
}

enum refusal goods_reference_refuse(struct goods_reference *r, enum refusal code, uint32_t name)
{
    r->refused_for = name;
    return code;
}

void goods_reference_find(struct goods_reference *r, enum event_finding what, uint32_t name,
                          uint32_t other)
{
    r->findings[r->finding_count++] = (struct goods_finding){ what, name, other, false };
}

/* Another one says that it has what is somebody else's. */
static enum refusal claim(struct goods_reference *r, enum refusal code, uint32_t name)
{
    goods_reference_find(r, FINDING_TWO_CUSTODIANS, name, GOODS_NONE);
    return goods_reference_refuse(r, code, name);
}

goods_wide goods_reference_value(struct goods_amount a, enum amount_dimension *ret_dimension)
{
    static const int powers[] = { 0, 0, 3, 6, 9, 0, 3, 6, 0 };
    goods_wide value = a.mantissa;
    for (int i = 0; i < powers[a.unit] + a.exponent + 9; i++)
        value *= 10;
    *ret_dimension = a.unit <= GOODS_T    ? AMOUNT_MASS
                     : a.unit <= GOODS_M3 ? AMOUNT_VOLUME
                                          : AMOUNT_COUNT;
    return value;
}

/* ------------------------------------------------------------------ coming into being */

static bool is_of_gtin(const char *text, const char *qualifier)
{
    return strncmp(text, "01/", 3) == 0 && strlen(text) > 21 &&
           strncmp(text + 17, qualifier, 4) == 0;
}

static bool is_lot_number(const char *lot)
{
    static const char others[] = "!\"%&'()*+,-./:;<=>?_";
    size_t len = strlen(lot);
    if (len < 1 || len > 20)
        return false;
    for (size_t i = 0; i < len; i++) {
        char c = lot[i];
        if (!(c >= '0' && c <= '9') && !(c >= 'A' && c <= 'Z') && !(c >= 'a' && c <= 'z') &&
            strchr(others, c) == NULL)
            return false;
    }
    return true;
}

/* The name of the lot that goods of this name belong to, when a birth says this lot number. */
static uint32_t lot_of(struct goods_reference *r, uint32_t name, const char *lot)
{
    const char *text = r->names[name].text;
    char lot_text[ASSET_NAME_MAX + 8];
    if (is_of_gtin(text, "/10/"))
        return name;
    if (lot == NULL || !is_of_gtin(text, "/21/") || !is_lot_number(lot))
        return GOODS_NONE;
    snprintf(lot_text, sizeof lot_text, "%.17s/10/%s", text, lot);
    return goods_reference_name(r, lot_text);
}

enum refusal goods_reference_unborn(struct goods_reference *r, const struct goods_op *op,
                                    const struct goods_entry *e)
{
    unsigned member = goods_reference_member(op->signer);
    for (size_t i = 0; i < e->names.count; i++) {
        uint32_t name = e->names.at[i], lot = lot_of(r, name, e->lot);
        if (r->names[name].made)
            return goods_reference_refuse(r, REFUSED_EXISTS, name);
        if (lot != GOODS_NONE && r->names[lot].is_lot && r->names[lot].lot_maker != member)
            return goods_reference_refuse(r, REFUSED_NOT_MAKER, name);
    }
    return ACCEPTED;
}

/* How many pieces a lot was said to have. */
static bool pieces(struct goods_amount a, uint64_t *ret_pieces)
{
    enum amount_dimension dimension;
    if (a.unit != GOODS_EACH)
        return false;
    goods_wide value = goods_reference_value(a, &dimension), one = 1000000000;
    if (value % one != 0)
        return false;
    *ret_pieces = (uint64_t)(value / one);
    return true;
}

static void count_to_lot(struct goods_reference *r, uint32_t name, unsigned member,
                         struct goods_amount amount)
{
    struct goods_name *n = &r->names[name];
    if (n->lot == GOODS_NONE)
        return;
    struct goods_name *lot = &r->names[n->lot];
    if (!lot->is_lot) {
        lot->is_lot = true;
        lot->lot_maker = member;
    }
    if (n->lot == name) {
        uint64_t declared;
        if (pieces(amount, &declared)) {
            lot->has_declared = true;
            lot->declared = declared;
        }
        return;
    }
    lot->lot_made++;
    if (lot->has_declared && lot->lot_made > lot->declared)
        goods_reference_find(r, FINDING_MORE_THAN_MADE, name, GOODS_NONE);
}

void goods_reference_bear(struct goods_reference *r, const struct goods_op *op, size_t output,
                          const struct goods_entry *e, unsigned owner)
{
    unsigned member = goods_reference_member(op->signer);
    for (size_t i = 0; i < e->names.count; i++) {
        uint32_t lot = lot_of(r, e->names.at[i], e->lot);
        struct goods_name *n = &r->names[e->names.at[i]];
        n->entry = n->made = true;
        n->custodian = member;
        n->owner = owner;
        n->origin = op->number;
        n->output = output;
        n->expiry_ms = e->expiry_ms;
        n->lot = lot;
        n->has_amount = e->amount.unit != GOODS_NO_UNIT;
        if (n->has_amount)
            n->left = goods_reference_value(e->amount, &n->dimension);
        count_to_lot(r, e->names.at[i], member, e->amount);
    }
    if (r->finding_count > 100)
        r->finding_count = 100; /* no more are told of one statement */
}

enum refusal goods_reference_commission(struct goods_reference *r, const struct goods_op *op)
{
    enum refusal code = goods_reference_unborn(r, op, &op->what);
    if (code == REFUSED_EXISTS &&
        r->names[r->refused_for].custodian != goods_reference_member(op->signer))
        return claim(r, code, r->refused_for);
    if (code == ACCEPTED)
        goods_reference_bear(r, op, 0, &op->what, goods_reference_member(op->signer));
    return code;
}

/* ------------------------------------------------------------------ handovers */

static unsigned holder(const struct goods_name *n, unsigned role)
{
    return role == ROLE_OWNER ? n->owner : n->custodian;
}

static enum refusal check_inside(struct goods_reference *r, uint32_t name, unsigned role,
                                 unsigned from, unsigned to)
{
    const struct goods_name *n = &r->names[name];
    for (size_t i = 0; i < n->inside_count; i++) {
        const struct goods_name *in = &r->names[n->inside[i]];
        enum refusal code = ACCEPTED;
        if (from != GOODS_NONE && holder(in, role) != from)
            code = REFUSED_NOT_HOLDER;
        else if (from != GOODS_NONE && in->offers[role] != GOODS_NONE)
            code = REFUSED_OFFER_OPEN;
        else
            code = goods_reference_held(r, n->inside[i], to);
        if (code != ACCEPTED)
            return goods_reference_refuse(r, code, n->inside[i]);
        code = check_inside(r, n->inside[i], role, from, to);
        if (code != ACCEPTED)
            return code;
    }
    return ACCEPTED;
}

static bool is_in(uint32_t name, struct goods_list list)
{
    for (size_t i = 0; i < list.count; i++)
        if (list.at[i] == name)
            return true;
    return false;
}

static bool reading_is_there(const struct goods_reference *r, const struct goods_op *op)
{
    if (r->attached == GOODS_NONE || !is_in(r->attached, op->what.names))
        return false;
    for (size_t i = 0; i < r->device_count && i < GOODS_SEQUENCE_KEPT; i++)
        if (r->by_device[r->device_count - 1 - i] == op->reading)
            return true;
    return false;
}

static enum refusal check_offered(struct goods_reference *r, const struct goods_op *op,
                                  uint32_t name)
{
    const struct goods_name *n = &r->names[name];
    unsigned member = goods_reference_member(op->signer);
    if (!n->made)
        return REFUSED_UNKNOWN_ASSET;
    if (n->end != GOODS_ACTIVE)
        return REFUSED_ENDED;
    if (holder(n, op->role) != member)
        return REFUSED_NOT_HOLDER;
    if (n->offers[op->role] != GOODS_NONE)
        return REFUSED_OFFER_OPEN;
    if (n->container != GOODS_NONE)
        return REFUSED_PACKED;
    return goods_reference_held(r, name, op->to);
}

static enum refusal offer(struct goods_reference *r, const struct goods_op *op)
{
    unsigned member = goods_reference_member(op->signer);
    if (op->to >= GOODS_MEMBERS)
        return REFUSED_UNKNOWN_MEMBER;
    if (op->to == member)
        return REFUSED_BAD_REQUEST;
    for (size_t i = 0; i < op->what.names.count; i++) {
        uint32_t name = op->what.names.at[i];
        enum refusal code = check_offered(r, op, name);
        if (code == REFUSED_NOT_HOLDER && op->role == ROLE_CUSTODIAN)
            return claim(r, code, name);
        if (code != ACCEPTED)
            return goods_reference_refuse(r, code, name);
        code = check_inside(r, name, op->role, member, op->to);
        if (code != ACCEPTED)
            return code;
    }
    if (op->has_reading && !reading_is_there(r, op))
        return REFUSED_NO_SUCH_READING;
    if (op->has_expiry && op->expiry_ms <= r->now_ms)
        return REFUSED_EXPIRED;
    if (op->has_expiry && op->set_bytes > STATE_MAKING_BYTES_MAX)
        return REFUSED_FULL;
    for (size_t i = 0; i < op->what.names.count; i++)
        r->names[op->what.names.at[i]].offers[op->role] = op->number;
    r->said[op->number].open = true;
    if (op->has_expiry)
        r->expiring[r->expiring_count++] = op->number;
    return ACCEPTED;
}

static void end_offer(struct goods_reference *r, const struct goods_op *offered)
{
    r->said[offered->number].open = false;
    for (size_t i = 0; i < offered->what.names.count; i++)
        r->names[offered->what.names.at[i]].offers[offered->role] = GOODS_NONE;
}

void goods_reference_block(struct goods_reference *r, uint64_t time_ms)
{
    size_t kept = 0;
    r->now_ms = time_ms;
    for (size_t i = 0; i < r->expiring_count; i++) {
        const struct goods_said *said = &r->said[r->expiring[i]];
        if (said->open && said->op->expiry_ms <= time_ms)
            end_offer(r, said->op);
        if (said->open)
            r->expiring[kept++] = r->expiring[i];
    }
    r->expiring_count = kept;
}

static bool same_list(struct goods_list a, struct goods_list b)
{
    return a.count == b.count && memcmp(a.at, b.at, a.count * sizeof a.at[0]) == 0;
}

static enum refusal check_acceptance(struct goods_reference *r, const struct goods_op *op)
{
    for (size_t i = 0; i < op->what.names.count; i++) {
        uint32_t name = op->what.names.at[i];
        if (op->has_missing && is_in(name, op->missing))
            continue;
        enum refusal code = goods_reference_held(r, name, goods_reference_member(op->signer));
        if (code != ACCEPTED)
            return goods_reference_refuse(r, code, name);
        code = check_inside(r, name, op->role, GOODS_NONE, goods_reference_member(op->signer));
        if (code != ACCEPTED)
            return code;
    }
    for (size_t i = 0; op->has_missing && i < op->missing.count; i++)
        if (!is_in(op->missing.at[i], op->what.names))
            return goods_reference_refuse(r, REFUSED_NOT_OFFERED, op->missing.at[i]);
    if (op->has_reading && !reading_is_there(r, op))
        return REFUSED_NO_SUCH_READING;
    return ACCEPTED;
}

static void pass(struct goods_reference *r, uint32_t name, unsigned role, unsigned to)
{
    struct goods_name *n = &r->names[name];
    if (role == ROLE_OWNER)
        n->owner = to;
    else
        n->custodian = to;
    for (size_t i = 0; i < n->inside_count; i++)
        pass(r, n->inside[i], role, to);
}

static enum refusal answer(struct goods_reference *r, const struct goods_op *op)
{
    unsigned member = goods_reference_member(op->signer);
    if (op->refers == GOODS_NONE || !r->said[op->refers].open)
        return REFUSED_NO_SUCH_OFFER;
    const struct goods_op *offered = r->said[op->refers].op;
    if (op->action == CUSTODY_CANCEL ? goods_reference_member(offered->signer) != member
                                     : offered->to != member)
        return REFUSED_NOT_FOR_YOU;
    if (op->role != offered->role || !same_list(op->what.names, offered->what.names))
        return REFUSED_OFFER_DIFFERS;
    if (op->action == CUSTODY_REJECT && !(op->has_meaning && op->has_reason))
        return REFUSED_NO_REASON;
    enum refusal code = op->action == CUSTODY_ACCEPT ? check_acceptance(r, op) : ACCEPTED;
    if (code != ACCEPTED)
        return code;
    end_offer(r, offered);
    for (size_t i = 0; op->action == CUSTODY_ACCEPT && i < op->what.names.count; i++)
        if (!op->has_missing || !is_in(op->what.names.at[i], op->missing))
            pass(r, op->what.names.at[i], op->role, member);
    return ACCEPTED;
}

enum refusal goods_reference_custody(struct goods_reference *r, const struct goods_op *op)
{
    return op->action == CUSTODY_OFFER ? offer(r, op) : answer(r, op);
}
