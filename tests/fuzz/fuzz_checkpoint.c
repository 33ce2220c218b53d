/* Signed notes, keys and checkpoints from anybody: taken apart without harm, and put together again byte for byte. */
#include "common/checkpoint.h"

#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data,
                           size_t size); // NOLINT(readability-identifier-naming)

static void take_key(struct slice bytes)
{
    char text[NOTE_KEY_TEXT_MAX + 1];
    struct note_key key;
    struct buf out = buf_heap(2 * NOTE_KEY_TEXT_MAX);
    if (bytes.len <= NOTE_KEY_TEXT_MAX && bytes.len > 0 &&
        memchr(bytes.data, 0, bytes.len) == NULL) {
        memcpy(text, bytes.data, bytes.len);
        text[bytes.len] = '\0';
        if (note_key_parse(text, &key, NULL)) {
            note_key_put(&out, &key);
            assert(slice_equal(buf_slice(&out), bytes));
        }
    }
    buf_free(&out);
}

static void put_again(const struct note *n, struct slice bytes)
{
    char name[NOTE_NAME_MAX + 1];
    struct note walk = *n;
    struct note_line line;
    struct buf memory = buf_heap(NOTE_SIZE_MAX), out = buf_heap(NOTE_SIZE_MAX);
    buf_add_slice(&out, n->text);
    buf_add_byte(&out, '\n');
    for (size_t i = 0; i < n->signatures; i++) {
        bool there = note_next(&walk, &memory, &line);
        assert(there && line.name.len <= NOTE_NAME_MAX);
        memcpy(name, line.name.data, line.name.len);
        name[line.name.len] = '\0';
        note_put_line(&out, name, line.id, line.sig);
    }
    assert(slice_equal(buf_slice(&out), bytes));
    buf_free(&memory);
    buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice bytes = slice_of(data, size);
    static struct identity id;
    struct checkpoint c;
    struct note n;
    struct header h;
    size_t changes;
    if (!crypto_init())
        return 0;
    take_key(bytes);
    if (note_decode(bytes, &n, NULL))
        put_again(&n, bytes);
    if (checkpoint_decode(bytes, &c, NULL))
        assert(!checkpoint_check_final(&c, (struct slice){ NULL, 0 }, &id, &h, &changes, NULL));
    return 0;
}
