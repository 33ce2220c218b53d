/* Where this node stands among the authorities, as it says itself: nothing of it is proven. */
#include "node/api_parts.h"

#include "common/state_key.h"
#include "common/state_value.h"

/* By the newest state: when the set changed with its block, nobody has been heard of in the new one yet. */
static void put_unheard(struct api_context *c, const struct api_consensus *v, struct json_doc *doc)
{
    struct state_key key = state_key_plain(TABLE_SETS);
    struct buf value = buf_heap(STATE_VALUE_MAX);
    struct authority_set set;
    struct slice now, next;
    if (store_state_get(c->store, state_key_slice(&key), &value, NULL) &&
        state_sets_take(buf_slice(&value), &now, &next) && authority_set_decode(next, &set, NULL) &&
        set.count == v->members) {
        struct json_doc *list = json_doc_put_array(doc, "unheard");
        for (size_t i = 0; i < set.count; i++)
            if ((v->heard[i / 64] >> i % 64 & 1) == 0 && !kid_equal(&set.at[i].kid, &v->kid))
                json_doc_put_hex(list, NULL, kid_slice(&set.at[i].kid));
    }
    buf_free(&value);
}

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
    put_unheard(c, &v, doc);
    if (v.offset_known)
        json_doc_put_int(doc, "offset_ms", v.offset_ms);
    else
        json_doc_put_null(doc, "offset_ms");
    json_doc_put_int(doc, "pool", (int64_t)v.waiting);
    json_doc_put_int(doc, "lag", (int64_t)v.lag);
    api_answer_json(a, doc);
}
