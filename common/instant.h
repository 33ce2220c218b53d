/*
 * Instants as people and files write them (RFC 3339, ISO 8601) and as the ledger counts them: whole
 * milliseconds since 1970-01-01T00:00:00Z, years 1970-9999. Integers only, no zone files, no locale.
 */
#ifndef COMMON_INSTANT_H
#define COMMON_INSTANT_H

#include <stdbool.h>
#include <stdint.h>

#define INSTANT_TEXT_SIZE 25 /* "2026-06-01T10:00:00.123Z" and the zero */

struct instant_parts {
    int year;       /* 1-9999 */
    int month;      /* 1-12 */
    int day;        /* 1-31 */
    int hour;       /* 0-23 */
    int minute;     /* 0-59 */
    int second;     /* 0-59: a leap second is refused, the count of milliseconds has none */
    int ms;         /* 0-999: further digits of the fraction are cut */
    bool zoned;     /* the text ended with Z or an offset */
    int offset_min; /* east of Greenwich; 0 when not zoned */
};

/*
 * "2026-06-01T10:00:00Z", "2026-06-01T12:00:00.5+02:00", a space for the T, seconds left out. A zone
 * or offset is required.
 * Returns: false, ret_ms untouched, when malformed, impossible (30 February) or before 1970.
 */
bool instant_parse(const char *text, uint64_t *ret_ms);

/* The same without conversion; the zone may be missing: for callers that apply one of their own. */
bool instant_parse_local(const char *text, struct instant_parts *ret_parts);

/* Writes "2026-06-01T10:00:00Z", or "…00.123Z" when ms are not whole seconds. In: ms before year 10000. */
void instant_format(uint64_t ms, char text[INSTANT_TEXT_SIZE]);

/* Milliseconds since 1970 of the parts read as UTC (offset_min not applied); negative before 1970. */
int64_t instant_from_parts(const struct instant_parts *parts);
/* The parts in UTC. */
struct instant_parts instant_to_parts(uint64_t ms);

#endif
