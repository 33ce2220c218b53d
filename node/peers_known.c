/* Whose certificate is whose, for any thread. */
#include "common/hex.h"
#include "node/peers_parts.h"

#include <string.h>

bool peers_is_good(const struct peer *peer, struct err *err)
{
    char kid[2 * KID_SIZE + 1];
    struct tls_certificate c;
    hex_encode(kid_slice(&peer->kid), kid);
    return tls_certificate_check(slice_of(peer->certificate, peer->certificate_len), &c, err) &&
           (strcmp(c.name, kid) == 0 ||
            err_set(err, ERR_INPUT, "its certificate is named \"%s\"", c.name));
}

static struct peers_known_one *find(struct peers_known *known, const struct kid *kid)
{
    for (size_t i = 0; i < known->count; i++)
        if (kid_equal(&known->at[i].kid, kid))
            return &known->at[i];
    return NULL;
}

static bool put(const struct peer *peer, struct hash *ret_fingerprint)
{
    *ret_fingerprint = crypto_sha256(slice_of(peer->certificate, peer->certificate_len));
    return peers_is_good(peer, NULL);
}

void peers_known_set(struct peers_known *known, const struct peers_roster *roster)
{
    struct peers_known_one all[PEER_MAX];
    size_t count = 0;
    pthread_mutex_lock(&known->lock);
    for (size_t i = 0; i < roster->count; i++) {
        const struct peers_roster_entry *e = &roster->at[i];
        struct peers_known_one one = { .kid = e->said.kid };
        const struct peers_known_one *before = find(known, &one.kid);
        one.heard_ms = before != NULL ? before->heard_ms : 0;
        one.has_said = e->listed && put(&e->said, &one.said);
        one.has_taken = e->present && put(&e->taken, &one.taken);
        if (one.has_taken || one.has_said)
            all[count++] = one;
    }
    known->count = count;
    memcpy(known->at, all, count * sizeof all[0]);
    pthread_mutex_unlock(&known->lock);
}

bool peers_known_find(struct peers_known *known, const struct hash *fingerprint,
                      struct kid *ret_kid, uint64_t *ret_heard_ms)
{
    bool found = false;
    pthread_mutex_lock(&known->lock);
    for (size_t i = 0; i < known->count && !found; i++) {
        const struct peers_known_one *one = &known->at[i];
        found = (one->has_taken && hash_equal(&one->taken, fingerprint)) ||
                (one->has_said && hash_equal(&one->said, fingerprint));
        if (found && ret_kid != NULL)
            *ret_kid = one->kid;
        if (found && ret_heard_ms != NULL)
            *ret_heard_ms = one->heard_ms;
    }
    pthread_mutex_unlock(&known->lock);
    return found;
}

void peers_known_heard(struct peers_known *known, const struct kid *kid, uint64_t came_ms)
{
    pthread_mutex_lock(&known->lock);
    struct peers_known_one *one = find(known, kid);
    if (one != NULL)
        one->heard_ms = came_ms;
    pthread_mutex_unlock(&known->lock);
}
