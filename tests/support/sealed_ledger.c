#include "tests/support/sealed_ledger.h"

#include "common/block.h"
#include "common/node_record.h"
#include "node/founding.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DAY_MS    86400000u
#define BATCH     2000
#define SEALS_MAX (AUTHORITY_MAX * (SEAL_SIZE_MAX + 4))

static void check(bool good, const char *what)
{
    if (good)
        return;
    (void)fprintf(stderr, "sealed ledger: %s\n", what);
    abort();
}

static struct key_pair named(const char *what, size_t n)
{
    char name[64];
    (void)snprintf(name, sizeof name, "sealed %s %zu", what, n);
    return kit_pair(name);
}

static bool read_state(void *ctx, struct slice key, struct buf *value)
{
    const struct sealed_ledger *l = ctx;
    return store_state_get(l->store, key, value, NULL);
}

static bool load_entry(void *ctx, const struct hash *key_hash, struct slice key, struct slice value)
{
    struct sealed_ledger *l = ctx;
    return chain_load_entry(&l->chain, key_hash, key, value);
}

static void begin(struct sealed_ledger *l)
{
    l->context = chain_next(&l->chain, l->chain.head.time_ms + 1000);
    execute_begin(l->execution, &l->chain.view, &l->context);
}

static void found(struct sealed_ledger *l)
{
    static struct key_pair members[SEALED_COMPANIES_MAX], nodes[SEALED_COMPANIES_MAX];
    static char names[SEALED_COMPANIES_MAX][16];
    struct buf genesis = buf_heap(GENESIS_SIZE_MAX), law = buf_heap(CONSTITUTION_SIZE_MAX);
    struct constitution c = constitution_default();
    struct founding f = { .time_ms = KIT_T0,
                          .opening_wait_ms = FOUNDING_OPENING_WAIT_MS,
                          .member_count = l->companies };
    struct err err = { .msg = "" };
    constitution_put(&law, &c);
    f.constitution = buf_slice(&law);
    for (size_t i = 0; i < l->companies; i++) {
        (void)snprintf(names[i], sizeof names[i], "Company %zu", i);
        members[i] = named("member", i);
        nodes[i] = named("node", i);
        l->keys[l->key_count++] = nodes[i];
        f.members[i] = (struct founding_member){ .name = names[i],
                                                 .key = &members[i],
                                                 .authority = &nodes[i] };
    }
    check(founding_make(&f, &genesis, &l->identity, &err) &&
              store_create(l->dir, buf_slice(&genesis), &err) &&
              store_open(l->dir, STORE_WRITE, &l->store, &err),
          err.msg);
    for (size_t i = 0; i < l->companies; i++) {
        kit_signer_begin(&l->member[i], &members[i], &l->identity.genesis.ledger);
        kit_signer_begin(&l->node[i], &nodes[i], &l->identity.genesis.ledger);
    }
    buf_free(&genesis);
    buf_free(&law);
}

struct sealed_ledger *sealed_new(size_t companies)
{
    struct header head;
    struct err err = { .msg = "" };
    struct sealed_ledger *l = calloc(1, sizeof *l);
    check(l != NULL && crypto_init() && companies <= SEALED_COMPANIES_MAX, "memory");
    l->companies = companies;
    l->execution = execution_new();
    l->statements = calloc(SEALED_STATEMENTS_MAX, sizeof l->statements[0]);
    l->bytes = calloc(SEALED_STATEMENTS_MAX, sizeof l->bytes[0]);
    check(l->execution != NULL && l->statements != NULL && l->bytes != NULL, "memory");
    /* In memory where that is possible: what a disk does is not what is looked at. */
    (void)snprintf(l->dir, sizeof l->dir, "/dev/shm/waybill-test-XXXXXX");
    if (mkdtemp(l->dir) == NULL)
        (void)snprintf(l->dir, sizeof l->dir, "/tmp/waybill-test-XXXXXX");
    check(access(l->dir, W_OK) == 0 || mkdtemp(l->dir) != NULL, "no folder under /tmp");
    found(l);
    check(chain_init(&l->chain, read_state, l) && store_head(l->store, &head, NULL, &err) &&
              store_state_each(l->store, load_entry, l, &err) &&
              chain_load_head(&l->chain, &head, store_tree_fetch, l->store, &err),
          err.msg);
    begin(l);
    return l;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st;
    (void)type;
    (void)at;
    return remove(path);
}

void sealed_free(struct sealed_ledger *l)
{
    chain_free(&l->chain);
    store_close(l->store);
    execution_free(l->execution);
    (void)nftw(l->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    for (size_t i = 0; i < l->count; i++)
        buf_free(&l->bytes[i]);
    free(l->statements);
    free(l->bytes);
    buf_free(&l->recovery_bytes);
    free(l);
}

/* ------------------------------------------------------------------ blocks */

void sealed_say(struct sealed_ledger *l, struct kit_signer *by, struct statement draft)
{
    struct err err = { .msg = "" };
    uint8_t pub[PUB_SIZE];
    check(l->count < SEALED_STATEMENTS_MAX, "too many statements in a block");
    struct statement *st = &l->statements[l->count];
    struct buf *bytes = &l->bytes[l->count++];
    *bytes = buf_heap(STATEMENT_MAX);
    l->last = kit_sign(by, draft, l->context.time_ms, bytes);
    check(statement_decode(buf_slice(bytes), st, &err), err.msg);
    check(execute_key(l->execution, &st->kid, pub), "an unknown key signs");
    enum refusal code = execute_statement(l->execution, st);
    check(code == ACCEPTED, refusal_name(code));
}

/* As few as make a quorum, of those in force at this block. */
static void put_seals(struct sealed_ledger *l, const struct header *h, uint64_t round,
                      struct buf *out)
{
    const struct authority_set *set = &l->chain.next;
    size_t left = authority_set_quorum(set);
    uint8_t memory[SEAL_SIZE_MAX];
    cbor_put_array(out, left);
    for (size_t i = 0; i < set->count && left > 0; i++)
        for (size_t k = 0; k < l->key_count && left > 0; k++) {
            struct buf seal = buf_fixed(memory, sizeof memory);
            if (!kid_equal(&l->keys[k].kid, &set->at[i].kid))
                continue;
            seal_sign(h, round, &l->keys[k], &seal);
            cbor_put_bytes(out, buf_slice(&seal));
            left--;
            break;
        }
    check(left == 0, "an authority whose key is not here");
}

static void store_it(struct sealed_ledger *l, const struct header *h,
                     const struct execute_result *result, uint64_t round)
{
    struct err err = { .msg = "" };
    struct hash *hashes = calloc(l->count + 1, sizeof *hashes);
    struct slice *statements = calloc(l->count + 1, sizeof *statements);
    struct buf seals = buf_heap(SEALS_MAX), block = buf_heap(BLOCK_SIZE_MAX);
    check(hashes != NULL && statements != NULL, "memory");
    put_seals(l, h, round, &seals);
    block_put_head(&block, h, l->count);
    for (size_t i = 0; i < l->count; i++) {
        hashes[i] = l->statements[i].hash;
        statements[i] = buf_slice(&l->bytes[i]);
        block_put_statement(&block, statements[i]);
    }
    const struct commit c = { .header = *h,
                              .seals = buf_slice(&seals),
                              .block = buf_slice(&block),
                              .statement_count = l->count,
                              .statements = statements,
                              .statement_hashes = hashes,
                              .outcome_count = result->outcome_count,
                              .outcomes = result->outcomes,
                              .write_count = result->write_count,
                              .writes = result->writes };
    check(!block.failed && store_commit(l->store, &c, &err), err.msg);
    buf_free(&seals);
    buf_free(&block);
    free(hashes);
    free(statements);
}

void sealed_block(struct sealed_ledger *l, uint64_t round)
{
    struct execute_result result;
    struct header h;
    struct hash hashes[SEALED_STATEMENTS_MAX];
    for (size_t i = 0; i < l->count; i++)
        hashes[i] = l->statements[i].hash;
    struct chain_block block = { l->chain.next.at[0].kid, hashes, l->count };
    check(execute_end(l->execution, &result) &&
              chain_try(&l->chain, &l->context, &block, &result, &h),
          "memory");
    store_it(l, &h, &result, round);
    check(chain_keep(&l->chain), "memory");
    for (size_t i = 0; i < l->count; i++)
        buf_free(&l->bytes[i]);
    l->count = 0;
    begin(l);
}

void sealed_blocks(struct sealed_ledger *l, size_t count)
{
    while (count-- > 0)
        sealed_block(l, 0);
}

void sealed_enrol(struct sealed_ledger *l, size_t count)
{
    const struct kid *sponsor = &l->member[0].key.kid;
    for (; count > 0; count--) {
        struct key_pair device = named("device", l->devices++);
        sealed_say(l, &l->member[0],
                   kit_enrol(&device, &l->identity.genesis.ledger, sponsor, CLASS_DEVICE));
        if (l->count == BATCH || count == 1)
            sealed_block(l, 0);
    }
}

/* ------------------------------------------------------------------ governance */

/* Proposed by the last member, voted for by all until it has passed. */
static void decide(struct sealed_ledger *l, enum govern_action action,
                   const struct proposal_body *what)
{
    struct buf body = buf_heap(PROPOSAL_BODY_MAX);
    struct statement s = { .kind = KIND_PROPOSE };
    proposal_body_put(&body, action, what);
    s.as.proposal = (struct proposal){ .action = action,
                                       .body = buf_slice(&body),
                                       .expires_ms = l->context.time_ms + DAY_MS };
    sealed_say(l, &l->member[l->companies - 1], s);
    struct statement ballot = { .kind = KIND_BALLOT };
    ballot.as.ballot = (struct ballot){ .proposal = l->last,
                                        .yes = true,
                                        .set = authority_set_hash(&l->chain.next) };
    size_t needed = authority_set_quorum(&l->chain.next);
    for (size_t i = 0; i < needed; i++)
        sealed_say(l, &l->member[i], ballot);
    sealed_block(l, 0);
    sealed_block(l, 0); /* it takes effect */
    buf_free(&body);
}

void sealed_rotate(struct sealed_ledger *l, size_t company)
{
    static const uint8_t token[HALF_SIZE] = { 7 };
    struct key_pair fresh = named("node", l->key_count);
    struct buf request = buf_heap(ENROL_REQUEST_MAX);
    struct proposal_body what = { .until_ms = l->context.time_ms + DAY_MS };
    struct statement s = { .kind = KIND_NODE };
    struct hash before = authority_set_hash(&l->chain.next);
    enrol_request_sign(&fresh, &l->identity.genesis.ledger, &l->member[company].key.kid, token,
                       &request);
    what.request = buf_slice(&request);
    decide(l, ACTION_ADD_AUTHORITY, &what);
    l->keys[l->key_count++] = fresh;
    kit_signer_begin(&l->node[company], &fresh, &l->identity.genesis.ledger);
    s.as.node =
        (struct node_announce){ { slice_text("127.0.0.1:18830"),
                                  slice_text("https://127.0.0.1:18840"), slice_text("DER") },
                                true };
    s.link.anchor = (struct anchor){ .present = true, .height = l->chain.head.height };
    memcpy(s.link.anchor.hash, l->chain.head_hash.bytes, ANCHOR_HASH_SIZE);
    sealed_say(l, &l->node[company], s);
    sealed_block(l, 0);
    struct hash after = authority_set_hash(&l->chain.next);
    check(!hash_equal(&before, &after), "the set has not changed");
    buf_free(&request);
}

void sealed_remove(struct sealed_ledger *l, size_t company)
{
    struct proposal_body what = { .kid = l->node[company].key.kid };
    size_t before = l->chain.next.count;
    decide(l, ACTION_REMOVE_AUTHORITY, &what);
    check(l->chain.next.count + 1 == before, "the authority has not left");
}

/* ------------------------------------------------------------------ recovery */

/* Signed by all of the last set, in order of their keys, as the set is. */
static size_t sign_recovery(struct sealed_ledger *l, struct slice body,
                            struct recovery_signature *signatures)
{
    const struct authority_set *set = &l->chain.next;
    for (size_t i = 0; i < set->count; i++)
        for (size_t k = 0; k < l->key_count; k++)
            if (kid_equal(&l->keys[k].kid, &set->at[i].kid))
                recovery_sign(body, &l->keys[k], &signatures[i]);
    return set->count;
}

void sealed_recover(struct sealed_ledger *l)
{
    static const uint8_t token[HALF_SIZE] = { 9 };
    static struct recovery_draft d;
    struct recovery_signature signatures[AUTHORITY_MAX];
    struct buf requests[SEALED_COMPANIES_MAX], body = buf_heap(RECOVERY_SIZE_MAX);
    struct err err = { .msg = "" };
    d = (struct recovery_draft){ .ledger = l->identity.genesis.ledger,
                                 .tip = l->chain.head_hash,
                                 .height = l->chain.head.height,
                                 .time_ms = l->context.time_ms,
                                 .reason = slice_text("a fire"),
                                 .count = l->companies };
    size_t before = l->key_count;
    for (size_t i = 0; i < l->companies; i++) {
        struct key_pair fresh = named("node", before + i);
        requests[i] = buf_heap(ENROL_REQUEST_MAX);
        enrol_request_sign(&fresh, &l->identity.genesis.ledger, &l->member[i].key.kid, token,
                           &requests[i]);
        d.nodes[i].request = buf_slice(&requests[i]);
        d.nodes[i].record =
            (struct node_record){ slice_text("127.0.0.1:18830"),
                                  slice_text("https://127.0.0.1:18840"), slice_text("DER") };
        l->keys[l->key_count++] = fresh;
        kit_signer_begin(&l->node[i], &fresh, &l->identity.genesis.ledger);
    }
    recovery_put_body(&body, &d);
    size_t count = sign_recovery(l, buf_slice(&body), signatures);
    buf_free(&l->recovery_bytes);
    l->recovery_bytes = buf_heap(RECOVERY_SIZE_MAX);
    recovery_put(&l->recovery_bytes, buf_slice(&body), signatures, count);
    check(recovery_decode(buf_slice(&l->recovery_bytes), &l->recovery, &err) &&
              chain_recover(&l->chain, &l->recovery, &err),
          err.msg);
    begin(l);
    sealed_block(l, 0);
    for (size_t i = 0; i < l->companies; i++)
        buf_free(&requests[i]);
    buf_free(&body);
}
