#include "common/checkpoint.h"

#include "common/base64.h"
#include "common/hex.h"

#include <string.h>

static const char prefix[] = "waybill/";
static const char final_type[] = "waybill final v1"; /* follows the byte ff of other types */

void checkpoint_origin(const struct hash *ledger, char ret_origin[CHECKPOINT_ORIGIN_SIZE])
{
    memcpy(ret_origin, prefix, sizeof prefix - 1);
    hex_encode(hash_slice(ledger), ret_origin + sizeof prefix - 1);
}

void checkpoint_put_text(struct buf *out, const char *origin, uint64_t size,
                         const struct hash *root)
{
    buf_add_slice(out, slice_text(origin));
    buf_add_byte(out, '\n');
    note_put_number(out, size);
    buf_add_byte(out, '\n');
    base64_put(out, hash_slice(root));
    buf_add_byte(out, '\n');
}

/* ------------------------------------------------------------------ form */

/* The next line without its newline; false when the text ends. */
static bool take_line(struct slice *text, struct slice *ret_line)
{
    const uint8_t *end = text->len == 0 ? NULL : memchr(text->data, '\n', text->len);
    if (end == NULL)
        return false;
    size_t len = (size_t)(end - text->data);
    *ret_line = slice_from(*text, 0, len);
    *text = slice_from(*text, len + 1, text->len - len - 1);
    return true;
}

static bool take_size(struct slice line, uint64_t *ret_size)
{
    uint64_t size = 0;
    if (line.len == 0 || line.len > 19 || (line.data[0] == '0' && line.len > 1))
        return false;
    for (size_t i = 0; i < line.len; i++) {
        if (line.data[i] < '0' || line.data[i] > '9')
            return false;
        size = size * 10 + (uint64_t)(line.data[i] - '0');
    }
    *ret_size = size;
    return size <= INT64_MAX;
}

static bool take_root(struct slice line, struct hash *ret_root)
{
    struct buf root = buf_fixed(ret_root->bytes, HASH_SIZE);
    return base64_take(line, &root) && root.len == HASH_SIZE;
}

bool checkpoint_decode(struct slice bytes, struct checkpoint *ret_checkpoint, struct err *err)
{
    struct checkpoint c;
    struct slice line = { NULL, 0 };
    if (!note_decode(bytes, &c.note, err))
        return false;
    struct slice text = c.note.text;
    bool good = take_line(&text, &c.origin) && c.origin.len > 0 && take_line(&text, &line) &&
                take_size(line, &c.size) && take_line(&text, &line) && take_root(line, &c.root);
    while (good && text.len > 0)
        good = take_line(&text, &line) && line.len > 0;
    if (!good)
        return err_set(err, ERR_INPUT, "checkpoint: not an origin, a size and a root");
    *ret_checkpoint = c;
    return true;
}

/* ------------------------------------------------------------------ signatures */

struct note_key checkpoint_authority_key(const struct hash *ledger, const uint8_t pub[PUB_SIZE])
{
    char origin[CHECKPOINT_ORIGIN_SIZE];
    struct note_key key;
    checkpoint_origin(ledger, origin);
    (void)note_key_make(origin, NOTE_ED25519, pub, &key, NULL); /* an origin is a good name */
    return key;
}

static void final_id(const char *origin, const struct hash *ledger, uint8_t ret_id[NOTE_ID_SIZE])
{
    uint8_t bytes[sizeof final_type - 1 + HASH_SIZE];
    memcpy(bytes, final_type, sizeof final_type - 1);
    memcpy(bytes + sizeof final_type - 1, ledger->bytes, HASH_SIZE);
    note_id(origin, NOTE_OTHER, slice_of(bytes, sizeof bytes), ret_id);
}

void checkpoint_put_final(struct buf *out, const struct hash *ledger, struct slice final)
{
    char origin[CHECKPOINT_ORIGIN_SIZE];
    uint8_t id[NOTE_ID_SIZE];
    checkpoint_origin(ledger, origin);
    final_id(origin, ledger, id);
    note_put_line(out, origin, id, final);
}

/* The block that a line proves to be final, when it is the one of the checkpoint. */
static bool check_line(const struct checkpoint *c, struct slice final, struct set_chain *sets,
                       struct header *ret_header, struct err *err)
{
    struct final f;
    if (!final_decode(final, &f, err) || !set_chain_final(sets, &f, err))
        return false;
    if (f.header.size != c->size || !hash_equal(&f.header.tree, &c->root))
        return err_set(err, ERR_PROOF, "checkpoint: the final block is of another tree");
    *ret_header = f.header;
    return true;
}

bool checkpoint_check_final(const struct checkpoint *c, struct slice sets,
                            const struct identity *trusted, struct header *ret_header,
                            size_t *ret_changes, struct err *err)
{
    char origin[CHECKPOINT_ORIGIN_SIZE];
    uint8_t id[NOTE_ID_SIZE];
    struct set_chain chain;
    struct note walk = c->note;
    struct note_line line;
    const struct hash *ledger = &trusted->genesis.ledger;
    checkpoint_origin(ledger, origin);
    final_id(origin, ledger, id);
    if (!slice_equal(c->origin, slice_text(origin)))
        return err_set(err, ERR_PROOF, "checkpoint: of another ledger");
    struct buf memory = buf_heap(NOTE_SIZE_MAX);
    bool found = false, good = false;
    while (!found && note_next(&walk, &memory, &line))
        found =
            memcmp(line.id, id, NOTE_ID_SIZE) == 0 && slice_equal(line.name, slice_text(origin));
    if (!found)
        (void)err_set(err, ERR_NOT_FOUND, "checkpoint: it brings no proof of finality");
    else
        good = set_chain_begin(&chain, sets, trusted, err) &&
               check_line(c, line.sig, &chain, ret_header, err);
    buf_free(&memory);
    if (good)
        *ret_changes = chain.changes;
    return good;
}
