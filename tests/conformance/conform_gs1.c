/*
 * Our table of application identifiers against the GS1 Barcode Syntax Dictionary.
 * Usage: conform_gs1 VECTORS. Prints one line a check.
 */
#include "common/gs1.h"
#include "common/gs1_link.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_LINE 512

static unsigned passed;
static unsigned failed;

static void report(bool good, const char *ai, const char *what)
{
    printf("%s  gs1 (%s) %s\n", good ? "ok  " : "FAIL", ai, what);
    if (good)
        passed++;
    else
        failed++;
}

/* One entry of the dictionary, its specification split as far as these five identifiers need. */
struct entry {
    char type; /* N or X */
    size_t min_len;
    size_t max_len;
    bool csum;
    bool no_fnc1;  /* flag '*' */
    bool link_key; /* attribute dlpkey */
};

/* "N18,csum,gcppos2" or "X..20": false when it is of another shape. */
static bool read_component(const char *text, struct entry *entry)
{
    entry->type = text[0];
    bool range = strncmp(text + 1, "..", 2) == 0;
    char *end = NULL;
    entry->max_len = strtoul(text + (range ? 3 : 1), &end, 10);
    entry->min_len = range ? 1 : entry->max_len;
    entry->csum = strstr(end, ",csum") != NULL;
    return (entry->type == 'N' || entry->type == 'X') && entry->max_len > 0;
}

static bool read_entry(FILE *file, const char *ai, struct entry *ret_entry)
{
    char line[MAX_LINE];
    rewind(file);
    while (fgets(line, sizeof line, file) != NULL) {
        char *state = NULL;
        line[strcspn(line, "#\n")] = '\0';
        char *word = strtok_r(line, " \t", &state);
        if (word == NULL || strcmp(word, ai) != 0)
            continue;
        struct entry entry = { .type = '?' };
        word = strtok_r(NULL, " \t", &state);
        if (word != NULL && strpbrk(word, "*?") == word) {
            entry.no_fnc1 = strchr(word, '*') != NULL;
            word = strtok_r(NULL, " \t", &state);
        }
        if (word == NULL || !read_component(word, &entry))
            return false;
        for (word = strtok_r(NULL, " \t", &state); word != NULL;
             word = strtok_r(NULL, " \t", &state))
            entry.link_key = entry.link_key || strncmp(word, "dlpkey", 6) == 0;
        *ret_entry = entry;
        return true;
    }
    return false;
}

static bool takes_length(const struct gs1_ai *row, size_t len)
{
    uint8_t text[64];
    memset(text, '1', sizeof text);
    return len <= sizeof text && gs1_value_fits(row, slice_of(text, len));
}

static void check_values(const struct gs1_ai *row, const struct entry *entry)
{
    bool lengths = true;
    for (size_t len = 0; len <= 40; len++)
        lengths =
            lengths && takes_length(row, len) == (len >= entry->min_len && len <= entry->max_len);
    report(lengths, row->ai, "takes the dictionary's lengths and no others");
    unsigned taken = 0;
    for (unsigned c = 0; c < 256; c++) {
        uint8_t text[64];
        memset(text, (int)c, sizeof text);
        taken += gs1_value_fits(row, slice_of(text, entry->max_len)) ? 1U : 0U;
    }
    report(taken == (entry->type == 'N' ? 10U : 82U), row->ai, "takes the dictionary's characters");
}

/* In an element string the next element follows at once, or after FNC1, as flag '*' says. */
static void check_separator(const struct gs1_ai *row, const struct entry *entry)
{
    report(row->fixed == entry->no_fnc1, row->ai, "needs FNC1 after it as the dictionary says");
    if (!entry->no_fnc1)
        return;
    char text[128];
    char digits[32];
    memset(digits, '0', sizeof digits);
    digits[entry->max_len] = '\0';
    (void)snprintf(text, sizeof text, "%s%s17261231%s", row->ai, digits,
                   strcmp(row->ai, "01") == 0 ? "21A" : "");
    struct gs1_link link;
    report(gs1_link_parse(slice_text(text), &link, NULL) && strcmp(link.name.key, digits) == 0,
           row->ai, "is read in an element string without FNC1");
}

static void check_link_key(const struct gs1_ai *row, const struct entry *entry)
{
    if (!entry->link_key)
        return;
    char text[128];
    char digits[32];
    memset(digits, '0', sizeof digits);
    digits[entry->max_len] = '\0';
    (void)snprintf(text, sizeof text, "https://x.example/%s/%s%s", row->ai, digits,
                   strcmp(row->ai, "01") == 0 ? "/21/A" : "");
    struct gs1_link link;
    report(gs1_link_parse(slice_text(text), &link, NULL), row->ai, "is a primary key of a link");
}

static void check_digit_verdict(const struct gs1_ai *row, const struct entry *entry)
{
    report(row->check_digit == entry->csum, row->ai, "has a check digit as the dictionary says");
    if (!entry->csum)
        return;
    unsigned good = 0;
    char digits[32];
    memset(digits, '7', sizeof digits);
    for (int digit = 0; digit <= 9; digit++) {
        digits[entry->max_len - 1] = (char)('0' + digit);
        good += gs1_check_key(row->ai, slice_of(digits, entry->max_len), NULL) ? 1U : 0U;
    }
    report(good == 1, row->ai, "has exactly one good check digit");
}

int main(int argc, char **argv)
{
    static const char *const ais[] = { "00", "01", "10", "21", "414" };
    char path[4096];
    (void)snprintf(path, sizeof path, "%s/gs1/gs1-syntax-dictionary.txt", argc > 1 ? argv[1] : ".");
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        (void)fprintf(stderr, "conform_gs1: cannot open %s\n", path);
        return 1;
    }
    for (size_t i = 0; i < sizeof ais / sizeof ais[0]; i++) {
        struct entry entry = { .type = '?' };
        const struct gs1_ai *row = gs1_find_ai(slice_text(ais[i]));
        bool found = read_entry(file, ais[i], &entry) && row != NULL;
        report(found, ais[i], "is in the dictionary and in our table");
        if (!found)
            continue;
        report(row->numeric == (entry.type == 'N'), ais[i], "is of the dictionary's type");
        check_values(row, &entry);
        check_separator(row, &entry);
        check_link_key(row, &entry);
        check_digit_verdict(row, &entry);
    }
    (void)fclose(file);
    printf("%u passed, %u failed\n", passed, failed);
    return failed == 0 ? 0 : 1;
}
