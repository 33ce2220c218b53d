/* A foreign text as a JSON string: any bytes in, ASCII out. For the one-line answers of the scanner. */
#ifndef SCANNER_JSON_TEXT_H
#define SCANNER_JSON_TEXT_H

#include "common/bytes.h"

/*
 * Appends "…" with its quotes. Bytes that are not printable ASCII become \u00XX, so a payload that is
 * not text comes out whole.
 */
void json_text_put(struct buf *out, struct slice text);
/* Appends "key": and the text. */
void json_text_put_member(struct buf *out, const char *key, struct slice text);
/* The same for a text in UTF-8, whose letters stay what they are; other bytes as above. */
void json_text_put_words(struct buf *out, const char *key, struct slice text);

#endif
