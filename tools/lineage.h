/*
 * Where goods come from and what was made of them, believed only where it is proven: for each asset on the way
 * a bundle is verified, the makings are read from the statements it brings, and the walk goes on with their
 * inputs or outputs. As a bundle proves that none of an asset's events is missing, none of its uses is.
 */
#ifndef TOOLS_LINEAGE_H
#define TOOLS_LINEAGE_H

#include "common/bundle_pack.h"
#include "common/event_data.h"
#include "common/statement.h"
#include "node/provenance_goods.h"
#include "tools/cmd_home.h"
#include "tools/goods_words.h"

#define LINEAGE_SET_MAX          1000 /* larger sets of units are named and not followed */
#define LINEAGE_CERTIFICATES_MAX 16   /* of one asset */

/* Where bundles come from: a node, or a file. Appends it to out. */
struct lineage_source {
    bool (*get)(void *ctx, const char *asset, struct buf *out, struct err *err);
    void *ctx;
};

struct lineage_certificate {
    struct hash certificate;
    struct slice name;
    struct kid issuer;
    uint64_t from_ms, until_ms;
    bool revoked;
    uint64_t revoked_from_ms;
};

/* One time that an asset was used up or taken from. */
struct lineage_use {
    struct hash making;
    struct slice statement; /* its bytes */
    uint64_t time_ms, height;
    struct kid kid; /* who signed it */
};

/* An asset on the way. Slices are borrowed from its bundle, which it keeps. */
struct lineage_node {
    size_t depth;
    struct buf bundle;
    struct bundle_claim claim;
    bool has_birth; /* how it came into being: */
    bool made;      /* by a making; otherwise commissioned */
    struct hash birth;
    struct slice statement;
    uint64_t time_ms, height, output;
    struct kid kid;
    bool corrected;                          /* the birth was declared wrong later */
    char recall_reason[PROVENANCE_TEXT + 1]; /* when its own name was recalled */
    enum goods_end end;
    size_t findings; /* that stand */
    size_t certificate_count;
    struct lineage_certificate certificate[LINEAGE_CERTIFICATES_MAX];
    size_t use_count, use_room;
    struct lineage_use *uses;
};

struct lineage {
    enum bundle_pack_direction direction;
    size_t count;
    struct lineage_node
        *node[BUNDLE_PACK_ASSETS_MAX]; /* in the order they were met, the asked one first */
    size_t making_count;               /* different ones on the way */
    size_t unfollowed_count;           /* sets too large to follow */
    struct hash unfollowed[BUNDLE_PACK_ASSETS_MAX]; /* the makings they are of */
    bool cut;                                       /* more assets than BUNDLE_PACK_ASSETS_MAX */
    uint64_t head;                                  /* the lowest that a bundle goes up to */
    size_t seals;                                   /* the fewest under a head … */
    size_t authorities;                             /* … of so many */
    size_t bytes;                                   /* of all bundles */
};

/* ERR_PROOF, with the asset's name, when a bundle does not hold or two contradict each other. */
bool lineage_walk(const char *asset, enum bundle_pack_direction direction,
                  const struct identity *trusted, const struct lineage_source *source,
                  struct lineage **ret_lineage, struct err *err);
void lineage_free(struct lineage *l); /* NULL is legal */

/* Verifies one asset's bundle and reads what happened to it. In: node: its bundle is there (lineage_load.c). */
bool lineage_load(struct lineage_node *node, const char *asset, const struct identity *trusted,
                  struct err *err);

/* The making of a node, or of one of its uses, when the bundle brought it. */
bool lineage_take_make(struct slice statement, struct make *ret_make);

/* Something that is recalled and on the way: what was made of it is recalled with it. */
const struct lineage_node *lineage_recalled(const struct lineage *l);
/* On the way back there is more than was followed: whether that is recalled is left open. */
bool lineage_is_open(const struct lineage *l);

void lineage_pack(const struct lineage *l, struct buf *out);
void lineage_print(const struct cmd_home *home, const struct lineage *l);
struct json_doc *lineage_json(const struct cmd_home *home, const struct lineage *l);

#endif
