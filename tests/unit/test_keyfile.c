/* common/keyfile: what was written is what is read, and nothing else is. */
#include "common/keyfile.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

struct place {
    char folder[64];
    char path[96];
};

static int set_up(void **state)
{
    struct place *p = calloc(1, sizeof *p);
    assert_non_null(p);
    (void)snprintf(p->folder, sizeof p->folder, "/tmp/waybill-keyfile-XXXXXX");
    assert_non_null(mkdtemp(p->folder));
    (void)snprintf(p->path, sizeof p->path, "%s/key", p->folder);
    *state = p;
    return crypto_init() ? 0 : -1;
}

static int tear_down(void **state)
{
    struct place *p = *state;
    (void)unlink(p->path);
    (void)rmdir(p->folder);
    free(p);
    return 0;
}

static size_t read_file(const char *path, char *out, size_t size)
{
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    size_t n = fread(out, 1, size, f);
    (void)fclose(f);
    return n;
}

static void write_file(const char *path, const char *data, size_t len)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, data, len), (ssize_t)len);
    (void)close(fd);
}

static void test_made_key_loads(void **state)
{
    struct place *p = *state;
    struct key_pair made;
    struct key_pair loaded;
    struct err err;
    assert_true(keyfile_make(p->path, &made, &err));
    assert_true(keyfile_load(p->path, &loaded, &err));
    assert_memory_equal(&made, &loaded, sizeof made);
    struct stat st;
    assert_int_equal(stat(p->path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
}

static void test_content_is_as_documented(void **state)
{
    struct place *p = *state;
    uint8_t seed[SEED_SIZE] = { 0x9d, 0x61, 0xb1, 0x9d, 0xef, 0xfd, 0x5a, 0x60, 0xba, 0x84, 0x4a,
                                0xf4, 0x92, 0xec, 0x2c, 0xc4, 0x44, 0x49, 0xc5, 0x69, 0x7b, 0x32,
                                0x69, 0x19, 0x70, 0x3b, 0xac, 0x03, 0x1c, 0xae, 0x7f, 0x60 };
    struct key_pair key = key_from_seed(seed);
    assert_true(keyfile_write(p->path, &key, NULL));
    char text[512];
    size_t len = read_file(p->path, text, sizeof text - 1);
    text[len] = '\0';
    /* RFC 8032 section 7.1, test 1 */
    assert_string_equal(text,
                        "waybill-key 1\n"
                        "seed 9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60\n"
                        "pub d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a\n");
}

static void test_never_overwritten(void **state)
{
    struct place *p = *state;
    struct key_pair first;
    struct key_pair second;
    struct err err;
    assert_true(keyfile_make(p->path, &first, &err));
    assert_false(keyfile_make(p->path, &second, &err));
    assert_int_equal(err.code, ERR_INPUT);
    assert_true(keyfile_load(p->path, &second, &err));
    assert_memory_equal(first.pub, second.pub, PUB_SIZE);
}

static void test_open_modes_are_refused(void **state)
{
    static const mode_t modes[] = { 0640, 0604, 0644, 0660, 0602, 0610, 0601 };
    struct place *p = *state;
    struct key_pair key;
    struct err err;
    assert_true(keyfile_make(p->path, &key, &err));
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        assert_int_equal(chmod(p->path, modes[i]), 0);
        assert_false(keyfile_load(p->path, &key, &err));
        assert_int_equal(err.code, ERR_INPUT);
        assert_non_null(strstr(err.msg, "0600"));
    }
    assert_int_equal(chmod(p->path, 0400), 0);
    assert_true(keyfile_load(p->path, &key, &err));
}

static void test_every_flipped_bit_is_found(void **state)
{
    struct place *p = *state;
    struct key_pair key;
    struct err err;
    char text[512];
    assert_true(keyfile_make(p->path, &key, &err));
    size_t len = read_file(p->path, text, sizeof text);
    for (size_t bit = 0; bit < 8 * len; bit++) {
        text[bit / 8] = (char)(text[bit / 8] ^ 1 << bit % 8);
        write_file(p->path, text, len);
        assert_false(keyfile_load(p->path, &key, &err));
        assert_int_equal(err.code, ERR_INPUT);
        text[bit / 8] = (char)(text[bit / 8] ^ 1 << bit % 8);
    }
}

static void test_every_other_length_is_refused(void **state)
{
    struct place *p = *state;
    struct key_pair key;
    struct err err;
    char text[512] = "";
    assert_true(keyfile_make(p->path, &key, &err));
    size_t len = read_file(p->path, text, sizeof text);
    for (size_t cut = 0; cut < len + 40; cut++) {
        write_file(p->path, text, cut);
        assert_int_equal(keyfile_load(p->path, &key, &err), cut == len);
    }
}

static void test_missing_file_and_folder(void **state)
{
    struct place *p = *state;
    struct key_pair key;
    struct err err;
    assert_false(keyfile_load(p->path, &key, &err));
    assert_int_equal(err.code, ERR_NOT_FOUND);
    assert_false(keyfile_load(p->folder, &key, &err));
    assert_int_equal(err.code, ERR_INPUT);
    assert_false(keyfile_make("/tmp/waybill-no-such-folder/key", &key, &err));
    assert_int_equal(err.code, ERR_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_made_key_loads, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_content_is_as_documented, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_never_overwritten, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_open_modes_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_every_flipped_bit_is_found, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_every_other_length_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_missing_file_and_folder, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("keyfile", tests, NULL, NULL);
}
