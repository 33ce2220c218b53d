#include "node/peer_book.h"

#include "common/node_record.h"
#include "common/state_key.h"

#include <stdlib.h>
#include <string.h>

struct entry {
    bool candidate;
    struct peer peer; /* no certificate: nothing was announced */
};

struct peer_book {
    size_t count;
    struct entry **at;
};

struct peer_book *peer_book_new(void)
{
    struct peer_book *b = calloc(1, sizeof *b);
    if (b != NULL)
        b->at = calloc(PEER_BOOK_MAX, sizeof(struct entry *));
    if (b != NULL && b->at == NULL) {
        free(b);
        b = NULL;
    }
    return b;
}

void peer_book_free(struct peer_book *b)
{
    if (b == NULL)
        return;
    for (size_t i = 0; i < b->count; i++)
        free(b->at[i]);
    free(b->at);
    free(b);
}

static struct entry *find(const struct peer_book *b, const struct kid *kid)
{
    for (size_t i = 0; i < b->count; i++)
        if (kid_equal(&b->at[i]->peer.kid, kid))
            return b->at[i];
    return NULL;
}

static struct entry *find_or_add(struct peer_book *b, const struct kid *kid)
{
    struct entry *e = find(b, kid);
    if (e != NULL || b->count == PEER_BOOK_MAX)
        return e;
    e = calloc(1, sizeof *e);
    if (e == NULL)
        return NULL;
    e->peer.kid = *kid;
    b->at[b->count++] = e;
    return e;
}

/* [table, kid] */
static bool take_kid(struct slice key, struct kid *ret_kid)
{
    struct cbor_reader r = cbor_reader(key);
    if (cbor_take_array(&r) != 2)
        return false;
    (void)cbor_take_uint(&r);
    *ret_kid = kid_take(&r);
    return !r.failed;
}

/* Texts that hold a zero, or are too long, are taken as if they were not given. */
static void copy_text(char to[PEER_TEXT_SIZE], struct slice text)
{
    bool good = text.len < PEER_TEXT_SIZE && memchr(text.data, 0, text.len) == NULL;
    size_t len = good ? text.len : 0;
    memcpy(to, text.data, len);
    to[len] = '\0';
}

static void take_record(struct peer *p, struct slice value)
{
    struct node_record r;
    p->certificate_len = 0;
    if (value.len == 0 || !node_record_take(value, &r) || r.certificate.len > sizeof p->certificate)
        return;
    copy_text(p->broker, r.broker);
    copy_text(p->url, r.url);
    memcpy(p->certificate, r.certificate.data, r.certificate.len);
    p->certificate_len = r.certificate.len;
}

bool peer_book_note(struct peer_book *b, struct slice key, struct slice value)
{
    struct kid kid;
    enum state_table table = state_key_table(key);
    if (table == TABLE_SETS)
        return true;
    if ((table != TABLE_NODE && table != TABLE_CANDIDATE) || !take_kid(key, &kid))
        return false;
    struct entry *e = find_or_add(b, &kid);
    if (e == NULL)
        return false;
    if (table == TABLE_CANDIDATE)
        e->candidate = value.len > 0;
    else
        take_record(&e->peer, value);
    return true;
}

static void override(struct peer *p, const struct settings_peers *own)
{
    for (size_t i = 0; own != NULL && i < own->address_count; i++) {
        const struct settings_address *a = &own->addresses[i];
        if (!kid_equal(&a->kid, &p->kid))
            continue;
        if (a->broker[0] != '\0')
            memcpy(p->broker, a->broker, sizeof p->broker);
        if (a->url[0] != '\0')
            memcpy(p->url, a->url, sizeof p->url);
    }
}

static bool is_peer(const struct entry *e, const struct authority_set *set)
{
    return e->candidate || authority_set_find(set, &e->peer.kid) >= 0;
}

void peer_book_each_outside(const struct peer_book *b, const struct authority_set *set,
                            void (*visit)(void *ctx, const struct peer *peer), void *ctx)
{
    for (size_t i = 0; i < b->count; i++)
        if (b->at[i]->peer.certificate_len > 0 && !is_peer(b->at[i], set))
            visit(ctx, &b->at[i]->peer);
}

size_t peer_book_list(const struct peer_book *b, const struct authority_set *set,
                      const struct settings_peers *own, struct peer *ret_list)
{
    size_t count = 0;
    for (size_t i = 0; i < b->count && count < PEER_MAX; i++) {
        const struct entry *e = b->at[i];
        if (e->peer.certificate_len == 0 || !is_peer(e, set))
            continue;
        ret_list[count] = e->peer;
        override(&ret_list[count++], own);
    }
    return count;
}

bool peer_book_find(const struct peer_book *b, const struct kid *kid, struct peer *ret_peer)
{
    const struct entry *e = find(b, kid);
    if (e == NULL || e->peer.certificate_len == 0)
        return false;
    *ret_peer = e->peer;
    return true;
}

bool peer_book_is_candidate(const struct peer_book *b, const struct kid *kid)
{
    const struct entry *e = find(b, kid);
    return e != NULL && e->candidate;
}
