#include "tools/recovery_meet.h"

#include "common/file.h"
#include "common/hex.h"
#include "common/state_key.h"
#include "common/state_value.h"
#include "tools/member_folder.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define SHORT_BYTES 8 /* of a hash, in names of files and sentences */
#define SHORT_HEX   (2 * SHORT_BYTES + 1)

static void short_hex(const struct hash *hash, char hex[SHORT_HEX])
{
    hex_encode(slice_of(hash->bytes, SHORT_BYTES), hex);
}

/* ------------------------------------------------------------------ who signed */

static bool find_record(struct store *s, const struct kid *kid, struct buf *value,
                        struct state_key_record *ret_record)
{
    struct state_key key = state_key_kid(TABLE_KEY, kid);
    return s != NULL && store_state_get(s, state_key_slice(&key), value, NULL) &&
           state_key_record_take(buf_slice(value), ret_record);
}

bool recovery_meet_pub(void *ctx, const struct kid *kid, uint8_t ret_pub[PUB_SIZE])
{
    const struct recovery_folder *f = ctx;
    struct state_key_record record;
    struct buf value = buf_heap(STATE_VALUE_MAX);
    bool known = find_record(f->store, kid, &value, &record) && record.class == CLASS_AUTHORITY;
    int place = authority_set_find(&f->identity->set, kid);
    if (known)
        memcpy(ret_pub, record.pub, PUB_SIZE);
    else if (place >= 0)
        memcpy(ret_pub, f->identity->set.at[place].pub, PUB_SIZE);
    buf_free(&value);
    return known || place >= 0;
}

static void tell_signer(struct recovery_folder *f, const struct kid *kid)
{
    char hex[2 * KID_SIZE + 1];
    struct state_key_record record;
    struct state_member member = { .name = { .len = 0 } };
    struct buf value = buf_heap(STATE_VALUE_MAX);
    hex_encode(kid_slice(kid), hex);
    if (find_record(f->store, kid, &value, &record)) {
        struct state_key key = state_key_kid(TABLE_MEMBER, &record.member);
        buf_clear(&value);
        if (store_state_get(f->store, state_key_slice(&key), &value, NULL))
            (void)state_member_take(buf_slice(&value), &member);
    }
    (void)fprintf(stderr, "  signed both: authority %s%s%.*s\n", hex,
                  member.name.len > 0 ? " of " : "", (int)member.name.len,
                  (const char *)member.name.data);
    buf_free(&value);
}

void recovery_meet_tell(struct recovery_folder *f, const struct recovery *a,
                        const struct recovery *b, const struct recovery_rivals *v)
{
    static const char *const words[] = {
        [RIVALS_SAME] = "the same recovery",
        [RIVALS_UNRELATED] = "nobody signed both: of different ledgers, or one after the other",
        [RIVALS_SEALED_TWICE] = "one decision with different signatures under it: whoever follows "
                                "one does not follow the other; agree on one file",
        [RIVALS_OF_ONE_TIP] = "two recoveries after one block; nobody known here signed both",
        [RIVALS_EVIDENCE] = "TWO RECOVERIES OF ONE LEDGER, and who signed both has contradicted "
                            "himself",
    };
    char one[SHORT_HEX], two[SHORT_HEX];
    short_hex(&a->hash, one);
    short_hex(&b->hash, two);
    (void)fprintf(stderr,
                  "recovery %s after block %" PRIu64 "\nrecovery %s after block %" PRIu64 "\n%s\n",
                  one, a->height, two, b->height, words[v->relation]);
    for (size_t i = 0; i < v->count; i++)
        tell_signer(f, &v->both[i]);
}

bool recovery_meet_keep_evidence(struct recovery_folder *f, const struct recovery *a,
                                 const struct recovery *b, const struct recovery_rivals *v,
                                 char ret_path[PATH_MAX], struct err *err)
{
    char name[64], one[SHORT_HEX], two[SHORT_HEX];
    bool in_order = memcmp(a->hash.bytes, b->hash.bytes, HASH_SIZE) < 0;
    if (v->relation != RIVALS_EVIDENCE)
        return true;
    short_hex(in_order ? &a->hash : &b->hash, one);
    short_hex(in_order ? &b->hash : &a->hash, two);
    (void)snprintf(name, sizeof name, "recovery-evidence-%.8s-%.8s.cbor", one, two);
    struct buf out = buf_heap(RECOVERY_EVIDENCE_MAX);
    recovery_evidence_put(&out, a, b);
    bool good = member_folder_path(f->dir, name, ret_path, err) &&
                file_replace(ret_path, buf_slice(&out), 0644, err);
    buf_free(&out);
    if (good)
        (void)fprintf(stderr, "  evidence: %s (waybill recovery check)\n", ret_path);
    return good;
}

/* ------------------------------------------------------------------ what the folder knows */

static bool meet_one(struct recovery_folder *f, const struct recovery *r, struct slice bytes,
                     struct recovery_met *met, struct err *err)
{
    char path[PATH_MAX];
    struct recovery other;
    if (!recovery_decode(bytes, &other, NULL))
        return true; /* what was spoilt here says nothing */
    struct recovery_rivals v = recovery_rivals(r, &other, recovery_meet_pub, f);
    for (size_t i = 0; i < met->count; i++)
        if (hash_equal(&met->hash[i], &other.hash))
            return true;
    if (!recovery_rivals_exclude(&v) || met->count == RECOVERY_MET_MAX)
        return true;
    met->hash[met->count++] = other.hash;
    recovery_meet_tell(f, &other, r, &v);
    return recovery_meet_keep_evidence(f, &other, r, &v, path, err);
}

static bool meet_file(struct recovery_folder *f, const struct recovery *r, const char *name,
                      struct recovery_met *met, struct err *err)
{
    char path[PATH_MAX];
    struct buf bytes = buf_heap(RECOVERY_SIZE_MAX);
    bool good = member_folder_path(f->dir, name, path, err);
    if (good && file_exists(path))
        good = file_read(path, RECOVERY_SIZE_MAX, &bytes, err) &&
               meet_one(f, r, buf_slice(&bytes), met, err);
    buf_free(&bytes);
    return good;
}

static bool meet_ledger(struct recovery_folder *f, const struct recovery *r,
                        struct recovery_met *met, struct err *err)
{
    uint64_t heights[RECOVERY_TIMES_MAX];
    struct state_key key = state_key_plain(TABLE_RECOVERY);
    struct buf value = buf_heap(STATE_VALUE_MAX);
    size_t count = 0, before = met->count;
    bool good = true;
    if (f->store != NULL && store_state_get(f->store, state_key_slice(&key), &value, NULL))
        count = recovery_take_heights(buf_slice(&value), heights);
    for (size_t i = 0; i < count && good; i++) {
        key = state_key_recovery(heights[i]);
        buf_clear(&value);
        good = !store_state_get(f->store, state_key_slice(&key), &value, NULL) ||
               meet_one(f, r, buf_slice(&value), met, err);
    }
    met->gone_on = met->count > before;
    buf_free(&value);
    return good;
}

static void kept_name(const struct hash *hash, char name[64])
{
    char hex[SHORT_HEX];
    short_hex(hash, hex);
    (void)snprintf(name, 64, "recovery-%s.cbor", hex);
}

bool recovery_meet(struct recovery_folder *f, const struct recovery *r,
                   struct recovery_met *ret_met, struct err *err)
{
    char name[64];
    ret_met->count = 0;
    if (!meet_ledger(f, r, ret_met, err))
        return false;
    for (size_t i = 0; i < f->identity->pin_count; i++) {
        kept_name(&f->identity->pins[i], name);
        if (!meet_file(f, r, name, ret_met, err))
            return false;
    }
    return meet_file(f, r, "node/recovery.cbor", ret_met, err);
}

bool recovery_meet_refuse(struct recovery_folder *f, const struct recovery *r, struct err *err)
{
    struct recovery_met met;
    char one[SHORT_HEX], two[SHORT_HEX];
    if (!recovery_meet(f, r, &met, err))
        return false;
    if (met.count == 0)
        return true;
    short_hex(&r->hash, one);
    short_hex(&met.hash[0], two);
    return err_set(err, ERR_PROOF,
                   "recovery %s: %s %s, another one, after which this one cannot be", one,
                   met.gone_on ? "the ledger here has gone on by" : "this folder has pinned", two);
}

bool recovery_meet_keep(const char *dir, const struct recovery *r, struct err *err)
{
    char name[64], path[PATH_MAX];
    kept_name(&r->hash, name);
    return member_folder_path(dir, name, path, err) && file_replace(path, r->bytes, 0644, err);
}
