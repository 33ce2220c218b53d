/*
 * COSE_Sign1 against the public examples of the COSE working group.
 * Usage: conform_cose VECTORS. Prints one line a disagreement, then "N passed, N failed".
 *
 * None of the examples has the headers of a Waybill message, so each must be refused, those of another
 * algorithm for that reason. Below the profile the work is the same as theirs: the Sig_structure must
 * be theirs to the byte, and an EdDSA signature must hold.
 */
#include "common/cose.h"
#include "common/hex.h"

#include <dirent.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VECTOR_MAX 4096
#define FILES_MAX  1000

static unsigned passed;
static unsigned failed;

static void report(bool good, const char *file, const char *what)
{
    if (good) {
        passed++;
        return;
    }
    failed++;
    printf("FAIL  cose %s: %s\n", file, what);
}

struct bytes {
    uint8_t data[VECTOR_MAX];
    size_t len;
};

static bool unhex(const json_t *value, struct bytes *ret)
{
    const char *text = json_string_value(value);
    ret->len = text != NULL ? strlen(text) / 2 : 0;
    return text != NULL && ret->len <= VECTOR_MAX &&
           hex_decode(text, strlen(text), ret->data, ret->len);
}

static struct slice slice_bytes(const struct bytes *b)
{
    return slice_of(b->data, b->len);
}

/* The four parts of a COSE_Sign1 (or of a COSE_Sign, whose first signature counts), whatever its headers. */
static bool peel(struct slice whole, size_t tag_len, struct cose *ret_cose)
{
    struct slice body = slice_from(whole, tag_len, whole.len - tag_len);
    if (!cbor_scan(body, NULL))
        return false;
    struct cbor_reader r = cbor_reader(body);
    struct cose c = { .bytes = whole };
    cbor_take_array_of(&r, 4);
    c.protected = cbor_take_bytes(&r, 0, VECTOR_MAX);
    (void)cbor_take_item(&r);
    c.payload = cbor_take_bytes(&r, 0, VECTOR_MAX);
    if (cbor_peek(&r) == CBOR_ARRAY) {
        cbor_take_array_of(&r, 1);
        cbor_take_array_of(&r, 3);
        (void)cbor_take_item(&r);
        (void)cbor_take_item(&r);
    }
    c.sig = cbor_take_bytes(&r, SIG_SIZE, SIG_SIZE).data;
    *ret_cose = c;
    return cbor_done(&r);
}

struct example {
    const char *file;
    struct bytes whole, to_be_signed, external, pub;
    bool has_pub; /* EdDSA; the others are ES256 */
    bool must_fail;
    bool many_signers; /* COSE_Sign */
};

static bool read_example(const json_t *all, const char *file, struct example *e)
{
    const json_t *input = json_object_get(all, "input");
    const json_t *single = json_object_get(input, "sign0");
    const json_t *signers = json_object_get(json_object_get(input, "sign"), "signers");
    const json_t *between = json_object_get(all, "intermediates");
    const json_t *signer = single != NULL ? single : json_array_get(signers, 0);
    if (single == NULL)
        between = json_array_get(json_object_get(between, "signers"), 0);
    e->file = file;
    e->many_signers = single == NULL;
    e->must_fail = json_is_true(json_object_get(all, "fail"));
    e->has_pub = unhex(json_object_get(json_object_get(signer, "key"), "x_hex"), &e->pub);
    e->external.len = 0;
    if (json_object_get(signer, "external") != NULL &&
        !unhex(json_object_get(signer, "external"), &e->external))
        return false;
    return unhex(json_object_get(between, "ToBeSign_hex"), &e->to_be_signed) &&
           unhex(json_object_get(json_object_get(all, "output"), "cbor"), &e->whole);
}

static void check_refusal(const struct example *e)
{
    struct cose c;
    struct err err = { 0 };
    report(!cose_parse(slice_bytes(&e->whole), &c, &err), e->file, "accepted by the profile");
    report(err.msg[0] != '\0', e->file, "refused without a reason");
    if (e->whole.data[0] != 0xd2)
        report(strstr(err.msg, "tag 18") != NULL, e->file, "not refused for its tag");
    else if (!e->has_pub)
        report(strstr(err.msg, "algorithm") != NULL, e->file, "not refused for its algorithm");
}

static void check_signature(const struct example *e, const struct cose *c)
{
    static uint8_t scratch_memory[VECTOR_MAX + COSE_SIG_ROOM];
    struct buf scratch = buf_fixed(scratch_memory, sizeof scratch_memory);
    uint8_t pub[PUB_SIZE] = { 0 };
    if (e->has_pub && e->pub.len == PUB_SIZE)
        memcpy(pub, e->pub.data, PUB_SIZE);
    bool holds = cose_verify(c, slice_bytes(&e->external), c->payload, pub, &scratch);
    bool same = slice_equal(buf_slice(&scratch), slice_bytes(&e->to_be_signed));
    report(same != e->must_fail, e->file,
           same ? "what was changed is not signed" : "another Sig_structure");
    report(holds == (e->has_pub && !e->must_fail), e->file,
           holds ? "a signature holds that should not" : "the signature does not hold");
}

static void check_example(const struct example *e)
{
    struct cose c;
    check_refusal(e);
    size_t tag_len = e->whole.data[0] == 0xd2 ? 1 : e->many_signers ? 2 : 0;
    if (e->must_fail && tag_len == 0)
        return; /* the tag itself is what was changed */
    if (!peel(slice_bytes(&e->whole), tag_len, &c)) {
        report(false, e->file, "its parts cannot be read");
        return;
    }
    if (e->many_signers) /* another structure, which Waybill does not build: the signature only */
        report(crypto_ed25519_verify(slice_bytes(&e->to_be_signed), c.sig, e->pub.data), e->file,
               "the signature does not hold");
    else
        check_signature(e, &c);
}

static void check_file(const char *folder, const char *file)
{
    static struct example e;
    char path[4096];
    json_error_t error;
    (void)snprintf(path, sizeof path, "%s/%s", folder, file);
    json_t *all = json_load_file(path, 0, &error);
    if (all == NULL || !read_example(all, file, &e))
        report(false, file, "the example cannot be read");
    else
        check_example(&e);
    json_decref(all);
}

int main(int argc, char **argv)
{
    char folder[2048];
    struct dirent **entries = NULL;
    if (argc != 2 || !crypto_init()) {
        (void)fprintf(stderr, "usage: conform_cose VECTORS\n");
        return 2;
    }
    (void)snprintf(folder, sizeof folder, "%s/cose", argv[1]);
    int count = scandir(folder, &entries, NULL, alphasort);
    for (int i = 0; i < count && i < FILES_MAX; i++) {
        size_t len = strlen(entries[i]->d_name);
        if (len > 5 && strcmp(entries[i]->d_name + len - 5, ".json") == 0)
            check_file(folder, entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
    printf("%u passed, %u failed\n", passed, failed);
    return failed == 0 && passed > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
