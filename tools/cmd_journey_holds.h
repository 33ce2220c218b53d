/*
 * What holds a journey's goods back: recalls and quarantines of their own name, which their events tell of, and
 * of their lot, of which the state alone knows.
 */
#ifndef TOOLS_CMD_JOURNEY_HOLDS_H
#define TOOLS_CMD_JOURNEY_HOLDS_H

#include "tools/cmd_journey.h"

/* The goods, or their lot, are recalled, or were rejected in quarantine. */
bool journey_holds_stop(const struct journey *j);
/* Anything at all, a quarantine too. */
bool journey_holds_any(const struct journey *j);

/* Lines above the verdict. In: pinned: as journey_print(). */
void journey_holds_print(const struct cmd_home *home, const struct journey *j, bool pinned);
/* Adds to an object of their own. */
void journey_holds_json(const struct cmd_home *home, const struct journey *j, struct json_doc *doc);

#endif
