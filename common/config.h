/*
 * Typed values out of a YAML configuration. Every complaint names file, line and the whole key, what was
 * expected and what was found: `node.yaml:14: http.port: expected a number 1-65535, found "x"`.
 *
 * The first complaint latches in the struct err given to config_open(); from then on every getter
 * returns its fallback. So a program reads its whole configuration and checks config_good() once.
 * Texts are borrowed from the tree: they live as long as it does.
 */
#ifndef COMMON_CONFIG_H
#define COMMON_CONFIG_H

#include "common/yaml.h"

#include <limits.h>

#define CONFIG_PATH_SIZE 192

/* One map of the file: the whole of it, a section, or an element of a list of maps. */
struct config {
    const struct yaml_tree *tree;
    const struct yaml_node *map;   /* NULL: absent or empty, every key takes its fallback */
    const struct yaml_node *place; /* where complaints about missing keys point */
    struct err *err;               /* the latch, shared by all sections */
    char path[CONFIG_PATH_SIZE];   /* "" or "http" or "sensors[0]" */
};

struct config_file {
    char path[PATH_MAX];
};

/* The root of the tree. err must not be NULL and is cleared. */
struct config config_open(const struct yaml_tree *tree, struct err *err);
bool config_good(const struct config *c);

/* The map under key; empty when absent. */
struct config config_section(const struct config *c, const char *key);
/* Elements of the list under key, 0 when absent; at most max. */
size_t config_count(const struct config *c, const char *key, size_t max);
/* Element i, a map, of the list under key. */
struct config config_element(const struct config *c, const char *key, size_t i);

bool config_has(const struct config *c, const char *key);
/* Complains when key is absent. */
void config_need(const struct config *c, const char *key);
/* Complains about the first key that is not in allowed (ended by NULL), naming the nearest one. */
void config_check_keys(const struct config *c, const char *const *allowed);

/* Not empty. fallback NULL: the key is needed (and NULL is returned when it is missing). */
const char *config_text(const struct config *c, const char *key, const char *fallback);
uint64_t config_uint(const struct config *c, const char *key, uint64_t min, uint64_t max,
                     uint64_t fallback);
bool config_bool(const struct config *c, const char *key, bool fallback);
/* "5 min", "500 ms"; both bounds inclusive and in milliseconds. */
uint64_t config_duration_ms(const struct config *c, const char *key, uint64_t min_ms,
                            uint64_t max_ms, uint64_t fallback_ms);
/* Index of the value in names (ended by NULL). */
size_t config_choice(const struct config *c, const char *key, const char *const *names,
                     size_t fallback);
/* Element i of the list of texts under key; NULL after a complaint. */
const char *config_list_text(const struct config *c, const char *key, size_t i);
/*
 * A file's path; a relative one starts at the folder of the configuration file. fallback NULL: the key
 * is needed; fallback "": an absent key gives "".
 */
struct config_file config_path(const struct config *c, const char *key, const char *fallback);

/* A complaint of the caller's own about key: "<file>:<line>: <key>: <message>". Latches. */
__attribute__((format(printf, 3, 4))) void config_refuse(const struct config *c, const char *key,
                                                         const char *fmt, ...);

#endif
