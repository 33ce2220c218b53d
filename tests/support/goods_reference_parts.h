/* Inside the reference of goods: what its files share. Nothing else includes this. */
#ifndef TESTS_SUPPORT_GOODS_REFERENCE_PARTS_H
#define TESTS_SUPPORT_GOODS_REFERENCE_PARTS_H

#include "tests/support/goods_reference.h"

/* Notes the name that stood in the way and gives the code back. */
enum refusal goods_reference_refuse(struct goods_reference *r, enum refusal code, uint32_t name);
void goods_reference_find(struct goods_reference *r, enum event_finding what, uint32_t name,
                          uint32_t other);
bool goods_reference_speaks(const struct goods_op *op);
unsigned goods_reference_maker(const struct goods_reference *r, const struct goods_name *n);
/* Held for a handover to a member, GOODS_NONE: to nobody. A walk that begins anew forgets what it saw clean. */
void goods_reference_walk(struct goods_reference *r);
enum refusal goods_reference_held(struct goods_reference *r, uint32_t name, unsigned to);
/* So many makings that these goods descend from; r has begun a walk. */
size_t goods_reference_makings(struct goods_reference *r, uint32_t name);

/* Births. */
enum refusal goods_reference_unborn(struct goods_reference *r, const struct goods_op *op,
                                    const struct goods_entry *e);
void goods_reference_bear(struct goods_reference *r, const struct goods_op *op, size_t output,
                          const struct goods_entry *e, unsigned owner);

enum refusal goods_reference_commission(struct goods_reference *r, const struct goods_op *op);
enum refusal goods_reference_custody(struct goods_reference *r, const struct goods_op *op);
enum refusal goods_reference_pack(struct goods_reference *r, const struct goods_op *op);
enum refusal goods_reference_make(struct goods_reference *r, const struct goods_op *op);

#endif
