/*
 * What the names of goods say about each other: their product, and the lot that they are of. The rules and
 * whoever checks a proof must come to the same name, so both ask here. Pure.
 */
#ifndef COMMON_GOODS_NAME_H
#define COMMON_GOODS_NAME_H

#include "common/asset_set.h"

/* The GTIN that a name begins with, "01/GTIN/…": false when it begins otherwise. Borrowed from asset. */
bool goods_name_gtin(struct slice asset, struct slice *ret_gtin);
bool goods_name_is_lot(struct slice asset);  /* 01/GTIN/10/… */
bool goods_name_is_unit(struct slice asset); /* 01/GTIN/21/… */
/*
 * The name of an asset's lot, "01/GTIN/10/LOT"; a lot's is its own, whatever number is given. False when it is
 * of none, or the number is no GS1 lot number.
 */
bool goods_name_lot(struct slice asset, struct slice lot, char ret_name[ASSET_NAME_MAX + 1]);

#endif
