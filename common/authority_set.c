#include "common/authority_set.h"

void authority_set_put(struct buf *out, const struct authority_set *set)
{
    cbor_put_array(out, set->count);
    for (size_t i = 0; i < set->count; i++) {
        cbor_put_array(out, 3);
        kid_put(out, &set->at[i].kid);
        key_put_cose(out, set->at[i].pub);
        kid_put(out, &set->at[i].member);
    }
}

static bool member_is_new(const struct authority_set *set, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (kid_equal(&set->at[k].member, &set->at[i].member))
            return false;
    return true;
}

bool authority_set_decode(struct slice bytes, struct authority_set *ret_set, struct err *err)
{
    if (!cbor_scan(bytes, err))
        return err_wrap(err, "authority set");
    struct cbor_reader r = cbor_reader(bytes);
    struct authority_set set = { .count = cbor_take_array(&r) };
    if (set.count == 0 || set.count > AUTHORITY_MAX)
        return err_set(err, ERR_INPUT, "authority set: %zu authorities, expected 1-%d", set.count,
                       AUTHORITY_MAX);
    for (size_t i = 0; i < set.count && !r.failed; i++) {
        struct authority *a = &set.at[i];
        cbor_take_array_of(&r, 3);
        a->kid = kid_take(&r);
        key_take_cose(&r, a->pub);
        a->member = kid_take(&r);
        struct kid own = key_kid(a->pub);
        if (!kid_equal(&own, &a->kid) || !member_is_new(&set, i) ||
            (i > 0 && kid_compare(&set.at[i - 1].kid, &a->kid) >= 0))
            cbor_fail(&r);
    }
    if (!cbor_done(&r))
        return err_set(err, ERR_INPUT, "authority set: not [kid, key, member] in order of kid");
    *ret_set = set;
    return true;
}

struct hash authority_set_hash(const struct authority_set *set)
{
    uint8_t memory[AUTHORITY_SET_SIZE_MAX + 16];
    struct buf b = buf_fixed(memory, sizeof memory);
    authority_set_put(&b, set);
    return crypto_sha256(buf_slice(&b));
}

int authority_set_find(const struct authority_set *set, const struct kid *kid)
{
    for (size_t i = 0; i < set->count; i++)
        if (kid_equal(&set->at[i].kid, kid))
            return (int)i;
    return -1;
}

size_t authority_set_quorum(const struct authority_set *set)
{
    return 2 * set->count / 3 + 1;
}
