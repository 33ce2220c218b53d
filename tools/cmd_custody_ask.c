/* What is asked about custody: who had goods at a time, and a handover's two statements with their receipts. */
#include "tools/cmd_custody_ask.h"

#include "common/event.h"
#include "common/file.h"
#include "common/hex.h"
#include "common/instant.h"
#include "common/seal.h"
#include "tools/cmd_contract_words.h"
#include "tools/cmd_names.h"
#include "tools/cmd_node.h"
#include "tools/cmd_pages.h"
#include "tools/cmd_seen.h"
#include "tools/goods_words.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define PAGE         1000
#define RECEIPTS_MAX (AUTHORITY_MAX * (RECEIPT_SIZE_MAX + 8))
#define FILE_MAX     (2 * (STATEMENT_MAX + RECEIPTS_MAX) + SET_CHAIN_SIZE_MAX + 64)
#define HASH_DIGITS  ((size_t)2 * HASH_SIZE)

/* ------------------------------------------------------------------ at a time */

int cmd_custody_at(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    char asset[GS1_NAME_MAX + 1], path[NODE_CLIENT_PATH_MAX], rest[64];
    struct json_doc *doc = NULL;
    uint64_t at;
    if (!cmd_args_expect(args, 2, 2, "ASSET INSTANT", err) ||
        !cmd_names_asset(args->operand[0], asset, err) ||
        !cmd_names_instant_text("INSTANT", args->operand[1], &at, err))
        return cmd_action_fail(err);
    (void)snprintf(rest, sizeof rest, "/custody?at=%" PRIu64, at);
    if (!node_client_asset_path(asset, rest, path, err) ||
        !cmd_node_get_json(home, path, &doc, err))
        return cmd_action_fail(err);
    if (home->json) {
        cmd_action_print(doc);
        return CMD_GOOD;
    }
    const struct json_doc *list = json_doc_at(doc, "/holders");
    cmd_pages_print("", doc, "/asset", "");
    cmd_pages_print(" at ", doc, "/at", "");
    (void)printf("\n");
    for (size_t i = 0; i < json_doc_count(list); i++) {
        const struct json_doc *one = json_doc_element(list, i);
        cmd_pages_print("  ", one, "/role", " ");
        cmd_pages_print("", one, "/member/name", "");
        cmd_pages_print(", since ", one, "/since", "");
        cmd_pages_print(" until ", one, "/until", "");
        (void)printf("\n");
    }
    if (json_doc_count(list) == 0)
        (void)printf("  nobody: it was not on the ledger then\n");
    json_doc_free(doc);
    return CMD_GOOD;
}

/* ------------------------------------------------------------------ which handover */

struct last_handover {
    char offer[2 * HASH_SIZE + 1];
};

static void keep_offer(void *ctx, const struct json_doc *event)
{
    struct last_handover *last = ctx;
    struct slice offer = cmd_contract_text_at(event, "/data/offer", "");
    if (cmd_pages_int(event, "/what") == EVENT_PASSED && offer.len == HASH_DIGITS)
        (void)snprintf(last->offer, sizeof last->offer, "%.*s", (int)offer.len,
                       (const char *)offer.data);
}

/* The hash of an offer or of its answer, or an asset: then its last handover. */
static bool find_handover(struct cmd_home *home, const char *typed, struct last_handover *ret_last,
                          struct err *err)
{
    char asset[GS1_NAME_MAX + 1], path[NODE_CLIENT_PATH_MAX];
    struct cmd_pages pages = { path, "from", "/history", PAGE };
    struct hash hash;
    if (strlen(typed) == HASH_DIGITS && cmd_home_parse_hash(typed, &hash, NULL)) {
        (void)snprintf(ret_last->offer, sizeof ret_last->offer, "%s", typed);
        return true;
    }
    ret_last->offer[0] = '\0';
    if (!cmd_names_asset(typed, asset, err) ||
        !node_client_asset_path(asset, "/history", path, err) ||
        !cmd_pages_each(home, &pages, keep_offer, ret_last, err))
        return false;
    return ret_last->offer[0] != '\0' ||
           err_set(err, ERR_NOT_FOUND, "%s: it was never handed over", asset);
}

/* ------------------------------------------------------------------ the file */

/* One side: what it signed, and the proof that this is on the ledger. */
struct side {
    struct statement statement;
    struct head_proof_voucher proof;
    bool signature_checked; /* by a founding key that this folder knows */
};

static bool check_side(const struct cmd_home *home, struct slice bytes, struct slice receipts,
                       struct slice sets, struct side *ret_side, struct err *err)
{
    struct buf scratch = buf_heap(STATEMENT_MAX + COSE_SIG_ROOM);
    struct statement *st = &ret_side->statement;
    bool good = statement_decode(bytes, st, err) &&
                head_proof_check_receipts(receipts, &st->hash, sets, &home->identity,
                                          &ret_side->proof, err);
    for (size_t i = 0; good && i < home->member_count; i++) {
        struct kid kid = key_kid(home->members[i].pub);
        if (!kid_equal(&kid, &st->kid))
            continue;
        ret_side->signature_checked = true;
        good =
            statement_verify(st, home->members[i].pub, &home->identity.genesis.ledger, &scratch) ||
            err_set(err, ERR_PROOF, "the signature of %s does not hold", home->members[i].name);
    }
    buf_free(&scratch);
    return good;
}

/* The sets in the file; of one without, those that the folder knows. */
static bool find_sets(struct cmd_home *home, struct slice in_file, struct slice *ret_sets,
                      struct err *err)
{
    *ret_sets = in_file;
    return in_file.len > 0 || cmd_seen_sets(home, ret_sets, err);
}

/* [1, offer, its receipts, answer, its receipts, ? sets] */
static bool check_file(struct cmd_home *home, struct slice bytes, struct side sides[2],
                       struct err *err)
{
    struct slice statement[2], receipts[2], sets = { NULL, 0 };
    if (!cbor_scan(bytes, err))
        return false;
    struct cbor_reader r = cbor_reader(bytes);
    size_t items = cbor_take_array(&r);
    (void)cbor_take_int_in(&r, 1, 1);
    for (size_t i = 0; i < 2; i++) {
        statement[i] = cbor_take_bytes(&r, 1, STATEMENT_MAX);
        receipts[i] = cbor_take_bytes(&r, 1, RECEIPTS_MAX);
    }
    if (items > 5)
        sets = cbor_take_bytes(&r, 1, SET_CHAIN_SIZE_MAX);
    if (!cbor_done(&r) || items < 5 || items > 6)
        return err_set(err, ERR_INPUT, "not the file of a handover");
    if (!find_sets(home, sets, &sets, err))
        return false;
    for (size_t i = 0; i < 2; i++)
        if (!check_side(home, statement[i], receipts[i], sets, &sides[i], err) ||
            !cmd_seen_covers(home, sides[i].proof.claim.height, sides[i].proof.by.changes, err))
            return false;
    const struct statement *offer = &sides[0].statement, *answer = &sides[1].statement;
    if (offer->kind != KIND_CUSTODY || answer->kind != KIND_CUSTODY ||
        offer->as.custody.action != CUSTODY_OFFER || answer->as.custody.action == CUSTODY_OFFER)
        return err_set(err, ERR_PROOF, "these are no offer and its answer");
    return (hash_equal(&answer->as.custody.offer, &offer->hash) &&
            slice_equal(answer->as.custody.assets.raw, offer->as.custody.assets.raw)) ||
           err_set(err, ERR_PROOF, "the answer is to another offer");
}

static void tell_side(const struct cmd_home *home, const struct side *s, const char *what)
{
    char name[CMD_HOME_NAME_SIZE], time[INSTANT_TEXT_SIZE], hex[2 * HASH_SIZE + 1];
    instant_format(s->statement.link.time_ms, time);
    hex_encode(hash_slice(&s->statement.hash), hex);
    (void)printf("  %s by %s, signed %s%s\n    statement %.16s, leaf %" PRIu64
                 " under block %" PRIu64 ", %zu of %zu seals\n",
                 what, cmd_home_member_name(home, &s->statement.kid, name), time,
                 s->signature_checked ? ", signature holds" : "", hex, s->proof.claim.index,
                 s->proof.claim.height, s->proof.by.seals, s->proof.by.authorities);
}

static void put_side(const struct cmd_home *home, const struct side *s, struct json_doc *doc)
{
    json_doc_put_hex(doc, "statement", hash_slice(&s->statement.hash));
    goods_words_put_member(home, doc, "signer", &s->statement.kid);
    goods_words_put_time(doc, "time", s->statement.link.time_ms);
    json_doc_put_bool(doc, "signature_checked", s->signature_checked);
    json_doc_put_int(doc, "leaf", (int64_t)s->proof.claim.index);
    json_doc_put_int(doc, "height", (int64_t)s->proof.claim.height);
    json_doc_put_int(doc, "seals", (int64_t)s->proof.claim.seals);
}

static void tell(const struct cmd_home *home, const struct side sides[2])
{
    static const char *const answers[] = { "", "accepted", "rejected", "cancelled" };
    const struct custody *offer = &sides[0].statement.as.custody;
    const char *answer = answers[sides[1].statement.as.custody.action];
    if (home->json) {
        struct json_doc *doc = json_doc_object();
        json_doc_put_bool(doc, "proof", true);
        json_doc_put_text(doc, "answer", answer);
        json_doc_put_text(doc, "role", offer->role == ROLE_OWNER ? "owner" : "custodian");
        goods_words_put_set(doc, "goods", &offer->assets);
        put_side(home, &sides[0], json_doc_put_object(doc, "offered_with"));
        put_side(home, &sides[1], json_doc_put_object(doc, "answered_with"));
        cmd_action_print(doc);
        return;
    }
    goods_words_print_set(&offer->assets);
    (void)printf(offer->role == ROLE_OWNER ? "  (ownership)\n" : "\n");
    tell_side(home, &sides[0], "offered");
    tell_side(home, &sides[1], answer);
    (void)printf("proof ok\n");
}

int cmd_custody_check_receipt(struct cmd_home *home, struct slice bytes, struct err *err)
{
    struct side sides[2] = { { .signature_checked = false } };
    struct err why = { .code = ERR_NONE };
    if (!cmd_home_need_identity(home, err))
        return cmd_action_fail(err);
    if (!check_file(home, bytes, sides, &why)) { /* damaged is no proof either */
        (void)err_set(err, ERR_PROOF, "%s", why.msg);
        return cmd_action_fail(err);
    }
    tell(home, sides);
    return CMD_GOOD;
}

int cmd_custody_receipt(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    struct last_handover last;
    char path[NODE_CLIENT_PATH_MAX];
    const char *output = NULL;
    struct buf bytes = buf_heap(FILE_MAX);
    bool good = cmd_args_expect(args, 1, 1, "one ASSET, OFFER or ANSWER", err) &&
                cmd_args_need(args, "o", &output, err) &&
                find_handover(home, args->operand[0], &last, err);
    if (good)
        (void)snprintf(path, sizeof path, "/v1/handovers/%s", last.offer);
    good = good && cmd_node_get_bytes(home, path, &bytes, err);
    int code =
        good ? cmd_custody_check_receipt(home, buf_slice(&bytes), err) : cmd_action_fail(err);
    if (code == CMD_GOOD && !file_replace(output, buf_slice(&bytes), 0644, err))
        code = cmd_action_fail(err);
    buf_free(&bytes);
    return code;
}
