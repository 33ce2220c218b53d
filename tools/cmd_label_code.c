#include "tools/cmd_label_code.h"

#include "common/event.h"
#include "common/file.h"
#include "common/hex.h"
#include "common/rand.h"
#include "node/provenance_goods.h"
#include "tools/cmd_action.h"
#include "tools/cmd_names.h"
#include "tools/cmd_node.h"
#include "tools/cmd_send.h"
#include "tools/qr_make.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* 20 characters of 5 bits each are 100 bits. No I, L, O, U: they are taken for others. */
#define CODE_ALPHABET "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
#define CODE_SIZE     20
#define CODE_GROUP    5
#define CODE_TEXT     (CODE_SIZE + CODE_SIZE / CODE_GROUP) /* with its dashes and the zero */
#define LIST_MAX      ((size_t)LABEL_SEALS_MAX * (ASSET_NAME_MAX + CODE_TEXT + 80) + 128)
#define PNG_MAX       (8 * 1024 * 1024)
#define PNG_SCALE     8

/* ------------------------------------------------------------------ codes */

/* "7KQ4M-..." and the same without dashes, which is what the commitment is to. */
static void make_code(char code[CODE_SIZE + 1], char shown[CODE_TEXT])
{
    uint8_t random[CODE_SIZE];
    char *out = shown;
    rand_system(random, sizeof random);
    for (size_t i = 0; i < CODE_SIZE; i++) {
        code[i] = CODE_ALPHABET[random[i] % 32];
        if (i > 0 && i % CODE_GROUP == 0)
            *out++ = '-';
        *out++ = code[i];
    }
    code[CODE_SIZE] = *out = '\0';
    crypto_wipe(random, sizeof random);
}

/* What a person reads off a label: dashes, spaces and small letters, O for 0 and I or L for 1. */
static size_t read_code(const char *typed, char code[LABEL_CODE_MAX])
{
    size_t len = 0;
    for (; *typed != '\0' && len < LABEL_CODE_MAX; typed++) {
        char c = (char)toupper((unsigned char)*typed);
        if (c == '-' || c == ' ')
            continue;
        code[len++] = c == 'O' ? '0' : c == 'I' || c == 'L' ? '1' : c;
    }
    return *typed == '\0' ? len : 0;
}

/* ------------------------------------------------------------------ seal */

struct sealing {
    const char *folder;
    struct buf list; /* CSV: the secrets, in the clear */
    struct buf commitments;
    size_t count;
    struct err *err;
};

/* "0001-SERIAL.png": what no file system minds. */
static bool name_file(const struct sealing *s, const char *asset, char path[PATH_MAX])
{
    char tail[GS1_NAME_MAX + 1];
    const char *slash = strrchr(asset, '/');
    (void)snprintf(tail, sizeof tail, "%s", slash != NULL ? slash + 1 : asset);
    for (char *c = tail; *c != '\0'; c++)
        if (!isalnum((unsigned char)*c))
            *c = '_';
    int len = snprintf(path, PATH_MAX, "%s/%04zu-%s.png", s->folder, s->count + 1, tail);
    return len > 0 && len < PATH_MAX;
}

static void put_csv(struct buf *out, const char *asset, const char *shown, const char *file)
{
    const char *const cells[] = { asset, shown, file };
    for (size_t i = 0; i < 3; i++) {
        buf_add_byte(out, '"');
        for (const char *c = cells[i]; *c != '\0'; c++) {
            if (*c == '"')
                buf_add_byte(out, '"');
            buf_add_byte(out, (uint8_t)*c);
        }
        buf_add_slice(out, slice_text(i < 2 ? "\"," : "\"\n"));
    }
}

static bool seal_one(struct sealing *s, const char *asset)
{
    char code[CODE_SIZE + 1], shown[CODE_TEXT], path[PATH_MAX];
    struct buf png = buf_heap(PNG_MAX);
    make_code(code, shown);
    struct qr_label label = { .text = shown, .human = shown, .scale = PNG_SCALE };
    bool good = (name_file(s, asset, path) ||
                 err_set(s->err, ERR_INPUT, "-o: the folder's name is too long")) &&
                qr_make_png(&label, &png, s->err) &&
                file_create(path, buf_slice(&png), 0600, s->err);
    struct hash commitment = label_commitment(slice_text(asset), slice_text(code));
    cbor_put_bytes(&s->commitments, hash_slice(&commitment));
    put_csv(&s->list, asset, shown, strrchr(path, '/') != NULL ? strrchr(path, '/') + 1 : path);
    s->count++;
    crypto_wipe(code, sizeof code);
    crypto_wipe(shown, sizeof shown);
    buf_free(&png);
    return good;
}

/* Labels and list are on the disk before the ledger hears of them: a commitment to a lost code is a dead label. */
static bool seal_all(struct sealing *s, const struct asset_set *assets)
{
    char path[PATH_MAX];
    struct asset_iter it = asset_set_begin(assets);
    if (!file_make_folder(s->folder, 0700, s->err))
        return err_wrap(s->err, "-o");
    buf_add_slice(&s->list, slice_text("asset,code,label\n"));
    cbor_put_array(&s->commitments, assets->count);
    while (asset_set_next(&it))
        if (!seal_one(s, it.name))
            return false;
    int len = snprintf(path, sizeof path, "%s/codes.csv", s->folder);
    return len > 0 && len < (int)sizeof path && !s->list.failed &&
           file_create(path, buf_slice(&s->list), 0600, s->err);
}

static int seal(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    struct statement draft = { .kind = KIND_LABEL_SEAL };
    struct label_seal *l = &draft.as.label_seal;
    struct buf names = buf_heap(CMD_ASSETS_MAX);
    struct sealing s = { .list = buf_heap(LIST_MAX),
                         .commitments = buf_heap(STATEMENT_MAX),
                         .err = err };
    bool good = cmd_args_need(args, "o", &s.folder, err) &&
                cmd_names_assets(args, 0, cmd_args_flag(args, "range"), &names, &l->assets, err) &&
                (l->assets.count <= LABEL_SEALS_MAX ||
                 err_set(err, ERR_INPUT, "at most %d labels in one statement", LABEL_SEALS_MAX)) &&
                cmd_names_instant(args, "time", &draft.link.time_ms, err) &&
                seal_all(&s, &l->assets);
    l->commitments = buf_slice(&s.commitments);
    int code = good ? cmd_send_finish(home, "sealed", &draft) : cmd_action_fail(err);
    if (code == CMD_REFUSED && !home->json)
        (void)fprintf(stderr, "  the codes in %s are of no use\n", s.folder);
    if (code == CMD_GOOD && !home->json)
        (void)printf("  %zu labels and their codes in %s; keep codes.csv secret\n", s.count,
                     s.folder);
    crypto_wipe(s.list.data, s.list.len);
    buf_free(&s.list);
    buf_free(&s.commitments);
    buf_free(&names);
    return code;
}

int cmd_label_code_seal(int argc, char **argv)
{
    static const struct cmd_action action = {
        "seal", "label seal", "o= range time= no-wait",
        "Usage: waybill label seal ASSET... -o DIR [--time INSTANT]\n"
        "       waybill label seal --range PREFIX FIRST COUNT -o DIR\n"
        "Makes the covered layer of labels: for each unit a random code of 100 bits, as a PNG to "
        "be "
        "printed\n"
        "under a scratch field, and DIR/codes.csv, which only this user may read. The ledger gets "
        "commitments,\n"
        "from which no code can be found. DIR must not exist.\n"
        "Exit code: 0 accepted, 1 error, 4 refused.\n",
        seal
    };
    return cmd_action_run(&action, argc, argv);
}

/* ------------------------------------------------------------------ reveal */

static const char *result_sentence(int64_t result)
{
    static const char *const sentences[] = {
        [REVEAL_AUTHENTIC_OPENED] = "the code is genuine and was covered until now",
        [REVEAL_ALREADY_OPENED] = "the code is genuine, but somebody uncovered it before",
        [REVEAL_TAMPER] = "the code is genuine, but the goods are still on their way: somebody "
                          "opened them",
        [REVEAL_MISMATCH] = "this is not the code of these goods",
    };
    bool known = result >= 0 && result < (int64_t)(sizeof sentences / sizeof sentences[0]);
    return known ? sentences[result] : "the node tells nothing of it";
}

/* The event that this very statement caused, from the last page of the asset's history. */
static bool find_result(struct cmd_home *home, const char *asset, const struct hash *statement,
                        int64_t *ret_result, struct err *err)
{
    char path[NODE_CLIENT_PATH_MAX], rest[64], hex[2 * HASH_SIZE + 1];
    struct json_doc *doc = NULL;
    int64_t events = 0;
    hex_encode(hash_slice(statement), hex);
    if (!node_client_asset_path(asset, "", path, err) || !cmd_node_get_json(home, path, &doc, err))
        return false;
    (void)json_doc_get_int(json_doc_at(doc, "/events"), &events);
    json_doc_free(doc);
    (void)snprintf(rest, sizeof rest, "/history?limit=1000&from=%" PRId64,
                   events > 500 ? events - 500 : 0);
    if (!node_client_asset_path(asset, rest, path, err) ||
        !cmd_node_get_json(home, path, &doc, err))
        return false;
    const struct json_doc *list = json_doc_at(doc, "/history");
    bool found = false;
    for (size_t i = 0; i < json_doc_count(list); i++) {
        const struct json_doc *e = json_doc_element(list, i);
        struct slice named;
        int64_t what = 0;
        (void)json_doc_get_int(json_doc_at(e, "/what"), &what);
        found = found || (what == EVENT_REVEALED &&
                          json_doc_get_text(json_doc_at(e, "/data/statement"), &named) &&
                          slice_equal(named, slice_text(hex)) &&
                          json_doc_get_int(json_doc_at(e, "/data/result"), ret_result));
    }
    json_doc_free(doc);
    return found || err_set(err, ERR_NOT_FOUND,
                            "it is on the ledger, but the node does not say "
                            "what came of it; see waybill history %s",
                            asset);
}

static void tell_result(const struct cmd_home *home, const char *asset,
                        const struct node_sent *sent, int64_t result)
{
    if (!home->json) {
        (void)printf("%s  %s\n  %s\n", asset, provenance_reveal_name((uint64_t)result),
                     result_sentence(result));
        return;
    }
    struct json_doc *doc = json_doc_object();
    json_doc_put_text(doc, "asset", asset);
    json_doc_put_hex(doc, "statement", hash_slice(&sent->hash));
    json_doc_put_text(doc, "result", provenance_reveal_name((uint64_t)result));
    json_doc_put_text(doc, "sentence", result_sentence(result));
    cmd_action_print(doc);
}

static int reveal(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    struct statement draft = { .kind = KIND_LABEL_REVEAL };
    struct label_reveal *l = &draft.as.label_reveal;
    struct node_sent sent = { .status = { .fate = NODE_FATE_UNKNOWN } };
    char asset[GS1_NAME_MAX + 1], code[LABEL_CODE_MAX];
    int64_t result = -1;
    if (!cmd_args_expect(args, 2, 2, "ASSET CODE", err) ||
        !cmd_names_asset(args->operand[0], asset, err) ||
        !cmd_names_place(args, "place", &l->place, err) ||
        !cmd_names_instant(args, "time", &draft.link.time_ms, err))
        return cmd_action_fail(err);
    l->asset = slice_text(asset);
    l->code = slice_of(code, read_code(args->operand[1], code));
    if (l->code.len < LABEL_CODE_MIN) {
        (void)err_set(err, ERR_INPUT, "expected a CODE of %d to %d characters", LABEL_CODE_MIN,
                      LABEL_CODE_MAX);
        return cmd_action_fail(err);
    }
    if (!cmd_send_draft(home, &draft, &sent, err)) {
        if (home->json && sent.status.fate == NODE_FATE_REFUSED)
            return cmd_send_report(home, "revealed", &sent);
        return cmd_action_fail(err);
    }
    if (!find_result(home, asset, &sent.hash, &result, err))
        return cmd_action_fail(err);
    tell_result(home, asset, &sent, result);
    return result == REVEAL_AUTHENTIC_OPENED ? CMD_GOOD : CMD_BREACH;
}

int cmd_label_code_reveal(int argc, char **argv)
{
    static const struct cmd_action action = {
        "reveal", "label reveal", "place= time=",
        "Usage: waybill label reveal ASSET CODE [--place GLN] [--time INSTANT]\n"
        "Tells the ledger the code that was covered, and what the ledger makes of it: "
        "AUTHENTIC_OPENED the\n"
        "first time after delivery, ALREADY_OPENED, TAMPER while the goods are on their way, "
        "MISMATCH when it\n"
        "belongs to others.\n"
        "Exit code: 0 AUTHENTIC_OPENED, 1 error, 2 one of the others, 4 refused.\n",
        reveal
    };
    return cmd_action_run(&action, argc, argv);
}
