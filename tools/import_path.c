/* Complaints that name a place in a configuration, and the reading of its parts. */
#include "tools/import_path.h"

#include <stdio.h>
#include <string.h>

#define MAX_STEPS    16
#define MAX_PATH     120
#define SHOWN_MAX    60
#define NEAR         2
#define NEAR_MAX_LEN 64

struct import_at import_key(const struct import_at *up, const char *key)
{
    return (struct import_at){ .up = up, .key = key, .err = up->err };
}

struct import_at import_index(const struct import_at *up, size_t index)
{
    return (struct import_at){ .up = up, .index = index, .err = up->err };
}

/* The whole file has no path: then the text says what it is. */
static void write_path(const struct import_at *at, char *text, size_t size)
{
    const struct import_at *steps[MAX_STEPS];
    size_t count = 0;
    size_t len = 0;
    text[0] = '\0';
    for (; at->up != NULL && count < MAX_STEPS; at = at->up)
        steps[count++] = at;
    while (count > 0 && len < size) {
        const struct import_at *step = steps[--count];
        int n = step->key != NULL
                    ? snprintf(text + len, size - len, "%s%s", len > 0 ? "." : "", step->key)
                    : snprintf(text + len, size - len, "[%zu]", step->index);
        len += n > 0 ? (size_t)n : 0;
    }
    if (text[0] == '\0')
        (void)snprintf(text, size, "configuration");
}

bool import_refuse(const struct import_at *at, const char *fmt, ...)
{
    char path[MAX_PATH];
    va_list ap;
    va_start(ap, fmt);
    (void)err_setv(at->err, ERR_INPUT, fmt, ap);
    va_end(ap);
    write_path(at, path, sizeof path);
    return err_wrap(at->err, "%s", path);
}

bool import_refuse_kind(const struct import_at *at, const char *wanted,
                        const struct json_doc *found)
{
    struct slice text;
    if (!json_doc_get_text(found, &text))
        return import_refuse(at, "expected %s, found %s", wanted, json_doc_kind_name(found));
    text = import_cut(text, SHOWN_MAX);
    return import_refuse(at, "expected %s, found \"%.*s\"", wanted, (int)text.len,
                         (const char *)text.data);
}

/* ------------------------------------------------------------------ the nearest name */

struct import_near import_near_begin(struct slice word)
{
    return (struct import_near){ .word = word, .distance = NEAR + 1 };
}

static uint8_t lower(uint8_t ch)
{
    return ch >= 'A' && ch <= 'Z' ? (uint8_t)(ch + ('a' - 'A')) : ch;
}

/* Letters to put in, take out or change, whatever their case. */
static size_t letters_apart(struct slice a, struct slice b)
{
    size_t row[NEAR_MAX_LEN + 1];
    for (size_t k = 0; k <= b.len; k++)
        row[k] = k;
    for (size_t i = 0; i < a.len; i++) {
        size_t diagonal = row[0];
        row[0] = i + 1;
        for (size_t k = 0; k < b.len; k++) {
            size_t change = diagonal + (lower(a.data[i]) != lower(b.data[k]) ? 1 : 0);
            size_t other = (row[k] < row[k + 1] ? row[k] : row[k + 1]) + 1;
            diagonal = row[k + 1];
            row[k + 1] = change < other ? change : other;
        }
    }
    return row[b.len];
}

void import_near_try(struct import_near *near, struct slice name)
{
    if (name.len > NEAR_MAX_LEN || near->word.len > NEAR_MAX_LEN)
        return;
    size_t distance = letters_apart(near->word, name);
    if (distance > NEAR || 2 * distance > near->word.len || distance >= near->distance)
        return;
    near->distance = distance;
    near->best = name;
}

const char *import_near_words(const struct import_near *near, char text[IMPORT_NEAR_SIZE])
{
    text[0] = '\0';
    if (near->best.len > 0)
        (void)snprintf(text, IMPORT_NEAR_SIZE, " (did you mean \"%.*s\"?)", (int)near->best.len,
                       (const char *)near->best.data);
    return text;
}

bool import_refuse_near(const struct import_at *at, const char *wanted,
                        const struct import_near *near)
{
    char words[IMPORT_NEAR_SIZE];
    struct slice shown = import_cut(near->word, SHOWN_MAX);
    return import_refuse(at, "expected %s, found \"%.*s\"%s", wanted, (int)shown.len,
                         (const char *)shown.data, import_near_words(near, words));
}

/* ------------------------------------------------------------------ parts of the JSON */

static bool is_known(const char *const *known, const char *key)
{
    for (; *known != NULL; known++)
        if (strcmp(*known, key) == 0)
            return true;
    return false;
}

bool import_take_object(const struct import_at *at, const struct json_doc *doc,
                        const char *const *known)
{
    if (!json_doc_is_object(doc))
        return import_refuse_kind(at, "an object", doc);
    for (const char *key = json_doc_next_key(doc, NULL); key != NULL;
         key = json_doc_next_key(doc, key)) {
        if (is_known(known, key))
            continue;
        struct import_near near = import_near_begin(slice_text(key));
        for (size_t i = 0; known[i] != NULL; i++)
            import_near_try(&near, slice_text(known[i]));
        return import_refuse_near(at, "a key of the configuration's format", &near);
    }
    return true;
}

const struct json_doc *import_member(const struct json_doc *object, const char *key)
{
    char pointer[64];
    (void)snprintf(pointer, sizeof pointer, "/%s", key);
    return json_doc_at(object, pointer);
}

bool import_take_list(const struct import_at *up, const struct json_doc *object, const char *key,
                      struct import_bounds bounds, const struct json_doc **ret)
{
    struct import_at at = import_key(up, key);
    const struct json_doc *list = import_member(object, key);
    *ret = NULL;
    if (list == NULL && bounds.optional)
        return true;
    if (!json_doc_is_array(list))
        return import_refuse_kind(&at, "a list", list);
    size_t count = json_doc_count(list);
    if (count < bounds.min)
        return import_refuse(&at, "expected at least %zu, found %zu", bounds.min, count);
    if (count > bounds.max)
        return import_refuse(&at, "expected at most %zu, found %zu", bounds.max, count);
    *ret = list;
    return true;
}

bool import_take_text(const struct import_at *up, const struct json_doc *object, const char *key,
                      struct import_bounds bounds, struct slice *ret)
{
    struct import_at at = import_key(up, key);
    const struct json_doc *doc = import_member(object, key);
    struct slice text;
    size_t characters = 0;
    *ret = slice_of(NULL, 0);
    if (bounds.optional && (doc == NULL || json_doc_is_null(doc)))
        return true;
    if (!json_doc_get_text(doc, &text))
        return import_refuse_kind(&at, "a text", doc);
    for (size_t i = 0; i < text.len; i++)
        characters += (text.data[i] & 0xc0) != 0x80 ? 1 : 0;
    if (characters < bounds.min)
        return import_refuse(&at, "expected a text, found an empty one");
    if (characters > bounds.max)
        return import_refuse(&at, "expected at most %zu characters, found %zu", bounds.max,
                             characters);
    *ret = text;
    return true;
}
