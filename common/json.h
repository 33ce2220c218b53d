/*
 * JSON for people and for other programs: the only file that includes jansson. The ledger itself never
 * sees JSON. Output has its keys sorted, so that the same content gives the same bytes.
 *
 * A document is a tree; its parts are borrowed from its root, which json_doc_free() releases. Building
 * cannot fail, short of memory, which is an assertion.
 */
#ifndef COMMON_JSON_H
#define COMMON_JSON_H

#include "common/bytes.h"
#include "common/err.h"

#define JSON_DOC_MAX_DEPTH 32

struct json_doc;

struct json_doc *json_doc_object(void);
struct json_doc *json_doc_array(void);
void json_doc_free(struct json_doc *root);

/*
 * Each puts a value into an object under key, replacing an earlier one, or at the end of an array: then
 * key is NULL. Text that is not UTF-8 loses its foreign bytes to "?".
 */
void json_doc_put_text(struct json_doc *into, const char *key, const char *text);
void json_doc_put_slice(struct json_doc *into, const char *key, struct slice text);
void json_doc_put_hex(struct json_doc *into, const char *key, struct slice bytes);
void json_doc_put_int(struct json_doc *into, const char *key, int64_t value);
/* mantissa * 10^exponent as a number: (81, -1) is 8.1. Exact up to 15 digits. For display only. */
void json_doc_put_decimal(struct json_doc *into, const char *key, int64_t mantissa, int exponent);
void json_doc_put_bool(struct json_doc *into, const char *key, bool value);
void json_doc_put_null(struct json_doc *into, const char *key);
/* Returns: the new part, borrowed, to be filled. */
struct json_doc *json_doc_put_object(struct json_doc *into, const char *key);
struct json_doc *json_doc_put_array(struct json_doc *into, const char *key);
/* Moves the root of another document in. */
void json_doc_put_doc(struct json_doc *into, const char *key, struct json_doc *part);

/* Appends the text, with no line end. indent: spaces a level, 0 for one line. */
void json_doc_write(const struct json_doc *doc, unsigned indent, struct buf *out);

/*
 * Parses one object or array of at most max bytes and JSON_DOC_MAX_DEPTH levels; a key given twice is
 * refused. err names line and column.
 */
bool json_doc_parse(struct slice text, size_t max, struct json_doc **ret_root, struct err *err);

/* The part a JSON Pointer (RFC 6901) such as "/sensors/0/name" names, or NULL. doc may be NULL. */
const struct json_doc *json_doc_at(const struct json_doc *doc, const char *pointer);
/* Elements of an array or members of an object; 0 for all else. */
size_t json_doc_count(const struct json_doc *doc);
const struct json_doc *json_doc_element(const struct json_doc *array, size_t i);
/* The key of an object that comes after this one, in the order they were written; NULL: the first. */
const char *json_doc_next_key(const struct json_doc *object, const char *key);
/* What a part is, for messages: "an object", "a list", "a text" …; "nothing" when doc is NULL. */
const char *json_doc_kind_name(const struct json_doc *doc);
/* False, ret untouched, when doc is NULL or of another kind. Text is borrowed, and zero-terminated. */
bool json_doc_get_text(const struct json_doc *doc, struct slice *ret_text);
bool json_doc_get_int(const struct json_doc *doc, int64_t *ret_value);
bool json_doc_get_bool(const struct json_doc *doc, bool *ret_value);
bool json_doc_is_null(const struct json_doc *doc);
bool json_doc_is_object(const struct json_doc *doc);
bool json_doc_is_array(const struct json_doc *doc);

#endif
