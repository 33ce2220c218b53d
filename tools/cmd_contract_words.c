/* What contracts, calls and nodes say, in words for people. */
#include "tools/cmd_contract_words.h"
#include "tools/cmd_contract_parts.h"

#include <stdio.h>
#include <string.h>

#define VALUE_SIZE 8192

/* U+2028-202E and 2066-2069: lines and directions of writing that would make a text read as another. */
static bool turns(struct slice text, size_t i)
{
    if (text.len - i < 3 || text.data[i] != 0xe2)
        return false;
    uint8_t second = text.data[i + 1], third = text.data[i + 2];
    return (second == 0x80 && third >= 0xa8 && third <= 0xae) ||
           (second == 0x81 && third >= 0xa6 && third <= 0xa9);
}

void cmd_contract_print(struct slice text)
{
    bool safe = cbor_text_valid(text);
    for (size_t i = 0; i < text.len; i++) {
        if (safe && turns(text, i)) {
            (void)putchar('?');
            i += 2;
        } else {
            (void)putchar(safe || (text.data[i] >= ' ' && text.data[i] < 0x7f) ? text.data[i]
                                                                               : '?');
        }
    }
}

struct slice cmd_contract_text_at(const struct json_doc *doc, const char *pointer,
                                  const char *fallback)
{
    struct slice text = slice_text(fallback);
    (void)json_doc_get_text(json_doc_at(doc, pointer), &text);
    return text;
}

void cmd_contract_print_at(const struct json_doc *doc, const char *pointer)
{
    cmd_contract_print(cmd_contract_text_at(doc, pointer, ""));
}

void cmd_contract_print_value(const struct cmd_home *home, const struct contract_value *value)
{
    char text[VALUE_SIZE], name[CMD_HOME_NAME_SIZE];
    struct kid kid;
    if (value->type == CONTRACT_PARTY && value->text.len == KID_SIZE) {
        memcpy(kid.bytes, value->text.data, KID_SIZE);
        (void)printf("%s", cmd_home_member_name(home, &kid, name));
        return;
    }
    value_show(value, text, sizeof text);
    cmd_contract_print(slice_text(text));
}

static void print_one(struct slice name, const char *before, size_t *count)
{
    (void)printf("%s%s", *count > 0 ? ", " : "", before);
    cmd_contract_print(name);
    (*count)++;
}

void cmd_contract_print_callers(const struct contract_definition *d,
                                const struct contract_callers *who)
{
    size_t count = 0;
    for (size_t i = 0; i < d->party_count; i++)
        if ((who->parties >> i & 1) != 0)
            print_one(d->parties[i].name, "", &count);
    for (size_t i = 0; i < d->role_count; i++)
        if ((who->roles >> i & 1) != 0)
            print_one(d->roles[i].name, "a holder of ", &count);
    for (size_t i = 0; i < d->field_count; i++)
        if ((who->fields >> i & 1) != 0)
            print_one(d->fields[i].name, "whom it names as ", &count);
    for (size_t i = 0; i < d->term_count; i++)
        if ((who->instance_terms >> i & 1) != 0)
            print_one(d->terms[i].name, "the contract ", &count);
    if (count == 0)
        (void)printf("nobody");
}

/* ------------------------------------------------------------------ arguments of a call */

/* A value whose kind nobody knows, as the wire has it. */
static struct contract_value take_unknown(struct cbor_reader *r)
{
    struct contract_value v = { .type = CONTRACT_NOTHING };
    enum cbor_kind kind = cbor_peek(r);
    if (kind == CBOR_TEXT) {
        v.type = CONTRACT_TEXT;
        v.text = cbor_take_text(r, 0, CALL_TEXT_MAX);
    } else if (kind == CBOR_BYTES) {
        v.text = cbor_take_bytes(r, 0, HASH_SIZE);
        v.type = v.text.len == KID_SIZE ? CONTRACT_PARTY : CONTRACT_HASH;
    } else if (kind == CBOR_UINT || kind == CBOR_NINT) {
        v.type = CONTRACT_INT;
        v.number = cbor_take_int(r);
    } else if (kind == CBOR_ARRAY) {
        v.type = CONTRACT_LIST;
        v.text = cbor_take_item(r);
    } else {
        (void)cbor_take_item(r);
    }
    return v;
}

void cmd_contract_print_arguments(const struct cmd_home *home, const struct contract_definition *d,
                                  const struct call *call)
{
    struct cbor_reader r = cbor_reader(call->arguments);
    for (size_t n = call->arguments.len > 0 ? cbor_take_map(&r) : 0; n > 0 && !r.failed; n--) {
        struct value_kind kind;
        struct contract_value v;
        struct slice name = cbor_take_text(&r, 0, NAME_MAX_BYTES);
        struct cbor_reader ahead = r;
        if (d != NULL && cmd_contract_parameter(d, call->action, name, &kind) &&
            value_take(&ahead, &kind, d->choices, &v, NULL))
            r = ahead;
        else
            v = take_unknown(&r);
        (void)printf("    ");
        cmd_contract_print(name);
        (void)printf(" = ");
        cmd_contract_print_value(home, &v);
        (void)printf("\n");
    }
}
