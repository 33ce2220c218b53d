/*
 * A sensor that replays a CSV file as somebody else's logger wrote it. Each row becomes one sample, or is
 * named by its line with the reason why it can't be; nothing in it is guessed. Values become integers
 * exactly where that is possible, else rounded half to even.
 */
#ifndef DEVICE_SENSOR_CSV_H
#define DEVICE_SENSOR_CSV_H

#include "device/agent.h"
#include "device/csv.h"
#include "device/measure.h"
#include "device/zone.h"

#define SENSOR_CSV_MISSING_MAX 8

enum sensor_csv_time {
    SENSOR_CSV_ISO,      /* ISO 8601, with an offset or in the named zone */
    SENSOR_CSV_EPOCH_S,  /* seconds since 1970, may have a fraction */
    SENSOR_CSV_EPOCH_MS, /* milliseconds */
    SENSOR_CSV_PATTERN,  /* such as "DD.MM.YYYY hh:mm:ss", in the named zone */
};

struct sensor_csv_column {
    const char *name; /* in the header; "#3" is the third column whatever it is called */
    size_t place;     /* which of the agent's columns it fills */
    int8_t exponent;
    struct measure measure;
};

/* Texts are borrowed and live as long as the sensor. */
struct sensor_csv_settings {
    const char *path;
    char delimiter; /* 0: the one under which the header has the named columns */
    char decimal;   /* '.' or ',' */
    unsigned skip_lines;
    bool stop_at_bad_rows;
    bool
        refuse_repeated; /* an hour that the clocks showed twice: refuse it, don't go by the order of rows */
    enum sensor_csv_time time;
    const char *pattern;
    struct zone zone; /* name "": none */
    const char *time_column;
    const char *clock_column;                    /* date and time of day apart; NULL: in one */
    const char *missing[SENSOR_CSV_MISSING_MAX]; /* texts of no value, besides the usual ones */
    size_t missing_count;
    size_t columns;
    struct sensor_csv_column column[READING_COLUMNS_MAX];
};

enum sensor_csv_result {
    SENSOR_CSV_ROW,
    SENSOR_CSV_END,
    SENSOR_CSV_BAD,  /* a row passed over; err says "file:line: why" */
    SENSOR_CSV_STOP, /* no more rows can be had; err says why */
};

/* About 70 kB. */
struct sensor_csv {
    const struct sensor_csv_settings *settings;
    size_t time_at, clock_at, column_at[READING_COLUMNS_MAX]; /* fields of a row */
    size_t header_fields;
    uint64_t last_ms, last_line; /* of the row before; line 0: none */
    uint64_t rows, bad;
    bool noted_repeat;
    bool stopped;
    char note[160]; /* something to tell about the row just given; "" mostly */
    struct csv csv;
};

/* "#" pattern letters: YYYY MM DD hh mm, and ss, SSS, AP (AM or PM) if wanted; others stand for themselves. */
bool sensor_csv_check_pattern(const char *pattern);

/* Opens settings->path and finds the columns. settings must outlive the sensor. */
bool sensor_csv_open(struct sensor_csv *s, const struct sensor_csv_settings *settings,
                     struct err *err);
/* The same from a seekable stream, which is closed with the sensor (also when this fails). */
bool sensor_csv_open_stream(struct sensor_csv *s, const struct sensor_csv_settings *settings,
                            FILE *stream, struct err *err);
void sensor_csv_close(struct sensor_csv *s);

/* Fills the time and this sensor's places of ret_sample, nothing else. Times rise from row to row. */
enum sensor_csv_result sensor_csv_next(struct sensor_csv *s, struct agent_sample *ret_sample,
                                       struct err *err);

#endif
