/* `waybill recovery pin`: a person decides to follow a recovery. */
#include "common/file.h"
#include "common/hex.h"
#include "common/yaml.h"
#include "tools/cmd_recovery_parts.h"
#include "tools/member_folder.h"

#include <stdio.h>
#include <string.h>

/* ------------------------------------------------------------------ pin */

static bool pin_identity(const char *dir, const struct recovery *r, struct err *err)
{
    char path[PATH_MAX];
    struct identity id;
    struct buf bytes = buf_heap(64 * 1024);
    bool good = member_folder_path(dir, "identity.cbor", path, err) &&
                file_read(path, 64 * 1024, &bytes, err) &&
                identity_decode(buf_slice(&bytes), &id, err);
    if (good && !hash_equal(&id.genesis.ledger, &r->ledger))
        good = err_set(err, ERR_PROOF, "%s: is of another ledger", path);
    for (size_t i = 0; good && i < id.pin_count; i++)
        if (hash_equal(&id.pins[i], &r->hash)) {
            buf_free(&bytes);
            return true;
        }
    if (good && id.pin_count == IDENTITY_PINS_MAX)
        good = err_set(err, ERR_BUSY, "%s: pins %d recoveries already", path, IDENTITY_PINS_MAX);
    if (good) {
        id.pins[id.pin_count++] = r->hash;
        buf_clear(&bytes);
        identity_put(&bytes, &id);
        good = file_replace(path, buf_slice(&bytes), 0644, err);
    }
    buf_free(&bytes);
    return good;
}

/* The line that the node's configuration gets; an older recovery's is replaced. */
static bool pin_node(const char *dir, const struct recovery *r, bool *ret_node, struct err *err)
{
    char path[PATH_MAX], copy[PATH_MAX], line[2 * HASH_SIZE + 32], hex[2 * HASH_SIZE + 1];
    struct buf text = buf_heap(YAML_MAX_BYTES), out = buf_heap(YAML_MAX_BYTES);
    if (!member_folder_path(dir, "node.yaml", path, err) ||
        !member_folder_path(dir, "node/recovery.cbor", copy, err))
        return false;
    *ret_node = file_exists(path);
    if (!*ret_node)
        return true;
    hex_encode(hash_slice(&r->hash), hex);
    (void)snprintf(line, sizeof line, "recovery: \"%s\"\n", hex);
    bool good =
        file_read(path, YAML_MAX_BYTES, &text, err) && file_replace(copy, r->bytes, 0644, err);
    for (size_t at = 0; good && at < text.len;) {
        const uint8_t *end = memchr(text.data + at, '\n', text.len - at);
        size_t len = end != NULL ? (size_t)(end - text.data) + 1 - at : text.len - at;
        if (len < 9 || memcmp(text.data + at, "recovery:", 9) != 0)
            buf_add(&out, text.data + at, len);
        at += len;
    }
    buf_add_slice(&out, slice_text(line));
    good = good && file_replace(path, buf_slice(&out), 0644, err);
    buf_free(&text);
    buf_free(&out);
    return good;
}

int cmd_recovery_pin(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    struct recovery r;
    bool node = false;
    struct buf bytes = buf_heap(RECOVERY_SIZE_MAX);
    bool good =
        cmd_args_expect(args, 2, 2, "a RECOVERY and a DIR", err) &&
        cmd_recovery_read(args->operand[0], &bytes, &r, err) &&
        (r.signature_count > 0 || err_set(err, ERR_INPUT, "this is a draft: nobody signed it")) &&
        pin_identity(args->operand[1], &r, err) && pin_node(args->operand[1], &r, &node, err);
    if (good && home->json) {
        cmd_action_print(cmd_recovery_json(&r, args->operand[1]));
    } else if (good) {
        cmd_recovery_tell(&r);
        (void)printf("\n%s/identity.cbor%s pins it: what is verified from here follows it\n",
                     args->operand[1], node ? " and node.yaml" : "");
    }
    buf_free(&bytes);
    return good ? CMD_GOOD : cmd_action_fail(err);
}
