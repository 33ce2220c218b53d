#include "common/tls_certificate.h"

#include "common/file.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <string.h>
#include <time.h>

#define SERIAL_SIZE 16
#define DAY_S       (24 * 3600)
#define PEM_HEADER  "CERTIFICATE"

static bool failed(int rc, const char *what, struct err *err)
{
    if (rc >= 0)
        return false;
    (void)err_set(err, ERR_INPUT, "%s: %s", what, gnutls_strerror(rc));
    return true;
}

/* ------------------------------------------------------------------ making */

static int fill(gnutls_x509_crt_t crt, gnutls_x509_privkey_t key, const char *name, time_t from)
{
    uint8_t serial[SERIAL_SIZE];
    crypto_random(serial, sizeof serial);
    serial[0] = (serial[0] & 0x3f) | 0x40; /* positive, and of full length */
    const int steps[] = {
        gnutls_x509_crt_set_version(crt, 3),
        gnutls_x509_crt_set_serial(crt, serial, sizeof serial),
        gnutls_x509_crt_set_dn_by_oid(crt, GNUTLS_OID_X520_COMMON_NAME, 0, name,
                                      (unsigned)strlen(name)),
        gnutls_x509_crt_set_activation_time(crt, from - DAY_S),
        gnutls_x509_crt_set_expiration_time(crt,
                                            from + (time_t)TLS_CERTIFICATE_YEARS * 365 * DAY_S),
        gnutls_x509_crt_set_key(crt, key),
        gnutls_x509_crt_set_basic_constraints(crt, 0, -1),
        gnutls_x509_crt_set_key_purpose_oid(crt, GNUTLS_KP_TLS_WWW_SERVER, 0),
        gnutls_x509_crt_set_key_purpose_oid(crt, GNUTLS_KP_TLS_WWW_CLIENT, 0),
        gnutls_x509_crt_sign2(crt, crt, key, GNUTLS_DIG_SHA256, 0),
    };
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++)
        if (steps[i] < 0)
            return steps[i];
    return 0;
}

static bool store(gnutls_x509_crt_t crt, gnutls_x509_privkey_t key, const char *key_path,
                  const char *certificate_path, struct err *err)
{
    gnutls_datum_t pem = { NULL, 0 }, secret = { NULL, 0 };
    bool good =
        !failed(gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_PEM, &pem), certificate_path, err) &&
        !failed(gnutls_x509_privkey_export2_pkcs8(key, GNUTLS_X509_FMT_PEM, NULL, GNUTLS_PKCS_PLAIN,
                                                  &secret),
                key_path, err) &&
        file_create(key_path, slice_of(secret.data, secret.size), 0600, err) &&
        file_create(certificate_path, slice_of(pem.data, pem.size), 0644, err);
    if (secret.data != NULL)
        crypto_wipe(secret.data, secret.size);
    gnutls_free(secret.data);
    gnutls_free(pem.data);
    return good;
}

bool tls_certificate_make(const char *key_path, const char *certificate_path, const char *name,
                          uint64_t from_ms, struct err *err)
{
    gnutls_x509_crt_t crt = NULL;
    gnutls_x509_privkey_t key = NULL;
    size_t len = strlen(name);
    if (len == 0 || len >= TLS_CERTIFICATE_NAME_SIZE)
        return err_set(err, ERR_INPUT, "a certificate's name has 1 to %d characters",
                       TLS_CERTIFICATE_NAME_SIZE - 1);
    if (file_exists(certificate_path))
        return err_set(err, ERR_INPUT, "%s: there is a file already", certificate_path);
    unsigned bits = GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1);
    bool good = !failed(gnutls_x509_crt_init(&crt), "certificate", err) &&
                !failed(gnutls_x509_privkey_init(&key), "key", err) &&
                !failed(gnutls_x509_privkey_generate(key, GNUTLS_PK_ECDSA, bits, 0), "key", err) &&
                !failed(fill(crt, key, name, (time_t)(from_ms / 1000)), "certificate", err) &&
                store(crt, key, key_path, certificate_path, err);
    gnutls_x509_crt_deinit(crt);
    gnutls_x509_privkey_deinit(key);
    return good;
}

/* ------------------------------------------------------------------ reading */

bool tls_certificate_read(const char *path, struct buf *der, struct err *err)
{
    struct buf pem = buf_heap((size_t)8 * TLS_CERTIFICATE_PEM_MAX);
    gnutls_datum_t out = { NULL, 0 };
    bool good = file_read(path, pem.max, &pem, err);
    gnutls_datum_t in = { pem.data, (unsigned)pem.len };
    good = good && !failed(gnutls_pem_base64_decode2(PEM_HEADER, &in, &out), path, err);
    if (good)
        buf_add(der, out.data, out.size);
    if (good && der->failed)
        good =
            err_set(err, ERR_INPUT, "%s: the certificate is larger than %zu bytes", path, der->max);
    gnutls_free(out.data);
    buf_free(&pem);
    return good;
}

void tls_certificate_put_pem(struct slice der, struct buf *pem)
{
    /* the library takes, but does not change, what a datum points to */
    uint8_t copy[TLS_CERTIFICATE_MAX];
    gnutls_datum_t out = { NULL, 0 };
    if (der.len > sizeof copy) {
        pem->failed = true;
        return;
    }
    memcpy(copy, der.data, der.len);
    gnutls_datum_t in = { copy, (unsigned)der.len };
    if (gnutls_pem_base64_encode2(PEM_HEADER, &in, &out) < 0)
        pem->failed = true;
    else
        buf_add(pem, out.data, out.size);
    gnutls_free(out.data);
}

/* The whole subject is one common name, short enough, of plain characters. */
static bool take_name(gnutls_x509_crt_t crt, char name[TLS_CERTIFICATE_NAME_SIZE])
{
    char whole[256], wanted[TLS_CERTIFICATE_NAME_SIZE + 8] = "CN=";
    size_t len = TLS_CERTIFICATE_NAME_SIZE, whole_len = sizeof whole;
    if (gnutls_x509_crt_get_dn_by_oid(crt, GNUTLS_OID_X520_COMMON_NAME, 0, 0, name, &len) < 0 ||
        gnutls_x509_crt_get_dn(crt, whole, &whole_len) < 0)
        return false;
    memcpy(wanted + strlen("CN="), name, strlen(name) + 1);
    return strcmp(whole, wanted) == 0;
}

static bool judge(gnutls_x509_crt_t crt, struct tls_certificate *c, struct err *err)
{
    unsigned critical = 0;
    if (gnutls_x509_crt_get_version(crt) != 3)
        return err_set(err, ERR_INPUT, "certificate: expected X.509 version 3");
    if (gnutls_x509_crt_get_ca_status(crt, &critical) != 0)
        return err_set(err, ERR_INPUT,
                       "certificate: expected one that says it vouches for no other (CA:FALSE)");
    if (gnutls_x509_crt_check_issuer(crt, crt) == 0)
        return err_set(err, ERR_INPUT, "certificate: expected one signed by itself");
    if (!take_name(crt, c->name))
        return err_set(err, ERR_INPUT, "certificate: expected a common name and no other name");
    time_t from = gnutls_x509_crt_get_activation_time(crt);
    time_t until = gnutls_x509_crt_get_expiration_time(crt);
    if (from < 0 || until < 0)
        return err_set(err, ERR_INPUT, "certificate: its times can't be read");
    c->from_ms = (uint64_t)from * 1000;
    c->until_ms = (uint64_t)until * 1000;
    return true;
}

bool tls_certificate_check(struct slice der, struct tls_certificate *ret_certificate,
                           struct err *err)
{
    uint8_t copy[TLS_CERTIFICATE_MAX];
    struct tls_certificate c = { .fingerprint = crypto_sha256(der) };
    gnutls_x509_crt_t crt = NULL;
    if (der.len == 0 || der.len > sizeof copy)
        return err_set(err, ERR_INPUT, "certificate: expected 1 to %zu bytes, found %zu",
                       sizeof copy, der.len);
    memcpy(copy, der.data, der.len);
    gnutls_datum_t in = { copy, (unsigned)der.len };
    bool good =
        !failed(gnutls_x509_crt_init(&crt), "certificate", err) &&
        !failed(gnutls_x509_crt_import(crt, &in, GNUTLS_X509_FMT_DER), "certificate", err) &&
        judge(crt, &c, err);
    gnutls_x509_crt_deinit(crt);
    if (good)
        *ret_certificate = c;
    return good;
}

bool tls_certificate_of_session(void *session, struct hash *ret_fingerprint)
{
    unsigned count = 0;
    const gnutls_datum_t *list = gnutls_certificate_get_peers(session, &count);
    if (list == NULL || count == 0)
        return false;
    *ret_fingerprint = crypto_sha256(slice_of(list[0].data, list[0].size));
    return true;
}
