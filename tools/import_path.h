/* Where something stands in a configuration, what was expected there, and how names are made legal. */
#ifndef TOOLS_IMPORT_PATH_H
#define TOOLS_IMPORT_PATH_H

#include "common/json.h"
#include "tools/import_parts.h"

/* ---- where something stands in the JSON (import_path.c) */

/* One step of a path, with those above it: a key, or with NULL an index. */
struct import_at {
    const struct import_at *up;
    const char *key;
    size_t index;
    struct err *err;
};

struct import_at import_key(const struct import_at *up, const char *key);
struct import_at import_index(const struct import_at *up, size_t index);
/* err := "<path>: <words>". Returns false always. */
__attribute__((format(printf, 2, 3))) bool import_refuse(const struct import_at *at,
                                                         const char *fmt, ...);
/* err := "<path>: expected <wanted>, found <what it is>" */
bool import_refuse_kind(const struct import_at *at, const char *wanted,
                        const struct json_doc *found);

/* The name of a list that is nearest to a misspelt one. */
struct import_near {
    struct slice word, best;
    size_t distance;
};
struct import_near import_near_begin(struct slice word);
void import_near_try(struct import_near *near, struct slice name);
/* Fills text with ` (did you mean "…"?)`, or nothing. Returns text. */
#define IMPORT_NEAR_SIZE 128
const char *import_near_words(const struct import_near *near, char text[IMPORT_NEAR_SIZE]);
/* err := "<path>: expected <wanted>, found "<word>" (did you mean …?)" */
bool import_refuse_near(const struct import_at *at, const char *wanted,
                        const struct import_near *near);

/* ---- reading JSON (import_path.c); each complains with its path */

/* An object, whose keys are all in `known`, a list ended by NULL. */
bool import_take_object(const struct import_at *at, const struct json_doc *doc,
                        const char *const *known);
const struct json_doc *import_member(const struct json_doc *object, const char *key);
/* A list of min to max things under a key. An optional one that is left out has none: *ret is NULL. */
struct import_bounds {
    size_t min, max;
    bool optional;
};
bool import_take_list(const struct import_at *up, const struct json_doc *object, const char *key,
                      struct import_bounds bounds, const struct json_doc **ret);
/* A text of at most max characters; ret stays empty when it is optional and left out. */
bool import_take_text(const struct import_at *up, const struct json_doc *object, const char *key,
                      struct import_bounds bounds, struct slice *ret);

/* ---- names (import_name.c) */

enum import_use {
    IMPORT_PLAIN,  /* roles, states, workflows: no expression reads them */
    IMPORT_VALUE,  /* properties, parameters: none hides a word of the language */
    IMPORT_TERM,   /* nor is one a sensor's property */
    IMPORT_ACTION, /* nor one that every contract has */
    IMPORT_CHOICE, /* only too long */
};

/* Cuts *text at a character's border, to at most max bytes. */
struct slice import_cut(struct slice text, size_t max);
/* The names of things that lie `size` bytes apart; each thing's first member is its name. */
struct import_names {
    const void *at;
    size_t count, size;
};
const struct import_name *import_nth_name(const struct import_names *names, size_t i);
/* A name as a contract may have it, and as none of those before it. */
void import_make_name(struct import_name *name, enum import_use use,
                      const struct import_names *before);

#endif
