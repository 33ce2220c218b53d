#include "common/json.h"

#include "common/hex.h"

#include <assert.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define REAL_DIGITS  15 /* what a double keeps of any decimal */
#define MAX_EXPONENT 18
#define MAX_KEY      128 /* a part of a pointer */

_Static_assert(sizeof(json_int_t) == sizeof(int64_t), "jansson counts in 64 bits");

/* A struct json_doc is jansson's json_t under another name. */
static json_t *inside(struct json_doc *doc)
{
    return (json_t *)(void *)doc;
}

static const json_t *look_inside(const struct json_doc *doc)
{
    return (const json_t *)(const void *)doc;
}

static struct json_doc *wrap(json_t *value)
{
    assert(value != NULL); /* out of memory */
    return (struct json_doc *)(void *)value;
}

/* ------------------------------------------------------------------ building */

struct json_doc *json_doc_object(void)
{
    return wrap(json_object());
}

struct json_doc *json_doc_array(void)
{
    return wrap(json_array());
}

void json_doc_free(struct json_doc *root)
{
    json_decref(inside(root));
}

/* Takes over value. */
static void put(struct json_doc *into, const char *key, json_t *value)
{
    json_t *parent = inside(into);
    assert(value != NULL);
    assert(json_is_object(parent) ? key != NULL : json_is_array(parent) && key == NULL);
    int rc = key != NULL ? json_object_set_new(parent, key, value)
                         : json_array_append_new(parent, value);
    assert(rc == 0);
    (void)rc;
}

void json_doc_put_slice(struct json_doc *into, const char *key, struct slice text)
{
    const char *chars = text.len > 0 ? (const char *)text.data : "";
    json_t *value = json_stringn(chars, text.len);
    if (value == NULL) { /* not UTF-8 */
        char *copy = malloc(text.len + 1);
        assert(copy != NULL);
        for (size_t i = 0; i < text.len; i++)
            copy[i] = (unsigned char)chars[i] < 0x80 ? chars[i] : '?';
        value = json_stringn(copy, text.len);
        free(copy);
    }
    put(into, key, value);
}

void json_doc_put_text(struct json_doc *into, const char *key, const char *text)
{
    json_doc_put_slice(into, key, slice_text(text));
}

void json_doc_put_hex(struct json_doc *into, const char *key, struct slice bytes)
{
    char *text = malloc(2 * bytes.len + 1);
    assert(text != NULL);
    hex_encode(bytes, text);
    put(into, key, json_stringn_nocheck(text, 2 * bytes.len));
    free(text);
}

void json_doc_put_int(struct json_doc *into, const char *key, int64_t value)
{
    put(into, key, json_integer(value));
}

void json_doc_put_decimal(struct json_doc *into, const char *key, int64_t mantissa, int exponent)
{
    assert(exponent >= -MAX_EXPONENT && exponent <= MAX_EXPONENT);
    double power = 1;
    for (int i = 0; i < (exponent < 0 ? -exponent : exponent); i++)
        power *= 10;
    /* powers up to 10^18 are exact, so one rounding happens, and 15 digits undo it */
    double value = exponent < 0 ? (double)mantissa / power : (double)mantissa * power;
    put(into, key, exponent == 0 ? json_integer(mantissa) : json_real(value));
}

void json_doc_put_bool(struct json_doc *into, const char *key, bool value)
{
    put(into, key, json_boolean(value));
}

void json_doc_put_null(struct json_doc *into, const char *key)
{
    put(into, key, json_null());
}

struct json_doc *json_doc_put_object(struct json_doc *into, const char *key)
{
    json_t *part = json_object();
    put(into, key, part);
    return wrap(part);
}

struct json_doc *json_doc_put_array(struct json_doc *into, const char *key)
{
    json_t *part = json_array();
    put(into, key, part);
    return wrap(part);
}

void json_doc_put_doc(struct json_doc *into, const char *key, struct json_doc *part)
{
    put(into, key, inside(part));
}

/* ------------------------------------------------------------------ writing */

static int append(const char *text, size_t len, void *user)
{
    buf_add(user, text, len);
    return 0;
}

void json_doc_write(const struct json_doc *doc, unsigned indent, struct buf *out)
{
    size_t flags = JSON_SORT_KEYS | JSON_REAL_PRECISION(REAL_DIGITS) | JSON_ENCODE_ANY;
    flags |= indent > 0 ? JSON_INDENT(indent) : JSON_COMPACT;
    int rc = json_dump_callback(look_inside(doc), append, out, flags);
    assert(rc == 0);
    (void)rc;
}

/* ------------------------------------------------------------------ parsing */

/* jansson calls itself for every level: count them first. */
static bool check_depth(struct slice text, struct err *err)
{
    size_t depth = 0;
    bool quoted = false;
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.data[i];
        if (quoted && c == '\\')
            i++;
        else if (c == '"')
            quoted = !quoted;
        else if (!quoted && (c == '[' || c == '{') && ++depth > JSON_DOC_MAX_DEPTH)
            return err_set(err, ERR_INPUT, "JSON: more than %d levels", JSON_DOC_MAX_DEPTH);
        else if (!quoted && (c == ']' || c == '}') && depth > 0)
            depth--;
    }
    return true;
}

bool json_doc_parse(struct slice text, size_t max, struct json_doc **ret_root, struct err *err)
{
    json_error_t why;
    if (text.len > max)
        return err_set(err, ERR_INPUT, "JSON: larger than %zu bytes", max);
    if (!check_depth(text, err))
        return false;
    const char *chars = text.len > 0 ? (const char *)text.data : "";
    json_t *root = json_loadb(chars, text.len, JSON_REJECT_DUPLICATES, &why);
    if (root == NULL)
        return err_set(err, ERR_INPUT, "JSON: line %d, column %d: %s", why.line, why.column,
                       why.text);
    *ret_root = wrap(root);
    return true;
}

/* ------------------------------------------------------------------ reading */

/* Copies one part of a pointer, unescaped. Returns: where the next one starts, NULL when malformed. */
static const char *take_key(const char *at, char key[MAX_KEY])
{
    size_t len = 0;
    for (; *at != '\0' && *at != '/'; at++) {
        char c = *at;
        if (c == '~') {
            at++;
            if (*at != '0' && *at != '1')
                return NULL;
            c = *at == '0' ? '~' : '/';
        }
        if (len + 1 == MAX_KEY)
            return NULL;
        key[len++] = c;
    }
    key[len] = '\0';
    return at;
}

static const json_t *array_at(const json_t *array, const char *key)
{
    size_t i = 0;
    if (key[0] == '\0' || (key[0] == '0' && key[1] != '\0'))
        return NULL;
    for (; *key != '\0'; key++) {
        if (*key < '0' || *key > '9' || i > json_array_size(array))
            return NULL;
        i = i * 10 + (size_t)(*key - '0');
    }
    return json_array_get(array, i);
}

const struct json_doc *json_doc_at(const struct json_doc *doc, const char *pointer)
{
    const json_t *value = look_inside(doc);
    while (value != NULL && *pointer != '\0') {
        char key[MAX_KEY];
        if (*pointer != '/')
            return NULL;
        pointer = take_key(pointer + 1, key);
        if (pointer == NULL)
            return NULL;
        value = json_is_array(value) ? array_at(value, key) : json_object_get(value, key);
    }
    return (const struct json_doc *)(const void *)value;
}

size_t json_doc_count(const struct json_doc *doc)
{
    const json_t *value = look_inside(doc);
    return json_is_array(value) ? json_array_size(value) : json_object_size(value);
}

const struct json_doc *json_doc_element(const struct json_doc *array, size_t i)
{
    return (const struct json_doc *)(const void *)json_array_get(look_inside(array), i);
}

/* jansson walks an object that is not constant, but does not change it: the copy is only of the pointer. */
const char *json_doc_next_key(const struct json_doc *object, const char *key)
{
    json_t *value;
    memcpy(&value, &object, sizeof value);
    void *at = key != NULL ? json_object_iter_next(value, json_object_key_to_iter(key))
                           : json_object_iter(value);
    return json_object_iter_key(at);
}

const char *json_doc_kind_name(const struct json_doc *doc)
{
    if (doc == NULL)
        return "nothing";
    switch (json_typeof(look_inside(doc))) {
    case JSON_OBJECT: return "an object";
    case JSON_ARRAY: return "a list";
    case JSON_STRING: return "a text";
    case JSON_INTEGER:
    case JSON_REAL: return "a number";
    case JSON_TRUE: return "true";
    case JSON_FALSE: return "false";
    case JSON_NULL: return "null";
    }
    return "nothing";
}

bool json_doc_get_text(const struct json_doc *doc, struct slice *ret_text)
{
    const json_t *value = look_inside(doc);
    if (!json_is_string(value))
        return false;
    *ret_text = slice_of(json_string_value(value), json_string_length(value));
    return true;
}

bool json_doc_get_int(const struct json_doc *doc, int64_t *ret_value)
{
    const json_t *value = look_inside(doc);
    if (!json_is_integer(value))
        return false;
    *ret_value = json_integer_value(value);
    return true;
}

bool json_doc_get_bool(const struct json_doc *doc, bool *ret_value)
{
    const json_t *value = look_inside(doc);
    if (!json_is_boolean(value))
        return false;
    *ret_value = json_is_true(value);
    return true;
}

bool json_doc_is_null(const struct json_doc *doc)
{
    return json_is_null(look_inside(doc));
}

bool json_doc_is_object(const struct json_doc *doc)
{
    return json_is_object(look_inside(doc));
}

bool json_doc_is_array(const struct json_doc *doc)
{
    return json_is_array(look_inside(doc));
}
