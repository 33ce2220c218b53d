/*
 * waybill: everything a person does at a prompt.
 *
 * A guided tour. cmd.c lists the sub-commands, one file each. cmd_args reads their options. cmd_home is
 * a company's folder: its keys and the ledger's pinned identity. cmd_node asks a node over HTTP; what it
 * says is a claim. cmd_send signs a statement (common/signer), sends it and waits until it is final.
 * cmd_trace and cmd_receipt check proofs with nothing but the pinned identity; cmd_audit re-executes a
 * whole ledger and names the first wrong byte.
 */
#include "common/crypto.h"
#include "common/file.h"
#include "tools/cmd.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

static void usage(FILE *out)
{
    (void)fputs("Usage: waybill COMMAND [arguments]\n\n", out);
    for (const struct cmd_entry *e = cmd_table; e->name != NULL; e++)
        (void)fprintf(out, "  %-12s %s\n", e->name, e->meaning);
    (void)fputs(
        "\n"
        "Every command understands\n"
        "  --dir DIR        a company's folder (default: $WAYBILL_HOME, else waybill-home)\n"
        "  --node URL       a node (default: $WAYBILL_NODE, else http://127.0.0.1:8600)\n"
        "  --ca FILE        certificates to trust for https\n"
        "  --as MEMBER      who signs, when the folder has several keys; --key FILE names the key\n"
        "  --identity FILE  the ledger's public identity (default: DIR/identity.cbor)\n"
        "  --clock SPEC     REAL, or START@RATE[@ORIGIN]: a demo's virtual clock\n"
        "  --json           answer in JSON\n"
        "  --help           what a command does\n"
        "Exit codes: 0 good, 1 error, 2 a contract was breached, 3 a proof failed, 4 refused.\n",
        out);
}

int main(int argc, char **argv)
{
    if (!file_hold_standard())
        return CMD_ERROR;
    (void)signal(SIGPIPE, SIG_IGN); /* a node that hangs up is an error message, not a death */
    if (!crypto_init()) {
        (void)fputs("waybill: libsodium does not start\n", stderr);
        return CMD_ERROR;
    }
    if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        usage(argc < 2 ? stderr : stdout);
        return argc < 2 ? CMD_ERROR : CMD_GOOD;
    }
    for (const struct cmd_entry *e = cmd_table; e->name != NULL; e++)
        if (strcmp(argv[1], e->name) == 0)
            return e->run(argc - 1, argv + 1);
    (void)fprintf(stderr, "waybill: \"%.60s\" is no command; see waybill --help\n", argv[1]);
    return CMD_ERROR;
}
