/* Readings of a device: made up from a value or a list, sent as they are taken, or kept for later. */
#include "tools/trial_step.h"

#include "contracts/property.h"

#include <stdlib.h>
#include <string.h>

#define SAMPLES_MAX 100000

struct column {
    const struct property *property;
    const struct yaml_node *node; /* one value for all times, or a list */
};

struct readings {
    const struct yaml_node *step;
    struct trial_person *from;
    bool lost;
    size_t pack; /* samples to a statement */
    uint64_t every_ms;
    size_t count; /* points in time */
    size_t columns;
    struct column column[READING_COLUMNS_MAX];
    struct samples *samples;
    struct buf memory;
};

static bool duration(struct trial_case *c, const struct yaml_node *step, const char *key,
                     uint64_t *ret_ms)
{
    const struct yaml_node *node = yaml_get(step, key);
    *ret_ms = 0;
    if (node == NULL)
        return true;
    if (node->kind != YAML_SCALAR || !quantity_parse_duration_ms(node->text, ret_ms, NULL) ||
        *ret_ms == 0)
        return trial_case_refuse(c, node, "%s: expected a duration such as \"1 min\"", key);
    return true;
}

static bool is_option(const char *key)
{
    static const char *const options[] = { "from", "every", "for", "lost", "pack" };
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        if (strcmp(options[i], key) == 0)
            return true;
    return false;
}

static bool read_columns(struct trial_case *c, struct readings *g)
{
    for (size_t i = 0; i < g->step->count; i++) {
        const struct yaml_node *key = g->step->keys[i];
        const struct property *p = property_by_name(slice_text(key->text));
        if (is_option(key->text))
            continue;
        if (p == NULL)
            return trial_case_refuse(c, key, "no property \"%.60s\"", key->text);
        if (g->columns == READING_COLUMNS_MAX || g->step->values[i]->kind == YAML_MAP)
            return trial_case_refuse(c, key, "expected a value or a list of values");
        size_t at = g->columns++;
        for (; at > 0 && g->column[at - 1].property->id > p->id; at--)
            g->column[at] = g->column[at - 1];
        g->column[at] = (struct column){ p, g->step->values[i] };
    }
    return g->columns > 0 ||
           trial_case_refuse(c, g->step, "expected a property such as `temperature: 5 °C`");
}

/* As many points as the lists have, or as `for` holds of `every`, or one. */
static bool count_points(struct trial_case *c, struct readings *g, uint64_t for_ms)
{
    g->count = 0;
    for (size_t i = 0; i < g->columns; i++) {
        const struct yaml_node *node = g->column[i].node;
        if (node->kind != YAML_LIST)
            continue;
        if (node->count == 0 || (g->count != 0 && g->count != node->count))
            return trial_case_refuse(c, node, "expected lists of equal length");
        g->count = node->count;
    }
    if ((for_ms > 0 || g->count > 1) && g->every_ms == 0)
        return trial_case_refuse(c, g->step, "every: expected the time from reading to reading");
    if (for_ms > 0 && g->count > 0)
        return trial_case_refuse(c, yaml_get(g->step, "for"),
                                 "a list says itself how long it lasts: leave out `for`");
    if (for_ms > 0)
        g->count = (size_t)((for_ms + g->every_ms - 1) / g->every_ms);
    if (g->count == 0)
        g->count = 1;
    return g->count <= SAMPLES_MAX ||
           trial_case_refuse(c, g->step, "more than %d readings", SAMPLES_MAX);
}

static bool read_options(struct trial_case *c, struct readings *g)
{
    const struct yaml_node *pack = yaml_get(g->step, "pack");
    uint64_t for_ms;
    const char *lost;
    if (!duration(c, g->step, "every", &g->every_ms) || !duration(c, g->step, "for", &for_ms) ||
        !trial_case_text(c, g->step, "lost", &lost))
        return false;
    g->lost = lost != NULL && strcmp(lost, "yes") == 0;
    g->pack = 1;
    if (pack != NULL) {
        char *end = NULL;
        unsigned long n = pack->kind == YAML_SCALAR ? strtoul(pack->text, &end, 10) : 0;
        if (n == 0 || n > READING_SAMPLES_MAX || *end != '\0')
            return trial_case_refuse(c, pack, "pack: expected a number from 1 to %d",
                                     READING_SAMPLES_MAX);
        g->pack = n;
    }
    return count_points(c, g, for_ms);
}

/* ------------------------------------------------------------------ values */

static const struct yaml_node *value_node(const struct column *column, size_t i)
{
    return column->node->kind == YAML_LIST ? column->node->values[i] : column->node;
}

/* A column has one exponent: the usual one, or the finest that some value needs. */
static bool read_value(struct trial_case *c, const struct column *column, size_t i,
                       struct quantity *ret, bool *ret_present)
{
    const struct yaml_node *node = value_node(column, i);
    if (node->kind != YAML_SCALAR)
        return trial_case_refuse(c, node, "expected a value such as \"5 °C\"");
    *ret_present = strcmp(node->text, "absent") != 0;
    return !*ret_present ||
           trial_value_quantity(node->text, column->property->unit, true, ret, &c->err) ||
           trial_case_blame(c, node);
}

static bool fill_column(struct trial_case *c, struct readings *g, size_t k, size_t first, size_t n)
{
    const struct column *column = &g->column[k];
    struct sample_column *out = &g->samples->column[k];
    struct quantity q = { 0 };
    bool present = false;
    out->property = column->property->id;
    out->exponent = column->property->exponent;
    for (size_t i = 0; i < n; i++) {
        if (!read_value(c, column, first + i, &q, &present))
            return false;
        if (present && q.exponent < out->exponent)
            out->exponent = (int8_t)q.exponent;
    }
    for (size_t i = 0; i < n; i++) {
        out->value[i] = 0;
        if (!read_value(c, column, first + i, &q, &out->present[i]))
            return false;
        if (out->present[i] &&
            !quantity_rescale(q.mantissa, q.exponent, out->exponent, &out->value[i]))
            return trial_case_refuse(c, value_node(column, first + i), "too large a value");
    }
    return true;
}

static bool make_pack(struct trial_case *c, struct readings *g, size_t first, uint64_t start_ms,
                      struct statement *ret_draft)
{
    size_t n = g->count - first < g->pack ? g->count - first : g->pack;
    g->samples->rows = n;
    g->samples->columns = g->columns;
    for (size_t i = 0; i < n; i++)
        g->samples->time_ms[i] = start_ms + (first + i) * g->every_ms;
    for (size_t k = 0; k < g->columns; k++)
        if (!fill_column(c, g, k, first, n))
            return false;
    *ret_draft = (struct statement){ .kind = KIND_READING };
    return reading_make(g->samples, &g->memory, &ret_draft->as.reading, &c->err) ||
           trial_case_blame(c, g->step);
}

/* ------------------------------------------------------------------ sending */

static bool keep(struct trial_case *c, struct readings *g, struct statement draft, uint64_t time_ms)
{
    if (c->pack_count == TRIAL_PACKS_MAX)
        return trial_case_refuse(c, g->step, "more than %d statements lost", TRIAL_PACKS_MAX);
    struct trial_pack *p = &c->packs[c->pack_count++];
    *p = (struct trial_pack){ .name = c->as, .bytes = buf_heap(STATEMENT_MAX) };
    return trial_sign(c->t, g->from, draft, time_ms, &p->bytes, &c->err) ||
           trial_case_blame(c, g->step);
}

/* Dated when it was measured, also where the block that takes it comes a millisecond later. */
static bool send_one(struct trial_case *c, struct readings *g, struct statement draft,
                     uint64_t time_ms)
{
    struct buf bytes = buf_heap(STATEMENT_MAX);
    bool good = trial_sign(c->t, g->from, draft, time_ms, &bytes, &c->err) &&
                trial_send(c->t, buf_slice(&bytes), &c->err);
    buf_free(&bytes);
    if (!good)
        return trial_case_blame(c, g->step);
    c->refused = c->t->last.code != ACCEPTED;
    return !c->refused;
}

/* The device's clock is the ledger's. After the last reading it goes on by `every`. */
static bool send_all(struct trial_case *c, struct readings *g)
{
    uint64_t start_ms = c->t->now_ms;
    struct statement draft;
    for (size_t first = 0; first < g->count; first += g->pack) {
        if (!make_pack(c, g, first, start_ms, &draft))
            return false;
        uint64_t last_ms = g->samples->time_ms[g->samples->rows - 1];
        if (!trial_case_advance(c, g->step, last_ms))
            return false;
        if (g->lost ? !keep(c, g, draft, last_ms) : !send_one(c, g, draft, last_ms))
            return false;
    }
    return trial_case_advance(c, g->step, start_ms + g->count * g->every_ms);
}

bool trial_readings_take(struct trial_case *c, const struct yaml_node *step)
{
    struct readings g = { .step = step };
    bool good;
    if (step->kind != YAML_MAP)
        return trial_case_refuse(c, step, "expected { from: DEVICE, PROPERTY: VALUE, … }");
    if (!trial_case_person(c, step, "from", &g.from) || !read_columns(c, &g) ||
        !read_options(c, &g))
        return false;
    struct samples *samples = malloc(sizeof *samples);
    g.samples = samples;
    g.memory = buf_heap(1u << 20);
    good = samples != NULL ? send_all(c, &g) : err_set(&c->err, ERR_IO, "out of memory");
    buf_free(&g.memory);
    free(samples);
    return good;
}

/* ------------------------------------------------------------------ what was lost comes after all */

static bool deliver_one(struct trial_case *c, const struct yaml_node *step, struct trial_pack *p)
{
    if (p->delivered)
        return true;
    p->delivered = true;
    if (!trial_send(c->t, buf_slice(&p->bytes), &c->err))
        return trial_case_blame(c, step);
    c->refused = c->t->last.code != ACCEPTED;
    return !c->refused;
}

static bool deliver_named(struct trial_case *c, const struct yaml_node *node)
{
    bool any = false;
    for (size_t i = 0; node->kind == YAML_SCALAR && i < c->pack_count; i++)
        if (c->packs[i].name != NULL && strcmp(c->packs[i].name, node->text) == 0) {
            any = true;
            if (!deliver_one(c, node, &c->packs[i]))
                return false;
        }
    return any || trial_case_refuse(c, node, "deliver: no lost readings of that name (`as:`)");
}

bool trial_readings_deliver(struct trial_case *c, const struct yaml_node *step)
{
    bool reversed = step->kind == YAML_SCALAR && strcmp(step->text, "reversed") == 0;
    if (step->kind == YAML_LIST) {
        for (size_t i = 0; i < step->count; i++)
            if (!deliver_named(c, step->values[i]))
                return false;
        return true;
    }
    if (step->kind != YAML_SCALAR || (!reversed && strcmp(step->text, "all") != 0))
        return trial_case_refuse(c, step, "deliver: expected all, reversed or a list of names");
    for (size_t i = 0; i < c->pack_count; i++)
        if (!deliver_one(c, step, &c->packs[reversed ? c->pack_count - 1 - i : i]))
            return false;
    return true;
}
