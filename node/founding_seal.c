/* Founders' signatures: putting them under a draft, and finding that all are there and hold. */
#include "node/founding.h"

#include "common/state_key.h"
#include "common/state_value.h"
#include "node/state_tree.h"

#include <stdlib.h>
#include <string.h>

struct founder {
    struct kid kid;
    uint8_t pub[PUB_SIZE];
    const struct founding_signature *signature;
};

struct founders {
    size_t count;
    struct founder at[FOUNDING_MEMBERS_MAX];
};

static struct founder *find(struct founders *f, const struct kid *kid)
{
    for (size_t i = 0; i < f->count; i++)
        if (kid_equal(&f->at[i].kid, kid))
            return &f->at[i];
    return NULL;
}

/* Of a fork's entries, those of members that do not go along found nothing. */
static bool is_active(const struct genesis *g, const struct kid *kid)
{
    struct genesis walk = *g;
    struct state_key wanted = state_key_kid(TABLE_MEMBER, kid);
    for (size_t i = 0; i < g->entry_count; i++) {
        struct slice key, value;
        struct state_member member;
        genesis_next_entry(&walk, &key, &value);
        if (slice_equal(key, state_key_slice(&wanted)))
            return state_member_take(value, &member) && member.active;
    }
    return false;
}

/* Entries come in order of key bytes, so founders in order of kid: as their signatures must stand. */
static bool take_founders(const struct genesis *g, struct founders *ret_f, struct err *err)
{
    struct genesis walk = *g;
    ret_f->count = 0;
    for (size_t i = 0; i < g->entry_count; i++) {
        struct slice key, value;
        struct state_key_record record;
        genesis_next_entry(&walk, &key, &value);
        if (state_key_table(key) != TABLE_KEY || !state_key_record_take(value, &record) ||
            record.class != CLASS_MEMBER || record.revoked || !is_active(g, &record.member))
            continue;
        if (ret_f->count == FOUNDING_MEMBERS_MAX)
            return err_set(err, ERR_INPUT, "more than %d founders", FOUNDING_MEMBERS_MAX);
        struct founder *f = &ret_f->at[ret_f->count++];
        *f = (struct founder){ .kid = key_kid(record.pub) };
        memcpy(f->pub, record.pub, PUB_SIZE);
    }
    return ret_f->count > 0 || err_set(err, ERR_INPUT, "nobody founds this ledger");
}

/* The name that the genesis gives a founder, for complaints. */
static struct slice name_of(const struct genesis *g, const struct kid *kid)
{
    struct genesis walk = *g;
    struct state_key wanted = state_key_kid(TABLE_MEMBER, kid);
    for (size_t i = 0; i < g->entry_count; i++) {
        struct slice key, value;
        struct state_member member;
        genesis_next_entry(&walk, &key, &value);
        if (slice_equal(key, state_key_slice(&wanted)) && state_member_take(value, &member))
            return member.name;
    }
    return slice_text("a founder without a name");
}

static bool match(struct founders *f, const struct genesis *g,
                  const struct founding_signature *signatures, size_t count, struct err *err)
{
    for (size_t i = 0; i < count; i++) {
        struct founder *by = find(f, &signatures[i].kid);
        if (by == NULL)
            return err_set(err, ERR_PROOF, "signature %zu is of nobody who founds this ledger",
                           i + 1);
        struct slice name = name_of(g, &by->kid);
        if (!genesis_verify(&g->header.ledger, signatures[i].sig, by->pub))
            return err_set(err, ERR_PROOF, "the signature of %.*s does not hold for this ledger",
                           (int)name.len, (const char *)name.data);
        by->signature = &signatures[i];
    }
    return true;
}

static bool all_signed(const struct founders *f, const struct genesis *g, struct err *err)
{
    for (size_t i = 0; i < f->count; i++) {
        if (f->at[i].signature != NULL)
            continue;
        struct slice name = name_of(g, &f->at[i].kid);
        return err_set(err, ERR_NOT_FOUND, "%.*s has not signed; every founder must", (int)name.len,
                       (const char *)name.data);
    }
    return true;
}

static void put_signatures(const struct founders *f, struct buf *out)
{
    cbor_put_array(out, f->count);
    for (size_t i = 0; i < f->count; i++) {
        cbor_put_array(out, 2);
        kid_put(out, &f->at[i].kid);
        cbor_put_bytes(out, slice_of(f->at[i].signature->sig, SIG_SIZE));
    }
}

bool founding_seal(struct slice draft, const struct founding_signature *signatures, size_t count,
                   struct buf *out, struct err *err)
{
    struct genesis g;
    struct founders f;
    if (!genesis_decode(draft, &g, err) || !take_founders(&g, &f, err))
        return false;
    if (g.signature_count > 0)
        return err_set(err, ERR_INPUT, "this is no draft: it is signed already");
    if (!match(&f, &g, signatures, count, err) || !all_signed(&f, &g, err))
        return false;
    buf_add_slice(out, slice_from(draft, 0, draft.len - 1)); /* all but the empty list */
    put_signatures(&f, out);
    return !out->failed || err_set(err, ERR_IO, "the genesis file is too large");
}

/* ------------------------------------------------------------------ checking */

struct checking {
    struct state_tree *tree;
    bool has_set;
    struct authority_set set;
};

static bool take_entries(const struct genesis *g, struct checking *c)
{
    struct genesis walk = *g;
    struct state_key sets = state_key_plain(TABLE_SETS);
    for (size_t i = 0; i < g->entry_count; i++) {
        struct slice key, value, set, next;
        genesis_next_entry(&walk, &key, &value);
        struct hash key_hash = crypto_sha256(key), value_hash = crypto_sha256(value);
        if (!state_tree_set(c->tree, &key_hash, &value_hash))
            return false;
        if (slice_equal(key, state_key_slice(&sets)))
            c->has_set = state_sets_take(value, &set, &next) && slice_equal(set, next) &&
                         authority_set_decode(set, &c->set, NULL);
    }
    return true;
}

/* The entries are those that the header binds, and the set of authorities is among them. */
static bool check_state(const struct genesis *g, struct identity *id, struct err *err)
{
    struct checking *c = calloc(1, sizeof *c);
    bool good = c != NULL && (c->tree = state_tree_new()) != NULL && take_entries(g, c);
    if (!good) {
        (void)err_set(err, ERR_IO, "out of memory");
    } else {
        struct hash root = state_tree_root(c->tree), set = { { 0 } };
        if (c->has_set)
            set = authority_set_hash(&c->set);
        good = (hash_equal(&root, &g->header.state) && c->has_set &&
                hash_equal(&set, &g->header.set)) ||
               err_set(err, ERR_PROOF, "genesis: its entries are not those that its header binds");
    }
    if (good)
        *id = (struct identity){ .genesis = g->header, .set = c->set };
    if (c != NULL)
        state_tree_free(c->tree);
    free(c);
    return good;
}

bool founding_check(struct slice file, bool sealed, struct identity *ret_identity, struct err *err)
{
    struct genesis g;
    struct founders f;
    struct founding_signature signatures[FOUNDING_MEMBERS_MAX];
    struct identity id;
    if (!genesis_decode(file, &g, err) || !take_founders(&g, &f, err))
        return false;
    if (g.signature_count > FOUNDING_MEMBERS_MAX)
        return err_set(err, ERR_INPUT, "genesis: more than %d signatures", FOUNDING_MEMBERS_MAX);
    struct genesis walk = g;
    for (size_t i = 0; i < g.signature_count; i++) {
        const uint8_t *sig;
        genesis_next_signature(&walk, &signatures[i].kid, &sig);
        memcpy(signatures[i].sig, sig, SIG_SIZE);
    }
    if (!match(&f, &g, signatures, g.signature_count, err) ||
        (sealed && !all_signed(&f, &g, err)) || !check_state(&g, &id, err))
        return false;
    *ret_identity = id;
    return true;
}

/* ------------------------------------------------------------------ all at once */

bool founding_make(const struct founding *f, struct buf *out, struct identity *ret_identity,
                   struct err *err)
{
    struct founding_plan *plan = calloc(1, sizeof *plan);
    struct founding_signature signatures[FOUNDING_MEMBERS_MAX];
    struct buf draft = buf_heap(GENESIS_SIZE_MAX);
    bool ok = f->member_count <= FOUNDING_MEMBERS_MAX;
    if (plan == NULL)
        return err_set(err, ERR_IO, "out of memory");
    if (!ok)
        (void)err_set(err, ERR_INPUT, "%zu members, expected 1-%d", f->member_count,
                      FOUNDING_MEMBERS_MAX);
    if (ok) {
        plan->time_ms = f->time_ms;
        plan->demo = f->demo;
        plan->opening_wait_ms = f->opening_wait_ms;
        plan->name = f->name;
        plan->constitution = f->constitution;
        plan->count = f->member_count;
    }
    for (size_t i = 0; ok && i < f->member_count; i++) {
        const struct founding_member *m = &f->members[i];
        plan->parties[i] = (struct founding_party){
            .name = slice_text(m->name),
            .pub = m->key->pub,
            .authority = m->authority != NULL ? m->authority->pub : NULL,
            .node = m->node,
            .roles = m->roles,
        };
    }
    ok = ok && founding_draft(plan, &draft, ret_identity, err);
    for (size_t i = 0; ok && i < f->member_count; i++) {
        signatures[i].kid = f->members[i].key->kid;
        genesis_sign(&ret_identity->genesis.ledger, f->members[i].key, signatures[i].sig);
    }
    ok = ok && founding_seal(buf_slice(&draft), signatures, f->member_count, out, err);
    buf_free(&draft);
    free(plan);
    return ok;
}
