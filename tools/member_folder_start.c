/* A member's folder takes part in a ledger from here on. */
#include "common/file.h"
#include "common/genesis.h"
#include "common/signer.h"
#include "common/state_key.h"
#include "common/state_value.h"
#include "node/founding.h"
#include "node/store.h"
#include "node/voted.h"
#include "tools/member_folder.h"

#include <stdio.h>
#include <string.h>

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
    if (q->joins && request_is_for(q, ledger))
        return true;
    struct kid member = key_kid(q->member), authority = key_kid(q->authority);
    return (stands_in(genesis, &member, CLASS_MEMBER) &&
            (!q->has_node || stands_in(genesis, &authority, CLASS_AUTHORITY))) ||
           err_set(err, ERR_PROOF, "%s: its keys found another ledger than this", dir);
}

/* What a start that was cut short left behind is taken up again, as long as nothing was signed with it. */
static bool make_state(const char *dir, const char *name, const struct hash *ledger,
                       struct err *err)
{
    char path[PATH_MAX], state[PATH_MAX];
    struct signer *s = NULL;
    if (!member_folder_path(dir, name, path, err) ||
        snprintf(state, sizeof state, "%s.state", path) >= (int)sizeof state)
        return false;
    if (!file_exists(state))
        return signer_create(path, ledger, err);
    bool good = signer_open(path, ledger, &s, err) &&
                (signer_seq(s) == 0 || err_set(err, ERR_INPUT, "%s: was used already", state));
    signer_close(s);
    return good;
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

static bool write_all(const char *dir, struct slice genesis, const struct identity *id,
                      const struct request *q, struct err *err)
{
    struct slice name = member_folder_ledger_name(genesis);
    const struct hash *ledger = &id->genesis.ledger;
    struct buf identity = buf_heap(64 * 1024);
    identity_put(&identity, id);
    char member[PATH_MAX];
    bool good = member_folder_path(dir, "member.key", member, err) &&
                (!file_exists(member) || make_state(dir, "member.key", ledger, err)) &&
                (!q->has_node || (make_state(dir, "node/authority.key", ledger, err) &&
                                  make_store(dir, genesis, err))) &&
                put_file(dir, "name", name.len > 0 ? name : slice_text("ledger"), err) &&
                put_file(dir, "genesis.cbor", genesis, err) &&
                put_file(dir, "identity.cbor", buf_slice(&identity), err);
    buf_free(&identity);
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

/* Keys and identity are there, the ledger is gone: it begins again, the node catches up and abstains at first. */
static bool begin_again(const char *dir, const char *identity, struct slice genesis,
                        const struct identity *id, struct err *err)
{
    char database[PATH_MAX];
    struct identity there;
    struct buf bytes = buf_heap(64 * 1024);
    bool good = file_read(identity, 64 * 1024, &bytes, err) &&
                identity_decode(buf_slice(&bytes), &there, err);
    buf_free(&bytes);
    if (!good || !member_folder_path(dir, "node/ledger.db", database, err))
        return false;
    if (!hash_equal(&there.genesis.ledger, &id->genesis.ledger))
        return err_set(err, ERR_INPUT, "%s: takes part in another ledger", dir);
    if (file_exists(database))
        return err_set(err, ERR_INPUT, "%s: takes part in this ledger already", dir);
    return mark_voted(dir, &id->genesis.ledger, err) && make_store(dir, genesis, err);
}

bool member_folder_start(const char *dir, struct slice genesis, struct identity *ret_identity,
                         struct err *err)
{
    char path[PATH_MAX];
    struct identity id;
    struct request q;
    struct buf memory = buf_heap(REQUEST_SIZE_MAX);
    bool good = member_folder_path(dir, "identity.cbor", path, err) &&
                founding_check(genesis, true, &id, err) &&
                belongs(dir, genesis, &id.genesis.ledger, &q, &memory, err);
    if (good && file_exists(path))
        good = begin_again(dir, path, genesis, &id, err);
    else
        good = good && is_what_was_signed(dir, &id.genesis.ledger, err) &&
               write_all(dir, genesis, &id, &q, err);
    if (good)
        *ret_identity = id;
    buf_free(&memory);
    return good;
}
