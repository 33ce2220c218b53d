#include "node/event_json.h"

void event_json_put(struct json_doc *into, const char *key, struct cbor_reader *r)
{
    struct json_doc *list;
    switch (cbor_peek(r)) {
    case CBOR_UINT:
    case CBOR_NINT: json_doc_put_int(into, key, cbor_take_int(r)); return;
    case CBOR_BYTES: json_doc_put_hex(into, key, cbor_take_bytes(r, 0, SIZE_MAX)); return;
    case CBOR_TEXT: json_doc_put_slice(into, key, cbor_take_text(r, 0, SIZE_MAX)); return;
    case CBOR_BOOL: json_doc_put_bool(into, key, cbor_take_bool(r)); return;
    case CBOR_ARRAY:
        list = json_doc_put_array(into, key);
        for (size_t n = cbor_take_array(r); n > 0 && !r->failed; n--)
            event_json_put(list, NULL, r);
        return;
    case CBOR_NULL:
    case CBOR_MAP:
    case CBOR_FLOAT:
    case CBOR_END: break;
    }
    (void)cbor_take_item(r);
    json_doc_put_null(into, key);
}
