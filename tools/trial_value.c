#include "tools/trial_value.h"

#include "common/hex.h"
#include "common/instant.h"
#include "common/quantity.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DAYS_MAX 100000

/* ------------------------------------------------------------------ times */

/* Digits, at most max of them; their number is what the pointer moves. */
static uint64_t take_digits(const char **at, size_t max)
{
    uint64_t value = 0;
    for (size_t i = 0; i < max && **at >= '0' && **at <= '9'; i++)
        value = value * 10 + (uint64_t)(*(*at)++ - '0');
    return value;
}

/* "10:00", "10:00:30", "10:00:30.250": exactly. */
static bool take_clock(const char *text, struct trial_instant *ret)
{
    const char *at = text;
    uint64_t hour = take_digits(&at, 2), minute, second = 0, ms = 0;
    if (at == text || *at++ != ':')
        return false;
    const char *start = at;
    minute = take_digits(&at, 2);
    bool good = at - start == 2;
    if (*at == ':') {
        start = ++at;
        second = take_digits(&at, 2);
        good = good && at - start == 2;
    }
    ret->fine = *at == '.';
    if (*at == '.') {
        start = ++at;
        ms = take_digits(&at, 3);
        good = good && at - start == 3;
    }
    ret->ms = ((hour * 60 + minute) * 60 + second) * 1000 + ms;
    return good && *at == '\0' && hour < 24 && minute < 60 && second < 60;
}

static bool take_day(const char *text, struct trial_instant *ret)
{
    uint64_t day = 1;
    if (strncmp(text, "day ", 4) == 0) {
        const char *at = text + 4;
        day = take_digits(&at, 6);
        if (day == 0 || day > DAYS_MAX || *at != ' ')
            return false;
        text = at + 1;
    }
    if (!take_clock(text, ret))
        return false;
    ret->ms += TRIAL_START_MS + (day - 1) * TRIAL_DAY_MS;
    return true;
}

bool trial_value_time(const char *text, uint64_t now_ms, struct trial_instant *ret_instant,
                      struct err *err)
{
    struct trial_instant instant = { .fine = strchr(text, '.') != NULL };
    uint64_t ms;
    if (text[0] == '+' && quantity_parse_duration_ms(text + 1 + strspn(text + 1, " "), &ms, NULL))
        *ret_instant = (struct trial_instant){ now_ms + ms, now_ms % 1000 == 0 && ms % 1000 != 0 };
    else if (take_day(text, &instant) || instant_parse(text, &instant.ms))
        *ret_instant = instant;
    else
        return err_set(err, ERR_INPUT,
                       "expected a time such as 10:00, \"day 2 10:00\" or \"+30 min\", found "
                       "\"%.40s\"",
                       text);
    return true;
}

bool trial_value_same_time(const struct trial_instant *written, uint64_t time_ms)
{
    return written->fine ? written->ms == time_ms : written->ms / 1000 == time_ms / 1000;
}

const char *trial_value_show_time(uint64_t time_ms, char text[TRIAL_TEXT_SIZE])
{
    struct instant_parts p = instant_to_parts(time_ms);
    uint64_t day = time_ms < TRIAL_START_MS ? 0 : (time_ms - TRIAL_START_MS) / TRIAL_DAY_MS + 1;
    int len = 0;
    if (day == 0 || day > DAYS_MAX) {
        instant_format(time_ms, text);
        return text;
    }
    if (day > 1)
        len = snprintf(text, TRIAL_TEXT_SIZE, "day %" PRIu64 " ", day);
    len += snprintf(text + len, TRIAL_TEXT_SIZE - (size_t)len, "%02d:%02d", p.hour, p.minute);
    if (p.second != 0 || p.ms != 0)
        len += snprintf(text + len, TRIAL_TEXT_SIZE - (size_t)len, ":%02d", p.second);
    if (p.ms != 0)
        (void)snprintf(text + len, TRIAL_TEXT_SIZE - (size_t)len, ".%03d", p.ms);
    return text;
}

/* ------------------------------------------------------------------ quantities */

static bool is_currency(const char *text)
{
    for (size_t i = 0; i < 3; i++)
        if (text[i] < 'A' || text[i] > 'Z')
            return false;
    return true;
}

/* Amounts of money: quantity_parse() knows no currencies, of which there are many. */
static bool take_money(const char *text, struct quantity *ret)
{
    char number[QUANTITY_TEXT_SIZE], unit[4] = { 0 };
    size_t len = strlen(text);
    const char *digits = text;
    if (len > 4 && is_currency(text) && text[3] == ' ') {
        memcpy(unit, text, 3);
        digits = text + 4;
        len -= 4;
    } else if (len > 4 && is_currency(text + len - 3) && text[len - 4] == ' ') {
        memcpy(unit, text + len - 3, 3);
        len -= 4;
    } else {
        return false;
    }
    if (len >= sizeof number)
        return false;
    memcpy(number, digits, len);
    number[len] = '\0';
    if (!quantity_parse(number, ret, NULL) || ret->unit[0] != '\0')
        return false;
    memcpy(ret->unit, unit, sizeof unit);
    return true;
}

bool trial_value_quantity(const char *text, const char *unit, bool bare, struct quantity *ret,
                          struct err *err)
{
    struct quantity q;
    if (!take_money(text, &q) && !quantity_parse(text, &q, err))
        return false;
    if (bare && q.unit[0] == '\0' && strlen(unit) < sizeof q.unit)
        memcpy(q.unit, unit, strlen(unit) + 1);
    if (unit != NULL && strcmp(q.unit, unit) != 0)
        return err_set(err, ERR_INPUT, "expected a quantity in %s, found \"%.40s\"",
                       unit[0] == '\0' ? "no unit" : unit, text);
    *ret = q;
    return true;
}

const char *trial_value_show(int64_t mantissa, int exponent, const char *unit,
                             char text[TRIAL_TEXT_SIZE])
{
    struct contract_value v = { .type = CONTRACT_QUANTITY,
                                .number = mantissa,
                                .exponent = exponent,
                                .text = slice_text(unit) };
    value_show(&v, text, TRIAL_TEXT_SIZE);
    return text;
}

/* ------------------------------------------------------------------ values */

static bool expected(struct err *err, const char *what, const struct yaml_node *node)
{
    return err_set(err, ERR_INPUT, "expected %s, found %s%.60s%s", what,
                   node->kind == YAML_SCALAR ? "\"" : "",
                   node->kind == YAML_SCALAR ? node->text
                   : node->kind == YAML_LIST ? "a list"
                                             : "a map",
                   node->kind == YAML_SCALAR ? "\"" : "");
}

static bool put_bool(const struct yaml_node *node, struct buf *out, struct err *err)
{
    bool yes = strcmp(node->text, "yes") == 0 || strcmp(node->text, "true") == 0;
    if (!yes && strcmp(node->text, "no") != 0 && strcmp(node->text, "false") != 0)
        return expected(err, "yes or no", node);
    cbor_put_bool(out, yes);
    return true;
}

static bool put_int(const struct yaml_node *node, struct buf *out, struct err *err)
{
    char *end = NULL;
    long long value = strtoll(node->text, &end, 10);
    if (node->text[0] == '\0' || *end != '\0')
        return expected(err, "a whole number", node);
    cbor_put_int(out, value);
    return true;
}

static bool put_quantity(const struct yaml_node *node, struct buf *out, struct err *err)
{
    struct quantity q;
    if (!trial_value_quantity(node->text, NULL, false, &q, err))
        return false;
    cbor_put_array(out, 3);
    cbor_put_int(out, q.mantissa);
    cbor_put_int(out, q.exponent);
    cbor_put_text(out, slice_text(q.unit));
    return true;
}

static bool put_kid(const struct yaml_node *node, const struct trial_names *names, struct buf *out,
                    struct err *err)
{
    struct kid kid = { { 0 } };
    if (!names->kid(names->ctx, node->text, &kid))
        return expected(err, "the name of someone under `people`", node);
    kid_put(out, &kid);
    return true;
}

static bool put_hash(const struct yaml_node *node, const struct trial_names *names, bool instance,
                     struct buf *out, struct err *err)
{
    struct hash hash = { { 0 } };
    if (!names->hash(names->ctx, node->text, &hash) &&
        !hex_decode(node->text, strlen(node->text), hash.bytes, HASH_SIZE))
        return expected(err,
                        instance ? "the name of a contract opened before (`as:`)"
                                 : "the name of a step before (`as:`) or a hash in hex",
                        node);
    cbor_put_bytes(out, hash_slice(&hash));
    return true;
}

static bool put_list(const struct yaml_node *node, enum contract_type scalar,
                     const struct trial_names *names, struct buf *out, struct err *err)
{
    if (node->kind != YAML_LIST)
        return expected(err, "a list", node);
    cbor_put_array(out, node->count);
    for (size_t i = 0; i < node->count; i++)
        if (!trial_value_put(node->values[i], scalar, CONTRACT_NOTHING, names, out, err))
            return false;
    return true;
}

bool trial_value_put(const struct yaml_node *node, enum contract_type type,
                     enum contract_type scalar, const struct trial_names *names, struct buf *out,
                     struct err *err)
{
    struct trial_instant instant = { .ms = 0 };
    if (type == CONTRACT_LIST)
        return put_list(node, scalar, names, out, err);
    if (node->kind != YAML_SCALAR)
        return expected(err, "one value", node);
    if (!node->quoted &&
        (strcmp(node->text, "nothing") == 0 || strcmp(node->text, "nobody") == 0)) {
        cbor_put_null(out);
        return true;
    }
    switch (type) {
    case CONTRACT_BOOL: return put_bool(node, out, err);
    case CONTRACT_INT: return put_int(node, out, err);
    case CONTRACT_QUANTITY: return put_quantity(node, out, err);
    case CONTRACT_TIME:
        if (!trial_value_time(node->text, names->now_ms, &instant, err))
            return false;
        cbor_put_uint(out, instant.ms);
        return true;
    case CONTRACT_TEXT:
    case CONTRACT_CHOICE:
    case CONTRACT_ASSET: cbor_put_text(out, slice_text(node->text)); return true;
    case CONTRACT_PARTY: return put_kid(node, names, out, err);
    case CONTRACT_INSTANCE: return put_hash(node, names, true, out, err);
    case CONTRACT_HASH: return put_hash(node, names, false, out, err);
    case CONTRACT_LIST:
    case CONTRACT_NOTHING: break;
    }
    return expected(err, "nothing", node);
}
