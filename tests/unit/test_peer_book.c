/* Who the peers are, from entries of the state as blocks write them. */
#include "node/peer_book.h"

#include "common/node_record.h"
#include "common/state_govern.h"
#include "common/state_key.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct peer_book *book;
static struct peer *list; /* PEER_MAX */
static struct authority_set set;

static int setup(void **state)
{
    (void)state;
    book = peer_book_new();
    list = calloc(PEER_MAX, sizeof list[0]);
    memset(&set, 0, sizeof set);
    return book == NULL || list == NULL;
}

static int teardown(void **state)
{
    (void)state;
    peer_book_free(book);
    free(list);
    return 0;
}

static struct kid kid_of(uint8_t n)
{
    return (struct kid){ { n } };
}

static bool announce(uint8_t n, const char *broker)
{
    struct kid kid = kid_of(n);
    struct state_key key = state_key_kid(TABLE_NODE, &kid);
    uint8_t memory[1024];
    struct buf value = buf_fixed(memory, sizeof memory);
    struct node_record r = { slice_text(broker), slice_text("https://x.example:2"),
                             slice_text("certificate") };
    node_record_put(&value, &r);
    return peer_book_note(book, state_key_slice(&key), buf_slice(&value));
}

static bool candidate(uint8_t n, bool there)
{
    struct kid kid = kid_of(n);
    struct state_key key = state_key_kid(TABLE_CANDIDATE, &kid);
    uint8_t memory[512];
    struct buf value = buf_fixed(memory, sizeof memory);
    struct state_candidate c = { .from_height = 7 };
    if (there)
        state_candidate_put(&value, &c);
    return peer_book_note(book, state_key_slice(&key), buf_slice(&value));
}

/* The kids' first bytes and their brokers, in order of arrival. */
static void expect(const struct settings_peers *own, const char *wanted)
{
    char text[512] = "";
    size_t count = peer_book_list(book, &set, own, list);
    for (size_t i = 0; i < count; i++) {
        char one[2] = { (char)('0' + list[i].kid.bytes[0]), '\0' };
        assert_int_equal(list[i].certificate_len, strlen("certificate"));
        strcat(text, one);
        strcat(text, list[i].broker);
        strcat(text, " ");
    }
    assert_string_equal(text, wanted);
}

static void authorities_and_candidates(void **state)
{
    (void)state;
    set.count = 2;
    set.at[0].kid = kid_of(1);
    set.at[1].kid = kid_of(2);
    assert_true(announce(1, "a:1"));
    assert_true(announce(3, "c:1")); /* neither */
    expect(NULL, "1a:1 ");
    assert_true(candidate(3, true));
    assert_true(peer_book_is_candidate(book, &list[0].kid) == false);
    assert_true(announce(2, "b:1"));
    expect(NULL, "1a:1 3c:1 2b:1 ");
    assert_true(announce(1, "a:2")); /* it moved */
    expect(NULL, "1a:2 3c:1 2b:1 ");
    assert_true(candidate(3, false)); /* its time is over */
    expect(NULL, "1a:2 2b:1 ");
    assert_true(candidate(4, true)); /* has announced nothing yet */
    expect(NULL, "1a:2 2b:1 ");
    struct kid four = kid_of(4);
    struct peer found;
    assert_true(peer_book_is_candidate(book, &four));
    assert_false(peer_book_find(book, &four, &found));
    set.count = 1; /* the second one left */
    expect(NULL, "1a:2 ");
}

static void the_configuration_counts_more(void **state)
{
    (void)state;
    static struct settings_peers own;
    set.count = 1;
    set.at[0].kid = kid_of(1);
    assert_true(announce(1, "a:1"));
    own.address_count = 2;
    own.addresses[0].kid = kid_of(9);
    own.addresses[1].kid = kid_of(1);
    strcpy(own.addresses[1].broker, "elsewhere:1");
    expect(&own, "1elsewhere:1 ");
    assert_string_equal(list[0].url, "https://x.example:2");
    strcpy(own.addresses[1].url, "https://elsewhere:2");
    expect(&own, "1elsewhere:1 ");
    assert_string_equal(list[0].url, "https://elsewhere:2");
}

static void other_entries(void **state)
{
    (void)state;
    struct kid kid = kid_of(1);
    struct state_key sets = state_key_plain(TABLE_SETS), key = state_key_kid(TABLE_KEY, &kid);
    struct state_key node = state_key_kid(TABLE_NODE, &kid);
    set.count = 1;
    set.at[0].kid = kid;
    assert_true(peer_book_note(book, state_key_slice(&sets), slice_text("x")));
    assert_false(peer_book_note(book, state_key_slice(&key), slice_text("x")));
    assert_true(announce(1, "a:1"));
    assert_true(peer_book_note(book, state_key_slice(&node), slice_text("no record")));
    expect(NULL, ""); /* what can't be read is not there */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(authorities_and_candidates, setup, teardown),
        cmocka_unit_test_setup_teardown(the_configuration_counts_more, setup, teardown),
        cmocka_unit_test_setup_teardown(other_entries, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
