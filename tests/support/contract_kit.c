#include "tests/support/contract_kit.h"

#include "contracts/definition.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void check(bool good, const char *what)
{
    if (good)
        return;
    (void)fprintf(stderr, "contract_kit: %s does not fit\n", what);
    abort();
}

/* ------------------------------------------------------------------ values */

static struct buf begin(struct kit_argument *a, const char *name)
{
    memset(a, 0, sizeof *a);
    a->name = name;
    return buf_fixed(a->raw, sizeof a->raw);
}

static struct kit_argument end(struct kit_argument *a, const struct buf *raw)
{
    check(!raw->failed, a->name);
    a->len = raw->len;
    return *a;
}

struct kit_argument kit_bool(const char *name, bool value)
{
    struct kit_argument a;
    struct buf raw = begin(&a, name);
    cbor_put_bool(&raw, value);
    return end(&a, &raw);
}

struct kit_argument kit_int(const char *name, int64_t value)
{
    struct kit_argument a;
    struct buf raw = begin(&a, name);
    cbor_put_int(&raw, value);
    return end(&a, &raw);
}

struct kit_argument kit_text(const char *name, const char *value)
{
    struct kit_argument a;
    struct buf raw = begin(&a, name);
    cbor_put_text(&raw, slice_text(value));
    return end(&a, &raw);
}

struct kit_argument kit_bytes(const char *name, struct slice value)
{
    struct kit_argument a;
    struct buf raw = begin(&a, name);
    cbor_put_bytes(&raw, value);
    return end(&a, &raw);
}

struct kit_argument kit_quantity(const char *name, int64_t mantissa, int exponent, const char *unit)
{
    struct kit_argument a;
    struct buf raw = begin(&a, name);
    cbor_put_array(&raw, 3);
    cbor_put_int(&raw, mantissa);
    cbor_put_int(&raw, exponent);
    cbor_put_text(&raw, slice_text(unit));
    return end(&a, &raw);
}

struct kit_argument kit_nothing(const char *name)
{
    struct kit_argument a;
    struct buf raw = begin(&a, name);
    cbor_put_null(&raw);
    return end(&a, &raw);
}

/* The order of CBOR's map keys: of texts the shorter first, then bytewise. */
static int compare_names(const char *a, const char *b)
{
    size_t a_len = strlen(a), b_len = strlen(b);
    return a_len != b_len ? (a_len < b_len ? -1 : 1) : strcmp(a, b);
}

struct slice kit_map(const struct kit_argument *arguments, size_t count, struct buf *memory)
{
    size_t start = memory->len, order[KIT_ARGUMENTS_MAX];
    check(count <= KIT_ARGUMENTS_MAX, "a map");
    for (size_t i = 0; i < count; i++) {
        size_t at = i;
        for (; at > 0 && compare_names(arguments[order[at - 1]].name, arguments[i].name) > 0; at--)
            order[at] = order[at - 1];
        order[at] = i;
    }
    cbor_put_map(memory, count);
    for (size_t i = 0; i < count; i++) {
        const struct kit_argument *a = &arguments[order[i]];
        cbor_put_text(memory, slice_text(a->name));
        buf_add(memory, a->raw, a->len);
    }
    check(!memory->failed, "a map");
    return slice_from(buf_slice(memory), start, memory->len - start);
}

/* ------------------------------------------------------------------ drafts */

static struct asset_set one(const char *asset, struct buf *memory)
{
    struct asset_set set = asset_set_one(asset, memory);
    check(!memory->failed && set.count == 1, asset);
    return set;
}

static struct slice parties_map(const struct kit_party *parties, size_t count, struct buf *memory)
{
    static struct kit_argument arguments[KIT_ARGUMENTS_MAX];
    check(count <= KIT_ARGUMENTS_MAX, "parties");
    for (size_t i = 0; i < count; i++)
        arguments[i] = kit_bytes(parties[i].role, kid_slice(&parties[i].kid));
    return kit_map(arguments, count, memory);
}

static int compare_kids(const void *a, const void *b)
{
    return slice_compare(kid_slice(a), kid_slice(b));
}

/* The kids that hold the role of parties[first], as a rising array. */
static struct kit_argument role_holders(const struct kit_party *parties, size_t count, size_t first)
{
    struct kit_argument a;
    struct kid kids[KIT_ARGUMENTS_MAX];
    size_t n = 0;
    struct buf raw = begin(&a, parties[first].role);
    for (size_t i = first; i < count; i++)
        if (strcmp(parties[i].role, a.name) == 0)
            kids[n++] = parties[i].kid;
    qsort(kids, n, sizeof kids[0], compare_kids);
    cbor_put_array(&raw, n);
    for (size_t i = 0; i < n; i++)
        kid_put(&raw, &kids[i]);
    return end(&a, &raw);
}

static struct slice holders_map(const struct kit_party *holders, size_t count, struct buf *memory)
{
    static struct kit_argument roles[KIT_ARGUMENTS_MAX];
    size_t n = 0;
    check(count <= KIT_ARGUMENTS_MAX, "holders");
    for (size_t i = 0; i < count; i++) {
        size_t known = 0;
        while (known < n && strcmp(roles[known].name, holders[i].role) != 0)
            known++;
        if (known == n)
            roles[n++] = role_holders(holders, count, i);
    }
    return kit_map(roles, n, memory);
}

struct statement kit_open_with(const struct kit_opening *o)
{
    static uint8_t asset_bytes[128], party_bytes[1024], term_bytes[65536], holder_bytes[4096];
    struct buf assets = buf_fixed(asset_bytes, sizeof asset_bytes);
    struct buf parties = buf_fixed(party_bytes, sizeof party_bytes);
    struct buf terms = buf_fixed(term_bytes, sizeof term_bytes);
    struct buf holders = buf_fixed(holder_bytes, sizeof holder_bytes);
    struct statement s = { .kind = KIND_OPEN };
    s.as.open.definition = definition_hash(o->definition);
    s.as.open.parties = parties_map(o->parties, o->party_count, &parties);
    s.as.open.terms = kit_map(o->terms, o->term_count, &terms);
    s.as.open.assets = o->asset == NULL ? o->assets : one(o->asset, &assets);
    s.as.open.expires_ms = o->expires_ms;
    if (!o->known)
        s.as.open.compiled = o->definition;
    s.as.open.has_replaces = o->replaces != NULL;
    if (o->replaces != NULL)
        s.as.open.replaces = *o->replaces;
    if (o->holder_count > 0)
        s.as.open.holders = holders_map(o->holders, o->holder_count, &holders);
    return s;
}

struct statement kit_call(const struct hash *opening, const char *action,
                          const struct kit_argument *arguments, size_t count, const char *asset)
{
    static uint8_t asset_bytes[128], argument_bytes[16384];
    struct buf assets = buf_fixed(asset_bytes, sizeof asset_bytes);
    struct buf map = buf_fixed(argument_bytes, sizeof argument_bytes);
    struct statement s = { .kind = KIND_CALL };
    s.as.call = (struct call){ .opening = *opening,
                               .action = slice_text(action),
                               .arguments = kit_map(arguments, count, &map),
                               .has_assets = asset != NULL };
    if (asset != NULL)
        s.as.call.assets = one(asset, &assets);
    return s;
}

struct statement kit_document(const struct hash *opening, const char *name, struct slice content,
                              const char *asset)
{
    static uint8_t asset_bytes[128];
    struct buf assets = buf_fixed(asset_bytes, sizeof asset_bytes);
    struct statement s = { .kind = KIND_DOCUMENT };
    s.as.document = (struct document){ .opening = *opening,
                                       .name = slice_text(name),
                                       .hash = crypto_sha256(content),
                                       .size = content.len,
                                       .has_assets = asset != NULL };
    if (asset != NULL)
        s.as.document.assets = one(asset, &assets);
    return s;
}

struct statement kit_scan(const char *asset, const char *place, const char *note)
{
    static uint8_t asset_bytes[128];
    struct buf assets = buf_fixed(asset_bytes, sizeof asset_bytes);
    struct statement s = { .kind = KIND_SCAN };
    s.as.scan.assets = one(asset, &assets);
    if (place != NULL)
        s.as.scan.place = slice_text(place);
    if (note != NULL)
        s.as.scan.note = slice_text(note);
    return s;
}
