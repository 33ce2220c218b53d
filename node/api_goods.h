/* The API's answers about goods: where they come from, what became of them, what was said of them. */
#ifndef NODE_API_GOODS_H
#define NODE_API_GOODS_H

#include "node/api_parts.h"
#include "node/read_model_list.h"
#include "node/read_model_trace.h"

#define API_GOODS_LIMIT     100 /* rows, unless asked */
#define API_GOODS_LIMIT_MAX 1000

/* ------------------------------------------------------------------ an asset's, whose view is loaded */

void api_history(struct api_context *c, const struct http_request *q, struct http_answer *a);
void api_origin(struct api_context *c, const struct http_request *q, struct http_answer *a);
void api_uses(struct api_context *c, const struct http_request *q, struct http_answer *a);
void api_loggers(struct api_context *c, const struct http_request *q, struct http_answer *a);

/* ------------------------------------------------------------------ rows */

/* The cells that people are shown, into an object. */
void api_put_cells(struct api_context *c, struct json_doc *into,
                   const struct read_model_cell *cells, size_t count);
/*
 * A list's rows into an array of objects. ret_last: the last row's number, untouched when there is none; may be
 * NULL. Returns: how many rows; an error leaves *err filled.
 */
size_t api_put_rows(struct api_context *c, struct json_doc *list, enum read_model_list which,
                    const struct read_model_args *args, int64_t *ret_last, struct err *err);
/* The only row of a list, into an object: false when there is none, or err is filled. */
bool api_put_row(struct api_context *c, struct json_doc *into, enum read_model_list which,
                 const struct read_model_args *args, int64_t *ret_id, struct err *err);
/* "holds": what holds the asset back, by whatever name. */
void api_put_holds(struct api_context *c, struct json_doc *doc);
/* "amount": {"mantissa", "exponent", "unit", "text"} */
void api_put_amount(struct json_doc *into, const struct amount *amount);
/* {"gln", "name", "lat", "lon"}; nothing when gln is empty. */
void api_put_place(struct api_context *c, struct json_doc *into, const char *key, const char *gln);
/* "/" and 64 hex digits, and perhaps more in *ret_rest: false and a problem otherwise. */
bool api_take_hash(const char *rest, const char *what, struct hash *ret_hash,
                   struct http_answer *a);
/* Ends an answer: doc is the answer's, or freed when err tells of a failure. */
void api_end_goods(struct http_answer *a, struct json_doc *doc, const struct err *err);

#endif
