#include "tools/cmd_proof.h"

#include "common/hex.h"
#include "tools/cmd_names.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------ keys */

enum id { ID_NONE, ID_MEMBER, ID_KID, ID_HASH, ID_ASSET, ID_TEXT, ID_HEIGHT };

static const struct table {
    const char *name;
    enum state_table table;
    enum id id;
} tables[] = {
    { "params", TABLE_PARAMS, ID_NONE },
    { "member", TABLE_MEMBER, ID_MEMBER },
    { "key", TABLE_KEY, ID_KID },
    { "sequence", TABLE_SEQUENCE, ID_KID },
    { "block", TABLE_BLOCK, ID_HEIGHT },
    { "sets", TABLE_SETS, ID_NONE },
    { "asset", TABLE_ASSET, ID_ASSET },
    { "offer", TABLE_OFFER, ID_HASH },
    { "contract", TABLE_INSTANCE, ID_HASH },
    { "definition", TABLE_DEFINITION, ID_HASH },
    { "product", TABLE_PRODUCT, ID_TEXT },
    { "place", TABLE_PLACE, ID_TEXT },
    { "party", TABLE_PARTY, ID_MEMBER },
    { "attachment", TABLE_ATTACHMENT, ID_KID },
    { "custody", TABLE_CUSTODY, ID_ASSET },
    { "hold", TABLE_HOLD, ID_ASSET },
    { "lot", TABLE_LOT, ID_ASSET },
    { "certificate", TABLE_CERTIFICATE, ID_HASH },
    { "constitution", TABLE_CONSTITUTION, ID_NONE },
    { "node", TABLE_NODE, ID_KID },
    { "proposal", TABLE_PROPOSAL, ID_HASH },
    { "proposals", TABLE_PROPOSALS, ID_NONE },
    { "candidate", TABLE_CANDIDATE, ID_KID },
    { "evidence", TABLE_EVIDENCE, ID_KID },
    { "roles", TABLE_ROLES, ID_MEMBER },
    { "members", TABLE_MEMBERS, ID_NONE },
};
#define TABLES (sizeof tables / sizeof tables[0])

static const char *id_name(enum id id)
{
    switch (id) {
    case ID_NONE: return "";
    case ID_MEMBER: return " MEMBER";
    case ID_KID: return " KID";
    case ID_HASH: return " HASH";
    case ID_ASSET: return " ASSET";
    case ID_TEXT: return " GTIN or GLN";
    case ID_HEIGHT: return " HEIGHT";
    }
    return "";
}

static bool key_hex(const char *text, struct state_key *ret_key, struct err *err)
{
    size_t len = strlen(text);
    if (len / 2 > STATE_KEY_MAX || len % 2 != 0 || !hex_decode(text, len, ret_key->bytes, len / 2))
        return err_set(err, ERR_INPUT, "expected the hex digits of a state key, found \"%.60s\"",
                       text);
    ret_key->len = len / 2;
    return cbor_scan(state_key_slice(ret_key), err);
}

static bool key_height(const char *text, struct state_key *ret_key, struct err *err)
{
    char *end = NULL;
    uint64_t height = strtoull(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '\0')
        return err_set(err, ERR_INPUT, "expected a height, found \"%.60s\"", text);
    *ret_key = state_key_block(height);
    return true;
}

static bool make_key(const struct cmd_home *home, const struct table *t, const char *text,
                     struct state_key *ret_key, struct err *err)
{
    struct kid kid;
    struct hash hash;
    char asset[GS1_NAME_MAX + 1];
    switch (t->id) {
    case ID_NONE: *ret_key = state_key_plain(t->table); return true;
    case ID_MEMBER:
        if (!cmd_home_find_member(home, text, &kid, err))
            return false;
        *ret_key = state_key_kid(t->table, &kid);
        return true;
    case ID_KID:
        if (!cmd_home_parse_kid(text, &kid, err))
            return false;
        *ret_key = state_key_kid(t->table, &kid);
        return true;
    case ID_HASH:
        if (!cmd_home_parse_hash(text, &hash, err))
            return false;
        *ret_key = state_key_hash(t->table, &hash);
        return true;
    case ID_ASSET:
        if (!cmd_names_asset(text, asset, err))
            return false;
        *ret_key = state_key_text(t->table, slice_text(asset));
        return true;
    case ID_TEXT:
        if (strlen(text) > ASSET_NAME_MAX)
            return err_set(err, ERR_INPUT, "\"%.60s\": too long", text);
        *ret_key = state_key_text(t->table, slice_text(text));
        return true;
    case ID_HEIGHT: return key_height(text, ret_key, err);
    }
    return false;
}

bool cmd_proof_key(const struct cmd_home *home, const struct cmd_args *args,
                   struct state_key *ret_key, struct err *err)
{
    const char *name = args->operand[0];
    if (!cmd_args_expect(args, 1, 2, "a TABLE and its ID", err))
        return false;
    if (strcmp(name, "hex") == 0 && args->operand_count == 2)
        return key_hex(args->operand[1], ret_key, err);
    for (size_t i = 0; i < TABLES; i++) {
        if (strcmp(name, tables[i].name) != 0)
            continue;
        if ((tables[i].id == ID_NONE) != (args->operand_count == 1))
            return err_set(err, ERR_INPUT, "expected %s%s", name, id_name(tables[i].id));
        return make_key(home, &tables[i], args->operand[1], ret_key, err);
    }
    return err_set(err, ERR_INPUT,
                   "\"%.60s\" is no table of the state; see waybill proof state "
                   "--help",
                   name);
}

/* ------------------------------------------------------------------ diagnostic notation */

static void put_text(struct buf *out, const char *text)
{
    buf_add_slice(out, slice_text(text));
}

static void put_hex(struct buf *out, struct slice bytes)
{
    static const char digits[] = "0123456789abcdef";
    put_text(out, "h'");
    for (size_t i = 0; i < bytes.len; i++) {
        buf_add_byte(out, (uint8_t)digits[bytes.data[i] >> 4]);
        buf_add_byte(out, (uint8_t)digits[bytes.data[i] & 15]);
    }
    put_text(out, "'");
}

/* Text of the ledger holds no control characters; quotes would end it. */
static void put_quoted(struct buf *out, struct slice text)
{
    put_text(out, "\"");
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] == '"' || text.data[i] == '\\')
            put_text(out, "\\");
        buf_add_byte(out, text.data[i]);
    }
    put_text(out, "\"");
}

static void put_int(struct buf *out, int64_t value)
{
    char text[32];
    (void)snprintf(text, sizeof text, "%" PRId64, value);
    put_text(out, text);
}

/* A container that is open: what is left of it, in pieces, and how it ends. */
struct open_item {
    size_t left;
    bool map, first;
};

static void put_simple(struct buf *out, struct cbor_reader *r, enum cbor_kind kind)
{
    switch (kind) {
    case CBOR_UINT:
    case CBOR_NINT: put_int(out, cbor_take_int(r)); break;
    case CBOR_BYTES: put_hex(out, cbor_take_bytes(r, 0, SIZE_MAX)); break;
    case CBOR_TEXT: put_quoted(out, cbor_take_text(r, 0, SIZE_MAX)); break;
    case CBOR_BOOL: put_text(out, cbor_take_bool(r) ? "true" : "false"); break;
    case CBOR_NULL:
        cbor_take_null(r);
        put_text(out, "null");
        break;
    case CBOR_ARRAY:
    case CBOR_MAP:
    case CBOR_FLOAT:
    case CBOR_END: cbor_fail(r); break;
    }
}

static void put_separator(struct buf *out, struct open_item *o)
{
    bool value = o->map && o->left % 2 == 1;
    if (!o->first)
        put_text(out, value ? ": " : ", ");
    o->first = false;
    o->left--;
}

void cmd_proof_put_words(struct buf *out, struct slice item)
{
    struct open_item open[CBOR_MAX_DEPTH + 1];
    struct cbor_reader r = cbor_reader(item);
    size_t depth = 0;
    if (!cbor_scan(item, NULL)) {
        put_hex(out, item);
        return;
    }
    do {
        enum cbor_kind kind = cbor_peek(&r);
        if (depth > 0)
            put_separator(out, &open[depth - 1]);
        if (kind == CBOR_ARRAY || kind == CBOR_MAP) {
            bool map = kind == CBOR_MAP;
            size_t n = map ? 2 * cbor_take_map(&r) : cbor_take_array(&r);
            open[depth++] = (struct open_item){ n, map, true };
            put_text(out, map ? "{" : "[");
        } else {
            put_simple(out, &r, kind);
        }
        while (depth > 0 && open[depth - 1].left == 0)
            put_text(out, open[--depth].map ? "}" : "]");
    } while (depth > 0 && !r.failed);
}
