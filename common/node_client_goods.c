/* What a node's history of an asset says of open offers and of readings. */
#include "common/node_client.h"

#include "common/block.h"
#include "common/event.h"
#include "common/hex.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define HISTORY_PAGE 1000
#define HISTORY_MAX  1000000 /* events of one asset; a node that shows more is not believed */
#define ROLES        2

/* Where a statement is. */
struct place_on_ledger {
    uint64_t height, leaf;
};

struct looking {
    struct node_client *client;
    struct node_offer offer[ROLES]; /* by enum custody_role */
    const struct kid *device;       /* of whom a reading is looked for; NULL: of anybody */
    bool has_reading;
    struct kid from;
    struct place_on_ledger reading;
    struct err *err;
};

/* ------------------------------------------------------------------ leaves */

/* The statement at a leaf, out of its block. */
static bool fetch_leaf(struct node_client *c, struct place_on_ledger at, struct buf *out,
                       struct err *err)
{
    char path[64];
    struct block b;
    struct buf bytes = buf_heap(BLOCK_SIZE_MAX + 1024);
    (void)snprintf(path, sizeof path, "/v1/blocks/%" PRIu64, at.height);
    bool good =
        node_client_get_bytes(c, path, &bytes, err) && block_decode(buf_slice(&bytes), &b, err);
    uint64_t first = good && b.header.size >= b.count ? b.header.size - b.count : 0;
    if (good && (at.leaf < first || at.leaf - first >= b.count))
        good = err_set(err, ERR_PROOF, "block %" PRIu64 " does not hold leaf %" PRIu64, at.height,
                       at.leaf);
    for (uint64_t i = first; good && i <= at.leaf; i++) {
        struct slice s = block_next(&b);
        if (i == at.leaf)
            buf_add_slice(out, s);
    }
    buf_free(&bytes);
    return good &&
           (!out->failed || err_set(err, ERR_BUSY, "the statement is larger than expected"));
}

static bool take_place(const struct json_doc *event, struct place_on_ledger *ret_place)
{
    int64_t height = 0, leaf = 0;
    if (!json_doc_get_int(json_doc_at(event, "/height"), &height) ||
        !json_doc_get_int(json_doc_at(event, "/leaf"), &leaf) || height < 0 || leaf < 0)
        return false;
    *ret_place = (struct place_on_ledger){ (uint64_t)height, (uint64_t)leaf };
    return true;
}

static bool take_kid(const struct json_doc *event, const char *pointer, struct kid *ret_kid)
{
    struct slice text;
    return json_doc_get_text(json_doc_at(event, pointer), &text) &&
           hex_decode((const char *)text.data, text.len, ret_kid->bytes, KID_SIZE);
}

/* ------------------------------------------------------------------ events */

/* Offers of one role open and close in turn: only the last event about one matters. */
static bool look_at_offer(struct looking *l, const struct json_doc *event, int64_t what)
{
    int64_t role = 0;
    struct place_on_ledger at;
    (void)json_doc_get_int(json_doc_at(event, "/data/role"), &role);
    if (role < 0 || role >= ROLES)
        return false;
    struct node_offer *offer = &l->offer[role];
    offer->open = what == EVENT_OFFERED;
    if (!offer->open)
        return true;
    if (!take_kid(event, "/data/from", &offer->from) || !take_place(event, &at))
        return false;
    offer->height = at.height;
    offer->leaf = at.leaf;
    return true;
}

/* The event names the offer only by its hash: with both roles on offer, one is looked at. */
static bool look_at_missing(struct looking *l, const struct json_doc *event)
{
    struct slice text;
    struct hash missing;
    bool both = l->offer[ROLE_CUSTODIAN].open && l->offer[ROLE_OWNER].open;
    if (!both) {
        l->offer[ROLE_CUSTODIAN].open = l->offer[ROLE_OWNER].open = false;
        return true;
    }
    if (!json_doc_get_text(json_doc_at(event, "/data/offer"), &text) ||
        !hex_decode((const char *)text.data, text.len, missing.bytes, HASH_SIZE))
        return false;
    struct node_offer *custody = &l->offer[ROLE_CUSTODIAN];
    struct buf bytes = buf_heap(STATEMENT_MAX);
    bool good = fetch_leaf(l->client, (struct place_on_ledger){ custody->height, custody->leaf },
                           &bytes, l->err);
    struct hash found = crypto_sha256(buf_slice(&bytes));
    l->offer[hash_equal(&found, &missing) ? ROLE_CUSTODIAN : ROLE_OWNER].open = false;
    buf_free(&bytes);
    return good;
}

static bool look_at_reading(struct looking *l, const struct json_doc *event)
{
    struct kid device;
    if (!take_kid(event, "/data/device", &device))
        return false;
    if (l->device != NULL && !kid_equal(l->device, &device))
        return true;
    l->has_reading = true;
    l->from = device;
    return take_place(event, &l->reading);
}

static bool look_at(struct looking *l, const struct json_doc *event)
{
    int64_t what = 0;
    (void)json_doc_get_int(json_doc_at(event, "/what"), &what);
    if (what == EVENT_OFFERED || what == EVENT_PASSED || what == EVENT_REJECTED ||
        what == EVENT_CANCELLED || what == EVENT_OFFER_EXPIRED)
        return look_at_offer(l, event, what);
    if (what == EVENT_NOT_RECEIVED)
        return look_at_missing(l, event);
    return what != EVENT_RECORDED || look_at_reading(l, event);
}

static bool look_through(struct looking *l, const char *asset)
{
    int64_t from = 0, next = 0;
    do {
        char rest[64], path[NODE_CLIENT_PATH_MAX];
        struct json_doc *doc = NULL;
        bool good = true;
        (void)snprintf(rest, sizeof rest, "/history?limit=%d&from=%" PRId64, HISTORY_PAGE, from);
        if (!node_client_asset_path(asset, rest, path, l->err) ||
            !node_client_get_json(l->client, path, &doc, l->err))
            return false;
        const struct json_doc *list = json_doc_at(doc, "/history");
        for (size_t i = 0; good && i < json_doc_count(list); i++)
            good = look_at(l, json_doc_element(list, i));
        next = 0;
        (void)json_doc_get_int(json_doc_at(doc, "/next"), &next);
        json_doc_free(doc);
        if (!good || (next != 0 && next <= from) || next > HISTORY_MAX)
            return err_set(l->err, ERR_IO, "%s: the node's history of it makes no sense", asset);
        from = next;
    } while (next > 0);
    return true;
}

/* ------------------------------------------------------------------ offers */

static bool set_names(const struct asset_set *set, const char *asset)
{
    struct asset_iter it = asset_set_begin(set);
    while (asset_set_next(&it))
        if (strcmp(it.name, asset) == 0)
            return true;
    return false;
}

static bool fetch_offer(struct node_client *c, const char *asset, struct buf *bytes,
                        struct node_offer *offer, struct err *err)
{
    struct statement *st = &offer->statement;
    if (!fetch_leaf(c, (struct place_on_ledger){ offer->height, offer->leaf }, bytes, err) ||
        !statement_decode(buf_slice(bytes), st, err))
        return false;
    return (st->kind == KIND_CUSTODY && st->as.custody.action == CUSTODY_OFFER &&
            set_names(&st->as.custody.assets, asset)) ||
           err_set(err, ERR_PROOF, "%s: the node shows an offer of something else", asset);
}

bool node_client_find_offer_of(struct node_client *c, const char *asset, enum custody_role role,
                               struct buf *bytes, struct node_offer *ret_offer, struct err *err)
{
    struct looking l = { .client = c, .err = err };
    if (!look_through(&l, asset))
        return false;
    *ret_offer = l.offer[role];
    return !ret_offer->open || fetch_offer(c, asset, bytes, ret_offer, err);
}

bool node_client_find_offer(struct node_client *c, const char *asset, struct buf *bytes,
                            struct node_offer *ret_offer, struct err *err)
{
    struct looking l = { .client = c, .err = err };
    if (!look_through(&l, asset))
        return false;
    *ret_offer = l.offer[l.offer[ROLE_CUSTODIAN].open ? ROLE_CUSTODIAN : ROLE_OWNER];
    return !ret_offer->open || fetch_offer(c, asset, bytes, ret_offer, err);
}

/* ------------------------------------------------------------------ readings */

bool node_client_find_reading(struct node_client *c, const char *asset, const struct kid *device,
                              struct node_reading *ret_reading, struct err *err)
{
    struct looking l = { .client = c, .device = device, .err = err };
    if (!look_through(&l, asset))
        return false;
    *ret_reading = (struct node_reading){ .found = l.has_reading, .device = l.from };
    if (!l.has_reading)
        return true;
    struct buf bytes = buf_heap(STATEMENT_MAX);
    bool good = fetch_leaf(c, l.reading, &bytes, err);
    ret_reading->statement = crypto_sha256(buf_slice(&bytes));
    buf_free(&bytes);
    return good;
}
