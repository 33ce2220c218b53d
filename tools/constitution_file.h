/*
 * A constitution as people write it, in YAML, and as they read it, in words.
 *
 *   default: more than 1/2          # of the active members; "at least 2/3", "all"
 *   rules: 4                        # the version blocks are made under; when left out, this program's
 *   definitions: open               # any contract may be opened; "approved": those that a vote approved
 *   sponsoring: open                # every member enrols devices; "sponsors": those with that role
 *   actions:                        # one that is not named follows default
 *     add-member: at least 2/3
 *     amend: { threshold: at least 3/4, veto: [Farm A] }
 *     set-parameter: { by: operators }
 *   operators: [Farm A]             # only in a genesis: who has these roles from the start
 *   sponsors: [Farm A, Carrier B]
 */
#ifndef TOOLS_CONSTITUTION_FILE_H
#define TOOLS_CONSTITUTION_FILE_H

#include "common/constitution.h"
#include "common/json.h"
#include "common/yaml.h"

#define CONSTITUTION_FILE_MEMBERS_MAX 256

/* Members by name: in a file a member may also be its kid in hex. */
struct constitution_names {
    size_t count;
    struct {
        struct slice name;
        struct kid kid;
    } at[CONSTITUTION_FILE_MEMBERS_MAX];
};

struct constitution_file {
    struct constitution constitution;
    size_t operator_count, sponsor_count;
    struct kid operators[CONSTITUTION_FILE_MEMBERS_MAX];
    struct kid sponsors[CONSTITUTION_FILE_MEMBERS_MAX];
};

/* A complaint names file and line. names NULL: members are not looked up, for a check of the form. */
bool constitution_file_load(const char *path, const struct constitution_names *names,
                            struct constitution_file *ret_file, struct err *err);

/* Every action and what it needs, of so many active members (0: not known), on standard output. */
void constitution_file_print(const struct constitution *c, size_t members,
                             const struct constitution_names *names);
/* "at least 2/3"; text holds 32 bytes. */
const char *constitution_file_threshold(const struct constitution_threshold *t, char text[32]);
/* What people should think about twice; prints a line each, and says how many. */
size_t constitution_file_warn(const struct constitution *c, size_t members);

/* As --json tells it. */
struct json_doc *constitution_file_json(const struct constitution *c);

#endif
