/* Of government: proposals, ballots, who was a member, which keys authorities have or had. */
#ifndef NODE_READ_MODEL_GOVERN_H
#define NODE_READ_MODEL_GOVERN_H

#include "common/enrol.h"
#include "common/event.h"
#include "node/store.h"

struct read_model_at;

/* What an event says of a member, a key of an authority or a proposal. */
bool read_model_govern_fact(const struct read_model_at *at, struct slice subject,
                            const struct event *e);

/* Newest proposals first; leaf: of the statement that made it. The visitor returns false to stop. */
typedef bool (*read_model_proposal_visitor)(void *ctx, const struct hash *proposal, uint64_t leaf);
bool read_model_proposals(struct store *s, uint64_t limit, read_model_proposal_visitor visit,
                          void *ctx, struct err *err);
/* False with ERR_NOT_FOUND when nobody ever proposed it. */
bool read_model_proposal(struct store *s, const struct hash *proposal, uint64_t *ret_leaf,
                         struct err *err);
/* All members there ever were, or all keys of a class, in order of kid. */
typedef bool (*read_model_kid_visitor)(void *ctx, const struct kid *kid);
bool read_model_members(struct store *s, read_model_kid_visitor visit, void *ctx, struct err *err);
bool read_model_keys_of(struct store *s, enum key_class class, read_model_kid_visitor visit,
                        void *ctx, struct err *err);

#endif
