/*
 * The bus between authorities over real brokers and TLS, and who does not get in: Debian's own MQTT client
 * and openssl are the strangers.
 */
#include "node/peers.h"

#include "common/clock.h"
#include "common/log.h"
#include "node/peers_roster.h"
#include "tests/unit/support_peers.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define LIMIT_MS 60000
#define LARGE    (1024 * 1024)

static struct support_peers s;
static struct peers *nodes[SUPPORT_PEERS];
static struct err err;
static size_t node_count;
static uint64_t ahead_ms; /* the nodes' time runs ahead of this test's */

static uint64_t now(void)
{
    return clock_steady_ms() + ahead_ms;
}

static void open_node(size_t i)
{
    struct support_peer *me = &s.at[i];
    struct peers_options o = { .dir = me->dir,
                               .own = me->key.kid,
                               .certificate_file = me->crt,
                               .key_file = me->pem_key,
                               .host = "127.0.0.1" };
    if (!peers_open(&o, &nodes[i], &err))
        fail_msg("%s", err.msg);
    (void)snprintf(me->peer.broker, sizeof me->peer.broker, "127.0.0.1:%u", peers_port(nodes[i]));
}

static void open_nodes(size_t count)
{
    node_count = count;
    support_peers_make(&s);
    for (size_t i = 0; i < count; i++)
        open_node(i);
}

static int close_all(void **state)
{
    (void)state;
    for (size_t i = 0; i < SUPPORT_PEERS; i++) {
        peers_close(nodes[i]);
        nodes[i] = NULL;
    }
    support_peers_remove(&s);
    return 0;
}

/* Tells node i that peers 0 … count - 1 are all there are. */
static void set_peers(size_t i, size_t count)
{
    struct peer list[SUPPORT_PEERS];
    for (size_t k = 0; k < count; k++)
        list[k] = s.at[k].peer;
    peers_set(nodes[i], list, count, now());
}

static void turn(void)
{
    struct pollfd fds[SUPPORT_PEERS][PEERS_POLL_COUNT];
    for (size_t i = 0; i < node_count; i++)
        peers_poll(nodes[i], fds[i]);
    (void)poll(fds[0], (nfds_t)(node_count * PEERS_POLL_COUNT), 20);
    for (size_t i = 0; i < node_count; i++)
        peers_service(nodes[i], fds[i], now());
}

static void turn_before(uint64_t end_ms, const char *hope)
{
    if (clock_steady_ms() > end_ms)
        fail_msg("waited in vain for %s", hope);
    turn();
}

static void wait_heard(size_t i, size_t wanted)
{
    uint64_t end = clock_steady_ms() + LIMIT_MS;
    size_t heard = 0;
    while ((void)peers_count(nodes[i], &heard), heard != wanted)
        turn_before(end, "peers to be heard");
}

/* Says it again and again until node `to` has it, as consensus would. */
static void say(size_t from, size_t to, const struct kid *only, const char *text)
{
    uint64_t end = clock_steady_ms() + LIMIT_MS;
    struct kid link;
    struct slice m;
    for (;;) {
        (void)peers_send(nodes[from], only, slice_text(text));
        for (int k = 0; k < 5; k++)
            turn_before(end, text);
        while (peers_take(nodes[to], &link, &m))
            if (slice_equal(m, slice_text(text)) && kid_equal(&link, &s.at[from].key.kid))
                return;
    }
}

static void drain(size_t i)
{
    struct kid link;
    struct slice m;
    for (int k = 0; k < 10; k++)
        turn();
    while (peers_take(nodes[i], &link, &m))
        continue;
}

/* NULL: anything. What was said to all before may still come. */
static bool hears(size_t i, const char *what, unsigned for_ms)
{
    uint64_t end = clock_steady_ms() + for_ms;
    struct kid link;
    struct slice m;
    while (clock_steady_ms() < end) {
        turn();
        while (peers_take(nodes[i], &link, &m))
            if (what == NULL || slice_equal(m, slice_text(what)))
                return true;
    }
    return false;
}

static void three_talk(void **state)
{
    (void)state;
    open_nodes(3);
    for (size_t i = 0; i < 3; i++)
        set_peers(i, 3);
    for (size_t i = 0; i < 3; i++)
        wait_heard(i, 2);
    say(0, 1, NULL, "to all");
    say(0, 2, NULL, "to all, again");
    say(2, 0, &s.at[0].key.kid, "to one");
    drain(0);
    drain(1);
    (void)peers_send(nodes[2], &s.at[0].key.kid, slice_text("not yours"));
    assert_false(hears(1, "not yours", 300));
    assert_true(peers_hear(nodes[0], &s.at[1].key.kid));
    assert_false(peers_hear(nodes[0], &s.at[3].key.kid));

    /* a whole envelope of 1 MiB */
    static uint8_t large[LARGE];
    struct kid link;
    struct slice m = { .len = 0 };
    uint64_t end = clock_steady_ms() + LIMIT_MS;
    memset(large, 7, sizeof large);
    drain(1);
    assert_true(peers_send(nodes[0], NULL, slice_of(large, sizeof large)));
    while (!peers_take(nodes[1], &link, &m) ||
           m.len < 100) /* what was said before may still come */
        turn_before(end, "a large message");
    assert_int_equal(m.len, LARGE);
    assert_memory_equal(m.data, large, LARGE);
}

/* How many of the chatterer's messages come before the other's one word, given time to arrive. */
static unsigned chatter_before_a_word(unsigned wait_ms)
{
    for (unsigned i = 0; i < 2 * PEERS_LINK_COUNT; i++) {
        (void)peers_send(nodes[1], NULL, slice_text("chatter"));
        if (i % 100 == 0)
            turn();
    }
    assert_true(peers_send(nodes[2], NULL, slice_text("one word")));
    uint64_t end = clock_steady_ms() + wait_ms;
    while (clock_steady_ms() < end)
        turn();
    struct kid link;
    struct slice m = { .len = 0 };
    unsigned before = 0, chatter = 0;
    end = clock_steady_ms() + LIMIT_MS;
    while (!slice_equal(m, slice_text("one word"))) {
        if (peers_take(nodes[0], &link, &m))
            before++;
        else
            turn_before(end, "one word");
    }
    while (peers_take(nodes[0], &link, &m))
        chatter++;
    /* what is taken makes room for more, so that how much is lost is not known here */
    assert_in_range(before + chatter, 10, 2 * PEERS_LINK_COUNT + 1);
    return before - 1;
}

/*
 * One that says a thousand times more than another holds up only itself. On a busy machine the one word may
 * still be on its way when the taking begins: then it is given more time.
 */
static void a_chatterer_holds_up_only_itself(void **state)
{
    unsigned before = 2;
    (void)state;
    open_nodes(3);
    for (size_t i = 0; i < 3; i++)
        set_peers(i, 3);
    for (size_t i = 0; i < 3; i++)
        wait_heard(i, 2);
    say(1, 0, NULL, "ready");
    say(2, 0, NULL, "ready too");
    drain(0);
    for (unsigned wait_ms = 1000; before > 1 && wait_ms <= 8000; wait_ms *= 2)
        before = chatter_before_a_word(wait_ms);
    assert_in_range(before, 0, 1);
}

static void a_list_that_changes(void **state)
{
    (void)state;
    open_nodes(3);
    set_peers(0, 2);
    set_peers(1, 2);
    set_peers(2, 3);
    wait_heard(0, 1);
    wait_heard(1, 1);
    /* 2 is on neither list: it is not let in */
    assert_false(peers_hear(nodes[2], &s.at[0].key.kid));
    set_peers(0, 3);
    set_peers(1, 3);
    wait_heard(2, 2);
    wait_heard(0, 2);
    say(1, 2, NULL, "welcome");
    say(2, 0, NULL, "thanks");
    /* and is sent away again, its open connections too */
    set_peers(0, 2);
    wait_heard(2, 1);
    wait_heard(0, 1);
    assert_false(peers_hear(nodes[2], &s.at[0].key.kid));
    say(0, 1, NULL, "among us");
    /* a new certificate of one who stays: it is heard at once, and let in when it is taken over */
    peers_close(nodes[1]);
    support_peers_certify(&s, 1, s.at[1].kid, clock_real_ms());
    open_node(1);
    set_peers(1, 2);
    set_peers(0, 2);
    ahead_ms += PEERS_ROSTER_GATHER_MS;
    wait_heard(0, 1);
    wait_heard(1, 1);
    say(1, 0, NULL, "still me");
}

static long broker_of(size_t i)
{
    char text[4096];
    assert_int_equal(
        support_peers_shell(&s, text, "pgrep -f '^/usr/sbin/mosquitto -c %s/'", s.at[i].dir), 0);
    return strtol(text, NULL, 10);
}

static struct hash fingerprint_of(size_t i)
{
    return crypto_sha256(slice_of(s.at[i].peer.certificate, s.at[i].peer.certificate_len));
}

/* A peer that announces another certificate in each block does not take the links of the others away. */
static void another_certificate_in_each_block(void **state)
{
    struct hash first, newest;
    (void)state;
    open_nodes(3);
    for (size_t i = 0; i < 3; i++)
        set_peers(i, 3);
    for (size_t i = 0; i < 3; i++)
        wait_heard(i, 2);
    long broker = broker_of(0);
    first = fingerprint_of(1);
    for (unsigned i = 0; i < 8; i++) {
        support_peers_certify(&s, 1, s.at[1].kid, clock_real_ms());
        set_peers(0, 3);
        turn();
    }
    newest = fingerprint_of(1);
    assert_int_equal(broker_of(0), broker);
    say(0, 1, NULL, "with its old certificate"); /* which it still shows */
    say(0, 2, NULL, "to the others, too");
    say(1, 0, NULL, "back");
    assert_true(peers_find(nodes[0], &first, NULL, NULL));
    assert_true(peers_find(nodes[0], &newest, NULL, NULL));
    /* the link to it is another one from then on, the other peer's is the same, to a broker that runs on */
    ahead_ms += PEERS_ROSTER_GATHER_MS;
    turn();
    assert_int_not_equal(broker_of(0), broker);
    assert_false(peers_hear(nodes[0], &s.at[1].key.kid));
    assert_true(peers_hear(nodes[0], &s.at[2].key.kid));
    assert_false(peers_find(nodes[0], &first, NULL, NULL));
    assert_true(peers_find(nodes[0], &newest, NULL, NULL));
    say(0, 2, NULL, "after the restart");
    broker = broker_of(0);
    support_peers_certify(&s, 1, s.at[1].kid, clock_real_ms());
    set_peers(0, 3);
    ahead_ms += PEERS_ROSTER_PAUSE_MS + PEERS_ROSTER_GATHER_MS;
    turn();
    assert_int_not_equal(broker_of(0), broker);
    broker = broker_of(0);
    support_peers_certify(&s, 1, s.at[1].kid, clock_real_ms());
    set_peers(0, 3);
    ahead_ms += PEERS_ROSTER_PAUSE_MS; /* its second pause is twice as long */
    turn();
    assert_int_equal(broker_of(0), broker);
}

/* Holds the port of node 0's broker, as another program may for a moment. */
static int hold_port(void)
{
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(peers_port(nodes[0])) };
    int yes = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes), 0);
    assert_int_equal(inet_pton(AF_INET, "127.0.0.1", &a.sin_addr), 1);
    uint64_t end = clock_steady_ms() + LIMIT_MS;
    while (bind(fd, (struct sockaddr *)&a, sizeof a) != 0)
        assert_true(clock_steady_ms() < end && usleep(1000) == 0); /* the broker is just ending */
    assert_int_equal(listen(fd, 1000),
                     0); /* nobody accepts: who asks whether the port is taken must not wait */
    return fd;
}

/* Others are heard meanwhile, and the node is not over. */
static void a_port_that_is_taken_for_a_moment(void **state)
{
    (void)state;
    open_nodes(2);
    set_peers(0, 2);
    set_peers(1, 2);
    wait_heard(0, 1);
    wait_heard(1, 1);
    uint16_t port = peers_port(nodes[0]);
    assert_int_equal(support_peers_shell(&s, NULL, "kill -9 %ld", broker_of(0)), 0);
    int fd = hold_port();
    uint64_t end = clock_steady_ms() + LIMIT_MS;
    for (int i = 0; i < 20; i++) { /* it is tried again and again */
        turn_before(end, "nothing");
        ahead_ms += 1000;
    }
    assert_false(peers_is_up(nodes[0]));
    assert_false(peers_send(nodes[0], NULL, slice_text("nobody hears that")));
    say(1, 0, NULL, "still here?");
    (void)close(fd);
    ahead_ms += 60000;
    end = clock_steady_ms() + LIMIT_MS;
    while (!peers_is_up(nodes[0]))
        turn_before(end, "the broker");
    assert_int_equal(peers_port(nodes[0]), port);
    say(0, 1, NULL, "back again");
}

static void a_broker_that_dies_is_started_again(void **state)
{
    (void)state;
    open_nodes(2);
    set_peers(0, 2);
    set_peers(1, 2);
    wait_heard(0, 1);
    wait_heard(1, 1);
    assert_int_equal(support_peers_shell(&s, NULL, "kill -9 %ld", broker_of(0)), 0);
    uint64_t end = clock_steady_ms() + LIMIT_MS;
    while (peers_hear(nodes[1], &s.at[0].key.kid))
        turn_before(end, "the silence");
    wait_heard(1, 1);
    say(0, 1, NULL, "back again");
}

static void certificates_no_peer_may_have(void **state)
{
    (void)state;
    open_nodes(2);
    struct peer list[SUPPORT_PEERS];
    struct hash fingerprint;
    memcpy(&list[0], &s.at[1].peer, sizeof list[0]);
    list[1] = s.at[2].peer;
    list[1].kid = s.at[3].peer.kid; /* not what its certificate is named by */
    list[2] = s.at[2].peer;
    list[2].certificate_len--;
    (void)snprintf(list[1].broker, sizeof list[1].broker, "127.0.0.1:1");
    (void)snprintf(list[2].broker, sizeof list[2].broker, "127.0.0.1:1");
    peers_set(nodes[0], list, 3, now());
    size_t heard = 0;
    assert_int_equal(peers_count(nodes[0], &heard), 1);
    fingerprint = crypto_sha256(slice_of(s.at[1].peer.certificate, s.at[1].peer.certificate_len));
    struct kid kid;
    uint64_t heard_ms = 7;
    assert_true(peers_find(nodes[0], &fingerprint, &kid, &heard_ms));
    assert_true(kid_equal(&kid, &s.at[1].key.kid));
    assert_true(heard_ms == 0);
    set_peers(1, 2);
    say(1, 0, NULL, "hear me");
    assert_true(peers_find(nodes[0], &fingerprint, &kid, &heard_ms));
    assert_true(heard_ms > 0 && heard_ms <= clock_steady_ms());
    fingerprint = crypto_sha256(slice_of(s.at[2].peer.certificate, s.at[2].peer.certificate_len));
    assert_false(peers_find(nodes[0], &fingerprint, NULL, NULL));
    fingerprint = crypto_sha256(slice_of(s.at[0].peer.certificate, s.at[0].peer.certificate_len));
    assert_false(peers_find(nodes[0], &fingerprint, NULL, NULL)); /* one does not ask oneself */

    /* nor does a node start with the wrong one */
    struct peers *wrong = NULL;
    struct peers_options o = { .dir = s.at[3].dir,
                               .own = s.at[3].key.kid,
                               .certificate_file = s.at[2].crt,
                               .key_file = s.at[2].pem_key,
                               .host = "127.0.0.1" };
    assert_false(peers_open(&o, &wrong, &err));
    assert_non_null(strstr(err.msg, s.at[2].kid));
}

/* ------------------------------------------------------------------ strangers */

/* mosquitto_pub towards the broker of node 0, trusting its certificate; arguments say who it is. */
static int stranger(const char *who, const char *topic, char *text)
{
    return support_peers_shell(
        &s, text, "timeout 60 mosquitto_pub -V 5 -h 127.0.0.1 -p %u %s -t %s -m hello -q 1",
        peers_port(nodes[0]), who, topic);
}

#define TRUSTS_0 "--cafile 0.crt --insecure "
#define OPENSSL  "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes "

static void nobody_else_gets_in(void **state)
{
    char text[4096], command[256];
    (void)state;
    open_nodes(2);
    set_peers(0, 2);
    set_peers(1, 2);
    wait_heard(1, 1);
    /* a certificate of nobody's, one that names an allowed peer, one of a member who is not allowed */
    assert_int_equal(
        support_peers_shell(&s, NULL, OPENSSL "-subj /CN=%s -keyout f.key -out f.crt", s.at[1].kid),
        0);
    assert_int_not_equal(stranger(TRUSTS_0 "--cert f.crt --key f.key", "wb/1/peer/all", text), 0);
    assert_int_not_equal(stranger(TRUSTS_0 "--cert 2.crt --key 2.key", "wb/1/peer/all", text), 0);
    /* the certificate of a peer without its key, or none at all, or no TLS */
    assert_int_not_equal(stranger(TRUSTS_0 "--cert 1.crt --key 2.key", "wb/1/peer/all", text), 0);
    assert_int_not_equal(stranger(TRUSTS_0, "wb/1/peer/all", text), 0);
    assert_int_not_equal(stranger("", "wb/1/peer/all", text), 0);
    /* an older TLS */
    (void)snprintf(
        command, sizeof command,
        "openssl s_client -connect 127.0.0.1:%u -tls1_2 -cert 1.crt -key 1.key </dev/null",
        peers_port(nodes[0]));
    assert_int_not_equal(support_peers_shell(&s, text, "%s", command), 0);
    assert_non_null(strstr(text, "alert protocol version"));
    /* a peer may come in, and may not publish where another one owns */
    assert_int_equal(stranger(TRUSTS_0 "--cert 1.crt --key 1.key", "wb/1/peer/all", text), 0);
    assert_non_null(strstr(text, "Not authorized"));
    assert_int_equal(stranger(TRUSTS_0 "--cert 1.crt --key 1.key", "other", text), 0);
    assert_non_null(strstr(text, "Not authorized"));
    assert_false(hears(1, NULL, 300));
    /* the owner itself could, and is heard: so the ways in above are the right ones. Its client id is its
       name, so this pushes the node's own connection out, which comes back. */
    assert_int_equal(stranger(TRUSTS_0 "--cert 0.crt --key 0.key", "wb/1/peer/all", text), 0);
    assert_true(hears(1, NULL, LIMIT_MS));
    say(0, 1, NULL, "back again");
}

/* A peer's name is its certificate's, whatever it calls itself: it can't push another one out. */
static void nobody_is_pushed_out(void **state)
{
    char text[4096], who[128];
    (void)state;
    open_nodes(2);
    set_peers(0, 2);
    set_peers(1, 2);
    wait_heard(1, 1);
    say(0, 1, NULL, "ready");
    (void)snprintf(who, sizeof who, TRUSTS_0 "--cert 1.crt --key 1.key -i %s", s.at[0].kid);
    assert_int_equal(stranger(who, "other", text), 0);
    wait_heard(1, 1);
    drain(1);
    assert_true(peers_send(nodes[0], NULL, slice_text("x"))); /* still connected */
}

static void expired_certificates_are_of_no_use(void **state)
{
    (void)state;
    char text[4096];
    open_nodes(2);
    uint64_t long_ago = clock_real_ms() - (uint64_t)25 * 365 * 86400000;
    support_peers_certify(&s, 2, s.at[2].kid, long_ago);
    set_peers(0, 3);
    assert_int_not_equal(stranger(TRUSTS_0 "--cert 2.crt --key 2.key", "x", text), 0);
    support_peers_certify(&s, 2, s.at[2].kid,
                          clock_real_ms() + 20 * 3600000); /* a clock that is behind */
    set_peers(0, 3);
    ahead_ms += PEERS_ROSTER_GATHER_MS;
    turn();
    assert_int_equal(stranger(TRUSTS_0 "--cert 2.crt --key 2.key", "x", text), 0);
}

/* Whoever stands at a peer's address without its key is not listened to. */
static void an_impostor_is_not_listened_to(void **state)
{
    (void)state;
    open_nodes(3);
    struct peer list[2] = { s.at[0].peer, s.at[1].peer };
    memcpy(list[1].broker, s.at[2].peer.broker, sizeof list[1].broker);
    set_peers(2, 3); /* the impostor would let us in */
    peers_set(nodes[0], list, 2, now());
    uint64_t end = clock_steady_ms() + 1500;
    while (clock_steady_ms() < end)
        turn();
    assert_false(peers_hear(nodes[0], &s.at[1].key.kid));
    list[1] = s.at[2].peer;
    peers_set(nodes[0], list, 2, now());
    wait_heard(0, 1);
}

int main(void)
{
    log_set_level(LOG_LEVEL_ERROR);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(three_talk, close_all),
        cmocka_unit_test_teardown(a_chatterer_holds_up_only_itself, close_all),
        cmocka_unit_test_teardown(a_list_that_changes, close_all),
        cmocka_unit_test_teardown(another_certificate_in_each_block, close_all),
        cmocka_unit_test_teardown(a_broker_that_dies_is_started_again, close_all),
        cmocka_unit_test_teardown(a_port_that_is_taken_for_a_moment, close_all),
        cmocka_unit_test_teardown(certificates_no_peer_may_have, close_all),
        cmocka_unit_test_teardown(nobody_else_gets_in, close_all),
        cmocka_unit_test_teardown(nobody_is_pushed_out, close_all),
        cmocka_unit_test_teardown(expired_certificates_are_of_no_use, close_all),
        cmocka_unit_test_teardown(an_impostor_is_not_listened_to, close_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
