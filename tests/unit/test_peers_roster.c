/* Who is let in, over virtual time: how often another certificate may cost the links of all. */
#include "node/peers_roster.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define HOUR_MS  UINT64_C(3600000)
#define BLOCK_MS 500

static struct peers_roster *roster;
static struct peer list[PEER_MAX];

static int setup(void **state)
{
    (void)state;
    roster = calloc(1, sizeof *roster);
    memset(list, 0, sizeof list);
    for (size_t i = 0; i < PEER_MAX; i++) {
        list[i].kid.bytes[0] = (uint8_t)(i + 1);
        (void)snprintf(list[i].broker, sizeof list[i].broker, "10.0.0.%zu:8883", i);
        list[i].certificate_len = 8;
    }
    return roster != NULL ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    free(roster);
    return 0;
}

static void announce(size_t i)
{
    list[i].certificate[0]++;
    list[i].certificate[1] = (uint8_t)(list[i].certificate[1] + (list[i].certificate[0] == 0));
}

static bool say_and_take(size_t count, uint64_t now_ms)
{
    peers_roster_say(roster, list, count, now_ms);
    return peers_roster_take(roster, now_ms);
}

static const struct peers_roster_entry *entry(size_t i)
{
    for (size_t k = 0; k < roster->count; k++)
        if (kid_equal(&roster->at[k].said.kid, &list[i].kid))
            return &roster->at[k];
    fail_msg("peer %zu is not in the roster", i);
    return NULL;
}

static bool is_newest(size_t i)
{
    const struct peers_roster_entry *e = entry(i);
    return e->present && memcmp(e->taken.certificate, list[i].certificate, 8) == 0;
}

static void who_enters_is_let_in_at_once(void **state)
{
    (void)state;
    assert_true(say_and_take(3, 1000));
    assert_true(is_newest(0) && is_newest(2));
    assert_false(say_and_take(3, 1001));
    assert_true(peers_roster_due_ms(roster) == UINT64_MAX);
    assert_true(say_and_take(4, 1002));
    assert_true(is_newest(3));
}

static void who_leaves_hears_a_moment_longer(void **state)
{
    uint64_t gone_ms = 1003 + PEERS_ROSTER_LEAVE_MS;
    (void)state;
    assert_true(say_and_take(4, 1000));
    assert_false(say_and_take(3, 1003));
    assert_true(peers_roster_due_ms(roster) == gone_ms);
    /* another who leaves later, or enters, takes nothing of that away */
    assert_false(say_and_take(2, 1500));
    list[0].kid.bytes[1] = 7;
    assert_true(say_and_take(2, 1600));
    list[0].kid.bytes[1] = 0;
    assert_false(say_and_take(2, 1601));
    assert_true(entry(3)->present && entry(2)->present);
    assert_true(say_and_take(2, gone_ms));
    assert_false(entry(3)->present);
    assert_true(entry(2)->present);
    assert_true(say_and_take(2, gone_ms + 497));
    assert_false(entry(2)->present);
    assert_true(say_and_take(2, 5000)); /* the other one, too */
    /* who comes back meanwhile never left */
    assert_false(say_and_take(1, 9000));
    assert_true(say_and_take(3, 9001));
    assert_true(entry(1)->present && is_newest(2));
}

static void changes_are_gathered(void **state)
{
    uint64_t at = 100 * PEERS_ROSTER_GATHER_MS;
    (void)state;
    assert_true(say_and_take(5, 0));
    announce(0);
    assert_true(say_and_take(5, at)); /* the first is taken over at once, … */
    assert_true(is_newest(0));
    announce(1);
    assert_false(say_and_take(5, at + 1)); /* … and those that follow together */
    announce(2);
    assert_false(say_and_take(5, at + PEERS_ROSTER_GATHER_MS - 1));
    assert_false(is_newest(1)); /* until then the old one counts */
    assert_true(entry(1)->present);
    assert_true(peers_roster_due_ms(roster) == at + PEERS_ROSTER_GATHER_MS);
    assert_true(peers_roster_take(roster, at + PEERS_ROSTER_GATHER_MS));
    assert_true(is_newest(1) && is_newest(2));
    /* with who enters, what waits comes too */
    announce(3);
    assert_false(say_and_take(5, at + PEERS_ROSTER_GATHER_MS + 1));
    assert_true(say_and_take(6, at + PEERS_ROSTER_GATHER_MS + 2));
    assert_true(is_newest(3) && is_newest(5));
    /* said and taken back: nothing is to be done */
    list[4].broker[0] = 'x';
    assert_false(say_and_take(6, at + PEERS_ROSTER_GATHER_MS + 3));
    list[4].broker[0] = '1';
    peers_roster_say(roster, list, 6, at + PEERS_ROSTER_GATHER_MS + 4);
    assert_true(peers_roster_due_ms(roster) == UINT64_MAX);
    /* where its pages are is no matter of the bus */
    list[4].url[0] = 'x';
    peers_roster_say(roster, list, 6, at + PEERS_ROSTER_GATHER_MS + 5);
    assert_true(peers_roster_due_ms(roster) == UINT64_MAX);
}

/* Blocks of so long, in each of which the first `liars` peers announce another certificate. */
static size_t restarts_in(uint64_t for_ms, size_t liars)
{
    size_t count = 0;
    uint64_t from_ms = roster->taken_ms;
    for (uint64_t t = BLOCK_MS; t <= for_ms; t += BLOCK_MS) {
        for (size_t i = 0; i < liars; i++)
            announce(i);
        count += say_and_take(20, from_ms + t);
    }
    return count;
}

static void one_that_never_stops(void **state)
{
    (void)state;
    assert_true(say_and_take(20, 1));
    assert_in_range(restarts_in(60000, 1), 1, 3);
    assert_in_range(restarts_in(HOUR_MS, 1), 10, 20); /* once in five minutes in the end */
    assert_in_range(restarts_in(24 * HOUR_MS, 1), 24 * 11, 24 * 12 + 1);
}

static void six_of_twenty_that_never_stop(void **state)
{
    (void)state;
    assert_true(say_and_take(20, 1));
    assert_in_range(restarts_in(HOUR_MS, 6), 10, 20); /* together, as they are gathered */
    /* an honest one among them does not wait for them */
    announce(19);
    uint64_t now_ms = roster->taken_ms + PEERS_ROSTER_GATHER_MS;
    assert_true(say_and_take(20, now_ms));
    assert_true(is_newest(19));
}

static void one_that_paces_itself(void **state)
{
    size_t count = 0;
    (void)state;
    assert_true(say_and_take(20, 1));
    for (uint64_t t = 20000; t <= HOUR_MS; t += 20000) {
        announce(0);
        count += say_and_take(20, t);
    }
    assert_in_range(count, 10, 20);
    /* quiet for long, it is one like the others again */
    uint64_t later_ms = entry(0)->not_before_ms + PEERS_ROSTER_QUIET_MS;
    announce(0);
    (void)say_and_take(20, later_ms);
    announce(0);
    assert_true(say_and_take(20, later_ms + PEERS_ROSTER_PAUSE_MS));
    assert_true(is_newest(0));
}

/* Leaving does not shorten a pause, and the table has room for all that may come. */
static void one_that_leaves_and_comes_back(void **state)
{
    (void)state;
    const size_t last = PEER_MAX - 1;
    assert_true(say_and_take(PEER_MAX, 1));
    for (uint64_t t = 1; t <= 4; t++) {
        announce(last);
        (void)say_and_take(PEER_MAX, t * 100000);
    }
    uint64_t not_before_ms = entry(last)->not_before_ms;
    assert_true(not_before_ms > 410000);
    assert_false(say_and_take(last, 400001));
    assert_true(say_and_take(last, 400001 + PEERS_ROSTER_LEAVE_MS));
    assert_false(entry(last)->present);
    assert_false(say_and_take(PEER_MAX, 400002 + PEERS_ROSTER_LEAVE_MS));
    assert_true(peers_roster_due_ms(roster) == not_before_ms);
    for (unsigned turn = 2; turn < 12; turn++) {
        for (size_t i = 0; i < PEER_MAX; i++)
            list[i].kid.bytes[1] = (uint8_t)turn;
        assert_true(say_and_take(PEER_MAX, 410000 + turn));
        assert_in_range(roster->count, PEER_MAX, PEERS_ROSTER_MAX);
        for (size_t i = 0; i < PEER_MAX; i++)
            assert_true(is_newest(i));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(who_enters_is_let_in_at_once, setup, teardown),
        cmocka_unit_test_setup_teardown(who_leaves_hears_a_moment_longer, setup, teardown),
        cmocka_unit_test_setup_teardown(changes_are_gathered, setup, teardown),
        cmocka_unit_test_setup_teardown(one_that_never_stops, setup, teardown),
        cmocka_unit_test_setup_teardown(six_of_twenty_that_never_stop, setup, teardown),
        cmocka_unit_test_setup_teardown(one_that_paces_itself, setup, teardown),
        cmocka_unit_test_setup_teardown(one_that_leaves_and_comes_back, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
