/*
 * The checksum in the last eight bytes of every page of a Waybill database, made so that one wrong byte
 * gives its own place away: s0 is the sum of the page's other bytes, s1 the sum of each times its place
 * from 1. A byte at place p that is off by d moves s0 by d and s1 by p * d. Pure: no files, no SQLite.
 */
#ifndef COMMON_PAGE_SUM_H
#define COMMON_PAGE_SUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAGE_BYTES    4096
#define PAGE_SUM_SIZE 8 /* s0, s1: big-endian, 4 bytes each */

/* Writes the checksum into the page's last eight bytes. A page of zeros is left as it is. */
void page_sum_seal(uint8_t page[PAGE_BYTES]);

enum page_sum_verdict {
    PAGE_SUM_GOOD,
    PAGE_SUM_ONE_BYTE, /* exactly one byte is wrong and ret_offset is its place in the page, from 0 */
    PAGE_SUM_SEVERAL, /* more than one is */
};

enum page_sum_verdict page_sum_check(const uint8_t page[PAGE_BYTES], size_t *ret_offset);

#endif
