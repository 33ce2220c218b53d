/* A member's folder takes part in a ledger from here on. */
#include "common/file.h"
#include "common/genesis.h"
#include "common/keyfile.h"
#include "common/signer.h"
#include "common/state_key.h"
#include "common/state_value.h"
#include "node/founding.h"
#include "node/store.h"
#include "node/voted.h"
#include "tools/member_folder.h"

#include <stdio.h>
#include <string.h>

#define IDENTITY_MAX (64 * 1024)

struct slice member_folder_ledger_name(struct slice genesis)
{
    struct genesis g;
    struct slice none = { NULL, 0 };
    struct state_key wanted = state_key_plain(TABLE_PARAMS);
    if (!genesis_decode(genesis, &g, NULL))
        return none;
    for (size_t i = 0; i < g.entry_count; i++) {
        struct slice key, value;
        genesis_next_entry(&g, &key, &value);
        if (!slice_equal(key, state_key_slice(&wanted)))
            continue;
        struct state_params params = { .rules = 0 };
        return state_params_take(value, &params) ? params.name : none;
    }
    return none;
}

/* Is this key in the genesis, of this class? */
static bool stands_in(struct slice genesis, const struct kid *kid, enum key_class class)
{
    struct genesis g;
    struct state_key wanted = state_key_kid(TABLE_KEY, kid);
    if (!genesis_decode(genesis, &g, NULL))
        return false;
    for (size_t i = 0; i < g.entry_count; i++) {
        struct slice key, value;
        struct state_key_record record;
        genesis_next_entry(&g, &key, &value);
        if (slice_equal(key, state_key_slice(&wanted)))
            return state_key_record_take(value, &record) && record.class == class;
    }
    return false;
}

/* A spare's authority asked to enter this ledger; it has no member key. */
static bool spare_belongs(const char *path, const struct hash *ledger, struct request *ret_request,
                          struct buf *memory, struct err *err)
{
    struct enrol_request e;
    *ret_request = (struct request){ .has_node = true, .joins = true };
    return file_read(path, ENROL_REQUEST_MAX, memory, err) &&
           enrol_request_parse(buf_slice(memory), &e, err) &&
           ((enrol_request_verify(&e) && hash_equal(&e.ledger, ledger)) ||
            err_set(err, ERR_PROOF, "%s asks to join another ledger than this", path));
}

/* A founder's own keys are in the genesis; a joiner's request names the ledger. */
static bool belongs(const char *dir, struct slice genesis, const struct hash *ledger,
                    struct request *ret_request, struct buf *memory, struct err *err)
{
    char path[PATH_MAX];
    if (!member_folder_path(dir, "enrolment.cose", path, err))
        return false;
    if (file_exists(path))
        return spare_belongs(path, ledger, ret_request, memory, err);
    if (!member_folder_path(dir, "request.cbor", path, err) ||
        !member_folder_read_request(path, memory, ret_request, err))
        return false;
    const struct request *q = ret_request;
    if (q->joins)
        return request_is_for(q, ledger) ||
               err_set(err, ERR_PROOF, "%s asks to join another ledger than this", path);
    struct kid member = key_kid(q->member), authority = key_kid(q->authority);
    return (stands_in(genesis, &member, CLASS_MEMBER) &&
            (!q->has_node || stands_in(genesis, &authority, CLASS_AUTHORITY))) ||
           err_set(err, ERR_PROOF, "%s: its keys found another ledger than this", dir);
}

/* ------------------------------------------------------------------ the keys' places */

/* Does the ledger here, if there is one, hold anything that this key signed? */
static bool has_signed(struct store *ledger, const char *key_path)
{
    struct key_pair key;
    struct buf value = buf_heap(4096);
    bool found = false;
    if (ledger != NULL && keyfile_load(key_path, &key, NULL)) {
        struct state_key row = state_key_kid(TABLE_SEQUENCE, &key.kid);
        found = store_state_get(ledger, state_key_slice(&row), &value, NULL);
        crypto_wipe(&key, sizeof key);
    }
    buf_free(&value);
    return found;
}

/*
 * A key's place in its sequence, if there is none: at its beginning. A key that the ledger has heard gets none, for a
 * number would be signed twice: its own is to be brought back.
 */
static bool make_state(const char *dir, const char *name, struct store *ledger,
                       const struct hash *id, bool *ret_used, struct err *err)
{
    char path[PATH_MAX], state[PATH_MAX];
    struct signer *s = NULL;
    *ret_used = false;
    if (!member_folder_path(dir, name, path, err) ||
        snprintf(state, sizeof state, "%s.state", path) >= (int)sizeof state)
        return false;
    if (!file_exists(path))
        return true;
    if (!file_exists(state)) {
        *ret_used = has_signed(ledger, path);
        return *ret_used || signer_create(path, id, err);
    }
    bool good = signer_open(path, id, &s, err);
    *ret_used = good && signer_seq(s) > 0;
    signer_close(s);
    return good;
}

/* A key that was brought back without its marker has most likely voted: from now on it knows. */
static bool mark_voted(const char *dir, const struct hash *ledger, struct err *err)
{
    char key[PATH_MAX];
    struct voted voted = { .fd = -1 };
    if (!member_folder_path(dir, "node/authority.key", key, err))
        return false;
    if (!file_exists(key))
        return true;
    bool good = voted_open(key, ledger, &voted, err) && voted_mark(&voted, ledger, err);
    voted_close(&voted);
    return good;
}

/* A spare's folder has no member key of its own: one that was moved there comes with its place. */
static bool make_states(const char *dir, struct store *ledger, const struct hash *id,
                        struct err *err)
{
    char request[PATH_MAX];
    bool used = false;
    return member_folder_path(dir, "request.cbor", request, err) &&
           (!file_exists(request) || make_state(dir, "member.key", ledger, id, &used, err)) &&
           make_state(dir, "node/authority.key", ledger, id, &used, err) &&
           (!used || mark_voted(dir, id, err));
}

static bool make_store(const char *dir, struct slice genesis, struct err *err)
{
    char node[PATH_MAX], database[PATH_MAX];
    struct store *s = NULL;
    struct buf there = buf_heap(GENESIS_SIZE_MAX);
    if (!member_folder_path(dir, "node", node, err) ||
        !member_folder_path(dir, "node/ledger.db", database, err))
        return false;
    bool good = store_create_or_keep(node, genesis, err) && store_open(node, STORE_READ, &s, err) &&
                store_genesis(s, &there, err) &&
                (slice_equal(buf_slice(&there), genesis) ||
                 err_set(err, ERR_INPUT, "%s: holds another ledger", database));
    store_close(s);
    buf_free(&there);
    return good;
}

static bool put_file(const char *dir, const char *name, struct slice content, struct err *err)
{
    char path[PATH_MAX];
    return member_folder_path(dir, name, path, err) && file_replace(path, content, 0644, err);
}

/* What `genesis sign` left: a founder starts what it signed, nothing else. */
static bool is_what_was_signed(const char *dir, const struct hash *ledger, struct err *err)
{
    char path[PATH_MAX];
    struct buf bytes = buf_heap(256);
    struct hash signed_for = *ledger;
    bool good = member_folder_path(dir, "signature.cbor", path, err);
    if (good && file_exists(path)) {
        good = file_read(path, 256, &bytes, err) && cbor_scan(buf_slice(&bytes), err);
        struct cbor_reader r = cbor_reader(buf_slice(&bytes));
        cbor_take_array_of(&r, 4);
        (void)cbor_take_uint(&r);
        cbor_take_fixed(&r, signed_for.bytes, HASH_SIZE);
        good = good && (hash_equal(&signed_for, ledger) ||
                        err_set(err, ERR_PROOF,
                                "this is not the genesis that was signed here (signature.cbor)"));
    }
    buf_free(&bytes);
    return good;
}

/* ------------------------------------------------------------------ what makes it take part */

static bool put_identity(const char *path, const struct identity *id, struct err *err)
{
    struct buf bytes = buf_heap(IDENTITY_MAX);
    identity_put(&bytes, id);
    bool good = file_replace(path, buf_slice(&bytes), 0644, err);
    buf_free(&bytes);
    return good;
}

static bool read_identity(const char *path, struct identity *ret_identity, struct err *err)
{
    struct buf bytes = buf_heap(IDENTITY_MAX);
    bool good =
        file_read(path, IDENTITY_MAX, &bytes, err) &&
        (identity_decode(buf_slice(&bytes), ret_identity, err) || err_wrap(err, "%s", path));
    buf_free(&bytes);
    return good;
}

/* The folder's own identity stays; what is pinned besides is added. */
static bool add_pins(const char *path, const struct identity *id, struct err *err)
{
    struct identity own;
    bool more = false;
    if (!read_identity(path, &own, err))
        return false;
    for (size_t i = 0; i < id->pin_count; i++) {
        bool there = false;
        for (size_t k = 0; k < own.pin_count; k++)
            there = there || hash_equal(&own.pins[k], &id->pins[i]);
        if (there)
            continue;
        if (own.pin_count == IDENTITY_PINS_MAX)
            return err_set(err, ERR_BUSY, "%s: pins %d recoveries already", path,
                           IDENTITY_PINS_MAX);
        own.pins[own.pin_count++] = id->pins[i];
        more = true;
    }
    return !more || put_identity(path, &own, err);
}

/* identity.cbor comes last: without it, all of this is done again. */
static bool settle(const char *dir, struct slice genesis, const struct identity *id,
                   struct store *ledger, struct err *err)
{
    char path[PATH_MAX];
    struct slice name = member_folder_ledger_name(genesis);
    if (!member_folder_path(dir, "identity.cbor", path, err))
        return false;
    bool there = file_exists(path);
    return (there || make_states(dir, ledger, &id->genesis.ledger, err)) &&
           put_file(dir, "name", name.len > 0 ? name : slice_text("ledger"), err) &&
           put_file(dir, "genesis.cbor", genesis, err) &&
           (there ? add_pins(path, id, err) : put_identity(path, id, err));
}

bool member_folder_settle(const char *dir, struct slice genesis, const struct identity *id,
                          struct err *err)
{
    char node[PATH_MAX];
    struct store *s = NULL;
    bool good = member_folder_path(dir, "node", node, err) &&
                store_open(node, STORE_READ, &s, err) && settle(dir, genesis, id, s, err);
    store_close(s);
    return good;
}

/* ------------------------------------------------------------------ joining */

static bool is_same_genesis(const char *dir, struct slice genesis, struct err *err)
{
    char path[PATH_MAX];
    struct buf there = buf_heap(GENESIS_SIZE_MAX);
    if (!member_folder_path(dir, "genesis.cbor", path, err))
        return false;
    bool good = !file_exists(path) || (file_read(path, GENESIS_SIZE_MAX, &there, err) &&
                                       (slice_equal(buf_slice(&there), genesis) ||
                                        err_set(err, ERR_INPUT, "%s: is of another ledger", path)));
    buf_free(&there);
    return good;
}

static bool is_same_identity(const char *dir, const struct hash *ledger, bool *ret_there,
                             struct err *err)
{
    char path[PATH_MAX];
    struct identity own;
    if (!member_folder_path(dir, "identity.cbor", path, err))
        return false;
    *ret_there = file_exists(path);
    return !*ret_there || (read_identity(path, &own, err) &&
                           (hash_equal(&own.genesis.ledger, ledger) ||
                            err_set(err, ERR_INPUT, "%s: takes part in another ledger", dir)));
}

/* Of a folder without a member's request or a spare's, nothing is asked. */
static bool asked_for(const char *dir, struct slice genesis, const struct hash *ledger,
                      struct err *err)
{
    char request[PATH_MAX], enrolment[PATH_MAX];
    struct request q;
    if (!member_folder_path(dir, "request.cbor", request, err) ||
        !member_folder_path(dir, "enrolment.cose", enrolment, err))
        return false;
    if (!file_exists(request) && !file_exists(enrolment))
        return true;
    struct buf memory = buf_heap(REQUEST_SIZE_MAX);
    bool good =
        belongs(dir, genesis, ledger, &q, &memory, err) && is_what_was_signed(dir, ledger, err);
    buf_free(&memory);
    return good;
}

bool member_folder_fits(const char *dir, struct slice genesis, const struct identity *id,
                        struct err *err)
{
    char database[PATH_MAX];
    bool there = false;
    const struct hash *ledger = &id->genesis.ledger;
    if (!is_same_identity(dir, ledger, &there, err) || !is_same_genesis(dir, genesis, err) ||
        !asked_for(dir, genesis, ledger, err) ||
        !member_folder_path(dir, "node/ledger.db", database, err))
        return false;
    return !there || file_exists(database) || mark_voted(dir, ledger, err);
}

/* ------------------------------------------------------------------ starting */

/* Keys and identity are there, the ledger is gone: it begins again, the node catches up and abstains at first. */
static bool begin_again(const char *dir, struct slice genesis, const struct identity *id,
                        struct err *err)
{
    char database[PATH_MAX];
    if (!member_folder_path(dir, "node/ledger.db", database, err))
        return false;
    if (file_exists(database))
        return err_set(err, ERR_INPUT, "%s: takes part in this ledger already", dir);
    return mark_voted(dir, &id->genesis.ledger, err) && make_store(dir, genesis, err);
}

static bool begin(const char *dir, struct slice genesis, const struct identity *id, bool node,
                  struct err *err)
{
    if (!is_what_was_signed(dir, &id->genesis.ledger, err))
        return false;
    return node ? make_store(dir, genesis, err) && member_folder_settle(dir, genesis, id, err)
                : settle(dir, genesis, id, NULL, err);
}

bool member_folder_start(const char *dir, struct slice genesis, struct identity *ret_identity,
                         struct err *err)
{
    struct identity id;
    struct request q;
    bool there = false;
    struct buf memory = buf_heap(REQUEST_SIZE_MAX);
    bool good =
        founding_check(genesis, true, &id, err) &&
        belongs(dir, genesis, &id.genesis.ledger, &q, &memory, err) &&
        is_same_identity(dir, &id.genesis.ledger, &there, err) &&
        (there ? begin_again(dir, genesis, &id, err) : begin(dir, genesis, &id, q.has_node, err));
    if (good)
        *ret_identity = id;
    buf_free(&memory);
    return good;
}
