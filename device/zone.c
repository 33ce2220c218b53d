#include "device/zone.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ZONE_FILES "/usr/share/zoneinfo"
#define DAY_S      86400

static bool is_zone_name(const char *name)
{
    if (name[0] == '\0' || name[0] == '/' || strlen(name) >= ZONE_NAME_SIZE ||
        strstr(name, "..") != NULL)
        return false;
    return strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/") ==
           strlen(name);
}

static bool has_zone_file(const char *name)
{
    const char *folder = getenv("TZDIR");
    char path[PATH_MAX];
    char magic[4];
    int n = snprintf(path, sizeof path, "%s/%s", folder != NULL ? folder : ZONE_FILES, name);
    if (n < 0 || (size_t)n >= sizeof path)
        return false;
    FILE *f = fopen(path, "rb");
    if (f == NULL)
        return false;
    bool good = fread(magic, 1, sizeof magic, f) == sizeof magic && memcmp(magic, "TZif", 4) == 0;
    (void)fclose(f);
    return good;
}

bool zone_find(const char *name, struct zone *ret_zone, struct err *err)
{
    if (!is_zone_name(name) || (strcmp(name, "UTC") != 0 && !has_zone_file(name)))
        return err_set(err, ERR_INPUT,
                       "expected a time zone of this machine such as \"Europe/Berlin\", found "
                       "\"%.40s\"",
                       name);
    memset(ret_zone->name, 0, sizeof ret_zone->name);
    memcpy(ret_zone->name, name, strlen(name));
    return true;
}

static void enter(const struct zone *zone)
{
    const char *now = getenv("TZ");
    if (now != NULL && strcmp(now, zone->name) == 0)
        return;
    (void)setenv("TZ", zone->name, 1);
    tzset();
}

/* Seconds east of Greenwich at an instant. */
static bool offset_at(time_t at, int64_t *ret)
{
    struct tm tm;
    if (localtime_r(&at, &tm) == NULL)
        return false;
    *ret = tm.tm_gmtoff;
    return true;
}

/*
 * The parts read as UTC are at most a day and a bit from the instant, and an offset that was in force near
 * there is the right one if it is in force at the instant it leads to.
 */
unsigned zone_instants(const struct zone *zone, const struct instant_parts *parts,
                       uint64_t ret_ms[2])
{
    static const int64_t around[] = { -DAY_S, 0, DAY_S };
    int64_t as_utc = instant_from_parts(parts);
    int64_t seconds = (as_utc - parts->ms) / 1000;
    unsigned found = 0;
    enter(zone);
    for (size_t i = 0; i < sizeof around / sizeof around[0]; i++) {
        int64_t offset;
        int64_t there;
        if (!offset_at((time_t)(seconds + around[i]), &offset) ||
            !offset_at((time_t)(seconds - offset), &there) || there != offset)
            continue;
        int64_t ms = (seconds - offset) * 1000 + parts->ms;
        bool known = ms < 0;
        for (unsigned k = 0; k < found; k++)
            known = known || ret_ms[k] == (uint64_t)ms;
        if (known || found == 2)
            continue;
        ret_ms[found++] = (uint64_t)ms;
    }
    if (found == 2 && ret_ms[0] > ret_ms[1]) {
        uint64_t later = ret_ms[0];
        ret_ms[0] = ret_ms[1];
        ret_ms[1] = later;
    }
    return found;
}
