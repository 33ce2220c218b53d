/* Actions of `waybill contract` that try a contract out without a ledger. As struct cmd_action's run. */
#ifndef TOOLS_CMD_CONTRACT_TRY_H
#define TOOLS_CMD_CONTRACT_TRY_H

#include "tools/cmd_home.h"

#define CMD_CONTRACT_TEST_OPTIONS "only= untested"
extern const char cmd_contract_test_usage[];
int cmd_contract_test(struct cmd_home *home, const struct cmd_args *args, struct err *err);

#define CMD_CONTRACT_DRY_RUN_OPTIONS "party= term= from="
extern const char cmd_contract_dry_run_usage[];
int cmd_contract_dry_run(struct cmd_home *home, const struct cmd_args *args, struct err *err);

#endif
