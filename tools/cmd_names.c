#include "tools/cmd_names.h"

#include "common/custody.h"
#include "common/gs1_link.h"
#include "common/instant.h"
#include "common/quantity.h"

#include <stdlib.h>
#include <string.h>

#define AMOUNT_MANTISSA_MAX (INT64_C(1) << 53)
#define PREFIX_FROM         16 /* so many names are worth writing their common beginning once */

bool cmd_names_asset(const char *text, char ret_name[GS1_NAME_MAX + 1], struct err *err)
{
    struct gs1_link link;
    if (!gs1_link_parse(slice_text(text), &link, err))
        return false;
    if (link.name.kind == GS1_PLACE)
        return err_set(err, ERR_INPUT, "\"%.80s\" is a place; expected goods", text);
    if (!gs1_check_name(&link.name, err))
        return false;
    gs1_format_name(&link.name, ret_name);
    return true;
}

/* ------------------------------------------------------------------ sets */

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool take_set(struct buf *memory, struct asset_set *ret_set, struct err *err)
{
    struct cbor_reader r = cbor_reader(buf_slice(memory));
    *ret_set = asset_set_take(&r);
    return (!memory->failed && cbor_done(&r)) ||
           err_set(err, ERR_INPUT, "these goods make no set: at most %d, no name twice",
                   ASSET_SET_MAX);
}

/* How much the first and the last of a sorted list share: then all do. */
static size_t shared_prefix(const char *first, const char *last)
{
    size_t len = 0;
    while (first[len] != '\0' && first[len] == last[len])
        len++;
    while (len > 0 && ((uint8_t)first[len] & 0xc0) == 0x80) /* not within a character */
        len--;
    return len;
}

/* [name, …], or [prefix, [suffix, …]] where that is shorter. Names rise strictly on the wire. */
static void put_sorted(const char *const *sorted, size_t count, struct buf *memory)
{
    size_t shared = count > 1 ? shared_prefix(sorted[0], sorted[count - 1]) : 0;
    if (count < PREFIX_FROM)
        shared = 0;
    if (shared > 0) {
        cbor_put_array(memory, 2);
        cbor_put_text(memory, slice_of(sorted[0], shared));
    }
    cbor_put_array(memory, count);
    for (size_t i = 0; i < count; i++)
        cbor_put_text(memory, slice_text(sorted[i] + shared));
}

bool cmd_names_list(const char *const *typed, size_t count, struct buf *memory,
                    struct asset_set *ret_set, struct err *err)
{
    char(*names)[GS1_NAME_MAX + 1] = calloc(count, sizeof *names);
    const char **sorted = calloc(count, sizeof *sorted);
    bool good = names != NULL && sorted != NULL;
    if (!good)
        (void)err_set(err, ERR_IO, "out of memory");
    for (size_t i = 0; good && i < count; i++) {
        good = cmd_names_asset(typed[i], names[i], err);
        sorted[i] = names[i];
    }
    if (good) {
        qsort(sorted, count, sizeof *sorted, by_name);
        put_sorted(sorted, count, memory);
        good = take_set(memory, ret_set, err);
    }
    free(sorted);
    free(names);
    return good;
}

static bool put_range(const struct cmd_args *args, size_t first, struct buf *memory,
                      struct err *err)
{
    char name[2 * GS1_NAME_MAX];
    char canonical[GS1_NAME_MAX + 1];
    const char *const *operand = &args->operand[first];
    char *end = NULL;
    if (args->operand_count != first + 3)
        return err_set(err, ERR_INPUT,
                       "--range: expected PREFIX FIRST COUNT, such as "
                       "01/09506000134352/21/ 000001 500");
    size_t count = strtoul(operand[2], &end, 10);
    if (*end != '\0' || count < 2 || count > ASSET_SET_MAX)
        return err_set(err, ERR_INPUT, "--range: COUNT: expected 2 to %d, found \"%.40s\"",
                       ASSET_SET_MAX, operand[2]);
    size_t len = strlen(operand[0]), digits = strlen(operand[1]);
    if (len + digits > GS1_NAME_MAX)
        return err_set(err, ERR_INPUT, "--range: the names are longer than %d", GS1_NAME_MAX);
    memcpy(name, operand[0], len);
    memcpy(name + len, operand[1], digits + 1);
    if (!cmd_names_asset(name, canonical, err))
        return false;
    if (strcmp(name, canonical) != 0)
        return err_set(err, ERR_INPUT, "--range: write the prefix as in \"%s\"", canonical);
    cbor_put_array(memory, 3);
    cbor_put_text(memory, slice_text(operand[0]));
    cbor_put_text(memory, slice_text(operand[1]));
    cbor_put_uint(memory, count);
    return true;
}

/* ------------------------------------------------------------------ FIRST..LAST */

/* Where the digits at the end of a text begin. */
static size_t tail_digits(const char *text, size_t len)
{
    while (len > 0 && text[len - 1] >= '0' && text[len - 1] <= '9')
        len--;
    return len;
}

/*
 * "01/GTIN/21/BAR0001..0500": where the dots are, when what follows can be a last number. A serial may
 * itself hold two dots; then what is behind them seldom is one.
 */
static const char *span_dots(const char *text)
{
    const char *dots = strstr(text, "..");
    if (dots == NULL || dots == text || dots[-1] < '0' || dots[-1] > '9')
        return NULL;
    size_t digits = strspn(dots + 2, "0123456789");
    return digits > 0 && dots[2 + digits] == '\0' ? dots : NULL;
}

static bool put_span(const char *text, const char *dots, struct buf *memory, struct err *err)
{
    char first[GS1_NAME_MAX + 1] = "", name[GS1_NAME_MAX + 1], digits[GS1_NAME_MAX + 1];
    size_t len = (size_t)(dots - text), last_len = strlen(dots + 2);
    if (len > GS1_NAME_MAX)
        return err_set(err, ERR_INPUT, "%.80s: the names are longer than %d", text, GS1_NAME_MAX);
    memcpy(first, text, len);
    if (!cmd_names_asset(first, name, err))
        return false;
    size_t at = tail_digits(name, strlen(name)), width = strlen(name) - at;
    if (last_len != width)
        return err_set(err, ERR_INPUT, "%.80s: expected as many digits before the dots as after",
                       text);
    uint64_t from = strtoull(name + at, NULL, 10), to = strtoull(dots + 2, NULL, 10);
    if (width > 18 || to <= from || to - from >= ASSET_SET_MAX)
        return err_set(err, ERR_INPUT, "%.80s: expected 2 to %d rising numbers", text,
                       ASSET_SET_MAX);
    memcpy(digits, name + at, width + 1);
    name[at] = '\0';
    (void)asset_set_range(name, digits, (size_t)(to - from + 1), memory);
    return true;
}

bool cmd_names_span(const char *text, struct buf *memory, struct asset_set *ret_set,
                    struct err *err)
{
    const char *dots = span_dots(text);
    if (dots == NULL)
        return cmd_names_list(&text, 1, memory, ret_set, err);
    return put_span(text, dots, memory, err) && take_set(memory, ret_set, err);
}

bool cmd_names_assets(const struct cmd_args *args, size_t first, bool range, struct buf *memory,
                      struct asset_set *ret_set, struct err *err)
{
    if (args->operand_count <= first)
        return err_set(err, ERR_INPUT, "expected ASSET...; see waybill %s --help", args->command);
    if (range)
        return put_range(args, first, memory, err) && take_set(memory, ret_set, err);
    if (args->operand_count == first + 1)
        return cmd_names_span(args->operand[first], memory, ret_set, err);
    return cmd_names_list(&args->operand[first], args->operand_count - first, memory, ret_set, err);
}

/* ------------------------------------------------------------------ options */

bool cmd_names_instant_text(const char *option, const char *text, uint64_t *ret_ms, struct err *err)
{
    return text == NULL || instant_parse(text, ret_ms) ||
           err_set(err, ERR_INPUT,
                   "%s%s: expected an instant such as 2026-06-01T10:00:00Z, found \"%.60s\"",
                   option[0] >= 'a' ? "--" : "", option, text);
}

bool cmd_names_instant(const struct cmd_args *args, const char *option, uint64_t *ret_ms,
                       struct err *err)
{
    return cmd_names_instant_text(option, cmd_args_text(args, option, NULL), ret_ms, err);
}

bool cmd_names_duration(const struct cmd_args *args, const char *option, uint64_t *ret_ms,
                        struct err *err)
{
    const char *text = cmd_args_text(args, option, NULL);
    return text == NULL || quantity_parse_duration_ms(text, ret_ms, err) ||
           err_wrap(err, "--%s", option);
}

bool cmd_names_check(const char *what, const char *text, struct err *err)
{
    size_t len = strlen(text);
    return (len > 0 && len <= NAME_MAX_BYTES && cbor_text_valid(slice_text(text))) ||
           err_set(err, ERR_INPUT, "%s: expected 1 to %d bytes of text, found \"%.60s\"", what,
                   NAME_MAX_BYTES, text);
}

bool cmd_names_text(const struct cmd_args *args, const char *option, struct slice *ret_text,
                    struct err *err)
{
    const char *text = cmd_args_text(args, option, NULL);
    *ret_text = slice_of(NULL, 0);
    if (text == NULL)
        return true;
    *ret_text = slice_text(text);
    return cmd_names_check(option, text, err);
}

bool cmd_names_place(const struct cmd_args *args, const char *option, struct slice *ret_gln,
                     struct err *err)
{
    const char *text = cmd_args_text(args, option, NULL);
    *ret_gln = slice_of(NULL, 0);
    if (text == NULL)
        return true;
    if (strncmp(text, "414/", 4) == 0) /* as the ledger names it */
        text += 4;
    *ret_gln = slice_text(text);
    return gs1_check_key("414", *ret_gln, err) || err_wrap(err, "--%s", option);
}

/* ------------------------------------------------------------------ amounts */

static bool fail_amount(const char *text, struct err *err)
{
    return err_set(err, ERR_INPUT,
                   "expected an amount in mg, g, kg, t, mL, L, m3 or each, such as 25t, found "
                   "\"%.60s\"",
                   text);
}

bool cmd_names_amount(const char *text, struct amount *ret_amount, struct err *err)
{
    struct amount a = { .mantissa = 0 };
    enum amount_dimension dimension;
    const char *p = text, *point = NULL;
    int zeros = 0; /* at the end of the fraction: they say nothing */
    for (; (*p >= '0' && *p <= '9') || (*p == '.' && point == NULL && p > text); p++) {
        if (*p == '.') {
            point = p;
            continue;
        }
        if (a.mantissa > AMOUNT_MANTISSA_MAX / 10 || a.exponent == -AMOUNT_EXPONENT_MAX)
            return err_set(err, ERR_INPUT, "\"%.60s\": too many digits", text);
        zeros = *p == '0' && point != NULL ? zeros + 1 : 0;
        a.mantissa = a.mantissa * 10 + (*p - '0');
        a.exponent -= point != NULL ? 1 : 0;
    }
    if (p == text || p - 1 == point)
        return fail_amount(text, err);
    for (; zeros > 0; zeros--, a.exponent++)
        a.mantissa /= 10;
    p += strspn(p, " ");
    a.unit = slice_text(p);
    if (!amount_find_unit(a.unit, &dimension))
        return fail_amount(text, err);
    if (a.mantissa == 0 || a.mantissa > AMOUNT_MANTISSA_MAX)
        return err_set(err, ERR_INPUT, "\"%.60s\": expected more than nothing, up to 2^53", text);
    *ret_amount = a;
    return true;
}
