#include "tools/cmd.h"

#include "common/json.h"
#include "tools/cmd_action.h"

#include <stdio.h>

const struct cmd_entry cmd_table[] = {
    { "init", cmd_init, "make a new ledger on this machine" },
    { "join", cmd_join,
      "take part in a ledger that others run, from a proven snapshot or from genesis" },
    { "consortium", cmd_consortium, "rehearse a ledger of many authorities on this machine" },
    { "constitution", cmd_constitution, "how a ledger is governed: check and show it" },
    { "gov", cmd_gov, "members decide: propose, vote, withdraw, list, show" },
    { "genesis", cmd_genesis, "found a ledger of companies that do not share a machine" },
    { "member", cmd_member, "the companies of the ledger; make a new one's folder" },
    { "device", cmd_device, "enrol, attach and revoke devices" },
    { "product", cmd_product, "say what a GTIN is; verify a label" },
    { "place", cmd_place, "say what a GLN is" },
    { "party", cmd_party, "say how a company is called and reached" },
    { "asset", cmd_asset, "commission goods, see them, list and show them" },
    { "custody", cmd_custody, "hand goods over: offer, accept, reject, cancel" },
    { "pack", cmd_pack, "put goods into a box, onto a pallet" },
    { "unpack", cmd_unpack, "take them out again" },
    { "make", cmd_make, "split, merge and transform goods" },
    { "goods", cmd_goods, "quarantine, release, recall, dispense, destroy and the like" },
    { "cert", cmd_cert, "issue, revoke and see certificates" },
    { "correct", cmd_correct, "say that an earlier statement was wrong" },
    { "dispute", cmd_dispute, "object to what somebody else has signed" },
    { "contract", cmd_contract, "write, try, open, call and explain contracts" },
    { "doc", cmd_doc, "attach documents to contracts by their hash, and verify files" },
    { "label", cmd_label, "print a label and scan it back; seal and reveal covered codes" },
    { "trace", cmd_trace, "where goods have been, in whose hands, at what temperature" },
    { "history", cmd_history, "every event of an asset, one a line" },
    { "contents", cmd_contents, "what is inside a box, on a pallet" },
    { "findings", cmd_findings, "what does not add up, with its evidence" },
    { "recall", cmd_recall, "who holds what of recalled goods" },
    { "origin", cmd_origin, "where goods come from, hop by hop" },
    { "uses", cmd_uses, "what was made of goods, as far as it goes" },
    { "verify", cmd_verify, "check a proof file, offline" },
    { "statement", cmd_statement, "get, send and follow statements" },
    { "receipt", cmd_receipt, "get receipts, and verify them offline" },
    { "proof", cmd_proof, "prove heads, sets of authorities and the state; verify offline" },
    { "checkpoint", cmd_checkpoint, "the ledger's tree as a signed note; verify it offline" },
    { "witness", cmd_witness, "sign that the ledger only grows" },
    { "audit", cmd_audit, "check a node's folder from genesis, byte by byte" },
    { "export", cmd_export, "all blocks of a ledger, with their seals, in one file" },
    { "import", cmd_import, "a ledger out of such a file, executed again" },
    { "backup", cmd_backup, "copy a node's ledger while the node goes on" },
    { "restore", cmd_restore, "put a backup back" },
    { "recovery", cmd_recovery, "go on when a quorum is lost for good" },
    { "fork", cmd_fork, "members that leave take the ledger along, under another identity" },
    { "rebuild", cmd_rebuild, "drop a node's read models and make them again" },
    { "demo", cmd_demo, "one journey from sensor to proven answer" },
    { NULL, NULL, NULL },
};

static const char *code_name(enum err_code code)
{
    switch (code) {
    case ERR_NONE: return "none";
    case ERR_INPUT: return "input";
    case ERR_IO: return "io";
    case ERR_BUSY: return "busy";
    case ERR_NOT_FOUND: return "not found";
    case ERR_PROOF: return "proof";
    case ERR_REFUSED: return "refused";
    }
    return "";
}

static void fail_json(const struct err *err)
{
    struct json_doc *doc = json_doc_object();
    struct json_doc *error = json_doc_put_object(doc, "error");
    struct buf out = buf_heap(4096);
    json_doc_put_text(error, "kind", code_name(err->code));
    json_doc_put_text(error, "message", err->msg);
    json_doc_write(doc, 2, &out);
    (void)printf("%.*s\n", (int)out.len, (const char *)out.data);
    buf_free(&out);
    json_doc_free(doc);
}

int cmd_fail(const char *command, bool json, const struct err *err)
{
    if (json)
        fail_json(err);
    else
        (void)fprintf(stderr, "waybill %s: %s\n", command, err->msg);
    return cmd_action_fail(err);
}
