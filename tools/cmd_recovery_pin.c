/* `waybill recovery pin`: a person decides to follow a recovery. */
#include "common/file.h"
#include "common/hex.h"
#include "common/yaml.h"
#include "tools/cmd_recovery_parts.h"
#include "tools/data_folder.h"
#include "tools/member_folder.h"

#include <stdio.h>
#include <string.h>

/* ------------------------------------------------------------------ the folder */

bool cmd_recovery_folder(struct recovery_folder *f, struct identity *ret_identity, struct err *err)
{
    char path[PATH_MAX], data[PATH_MAX], home[PATH_MAX];
    struct buf bytes = buf_heap(64 * 1024);
    bool good = member_folder_path(f->dir, "identity.cbor", path, err) &&
                file_read(path, 64 * 1024, &bytes, err) &&
                identity_decode(buf_slice(&bytes), ret_identity, err);
    f->identity = ret_identity;
    f->store = NULL;
    if (good && data_folder_find(f->dir, data, home, NULL))
        good = store_open(data, STORE_READ, &f->store, err);
    buf_free(&bytes);
    return good;
}

/* ------------------------------------------------------------------ pin */

/* Its pins without those that it excludes, and with it. */
static bool change_pins(struct identity *id, const struct recovery *r,
                        const struct recovery_met *met, struct err *err)
{
    size_t kept = 0;
    for (size_t i = 0; i < id->pin_count; i++) {
        bool stays = !hash_equal(&id->pins[i], &r->hash);
        for (size_t k = 0; k < met->count; k++)
            stays = stays && !hash_equal(&id->pins[i], &met->hash[k]);
        if (stays)
            id->pins[kept++] = id->pins[i];
    }
    id->pin_count = kept;
    if (kept == IDENTITY_PINS_MAX)
        return err_set(err, ERR_BUSY, "identity.cbor: pins %d recoveries already",
                       IDENTITY_PINS_MAX);
    id->pins[id->pin_count++] = r->hash;
    return true;
}

static bool check_rivals(struct recovery_folder *f, const struct recovery *r, bool instead,
                         struct recovery_met *ret_met, struct err *err)
{
    if (!recovery_meet(f, r, ret_met, err))
        return false;
    if (ret_met->count == 0)
        return true;
    if (ret_met->gone_on)
        return err_set(err, ERR_PROOF,
                       "%s: its ledger has gone on by another recovery: a folder of its own can "
                       "follow this one",
                       f->dir);
    return instead || err_set(err, ERR_PROOF,
                              "%s: pins another recovery already (see above); ask the other "
                              "members which one holds. --instead gives up that one",
                              f->dir);
}

static bool pin_identity(const char *dir, const struct recovery *r, bool instead, struct err *err)
{
    char path[PATH_MAX];
    struct identity id;
    struct recovery_met met = { .count = 0 };
    struct recovery_folder f = { .dir = dir, .identity = &id };
    struct buf bytes = buf_heap(64 * 1024);
    bool good = cmd_recovery_folder(&f, &id, err);
    if (good && !hash_equal(&id.genesis.ledger, &r->ledger))
        good = err_set(err, ERR_PROOF, "%s: is of another ledger", dir);
    good = good && check_rivals(&f, r, instead, &met, err) && change_pins(&id, r, &met, err) &&
           recovery_meet_keep(dir, r, err) && member_folder_path(dir, "identity.cbor", path, err);
    store_close(f.store);
    if (good) {
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
        pin_identity(args->operand[1], &r, cmd_args_flag(args, "instead"), err) &&
        pin_node(args->operand[1], &r, &node, err);
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

/* ------------------------------------------------------------------ check */

static bool read_two(const struct cmd_args *args, struct buf bytes[2], struct recovery two[2],
                     struct err *err)
{
    if (!cmd_args_expect(args, 2, 3, "two RECOVERYs and a DIR, or an EVIDENCE and a DIR", err))
        return false;
    if (args->operand_count == 3)
        return cmd_recovery_read(args->operand[0], &bytes[0], &two[0], err) &&
               cmd_recovery_read(args->operand[1], &bytes[1], &two[1], err);
    return file_read(args->operand[0], RECOVERY_EVIDENCE_MAX, &bytes[0], err) &&
           (recovery_evidence_decode(buf_slice(&bytes[0]), &two[0], &two[1], err) ||
            err_wrap(err, "%s", args->operand[0]));
}

static void print_rivals(const struct recovery_rivals *v)
{
    static const char *const names[] = {
        [RIVALS_SAME] = "same",
        [RIVALS_UNRELATED] = "unrelated",
        [RIVALS_SEALED_TWICE] = "sealed twice",
        [RIVALS_OF_ONE_TIP] = "of one block",
        [RIVALS_EVIDENCE] = "evidence",
    };
    struct json_doc *doc = json_doc_object();
    json_doc_put_text(doc, "relation", names[v->relation]);
    struct json_doc *list = json_doc_put_array(doc, "signed_both");
    for (size_t i = 0; i < v->count; i++)
        json_doc_put_hex(list, NULL, kid_slice(&v->both[i]));
    cmd_action_print(doc);
}

int cmd_recovery_check(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    char path[PATH_MAX];
    struct identity id;
    struct recovery two[2];
    struct recovery_rivals v = { .relation = RIVALS_SAME };
    struct recovery_folder f = { .dir = NULL };
    struct buf bytes[2] = { buf_heap(RECOVERY_EVIDENCE_MAX), buf_heap(RECOVERY_SIZE_MAX) };
    bool good = read_two(args, bytes, two, err);
    if (good) {
        f.dir = args->operand[args->operand_count - 1];
        good = cmd_recovery_folder(&f, &id, err);
    }
    if (good) {
        v = recovery_rivals(&two[0], &two[1], recovery_meet_pub, &f);
        recovery_meet_tell(&f, &two[0], &two[1], &v);
        good = args->operand_count == 2 ||
               recovery_meet_keep_evidence(&f, &two[0], &two[1], &v, path, err);
    }
    store_close(f.store);
    buf_free(&bytes[0]);
    buf_free(&bytes[1]);
    if (!good)
        return cmd_action_fail(err);
    if (home->json)
        print_rivals(&v);
    return recovery_rivals_exclude(&v) ? CMD_PROOF : CMD_GOOD;
}
