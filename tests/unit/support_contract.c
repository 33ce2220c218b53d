#include "tests/unit/support_contract.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "contracts/compile.h"

static bool compile(const char *yaml, struct buf *out, struct err *err)
{
    struct yaml_tree tree = { 0 };
    if (!yaml_parse("c.yaml", slice_text(yaml), &tree, err))
        return false;
    bool good = compile_contract(&tree, out, err);
    yaml_tree_free(&tree);
    return good;
}

void support_contract_compile(const char *yaml, struct buf *out)
{
    struct err err = { 0 };
    if (!compile(yaml, out, &err))
        fail_msg("%s", err.msg);
}

void support_contract_make(const char *yaml, struct support_contract *ret)
{
    struct err err = { 0 };
    struct slice none = { NULL, 0 };
    struct buf out = buf_fixed(ret->bytes, sizeof ret->bytes);
    if (!compile(yaml, &out, &err))
        fail_msg("%s", err.msg);
    ret->len = out.len;
    if (!definition_decode(buf_slice(&out), &ret->def, &err))
        fail_msg("%s", err.msg);
    if (!terms_bind(&ret->def, none, &ret->terms, &err))
        fail_msg("%s", err.msg);
}

void support_contract_refused(const char *yaml, const char *message)
{
    struct err err = { 0 };
    uint8_t bytes[DEFINITION_MAX_BYTES];
    struct buf out = buf_fixed(bytes, sizeof bytes);
    assert_false(compile(yaml, &out, &err));
    assert_string_equal(err.msg, message);
    assert_int_equal(out.len, 0);
}

void support_contract_error(const char *yaml, struct err *ret_err)
{
    static uint8_t bytes[DEFINITION_MAX_BYTES];
    struct buf out = buf_fixed(bytes, sizeof bytes);
    assert_false(compile(yaml, &out, ret_err));
}

uint64_t support_contract_random(uint64_t *seed)
{
    *seed ^= *seed >> 12;
    *seed ^= *seed << 25;
    *seed ^= *seed >> 27;
    return *seed * UINT64_C(2685821657736338717);
}
