#include "tools/lineage.h"

#include <stdlib.h>
#include <string.h>

/* An asset still to be looked at, and the making that leads to it. */
struct step {
    char asset[ASSET_NAME_MAX + 1];
    size_t depth;
    struct hash making; /* with depth above 0 */
};

struct walk {
    struct lineage *l;
    const struct identity *trusted;
    const struct lineage_source *source;
    size_t count, room;
    struct step *steps; /* the last one is the next */
    struct err *err;
};

/* ------------------------------------------------------------------ steps */

static bool push(struct walk *w, const char *asset, size_t depth, const struct hash *making)
{
    if (w->count == w->room) {
        size_t room = w->room == 0 ? 256 : 2 * w->room;
        struct step *more = realloc(w->steps, room * sizeof *more);
        if (more == NULL)
            return err_set(w->err, ERR_IO, "out of memory");
        w->steps = more;
        w->room = room;
    }
    struct step *s = &w->steps[w->count++];
    *s = (struct step){ .depth = depth };
    memcpy(s->asset, asset, strlen(asset) + 1);
    if (making != NULL)
        s->making = *making;
    return true;
}

static bool push_set(struct walk *w, const struct asset_set *set, size_t depth,
                     const struct hash *making)
{
    struct lineage *l = w->l;
    struct asset_iter it = asset_set_begin(set);
    if (set->count > LINEAGE_SET_MAX) {
        bool told = false;
        for (size_t i = 0; i < l->unfollowed_count; i++)
            told = told || hash_equal(&l->unfollowed[i], making);
        if (!told && l->unfollowed_count < BUNDLE_PACK_ASSETS_MAX)
            l->unfollowed[l->unfollowed_count++] = *making;
        return true;
    }
    size_t from = w->count;
    while (asset_set_next(&it))
        if (!push(w, it.name, depth, making))
            return false;
    for (size_t i = from, k = w->count; i + 1 < k; i++, k--) { /* the first name is met first */
        struct step swap = w->steps[i];
        w->steps[i] = w->steps[k - 1];
        w->steps[k - 1] = swap;
    }
    return true;
}

static struct lineage_node *find_node(const struct lineage *l, const char *asset)
{
    for (size_t i = 0; i < l->count; i++)
        if (strcmp(l->node[i]->claim.asset, asset) == 0)
            return l->node[i];
    return NULL;
}

/* ------------------------------------------------------------------ one asset */

/* What led here must be known here too: an input that was not used, an output that was made otherwise … */
static bool check_link(const struct walk *w, const struct lineage_node *n, const struct step *s)
{
    if (s->depth == 0)
        return true;
    bool good = false;
    if (w->l->direction == BUNDLE_PACK_FORWARD)
        good = n->made && hash_equal(&n->birth, &s->making);
    for (size_t i = 0; w->l->direction == BUNDLE_PACK_BACK && i < n->use_count; i++)
        good = good || hash_equal(&n->uses[i].making, &s->making);
    return good ||
           err_set(w->err, ERR_PROOF, "%s: its own events know nothing of the making that %s",
                   s->asset,
                   w->l->direction == BUNDLE_PACK_BACK ? "used it" : "brought it into being");
}

static bool add_node(struct walk *w, const struct step *s, struct lineage_node **ret_node)
{
    struct lineage *l = w->l;
    struct lineage_node *n = calloc(1, sizeof *n);
    if (n == NULL)
        return err_set(w->err, ERR_IO, "out of memory");
    n->depth = s->depth;
    n->bundle = buf_heap(BUNDLE_SIZE_MAX);
    l->node[l->count++] = n; /* the lineage frees it, whatever comes */
    if (!w->source->get(w->source->ctx, s->asset, &n->bundle, w->err) ||
        !lineage_load(n, s->asset, w->trusted, w->err))
        return false;
    if (!n->claim.known || !n->claim.made)
        return err_set(w->err, s->depth == 0 ? ERR_NOT_FOUND : ERR_PROOF,
                       "%s: nobody on this ledger made it; that is proven", s->asset);
    l->head = l->count == 1 || n->claim.head.height < l->head ? n->claim.head.height : l->head;
    if (l->count == 1 || n->claim.seals < l->seals)
        l->authorities = n->claim.authorities;
    l->seals = l->count == 1 || n->claim.seals < l->seals ? n->claim.seals : l->seals;
    l->bytes += n->bundle.len;
    *ret_node = n;
    return l->bytes <= BUNDLE_PACK_SIZE_MAX - ((size_t)BUNDLE_PACK_ASSETS_MAX * 80) ||
           err_set(w->err, ERR_BUSY, "the proofs are larger than %zu MiB",
                   BUNDLE_PACK_SIZE_MAX >> 20);
}

/* ------------------------------------------------------------------ where it goes on */

/* Sets are pushed from the last to the first, so that the first is met first. */
static bool push_inputs(struct walk *w, const struct lineage_node *n)
{
    struct make m;
    struct asset_set sets[MAKE_ENTRIES_MAX];
    if (!n->made)
        return true;
    if (!lineage_take_make(n->statement, &m))
        return err_set(w->err, ERR_PROOF, "%s: its proof does not bring the making along",
                       n->claim.asset);
    struct cbor_reader r = make_inputs(&m);
    for (size_t i = 0; i < m.input_count; i++)
        sets[i] = make_next_input(&r).assets;
    for (size_t i = m.input_count; i-- > 0;)
        if (!push_set(w, &sets[i], n->depth + 1, &n->birth))
            return false;
    return true;
}

static bool push_outputs(struct walk *w, const struct lineage_node *n, const struct lineage_use *u)
{
    struct make m;
    struct asset_set sets[MAKE_ENTRIES_MAX];
    if (!lineage_take_make(u->statement, &m))
        return err_set(w->err, ERR_PROOF, "%s: its proof does not bring along what used it",
                       n->claim.asset);
    struct cbor_reader r = make_outputs(&m);
    for (size_t i = 0; i < m.output_count; i++)
        sets[i] = make_next_output(&r).assets;
    for (size_t i = m.output_count; i-- > 0;)
        if (!push_set(w, &sets[i], n->depth + 1, &u->making))
            return false;
    return true;
}

static bool go_on(struct walk *w, const struct lineage_node *n)
{
    if (w->l->direction == BUNDLE_PACK_BACK)
        return push_inputs(w, n);
    for (size_t i = n->use_count; i-- > 0;)
        if (!push_outputs(w, n, &n->uses[i]))
            return false;
    return true;
}

static bool take_step(struct walk *w)
{
    struct step s = w->steps[--w->count];
    struct lineage_node *n = find_node(w->l, s.asset);
    if (n != NULL)
        return check_link(w, n, &s);
    if (w->l->count == BUNDLE_PACK_ASSETS_MAX) {
        w->l->cut = true;
        return true;
    }
    return add_node(w, &s, &n) && check_link(w, n, &s) && go_on(w, n);
}

/* ------------------------------------------------------------------ the whole */

static const struct hash *step_making(const struct lineage *l, const struct lineage_node *n,
                                      size_t use)
{
    if (l->direction == BUNDLE_PACK_BACK)
        return use == 0 && n->made ? &n->birth : NULL;
    return use < n->use_count ? &n->uses[use].making : NULL;
}

static bool is_known(const struct hash *seen, size_t count, const struct hash *making)
{
    for (size_t i = 0; i < count; i++)
        if (hash_equal(&seen[i], making))
            return true;
    return false;
}

static bool count_makings(struct lineage *l, struct err *err)
{
    size_t room = 0;
    for (size_t i = 0; i < l->count; i++)
        room += 1 + l->node[i]->use_count;
    struct hash *seen = calloc(room + 1, sizeof *seen);
    if (seen == NULL)
        return err_set(err, ERR_IO, "out of memory");
    for (size_t i = 0; i < l->count; i++) {
        const struct hash *making;
        for (size_t k = 0; (making = step_making(l, l->node[i], k)) != NULL; k++)
            if (!is_known(seen, l->making_count, making))
                seen[l->making_count++] = *making;
    }
    free(seen);
    return true;
}

bool lineage_walk(const char *asset, enum bundle_pack_direction direction,
                  const struct identity *trusted, const struct lineage_source *source,
                  struct lineage **ret_lineage, struct err *err)
{
    struct lineage *l = calloc(1, sizeof *l);
    if (l == NULL)
        return err_set(err, ERR_IO, "out of memory");
    l->direction = direction;
    struct walk w = { .l = l, .trusted = trusted, .source = source, .err = err };
    bool good = push(&w, asset, 0, NULL);
    while (good && w.count > 0)
        good = take_step(&w);
    free(w.steps);
    good = good && count_makings(l, err);
    if (good)
        *ret_lineage = l;
    else
        lineage_free(l);
    return good;
}

void lineage_free(struct lineage *l)
{
    if (l == NULL)
        return;
    for (size_t i = 0; i < l->count; i++) {
        buf_free(&l->node[i]->bundle);
        free(l->node[i]->uses);
        free(l->node[i]);
    }
    free(l);
}

const struct lineage_node *lineage_recalled(const struct lineage *l)
{
    size_t count = l->direction == BUNDLE_PACK_BACK ? l->count : 1;
    for (size_t i = 0; i < count; i++)
        if (bundle_recalled(&l->node[i]->claim, NULL) != NULL)
            return l->node[i];
    return NULL;
}

bool lineage_is_open(const struct lineage *l)
{
    return l->direction == BUNDLE_PACK_BACK && (l->cut || l->unfollowed_count > 0);
}

void lineage_pack(const struct lineage *l, struct buf *out)
{
    bundle_pack_put_head(out, l->direction, l->count);
    for (size_t i = 0; i < l->count; i++)
        bundle_pack_put(out, l->node[i]->claim.asset, buf_slice(&l->node[i]->bundle));
}
