#include "node/finding.h"
#include "node/goods.h"
#include "node/instance.h"

#include "common/state_govern.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define EVENTS_MAX  (256u * 1024 * 1024)
#define RECORDS_MAX (BLOCK_STATEMENTS_MAX + OVERLAY_TIMERS_MAX)

struct execution *execution_new(void)
{
    struct execution *x = calloc(1, sizeof *x);
    if (x == NULL)
        return NULL;
    x->overlay = overlay_new();
    x->contracts = contract_cache_new();
    x->frames = instance_frames_new();
    x->judging = judging_room_new();
    x->walk = goods_walk_new();
    x->events = buf_heap(EVENTS_MAX);
    x->details = buf_heap(EVENTS_MAX);
    x->outcome_bytes = buf_heap(EVENTS_MAX);
    x->scratch = buf_heap(EXECUTION_SCRATCH_MAX);
    (void)buf_extend(&x->scratch,
                     EXECUTION_SCRATCH_MAX); /* then what fails is too large, for all */
    x->signer_slots = calloc(SIGNER_SLOTS, sizeof x->signer_slots[0]);
    if (x->overlay == NULL || x->contracts == NULL || x->frames == NULL || x->judging == NULL ||
        x->walk == NULL || x->signer_slots == NULL || x->scratch.failed) {
        execution_free(x);
        return NULL;
    }
    return x;
}

void execution_free(struct execution *x)
{
    if (x == NULL)
        return;
    overlay_free(x->overlay);
    contract_cache_free(x->contracts);
    instance_frames_free(x->frames);
    judging_room_free(x->judging);
    goods_walk_free(x->walk);
    free(x->records);
    free(x->signers);
    free(x->signer_slots);
    free(x->outcomes);
    free(x->leaves);
    buf_free(&x->events);
    buf_free(&x->details);
    buf_free(&x->outcome_bytes);
    buf_free(&x->scratch);
    free(x);
}

/* ------------------------------------------------------------------ records */

static void begin_record(struct execution *x)
{
    x->now = (struct event_span){ .start = x->events.len };
    x->detail[0] = '\0';
    x->claim.made = false;
    x->statement_steps = 0;
    goods_walk_begin(x->walk);
}

static bool grow(void **array, size_t *cap, size_t count, size_t size)
{
    if (count < *cap)
        return true;
    size_t bigger = *cap == 0 ? 1024 : *cap * 2;
    void *memory = realloc(*array, bigger * size);
    if (memory == NULL)
        return false;
    *array = memory;
    *cap = bigger;
    return true;
}

static void end_record(struct execution *x, struct recorded record)
{
    void *records = x->records;
    if (!grow(&records, &x->record_cap, x->record_count, sizeof x->records[0])) {
        x->failed = true;
        return;
    }
    x->records = records;
    x->now.len = x->events.len - x->now.start;
    x->links += x->now.links;
    x->hashed += x->now.hashed;
    record.events = x->now;
    record.detail_start = x->details.len;
    record.detail_len = strlen(x->detail);
    buf_add(&x->details, x->detail, record.detail_len);
    x->records[x->record_count++] = record;
}

/* The slot of kid: its signer's, or the free one it would take. */
static uint32_t *signer_slot(struct execution *x, const struct kid *kid)
{
    uint32_t at;
    memcpy(&at, kid->bytes, sizeof at);
    for (at %= SIGNER_SLOTS; x->signer_slots[at] != 0; at = (at + 1) % SIGNER_SLOTS)
        if (kid_equal(&x->signers[x->signer_slots[at] - 1].kid, kid))
            break;
    return &x->signer_slots[at];
}

static struct signer *find_signer(struct execution *x, const struct kid *kid)
{
    uint32_t number = *signer_slot(x, kid);
    return number == 0 ? NULL : &x->signers[number - 1];
}

/* Notes that the statement of the next record is kid's. */
static bool note_signer(struct execution *x, const struct kid *kid, uint64_t seq, bool refused)
{
    uint32_t *slot = signer_slot(x, kid);
    if (*slot == 0) {
        void *signers = x->signers;
        if (!grow(&signers, &x->signer_cap, x->signer_count, sizeof x->signers[0]))
            return false;
        x->signers = signers;
        x->signers[x->signer_count] =
            (struct signer){ .kid = *kid, .slot = (uint32_t)(slot - x->signer_slots) };
        *slot = (uint32_t)++x->signer_count;
    }
    struct signer *s = &x->signers[*slot - 1];
    s->highest = seq;
    if (refused) {
        if (s->refused_count++ == 0)
            s->first_refused = x->record_count;
        else
            x->records[s->last_refused].next_refused = x->record_count;
        s->last_refused = x->record_count;
    }
    return true;
}

/* Whether one share of so many of what a block may do and take is used up. */
static bool is_full(const struct execution *x, size_t shares)
{
    return x->record_count >= RECORDS_MAX || x->steps >= EXECUTE_STEPS_BLOCK / shares ||
           x->links >= EXECUTE_LINKS_BLOCK / shares || x->hashed >= EXECUTE_HASHED_BLOCK / shares ||
           x->events.len >= EXECUTE_EVENTS_BLOCK / shares ||
           overlay_size(x->overlay) >= EXECUTE_MEMORY_BLOCK / shares;
}

/* ------------------------------------------------------------------ begin: timers */

static void run_timer(struct execution *x, const struct state_key *key)
{
    struct recorded record = { .code = ACCEPTED };
    struct slice id;
    struct slice value;
    if (!execution_get(x, key, &value) ||
        !state_key_take_timer(state_key_slice(key), &record.timer_time_ms, &record.timer_what, &id))
        return; /* an earlier timer of this block took it away */
    overlay_remove(x->overlay, state_key_slice(key));
    begin_record(x);
    overlay_mark(x->overlay); /* a contract's reaction that fails is taken back */
    record.timer_subject = execution_subject_bytes(x, id);
    switch ((enum timer_what)record.timer_what) {
    case TIMER_OPENING_LAPSES: rules_timer_opening(x, id); break;
    case TIMER_SENSOR_SILENT: rules_timer_silence(x, id); break;
    case TIMER_NEVER_HEARD: rules_timer_never_heard(x, id); break;
    case TIMER_OFFER_EXPIRES: rules_timer_offer(x, id); break;
    case TIMER_PROPOSAL_EXPIRES: rules_timer_proposal(x, id); break;
    case TIMER_PROPOSAL_EFFECT: break;
    }
    overlay_settle(x->overlay);
    end_record(x, record);
}

/* What members voted for this height is done before anything else. */
static void run_effects(struct execution *x)
{
    struct hash due[STATE_HASHES_MAX];
    size_t n = rules_govern_due(x, due);
    for (size_t i = 0; i < n; i++) {
        struct recorded record = { .code = ACCEPTED,
                                   .timer_time_ms = x->context.time_ms,
                                   .timer_what = TIMER_PROPOSAL_EFFECT,
                                   .timer_subject =
                                       execution_subject_bytes(x, hash_slice(&due[i])) };
        begin_record(x);
        overlay_mark(x->overlay);
        rules_govern_effect(x, &due[i]);
        overlay_settle(x->overlay);
        end_record(x, record);
    }
}

void execute_begin(struct execution *x, const struct state_view *view,
                   const struct execute_context *context)
{
    x->context = *context;
    x->steps = x->links = x->hashed = 0;
    for (size_t i = 0; i < x->signer_count; i++)
        x->signer_slots[x->signers[i].slot] = 0;
    x->record_count = x->signer_count = x->timer_count = 0;
    x->failed = false;
    buf_clear(&x->events);
    buf_clear(&x->details);
    buf_clear(&x->outcome_bytes);
    overlay_reset(x->overlay, view);
    contract_cache_begin(x->contracts);
    struct state_key parent = state_key_block(context->height - 1);
    state_block_put(execution_value(x), context->height - 1, &context->parent_hash);
    execution_store(x, &parent);
    memset(x->members, 0, sizeof x->members);
    rules_recover(x);
    run_effects(x);
    struct state_key *due = overlay_alloc(x->overlay, OVERLAY_TIMERS_MAX * sizeof *due);
    size_t n = due == NULL ? 0 : view->due(view->ctx, context->time_ms, due, OVERLAY_TIMERS_MAX);
    for (size_t i = 0; i < n && !is_full(x, 2); i++) /* half is for statements; the rest stay due */
        run_timer(x, &due[i]);
    x->timer_count = x->record_count;
}

/* ------------------------------------------------------------------ statements */

static bool load_key(struct execution *x, const struct kid *kid, struct state_key_record *ret_key)
{
    struct state_key key = state_key_kid(TABLE_KEY, kid);
    struct slice value;
    return execution_get(x, &key, &value) && state_key_record_take(value, ret_key);
}

bool execute_key(struct execution *x, const struct kid *kid, uint8_t ret_pub[PUB_SIZE])
{
    struct state_key_record key;
    if (!load_key(x, kid, &key))
        return false;
    memcpy(ret_pub, key.pub, PUB_SIZE);
    return true;
}

uint64_t execute_last_seq(struct execution *x, const struct kid *kid)
{
    struct sequence s;
    execution_load_sequence(x, kid, &s);
    return s.last;
}

bool execute_has_heard(struct execution *x, const struct kid *kid, uint64_t seq)
{
    const struct signer *s = find_signer(x, kid);
    return s != NULL && seq <= s->highest;
}

static void store_sequence(struct execution *x, const struct kid *kid, const struct sequence *s)
{
    struct state_key key = state_key_kid(TABLE_SEQUENCE, kid);
    sequence_put(execution_value(x), s);
    execution_store(x, &key);
}

static uint64_t anchor_flags(struct execution *x, const struct anchor *a)
{
    struct slice value;
    uint64_t height;
    struct hash hash;
    if (!a->present)
        return 0;
    struct state_key key = state_key_block(a->height);
    if (execution_get(x, &key, &value) && state_block_take(value, &height, &hash) &&
        height == a->height && memcmp(hash.bytes, a->hash, ANCHOR_HASH_SIZE) == 0)
        return 0;
    return FLAG_UNCHECKED;
}

/* Keys of a member that was removed are turned away: effects ran before the block's statements. */
static bool is_of_removed_member(struct execution *x, const struct kid *member)
{
    if (x->context.rules < EXECUTE_RULES_GOVERN)
        return false;
    struct member_memo *memo = &x->members[member->bytes[0] % EXECUTION_MEMBER_MEMOS];
    if (!memo->known || !kid_equal(&memo->member, member))
        *memo = (struct member_memo){ .known = true,
                                      .active = execution_member_active(x, member),
                                      .member = *member };
    return !memo->active;
}

static bool is_government(enum statement_kind kind)
{
    return kind == KIND_EVIDENCE || kind == KIND_NODE ||
           (kind >= KIND_PROPOSE && kind <= KIND_WITHDRAW);
}

/* What a kind of statement is about, rules came to know by versions; and a node's key speaks of nodes only. */
static enum refusal check_kind(struct execution *x, const struct speaker *by)
{
    if (x->context.rules < EXECUTE_RULES_GOVERN)
        return is_government(by->st->kind) ? REFUSED_NOT_ALLOWED : ACCEPTED;
    return by->key.class == CLASS_AUTHORITY && by->st->kind != KIND_EVIDENCE &&
                   by->st->kind != KIND_NODE
               ? REFUSED_NOT_ALLOWED
               : ACCEPTED;
}

static enum refusal apply(struct execution *x, const struct speaker *by)
{
    switch (by->st->kind) {
    case KIND_READING: return rules_reading(x, by);
    case KIND_CUSTODY: return rules_custody(x, by);
    case KIND_COMMISSION: return rules_commission(x, by);
    case KIND_ATTACH: return rules_attach(x, by);
    case KIND_ENROL: return rules_enrol(x, by);
    case KIND_REVOKE: return rules_revoke(x, by);
    case KIND_PRODUCT:
    case KIND_PLACE:
    case KIND_PARTY: return rules_master_data(x, by);
    case KIND_OPEN: return rules_open(x, by);
    case KIND_AGREE: return rules_agree(x, by);
    case KIND_SCAN: return rules_scan(x, by);
    case KIND_EVIDENCE: return rules_evidence(x, by);
    case KIND_CALL: return rules_call(x, by);
    case KIND_DOCUMENT: return rules_document(x, by);
    case KIND_PROPOSE: return rules_propose(x, by);
    case KIND_BALLOT: return rules_ballot(x, by);
    case KIND_WITHDRAW: return rules_withdraw_proposal(x, by);
    case KIND_PACK: return rules_pack(x, by);
    case KIND_MAKE: return rules_make(x, by);
    case KIND_DISPOSITION: return rules_disposition(x, by);
    case KIND_DISPUTE: return rules_dispute(x, by);
    case KIND_CERTIFICATE: return rules_certificate(x, by);
    case KIND_CERTIFICATE_REVOKE: return rules_certificate_revoke(x, by);
    case KIND_CORRECTION: return rules_correction(x, by);
    case KIND_LABEL_SEAL: return rules_label_seal(x, by);
    case KIND_LABEL_REVEAL: return rules_label_reveal(x, by);
    case KIND_NODE: return rules_node(x, by);
    }
    return REFUSED_MALFORMED;
}

static void emit_sequence_events(struct execution *x, const struct statement *st, enum refusal code,
                                 const struct sequence_lost *lost)
{
    if (code != REFUSED_CLONE && !lost->happened)
        return;
    struct slice subject = execution_subject_bytes(x, kid_slice(&st->kid));
    if (lost->happened) {
        struct buf *data = execution_emit(x, EVENT_LOST, subject, st->link.time_ms, 2);
        cbor_put_uint(data, lost->from);
        cbor_put_uint(data, lost->to);
    }
    if (code == REFUSED_CLONE)
        cbor_put_uint(execution_emit(x, EVENT_CLONE, subject, st->link.time_ms, 1), st->link.seq);
}

/* A key's seqs rise within a block; a revoked key's, which fills its gaps from above, fall. */
static bool in_order(struct execution *x, const struct statement *st, bool revoked)
{
    const struct signer *s = find_signer(x, &st->kid);
    return s == NULL || (revoked ? st->link.seq < s->highest : st->link.seq > s->highest);
}

/* Runs the statement's rule; a refused statement leaves nothing but its seq. */
static enum refusal apply_or_undo(struct execution *x, const struct speaker *by)
{
    const struct event_span events = x->now;
    const size_t events_len = x->events.len;
    const uint64_t flags = *by->flags;
    overlay_mark(x->overlay);
    enum refusal code = check_kind(x, by);
    if (code == ACCEPTED)
        code = apply(x, by);
    if (code == ACCEPTED && execution_is_over(x)) {
        execution_explain(x, "more events or steps than one statement may cause; name goods by "
                             "ranges, or fewer at a time");
        code = REFUSED_STEPS;
    }
    if (code != ACCEPTED) {
        overlay_undo(x->overlay);
        x->now = events;
        x->events.len = events_len;
        *by->flags = flags;
        finding_tell_claim(x, by);
    }
    overlay_settle(x->overlay);
    return code;
}

enum refusal execute_statement(struct execution *x, const struct statement *st)
{
    struct speaker by = { .st = st };
    struct sequence sequence;
    struct sequence_lost lost;
    uint64_t flags;
    if (is_full(x, 1))
        return REFUSED_BUSY;
    if (!load_key(x, &st->kid, &by.key))
        return REFUSED_UNKNOWN_KEY;
    if (is_of_removed_member(x, &by.key.member))
        return REFUSED_REVOKED;
    /* "from the next block": a revocation in this very block does not touch it yet */
    by.key.revoked = by.key.revoked && by.key.revoked_height < x->context.height;
    execution_load_sequence(x, &st->kid, &sequence);
    if (!in_order(x, st, by.key.revoked))
        return REFUSED_OUTSIDE;
    enum refusal code = sequence_enter(&sequence, st, &by.key, &flags, &lost);
    if (code != ACCEPTED && code != REFUSED_CLONE)
        return code;
    begin_record(x);
    store_sequence(x, &st->kid, &sequence);
    flags |= anchor_flags(x, &st->link.anchor);
    if (st->link.time_ms > x->context.time_ms + FUTURE_ALLOWED_MS)
        flags |= FLAG_FUTURE;
    if (by.key.revoked && st->link.time_ms >= by.key.revoked_from_ms)
        flags |= FLAG_SUSPECT;
    by.flags = &flags;
    emit_sequence_events(x, st, code, &lost);
    if (code == ACCEPTED)
        code = apply_or_undo(x, &by);
    if (!note_signer(x, &st->kid, st->link.seq, code != ACCEPTED))
        x->failed = true;
    end_record(x, (struct recorded){ .st = st, .code = code, .flags = flags });
    return code;
}
