/* Base64 (RFC 4648 section 4): the one canonical form, padded, nothing ignored. Pure. */
#ifndef COMMON_BASE64_H
#define COMMON_BASE64_H

#include "common/bytes.h"

void base64_put(struct buf *out, struct slice bytes);
/* Appends what text stands for. False, out as it was, when it is not exactly how those bytes are written. */
bool base64_take(struct slice text, struct buf *out);

#endif
