#include "common/clock.h"

#include "common/instant.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* Real time passed is bounded, so that passed * CLOCK_MAX_RATE stays within 64 bits: 139 years. */
#define MAX_PASSED_MS ((uint64_t)1 << 42)
#define MAX_TIME_MS   253402300799999U /* the end of year 9999 */
#define FIELD_SIZE    48
#define MAX_FIELDS    3

static uint64_t read_ms(clockid_t id)
{
    struct timespec ts;
    int rc = clock_gettime(id, &ts);
    assert(rc == 0 && ts.tv_sec >= 0);
    (void)rc;
    return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

uint64_t clock_real_ms(void)
{
    return read_ms(CLOCK_REALTIME);
}

uint64_t clock_steady_ms(void)
{
    return read_ms(CLOCK_MONOTONIC);
}

/* ------------------------------------------------------------------ specifications */

static bool parse_number(const char *text, uint64_t max, uint64_t *ret)
{
    uint64_t value = 0;
    if (*text == '\0')
        return false;
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9')
            return false;
        value = value * 10 + (uint64_t)(*text - '0');
        if (value > max)
            return false;
    }
    *ret = value;
    return true;
}

/* Splits spec at its @ signs. Returns: the number of fields, 0 when there are too many or one is long. */
static size_t split_fields(const char *spec, char fields[MAX_FIELDS][FIELD_SIZE])
{
    for (size_t n = 0; n < MAX_FIELDS; n++) {
        size_t len = strcspn(spec, "@");
        if (len >= FIELD_SIZE)
            return 0;
        memcpy(fields[n], spec, len);
        fields[n][len] = '\0';
        if (spec[len] == '\0')
            return n + 1;
        spec += len + 1;
    }
    return 0;
}

static bool parse_rate(char *text, struct clock *c)
{
    char *slash = strchr(text, '/');
    c->rate_den = 1;
    if (slash != NULL) {
        *slash = '\0';
        if (!parse_number(slash + 1, CLOCK_MAX_RATE, &c->rate_den))
            return false;
    }
    return parse_number(text, CLOCK_MAX_RATE, &c->rate_num) && c->rate_num > 0 && c->rate_den > 0;
}

bool clock_parse(const char *spec, struct clock *ret_clock, struct err *err)
{
    char fields[MAX_FIELDS][FIELD_SIZE];
    struct clock c = { .rate_num = 1, .rate_den = 1 };
    if (strcmp(spec, "REAL") == 0) {
        c.real = true;
        *ret_clock = c;
        return true;
    }
    size_t n = split_fields(spec, fields);
    if (n < 2)
        return err_set(err, ERR_INPUT,
                       "clock: expected REAL or START@RATE such as "
                       "\"2026-06-01T06:00:00Z@1440\", found \"%.80s\"",
                       spec);
    if (!instant_parse(fields[0], &c.start_ms) &&
        !parse_number(fields[0], MAX_TIME_MS, &c.start_ms))
        return err_set(err, ERR_INPUT,
                       "clock: expected a start such as \"2026-06-01T06:00:00Z\", found \"%s\"",
                       fields[0]);
    c.origin_ms = clock_real_ms();
    if (n == 3 && !parse_number(fields[2], MAX_TIME_MS, &c.origin_ms))
        return err_set(err, ERR_INPUT, "clock: expected an origin in ms since 1970, found \"%s\"",
                       fields[2]);
    if (!parse_rate(fields[1], &c))
        return err_set(err, ERR_INPUT,
                       "clock: expected a rate 1-%d or a ratio such as \"3/2\" in \"%.80s\"",
                       CLOCK_MAX_RATE, spec);
    *ret_clock = c;
    return true;
}

void clock_format_spec(const struct clock *c, char text[CLOCK_SPEC_SIZE])
{
    if (c->real) {
        memcpy(text, "REAL", sizeof "REAL");
        return;
    }
    char start[INSTANT_TEXT_SIZE];
    char ratio[FIELD_SIZE] = "";
    instant_format(c->start_ms, start);
    if (c->rate_den != 1)
        (void)snprintf(ratio, sizeof ratio, "/%" PRIu64, c->rate_den);
    (void)snprintf(text, CLOCK_SPEC_SIZE, "%s@%" PRIu64 "%.8s@%" PRIu64, start, c->rate_num, ratio,
                   c->origin_ms);
}

/* ------------------------------------------------------------------ reading */

uint64_t clock_at_ms(const struct clock *c, uint64_t real_ms)
{
    if (c->real)
        return real_ms;
    uint64_t passed = real_ms > c->origin_ms ? real_ms - c->origin_ms : 0;
    if (passed > MAX_PASSED_MS)
        passed = MAX_PASSED_MS;
    uint64_t now = c->start_ms + passed * c->rate_num / c->rate_den;
    return now < MAX_TIME_MS ? now : MAX_TIME_MS;
}

uint64_t clock_now_ms(const struct clock *c)
{
    return clock_at_ms(c, clock_real_ms());
}

uint64_t clock_real_wait_ms(const struct clock *c, uint64_t virtual_ms)
{
    if (c->real)
        return virtual_ms;
    if (virtual_ms > MAX_PASSED_MS)
        virtual_ms = MAX_PASSED_MS;
    return (virtual_ms * c->rate_den + c->rate_num - 1) / c->rate_num;
}
