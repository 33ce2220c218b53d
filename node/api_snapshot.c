/* For those who join or fell behind: snapshots, and runs of blocks. All of it proves itself to the reader. */
#include "node/api_parts.h"

#include "node/blocks_range.h"
#include "node/snapshot_file.h"
#include "node/snapshot_shelf.h"
#include "node/store_base.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------ snapshots */

static void list_json(const struct snapshot_file *files, size_t n, struct http_answer *a)
{
    struct json_doc *doc = json_doc_object();
    struct json_doc *list = json_doc_put_array(doc, "snapshots");
    for (size_t i = 0; i < n; i++) {
        struct json_doc *one = json_doc_put_object(list, NULL);
        json_doc_put_int(one, "height", (int64_t)files[i].height);
        json_doc_put_int(one, "bytes", (int64_t)files[i].bytes);
    }
    api_answer_json(a, doc);
}

static void list_cbor(const struct snapshot_file *files, size_t n, struct http_answer *a)
{
    struct buf *out = api_answer_cbor(a);
    cbor_put_array(out, n);
    for (size_t i = 0; i < n; i++) {
        cbor_put_array(out, 2);
        cbor_put_uint(out, files[i].height);
        cbor_put_uint(out, files[i].bytes);
    }
}

static void list_snapshots(struct api_context *c, const struct http_request *q, const char *dir,
                           struct http_answer *a)
{
    struct snapshot_file files[SNAPSHOT_FILES_MAX];
    size_t n = snapshot_file_list(dir, files);
    if (n == 0 && c->node.want_snapshot != NULL)
        c->node.want_snapshot(c->node.ctx);
    if (api_accepts(q, API_TYPE_CBOR))
        list_cbor(files, n, a);
    else
        list_json(files, n, a);
}

/* A slash and digits: false for anything else. ret_rest points behind them. */
static bool take_number(const char *rest, uint64_t *ret_number, const char **ret_rest)
{
    size_t digits = rest[0] == '/' ? strspn(rest + 1, "0123456789") : 0;
    if (digits == 0 || digits > 18)
        return false;
    *ret_number = strtoull(rest + 1, NULL, 10);
    *ret_rest = rest + 1 + digits;
    return **ret_rest == '\0' || **ret_rest == '/';
}

void api_snapshot(struct api_context *c, const struct http_request *q, const char *rest,
                  struct http_answer *a)
{
    const char *dir = c->snapshots;
    struct err err = { 0 };
    uint64_t height = 0, first = 0;
    const char *end = "";
    if (rest[0] == '\0') {
        list_snapshots(c, q, dir, a);
        return;
    }
    bool form = take_number(rest, &height, &end), chunk = form && end[0] == '/';
    form = form &&
           (!chunk || (take_number(end, &first, &end) && end[0] == '\0' && first < STATE_BUCKETS));
    if (!form) {
        api_answer_problem(
            a, 404, "NOT_FOUND",
            "expected /v1/snapshot, /v1/snapshot/HEIGHT or /v1/snapshot/HEIGHT/FIRST");
        return;
    }
    bool good = chunk ? snapshot_file_chunk(dir, height, (uint32_t)first, api_answer_cbor(a), &err)
                      : snapshot_file_manifest(dir, height, api_answer_cbor(a), &err);
    if (!good)
        api_answer_error(a, &err);
}

/* ------------------------------------------------------------------ runs of blocks */

void api_ranges(struct api_context *c, const struct http_request *q, struct http_answer *a)
{
    struct err err = { 0 };
    uint64_t from = 0, outcomes = 0;
    if (!api_query_uint(q, a, "from", INT64_MAX, &from) ||
        !api_query_uint(q, a, "outcomes", 1, &outcomes))
        return;
    struct buf *out = api_answer_cbor(a);
    bool good = outcomes > 0
                    ? blocks_range_put_history(c->store, from, BLOCKS_RANGE_SIZE, out, &err)
                    : blocks_range_put(c->store, from, out, &err);
    if (!good)
        api_answer_error(a, &err);
}

void api_genesis(struct api_context *c, const struct http_request *q, struct http_answer *a)
{
    struct err err = { 0 };
    (void)q;
    if (store_genesis(c->store, api_answer_cbor(a), &err))
        a->immutable = true;
    else
        api_answer_error(a, &err);
}

/* ------------------------------------------------------------------ what is not here yet */

bool api_history_missing(struct api_context *c, struct http_answer *a)
{
    struct err err = { 0 };
    struct store_history history;
    char text[200];
    if (!store_history(c->store, &history, &err)) {
        api_answer_error(a, &err);
        return true;
    }
    if (history.complete)
        return false;
    (void)snprintf(text, sizeof text,
                   "this node joined at block %" PRIu64 " and has the history before it up to"
                   " block %" PRIu64 ": ask again later, or another node",
                   history.base, history.model);
    api_answer_problem(a, 503, "HISTORY_INCOMPLETE", text);
    return true;
}
