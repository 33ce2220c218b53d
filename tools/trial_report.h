/* What a contract found on a replayed journey, beside what the ledger had found: for people, and as JSON. */
#ifndef TOOLS_TRIAL_REPORT_H
#define TOOLS_TRIAL_REPORT_H

#include "contracts/terms.h"
#include "tools/cmd_home.h"
#include "tools/trial_replay.h"

struct json_doc;

struct trial_report {
    const struct cmd_home *home;                  /* for members' names */
    struct trial_replay *replay;                  /* run */
    const struct contract_definition *definition; /* of the proposed contract */
    const struct contract_terms *terms;
};

/* Whether the proposed contract found an excursion. */
bool trial_report_breaches(const struct trial_report *r);
void trial_report_print(const struct trial_report *r);
struct json_doc *trial_report_json(const struct trial_report *r);

#endif
