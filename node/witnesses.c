#include "node/witnesses.h"

#include "common/file.h"
#include "common/hex.h"
#include "common/log.h"

#include <stdio.h>
#include <string.h>

#define TEXT_MAX 1024 /* of an own checkpoint: three lines */

static bool path_of(const struct witnesses *w, const struct note_key *key, char path[PATH_MAX])
{
    char id[2 * NOTE_ID_SIZE + 1];
    hex_encode(slice_of(key->id, NOTE_ID_SIZE), id);
    return snprintf(path, PATH_MAX, "%s/witness-%s.note", w->folder, id) < PATH_MAX;
}

static void set(struct buf *b, struct slice content)
{
    buf_clear(b);
    buf_add_slice(b, content);
}

/* The cosignature by one key in a note that was taken apart; empty when there is none. */
static bool find_own(const struct note *n, const struct note_key *key, struct slice *ret_line,
                     uint64_t *ret_time_s, struct err *err)
{
    struct note walk = *n;
    struct note_line line;
    struct buf memory = buf_heap(NOTE_SIZE_MAX);
    bool good = true;
    *ret_line = (struct slice){ NULL, 0 };
    while (good && note_next(&walk, &memory, &line)) {
        if (!note_line_is(&line, key))
            continue;
        good = note_line_holds(&line, key, n->text, ret_time_s) ||
               err_set(err, ERR_PROOF, "the cosignature of %s does not hold", key->name);
        *ret_line = line.line;
    }
    buf_free(&memory);
    return good;
}

/* ------------------------------------------------------------------ files */

/* Lines by anybody but the witness. */
static void put_others(const struct note *n, const struct note_key *key, struct buf *out)
{
    struct note walk = *n;
    struct note_line line;
    struct buf memory = buf_heap(NOTE_SIZE_MAX);
    while (note_next(&walk, &memory, &line))
        if (!note_line_is(&line, key))
            buf_add_slice(out, line.line);
    buf_free(&memory);
}

static bool load(struct witnesses *w, struct witness_seen *s, const char *path, struct err *err)
{
    struct checkpoint c;
    struct slice own;
    uint64_t time_s = 0;
    struct buf bytes = buf_heap(NOTE_SIZE_MAX);
    (void)w;
    bool good = file_read(path, NOTE_SIZE_MAX, &bytes, err) &&
                checkpoint_decode(buf_slice(&bytes), &c, err) &&
                find_own(&c.note, &s->key, &own, &time_s, err) &&
                (own.len > 0 || err_set(err, ERR_INPUT, "it is not cosigned"));
    if (good) {
        s->size = c.size;
        s->time_s = time_s;
        set(&s->text, c.note.text);
        set(&s->own, own);
        buf_clear(&s->lines);
        put_others(&c.note, &s->key, &s->lines);
    }
    buf_free(&bytes);
    return good;
}

static bool store(const struct witnesses *w, const struct witness_seen *s, struct err *err)
{
    char path[PATH_MAX];
    struct buf bytes = buf_heap(NOTE_SIZE_MAX);
    buf_add_slice(&bytes, buf_slice(&s->text));
    buf_add_byte(&bytes, '\n');
    buf_add_slice(&bytes, buf_slice(&s->lines));
    buf_add_slice(&bytes, buf_slice(&s->own));
    bool good = (!bytes.failed && path_of(w, &s->key, path)) ||
                err_set(err, ERR_IO, "a cosigned checkpoint has no room");
    good = good && file_replace(path, buf_slice(&bytes), 0644, err);
    buf_free(&bytes);
    return good;
}

bool witnesses_open(struct witnesses *w, const char *folder, const char *const *keys, size_t count,
                    struct err *err)
{
    char path[PATH_MAX];
    *w = (struct witnesses){ .count = 0 };
    if (snprintf(w->folder, sizeof w->folder, "%s", folder) >= PATH_MAX)
        return err_set(err, ERR_INPUT, "%s: the name is too long", folder);
    if (count > WITNESSES_MAX)
        return err_set(err, ERR_INPUT, "%zu witnesses, expected at most %d", count, WITNESSES_MAX);
    for (size_t i = 0; i < count; i++) {
        struct witness_seen *s = &w->at[w->count];
        struct err why;
        if (!note_key_parse(keys[i], &s->key, err))
            return err_wrap(err, "witnesses");
        s->text = buf_heap(TEXT_MAX);
        s->lines = buf_heap(NOTE_SIZE_MAX);
        s->own = buf_heap(NOTE_SIZE_MAX);
        w->count++;
        if (path_of(w, &s->key, path) && file_exists(path) && !load(w, s, path, &why))
            log_warn("%s: %s", path, why.msg);
    }
    return true;
}

void witnesses_close(struct witnesses *w)
{
    for (size_t i = 0; i < w->count; i++) {
        buf_free(&w->at[i].text);
        buf_free(&w->at[i].lines);
        buf_free(&w->at[i].own);
    }
    w->count = 0;
}

/* ------------------------------------------------------------------ taking and serving */

static bool is_newer(const struct witness_seen *s, uint64_t size, uint64_t time_s)
{
    return s->own.len == 0 || size > s->size || (size == s->size && time_s > s->time_s);
}

bool witnesses_take(struct witnesses *w, const struct checkpoint *c, struct slice lines,
                    size_t *ret_kept, struct err *err)
{
    *ret_kept = 0;
    for (size_t i = 0; i < w->count; i++) {
        struct witness_seen *s = &w->at[i];
        struct slice own;
        uint64_t time_s = 0;
        if (!find_own(&c->note, &s->key, &own, &time_s, err))
            return false;
        if (own.len == 0 || !is_newer(s, c->size, time_s))
            continue;
        s->size = c->size;
        s->time_s = time_s;
        set(&s->text, c->note.text);
        set(&s->lines, lines);
        set(&s->own, own);
        if (!store(w, s, err))
            return false;
        (*ret_kept)++;
    }
    return true;
}

size_t witnesses_put(const struct witnesses *w, struct slice text, struct buf *out)
{
    size_t count = 0;
    for (size_t i = 0; i < w->count; i++) {
        if (!slice_equal(buf_slice(&w->at[i].text), text))
            continue;
        buf_add_slice(out, buf_slice(&w->at[i].own));
        count++;
    }
    return count;
}

const struct witness_seen *witnesses_find(const struct witnesses *w, size_t least)
{
    const struct witness_seen *found = NULL;
    struct buf unused = buf_heap(NOTE_SIZE_MAX);
    for (size_t i = 0; i < w->count; i++) {
        const struct witness_seen *s = &w->at[i];
        buf_clear(&unused);
        if (s->own.len > 0 && (found == NULL || s->size > found->size) &&
            witnesses_put(w, buf_slice(&s->text), &unused) >= least)
            found = s;
    }
    buf_free(&unused);
    return found;
}
