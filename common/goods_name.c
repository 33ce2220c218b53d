#include "common/goods_name.h"

#include "common/gs1.h"

#include <string.h>

#define GTIN_END 17 /* "01/" and 14 digits */
#define LOT_AI   "/10/"
#define UNIT_AI  "/21/"
#define AI_SIZE  4

bool goods_name_gtin(struct slice asset, struct slice *ret_gtin)
{
    if (asset.len <= GTIN_END || memcmp(asset.data, "01/", 3) != 0 || asset.data[GTIN_END] != '/')
        return false;
    for (size_t i = 3; i < GTIN_END; i++)
        if (asset.data[i] < '0' || asset.data[i] > '9')
            return false;
    *ret_gtin = slice_from(asset, 3, GTIN_END - 3);
    return true;
}

static bool has_ai(struct slice asset, const char *ai)
{
    struct slice gtin;
    return goods_name_gtin(asset, &gtin) && asset.len >= GTIN_END + AI_SIZE &&
           memcmp(asset.data + GTIN_END, ai, AI_SIZE) == 0;
}

bool goods_name_is_lot(struct slice asset)
{
    return has_ai(asset, LOT_AI);
}

bool goods_name_is_unit(struct slice asset)
{
    return has_ai(asset, UNIT_AI);
}

bool goods_name_lot(struct slice asset, struct slice lot, char ret_name[ASSET_NAME_MAX + 1])
{
    if (goods_name_is_lot(asset)) /* whatever was said: it is what it is called */
        lot = slice_from(asset, GTIN_END + AI_SIZE, asset.len - GTIN_END - AI_SIZE);
    else if (!goods_name_is_unit(asset))
        return false;
    if (!gs1_value_fits(gs1_find_ai(slice_text("10")), lot))
        return false;
    memcpy(ret_name, asset.data, GTIN_END);
    memcpy(ret_name + GTIN_END, LOT_AI, AI_SIZE);
    memcpy(ret_name + GTIN_END + AI_SIZE, lot.data, lot.len);
    ret_name[GTIN_END + AI_SIZE + lot.len] = '\0';
    return true;
}
