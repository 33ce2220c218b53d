/*
 * Foreign CSV files: whatever the bytes, each row is a sample with rising times inside the wire's bounds, or
 * is refused with a reason, and the file ends. The first byte chooses the settings.
 */
#include "device/sensor_csv.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

// NOLINTNEXTLINE(readability-identifier-naming)
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct sensor_csv sensor;

static struct sensor_csv_settings settings_of(uint8_t choice)
{
    static const enum sensor_csv_time times[] = { SENSOR_CSV_ISO, SENSOR_CSV_EPOCH_S,
                                                  SENSOR_CSV_EPOCH_MS, SENSOR_CSV_PATTERN };
    struct sensor_csv_settings s = { .path = "fuzz.csv",
                                     .decimal = (choice & 1) != 0 ? ',' : '.',
                                     .time = times[choice >> 1 & 3],
                                     .pattern = "DD.MM.YYYY hh:mm:ss AP",
                                     .refuse_repeated = (choice & 8) != 0,
                                     .skip_lines = choice >> 4 & 1,
                                     .time_column = "#1",
                                     .columns = 2 };
    if (!zone_find((choice & 32) != 0 ? "Europe/Berlin" : "UTC", &s.zone, NULL))
        assert(!"the zones are there");
    for (size_t i = 0; i < 2; i++) {
        s.column[i] = (struct sensor_csv_column){ .name = i == 0 ? "t" : "#3",
                                                  .place = i,
                                                  .exponent = (int8_t)(choice >> 6) };
        if (!measure_find(i == 0 ? "°F" : "K", "Cel", &s.column[i].measure, NULL))
            assert(!"the units are known");
    }
    return s;
}

static void check_sample(const struct agent_sample *sample, uint64_t before_ms)
{
    assert(sample->time_ms > before_ms && sample->time_ms <= TIME_MAX_MS);
    for (size_t i = 0; i < 2; i++)
        assert(!sample->present[i] ||
               (sample->value[i] <= READING_VALUE_MAX && sample->value[i] >= -READING_VALUE_MAX));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    struct sensor_csv_settings settings = settings_of(data[0]);
    FILE *stream = tmpfile();
    if (stream == NULL || fwrite(data + 1, 1, size - 1, stream) != size - 1)
        abort();
    struct err err = { .msg = "" };
    if (!sensor_csv_open_stream(&sensor, &settings, stream, &err)) {
        assert(err.msg[0] != '\0');
        return 0;
    }
    uint64_t last_ms = 0;
    size_t rows = 0;
    enum sensor_csv_result got;
    do {
        struct agent_sample sample = { .time_ms = 0 };
        err.msg[0] = '\0';
        got = sensor_csv_next(&sensor, &sample, &err);
        assert(got == SENSOR_CSV_END || got == SENSOR_CSV_ROW || err.msg[0] != '\0');
        if (got == SENSOR_CSV_ROW && (last_ms > 0 || sample.time_ms > 0)) {
            check_sample(&sample, last_ms);
            last_ms = sample.time_ms;
        }
        assert(rows++ <= size); /* each row takes a byte at least */
    } while (got == SENSOR_CSV_ROW || got == SENSOR_CSV_BAD);
    sensor_csv_close(&sensor);
    return 0;
}
