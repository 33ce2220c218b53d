/*
 * What this node itself says on the ledger, with the authority's key: evidence against another authority,
 * and, as a candidate, its word that it runs and wants to enter the set. The key's place in its sequence
 * is kept by common/signer.h, which is opened for each moment of signing alone: a person's tool may use it
 * in between.
 */
#include "common/hex.h"
#include "common/log.h"
#include "common/signer.h"
#include "common/state_govern.h"
#include "common/tls_certificate.h"
#include "node/loop_parts.h"

#include <string.h>

#define LOOK_AGAIN_MS  3000
#define ENTER_AGAIN_MS 30000

static bool open_signer(struct node *n, struct signer **ret_signer)
{
    struct err err;
    if (signer_open(n->settings->key.path, &n->identity.genesis.ledger, ret_signer, &err))
        return true;
    if (err.code != ERR_BUSY && err.code != ERR_NOT_FOUND)
        log_error("the authority's key can't sign statements: %s", err.msg);
    return false;
}

/* Signs and hands it to the door, as if a client had brought it. */
static bool say(struct node *n, struct statement *draft)
{
    struct signer *signer = NULL;
    struct buf bytes = buf_heap(STATEMENT_MAX);
    struct hash hash;
    struct err err = { .msg = "the key is in use, or has no KEY.state beside it" };
    draft->link.time_ms = clock_now_ms(n->clock);
    draft->link.anchor.present = true;
    draft->link.anchor.height = n->chain.head.height;
    memcpy(draft->link.anchor.hash, n->chain.head_hash.bytes, sizeof draft->link.anchor.hash);
    bool ok = open_signer(n, &signer) && signer_sign(signer, draft, &bytes, &hash, &err);
    signer_close(signer);
    if (ok) {
        n->own.waiting = true;
        ok = node_submit(n, buf_slice(&bytes), &err); /* if not, it is tried again */
    }
    if (!ok)
        log_warn("a statement of this authority's own: %s", err.msg);
    buf_free(&bytes);
    return ok;
}

/* ------------------------------------------------------------------ evidence */

static bool is_known(struct node *n, const struct message *m)
{
    struct state_key key = state_key_evidence(&m->from, m->type, m->height, m->round);
    struct buf value = buf_heap(256);
    bool known = store_state_get(n->store, state_key_slice(&key), &value, NULL);
    buf_free(&value);
    return known;
}

void loop_own_evidence(struct node *n, const struct node_action *a)
{
    char kid[2 * KID_SIZE + 1];
    struct message m;
    struct statement draft = { .kind = KIND_EVIDENCE };
    hex_encode(kid_slice(&a->kid), kid);
    if (!message_decode(a->message, &m, NULL))
        return;
    log_error("ALARM: authority %s signed two different things at height %llu, round %llu (%s)",
              kid, (unsigned long long)m.height, (unsigned long long)m.round,
              message_type_name(m.type));
    draft.as.evidence.a = a->message;
    draft.as.evidence.b = a->other;
    if (!is_known(n, &m))
        (void)say(n, &draft);
}

/* ------------------------------------------------------------------ entering */

/* The addresses of the configuration, or those announced before; the certificate in use. */
static bool put_record(struct node *n, struct buf *der, struct peer *self,
                       struct node_record *ret_record)
{
    const struct settings_peers *s = &n->settings->peers;
    if (!peer_book_find(n->meet.book, &n->kid, self))
        *self = (struct peer){ .kid = n->kid };
    for (size_t i = 0; i < s->address_count; i++)
        if (kid_equal(&s->addresses[i].kid, &n->kid)) {
            memcpy(self->broker, s->addresses[i].broker, sizeof self->broker);
            memcpy(self->url, s->addresses[i].url, sizeof self->url);
        }
    if (!tls_certificate_read(s->certificate.path, der, NULL))
        return false;
    *ret_record =
        (struct node_record){ slice_text(self->broker), slice_text(self->url), buf_slice(der) };
    return node_record_is_valid(ret_record, NULL);
}

static bool may_enter(struct node *n, uint64_t steady_ms)
{
    struct state_key key = state_key_kid(TABLE_CANDIDATE, &n->kid);
    struct state_candidate c;
    struct buf value = buf_heap(1024);
    bool level = n->metrics.peers_heard > 0 && node_core_is_level(n->core, steady_ms);
    bool yes = level && store_state_get(n->store, state_key_slice(&key), &value, NULL) &&
               state_candidate_take(buf_slice(&value), &c) &&
               n->chain.head.height + 1 >= c.from_height && clock_now_ms(n->clock) < c.until_ms;
    buf_free(&value);
    return yes;
}

static void enter(struct node *n, uint64_t steady_ms)
{
    struct statement draft = { .kind = KIND_NODE };
    struct peer self;
    struct buf der = buf_heap(PEER_CERTIFICATE_MAX);
    bool placed = put_record(n, &der, &self, &draft.as.node.record);
    draft.as.node.enter = true;
    n->own.enter_ms = steady_ms + (placed ? ENTER_AGAIN_MS : LOOK_AGAIN_MS);
    if (placed && say(n, &draft))
        log_info("caught up: asking to enter the authority set");
    else if (!placed && n->own.unplaced++ == 1) /* at first a block with them may be on its way */
        log_warn("this node may enter the set, and knows no addresses to announce: say them under"
                 " peers.addresses with its own kid");
    buf_free(&der);
}

/* ------------------------------------------------------------------ what is not yet on the ledger */

static void look_after(struct node *n)
{
    struct signer *signer = NULL;
    if (!open_signer(n, &signer)) {
        n->own.waiting = false;
        return;
    }
    size_t i = 0;
    while (i < signer_pending_count(signer)) {
        uint64_t leaf;
        struct slice bytes = signer_pending(signer, i);
        struct hash hash = crypto_sha256(bytes);
        bool known = store_find_statement(n->store, &hash, &leaf, NULL);
        if (known && signer_settle(signer, &hash, NULL))
            continue;
        if (!known && !node_core_has(n->core, &hash))
            (void)node_submit(n, bytes, NULL);
        i++;
    }
    n->own.waiting = signer_pending_count(signer) > 0;
    signer_close(signer);
}

void loop_own_tick(struct node *n, uint64_t steady_ms)
{
    if (n->meet.peers == NULL || n->meet.guard != NULL)
        return;
    if (n->own.look_ms == 0 || (n->own.waiting && steady_ms >= n->own.look_ms)) {
        n->own.look_ms = steady_ms + LOOK_AGAIN_MS;
        look_after(n);
    }
    if (peer_book_is_candidate(n->meet.book, &n->kid) && steady_ms >= n->own.enter_ms &&
        may_enter(n, steady_ms))
        enter(n, steady_ms);
}
