/* The node at work: bus, door, machine, store and HTTP in one poll loop. */
#ifndef NODE_LOOP_H
#define NODE_LOOP_H

#include "common/clock.h"
#include "node/settings.h"

/*
 * Opens the ledger, checks its chain, and runs until *stop is set (by a signal handler).
 * Returns: false when it could not start or a commit failed: nothing that was not stored was shown.
 */
bool loop_run(const struct settings *settings, const struct clock *clock, const volatile int *stop,
              struct err *err);

#endif
