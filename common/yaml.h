/*
 * A YAML file as a tree whose every node knows its line, so that a complaint can name it. The only file
 * that includes libyaml. Anchors, aliases, tags and several documents in one file are refused: people
 * who read a configuration or a contract shall see all of it in one place.
 */
#ifndef COMMON_YAML_H
#define COMMON_YAML_H

#include "common/bytes.h"
#include "common/err.h"

#define YAML_MAX_BYTES 262144
#define YAML_MAX_NODES 65536
#define YAML_MAX_DEPTH 16

enum yaml_kind {
    YAML_SCALAR,
    YAML_LIST,
    YAML_MAP,
};

struct yaml_node {
    enum yaml_kind kind;
    unsigned line;    /* from 1 */
    bool quoted;      /* a scalar in quotes is always text */
    const char *text; /* a scalar's content, zero-terminated, UTF-8 */
    size_t count;     /* elements of a list, pairs of a map */
    const struct yaml_node *const *values;
    const struct yaml_node *const *keys; /* of a map: scalars, no two alike */
};

struct yaml_tree {
    const struct yaml_node *root; /* NULL for an empty file */
    const char *name;             /* the file's name, for messages; owned */
    void *memory;                 /* everything above lives here */
};

/* Parses text. name appears in messages. On success the caller releases with yaml_free(). */
bool yaml_parse(const char *name, struct slice text, struct yaml_tree *ret_tree, struct err *err);
/* Reads at most YAML_MAX_BYTES of the file and parses them. */
bool yaml_load(const char *path, struct yaml_tree *ret_tree, struct err *err);
void yaml_tree_free(struct yaml_tree *tree);

/*
 * libyaml exports a yaml_free of its own, through which it releases its memory: an external function
 * of that name here would be called in its place. So this one has no symbol.
 */
static inline void yaml_free(struct yaml_tree *tree)
{
    yaml_tree_free(tree);
}

/* The value under key, or NULL. */
const struct yaml_node *yaml_get(const struct yaml_node *map, const char *key);

/* err := "<file>:<line>: <message>". Returns false always. node may be NULL (line 1). */
__attribute__((format(printf, 4, 5))) bool yaml_refuse(const struct yaml_tree *tree,
                                                       const struct yaml_node *node,
                                                       struct err *err, const char *fmt, ...);

#endif
