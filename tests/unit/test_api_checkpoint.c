/* Checkpoints over HTTP: made of the head, cosigned by witnesses that are configured, kept over a restart. */
#include "common/checkpoint.h"
#include "tests/unit/support_api.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define WITNESSES 2

static struct key_pair pairs[WITNESSES + 1];
static struct note_key keys[WITNESSES + 1]; /* the last one is not configured */
static char key_text[WITNESSES][NOTE_KEY_TEXT_MAX];

static void open_context(struct support_api *f)
{
    const char *texts[WITNESSES] = { key_text[0], key_text[1] };
    struct err err;
    struct api_options options = support_api_options(f);
    options.witnesses = texts;
    options.witness_count = WITNESSES;
    api_context_close(&f->context);
    if (!api_context_open(&f->context, &options, &err))
        fail_msg("%s", err.msg);
}

static int setup(void **state)
{
    (void)state;
    for (size_t i = 0; i <= WITNESSES; i++) {
        uint8_t seed[SEED_SIZE] = { (uint8_t)(i + 1) };
        char name[32];
        struct buf text = buf_heap(NOTE_KEY_TEXT_MAX);
        pairs[i] = key_from_seed(seed);
        (void)snprintf(name, sizeof name, "witness.example/%zu", i);
        assert_true(note_key_make(name, NOTE_COSIGNATURE, pairs[i].pub, &keys[i], NULL));
        note_key_put(&text, &keys[i]);
        if (i < WITNESSES)
            (void)snprintf(key_text[i], sizeof key_text[i], "%.*s", (int)text.len,
                           (const char *)text.data);
        buf_free(&text);
    }
    return 0;
}

static struct checkpoint ask(struct support_api *f, const char *path, const char *query)
{
    struct checkpoint c;
    struct err err = { .msg = "" };
    assert_int_equal(support_api_ask(f, path, query, ""), 200);
    assert_string_equal(f->answer.type, "text/plain; charset=utf-8");
    if (!checkpoint_decode(buf_slice(&f->answer.body), &c, &err))
        fail_msg("%s", err.msg);
    return c;
}

static unsigned post(struct support_api *f, struct slice body)
{
    return support_api_send(f, (struct http_request){ .method = HTTP_POST,
                                                      .path = "/checkpoint/cosignatures",
                                                      .query = "",
                                                      .accept = "",
                                                      .type = "text/plain",
                                                      .body = body });
}

/* The newest checkpoint with a cosignature by one witness. */
static struct buf cosign(struct support_api *f, size_t witness, uint64_t time_s)
{
    struct buf out = buf_heap(NOTE_SIZE_MAX);
    struct checkpoint c = ask(f, "/checkpoint", "");
    buf_add_slice(&out, buf_slice(&f->answer.body));
    note_sign(&out, &keys[witness], &pairs[witness], c.note.text, time_s);
    assert_false(out.failed);
    return out;
}

static void of_the_head(void **state)
{
    (void)state;
    struct support_api *f = support_api_new();
    struct header h;
    size_t changes;
    uint64_t time_s;
    struct checkpoint c = ask(f, "/checkpoint", "");
    struct note_key own = checkpoint_authority_key(&f->node.l->id, f->node.l->node.pub);
    struct buf sets = buf_heap(1 << 12);
    identity_put(&sets, &f->node.l->identity);
    assert_int_equal(note_verify(&c.note, &own, &time_s), NOTE_GOOD);
    assert_true(
        checkpoint_check_final(&c, buf_slice(&sets), &f->node.l->identity, &h, &changes, NULL));
    assert_int_equal(h.height, 25);
    assert_int_equal(c.size, h.size);
    assert_int_equal(support_api_ask(f, "/checkpoint/witnessed", "", ""), 404);
    assert_int_equal(support_api_ask(f, "/checkpoint/other", "", ""), 404);
    assert_int_equal(support_api_ask(f, "/checkpoint/cosignatures", "", ""), 405);
    buf_free(&sets);
    support_api_free(f);
}

static void cosigned(void **state)
{
    (void)state;
    struct support_api *f = support_api_new();
    uint64_t time_s;
    open_context(f);
    struct buf note = cosign(f, 0, 1000);
    assert_int_equal(post(f, buf_slice(&note)), 200);
    assert_int_equal(support_api_number(f, "/kept"), 1);
    assert_int_equal(post(f, buf_slice(&note)), 200); /* again: nothing new */
    assert_int_equal(support_api_number(f, "/kept"), 0);
    struct checkpoint c = ask(f, "/checkpoint/witnessed", "");
    assert_int_equal(note_verify(&c.note, &keys[0], &time_s), NOTE_GOOD);
    assert_int_equal(time_s, 1000);
    c = ask(f, "/checkpoint", "");
    assert_int_equal(note_verify(&c.note, &keys[0], &time_s), NOTE_GOOD);
    assert_int_equal(support_api_ask(f, "/checkpoint/witnessed", "witnesses=2", ""), 404);
    buf_free(&note);
    note = cosign(f, 1, 2000);
    assert_int_equal(post(f, buf_slice(&note)), 200);
    open_context(f); /* another process */
    c = ask(f, "/checkpoint/witnessed", "witnesses=2");
    assert_int_equal(note_verify(&c.note, &keys[0], &time_s), NOTE_GOOD);
    assert_int_equal(note_verify(&c.note, &keys[1], &time_s), NOTE_GOOD);
    assert_int_equal(c.note.signatures, 4);
    buf_free(&note);
    note = cosign(f, 0, 3000); /* of the same tree, later */
    assert_int_equal(post(f, buf_slice(&note)), 200);
    c = ask(f, "/checkpoint", "");
    assert_int_equal(note_verify(&c.note, &keys[0], &time_s), NOTE_GOOD);
    assert_int_equal(time_s, 3000);
    buf_free(&note);
    support_api_free(f);
}

static void refused(void **state)
{
    (void)state;
    struct support_api *f = support_api_new();
    struct buf note = cosign(f, 0, 1000);
    assert_int_equal(post(f, buf_slice(&note)), 404); /* no witnesses are configured */
    open_context(f);
    assert_int_equal(post(f, slice_text("nonsense")), 400);
    note.data[note.len - 10] ^= 1; /* the cosignature */
    assert_int_equal(post(f, buf_slice(&note)), 422);
    buf_free(&note);
    note = cosign(f, WITNESSES, 1000); /* a stranger's is passed over */
    assert_int_equal(post(f, buf_slice(&note)), 200);
    assert_int_equal(support_api_number(f, "/kept"), 0);
    assert_int_equal(support_api_ask(f, "/checkpoint/witnessed", "", ""), 404);
    buf_free(&note);
    /* a text that no block has, with all the signatures that it needs */
    struct checkpoint c = ask(f, "/checkpoint", "");
    char origin[CHECKPOINT_ORIGIN_SIZE];
    struct hash root = c.root;
    uint64_t size = c.size;
    struct buf text = buf_heap(1 << 10);
    root.bytes[7] ^= 1;
    checkpoint_origin(&f->node.l->id, origin);
    checkpoint_put_text(&text, origin, size, &root);
    note = buf_heap(NOTE_SIZE_MAX);
    buf_add_slice(&note, buf_slice(&text));
    buf_add_byte(&note, '\n');
    buf_add_slice(&note, c.note.lines);
    note_sign(&note, &keys[0], &pairs[0], buf_slice(&text), 5000);
    assert_int_equal(post(f, buf_slice(&note)), 422);
    buf_free(&note);
    buf_free(&text);
    support_api_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_the_head),
        cmocka_unit_test(cosigned),
        cmocka_unit_test(refused),
    };
    if (!crypto_init())
        return 1;
    return cmocka_run_group_tests(tests, setup, NULL);
}
