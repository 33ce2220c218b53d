/* Master data of a product (kind 7), by its GTIN. */
#ifndef COMMON_PRODUCT_H
#define COMMON_PRODUCT_H

#include "common/crypto.h"
#include "common/fields.h"

#define GTIN_SIZE 14

struct product {
    struct slice gtin;
    struct slice name;
    struct slice brand; /* empty = absent */
    struct slice unit;  /* empty = absent */
    struct slice image; /* SHA-256 of the image file; empty = absent */
};

void product_take(struct fields *f, struct product *ret_product);
size_t product_pairs(const struct product *p);
void product_put(struct buf *out, const struct product *p);

#endif
