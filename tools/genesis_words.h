/* A genesis file, drafted or sealed, taken apart and told in words or as JSON. */
#ifndef TOOLS_GENESIS_WORDS_H
#define TOOLS_GENESIS_WORDS_H

#include "common/final.h"
#include "common/json.h"
#include "node/founding.h"

struct genesis_member {
    struct kid kid;
    struct slice name;
    uint8_t pub[PUB_SIZE];
    bool signed_it, has_authority, has_node;
    struct kid authority;
    uint64_t roles;
    struct slice broker, url, certificate; /* with has_node */
};

/* Everything borrowed from the file's bytes. */
struct genesis_view {
    struct identity identity;
    struct slice name; /* of the ledger; empty: not in it */
    bool demo;
    uint64_t opening_wait_ms;
    struct slice constitution; /* the value of [32]; empty: none */
    struct slice origin;       /* the value of [43]: it is a fork; empty: it is not */
    size_t count;
    struct genesis_member members[FOUNDING_MEMBERS_MAX];
};

/* Checks it too, as founding_check(): with sealed, every founder must have signed. */
bool genesis_words_take(struct slice file, bool sealed, struct genesis_view *ret_view,
                        struct err *err);
bool genesis_words_is_sealed(const struct genesis_view *v);

void genesis_words_print(const struct genesis_view *v);
struct json_doc *genesis_words_json(const struct genesis_view *v);

/* "4 authorities, 3 make a quorum: 1 of them may fail" and what to think of that. */
void genesis_words_print_quorum(const struct authority_set *set);

#endif
