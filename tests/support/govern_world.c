#include "tests/support/govern_world.h"

#include "common/state_key.h"
#include "common/state_value.h"
#include "node/founding.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STATEMENTS_MAX 512 /* of one block */

static const char *const slots[GW_KEYS] = { "", "-second", "-node", "-spare", "-third", "-device" };

static void check(bool good, const char *what)
{
    if (good)
        return;
    (void)fprintf(stderr, "govern world: %s\n", what);
    abort();
}

static void name_of(size_t company, size_t slot, char name[16])
{
    (void)snprintf(name, 16, "%c%s", (char)('A' + company), slots[slot]);
}

/* ------------------------------------------------------------------ life */

static void found(struct govern_world *w, size_t members, size_t authorities,
                  const struct constitution *c)
{
    static struct key_pair pairs[GW_COMPANIES][GW_KEYS];
    static char names[GW_COMPANIES][16];
    struct buf genesis = buf_heap(GENESIS_SIZE_MAX), constitution = buf_heap(CONSTITUTION_SIZE_MAX);
    struct founding f = { .time_ms = KIT_T0, .opening_wait_ms = 300000, .member_count = members };
    struct identity id;
    struct err err = { .msg = "" };
    for (size_t i = 0; i < GW_COMPANIES; i++) {
        for (size_t k = 0; k < GW_KEYS; k++) {
            name_of(i, k, names[i]);
            pairs[i][k] = kit_pair(names[i]);
        }
        name_of(i, GW_MEMBER, names[i]);
    }
    if (c != NULL)
        constitution_put(&constitution, c);
    f.constitution = buf_slice(&constitution);
    for (size_t i = 0; i < members; i++)
        f.members[i] =
            (struct founding_member){ .name = names[i],
                                      .key = &pairs[i][GW_MEMBER],
                                      .authority = i < authorities ? &pairs[i][GW_NODE] : NULL };
    check(founding_make(&f, &genesis, &id, &err), err.msg);
    memory_state_load(w->state, buf_slice(&genesis));
    w->id = id.genesis.ledger;
    w->founders = id.set;
    w->head = header_hash(&id.genesis);
    for (size_t i = 0; i < GW_COMPANIES; i++)
        for (size_t k = 0; k < GW_KEYS; k++)
            kit_signer_begin(&w->by[i][k], &pairs[i][k], &w->id);
    buf_free(&genesis);
    buf_free(&constitution);
}

static size_t none_due(void *ctx, uint64_t time_ms, struct state_key *ret_keys, size_t max)
{
    (void)ctx;
    (void)time_ms;
    (void)ret_keys;
    (void)max;
    return 0;
}

static void begin(struct govern_world *w, uint64_t ms)
{
    w->context = (struct execute_context){ .ledger = w->id,
                                           .rules = RULES_VERSION,
                                           .height = w->context.height + 1,
                                           .time_ms = w->context.time_ms + ms,
                                           .parent_hash = w->head };
    w->view = memory_state_view(w->state);
    if (w->late)
        w->view.due = none_due;
    execute_begin(w->execution, &w->view, &w->context);
}

struct govern_world *gw_new(size_t members, size_t authorities, const struct constitution *c)
{
    struct govern_world *w = calloc(1, sizeof *w);
    check(w != NULL && crypto_init(), "memory");
    w->state = memory_state_new();
    w->execution = execution_new();
    w->statements = calloc(STATEMENTS_MAX, sizeof w->statements[0]);
    w->bytes = calloc(STATEMENTS_MAX, sizeof w->bytes[0]);
    check(w->execution != NULL && w->statements != NULL && w->bytes != NULL, "memory");
    found(w, members, authorities, c);
    w->context.time_ms = KIT_T0;
    begin(w, GW_BLOCK_MS);
    return w;
}

static void forget(struct govern_world *w)
{
    for (size_t i = 0; i < w->count; i++)
        buf_free(&w->bytes[i]);
    w->count = 0;
}

void gw_free(struct govern_world *w)
{
    forget(w);
    memory_state_free(w->state);
    execution_free(w->execution);
    free(w->statements);
    free(w->bytes);
    free(w);
}

/* ------------------------------------------------------------------ events as text */

struct text {
    char *at;
    size_t len;
};

__attribute__((format(printf, 2, 3))) static void add(struct text *t, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(t->at + t->len, GW_TEXT - t->len, fmt, ap);
    va_end(ap);
    check(n >= 0 && (size_t)n < GW_TEXT - t->len, "an event's text is too long");
    t->len += (size_t)n;
}

static void add_bytes(struct text *t, const struct govern_world *w, struct slice s)
{
    char name[16];
    for (size_t i = 0; s.len == KID_SIZE && i < GW_COMPANIES; i++)
        for (size_t k = 0; k < GW_KEYS; k++)
            if (slice_equal(s, kid_slice(&w->by[i][k].key.kid))) {
                name_of(i, k, name);
                add(t, " %s", name);
                return;
            }
    for (size_t i = w->proposal_count; s.len == HASH_SIZE && i-- > 0;)
        if (slice_equal(s, hash_slice(&w->proposals[i]))) {
            add(t, " P%zu", i + 1);
            return;
        }
    add(t, " #");
}

static void add_item(struct text *t, const struct govern_world *w, struct cbor_reader *r)
{
    struct slice s;
    switch (cbor_peek(r)) {
    case CBOR_UINT:
    case CBOR_NINT: add(t, " %lld", (long long)cbor_take_int(r)); return;
    case CBOR_BYTES: add_bytes(t, w, cbor_take_bytes(r, 0, 64)); return;
    case CBOR_TEXT:
        s = cbor_take_text(r, 0, 64);
        add(t, " %.*s", (int)s.len, (const char *)s.data);
        return;
    case CBOR_ARRAY:
        for (size_t n = cbor_take_array(r); n > 0; n--)
            add_item(t, w, r);
        return;
    case CBOR_NULL:
        cbor_take_null(r);
        add(t, " -");
        return;
    case CBOR_BOOL: add(t, cbor_take_bool(r) ? " yes" : " no"); return;
    case CBOR_MAP:
    case CBOR_FLOAT:
    case CBOR_END: break;
    }
    check(false, "an event with an item that none has");
}

static void keep_outcome(struct govern_world *w, struct slice bytes)
{
    struct outcome o;
    struct err err = { .msg = "" };
    check(outcome_decode(bytes, &o, &err), err.msg);
    if (o.type == OUTCOME_SUMMARY)
        return;
    bool timer = o.type == OUTCOME_TIMER;
    struct cbor_reader r = cbor_reader(timer ? o.timer.events : o.verdict.events);
    for (size_t n = timer ? o.timer.event_count : o.verdict.event_count; n > 0; n--) {
        struct event e = event_take(&r);
        struct cbor_reader subject = cbor_reader(e.subject), data = cbor_reader(e.data);
        check(w->event_count < GW_EVENTS_MAX, "too many events");
        struct text t = { w->events[w->event_count++], 0 };
        add(&t, "%s", event_name(e.what));
        add_item(&t, w, &subject);
        add_item(&t, w, &data);
    }
    if (!timer)
        (void)snprintf(w->detail, sizeof w->detail, "%.*s", (int)o.verdict.detail.len,
                       (const char *)o.verdict.detail.data);
}

/* ------------------------------------------------------------------ blocks */

void gw_block_after(struct govern_world *w, uint64_t ms)
{
    struct execute_result result;
    check(execute_end(w->execution, &result), "out of memory");
    w->event_count = 0;
    for (size_t i = 0; i < result.outcome_count; i++)
        keep_outcome(w, result.outcomes[i]);
    memory_state_apply(w->state, &result);
    forget(w);
    w->head = crypto_sha256(hash_slice(&w->head));
    begin(w, ms);
}

void gw_block(struct govern_world *w)
{
    gw_block_after(w, GW_BLOCK_MS);
}

const struct kid *gw_kid(const struct govern_world *w, size_t company, enum gw_slot slot)
{
    return &w->by[company][slot].key.kid;
}

enum refusal gw_say(struct govern_world *w, size_t company, enum gw_slot slot,
                    struct statement draft)
{
    struct kit_signer *signer = &w->by[company][slot], before = *signer;
    struct statement *st = &w->statements[w->count];
    struct buf *bytes = &w->bytes[w->count];
    struct err err = { .msg = "" };
    uint8_t pub[PUB_SIZE];
    check(w->count < STATEMENTS_MAX, "too many statements in a block");
    *bytes = buf_heap(STATEMENT_MAX);
    (void)kit_sign(signer, draft, w->context.time_ms, bytes);
    check(statement_decode(buf_slice(bytes), st, &err), err.msg);
    w->count++;
    enum refusal code = REFUSED_UNKNOWN_KEY;
    if (execute_key(w->execution, &st->kid, pub))
        code = execute_statement(w->execution, st);
    if (!refusal_is_recorded(code))
        *signer = before;
    w->last = st->hash;
    return code;
}

/* ------------------------------------------------------------------ what is said */

enum refusal gw_propose(struct govern_world *w, size_t company, const struct gw_proposal *p)
{
    static uint8_t memory[PROPOSAL_BODY_MAX];
    struct buf body = buf_fixed(memory, sizeof memory);
    proposal_body_put(&body, p->action, &p->body);
    check(!body.failed, "a body that is too long");
    struct statement s = { .kind = KIND_PROPOSE };
    s.as.proposal = (struct proposal){ .action = p->action,
                                       .body = buf_slice(&body),
                                       .expires_ms = w->context.time_ms +
                                                     (p->for_ms > 0 ? p->for_ms : 86400000),
                                       .has_height = p->height > 0,
                                       .height = p->height };
    enum refusal code = gw_say(w, company, w->voice[company], s);
    check(w->proposal_count < GW_PROPOSALS_MAX, "too many proposals");
    if (code == ACCEPTED)
        w->proposals[w->proposal_count++] = w->last;
    return code;
}

enum refusal gw_vote(struct govern_world *w, size_t company, const struct hash *proposal, bool yes)
{
    /* The set in force in the open block is the one the last block decided on. */
    struct authority_set set = gw_set(w, true);
    struct statement s = { .kind = KIND_BALLOT };
    s.as.ballot =
        (struct ballot){ .proposal = *proposal, .yes = yes, .set = authority_set_hash(&set) };
    return gw_say(w, company, w->voice[company], s);
}

enum refusal gw_withdraw(struct govern_world *w, size_t company, const struct hash *proposal)
{
    struct statement s = { .kind = KIND_WITHDRAW };
    s.as.withdraw.proposal = *proposal;
    return gw_say(w, company, w->voice[company], s);
}

enum refusal gw_announce(struct govern_world *w, size_t company, enum gw_slot slot, bool enter,
                         uint64_t age)
{
    struct statement s = { .kind = KIND_NODE };
    s.as.node =
        (struct node_announce){ { slice_text("127.0.0.1:18830"),
                                  slice_text("https://127.0.0.1:18840"), slice_text("DER") },
                                enter };
    if (enter && age > 0 && age < w->context.height) {
        struct state_key key = state_key_block(w->context.height - age);
        struct hash hash = w->head;
        struct slice value;
        uint64_t height;
        if (age > 1 && memory_state_get(w->state, state_key_slice(&key), &value))
            (void)state_block_take(value, &height, &hash);
        s.link.anchor = (struct anchor){ .present = true, .height = w->context.height - age };
        memcpy(s.link.anchor.hash, hash.bytes, ANCHOR_HASH_SIZE);
    }
    return gw_say(w, company, slot, s);
}

struct slice gw_request(struct govern_world *w, size_t company, enum gw_slot slot,
                        const struct kid *sponsor)
{
    static uint8_t memory[ENROL_REQUEST_MAX];
    static const uint8_t token[HALF_SIZE] = { 7 };
    struct buf out = buf_fixed(memory, sizeof memory);
    enrol_request_sign(&w->by[company][slot].key, &w->id, sponsor, token, &out);
    return buf_slice(&out);
}

/* ------------------------------------------------------------------ looking */

const struct hash *gw_last(const struct govern_world *w)
{
    check(w->proposal_count > 0, "no proposal yet");
    return &w->proposals[w->proposal_count - 1];
}

enum proposal_status gw_status(struct govern_world *w, const struct hash *proposal)
{
    static struct state_proposal v;
    struct state_key key = state_key_hash(TABLE_PROPOSAL, proposal);
    struct slice value;
    check(memory_state_get(w->state, state_key_slice(&key), &value) &&
              state_proposal_take(value, &v),
          "no such proposal");
    return v.status;
}

struct authority_set gw_set(struct govern_world *w, bool next)
{
    struct state_key key = state_key_plain(TABLE_SETS);
    struct authority_set set;
    struct slice value, now, then;
    check(memory_state_get(w->state, state_key_slice(&key), &value) &&
              state_sets_take(value, &now, &then) &&
              authority_set_decode(next ? then : now, &set, NULL),
          "no authority set");
    return set;
}

bool gw_is_member(struct govern_world *w, size_t company)
{
    struct state_key key = state_key_plain(TABLE_MEMBERS);
    struct state_members members;
    struct slice value;
    return memory_state_get(w->state, state_key_slice(&key), &value) &&
           state_members_take(value, &members) &&
           state_members_has(&members, gw_kid(w, company, GW_MEMBER));
}

uint64_t gw_roles(struct govern_world *w, size_t company)
{
    struct state_key key = state_key_kid(TABLE_ROLES, gw_kid(w, company, GW_MEMBER));
    struct slice value;
    uint64_t roles;
    return memory_state_get(w->state, state_key_slice(&key), &value) &&
                   state_roles_take(value, &roles)
               ? roles
               : 0;
}

bool gw_constitution(struct govern_world *w, struct constitution *ret_c)
{
    struct state_key key = state_key_plain(TABLE_CONSTITUTION);
    struct slice value;
    return memory_state_get(w->state, state_key_slice(&key), &value) &&
           constitution_decode(value, ret_c, NULL);
}

size_t gw_count(const struct govern_world *w, const char *text)
{
    size_t n = 0;
    for (size_t i = 0; i < w->event_count; i++)
        n += strncmp(w->events[i], text, strlen(text)) == 0 ? 1 : 0;
    return n;
}

bool gw_has(const struct govern_world *w, const char *text)
{
    if (gw_count(w, text) == 1)
        return true;
    (void)fprintf(stderr, "expected once: %s\n", text);
    for (size_t i = 0; i < w->event_count; i++)
        (void)fprintf(stderr, "    %s\n", w->events[i]);
    return false;
}
