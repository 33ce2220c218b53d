/*
 * Who held the goods in each second of an interval. A second is a tick of the whole-second clock: the
 * interval [from, to) has floor(to / 1 s) - floor(from / 1 s) of them, so the parts of any division add
 * up to the whole exactly and two adjacent intervals never count one second twice.
 */
#ifndef CONTRACTS_CHARGE_H
#define CONTRACTS_CHARGE_H

#include "common/err.h"
#include <stddef.h>
#include <stdint.h>

#define CHARGE_KID_SIZE   8
#define CHARGE_MAX_SHARES 64 /* different custodians in one interval */

struct charge_holder {
    uint64_t time_ms; /* from here until the next entry's time */
    bool held;        /* false: nobody; member is then zero */
    uint8_t member[CHARGE_KID_SIZE];
};

struct charge_share {
    bool held;
    uint8_t member[CHARGE_KID_SIZE];
    uint64_t seconds; /* never 0 */
};

struct charge_shares {
    size_t count;
    struct charge_share items[CHARGE_MAX_SHARES]; /* in the order they first held it */
};

/*
 * In: history: custody by rising time (of equal times the last counts); before its first entry nobody
 *     holds. from_ms <= to_ms.
 * Returns: false with ERR_BUSY when more than CHARGE_MAX_SHARES custodians took part, ERR_INPUT when
 *     the history or the interval is out of order.
 */
bool charge_split(const struct charge_holder *history, size_t count, uint64_t from_ms,
                  uint64_t to_ms, struct charge_shares *ret_shares, struct err *err);

#endif
