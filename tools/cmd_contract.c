/*
 * `waybill contract`: from the YAML page people agree on, to the bytes the ledger holds them to, to what was
 * made of it. This file says what there is to do; cmd_contract_*.c do it.
 */
#include "tools/cmd_action.h"
#include "tools/cmd_contract_import.h"
#include "tools/cmd_contract_parts.h"
#include "tools/cmd_contract_try.h"

#define UNITS_USAGE                                                                            \
    "  --unit ASSET        only for this one, where each has a state of its own; as often as " \
    "needed\n"                                                                                 \
    "  --assets FILE       or for those that a file names, one a line\n"

static const char check_usage[] =
    "Usage: waybill contract check FILE...\n"
    "Whether contracts are well written: ok, or the line and what was expected there.\n"
    "Exit code: 0 all are, 1 one is not.\n";

static const char compile_usage[] =
    "Usage: waybill contract compile FILE.yaml [-o OUT]\n"
    "Checks a contract, tells its name, version and hash, and writes its bytes to OUT.\n"
    "Exit code: 0 good, 1 error: file, line and what was expected.\n";

static const char lint_usage[] =
    "Usage: waybill contract lint FILE... [--strict]\n"
    "What is legal in a contract and still wrong: states nobody reaches, actions nobody may call,\n"
    "calls after the end, sums that overflow, offers accepted that nobody made, terms nobody "
    "uses.\n"
    "FILE is YAML, or a compiled contract.\n"
    "\n"
    "  --strict            warnings count as errors\n"
    "Exit code: 0 no errors, 1 errors.\n";

static const char open_usage[] =
    "Usage: waybill contract open FILE --asset ASSET --party NAME=WHO [options]\n"
    "       waybill contract open FILE --range PREFIX FIRST COUNT --party NAME=WHO [options]\n"
    "Puts goods under a contract, YAML or compiled. It comes into force when every party has\n"
    "agreed; the statement's hash is its name.\n"
    "\n"
    "  --asset ASSET       as often as needed\n"
    "  --assets FILE       or those that a file names, one a line\n"
    "  --party NAME=WHO    each party of the contract\n"
    "  --holder ROLE=WHO   somebody else who holds a role; as often as needed\n"
    "  --term NAME=VALUE   instead of the usual one: \"8 °C\", \"EUR 12.50\", "
    "2026-06-01T10:00:00Z,\n"
    "                      the hash of another contract's opening, \"a, b\" for a list\n"
    "  --replaces OPENING  takes the place of this contract, an older version of the same\n"
    "  --expires DURATION  how long it waits for agreement (default: 24 h)\n"
    "WHO is a member, a key's 16 hex digits, or the name of a key in DIR/keys.\n"
    "Exit code: 0 accepted, 1 error, 4 refused.\n";

static const char agree_usage[] = "Usage: waybill contract agree OPENING [--decline]\n"
                                  "Agrees to the contract of this hash, or declines it for good.\n"
                                  "Exit code: 0 accepted, 1 error, 4 refused.\n";

static const char call_usage[] =
    "Usage: waybill contract call OPENING ACTION [NAME=VALUE...] [options]\n"
    "Calls an action of a contract. What it takes, waybill contract actions says. A value is read\n"
    "as its kind is; a party may be named as the contract names it; \"nothing\" is no value.\n"
    "\n" UNITS_USAGE "  --time INSTANT      signed as of then (default: now)\n"
    "Exit code: 0 accepted, 1 error, 4 refused.\n";

static const char acknowledge_usage[] =
    "Usage: waybill contract acknowledge OPENING --rule RULE --meaning TEXT --comment TEXT "
    "[options]\n"
    "Acknowledges an excursion: who signs has seen it and says what it means for the goods.\n"
    "\n"
    "  --from INSTANT      when it began, and\n"
    "  --device KID        by which sensor, when more than one of the rule waits for "
    "it\n" UNITS_USAGE "Exit code: 0 accepted, 1 error, 4 refused.\n";

static const char add_back_usage[] =
    "Usage: waybill contract add-back OPENING --budget NAME --give DURATION --meaning TEXT\n"
    "           --reason TEXT [options]\n"
    "Gives time back to a budget that follows the goods.\n"
    "\n" UNITS_USAGE "Exit code: 0 accepted, 1 error, 4 refused.\n";

static const char undo_usage[] =
    "Usage: waybill contract undo-add-back OPENING --call STATEMENT --meaning TEXT --reason TEXT\n"
    "Takes back what an add-back gave.\n"
    "\n" UNITS_USAGE "Exit code: 0 accepted, 1 error, 4 refused.\n";

static const char show_usage[] =
    "Usage: waybill contract show OPENING [--from N] [--limit N]\n"
    "How a contract stands, as the node says: state, parties, terms, properties, documents, and\n"
    "what its rules found of each asset, from the N-th on.\n"
    "Exit code: 0 good, 1 error.\n";

static const char actions_usage[] =
    "Usage: waybill contract actions OPENING [--as WHO] [--unit ASSET]\n"
    "What one may do now, and why not the rest. WHO need not be a key of this folder.\n"
    "Exit code: 0 good, 1 error.\n";

static const char explain_usage[] =
    "Usage: waybill contract explain CALL|LEAF|ASSET\n"
    "Of a statement, by its hash, file or leaf number: which rule, actor and values refused it "
    "and\n"
    "what would have to be otherwise; or what it brought about. Of an asset: how each of its\n"
    "contracts came to its present state, out of the asset's proof.\n"
    "Exit code: 0 good, 1 error, 3 the proof failed.\n";

#define UNITS "unit= assets="

int cmd_contract(int argc, char **argv)
{
    static const struct cmd_action actions[] = {
        { "check", "contract check", "", check_usage, cmd_contract_check },
        { "compile", "contract compile", "o=", compile_usage, cmd_contract_compile },
        { "lint", "contract lint", "strict", lint_usage, cmd_contract_lint },
        { "test", "contract test", CMD_CONTRACT_TEST_OPTIONS, cmd_contract_test_usage,
          cmd_contract_test },
        { "dry-run", "contract dry-run", CMD_CONTRACT_DRY_RUN_OPTIONS, cmd_contract_dry_run_usage,
          cmd_contract_dry_run },
        { "import", "contract import", CMD_CONTRACT_IMPORT_OPTIONS, cmd_contract_import_usage,
          cmd_contract_import },
        { "open", "contract open",
          "asset= assets= range party= holder= term= replaces= expires= no-wait", open_usage,
          cmd_contract_open },
        { "agree", "contract agree", "decline no-wait", agree_usage, cmd_contract_agree },
        { "call", "contract call", UNITS " time= no-wait", call_usage, cmd_contract_call },
        { "acknowledge", "contract acknowledge",
          UNITS " rule= from= device= meaning= comment= no-wait", acknowledge_usage,
          cmd_contract_acknowledge },
        { "add-back", "contract add-back", UNITS " budget= give= meaning= reason= no-wait",
          add_back_usage, cmd_contract_add_back },
        { "undo-add-back", "contract undo-add-back", UNITS " call= meaning= reason= no-wait",
          undo_usage, cmd_contract_undo_add_back },
        { "show", "contract show", "from= limit=", show_usage, cmd_contract_show },
        { "actions", "contract actions", "unit=", actions_usage, cmd_contract_actions },
        { "explain", "contract explain", "", explain_usage, cmd_contract_explain },
        { .word = NULL },
    };
    return cmd_action_choose(actions, argc, argv);
}
