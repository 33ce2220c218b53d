/* Items of events, which are CBOR, as JSON: for the bus and for HTTP. */
#ifndef NODE_EVENT_JSON_H
#define NODE_EVENT_JSON_H

#include "common/cbor.h"
#include "common/json.h"

/* Puts the reader's next item under key (or into an array: key NULL); byte strings become hex. */
void event_json_put(struct json_doc *into, const char *key, struct cbor_reader *r);

#endif
