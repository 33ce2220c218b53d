#include "tools/trial_step.h"

#include "common/file.h"
#include "common/gs1.h"
#include "contracts/compile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define UNITS_MAX 10000

/* ------------------------------------------------------------------ loading */

static bool is_map(const struct yaml_node *node)
{
    return node != NULL && node->kind == YAML_MAP;
}

static bool check_top(struct trial_file *f, struct err *err)
{
    static const char *const known[] = { "contract", "summary", "people", "goods", "tests", NULL };
    const struct yaml_node *root = f->tree.root;
    if (!is_map(root))
        return yaml_refuse(&f->tree, root, err, "expected contract, people and tests");
    for (size_t i = 0; i < root->count; i++) {
        size_t k = 0;
        while (known[k] != NULL && strcmp(known[k], root->keys[i]->text) != 0)
            k++;
        if (known[k] == NULL)
            return yaml_refuse(&f->tree, root->keys[i], err, "unknown section \"%.60s\"",
                               root->keys[i]->text);
    }
    f->people = yaml_get(root, "people");
    f->tests = yaml_get(root, "tests");
    if (!is_map(f->people))
        return yaml_refuse(&f->tree, f->people != NULL ? f->people : root, err,
                           "people: expected a map of names to roles");
    if (!is_map(f->tests))
        return yaml_refuse(&f->tree, f->tests != NULL ? f->tests : root, err,
                           "tests: expected a map of names to lists of steps");
    return true;
}

static bool take_goods(struct trial_file *f, struct err *err)
{
    const struct yaml_node *goods = yaml_get(f->tree.root, "goods"), *node;
    f->units = 1;
    if (goods == NULL)
        return true;
    if (!is_map(goods))
        return yaml_refuse(&f->tree, goods, err, "goods: expected units, packed by and lot");
    for (size_t i = 0; i < goods->count; i++)
        if (strcmp(goods->keys[i]->text, "units") != 0 &&
            strcmp(goods->keys[i]->text, "packed by") != 0 &&
            strcmp(goods->keys[i]->text, "lot") != 0)
            return yaml_refuse(&f->tree, goods->keys[i], err, "goods: unknown key \"%.60s\"",
                               goods->keys[i]->text);
    if ((node = yaml_get(goods, "units")) != NULL) {
        char *end = NULL;
        unsigned long n = node->kind == YAML_SCALAR ? strtoul(node->text, &end, 10) : 0;
        if (n == 0 || n > UNITS_MAX || *end != '\0')
            return yaml_refuse(&f->tree, node, err, "units: expected a number from 1 to %d",
                               UNITS_MAX);
        f->units = (unsigned)n;
    }
    if ((node = yaml_get(goods, "packed by")) != NULL)
        f->packer = node->kind == YAML_SCALAR ? node->text : "";
    node = yaml_get(goods, "lot");
    if (node != NULL && (node->kind != YAML_SCALAR ||
                         !gs1_value_fits(gs1_find_ai(slice_text("10")), slice_text(node->text))))
        return yaml_refuse(&f->tree, node, err, "lot: expected a lot number of 1 to 20 characters");
    f->lot = node != NULL ? node->text : NULL;
    return true;
}

static bool compile_one(struct trial_file *f, const char *path, struct trial_contract *c,
                        struct err *err)
{
    struct yaml_tree tree;
    size_t size = strlen(f->folder) + strlen(path) + 1;
    char *whole = malloc(size);
    if (whole == NULL)
        return err_set(err, ERR_IO, "out of memory");
    (void)snprintf(whole, size, "%s%s", path[0] == '/' ? "" : f->folder, path);
    bool good = yaml_load(whole, &tree, err);
    free(whole);
    if (!good)
        return false;
    good = compile_contract(&tree, &c->bytes, err) &&
           definition_decode(buf_slice(&c->bytes), &c->definition, err);
    yaml_free(&tree);
    c->hash = crypto_sha256(buf_slice(&c->bytes));
    return good;
}

bool trial_case_contract(struct trial_file *f, const struct yaml_node *node, const char *path,
                         struct trial_contract **ret_contract, struct err *err)
{
    for (size_t i = 0; i < f->contract_count; i++)
        if (strcmp(f->contracts[i]->path, path) == 0) {
            *ret_contract = f->contracts[i];
            return true;
        }
    if (f->contract_count == TRIAL_CONTRACTS_MAX)
        return yaml_refuse(&f->tree, node, err, "more than %d contracts", TRIAL_CONTRACTS_MAX);
    struct trial_contract *c = calloc(1, sizeof *c);
    if (c == NULL)
        return err_set(err, ERR_IO, "out of memory");
    c->path = path;
    c->bytes = buf_heap(DEFINITION_MAX_BYTES);
    if (!compile_one(f, path, c, err)) {
        buf_free(&c->bytes);
        free(c);
        return false;
    }
    f->contracts[f->contract_count++] = c;
    *ret_contract = c;
    return true;
}

/* The other contracts that some step opens, so that their roles are known to `people`. */
static bool load_opened(struct trial_file *f, const struct yaml_node *steps, struct err *err)
{
    struct trial_contract *other;
    for (size_t i = 0; steps->kind == YAML_LIST && i < steps->count; i++) {
        const struct yaml_node *step = steps->values[i];
        const struct yaml_node *open = is_map(step) ? yaml_get(step, "open") : NULL;
        const struct yaml_node *node = is_map(open) ? yaml_get(open, "contract") : NULL;
        if (node != NULL && node->kind == YAML_SCALAR &&
            !trial_case_contract(f, node, node->text, &other, err))
            return false;
    }
    return true;
}

static bool load(struct trial_file *f, const char *path, struct err *err)
{
    struct trial_contract *own;
    const char *slash = strrchr(path, '/');
    f->folder = strndup(path, slash == NULL ? 0 : (size_t)(slash - path) + 1);
    if (f->folder == NULL)
        return err_set(err, ERR_IO, "out of memory");
    if (!yaml_load(path, &f->tree, err) || !check_top(f, err) || !take_goods(f, err))
        return false;
    const struct yaml_node *node = yaml_get(f->tree.root, "contract");
    if (node == NULL || node->kind != YAML_SCALAR)
        return yaml_refuse(&f->tree, node != NULL ? node : f->tree.root, err,
                           "contract: expected the name of the contract's file");
    if (!trial_case_contract(f, node, node->text, &own, err))
        return false;
    for (size_t i = 0; i < f->tests->count; i++)
        if (!load_opened(f, f->tests->values[i], err))
            return false;
    return true;
}

bool trial_file_load(const char *path, struct trial_file **ret_file, struct err *err)
{
    struct trial_file *f = calloc(1, sizeof *f);
    if (f == NULL)
        return err_set(err, ERR_IO, "out of memory");
    if (!load(f, path, err)) {
        trial_file_free(f);
        return false;
    }
    *ret_file = f;
    return true;
}

void trial_file_free(struct trial_file *f)
{
    if (f == NULL)
        return;
    for (size_t i = 0; i < f->contract_count; i++) {
        buf_free(&f->contracts[i]->bytes);
        free(f->contracts[i]);
    }
    yaml_free(&f->tree);
    free(f->folder);
    free(f);
}

size_t trial_file_count(const struct trial_file *f)
{
    return f->tests->count;
}

const char *trial_file_test_name(const struct trial_file *f, size_t i)
{
    return f->tests->keys[i]->text;
}

/* ------------------------------------------------------------------ steps */

static bool step_at(struct trial_case *c, const struct yaml_node *node)
{
    struct trial_instant instant;
    if (node->kind != YAML_SCALAR)
        return trial_case_refuse(c, node, "at: expected a time such as 10:00");
    if (!trial_value_time(node->text, c->t->now_ms, &instant, &c->err))
        return trial_case_blame(c, node);
    return trial_case_advance(c, node, instant.ms);
}

static bool step_wait(struct trial_case *c, const struct yaml_node *node)
{
    uint64_t ms;
    if (node->kind != YAML_SCALAR || !quantity_parse_duration_ms(node->text, &ms, &c->err))
        return trial_case_refuse(c, node, "wait: expected a duration such as \"2 h\"");
    return trial_case_advance(c, node, c->t->now_ms + ms);
}

static const struct verb {
    const char *word;
    bool (*take)(struct trial_case *c, const struct yaml_node *node);
} verbs[] = {
    { "open", trial_step_open },
    { "agree", trial_step_agree },
    { "at", step_at },
    { "wait", step_wait },
    { "readings", trial_readings_take },
    { "deliver", trial_readings_deliver },
    { "handover", trial_step_handover },
    { "attach", trial_step_attach },
    { "detach", trial_step_detach },
    { "scan", trial_step_scan },
    { "place", trial_step_place },
    { "disposition", trial_step_disposition },
    { "certificate", trial_certificate_take },
    { "revoke", trial_certificate_revoke },
    { "call", trial_call_take },
    { "document", trial_call_document },
    { "expect", trial_expect_all },
};
#define VERBS (sizeof verbs / sizeof verbs[0])

/* A step is one verb, with `refused` or `as` beside it. */
static const struct verb *find_verb(struct trial_case *c, const struct yaml_node *step,
                                    const struct yaml_node **ret_value)
{
    const struct verb *found_verb = NULL;
    if (step->kind != YAML_MAP) {
        (void)trial_case_refuse(c, step, "expected a step such as `at: 10:00`");
        return NULL;
    }
    for (size_t i = 0; i < step->count; i++) {
        const char *key = step->keys[i]->text;
        size_t v = 0;
        if (strcmp(key, "refused") == 0 || strcmp(key, "as") == 0)
            continue;
        while (v < VERBS && strcmp(verbs[v].word, key) != 0)
            v++;
        if (v == VERBS || found_verb != NULL) {
            (void)trial_case_refuse(
                c, step->keys[i],
                v == VERBS ? "unknown step \"%.60s\"" : "\"%.60s\" is a step of its own", key);
            return NULL;
        }
        found_verb = &verbs[v];
        *ret_value = step->values[i];
    }
    if (found_verb == NULL)
        (void)trial_case_refuse(c, step, "expected a step such as `at: 10:00`");
    return found_verb;
}

/* `refused: GUARD "worst severity"`: the code, then words that its reason has. */
static bool check_refusal(struct trial_case *c, const struct yaml_node *want)
{
    const struct trial_result *last = &c->t->last;
    const char *name = refusal_name(last->code);
    size_t len = strcspn(want->text, " ");
    if (!c->refused)
        return trial_case_refuse(c, want, "expected refused %.80s, found accepted", want->text);
    const char *words = want->text + len + strspn(want->text + len, " \"");
    size_t words_len = strlen(words);
    if (words_len > 0 && words[words_len - 1] == '"')
        words_len--;
    if (len == strlen(name) && strncmp(want->text, name, len) == 0 &&
        memmem(last->words, strlen(last->words), words, words_len) != NULL)
        return true;
    return trial_case_refuse(c, want, "expected refused %.80s, found refused %s%s%.100s",
                             want->text, name, last->words[0] != '\0' ? ": " : "", last->words);
}

static bool take_step(struct trial_case *c, const struct yaml_node *step)
{
    const struct yaml_node *value = NULL;
    const struct verb *verb = find_verb(c, step, &value);
    if (verb == NULL || !trial_case_text(c, step, "as", &c->as))
        return false;
    for (size_t i = 0; i < TRIAL_BUFS; i++)
        buf_clear(&c->bufs[i]);
    c->refused = false;
    const struct yaml_node *want = yaml_get(step, "refused");
    bool good = verb->take(c, value);
    if (!good && !c->refused)
        return false;
    if ((want != NULL || c->refused) && !trial_settle(c->t, &c->err))
        return trial_case_blame(c, step);
    if (want != NULL)
        return want->kind == YAML_SCALAR
                   ? check_refusal(c, want)
                   : trial_case_refuse(c, want, "refused: expected a code such as GUARD");
    if (!c->refused)
        return true;
    return trial_case_refuse(c, step, "expected accepted, found refused %s%s%.160s",
                             refusal_name(c->t->last.code), c->t->last.words[0] != '\0' ? ": " : "",
                             c->t->last.words);
}

static bool take_steps(struct trial_case *c, const struct yaml_node *steps)
{
    if (steps->kind != YAML_LIST)
        return trial_case_refuse(c, steps, "expected a list of steps");
    for (size_t i = 0; i < steps->count; i++) {
        if (!take_step(c, steps->values[i]))
            return false;
        c->out->step_count++;
    }
    return true;
}

/* ------------------------------------------------------------------ what was touched */

static struct trial_contract *contract_of(struct trial_case *c, const struct hash *opening)
{
    for (size_t i = 0; i < c->opening_count; i++)
        if (hash_equal(&c->openings[i].hash, opening))
            return c->openings[i].contract;
    return NULL;
}

static void note_reaction(struct trial_contract *contract, struct slice by)
{
    const struct contract_definition *d = &contract->definition;
    for (size_t i = 0; i < d->reaction_count; i++)
        if (slice_equal(d->reactions[i].name, by))
            contract->reactions |= UINT64_C(1) << i;
}

/* One that leaves the state alone leaves no event either: nobody can tell whether it ran. */
static bool changes_state(const struct contract_definition *d, const struct contract_reaction *r)
{
    bool changes = r->step.next >= 0;
    for (size_t i = 0; i < r->case_count; i++)
        changes = changes || d->cases[r->first_case + i].step.next >= 0;
    return changes;
}

static void note_event(void *ctx, const struct event *e)
{
    struct trial_case *c = ctx;
    struct trial_contract *contract;
    struct event_called called;
    struct event_state state;
    struct event_document document;
    struct hash opening;
    unsigned index;
    if (e->what == EVENT_IN_FORCE && event_data_opening(e->data, &opening) &&
        (contract = contract_of(c, &opening)) != NULL)
        contract->states |= 1;
    if (e->what == EVENT_STATE && event_data_state(e->data, &state) && state.to < 64 &&
        (contract = contract_of(c, &state.opening)) != NULL) {
        contract->states |= UINT64_C(1) << state.to;
        note_reaction(contract, state.by);
    }
    if (e->what == EVENT_CALLED && event_data_called(e->data, &called) &&
        (contract = contract_of(c, &called.opening)) != NULL &&
        definition_find_action(&contract->definition, called.action, &index))
        contract->actions |= UINT64_C(1) << index;
    if (e->what == EVENT_DOCUMENT && event_data_document(e->data, &document) &&
        (contract = contract_of(c, &document.opening)) != NULL &&
        definition_find_document(&contract->definition, document.name, &index))
        contract->documents |= UINT64_C(1) << index;
}

static void note_rules(struct trial_case *c)
{
    for (size_t i = 0; i < c->t->found.count; i++)
        for (size_t k = 0; k < c->opening_count; k++)
            if (c->t->found.items[i].opened &&
                hash_equal(&c->t->found.items[i].of.opening, &c->openings[k].hash))
                c->openings[k].contract->rules |= UINT64_C(1)
                                                  << (c->t->found.items[i].of.rule & 63);
}

void trial_file_untested(const struct trial_file *f,
                         void (*tell)(void *ctx, const char *kind, struct slice name), void *ctx)
{
    const struct trial_contract *c = f->contracts[0];
    const struct contract_definition *d = &c->definition;
    for (size_t i = 0; i < d->action_count; i++)
        if ((c->actions >> i & 1) == 0)
            tell(ctx, "action", d->actions[i].name);
    for (size_t i = 0; i < d->reaction_count; i++)
        if ((c->reactions >> i & 1) == 0 && changes_state(d, &d->reactions[i]))
            tell(ctx, "reaction", d->reactions[i].name);
    for (size_t i = 0; i < d->rule_count; i++)
        if ((c->rules >> i & 1) == 0)
            tell(ctx, "rule", d->rules[i].name);
    for (size_t i = 0; i < d->state_count; i++)
        if ((c->states >> i & 1) == 0)
            tell(ctx, "state", d->states[i].name);
    for (size_t i = 0; i < d->document_count; i++)
        if ((c->documents >> i & 1) == 0)
            tell(ctx, "document", d->documents[i].name);
}

/* ------------------------------------------------------------------ a test */

static void close_case(struct trial_case *c)
{
    for (size_t i = 0; i < c->pack_count; i++)
        buf_free(&c->packs[i].bytes);
    for (size_t i = 0; i < TRIAL_BUFS; i++)
        buf_free(&c->bufs[i]);
    trial_free(c->t);
    free(c->packs);
    free(c);
}

static void add_message(struct trial_outcome *out, const char *text)
{
    if (out->message_count == TRIAL_MESSAGES_MAX)
        return;
    (void)snprintf(out->messages[out->message_count++], sizeof out->messages[0], "%s", text);
}

void trial_file_run(struct trial_file *f, size_t i, struct trial_outcome *ret_outcome)
{
    struct trial_case *c = calloc(1, sizeof *c);
    *ret_outcome = (struct trial_outcome){ .name = trial_file_test_name(f, i) };
    if (c == NULL) {
        add_message(ret_outcome, "out of memory");
        return;
    }
    c->file = f;
    c->out = ret_outcome;
    c->t = trial_new(TRIAL_START_MS - 60000);
    c->packs = calloc(TRIAL_PACKS_MAX, sizeof *c->packs);
    for (size_t b = 0; b < TRIAL_BUFS; b++)
        c->bufs[b] = buf_heap(1u << 20);
    if (c->t == NULL || c->packs == NULL) {
        add_message(ret_outcome, "out of memory");
    } else {
        c->t->watch = note_event;
        c->t->watch_ctx = c;
        if (!trial_people_found(c) || !take_steps(c, f->tests->values[i]))
            add_message(ret_outcome, c->err.msg);
        note_rules(c);
    }
    close_case(c);
}
