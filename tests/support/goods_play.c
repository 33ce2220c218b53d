#include "tests/support/goods_play.h"

#include "common/genesis.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MANY_NAMES 1000
#define MEMORY_SIZE \
    ((size_t)64 << 20) /* of a block's statements; pages that are not used cost nothing */

bool goods_play_fail(struct goods_play *p, uint32_t op, const char *fmt, ...)
{
    va_list ap;
    if (p->why[0] != '\0')
        return false;
    va_start(ap, fmt);
    (void)vsnprintf(p->why, sizeof p->why, fmt, ap);
    va_end(ap);
    p->failed_at = op;
    return false;
}

/* ------------------------------------------------------------------ life */

static void found(struct goods_play *p)
{
    struct buf genesis = buf_heap(1 << 20);
    struct key_pair pair[GOODS_SIGNERS + 1];
    char name[32];
    for (unsigned i = 0; i <= GOODS_SIGNERS; i++) {
        (void)snprintf(name, sizeof name, "goods key %u", i);
        pair[i] = kit_pair(name);
    }
    kit_begin(&p->kit, KIT_T0 - 1000, false);
    for (unsigned i = 0; i < GOODS_MEMBERS; i++)
        kit_add_member(&p->kit, &pair[i], "A company");
    for (unsigned i = GOODS_MEMBERS; i < GOODS_SIGNERS; i++)
        kit_add_key(&p->kit, &pair[i], &pair[goods_reference_member(i)].kid,
                    i < GOODS_DEVICE    ? CLASS_OPERATOR
                    : i == GOODS_DEVICE ? CLASS_DEVICE
                                        : CLASS_AUDITOR);
    kit_add_key(&p->kit, &pair[GOODS_SIGNERS], &pair[0].kid, CLASS_AUTHORITY);
    kit_genesis(&p->kit, &genesis);
    struct genesis g;
    bool good = genesis_decode(buf_slice(&genesis), &g, NULL);
    assert(good);
    for (size_t i = 0; i < g.entry_count; i++) {
        struct slice key, value;
        genesis_next_entry(&g, &key, &value);
        goods_store_set(p->store, key, value);
    }
    for (unsigned i = 0; i < GOODS_SIGNERS; i++)
        kit_signer_begin(&p->by[i], &pair[i], &p->kit.identity.genesis.ledger);
    p->context = (struct execute_context){ .ledger = p->kit.identity.genesis.ledger,
                                           .rules = RULES_VERSION,
                                           .time_ms = KIT_T0 - 1000 };
    buf_free(&genesis);
}

static void begin_block(struct goods_play *p, uint64_t time_ms)
{
    p->context.time_ms = time_ms;
    p->context.height++;
    p->context.parent_hash = crypto_sha256(hash_slice(&p->context.parent_hash));
    p->view = goods_store_view(p->store);
    p->block_count = 0;
    buf_clear(&p->memory);
    execute_begin(p->execution, &p->view, &p->context);
}

static void apply(struct goods_play *p, const struct execute_result *result)
{
    struct sha256 h;
    crypto_sha256_begin(&h);
    crypto_sha256_add(&h, hash_slice(&p->digest));
    crypto_sha256_add(&h, hash_slice(&result->outcomes_root));
    for (size_t i = 0; i < result->write_count; i++) {
        goods_store_set(p->store, result->writes[i].key, result->writes[i].value);
        crypto_sha256_add(&h, result->writes[i].key);
        crypto_sha256_add(&h, result->writes[i].value);
    }
    p->digest = crypto_sha256_end(&h);
}

/* Places are master data: the first block. */
static void say_places(struct goods_play *p)
{
    struct statement st[GOODS_PLACES];
    struct execute_result result;
    begin_block(p, KIT_T0 - 1);
    for (unsigned i = 1; i < GOODS_PLACES; i++) {
        const struct goods_position *at = &goods_reference_places[i];
        struct statement draft = { .kind = KIND_PLACE };
        struct buf out = buf_heap(STATEMENT_MAX);
        struct err err = { .msg = "" };
        if (!at->known)
            continue;
        draft.as.place = (struct place){ .gln = slice_text(goods_play_glns[i]),
                                         .name = slice_text("A place"),
                                         .has_position = true,
                                         .lat = (int64_t)(at->lat * 1e7),
                                         .lon = (int64_t)(at->lon * 1e7) };
        (void)kit_sign(&p->by[0], draft, KIT_T0 - 500, &out);
        struct slice kept = slice_from(buf_slice(&p->memory), p->memory.len, 0);
        buf_add(&p->memory, out.data, out.len);
        kept.len = out.len;
        bool good = statement_decode(kept, &st[i], &err) &&
                    execute_statement(p->execution, &st[i]) == ACCEPTED;
        assert(good);
        buf_free(&out);
    }
    bool good = execute_end(p->execution, &result);
    assert(good);
    apply(p, &result);
}

struct goods_play *goods_play_new(uint64_t seed, const struct goods_world_size *size)
{
    struct goods_play *p = calloc(1, sizeof *p);
    if (p == NULL || !crypto_init())
        abort();
    p->world = goods_world_new(seed, size);
    p->store = goods_store_new();
    p->execution = execution_new();
    p->hashes = calloc(size->operations, sizeof p->hashes[0]);
    p->signed_bytes = calloc(size->operations, sizeof p->signed_bytes[0]);
    p->statements = calloc(GOODS_PLAY_BLOCK, sizeof p->statements[0]);
    p->expected = calloc(GOODS_PLAY_BLOCK, sizeof p->expected[0]);
    p->replay = calloc(5 * size->names, sizeof p->replay[0]);
    p->memory = buf_fixed(malloc(MEMORY_SIZE), MEMORY_SIZE);
    if (p->execution == NULL || p->hashes == NULL || p->signed_bytes == NULL ||
        p->statements == NULL || p->expected == NULL || p->replay == NULL || p->memory.data == NULL)
        abort();
    found(p);
    say_places(p);
    return p;
}

void goods_play_free(struct goods_play *p)
{
    if (p == NULL)
        return;
    goods_world_free(p->world);
    goods_store_free(p->store);
    execution_free(p->execution);
    free(p->hashes);
    free(p->signed_bytes);
    free(p->statements);
    free(p->expected);
    free(p->replay);
    free(p->memory.data);
    free(p);
}

/* ------------------------------------------------------------------ playing */

void goods_play_begin(struct goods_play *p)
{
    begin_block(p, goods_world_block(p->world));
}

static void end_block(struct goods_play *p)
{
    struct execute_result result;
    if (!execute_end(p->execution, &result)) {
        (void)goods_play_fail(p, (uint32_t)p->world->count - 1, "memory ran short");
        return;
    }
    (void)goods_play_hear(p, &result);
    apply(p, &result);
}

bool goods_play_end(struct goods_play *p, bool compare)
{
    end_block(p);
    return p->why[0] == '\0' && (!compare || goods_play_compare(p));
}

static void expect(struct goods_play *p, const struct goods_op *op)
{
    const struct goods_reference *r = p->world->reference;
    struct goods_expected *e = &p->expected[p->block_count++];
    *e = (struct goods_expected){ op, NULL, r->finding_count, r->reveal };
    if (r->finding_count == 0)
        return;
    e->findings = goods_world_room(p->world, r->finding_count * sizeof r->findings[0]);
    memcpy(e->findings, r->findings, r->finding_count * sizeof r->findings[0]);
}

static void count(struct goods_play *p, const struct goods_op *op, enum refusal code)
{
    enum amount_dimension dimension;
    p->codes[code % GOODS_PLAY_CODES]++;
    p->kinds[op->kind % 32][code == ACCEPTED]++;
    if (code == ACCEPTED && op->kind == KIND_COMMISSION && op->what.amount.unit != GOODS_NO_UNIT) {
        goods_wide each = goods_reference_value(op->what.amount, &dimension);
        p->commissioned[dimension] += each * (goods_wide)op->what.names.count;
    }
}

enum refusal goods_play_say(struct goods_play *p, struct goods_op *op)
{
    struct goods_reference *r = p->world->reference;
    struct statement *st = &p->statements[p->block_count];
    *st = goods_play_statement(p, op);
    enum refusal found = execute_statement(p->execution, st);
    if (found == REFUSED_BUSY) { /* the block is full: so it goes into the next */
        struct statement kept = *st;
        struct buf all = p->memory;
        end_block(p);
        goods_reference_block(r, ++p->world->block_ms);
        begin_block(p, p->world->block_ms);
        p->memory = all;
        st = &p->statements[0];
        *st = kept;
        found = execute_statement(p->execution, st);
    }
    /* what is more than one statement may do is for the product to say: then it is not said */
    bool too_much = found == REFUSED_STEPS && op->what.names.count > MANY_NAMES;
    enum refusal code = too_much ? goods_reference_pass_over(r, op) : goods_reference_say(r, op);
    expect(p, op);
    goods_world_note(p->world, op);
    count(p, op, code);
    if (found != code)
        (void)goods_play_fail(p, op->number, "the product says %s, the reference %s%s%s",
                              refusal_name(found), refusal_name(code),
                              r->refused_for == GOODS_NONE ? "" : " for ",
                              r->refused_for == GOODS_NONE ? "" : r->names[r->refused_for].text);
    return found;
}

bool goods_play_run(struct goods_play *p, size_t operations, size_t interval)
{
    struct goods_world *w = p->world;
    size_t compared = w->count;
    while (w->count < operations && p->why[0] == '\0') {
        goods_play_begin(p);
        size_t wanted = 1 + goods_world_pick(w, w->size.block);
        for (; wanted > 0 && w->count < operations && p->why[0] == '\0'; wanted--)
            (void)goods_play_say(p, goods_world_draw(w));
        end_block(p);
        if (p->why[0] != '\0' || (w->count < operations && w->count - compared < interval))
            continue;
        compared = w->count;
        if (goods_play_compare(p))
            p->good = w->count;
    }
    return p->why[0] == '\0';
}

/* ------------------------------------------------------------------ in words */

struct text {
    char *at;
    size_t len, cap;
};

__attribute__((format(printf, 2, 3))) static void add(struct text *t, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(t->at + t->len, t->cap - t->len, fmt, ap);
    va_end(ap);
    if (n > 0)
        t->len = t->len + (size_t)n < t->cap ? t->len + (size_t)n : t->cap - 1;
}

static void add_names(struct text *t, const struct goods_play *p, struct goods_list list)
{
    for (size_t i = 0; i < list.count && i < 6; i++)
        add(t, " %s", p->world->reference->names[list.at[i]].text);
    if (list.count > 6)
        add(t, " … %zu", list.count);
}

static void add_entry(struct text *t, const struct goods_play *p, const struct goods_entry *e)
{
    static const char *const units[] = { "", "mg", "g", "kg", "t", "mL", "L", "m3", "each" };
    add_names(t, p, e->names);
    if (e->amount.unit != GOODS_NO_UNIT)
        add(t, " of %llde%d %s", (long long)e->amount.mantissa, e->amount.exponent,
            units[e->amount.unit]);
    if (e->lot != NULL)
        add(t, " lot \"%s\"", e->lot);
    if (e->expiry_ms != 0)
        add(t, " until %lld", (long long)(e->expiry_ms - KIT_T0));
}

static const char *action_of(const struct goods_op *op)
{
    static const char *const custody[] = { "offer", "accept", "reject", "cancel" };
    static const char *const making[] = { "split", "merge", "transform" };
    if (op->kind == KIND_CUSTODY)
        return custody[op->action];
    if (op->kind == KIND_MAKE)
        return making[op->action];
    if (op->kind == KIND_DISPOSITION)
        return disposition_action_name((enum disposition_action)op->action);
    if (op->kind == KIND_PACK)
        return op->action == 1 ? "unpack" : "";
    return op->detach ? "detach" : "";
}

void goods_play_describe(const struct goods_play *p, const struct goods_op *op, char *text)
{
    struct text t = { text, 0, 512 };
    text[0] = '\0';
    add(&t, "%u @%lld key %u (member %u): %s %s", (unsigned)op->number,
        (long long)(op->time_ms - KIT_T0), op->signer, goods_reference_member(op->signer),
        statement_kind_name(op->kind), action_of(op));
    if (op->role != ROLE_CUSTODIAN)
        add(&t, " of ownership");
    if (op->refers != GOODS_NONE)
        add(&t, " #%u", (unsigned)op->refers);
    if (op->container != GOODS_NONE)
        add(&t, " in %s:", p->world->reference->names[op->container].text);
    add_entry(&t, p, &op->what);
    if (op->kind == KIND_CUSTODY && op->action == CUSTODY_OFFER)
        add(&t, " to %u", op->to);
    if (op->has_missing) {
        add(&t, " but");
        add_names(&t, p, op->missing);
    }
    if (op->has_reading)
        add(&t, " reading #%u", (unsigned)op->reading);
    if (op->expiry_ms != 0)
        add(&t, " until %lld", (long long)(op->expiry_ms - KIT_T0));
    if (op->place != 0)
        add(&t, " at place %u", op->place);
    if (op->in_custody)
        add(&t, " in custody");
    if (op->spoilt)
        add(&t, " spoilt");
    if (op->has_meaning || op->has_reason)
        add(&t, "%s%s", op->has_meaning ? " meaning" : "", op->has_reason ? " reason" : "");
    for (size_t i = 0; i < op->input_count; i++) {
        add(&t, " from");
        add_entry(&t, p, &op->inputs[i]);
    }
    for (size_t i = 0; i < op->output_count; i++) {
        add(&t, " into");
        add_entry(&t, p, &op->outputs[i]);
    }
    add(&t, " -> %s", refusal_name(p->world->reference->said[op->number].code));
}
