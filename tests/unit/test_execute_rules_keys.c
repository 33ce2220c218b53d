/* Keys come, go and are stolen: enrolment, revocation, clones, gaps, and what each leaves on the ledger. */
#include "tests/support/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define UNIT KIT_UNIT

static const int cold[] = { 450 };

static int setup(void **state)
{
    *state = world_new();
    return 0;
}

static int teardown(void **state)
{
    world_free(*state);
    return 0;
}

static enum refusal read_at(struct world *w, uint64_t minute)
{
    return world_say(w, LOGGER, kit_temperatures(cold, 1, 0), MINUTES(minute));
}

/* Reading number n of the logger, signed and kept back. */
static struct buf keep_back(struct world *w, uint64_t minute)
{
    struct buf out = buf_heap(STATEMENT_MAX);
    (void)kit_sign(&w->by[LOGGER], kit_temperatures(cold, 1, 0), MINUTES(minute), &out);
    return out;
}

/* ------------------------------------------------------------------ enrolment */

static void an_enrolled_key_speaks_in_the_same_block(void **state)
{
    struct world *w = *state;
    struct statement enrol =
        kit_enrol(&w->by[STRANGER].key, &w->id, world_kid(w, CARRIER), CLASS_DEVICE);
    assert_int_equal(world_say(w, STRANGER, kit_temperatures(cold, 1, 0), MINUTES(1)),
                     REFUSED_UNKNOWN_KEY);
    assert_int_equal(world_say(w, CARRIER, enrol, MINUTES(2)), ACCEPTED);
    assert_int_equal(world_say(w, STRANGER, kit_temperatures(cold, 1, 0), MINUTES(3)), ACCEPTED);
    assert_true(world_has(w, "enrolled stranger 2 at +2m"));
    assert_true(world_has(w, "recorded stranger stranger +3m +3m at +3m"));
    assert_int_equal(world_summary(w, STRANGER)->last, 1);
    assert_int_equal(world_summary(w, CARRIER)->last, 1);
}

/* ------------------------------------------------------------------ revocation */

static void a_revocation_works_from_the_next_block_on(void **state)
{
    struct world *w = *state;
    world_block(w, MINUTES(10));
    assert_int_equal(read_at(w, 1), ACCEPTED);
    world_block(w, MINUTES(11));
    assert_int_equal(
        world_say(w, FARM, kit_revoke(world_kid(w, LOGGER), MINUTES(1), 1), MINUTES(2)), ACCEPTED);
    assert_int_equal(read_at(w, 3), ACCEPTED); /* the same block */
    world_block(w, MINUTES(12));
    assert_int_equal(read_at(w, 4), REFUSED_REVOKED);
    assert_true(world_has(w, "revoked logger +1m 1 at +2m"));
    world_end(w);
    assert_null(world_summary(w, LOGGER)); /* turned away: not even a summary */
}

static void a_revoked_device_taints_its_asset(void **state)
{
    struct world *w = *state;
    assert_int_equal(world_say(w, FARM, kit_commission(UNIT), MINUTES(1)), ACCEPTED);
    assert_int_equal(world_say(w, FARM, kit_attach(world_kid(w, LOGGER), UNIT, false), MINUTES(2)),
                     ACCEPTED);
    assert_int_equal(
        world_say(w, FARM, kit_revoke(world_kid(w, LOGGER), MINUTES(1), 0), MINUTES(3)), ACCEPTED);
    assert_true(world_has(w, "suspect " UNIT " logger at +3m"));
}

/* A stolen key: its gaps are closed by what was really signed, from above, and by nothing else. */
static void a_revoked_key_fills_its_gaps_from_above(void **state)
{
    struct world *w = *state;
    struct buf kept[4];
    world_block(w, MINUTES(20));
    assert_int_equal(read_at(w, 1), ACCEPTED);
    for (uint64_t i = 0; i < 4; i++) /* seqs 2 to 5 */
        kept[i] = keep_back(w, 2 + i);
    assert_int_equal(read_at(w, 6), ACCEPTED); /* seq 6 */
    world_block(w, MINUTES(21));
    assert_int_equal(
        world_say(w, FARM, kit_revoke(world_kid(w, LOGGER), MINUTES(4), 6), MINUTES(7)), ACCEPTED);
    world_block(w, MINUTES(22));
    assert_int_equal(world_say_bytes(w, buf_slice(&kept[0])), REFUSED_REVOKED); /* from below */
    assert_int_equal(world_say_bytes(w, buf_slice(&kept[3])), ACCEPTED);
    assert_int_equal(world_say_bytes(w, buf_slice(&kept[2])), ACCEPTED); /* they fall in a block */
    world_end(w);
    assert_int_equal(w->flags,
                     FLAG_FILLS | FLAG_SUSPECT); /* signed at minute 4, not trusted from there */
    world_block(w, MINUTES(23));
    assert_int_equal(world_say_bytes(w, buf_slice(&kept[1])), ACCEPTED);
    world_end(w);
    assert_int_equal(w->flags, FLAG_FILLS); /* signed before */
    assert_int_equal(world_summary(w, LOGGER)->gap_count, 1);
    assert_int_equal(world_summary(w, LOGGER)->gap_to[0], 2);
    assert_int_equal(world_say_bytes(w, buf_slice(&kept[3])), REFUSED_REVOKED); /* a repeat */
    for (size_t i = 0; i < 4; i++)
        buf_free(&kept[i]);
}

/* ------------------------------------------------------------------ clones and forks */

static void a_cloned_key_is_seen_at_the_second_statement(void **state)
{
    struct world *w = *state;
    world_block(w, MINUTES(10));
    assert_int_equal(read_at(w, 1), ACCEPTED);
    struct kit_signer clone = w->by[LOGGER];
    assert_int_equal(read_at(w, 2), ACCEPTED);
    world_end(w);
    struct kit_signer true_one = w->by[LOGGER];
    w->by[LOGGER] = clone;
    assert_int_equal(world_say(w, LOGGER, kit_temperatures(cold, 1, 0), MINUTES(3)), REFUSED_CLONE);
    assert_true(world_has(w, "clone logger 2 at +3m"));
    assert_int_equal(w->flags, FLAG_CLONE);
    /* the clone goes on from its own: recorded, flagged, and the true device's statement is the clone then */
    assert_int_equal(world_say(w, LOGGER, kit_temperatures(cold, 1, 0), MINUTES(4)), ACCEPTED);
    world_end(w);
    assert_int_equal(w->flags, FLAG_FORK);
    assert_int_equal(world_summary(w, LOGGER)->run, 3);
    w->by[LOGGER] = true_one;
    assert_int_equal(read_at(w, 5), REFUSED_CLONE);
    assert_int_equal(world_count(w, "clone logger"), 2);
}

static void gaps_are_shown_until_they_are_filled(void **state)
{
    struct world *w = *state;
    world_block(w, MINUTES(10));
    assert_int_equal(read_at(w, 1), ACCEPTED);
    struct buf second = keep_back(w, 2);
    assert_int_equal(read_at(w, 3), ACCEPTED);
    world_end(w);
    assert_int_equal(w->flags, FLAG_GAP);
    assert_int_equal(world_summary(w, LOGGER)->gap_count, 1);
    assert_int_equal(world_summary(w, LOGGER)->run, 3);
    assert_int_equal(world_say_bytes(w, buf_slice(&second)), ACCEPTED);
    world_end(w);
    assert_int_equal(w->flags, FLAG_FILLS);
    assert_int_equal(world_summary(w, LOGGER)->gap_count, 0);
    assert_int_equal(world_summary(w, LOGGER)->run, 1);
    assert_int_equal(world_say_bytes(w, buf_slice(&second)), REFUSED_REPEAT);
    buf_free(&second);
}

/* Within one block a key's seqs rise: a proposer can't choose another order. */
static void seqs_rise_within_a_block(void **state)
{
    struct world *w = *state;
    assert_int_equal(read_at(w, 1), ACCEPTED);
    struct buf second = keep_back(w, 2);
    world_block(w, MINUTES(10));
    assert_int_equal(read_at(w, 3), ACCEPTED);
    assert_int_equal(world_say_bytes(w, buf_slice(&second)), REFUSED_OUTSIDE);
    world_block(w, MINUTES(11));
    assert_int_equal(world_say_bytes(w, buf_slice(&second)), ACCEPTED);
    buf_free(&second);
}

static void lost_gaps_are_told(void **state)
{
    struct world *w = *state;
    assert_int_equal(read_at(w, 1), ACCEPTED);
    for (uint64_t i = 0; i < 17; i++) {
        struct buf skipped = keep_back(w, 2 + i);
        buf_free(&skipped);
        assert_int_equal(read_at(w, 2 + i), ACCEPTED);
    }
    assert_true(world_has(w, "lost logger 2 2 at +18m"));
}

/* ------------------------------------------------------------------ anchors */

static void anchors_are_checked_and_never_refused(void **state)
{
    struct world *w = *state;
    struct statement st = kit_temperatures(cold, 1, 0);
    world_block(w, MINUTES(10));
    world_block(w, MINUTES(11)); /* block 2; the newest anchor it can check is block 1 */
    st.link.anchor = (struct anchor){ .present = true, .height = 1 };
    memcpy(st.link.anchor.hash, w->head.bytes, ANCHOR_HASH_SIZE);
    assert_int_equal(world_say(w, LOGGER, st, MINUTES(1)), ACCEPTED);
    world_end(w);
    assert_int_equal(w->flags, 0);
    st.link.anchor.hash[0] ^= 1;
    assert_int_equal(world_say(w, LOGGER, st, MINUTES(2)), ACCEPTED);
    world_end(w);
    assert_int_equal(w->flags, FLAG_UNCHECKED);
    st.link.anchor.height = 1 + STATE_BLOCK_RING; /* the same place in the ring */
    st.link.anchor.hash[0] ^= 1;
    assert_int_equal(world_say(w, LOGGER, st, MINUTES(3)), ACCEPTED);
    world_end(w);
    assert_int_equal(w->flags, FLAG_UNCHECKED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_enrolled_key_speaks_in_the_same_block, setup, teardown),
        cmocka_unit_test_setup_teardown(a_revocation_works_from_the_next_block_on, setup, teardown),
        cmocka_unit_test_setup_teardown(a_revoked_device_taints_its_asset, setup, teardown),
        cmocka_unit_test_setup_teardown(a_revoked_key_fills_its_gaps_from_above, setup, teardown),
        cmocka_unit_test_setup_teardown(a_cloned_key_is_seen_at_the_second_statement, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(gaps_are_shown_until_they_are_filled, setup, teardown),
        cmocka_unit_test_setup_teardown(seqs_rise_within_a_block, setup, teardown),
        cmocka_unit_test_setup_teardown(lost_gaps_are_told, setup, teardown),
        cmocka_unit_test_setup_teardown(anchors_are_checked_and_never_refused, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
