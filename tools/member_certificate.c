#include "tools/member_certificate.h"

#include "common/file.h"
#include "common/hex.h"
#include "common/tls_certificate.h"
#include "node/settings.h"
#include "tools/member_folder.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool add_suffix(const char *path, const char *suffix, char out[PATH_MAX], struct err *err)
{
    return snprintf(out, PATH_MAX, "%s%s", path, suffix) < PATH_MAX ||
           err_set(err, ERR_INPUT, "%s: the name is too long", path);
}

bool member_certificate_find(const char *dir, struct member_certificate *ret_files, struct err *err)
{
    char config[PATH_MAX];
    struct member_certificate *f = ret_files;
    struct err ignored = { .code = ERR_NONE };
    struct settings *s = calloc(1, sizeof *s);
    bool said = s != NULL && member_folder_path(dir, "node.yaml", config, NULL) &&
                settings_load(config, s, &ignored) && s->has_peers;
    bool good = said ? add_suffix(s->peers.key.path, "", f->key, err) &&
                           add_suffix(s->peers.certificate.path, "", f->certificate, err)
                     : member_folder_path(dir, "tls.key", f->key, err) &&
                           member_folder_path(dir, "tls.crt", f->certificate, err);
    free(s);
    return good && add_suffix(f->key, ".next", f->next_key, err) &&
           add_suffix(f->certificate, ".next", f->next_certificate, err);
}

/* Key before certificate when they are made, and when they are put in place: a certificate has its key. */
static bool make_files(const struct member_certificate *f, const char *name, uint64_t now_ms,
                       struct err *err)
{
    if (file_exists(f->next_certificate))
        return true;
    if (unlink(f->next_key) != 0 && errno != ENOENT)
        return err_set(err, ERR_IO, "%s: %s", f->next_key, strerror(errno));
    return tls_certificate_make(f->next_key, f->next_certificate, name, now_ms, err);
}

bool member_certificate_make(const struct member_certificate *files, const struct kid *authority,
                             uint64_t now_ms, struct buf *der, struct err *err)
{
    char name[2 * KID_SIZE + 1];
    struct tls_certificate c;
    size_t from = der->len;
    hex_encode(kid_slice(authority), name);
    if (!make_files(files, name, now_ms, err) ||
        !tls_certificate_read(files->next_certificate, der, err))
        return false;
    if (!tls_certificate_check(slice_of(der->data + from, der->len - from), &c, err))
        return err_wrap(err, "%s", files->next_certificate);
    return strcmp(c.name, name) == 0 ||
           err_set(err, ERR_INPUT, "%s: is for %.64s, not for %s: remove it",
                   files->next_certificate, c.name, name);
}

static bool replace_one(const char *next, const char *path, struct err *err)
{
    char old[PATH_MAX];
    if (!file_exists(next))
        return true;
    if (!add_suffix(path, ".old", old, err))
        return false;
    if (rename(path, old) != 0 && errno != ENOENT)
        return err_set(err, ERR_IO, "%s: %s", old, strerror(errno));
    return rename(next, path) == 0 || err_set(err, ERR_IO, "%s: %s", path, strerror(errno));
}

bool member_certificate_replace(const struct member_certificate *files, struct err *err)
{
    return replace_one(files->next_key, files->key, err) &&
           replace_one(files->next_certificate, files->certificate, err);
}
