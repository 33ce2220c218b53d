/* Where this node stands among the authorities, as it says itself: nothing of it is proven. */
#include "node/api_parts.h"

void api_show_consensus(struct api_context *c, const struct http_request *q, struct http_answer *a)
{
    struct api_consensus v = { .height = 0 };
    (void)q;
    if (c->node.consensus == NULL) {
        api_answer_problem(a, 404, "NOT_FOUND", "no node runs here that could say");
        return;
    }
    c->node.consensus(c->node.ctx, &v);
    struct json_doc *doc = json_doc_object();
    json_doc_put_hex(doc, "kid", kid_slice(&v.kid));
    json_doc_put_hex(doc, "tip", hash_slice(&v.tip));
    json_doc_put_int(doc, "height", (int64_t)v.height);
    json_doc_put_int(doc, "round", (int64_t)v.round);
    json_doc_put_int(doc, "quorum", (int64_t)v.quorum);
    json_doc_put_int(doc, "members", (int64_t)v.members);
    json_doc_put_bool(doc, "votes", v.votes);
    json_doc_put_bool(doc, "abstains", v.abstains);
    json_doc_put_int(doc, "peers", (int64_t)v.peers);
    if (v.offset_known)
        json_doc_put_int(doc, "offset_ms", v.offset_ms);
    else
        json_doc_put_null(doc, "offset_ms");
    json_doc_put_int(doc, "pool", (int64_t)v.waiting);
    json_doc_put_int(doc, "lag", (int64_t)v.lag);
    api_answer_json(a, doc);
}
