/* Files byte for byte: one wrong byte is named by file and offset. */
#include "tools/cmd_audit.h"

#include "common/bytes.h"
#include "common/db.h"
#include "common/file.h"
#include "common/genesis.h"
#include "common/hex.h"
#include "common/key.h"
#include "common/keyfile.h"
#include "common/signer.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEY_TEXT_MAX     1024
#define SEED_AT          19 /* "waybill-key 1\nseed " */
#define SEED_DIGITS      64
#define PUB_AT           (SEED_AT + SEED_DIGITS + 5) /* "\npub " */
#define KEY_FILE_SIZE    (PUB_AT + 64 + 1)
#define STATE_SEARCH_MAX 2048
#define SMALL_MAX        GENESIS_SIZE_MAX

static bool wrong_byte(struct err *err, const char *path, uint64_t offset, const char *what)
{
    return err_set(err, ERR_PROOF, "%s: byte %" PRIu64 " is wrong: %s", path, offset, what);
}

/* ------------------------------------------------------------------ keys */

/* What the file of this seed must be. */
static void compose(const uint8_t seed[SEED_SIZE], char text[KEY_FILE_SIZE + 1])
{
    char seed_hex[2 * SEED_SIZE + 1], pub_hex[2 * PUB_SIZE + 1];
    struct key_pair key = key_from_seed(seed);
    hex_encode(slice_of(seed, SEED_SIZE), seed_hex);
    hex_encode(slice_of(key.pub, PUB_SIZE), pub_hex);
    (void)snprintf(text, KEY_FILE_SIZE + 1, "waybill-key 1\nseed %s\npub %s\n", seed_hex, pub_hex);
    crypto_wipe(&key, sizeof key);
    crypto_wipe(seed_hex, sizeof seed_hex);
}

static size_t first_difference(const char *a, const char *b, size_t len)
{
    size_t at = 0;
    while (at < len && a[at] == b[at])
        at++;
    return at;
}

/* How many bytes differ from the file that the seed written here would make. */
static size_t differences(const char *text, const uint8_t seed[SEED_SIZE], size_t *ret_first)
{
    char made[KEY_FILE_SIZE + 1];
    size_t count = 0;
    compose(seed, made);
    *ret_first = first_difference(text, made, KEY_FILE_SIZE);
    for (size_t i = 0; i < KEY_FILE_SIZE; i++)
        count += text[i] != made[i];
    crypto_wipe(made, sizeof made);
    return count;
}

/* Tries every digit at every place of the seed until seed and public key belong together. */
static bool locate_in_seed(const char *text, size_t *ret_at)
{
    static const char digits[] = "0123456789abcdef";
    char seed_hex[SEED_DIGITS];
    uint8_t seed[SEED_SIZE];
    size_t first = 0;
    for (size_t at = 0; at < SEED_DIGITS; at++)
        for (size_t d = 0; d < 16; d++) {
            memcpy(seed_hex, text + SEED_AT, SEED_DIGITS);
            seed_hex[at] = digits[d];
            if (hex_decode_lower(seed_hex, SEED_DIGITS, seed, SEED_SIZE) &&
                differences(text, seed, &first) == 1) {
                *ret_at = SEED_AT + at;
                return true;
            }
        }
    return false;
}

bool audit_key_file(const char *path, struct err *err)
{
    struct key_pair key;
    struct err why = { .code = ERR_NONE };
    struct buf file = buf_heap(KEY_TEXT_MAX);
    uint8_t seed[SEED_SIZE];
    size_t at = 0;
    if (keyfile_load(path, &key, &why)) {
        crypto_wipe(&key, sizeof key);
        return true;
    }
    if (!file_read(path, KEY_TEXT_MAX, &file, &why) || file.len != KEY_FILE_SIZE) {
        buf_free(&file);
        return err_set(err, why.code == ERR_INPUT ? ERR_PROOF : why.code, "%s", why.msg);
    }
    const char *text = (const char *)file.data;
    bool seed_reads = hex_decode_lower(text + SEED_AT, SEED_DIGITS, seed, SEED_SIZE);
    bool located = (seed_reads && differences(text, seed, &at) == 1) || locate_in_seed(text, &at);
    crypto_wipe(seed, sizeof seed);
    if (file.data != NULL)
        crypto_wipe(file.data, file.len);
    buf_free(&file);
    return located ? wrong_byte(err, path, at, "seed and public key do not belong together")
                   : err_set(err, ERR_PROOF, "%s", why.msg);
}

/* ------------------------------------------------------------------ the database */

bool audit_database_file(struct audit *a, struct err *err)
{
    char path[PATH_MAX];
    struct db_damage damage;
    size_t count = 0;
    if (snprintf(path, sizeof path, "%s/ledger.db", a->data) >= (int)sizeof path)
        return err_set(err, ERR_INPUT, "%s: the name is too long", a->data);
    a->files++;
    return db_check_file(path, &damage, 1, &count, err);
}

/* ------------------------------------------------------------------ other files */

/* A file that must hold exactly these bytes; one that is not there is not missed. */
static bool compare_file(struct audit *a, const char *folder, const char *name,
                         struct slice expected, struct err *err)
{
    char path[PATH_MAX];
    struct buf file = buf_heap(SMALL_MAX);
    if (snprintf(path, sizeof path, "%s/%s", folder, name) >= (int)sizeof path ||
        !file_exists(path))
        return true;
    a->files++;
    bool good = file_read(path, SMALL_MAX, &file, err);
    size_t at = 0;
    while (good && at < file.len && at < expected.len && file.data[at] == expected.data[at])
        at++;
    if (good && (at < file.len || at < expected.len))
        good = wrong_byte(err, path, at, "it differs from the ledger's own genesis");
    buf_free(&file);
    return good;
}

static bool ends_with(const char *text, const char *end)
{
    size_t len = strlen(text), end_len = strlen(end);
    return len > end_len && strcmp(text + len - end_len, end) == 0;
}

/* A signer's state ends with the SHA-256 of what is before: small ones are searched for the one byte. */
static bool locate_in_state(const char *path, size_t *ret_at)
{
    struct buf file = buf_heap(STATE_SEARCH_MAX);
    bool found = false;
    if (file_read(path, STATE_SEARCH_MAX, &file, NULL) && file.len > HASH_SIZE) {
        size_t len = file.len - HASH_SIZE, wrong = 0;
        struct hash sum = crypto_sha256(slice_of(file.data, len));
        for (size_t i = 0; i < HASH_SIZE; i++)
            if (sum.bytes[i] != file.data[len + i]) {
                wrong++;
                *ret_at = len + i;
            }
        found = wrong == 1;
        for (size_t at = 0; at < len && !found; at++) {
            for (unsigned flip = 1; flip < 256 && !found; flip++) {
                file.data[at] ^= (uint8_t)flip;
                sum = crypto_sha256(slice_of(file.data, len));
                found = memcmp(sum.bytes, file.data + len, HASH_SIZE) == 0;
                file.data[at] ^= (uint8_t)flip;
            }
            *ret_at = found ? at : *ret_at;
        }
    }
    buf_free(&file);
    return found;
}

/* Keys that open and sign nothing: only whether they are whole. */
static bool check_key(struct audit *a, const char *path, struct err *err)
{
    struct signer *s = NULL;
    char state[PATH_MAX];
    a->files++;
    if (!audit_key_file(path, err))
        return false;
    if (snprintf(state, sizeof state, "%s.state", path) >= (int)sizeof state || !file_exists(state))
        return true;
    a->files++;
    bool good = signer_open(path, &a->identity.genesis.ledger, &s, err);
    signer_close(s);
    size_t at = 0;
    if (!good && err->code == ERR_INPUT && locate_in_state(state, &at))
        return wrong_byte(err, state, at, "its checksum does not hold");
    if (!good && err->code == ERR_INPUT)
        err->code = ERR_PROOF;
    return good;
}

static bool check_keys(struct audit *a, const char *folder, struct err *err)
{
    DIR *dir = opendir(folder);
    const struct dirent *entry;
    bool good = true;
    while (good && dir != NULL && (entry = readdir(dir)) != NULL) {
        char path[PATH_MAX];
        if (!ends_with(entry->d_name, ".key"))
            continue;
        if (snprintf(path, sizeof path, "%s/%s", folder, entry->d_name) < (int)sizeof path)
            good = check_key(a, path, err);
    }
    if (dir != NULL)
        (void)closedir(dir);
    return good;
}

/* The company's own key lies beside the others. */
static bool check_member_key(struct audit *a, struct err *err)
{
    char path[PATH_MAX];
    return snprintf(path, sizeof path, "%s/member.key", a->home) >= (int)sizeof path ||
           !file_exists(path) || check_key(a, path, err);
}

/* The ledger's own, but for recoveries that a person pinned in it. */
static bool compare_identity(struct audit *a, const char *folder, struct err *err)
{
    char path[PATH_MAX];
    struct identity id = a->identity, there;
    struct buf file = buf_heap(64 * 1024), wanted = buf_heap(64 * 1024);
    if (snprintf(path, sizeof path, "%s/identity.cbor", folder) < (int)sizeof path &&
        file_read(path, 64 * 1024, &file, NULL) &&
        identity_decode(buf_slice(&file), &there, NULL)) {
        id.pin_count = there.pin_count;
        memcpy(id.pins, there.pins, sizeof id.pins);
    }
    identity_put(&wanted, &id);
    bool good = compare_file(a, folder, "identity.cbor", buf_slice(&wanted), err);
    buf_free(&file);
    buf_free(&wanted);
    return good;
}

bool audit_other_files(struct audit *a, struct err *err)
{
    char keys[PATH_MAX];
    bool good = check_keys(a, a->data, err) && compare_identity(a, a->data, err) &&
                compare_file(a, a->data, "genesis.cbor", buf_slice(&a->genesis), err);
    if (good && a->home[0] != '\0') {
        good = snprintf(keys, sizeof keys, "%s/keys", a->home) < (int)sizeof keys &&
               check_keys(a, keys, err) && check_member_key(a, err) &&
               compare_identity(a, a->home, err) &&
               compare_file(a, a->home, "genesis.cbor", buf_slice(&a->genesis), err);
    }
    return good;
}
