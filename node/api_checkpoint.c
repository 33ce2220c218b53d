/* Checkpoints as witnesses of any log understand them, and what witnesses have cosigned (common/checkpoint.h). */
#include "node/api_parts.h"

#include "common/checkpoint.h"
#include "node/witnesses.h"

#include <stdlib.h>
#include <string.h>

#define TYPE_NOTE "text/plain; charset=utf-8"

/* ------------------------------------------------------------------ making one */

/* One signature a text, however often it is asked for. */
static bool sign(struct api_context *c, struct slice text, struct err *err)
{
    if (c->node.sign_note == NULL)
        return err_set(err, ERR_NOT_FOUND, "this node signs no notes");
    if (c->note_line.len > 0 && slice_equal(buf_slice(&c->note_text), text))
        return true;
    buf_clear(&c->note_text);
    buf_clear(&c->note_line);
    if (!c->node.sign_note(c->node.ctx, text, &c->note_line, err))
        return false;
    buf_add_slice(&c->note_text, text);
    return true;
}

/* The node's own signature and the proof of finality: what every checkpoint is served with. */
static bool put_lines(struct api_context *c, struct slice text, uint64_t height, struct buf *out,
                      struct err *err)
{
    struct buf final = buf_heap(FINAL_SIZE_MAX);
    bool good = sign(c, text, err) && proof_final(c->store, height, &final, err);
    if (good) {
        buf_add_slice(out, buf_slice(&c->note_line));
        checkpoint_put_final(out, &c->identity.genesis.ledger, buf_slice(&final));
    }
    buf_free(&final);
    return good;
}

static void put_text(struct api_context *c, const struct header *h, struct buf *out)
{
    char origin[CHECKPOINT_ORIGIN_SIZE];
    checkpoint_origin(&c->identity.genesis.ledger, origin);
    checkpoint_put_text(out, origin, h->size, &h->tree);
}

/* The newest block's, with whatever cosignatures there are of it. */
static void newest(struct api_context *c, struct http_answer *a)
{
    struct err err = { .code = ERR_NONE };
    struct header head;
    struct buf text = buf_heap(NOTE_SIZE_MAX), lines = buf_heap(NOTE_SIZE_MAX);
    bool good = store_head(c->store, &head, NULL, &err);
    if (good) {
        put_text(c, &head, &text);
        good = put_lines(c, buf_slice(&text), head.height, &lines, &err);
    }
    if (good) {
        a->type = TYPE_NOTE;
        buf_add_slice(&a->body, buf_slice(&text));
        buf_add_byte(&a->body, '\n');
        buf_add_slice(&a->body, buf_slice(&lines));
        (void)witnesses_put(c->witnesses, buf_slice(&text), &a->body);
    } else {
        api_answer_error(a, &err);
    }
    buf_free(&text);
    buf_free(&lines);
}

/* The largest that enough witnesses have cosigned, as they saw it. */
static void witnessed(struct api_context *c, const struct http_request *q, struct http_answer *a)
{
    uint64_t least = 1;
    if (!api_query_uint(q, a, "witnesses", WITNESSES_MAX, &least))
        return;
    const struct witness_seen *s = witnesses_find(c->witnesses, least > 0 ? (size_t)least : 1);
    if (s == NULL) {
        api_answer_problem(a, 404, "NOT_FOUND", "no checkpoint is cosigned by so many witnesses");
        return;
    }
    a->type = TYPE_NOTE;
    buf_add_slice(&a->body, buf_slice(&s->text));
    buf_add_byte(&a->body, '\n');
    buf_add_slice(&a->body, buf_slice(&s->lines));
    (void)witnesses_put(c->witnesses, buf_slice(&s->text), &a->body);
}

/* ------------------------------------------------------------------ taking cosignatures */

/* Of this ledger's own tree, and final. ret_header: of the block. */
static bool check_own(struct api_context *c, const struct checkpoint *cp, struct header *ret_header,
                      struct err *err)
{
    struct hash root;
    struct header head;
    size_t changes;
    struct buf sets = buf_heap(SET_CHAIN_SIZE_MAX), text = buf_heap(NOTE_SIZE_MAX);
    bool good =
        proof_sets(c->store, &c->identity, SET_CHAIN_COMPACT, &sets, err) &&
        checkpoint_check_final(cp, buf_slice(&sets), &c->identity, ret_header, &changes, err) &&
        store_head(c->store, &head, NULL, err);
    if (good && cp->size > head.size)
        good = err_set(err, ERR_NOT_FOUND, "this node has not come so far yet");
    if (good && (!merkle_root_fetch(cp->size, store_tree_fetch, c->store, &root) ||
                 !hash_equal(&root, &cp->root)))
        good = err_set(err, ERR_PROOF, "this node's tree of so many statements has another root");
    if (good) {
        put_text(c, ret_header, &text);
        good = slice_equal(buf_slice(&text), cp->note.text) ||
               err_set(err, ERR_INPUT, "a checkpoint of this ledger has three lines");
    }
    buf_free(&sets);
    buf_free(&text);
    return good;
}

static void cosigned(struct api_context *c, const struct http_request *q, struct http_answer *a)
{
    struct err err = { .code = ERR_NONE };
    struct checkpoint cp;
    struct header h;
    size_t kept = 0;
    struct buf lines = buf_heap(NOTE_SIZE_MAX);
    bool good = c->witnesses->count > 0 ||
                err_set(&err, ERR_NOT_FOUND, "this node is configured with no witnesses");
    good = good && checkpoint_decode(q->body, &cp, &err) && check_own(c, &cp, &h, &err) &&
           put_lines(c, cp.note.text, h.height, &lines, &err) &&
           witnesses_take(c->witnesses, &cp, buf_slice(&lines), &kept, &err);
    buf_free(&lines);
    if (!good) {
        if (err.code == ERR_PROOF)
            api_answer_problem(a, 422, "NOT_PROVEN", err.msg);
        else
            api_answer_error(a, &err);
        return;
    }
    struct json_doc *doc = json_doc_object();
    json_doc_put_int(doc, "size", (int64_t)cp.size);
    json_doc_put_int(doc, "kept", (int64_t)kept);
    api_answer_json(a, doc);
}

void api_checkpoint(struct api_context *c, const struct http_request *q, const char *rest,
                    struct http_answer *a)
{
    bool post = q->method == HTTP_POST;
    if (strcmp(rest, "/cosignatures") == 0 && post)
        cosigned(c, q, a);
    else if (post || strcmp(rest, "/cosignatures") == 0)
        api_answer_problem(a, 405, "METHOD", "/checkpoint/cosignatures takes POST, others GET");
    else if (rest[0] == '\0')
        newest(c, a);
    else if (strcmp(rest, "/witnessed") == 0)
        witnessed(c, q, a);
    else
        api_answer_problem(a, 404, "NOT_FOUND",
                           "expected /checkpoint, /checkpoint/witnessed or "
                           "/checkpoint/cosignatures");
}

bool api_checkpoint_open(struct api_context *c, const struct api_options *options, struct err *err)
{
    c->note_text = buf_heap(NOTE_SIZE_MAX);
    c->note_line = buf_heap(NOTE_SIZE_MAX);
    c->witnesses = calloc(1, sizeof *c->witnesses);
    if (c->witnesses == NULL)
        return err_set(err, ERR_IO, "out of memory");
    return witnesses_open(c->witnesses, options->data_dir, options->witnesses,
                          options->witness_count, err);
}

void api_checkpoint_close(struct api_context *c)
{
    if (c->witnesses != NULL)
        witnesses_close(c->witnesses);
    free(c->witnesses);
    c->witnesses = NULL;
    buf_free(&c->note_text);
    buf_free(&c->note_line);
}
