/* `waybill contract import`. As struct cmd_action's run. */
#ifndef TOOLS_CMD_CONTRACT_IMPORT_H
#define TOOLS_CMD_CONTRACT_IMPORT_H

#include "tools/cmd_home.h"

#define CMD_CONTRACT_IMPORT_OPTIONS "o= folder= workflow= overlay= currency="
extern const char cmd_contract_import_usage[];
int cmd_contract_import(struct cmd_home *home, const struct cmd_args *args, struct err *err);

#endif
