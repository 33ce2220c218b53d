/*
 * Inside the API (api*.c, page*.c): a request taken apart and an answer put together, without a socket, so
 * that every answer can be tested as a function.
 */
#ifndef NODE_API_PARTS_H
#define NODE_API_PARTS_H

#include "common/final.h"
#include "common/json.h"
#include "node/api.h"
#include "node/asset_view.h"
#include "node/http.h"

#include <limits.h>

#define API_ANSWER_MAX (96 * 1024 * 1024)
#define API_TYPE_JSON  "application/json"
#define API_TYPE_CBOR  "application/cbor"
#define API_TYPE_HTML  "text/html; charset=utf-8"

struct contract_view;
struct witnesses;

enum api_file {
    API_FILE_STYLE,
    API_FILE_SCRIPT,
    API_FILE_OPENAPI,
    API_FILE_COUNT,
};

/* What answers are made from. Belongs to one thread. */
struct api_context {
    struct store *store;
    char snapshots[PATH_MAX]; /* their folder */
    struct api_node node;
    struct identity identity;
    struct asset_view *view;
    struct contract_view *contract;
    struct samples *samples;
    struct asset_series *series; /* two: temperature and humidity */
    struct buf files[API_FILE_COUNT];
    struct witnesses *witnesses;
    struct buf note_text, note_line; /* the checkpoint signed last */
    uint64_t requests, errors;
};

bool api_context_open(struct api_context *c, const struct api_options *options, struct err *err);
void api_context_close(struct api_context *c);

/* Answers any request; answer.body is the caller's to free. */
void api_handle(struct api_context *c, const struct http_request *q,
                struct http_answer *ret_answer);

/* ------------------------------------------------------------------ answers */

/* Writes doc, and frees it. */
void api_answer_json(struct http_answer *a, struct json_doc *doc);
/* An RFC 9457 problem. code: a refusal's or an error's name. */
void api_answer_problem(struct http_answer *a, unsigned status, const char *code,
                        const char *detail);
/* The same from an error of a lower layer. */
void api_answer_error(struct http_answer *a, const struct err *err);
/* Makes the answer CBOR, empty, to be filled. */
struct buf *api_answer_cbor(struct http_answer *a);

bool api_accepts(const struct http_request *q, const char *type);
/* The raw text of one of the query's parameters: false when it is not given. */
bool api_query_text(const struct http_request *q, const char *name, struct slice *ret_text);
/* The asset that a query names by its Digital Link path without the first slash. */
bool api_asset_name(struct slice text, char ret_name[GS1_NAME_MAX + 1], struct err *err);
/*
 * A number among the query's parameters, or `usual`. False, and the answer is a problem, when it is not a
 * number of at most max.
 */
bool api_query_uint(const struct http_request *q, struct http_answer *a, const char *name,
                    uint64_t max, uint64_t *ret_value);
/* A whole path segment of digits: false for anything else. ret_rest points behind it. */
bool api_path_number(const char *rest, uint64_t *ret_number, const char **ret_rest);
/* "time": RFC 3339 and "time_ms": the number, under key and key_ms. */
void api_put_time(struct json_doc *into, const char *key, uint64_t time_ms);
/* "refusal": code, name, sentence, retry. */
void api_put_refusal(struct json_doc *into, uint64_t code);
void api_put_member(struct api_context *c, struct json_doc *into, const char *key,
                    const struct kid *member);

/* ------------------------------------------------------------------ one function a matter */

/* In: rest: the path after /v1/<what>, "" or from its slash. */
void api_head(struct api_context *c, const struct http_request *q, struct http_answer *a);
void api_show_consensus(struct api_context *c, const struct http_request *q, struct http_answer *a);
void api_identity(struct api_context *c, const struct http_request *q, struct http_answer *a);
void api_set(struct api_context *c, const struct http_request *q, const char *rest,
             struct http_answer *a);
void api_proofs(struct api_context *c, const struct http_request *q, const char *rest,
                struct http_answer *a);
void api_checkpoint(struct api_context *c, const struct http_request *q, const char *rest,
                    struct http_answer *a);
bool api_checkpoint_open(struct api_context *c, const struct api_options *options, struct err *err);
void api_checkpoint_close(struct api_context *c);
void api_voucher(struct api_context *c, uint64_t leaf, struct http_answer *a);
void api_blocks(struct api_context *c, const struct http_request *q, const char *rest,
                struct http_answer *a);
void api_receipts(struct api_context *c, const struct http_request *q, const char *rest,
                  struct http_answer *a);
void api_statements(struct api_context *c, const struct http_request *q, const char *rest,
                    struct http_answer *a);
/* For those who join: snapshots, runs of blocks, the genesis file (api_snapshot.c). */
void api_snapshot(struct api_context *c, const struct http_request *q, const char *rest,
                  struct http_answer *a);
void api_ranges(struct api_context *c, const struct http_request *q, struct http_answer *a);
void api_genesis(struct api_context *c, const struct http_request *q, struct http_answer *a);
/* True, and the answer says so, while this node has not all of the ledger's history. */
bool api_history_missing(struct api_context *c, struct http_answer *a);
void api_entries(struct api_context *c, const struct http_request *q, struct http_answer *a);
void api_assets(struct api_context *c, const struct http_request *q, const char *rest,
                struct http_answer *a);
void api_contracts(struct api_context *c, const struct http_request *q, const char *rest,
                   struct http_answer *a);
void api_documents(struct api_context *c, const struct http_request *q, const char *rest,
                   struct http_answer *a);
/* A GS1 Digital Link path: the page, or the asset's summary as JSON. */
void api_link(struct api_context *c, const struct http_request *q, struct http_answer *a);
void api_recalls(struct api_context *c, const struct http_request *q, const char *rest,
                 struct http_answer *a);
void api_certificates(struct api_context *c, const struct http_request *q, const char *rest,
                      struct http_answer *a);
void api_lots(struct api_context *c, const struct http_request *q, const char *rest,
              struct http_answer *a);
void api_handovers(struct api_context *c, const struct http_request *q, const char *rest,
                   struct http_answer *a);
void api_governance(struct api_context *c, const struct http_request *q, const char *rest,
                    struct http_answer *a);
void api_findings(struct api_context *c, const struct http_request *q, struct http_answer *a);
void api_verify(struct api_context *c, const struct http_request *q, struct http_answer *a);
/* What an asset has as goods: false when there is no such matter. Its view is loaded. */
bool api_goods(struct api_context *c, const struct http_request *q, const char *what,
               struct http_answer *a);
void api_put_goods(struct api_context *c, struct json_doc *doc);
/* The asset's summary, whose view is loaded. */
void api_asset_summary(struct api_context *c, struct json_doc *doc);

#endif
