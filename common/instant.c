#include "common/instant.h"

#include <assert.h>
#include <stddef.h>

#define MS_PER_DAY     86400000
#define DAYS_PER_ERA   146097           /* 400 years of the Gregorian calendar */
#define DAYS_TO_1970   719468           /* from 0000-03-01 */
#define INSTANT_END_MS 253402300800000U /* 10000-01-01 */

/*
 * Day numbers and dates after Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms": a year
 * counted from 1 March puts the leap day last, so month lengths follow one linear formula.
 */
static int64_t days_from_date(int year, int month, int day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = y / 400; /* y is not negative: years start at 1 */
    int64_t year_of_era = y - era * 400;
    int64_t months_from_march = month > 2 ? month - 3 : month + 9;
    int64_t day_of_year = (153 * months_from_march + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * DAYS_PER_ERA + day_of_era - DAYS_TO_1970;
}

static void date_from_days(int64_t days, struct instant_parts *ret)
{
    int64_t z = days + DAYS_TO_1970;
    int64_t era = z / DAYS_PER_ERA;
    int64_t doe = z - era * DAYS_PER_ERA;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t months_from_march = (5 * doy + 2) / 153;
    ret->day = (int)(doy - (153 * months_from_march + 2) / 5 + 1);
    ret->month = (int)(months_from_march < 10 ? months_from_march + 3 : months_from_march - 9);
    ret->year = (int)(yoe + era * 400 + (ret->month <= 2));
}

static int days_in_month(int year, int month)
{
    static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && leap ? 29 : days[month - 1];
}

/* ------------------------------------------------------------------ parsing */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Exactly n digits. */
static bool take_digits(const char **at, int n, int *ret)
{
    int value = 0;
    for (int i = 0; i < n; i++) {
        if (!is_digit(**at))
            return false;
        value = value * 10 + (**at - '0');
        (*at)++;
    }
    *ret = value;
    return true;
}

static bool take_char(const char **at, char c)
{
    if (**at != c)
        return false;
    (*at)++;
    return true;
}

static bool take_fraction(const char **at, int *ret_ms)
{
    if (!take_char(at, '.') && !take_char(at, ','))
        return true;
    if (!is_digit(**at))
        return false;
    int weight = 100;
    for (; is_digit(**at); (*at)++) {
        *ret_ms += (**at - '0') * weight;
        weight /= 10;
    }
    return true;
}

static bool take_zone(const char **at, struct instant_parts *p)
{
    if (**at == '\0')
        return true;
    p->zoned = true;
    if (take_char(at, 'Z') || take_char(at, 'z'))
        return true;
    bool west = **at == '-';
    int hours = 0;
    int minutes = 0;
    if (!take_char(at, '+') && !take_char(at, '-'))
        return false;
    if (!take_digits(at, 2, &hours) || hours > 23)
        return false;
    (void)take_char(at, ':'); /* ISO 8601 basic offsets have none */
    if (!take_digits(at, 2, &minutes) || minutes > 59)
        return false;
    p->offset_min = west ? -(hours * 60 + minutes) : hours * 60 + minutes;
    return true;
}

static bool take_date(const char **at, struct instant_parts *p)
{
    return take_digits(at, 4, &p->year) && take_char(at, '-') && take_digits(at, 2, &p->month) &&
           take_char(at, '-') && take_digits(at, 2, &p->day) && p->year >= 1 && p->month >= 1 &&
           p->month <= 12 && p->day >= 1 && p->day <= days_in_month(p->year, p->month);
}

static bool take_time(const char **at, struct instant_parts *p)
{
    if (!take_digits(at, 2, &p->hour) || !take_char(at, ':') || !take_digits(at, 2, &p->minute))
        return false;
    if (take_char(at, ':') && (!take_digits(at, 2, &p->second) || !take_fraction(at, &p->ms)))
        return false;
    return p->hour <= 23 && p->minute <= 59 && p->second <= 59;
}

bool instant_parse_local(const char *text, struct instant_parts *ret_parts)
{
    struct instant_parts p = { 0 };
    const char *at = text;
    if (!take_date(&at, &p))
        return false;
    if (!take_char(&at, 'T') && !take_char(&at, 't') && !take_char(&at, ' '))
        return false;
    if (!take_time(&at, &p) || !take_zone(&at, &p) || *at != '\0')
        return false;
    *ret_parts = p;
    return true;
}

bool instant_parse(const char *text, uint64_t *ret_ms)
{
    struct instant_parts p;
    if (!instant_parse_local(text, &p) || !p.zoned)
        return false;
    int64_t ms = instant_from_parts(&p) - (int64_t)p.offset_min * 60000;
    if (ms < 0 || (uint64_t)ms >= INSTANT_END_MS)
        return false;
    *ret_ms = (uint64_t)ms;
    return true;
}

/* ------------------------------------------------------------------ converting, formatting */

int64_t instant_from_parts(const struct instant_parts *parts)
{
    int64_t seconds = ((int64_t)parts->hour * 60 + parts->minute) * 60 + parts->second;
    return days_from_date(parts->year, parts->month, parts->day) * MS_PER_DAY + seconds * 1000 +
           parts->ms;
}

struct instant_parts instant_to_parts(uint64_t ms)
{
    assert(ms < INSTANT_END_MS);
    struct instant_parts p = { .zoned = true };
    int rest = (int)(ms % MS_PER_DAY);
    date_from_days((int64_t)(ms / MS_PER_DAY), &p);
    p.ms = rest % 1000;
    p.second = rest / 1000 % 60;
    p.minute = rest / 60000 % 60;
    p.hour = rest / 3600000;
    return p;
}

static char *put_digits(char *at, int value, int n)
{
    for (int i = n - 1; i >= 0; i--) {
        at[i] = (char)('0' + value % 10);
        value /= 10;
    }
    return at + n;
}

void instant_format(uint64_t ms, char text[INSTANT_TEXT_SIZE])
{
    struct instant_parts p = instant_to_parts(ms);
    const struct {
        int value;
        int digits;
        char before;
    } fields[] = { { p.month, 2, '-' },  { p.day, 2, '-' },    { p.hour, 2, 'T' },
                   { p.minute, 2, ':' }, { p.second, 2, ':' }, { p.ms, 3, '.' } };
    char *at = put_digits(text, p.year, 4);
    size_t n = sizeof fields / sizeof fields[0] - (p.ms == 0);
    for (size_t i = 0; i < n; i++) {
        *at++ = fields[i].before;
        at = put_digits(at, fields[i].value, fields[i].digits);
    }
    *at++ = 'Z';
    *at = '\0';
}
