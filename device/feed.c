#include "device/feed.h"

#include "common/log.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct source {
    struct sensor_csv *csv;   /* a file … */
    struct agent_sample next; /* … its next row, */
    bool has_next, ended;     /* if read already */
    uint64_t due_ms;          /* a chip: when to read it next, 0: at once */
    bool failing;             /* since the last reading that was whole */
    char reason[sizeof((struct err *)0)->msg];
};

struct feed {
    const struct setup *setup;
    uint64_t signed_ms;
    struct agent_sample sample; /* what peek gave */
    bool has_sample;
    bool stopped;
    bool told_before;
    struct feed_counts counts;
    struct source source[SETUP_SENSORS_MAX];
};

static bool open_file(struct source *s, const struct sensor_csv_settings *settings, struct err *err)
{
    s->csv = malloc(sizeof *s->csv);
    if (s->csv == NULL)
        return err_set(err, ERR_IO, "no memory for %s", settings->path);
    s->csv->csv.file = NULL;
    return sensor_csv_open(s->csv, settings, err);
}

bool feed_open(const struct setup *setup, uint64_t signed_ms, struct feed **ret_feed,
               struct err *err)
{
    struct feed *f = calloc(1, sizeof *f);
    if (f == NULL)
        return err_set(err, ERR_IO, "no memory for the sensors");
    f->setup = setup;
    f->signed_ms = signed_ms;
    f->counts.replay = setup->source == SETUP_CSV;
    for (size_t i = 0; f->counts.replay && i < setup->sensors; i++) {
        if (open_file(&f->source[i], &setup->sensor[i].csv, err))
            continue;
        feed_close(f);
        return false;
    }
    *ret_feed = f;
    return true;
}

void feed_close(struct feed *f)
{
    if (f == NULL)
        return;
    for (size_t i = 0; i < SETUP_SENSORS_MAX; i++) {
        if (f->source[i].csv != NULL)
            sensor_csv_close(f->source[i].csv);
        free(f->source[i].csv);
    }
    free(f);
}

/* ------------------------------------------------------------------ files */

/* The next row that is not signed yet, into s->next. False: the feed must stop. */
static bool fetch_row(struct feed *f, struct source *s)
{
    struct err err;
    while (!s->has_next && !s->ended) {
        enum sensor_csv_result got = sensor_csv_next(s->csv, &s->next, &err);
        switch (got) {
        case SENSOR_CSV_END: s->ended = true; break;
        case SENSOR_CSV_STOP: log_error("%s; stopped here", err.msg); return false;
        case SENSOR_CSV_BAD:
            log_warn("%s; row passed over", err.msg);
            f->counts.bad++;
            break;
        case SENSOR_CSV_ROW:
            if (s->csv->note[0] != '\0')
                log_warn("%s:%" PRIu64 ": %s", s->csv->settings->path, s->csv->csv.line,
                         s->csv->note);
            s->has_next = s->next.time_ms > f->signed_ms;
            f->counts.before += !s->has_next;
            break;
        }
    }
    return true;
}

static void tell_before(struct feed *f)
{
    if (f->told_before || f->counts.before == 0)
        return;
    f->told_before = true;
    char text[INSTANT_TEXT_SIZE];
    instant_format(f->signed_ms, text);
    log_info("%" PRIu64 " rows passed over: samples up to %s are signed already", f->counts.before,
             text);
}

static void add_places(struct agent_sample *to, const struct agent_sample *from,
                       const struct sensor_csv_settings *csv)
{
    for (size_t i = 0; i < csv->columns; i++) {
        size_t place = csv->column[i].place;
        to->present[place] = from->present[place];
        to->value[place] = from->value[place];
    }
}

static enum feed_result peek_files(struct feed *f, uint64_t now_ms, uint64_t *ret_wait_ms)
{
    uint64_t earliest = UINT64_MAX;
    for (size_t i = 0; i < f->setup->sensors; i++) {
        struct source *s = &f->source[i];
        if (!fetch_row(f, s)) {
            f->stopped = true;
            return FEED_STOP;
        }
        if (s->has_next && s->next.time_ms < earliest)
            earliest = s->next.time_ms;
    }
    tell_before(f);
    if (earliest == UINT64_MAX)
        return FEED_END;
    if (earliest > now_ms) {
        *ret_wait_ms = earliest - now_ms;
        return FEED_WAIT;
    }
    memset(&f->sample, 0, sizeof f->sample);
    f->sample.time_ms = earliest;
    for (size_t i = 0; i < f->setup->sensors; i++) {
        struct source *s = &f->source[i];
        if (!s->has_next || s->next.time_ms != earliest)
            continue;
        add_places(&f->sample, &s->next, s->csv->settings);
        s->has_next = false;
    }
    return FEED_SAMPLE;
}

/* ------------------------------------------------------------------ chips */

/* Each reason once, and once again when all is well: not one line a minute for weeks. */
static void tell_failure(struct source *s, const struct sensor_hwmon_settings *chip, bool good,
                         const struct err *err)
{
    if (!good && (!s->failing || strcmp(s->reason, err->msg) != 0)) {
        log_warn("sensor %s: %s; recorded as no value", chip->chip, err->msg);
        memcpy(s->reason, err->msg, sizeof s->reason);
    }
    if (good && s->failing)
        log_info("sensor %s: reads again", chip->chip);
    s->failing = !good;
}

/* On time, or as late as it is; a clock that was set back does not silence a sensor. */
static void set_due(struct source *s, uint64_t now_ms, uint64_t interval_ms)
{
    bool on_time = s->due_ms != 0 && now_ms >= s->due_ms && now_ms - s->due_ms < interval_ms;
    s->due_ms = (on_time ? s->due_ms : now_ms) + interval_ms;
}

static enum feed_result peek_chips(struct feed *f, uint64_t now_ms, uint64_t *ret_wait_ms)
{
    uint64_t wait = UINT64_MAX;
    bool any = false;
    memset(&f->sample, 0, sizeof f->sample);
    f->sample.time_ms = now_ms;
    for (size_t i = 0; i < f->setup->sensors; i++) {
        struct source *s = &f->source[i];
        const struct sensor_hwmon_settings *chip = &f->setup->sensor[i].hwmon;
        struct err err = { .msg = "" };
        if (s->due_ms > now_ms && s->due_ms - now_ms <= chip->interval_ms) {
            wait = s->due_ms - now_ms < wait ? s->due_ms - now_ms : wait;
            continue;
        }
        bool good = sensor_hwmon_read(chip, &f->sample, &err);
        tell_failure(s, chip, good, &err);
        set_due(s, now_ms, chip->interval_ms);
        any = true;
    }
    *ret_wait_ms = wait;
    return any ? FEED_SAMPLE : FEED_WAIT;
}

/* ------------------------------------------------------------------ both */

enum feed_result feed_peek(struct feed *f, uint64_t now_ms, struct agent_sample *ret_sample,
                           uint64_t *ret_wait_ms)
{
    enum feed_result got = FEED_SAMPLE;
    if (f->stopped)
        return FEED_STOP;
    if (!f->has_sample)
        got = f->counts.replay ? peek_files(f, now_ms, ret_wait_ms)
                               : peek_chips(f, now_ms, ret_wait_ms);
    f->has_sample = got == FEED_SAMPLE;
    if (f->has_sample)
        *ret_sample = f->sample;
    return got;
}

void feed_take(struct feed *f)
{
    assert(f->has_sample);
    f->has_sample = false;
    f->counts.rows++;
    f->counts.last_ms = f->sample.time_ms;
}

struct feed_counts feed_counts(const struct feed *f)
{
    return f->counts;
}
