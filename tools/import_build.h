/* A contract on its way from an application to YAML. Nobody but the files of the import includes this. */
#ifndef TOOLS_IMPORT_BUILD_H
#define TOOLS_IMPORT_BUILD_H

#include "tools/import_path.h"

#define IMPORT_MAX_MARKS 1024

/* Transitions of one function that let the same callers go to the same states. */
struct import_action {
    struct import_name name;
    unsigned function;
    uint64_t states;
    struct import_transition how;
};

struct import_guard {
    struct import_name name;
    unsigned function;
    int next;  /* the state it leads to; -1: the function's own conditions */
    bool last; /* none of the next states: never to be filled */
};

/* Which line of the overlay a line of the contract comes from. */
struct import_mark {
    unsigned line, overlay_line;
};

struct import_build {
    const struct import_application *a;
    const struct import_workflow *w;
    size_t workflow;
    const char *currency;
    const struct yaml_tree *overlay; /* or NULL */
    uint64_t parties;                /* bits of constructor parameters that are parties */
    struct import_name initiator;    /* a role that is added to open it; empty: none is */
    struct import_name opener;       /* the party that opens it */
    struct import_name participant;  /* a role that is added for users of no role */
    size_t action_count, guard_count, mark_count;
    struct import_action actions[DEFINITION_MAX_ACTIONS];
    struct import_guard guards[DEFINITION_MAX_GUARD_NAMES];
    struct import_mark marks[IMPORT_MAX_MARKS];
    struct buf text;
    unsigned line; /* of what is written next */
    struct err *err;
};

/* ---- actions (import_actions.c) */

/* Gathers transitions into actions, and names their guards. */
bool import_gather(struct import_build *b);
void import_put_actions(struct import_build *b);

/* ---- text (import_yaml.c, import_write.c) */

/* A property or parameter and its kind: on one line, or with `more` open for what is said below it. */
void import_put_kind(struct import_build *b, unsigned indent, const struct import_item *item,
                     bool more);

__attribute__((format(printf, 2, 3))) void import_put(struct import_build *b, const char *fmt, ...);
/* One line's worth of free text, in quotes, cut to max bytes. */
void import_put_quoted(struct import_build *b, struct slice text, size_t max);
/* "key:" and what the overlay says, `indent` spaces in. */
void import_put_node(struct import_build *b, unsigned indent, const char *key,
                     const struct yaml_node *node);

/* ---- the overlay (import_overlay.c) */

/* Whether every name in it is one of the contract's. */
bool import_check_overlay(struct import_build *b);
/* What is said under section, name, key …; NULL: nothing. */
const struct yaml_node *import_said(const struct import_build *b, const char *section,
                                    const char *name);
/* Of an action, by its own name or else by its function's. */
const struct yaml_node *import_said_of(const struct import_build *b,
                                       const struct import_action *action, const char *key);

#endif
