/*
 * Signed notes (c2sp.org/signed-note): a text, an empty line, and a line for each signature. Keys are known
 * by a name and four bytes; signatures of keys that are not known are passed over. Pure.
 */
#ifndef COMMON_NOTE_H
#define COMMON_NOTE_H

#include "common/err.h"
#include "common/key.h"

#define NOTE_SIZE_MAX       (256 * 1024)
#define NOTE_SIGNATURES_MAX 100
#define NOTE_NAME_MAX       200
#define NOTE_ID_SIZE        4
#define NOTE_KEY_TEXT_MAX   512

enum note_type {
    NOTE_ED25519 = 1,     /* the text is signed as it is */
    NOTE_COSIGNATURE = 4, /* c2sp.org/tlog-cosignature: a witness's, with its time */
    NOTE_OTHER = 255,     /* followed by a name of its own */
};

struct note_key {
    char name[NOTE_NAME_MAX + 1];
    uint8_t id[NOTE_ID_SIZE];
    enum note_type type;
    uint8_t pub[PUB_SIZE];
};

/* False when it is no name of a key: empty, too long, or with a space, plus or control character. */
bool note_name_is_good(const char *name);
/* First bytes of SHA-256(name, newline, type, key): key is whatever the type says. In: a good name. */
void note_id(const char *name, enum note_type type, struct slice key, uint8_t ret_id[NOTE_ID_SIZE]);
/* In: NOTE_ED25519 or NOTE_COSIGNATURE. */
bool note_key_make(const char *name, enum note_type type, const uint8_t pub[PUB_SIZE],
                   struct note_key *ret_key, struct err *err);
/* "name+id in hex+base64 of type and key"; of those two types. */
bool note_key_parse(const char *text, struct note_key *ret_key, struct err *err);
void note_key_put(struct buf *out, const struct note_key *key);

/* Everything borrowed from the bytes. */
struct note {
    struct slice text;  /* with its last newline, without the empty line */
    struct slice lines; /* of signatures, from the next on */
    size_t signatures;
};
/* Form only: UTF-8 without control characters, 1 to NOTE_SIGNATURES_MAX lines that are well-formed. */
bool note_decode(struct slice bytes, struct note *ret_note, struct err *err);

struct note_line {
    struct slice line; /* whole, with its newline */
    struct slice name;
    uint8_t id[NOTE_ID_SIZE];
    struct slice sig; /* what follows the id; borrowed from memory */
};
/* The next signature; false after the last. memory is cleared and holds what was decoded. */
bool note_next(struct note *n, struct buf *memory, struct note_line *ret_line);

bool note_line_is(const struct note_line *line, const struct note_key *key);
/* Does the signature of a key hold? ret_time_s: when it was made, for a cosignature; else 0. */
bool note_line_holds(const struct note_line *line, const struct note_key *key, struct slice text,
                     uint64_t *ret_time_s);

enum note_verdict { NOTE_ABSENT, NOTE_GOOD, NOTE_BAD };
/* A known key's signature that does not hold makes the whole note bad. */
enum note_verdict note_verify(const struct note *n, const struct note_key *key,
                              uint64_t *ret_time_s);

void note_put_line(struct buf *out, const char *name, const uint8_t id[NOTE_ID_SIZE],
                   struct slice sig);
/* Appends the line of a signature. In: time_s: of a cosignature. */
void note_sign(struct buf *out, const struct note_key *key, const struct key_pair *pair,
               struct slice text, uint64_t time_s);
/* value in decimal digits */
void note_put_number(struct buf *out, uint64_t value);

#endif
