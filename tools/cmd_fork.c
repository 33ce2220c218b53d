/*
 * `waybill fork`: members that leave take the ledger along. What it has come to, with who holds what and which
 * contracts run, is the first state of a ledger of their own, under an identity of its own; the old one goes
 * along whole, as evidence, under the identity that it has.
 */
#include "common/file.h"
#include "common/genesis.h"
#include "common/instant.h"
#include "common/state_key.h"
#include "common/state_value.h"
#include "node/execution.h"
#include "node/store.h"
#include "tools/cmd_action.h"
#include "tools/data_folder.h"
#include "tools/genesis_files.h"
#include "tools/member_folder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DRAFT_NAME "fork.draft"
#define SECOND_MS  1000u
#define ITEMS_AROUND \
    (3 * FOUNDING_MEMBERS_MAX + 64) /* of a genesis, beside its entries' three each */
#define ENTRIES_MAX ((CBOR_MAX_ITEMS - ITEMS_AROUND) / 3)
#define ENTRY_HEADS 9 /* at most: of its array, key and value */
#define BYTES_AROUND \
    (64u * 1024u) /* of a genesis, beside its entries: header, constitution, signatures */
#define BYTES_MAX (GENESIS_SIZE_MAX - BYTES_AROUND)
#define KIB       1024u

struct forking {
    struct cmd_home *home;
    struct genesis_files files;
    struct store *store;
    struct header head;
    struct hash tip;
    struct founding_entry *entries;
    size_t all, bytes; /* of entries that go along: how many, and what they take in a genesis */
    size_t count;      /* of them, taken */
    struct buf memory; /* of values, which start at: */
    size_t *starts;
    struct buf out, value;
    struct genesis_view view;
};

/* ------------------------------------------------------------------ what goes along */

static bool goes_along(const struct forking *f, const struct kid *member)
{
    for (size_t i = 0; i < f->files.plan.count; i++) {
        struct kid kid = key_kid(f->files.plan.parties[i].pub);
        if (kid_equal(&kid, member))
            return true;
    }
    return false;
}

/* Signers' places, heads, votes and what is proposed belong to the old ledger; where nodes are is said anew. */
static bool stays_behind(struct slice key)
{
    uint64_t time_ms = 0, what = 0;
    struct slice id;
    switch ((unsigned)state_key_table(key)) {
    case TABLE_SEQUENCE:
    case TABLE_BLOCK:
    case TABLE_SETS:
    case TABLE_CONSTITUTION:
    case TABLE_NODE:
    case TABLE_PROPOSAL:
    case TABLE_PROPOSALS:
    case TABLE_EFFECTS:
    case TABLE_CANDIDATE:
    case TABLE_OFFER: /* an answer repeats the offer's own bytes: it is made anew */
    case TABLE_MEMBERS:
    case TABLE_RECOVERY:
    case TABLE_ORIGIN: return true;
    case TABLE_TIMER:
        return !state_key_take_timer(key, &time_ms, &what, &id) || what == TIMER_PROPOSAL_EXPIRES ||
               what == TIMER_OFFER_EXPIRES;
    default: return false;
    }
}

static bool keep_as_it_is(struct forking *f, struct slice value)
{
    buf_add_slice(&f->memory, value);
    return true;
}

/* A member that does not go along is one no more; nothing it said is lost. */
static bool keep_member(struct forking *f, struct slice key, struct slice value)
{
    struct state_member member;
    struct cbor_reader r = cbor_reader(key);
    cbor_take_array_of(&r, 2);
    (void)cbor_take_uint(&r);
    struct kid kid = kid_take(&r);
    if (r.failed || !state_member_take(value, &member))
        return false;
    member.active = member.active && goes_along(f, &kid);
    state_member_put(&f->memory, &member);
    return true;
}

/* Its events are counted anew: those before are the old ledger's, and proven there. */
static bool keep_asset(struct forking *f, struct slice value)
{
    struct state_asset asset;
    if (!state_asset_take(value, &asset))
        return false;
    asset.events = 0;
    asset.has_offer = false;
    memset(&asset.chain, 0, sizeof asset.chain);
    state_asset_put(&f->memory, &asset);
    return true;
}

static bool take_entry(void *ctx, const struct hash *key_hash, struct slice key, struct slice value)
{
    struct forking *f = ctx;
    (void)key_hash;
    if (stays_behind(key) || key.len > STATE_KEY_MAX || f->count >= ENTRIES_MAX)
        return true;
    f->starts[f->count] = f->memory.len;
    struct state_key *k = &f->entries[f->count].key;
    memcpy(k->bytes, key.data, key.len);
    k->len = key.len;
    enum state_table table = state_key_table(key);
    bool good = table == TABLE_MEMBER  ? keep_member(f, key, value)
                : table == TABLE_ASSET ? keep_asset(f, value)
                                       : keep_as_it_is(f, value);
    f->count += (size_t)good;
    return good && !f->memory.failed;
}

/* [ledger, height, block hash]: where it was taken from. */
static void put_origin(struct forking *f)
{
    f->starts[f->count] = f->memory.len;
    f->entries[f->count].key = state_key_plain(TABLE_ORIGIN);
    cbor_put_array(&f->memory, 3);
    cbor_put_bytes(&f->memory, hash_slice(&f->head.ledger));
    cbor_put_uint(&f->memory, f->head.height);
    cbor_put_bytes(&f->memory, hash_slice(&f->tip));
    f->count++;
}

static bool measure_entry(void *ctx, const struct hash *key_hash, struct slice key,
                          struct slice value)
{
    struct forking *f = ctx;
    (void)key_hash;
    if (!stays_behind(key)) {
        f->all++;
        f->bytes += ENTRY_HEADS + key.len + value.len;
    }
    return true;
}

/* Before anything else is asked for: a genesis is one item on the wire, with the wire's bounds. */
static bool measure(struct forking *f, struct err *err)
{
    if (!store_state_each(f->store, measure_entry, f, err))
        return false;
    return (f->all <= ENTRIES_MAX && f->bytes <= BYTES_MAX) ||
           err_set(err, ERR_BUSY,
                   "too large to be taken along: %zu entries of state, %zu KiB; a genesis holds "
                   "%d entries and %u KiB. Found a new ledger, and keep this one as evidence "
                   "(waybill export)",
                   f->all, f->bytes / KIB, ENTRIES_MAX, BYTES_MAX / KIB);
}

static bool gather(struct forking *f, struct err *err)
{
    f->entries = calloc(ENTRIES_MAX + 1, sizeof *f->entries);
    f->starts = calloc(ENTRIES_MAX + 2, sizeof *f->starts);
    if (f->entries == NULL || f->starts == NULL)
        return err_set(err, ERR_IO, "out of memory");
    err->code = ERR_NONE;
    if (!store_state_each(f->store, take_entry, f, err) || f->memory.failed)
        return err->code != ERR_NONE ? false : err_set(err, ERR_IO, "the state cannot be read");
    put_origin(f);
    f->starts[f->count] = f->memory.len;
    for (size_t i = 0; i < f->count; i++)
        f->entries[i].value =
            slice_from(buf_slice(&f->memory), f->starts[i], f->starts[i + 1] - f->starts[i]);
    return true;
}

/* ------------------------------------------------------------------ who goes along */

static bool check_party(struct forking *f, size_t i, struct err *err)
{
    struct kid kid = key_kid(f->files.plan.parties[i].pub);
    struct state_key key = state_key_kid(TABLE_KEY, &kid),
                     member = state_key_kid(TABLE_MEMBER, &kid);
    struct state_key_record record;
    struct state_member is;
    buf_clear(&f->value);
    bool good = store_state_get(f->store, state_key_slice(&key), &f->value, NULL) &&
                state_key_record_take(buf_slice(&f->value), &record) &&
                record.class == CLASS_MEMBER && !record.revoked && kid_equal(&record.member, &kid);
    buf_clear(&f->value);
    good = good && store_state_get(f->store, state_key_slice(&member), &f->value, NULL) &&
           state_member_take(buf_slice(&f->value), &is) && is.active &&
           slice_equal(is.name, f->files.plan.parties[i].name);
    return good || err_set(err, ERR_INPUT,
                           "request %zu is of no member of this ledger under that name", i + 1);
}

static bool read_constitution(struct forking *f, const struct cmd_args *args, struct err *err)
{
    const char *path = cmd_args_text(args, "constitution", NULL);
    struct state_key key = state_key_plain(TABLE_CONSTITUTION);
    if (path != NULL)
        return genesis_files_constitution(&f->files, path, err);
    f->files.constitution = buf_heap(CONSTITUTION_SIZE_MAX);
    if (store_state_get(f->store, state_key_slice(&key), &f->files.constitution, NULL))
        f->files.plan.constitution = buf_slice(&f->files.constitution);
    return true;
}

static bool read_terms(struct forking *f, const struct cmd_args *args, struct err *err)
{
    struct state_key key = state_key_plain(TABLE_PARAMS);
    struct state_params params;
    struct founding_plan *plan = &f->files.plan;
    const char *name, *time = cmd_args_text(args, "time", NULL);
    buf_clear(&f->value);
    if (!cmd_args_need(args, "name", &name, err) || !genesis_files_name(&f->files, name, err) ||
        !store_state_get(f->store, state_key_slice(&key), &f->value, err) ||
        !state_params_take(buf_slice(&f->value), &params))
        return false;
    plan->demo = params.demo;
    plan->opening_wait_ms = params.opening_wait_ms;
    plan->time_ms = f->head.time_ms / SECOND_MS * SECOND_MS + SECOND_MS;
    return (time == NULL || instant_parse(time, &plan->time_ms)) ||
           err_set(err, ERR_INPUT, "--time: expected 2026-06-01T06:00:00Z, found \"%.40s\"", time);
}

static bool read_all(struct forking *f, const struct cmd_args *args, struct err *err)
{
    char data[PATH_MAX], home[PATH_MAX];
    f->files.joiners_too = true;
    if (!cmd_args_expect(args, 2, 1 + FOUNDING_MEMBERS_MAX, "DIR and REQUESTs", err) ||
        !data_folder_find(args->operand[0], data, home, err) ||
        !store_open(data, STORE_READ, &f->store, err) || !store_begin_read(f->store, err) ||
        !store_head(f->store, &f->head, NULL, err) || !measure(f, err))
        return false;
    f->tip = header_hash(&f->head);
    for (size_t i = 1; i < args->operand_count; i++)
        if (!genesis_files_add(&f->files, args->operand[i], err) || !check_party(f, i - 1, err))
            return false;
    return read_terms(f, args, err) && read_constitution(f, args, err) && gather(f, err);
}

/* ------------------------------------------------------------------ draft */

static void tell_draft(const struct forking *f, const char *path)
{
    if (f->home->json) {
        struct json_doc *doc = genesis_words_json(&f->view);
        json_doc_put_text(doc, "file", path);
        json_doc_put_int(doc, "entries", (int64_t)f->count);
        cmd_action_print(doc);
        return;
    }
    genesis_words_print(&f->view);
    (void)printf("\n%s: everyone who goes along looks at it and signs, then one seals it:\n"
                 "  waybill genesis show %s\n"
                 "  waybill genesis sign %s FOLDER -o FILE\n"
                 "  waybill genesis seal %s FILE... -o fork.genesis\n",
                 path, path, path, path);
}

static int draft(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    struct identity id;
    struct forking *f = calloc(1, sizeof *f);
    const char *path = cmd_args_text(args, "out", cmd_args_text(args, "o", DRAFT_NAME));
    if (f == NULL) {
        (void)err_set(err, ERR_IO, "out of memory");
        return CMD_ERROR;
    }
    f->home = home;
    f->memory = buf_heap(GENESIS_SIZE_MAX);
    f->value = buf_heap(STATE_VALUE_MAX);
    f->out = buf_heap(GENESIS_SIZE_MAX);
    bool good = read_all(f, args, err);
    f->files.plan.entries = f->entries;
    f->files.plan.entry_count = f->count;
    good = good && founding_draft(&f->files.plan, &f->out, &id, err) &&
           genesis_words_take(buf_slice(&f->out), false, &f->view, err) &&
           genesis_files_write(path, buf_slice(&f->out), err);
    if (good)
        tell_draft(f, path);
    if (f->store != NULL)
        store_end_read(f->store);
    store_close(f->store);
    genesis_files_free(&f->files);
    buf_free(&f->memory);
    buf_free(&f->value);
    buf_free(&f->out);
    free(f->entries);
    free(f->starts);
    free(f);
    return good ? CMD_GOOD : cmd_action_fail(err);
}

/* ------------------------------------------------------------------ start */

/* The same keys sign on both ledgers, each with a place of its own: no signature of one holds on the other. */
static bool copy_files(const char *from, const char *to, struct err *err)
{
    static const char *const names[] = { "member.key",   "node/authority.key",
                                         "tls.key",      "tls.crt",
                                         "node.yaml",    "address.cbor",
                                         "request.cbor", "clock" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char old[PATH_MAX], new[PATH_MAX];
        if (!member_folder_path(from, names[i], old, err) ||
            !member_folder_path(to, names[i], new, err) ||
            (file_exists(old) && !data_folder_copy(old, new, err)))
            return false;
    }
    return true;
}

/* The old ledger's identity stays beside the new one's: by it what happened before is verified. */
static bool copy_origin(const char *from, const char *to, struct err *err)
{
    static const char *const names[] = { "identity.cbor", "genesis.cbor", "name" };
    char origin[PATH_MAX];
    if (!member_folder_path(to, "origin", origin, err) || !file_make_folder(origin, 0700, err))
        return false;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char old[PATH_MAX], new[PATH_MAX];
        if (!member_folder_path(from, names[i], old, err) ||
            !member_folder_path(origin, names[i], new, err) ||
            (file_exists(old) && !data_folder_copy(old, new, err)))
            return false;
    }
    return true;
}

/* Of this ledger, and whole up to where the fork leaves it. */
static bool reaches(const char *from, struct slice origin, struct err *err)
{
    char data[PATH_MAX], home[PATH_MAX];
    struct store *store = NULL;
    struct header head;
    struct cbor_reader r = cbor_reader(origin);
    cbor_take_array_of(&r, 3);
    struct hash ledger;
    cbor_take_fixed(&r, ledger.bytes, HASH_SIZE);
    uint64_t height = cbor_take_uint(&r);
    bool good = data_folder_find(from, data, home, err) &&
                store_open(data, STORE_READ, &store, err) && store_head(store, &head, NULL, err);
    store_close(store);
    if (good && !hash_equal(&head.ledger, &ledger))
        return err_set(err, ERR_INPUT, "%s: is of another ledger than the fork leaves", from);
    if (good && head.height < height)
        return err_set(
            err, ERR_INPUT,
            "%s: ends at block %llu, the fork leaves at block %llu: its node must catch up first",
            from, (unsigned long long)head.height, (unsigned long long)height);
    return good;
}

/* A member without a node has neither; one whose key signed a recovery has set that key aside. */
static bool fits_folder(const char *from, struct slice origin, struct err *err)
{
    char config[PATH_MAX], key[PATH_MAX];
    if (!member_folder_path(from, "node.yaml", config, err) ||
        !member_folder_path(from, "node/authority.key", key, err))
        return false;
    if (!file_exists(config))
        return true;
    if (!file_exists(key))
        return err_set(
            err, ERR_INPUT,
            "%s is not there (a key that signed a recovery is set aside as %s.retired): the fork's "
            "node would have none",
            key, key);
    return reaches(from, origin, err);
}

static bool make_folders(const char *to, struct err *err)
{
    char keys[PATH_MAX], node[PATH_MAX];
    return member_folder_path(to, "keys", keys, err) && member_folder_path(to, "node", node, err) &&
           file_make_folder(to, 0700, err) && file_make_folder(keys, 0700, err) &&
           file_make_folder(node, 0700, err);
}

static int start(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    struct genesis_view view;
    struct identity id;
    struct buf bytes = buf_heap(GENESIS_SIZE_MAX);
    bool good = cmd_args_expect(args, 3, 3, "DIR, a new DIR and the sealed genesis", err) &&
                genesis_files_read(args->operand[2], true, &bytes, &view, err) &&
                (view.origin.len > 0 ||
                 err_set(err, ERR_INPUT, "%s: is no fork of a ledger", args->operand[2])) &&
                fits_folder(args->operand[0], view.origin, err) &&
                make_folders(args->operand[1], err) &&
                copy_files(args->operand[0], args->operand[1], err) &&
                copy_origin(args->operand[0], args->operand[1], err) &&
                member_folder_start(args->operand[1], buf_slice(&bytes), &id, err);
    if (good && home->json) {
        cmd_action_print(genesis_words_json(&view));
    } else if (good) {
        genesis_words_print(&view);
        (void)printf(
            "\nthe evidence goes along: waybill export %s %s/origin/all.export\n"
            "the ledger of its own:   waybill-node run --config %s/node.yaml (not while the "
            "old\n"
            "                         node has the same ports)\n",
            args->operand[0], args->operand[1], args->operand[1]);
    }
    buf_free(&bytes);
    return good ? CMD_GOOD : cmd_action_fail(err);
}

int cmd_fork(int argc, char **argv)
{
    static const struct cmd_action actions[] = {
        { "draft", "fork draft", "name= constitution= time= out= o=",
          "Usage: waybill fork draft DIR REQUEST... --name LEDGER [options]\n"
          "The ledger in DIR as the first state of another, with an identity of its own, for those "
          "of "
          "its\n"
          "members whose requests (request.cbor) are given. Who holds what, contracts that run, "
          "devices\n"
          "and certificates go along; what was said before is proven by the old ledger, which is "
          "not "
          "touched. A state of more than 21,760 entries, or 3.9 MiB, is refused at once.\n"
          "\n"
          "  --constitution FILE  how it is governed (default: as the old one)\n"
          "  --time INSTANT       of the genesis (default: a second after the newest block)\n"
          "  -o, --out FILE       where to (default: fork.draft)\n"
          "Then: waybill genesis sign, genesis seal, fork start.\n"
          "Exit code: 0 good, 1 error.\n",
          draft },
        { "start", "fork start", "",
          "Usage: waybill fork start DIR NEWDIR GENESIS\n"
          "A member's folder for the fork: the keys of DIR with places of their own, the old "
          "ledger's\n"
          "identity in NEWDIR/origin.\n"
          "Exit code: 0 good, 1 error, 3 it does not hold.\n",
          start },
        { .word = NULL },
    };
    return cmd_action_choose(actions, argc, argv);
}
