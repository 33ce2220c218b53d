/* An export's records: whole, in order, and where the file was cut or damaged. */
#include "common/file.h"
#include "tools/export_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char path[64];

static int setup(void **state)
{
    (void)state;
    (void)snprintf(path, sizeof path, "/tmp/waybill-export-%ld", (long)getpid());
    (void)unlink(path);
    return crypto_init() ? 0 : 1;
}

static int teardown(void **state)
{
    (void)state;
    (void)unlink(path);
    return 0;
}

static void make(void)
{
    struct export_file *f = NULL;
    (void)unlink(path);
    assert_true(export_file_extend(path, &f, NULL));
    assert_true(export_file_put(f, EXPORT_FILE_GENESIS, slice_text("genesis"), NULL));
    assert_true(export_file_put(f, EXPORT_FILE_BLOCKS, slice_text("one"), NULL));
    assert_true(export_file_put(f, EXPORT_FILE_BLOCKS, slice_text("two"), NULL));
    assert_true(export_file_put(f, EXPORT_FILE_END, slice_text("end"), NULL));
    assert_true(export_file_sync(f, NULL));
    export_file_close(f);
}

/* Its records as "kind content ", up to the end or a damage. */
static enum err_code read_all(char *text, bool *ret_cut)
{
    struct export_file *f = NULL;
    struct err err = { .code = ERR_NONE };
    struct buf record = buf_heap(1024);
    char kind = 0;
    text[0] = '\0';
    if (export_file_open(path, &f, &err))
        while (export_file_next(f, &kind, &record, &err))
            (void)sprintf(text + strlen(text), "%c %.*s ", kind, (int)record.len,
                          (const char *)record.data);
    *ret_cut = f != NULL && export_file_cut(f);
    export_file_close(f);
    buf_free(&record);
    return err.code;
}

static void records_come_back(void **state)
{
    (void)state;
    char text[256];
    bool cut = true;
    make();
    assert_int_equal(read_all(text, &cut), ERR_NONE);
    assert_string_equal(text, "G genesis B one B two E end ");
    assert_false(cut);
}

static void a_cut_tail_is_written_anew(void **state)
{
    (void)state;
    struct stat st;
    char text[256];
    bool cut = false;
    make();
    assert_int_equal(stat(path, &st), 0);
    for (off_t size = st.st_size - 1; size > st.st_size - 20; size--) {
        assert_int_equal(truncate(path, size), 0);
        assert_int_equal(read_all(text, &cut), ERR_NONE);
        assert_memory_equal(text, "G genesis B one ", 16);
    }
    struct export_file *f = NULL;
    struct buf record = buf_heap(1024);
    char kind = 0;
    assert_true(export_file_extend(path, &f, NULL));
    while (export_file_next(f, &kind, &record, NULL))
        ;
    assert_true(export_file_rewind(f, NULL));
    assert_true(export_file_put(f, EXPORT_FILE_BLOCKS, slice_text("three"), NULL));
    export_file_close(f);
    buf_free(&record);
    assert_int_equal(read_all(text, &cut), ERR_NONE);
    assert_string_equal(text + strlen(text) - 8, "B three ");
    assert_null(strstr(text, "E"));
    assert_false(cut);
}

/* One flipped bit anywhere: never another record, at most an earlier end. */
static void no_flipped_bit_passes(void **state)
{
    (void)state;
    static const char whole[] = "G genesis B one B two E end ";
    char memory[256], text[256];
    struct buf bytes = buf_fixed(memory, sizeof memory);
    make();
    assert_true(file_read(path, sizeof memory, &bytes, NULL));
    for (size_t i = 0; i < bytes.len; i++) {
        bool cut = false;
        bytes.data[i] ^= 4;
        assert_true(file_replace(path, buf_slice(&bytes), 0644, NULL));
        enum err_code code = read_all(text, &cut);
        assert_true(code != ERR_NONE || cut);
        assert_memory_equal(text, whole, strlen(text));
        bytes.data[i] ^= 4;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_come_back),
        cmocka_unit_test(a_cut_tail_is_written_anew),
        cmocka_unit_test(no_flipped_bit_passes),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
