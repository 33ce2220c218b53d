#include "tests/support/vectors.h"

#include "common/hex.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ENTRIES_MAX 256

static const char *vectors_path = "tests/vectors/waybill.json";
static const char *asked[ENTRIES_MAX]; /* keys of the loaded file, each once */
static size_t asked_count;

static void give_up(const char *name, const char *why)
{
    (void)fprintf(stderr, "%s: %s: %s\n", vectors_path, name, why);
    exit(EXIT_FAILURE);
}

void vectors_from(const char *path)
{
    vectors_path = path;
}

static bool was_asked(const char *name)
{
    for (size_t i = 0; i < asked_count; i++)
        if (strcmp(asked[i], name) == 0)
            return true;
    return false;
}

static void note_asked(const char *key)
{
    if (!was_asked(key) && asked_count < ENTRIES_MAX)
        asked[asked_count++] = key;
}

static json_t *load_all(void)
{
    static json_t *all;
    json_error_t error;
    if (all == NULL)
        all = json_load_file(vectors_path, 0, &error);
    if (all == NULL)
        give_up("not read", error.text);
    return all;
}

const char *vectors_unasked(void)
{
    json_t *all = load_all();
    for (void *i = json_object_iter(all); i != NULL; i = json_object_iter_next(all, i))
        if (!was_asked(json_object_iter_key(i)))
            return json_object_iter_key(i);
    return NULL;
}

static json_t *entry_of(const char *name)
{
    void *i = json_object_iter_at(load_all(), name);
    if (i == NULL)
        give_up(name, "no such vector");
    note_asked(json_object_iter_key(i));
    return json_object_iter_value(i);
}

static const char *text_of(const char *name, const json_t *value)
{
    if (!json_is_string(value))
        give_up(name, "expected a text");
    return json_string_value(value);
}

/* Everything handed out, in one list: it lives until the program ends, and is no leak. */
struct kept {
    struct kept *next;
    uint8_t bytes[];
};

struct slice vectors_unhex(const char *text)
{
    static struct kept *all;
    size_t digits = strlen(text);
    struct kept *k = malloc(sizeof *k + digits / 2 + 1);
    if (k == NULL || !hex_decode(text, digits, k->bytes, digits / 2))
        give_up(text, "expected hex digits");
    k->next = all;
    all = k;
    return slice_of(k->bytes, digits / 2);
}

const char *vectors_text(const char *name, const char *member)
{
    return text_of(name, json_object_get(entry_of(name), member));
}

struct slice vectors_member(const char *name, const char *member)
{
    return vectors_unhex(vectors_text(name, member));
}

struct slice vectors_bytes(const char *name)
{
    json_t *entry = entry_of(name);
    return vectors_unhex(
        text_of(name, json_is_object(entry) ? json_object_get(entry, "hex") : entry));
}

size_t vectors_count(const char *name)
{
    json_t *entry = entry_of(name);
    if (!json_is_array(entry))
        give_up(name, "expected a list");
    return json_array_size(entry);
}

struct slice vectors_item(const char *name, size_t index)
{
    return vectors_unhex(text_of(name, json_array_get(entry_of(name), index)));
}

char *vectors_json(const char *name)
{
    return json_dumps(entry_of(name), JSON_COMPACT | JSON_ENCODE_ANY);
}

const char *vectors_item_text(const char *name, size_t index, size_t member)
{
    return text_of(name, json_array_get(json_array_get(entry_of(name), index), member));
}

int64_t vectors_item_int(const char *name, size_t index, size_t member)
{
    const json_t *value = json_array_get(json_array_get(entry_of(name), index), member);
    if (!json_is_integer(value))
        give_up(name, "expected an integer");
    return json_integer_value(value);
}

struct key_pair vectors_key(const char *name)
{
    char entry[64];
    (void)snprintf(entry, sizeof entry, "key %s", name);
    struct slice seed = vectors_member(entry, "seed");
    if (seed.len != SEED_SIZE)
        give_up(entry, "expected a seed of 32 bytes");
    return key_from_seed(seed.data);
}

struct hash vectors_hash(const char *name)
{
    struct hash hash;
    struct slice bytes = vectors_bytes(name);
    if (bytes.len != HASH_SIZE)
        give_up(name, "expected 32 bytes");
    memcpy(hash.bytes, bytes.data, HASH_SIZE);
    return hash;
}

struct hash vectors_ledger(void)
{
    return vectors_hash("ledger id");
}
