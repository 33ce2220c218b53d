#include "scanner/ledger_mark.h"

#include "common/final.h"
#include "common/hex.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define IDENTITY_MAX (64 * 1024)

static bool decode(struct slice bytes, struct hash *ret_ledger, struct err *err)
{
    struct identity *id = calloc(1, sizeof *id);
    if (id == NULL)
        return err_set(err, ERR_IO, "out of memory");
    bool good = identity_decode(bytes, id, err);
    if (good)
        *ret_ledger = id->genesis.ledger;
    free(id);
    return good;
}

bool ledger_mark_load_id(const char *path, struct hash *ret_ledger, struct err *err)
{
    FILE *file = fopen(path, "rbe");
    if (file == NULL)
        return err_set(err, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO, "%s: %s", path,
                       strerror(errno));
    uint8_t *bytes = malloc(IDENTITY_MAX + 1);
    size_t len = bytes == NULL ? 0 : fread(bytes, 1, IDENTITY_MAX + 1, file);
    bool good;
    if (bytes == NULL || ferror(file) != 0)
        good = err_set(err, ERR_IO, "%s: cannot be read", path);
    else if (len > IDENTITY_MAX)
        good = err_set(err, ERR_INPUT, "%s: larger than %d bytes: not a ledger's identity", path,
                       IDENTITY_MAX);
    else
        good = decode(slice_of(bytes, len), ret_ledger, err) || err_wrap(err, "%s", path);
    free(bytes);
    (void)fclose(file);
    return good;
}

bool ledger_mark_load(const char *path, uint8_t ret_mark[GS1_LINK_LEDGER], struct err *err)
{
    struct hash ledger;
    if (!ledger_mark_load_id(path, &ledger, err))
        return false;
    memcpy(ret_mark, ledger.bytes, GS1_LINK_LEDGER);
    return true;
}

bool ledger_mark_parse(const char *hex, uint8_t ret_mark[GS1_LINK_LEDGER], struct err *err)
{
    uint8_t id[HASH_SIZE];
    size_t len = strlen(hex);
    size_t size = len == (size_t)2 * HASH_SIZE ? HASH_SIZE : GS1_LINK_LEDGER;
    if (!hex_decode(hex, len, id, size))
        return err_set(err, ERR_INPUT,
                       "ledger: expected 32 hexadecimal digits (or the 64 of the whole id), found "
                       "%zu characters",
                       len);
    memcpy(ret_mark, id, GS1_LINK_LEDGER);
    return true;
}
