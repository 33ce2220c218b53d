#include "device/setup.h"

#include "contracts/property.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECOND_MS    1000u
#define DAY_MS       86400000u
#define MIB          (1024u * 1024u)
#define PROPERTY_OWN 32768 /* from here on a contract's own */

/* A column as it is read, before all of them are known and put in order. */
struct column {
    uint16_t property;
    int8_t exponent;
    struct measure measure;
};

struct reader {
    struct setup *s;
    size_t columns;
    struct column column[READING_COLUMNS_MAX];
};

/* ------------------------------------------------------------------ columns */

static bool read_property(const struct config *c, struct property *ret)
{
    const char *text = config_text(c, "property", NULL);
    if (text == NULL)
        return false;
    const struct property *known = property_by_name(slice_text(text));
    if (known != NULL) {
        *ret = *known;
        return true;
    }
    char *end;
    unsigned long number = strtoul(text, &end, 10);
    if (*end == '\0' && number >= PROPERTY_OWN && number <= UINT16_MAX) {
        *ret = (struct property){ .id = (uint16_t)number };
        return true;
    }
    config_refuse(
        c, "property",
        "expected a name such as \"temperature\", or a number from %d on, found \"%.40s\"",
        PROPERTY_OWN, text);
    return false;
}

static int8_t read_exponent(const struct config *c, int8_t fallback)
{
    const char *text = config_text(c, "exponent", "");
    if (text == NULL || text[0] == '\0')
        return fallback;
    const char *digit = text[0] == '-' ? text + 1 : text;
    if (digit[0] < '0' || digit[0] > '9' || digit[1] != '\0') {
        config_refuse(c, "exponent", "expected a number -9 to 9, found \"%.40s\"", text);
        return fallback;
    }
    return (int8_t)(text[0] == '-' ? '0' - digit[0] : digit[0] - '0');
}

/* One property can be in a reading once: which of two probes would it be? */
static bool add_column(struct reader *r, const struct config *c, const struct column *column,
                       size_t *ret_index)
{
    for (size_t i = 0; i < r->columns; i++) {
        if (r->column[i].property != column->property)
            continue;
        config_refuse(c, "property",
                      "another column reports it already; a second probe is an agent of its own");
        return false;
    }
    if (r->columns == READING_COLUMNS_MAX) {
        config_refuse(c, "property", "more than %d columns", READING_COLUMNS_MAX);
        return false;
    }
    *ret_index = r->columns;
    r->column[r->columns++] = *column;
    return true;
}

static bool read_column(struct reader *r, const struct config *c, struct column *ret,
                        size_t *ret_index)
{
    struct property known;
    struct err err;
    if (!read_property(c, &known))
        return false;
    *ret = (struct column){ .property = known.id, .exponent = read_exponent(c, known.exponent) };
    if (!measure_find(config_text(c, "unit", ""), known.unit, &ret->measure, &err)) {
        config_refuse(c, "unit", "%s", err.msg);
        return false;
    }
    return add_column(r, c, ret, ret_index);
}

/* ------------------------------------------------------------------ CSV files */

static void read_csv_column(struct reader *r, const struct config *c,
                            struct sensor_csv_settings *csv)
{
    static const char *const keys[] = { "name", "property", "unit", "exponent", NULL };
    struct column column;
    size_t index;
    config_check_keys(c, keys);
    const char *name = config_text(c, "name", NULL);
    if (!read_column(r, c, &column, &index) || name == NULL)
        return;
    csv->column[csv->columns++] = (struct sensor_csv_column){
        .name = name, .place = index, .exponent = column.exponent, .measure = column.measure
    };
}

static void read_time(const struct config *c, struct sensor_csv_settings *csv)
{
    const char *format = config_text(c, "time format", "ISO 8601");
    csv->time_column = config_text(c, "time column", NULL);
    csv->clock_column = config_has(c, "clock column") ? config_text(c, "clock column", "") : NULL;
    csv->pattern = format;
    if (strcmp(format, "ISO 8601") == 0)
        csv->time = SENSOR_CSV_ISO;
    else if (strcmp(format, "epoch s") == 0)
        csv->time = SENSOR_CSV_EPOCH_S;
    else if (strcmp(format, "epoch ms") == 0)
        csv->time = SENSOR_CSV_EPOCH_MS;
    else if (sensor_csv_check_pattern(format))
        csv->time = SENSOR_CSV_PATTERN;
    else
        config_refuse(c, "time format",
                      "expected ISO 8601, epoch s, epoch ms, or a pattern such as \"DD.MM.YYYY "
                      "hh:mm\", found \"%.40s\"",
                      format);
    const char *zone = config_text(c, "zone", "");
    struct err err;
    if (zone != NULL && zone[0] != '\0' && !zone_find(zone, &csv->zone, &err))
        config_refuse(c, "zone", "%s", err.msg);
    if (csv->time == SENSOR_CSV_PATTERN && csv->zone.name[0] == '\0')
        config_need(c, "zone");
}

static void read_csv(struct reader *r, const struct config *c, struct setup_sensor *sensor)
{
    static const char *const keys[] = { "source",      "file",     "delimiter",     "decimal",
                                        "skip lines",  "bad rows", "time column",   "clock column",
                                        "time format", "zone",     "repeated hour", "missing",
                                        "columns",     NULL };
    static const char *const delimiters[] = { "auto", ",", ";", "tab", "|", NULL };
    static const char delimiter_of[] = { 0, ',', ';', '\t', '|' };
    static const char *const decimals[] = { ".", ",", NULL };
    static const char *const policies[] = { "skip", "stop", NULL };
    static const char *const repeats[] = { "by order", "refuse", NULL };
    struct sensor_csv_settings *csv = &sensor->csv;
    config_check_keys(c, keys);
    sensor->file = config_path(c, "file", NULL);
    csv->path = sensor->file.path;
    csv->delimiter = delimiter_of[config_choice(c, "delimiter", delimiters, 0)];
    csv->decimal = decimals[config_choice(c, "decimal", decimals, 0)][0];
    csv->skip_lines = (unsigned)config_uint(c, "skip lines", 0, 1000, 0);
    csv->stop_at_bad_rows = config_choice(c, "bad rows", policies, 0) == 1;
    csv->refuse_repeated = config_choice(c, "repeated hour", repeats, 0) == 1;
    read_time(c, csv);
    csv->missing_count = config_count(c, "missing", SENSOR_CSV_MISSING_MAX);
    for (size_t i = 0; i < csv->missing_count; i++)
        csv->missing[i] = config_list_text(c, "missing", i);
    size_t n = config_count(c, "columns", READING_COLUMNS_MAX);
    config_need(c, "columns");
    for (size_t i = 0; i < n; i++) {
        struct config column = config_element(c, "columns", i);
        read_csv_column(r, &column, csv);
    }
}

/* ------------------------------------------------------------------ hwmon */

static void read_hwmon_column(struct reader *r, const struct config *c,
                              struct sensor_hwmon_settings *hwmon)
{
    static const char *const keys[] = { "channel", "label", "property", "exponent", NULL };
    struct sensor_hwmon_column h = { .channel = NULL };
    struct column column;
    size_t index;
    config_check_keys(c, keys);
    if (config_has(c, "label"))
        h.label = config_text(c, "label", NULL);
    else
        h.channel = config_text(c, "channel", NULL);
    if (h.channel != NULL && strchr(h.channel, '/') != NULL)
        config_refuse(c, "channel", "expected a channel such as \"temp1\", found \"%.40s\"",
                      h.channel);
    if (!read_column(r, c, &column, &index))
        return;
    if (sensor_hwmon_channel_type(column.property) == NULL) {
        config_refuse(c, "property", "hwmon gives temperature and humidity only");
        return;
    }
    h.property = column.property;
    h.place = index;
    h.exponent = column.exponent;
    hwmon->column[hwmon->columns++] = h;
}

static void read_hwmon(struct reader *r, const struct config *c,
                       struct sensor_hwmon_settings *hwmon)
{
    static const char *const keys[] = { "source", "chip", "device", "interval", "columns", NULL };
    config_check_keys(c, keys);
    hwmon->sysfs_root = "/sys";
    hwmon->chip = config_text(c, "chip", NULL);
    hwmon->device = config_has(c, "device") ? config_text(c, "device", NULL) : NULL;
    hwmon->interval_ms = config_duration_ms(c, "interval", 100, DAY_MS, 0);
    config_need(c, "interval");
    size_t n = config_count(c, "columns", READING_COLUMNS_MAX);
    config_need(c, "columns");
    for (size_t i = 0; i < n; i++) {
        struct config column = config_element(c, "columns", i);
        read_hwmon_column(r, &column, hwmon);
    }
}

/* ------------------------------------------------------------------ the whole */

static void read_sensors(struct reader *r, const struct config *root)
{
    static const char *const sources[] = { "csv", "hwmon", NULL };
    struct setup *s = r->s;
    config_need(root, "sensors");
    s->sensors = config_count(root, "sensors", SETUP_SENSORS_MAX);
    for (size_t i = 0; i < s->sensors && config_good(root); i++) {
        struct config c = config_element(root, "sensors", i);
        config_need(&c, "source");
        enum setup_source source = (enum setup_source)config_choice(&c, "source", sources, 0);
        if (i > 0 && source != s->source)
            config_refuse(&c, "source", "an agent replays files or reads chips, not both");
        s->source = source;
        if (source == SETUP_CSV)
            read_csv(r, &c, &s->sensor[i]);
        else
            read_hwmon(r, &c, &s->sensor[i].hwmon);
    }
    if (config_good(root) && r->columns == 0)
        config_refuse(root, "sensors", "expected at least one sensor with one column");
}

/* Properties rise on the wire: each column's place among them. */
static void sort_columns(struct reader *r)
{
    struct setup *s = r->s;
    size_t place[READING_COLUMNS_MAX];
    for (size_t i = 0; i < r->columns; i++) {
        place[i] = 0;
        for (size_t k = 0; k < r->columns; k++)
            place[i] += r->column[k].property < r->column[i].property;
        s->agent.column[place[i]] =
            (struct agent_column){ r->column[i].property, r->column[i].exponent };
    }
    s->agent.columns = r->columns;
    for (size_t i = 0; i < s->sensors; i++) {
        for (size_t k = 0; k < s->sensor[i].csv.columns; k++)
            s->sensor[i].csv.column[k].place = place[s->sensor[i].csv.column[k].place];
        for (size_t k = 0; k < s->sensor[i].hwmon.columns; k++)
            s->sensor[i].hwmon.column[k].place = place[s->sensor[i].hwmon.column[k].place];
    }
}

static struct setup_broker read_broker(const struct config *c)
{
    static const char *const keys[] = { "host", "port", "user", "password", "ca", NULL };
    config_check_keys(c, keys);
    return (struct setup_broker){
        .host = config_text(c, "host", "127.0.0.1"),
        .port = (uint16_t)config_uint(c, "port", 1, UINT16_MAX, 1883),
        .user = config_has(c, "user") ? config_text(c, "user", NULL) : NULL,
        .password = config_has(c, "password") ? config_text(c, "password", NULL) : NULL,
        .ca = config_path(c, "ca", ""),
    };
}

/* One under `broker`, or several under `brokers`. */
static void read_brokers(struct setup *s, const struct config *root)
{
    struct config one = config_section(root, "broker");
    s->broker_count = config_count(root, "brokers", SETUP_BROKERS_MAX);
    if (s->broker_count == 0) {
        s->broker_count = 1;
        s->brokers[0] = read_broker(&one);
        return;
    }
    if (config_has(root, "broker"))
        config_refuse(root, "brokers", "\"broker\" names one already: put it into this list");
    for (size_t i = 0; i < s->broker_count; i++) {
        struct config c = config_element(root, "brokers", i);
        s->brokers[i] = read_broker(&c);
    }
}

static void read_pack(struct reader *r, const struct config *root)
{
    static const char *const keys[] = { "samples", "within", "resend", NULL };
    struct config c = config_section(root, "pack");
    size_t most = agent_pack_limit(r->columns == 0 ? 1 : r->columns);
    config_check_keys(&c, keys);
    r->s->agent.pack_samples = (size_t)config_uint(&c, "samples", 1, most, most < 60 ? most : 60);
    r->s->agent.pack_within_ms =
        config_duration_ms(&c, "within", SECOND_MS, DAY_MS, 3600 * SECOND_MS);
    r->s->agent.resend_ms = config_duration_ms(&c, "resend", 100, 3600 * SECOND_MS, 10 * SECOND_MS);
}

static void read_outbox(struct setup *s, const struct config *root)
{
    static const char *const keys[] = { "folder", "max MiB", NULL };
    struct config c = config_section(root, "outbox");
    config_check_keys(&c, keys);
    s->outbox = config_path(&c, "folder", NULL);
    s->outbox_max_bytes = config_uint(&c, "max MiB", 1, 65536, 64) * MIB;
}

static bool read_all(struct setup *s, const struct config *root)
{
    static const char *const keys[] = { "ledger",  "key",  "outbox",  "broker",
                                        "brokers", "pack", "sensors", NULL };
    struct reader r = { .s = s };
    config_check_keys(root, keys);
    s->ledger = config_path(root, "ledger", NULL);
    s->key = config_path(root, "key", NULL);
    read_outbox(s, root);
    read_brokers(s, root);
    read_sensors(&r, root);
    if (config_good(root))
        sort_columns(&r);
    read_pack(&r, root);
    return config_good(root);
}

bool setup_load(const char *path, struct setup *ret_setup, struct err *err)
{
    memset(ret_setup, 0, sizeof *ret_setup);
    struct err latch;
    if (!yaml_load(path, &ret_setup->tree, err))
        return false;
    struct config root = config_open(&ret_setup->tree, &latch);
    if (read_all(ret_setup, &root))
        return true;
    if (err != NULL)
        *err = latch;
    setup_free(ret_setup);
    return false;
}

void setup_free(struct setup *s)
{
    yaml_free(&s->tree);
}
