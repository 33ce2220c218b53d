#include "node/alarms.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool alarms_set(struct alarms *a, enum alarm which, bool on, uint64_t now_ms, const char *fmt, ...)
{
    struct alarms_one *one = &a->at[which];
    bool changed = one->on != on;
    if (on) {
        va_list args;
        va_start(args, fmt);
        (void)vsnprintf(one->text, sizeof one->text, fmt, args);
        va_end(args);
    }
    if (changed)
        one->since_ms = now_ms;
    one->on = on;
    return changed;
}

const char *alarms_name(enum alarm which)
{
    static const char *const names[ALARMS_COUNT] = {
        [ALARMS_OWN_CLOCK] = "own_clock",   [ALARMS_LONE] = "lone",
        [ALARMS_ABSTAINING] = "abstaining", [ALARMS_BEHIND] = "behind",
        [ALARMS_DISK_LOW] = "disk_low",     [ALARMS_DISK_FULL] = "disk_full",
        [ALARMS_EVIDENCE] = "evidence",     [ALARMS_UNHEARD] = "unheard",
        [ALARMS_NO_MARGIN] = "no_margin",
    };
    return names[which];
}

size_t alarms_urgent(const struct alarms *a)
{
    size_t n = 0;
    for (size_t i = 0; i < ALARMS_COUNT; i++)
        n += a->at[i].on && i != ALARMS_NO_MARGIN ? 1 : 0;
    return n;
}
