#include "node/api_parts.h"
#include "node/store_base.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* ------------------------------------------------------------------ small ones */

static void put_alarms(struct json_doc *doc, const struct alarms *alarms)
{
    struct json_doc *list = json_doc_put_array(doc, "alarms");
    for (size_t i = 0; i < ALARMS_COUNT; i++) {
        if (!alarms->at[i].on)
            continue;
        struct json_doc *one = json_doc_put_object(list, NULL);
        json_doc_put_text(one, "alarm", alarms_name((enum alarm)i));
        json_doc_put_int(one, "since", (int64_t)alarms->at[i].since_ms);
        json_doc_put_text(one, "text", alarms->at[i].text);
    }
}

/* Degraded is still 200: it serves, and somebody should look. */
static void health(struct api_context *c, struct http_answer *a)
{
    struct err err = { 0 };
    uint64_t height = 0;
    struct json_doc *doc = json_doc_object();
    struct api_metrics m = { 0 };
    bool good = store_height(c->store, &height, &err);
    c->node.metrics(c->node.ctx, &m);
    json_doc_put_text(doc, "status",
                      !good                          ? "failing"
                      : alarms_urgent(&m.alarms) > 0 ? "degraded"
                                                     : "ok");
    json_doc_put_int(doc, "height", (int64_t)height);
    if (!good)
        json_doc_put_text(doc, "reason", err.msg);
    put_alarms(doc, &m.alarms);
    a->status = good ? 200 : 503;
    api_answer_json(a, doc);
}

__attribute__((format(printf, 2, 3))) static void line(struct buf *out, const char *fmt, ...)
{
    char text[256];
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    if (n > 0)
        buf_add(out, text, (size_t)n < sizeof text ? (size_t)n : sizeof text - 1);
}

static void metric(struct buf *out, const char *name, const char *kind, const char *help,
                   uint64_t value)
{
    line(out, "# HELP waybill_%s %s\n# TYPE waybill_%s %s\nwaybill_%s %" PRIu64 "\n", name, help,
         name, kind, name, value);
}

static void consensus_metrics(struct api_context *c, struct buf *out)
{
    struct api_consensus n = { 0 };
    if (c->node.consensus == NULL)
        return;
    c->node.consensus(c->node.ctx, &n);
    metric(out, "consensus_height", "gauge", "Height being agreed on.", n.height);
    metric(out, "consensus_round", "gauge", "Round of that height.", n.round);
    metric(out, "consensus_votes", "gauge", "1 while this node votes.", n.votes ? 1 : 0);
    metric(out, "consensus_abstains", "gauge", "1 while it may not, its vote being lost.",
           n.abstains ? 1 : 0);
    metric(out, "authorities", "gauge", "Authorities in force.", n.members);
    metric(out, "quorum", "gauge", "How many of them make a block.", n.quorum);
    metric(out, "peers_heard", "gauge", "Other authorities heard of within five seconds.", n.peers);
    metric(out, "lag_blocks", "gauge", "Blocks behind what f + 1 authorities say they have.",
           n.lag);
    if (n.offset_known)
        line(out,
             "# HELP waybill_clock_offset_seconds Own clock less the median of the peers'.\n"
             "# TYPE waybill_clock_offset_seconds gauge\nwaybill_clock_offset_seconds %s%" PRId64
             ".%03" PRId64 "\n",
             n.offset_ms < 0 ? "-" : "", (n.offset_ms < 0 ? -n.offset_ms : n.offset_ms) / 1000,
             (n.offset_ms < 0 ? -n.offset_ms : n.offset_ms) % 1000);
}

static void alarm_metrics(const struct alarms *alarms, struct buf *out)
{
    line(out, "# HELP waybill_alarm 1 while it is on.\n# TYPE waybill_alarm gauge\n");
    for (size_t i = 0; i < ALARMS_COUNT; i++)
        line(out, "waybill_alarm{alarm=\"%s\"} %d\n", alarms_name((enum alarm)i),
             alarms->at[i].on ? 1 : 0);
}

/* Prometheus text exposition format 0.0.4 */
static void metrics(struct api_context *c, struct http_answer *a)
{
    struct api_metrics m = { 0 };
    struct header head = { .height = 0 };
    (void)store_head(c->store, &head, NULL, NULL);
    c->node.metrics(c->node.ctx, &m);
    struct buf *out = &a->body;
    a->type = "text/plain; version=0.0.4; charset=utf-8";
    metric(out, "head_height", "gauge", "Height of the newest block.", head.height);
    metric(out, "head_time_seconds", "gauge", "Block time of the newest block.",
           head.time_ms / 1000);
    metric(out, "leaves", "gauge", "Statements on the ledger.", head.size);
    metric(out, "blocks_total", "counter", "Blocks sealed since the start.", m.blocks);
    metric(out, "statements_total", "counter", "Statements sealed since the start.", m.statements);
    metric(out, "turned_away_total", "counter", "Statements turned away at the door.",
           m.turned_away);
    metric(out, "busy_total", "counter", "Statements answered with busy.", m.busy);
    metric(out, "waiting", "gauge", "Statements that wait for a block.", m.waiting);
    metric(out, "uptime_seconds", "gauge", "Seconds since the node started.", m.uptime_s);
    metric(out, "rounds_total", "counter", "Rounds above 0 that were begun.", m.rounds);
    metric(out, "peer_messages_total", "counter", "Envelopes sent to peers.", m.sent);
    metric(out, "peer_bytes_total", "counter", "Bytes of envelopes sent to peers.", m.sent_bytes);
    metric(out, "disk_free_bytes", "gauge", "Room on the ledger's disk.", m.disk_free);
    if (m.disk_days != UINT64_MAX)
        metric(out, "disk_full_days", "gauge",
               "Days until statements are refused, as the ledger grows now.", m.disk_days);
    struct store_history history;
    if (store_history(c->store, &history, NULL))
        metric(out, "history_missing_blocks", "gauge",
               "Blocks before the snapshot this node joined at that are not here yet.",
               history.complete ? 0 : history.base - history.history);
    consensus_metrics(c, out);
    alarm_metrics(&m.alarms, out);
    metric(out, "http_requests_total", "counter", "HTTP requests answered.", c->requests);
    metric(out, "http_errors_total", "counter", "HTTP answers of 500 and above.", c->errors);
}

static void file(struct api_context *c, enum api_file which, const char *type,
                 struct http_answer *a)
{
    a->type = type;
    buf_add_slice(&a->body, buf_slice(&c->files[which]));
}

static void index_json(struct api_context *c, struct http_answer *a)
{
    struct json_doc *doc = json_doc_object();
    json_doc_put_hex(doc, "ledger", hash_slice(&c->identity.genesis.ledger));
    json_doc_put_text(doc, "head", "/v1/head");
    json_doc_put_text(doc, "assets", "/v1/assets");
    json_doc_put_text(doc, "description", "/openapi.json");
    api_answer_json(a, doc);
}

/* ------------------------------------------------------------------ the table */

/* What follows `name` in the path when it is the whole of its first segments; NULL otherwise. */
static const char *after(const char *path, const char *name)
{
    size_t len = strlen(name);
    if (strncmp(path, name, len) != 0 || (path[len] != '\0' && path[len] != '/'))
        return NULL;
    return path + len;
}

static bool route_ledger(struct api_context *c, const struct http_request *q, struct http_answer *a)
{
    static const struct {
        const char *path;
        void (*answer)(struct api_context *c, const struct http_request *q, struct http_answer *a);
    } whole[] = {
        { "/v1/head", api_head },
        { "/v1/identity", api_identity },
        { "/v1/consensus", api_show_consensus },
        { "/v1/findings", api_findings },
        { "/v1/verify", api_verify },
        { "/v1/blocks/range", api_ranges },
        { "/v1/genesis", api_genesis },
    };
    static const struct {
        const char *path;
        void (*answer)(struct api_context *c, const struct http_request *q, const char *rest,
                       struct http_answer *a);
    } trees[] = {
        { "/v1/blocks", api_blocks },
        { "/v1/snapshot", api_snapshot },
        { "/v1/receipts", api_receipts },
        { "/v1/statements", api_statements },
        { "/v1/assets", api_assets },
        { "/v1/contracts", api_contracts },
        { "/v1/documents", api_documents },
        { "/v1/recalls", api_recalls },
        { "/v1/certificates", api_certificates },
        { "/v1/lots", api_lots },
        { "/v1/handovers", api_handovers },
        { "/v1/set", api_set },
        { "/v1/proofs", api_proofs },
        { "/v1/governance", api_governance },
        { "/v1/proposals", api_governance },
    };
    for (size_t i = 0; i < sizeof whole / sizeof whole[0]; i++)
        if (strcmp(q->path, whole[i].path) == 0) {
            whole[i].answer(c, q, a);
            return true;
        }
    for (size_t i = 0; i < sizeof trees / sizeof trees[0]; i++) {
        const char *rest = after(q->path, trees[i].path);
        if (rest == NULL)
            continue;
        trees[i].answer(c, q, rest, a);
        return true;
    }
    return false;
}

static bool route_small(struct api_context *c, const struct http_request *q, struct http_answer *a)
{
    if (strcmp(q->path, "/healthz") == 0)
        health(c, a);
    else if (strcmp(q->path, "/metrics") == 0)
        metrics(c, a);
    else if (strcmp(q->path, "/openapi.json") == 0)
        file(c, API_FILE_OPENAPI, API_TYPE_JSON, a);
    else if (strcmp(q->path, "/web/page.css") == 0)
        file(c, API_FILE_STYLE, "text/css; charset=utf-8", a);
    else if (strcmp(q->path, "/web/page.js") == 0)
        file(c, API_FILE_SCRIPT, "text/javascript; charset=utf-8", a);
    else if (strcmp(q->path, "/") == 0)
        index_json(c, a);
    else
        return false;
    return true;
}

/* What is answered from histories, which a node that joined at a snapshot may not have yet. */
static bool is_history(const char *path)
{
    static const char *const names[] = {
        "/v1/assets", "/v1/contracts",  "/v1/documents",    "/v1/recalls",
        "/v1/lots",   "/v1/handovers",  "/v1/certificates", "/v1/findings",
        "/v1/verify", "/v1/governance", "/v1/proposals",    "/01",
        "/00"
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (after(path, names[i]) != NULL)
            return true;
    return false;
}

static bool is_link(const char *path)
{
    return strncmp(path, "/01/", 4) == 0 || strncmp(path, "/00/", 4) == 0;
}

static void answer_get(struct api_context *c, const struct http_request *q, struct http_answer *a)
{
    if (is_history(q->path) && api_history_missing(c, a))
        return;
    if (route_small(c, q, a) || route_ledger(c, q, a))
        return;
    if (is_link(q->path))
        api_link(c, q, a);
    else if (after(q->path, "/checkpoint") != NULL)
        api_checkpoint(c, q, after(q->path, "/checkpoint"), a);
    else if (strcmp(q->path, "/entries") == 0)
        api_answer_problem(a, 405, "METHOD", "/entries takes POST");
    else
        api_answer_problem(a, 404, "NOT_FOUND", "there is nothing under this path");
}

void api_handle(struct api_context *c, const struct http_request *q, struct http_answer *ret_answer)
{
    *ret_answer = (struct http_answer){ .status = 200,
                                        .type = API_TYPE_JSON,
                                        .body = buf_heap(API_ANSWER_MAX) };
    c->requests++;
    if (q->too_large)
        api_answer_problem(ret_answer, 413, refusal_name(REFUSED_TOO_LARGE),
                           "a statement has at most 262144 bytes");
    else if (strlen(q->path) > API_PATH_MAX)
        api_answer_problem(ret_answer, 400, "BAD_REQUEST", "the path is too long");
    else if (q->method == HTTP_GET)
        answer_get(c, q, ret_answer);
    else if (q->method == HTTP_POST && strcmp(q->path, "/entries") == 0)
        api_entries(c, q, ret_answer);
    else if (q->method == HTTP_POST && after(q->path, "/checkpoint") != NULL)
        api_checkpoint(c, q, after(q->path, "/checkpoint"), ret_answer);
    else
        api_answer_problem(ret_answer, 405, "METHOD",
                           "only GET, and POST to /entries, are understood here");
    ret_answer->shared = strncmp(q->path, "/v1/", 4) == 0 || after(q->path, "/checkpoint") != NULL;
    if (ret_answer->status >= 500)
        c->errors++;
}
