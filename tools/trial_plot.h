/*
 * A property over time in one line of text, for a terminal: eight heights, each column the farthest value of
 * its part of the time, and under it marks where a bound was passed. Nothing is averaged.
 */
#ifndef TOOLS_TRIAL_PLOT_H
#define TOOLS_TRIAL_PLOT_H

#include "contracts/terms.h"
#include "node/series.h"

#define TRIAL_PLOT_WIDTH 64
#define TRIAL_PLOT_SIZE  (TRIAL_PLOT_WIDTH * 3 + 1)

/* In: above: the columns show their largest values, else their smallest. False: there is no sample. */
bool trial_plot_line(const struct series *s, bool above, char line[TRIAL_PLOT_SIZE]);
/* "^" under each column with a value beyond a bound of one of the rules; "" when there is none. */
void trial_plot_marks(const struct series *s, uint16_t property,
                      const struct contract_definition *definition,
                      const struct contract_terms *terms, char marks[TRIAL_PLOT_WIDTH + 1]);

#endif
