/* device/sensor_hwmon: on a made-up sysfs tree. */
#include "device/sensor_hwmon.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char root[64];
static struct sensor_hwmon_settings settings;

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    (void)st;
    (void)flag;
    (void)ftw;
    return remove(path);
}

static void put(const char *name, const char *text)
{
    char path[256];
    (void)snprintf(path, sizeof path, "%s/class/hwmon/%s", root, name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    (void)fclose(f);
}

static void make_folder(const char *name)
{
    char path[256];
    (void)snprintf(path, sizeof path, "%s/%s", root, name);
    assert_int_equal(mkdir(path, 0700), 0);
}

static int set_up(void **state)
{
    (void)state;
    (void)snprintf(root, sizeof root, "/tmp/waybill-hwmon-XXXXXX");
    assert_non_null(mkdtemp(root));
    make_folder("class");
    make_folder("class/hwmon");
    make_folder("class/hwmon/hwmon0");
    make_folder("class/hwmon/hwmon3");
    put("hwmon0/name", "coretemp\n");
    put("hwmon0/temp1_input", "51000\n");
    put("hwmon3/name", "sht3x\n");
    put("hwmon3/temp1_input", "4435\n");
    put("hwmon3/temp2_input", "-18005\n");
    put("hwmon3/temp2_label", "Freezer\n");
    put("hwmon3/humidity1_input", "62149\n");
    settings = (struct sensor_hwmon_settings){ .sysfs_root = root, .chip = "sht3x", .columns = 3 };
    settings.column[0] = (struct sensor_hwmon_column){
        .channel = "temp1", .property = PROPERTY_TEMPERATURE, .place = 0, .exponent = -2
    };
    settings.column[1] = (struct sensor_hwmon_column){
        .channel = "humidity1", .property = PROPERTY_HUMIDITY, .place = 2, .exponent = -1
    };
    settings.column[2] = (struct sensor_hwmon_column){
        .label = "Freezer", .property = PROPERTY_TEMPERATURE, .place = 1, .exponent = -3
    };
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    (void)nftw(root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    return 0;
}

static void test_reads_by_channel_and_label(void **state)
{
    (void)state;
    struct agent_sample s = { .time_ms = 5 };
    struct err err;
    if (!sensor_hwmon_read(&settings, &s, &err))
        fail_msg("%s", err.msg);
    assert_true(s.present[0] && s.present[1] && s.present[2]);
    assert_int_equal(s.value[0], 444); /* 4.435, half to even */
    assert_int_equal(s.value[2], 621);
    assert_int_equal(s.value[1], -18005);
    assert_int_equal(s.time_ms, 5);
}

/* A directory in the file's place makes read(2) fail, as a chip that is off does. */
static void test_failing_channel_is_null(void **state)
{
    (void)state;
    struct agent_sample s = { .present = { true, true, true } };
    struct err err;
    char path[256];
    (void)snprintf(path, sizeof path, "%s/class/hwmon/hwmon3/temp1_input", root);
    assert_int_equal(unlink(path), 0);
    make_folder("class/hwmon/hwmon3/temp1_input");
    assert_false(sensor_hwmon_read(&settings, &s, &err));
    assert_false(s.present[0]);
    assert_true(s.present[1] && s.present[2]);
    assert_non_null(strstr(err.msg, "temp1_input"));
    put("hwmon3/humidity1_input", "62.1 %\n");
    assert_false(sensor_hwmon_read(&settings, &s, &err));
    assert_false(s.present[2]);
}

static void test_missing_chip_is_all_nulls(void **state)
{
    (void)state;
    struct agent_sample s = { .present = { true, true, true } };
    struct err err;
    settings.chip = "sht4x";
    assert_false(sensor_hwmon_read(&settings, &s, &err));
    assert_int_equal(err.code, ERR_NOT_FOUND);
    assert_false(s.present[0] || s.present[1] || s.present[2]);
    settings.sysfs_root = "/nonexistent";
    assert_false(sensor_hwmon_read(&settings, &s, &err));
}

static void test_unknown_label(void **state)
{
    (void)state;
    struct agent_sample s = { .present = { false } };
    struct err err;
    settings.column[2].label = "Cellar";
    assert_false(sensor_hwmon_read(&settings, &s, &err));
    assert_non_null(strstr(err.msg, "Cellar"));
    assert_true(s.present[0] && !s.present[1]);
}

static void test_two_chips_alike(void **state)
{
    (void)state;
    struct agent_sample s = { .present = { false } };
    struct err err;
    char path[256];
    put("hwmon0/name", "sht3x\n");
    assert_false(sensor_hwmon_read(&settings, &s, &err));
    assert_non_null(strstr(err.msg, "2 chips"));
    (void)snprintf(path, sizeof path, "%s/class/hwmon/hwmon3/device", root);
    assert_int_equal(symlink("../../../1-0044", path), 0);
    settings.device = "1-0044";
    assert_true(sensor_hwmon_read(&settings, &s, &err));
    assert_int_equal(s.value[0], 444);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_reads_by_channel_and_label),
        CASE(test_failing_channel_is_null),
        CASE(test_missing_chip_is_all_nulls),
        CASE(test_unknown_label),
        CASE(test_two_chips_alike),
    };
    return cmocka_run_group_tests_name("sensor_hwmon", tests, NULL, NULL);
}
