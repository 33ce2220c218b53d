#include "tests/unit/support_peers.h"

#include "common/clock.h"
#include "common/hex.h"
#include "common/tls_certificate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

void support_peers_certify(struct support_peers *s, size_t i, const char *name, uint64_t from_ms)
{
    struct support_peer *p = &s->at[i];
    struct err err;
    struct buf der = buf_fixed(p->peer.certificate, sizeof p->peer.certificate);
    (void)unlink(p->crt);
    (void)unlink(p->pem_key);
    if (!tls_certificate_make(p->pem_key, p->crt, name, from_ms, &err) ||
        !tls_certificate_read(p->crt, &der, &err))
        fail_msg("%s", err.msg);
    p->peer.certificate_len = der.len;
}

void support_peers_make(struct support_peers *s)
{
    memset(s, 0, sizeof *s);
    assert_true(crypto_init());
    (void)snprintf(s->dir, sizeof s->dir, "/tmp/waybill-peers-XXXXXX");
    assert_non_null(mkdtemp(s->dir));
    for (size_t i = 0; i < SUPPORT_PEERS; i++) {
        struct support_peer *p = &s->at[i];
        uint8_t seed[SEED_SIZE] = { (uint8_t)(i + 1) };
        p->key = key_from_seed(seed);
        p->peer.kid = p->key.kid;
        hex_encode(kid_slice(&p->key.kid), p->kid);
        (void)snprintf(p->dir, sizeof p->dir, "%s/%zu", s->dir, i);
        (void)snprintf(p->crt, sizeof p->crt, "%s/%zu.crt", s->dir, i);
        (void)snprintf(p->pem_key, sizeof p->pem_key, "%s/%zu.key", s->dir, i);
        assert_int_equal(mkdir(p->dir, 0700), 0);
        support_peers_certify(s, i, p->kid, clock_real_ms());
    }
}

void support_peers_remove(struct support_peers *s)
{
    assert_int_equal(support_peers_shell(s, NULL, "rm -r %s", s->dir), 0);
}

int support_peers_shell(const struct support_peers *s, char *ret_text, const char *fmt, ...)
{
    char command[1024], whole[1200];
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(command, sizeof command, fmt, ap);
    va_end(ap);
    (void)snprintf(whole, sizeof whole, "cd %s && { %s; } 2>&1", s->dir, command);
    // NOLINTNEXTLINE(cert-env33-c): foreign programs are the witnesses
    FILE *f = popen(whole, "r");
    assert_non_null(f);
    char text[4096];
    size_t len = fread(text, 1, sizeof text - 1, f);
    text[len] = '\0';
    if (ret_text != NULL)
        memcpy(ret_text, text, len + 1);
    int status = pclose(f);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}
