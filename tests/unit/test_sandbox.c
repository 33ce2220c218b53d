/* The sandbox: what the child can do is compute and answer, nothing else (common/sandbox). */
#include "common/sandbox.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static const struct sandbox_limits limits = {
    .memory_bytes = 64U << 20, .cpu_s = 1, .timeout_ms = 60000, .result_max = 1000
};

static bool echo(struct slice input, struct buf *result, struct err *err)
{
    (void)err;
    buf_add_slice(result, input);
    return true;
}

static bool refuse(struct slice input, struct buf *result, struct err *err)
{
    (void)input;
    (void)result;
    return err_set(err, ERR_INPUT, "line 3: \x1b[31mnot today\n");
}

static bool flood(struct slice input, struct buf *result, struct err *err)
{
    (void)input;
    (void)err;
    for (int i = 0; i < 1001; i++)
        buf_add_byte(result, 'x');
    return true;
}

/* As a decoder taken over by its input would: past the agreed answer, straight into the pipe. */
static bool flood_pipe(struct slice input, struct buf *result, struct err *err)
{
    (void)input;
    (void)result;
    (void)err;
    static const char block[4096] = "R";
    while (write(3, block, sizeof block) > 0)
        ;
    return true;
}

static bool crash(struct slice input, struct buf *result, struct err *err)
{
    (void)input;
    (void)result;
    (void)err;
    (void)raise(SIGSEGV);
    abort();
}

static bool spin(struct slice input, struct buf *result, struct err *err)
{
    (void)result;
    (void)err;
    for (volatile size_t i = 0; i != input.len + 1; i = 0)
        ;
    return true;
}

static bool hang(struct slice input, struct buf *result, struct err *err)
{
    return spin(input, result, err);
}

static bool eat_memory(struct slice input, struct buf *result, struct err *err)
{
    (void)input;
    (void)err;
    size_t got = 0;
    for (; got < 64; got++) {
        void *block =
            mmap(NULL, 4U << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (block == MAP_FAILED)
            break;
    }
    buf_add_byte(result, (uint8_t)got);
    return true;
}

static bool open_file(struct slice input, struct buf *result, struct err *err)
{
    (void)input;
    (void)err;
    buf_add_byte(result, open("/etc/passwd", O_RDONLY) < 0 ? 'n' : 'y');
    buf_add_byte(result, open("/tmp", O_RDONLY | O_DIRECTORY) < 0 ? 'n' : 'y');
    buf_add_byte(result, write(2, "noise", 5) < 0 ? 'n' : 'y');
    return true;
}

static bool open_socket(struct slice input, struct buf *result, struct err *err)
{
    (void)input;
    (void)err;
    buf_add_byte(result, socket(AF_INET, SOCK_STREAM, 0) < 0 ? 'n' : 'y');
    return true;
}

static bool start_program(struct slice input, struct buf *result, struct err *err)
{
    (void)input;
    (void)err;
    char *const argv[] = { (char[]){ "true" }, NULL };
    buf_add_byte(result, execv("/bin/true", argv) < 0 ? 'n' : 'y');
    return true;
}

static bool start_child(struct slice input, struct buf *result, struct err *err)
{
    (void)input;
    (void)err;
    buf_add_byte(result, fork() < 0 ? 'n' : 'y');
    return true;
}

static bool read_standard_input(struct slice input, struct buf *result, struct err *err)
{
    char byte = 0;
    (void)input;
    (void)err;
    buf_add_byte(result, read(0, &byte, 1) < 0 ? 'n' : 'y');
    return true;
}

static bool make_code(struct slice input, struct buf *result, struct err *err)
{
    (void)input;
    (void)err;
    void *page =
        mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    buf_add_byte(result, page == MAP_FAILED ? 'n' : 'y');
    return true;
}

static void a_result_comes_back_whole(void **state)
{
    (void)state;
    uint8_t input[1000];
    memset(input, 'q', sizeof input);
    struct buf result = buf_heap(1000);
    struct err err = { 0 };
    assert_true(sandbox_run(echo, slice_of(input, sizeof input), &limits, &result, &err));
    assert_int_equal(result.len, sizeof input);
    assert_memory_equal(result.data, input, sizeof input);
    buf_clear(&result);
    assert_true(sandbox_run(echo, slice_of(input, 0), &limits, &result, &err));
    assert_int_equal(result.len, 0);
    buf_free(&result);
}

static void a_refusal_brings_its_reason_without_control_characters(void **state)
{
    (void)state;
    struct buf result = buf_heap(1000);
    struct err err = { 0 };
    assert_false(sandbox_run(refuse, slice_text(""), &limits, &result, &err));
    assert_int_equal(err.code, ERR_INPUT);
    assert_string_equal(err.msg, "line 3: ?[31mnot today?");
    assert_int_equal(result.len, 0);
}

static void expect_failure(bool (*work)(struct slice, struct buf *, struct err *),
                           const struct sandbox_limits *with, const char *words)
{
    struct buf result = buf_heap(1000);
    struct err err = { 0 };
    assert_false(sandbox_run(work, slice_text("x"), with, &result, &err));
    assert_int_equal(err.code, ERR_INPUT);
    if (strstr(err.msg, words) == NULL)
        fail_msg("expected \"%s\" in \"%s\"", words, err.msg);
    assert_int_equal(result.len, 0);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* no child left behind */
}

static void a_child_that_answers_too_much_is_refused(void **state)
{
    (void)state;
    expect_failure(flood, &limits, "larger than 1000");
    expect_failure(flood_pipe, &limits, "more than 1000");
}

static void a_crash_is_an_error_of_the_input(void **state)
{
    (void)state;
    expect_failure(crash, &limits, "");
}

static void cpu_and_time_are_bounded(void **state)
{
    (void)state;
    struct sandbox_limits short_time = limits;
    short_time.timeout_ms = 100;
    expect_failure(hang, &short_time, "longer than 100 ms");
    expect_failure(spin, &limits, "CPU");
}

static void memory_is_bounded(void **state)
{
    (void)state;
    struct buf result = buf_heap(1000);
    struct err err = { 0 };
    assert_true(sandbox_run(eat_memory, slice_text(""), &limits, &result, &err));
    assert_in_range(result.data[0], 1, 16); /* blocks of 4 MiB within 64 MiB */
    buf_free(&result);
}

static void files_cannot_be_opened(void **state)
{
    (void)state;
    struct buf result = buf_heap(1000);
    struct err err = { 0 };
    assert_true(sandbox_run(open_file, slice_text(""), &limits, &result, &err));
    assert_int_equal(result.len, 3);
    assert_memory_equal(result.data, "nnn", 3);
    buf_free(&result);
}

static void network_programs_children_input_and_code_are_forbidden(void **state)
{
    (void)state;
    expect_failure(open_socket, &limits, "forbidden");
    expect_failure(start_program, &limits, "forbidden");
    expect_failure(start_child, &limits, "forbidden");
    expect_failure(read_standard_input, &limits, "forbidden");
    expect_failure(make_code, &limits, "forbidden");
}

static void no_descriptor_leaks(void **state)
{
    (void)state;
    struct buf result = buf_heap(1000);
    int before = dup(0);
    (void)close(before);
    for (int i = 0; i < 20; i++) {
        buf_clear(&result);
        assert_true(sandbox_run(echo, slice_text("x"), &limits, &result, NULL));
        assert_false(sandbox_run(refuse, slice_text("x"), &limits, &result, NULL));
    }
    int after = dup(0);
    (void)close(after);
    assert_int_equal(before, after);
    buf_free(&result);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_result_comes_back_whole),
        cmocka_unit_test(a_refusal_brings_its_reason_without_control_characters),
        cmocka_unit_test(a_child_that_answers_too_much_is_refused),
        cmocka_unit_test(a_crash_is_an_error_of_the_input),
        cmocka_unit_test(cpu_and_time_are_bounded),
        cmocka_unit_test(memory_is_bounded),
        cmocka_unit_test(files_cannot_be_opened),
        cmocka_unit_test(network_programs_children_input_and_code_are_forbidden),
        cmocka_unit_test(no_descriptor_leaks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
