#include "scanner/names.h"

#include "common/file.h"
#include "common/genesis.h"
#include "common/hex.h"
#include "common/state_key.h"
#include "common/state_value.h"
#include "scanner/visible.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct names {
    size_t count;
    struct {
        struct kid kid;
        char name[NAMES_SIZE];
    } at[NAMES_MAX];
};

/* The first one to name a member is believed: the genesis comes before the node. */
static void add(struct names *n, const struct kid *kid, struct slice name)
{
    for (size_t i = 0; i < n->count; i++)
        if (kid_equal(&n->at[i].kid, kid))
            return;
    if (n->count == NAMES_MAX || name.len == 0 || name.len >= NAMES_SIZE)
        return;
    n->at[n->count].kid = *kid;
    memcpy(n->at[n->count].name, name.data, name.len);
    n->count++;
}

static void take_entry(struct names *n, struct slice key, struct slice value)
{
    struct state_member member;
    struct cbor_reader r = cbor_reader(key);
    if (state_key_table(key) != TABLE_MEMBER || !state_member_take(value, &member))
        return;
    cbor_take_array_of(&r, 2);
    (void)cbor_take_uint(&r);
    struct kid kid = kid_take(&r);
    if (!r.failed)
        add(n, &kid, member.name);
}

static bool load_genesis(struct names *n, const char *path, const struct hash *ledger,
                         struct err *err)
{
    struct genesis g;
    struct buf bytes = buf_heap(GENESIS_SIZE_MAX);
    bool good = file_read(path, GENESIS_SIZE_MAX, &bytes, err) &&
                (genesis_decode(buf_slice(&bytes), &g, err) || err_wrap(err, "%s", path));
    if (good && !hash_equal(&g.header.ledger, ledger))
        good = err_set(err, ERR_PROOF, "%s: is the genesis of another ledger", path);
    for (size_t i = 0; good && i < g.entry_count; i++) {
        struct slice key, value;
        genesis_next_entry(&g, &key, &value);
        take_entry(n, key, value);
    }
    buf_free(&bytes);
    return good;
}

bool names_open(const char *genesis_path, const struct hash *ledger, struct names **ret_names,
                struct err *err)
{
    struct names *n = calloc(1, sizeof *n);
    if (n == NULL)
        return err_set(err, ERR_IO, "out of memory");
    if (genesis_path != NULL && file_exists(genesis_path) &&
        !load_genesis(n, genesis_path, ledger, err)) {
        names_close(n);
        return false;
    }
    *ret_names = n;
    return true;
}

void names_close(struct names *n)
{
    free(n);
}

void names_hear(struct names *n, const struct json_doc *member)
{
    struct slice hex, name;
    struct kid kid;
    if (json_doc_get_text(json_doc_at(member, "/kid"), &hex) &&
        json_doc_get_text(json_doc_at(member, "/name"), &name) &&
        hex_decode((const char *)hex.data, hex.len, kid.bytes, KID_SIZE))
        add(n, &kid, name);
}

bool names_ask_set(struct names *n, struct node_client *node, struct err *err)
{
    struct json_doc *doc = NULL;
    if (!node_client_get_json(node, "/v1/set", &doc, err))
        return false;
    const struct json_doc *list = json_doc_at(doc, "/authorities");
    for (size_t i = 0; i < json_doc_count(list); i++)
        names_hear(n, json_doc_at(json_doc_element(list, i), "/member"));
    json_doc_free(doc);
    return true;
}

bool names_find(const struct names *n, const char *text, struct kid *ret_member, struct err *err)
{
    size_t found = 0;
    for (size_t i = 0; i < n->count; i++)
        if (strcasecmp(n->at[i].name, text) == 0) {
            *ret_member = n->at[i].kid;
            found++;
        }
    if (found > 1)
        return err_set(err, ERR_INPUT, "\"%.80s\" is the name of %zu members: give the kid", text,
                       found);
    return found == 1 || hex_decode(text, strlen(text), ret_member->bytes, KID_SIZE) ||
           err_set(err, ERR_NOT_FOUND,
                   "\"%.80s\" is no member known here; give the kid, 16 hexadecimal digits", text);
}

void names_tell(const struct names *n, const struct kid *member, char text[NAMES_SIZE])
{
    hex_encode(kid_slice(member), text);
    for (size_t i = 0; i < n->count; i++)
        if (kid_equal(&n->at[i].kid, member)) {
            memcpy(text, n->at[i].name, NAMES_SIZE);
            visible_clean(text);
        }
}
