#include "tools/export_file.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC       "waybill-export 1\n"
#define MAGIC_LEN   (sizeof MAGIC - 1)
#define HEAD_SIZE   5
#define SUM_SIZE    8
#define CONTENT_MAX (8 << 20)

struct export_file {
    char *path;
    FILE *file;
    off_t good; /* after the last whole record that is no end */
    bool cut;
};

static bool failed(const struct export_file *f, struct err *err)
{
    return err_set(err, ERR_IO, "%s: %s", f->path, strerror(errno));
}

static bool begin(const char *path, const char *mode, struct export_file **ret_file,
                  struct err *err)
{
    struct export_file *f = calloc(1, sizeof *f);
    if (f == NULL || (f->path = strdup(path)) == NULL) {
        free(f);
        (void)err_set(err, ERR_IO, "out of memory");
        return false;
    }
    f->file = fopen(path, mode);
    if (f->file == NULL) {
        (void)err_set(err, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO, "%s: %s", path,
                      strerror(errno));
        export_file_close(f);
        return false;
    }
    *ret_file = f;
    return true;
}

static bool check_magic(struct export_file *f, struct err *err)
{
    char magic[MAGIC_LEN];
    f->good = MAGIC_LEN;
    return (fread(magic, 1, MAGIC_LEN, f->file) == MAGIC_LEN &&
            memcmp(magic, MAGIC, MAGIC_LEN) == 0) ||
           err_set(err, ERR_INPUT, "%s: is no export of a ledger", f->path);
}

bool export_file_open(const char *path, struct export_file **ret_file, struct err *err)
{
    struct export_file *f = NULL;
    if (!begin(path, "rbe", &f, err))
        return false;
    if (!check_magic(f, err)) {
        export_file_close(f);
        return false;
    }
    *ret_file = f;
    return true;
}

bool export_file_extend(const char *path, struct export_file **ret_file, struct err *err)
{
    struct export_file *f = NULL;
    struct stat st;
    bool new = stat(path, &st) != 0 || st.st_size == 0;
    if (!begin(path, new ? "w+be" : "r+be", &f, err))
        return false;
    bool good = new ? fwrite(MAGIC, 1, MAGIC_LEN, f->file) == MAGIC_LEN || failed(f, err)
                    : check_magic(f, err);
    f->good = MAGIC_LEN;
    if (!good) {
        export_file_close(f);
        return false;
    }
    *ret_file = f;
    return true;
}

void export_file_close(struct export_file *f)
{
    if (f == NULL)
        return;
    if (f->file != NULL)
        (void)fclose(f->file);
    free(f->path);
    free(f);
}

static void sum_of(const uint8_t head[HEAD_SIZE], struct slice content, uint8_t sum[SUM_SIZE])
{
    struct sha256 h;
    crypto_sha256_begin(&h);
    crypto_sha256_add(&h, slice_of(head, HEAD_SIZE));
    crypto_sha256_add(&h, content);
    struct hash hash = crypto_sha256_end(&h);
    memcpy(sum, hash.bytes, SUM_SIZE);
}

/* ------------------------------------------------------------------ reading */

/* Nothing more, or less than a whole record: whoever wrote it was cut short. */
static bool at_end(struct export_file *f, size_t got)
{
    f->cut = got > 0;
    return false;
}

bool export_file_next(struct export_file *f, char *ret_kind, struct buf *out, struct err *err)
{
    uint8_t head[HEAD_SIZE], sum[SUM_SIZE], wanted[SUM_SIZE];
    size_t got = fread(head, 1, HEAD_SIZE, f->file);
    if (got < HEAD_SIZE)
        return at_end(f, got);
    size_t len =
        (size_t)head[1] << 24 | (size_t)head[2] << 16 | (size_t)head[3] << 8 | (size_t)head[4];
    buf_clear(out);
    uint8_t *content = len <= CONTENT_MAX ? buf_extend(out, len) : NULL;
    if (content == NULL)
        return err_set(err, ERR_PROOF, "%s: byte %" PRId64 ": a record of %zu bytes", f->path,
                       (int64_t)f->good, len);
    if (fread(content, 1, len, f->file) < len || fread(sum, 1, SUM_SIZE, f->file) < SUM_SIZE)
        return at_end(f, 1);
    sum_of(head, buf_slice(out), wanted);
    if (memcmp(sum, wanted, SUM_SIZE) != 0)
        return err_set(err, ERR_PROOF, "%s: the record at byte %" PRId64 " is damaged", f->path,
                       (int64_t)f->good);
    if (head[0] != EXPORT_FILE_END)
        f->good += (off_t)(HEAD_SIZE + len + SUM_SIZE);
    *ret_kind = (char)head[0];
    return true;
}

uint64_t export_file_offset(const struct export_file *f)
{
    return (uint64_t)f->good;
}

bool export_file_cut(const struct export_file *f)
{
    return f->cut;
}

/* ------------------------------------------------------------------ writing */

bool export_file_rewind(struct export_file *f, struct err *err)
{
    f->cut = false;
    return (fflush(f->file) == 0 && ftruncate(fileno(f->file), f->good) == 0 &&
            fseeko(f->file, f->good, SEEK_SET) == 0) ||
           failed(f, err);
}

bool export_file_put(struct export_file *f, char kind, struct slice content, struct err *err)
{
    uint8_t head[HEAD_SIZE] = { (uint8_t)kind, (uint8_t)(content.len >> 24),
                                (uint8_t)(content.len >> 16), (uint8_t)(content.len >> 8),
                                (uint8_t)content.len };
    uint8_t sum[SUM_SIZE];
    if (content.len > CONTENT_MAX)
        return err_set(err, ERR_BUSY, "%s: a record of %zu bytes", f->path, content.len);
    sum_of(head, content, sum);
    if (fwrite(head, 1, HEAD_SIZE, f->file) < HEAD_SIZE ||
        fwrite(content.data, 1, content.len, f->file) < content.len ||
        fwrite(sum, 1, SUM_SIZE, f->file) < SUM_SIZE)
        return failed(f, err);
    if (kind != EXPORT_FILE_END)
        f->good += (off_t)(HEAD_SIZE + content.len + SUM_SIZE);
    return true;
}

bool export_file_sync(struct export_file *f, struct err *err)
{
    return (fflush(f->file) == 0 && fsync(fileno(f->file)) == 0) || failed(f, err);
}
