/* Peers' certificates: made, read, and judged, with openssl as a maker and reader of others. */
#include "common/tls_certificate.h"

#include "common/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define NOW_MS  1790000000000u
#define DAY_MS  86400000u
#define YEAR_MS ((uint64_t)365 * DAY_MS)

static char dir[40];
static struct err err;

static const char *in_dir(const char *name)
{
    static char paths[4][96];
    static size_t next;
    char *path = paths[next++ % 4];
    (void)snprintf(path, sizeof paths[0], "%s/%s", dir, name);
    return path;
}

static int shell(const char *fmt, const char *a, const char *b)
{
    char command[512];
    // NOLINTNEXTLINE(clang-diagnostic-format-nonliteral): the formats are this file's
    (void)snprintf(command, sizeof command, "cd %s && { %s %s %s; } >out 2>&1", dir, fmt, a, b);
    // NOLINTNEXTLINE(cert-env33-c): a foreign program is the witness
    return system(command);
}

static int setup(void **state)
{
    (void)state;
    (void)snprintf(dir, sizeof dir, "/tmp/waybill-tls-XXXXXX");
    return !crypto_init() || mkdtemp(dir) == NULL;
}

static int teardown(void **state)
{
    char command[64];
    (void)state;
    (void)snprintf(command, sizeof command, "rm -r %s", dir);
    // NOLINTNEXTLINE(cert-env33-c): a foreign program is the witness
    return system(command);
}

static struct buf read_der(const char *name)
{
    struct buf der = buf_heap(TLS_CERTIFICATE_MAX);
    if (!tls_certificate_read(in_dir(name), &der, &err))
        fail_msg("%s", err.msg);
    return der;
}

static void make(const char *key, const char *crt, const char *name)
{
    if (!tls_certificate_make(in_dir(key), in_dir(crt), name, NOW_MS, &err))
        fail_msg("%s", err.msg);
}

static void what_is_made_is_what_a_peer_has_to_be(void **state)
{
    (void)state;
    struct tls_certificate c;
    struct stat st;
    make("a.key", "a.crt", "00112233445566ff");
    struct buf der = read_der("a.crt");
    if (!tls_certificate_check(buf_slice(&der), &c, &err))
        fail_msg("%s", err.msg);
    assert_string_equal(c.name, "00112233445566ff");
    assert_true(c.from_ms == NOW_MS - DAY_MS);
    assert_true(c.until_ms == NOW_MS + TLS_CERTIFICATE_YEARS * YEAR_MS);
    struct hash wanted = crypto_sha256(buf_slice(&der));
    assert_true(hash_equal(&c.fingerprint, &wanted));
    assert_int_equal(stat(in_dir("a.key"), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_true(der.len < 512);

    struct buf pem = buf_heap(TLS_CERTIFICATE_PEM_MAX), file = buf_heap(TLS_CERTIFICATE_PEM_MAX);
    tls_certificate_put_pem(buf_slice(&der), &pem);
    assert_true(file_read(in_dir("a.crt"), file.max, &file, &err));
    assert_true(slice_equal(buf_slice(&pem), buf_slice(&file)));
    buf_free(&pem);
    buf_free(&file);
    buf_free(&der);
    /* never over a file that is there, and two are never alike */
    assert_false(tls_certificate_make(in_dir("a.key"), in_dir("b.crt"), "x", NOW_MS, &err));
    assert_false(tls_certificate_make(in_dir("b.key"), in_dir("a.crt"), "x", NOW_MS, &err));
    assert_false(file_exists(in_dir("b.crt")));
    assert_false(file_exists(in_dir("b.key")));
    make("b.key", "b.crt", "00112233445566ff");
    struct buf other = read_der("b.crt");
    assert_true(tls_certificate_check(buf_slice(&other), &c, &err));
    assert_false(hash_equal(&c.fingerprint, &wanted));
    buf_free(&other);
}

static void openssl_reads_it(void **state)
{
    (void)state;
    char text[128] = "";
    make("o.key", "o.crt", "0123456789abcdef");
    assert_int_equal(shell("openssl x509 -noout -fingerprint -sha256 -in", "o.crt", ""), 0);
    struct buf out = buf_heap(256), der = read_der("o.crt");
    assert_true(file_read(in_dir("out"), out.max, &out, &err));
    struct hash h = crypto_sha256(buf_slice(&der));
    for (size_t i = 0; i < HASH_SIZE; i++)
        (void)snprintf(text + 3 * i, 4, "%02X:", h.bytes[i]);
    text[3 * HASH_SIZE - 1] = '\0';
    buf_add_byte(&out, 0);
    assert_non_null(strstr((const char *)out.data, text));
    assert_int_equal(shell("openssl verify -attime 1790000000 -CAfile", "o.crt", "o.crt"), 0);
    assert_int_equal(shell("openssl pkey -noout -in", "o.key", ""), 0);
    buf_free(&out);
    buf_free(&der);
}

#define OPENSSL \
    "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout k "

static void what_is_refused(void **state)
{
    static const struct {
        const char *how, *says;
    } cases[] = {
        { "-subj /CN=a -addext basicConstraints=critical,CA:TRUE", "CA:FALSE" },
        { "-subj /CN=a -extensions none -config c", "CA:FALSE" },
        { "-subj /CN=a/O=b -addext basicConstraints=CA:FALSE", "common name" },
        { "-subj /CN=a/CN=b -addext basicConstraints=CA:FALSE", "common name" },
        { "-subj /O=b -addext basicConstraints=CA:FALSE", "common name" },
    };
    (void)state;
    struct tls_certificate c = { .name = "untouched" };
    FILE *f = fopen(in_dir("c"), "w");
    assert_non_null(f);
    (void)fputs("[req]\ndistinguished_name=d\n[d]\n[none]\nsubjectKeyIdentifier=hash\n", f);
    assert_int_equal(fclose(f), 0);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (shell(OPENSSL "-out r.crt", cases[i].how, "") != 0)
            fail_msg("case %zu: openssl", i);
        struct buf der = read_der("r.crt");
        if (tls_certificate_check(buf_slice(&der), &c, &err) ||
            strstr(err.msg, cases[i].says) == NULL)
            fail_msg("case %zu: %s", i, err.msg);
        buf_free(&der);
    }
    assert_false(tls_certificate_check(slice_text("not a certificate"), &c, &err));
    assert_false(tls_certificate_check(slice_text(""), &c, &err));
    assert_string_equal(c.name, "untouched");
    struct buf der = buf_heap(TLS_CERTIFICATE_MAX);
    assert_false(tls_certificate_read(in_dir("no-such"), &der, &err));
    assert_false(tls_certificate_read(in_dir("k"), &der, &err)); /* a key is no certificate */
    buf_free(&der);
}

/* A certificate that another one signed is not of a peer, whoever vouches for it. */
static void only_its_own_signature_counts(void **state)
{
    (void)state;
    struct tls_certificate c;
    make("i.key", "i.crt", "a");
    assert_int_equal(
        shell("openssl req -new -newkey rsa:2048 -nodes -keyout k -out q -subj /CN=b &&",
              "echo basicConstraints=CA:FALSE > e &&",
              "openssl x509 -req -in q -CA i.crt -CAkey i.key -CAcreateserial -extfile e -out s"),
        0);
    struct buf der = read_der("s");
    assert_false(tls_certificate_check(buf_slice(&der), &c, &err));
    assert_non_null(strstr(err.msg, "by itself"));
    buf_free(&der);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_made_is_what_a_peer_has_to_be),
        cmocka_unit_test(openssl_reads_it),
        cmocka_unit_test(what_is_refused),
        cmocka_unit_test(only_its_own_signature_counts),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
