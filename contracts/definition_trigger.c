/* What reactions listen to. */
#include "contracts/definition_flow.h"

#include "common/disposition.h"
#include "common/event.h"

bool definition_hears(const struct contract_reaction *r, enum contract_trigger trigger,
                      unsigned detail)
{
    if (r->trigger != trigger)
        return false;
    if (trigger == CONTRACT_ON_DISPOSITION || trigger == CONTRACT_ON_FINDING)
        return r->detail == 0 || r->detail == detail;
    return trigger == CONTRACT_ON_SCAN || r->detail == detail;
}

static const char *disposition_word(unsigned detail)
{
    static const char *const words[] = {
        [0] = "any",
        [1 + DISPOSITION_QUARANTINE] = "quarantined",
        [1 + DISPOSITION_RELEASE] = "released",
        [1 + DISPOSITION_REJECT] = "rejected",
        [1 + DISPOSITION_RETURN] = "returned",
        [1 + DISPOSITION_RECALL] = "recalled",
        [1 + DISPOSITION_END_RECALL] = "recall ended",
        [1 + DISPOSITION_DECOMMISSION] = "decommissioned",
        [1 + DISPOSITION_DISPENSE] = "dispensed",
        [1 + DISPOSITION_DESTROY] = "destroyed",
    };
    return detail < sizeof words / sizeof words[0] ? words[detail] : NULL;
}

/* Goods that are found to be unknown, or too many when they are made, have no contract yet that could hear of it. */
static const char *finding_word(unsigned detail)
{
    static const char *const words[] = {
        [0] = "any",
        [FINDING_AFTER_END] = "after end",
        [FINDING_IMPOSSIBLE_TRAVEL] = "impossible travel",
        [FINDING_TWO_CUSTODIANS] = "two custodians",
    };
    return detail < sizeof words / sizeof words[0] ? words[detail] : NULL;
}

const char *definition_detail_word(enum contract_trigger trigger, unsigned detail)
{
    if (trigger == CONTRACT_ON_DISPOSITION)
        return disposition_word(detail);
    return trigger == CONTRACT_ON_FINDING ? finding_word(detail) : NULL;
}
