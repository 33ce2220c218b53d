/*
 * Whatever the order in which readings, their corrections and handovers reach the ledger, the same is found and the same
 * companies are charged for the same seconds: the books are equal byte for byte.
 */
#include "common/rand.h"
#include "contracts/book.h"
#include "tests/unit/support_judging.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SEEDS       240
#define PACKS       14 /* of one device: fewer than the gaps that are kept */
#define CORRECTIONS 3  /* of one device at most */
#define LETTERS_MAX (2 * (PACKS + CORRECTIONS) + 4)
#define SECOND      110 /* minute in which a second contract takes over the first one's budget */

#define HEAD                                                        \
    "contract: test\nversion: 1\nsummary: For tests.\n"             \
    "roles:\n  shipper: packs the goods\n  clinic: receives them\n" \
    "parties:\n  sender: shipper\n  receiver: clinic\n"             \
    "maximum gap: 30 min\nlateness: 24 h\nwatch:\n"
#define BUDGET                                                             \
    "  warm in all:\n    when: temperature > 7.5 °C\n    total: 40 min\n" \
    "    budget: room temperature\n    severity: high\n"

static const char first_yaml[] = HEAD "  too warm:\n"
                                      "    when: temperature > 8 °C\n"
                                      "    for: 10 min\n"
                                      "    until: temperature < 7 °C\n"
                                      "    severity: high\n"
                                      "  too cold:\n"
                                      "    when: temperature < 2 °C\n"
                                      "    severity: high\n"
                                      "  silence:\n"
                                      "    no reading for: 45 min\n"
                                      "    severity: low\n" BUDGET;

/* Its rule has a number of its own, so that its charges are told from the first contract's. */
#define NEVER(name) "  " name ":\n    when: temperature > 90 °C\n    severity: low\n"
static const char second_yaml[] =
    HEAD NEVER("a") NEVER("b") NEVER("c") NEVER("d") NEVER("e") BUDGET;

struct letter {
    enum world_key who;
    uint64_t time_ms;
    struct judging_letter letter;
    const struct letter *of; /* that it corrects, while they are being written */
};

struct post {
    size_t count;
    struct letter letters[LETTERS_MAX];
    struct judging_letter open, agree; /* of a second contract */
    struct hash second;
};

/* ------------------------------------------------------------------ one journey, from a seed */

static void add(struct post *p, struct world *w, enum world_key who, struct statement draft,
                uint64_t time_ms)
{
    p->letters[p->count++] =
        (struct letter){ who, time_ms, judging_sign(w, who, draft, time_ms), NULL };
}

static void write_device(struct post *p, struct world *w, enum world_key who, struct rand_seq *rand)
{
    uint64_t minute = 5 + rand_below(rand, 60);
    int centi[12], now = 600;
    for (int i = 0; i < PACKS; i++) {
        size_t n = 1 + rand_below(rand, 12);
        for (size_t k = 0; k < n; k++) {
            now += (int)rand_below(rand, 301) - 150;
            now = now < 50 ? 50 : now > 1100 ? 1100 : now;
            centi[k] = now;
        }
        add(p, w, who, judging_minutes(centi, n), MINUTES(minute + n - 1));
        minute += n;
        if (rand_below(rand, 4) == 0)
            minute += rand_below(rand, 70);
    }
}

/* A device takes back what it said; that may arrive before it was said. */
static void correct_some(struct post *p, struct world *w, enum world_key who, struct rand_seq *rand)
{
    size_t first = p->count - PACKS;
    for (int i = 0; i < CORRECTIONS; i++) {
        const struct letter *wrong = &p->letters[first + rand_below(rand, PACKS)];
        struct slice bytes = buf_slice(&wrong->letter.bytes);
        uint64_t time_ms = wrong->time_ms + 60000 * rand_below(rand, 100);
        bool again = false;
        for (size_t k = first + PACKS; k < p->count; k++)
            again = again || p->letters[k].of == wrong;
        if (again)
            continue;
        add(p, w, who, judging_correct(bytes), time_ms);
        p->letters[p->count - 1].of = wrong;
    }
}

static void hand_over(struct post *p, struct world *w, enum world_key from, enum world_key to,
                      uint64_t minute)
{
    add(p, w, from, kit_offer(UNIT, world_kid(w, to), ROLE_CUSTODIAN), MINUTES(minute));
    const struct hash offer = w->by[from].last;
    add(p, w, to, kit_answer(CUSTODY_ACCEPT, UNIT, &offer, ROLE_CUSTODIAN), MINUTES(minute + 5));
}

static int by_time(const void *a, const void *b)
{
    const struct letter *x = a, *y = b;
    return (x->time_ms > y->time_ms) - (x->time_ms < y->time_ms);
}

static void write_letters(struct post *p, struct world *w, uint64_t seed)
{
    struct rand_seq rand = rand_seeded(seed);
    p->count = 0;
    write_device(p, w, LOGGER, &rand);
    correct_some(p, w, LOGGER, &rand);
    write_device(p, w, TRACKER, &rand);
    correct_some(p, w, TRACKER, &rand);
    uint64_t first = 20 + rand_below(&rand, 80), second = first + 10 + rand_below(&rand, 90);
    hand_over(p, w, FARM, CARRIER, first);
    hand_over(p, w, CARRIER, CLINIC, second);
    p->open = judging_sign(w, FARM,
                           kit_open(judging_compile(second_yaml), UNIT, world_kid(w, FARM),
                                    world_kid(w, CLINIC), MINUTES(SECOND + 60)),
                           MINUTES(SECOND));
    p->second = w->by[FARM].last;
    p->agree = judging_sign(w, CLINIC, kit_agree(&p->second, false), MINUTES(SECOND));
}

/* The second contract comes into force by block time, so at the same one in any order. */
static void open_second(struct post *p, struct world *w)
{
    world_block(w, MINUTES(SECOND));
    assert_int_equal(judging_post(w, &p->open), ACCEPTED);
    assert_int_equal(judging_post(w, &p->agree), ACCEPTED);
}

/* The four letters of the handovers stay in their order: nobody can accept before the offer. */
static void shuffle(struct post *p, uint64_t seed)
{
    struct rand_seq rand = rand_seeded(seed ^ UINT64_C(0x5eed));
    struct letter kept[4];
    memcpy(kept, &p->letters[p->count - 4], sizeof kept);
    for (size_t i = p->count - 1; i > 0; i--) {
        size_t k = rand_below(&rand, i + 1);
        struct letter moved = p->letters[i];
        p->letters[i] = p->letters[k];
        p->letters[k] = moved;
    }
    size_t next = 0;
    for (size_t i = 0; i < p->count; i++)
        if (p->letters[i].who != LOGGER && p->letters[i].who != TRACKER)
            p->letters[i] = kept[next++];
}

/* ------------------------------------------------------------------ its end */

struct end {
    uint8_t books[2][BOOK_MAX_BYTES];
    size_t lens[2];
    uint8_t custody[4096];
    size_t custody_len;
    char *charges;
};

static void keep_end(struct world *w, const struct hash openings[2], struct end *ret)
{
    struct slice custody;
    struct state_key key = state_key_text(TABLE_CUSTODY, slice_text(UNIT));
    for (size_t i = 0; i < 2; i++) {
        struct slice book = judging_book_bytes(w, &openings[i]);
        assert_true(book.len <= sizeof ret->books[i]);
        if (book.len > 0)
            memcpy(ret->books[i], book.data, book.len);
        ret->lens[i] = book.len;
    }
    assert_true(memory_state_get(w->state, state_key_slice(&key), &custody));
    assert_true(custody.len <= sizeof ret->custody);
    memcpy(ret->custody, custody.data, custody.len);
    ret->custody_len = custody.len;
    ret->charges = judging_final_charges(w);
}

/* The journey as it happens, or all of it after its end and in any order. */
static void travel(uint64_t seed, bool shuffled, struct end *ret)
{
    static struct post post;
    struct world *w = judging_world();
    struct hash openings[2] = { judging_open_at(w, first_yaml, MINUTES(2)) };
    bool second = false;
    write_letters(&post, w, seed);
    openings[1] = post.second;
    if (shuffled) {
        shuffle(&post, seed);
        open_second(&post, w);
        world_block(w, MINUTES(1300));
    } else {
        qsort(post.letters, post.count, sizeof post.letters[0], by_time);
    }
    for (size_t i = 0; i < post.count; i++) {
        if (!shuffled && !second && post.letters[i].time_ms >= MINUTES(SECOND)) {
            open_second(&post, w);
            second = true;
        }
        if (w->context.time_ms < post.letters[i].time_ms)
            world_block(w, post.letters[i].time_ms);
        enum refusal code = judging_post(w, &post.letters[i].letter);
        if (code != ACCEPTED)
            fail_msg("seed %llu: %s", (unsigned long long)seed, refusal_name(code));
    }
    world_block(w, MINUTES(1400)); /* silence is raised, */
    world_block(w, MINUTES(4000)); /* and runs of dead sensors end */
    keep_end(w, openings, ret);
    world_free(w);
}

static void any_order_of_arrival_ends_in_the_same_books(void **state)
{
    static struct end one, other;
    size_t charged = 0;
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        travel(seed, false, &one);
        travel(seed, true, &other);
        for (size_t i = 0; i < 2; i++)
            if (one.lens[i] != other.lens[i] ||
                memcmp(one.books[i], other.books[i], one.lens[i]) != 0)
                fail_msg("seed %llu: the books of contract %zu differ", (unsigned long long)seed,
                         i);
        if (strcmp(one.charges, other.charges) != 0)
            fail_msg("seed %llu: in order\n%sshuffled\n%s", (unsigned long long)seed, one.charges,
                     other.charges);
        assert_int_equal(one.custody_len, other.custody_len);
        assert_memory_equal(one.custody, other.custody, one.custody_len);
        charged += one.charges[0] != '\0' ? 1 : 0;
        free(one.charges);
        free(other.charges);
    }
    assert_true(charged > SEEDS / 2); /* the journeys are rough enough to tell something */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_order_of_arrival_ends_in_the_same_books),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
