#include "common/fields.h"

struct fields fields_begin(struct cbor_reader *r)
{
    size_t pairs = cbor_take_map(r);
    return (struct fields){ .r = r, .left = pairs };
}

bool fields_has(struct fields *f, int64_t key)
{
    if (f->left == 0 || f->r->failed)
        return false;
    struct cbor_reader ahead = *f->r;
    if (cbor_take_int(&ahead) != key || ahead.failed)
        return false;
    *f->r = ahead;
    f->left--;
    return true;
}

void fields_need(struct fields *f, int64_t key)
{
    if (!fields_has(f, key))
        cbor_fail(f->r);
}

void fields_end(struct fields *f)
{
    if (f->left != 0)
        cbor_fail(f->r);
}
