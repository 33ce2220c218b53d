/*
 * `waybill genesis`: a ledger of companies that do not share a machine. One drafts it from everybody's
 * requests, which hold public keys only; each founder looks at the draft and signs it where its key is;
 * whoever has all signatures seals it; each starts its node from the sealed file.
 */
#include "common/file.h"
#include "common/genesis.h"
#include "common/instant.h"
#include "tools/cmd_action.h"
#include "tools/genesis_files.h"
#include "tools/member_folder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DRAFT_NAME  "genesis.draft"
#define SEALED_NAME "genesis.cbor"
#define SECOND_MS   1000u

/* ------------------------------------------------------------------ draft */

struct drafting {
    struct genesis_files files;
    struct buf out;
    struct genesis_view view;
};

static bool read_requests(struct drafting *d, const struct cmd_args *args, struct err *err)
{
    if (!cmd_args_expect(args, 1, FOUNDING_MEMBERS_MAX, "1 to 64 REQUESTs", err))
        return false;
    for (size_t i = 0; i < args->operand_count; i++)
        if (!genesis_files_add(&d->files, args->operand[i], err))
            return false;
    return true;
}

/* Whole seconds: the instant is to be typed by others. */
static bool read_terms(struct drafting *d, struct cmd_home *home, const struct cmd_args *args,
                       struct err *err)
{
    const char *name, *time = cmd_args_text(args, "time", NULL);
    if (!cmd_args_need(args, "name", &name, err) || !genesis_files_name(&d->files, name, err))
        return false;
    d->files.plan.demo = cmd_args_flag(args, "demo");
    d->files.plan.opening_wait_ms = FOUNDING_OPENING_WAIT_MS;
    d->files.plan.time_ms = clock_now_ms(&home->clock) / SECOND_MS * SECOND_MS;
    return time == NULL || instant_parse(time, &d->files.plan.time_ms) ||
           err_set(err, ERR_INPUT, "--time: expected 2026-06-01T06:00:00Z, found \"%.40s\"", time);
}

static void tell_draft(const struct cmd_home *home, const struct drafting *d,
                       const struct cmd_args *args, const char *path)
{
    char time[INSTANT_TEXT_SIZE];
    if (home->json) {
        struct json_doc *doc = genesis_words_json(&d->view);
        json_doc_put_text(doc, "file", path);
        cmd_action_print(doc);
        return;
    }
    genesis_words_print(&d->view);
    (void)printf("\n%s: send it to every founder, who looks at it and signs:\n"
                 "  waybill genesis show %s\n  waybill genesis sign %s FOLDER\n",
                 path, path, path);
    instant_format(d->files.plan.time_ms, time);
    if (cmd_args_text(args, "time", NULL) == NULL)
        (void)printf("Whoever drafts it from the same requests and options, --time %s among them,\n"
                     "gets the same identity.\n",
                     time);
}

static int draft(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    struct identity id;
    struct drafting *d = calloc(1, sizeof *d);
    const char *path = cmd_args_text(args, "out", cmd_args_text(args, "o", DRAFT_NAME));
    if (d == NULL) {
        (void)err_set(err, ERR_IO, "out of memory");
        return CMD_ERROR;
    }
    d->out = buf_heap(GENESIS_SIZE_MAX);
    bool good =
        read_requests(d, args, err) && read_terms(d, home, args, err) &&
        genesis_files_constitution(&d->files, cmd_args_text(args, "constitution", NULL), err) &&
        founding_draft(&d->files.plan, &d->out, &id, err) &&
        genesis_words_take(buf_slice(&d->out), false, &d->view, err) &&
        genesis_files_write(path, buf_slice(&d->out), err);
    if (good)
        tell_draft(home, d, args, path);
    genesis_files_free(&d->files);
    buf_free(&d->out);
    free(d);
    return good ? CMD_GOOD : cmd_action_fail(err);
}

/* ------------------------------------------------------------------ show */

static int show(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    struct genesis_view view;
    struct buf bytes = buf_heap(GENESIS_SIZE_MAX);
    bool good = cmd_args_expect(args, 1, 1, "one FILE", err) &&
                genesis_files_read(args->operand[0], false, &bytes, &view, err);
    if (good && home->json)
        cmd_action_print(genesis_words_json(&view));
    else if (good)
        genesis_words_print(&view);
    buf_free(&bytes);
    return good ? CMD_GOOD : cmd_action_fail(err);
}

/* ------------------------------------------------------------------ sign */

static bool signature_path(const struct cmd_args *args, char path[PATH_MAX], struct err *err)
{
    const char *given = cmd_args_text(args, "out", cmd_args_text(args, "o", NULL));
    if (given == NULL)
        return member_folder_path(args->operand[1], "signature.cbor", path, err);
    return snprintf(path, PATH_MAX, "%s", given) < PATH_MAX ||
           err_set(err, ERR_INPUT, "--out: the name is too long");
}

static int sign(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    char path[PATH_MAX];
    struct genesis_view view;
    struct buf bytes = buf_heap(GENESIS_SIZE_MAX);
    bool good = cmd_args_expect(args, 2, 2, "a DRAFT and a member's DIR", err) &&
                genesis_files_read(args->operand[0], false, &bytes, &view, err) &&
                signature_path(args, path, err) &&
                genesis_files_sign(args->operand[1], &view, path, err);
    if (good && home->json) {
        struct json_doc *doc = json_doc_object();
        json_doc_put_hex(doc, "ledger", hash_slice(&view.identity.genesis.ledger));
        json_doc_put_text(doc, "file", path);
        cmd_action_print(doc);
    } else if (good) {
        genesis_words_print(&view);
        (void)printf("\nsigned: send %s to whoever collects the signatures\n", path);
    }
    buf_free(&bytes);
    return good ? CMD_GOOD : cmd_action_fail(err);
}

/* ------------------------------------------------------------------ seal */

static bool seal_it(const struct cmd_args *args, struct slice file, const struct hash *ledger,
                    const char *path, struct err *err)
{
    struct founding_signature signatures[FOUNDING_MEMBERS_MAX];
    struct buf out = buf_heap(GENESIS_SIZE_MAX);
    size_t count = args->operand_count - 1;
    bool good = true;
    for (size_t i = 0; i < count && good; i++)
        good = genesis_files_read_signature(args->operand[i + 1], ledger, &signatures[i], err);
    good = good && founding_seal(file, signatures, count, &out, err) &&
           genesis_files_write(path, buf_slice(&out), err);
    buf_free(&out);
    return good;
}

static int seal(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    struct genesis_view view;
    struct buf bytes = buf_heap(GENESIS_SIZE_MAX);
    const char *path = cmd_args_text(args, "out", cmd_args_text(args, "o", SEALED_NAME));
    bool good =
        cmd_args_expect(args, 2, FOUNDING_MEMBERS_MAX + 1, "a DRAFT and all SIGNATUREs", err) &&
        genesis_files_read(args->operand[0], false, &bytes, &view, err) &&
        seal_it(args, buf_slice(&bytes), &view.identity.genesis.ledger, path, err);
    if (good && home->json) {
        struct json_doc *doc = json_doc_object();
        json_doc_put_hex(doc, "ledger", hash_slice(&view.identity.genesis.ledger));
        json_doc_put_text(doc, "file", path);
        cmd_action_print(doc);
    } else if (good) {
        (void)printf("%s: signed by all %zu founders; send it back to each of them, who starts:\n"
                     "  waybill %s %s\n",
                     path, view.count,
                     view.origin.len > 0 ? "fork start FOLDER NEWFOLDER" : "genesis start FOLDER",
                     path);
    }
    buf_free(&bytes);
    return good ? CMD_GOOD : cmd_action_fail(err);
}

/* ------------------------------------------------------------------ start */

static int start(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    struct genesis_view view;
    struct identity id;
    char config[PATH_MAX];
    struct buf bytes = buf_heap(GENESIS_SIZE_MAX);
    bool good = cmd_args_expect(args, 2, 2, "a member's DIR and the sealed genesis", err) &&
                genesis_files_read(args->operand[1], true, &bytes, &view, err) &&
                member_folder_start(args->operand[0], buf_slice(&bytes), &id, err) &&
                member_folder_path(args->operand[0], "node.yaml", config, err);
    if (good && home->json) {
        cmd_action_print(genesis_words_json(&view));
    } else if (good) {
        genesis_words_print(&view);
        if (file_exists(config))
            (void)printf("\nstart the node: waybill-node run --config %s\n", config);
        (void)printf("commands as this member: --dir %s, or WAYBILL_HOME=%s\n", args->operand[0],
                     args->operand[0]);
    }
    buf_free(&bytes);
    return good ? CMD_GOOD : cmd_action_fail(err);
}

/* ------------------------------------------------------------------ actions */

static const struct cmd_action actions[] = {
    { "draft", "genesis draft", "name= constitution= time= demo out= o=",
      "Usage: waybill genesis draft REQUEST... --name LEDGER [options]\n"
      "       waybill genesis REQUEST... --name LEDGER [options]\n"
      "Drafts a ledger from the requests of its founders (waybill member new), in any order. It "
      "holds\n"
      "public keys only. The same requests and options give the same identity to everybody.\n"
      "\n"
      "  --name LEDGER        what people call it; the founders sign it\n"
      "  --constitution FILE  how it is governed (YAML); by default more than half of the members\n"
      "                       decide, two thirds about members and rules\n"
      "  --time INSTANT       of the genesis (default: now)\n"
      "  --demo               mark it a demo, on every page and trace\n"
      "  -o, --out FILE       where to (default: genesis.draft)\n"
      "Exit code: 0 good, 1 error, 3 a request's signature does not hold.\n",
      draft },
    { "show", "genesis show", "",
      "Usage: waybill genesis show FILE\n"
      "What a draft or a sealed genesis says: members, authorities, how many may fail, who "
      "signed.\n"
      "Exit code: 0 good, 1 error, 3 it does not hold.\n",
      show },
    { "sign", "genesis sign", "out= o=",
      "Usage: waybill genesis sign DRAFT DIR [-o FILE]\n"
      "Signs the draft with the key of the member's folder DIR, if it says of this member what "
      "the\n"
      "member's own request says, into DIR/signature.cbor or FILE.\n"
      "Exit code: 0 good, 1 error, 3 it is not what was requested.\n",
      sign },
    { "seal", "genesis seal", "out= o=",
      "Usage: waybill genesis seal DRAFT SIGNATURE... [-o FILE]\n"
      "Puts the founders' signatures under the draft. Every founder must have signed.\n"
      "\n"
      "  -o, --out FILE  where to (default: genesis.cbor)\n"
      "Exit code: 0 good, 1 error or a signature is missing, 3 one does not hold.\n",
      seal },
    { "start", "genesis start", "",
      "Usage: waybill genesis start DIR GENESIS\n"
      "Takes the sealed genesis into the member's folder DIR: its node's ledger, its keys' places, "
      "its\n"
      "identity. Refuses what the folder's key did not sign, unless it asked to join this ledger.\n"
      "Exit code: 0 good, 1 error, 3 it does not hold.\n",
      start },
    { .word = NULL },
};

/* `waybill genesis REQUEST…` is `waybill genesis draft REQUEST…`. */
int cmd_genesis(int argc, char **argv)
{
    for (const struct cmd_action *a = actions; argc >= 2 && a->word != NULL; a++)
        if (strcmp(argv[1], a->word) == 0)
            return cmd_action_choose(actions, argc, argv);
    bool file = argc >= 2 && argv[1][0] != '-' && file_exists(argv[1]);
    return file ? cmd_action_run(&actions[0], argc, argv) : cmd_action_choose(actions, argc, argv);
}
