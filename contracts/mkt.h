/*
 * Mean kinetic temperature (USP <1079.2>) in integers: T = (dH/R) / -ln(sum w e^(-dH/(R T)) / sum w) with
 * dH/R = 10,000 K. e^(-10000/T) comes from a table of scaled integers, linear between its entries; sums are
 * 128 bits wide; the answer is found by binary search in the same monotone table, in 0.01 degrees.
 */
#ifndef CONTRACTS_MKT_H
#define CONTRACTS_MKT_H

#include <stdbool.h>
#include <stdint.h>

__extension__ typedef unsigned __int128 mkt_wide;

#define MKT_MIN_CENTI_C (-10000) /* -100 degrees; colder counts as this */
#define MKT_MAX_CENTI_C 15000    /* 150 degrees; warmer counts as this */
#define MKT_TABLE_STEP  10       /* hundredths of a degree from entry to entry */
#define MKT_TABLE_SIZE  ((MKT_MAX_CENTI_C - MKT_MIN_CENTI_C) / MKT_TABLE_STEP + 1)

/* Rising; written by tools/make-mkt-table. */
extern const uint64_t mkt_table[MKT_TABLE_SIZE];

/* Sum of both ends' heat * ms over trapezoids, so twice their area, and of the weights in ms. */
struct mkt_sum {
    mkt_wide heat;
    uint64_t weight_ms;
};

/* Scaled e^(-10000/T); below 2^62. */
uint64_t mkt_heat(int64_t centi_c);
/* One trapezoid between two samples ms apart; the sum of parts is the sum of the whole, whatever the order. */
void mkt_add(struct mkt_sum *sum, uint64_t heat_a, uint64_t heat_b, uint64_t ms);
/* Takes back one that was added. */
void mkt_remove(struct mkt_sum *sum, uint64_t heat_a, uint64_t heat_b, uint64_t ms);
void mkt_join(struct mkt_sum *sum, const struct mkt_sum *other);
/* In 0.01 degrees, to the nearest, half to even; false without any weight. */
bool mkt_mean(const struct mkt_sum *sum, int64_t *ret_centi_c);

#endif
