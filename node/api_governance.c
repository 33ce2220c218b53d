/* How the ledger is governed: constitution, members, authorities, proposals and how their votes stand. */
#include "node/api_parts.h"

#include "common/event_govern.h"
#include "common/hex.h"
#include "common/instant.h"
#include "common/node_record.h"
#include "common/outcome.h"
#include "common/state_key.h"
#include "common/state_value.h"
#include "node/read_model_govern.h"
#include "node/rules_tally.h"

#include <stdlib.h>
#include <string.h>

#define CLOSED_MAX 200

/* What answers are made from: the state at one moment, and the answer. */
struct governance {
    struct api_context *c;
    struct json_doc *into;
    bool governed, all;
    uint64_t height;
    struct constitution constitution;
    struct govern_sets sets;
    struct rules_voters voters;
    struct state_proposal proposal;
    struct buf value, body;
};

static struct governance *governance_new(struct api_context *c)
{
    struct governance *g = calloc(1, sizeof *g);
    if (g == NULL)
        return NULL;
    g->c = c;
    g->value = buf_heap(STATE_VALUE_MAX);
    g->body = buf_heap(STATEMENT_MAX);
    return g;
}

static void governance_free(struct governance *g)
{
    if (g == NULL)
        return;
    buf_free(&g->value);
    buf_free(&g->body);
    free(g);
}

/* The value is good until the next one is asked for. */
static bool get(struct governance *g, const struct state_key *key, struct slice *ret_value)
{
    buf_clear(&g->value);
    if (!store_state_get(g->c->store, state_key_slice(key), &g->value, NULL))
        return false;
    *ret_value = buf_slice(&g->value);
    return true;
}

static uint64_t roles_of(struct governance *g, const struct kid *member)
{
    struct state_key key = state_key_kid(TABLE_ROLES, member);
    struct slice value;
    uint64_t roles;
    return get(g, &key, &value) && state_roles_take(value, &roles) ? roles : 0;
}

/* Everything as the next block will find it: there the next set is in force. */
static bool load(struct governance *g, struct err *err)
{
    struct state_key sets = state_key_plain(TABLE_SETS);
    struct state_key members = state_key_plain(TABLE_MEMBERS);
    struct state_key constitution = state_key_plain(TABLE_CONSTITUTION);
    struct slice value, now, next;
    if (!store_height(g->c->store, &g->height, err))
        return false;
    if (!get(g, &sets, &value) || !state_sets_take(value, &now, &next) ||
        !authority_set_decode(next, &g->sets.next, err))
        return err_set(err, ERR_IO, "the authority set can't be read");
    g->sets.now = g->sets.next;
    if (!get(g, &constitution, &value) || !constitution_decode(value, &g->constitution, NULL))
        g->constitution = constitution_default();
    g->governed = get(g, &members, &value) && state_members_take(value, &g->voters.members);
    g->voters.constitution = &g->constitution;
    g->voters.sets = &g->sets;
    g->voters.set = authority_set_hash(&g->sets.now);
    for (size_t i = 0; i < g->voters.members.count; i++)
        g->voters.roles[i] = roles_of(g, &g->voters.members.at[i]);
    return true;
}

/* ------------------------------------------------------------------ members, nodes */

static bool put_member(void *ctx, const struct kid *member)
{
    struct governance *g = ctx;
    struct state_key key = state_key_kid(TABLE_MEMBER, member);
    struct json_doc *one = json_doc_put_object(g->into, NULL);
    struct json_doc *roles;
    struct state_member m = { .active = false };
    struct slice value;
    char name[READ_MODEL_NAME + 1];
    read_model_member_name(g->c->store, member, name);
    json_doc_put_hex(one, "kid", kid_slice(member));
    json_doc_put_text(one, "name", name);
    if (get(g, &key, &value) && !state_member_take(value, &m))
        m.active = false;
    json_doc_put_bool(one, "active", m.active);
    if (m.has_key)
        json_doc_put_hex(one, "key", kid_slice(&m.key));
    uint64_t bits = roles_of(g, member);
    roles = json_doc_put_array(one, "roles");
    if ((bits & ROLE_BIT_OPERATOR) != 0)
        json_doc_put_text(roles, NULL, "operator");
    if ((bits & ROLE_BIT_SPONSOR) != 0)
        json_doc_put_text(roles, NULL, "sponsor");
    int place = govern_place_of(&g->sets.next, member);
    if (place < 0)
        json_doc_put_null(one, "authority");
    else
        json_doc_put_hex(one, "authority", kid_slice(&g->sets.next.at[place].kid));
    return true;
}

static void put_candidate(struct governance *g, struct json_doc *one, const struct kid *kid)
{
    struct state_key key = state_key_kid(TABLE_CANDIDATE, kid);
    struct state_candidate candidate;
    struct slice value;
    if (!get(g, &key, &value) || !state_candidate_take(value, &candidate))
        return;
    struct json_doc *doc = json_doc_put_object(one, "candidate");
    json_doc_put_int(doc, "from", (int64_t)candidate.from_height);
    api_put_time(doc, "until", candidate.until_ms);
    json_doc_put_hex(doc, "proposal", hash_slice(&candidate.proposal));
}

static bool put_node(void *ctx, const struct kid *kid)
{
    struct governance *g = ctx;
    struct json_doc *one = json_doc_put_object(g->into, NULL);
    struct state_key node = state_key_kid(TABLE_NODE, kid);
    struct state_key evidence = state_key_kid(TABLE_EVIDENCE, kid);
    struct state_evidence against = { .count = 0 };
    struct node_record record;
    struct slice value;
    struct kid member;
    json_doc_put_hex(one, "kid", kid_slice(kid));
    if (read_model_key_member(g->c->store, kid, &member))
        api_put_member(g->c, one, "member", &member);
    json_doc_put_bool(one, "authority", authority_set_find(&g->sets.next, kid) >= 0);
    put_candidate(g, one, kid);
    if (get(g, &node, &value) && node_record_take(value, &record)) {
        struct hash fingerprint = node_record_fingerprint(&record);
        json_doc_put_slice(one, "broker", record.broker);
        json_doc_put_slice(one, "url", record.url);
        json_doc_put_hex(one, "fingerprint", hash_slice(&fingerprint));
    }
    if (get(g, &evidence, &value) && state_evidence_take(value, &against))
        json_doc_put_hex(one, "newest_evidence", hash_slice(&against.newest));
    json_doc_put_int(one, "evidence", (int64_t)against.count);
    return true;
}

/* ------------------------------------------------------------------ proposals */

/* The reason stands in the statement alone. */
static void put_reason(struct governance *g, struct json_doc *one, uint64_t leaf)
{
    struct statement st;
    buf_clear(&g->body);
    if (!store_statement(g->c->store, leaf, &g->body, NULL) ||
        !statement_decode(buf_slice(&g->body), &st, NULL) || st.kind != KIND_PROPOSE)
        return;
    json_doc_put_int(one, "leaf", (int64_t)leaf);
    api_put_time(one, "proposed", st.link.time_ms);
    if (st.as.proposal.reason.len > 0)
        json_doc_put_slice(one, "reason", st.as.proposal.reason);
}

static void put_ballots(struct governance *g, struct json_doc *one)
{
    const struct state_proposal *p = &g->proposal;
    struct rules_tally t = rules_tally(&g->voters, p);
    struct json_doc *list = json_doc_put_array(one, "ballots");
    json_doc_put_int(one, "needed", (int64_t)t.needed);
    json_doc_put_int(one, "voters", (int64_t)t.voters);
    json_doc_put_int(one, "yes", (int64_t)t.yes);
    json_doc_put_int(one, "no", (int64_t)t.no);
    for (size_t i = 0; i < p->ballot_count; i++) {
        struct json_doc *b = json_doc_put_object(list, NULL);
        json_doc_put_hex(b, "member", kid_slice(&p->ballots[i].member));
        json_doc_put_bool(b, "yes", p->ballots[i].yes);
        json_doc_put_bool(b, "counts", rules_tally_counts(&g->voters, p->action, &p->ballots[i]));
    }
}

/* An effect's outcome: is it this proposal's, and by which code was it not applied? */
static bool take_not_applied(const struct timer_outcome *t, const struct hash *proposal,
                             uint64_t *ret_code)
{
    struct cbor_reader r = cbor_reader(t->events);
    for (size_t i = 0; i < t->event_count && !r.failed; i++) {
        struct event e = event_take(&r);
        struct cbor_reader subject = cbor_reader(e.subject);
        struct hash hash;
        if (!r.failed && e.what == EVENT_NOT_APPLIED && cbor_peek(&subject) == CBOR_BYTES) {
            cbor_take_fixed(&subject, hash.bytes, HASH_SIZE);
            if (!subject.failed && hash_equal(&hash, proposal))
                return event_govern_number(e.data, ret_code);
        }
    }
    return false;
}

/* The state keeps that it was not applied; why stands in the outcomes of that block, before all verdicts. */
static void put_why(struct governance *g, struct json_doc *one, const struct hash *hash)
{
    struct outcome o;
    uint64_t code;
    for (uint64_t i = 0;; i++) {
        buf_clear(&g->body);
        if (!store_outcome(g->c->store, g->proposal.height, i, &g->body, NULL) ||
            !outcome_decode(buf_slice(&g->body), &o, NULL) || o.type == OUTCOME_VERDICT)
            return;
        if (o.type != OUTCOME_TIMER || !take_not_applied(&o.timer, hash, &code))
            continue;
        api_put_refusal(one, code);
        return;
    }
}

static bool put_proposal(struct governance *g, struct json_doc *one, const struct hash *hash,
                         uint64_t leaf)
{
    struct state_key key = state_key_hash(TABLE_PROPOSAL, hash);
    struct state_proposal *p = &g->proposal;
    struct slice value;
    char time[INSTANT_TEXT_SIZE];
    if (!get(g, &key, &value) || !state_proposal_take(value, p))
        return false;
    json_doc_put_hex(one, "hash", hash_slice(hash));
    json_doc_put_text(one, "action", constitution_action_name(p->action));
    json_doc_put_hex(one, "body", p->body);
    json_doc_put_hex(one, "proposer", kid_slice(&p->proposer));
    json_doc_put_text(one, "status", proposal_status_name(p->status));
    instant_format(p->expires_ms, time);
    json_doc_put_text(one, "expires", time);
    json_doc_put_int(one, "height", (int64_t)p->height);
    put_ballots(g, one);
    if (p->status == PROPOSAL_NOT_APPLIED)
        put_why(g, one, hash);
    put_reason(g, one, leaf);
    return true;
}

/* One pass a kind, for open ones come first, then those that wait for their height, then the rest. */
enum pass { PASS_OPEN, PASS_WAITING, PASS_CLOSED };

struct listing {
    struct governance *g;
    enum pass pass;
};

static enum pass pass_of(enum proposal_status status)
{
    return status == PROPOSAL_OPEN     ? PASS_OPEN
           : status == PROPOSAL_PASSED ? PASS_WAITING
                                       : PASS_CLOSED;
}

static bool list_one(void *ctx, const struct hash *hash, uint64_t leaf)
{
    struct listing *l = ctx;
    struct state_key key = state_key_hash(TABLE_PROPOSAL, hash);
    struct slice value;
    if (get(l->g, &key, &value) && state_proposal_take(value, &l->g->proposal) &&
        pass_of(l->g->proposal.status) == l->pass)
        (void)put_proposal(l->g, json_doc_put_object(l->g->into, NULL), hash, leaf);
    return true;
}

/* Those still open or waiting may be older than the newest 200: they are looked for further back. */
static bool put_proposals(struct governance *g, struct json_doc *doc, struct err *err)
{
    struct listing l = { g, PASS_OPEN };
    bool good = true;
    g->into = json_doc_put_array(doc, "proposals");
    for (int pass = PASS_OPEN; pass <= (g->all ? PASS_CLOSED : PASS_WAITING) && good; pass++) {
        l.pass = (enum pass)pass;
        good = read_model_proposals(g->c->store, pass == PASS_CLOSED ? CLOSED_MAX : INT64_MAX,
                                    list_one, &l, err);
    }
    return good;
}

/* ------------------------------------------------------------------ answers */

static void put_constitution(struct governance *g, struct json_doc *doc)
{
    uint8_t memory[CONSTITUTION_SIZE_MAX];
    struct buf bytes = buf_fixed(memory, sizeof memory);
    constitution_put(&bytes, &g->constitution);
    if (g->governed)
        json_doc_put_hex(doc, "constitution", buf_slice(&bytes));
    else
        json_doc_put_null(doc, "constitution");
    json_doc_put_int(doc, "rules", (int64_t)g->constitution.rules);
}

static void put_parameters(struct governance *g, struct json_doc *doc)
{
    struct state_key key = state_key_plain(TABLE_PARAMS);
    struct state_params p;
    struct slice value;
    if (!get(g, &key, &value) || !state_params_take(value, &p))
        return;
    struct json_doc *into = json_doc_put_object(doc, "parameters");
    json_doc_put_bool(into, "demo", p.demo);
    json_doc_put_int(into, "opening_wait_ms", (int64_t)p.opening_wait_ms);
    if (p.name.len > 0)
        json_doc_put_slice(into, "name", p.name);
}

static void answer_all(struct governance *g, struct http_answer *a)
{
    struct err err = { .code = ERR_NONE };
    struct json_doc *doc = json_doc_object();
    json_doc_put_int(doc, "height", (int64_t)g->height);
    json_doc_put_hex(doc, "set", hash_slice(&g->voters.set));
    json_doc_put_int(doc, "quorum", (int64_t)authority_set_quorum(&g->sets.now));
    json_doc_put_int(doc, "authorities", (int64_t)g->sets.now.count);
    put_constitution(g, doc);
    put_parameters(g, doc);
    g->into = json_doc_put_array(doc, "members");
    bool good = read_model_members(g->c->store, put_member, g, &err);
    g->into = json_doc_put_array(doc, "nodes");
    good = good && read_model_keys_of(g->c->store, CLASS_AUTHORITY, put_node, g, &err) &&
           put_proposals(g, doc, &err);
    if (good) {
        api_answer_json(a, doc);
        return;
    }
    json_doc_free(doc);
    api_answer_error(a, &err);
}

static void answer_one(struct governance *g, const char *hex, struct http_answer *a)
{
    struct err err = { .code = ERR_NONE };
    struct hash hash;
    uint64_t leaf;
    if (!hex_decode(hex, strlen(hex), hash.bytes, HASH_SIZE)) {
        api_answer_problem(a, 400, "BAD_REQUEST", "expected a proposal's hash, 64 hex digits");
        return;
    }
    if (!read_model_proposal(g->c->store, &hash, &leaf, &err)) {
        api_answer_error(a, &err);
        return;
    }
    struct json_doc *doc = json_doc_object();
    if (put_proposal(g, doc, &hash, leaf)) {
        api_answer_json(a, doc);
        return;
    }
    json_doc_free(doc);
    api_answer_problem(a, 404, "NOT_FOUND", "the state holds no such proposal");
}

void api_governance(struct api_context *c, const struct http_request *q, const char *rest,
                    struct http_answer *a)
{
    struct err err = { .code = ERR_NONE };
    struct slice text;
    struct governance *g = governance_new(c);
    if (g == NULL) {
        api_answer_problem(a, 503, "BUSY", "out of memory");
        return;
    }
    if (!load(g, &err)) {
        api_answer_error(a, &err);
    } else if (rest[0] == '\0') {
        g->all = api_query_text(q, "all", &text) && slice_equal(text, slice_text("true"));
        answer_all(g, a);
    } else {
        answer_one(g, rest + 1, a);
    }
    governance_free(g);
}
