/* The API over the sample journey of support_ledger, with a node behind it that only remembers. */
#ifndef TESTS_UNIT_SUPPORT_API_H
#define TESTS_UNIT_SUPPORT_API_H

#include "node/api_parts.h"
#include "tests/unit/support_ledger.h"

#define SUPPORT_UNIT "/01/09506000134352/21/DEMO1"

struct support_node {
    struct ledger *l;
    unsigned submitted;
    bool busy, outside;
    struct hash queued, turned_away;
};

struct support_api {
    struct support_node node;
    struct api_context context;
    struct http_answer answer;
    struct json_doc *json; /* the answer's, when it is JSON */
};

struct support_api *support_api_new(void);
void support_api_free(struct support_api *f);
struct api_options support_api_options(struct support_api *f);

/* Each returns the status; the answer is then in f. */
unsigned support_api_ask(struct support_api *f, const char *path, const char *query,
                         const char *accept);
unsigned support_api_send(struct support_api *f, struct http_request q);
/* Of the JSON answer, by JSON Pointer; the test fails when there is none. */
int64_t support_api_number(struct support_api *f, const char *pointer);
const char *support_api_text(struct support_api *f, const char *pointer);
bool support_api_body_has(const struct support_api *f, const char *part);

#endif
