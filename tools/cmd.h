/*
 * The sub-commands of `waybill`: each is a main of its own, argv[0] its name; returns the exit code. What
 * they share: exit codes, and how a failure is told.
 */
#ifndef TOOLS_CMD_H
#define TOOLS_CMD_H

#include "common/err.h"

enum cmd_exit {
    CMD_GOOD = 0,
    CMD_ERROR = 1,
    CMD_BREACH = 2,  /* all is proven; a contract was breached, or a sensor leaves it open */
    CMD_PROOF = 3,   /* a proof or a signature does not hold */
    CMD_REFUSED = 4, /* the ledger refused, by a rule */
};

struct cmd_entry {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *meaning; /* one line for `waybill --help` */
};

/* Ended by an entry without a name. */
extern const struct cmd_entry cmd_table[];

/* Tells err to standard error, or with json as an object to standard output. Returns the exit code. */
int cmd_fail(const char *command, bool json, const struct err *err);

int cmd_asset(int argc, char **argv);
int cmd_audit(int argc, char **argv);
int cmd_backup(int argc, char **argv);
int cmd_cert(int argc, char **argv);
int cmd_consortium(int argc, char **argv);
int cmd_constitution(int argc, char **argv);
int cmd_checkpoint(int argc, char **argv);
int cmd_contents(int argc, char **argv);
int cmd_contract(int argc, char **argv);
int cmd_correct(int argc, char **argv);
int cmd_custody(int argc, char **argv);
int cmd_demo(int argc, char **argv);
int cmd_device(int argc, char **argv);
int cmd_dispute(int argc, char **argv);
int cmd_doc(int argc, char **argv);
int cmd_export(int argc, char **argv);
int cmd_findings(int argc, char **argv);
int cmd_fork(int argc, char **argv);
int cmd_genesis(int argc, char **argv);
int cmd_goods(int argc, char **argv);
int cmd_gov(int argc, char **argv);
int cmd_history(int argc, char **argv);
int cmd_import(int argc, char **argv);
int cmd_init(int argc, char **argv);
int cmd_join(int argc, char **argv);
int cmd_label(int argc, char **argv);
int cmd_make(int argc, char **argv);
int cmd_member(int argc, char **argv);
int cmd_origin(int argc, char **argv);
int cmd_pack(int argc, char **argv);
int cmd_party(int argc, char **argv);
int cmd_place(int argc, char **argv);
int cmd_product(int argc, char **argv);
int cmd_proof(int argc, char **argv);
int cmd_rebuild(int argc, char **argv);
int cmd_recall(int argc, char **argv);
int cmd_receipt(int argc, char **argv);
int cmd_recovery(int argc, char **argv);
int cmd_restore(int argc, char **argv);
int cmd_statement(int argc, char **argv);
int cmd_trace(int argc, char **argv);
int cmd_unpack(int argc, char **argv);
int cmd_uses(int argc, char **argv);
int cmd_verify(int argc, char **argv);
int cmd_witness(int argc, char **argv);

#endif
