#include "tools/cmd_custody_seen.h"

#include "common/instant.h"
#include "common/quantity.h"
#include "tools/cmd_names.h"
#include "tools/cmd_node.h"

#include <stdlib.h>
#include <string.h>

#define COUNT_MAX    UINT64_C(1000000000)
#define READINGS_MAX 64 /* goods that are asked about for a last reading */

/* ------------------------------------------------------------------ when it ends, the seal */

bool cmd_custody_seen_expiry(struct cmd_home *home, const struct cmd_args *args,
                             struct statement *draft, struct err *err)
{
    struct custody *c = &draft->as.custody;
    const char *text = cmd_args_text(args, "expires", NULL);
    uint64_t lasts_ms;
    if (text == NULL)
        return true;
    c->has_expiry = true;
    if (draft->link.time_ms == 0)
        draft->link.time_ms = clock_now_ms(&home->clock);
    if (instant_parse(text, &c->expiry_ms))
        return c->expiry_ms > draft->link.time_ms ||
               err_set(err, ERR_INPUT, "--expires: %.60s is over already", text);
    if (!quantity_parse_duration_ms(text, &lasts_ms, NULL) || lasts_ms == 0)
        return err_set(err, ERR_INPUT,
                       "--expires: expected a duration such as \"24 h\" or an instant such as "
                       "2026-06-01T10:00:00Z, found \"%.60s\"",
                       text);
    c->expiry_ms = draft->link.time_ms + lasts_ms;
    return true;
}

bool cmd_custody_seen_seal(const struct cmd_args *args, struct custody *c, struct err *err)
{
    static const char *const names[] = {
        [SEAL_INTACT] = "intact",
        [SEAL_BROKEN] = "broken",
        [SEAL_NONE] = "none",
    };
    const char *text = cmd_args_text(args, "seal", NULL);
    if (text == NULL)
        return true;
    size_t len = strcspn(text, ":");
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strlen(names[i]) != len || memcmp(names[i], text, len) != 0)
            continue;
        c->has_seal = true;
        c->seal = (enum custody_seal)i;
        c->seal_number = slice_text(text[len] == ':' ? text + len + 1 : "");
        return (c->seal_number.len <= CUSTODY_SEAL_MAX && cbor_text_valid(c->seal_number)) ||
               err_set(err, ERR_INPUT, "--seal: expected a number of at most %d bytes",
                       CUSTODY_SEAL_MAX);
    }
    return err_set(err, ERR_INPUT,
                   "--seal: expected intact, broken or none, perhaps with a number as in "
                   "intact:4711, found \"%.60s\"",
                   text);
}

/* ------------------------------------------------------------------ the last reading */

bool cmd_custody_seen_reading(struct cmd_home *home, const struct cmd_args *args, struct custody *c,
                              struct err *err)
{
    const char *text = cmd_args_text(args, "reading", NULL);
    struct node_client *node = NULL;
    struct node_reading reading = { .found = false };
    struct kid device;
    if (text == NULL)
        return true;
    bool any = strcmp(text, "auto") == 0;
    if ((!any && !cmd_home_parse_kid(text, &device, err)) || !cmd_node_open(home, &node, err))
        return any ? false : err_wrap(err, "--reading");
    struct asset_iter it = asset_set_begin(&c->assets);
    for (size_t i = 0; !reading.found && i < READINGS_MAX && asset_set_next(&it); i++)
        if (!node_client_find_reading(node, it.name, any ? NULL : &device, &reading, err))
            return false;
    if (!reading.found)
        return err_set(err, ERR_NOT_FOUND, "--reading: the node knows no reading of these goods%s",
                       any ? "" : " by that device");
    c->has_reading = true;
    c->device = reading.device;
    c->reading = reading.statement;
    return true;
}

/* ------------------------------------------------------------------ what is missing */

static bool parse_counts(const char *text, struct custody *c, struct err *err)
{
    uint64_t *const into[] = { &c->missing_count, &c->surplus_count, &c->damaged_count };
    const char *p = text;
    bool good = true;
    for (size_t i = 0; good && i < 3; i++) {
        char *end = NULL;
        good = *p >= '0' && *p <= '9';
        *into[i] = good ? strtoull(p, &end, 10) : 0;
        good = good && *into[i] <= COUNT_MAX && *end == (i < 2 ? ',' : '\0');
        p = good ? end + 1 : p;
    }
    c->has_counts = true;
    return good || err_set(err, ERR_INPUT,
                           "--counts: expected how many are missing, too many and damaged, such "
                           "as 2,0,1, found \"%.60s\"",
                           text);
}

/* Every name that was typed, spans spelled out. Returns: how many, SIZE_MAX with err after a misfit. */
static size_t list_missing(const struct cmd_args *args, char (*names)[GS1_NAME_MAX + 1],
                           struct err *err)
{
    size_t count = 0;
    const char *text;
    for (size_t i = 0; (text = cmd_args_nth(args, "missing", i)) != NULL; i++) {
        struct asset_set set;
        struct buf memory = buf_heap(CMD_ASSETS_MAX);
        bool good = cmd_names_span(text, &memory, &set, err) &&
                    (count + set.count <= ASSET_SET_MAX ||
                     err_set(err, ERR_INPUT, "more than %d", ASSET_SET_MAX));
        struct asset_iter it = { .left = 0 };
        if (good)
            it = asset_set_begin(&set);
        while (good && asset_set_next(&it))
            memcpy(names[count++], it.name, it.name_len + 1);
        buf_free(&memory);
        if (!good)
            return SIZE_MAX;
    }
    return count;
}

static bool read_missing(const struct cmd_args *args, struct buf *memory, struct custody *c,
                         struct err *err)
{
    char(*names)[GS1_NAME_MAX + 1] = calloc(ASSET_SET_MAX, sizeof *names);
    const char **list = calloc(ASSET_SET_MAX, sizeof *list);
    bool good = names != NULL && list != NULL;
    if (!good)
        (void)err_set(err, ERR_IO, "out of memory");
    size_t count = good ? list_missing(args, names, err) : 0;
    good = good && count != SIZE_MAX;
    for (size_t i = 0; good && i < count; i++)
        list[i] = names[i];
    good = good && cmd_names_list(list, count, memory, &c->missing, err);
    free(list);
    free(names);
    c->has_missing = good;
    return good || err_wrap(err, "--missing");
}

bool cmd_custody_seen_counts(const struct cmd_args *args, struct buf *memory, struct custody *c,
                             struct err *err)
{
    const char *counts = cmd_args_text(args, "counts", NULL);
    bool missing = cmd_args_nth(args, "missing", 0) != NULL;
    if ((counts != NULL && !parse_counts(counts, c, err)) ||
        (missing && !read_missing(args, memory, c, err)))
        return false;
    if (missing && counts == NULL) { /* named one by one they are counted too */
        c->has_counts = true;
        c->missing_count = c->missing.count;
    }
    return true;
}
