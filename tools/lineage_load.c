/* One asset on the way: its bundle verified, and what its events say. */
#include "tools/lineage.h"

#include <stdlib.h>
#include <string.h>

struct loading {
    struct lineage_node *n;
    struct provenance_goods *goods; /* the same functions judge it as in the node */
    struct err *err;
};

/* ------------------------------------------------------------------ births and uses */

static struct kid signer_of(const struct bundle_event *e)
{
    struct statement st;
    struct kid kid = { { 0 } };
    return statement_decode(e->statement, &st, NULL) ? st.kid : kid;
}

static void take_birth(struct lineage_node *n, const struct bundle_event *e)
{
    struct event_made m;
    n->made = e->event.what == EVENT_MADE;
    if (n->made && event_data_made(e->event.data, &m))
        n->output = m.output;
    n->has_birth = true;
    n->birth = e->statement_hash;
    n->statement = e->statement;
    n->time_ms = e->event.time_ms;
    n->height = e->header->height;
    n->kid = signer_of(e);
}

static bool take_use(struct loading *l, const struct bundle_event *e)
{
    struct lineage_node *n = l->n;
    struct event_used u;
    if (!event_data_used(e->event.data, &u))
        return err_set(l->err, ERR_PROOF, "a use that cannot be read");
    for (size_t i = 0; i < n->use_count; i++) /* one statement may take from it once only */
        if (hash_equal(&n->uses[i].making, &u.making))
            return true;
    if (n->use_count == n->use_room) {
        size_t room = n->use_room == 0 ? 4 : 2 * n->use_room;
        struct lineage_use *more = realloc(n->uses, room * sizeof *more);
        if (more == NULL)
            return err_set(l->err, ERR_IO, "out of memory");
        n->uses = more;
        n->use_room = room;
    }
    n->uses[n->use_count++] = (struct lineage_use){ .making = u.making,
                                                    .statement = e->statement,
                                                    .time_ms = e->event.time_ms,
                                                    .height = e->header->height,
                                                    .kid = signer_of(e) };
    return true;
}

/* ------------------------------------------------------------------ what was said of it */

static void take_certified(struct lineage_node *n, const struct bundle_event *e)
{
    struct event_certified c;
    if (!event_data_certified(e->event.data, &c) ||
        n->certificate_count == LINEAGE_CERTIFICATES_MAX)
        return;
    n->certificate[n->certificate_count++] =
        (struct lineage_certificate){ .certificate = c.certificate,
                                      .name = c.name,
                                      .issuer = c.issuer,
                                      .from_ms = c.from_ms,
                                      .until_ms = c.until_ms };
}

static void revoke(struct lineage_node *n, const struct hash *certificate, uint64_t from_ms)
{
    for (size_t i = 0; i < n->certificate_count; i++)
        if (hash_equal(&n->certificate[i].certificate, certificate)) {
            n->certificate[i].revoked = true;
            n->certificate[i].revoked_from_ms = from_ms;
        }
}

static void take_corrected(struct lineage_node *n, const struct bundle_event *e)
{
    struct event_corrected c;
    if (!event_data_corrected(e->event.data, &c))
        return;
    n->corrected = n->corrected || (n->has_birth && hash_equal(&c.original, &n->birth));
    revoke(n, &c.original, 0);
}

static bool visit(void *ctx, const struct bundle_event *e)
{
    struct loading *l = ctx;
    struct event_certified c;
    provenance_goods_add(l->goods, e->event.what, e->event.time_ms, e->event.data);
    if (e->event.what == EVENT_COMMISSIONED || e->event.what == EVENT_MADE)
        take_birth(l->n, e);
    else if (e->event.what == EVENT_USED)
        return take_use(l, e);
    else if (e->event.what == EVENT_CERTIFIED)
        take_certified(l->n, e);
    else if (e->event.what == EVENT_CERTIFICATE_REVOKED && event_data_certified(e->event.data, &c))
        revoke(l->n, &c.certificate, c.from_ms);
    else if (e->event.what == EVENT_CORRECTED)
        take_corrected(l->n, e);
    return true;
}

bool lineage_load(struct lineage_node *node, const char *asset, const struct identity *trusted,
                  struct err *err)
{
    struct err why = { .code = ERR_NONE }, stopped = { .code = ERR_NONE };
    struct provenance_goods *goods = calloc(1, sizeof *goods);
    if (goods == NULL)
        return err_set(err, ERR_IO, "out of memory");
    struct loading l = { .n = node, .goods = goods, .err = &stopped };
    bool good = bundle_verify(buf_slice(&node->bundle), trusted, visit, &l, &node->claim, &why);
    memcpy(node->recall_reason, goods->recall.reason, sizeof node->recall_reason);
    node->end = goods->end;
    node->findings = provenance_goods_findings(goods);
    free(goods);
    if (!good)
        return err_set(err, ERR_PROOF, "%s: %s", asset,
                       stopped.code != ERR_NONE ? stopped.msg : why.msg);
    if (strcmp(node->claim.asset, asset) != 0)
        return err_set(err, ERR_PROOF, "a proof of %s instead of %s", node->claim.asset, asset);
    return !bundle_hides_holds(&node->claim) ||
           err_set(err, ERR_PROOF, "%s: its proof leaves out whether it is recalled", asset);
}

bool lineage_take_make(struct slice statement, struct make *ret_make)
{
    struct statement st;
    if (!statement_decode(statement, &st, NULL) || st.kind != KIND_MAKE)
        return false;
    *ret_make = st.as.make;
    return true;
}
