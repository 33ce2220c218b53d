#include "common/page_sum.h"

#define CONTENT_SIZE (PAGE_BYTES - PAGE_SUM_SIZE)
#define NO_PLACE     SIZE_MAX

struct sums {
    uint32_t s0;
    uint32_t s1;
};

/* Neither sum can wrap: 255 * (1 + ... + 4088) < 2^31. */
_Static_assert((uint64_t)CONTENT_SIZE *(CONTENT_SIZE + 1) / 2 * 255 < UINT32_MAX, "sums fit");

static struct sums sums_of(const uint8_t page[PAGE_BYTES])
{
    struct sums s = { 0 };
    for (size_t i = 0; i < CONTENT_SIZE; i++) {
        s.s0 += page[i];
        s.s1 += (uint32_t)(i + 1) * page[i];
    }
    return s;
}

static uint32_t get_u32(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static void put_u32(uint8_t *at, uint32_t value)
{
    for (unsigned i = 0; i < 4; i++)
        at[i] = (uint8_t)(value >> (24 - 8 * i));
}

void page_sum_seal(uint8_t page[PAGE_BYTES])
{
    struct sums s = sums_of(page);
    put_u32(page + CONTENT_SIZE, s.s0);
    put_u32(page + CONTENT_SIZE + 4, s.s1);
}

/* The one byte, of four, in which two words differ. */
static size_t differing_byte(uint32_t a, uint32_t b)
{
    size_t place = NO_PLACE;
    for (unsigned i = 0; i < 4; i++) {
        if (((a ^ b) >> (24 - 8 * i) & 255) == 0)
            continue;
        if (place != NO_PLACE)
            return NO_PLACE;
        place = i;
    }
    return place;
}

/* The byte of the content that explains both differences. */
static size_t content_place(const uint8_t page[PAGE_BYTES], int64_t d0, int64_t d1)
{
    if (d1 % d0 != 0 || d1 / d0 < 1 || d1 / d0 > CONTENT_SIZE)
        return NO_PLACE;
    size_t place = (size_t)(d1 / d0) - 1;
    int64_t was = (int64_t)page[place] - d0;
    return was >= 0 && was <= 255 ? place : NO_PLACE;
}

enum page_sum_verdict page_sum_check(const uint8_t page[PAGE_BYTES], size_t *ret_offset)
{
    struct sums is = sums_of(page);
    struct sums kept = { get_u32(page + CONTENT_SIZE), get_u32(page + CONTENT_SIZE + 4) };
    if (is.s0 == kept.s0 && is.s1 == kept.s1)
        return PAGE_SUM_GOOD;
    /* one wrong content byte moves both sums; a wrong byte of a kept sum moves only that one */
    size_t place = NO_PLACE;
    size_t base = 0;
    if (is.s1 == kept.s1) {
        place = differing_byte(is.s0, kept.s0);
        base = CONTENT_SIZE;
    } else if (is.s0 == kept.s0) {
        place = differing_byte(is.s1, kept.s1);
        base = CONTENT_SIZE + 4;
    } else {
        place = content_place(page, (int64_t)is.s0 - kept.s0, (int64_t)is.s1 - kept.s1);
    }
    if (place == NO_PLACE)
        return PAGE_SUM_SEVERAL;
    *ret_offset = base + place;
    return PAGE_SUM_ONE_BYTE;
}
