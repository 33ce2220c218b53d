/*
 * Signed notes and checkpoints, against the examples of others: c2sp.org/signed-note and golang.org/x/mod's
 * sumdb/note (keys, texts and signatures are facts of theirs), and RFC 4648's of base64.
 */
#include "common/base64.h"
#include "common/checkpoint.h"
#include "tests/support/vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct identity identity;

static int setup(void **state)
{
    (void)state;
    vectors_from("tests/vectors/sets.json");
    return identity_decode(vectors_bytes("identity"), &identity, NULL) ? 0 : -1;
}

/* ------------------------------------------------------------------ base64 */

static void base64(void **state)
{
    static const char *const pairs[][2] = {
        { "", "" },
        { "f", "Zg==" },
        { "fo", "Zm8=" },
        { "foo", "Zm9v" },
        { "foob", "Zm9vYg==" },
        { "fooba", "Zm9vYmE=" },
        { "foobar", "Zm9vYmFy" },
    };
    static const char *const bad[] = { "Zg",    "Zg=",      "Zh==", "Zm9=",   "Z===", "====",
                                       "Zm9v ", "Zg==Zg==", "Zm-_", "Zm9v\n", "Zm8",  "=Zm8" };
    struct buf out = buf_heap(64), back = buf_heap(64);
    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        buf_clear(&out);
        buf_clear(&back);
        base64_put(&out, slice_text(pairs[i][0]));
        assert_true(slice_equal(buf_slice(&out), slice_text(pairs[i][1])));
        assert_true(base64_take(slice_text(pairs[i][1]), &back));
        assert_true(slice_equal(buf_slice(&back), slice_text(pairs[i][0])));
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (base64_take(slice_text(bad[i]), &back))
            fail_msg("%s is taken", bad[i]);
    assert_int_equal(back.len, 6);
    buf_free(&out);
    buf_free(&back);
}

/* ------------------------------------------------------------------ other people's notes */

static const char c2sp_key[] =
    "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
static const char c2sp_note[] = "This is an example message.\n\n"
                                "\xe2\x80\x94 example.com/foo "
                                "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOB"
                                "H3mFXmRKuwHjG1Yu72IneyaQM=\n";
static const char go_key[] = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
static const char go_note[] =
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n\n"
    "\xe2\x80\x94 PeterNeumann "
    "x08go/ZJkuBS9UG/"
    "SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

static enum note_verdict verdict(const char *text, const char *key_text)
{
    struct note n;
    struct note_key key;
    uint64_t time_s;
    if (!note_key_parse(key_text, &key, NULL) || !note_decode(slice_text(text), &n, NULL))
        return NOTE_BAD;
    return note_verify(&n, &key, &time_s);
}

static void notes_of_others(void **state)
{
    char other[sizeof go_note];
    (void)state;
    assert_int_equal(verdict(c2sp_note, c2sp_key), NOTE_GOOD);
    assert_int_equal(verdict(go_note, go_key), NOTE_GOOD);
    assert_int_equal(verdict(c2sp_note, go_key), NOTE_ABSENT);
    memcpy(other, go_note, sizeof go_note);
    other[3] ^= 1;
    assert_int_equal(verdict(other, go_key), NOTE_BAD);
    struct note_key key;
    struct buf out = buf_heap(1 << 10);
    assert_true(note_key_parse(go_key, &key, NULL));
    note_key_put(&out, &key);
    assert_true(slice_equal(buf_slice(&out), slice_text(go_key)));
    buf_free(&out);
}

static void keys_that_are_none(void **state)
{
    static const char *const bad[] = {
        "",
        "PeterNeumann",
        "PeterNeumann+c74f20a3",
        "PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+C74F20A3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10T=",
        "PeterNeumann+c74f20a3+AhpcvQcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "Peter Neumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
    };
    struct note_key key;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (note_key_parse(bad[i], &key, NULL))
            fail_msg("\"%s\" is taken", bad[i]);
    assert_false(note_name_is_good("a b"));
    assert_false(note_name_is_good("a+b"));
    assert_false(note_name_is_good("a\xc2\xa0"
                                   "b"));
    assert_false(note_name_is_good("a\xe3\x80\x80"
                                   "b"));
    assert_true(note_name_is_good("witness.example/w1"));
}

static void notes_that_are_none(void **state)
{
    static const char dash[] = "\xe2\x80\x94 ";
    static const char *const bad[] = {
        "",
        "text\n",
        "text\n\n",
        "\n\n",
        "text\n\nname AAAAAAA=\n",
        "text\n\n\xe2\x80\x94 name\n",
        "text\n\n\xe2\x80\x94 name AAAAAA==\n", /* an id and nothing */
        "text\n\n\xe2\x80\x94 na+me AAAAAAA=\n",
        "text\n\n\xe2\x80\x94 name AAAAAAA\n",
        "text\n\n\xe2\x80\x94 name AAAAAAA=", /* no newline */
        "te\txt\n\n\xe2\x80\x94 name AAAAAAA=\n",
        "te\xff\n\n\xe2\x80\x94 name AAAAAAA=\n",
        "text\n\xe2\x80\x94 name AAAAAAA=\n",
        "text\n\n\xe2\x80\x94 name AAAAAAA=\n\n",
    };
    struct note n;
    struct buf many = buf_heap(1 << 16);
    (void)state;
    assert_true(note_decode(slice_text("text\n\n\xe2\x80\x94 name AAAAAAA=\n"), &n, NULL));
    assert_int_equal(n.signatures, 1);
    assert_true(note_decode(slice_text("one\n\ntwo\n\n\xe2\x80\x94 name AAAAAAA=\n"), &n, NULL));
    assert_true(slice_equal(n.text, slice_text("one\n\ntwo\n")));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (note_decode(slice_text(bad[i]), &n, NULL))
            fail_msg("note %zu is taken", i);
    buf_add_slice(&many, slice_text("text\n\n"));
    for (size_t i = 0; i <= NOTE_SIGNATURES_MAX; i++) {
        buf_add_slice(&many, slice_text(dash));
        buf_add_slice(&many, slice_text("name AAAAAAA=\n"));
        assert_int_equal(note_decode(buf_slice(&many), &n, NULL), i < NOTE_SIGNATURES_MAX);
    }
    buf_free(&many);
}

/* ------------------------------------------------------------------ signing */

static void signed_by_several(void **state)
{
    struct key_pair log = vectors_key("a"), witness = vectors_key("b"), other = vectors_key("c");
    struct note_key keys[3];
    struct note n;
    uint64_t time_s;
    struct buf out = buf_heap(1 << 12);
    static const char text[] = "example.com/log\n7\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n";
    (void)state;
    assert_true(note_key_make("example.com/log", NOTE_ED25519, log.pub, &keys[0], NULL));
    assert_true(note_key_make("example.com/w", NOTE_COSIGNATURE, witness.pub, &keys[1], NULL));
    assert_true(note_key_make("example.com/w", NOTE_COSIGNATURE, other.pub, &keys[2], NULL));
    buf_add_slice(&out, slice_text(text));
    buf_add_byte(&out, '\n');
    note_sign(&out, &keys[0], &log, slice_text(text), 0);
    note_sign(&out, &keys[1], &witness, slice_text(text), 1679315147);
    assert_true(note_decode(buf_slice(&out), &n, NULL));
    assert_int_equal(n.signatures, 2);
    assert_int_equal(note_verify(&n, &keys[0], &time_s), NOTE_GOOD);
    assert_int_equal(time_s, 0);
    assert_int_equal(note_verify(&n, &keys[1], &time_s), NOTE_GOOD);
    assert_int_equal(time_s, 1679315147);
    assert_int_equal(note_verify(&n, &keys[2], &time_s), NOTE_ABSENT);
    /* the same key, taken for one that signs notes: another id, and another signature */
    assert_true(note_key_make("example.com/w", NOTE_ED25519, witness.pub, &keys[2], NULL));
    assert_int_equal(note_verify(&n, &keys[2], &time_s), NOTE_ABSENT);
    note_sign(&out, &keys[1], &other, slice_text(text), 1); /* a known key's, which does not hold */
    assert_true(note_decode(buf_slice(&out), &n, NULL));
    assert_int_equal(note_verify(&n, &keys[1], &time_s), NOTE_BAD);
    buf_free(&out);
}

/* As tests/vectors/make_sets.py writes them. */
static void written_as_another_hand_writes_them(void **state)
{
    char origin[CHECKPOINT_ORIGIN_SIZE];
    struct buf out = buf_heap(1 << 16), text = buf_heap(1 << 12);
    struct final f;
    struct key_pair a = vectors_key("a"), w = vectors_key("witness");
    struct note_key log = checkpoint_authority_key(&identity.genesis.ledger, a.pub), witness;
    (void)state;
    assert_true(final_decode(vectors_bytes("final 8"), &f, NULL));
    checkpoint_origin(&identity.genesis.ledger, origin);
    checkpoint_put_text(&text, origin, f.header.size, &f.header.tree);
    buf_add_slice(&out, buf_slice(&text));
    buf_add_byte(&out, '\n');
    note_sign(&out, &log, &a, buf_slice(&text), 0);
    checkpoint_put_final(&out, &identity.genesis.ledger, vectors_bytes("final 8"));
    assert_true(note_key_make("witness.example/w1", NOTE_COSIGNATURE, w.pub, &witness, NULL));
    note_sign(&out, &witness, &w, buf_slice(&text), 1679315147);
    assert_true(slice_equal(buf_slice(&out), slice_text(vectors_text("checkpoint", "text"))));
    buf_clear(&out);
    note_key_put(&out, &log);
    assert_true(slice_equal(buf_slice(&out), slice_text(vectors_text("checkpoint", "key"))));
    buf_clear(&out);
    note_key_put(&out, &witness);
    assert_true(slice_equal(buf_slice(&out), slice_text(vectors_text("checkpoint", "witness"))));
    buf_free(&out);
    buf_free(&text);
}

/* ------------------------------------------------------------------ checkpoints */

static void checkpoints_are_final(void **state)
{
    struct checkpoint c;
    struct header h;
    size_t changes = 99;
    struct err err = { .msg = "" };
    struct slice sets = vectors_bytes("set chain");
    const char *good = vectors_text("checkpoint", "text");
    (void)state;
    assert_true(checkpoint_decode(slice_text(good), &c, NULL));
    assert_int_equal(c.size, 3);
    if (!checkpoint_check_final(&c, sets, &identity, &h, &changes, &err))
        fail_msg("%s", err.msg);
    assert_int_equal(h.height, 8);
    assert_int_equal(changes, 1);
    assert_false(
        checkpoint_check_final(&c, vectors_bytes("identity"), &identity, &h, &changes, &err));
    c.size++; /* the note's tree is not the block's */
    assert_false(checkpoint_check_final(&c, sets, &identity, &h, &changes, &err));
    c.size--;
    c.root.bytes[0] ^= 1;
    assert_false(checkpoint_check_final(&c, sets, &identity, &h, &changes, &err));
    struct identity other = identity;
    other.genesis.ledger.bytes[0] ^= 1;
    c.root.bytes[0] ^= 1;
    assert_false(checkpoint_check_final(&c, sets, &other, &h, &changes, &err));
    assert_true(checkpoint_decode(slice_text(vectors_text("checkpoint", "not final")), &c, NULL));
    assert_false(checkpoint_check_final(&c, sets, &identity, &h, &changes, &err));
    assert_int_equal(err.code, ERR_PROOF);
    assert_true(checkpoint_decode(slice_text(vectors_text("checkpoint", "no final")), &c, NULL));
    assert_false(checkpoint_check_final(&c, sets, &identity, &h, &changes, &err));
    assert_int_equal(err.code, ERR_NOT_FOUND);
}

static void checkpoints_that_are_none(void **state)
{
    static const char root[] = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    static const char *const bad[][3] = {
        { "o", "01", root },      { "o", "", root },  { "o", "-1", root },
        { "o", "1 ", root },      { "o", "1", "AA" }, { "o", "99999999999999999999", root },
        { "o", "1", "AAAAAAA=" }, { "", "1", root },
    };
    struct checkpoint c;
    struct buf out = buf_heap(1 << 10);
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0] + 1; i++) {
        bool good = i == sizeof bad / sizeof bad[0];
        buf_clear(&out);
        for (size_t k = 0; k < 3; k++) {
            buf_add_slice(&out, slice_text(good ? (k == 0   ? "o"
                                                   : k == 1 ? "12"
                                                            : root)
                                                : bad[i][k]));
            buf_add_byte(&out, '\n');
        }
        buf_add_slice(&out, slice_text("an extension\n\n\xe2\x80\x94 name AAAAAAA=\n"));
        if (checkpoint_decode(buf_slice(&out), &c, NULL) != good)
            fail_msg("checkpoint %zu", i);
    }
    buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(base64),
        cmocka_unit_test(notes_of_others),
        cmocka_unit_test(keys_that_are_none),
        cmocka_unit_test(notes_that_are_none),
        cmocka_unit_test(signed_by_several),
        cmocka_unit_test(written_as_another_hand_writes_them),
        cmocka_unit_test(checkpoints_are_final),
        cmocka_unit_test(checkpoints_that_are_none),
    };
    if (!crypto_init())
        return 1;
    return cmocka_run_group_tests(tests, setup, NULL);
}
