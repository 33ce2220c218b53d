#include "contracts/mkt.h"

#include <assert.h>

/* Ten times the table's value, so that the line between two entries needs no rounding. */
uint64_t mkt_heat(int64_t centi_c)
{
    if (centi_c <= MKT_MIN_CENTI_C)
        return mkt_table[0] * MKT_TABLE_STEP;
    if (centi_c >= MKT_MAX_CENTI_C)
        return mkt_table[MKT_TABLE_SIZE - 1] * MKT_TABLE_STEP;
    uint64_t offset = (uint64_t)(centi_c - MKT_MIN_CENTI_C);
    uint64_t part = offset % MKT_TABLE_STEP;
    const uint64_t *entry = &mkt_table[offset / MKT_TABLE_STEP];
    return entry[0] * (MKT_TABLE_STEP - part) + entry[1] * part;
}

void mkt_add(struct mkt_sum *sum, uint64_t heat_a, uint64_t heat_b, uint64_t ms)
{
    sum->heat += ((mkt_wide)heat_a + heat_b) * ms;
    sum->weight_ms += ms;
}

void mkt_remove(struct mkt_sum *sum, uint64_t heat_a, uint64_t heat_b, uint64_t ms)
{
    mkt_wide heat = ((mkt_wide)heat_a + heat_b) * ms;
    assert(sum->heat >= heat && sum->weight_ms >= ms);
    sum->heat -= heat;
    sum->weight_ms -= ms;
}

void mkt_join(struct mkt_sum *sum, const struct mkt_sum *other)
{
    sum->heat += other->heat;
    sum->weight_ms += other->weight_ms;
}

bool mkt_mean(const struct mkt_sum *sum, int64_t *ret_centi_c)
{
    if (sum->weight_ms == 0)
        return false;
    mkt_wide twice = (mkt_wide)sum->weight_ms * 2; /* each trapezoid has two ends */
    int64_t low = MKT_MIN_CENTI_C;                 /* its heat is not above the mean's */
    int64_t high = MKT_MAX_CENTI_C;
    while (low < high) {
        int64_t middle = low + (high - low + 1) / 2;
        if (mkt_heat(middle) * twice <= sum->heat)
            low = middle;
        else
            high = middle - 1;
    }
    *ret_centi_c = low;
    if (low == MKT_MAX_CENTI_C)
        return true;
    mkt_wide half = (mkt_wide)(mkt_heat(low) + mkt_heat(low + 1)) * sum->weight_ms;
    if (sum->heat > half || (sum->heat == half && low % 2 != 0))
        *ret_centi_c = low + 1;
    return true;
}
