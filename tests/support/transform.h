/* A making of one entry of inputs and one of outputs, as most tests of goods want it. */
#ifndef TESTS_SUPPORT_TRANSFORM_H
#define TESTS_SUPPORT_TRANSFORM_H

#include "common/statement.h"

/* The entries go into memory, which the draft borrows. */
struct statement transform_draft(const struct make_input *input, const struct make_output *output,
                                 struct buf *memory);

#endif
