/*
 * The agent's configuration file. Every complaint names file, line and key. Texts belong to the tree inside:
 * they live until setup_free().
 */
#ifndef DEVICE_SETUP_H
#define DEVICE_SETUP_H

#include "common/config.h"
#include "device/agent.h"
#include "device/sensor_csv.h"
#include "device/sensor_hwmon.h"

#define SETUP_SENSORS_MAX 16
#define SETUP_BROKERS_MAX 8

enum setup_source {
    SETUP_CSV,
    SETUP_HWMON,
};

struct setup_sensor {
    struct config_file file; /* of a CSV sensor */
    struct sensor_csv_settings csv;
    struct sensor_hwmon_settings hwmon;
};

struct setup_broker {
    const char *host;
    uint16_t port;
    const char *user, *password; /* NULL: none; no user: the key's kid */
    struct config_file ca;       /* "": no TLS */
};

/* About 200 kB. */
struct setup {
    struct yaml_tree tree;
    struct config_file ledger; /* its public identity */
    struct config_file key;
    struct config_file outbox; /* a folder */
    uint64_t outbox_max_bytes;
    size_t broker_count; /* at least one: of any authority, in the order of preference */
    struct setup_broker brokers[SETUP_BROKERS_MAX];
    struct agent_settings agent;
    enum setup_source source; /* of all sensors: files are replayed, or chips read */
    size_t sensors;
    struct setup_sensor sensor[SETUP_SENSORS_MAX];
};

/* On success the caller releases with setup_free(). */
bool setup_load(const char *path, struct setup *ret_setup, struct err *err);
void setup_free(struct setup *s);

#endif
