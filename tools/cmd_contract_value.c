/* People, goods and values as they are typed, turned into what a statement holds. */
#include "common/file.h"
#include "common/hex.h"
#include "common/instant.h"
#include "common/keyfile.h"
#include "tools/cmd_contract_parts.h"
#include "tools/cmd_names.h"
#include "tools/trial_value.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MAX ((size_t)1 << 20) /* of names of goods */

/* ------------------------------------------------------------------ NAME=VALUE */

bool cmd_contract_take_pair(const char *what, const char *text, struct contract_pairs *p,
                            struct err *err)
{
    const char *sign = strchr(text, '=');
    if (sign == NULL || sign == text)
        return err_set(err, ERR_INPUT, "%s: expected NAME=VALUE, found \"%.60s\"", what, text);
    if (p->count == OPEN_TERMS_MAX)
        return err_set(err, ERR_INPUT, "%s: more than %d", what, OPEN_TERMS_MAX);
    p->at[p->count++] = (struct contract_pair){ slice_of(text, (size_t)(sign - text)), sign + 1 };
    return true;
}

/* Deterministic CBOR orders text keys by length, then bytewise. */
static int by_key(const void *a, const void *b)
{
    const struct contract_pair *x = a, *y = b;
    if (x->name.len != y->name.len)
        return x->name.len < y->name.len ? -1 : 1;
    return slice_compare(x->name, y->name);
}

bool cmd_contract_sort_pairs(const char *what, struct contract_pairs *p, struct err *err)
{
    qsort(p->at, p->count, sizeof p->at[0], by_key);
    for (size_t i = 1; i < p->count; i++)
        if (slice_equal(p->at[i - 1].name, p->at[i].name))
            return err_set(err, ERR_INPUT, "%s: \"%.*s\" is given twice", what,
                           (int)p->at[i].name.len, (const char *)p->at[i].name.data);
    return true;
}

/* ------------------------------------------------------------------ people */

bool cmd_contract_party(const struct open *o, struct slice name, struct kid *ret_kid)
{
    struct cbor_reader r = cbor_reader(o->parties);
    for (size_t n = cbor_take_map(&r); n > 0 && !r.failed; n--) {
        bool here = slice_equal(cbor_take_text(&r, 0, NAME_MAX_BYTES), name);
        struct kid kid = kid_take(&r);
        if (here && !r.failed) {
            *ret_kid = kid;
            return true;
        }
    }
    return false;
}

/* A key of this folder, by its file's name: a device's or an operator's, say. */
static bool find_key(const struct cmd_home *home, const char *text, struct kid *ret_kid)
{
    char slug[CMD_SLUG_SIZE], path[PATH_MAX];
    struct key_pair key;
    if (!cmd_home_slug(text, slug) ||
        snprintf(path, sizeof path, "%s/keys/%s.key", home->dir, slug) >= (int)sizeof path ||
        !keyfile_load(path, &key, NULL))
        return false;
    *ret_kid = key.kid;
    crypto_wipe(&key, sizeof key);
    return true;
}

bool cmd_contract_who(const struct contract_naming *naming, const char *text, struct kid *ret_kid,
                      struct err *err)
{
    return cmd_home_find_member(naming->home, text, ret_kid, NULL) ||
           (naming->open != NULL && cmd_contract_party(naming->open, slice_text(text), ret_kid)) ||
           find_key(naming->home, text, ret_kid) ||
           err_set(err, ERR_INPUT,
                   "expected a member, a key's 16 hex digits%s or the name of a key in %s/keys, "
                   "found \"%.60s\"",
                   naming->open != NULL ? ", a party of the contract" : "", naming->home->dir,
                   text);
}

/* ------------------------------------------------------------------ values */

static bool expected(struct err *err, const char *what, const char *text)
{
    return err_set(err, ERR_INPUT, "expected %s, found \"%.60s\"", what, text);
}

static bool put_bool(const char *text, struct buf *out, struct err *err)
{
    bool yes = strcmp(text, "yes") == 0 || strcmp(text, "true") == 0;
    if (!yes && strcmp(text, "no") != 0 && strcmp(text, "false") != 0)
        return expected(err, "yes or no", text);
    cbor_put_bool(out, yes);
    return true;
}

static bool put_int(const char *text, struct buf *out, struct err *err)
{
    char *end = NULL;
    long long value = strtoll(text, &end, 10);
    if (*text == '\0' || *end != '\0')
        return expected(err, "a whole number", text);
    cbor_put_int(out, value);
    return true;
}

/* A bare number is in the kind's unit only where that is none: "8" is no temperature. */
static bool put_quantity(const struct value_kind *kind, const char *text, struct buf *out,
                         struct err *err)
{
    struct quantity q;
    char unit[sizeof q.unit];
    if (kind->unit.len >= sizeof unit)
        return expected(err, "a quantity", text);
    memcpy(unit, kind->unit.data, kind->unit.len);
    unit[kind->unit.len] = '\0';
    if (!trial_value_quantity(text, unit, false, &q, err))
        return false;
    cbor_put_array(out, 3);
    cbor_put_int(out, q.mantissa);
    cbor_put_int(out, q.exponent);
    cbor_put_text(out, slice_text(q.unit));
    return true;
}

static bool put_time(const struct cmd_home *home, const char *text, struct buf *out,
                     struct err *err)
{
    uint64_t ms = clock_now_ms(&home->clock);
    if (strcmp(text, "now") != 0 && !instant_parse(text, &ms))
        return expected(err, "an instant such as 2026-06-01T10:00:00Z, or now", text);
    cbor_put_uint(out, ms);
    return true;
}

static bool put_text(const struct value_kind *kind, const char *text, struct buf *out,
                     struct err *err)
{
    char asset[GS1_NAME_MAX + 1];
    if (kind->type == CONTRACT_ASSET) {
        if (!cmd_names_asset(text, asset, err))
            return false;
        text = asset;
    }
    if (strlen(text) > VALUE_TEXT_MAX || !cbor_text_valid(slice_text(text)))
        return expected(err, "a text of at most 4000 bytes without control characters", text);
    cbor_put_text(out, slice_text(text));
    return true;
}

static bool put_hash(const char *text, bool instance, struct buf *out, struct err *err)
{
    struct hash hash;
    if (!(instance ? cmd_contract_statement_name(text, &hash, NULL)
                   : cmd_home_parse_hash(text, &hash, NULL)))
        return expected(err,
                        instance ? "the hash of a contract's opening, or a file of its statement"
                                 : "a hash, 64 hexadecimal digits",
                        text);
    cbor_put_bytes(out, hash_slice(&hash));
    return true;
}

static bool put_scalar(const struct contract_naming *naming, const struct value_kind *kind,
                       const char *text, struct buf *out, struct err *err)
{
    struct kid kid;
    switch (kind->type) {
    case CONTRACT_BOOL: return put_bool(text, out, err);
    case CONTRACT_INT: return put_int(text, out, err);
    case CONTRACT_QUANTITY: return put_quantity(kind, text, out, err);
    case CONTRACT_TIME: return put_time(naming->home, text, out, err);
    case CONTRACT_TEXT:
    case CONTRACT_CHOICE:
    case CONTRACT_ASSET: return put_text(kind, text, out, err);
    case CONTRACT_INSTANCE: return put_hash(text, true, out, err);
    case CONTRACT_HASH: return put_hash(text, false, out, err);
    case CONTRACT_PARTY:
        if (!cmd_contract_who(naming, text, &kid, err))
            return false;
        kid_put(out, &kid);
        return true;
    case CONTRACT_LIST:
    case CONTRACT_NOTHING: break;
    }
    return expected(err, "nothing", text);
}

/* "a, b, c": whole numbers, times and texts, for the wire has no lists of others. */
static bool put_list(const struct contract_naming *naming, const struct value_kind *kind,
                     const char *text, struct buf *out, struct err *err)
{
    struct value_kind one = *kind;
    char part[VALUE_TEXT_MAX + 1];
    size_t count = *text != '\0' ? 1 : 0;
    one.type = kind->scalar;
    if (one.type != CONTRACT_INT && one.type != CONTRACT_TIME && one.type != CONTRACT_TEXT &&
        one.type != CONTRACT_CHOICE && one.type != CONTRACT_ASSET)
        return err_set(err, ERR_INPUT, "a list of this kind cannot be said in a statement");
    for (const char *at = text; *at != '\0'; at++)
        count += *at == ',' ? 1 : 0;
    cbor_put_array(out, count);
    for (size_t i = 0; i < count; i++) {
        text += strspn(text, " ");
        size_t len = strcspn(text, ",");
        if (len >= sizeof part)
            return err_set(err, ERR_INPUT, "a text has at most %d bytes", VALUE_TEXT_MAX);
        memcpy(part, text, len);
        part[len] = '\0';
        if (!put_scalar(naming, &one, part, out, err))
            return false;
        text += len + (text[len] == ',' ? 1 : 0);
    }
    return true;
}

bool cmd_contract_put_value(const struct contract_naming *naming, const struct value_kind *kind,
                            const char *text, bool null_allowed, struct buf *out, struct err *err)
{
    bool texts = kind->type == CONTRACT_TEXT || kind->type == CONTRACT_CHOICE;
    if (null_allowed && !texts && (strcmp(text, "nothing") == 0 || strcmp(text, "nobody") == 0)) {
        cbor_put_null(out);
        return true;
    }
    return kind->type == CONTRACT_LIST ? put_list(naming, kind, text, out, err)
                                       : put_scalar(naming, kind, text, out, err);
}

/* ------------------------------------------------------------------ goods */

/* Lines of a file as names; empty lines and those that begin with # are passed over. */
static bool split_lines(struct buf *text, const char ***ret_names, size_t *ret_count,
                        struct err *err)
{
    const char **names = calloc(ASSET_SET_MAX, sizeof *names);
    size_t count = 0;
    buf_add_byte(text, '\0');
    if (names == NULL || text->failed) {
        free(names);
        return err_set(err, ERR_IO, "out of memory");
    }
    char *save = NULL;
    for (char *line = strtok_r((char *)text->data, "\r\n", &save); line != NULL;
         line = strtok_r(NULL, "\r\n", &save)) {
        line += strspn(line, " \t");
        line[strcspn(line, " \t")] = '\0';
        if (*line == '\0' || *line == '#')
            continue;
        if (count == ASSET_SET_MAX) {
            free(names);
            return err_set(err, ERR_INPUT, "more than %d goods", ASSET_SET_MAX);
        }
        names[count++] = line;
    }
    *ret_names = names;
    *ret_count = count;
    return true;
}

static bool read_file(const char *path, struct buf *memory, struct asset_set *ret_set,
                      struct err *err)
{
    struct buf text = buf_heap(FILE_MAX);
    const char **names = NULL;
    size_t count = 0;
    bool good = file_read(path, FILE_MAX, &text, err) && split_lines(&text, &names, &count, err) &&
                (count > 0 || err_set(err, ERR_INPUT, "names no goods")) &&
                cmd_names_list(names, count, memory, ret_set, err);
    free(names);
    buf_free(&text);
    return good || err_wrap(err, "--assets %s", path);
}

static bool read_options(const struct cmd_args *args, const char *option, struct buf *memory,
                         struct asset_set *ret_set, struct err *err)
{
    const char *names[CMD_ARGS_MAX];
    size_t count = 0;
    while (count < CMD_ARGS_MAX && (names[count] = cmd_args_nth(args, option, count)) != NULL)
        count++;
    return cmd_names_list(names, count, memory, ret_set, err);
}

bool cmd_contract_goods(const struct cmd_args *args, const char *option, size_t first,
                        struct buf *memory, struct asset_set *ret_set, struct err *err)
{
    const char *file = cmd_args_text(args, "assets", NULL);
    bool range = cmd_args_flag(args, "range"), named = cmd_args_text(args, option, NULL) != NULL;
    *ret_set = (struct asset_set){ .count = 0 };
    if ((range ? 1 : 0) + (named ? 1 : 0) + (file != NULL ? 1 : 0) > 1)
        return err_set(err, ERR_INPUT, "--%s, --assets and --range exclude each other", option);
    if (range)
        return cmd_names_assets(args, first, true, memory, ret_set, err);
    if (file != NULL)
        return read_file(file, memory, ret_set, err);
    return !named || read_options(args, option, memory, ret_set, err);
}
