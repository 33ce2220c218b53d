/* Inside the drawing of operations on goods: what its files share. Nothing else includes this. */
#ifndef TESTS_SUPPORT_GOODS_DRAW_PARTS_H
#define TESTS_SUPPORT_GOODS_DRAW_PARTS_H

#include "tests/support/goods_world.h"

const struct goods_name *goods_draw_name(const struct goods_world *w, uint32_t name);
/* Names that nobody has commissioned yet, with lot and expiry. */
void goods_draw_birth(struct goods_world *w, struct goods_entry *e, unsigned member);
struct goods_amount goods_draw_amount(struct goods_world *w);
void goods_draw_pack(struct goods_world *w);
void goods_draw_unpack(struct goods_world *w);
void goods_draw_make(struct goods_world *w);

#endif
