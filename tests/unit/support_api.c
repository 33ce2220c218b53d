#include "tests/unit/support_api.h"

#include "common/checkpoint.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------ a node that is none */

static bool fake_submit(void *ctx, struct slice statement, struct hash *ret_hash, struct err *err)
{
    struct support_node *f = ctx;
    if (f->busy)
        return err_set(err, ERR_BUSY, "the queue is full");
    if (f->outside)
        return err_set(err, ERR_REFUSED, "this node is not an authority");
    f->submitted++;
    f->queued = *ret_hash = crypto_sha256(statement);
    return true;
}

static bool fake_fate(void *ctx, const struct hash *statement, enum refusal *ret_code)
{
    struct support_node *f = ctx;
    bool away = hash_equal(statement, &f->turned_away);
    *ret_code = away ? REFUSED_BAD_SIGNATURE : ACCEPTED;
    return away || hash_equal(statement, &f->queued);
}

static bool fake_prove(void *ctx, const struct slice *keys, size_t count, struct buf *outs,
                       uint64_t *ret_height, struct err *err)
{
    struct support_node *f = ctx;
    return ledger_prove(f->l, keys, count, outs, ret_height, err);
}

static void fake_consensus(void *ctx, struct api_consensus *ret_consensus)
{
    (void)ctx;
    *ret_consensus = (struct api_consensus){
        .kid = { { 0xab } }, .height = 7, .quorum = 3, .members = 4, .votes = true, .peers = 2
    };
}

static void fake_metrics(void *ctx, struct api_metrics *ret_metrics)
{
    (void)ctx;
    *ret_metrics = (struct api_metrics){ .blocks = 25, .turned_away = 3 };
}

static bool fake_sign_note(void *ctx, struct slice text, struct buf *out, struct err *err)
{
    const struct support_node *f = ctx;
    struct note_key key = checkpoint_authority_key(&f->l->id, f->l->node.pub);
    (void)err;
    note_sign(out, &key, &f->l->node, text, 0);
    return !out->failed;
}

struct api_options support_api_options(struct support_api *f)
{
    return (struct api_options){
        .data_dir = f->node.l->dir,
        .web_dir = "node/web",
        .node = { .ctx = &f->node,
                  .submit = fake_submit,
                  .fate = fake_fate,
                  .prove = fake_prove,
                  .metrics = fake_metrics,
                  .consensus = fake_consensus,
                  .sign_note = fake_sign_note },
    };
}

/* ------------------------------------------------------------------ asking */

struct support_api *support_api_new(void)
{
    struct err err = { 0 };
    struct support_api *f = calloc(1, sizeof *f);
    f->node.l = ledger_new(true);
    (void)ledger_journey(f->node.l);
    struct api_options options = support_api_options(f);
    if (!api_context_open(&f->context, &options, &err))
        fail_msg("%s", err.msg);
    return f;
}

void support_api_free(struct support_api *f)
{
    json_doc_free(f->json);
    buf_free(&f->answer.body);
    api_context_close(&f->context);
    ledger_free(f->node.l);
    free(f);
}

unsigned support_api_send(struct support_api *f, struct http_request q)
{
    buf_free(&f->answer.body);
    json_doc_free(f->json);
    f->json = NULL;
    api_handle(&f->context, &q, &f->answer);
    if (strstr(f->answer.type, "json") != NULL &&
        !json_doc_parse(buf_slice(&f->answer.body), API_ANSWER_MAX, &f->json, NULL))
        fail_msg("%s: not JSON", q.path);
    return f->answer.status;
}

unsigned support_api_ask(struct support_api *f, const char *path, const char *query,
                         const char *accept)
{
    return support_api_send(
        f, (struct http_request){
               .method = HTTP_GET, .path = path, .query = query, .accept = accept, .type = "" });
}

int64_t support_api_number(struct support_api *f, const char *pointer)
{
    int64_t value = INT64_MIN;
    if (!json_doc_get_int(json_doc_at(f->json, pointer), &value))
        fail_msg("no number at %s", pointer);
    return value;
}

const char *support_api_text(struct support_api *f, const char *pointer)
{
    struct slice value = { NULL, 0 };
    if (!json_doc_get_text(json_doc_at(f->json, pointer), &value))
        fail_msg("no text at %s", pointer);
    return (const char *)value.data;
}

bool support_api_body_has(const struct support_api *f, const char *part)
{
    return memmem(f->answer.body.data, f->answer.body.len, part, strlen(part)) != NULL;
}
