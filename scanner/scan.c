#include "scanner/scan.h"

#include "common/hex.h"

#include <string.h>

bool scan_read_label(struct slice payload, struct scan_label *ret_label, struct err *err)
{
    struct scan_label label;
    if (!gs1_link_parse(payload, &label.link, err) || !gs1_check_name(&label.link.name, err))
        return false;
    gs1_format_name(&label.link.name, label.asset);
    gs1_format_human(&label.link.name, label.human);
    *ret_label = label;
    return true;
}

enum scan_identity scan_compare_ledger(const struct scan_label *label, const uint8_t *ledger)
{
    if (ledger == NULL)
        return SCAN_UNCHECKED;
    if (!label->link.has_ledger)
        return SCAN_ABSENT;
    return memcmp(label->link.ledger, ledger, GS1_LINK_LEDGER) == 0 ? SCAN_SAME : SCAN_OTHER;
}

const char *scan_identity_name(enum scan_identity identity)
{
    switch (identity) {
    case SCAN_SAME: return "same";
    case SCAN_OTHER: return "other";
    case SCAN_ABSENT: return "absent";
    case SCAN_UNCHECKED: return "unchecked";
    }
    return "unchecked";
}

struct kid_text {
    char hex[2 * KID_SIZE + 1];
};

/* In: memory for the kid when there is no name. */
static const char *text_of(const struct kid *kid, const char *name, struct kid_text *memory)
{
    hex_encode(kid_slice(kid), memory->hex);
    return name != NULL ? name : memory->hex;
}

static void explain(struct scan_decision *decision, const char *words)
{
    size_t len = strlen(words);
    len = len < sizeof decision->why ? len : sizeof decision->why - 1;
    memcpy(decision->why, words, len);
    decision->why[len] = '\0';
}

/* There is an open offer. */
static bool decide_offered(const struct scan_label *label, const struct scan_goods *goods,
                           const struct scan_wish *wish, struct scan_decision *decision,
                           struct err *err)
{
    struct kid_text memory[2];
    const char *to = text_of(&goods->offer_to, goods->to_name, &memory[0]);
    const char *from = text_of(&goods->offer_from, goods->from_name, &memory[1]);
    bool for_self = kid_equal(&goods->offer_to, &wish->self);
    if (wish->has_to && for_self)
        return err_set(err, ERR_REFUSED,
                       "%s is offered to you by %.80s: accept it before you offer it", label->asset,
                       from);
    if (wish->has_to)
        return err_set(err, ERR_REFUSED, "%s is already offered to %.80s: cancel that offer first",
                       label->asset, to);
    if (!for_self && wish->accept)
        return err_set(err, ERR_REFUSED, "%s is offered to %.80s, not to you", label->asset, to);
    if (!for_self) {
        explain(decision, "offered to somebody else; nothing to do here");
        return true;
    }
    decision->step = SCAN_STEP_ACCEPT;
    decision->offer = goods->offer;
    explain(decision, "offered to you: accept");
    return true;
}

/* Nobody has offered it. */
static bool decide_held(const struct scan_label *label, const struct scan_goods *goods,
                        const struct scan_wish *wish, struct scan_decision *decision,
                        struct err *err)
{
    bool mine = goods->has_custodian && kid_equal(&goods->custodian, &wish->self);
    struct kid_text memory;
    const char *holder = text_of(&goods->custodian, goods->custodian_name, &memory);
    if (wish->accept && mine) { /* scanned twice, or its set was accepted with another label */
        explain(decision, "in your hands already");
        return true;
    }
    if (wish->accept)
        return err_set(err, ERR_REFUSED, "%s is not offered to you", label->asset);
    if (wish->has_to && !mine)
        return err_set(err, ERR_REFUSED, "%s is held by %.80s: only the holder can offer it",
                       label->asset, goods->has_custodian ? holder : "nobody");
    if (wish->has_to && kid_equal(&wish->to, &wish->self))
        return err_set(err, ERR_REFUSED, "%s is already yours: name another member to offer it to",
                       label->asset);
    if (!wish->has_to) {
        explain(decision, mine ? "in your hands; --to MEMBER offers it"
                               : "in somebody else's hands and not offered");
        return true;
    }
    decision->step = SCAN_STEP_OFFER;
    decision->to = wish->to;
    explain(decision, "in your hands: offer");
    return true;
}

/* What nobody wished is only proposed, and only where nothing else is to be done. */
static bool may_be_seen(const struct scan_wish *wish, const struct scan_decision *decision)
{
    return wish->asks && decision->step == SCAN_STEP_NONE && !wish->accept && !wish->has_to;
}

bool scan_decide(const struct scan_label *label, enum scan_identity identity,
                 const struct scan_goods *goods, const struct scan_wish *wish,
                 struct scan_decision *ret_decision, struct err *err)
{
    struct scan_decision decision = { .step = SCAN_STEP_NONE };
    if (identity == SCAN_OTHER)
        return err_set(err, ERR_PROOF, "%s: this label was made for another ledger", label->asset);
    if (wish->has_to && wish->accept)
        return err_set(err, ERR_INPUT, "offering and accepting at once: choose one");
    if (wish->seen && (wish->has_to || wish->accept))
        return err_set(err, ERR_INPUT, "a scan that hands something over and nothing: choose one");
    if (label->link.name.kind == GS1_PLACE && wish->seen)
        return err_set(err, ERR_REFUSED, "%s is a place: --place with its number, and scan goods",
                       label->asset);
    if (label->link.name.kind == GS1_PLACE)
        return err_set(err, ERR_REFUSED, "%s is a place: places do not change hands", label->asset);
    if (!goods->known)
        return err_set(err, ERR_NOT_FOUND, "%s is not on this ledger", label->asset);
    if (wish->seen) {
        decision.step = SCAN_STEP_SEEN;
        explain(&decision, "seen");
        *ret_decision = decision;
        return true;
    }
    bool good = goods->has_offer ? decide_offered(label, goods, wish, &decision, err)
                                 : decide_held(label, goods, wish, &decision, err);
    if (good && may_be_seen(wish, &decision))
        decision.step = SCAN_STEP_SEEN;
    if (good)
        *ret_decision = decision;
    return good;
}
