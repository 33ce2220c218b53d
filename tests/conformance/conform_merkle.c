/*
 * The Merkle tree against transparency-dev's proofs of inclusion and consistency, good and bad, as far as VECTORS has
 * them, and the roots of RFC 6962's example leaves. Usage: conform_merkle VECTORS. Prints one line a disagreement, then
 * "N passed, N failed".
 */
#include "common/hex.h"
#include "common/merkle.h"

#include <dirent.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned passed;
static unsigned failed;

static void report(bool good, const char *what)
{
    passed += good ? 1 : 0;
    failed += good ? 0 : 1;
    if (!good)
        printf("FAIL  merkle %s\n", what);
}

/* ------------------------------------------------------------------ roots */

static const char *const leaves[] = { "",
                                      "00",
                                      "10",
                                      "2021",
                                      "3031",
                                      "40414243",
                                      "5051525354555657",
                                      "606162636465666768696a6b6c6d6e6f" };
#define LEAVES (sizeof leaves / sizeof leaves[0])

/* What SOURCES.md gives of each root: the first digits, all of the last. */
static const char *const roots[LEAVES] = {
    "6e340b9c", "fac54203",
    "aeb6bcfe", "d37ee418",
    "4e3bbb1f", "76e67dad",
    "ddb89be4", "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"
};

static void check_roots(void)
{
    struct hash hashes[LEAVES];
    struct merkle_frontier f;
    struct hash empty = merkle_empty(), nothing = crypto_sha256((struct slice){ NULL, 0 });
    merkle_frontier_begin(&f);
    report(hash_equal(&empty, &nothing), "root of nothing");
    for (size_t i = 0; i < LEAVES; i++) {
        uint8_t data[16];
        char text[2 * HASH_SIZE + 1];
        size_t len = strlen(leaves[i]) / 2;
        if (!hex_decode(leaves[i], 2 * len, data, len))
            abort();
        hashes[i] = merkle_leaf(slice_of(data, len));
        merkle_frontier_add(&f, &hashes[i]);
        struct hash root = merkle_root(hashes, i + 1), grown = merkle_frontier_root(&f);
        hex_encode(hash_slice(&root), text);
        report(strncmp(text, roots[i], strlen(roots[i])) == 0, "root of an example tree");
        report(hash_equal(&root, &grown), "root of a growing tree");
        for (size_t k = 0; k <= i; k++) {
            struct merkle_path path = merkle_path_of(hashes, i + 1, k);
            report(merkle_verify(&hashes[k], k, i + 1, &path, &root), "path in an example tree");
        }
    }
}

/* ------------------------------------------------------------------ proofs */

static bool take_base64(const char *text, size_t len, uint8_t *out, size_t max, size_t *ret_len)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    uint32_t bits = 0;
    unsigned held = 0;
    *ret_len = 0;
    for (size_t i = 0; i < len && text[i] != '='; i++) {
        const char *at = strchr(digits, text[i]);
        if (at == NULL || *ret_len == max)
            return false;
        bits = bits << 6 | (uint32_t)(at - digits);
        held += 6;
        if (held < 8)
            continue;
        held -= 8;
        out[(*ret_len)++] = (uint8_t)(bits >> held);
        bits &= (1u << held) - 1;
    }
    return true;
}

/* A hash as they write one; false when it has another length, which is a bad proof by its form. */
static bool take_hash(const json_t *value, struct hash *ret)
{
    uint8_t bytes[64];
    size_t len;
    const char *text = json_string_value(value);
    if (text == NULL || !take_base64(text, strlen(text), bytes, sizeof bytes, &len) ||
        len != HASH_SIZE)
        return false;
    memcpy(ret->bytes, bytes, HASH_SIZE);
    return true;
}

/* Numbers up to 2^64 - 1, which only a double takes; those above 2^53 need no more than to be as large. */
static uint64_t take_number(const json_t *value)
{
    double d = json_number_value(value);
    return d >= 18446744073709551615.0 ? UINT64_MAX : (uint64_t)d;
}

static bool take_path(const json_t *proof, struct merkle_path *ret)
{
    ret->len = 0;
    if (json_array_size(proof) > MERKLE_LEVELS)
        return false;
    for (; ret->len < json_array_size(proof); ret->len++)
        if (!take_hash(json_array_get(proof, ret->len), &ret->step[ret->len]))
            return false;
    return true;
}

static bool proof_holds(const json_t *v)
{
    struct merkle_path path;
    struct hash leaf, root;
    uint64_t index = take_number(json_object_get(v, "leafIdx"));
    uint64_t size = take_number(json_object_get(v, "treeSize"));
    if (!take_hash(json_object_get(v, "leafHash"), &leaf) ||
        !take_hash(json_object_get(v, "root"), &root) ||
        !take_path(json_object_get(v, "proof"), &path))
        return false;
    return merkle_verify(&leaf, index, size, &path, &root);
}

static bool consistency_holds(const json_t *v)
{
    struct merkle_path path;
    struct hash old, root;
    uint64_t size1 = take_number(json_object_get(v, "size1"));
    uint64_t size2 = take_number(json_object_get(v, "size2"));
    if (!take_hash(json_object_get(v, "root1"), &old))
        return !json_is_true(
            json_object_get(v, "wantErr")); /* any bytes are a root there, a hash here */
    return take_hash(json_object_get(v, "root2"), &root) &&
           take_path(json_object_get(v, "proof"), &path) &&
           merkle_verify_consistency(size1, &old, size2, &root, &path);
}

static void check_file(const char *dir, const char *name)
{
    char path[8192];
    json_error_t error;
    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    json_t *v = json_load_file(path, JSON_DECODE_INT_AS_REAL, &error);
    if (v == NULL) {
        report(false, error.text);
        return;
    }
    /* size 0 is refused always; the collection agrees in every file it has */
    bool holds = json_object_get(v, "size2") != NULL ? consistency_holds(v) : proof_holds(v);
    report(holds != json_is_true(json_object_get(v, "wantErr")), name);
    json_decref(v);
}

int main(int argc, char **argv)
{
    static char dir[4096];
    unsigned files = 0;
    if (argc != 2 || !crypto_init()) {
        (void)fprintf(stderr, "usage: conform_merkle VECTORS\n");
        return 2;
    }
    check_roots();
    (void)snprintf(dir, sizeof dir, "%s/merkle", argv[1]);
    DIR *d = opendir(dir);
    for (const struct dirent *e = d == NULL ? NULL : readdir(d); e != NULL; e = readdir(d)) {
        if (strstr(e->d_name, ".json") == NULL)
            continue;
        check_file(dir, e->d_name);
        files++;
    }
    if (d != NULL)
        (void)closedir(d);
    report(files >= 10, "there are files to check");
    printf("%u passed, %u failed\n", passed, failed);
    return failed == 0 ? 0 : 1;
}
