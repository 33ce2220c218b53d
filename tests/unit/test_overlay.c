/* What a block writes lies over the state until it is decided, and only real changes are written. */
#include "node/overlay.h"
#include "tests/support/memory_state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct fixture {
    struct memory_state *state;
    struct state_view view;
    struct overlay *overlay;
};
static struct fixture fx;

static struct slice text(const char *t)
{
    return slice_text(t);
}

static int setup(void **state)
{
    (void)state;
    fx.state = memory_state_new();
    fx.view = memory_state_view(fx.state);
    fx.overlay = overlay_new();
    memory_state_set(fx.state, text("kept"), text("1"));
    memory_state_set(fx.state, text("gone"), text("2"));
    overlay_reset(fx.overlay, &fx.view);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    overlay_free(fx.overlay);
    memory_state_free(fx.state);
    return 0;
}

static bool holds(const char *key, const char *value)
{
    struct slice found;
    return overlay_get(fx.overlay, text(key), &found) && slice_equal(found, text(value));
}

static void reads_see_the_blocks_own_writes(void **state)
{
    struct slice found;
    (void)state;
    assert_true(holds("kept", "1"));
    overlay_put(fx.overlay, text("kept"), text("changed"));
    overlay_put(fx.overlay, text("new"), text("3"));
    overlay_remove(fx.overlay, text("gone"));
    assert_true(holds("kept", "changed"));
    assert_true(holds("new", "3"));
    assert_false(overlay_get(fx.overlay, text("gone"), &found));
    assert_false(overlay_get(fx.overlay, text("never"), &found));
    assert_true(memory_state_get(fx.state, text("gone"), &found)); /* nothing reached the state */
    overlay_reset(fx.overlay, &fx.view);
    assert_true(holds("kept", "1") && holds("gone", "2"));
    assert_false(overlay_get(fx.overlay, text("new"), &found));
}

static void what_was_done_since_the_mark_can_be_taken_back(void **state)
{
    struct slice found;
    (void)state;
    overlay_put(fx.overlay, text("kept"), text("before"));
    overlay_mark(fx.overlay);
    overlay_put(fx.overlay, text("kept"), text("once"));
    overlay_put(fx.overlay, text("kept"), text("twice"));
    overlay_put(fx.overlay, text("new"), text("3"));
    overlay_remove(fx.overlay, text("gone"));
    overlay_undo(fx.overlay);
    overlay_settle(fx.overlay);
    assert_true(holds("kept", "before") && holds("gone", "2"));
    assert_false(overlay_get(fx.overlay, text("new"), &found));
    overlay_put(fx.overlay, text("new"), text("4"));
    overlay_mark(fx.overlay);
    overlay_undo(fx.overlay); /* nothing since */
    assert_true(holds("new", "4"));
    assert_true(overlay_size(fx.overlay) > 0);
    overlay_reset(fx.overlay, &fx.view);
    assert_int_equal(overlay_size(fx.overlay), 0);
    assert_true(
        holds("kept", "1")); /* to look costs nothing: a node that remembers does not look */
    assert_int_equal(overlay_size(fx.overlay), 0);
}

static void only_changes_are_written(void **state)
{
    const struct state_write *writes;
    const struct hash *hashes;
    (void)state;
    overlay_put(fx.overlay, text("b"), text("1"));
    overlay_put(fx.overlay, text("kept"), text("other"));
    overlay_put(fx.overlay, text("a"), text("1"));
    overlay_put(fx.overlay, text("b"), text("2"));
    overlay_put(fx.overlay, text("kept"), text("1")); /* as it was */
    overlay_put(fx.overlay, text("brief"), text("x"));
    overlay_remove(fx.overlay, text("brief")); /* came and went */
    overlay_remove(fx.overlay, text("gone"));
    overlay_remove(fx.overlay, text("never")); /* was not there */
    assert_int_equal(overlay_writes(fx.overlay, &writes, &hashes), 3);
    assert_true(slice_equal(writes[0].key, text("b")) && slice_equal(writes[0].value, text("2")));
    assert_true(slice_equal(writes[1].key, text("a")));
    assert_true(slice_equal(writes[2].key, text("gone")) && writes[2].value.len == 0);
    for (size_t i = 0; i < 3; i++) {
        struct hash want = crypto_sha256(writes[i].key);
        assert_true(hash_equal(&hashes[i], &want));
    }
}

/* Values stay where they are while thousands more come. */
static void values_stay_where_they_are(void **state)
{
    struct slice first;
    char key[32];
    (void)state;
    overlay_put(fx.overlay, text("first"), text("a value"));
    assert_true(overlay_get(fx.overlay, text("first"), &first));
    for (int i = 0; i < 20000; i++) {
        (void)snprintf(key, sizeof key, "key %d", i);
        overlay_put(fx.overlay, text(key), text(key));
    }
    assert_true(slice_equal(first, text("a value")));
    for (int i = 0; i < 20000; i += 777) {
        (void)snprintf(key, sizeof key, "key %d", i);
        assert_true(holds(key, key));
    }
    assert_false(overlay_failed(fx.overlay));
}

static bool get_nothing_readable(void *ctx, struct slice key, struct buf *value)
{
    (void)ctx, (void)key;
    value->failed = true;
    return false;
}

/* Else this node would go on with another state than the others. */
static void what_can_not_be_read_is_not_absent(void **state)
{
    struct state_view broken = { .get = get_nothing_readable };
    struct slice found;
    (void)state;
    overlay_reset(fx.overlay, &broken);
    assert_false(overlay_get(fx.overlay, text("kept"), &found));
    assert_true(overlay_failed(fx.overlay));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(reads_see_the_blocks_own_writes, setup, teardown),
        cmocka_unit_test_setup_teardown(what_was_done_since_the_mark_can_be_taken_back, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(only_changes_are_written, setup, teardown),
        cmocka_unit_test_setup_teardown(values_stay_where_they_are, setup, teardown),
        cmocka_unit_test_setup_teardown(what_can_not_be_read_is_not_absent, setup, teardown),
    };
    return crypto_init() ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
