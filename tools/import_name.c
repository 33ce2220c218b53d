/* Names of a configuration as a contract may have them. */
#include "contracts/property.h"
#include "tools/import_path.h"

#include <stdio.h>
#include <string.h>

#define SUFFIX_SIZE 16

struct slice import_cut(struct slice text, size_t max)
{
    if (text.len <= max)
        return text;
    while (max > 0 && (text.data[max] & 0xc0) == 0x80)
        max--;
    return slice_of(text.data, max);
}

/* An expression would read them as something else. */
static bool is_word(const char *name)
{
    static const char *const words[] = {
        "and",    "or",       "not",    "if",       "then",       "else",  "in",      "holds",
        "for",    "min",      "max",    "prorate",  "count",      "added", "yes",     "no",
        "true",   "false",    "nobody", "nothing",  "none",       "low",   "medium",  "high",
        "caller", "critical", "now",    "opener",   "custodian",  "owner", "started", "reading",
        "from",   "to",       "place",  "document", "excursions", "guard",
    };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcmp(words[i], name) == 0)
            return true;
    return false;
}

static bool is_unfit(const char *name, enum import_use use)
{
    switch (use) {
    case IMPORT_PLAIN:
    case IMPORT_CHOICE: return false;
    case IMPORT_ACTION: return strcmp(name, "acknowledge") == 0;
    case IMPORT_TERM: return is_word(name) || property_by_name(slice_text(name)) != NULL;
    case IMPORT_VALUE: return is_word(name);
    }
    return false;
}

const struct import_name *import_nth_name(const struct import_names *names, size_t i)
{
    return (const void *)((const uint8_t *)names->at + i * names->size);
}

static bool is_taken(const char *legal, const struct import_names *before)
{
    for (size_t i = 0; i < before->count; i++)
        if (strcmp(import_nth_name(before, i)->legal, legal) == 0)
            return true;
    return false;
}

static bool is_letter(uint8_t ch)
{
    return (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z');
}

/* Letters, digits and "_"; every other character becomes "_"; a letter comes first. */
static size_t write_plain(struct slice given, char *text, size_t size)
{
    size_t len = 0;
    if (given.len == 0 || !is_letter(given.data[0]))
        text[len++] = 'x';
    for (size_t i = 0; i < given.len && len + 1 < size; i++) {
        uint8_t ch = given.data[i];
        if ((ch & 0xc0) == 0x80)
            continue; /* the rest of a character */
        text[len++] = is_letter(ch) || (ch >= '0' && ch <= '9') ? (char)ch : '_';
    }
    return len;
}

void import_make_name(struct import_name *name, enum import_use use,
                      const struct import_names *before)
{
    char plain[sizeof name->legal];
    size_t len;
    if (use == IMPORT_CHOICE) {
        struct slice cut = import_cut(name->given, sizeof plain - 1);
        len = cut.len;
        memcpy(plain, cut.data, len);
    } else {
        len = write_plain(name->given, plain, sizeof plain);
    }
    plain[len] = '\0';
    memcpy(name->legal, plain, len + 1);
    if (is_unfit(plain, use)) { /* such words are short */
        plain[len++] = '_';
        plain[len] = '\0';
        memcpy(name->legal, plain, len + 1);
    }
    for (unsigned n = 2; is_taken(name->legal, before); n++) {
        char suffix[SUFFIX_SIZE];
        int more = snprintf(suffix, sizeof suffix, "_%u", n);
        size_t room = sizeof name->legal - 1 - (size_t)more;
        struct slice head = import_cut(slice_of(plain, len), room);
        memcpy(name->legal, head.data, head.len);
        memcpy(name->legal + head.len, suffix, (size_t)more + 1);
    }
}
