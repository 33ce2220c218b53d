/* What a journey's printer writes to the standard output, as text. Failures end the test. */
#ifndef TESTS_UNIT_SUPPORT_PRINTED_H
#define TESTS_UNIT_SUPPORT_PRINTED_H

#include "tools/cmd_journey.h"

/* At most size - 1 bytes, and the zero that ends them. */
void printed_journey(const struct cmd_home *home, const struct journey *j, char *text, size_t size);

#endif
