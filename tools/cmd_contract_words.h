/* What contracts, calls and nodes say, in words on standard output. */
#ifndef TOOLS_CMD_CONTRACT_WORDS_H
#define TOOLS_CMD_CONTRACT_WORDS_H

#include "common/json.h"
#include "common/statement.h"
#include "contracts/definition.h"
#include "tools/cmd_home.h"

/* Foreign text, made safe for a terminal. */
void cmd_contract_print(struct slice text);
void cmd_contract_print_at(const struct json_doc *doc, const char *pointer);
/* Text at a JSON Pointer, or fallback. Borrowed. */
struct slice cmd_contract_text_at(const struct json_doc *doc, const char *pointer,
                                  const char *fallback);
/* A value in words: kids of members by their names. */
void cmd_contract_print_value(const struct cmd_home *home, const struct contract_value *value);
/* "a party, b or holders of c". */
void cmd_contract_print_callers(const struct contract_definition *d,
                                const struct contract_callers *who);
/* "name = value", a line each. d: whose action is called; NULL: not known. */
void cmd_contract_print_arguments(const struct cmd_home *home, const struct contract_definition *d,
                                  const struct call *call);

#endif
