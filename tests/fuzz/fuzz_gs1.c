/* Payloads of other people's labels: what is read must survive being written and read again. */
#include "common/gs1_link.h"

#include <assert.h>
#include <string.h>

// NOLINTNEXTLINE(readability-identifier-naming)
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gs1_link link;
    struct gs1_link again;
    struct err err;
    char text[GS1_LINK_MAX + 1];
    if (!gs1_link_parse(slice_of(data, size), &link, &err))
        return 0;
    gs1_format_name(&link.name, text);
    struct gs1_name name;
    if (!gs1_parse_name(slice_text(text), &name, &err))
        assert(!"a name that was read can be written and read");
    gs1_format_human(&link.name, text);
    if (!gs1_link_parse(slice_text(text), &again, &err))
        assert(!"the human form can be read");
    assert(strcmp(again.name.key, link.name.key) == 0);
    assert(strcmp(again.name.part, link.name.part) == 0);
    if (!gs1_link_build("id.example.org", &link, text, &err))
        return 0;
    if (!gs1_link_parse(slice_text(text), &again, &err))
        assert(!"a link that was built can be read");
    assert(strcmp(again.name.part, link.name.part) == 0 && again.has_ledger == link.has_ledger);
    return 0;
}
