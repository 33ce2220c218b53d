/*
 * Drafts of statements that open, call and feed contracts, for tests: beside ledger_kit.h's, and as those,
 * what they borrow lies in memory that the next call of the same function overwrites.
 */
#ifndef TESTS_SUPPORT_CONTRACT_KIT_H
#define TESTS_SUPPORT_CONTRACT_KIT_H

#include "tests/support/ledger_kit.h"

#define KIT_ARGUMENTS_MAX 64

/* A name and its value as the wire has it. */
struct kit_argument {
    const char *name;
    size_t len;
    uint8_t raw[1024];
};

struct kit_argument kit_bool(const char *name, bool value);
struct kit_argument kit_int(const char *name, int64_t value); /* a time in ms, too */
struct kit_argument kit_text(const char *name, const char *value);
struct kit_argument kit_bytes(const char *name, struct slice value); /* a kid or a hash */
struct kit_argument kit_quantity(const char *name, int64_t mantissa, int exponent,
                                 const char *unit);
struct kit_argument kit_nothing(const char *name);
/* The map of them, in the wire's order, appended to memory. */
struct slice kit_map(const struct kit_argument *arguments, size_t count, struct buf *memory);

/* Who is what: of an opening's parties one kid a role, of its holders as many as there are. */
struct kit_party {
    const char *role;
    struct kid kid;
};

struct kit_opening {
    struct slice definition; /* compiled */
    bool known;              /* the ledger has the definition: it is not sent again */
    struct asset_set assets; /* or one asset: */
    const char *asset;
    const struct kit_party *parties;
    size_t party_count;
    const struct kit_party *holders;
    size_t holder_count;
    const struct kit_argument *terms; /* those that are not as usual */
    size_t term_count;
    uint64_t expires_ms;
    const struct hash *replaces; /* or NULL */
};

struct statement kit_open_with(const struct kit_opening *opening);
/* asset: NULL = all of the opening's. */
struct statement kit_call(const struct hash *opening, const char *action,
                          const struct kit_argument *arguments, size_t count, const char *asset);
struct statement kit_document(const struct hash *opening, const char *name, struct slice content,
                              const char *asset);
/* place and note may be NULL. */
struct statement kit_scan(const char *asset, const char *place, const char *note);

#endif
