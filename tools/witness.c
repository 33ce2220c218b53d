#include "tools/witness.h"

#include "common/base64.h"
#include "common/file.h"
#include "common/keyfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

static bool path_of(const char *dir, const char *name, char path[PATH_MAX], struct err *err)
{
    return snprintf(path, PATH_MAX, "%s/%s", dir, name) < PATH_MAX ||
           err_set(err, ERR_INPUT, "%s: the name is too long", dir);
}

/* ------------------------------------------------------------------ its folder */

bool witness_make(const char *dir, const char *name, struct note_key *ret_key, struct err *err)
{
    char path[PATH_MAX];
    struct key_pair pair;
    if (!note_name_is_good(name))
        return err_set(err, ERR_INPUT,
                       "--name: expected 1-%d bytes without spaces and plus, such as "
                       "witness.example/north, found \"%.80s\"",
                       NOTE_NAME_MAX, name);
    if (!path_of(dir, "witness.key", path, err) || !keyfile_make(path, &pair, err))
        return false;
    bool good = note_key_make(name, NOTE_COSIGNATURE, pair.pub, ret_key, err) &&
                path_of(dir, "witness.name", path, err) &&
                file_create(path, slice_text(name), 0644, err);
    crypto_wipe(&pair, sizeof pair);
    return good;
}

static bool read_name(const char *dir, char name[NOTE_NAME_MAX + 1], struct err *err)
{
    char path[PATH_MAX];
    struct buf text = buf_heap(NOTE_NAME_MAX);
    bool good =
        path_of(dir, "witness.name", path, err) && file_read(path, NOTE_NAME_MAX, &text, err);
    if (good) {
        memcpy(name, text.data, text.len);
        name[text.len] = '\0';
    }
    buf_free(&text);
    return good;
}

static bool take_lock(struct witness *w, struct err *err)
{
    char path[PATH_MAX];
    if (!path_of(w->dir, "witness.lock", path, err))
        return false;
    w->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (w->lock < 0)
        return err_set(err, ERR_IO, "%s: %s", path, strerror(errno));
    return flock(w->lock, LOCK_EX | LOCK_NB) == 0 ||
           err_set(err, ERR_BUSY, "%s: another process is this witness", w->dir);
}

/* What it cosigned last bears its own signature: a file that does not is somebody's work. */
static bool load_last(struct witness *w, struct err *err)
{
    char path[PATH_MAX];
    uint64_t time_s;
    if (!path_of(w->dir, "witness.note", path, err))
        return false;
    if (!file_exists(path))
        return true;
    if (!file_read(path, NOTE_SIZE_MAX, &w->last, err))
        return false;
    w->has_last = checkpoint_decode(buf_slice(&w->last), &w->seen, err) &&
                  (note_verify(&w->seen.note, &w->key, &time_s) == NOTE_GOOD ||
                   err_set(err, ERR_PROOF, "not cosigned by this witness"));
    return w->has_last || err_wrap(err, "%s", path);
}

bool witness_open(const char *dir, struct witness *ret_witness, struct err *err)
{
    char path[PATH_MAX], name[NOTE_NAME_MAX + 1];
    struct witness w = { .lock = -1, .last = buf_heap(NOTE_SIZE_MAX) };
    bool good = snprintf(w.dir, sizeof w.dir, "%s", dir) < PATH_MAX &&
                path_of(dir, "witness.key", path, err) && keyfile_load(path, &w.pair, err) &&
                read_name(dir, name, err) &&
                note_key_make(name, NOTE_COSIGNATURE, w.pair.pub, &w.key, err) &&
                take_lock(&w, err) && load_last(&w, err);
    if (good)
        *ret_witness = w;
    else
        witness_close(&w);
    return good;
}

void witness_close(struct witness *w)
{
    if (w->lock >= 0)
        (void)close(w->lock);
    buf_free(&w->last);
    crypto_wipe(&w->pair, sizeof w->pair);
    *w = (struct witness){ .lock = -1 };
}

/* ------------------------------------------------------------------ cosigning */

uint64_t witness_old_size(const struct witness *w)
{
    return w->has_last ? w->seen.size : 0;
}

bool witness_agree(const struct witness *w, const struct checkpoint *c,
                   const struct merkle_path *path, struct err *err)
{
    struct hash nothing = merkle_empty();
    const struct hash *root = w->has_last ? &w->seen.root : &nothing;
    unsigned long long old = witness_old_size(w), size = c->size;
    if (w->has_last && !slice_equal(c->origin, w->seen.origin))
        return err_set(err, ERR_PROOF, "a checkpoint of another ledger");
    if (c->size == 0 && !hash_equal(&c->root, &nothing))
        return err_set(err, ERR_PROOF, "a root of nothing that is none");
    if (size < old)
        return err_set(err, ERR_PROOF,
                       "a tree of %llu statements, and one of %llu was cosigned: a witness does "
                       "not go back",
                       size, old);
    return merkle_verify_consistency(old, root, size, &c->root, path) ||
           err_set(err, ERR_PROOF,
                   "the tree of %llu statements is not the one of %llu, which was cosigned, and "
                   "more: THE LEDGER SHOWS ANOTHER HISTORY",
                   size, old);
}

/* On disk before anybody sees the signature. */
static bool keep(struct witness *w, struct slice note, struct slice line, struct err *err)
{
    char path[PATH_MAX];
    struct buf whole = buf_heap(NOTE_SIZE_MAX);
    buf_add_slice(&whole, note);
    buf_add_slice(&whole, line);
    bool good = !whole.failed || err_set(err, ERR_INPUT, "the checkpoint has too many signatures");
    good = good && path_of(w->dir, "witness.note", path, err) &&
           file_replace(path, buf_slice(&whole), 0644, err);
    if (!good) {
        buf_free(&whole);
        return false;
    }
    buf_free(&w->last);
    w->last = whole;
    w->has_last = checkpoint_decode(buf_slice(&w->last), &w->seen, err);
    return w->has_last;
}

bool witness_cosign(struct witness *w, const struct witness_request *r, const struct checkpoint *c,
                    uint64_t time_s, struct buf *ret_line, struct err *err)
{
    struct buf line = buf_heap(NOTE_SIZE_MAX);
    if (!witness_agree(w, c, &r->path, err))
        return false;
    note_sign(&line, &w->key, &w->pair, c->note.text, time_s);
    bool good = !line.failed && keep(w, r->note, buf_slice(&line), err);
    if (good)
        buf_add_slice(ret_line, buf_slice(&line));
    buf_free(&line);
    return good;
}

/* ------------------------------------------------------------------ requests */

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

static bool take_old(struct slice line, uint64_t *ret_old)
{
    static const char word[] = "old ";
    size_t from = sizeof word - 1;
    uint64_t old = 0;
    if (line.len <= from || line.len > from + 18 || memcmp(line.data, word, from) != 0 ||
        (line.data[from] == '0' && line.len > from + 1))
        return false;
    for (size_t i = from; i < line.len; i++) {
        if (line.data[i] < '0' || line.data[i] > '9')
            return false;
        old = old * 10 + (uint64_t)(line.data[i] - '0');
    }
    *ret_old = old;
    return true;
}

bool witness_take_request(struct slice bytes, struct witness_request *ret_request, struct err *err)
{
    struct witness_request r = { .old = 0 };
    struct slice line = { NULL, 0 };
    bool good = take_line(&bytes, &line) && take_old(line, &r.old);
    while (good && (good = take_line(&bytes, &line)) && line.len > 0) {
        good = r.path.len < MERKLE_LEVELS;
        struct buf step = buf_fixed(r.path.step[good ? r.path.len : 0].bytes, HASH_SIZE);
        good = good && base64_take(line, &step) && step.len == HASH_SIZE;
        r.path.len++;
    }
    r.note = bytes;
    if (!good)
        return err_set(err, ERR_INPUT,
                       "not a request to a witness: old SIZE, hashes, an empty line, a checkpoint");
    *ret_request = r;
    return true;
}

void witness_put_request(struct buf *out, uint64_t old, const struct merkle_path *path,
                         struct slice note)
{
    buf_add_slice(out, slice_text("old "));
    note_put_number(out, old);
    buf_add_byte(out, '\n');
    for (size_t i = 0; i < path->len; i++) {
        base64_put(out, hash_slice(&path->step[i]));
        buf_add_byte(out, '\n');
    }
    buf_add_byte(out, '\n');
    buf_add_slice(out, note);
}
