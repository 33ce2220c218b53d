/*
 * Drafts of what is said of goods between farm and shelf, for tests of the rules in the small world of
 * tests/support/world.h. What they borrow lies in memory that the next calls of the same function overwrite.
 */
#ifndef TESTS_UNIT_SUPPORT_FATE_H
#define TESTS_UNIT_SUPPORT_FATE_H

#include "tests/unit/support_custody.h"

#define FATE_GTIN   "01/09506000134352"
#define FATE_LOT    FATE_GTIN "/10/L1"
#define FATE_FIRST  FATE_GTIN "/21/A1"
#define FATE_OTHER  FATE_GTIN "/21/A2"
#define FATE_GHOST  FATE_GTIN "/21/NEVER"
#define FATE_NONE   FATE_GTIN "/21/NONE"
#define FATE_BOTTLE "01/09506000134376/21/B1"
#define FATE_PALLET CUSTODY_PALLET "1"

#define FATE_ROME  "9506000134352" /* places that fate_places() names: GLNs */
#define FATE_LYON  "9506000134369"
#define FATE_OSTIA "9506000134376" /* some 25 km from Rome */

#define FATE_BYTES 4096

/* What was said: to be corrected, or said again. */
struct fate_said {
    struct hash hash;
    size_t len;
    uint8_t bytes[FATE_BYTES];
};

/* Says it in a block of its own, at this time; fails the test unless it is accepted. */
struct fate_said fate_do(struct world *w, enum world_key who, struct statement draft,
                         uint64_t time_ms);
/* The same for what must be refused; the detail is in w->detail. */
void fate_refused(struct world *w, enum world_key who, struct statement draft, uint64_t time_ms,
                  enum refusal expected);
/* Corrects what was said, a second later. */
struct fate_said fate_take_back(struct world *w, enum world_key who, const struct fate_said *said);
/* Disposes of one name, a second later. */
struct fate_said fate_judge(struct world *w, enum world_key who, const char *name,
                            enum disposition_action action);
/* The farm has commissioned FATE_FIRST and FATE_OTHER, of lot L1. */
struct world *fate_world(void);
/* That world as a test's state. */
int fate_set_up(void **state);
int fate_tear_down(void **state);
void fate_places(struct world *w);
/* From who has it to whom, both roles or one. */
void fate_hand_over(struct world *w, const char *name, enum world_key from, enum world_key to,
                    enum custody_role role);

struct statement fate_commission(const char *name, const char *lot, uint64_t expiry_ms);
struct statement fate_dispose(const char *name, enum disposition_action action);
struct statement fate_dispose_set(const struct asset_set *set, enum disposition_action action);
struct statement fate_scan(const char *name, const char *place, bool in_custody);
/* Names may be NULL. */
struct statement fate_certificate(const char *name, const char *place, const struct kid *member,
                                  uint64_t from_ms, uint64_t until_ms);
struct statement fate_revoke(const struct hash *certificate, uint64_t from_ms);
struct statement fate_correct(const struct fate_said *original);
struct statement fate_seal(const char *name, const char *code);
struct statement fate_reveal(const char *name, const char *code);
/* All of one name becomes one other, of a lot. */
struct statement fate_transform(const char *from, const char *to, const char *lot);
struct statement fate_pack(const char *container, const char *name, bool unpack);

/*
 * The last statement was the first correction here: so many events say so, one of them of this subject, one of
 * the original itself.
 */
void fate_told_correction(struct world *w, size_t count, const char *subject,
                          enum statement_kind kind);
bool fate_is_held(struct world *w, const char *name, struct state_hold *ret_hold);

#endif
