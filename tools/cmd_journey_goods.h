/*
 * What happened to goods themselves, in a journey: packing, making, recalls, certificates, corrections,
 * findings. A line keeps its event as it was proven; its words are made of that.
 */
#ifndef TOOLS_CMD_JOURNEY_GOODS_H
#define TOOLS_CMD_JOURNEY_GOODS_H

#include "tools/cmd_journey.h"

/* Is it told by JOURNEY_GOODS? */
bool journey_goods_is(enum event_what what);

/* Once, when all events are in: which lines were corrected or disputed, and how the goods stand. */
void journey_goods_settle(struct journey *j);

/* Without a line end. */
void journey_goods_print(const struct cmd_home *home, const struct journey_line *line);
/* Lines above the verdict: findings that stand; how the goods ended. */
void journey_goods_print_standing(const struct journey *j);

/* Adds to a line's object; and to the whole document. */
void journey_goods_json(const struct cmd_home *home, const struct journey_line *line,
                        struct json_doc *doc);
void journey_goods_json_standing(const struct cmd_home *home, const struct journey *j,
                                 struct json_doc *doc);

#endif
