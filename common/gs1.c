#include "common/gs1.h"

#include <assert.h>
#include <string.h>

static const struct gs1_ai ai_table[] = {
    { .ai = "00",
      .min_len = 18,
      .max_len = 18,
      .numeric = true,
      .check_digit = true,
      .fixed = true },
    { .ai = "01",
      .min_len = 14,
      .max_len = 14,
      .numeric = true,
      .check_digit = true,
      .fixed = true },
    { .ai = "10", .min_len = 1, .max_len = GS1_PART_MAX },
    { .ai = "21", .min_len = 1, .max_len = GS1_PART_MAX },
    { .ai = "414",
      .min_len = 13,
      .max_len = 13,
      .numeric = true,
      .check_digit = true,
      .fixed = true },
};

static const struct kind_row {
    const char *key_ai;
    const char *part_ai; /* NULL: the key stands alone */
    const char *key_word;
} kind_table[] = {
    [GS1_UNIT] = { "01", "21", "GTIN" },
    [GS1_LOT] = { "01", "10", "GTIN" },
    [GS1_LOGISTIC] = { "00", NULL, "SSCC" },
    [GS1_PLACE] = { "414", NULL, "GLN" },
};

#define SHOWN_MAX 72 /* of a foreign text quoted in a message */

/* Foreign text made fit for a terminal: printable ASCII, cut. */
static const char *show(struct slice text, char shown[SHOWN_MAX + 4])
{
    size_t len = text.len < SHOWN_MAX ? text.len : SHOWN_MAX;
    for (size_t i = 0; i < len; i++)
        shown[i] = text.data[i] >= ' ' && text.data[i] < 0x7f ? (char)text.data[i] : '?';
    memcpy(shown + len, len < text.len ? "..." : "", len < text.len ? 4 : 1);
    return shown;
}

const struct gs1_ai *gs1_find_ai(struct slice ai)
{
    for (size_t i = 0; i < sizeof ai_table / sizeof ai_table[0]; i++)
        if (slice_equal(ai, slice_text(ai_table[i].ai)))
            return &ai_table[i];
    return NULL;
}

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static bool is_in_82(uint8_t c)
{
    for (const char *at = GS1_82; *at != '\0'; at++)
        if ((uint8_t)*at == c)
            return true;
    return false;
}

bool gs1_value_fits(const struct gs1_ai *ai, struct slice value)
{
    if (value.len < ai->min_len || value.len > ai->max_len)
        return false;
    for (size_t i = 0; i < value.len; i++) {
        uint8_t c = value.data[i];
        if (ai->numeric ? !is_digit(c) : !is_in_82(c))
            return false;
    }
    return true;
}

char gs1_check_digit(struct slice digits)
{
    unsigned sum = 0;
    for (size_t i = 0; i < digits.len; i++) {
        uint8_t c = digits.data[digits.len - 1 - i];
        assert(is_digit(c));
        sum += (unsigned)(c - '0') * (i % 2 == 0 ? 3U : 1U);
    }
    return (char)('0' + (10 - sum % 10) % 10);
}

static bool refuse_form(struct slice text, struct err *err)
{
    char shown[SHOWN_MAX + 4];
    return err_set(err, ERR_INPUT,
                   "expected a name such as 01/GTIN/21/SERIAL, 01/GTIN/10/LOT, 00/SSCC or 414/GLN, "
                   "found \"%s\"",
                   show(text, shown));
}

static bool starts_with_ai(struct slice text, const char *ai)
{
    size_t len = strlen(ai);
    return text.len > len && memcmp(text.data, ai, len) == 0 && text.data[len] == '/';
}

static const struct gs1_ai *known_ai(const char *ai)
{
    const struct gs1_ai *row = gs1_find_ai(slice_text(ai));
    assert(row != NULL);
    return row;
}

static bool fill_key(const struct kind_row *row, struct slice key, struct gs1_name *name,
                     struct err *err)
{
    const struct gs1_ai *ai = known_ai(row->key_ai);
    char shown[SHOWN_MAX + 4];
    if (!gs1_value_fits(ai, key))
        return err_set(err, ERR_INPUT, "%s: expected %zu digits, found \"%s\"", row->key_word,
                       ai->max_len, show(key, shown));
    memcpy(name->key, key.data, key.len);
    return true;
}

static bool fill_part(const struct kind_row *row, struct slice part, struct gs1_name *name,
                      struct err *err)
{
    char shown[SHOWN_MAX + 4];
    if (!gs1_value_fits(known_ai(row->part_ai), part))
        return err_set(err, ERR_INPUT,
                       "%s: expected 1 to %d characters out of A-Z a-z 0-9 "
                       "! \" %% & ' ( ) * + , - . / : ; < = > ? _, found \"%s\"",
                       name->kind == GS1_UNIT ? "serial" : "lot", GS1_PART_MAX, show(part, shown));
    memcpy(name->part, part.data, part.len);
    return true;
}

/* After "01/": fourteen digits, "/21/" or "/10/", and the rest. */
static bool parse_trade_item(struct slice text, struct slice rest, struct gs1_name *name,
                             struct err *err)
{
    const uint8_t *slash = memchr(rest.data, '/', rest.len);
    if (slash == NULL)
        return err_set(
            err, ERR_INPUT,
            "a GTIN alone names a product, not goods: expected /21/SERIAL or /10/LOT after it");
    size_t key_len = (size_t)(slash - rest.data);
    struct slice tail = slice_from(rest, key_len + 1, rest.len - key_len - 1);
    if (starts_with_ai(tail, "21"))
        name->kind = GS1_UNIT;
    else if (starts_with_ai(tail, "10"))
        name->kind = GS1_LOT;
    else
        return refuse_form(text, err);
    const struct kind_row *row = &kind_table[name->kind];
    return fill_key(row, slice_from(rest, 0, key_len), name, err) &&
           fill_part(row, slice_from(tail, 3, tail.len - 3), name, err);
}

bool gs1_parse_name(struct slice text, struct gs1_name *ret_name, struct err *err)
{
    struct gs1_name name = { .kind = GS1_UNIT };
    bool good;
    if (starts_with_ai(text, "01")) {
        good = parse_trade_item(text, slice_from(text, 3, text.len - 3), &name, err);
    } else if (starts_with_ai(text, "00")) {
        name.kind = GS1_LOGISTIC;
        good = fill_key(&kind_table[GS1_LOGISTIC], slice_from(text, 3, text.len - 3), &name, err);
    } else if (starts_with_ai(text, "414")) {
        name.kind = GS1_PLACE;
        good = fill_key(&kind_table[GS1_PLACE], slice_from(text, 4, text.len - 4), &name, err);
    } else {
        good = refuse_form(text, err);
    }
    if (good)
        *ret_name = name;
    return good;
}

bool gs1_parse_asset(struct slice text, struct gs1_name *ret_name, struct err *err)
{
    struct gs1_name name;
    if (!gs1_parse_name(text, &name, err))
        return false;
    if (name.kind == GS1_PLACE)
        return err_set(err, ERR_INPUT, "414/%s is a place; expected goods", name.key);
    *ret_name = name;
    return true;
}

static bool check_last_digit(const char *word, struct slice key, struct err *err)
{
    char right = gs1_check_digit(slice_from(key, 0, key.len - 1));
    char found = (char)key.data[key.len - 1];
    if (found == right)
        return true;
    return err_set(err, ERR_INPUT, "%s %.*s: the check digit should be %c, found %c", word,
                   (int)key.len, (const char *)key.data, right, found);
}

bool gs1_check_name(const struct gs1_name *name, struct err *err)
{
    return check_last_digit(kind_table[name->kind].key_word, slice_text(name->key), err);
}

bool gs1_check_key(const char *ai, struct slice key, struct err *err)
{
    for (size_t i = 0; i < sizeof kind_table / sizeof kind_table[0]; i++) {
        if (strcmp(kind_table[i].key_ai, ai) != 0)
            continue;
        struct gs1_name scratch = { .kind = GS1_UNIT };
        return fill_key(&kind_table[i], key, &scratch, err) &&
               check_last_digit(kind_table[i].key_word, key, err);
    }
    assert(!"an identifier of a key");
    return false;
}

static void add_text(struct buf *out, const char *text)
{
    buf_add_slice(out, slice_text(text));
}

void gs1_format_name(const struct gs1_name *name, char *text)
{
    const struct kind_row *row = &kind_table[name->kind];
    struct buf out = buf_fixed(text, GS1_NAME_MAX + 1);
    add_text(&out, row->key_ai);
    add_text(&out, "/");
    add_text(&out, name->key);
    if (row->part_ai != NULL) {
        add_text(&out, "/");
        add_text(&out, row->part_ai);
        add_text(&out, "/");
        add_text(&out, name->part);
    }
    buf_add_byte(&out, '\0');
    assert(!out.failed);
}

void gs1_format_human(const struct gs1_name *name, char *text)
{
    const struct kind_row *row = &kind_table[name->kind];
    struct buf out = buf_fixed(text, GS1_HUMAN_MAX + 1);
    add_text(&out, "(");
    add_text(&out, row->key_ai);
    add_text(&out, ")");
    add_text(&out, name->key);
    if (row->part_ai != NULL) {
        add_text(&out, "(");
        add_text(&out, row->part_ai);
        add_text(&out, ")");
        for (const char *c = name->part; *c != '\0'; c++) {
            if (*c == '(')
                add_text(&out, "\\");
            buf_add(&out, c, 1);
        }
    }
    buf_add_byte(&out, '\0');
    assert(!out.failed);
}
