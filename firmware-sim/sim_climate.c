/* `waybill-sim climate`: a journey's climate as a CSV file. */
#include "firmware-sim/sim.h"

#include "common/file.h"
#include "common/instant.h"
#include "common/quantity.h"
#include "firmware-sim/climate.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DAY_MS    UINT64_C(86400000)
#define MINUTE_MS UINT64_C(60000)
#define HOURS_MAX 8784
#define CSV_MAX   ((size_t)1 << 30)

static const char usage[] =
    "Usage: waybill-sim climate [options]\n"
    "The air in a refrigerated van over a journey, as CSV: time, temperature (°C), humidity "
    "(%RH).\n"
    "The same options give the same bytes.\n"
    "\n"
    "  --seed N             whole number; the default is 1\n"
    "  --start INSTANT      of the first sample; the default is 2026-06-01T06:00:00Z\n"
    "  --hours N            1 to 8784; the default is 24\n"
    "  --interval DURATION  whole seconds; the default is \"1 min\"\n"
    "  --excursion FROM-TO@PEAK\n"
    "                       such as 10:00-11:00@9.1: hours and minutes in UTC, °C. Every sample "
    "from\n"
    "                       FROM until just before TO is above the bound, and no other\n"
    "  --bound TEMPERATURE  the default is \"8 °C\"\n"
    "  -o, --output FILE    the default is standard output\n"
    "Exit code: 0 good, 1 error.\n";

struct options {
    struct climate_plan plan;
    const char *excursion;
    const char *output;
    bool help;
};

enum option_code {
    OPTION_SEED = 256,
    OPTION_START,
    OPTION_HOURS,
    OPTION_INTERVAL,
    OPTION_EXCURSION,
    OPTION_BOUND,
};

/* ------------------------------------------------------------------ options */

static bool parse_number(const char *text, uint64_t max, uint64_t *ret)
{
    char *end = NULL;
    if (*text < '0' || *text > '9')
        return false;
    unsigned long long value = strtoull(text, &end, 10);
    if (*end != '\0' || value > max)
        return false;
    *ret = value;
    return true;
}

static bool parse_celsius(const char *text, const char *option, int64_t *ret_centi, struct err *err)
{
    struct quantity q;
    if (!quantity_parse(text, &q, err))
        return err_wrap(err, "%s", option);
    if ((q.unit[0] != '\0' && strcmp(q.unit, "Cel") != 0) ||
        !quantity_rescale(q.mantissa, q.exponent, -2, ret_centi) || *ret_centi < -10000 ||
        *ret_centi > 10000)
        return err_set(err, ERR_INPUT,
                       "%s: expected a temperature such as \"8 °C\" in hundredths at most, found "
                       "\"%.40s\"",
                       option, text);
    return true;
}

static bool parse_interval(const char *text, uint64_t *ret_ms, struct err *err)
{
    uint64_t ms = 0;
    if (!quantity_parse_duration_ms(text, &ms, err))
        return err_wrap(err, "--interval");
    if (ms == 0 || ms % 1000 != 0 || ms > DAY_MS)
        return err_set(err, ERR_INPUT,
                       "--interval: expected whole seconds, 1 s to 24 h, found \"%.40s\"", text);
    *ret_ms = ms;
    return true;
}

/* The minute of the day in "10:00". */
static bool parse_minute(const char *text, size_t len, uint64_t *ret_minute)
{
    if (len != 5 || text[2] != ':')
        return false;
    for (size_t i = 0; i < 5; i++)
        if (i != 2 && (text[i] < '0' || text[i] > '9'))
            return false;
    uint64_t hour = (uint64_t)(text[0] - '0') * 10 + (uint64_t)(text[1] - '0');
    uint64_t minute = (uint64_t)(text[3] - '0') * 10 + (uint64_t)(text[4] - '0');
    *ret_minute = hour * 60 + minute;
    return hour < 24 && minute < 60;
}

/* The first such minute at or after a time. */
static uint64_t next_at(uint64_t minute, uint64_t after_ms)
{
    uint64_t at = after_ms - after_ms % DAY_MS + minute * MINUTE_MS;
    return at < after_ms ? at + DAY_MS : at;
}

static bool parse_excursion(const char *text, struct climate_plan *plan, struct err *err)
{
    uint64_t from = 0, to = 0;
    const char *at = strchr(text, '@');
    const char *dash = strchr(text, '-');
    if (at == NULL || dash == NULL || dash > at ||
        !parse_minute(text, (size_t)(dash - text), &from) ||
        !parse_minute(dash + 1, (size_t)(at - dash - 1), &to))
        return err_set(err, ERR_INPUT,
                       "--excursion: expected something like 10:00-11:00@9.1, found \"%.60s\"",
                       text);
    if (!parse_celsius(at + 1, "--excursion", &plan->peak_centi_c, err))
        return false;
    plan->from_ms = next_at(from, plan->start_ms);
    plan->to_ms = next_at(to, plan->from_ms + 1);
    plan->excursion = true;
    if (plan->to_ms > plan->start_ms + plan->hours * 60 * MINUTE_MS)
        return err_set(err, ERR_INPUT, "--excursion: it ends after the journey does");
    if (plan->peak_centi_c <= plan->bound_centi_c + 1)
        return err_set(err, ERR_INPUT, "--excursion: its peak is not above the bound");
    if ((plan->from_ms - plan->start_ms) % plan->interval_ms != 0 ||
        (plan->to_ms - plan->start_ms) % plan->interval_ms != 0)
        return err_set(err, ERR_INPUT, "--excursion: it must begin and end with a sample");
    return true;
}

static bool take_option(int code, struct options *o, struct err *err)
{
    struct climate_plan *p = &o->plan;
    switch (code) {
    case 'o': o->output = optarg; return true;
    case 'h': o->help = true; return true;
    case OPTION_SEED:
        return parse_number(optarg, UINT64_MAX, &p->seed) ||
               err_set(err, ERR_INPUT, "--seed: expected a whole number, found \"%.40s\"", optarg);
    case OPTION_START:
        return instant_parse(optarg, &p->start_ms) ||
               err_set(err, ERR_INPUT,
                       "--start: expected an instant such as 2026-06-01T06:00:00Z, found \"%.40s\"",
                       optarg);
    case OPTION_HOURS:
        return (parse_number(optarg, HOURS_MAX, &p->hours) && p->hours > 0) ||
               err_set(err, ERR_INPUT, "--hours: expected 1 to %d, found \"%.40s\"", HOURS_MAX,
                       optarg);
    case OPTION_INTERVAL: return parse_interval(optarg, &p->interval_ms, err);
    case OPTION_EXCURSION: o->excursion = optarg; return true;
    case OPTION_BOUND: return parse_celsius(optarg, "--bound", &p->bound_centi_c, err);
    default: return err_set(err, ERR_INPUT, "see waybill-sim climate --help");
    }
}

static bool parse_options(int argc, char **argv, struct options *o, struct err *err)
{
    static const struct option longs[] = {
        { "seed", required_argument, NULL, OPTION_SEED },
        { "start", required_argument, NULL, OPTION_START },
        { "hours", required_argument, NULL, OPTION_HOURS },
        { "interval", required_argument, NULL, OPTION_INTERVAL },
        { "excursion", required_argument, NULL, OPTION_EXCURSION },
        { "bound", required_argument, NULL, OPTION_BOUND },
        { "output", required_argument, NULL, 'o' },
        { "help", no_argument, NULL, 'h' },
        { NULL, 0, NULL, 0 },
    };
    o->plan = (struct climate_plan){ .seed = 1, .hours = 24, .interval_ms = MINUTE_MS };
    o->plan.bound_centi_c = 800;
    bool known = instant_parse("2026-06-01T06:00:00Z", &o->plan.start_ms);
    optind = 0;
    int code;
    while (known && (code = getopt_long(argc, argv, "o:h", longs, NULL)) != -1)
        if (!take_option(code, o, err))
            return false;
    if (o->help)
        return true;
    if (optind < argc)
        return err_set(err, ERR_INPUT, "\"%.60s\" is no option", argv[optind]);
    return o->excursion == NULL || parse_excursion(o->excursion, &o->plan, err);
}

/* ------------------------------------------------------------------ output */

static void put_row(struct buf *out, const struct climate_sample *s)
{
    char time[INSTANT_TEXT_SIZE], row[96];
    instant_format(s->time_ms, time);
    int64_t t = s->temp_centi_c;
    int64_t size = t < 0 ? -t : t;
    int len = snprintf(row, sizeof row, "%s,%s%" PRId64 ".%02" PRId64 ",%" PRId64 ".%" PRId64 "\n",
                       time, t < 0 ? "-" : "", size / 100, size % 100, s->humidity_deci / 10,
                       s->humidity_deci % 10);
    buf_add(out, row, (size_t)len);
}

static bool write_journey(const struct options *o, struct err *err)
{
    static const char head[] = "time,temperature,humidity\n";
    struct buf out = buf_heap(CSV_MAX);
    struct climate c;
    struct climate_sample s;
    climate_begin(&c, &o->plan);
    buf_add(&out, head, sizeof head - 1);
    while (climate_next(&c, &s))
        put_row(&out, &s);
    bool good = !out.failed || err_set(err, ERR_BUSY, "the journey is too long for one file");
    if (good && o->output != NULL)
        good = file_replace(o->output, buf_slice(&out), 0644, err);
    else if (good)
        good = (fwrite(out.data, 1, out.len, stdout) == out.len && fflush(stdout) == 0) ||
               err_set(err, ERR_IO, "standard output: cannot be written");
    buf_free(&out);
    return good;
}

int sim_climate(int argc, char **argv)
{
    struct options o = { .output = NULL };
    struct err err = { .code = ERR_NONE };
    bool good = parse_options(argc, argv, &o, &err);
    if (good && o.help) {
        (void)fputs(usage, stdout);
        return 0;
    }
    if (good && write_journey(&o, &err))
        return 0;
    (void)fprintf(stderr, "waybill-sim climate: %s\n", err.msg);
    return 1;
}
