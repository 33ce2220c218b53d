#include "device/sensor_hwmon.h"

#include "device/measure.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MILLI        (-3)
#define CHANNELS_MAX 64
#define TEXT_MAX     128

/* The folder of one chip. */
struct chip {
    char path[PATH_MAX];
};

const char *sensor_hwmon_channel_type(uint16_t property)
{
    return property == PROPERTY_TEMPERATURE ? "temp"
           : property == PROPERTY_HUMIDITY  ? "humidity"
                                            : NULL;
}

/* One line of text without its end. */
static bool read_text(const struct chip *chip, const char *name, char text[TEXT_MAX],
                      struct err *err)
{
    char path[PATH_MAX];
    int len = snprintf(path, sizeof path, "%s/%s", chip->path, name);
    if (len < 0 || (size_t)len >= sizeof path)
        return err_set(err, ERR_IO, "%s: the path is too long", name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, text, TEXT_MAX - 1);
    int why = errno;
    if (fd >= 0)
        (void)close(fd);
    if (n < 0)
        return err_set(err, why == ENOENT ? ERR_NOT_FOUND : ERR_IO, "%.180s: %s", path,
                       strerror(why));
    text[n] = '\0';
    text[strcspn(text, "\n")] = '\0';
    return true;
}

static bool is_device(const struct chip *chip, const char *device)
{
    char path[PATH_MAX];
    char target[PATH_MAX];
    int len = snprintf(path, sizeof path, "%s/device", chip->path);
    if (len < 0 || (size_t)len >= sizeof path)
        return false;
    ssize_t n = readlink(path, target, sizeof target - 1);
    if (n < 0)
        return false;
    target[n] = '\0';
    const char *slash = strrchr(target, '/');
    return strcmp(slash == NULL ? target : slash + 1, device) == 0;
}

static bool is_chip(const struct sensor_hwmon_settings *s, const struct chip *chip)
{
    char name[TEXT_MAX];
    return read_text(chip, "name", name, NULL) && strcmp(name, s->chip) == 0 &&
           (s->device == NULL || is_device(chip, s->device));
}

static bool find_chip(const struct sensor_hwmon_settings *s, struct chip *ret, struct err *err)
{
    char folder[PATH_MAX];
    int len = snprintf(folder, sizeof folder, "%s/class/hwmon", s->sysfs_root);
    DIR *dir = len > 0 && (size_t)len < sizeof folder ? opendir(folder) : NULL;
    if (dir == NULL)
        return err_set(err, ERR_IO, "%.150s: %s", folder, strerror(errno));
    size_t found = 0;
    const struct dirent *entry;
    // NOLINTNEXTLINE(concurrency-mt-unsafe): one thread
    while ((entry = readdir(dir)) != NULL) {
        struct chip chip;
        len = snprintf(chip.path, sizeof chip.path, "%.3500s/%.255s", folder, entry->d_name);
        if (entry->d_name[0] == '.' || len < 0 || !is_chip(s, &chip))
            continue;
        *ret = chip;
        found++;
    }
    (void)closedir(dir);
    if (found == 1)
        return true;
    if (found == 0)
        return err_set(err, ERR_NOT_FOUND, "%.150s: no chip \"%.40s\"%s%.40s", folder, s->chip,
                       s->device != NULL ? " at " : "", s->device != NULL ? s->device : "");
    return err_set(err, ERR_INPUT, "%.150s: %zu chips \"%.40s\"; name the device as well", folder,
                   found, s->chip);
}

/* "temp2" for the channel of the wanted label. */
static bool find_channel(const struct chip *chip, const struct sensor_hwmon_column *c,
                         char ret[TEXT_MAX], struct err *err)
{
    if (c->channel != NULL) {
        (void)snprintf(ret, TEXT_MAX, "%.60s", c->channel);
        return true;
    }
    const char *type = sensor_hwmon_channel_type(c->property);
    for (unsigned i = 1; i <= CHANNELS_MAX; i++) {
        char name[TEXT_MAX];
        char label[TEXT_MAX];
        (void)snprintf(name, sizeof name, "%s%u_label", type, i);
        if (!read_text(chip, name, label, NULL) || strcmp(label, c->label) != 0)
            continue;
        (void)snprintf(ret, TEXT_MAX, "%s%u", type, i);
        return true;
    }
    return err_set(err, ERR_NOT_FOUND, "%.150s: no %s channel is labelled \"%.40s\"", chip->path,
                   type, c->label);
}

static bool read_value(const struct chip *chip, const struct sensor_hwmon_column *c,
                       int64_t *ret_value, struct err *err)
{
    static const struct measure plain = { .kind = MEASURE_SCALED, .factor = 1 };
    char channel[TEXT_MAX];
    char file[TEXT_MAX + 8];
    char text[TEXT_MAX];
    struct measure_number n;
    if (!find_channel(chip, c, channel, err))
        return false;
    (void)snprintf(file, sizeof file, "%s_input", channel);
    if (!read_text(chip, file, text, err))
        return false;
    if (!measure_parse(text, '.', &n) || n.exponent != 0)
        return err_set(err, ERR_INPUT, "%.150s/%s: expected a whole number, found \"%.30s\"",
                       chip->path, file, text);
    n.exponent = MILLI;
    return measure_convert(&plain, n, c->exponent, ret_value) ||
           err_set(err, ERR_INPUT, "%.150s/%s: \"%.30s\" is too large", chip->path, file, text);
}

bool sensor_hwmon_read(const struct sensor_hwmon_settings *s, struct agent_sample *ret_sample,
                       struct err *err)
{
    struct chip chip;
    bool good = find_chip(s, &chip, err);
    bool found = good;
    for (size_t i = 0; i < s->columns; i++) {
        const struct sensor_hwmon_column *c = &s->column[i];
        int64_t value = 0;
        bool present = found && read_value(&chip, c, &value, good ? err : NULL);
        ret_sample->present[c->place] = present;
        ret_sample->value[c->place] = present ? value : 0;
        good = good && present;
    }
    return good;
}
