#include "tests/support/transform.h"

#include <assert.h>

struct statement transform_draft(const struct make_input *input, const struct make_output *output,
                                 struct buf *memory)
{
    struct statement s = { .kind = KIND_MAKE };
    size_t begin = memory->len;
    cbor_put_array(memory, 1);
    make_put_input(memory, input);
    size_t middle = memory->len;
    cbor_put_array(memory, 1);
    make_put_output(memory, output);
    assert(!memory->failed);
    s.as.make = (struct make){
        .action = MAKE_TRANSFORM,
        .input_count = 1,
        .output_count = 1,
        .inputs = slice_of(memory->data + begin, middle - begin),
        .outputs = slice_of(memory->data + middle, memory->len - middle),
    };
    return s;
}
