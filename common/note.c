#include "common/note.h"

#include "common/base64.h"
#include "common/hex.h"

#include <assert.h>
#include <string.h>

#define TIME_SIZE 8

static const char dash[] = "\xe2\x80\x94 "; /* U+2014 and a space begin a signature's line */
#define DASH_SIZE (sizeof dash - 1)

/* ------------------------------------------------------------------ keys */

/* Spaces of Unicode beyond ASCII's: U+0085, U+00A0, U+1680, U+2000-200A, U+2028, 2029, 202F, 205F, U+3000. */
static bool has_wide_space(struct slice text)
{
    for (size_t i = 0; i + 1 < text.len; i++) {
        const uint8_t *p = text.data + i;
        if (p[0] == 0xc2 && (p[1] == 0x85 || p[1] == 0xa0))
            return true;
        if (i + 2 >= text.len)
            continue;
        uint32_t three = (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
        if (three == 0xe19a80 || (three >= 0xe28080 && three <= 0xe2808a) || three == 0xe280a8 ||
            three == 0xe280a9 || three == 0xe280af || three == 0xe2819f || three == 0xe38080)
            return true;
    }
    return false;
}

static bool name_is_good(struct slice name)
{
    for (size_t i = 0; i < name.len; i++)
        if (name.data[i] <= ' ' || name.data[i] == '+' || name.data[i] == 0x7f)
            return false;
    return name.len > 0 && name.len <= NOTE_NAME_MAX && cbor_text_valid(name) &&
           !has_wide_space(name);
}

bool note_name_is_good(const char *name)
{
    return name_is_good(slice_text(name));
}

void note_id(const char *name, enum note_type type, struct slice key, uint8_t ret_id[NOTE_ID_SIZE])
{
    uint8_t separator[2] = { '\n', (uint8_t)type };
    struct sha256 h;
    crypto_sha256_begin(&h);
    crypto_sha256_add(&h, slice_text(name));
    crypto_sha256_add(&h, slice_of(separator, sizeof separator));
    crypto_sha256_add(&h, key);
    struct hash hash = crypto_sha256_end(&h);
    memcpy(ret_id, hash.bytes, NOTE_ID_SIZE);
}

bool note_key_make(const char *name, enum note_type type, const uint8_t pub[PUB_SIZE],
                   struct note_key *ret_key, struct err *err)
{
    assert(type == NOTE_ED25519 || type == NOTE_COSIGNATURE);
    if (!note_name_is_good(name))
        return err_set(err, ERR_INPUT,
                       "\"%.80s\": a key's name is 1-%d bytes without spaces and plus, such as "
                       "example.com/witness",
                       name, NOTE_NAME_MAX);
    *ret_key = (struct note_key){ .type = type };
    memcpy(ret_key->name, name, strlen(name) + 1);
    memcpy(ret_key->pub, pub, PUB_SIZE);
    note_id(name, type, slice_of(pub, PUB_SIZE), ret_key->id);
    return true;
}

void note_key_put(struct buf *out, const struct note_key *key)
{
    char id[2 * NOTE_ID_SIZE + 1];
    uint8_t typed[1 + PUB_SIZE] = { (uint8_t)key->type };
    memcpy(typed + 1, key->pub, PUB_SIZE);
    hex_encode(slice_of(key->id, NOTE_ID_SIZE), id);
    buf_add_slice(out, slice_text(key->name));
    buf_add_byte(out, '+');
    buf_add_slice(out, slice_text(id));
    buf_add_byte(out, '+');
    base64_put(out, slice_of(typed, sizeof typed));
}

bool note_key_parse(const char *text, struct note_key *ret_key, struct err *err)
{
    char name[NOTE_NAME_MAX + 1];
    uint8_t id[NOTE_ID_SIZE], memory[1 + PUB_SIZE];
    struct buf typed = buf_fixed(memory, sizeof memory);
    const char *id_text = strchr(text, '+');
    const char *key_text = id_text == NULL ? NULL : strchr(id_text + 1, '+');
    size_t len = id_text == NULL ? 0 : (size_t)(id_text - text);
    struct note_key key;
    if (key_text == NULL || len > NOTE_NAME_MAX ||
        !hex_decode_lower(id_text + 1, (size_t)(key_text - id_text) - 1, id, sizeof id) ||
        !base64_take(slice_text(key_text + 1), &typed) || typed.len != sizeof memory ||
        (memory[0] != NOTE_ED25519 && memory[0] != NOTE_COSIGNATURE))
        return err_set(err, ERR_INPUT,
                       "\"%.80s\" is no verifier key: expected NAME+ID+KEY of Ed25519, or of a "
                       "witness",
                       text);
    memcpy(name, text, len);
    name[len] = '\0';
    enum note_type type = memory[0] == NOTE_ED25519 ? NOTE_ED25519 : NOTE_COSIGNATURE;
    if (!note_key_make(name, type, memory + 1, &key, err))
        return false;
    if (memcmp(key.id, id, sizeof id) != 0)
        return err_set(err, ERR_INPUT, "\"%.80s\": its id is not its key's: mistyped", text);
    *ret_key = key;
    return true;
}

/* ------------------------------------------------------------------ notes */

/* The line at the beginning of text, with its newline; empty when there is none. */
static struct slice first_line(struct slice text)
{
    const uint8_t *end = text.len == 0 ? NULL : memchr(text.data, '\n', text.len);
    return slice_from(text, 0, end == NULL ? 0 : (size_t)(end - text.data) + 1);
}

static bool split_line(struct slice line, struct note_line *ret_line, struct slice *ret_base64)
{
    if (line.len < DASH_SIZE + 2 || memcmp(line.data, dash, DASH_SIZE) != 0)
        return false;
    struct slice rest = slice_from(line, DASH_SIZE, line.len - DASH_SIZE - 1);
    const uint8_t *space = memchr(rest.data, ' ', rest.len);
    if (space == NULL)
        return false;
    size_t len = (size_t)(space - rest.data);
    ret_line->line = line;
    ret_line->name = slice_from(rest, 0, len);
    *ret_base64 = slice_from(rest, len + 1, rest.len - len - 1);
    return name_is_good(ret_line->name);
}

static bool take_line(struct slice line, struct buf *memory, struct note_line *ret_line)
{
    struct slice base64;
    buf_clear(memory);
    if (!split_line(line, ret_line, &base64) || !base64_take(base64, memory) ||
        memory->len <= NOTE_ID_SIZE)
        return false;
    memcpy(ret_line->id, memory->data, NOTE_ID_SIZE);
    ret_line->sig = slice_from(buf_slice(memory), NOTE_ID_SIZE, memory->len - NOTE_ID_SIZE);
    return true;
}

bool note_next(struct note *n, struct buf *memory, struct note_line *ret_line)
{
    struct slice line = first_line(n->lines);
    if (line.len == 0 || !take_line(line, memory, ret_line))
        return false;
    n->lines = slice_from(n->lines, line.len, n->lines.len - line.len);
    return true;
}

static bool text_is_good(struct slice text)
{
    while (text.len > 0) {
        struct slice line = first_line(text);
        if (line.len == 0 || !cbor_text_valid(slice_from(line, 0, line.len - 1)))
            return false;
        text = slice_from(text, line.len, text.len - line.len);
    }
    return true;
}

/* Where the last empty line is: false when there is none. */
static bool find_end(struct slice bytes, size_t *ret_end)
{
    for (size_t i = bytes.len; i >= 2; i--)
        if (bytes.data[i - 1] == '\n' && bytes.data[i - 2] == '\n') {
            *ret_end = i - 1;
            return true;
        }
    return false;
}

bool note_decode(struct slice bytes, struct note *ret_note, struct err *err)
{
    size_t end = 0;
    if (bytes.len > NOTE_SIZE_MAX)
        return err_set(err, ERR_INPUT, "note: %zu bytes, more than the %d allowed", bytes.len,
                       NOTE_SIZE_MAX);
    if (!text_is_good(bytes) || !find_end(bytes, &end))
        return err_set(err, ERR_INPUT,
                       "note: not lines of text, an empty line and lines of signatures");
    struct note n = { .text = slice_from(bytes, 0, end),
                      .lines = slice_from(bytes, end + 1, bytes.len - end - 1) };
    struct note walk = n;
    struct note_line line;
    struct buf memory = buf_heap(NOTE_SIZE_MAX);
    while (note_next(&walk, &memory, &line))
        n.signatures++;
    buf_free(&memory);
    if (walk.lines.len > 0 || n.signatures == 0 || n.signatures > NOTE_SIGNATURES_MAX)
        return err_set(err, ERR_INPUT, "note: signature %zu is malformed, or one too many",
                       n.signatures + 1);
    *ret_note = n;
    return true;
}

/* ------------------------------------------------------------------ signatures */

void note_put_number(struct buf *out, uint64_t value)
{
    char digits[24];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    buf_add(out, digits + at, sizeof digits - at);
}

/* What a cosignature signs: two lines, then the text. */
static void put_cosigned(struct buf *out, struct slice text, uint64_t time_s)
{
    buf_add_slice(out, slice_text("cosignature/v1\ntime "));
    note_put_number(out, time_s);
    buf_add_byte(out, '\n');
    buf_add_slice(out, text);
}

bool note_line_is(const struct note_line *line, const struct note_key *key)
{
    return slice_equal(line->name, slice_text(key->name)) &&
           memcmp(line->id, key->id, NOTE_ID_SIZE) == 0;
}

bool note_line_holds(const struct note_line *line, const struct note_key *key, struct slice text,
                     uint64_t *ret_time_s)
{
    uint64_t time_s = 0;
    *ret_time_s = 0;
    if (key->type == NOTE_ED25519)
        return line->sig.len == SIG_SIZE && crypto_ed25519_verify(text, line->sig.data, key->pub);
    if (key->type != NOTE_COSIGNATURE || line->sig.len != TIME_SIZE + SIG_SIZE)
        return false;
    for (size_t i = 0; i < TIME_SIZE; i++)
        time_s = time_s << 8 | line->sig.data[i];
    struct buf message = buf_heap(NOTE_SIZE_MAX + 64);
    put_cosigned(&message, text, time_s);
    bool holds = !message.failed && time_s <= INT64_MAX &&
                 crypto_ed25519_verify(buf_slice(&message), line->sig.data + TIME_SIZE, key->pub);
    buf_free(&message);
    *ret_time_s = holds ? time_s : 0;
    return holds;
}

enum note_verdict note_verify(const struct note *n, const struct note_key *key,
                              uint64_t *ret_time_s)
{
    struct note walk = *n;
    struct note_line line;
    struct buf memory = buf_heap(NOTE_SIZE_MAX);
    enum note_verdict verdict = NOTE_ABSENT;
    *ret_time_s = 0;
    while (verdict != NOTE_BAD && note_next(&walk, &memory, &line)) {
        if (!note_line_is(&line, key))
            continue;
        uint64_t time_s = 0;
        verdict = note_line_holds(&line, key, n->text, &time_s) ? NOTE_GOOD : NOTE_BAD;
        *ret_time_s = time_s > *ret_time_s ? time_s : *ret_time_s;
    }
    buf_free(&memory);
    return verdict;
}

void note_put_line(struct buf *out, const char *name, const uint8_t id[NOTE_ID_SIZE],
                   struct slice sig)
{
    struct buf whole = buf_heap(NOTE_SIZE_MAX);
    buf_add(&whole, id, NOTE_ID_SIZE);
    buf_add_slice(&whole, sig);
    buf_add(out, dash, DASH_SIZE);
    buf_add_slice(out, slice_text(name));
    buf_add_byte(out, ' ');
    base64_put(out, buf_slice(&whole));
    buf_add_byte(out, '\n');
    out->failed = out->failed || whole.failed;
    buf_free(&whole);
}

void note_sign(struct buf *out, const struct note_key *key, const struct key_pair *pair,
               struct slice text, uint64_t time_s)
{
    uint8_t sig[TIME_SIZE + SIG_SIZE];
    if (key->type == NOTE_ED25519) {
        crypto_ed25519_sign(text, pair->secret, sig);
        note_put_line(out, key->name, key->id, slice_of(sig, SIG_SIZE));
        return;
    }
    struct buf message = buf_heap(NOTE_SIZE_MAX + 64);
    put_cosigned(&message, text, time_s);
    for (size_t i = 0; i < TIME_SIZE; i++)
        sig[i] = (uint8_t)(time_s >> (8 * (TIME_SIZE - 1 - i)));
    crypto_ed25519_sign(buf_slice(&message), pair->secret, sig + TIME_SIZE);
    note_put_line(out, key->name, key->id, slice_of(sig, sizeof sig));
    out->failed = out->failed || message.failed;
    buf_free(&message);
}
