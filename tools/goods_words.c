#include "tools/goods_words.h"

#include "common/instant.h"
#include "common/state_goods.h"
#include "tools/cmd_contract_words.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

const char *goods_words_number(uint64_t value, char text[GOODS_WORDS_SIZE])
{
    char digits[32];
    int len = snprintf(digits, sizeof digits, "%" PRIu64, value);
    char *out = text;
    for (int i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0)
            *out++ = ',';
        *out++ = digits[i];
    }
    *out = '\0';
    return text;
}

/* ------------------------------------------------------------------ sets */

static void last_name(const struct asset_set *set, char name[ASSET_NAME_MAX + 1])
{
    struct asset_iter it = asset_set_begin(set);
    name[0] = '\0';
    while (asset_set_next(&it))
        memcpy(name, it.name, it.name_len + 1);
}

void goods_words_print_set(const struct asset_set *set)
{
    char last[ASSET_NAME_MAX + 1], count[GOODS_WORDS_SIZE];
    struct asset_iter it = asset_set_begin(set);
    if (!asset_set_next(&it))
        return;
    cmd_contract_print(slice_text(it.name));
    if (set->count == 1)
        return;
    last_name(set, last);
    (void)printf(set->count == 2 ? " and " : " to ");
    cmd_contract_print(slice_text(last));
    if (set->count > 2)
        (void)printf(" (%s)", goods_words_number(set->count, count));
}

void goods_words_put_set(struct json_doc *into, const char *key, const struct asset_set *set)
{
    char last[ASSET_NAME_MAX + 1];
    struct json_doc *doc = json_doc_put_object(into, key);
    struct asset_iter it = asset_set_begin(set);
    json_doc_put_int(doc, "count", (int64_t)set->count);
    if (set->count <= GOODS_WORDS_NAMES_MAX) {
        struct json_doc *names = json_doc_put_array(doc, "names");
        while (asset_set_next(&it))
            json_doc_put_text(names, NULL, it.name);
        return;
    }
    if (asset_set_next(&it))
        json_doc_put_text(doc, "first", it.name);
    last_name(set, last);
    json_doc_put_text(doc, "last", last);
}

/* ------------------------------------------------------------------ what else JSON holds */

void goods_words_put_amount(struct json_doc *into, const char *key, const struct amount *amount)
{
    char text[AMOUNT_TEXT_SIZE];
    amount_format(amount, text);
    json_doc_put_text(into, key, text);
}

/* ------------------------------------------------------------------ makings */

static void print_part(const struct asset_set *assets, const struct amount *amount)
{
    char text[AMOUNT_TEXT_SIZE];
    if (amount != NULL) {
        amount_format(amount, text);
        (void)printf("%s%s of ", text, assets->count > 1 ? " each" : "");
    }
    goods_words_print_set(assets);
}

void goods_words_print_make(const struct make *m, bool inputs)
{
    struct cbor_reader r = inputs ? make_inputs(m) : make_outputs(m);
    for (size_t i = 0; inputs && i < m->input_count; i++) {
        struct make_input in = make_next_input(&r);
        (void)printf("%s", i > 0 ? ", " : "");
        print_part(&in.assets, in.has_amount ? &in.amount : NULL);
    }
    for (size_t i = 0; !inputs && i < m->output_count; i++) {
        struct make_output out = make_next_output(&r);
        (void)printf("%s", i > 0 ? ", " : "");
        print_part(&out.assets, out.has_amount ? &out.amount : NULL);
    }
}

void goods_words_put_make(struct json_doc *into, const struct make *m)
{
    struct json_doc *list = json_doc_put_array(into, "inputs");
    struct cbor_reader r = make_inputs(m);
    for (size_t i = 0; i < m->input_count; i++) {
        struct make_input in = make_next_input(&r);
        struct json_doc *one = json_doc_put_object(list, NULL);
        goods_words_put_set(one, "assets", &in.assets);
        if (in.has_amount)
            goods_words_put_amount(one, "amount", &in.amount);
    }
    list = json_doc_put_array(into, "outputs");
    r = make_outputs(m);
    for (size_t i = 0; i < m->output_count; i++) {
        struct make_output out = make_next_output(&r);
        struct json_doc *one = json_doc_put_object(list, NULL);
        goods_words_put_set(one, "assets", &out.assets);
        if (out.has_amount)
            goods_words_put_amount(one, "amount", &out.amount);
        if (out.lot.len > 0)
            json_doc_put_slice(one, "lot", out.lot);
        if (out.has_expiry)
            goods_words_put_time(one, "expiry", out.expiry_ms);
    }
}

/* ------------------------------------------------------------------ times and companies */

void goods_words_put_time(struct json_doc *into, const char *key, uint64_t time_ms)
{
    char text[INSTANT_TEXT_SIZE];
    instant_format(time_ms, text);
    json_doc_put_text(into, key, text);
}

void goods_words_put_member(const struct cmd_home *home, struct json_doc *into, const char *key,
                            const struct kid *member)
{
    char name[CMD_HOME_NAME_SIZE];
    struct json_doc *doc = json_doc_put_object(into, key);
    json_doc_put_hex(doc, "kid", kid_slice(member));
    json_doc_put_text(doc, "name", cmd_home_member_name(home, member, name));
}

/* ------------------------------------------------------------------ words */

const char *goods_words_making(uint64_t action)
{
    static const char *const names[] = {
        [MAKING_SPLIT] = "split",
        [MAKING_MERGE] = "merge",
        [MAKING_TRANSFORM] = "transform",
        [MAKING_COMMISSION] = "commission",
    };
    return action < sizeof names / sizeof names[0] ? names[action] : "unknown";
}
