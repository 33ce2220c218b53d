#include "contracts/charge.h"

#include <string.h>

#define MS_PER_SECOND 1000

static uint64_t whole_seconds(uint64_t from_ms, uint64_t to_ms)
{
    return to_ms / MS_PER_SECOND - from_ms / MS_PER_SECOND;
}

/* Zero seconds leave no share behind. */
static bool add_share(struct charge_shares *shares, const struct charge_holder *holder,
                      uint64_t seconds, struct err *err)
{
    if (seconds == 0)
        return true;
    for (size_t i = 0; i < shares->count; i++) {
        struct charge_share *s = &shares->items[i];
        if (s->held != holder->held ||
            (s->held && memcmp(s->member, holder->member, CHARGE_KID_SIZE) != 0))
            continue;
        s->seconds += seconds;
        return true;
    }
    if (shares->count == CHARGE_MAX_SHARES)
        return err_set(err, ERR_BUSY, "more than %d custodians in one excursion",
                       CHARGE_MAX_SHARES);
    struct charge_share *s = &shares->items[shares->count++];
    *s = (struct charge_share){ .held = holder->held, .seconds = seconds };
    if (holder->held)
        memcpy(s->member, holder->member, CHARGE_KID_SIZE);
    return true;
}

bool charge_split(const struct charge_holder *history, size_t count, uint64_t from_ms,
                  uint64_t to_ms, struct charge_shares *ret_shares, struct err *err)
{
    if (from_ms > to_ms)
        return err_set(err, ERR_INPUT, "an interval that ends before it begins");
    static const struct charge_holder nobody = { .held = false };
    const struct charge_holder *holder = &nobody;
    struct charge_shares shares = { 0 };
    uint64_t at = from_ms; /* everything before is charged */
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && history[i].time_ms < history[i - 1].time_ms)
            return err_set(err, ERR_INPUT, "custody that does not rise in time");
        uint64_t change = history[i].time_ms < to_ms ? history[i].time_ms : to_ms;
        if (change > at) {
            if (!add_share(&shares, holder, whole_seconds(at, change), err))
                return false;
            at = change;
        }
        holder = &history[i];
    }
    /* Custody that begins at or after the end holds none of it: the interval is then charged. */
    if (at < to_ms && !add_share(&shares, holder, whole_seconds(at, to_ms), err))
        return false;
    *ret_shares = shares;
    return true;
}
