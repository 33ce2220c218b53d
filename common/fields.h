/* Walks a map with integer keys in rising order, some required and some optional. */
#ifndef COMMON_FIELDS_H
#define COMMON_FIELDS_H

#include "common/cbor.h"

struct fields {
    struct cbor_reader *r;
    size_t left; /* pairs not yet taken */
};

struct fields fields_begin(struct cbor_reader *r);
/* True, and the key is taken, when the next key is `key`; the value follows in the reader. */
bool fields_has(struct fields *f, int64_t key);
/* As fields_has(), but its absence fails the reader. */
void fields_need(struct fields *f, int64_t key);
/* Fails the reader when pairs are left: a key this version does not know. */
void fields_end(struct fields *f);

#endif
