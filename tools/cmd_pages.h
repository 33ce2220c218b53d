/*
 * What a node answers in pages, fetched to the end: each element is shown to a visitor, or all are gathered in
 * one document. And how parts of such answers are told to a person.
 */
#ifndef TOOLS_CMD_PAGES_H
#define TOOLS_CMD_PAGES_H

#include "common/json.h"
#include "tools/cmd_home.h"

struct cmd_pages {
    const char *path;   /* "/v1/findings?asset=…", perhaps with a query already */
    const char *cursor; /* the query's name of where to go on: "after" */
    const char *list;   /* pointer to the elements: "/findings" */
    uint64_t limit;     /* elements of a page */
};
typedef void (*cmd_pages_visitor)(void *ctx, const struct json_doc *element);

/*
 * first: called with the first page, for what is beside the list; may be NULL, as may visit. With --json the
 * first page's document is printed, its list completed from the others. Returns the exit code.
 */
int cmd_pages_tell(struct cmd_home *home, const struct cmd_pages *pages, cmd_pages_visitor first,
                   cmd_pages_visitor visit, void *ctx, struct err *err);
/* The same without printing anything. */
bool cmd_pages_each(struct cmd_home *home, const struct cmd_pages *pages, cmd_pages_visitor visit,
                    void *ctx, struct err *err);

/* "path?name=text" or "&name=text", escaped; false when it is too long. */
bool cmd_pages_query(char *path, size_t size, const char *name, const char *text, struct err *err);

/* A text as one segment of a path: its slashes are escaped too. */
void cmd_pages_put_segment(struct buf *path, const char *text);

/* ------------------------------------------------------------------ telling */

int64_t cmd_pages_int(const struct json_doc *doc, const char *pointer);
bool cmd_pages_true(const struct json_doc *doc, const char *pointer);
/* before, the text at the pointer and after; nothing at all when there is none. */
void cmd_pages_print(const char *before, const struct json_doc *doc, const char *pointer,
                     const char *after);
/* The same of a time: "2026-06-01 10:00". */
void cmd_pages_print_time(const char *before, const struct json_doc *doc, const char *pointer);
/* A number as it is written in JSON. */
void cmd_pages_print_number(const char *before, const struct json_doc *doc, const char *pointer);
/* {"asset": …} or {"first": …, "last": …}, with "count" and perhaps "amount". */
void cmd_pages_print_set(const struct json_doc *set);
void cmd_pages_print_sets(const struct json_doc *list);
/* What holds goods back: by their own name, their lot's, or that of what they were made of; a line each. */
void cmd_pages_print_holds(const char *before, const struct json_doc *holds);
/* The first 16 digits of a hash. */
void cmd_pages_print_hash(const char *before, const struct json_doc *doc, const char *pointer);

#endif
