/* Lower-case hexadecimal, the only way Waybill writes bytes as text. */
#ifndef COMMON_HEX_H
#define COMMON_HEX_H

#include "common/bytes.h"

/* Writes 2 * s.len digits and a zero to text, which holds at least 2 * s.len + 1 chars. */
void hex_encode(struct slice s, char *text);
/* Exactly len bytes from exactly 2 * len digits, either case. False, out untouched, otherwise. */
bool hex_decode(const char *text, size_t text_len, uint8_t *out, size_t len);
/* As hex_decode(), lower case only: for signed bytes, where one meaning has one form. */
bool hex_decode_lower(const char *text, size_t text_len, uint8_t *out, size_t len);

#endif
