/*
 * `waybill label seal` and `waybill label reveal`: the covered layer of a label. The codes are made here and
 * are secret until a consumer uncovers one: the ledger gets commitments, the list stays with the maker.
 */
#ifndef TOOLS_CMD_LABEL_CODE_H
#define TOOLS_CMD_LABEL_CODE_H

int cmd_label_code_seal(int argc, char **argv);
int cmd_label_code_reveal(int argc, char **argv);

#endif
