/*
 * `waybill proof`: proofs about the ledger as a whole, each a file that anybody can check offline who holds the
 * ledger's identity: whose seals counted when, that one head goes on from another, what the state holds.
 */
#include "tools/cmd_proof.h"

#include "common/file.h"
#include "common/hex.h"
#include "common/instant.h"
#include "common/json.h"
#include "tools/cmd_action.h"
#include "tools/cmd_seen.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool keep(const struct cmd_args *args, const struct buf *proof, struct err *err)
{
    const char *output = cmd_args_text(args, "o", NULL);
    return output == NULL || file_replace(output, buf_slice(proof), 0644, err);
}

/* Damaged is no proof either. */
static bool no_proof(struct err *err, const struct err *why)
{
    return err_set(err, ERR_PROOF, "%s", why->msg);
}

static void put_by(struct json_doc *doc, const struct head_proof_by *by)
{
    json_doc_put_int(doc, "seals", (int64_t)by->seals);
    json_doc_put_int(doc, "authorities", (int64_t)by->authorities);
    json_doc_put_int(doc, "quorum", (int64_t)by->quorum);
    json_doc_put_int(doc, "set_changes", (int64_t)by->changes);
}

static void put_head(struct json_doc *doc, const char *name, const struct header *h)
{
    char time[INSTANT_TEXT_SIZE];
    struct json_doc *one = json_doc_put_object(doc, name);
    struct hash hash = header_hash(h);
    instant_format(h->time_ms, time);
    json_doc_put_int(one, "height", (int64_t)h->height);
    json_doc_put_hex(one, "block", hash_slice(&hash));
    json_doc_put_int(one, "size", (int64_t)h->size);
    json_doc_put_hex(one, "tree", hash_slice(&h->tree));
    json_doc_put_text(one, "time", time);
}

/* ------------------------------------------------------------------ consistency */

static bool check_consistency(struct cmd_home *home, struct slice bytes, struct err *err)
{
    struct head_proof_heads h;
    struct err why;
    char times[2][INSTANT_TEXT_SIZE];
    if (!head_proof_check_consistency(bytes, &home->identity, &h, &why))
        return no_proof(err, &why);
    if (!cmd_seen_covers(home, h.newer.height, h.by.changes, err))
        return false;
    if (home->json) {
        struct json_doc *doc = json_doc_object();
        json_doc_put_bool(doc, "proof", true);
        put_head(doc, "older", &h.older);
        put_head(doc, "newer", &h.newer);
        put_by(doc, &h.by);
        cmd_action_print(doc);
        return true;
    }
    instant_format(h.older.time_ms, times[0]);
    instant_format(h.newer.time_ms, times[1]);
    (void)printf("proof ok: the %" PRIu64 " statements under head %" PRIu64
                 " (%s) are the first of the %" PRIu64 " under head %" PRIu64
                 " (%s)\n  sealed by %zu of %zu, after %zu changes of the authorities\n",
                 h.older.size, h.older.height, times[0], h.newer.size, h.newer.height, times[1],
                 h.by.seals, h.by.authorities, h.by.changes);
    return true;
}

/* A height, "head" for the newest, or a file that holds a head. */
struct head_name {
    bool newest, known; /* known: hash is what it must be */
    uint64_t height;
    struct hash hash;
};

static bool parse_head(const char *text, struct head_name *ret, struct err *err)
{
    char *end = NULL;
    struct final f;
    *ret = (struct head_name){ .newest = strcmp(text, "head") == 0 };
    ret->height = strtoull(text, &end, 10);
    if (ret->newest || (*text >= '0' && *text <= '9' && *end == '\0'))
        return true;
    struct buf bytes = buf_heap(FINAL_SIZE_MAX);
    bool good = file_read(text, FINAL_SIZE_MAX, &bytes, err) &&
                (final_decode(buf_slice(&bytes), &f, err) || err_wrap(err, "%s", text));
    if (good) {
        ret->known = true;
        ret->height = f.header.height;
        ret->hash = header_hash(&f.header);
    }
    buf_free(&bytes);
    return good;
}

static bool same_head(const struct head_name *name, const struct header *h, struct err *err)
{
    struct hash hash = header_hash(h);
    return !name->known || hash_equal(&hash, &name->hash) ||
           err_set(err, ERR_PROOF,
                   "block %" PRIu64 " of the proof is another than the one in the file: one of "
                   "them is not of this ledger, or the ledger is forked",
                   h->height);
}

static int consistency(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    struct head_name older, newer;
    struct head_proof_heads h;
    struct err why;
    char path[128], to[32] = "";
    struct buf proof = buf_heap(HEAD_PROOF_SIZE_MAX);
    bool good = cmd_args_expect(args, 2, 2, "OLD NEW", err) && cmd_home_need_identity(home, err) &&
                parse_head(args->operand[0], &older, err) &&
                parse_head(args->operand[1], &newer, err);
    if (good && !newer.newest)
        (void)snprintf(to, sizeof to, "&to=%" PRIu64, newer.height);
    if (good)
        (void)snprintf(path, sizeof path, "/v1/proofs/consistency?from=%" PRIu64 "%s", older.height,
                       to);
    good = good && cmd_node_get_bytes(home, path, &proof, err);
    if (good && !head_proof_check_consistency(buf_slice(&proof), &home->identity, &h, &why))
        good = no_proof(err, &why);
    good = good && same_head(&older, &h.older, err) && same_head(&newer, &h.newer, err) &&
           keep(args, &proof, err) && check_consistency(home, buf_slice(&proof), err);
    buf_free(&proof);
    return good ? CMD_GOOD : cmd_action_fail(err);
}

/* ------------------------------------------------------------------ state */

static bool check_state(struct cmd_home *home, struct slice bytes, struct err *err)
{
    struct head_proof_entry e;
    struct err why;
    if (!head_proof_check_state(bytes, &home->identity, &e, &why))
        return no_proof(err, &why);
    if (!cmd_seen_covers(home, e.head.height, e.by.changes, err))
        return false;
    struct buf key = buf_heap(1 << 12), value = buf_heap(1 << 22);
    cmd_proof_put_words(&key, e.entry.key);
    if (e.entry.present)
        cmd_proof_put_words(&value, e.entry.value);
    if (home->json) {
        struct json_doc *doc = json_doc_object();
        json_doc_put_bool(doc, "proof", true);
        json_doc_put_hex(doc, "key", e.entry.key);
        json_doc_put_bool(doc, "present", e.entry.present);
        if (e.entry.present)
            json_doc_put_hex(doc, "value", e.entry.value);
        json_doc_put_slice(doc, "key_words", buf_slice(&key));
        if (e.entry.present)
            json_doc_put_slice(doc, "value_words", buf_slice(&value));
        put_head(doc, "head", &e.head);
        put_by(doc, &e.by);
        cmd_action_print(doc);
    } else {
        (void)printf("proof ok: the state after block %" PRIu64 " holds %s%.*s%s%.*s\n  sealed by "
                     "%zu of %zu, after %zu changes of the authorities\n",
                     e.head.height, e.entry.present ? "" : "nothing under ", (int)key.len,
                     (const char *)key.data, e.entry.present ? " = " : "", (int)value.len,
                     value.len > 0 ? (const char *)value.data : "", e.by.seals, e.by.authorities,
                     e.by.changes);
    }
    buf_free(&key);
    buf_free(&value);
    return true;
}

/* A node that proves another key than the one asked for has proven nothing. */
static bool check_key(struct slice proof, const struct identity *id, const struct state_key *key,
                      struct err *err)
{
    struct head_proof_entry e;
    struct err why;
    if (!head_proof_check_state(proof, id, &e, &why))
        return no_proof(err, &why);
    return slice_equal(e.entry.key, state_key_slice(key)) ||
           err_set(err, ERR_PROOF, "the node proves another key than the one asked for");
}

static int state(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    struct state_key key;
    char path[2 * STATE_KEY_MAX + 64], hex[2 * STATE_KEY_MAX + 1];
    struct buf proof = buf_heap(HEAD_PROOF_SIZE_MAX);
    bool good = cmd_home_need_identity(home, err) && cmd_proof_key(home, args, &key, err);
    if (good) {
        hex_encode(state_key_slice(&key), hex);
        (void)snprintf(path, sizeof path, "/v1/proofs/state?key=%s", hex);
    }
    good = good && cmd_node_get_bytes(home, path, &proof, err) &&
           check_key(buf_slice(&proof), &home->identity, &key, err) && keep(args, &proof, err) &&
           check_state(home, buf_slice(&proof), err);
    buf_free(&proof);
    return good ? CMD_GOOD : cmd_action_fail(err);
}

/* ------------------------------------------------------------------ sets */

static bool is_in(const struct authority_set *set, const struct kid *kid)
{
    return authority_set_find(set, kid) >= 0;
}

static void put_kids(struct json_doc *doc, const char *name, const struct authority_set *of,
                     const struct authority_set *other)
{
    struct json_doc *list = json_doc_put_array(doc, name);
    for (size_t i = 0; i < of->count; i++)
        if (other == NULL || !is_in(other, &of->at[i].kid))
            json_doc_put_hex(list, NULL, kid_slice(&of->at[i].kid));
}

static void print_kids(const struct cmd_home *home, const char *what,
                       const struct authority_set *of, const struct authority_set *other)
{
    char name[CMD_HOME_NAME_SIZE], hex[2 * KID_SIZE + 1];
    for (size_t i = 0; i < of->count; i++) {
        if (other != NULL && is_in(other, &of->at[i].kid))
            continue;
        hex_encode(kid_slice(&of->at[i].kid), hex);
        (void)printf("  %s %s of %s\n", what, hex,
                     cmd_home_member_name(home, &of->at[i].member, name));
    }
}

static void tell_set(const struct cmd_home *home, const struct set_chain *c,
                     const struct authority_set *before, struct json_doc *list)
{
    if (list != NULL) {
        struct json_doc *one = json_doc_put_object(list, NULL);
        json_doc_put_int(one, "from", (int64_t)c->from);
        json_doc_put_int(one, "authorities", (int64_t)c->set.count);
        json_doc_put_int(one, "quorum", (int64_t)authority_set_quorum(&c->set));
        put_kids(one, "in", &c->set, before);
        if (before != NULL)
            put_kids(one, "out", before, &c->set);
        return;
    }
    (void)printf("from block %" PRIu64 ": %zu authorities, %zu seals needed\n",
                 c->from == 0 ? (uint64_t)1 : c->from, c->set.count, authority_set_quorum(&c->set));
    print_kids(home, "in ", &c->set, before);
    if (before != NULL)
        print_kids(home, "out", before, &c->set);
}

static bool check_sets(struct cmd_home *home, struct slice bytes, struct err *err)
{
    struct set_chain c;
    struct err why;
    if (!set_chain_begin(&c, bytes, &home->identity, &why))
        return no_proof(err, &why);
    struct json_doc *doc = home->json ? json_doc_object() : NULL;
    struct json_doc *list = doc != NULL ? json_doc_put_array(doc, "sets") : NULL;
    tell_set(home, &c, NULL, list);
    while (c.to != UINT64_MAX) {
        struct authority_set before = c.set;
        if (!set_chain_to(&c, c.to + 1, &why)) {
            json_doc_free(doc);
            return no_proof(err, &why);
        }
        tell_set(home, &c, &before, list);
    }
    if (doc == NULL) {
        (void)printf("proof ok: %zu changes of the authorities, %zu bytes\n", c.changes, bytes.len);
        return true;
    }
    json_doc_put_bool(doc, "proof", true);
    json_doc_put_int(doc, "changes", (int64_t)c.changes);
    json_doc_put_int(doc, "bytes", (int64_t)bytes.len);
    cmd_action_print(doc);
    return true;
}

static int sets(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    struct slice known;
    struct buf proof = buf_heap(SET_CHAIN_SIZE_MAX);
    bool good = cmd_args_expect(args, 0, 0, "", err) && cmd_seen_learn(home, err) &&
                cmd_seen_sets(home, &known, err);
    if (good) {
        buf_add_slice(&proof, known);
        good = keep(args, &proof, err) && check_sets(home, known, err);
    }
    buf_free(&proof);
    return good ? CMD_GOOD : cmd_action_fail(err);
}

/* ------------------------------------------------------------------ verify */

static bool check_voucher(struct cmd_home *home, struct slice bytes, struct err *err)
{
    struct head_proof_voucher v;
    struct err why;
    if (!head_proof_check_voucher(bytes, &home->identity, &v, &why))
        return no_proof(err, &why);
    if (!cmd_seen_covers(home, v.claim.height, v.by.changes, err))
        return false;
    if (home->json) {
        struct json_doc *doc = json_doc_object();
        json_doc_put_bool(doc, "proof", true);
        json_doc_put_hex(doc, "statement", hash_slice(&v.hash));
        json_doc_put_int(doc, "leaf", (int64_t)v.claim.index);
        json_doc_put_int(doc, "height", (int64_t)v.claim.height);
        put_by(doc, &v.by);
        cmd_action_print(doc);
        return true;
    }
    (void)printf("proof ok: a statement of %zu bytes, leaf %" PRIu64 " under block %" PRIu64
                 ", sealed by %zu of %zu\n",
                 v.statement.len, v.claim.index, v.claim.height, v.by.seals, v.by.authorities);
    return true;
}

static bool check(struct cmd_home *home, struct slice bytes, struct err *err)
{
    switch (head_proof_kind(bytes)) {
    case HEAD_PROOF_CONSISTENCY: return check_consistency(home, bytes, err);
    case HEAD_PROOF_STATE: return check_state(home, bytes, err);
    case HEAD_PROOF_VOUCHER: return check_voucher(home, bytes, err);
    case HEAD_PROOF_NONE: break;
    }
    return check_sets(home, bytes, err);
}

static int verify(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    struct buf bytes = buf_heap(HEAD_PROOF_SIZE_MAX);
    bool good = cmd_args_expect(args, 1, 1, "one FILE", err) && cmd_home_need_identity(home, err) &&
                file_read(args->operand[0], HEAD_PROOF_SIZE_MAX, &bytes, err) &&
                (check(home, buf_slice(&bytes), err) || err_wrap(err, "%s", args->operand[0]));
    buf_free(&bytes);
    return good ? CMD_GOOD : cmd_action_fail(err);
}

int cmd_proof(int argc, char **argv)
{
    static const struct cmd_action actions[] = {
        { "consistency", "proof consistency", "o= " CMD_SEEN_OPTIONS,
          "Usage: waybill proof consistency OLD NEW [-o FILE] [--sets FILE]\n"
          "Are the statements under one head the first of those under another? OLD and NEW are "
          "heights, files\n"
          "that hold a head (such as DIR/head.cbor), or head for the newest.\n"
          "Exit code: 0 proven, 1 error, 3 it is not.\n",
          consistency },
        { "state", "proof state", "o= " CMD_SEEN_OPTIONS,
          "Usage: waybill proof state TABLE [ID] [-o FILE] [--sets FILE]\n"
          "What the state of the newest block holds under a key, or that it holds nothing there. "
          "TABLE and ID:\n"
          "params, member MEMBER, key KID, sequence KID, block HEIGHT, sets, asset ASSET, offer "
          "HASH,\n"
          "contract HASH, definition HASH, product GTIN, place GLN, party MEMBER, attachment KID,\n"
          "custody ASSET, hold ASSET, lot ASSET, certificate HASH, constitution, node KID,\n"
          "proposal HASH, proposals, candidate KID, evidence KID, roles MEMBER, members, or hex "
          "KEY.\n"
          "Exit code: 0 proven, 1 error, 3 it is not.\n",
          state },
        { "sets", "proof sets", "o= " CMD_SEEN_OPTIONS,
          "Usage: waybill proof sets [-o FILE] [--sets FILE]\n"
          "Whose seals counted when, from the genesis on; kept in DIR/sets.cbor. FILE is what "
          "--sets takes.\n"
          "Exit code: 0 proven, 1 error, 3 it is not.\n",
          sets },
        { "verify", "proof verify", CMD_SEEN_OPTIONS,
          "Usage: waybill proof verify FILE [--identity FILE] [--sets FILE]\n"
          "Checks a file that any of the others, or receipt get --voucher, kept. Offline: needs "
          "the ledger's\n"
          "identity and nothing else.\n"
          "Exit code: 0 proven, 1 error, 3 it is not.\n",
          verify },
        { .word = NULL },
    };
    return cmd_action_choose(actions, argc, argv);
}
