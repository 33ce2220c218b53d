/*
 * Voted out while it was away: the brokers of the others do not let such a node in, so that it would never hear of
 * it. Who hears too few asks over HTTPS for the blocks that it lacks; who was removed is given them up to the one
 * that removed it, whenever it comes back, and nothing more.
 */
#include "common/hex.h"
#include "common/log.h"
#include "common/tls_certificate.h"
#include "node/loop_parts.h"

#include <stdlib.h>
#include <string.h>

#define ASK_EVERY_MS 3000

/* ------------------------------------------------------------------ to those who left */

struct left {
    struct node *n;
    size_t count;
    struct one {
        struct peer_api_left said;
        struct kid kid;
        bool inside; /* while the sets are gone through */
    } at[PEER_BOOK_MAX];
};

/* Only by a certificate of its own name: no other key's record stands in its way. */
static void take_record(void *ctx, const struct peer *peer)
{
    struct left *l = ctx;
    struct slice der = slice_of(peer->certificate, peer->certificate_len);
    struct tls_certificate c;
    char kid[2 * KID_SIZE + 1];
    hex_encode(kid_slice(&peer->kid), kid);
    if (!tls_certificate_check(der, &c, NULL) || strcmp(c.name, kid) != 0)
        return;
    struct one *one = &l->at[l->count++];
    *one = (struct one){ .kid = peer->kid };
    one->said.fingerprint = crypto_sha256(der);
    one->inside = authority_set_find(&l->n->identity.set, &peer->kid) >= 0;
}

static bool take_change(void *ctx, uint64_t height, struct slice next)
{
    struct left *l = ctx;
    struct authority_set set;
    if (!authority_set_decode(next, &set, NULL))
        return false;
    for (size_t i = 0; i < l->count; i++) {
        struct one *one = &l->at[i];
        bool inside = authority_set_find(&set, &one->kid) >= 0;
        if (one->inside && !inside)
            one->said.to = height;
        one->inside = inside;
    }
    return true;
}

/* Candidates that never entered have not left, and whose set a recovery replaced is told by people. */
static size_t gather(struct left *l, struct peer_api_left *ret_list)
{
    size_t count = 0;
    if (!store_set_changes(l->n->store, take_change, l, NULL))
        return 0;
    for (size_t i = 0; i < l->count; i++)
        if (!l->at[i].inside && l->at[i].said.to > 0)
            ret_list[count++] = l->at[i].said;
    return count;
}

void loop_farewell_say(struct node *n)
{
    struct hash set = authority_set_hash(&n->chain.next);
    if (n->farewell.said && hash_equal(&set, &n->farewell.set))
        return;
    struct left *l = calloc(1, sizeof *l);
    struct peer_api_left *list = calloc(PEER_BOOK_MAX, sizeof list[0]);
    if (l != NULL && list != NULL) {
        l->n = n;
        peer_book_each_outside(n->meet.book, &n->chain.next, take_record, l);
        peer_api_set_left(n->meet.api, list, gather(l, list));
        n->farewell.set = set;
        n->farewell.said = true;
    } else {
        log_error("out of memory: who left the authority set is not taken over");
    }
    free(l);
    free(list);
}

/* ------------------------------------------------------------------ as one who may have left */

void loop_farewell_tick(struct node *n, uint64_t steady_ms)
{
    struct node_action ask = { .kind = NODE_CATCH_UP, .height = n->chain.head.height + 1 };
    struct loop_farewell *f = &n->farewell;
    bool lone = n->watch.alarms.at[ALARMS_LONE].on;
    bool more = n->chain.head.height > f->above; /* who has given some may have others */
    if (!lone || n->meet.ranging || n->meet.guard != NULL || n->watch.full ||
        (!more && steady_ms < f->next_ms) || authority_set_find(&n->chain.next, &n->kid) < 0)
        return;
    f->next_ms = steady_ms + ASK_EVERY_MS;
    f->above = n->chain.head.height;
    loop_peers_catch_up(n, &ask);
}
