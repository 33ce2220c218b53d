/* Foreign bytes as a SenML pack: what expands is a reading that the native form can hold. */
#include "common/senml.h"

#include <assert.h>

#define NOW_MS UINT64_C(1767225600000)

int LLVMFuzzerTestOneInput(const uint8_t *data,
                           size_t size); // NOLINT(readability-identifier-naming)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct samples samples;
    static uint8_t memory[READING_COLUMNS_MAX * READING_SAMPLES_MAX * 9 + 1024];
    struct reading reading;
    struct err err = { 0 };
    if (!cbor_scan_bounds(slice_of(data, size), NULL))
        return 0;
    if (!senml_expand(slice_of(data, size), NOW_MS, &samples, &err)) {
        assert(err.code == ERR_INPUT);
        return 0;
    }
    assert(samples.rows > 0 && samples.rows <= SENML_RECORDS_MAX);
    assert(samples.time_ms[samples.rows - 1] <= NOW_MS);
    struct buf wire = buf_fixed(memory, sizeof memory);
    if (!reading_make(&samples, &wire, &reading, &err))
        assert(!"a pack that expands can be written as a reading");
    assert(reading.samples == samples.rows && reading.columns == samples.columns);
    return 0;
}
