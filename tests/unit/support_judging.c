#include "tests/unit/support_judging.h"

#include "contracts/compile.h"
#include "contracts/definition.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct world *judging_world(void)
{
    struct world *w = world_new();
    judging_say(w, FARM, kit_commission(UNIT), MINUTES(0));
    judging_say(w, FARM, kit_attach(world_kid(w, LOGGER), UNIT, false), MINUTES(0));
    judging_say(w, CARRIER, kit_attach(world_kid(w, TRACKER), UNIT, false), MINUTES(0));
    return w;
}

void judging_say(struct world *w, enum world_key who, struct statement draft, uint64_t time_ms)
{
    enum refusal code = world_say(w, who, draft, time_ms);
    if (code == ACCEPTED)
        return;
    world_end(w);
    fail_msg("%s: %s", refusal_name(code), w->detail);
}

struct slice judging_compile(const char *yaml)
{
    static struct compiled {
        const char *yaml;
        struct buf bytes;
    } all[16];
    struct yaml_tree tree = { 0 };
    struct err err = { .msg = "" };
    size_t i = 0;
    while (all[i].yaml != NULL && all[i].yaml != yaml)
        i++;
    assert_true(i + 1 < sizeof all / sizeof all[0]);
    if (all[i].yaml == yaml)
        return buf_slice(&all[i].bytes);
    all[i] = (struct compiled){ yaml, buf_heap(DEFINITION_MAX_BYTES) };
    if (!yaml_parse("c.yaml", slice_text(yaml), &tree, &err) ||
        !compile_contract(&tree, &all[i].bytes, &err))
        fail_msg("%s", err.msg);
    yaml_tree_free(&tree);
    return buf_slice(&all[i].bytes);
}

struct hash judging_open_at(struct world *w, const char *yaml, uint64_t time_ms)
{
    struct slice compiled = judging_compile(yaml);
    world_block(w, time_ms);
    judging_say(
        w, FARM,
        kit_open(compiled, UNIT, world_kid(w, FARM), world_kid(w, CLINIC), time_ms + 3600000),
        time_ms);
    struct hash opening = w->last;
    judging_say(w, CLINIC, kit_agree(&opening, false), time_ms);
    return opening;
}

struct statement judging_minutes(const int *centi, size_t count)
{
    return kit_temperatures(centi, count, 60000);
}

void judging_report_flat(struct world *w, enum world_key device, unsigned first, unsigned count,
                         int centi)
{
    int values[1024];
    assert_true(count <= 1024);
    for (unsigned i = 0; i < count; i++)
        values[i] = centi;
    judging_say(w, device, judging_minutes(values, count), MINUTES(first + count - 1));
}

/* ------------------------------------------------------------------ letters */

struct judging_letter judging_sign(struct world *w, enum world_key who, struct statement draft,
                                   uint64_t time_ms)
{
    struct judging_letter letter = { buf_heap(STATEMENT_MAX) };
    (void)kit_sign(&w->by[who], draft, time_ms, &letter.bytes);
    return letter;
}

enum refusal judging_post(struct world *w, struct judging_letter *letter)
{
    world_block(w, w->context.time_ms + 1000);
    enum refusal code = world_say_bytes(w, buf_slice(&letter->bytes));
    buf_free(&letter->bytes);
    return code;
}

struct statement judging_correct(struct slice original)
{
    struct statement s = { .kind = KIND_CORRECTION };
    s.as.correction = (struct correction){ .original = original,
                                           .meaning = slice_text("correction"),
                                           .reason = slice_text("the probe lay on the dashboard") };
    return s;
}

/* ------------------------------------------------------------------ what came of it */

struct slice judging_book_bytes(struct world *w, const struct hash *opening)
{
    struct state_key key = state_key_book(slice_text(UNIT), opening);
    struct slice value = { NULL, 0 };
    world_end(w);
    (void)memory_state_get(w->state, state_key_slice(&key), &value);
    return value;
}

/* "<rule> <from> # <device>" of an event's text: what charges and revisions are about. */
struct about {
    char rule[16], from[24], device[24];
};

#define CHARGE_TEXT   "charged " UNIT " %15s %23s %23s %23s %*s %23s"
#define REVISION_TEXT "revision " UNIT " %15s %23s %*s %23s"

static bool take_charge(const char *text, struct about *a, char member[24], char seconds[24])
{
    return sscanf(text, CHARGE_TEXT, a->rule, member, seconds, a->from, a->device) == 5;
}

static bool same(const struct about *a, const struct about *b)
{
    return strcmp(a->rule, b->rule) == 0 && strcmp(a->from, b->from) == 0 &&
           strcmp(a->device, b->device) == 0;
}

/* Whether a later event takes the charge back. */
static bool is_void(const struct world *w, size_t charge, const struct about *mine)
{
    for (size_t i = charge + 1; i < w->event_count; i++) {
        struct about a;
        if (sscanf(w->events[i].text, REVISION_TEXT, a.rule, a.from, a.device) == 3 &&
            same(&a, mine))
            return true;
    }
    return false;
}

static int compare_lines(const void *a, const void *b)
{
    const char *const *x = a, *const *y = b;
    return strcmp(*x, *y);
}

char *judging_final_charges(struct world *w)
{
    static const char *lines[WORLD_EVENTS_MAX];
    size_t n = 0, size = 1;
    world_end(w);
    for (size_t i = 0; i < w->event_count; i++) {
        struct about a;
        char member[24], seconds[24];
        if (!take_charge(w->events[i].text, &a, member, seconds) || is_void(w, i, &a))
            continue;
        lines[n++] = w->events[i].text;
        size += strlen(w->events[i].text) + 1;
    }
    qsort(lines, n, sizeof lines[0], compare_lines);
    char *all = calloc(1, size);
    assert_non_null(all);
    for (size_t i = 0; i < n; i++)
        (void)snprintf(all + strlen(all), size - strlen(all), "%s\n", lines[i]);
    return all;
}
