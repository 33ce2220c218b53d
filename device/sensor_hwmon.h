/*
 * A sensor of this machine, read through Linux hwmon (Documentation/hwmon/sysfs-interface): tempN_input in
 * thousandths of °C, humidityN_input in thousandths of %. Chips are found by name each time, because their
 * numbers change from boot to boot. A value that can't be read is a null, with a reason.
 */
#ifndef DEVICE_SENSOR_HWMON_H
#define DEVICE_SENSOR_HWMON_H

#include "device/agent.h"

struct sensor_hwmon_column {
    const char *channel; /* "temp1", "humidity1"; NULL: by label */
    const char *label;   /* what temp1_label says; NULL: by channel */
    uint16_t property;   /* PROPERTY_TEMPERATURE or PROPERTY_HUMIDITY */
    size_t place;
    int8_t exponent;
};

/* Texts are borrowed. */
struct sensor_hwmon_settings {
    const char *sysfs_root; /* "/sys" */
    const char *chip;       /* content of hwmonN/name */
    const char *device;     /* last part of hwmonN/device, to tell two alike chips apart; NULL */
    uint64_t interval_ms;
    size_t columns;
    struct sensor_hwmon_column column[READING_COLUMNS_MAX];
};

/* "temp" or "humidity" for the property; NULL: hwmon has no such channels. */
const char *sensor_hwmon_channel_type(uint16_t property);

/*
 * Fills this sensor's places of ret_sample; the time is the caller's.
 * Returns: false when a value is null; err says why the first one is.
 */
bool sensor_hwmon_read(const struct sensor_hwmon_settings *s, struct agent_sample *ret_sample,
                       struct err *err);

#endif
