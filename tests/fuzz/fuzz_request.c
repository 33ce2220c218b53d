/* Foreign bytes as an enrolment request, and as any COSE message that Waybill knows. */
#include "common/enrol.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data,
                           size_t size); // NOLINT(readability-identifier-naming)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cose cose;
    struct enrol_request request;
    struct err err = { 0 };
    struct slice bytes = slice_of(data, size);
    bool parsed = cose_parse(bytes, &cose, &err);
    assert(parsed || err.code == ERR_INPUT);
    bool is_request = enrol_request_parse(bytes, &request, &err);
    assert(!is_request || (parsed && cose.type == COSE_REQUEST));
    if (is_request) {
        struct kid own = key_kid(request.pub);
        assert(kid_equal(&own, &cose.kid));
        if (size <= ENROL_REQUEST_MAX)
            (void)enrol_request_verify(&request);
    }
    if (parsed)
        assert((cose.type == COSE_RECEIPT) == (cose.proof.len > 0));
    return 0;
}
