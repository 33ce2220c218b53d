#include "common/hex.h"
#include "common/instant.h"
#include "contracts/value_words.h"
#include "node/rule_words.h"
#include "tools/cmd_action.h"
#include "tools/cmd_contract_explain.h"
#include "tools/cmd_seen.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOTE_MAX 300

/* ------------------------------------------------------------------ which contract an event is of */

/* Where in an event's data the opening's hash stands, counted from 1; 0: it concerns no contract. */
static const uint8_t opening_place[] = {
    [EVENT_IN_FORCE] = 1,         [EVENT_CALLED] = 1,     [EVENT_STATE] = 1,
    [EVENT_DOCUMENT] = 1,         [EVENT_ADDED_BACK] = 1, [EVENT_ADD_BACK_UNDONE] = 1,
    [EVENT_FINISHED] = 1,         [EVENT_REPLACED] = 1,   [EVENT_EXCURSION_OPENED] = 3,
    [EVENT_ACKNOWLEDGED] = 3,     [EVENT_REVISION] = 3,   [EVENT_NOT_JUDGED] = 4,
    [EVENT_EXCURSION_CLOSED] = 6,
};

static bool opening_of(const struct event *e, struct hash *ret)
{
    size_t what = (size_t)e->what;
    size_t place = what < sizeof opening_place ? opening_place[what] : 0;
    struct cbor_reader r = cbor_reader(e->data);
    if (place == 0 || cbor_take_array(&r) < place)
        return false;
    for (size_t i = 1; i < place; i++)
        (void)cbor_take_item(&r);
    cbor_take_fixed(&r, ret->bytes, HASH_SIZE);
    return !r.failed;
}

static size_t contract_of(struct chronicle *c, const struct hash *opening)
{
    for (size_t i = 0; i < c->contract_count; i++)
        if (hash_equal(&c->openings[i], opening))
            return i;
    if (c->contract_count == CHRONICLE_CONTRACTS_MAX)
        return CHRONICLE_CONTRACTS_MAX;
    c->openings[c->contract_count] = *opening;
    return c->contract_count++;
}

static bool visit(void *ctx, const struct bundle_event *e)
{
    struct chronicle *c = ctx;
    struct hash opening;
    if (!opening_of(&e->event, &opening))
        return true;
    size_t contract = contract_of(c, &opening);
    if (contract == CHRONICLE_CONTRACTS_MAX || c->line_count == CHRONICLE_LINES_MAX) {
        c->cut = true;
        return true;
    }
    c->lines[c->line_count++] = (struct chronicle_line){ e->event, contract, e->has_statement,
                                                         e->statement_hash, e->statement };
    return true;
}

/* ------------------------------------------------------------------ loading */

/* The pinned identity, else what the node says it is: then nothing is proven, and that is told. */
static bool find_identity(struct cmd_home *home, struct chronicle *c, struct identity *ret,
                          struct err *err)
{
    c->pinned = home->has_identity;
    if (home->has_identity) {
        *ret = home->identity;
        return true;
    }
    struct buf bytes = buf_heap((size_t)64 * 1024);
    bool good = cmd_node_get_bytes(home, "/v1/identity", &bytes, err) &&
                identity_decode(buf_slice(&bytes), ret, err);
    buf_free(&bytes);
    return good;
}

static bool load(struct cmd_home *home, const char *asset, struct chronicle *c,
                 struct identity *trusted, struct err *err)
{
    char path[NODE_CLIENT_PATH_MAX];
    struct err why = { .code = ERR_NONE };
    if (!find_identity(home, c, trusted, err) ||
        !node_client_asset_path(asset, "/proof", path, err) ||
        !cmd_node_get_bytes(home, path, &c->bundle, err))
        return false;
    if (!bundle_verify(buf_slice(&c->bundle), trusted, visit, c, &c->claim, &why))
        return err_set(err, ERR_PROOF, "%s", why.msg);
    if (strcmp(c->claim.asset, asset) != 0)
        return err_set(err, ERR_PROOF, "the node proves %s instead of %s", c->claim.asset, asset);
    if (home->has_identity &&
        (!cmd_seen_covers(home, c->claim.head.height, c->claim.set_changes, err) ||
         !cmd_seen_bundle(home, buf_slice(&c->bundle), err)))
        return false;
    return c->claim.known || err_set(err, ERR_NOT_FOUND, "%s: the ledger does not know it", asset);
}

bool cmd_contract_chronicle(struct cmd_home *home, const char *asset, struct chronicle **ret,
                            struct err *err)
{
    struct chronicle *c = calloc(1, sizeof *c);
    struct identity *trusted = calloc(1, sizeof *trusted);
    bool good = c != NULL && trusted != NULL;
    if (!good)
        (void)err_set(err, ERR_IO, "out of memory");
    if (c != NULL)
        c->bundle = buf_heap(BUNDLE_SIZE_MAX);
    good = good && load(home, asset, c, trusted, err);
    free(trusted);
    for (size_t i = 0; good && i < c->contract_count; i++) {
        char hex[2 * HASH_SIZE + 1];
        struct err why = { .code = ERR_NONE };
        hex_encode(hash_slice(&c->openings[i]), hex);
        good = cmd_contract_fetch(home, hex, &c->contracts[i], &why) || why.code != ERR_PROOF ||
               err_set(err, why.code, "%s", why.msg); /* without its words numbers are shown */
    }
    if (!good) {
        cmd_contract_chronicle_free(c);
        return false;
    }
    *ret = c;
    return true;
}

void cmd_contract_chronicle_free(struct chronicle *c)
{
    if (c == NULL)
        return;
    for (size_t i = 0; i < c->contract_count; i++)
        cmd_contract_release(c->contracts[i]);
    buf_free(&c->bundle);
    free(c);
}

/* ------------------------------------------------------------------ words */

struct saying {
    const struct cmd_home *home;
    const struct contract_opened *contract; /* NULL: not known */
    const struct chronicle_line *line;
    struct words words;
};

static void say_kid(struct saying *s, const struct kid *kid)
{
    char name[CMD_HOME_NAME_SIZE];
    words_add(&s->words, cmd_home_member_name(s->home, kid, name));
}

static void say_number(struct saying *s, uint64_t number)
{
    char text[24];
    (void)snprintf(text, sizeof text, "%" PRIu64, number);
    words_add(&s->words, text);
}

static void say_time(struct saying *s, uint64_t time_ms)
{
    char text[INSTANT_TEXT_SIZE];
    instant_format(time_ms, text);
    words_add(&s->words, text);
}

static void say_rule(struct saying *s, uint64_t rule)
{
    if (s->contract != NULL && rule < s->contract->definition.rule_count) {
        words_add_slice(&s->words, s->contract->definition.rules[rule].name);
        return;
    }
    words_add(&s->words, "rule ");
    say_number(s, rule);
}

static void say_state(struct saying *s, uint64_t state)
{
    if (s->contract != NULL && state < s->contract->definition.state_count) {
        words_add_slice(&s->words, s->contract->definition.states[state].name);
        return;
    }
    words_add(&s->words, "state ");
    say_number(s, state);
}

/* Who signed what caused the event. */
static bool find_call(const struct chronicle_line *line, struct statement *ret)
{
    return line->bytes.len > 0 && statement_decode(line->bytes, ret, NULL);
}

static void say_note(struct saying *s, const struct statement *st, const char *name)
{
    struct slice text;
    if (!call_text(&st->as.call, name, &text) || text.len == 0)
        return;
    words_add(&s->words, "; ");
    words_add(&s->words, name);
    words_add(&s->words, ": ");
    words_add_cut(&s->words, text, NOTE_MAX);
}

static void say_by(struct saying *s)
{
    struct statement st;
    if (!find_call(s->line, &st))
        return;
    words_add(&s->words, " by ");
    say_kid(s, &st.kid);
    if (st.kind != KIND_CALL)
        return;
    say_note(s, &st, "meaning");
    say_note(s, &st, "comment");
    say_note(s, &st, "reason");
}

static void say_goods_trigger(struct saying *s, const struct contract_reaction *r)
{
    words_add(&s->words, r->trigger == CONTRACT_ON_FINDING ? "a finding" : "a disposition");
    if (r->detail == 0)
        return;
    words_add(&s->words, " (");
    words_add(&s->words, definition_detail_word(r->trigger, r->detail));
    words_add(&s->words, ")");
}

/* What a reaction listens to. */
static void say_trigger(struct saying *s, const struct contract_reaction *r)
{
    const struct contract_definition *d = &s->contract->definition;
    words_add(&s->words, ", a reaction to ");
    switch (r->trigger) {
    case CONTRACT_ON_READING: words_add(&s->words, "a reading"); return;
    case CONTRACT_ON_BROKEN:
        words_add(&s->words, "an excursion of ");
        say_rule(s, r->detail);
        return;
    case CONTRACT_ON_ENDED:
        words_add(&s->words, "the end of an excursion of ");
        say_rule(s, r->detail);
        return;
    case CONTRACT_ON_SCAN: words_add(&s->words, "a scan"); return;
    case CONTRACT_ON_HANDOVER:
        words_add(&s->words, r->detail == 0 ? "a change of custody" : "a change of ownership");
        return;
    case CONTRACT_ON_DOCUMENT:
        words_add(&s->words, "the document ");
        if (r->detail < d->document_count)
            words_add_slice(&s->words, d->documents[r->detail].name);
        return;
    case CONTRACT_ON_SUCCESS:
    case CONTRACT_ON_FAILURE:
        words_add(&s->words,
                  r->trigger == CONTRACT_ON_SUCCESS ? "the success of " : "the failure of ");
        if (r->detail < d->term_count)
            words_add_slice(&s->words, d->terms[r->detail].name);
        return;
    case CONTRACT_ON_DISPOSITION:
    case CONTRACT_ON_FINDING: say_goods_trigger(s, r); return;
    }
}

static void say_change(struct saying *s)
{
    struct event_state e;
    if (!event_data_state(s->line->event.data, &e))
        return;
    words_add(&s->words, "state ");
    say_state(s, e.from);
    words_add(&s->words, " -> ");
    say_state(s, e.to);
    words_add(&s->words, ", by ");
    words_add_slice(&s->words, e.by);
    for (size_t i = 0; s->contract != NULL && i < s->contract->definition.reaction_count; i++)
        if (slice_equal(s->contract->definition.reactions[i].name, e.by))
            say_trigger(s, &s->contract->definition.reactions[i]);
}

/* A silent or a broken sensor is a finding, and no excursion of the goods. */
static const char *finding_word(const struct saying *s, uint64_t rule)
{
    if (s->contract == NULL || rule >= s->contract->definition.rule_count)
        return "excursion";
    switch (s->contract->definition.rules[rule].watch) {
    case CONTRACT_SILENCE: return "silence";
    case CONTRACT_FAULT:
    case CONTRACT_STUCK: return "sensor fault";
    case CONTRACT_BOUND:
    case CONTRACT_KINETIC: break;
    }
    return "excursion";
}

static void say_opened(struct saying *s)
{
    struct event_excursion e;
    char kind[RULE_WORDS_SIZE];
    if (!event_data_excursion(s->line->event.data, &e))
        return;
    words_add(&s->words, finding_word(s, e.rule));
    words_add(&s->words, ": ");
    say_rule(s, e.rule);
    if (s->contract != NULL && s->contract->bound && e.rule < s->contract->definition.rule_count &&
        s->contract->definition.rules[e.rule].watch == CONTRACT_BOUND) {
        rule_words_kind(&s->contract->definition, &s->contract->terms, e.rule, kind);
        words_add(&s->words, " (");
        words_add(&s->words, kind);
        words_add(&s->words, ")");
    }
    words_add(&s->words, " since ");
    say_time(s, e.from_ms);
}

static void say_closed(struct saying *s)
{
    struct event_closed e;
    char amount[RULE_WORDS_SIZE];
    if (!event_data_closed(s->line->event.data, &e))
        return;
    words_add(&s->words, "end of ");
    say_rule(s, e.of.rule);
    words_add(&s->words, " since ");
    say_time(s, e.of.from_ms);
    if (s->contract != NULL && e.of.rule < s->contract->definition.rule_count &&
        rule_words_has_peak(&s->contract->definition.rules[e.of.rule])) {
        rule_words_amount(e.peak, e.peak_exponent,
                          rule_words_unit(&s->contract->definition.rules[e.of.rule]), amount);
        words_add(&s->words, ": ");
        words_add(&s->words, amount);
        words_add(&s->words, " at worst");
    }
    if (!e.certain)
        words_add(&s->words, "; the sensor's accuracy could explain it");
}

static void say_called(struct saying *s)
{
    struct event_called e;
    if (!event_data_called(s->line->event.data, &e))
        return;
    words_add_slice(&s->words, e.action);
    words_add(&s->words, " called by ");
    if (e.by_key)
        say_kid(s, &e.caller);
    else
        words_add(&s->words, "another contract");
}

static void say_add_back(struct saying *s)
{
    struct event_add_back e;
    bool undone = s->line->event.what == EVENT_ADD_BACK_UNDONE;
    if (!event_data_add_back(s->line->event.data, &e))
        return;
    words_add(&s->words, undone ? "undone: giving back " : "given back: ");
    say_number(s, e.ms / 1000);
    words_add(&s->words, " s to the budget ");
    words_add_slice(&s->words, e.budget);
    say_by(s);
}

static void say_document(struct saying *s)
{
    char hex[2 * HASH_SIZE + 1];
    struct event_document e;
    if (!event_data_document(s->line->event.data, &e))
        return;
    words_add(&s->words, "document ");
    words_add_slice(&s->words, e.name);
    words_add(&s->words, " attached");
    say_by(s);
    hex_encode(hash_slice(&e.hash), hex);
    words_add(&s->words, ", SHA-256 ");
    words_add(&s->words, hex);
}

static void say_finding(struct saying *s)
{
    struct event_excursion of;
    struct event_revision revision;
    struct event_not_judged late;
    if (s->line->event.what == EVENT_ACKNOWLEDGED &&
        event_data_excursion(s->line->event.data, &of)) {
        words_add(&s->words, "acknowledged: the excursion of ");
        say_rule(s, of.rule);
        words_add(&s->words, " since ");
        say_time(s, of.from_ms);
        say_by(s);
    } else if (event_data_revision(s->line->event.data, &revision)) {
        words_add(&s->words, revision.is_void ? "judged anew and withdrawn: the excursion of "
                                              : "charged anew: the excursion of ");
        say_rule(s, revision.of.rule);
        words_add(&s->words, " since ");
        say_time(s, revision.of.from_ms);
    } else if (event_data_not_judged(s->line->event.data, &late)) {
        words_add(&s->words, "readings came too late to be judged, of ");
        say_time(s, late.first_ms);
        words_add(&s->words, " to ");
        say_time(s, late.last_ms);
    }
}

static void say_end(struct saying *s)
{
    struct event_finished e;
    if (s->line->event.what == EVENT_REPLACED)
        words_add(&s->words, "replaced by a newer version");
    else if (event_data_finished(s->line->event.data, &e))
        words_add(&s->words, e.ending == CONTRACT_FAILURE ? "ended in failure" : "fulfilled");
}

void cmd_contract_chronicle_say(const struct cmd_home *home, const struct chronicle *c,
                                const struct chronicle_line *line, char words[CHRONICLE_WORDS_MAX])
{
    struct saying s = { home, c->contracts[line->contract], line,
                        words_begin(words, CHRONICLE_WORDS_MAX) };
    enum event_what what = line->event.what;
    if (what == EVENT_IN_FORCE)
        words_add(&s.words, "in force");
    else if (what == EVENT_CALLED)
        say_called(&s);
    else if (what == EVENT_STATE)
        say_change(&s);
    else if (what == EVENT_EXCURSION_OPENED)
        say_opened(&s);
    else if (what == EVENT_EXCURSION_CLOSED)
        say_closed(&s);
    else if (what == EVENT_ADDED_BACK || what == EVENT_ADD_BACK_UNDONE)
        say_add_back(&s);
    else if (what == EVENT_DOCUMENT)
        say_document(&s);
    else if (what == EVENT_FINISHED || what == EVENT_REPLACED)
        say_end(&s);
    else
        say_finding(&s);
}
