/*
 * From the public Azure Blockchain Workbench application configuration (JSON) to contracts in YAML. Nothing
 * invalid is imported; what a configuration leaves to code becomes a named guard, to be filled by an
 * overlay. docs/import.md says what becomes what. Pure: it reads no files and writes none.
 */
#ifndef TOOLS_IMPORT_H
#define TOOLS_IMPORT_H

#include "common/yaml.h"

#define IMPORT_MAX_BYTES      1048576
#define IMPORT_MAX_YAML_BYTES YAML_MAX_BYTES

struct import_application;

struct import_options {
    const char *currency;            /* "EUR": money is of this currency; NULL: a whole number */
    const struct yaml_tree *overlay; /* NULL: every guard stays open */
};

/*
 * Reads and checks a whole configuration. Returns: false with the JSON path, what was expected and what was
 * found. On success the caller releases with import_free().
 */
bool import_read(struct slice json, struct import_application **ret_application, struct err *err);
void import_free(struct import_application *application); /* may be NULL */

size_t import_workflow_count(const struct import_application *application);
/* As it is in the configuration, and as it is written here: letters, digits and "_" only. */
struct slice import_workflow_given(const struct import_application *application, size_t workflow);
const char *import_workflow_name(const struct import_application *application, size_t workflow);

/*
 * Appends one workflow's contract in YAML; compile_contract() accepts it. Returns: false with the overlay's
 * file and line, or with the JSON path of what does not fit a contract; out is then as it was.
 */
bool import_write(const struct import_application *application, size_t workflow,
                  const struct import_options *options, struct buf *out, struct err *err);

#endif
