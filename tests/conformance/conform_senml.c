/*
 * SenML packs in CBOR against their resolved records in JSON, as the SenML working group wrote both.
 * Usage: conform_senml VECTORS. Prints one line a disagreement, then "N passed, N failed".
 */
#include "common/senml.h"

#include <dirent.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PACK_MAX  65536
#define FILES_MAX 1000
/* Any time after those of the examples, which are absolute. */
#define NOW_MS UINT64_C(1767225600000)

static unsigned passed;
static unsigned failed;

static void report(bool good, const char *file, size_t record, const char *what)
{
    if (good) {
        passed++;
        return;
    }
    failed++;
    printf("FAIL  senml %s, record %zu: %s\n", file, record, what);
}

static bool same_name(const struct senml_record *record, const char *want)
{
    struct slice name = slice_text(want != NULL ? want : "");
    size_t base = record->base_name.len;
    return name.len == base + record->name.len &&
           slice_equal(record->base_name, slice_from(name, 0, base)) &&
           slice_equal(record->name, slice_from(name, base, name.len - base));
}

/* The JSON number as a double must become the same decimal as the CBOR number did. */
static bool same_number(const struct senml_record *record, const json_t *want)
{
    uint64_t bits;
    int64_t mantissa;
    int exponent;
    double value = json_number_value(want);
    memcpy(&bits, &value, sizeof bits);
    return json_is_number(want) && record->has_value &&
           senml_float(bits, sizeof bits, &mantissa, &exponent) &&
           mantissa == record->value.mantissa && exponent == record->value.exponent;
}

static void check_record(const struct senml_record *record, const json_t *want, const char *file,
                         size_t n)
{
    const char *unit = json_string_value(json_object_get(want, "u"));
    double time_s = json_number_value(json_object_get(want, "t"));
    report(same_name(record, json_string_value(json_object_get(want, "n"))), file, n, "name");
    report(slice_equal(record->unit, slice_text(unit != NULL ? unit : "")), file, n, "unit");
    report((int64_t)record->time_ms == (int64_t)(time_s * 1000 + 0.5), file, n, "time");
    report(same_number(record, json_object_get(want, "v")), file, n, "value");
}

/* Every known unit's value must be found among the samples at its time. */
static void check_samples(struct slice pack, const char *file)
{
    static struct samples samples;
    struct err err = { 0 };
    struct senml_record record;
    if (!senml_expand(pack, NOW_MS, &samples, &err)) {
        report(false, file, 0, err.msg);
        return;
    }
    struct senml_reader r = senml_begin(pack, NOW_MS);
    while (senml_next(&r, &record)) {
        bool found = senml_property(record.unit) == 0 || !record.has_value;
        for (size_t c = 0; c < samples.columns && !found; c++)
            for (size_t i = 0; i < samples.rows && !found; i++)
                found = samples.column[c].property == senml_property(record.unit) &&
                        samples.time_ms[i] == record.time_ms && samples.column[c].present[i];
        report(found, file, r.records, "not among the samples");
    }
}

static void check_pack(struct slice pack, const json_t *want, const char *file)
{
    struct err err = { 0 };
    struct senml_record record;
    size_t n = 0;
    report(cbor_scan_bounds(pack, &err), file, 0, err.msg);
    struct senml_reader r = senml_begin(pack, NOW_MS);
    for (; senml_next(&r, &record); n++)
        check_record(&record, json_array_get(want, n), file, n + 1);
    report(senml_done(&r, &err), file, n, err.msg);
    report(n == json_array_size(want), file, n, "another number of records");
    check_samples(pack, file);
}

/* x.cbor beside x.resolved.json */
static void check_file(const char *folder, const char *file)
{
    static uint8_t bytes[PACK_MAX];
    char path[4096];
    json_error_t error;
    (void)snprintf(path, sizeof path, "%s/%s", folder, file);
    FILE *in = fopen(path, "rb");
    size_t len = in != NULL ? fread(bytes, 1, sizeof bytes, in) : 0;
    if (in != NULL)
        (void)fclose(in);
    (void)snprintf(path, sizeof path, "%s/%.*s.resolved.json", folder, (int)strlen(file) - 5, file);
    json_t *want = json_load_file(path, 0, &error);
    if (len == 0 || want == NULL)
        report(false, file, 0, "the example cannot be read");
    else
        check_pack(slice_of(bytes, len), want, file);
    json_decref(want);
}

int main(int argc, char **argv)
{
    char folder[2048];
    struct dirent **entries = NULL;
    if (argc != 2) {
        (void)fprintf(stderr, "usage: conform_senml VECTORS\n");
        return 2;
    }
    (void)snprintf(folder, sizeof folder, "%s/senml", argv[1]);
    int count = scandir(folder, &entries, NULL, alphasort);
    for (int i = 0; i < count && i < FILES_MAX; i++) {
        size_t len = strlen(entries[i]->d_name);
        if (len > 5 && strcmp(entries[i]->d_name + len - 5, ".cbor") == 0)
            check_file(folder, entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
    printf("%u passed, %u failed\n", passed, failed);
    return failed == 0 && passed > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
