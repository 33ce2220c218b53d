/*
 * Drives a libFuzzer target without libFuzzer: every file of its corpus as it is, then REPLAY_MUTATIONS
 * mutations of each, from a seed fixed by the file's name, so that a failure happens again. Also the
 * empty input, so that a target without a corpus is run at least once.
 *
 * usage: fuzz_x [CORPUS-DIR | FILE]...
 */
#include <dirent.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define REPLAY_MUTATIONS 200
#define REPLAY_MAX_BYTES (1024 * 1024)
#define REPLAY_MAX_FILES 10000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
/* A target may want to be told when it starts. */
__attribute__((weak)) int LLVMFuzzerInitialize(int *argc, char ***argv);

struct replay {
    uint64_t random; /* xorshift64*, never 0 */
    unsigned files;
    unsigned long runs;
};

static uint64_t replay_random(struct replay *r)
{
    r->random ^= r->random >> 12;
    r->random ^= r->random << 25;
    r->random ^= r->random >> 27;
    return r->random * UINT64_C(2685821657736338717);
}

static void replay_seed(struct replay *r, const char *name)
{
    r->random = UINT64_C(14695981039346656037);
    for (const char *c = name; *c != '\0'; c++)
        r->random = (r->random ^ (uint8_t)*c) * UINT64_C(1099511628211);
    r->random |= 1;
}

/* The target gets memory of exactly the input's size, so that a sanitizer sees a read past its end. */
static void replay_run(struct replay *r, const uint8_t *data, size_t size)
{
    uint8_t *exact = malloc(size > 0 ? size : 1);
    if (exact == NULL)
        abort();
    if (size > 0)
        memcpy(exact, data, size);
    (void)LLVMFuzzerTestOneInput(exact, size);
    free(exact);
    r->runs++;
}

/* One to four small changes; returns the new size, never above the old one plus four. */
static size_t replay_mutate(struct replay *r, uint8_t *data, size_t size)
{
    size_t changes = 1 + (size_t)(replay_random(r) % 4);
    for (size_t i = 0; i < changes; i++) {
        size_t at = size > 0 ? (size_t)(replay_random(r) % size) : 0;
        uint64_t what = replay_random(r);
        uint8_t byte = (uint8_t)(what >> 32);
        if (size == 0 || what % 5 == 0) {
            memmove(data + at + 1, data + at, size - at);
            data[at] = byte;
            size++;
        } else if (what % 5 == 1) {
            memmove(data + at, data + at + 1, size - at - 1);
            size--;
        } else if (what % 5 == 2) {
            data[at] ^= (uint8_t)(1U << (byte % 8));
        } else if (what % 5 == 3) {
            data[at] = byte;
        } else if (byte % 8 == 0) {
            size = at;
        }
    }
    return size;
}

static bool replay_file(struct replay *r, const char *path, const char *name)
{
    static uint8_t original[REPLAY_MAX_BYTES];
    static uint8_t mutant[REPLAY_MAX_BYTES + 4];
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        perror(path);
        return false;
    }
    size_t size = fread(original, 1, sizeof original, file);
    bool whole = ferror(file) == 0 && fgetc(file) == EOF;
    (void)fclose(file);
    if (!whole) {
        (void)fprintf(stderr, "%s: unreadable, or above %d bytes\n", path, REPLAY_MAX_BYTES);
        return false;
    }
    replay_run(r, original, size);
    replay_seed(r, name);
    for (unsigned i = 0; i < REPLAY_MUTATIONS; i++) {
        memcpy(mutant, original, size);
        replay_run(r, mutant, replay_mutate(r, mutant, size));
    }
    r->files++;
    return true;
}

static bool replay_directory(struct replay *r, const char *path)
{
    struct dirent **entries = NULL;
    int count = scandir(path, &entries, NULL, alphasort);
    bool good = count >= 0 && count <= REPLAY_MAX_FILES;
    if (!good)
        (void)fprintf(stderr, "%s: no directory, or above %d files\n", path, REPLAY_MAX_FILES);
    for (int i = 0; i < count; i++) {
        char file[4096];
        int len = snprintf(file, sizeof file, "%s/%s", path, entries[i]->d_name);
        if (good && entries[i]->d_name[0] != '.')
            good = len > 0 && (size_t)len < sizeof file && replay_file(r, file, entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
    return good;
}

int main(int argc, char **argv)
{
    struct replay r = { .random = 1 };
    bool good = true;
    if (LLVMFuzzerInitialize != NULL)
        (void)LLVMFuzzerInitialize(&argc, &argv);
    replay_run(&r, (const uint8_t *)"", 0);
    for (int i = 1; i < argc && good; i++) {
        struct stat about;
        bool directory = stat(argv[i], &about) == 0 && S_ISDIR(about.st_mode);
        good = directory ? replay_directory(&r, argv[i]) : replay_file(&r, argv[i], argv[i]);
    }
    if (good && argc > 1 && r.files == 0) {
        (void)fprintf(stderr, "%s: the corpus is empty\n", argv[0]);
        good = false;
    }
    (void)printf("%u files, %lu runs\n", r.files, r.runs);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
