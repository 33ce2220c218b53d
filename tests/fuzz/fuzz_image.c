/* PNG, JPEG and PGM files as strangers make them. Runs without the sandbox, to see what it would hide. */
#include "common/image.h"

#include <assert.h>

// NOLINTNEXTLINE(readability-identifier-naming)
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct image image;
    struct err err = { .code = ERR_NONE };
    if (!image_decode(slice_of(data, size), &image, &err)) {
        assert(err.code != ERR_NONE && err.msg[0] != '\0');
        return 0;
    }
    assert(image.width > 0 && image.height > 0);
    assert((size_t)image.width * image.height <= IMAGE_MAX_PIXELS);
    volatile unsigned sum = image.grey[0]; /* both ends belong to it */
    sum += image.grey[(size_t)image.width * image.height - 1];
    image_free(&image);
    return 0;
}
