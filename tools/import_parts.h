/* An application as its configuration says it, checked. Nobody but the files of the import includes this. */
#ifndef TOOLS_IMPORT_PARTS_H
#define TOOLS_IMPORT_PARTS_H

#include "contracts/definition_parts.h"
#include "tools/import.h"

#define IMPORT_MAX_ROLES     30 /* a contract has 32: two may be added */
#define IMPORT_MAX_WORKFLOWS 64
#define IMPORT_MAX_NEXT      DEFINITION_MAX_STATES

enum import_kind {
    IMPORT_ADDRESS,
    IMPORT_ARRAY,
    IMPORT_BOOL,
    IMPORT_CONTRACT,
    IMPORT_ENUM,
    IMPORT_INT,
    IMPORT_MONEY,
    IMPORT_STATE,
    IMPORT_STRING,
    IMPORT_TIME,
    IMPORT_USER,
    IMPORT_ROLE,
};

struct import_name {
    struct slice given;
    char legal[DEFINITION_MAX_NAME + 1]; /* as it is written in the contract */
};

struct import_type {
    enum import_kind kind;
    enum import_kind element; /* of an array */
    unsigned role;
    size_t value_count;
    struct import_name *values; /* of an enum */
};

/* A role, a property, a parameter. */
struct import_item {
    struct import_name name;
    struct slice about; /* its description, else the name it is displayed by; may be empty */
    struct import_type type;
};

struct import_items {
    size_t count;
    struct import_item *at;
};

struct import_function {
    struct import_name name;
    struct import_items params;
};

struct import_transition {
    unsigned function;
    uint32_t roles;    /* bits */
    uint64_t fields;   /* bits of properties */
    uint64_t next_set; /* bits of states; as `next`, which keeps their order */
    size_t next_count;
    uint8_t next[IMPORT_MAX_NEXT];
};

struct import_state {
    struct import_name name;
    unsigned progress;
    bool failure;
    size_t transition_count;
    struct import_transition *transitions;
};

struct import_workflow {
    struct import_name name;
    struct slice about;
    uint32_t initiators; /* bits of roles */
    unsigned start;
    struct import_items properties, constructor;
    size_t function_count, state_count;
    struct import_function *functions;
    struct import_state *states;
};

struct json_doc;
struct import_block; /* memory */
struct import_at;    /* see import_path.h */

struct import_application {
    struct json_doc *json; /* texts live here */
    struct import_block *blocks;
    struct import_name name;
    struct import_items roles;
    size_t workflow_count;
    struct import_workflow *workflows;
};

/* ---- the parts (import_read.c, import_flow.c) */

void *import_memory(struct import_application *a, size_t count, size_t size);
/* The role of this name; false, having complained. */
bool import_find_role(const struct import_application *a, const struct import_at *at,
                      const struct json_doc *name, const char *wanted, unsigned *ret);
bool import_read_states(struct import_application *a, const struct import_at *up,
                        const struct json_doc *object, struct import_workflow *w);

#endif
