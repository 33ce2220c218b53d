#include "device/sensor_csv.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MS_EXPONENT (-3)

/* ------------------------------------------------------------------ finding the columns */

static const char delimiters[] = { ',', ';', '\t', '|' };

static bool find_column(const struct csv *header, const char *name, size_t *ret)
{
    if (name[0] == '#') {
        char *end;
        unsigned long place = strtoul(name + 1, &end, 10);
        if (*end == '\0' && place >= 1 && place <= header->fields) {
            *ret = place - 1;
            return true;
        }
    }
    size_t found = 0;
    for (size_t i = 0; i < header->fields; i++) {
        if (strcmp(header->field[i], name) != 0)
            continue;
        *ret = i;
        found++;
    }
    return found == 1; /* two columns of one name: which is meant can't be told */
}

/* The name of the first column that the header lacks, NULL when all are there. */
static const char *find_columns(struct sensor_csv *s)
{
    const struct sensor_csv_settings *t = s->settings;
    if (!find_column(&s->csv, t->time_column, &s->time_at))
        return t->time_column;
    if (t->clock_column != NULL && !find_column(&s->csv, t->clock_column, &s->clock_at))
        return t->clock_column;
    for (size_t i = 0; i < t->columns; i++)
        if (!find_column(&s->csv, t->column[i].name, &s->column_at[i]))
            return t->column[i].name;
    s->header_fields = s->csv.fields;
    return NULL;
}

static bool refuse_file(const struct sensor_csv *s, uint64_t line, struct err *err)
{
    return err_wrap(err, "%s:%" PRIu64, s->settings->path, line);
}

/* Reads the header under one delimiter. ret_lacks: a column that is not there, or NULL. */
static bool read_header(struct sensor_csv *s, FILE *file, char delimiter, const char **ret_lacks,
                        struct err *err)
{
    if (csv_begin(&s->csv, file, delimiter, s->settings->skip_lines, err) != CSV_ROW)
        return refuse_file(s, 1, err);
    enum csv_result got = csv_next(&s->csv, err);
    if (got == CSV_END)
        (void)err_set(err, ERR_INPUT, "expected a line with the names of the columns");
    if (got != CSV_ROW)
        return refuse_file(s, s->csv.line, err);
    *ret_lacks = find_columns(s);
    return true;
}

static bool begin(struct sensor_csv *s, FILE *file, struct err *err)
{
    const char *lacks = NULL;
    char fixed = s->settings->delimiter;
    size_t tries = fixed != 0 ? 1 : sizeof delimiters;
    const char *closest = NULL;
    size_t most_fields = 0;
    for (size_t i = 0; i < tries; i++) {
        struct err why;
        if (!read_header(s, file, fixed != 0 ? fixed : delimiters[i], &lacks, &why)) {
            if (fixed == 0 && i + 1 < tries)
                continue;
            if (closest == NULL) {
                if (err != NULL)
                    *err = why;
                return false;
            }
        } else if (lacks == NULL) {
            return true;
        } else if (s->csv.fields > most_fields) {
            most_fields = s->csv.fields;
            closest = lacks;
        }
    }
    return err_set(err, ERR_INPUT,
                   "%s:%u: the header has no column \"%.60s\", or has it twice (\"#3\" names the "
                   "third)",
                   s->settings->path, s->settings->skip_lines + 1, closest != NULL ? closest : "");
}

bool sensor_csv_open_stream(struct sensor_csv *s, const struct sensor_csv_settings *settings,
                            FILE *stream, struct err *err)
{
    memset(s, 0, offsetof(struct sensor_csv, csv));
    s->csv.file = NULL;
    s->settings = settings;
    if (begin(s, stream, err))
        return true;
    (void)fclose(stream);
    s->csv.file = NULL;
    return false;
}

bool sensor_csv_open(struct sensor_csv *s, const struct sensor_csv_settings *settings,
                     struct err *err)
{
    FILE *file = fopen(settings->path, "rbe");
    s->csv.file = NULL;
    if (file == NULL)
        return err_set(err, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO, "%s: cannot open: %s",
                       settings->path, strerror(errno));
    return sensor_csv_open_stream(s, settings, file, err);
}

void sensor_csv_close(struct sensor_csv *s)
{
    if (s->csv.file != NULL)
        (void)fclose(s->csv.file);
    s->csv.file = NULL;
}

/* ------------------------------------------------------------------ times */

/* Up to most digits, at least least. */
static bool take_number(const char **at, int least, int most, int *ret)
{
    int value = 0;
    int n = 0;
    for (; n < most && **at >= '0' && **at <= '9'; n++, (*at)++)
        value = value * 10 + (**at - '0');
    *ret = value;
    return n >= least;
}

static bool take_afternoon(const char **at, bool *ret)
{
    *ret = strncasecmp(*at, "PM", 2) == 0;
    if (!*ret && strncasecmp(*at, "AM", 2) != 0)
        return false;
    *at += 2;
    return true;
}

struct pattern_time {
    struct instant_parts parts;
    bool has_half, afternoon;
};

/* One element of the pattern; *pattern moves past it. */
static bool take_element(const char **pattern, const char **at, struct pattern_time *t)
{
    static const struct {
        const char *name;
        int least, most;
        size_t offset;
    } elements[] = {
        { "YYYY", 4, 4, offsetof(struct instant_parts, year) },
        { "MM", 1, 2, offsetof(struct instant_parts, month) },
        { "DD", 1, 2, offsetof(struct instant_parts, day) },
        { "hh", 1, 2, offsetof(struct instant_parts, hour) },
        { "mm", 2, 2, offsetof(struct instant_parts, minute) },
        { "SSS", 3, 3, offsetof(struct instant_parts, ms) },
        { "ss", 2, 2, offsetof(struct instant_parts, second) },
    };
    for (size_t i = 0; i < sizeof elements / sizeof elements[0]; i++) {
        size_t len = strlen(elements[i].name);
        if (strncmp(*pattern, elements[i].name, len) != 0)
            continue;
        int value;
        if (!take_number(at, elements[i].least, elements[i].most, &value))
            return false;
        memcpy((char *)&t->parts + elements[i].offset, &value, sizeof value);
        *pattern += len;
        return true;
    }
    if (strncmp(*pattern, "AP", 2) == 0) {
        *pattern += 2;
        t->has_half = true;
        return take_afternoon(at, &t->afternoon);
    }
    return *(*pattern)++ == *(*at)++;
}

static bool parse_pattern(const char *pattern, const char *text, struct instant_parts *ret)
{
    struct pattern_time t = { .has_half = false };
    while (*pattern != '\0')
        if (*text == '\0' || !take_element(&pattern, &text, &t))
            return false;
    if (*text != '\0')
        return false;
    if (t.has_half) {
        if (t.parts.hour < 1 || t.parts.hour > 12)
            return false;
        t.parts.hour = t.parts.hour % 12 + (t.afternoon ? 12 : 0);
    }
    char iso[64]; /* its parser knows how long months are */
    (void)snprintf(iso, sizeof iso, "%04d-%02d-%02dT%02d:%02d:%02d.%03d", t.parts.year,
                   t.parts.month, t.parts.day, t.parts.hour, t.parts.minute, t.parts.second,
                   t.parts.ms);
    return instant_parse_local(iso, ret);
}

bool sensor_csv_check_pattern(const char *pattern)
{
    static const char *const needed[] = { "YYYY", "MM", "DD", "hh", "mm" };
    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++)
        if (strstr(pattern, needed[i]) == NULL)
            return false;
    return strlen(pattern) < 64;
}

static bool parse_epoch(const struct sensor_csv *s, const char *text, uint64_t *ret_ms)
{
    const struct measure plain = { .kind = MEASURE_SCALED, .factor = 1 };
    struct measure_number n;
    int64_t ms;
    int to = s->settings->time == SENSOR_CSV_EPOCH_S ? MS_EXPONENT : 0;
    if (!measure_parse(text, s->settings->decimal, &n) || !measure_convert(&plain, n, to, &ms) ||
        ms < 0)
        return false;
    *ret_ms = (uint64_t)ms;
    return true;
}

/*
 * The clocks showed this time twice. When the first is not after the row before, only the second is left.
 * Otherwise the order of the rows says that it is the first, unless the settings want no such reasoning.
 */
static bool choose_repeated(struct sensor_csv *s, const char *text, const uint64_t both[2],
                            uint64_t *ret_ms, struct err *err)
{
    bool only_second = s->last_line > 0 && both[0] <= s->last_ms;
    if (!only_second && s->settings->refuse_repeated)
        return err_set(err, ERR_INPUT, "\"%.40s\" happened twice in %s", text,
                       s->settings->zone.name);
    *ret_ms = both[only_second ? 1 : 0];
    if (!only_second && !s->noted_repeat)
        (void)snprintf(s->note, sizeof s->note,
                       "\"%.40s\" happened twice in %s: the rows' order decides which", text,
                       s->settings->zone.name);
    s->noted_repeat = !only_second;
    return true;
}

static bool locate(struct sensor_csv *s, const char *text, const struct instant_parts *parts,
                   uint64_t *ret_ms, struct err *err)
{
    if (parts->zoned) {
        int64_t ms = instant_from_parts(parts) - (int64_t)parts->offset_min * 60000;
        *ret_ms = (uint64_t)ms;
        return ms >= 0 || err_set(err, ERR_INPUT, "\"%.40s\" is before 1970", text);
    }
    if (s->settings->zone.name[0] == '\0')
        return err_set(err, ERR_INPUT,
                       "\"%.40s\" has no offset, and the configuration no zone for it", text);
    uint64_t instants[2];
    switch (zone_instants(&s->settings->zone, parts, instants)) {
    case 0:
        return err_set(err, ERR_INPUT, "\"%.40s\" did not happen in %s: the clocks skipped it",
                       text, s->settings->zone.name);
    case 1:
        s->noted_repeat = false;
        *ret_ms = instants[0];
        return true;
    default: return choose_repeated(s, text, instants, ret_ms, err);
    }
}

static const char *time_hint(const struct sensor_csv_settings *t)
{
    switch (t->time) {
    case SENSOR_CSV_ISO: return "2026-06-01T10:00:00+02:00";
    case SENSOR_CSV_EPOCH_S: return "1780293600";
    case SENSOR_CSV_EPOCH_MS: return "1780293600000";
    case SENSOR_CSV_PATTERN: return t->pattern;
    }
    return "";
}

static bool read_time(struct sensor_csv *s, uint64_t *ret_ms, struct err *err)
{
    const struct sensor_csv_settings *t = s->settings;
    char text[128];
    struct instant_parts parts = { 0 };
    int len = snprintf(text, sizeof text, "%s%s%s", s->csv.field[s->time_at],
                       t->clock_column != NULL ? " " : "",
                       t->clock_column != NULL ? s->csv.field[s->clock_at] : "");
    bool good = len > 0 && (size_t)len < sizeof text;
    switch (t->time) {
    case SENSOR_CSV_ISO: good = good && instant_parse_local(text, &parts); break;
    case SENSOR_CSV_PATTERN: good = good && parse_pattern(t->pattern, text, &parts); break;
    case SENSOR_CSV_EPOCH_S:
    case SENSOR_CSV_EPOCH_MS:
        if (good && parse_epoch(s, text, ret_ms))
            return *ret_ms <= TIME_MAX_MS || err_set(err, ERR_INPUT, "a time after the year 9999");
        good = false;
        break;
    }
    if (!good)
        return err_set(err, ERR_INPUT, "%s: expected a time such as \"%s\", found \"%.60s\"",
                       t->time_column, time_hint(t), text);
    return locate(s, text, &parts, ret_ms, err);
}

/* ------------------------------------------------------------------ values */

static bool is_missing(const struct sensor_csv_settings *t, const char *text)
{
    static const char *const usual[] = { "", "-", "--", "---", "na", "n/a", "nan", "null" };
    for (size_t i = 0; i < sizeof usual / sizeof usual[0]; i++)
        if (strcasecmp(text, usual[i]) == 0)
            return true;
    for (size_t i = 0; i < t->missing_count; i++)
        if (strcmp(text, t->missing[i]) == 0)
            return true;
    return false;
}

static bool read_value(const struct sensor_csv *s, size_t i, struct agent_sample *sample,
                       struct err *err)
{
    const struct sensor_csv_column *c = &s->settings->column[i];
    const char *text = s->csv.field[s->column_at[i]];
    struct measure_number n;
    sample->present[c->place] = false;
    sample->value[c->place] = 0;
    if (is_missing(s->settings, text))
        return true;
    if (!measure_parse(text, s->settings->decimal, &n))
        return err_set(err, ERR_INPUT,
                       "%.40s: expected a number with \"%c\" as its decimal mark, found \"%.40s\"",
                       c->name, s->settings->decimal, text);
    if (!measure_convert(&c->measure, n, c->exponent, &sample->value[c->place]))
        return err_set(err, ERR_INPUT, "%.40s: \"%.40s\" is too large", c->name, text);
    sample->present[c->place] = true;
    return true;
}

/* Loggers end rows with an empty field or two; anything else that is too many or too few is unclear. */
static bool check_width(const struct sensor_csv *s, struct err *err)
{
    size_t n = s->csv.fields;
    while (n > s->header_fields && s->csv.field[n - 1][0] == '\0')
        n--;
    return n == s->header_fields || err_set(err, ERR_INPUT, "expected %zu fields, found %zu",
                                            s->header_fields, s->csv.fields);
}

static bool read_row(struct sensor_csv *s, struct agent_sample *ret_sample, struct err *err)
{
    struct agent_sample row = *ret_sample;
    if (!check_width(s, err) || !read_time(s, &row.time_ms, err))
        return false;
    if (s->last_line > 0 && row.time_ms <= s->last_ms)
        return err_set(err, ERR_INPUT, "%s: %s line %" PRIu64, s->settings->time_column,
                       row.time_ms < s->last_ms ? "earlier than" : "the same time as",
                       s->last_line);
    for (size_t i = 0; i < s->settings->columns; i++)
        if (!read_value(s, i, &row, err))
            return false;
    s->last_ms = row.time_ms;
    s->last_line = s->csv.line;
    *ret_sample = row;
    return true;
}

enum sensor_csv_result sensor_csv_next(struct sensor_csv *s, struct agent_sample *ret_sample,
                                       struct err *err)
{
    s->note[0] = '\0';
    if (s->stopped) {
        (void)err_set(err, ERR_INPUT, "%s: stopped at line %" PRIu64, s->settings->path,
                      s->csv.line);
        return SENSOR_CSV_STOP;
    }
    enum csv_result got = csv_next(&s->csv, err);
    if (got == CSV_END)
        return SENSOR_CSV_END;
    if (got == CSV_ROW && read_row(s, ret_sample, err)) {
        s->rows++;
        return SENSOR_CSV_ROW;
    }
    s->note[0] = '\0';
    s->bad++;
    (void)refuse_file(s, s->csv.line, err);
    s->stopped = got == CSV_STOP || s->settings->stop_at_bad_rows;
    return s->stopped ? SENSOR_CSV_STOP : SENSOR_CSV_BAD;
}
