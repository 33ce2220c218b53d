/* `waybill contract explain ASSET`: each contract's present state, and the chain of what led there. */
#include "common/hex.h"
#include "common/instant.h"
#include "tools/cmd_action.h"
#include "tools/cmd_contract_explain.h"
#include "tools/cmd_contract_words.h"

#include <inttypes.h>
#include <stdio.h>

/* As the events say: the state it is in now, and whether it has ended. */
struct standing {
    bool changed, finished, replaced;
    uint64_t state, ending;
};

static struct standing find_standing(const struct chronicle *c, size_t contract)
{
    struct standing s = { .changed = false };
    struct event_state state;
    struct event_finished finished;
    for (size_t i = 0; i < c->line_count; i++) {
        const struct event *e = &c->lines[i].event;
        if (c->lines[i].contract != contract)
            continue;
        if (e->what == EVENT_STATE && event_data_state(e->data, &state)) {
            s.changed = true;
            s.state = state.to;
        } else if (e->what == EVENT_FINISHED && event_data_finished(e->data, &finished)) {
            s.finished = true;
            s.ending = finished.ending;
        } else if (e->what == EVENT_REPLACED) {
            s.replaced = true;
        }
    }
    return s;
}

static struct slice state_name(const struct contract_opened *c, const struct standing *s)
{
    uint64_t state = s->changed ? s->state : 0;
    return c != NULL && state < c->definition.state_count ? c->definition.states[state].name
                                                          : slice_text("");
}

static const char *status_words(const struct standing *s)
{
    if (s->replaced)
        return "replaced";
    if (!s->finished)
        return "in force";
    return s->ending == CONTRACT_FAILURE ? "ended in failure" : "fulfilled";
}

static void print_contract(const struct cmd_home *home, const struct chronicle *c, size_t contract)
{
    char hex[2 * HASH_SIZE + 1], time[INSTANT_TEXT_SIZE], words[CHRONICLE_WORDS_MAX];
    const struct contract_opened *opened = c->contracts[contract];
    struct standing s = find_standing(c, contract);
    struct slice state = state_name(opened, &s);
    hex_encode(hash_slice(&c->openings[contract]), hex);
    (void)printf(" ");
    cmd_contract_print(opened != NULL ? opened->definition.name : slice_text("a contract"));
    (void)printf(": %s", status_words(&s));
    if (state.len > 0) {
        (void)printf(", in state ");
        cmd_contract_print(state);
    }
    (void)printf("\n  opening %s\n", hex);
    for (size_t i = 0; i < c->line_count; i++) {
        if (c->lines[i].contract != contract)
            continue;
        instant_format(c->lines[i].event.time_ms, time);
        cmd_contract_chronicle_say(home, c, &c->lines[i], words);
        (void)printf("  %s  ", time);
        cmd_contract_print(slice_text(words));
        (void)printf("\n");
    }
}

static void print(const struct cmd_home *home, const struct chronicle *c)
{
    (void)printf("%s\n", c->claim.asset);
    for (size_t i = 0; i < c->contract_count; i++)
        print_contract(home, c, i);
    if (c->contract_count == 0)
        (void)printf(" under no contract\n");
    if (c->cut)
        (void)printf(" more happened than is shown here\n");
    (void)printf(" %s  none of its %" PRIu64 " events missing up to head %" PRIu64 "\n",
                 c->pinned ? "proof ok" : "UNPROVEN (no identity is pinned)", c->claim.events,
                 c->claim.head.height);
}

static void put_contract(const struct cmd_home *home, const struct chronicle *c, size_t contract,
                         struct json_doc *one)
{
    char time[INSTANT_TEXT_SIZE], words[CHRONICLE_WORDS_MAX];
    const struct contract_opened *opened = c->contracts[contract];
    struct standing s = find_standing(c, contract);
    json_doc_put_hex(one, "opening", hash_slice(&c->openings[contract]));
    if (opened != NULL)
        json_doc_put_slice(one, "contract", opened->definition.name);
    json_doc_put_text(one, "status", status_words(&s));
    if (state_name(opened, &s).len > 0)
        json_doc_put_slice(one, "state", state_name(opened, &s));
    struct json_doc *list = json_doc_put_array(one, "events");
    for (size_t i = 0; i < c->line_count; i++) {
        if (c->lines[i].contract != contract)
            continue;
        struct json_doc *line = json_doc_put_object(list, NULL);
        instant_format(c->lines[i].event.time_ms, time);
        cmd_contract_chronicle_say(home, c, &c->lines[i], words);
        json_doc_put_text(line, "time", time);
        json_doc_put_text(line, "event", event_name(c->lines[i].event.what));
        json_doc_put_text(line, "words", words);
        if (c->lines[i].has_statement)
            json_doc_put_hex(line, "statement", hash_slice(&c->lines[i].statement));
    }
}

static struct json_doc *to_json(const struct cmd_home *home, const struct chronicle *c)
{
    struct json_doc *doc = json_doc_object();
    struct json_doc *list = json_doc_put_array(doc, "contracts");
    json_doc_put_text(doc, "asset", c->claim.asset);
    json_doc_put_bool(doc, "proven", c->pinned);
    json_doc_put_bool(doc, "cut", c->cut);
    for (size_t i = 0; i < c->contract_count; i++)
        put_contract(home, c, i, json_doc_put_object(list, NULL));
    return doc;
}

int cmd_contract_explain_asset(struct cmd_home *home, const char *asset, struct err *err)
{
    struct chronicle *c = NULL;
    if (!cmd_contract_chronicle(home, asset, &c, err))
        return cmd_action_fail(err);
    if (home->json)
        cmd_action_print(to_json(home, c));
    else
        print(home, c);
    cmd_contract_chronicle_free(c);
    return CMD_GOOD;
}
