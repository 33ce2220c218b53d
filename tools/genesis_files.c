#include "tools/genesis_files.h"

#include "common/custody.h"
#include "common/file.h"
#include "common/genesis.h"
#include "common/keyfile.h"
#include "tools/constitution_file.h"
#include "tools/member_folder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SIGNATURE_MAX    256
#define NODE_RECORD_ROOM (REQUEST_CERTIFICATE_MAX + 2 * REQUEST_ADDRESS_MAX + 16)

/* ------------------------------------------------------------------ the plan */

bool genesis_files_add(struct genesis_files *f, const char *path, struct err *err)
{
    size_t i = f->plan.count;
    struct request *q = &f->request[i];
    char name[NAME_MAX_BYTES + 1];
    f->bytes[i] = buf_heap(REQUEST_SIZE_MAX);
    f->node[i] = buf_heap(NODE_RECORD_ROOM);
    f->plan.count++;
    if (!member_folder_read_request(path, &f->bytes[i], q, err))
        return false;
    (void)snprintf(name, sizeof name, "%.*s", (int)q->name.len, (const char *)q->name.data);
    if (!cmd_home_is_name(name))
        return err_set(err, ERR_INPUT, "%s: its name has no letters or digits", path);
    if (!cmd_home_slug(name, f->slug[i])) /* of another alphabet: only itself is like it */
        (void)snprintf(f->slug[i], CMD_SLUG_SIZE, "%.*s", CMD_SLUG_SIZE - 1, name);
    for (size_t k = 0; k < i; k++)
        if (strcmp(f->slug[k], f->slug[i]) == 0)
            return err_set(err, ERR_INPUT, "%s: the name \"%.60s\" is too like another founder's",
                           path, name);
    if (q->joins && !f->joiners_too)
        return err_set(err, ERR_INPUT, "%s: asks to join a ledger that runs, not to found one",
                       path);
    struct node_record record = { q->broker, q->url, q->certificate };
    if (q->has_node)
        node_record_put(&f->node[i], &record);
    f->plan.parties[i] = (struct founding_party){ .name = q->name,
                                                  .pub = q->member,
                                                  .authority = q->has_node ? q->authority : NULL,
                                                  .node = buf_slice(&f->node[i]) };
    return true;
}

bool genesis_files_name(struct genesis_files *f, const char *name, struct err *err)
{
    if (!cbor_text_valid(slice_text(name)) || name[0] == '\0' || strlen(name) > NAME_MAX_BYTES)
        return err_set(err, ERR_INPUT,
                       "--name: expected 1 to %d bytes of text without control characters",
                       NAME_MAX_BYTES);
    f->plan.name = slice_text(name);
    return true;
}

static void give_role(struct genesis_files *f, const struct kid *kids, size_t count, uint64_t role)
{
    for (size_t i = 0; i < f->plan.count; i++) {
        struct kid kid = key_kid(f->plan.parties[i].pub);
        for (size_t k = 0; k < count; k++)
            if (kid_equal(&kid, &kids[k]))
                f->plan.parties[i].roles |= role;
    }
}

bool genesis_files_constitution(struct genesis_files *f, const char *path, struct err *err)
{
    struct constitution_file *file = calloc(1, sizeof *file);
    struct constitution_names *names = calloc(1, sizeof *names);
    if (file == NULL || names == NULL) {
        free(names);
        free(file);
        return err_set(err, ERR_IO, "out of memory");
    }
    bool good = true;
    for (size_t i = 0; i < f->plan.count; i++) {
        names->at[i].name = f->plan.parties[i].name;
        names->at[i].kid = key_kid(f->plan.parties[i].pub);
        names->count = i + 1;
    }
    if (path == NULL)
        file->constitution = constitution_default();
    else
        good = constitution_file_load(path, names, file, err);
    if (good) {
        give_role(f, file->operators, file->operator_count, ROLE_BIT_OPERATOR);
        give_role(f, file->sponsors, file->sponsor_count, ROLE_BIT_SPONSOR);
        f->constitution = buf_heap(CONSTITUTION_SIZE_MAX);
        constitution_put(&f->constitution, &file->constitution);
        f->plan.constitution = buf_slice(&f->constitution);
    }
    free(names);
    free(file);
    return good;
}

void genesis_files_free(struct genesis_files *f)
{
    buf_free(&f->constitution);
    for (size_t i = 0; i < f->plan.count; i++) {
        buf_free(&f->bytes[i]);
        buf_free(&f->node[i]);
    }
}

/* ------------------------------------------------------------------ the genesis */

bool genesis_files_read(const char *path, bool sealed, struct buf *out,
                        struct genesis_view *ret_view, struct err *err)
{
    return file_read(path, GENESIS_SIZE_MAX, out, err) &&
           (genesis_words_take(buf_slice(out), sealed, ret_view, err) || err_wrap(err, "%s", path));
}

/* The same bytes again are no conflict: whoever drafts anew to compare may do so. */
bool genesis_files_write(const char *path, struct slice content, struct err *err)
{
    struct buf there = buf_heap(GENESIS_SIZE_MAX);
    bool same = file_exists(path) && file_read(path, GENESIS_SIZE_MAX, &there, NULL) &&
                slice_equal(buf_slice(&there), content);
    buf_free(&there);
    return same || file_create(path, content, 0644, err);
}

/* ------------------------------------------------------------------ signatures */

static void put_signature(struct buf *out, const struct hash *ledger,
                          const struct founding_signature *s)
{
    cbor_put_array(out, 4);
    cbor_put_uint(out, 1);
    cbor_put_bytes(out, hash_slice(ledger));
    kid_put(out, &s->kid);
    cbor_put_bytes(out, slice_of(s->sig, SIG_SIZE));
}

bool genesis_files_read_signature(const char *path, const struct hash *ledger,
                                  struct founding_signature *ret_signature, struct err *err)
{
    uint8_t memory[SIGNATURE_MAX];
    struct buf bytes = buf_fixed(memory, sizeof memory);
    struct hash of;
    if (!file_read(path, SIGNATURE_MAX, &bytes, err))
        return false;
    if (!cbor_scan(buf_slice(&bytes), err))
        return err_wrap(err, "%s", path);
    struct cbor_reader r = cbor_reader(buf_slice(&bytes));
    cbor_take_array_of(&r, 4);
    (void)cbor_take_int_in(&r, 1, 1);
    cbor_take_fixed(&r, of.bytes, HASH_SIZE);
    ret_signature->kid = kid_take(&r);
    cbor_take_fixed(&r, ret_signature->sig, SIG_SIZE);
    if (!cbor_done(&r))
        return err_set(err, ERR_INPUT, "%s: no founder's signature", path);
    return hash_equal(&of, ledger) ||
           err_set(err, ERR_PROOF, "%s: signs another draft than this", path);
}

static const struct genesis_member *own_entry(const struct genesis_view *v,
                                              const struct key_pair *key)
{
    for (size_t i = 0; i < v->count; i++)
        if (memcmp(v->members[i].pub, key->pub, PUB_SIZE) == 0)
            return &v->members[i];
    return NULL;
}

/* What would be signed names this company as its own request does; otherwise somebody changed it. */
static bool check_own(const char *dir, const struct genesis_view *v, const struct key_pair *key,
                      struct err *err)
{
    char path[PATH_MAX];
    struct request q;
    struct buf bytes = buf_heap(REQUEST_SIZE_MAX);
    const struct genesis_member *own = own_entry(v, key);
    bool good = own != NULL && member_folder_path(dir, "request.cbor", path, err) &&
                member_folder_read_request(path, &bytes, &q, err);
    if (own == NULL)
        (void)err_set(err, ERR_PROOF, "the draft does not have %s/member.key", dir);
    if (good) {
        struct kid authority = key_kid(q.authority);
        bool same =
            slice_equal(own->name, q.name) && own->has_node == q.has_node &&
            (!q.has_node ||
             (kid_equal(&own->authority, &authority) && slice_equal(own->broker, q.broker) &&
              slice_equal(own->url, q.url) && slice_equal(own->certificate, q.certificate)));
        good = same ||
               err_set(err, ERR_PROOF, "the draft says other things of this member than %s", path);
    }
    buf_free(&bytes);
    return good;
}

bool genesis_files_sign(const char *dir, const struct genesis_view *draft, const char *path,
                        struct err *err)
{
    char key_path[PATH_MAX];
    struct key_pair key;
    struct founding_signature s;
    uint8_t memory[SIGNATURE_MAX];
    struct buf out = buf_fixed(memory, sizeof memory);
    if (!member_folder_path(dir, "member.key", key_path, err) || !keyfile_load(key_path, &key, err))
        return false;
    bool good = check_own(dir, draft, &key, err);
    if (good) {
        s.kid = key.kid;
        genesis_sign(&draft->identity.genesis.ledger, &key, s.sig);
        put_signature(&out, &draft->identity.genesis.ledger, &s);
        good = genesis_files_write(path, buf_slice(&out), err);
    }
    crypto_wipe(&key, sizeof key);
    return good;
}
