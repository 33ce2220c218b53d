#include "device/run_parts.h"

#include "common/file.h"
#include "common/hex.h"
#include "common/keyfile.h"
#include "common/log.h"

#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#define IDENTITY_MAX   (AUTHORITY_SET_SIZE_MAX + HEADER_SIZE_MAX + 64)
#define IDLE_MAX_MS    1000 /* the loop looks around at least so often */
#define SAMPLES_A_TURN 2000 /* then the broker has its turn */
#define DISK_RETRY_MS  500
#define TELL_EVERY_MS  10000
#define WARN_EVERY_MS  60000
#define STOP_WAIT_MS   5000 /* SIGTERM: for acks of what was just signed */
#define NEARLY_FULL    80   /* percent */
#define DISK_LOW       (32u * 1024 * 1024)

bool run_load_identity(const char *path, struct identity *ret_identity, struct err *err)
{
    struct buf bytes = buf_heap(IDENTITY_MAX);
    bool good =
        file_read(path, IDENTITY_MAX, &bytes, err) &&
        (identity_decode(buf_slice(&bytes), ret_identity, err) || err_wrap(err, "%s", path));
    buf_free(&bytes);
    return good;
}

/* ------------------------------------------------------------------ signing and storing */

/* True when nothing signed waits for the disk. */
static bool store(struct run *r)
{
    struct agent_signed *out = &r->agent->out;
    struct err err;
    if (!out->waiting)
        return true;
    if (r->steady_ms < r->retry_ms)
        return false;
    if (!outbox_append(r->outbox, out->seq, out->time_ms, buf_slice(&out->bytes), &err)) {
        r->retry_ms = r->steady_ms + DISK_RETRY_MS;
        if (r->steady_ms >= r->lost_tell_ms) {
            log_error("ALARM: statement %" PRIu64 " can't be stored, so it is not sent: %s",
                      out->seq, err.msg);
            r->lost_tell_ms = r->steady_ms + WARN_EVERY_MS;
        }
        return false;
    }
    agent_stored(r->agent);
    r->signed_count++;
    r->progress_ms = r->steady_ms;
    return true;
}

static bool sign(struct run *r)
{
    struct err err;
    if (!store(r))
        return false;
    if (agent_sign(r->agent, r->now_ms, &err))
        return store(r);
    if (err.code != ERR_BUSY && !r->fatal) {
        r->fatal = true;
        r->why = err;
    }
    return false;
}

static void count_lost(struct run *r)
{
    r->lost++;
    if (r->lost > 1 && r->steady_ms < r->lost_tell_ms)
        return;
    r->lost_tell_ms = r->steady_ms + WARN_EVERY_MS;
    log_error("ALARM: %" PRIu64
              " samples lost so far: the outbox takes no more (%zu statements in it)",
              r->lost, outbox_state(r->outbox).kept);
}

/* False: the sample has no place now. A file can wait for that, a chip can't. */
static bool add_sample(struct run *r, const struct agent_sample *sample)
{
    struct err err;
    while (!agent_add_sample(r->agent, sample, r->now_ms, &err)) {
        if (err.code != ERR_BUSY) {
            log_error("a sample is not recorded: %s", err.msg);
            return true;
        }
        if (sign(r))
            continue;
        if (r->feed != NULL && feed_counts(r->feed).replay)
            return false;
        count_lost(r);
        return true;
    }
    return true;
}

/* Ends with what the feed said last; ret_wait_ms is of the samples' clock. */
static enum feed_result pump(struct run *r, uint64_t *ret_wait_ms)
{
    enum feed_result got = FEED_SAMPLE;
    for (size_t i = 0; i < SAMPLES_A_TURN && !r->fatal; i++) {
        struct agent_sample sample;
        *ret_wait_ms = UINT64_MAX;
        got = feed_peek(r->feed, r->now_ms, &sample, ret_wait_ms);
        if (got != FEED_SAMPLE)
            return got;
        if (!add_sample(r, &sample)) {
            *ret_wait_ms = UINT64_MAX;
            return FEED_WAIT;
        }
        feed_take(r->feed);
    }
    *ret_wait_ms = 0;
    return got;
}

static void end_feed(struct run *r, enum feed_result got)
{
    if (r->ended || (got != FEED_END && got != FEED_STOP))
        return;
    struct feed_counts c = feed_counts(r->feed);
    r->ended = true;
    r->bad_row = got == FEED_STOP;
    r->progress_ms = r->steady_ms;
    log_info("%s: %" PRIu64 " rows read, %" PRIu64 " bad rows passed over",
             r->bad_row ? "stopped at a bad row" : "every file is read", c.rows, c.bad);
}

/* ------------------------------------------------------------------ telling */

static void tell(struct run *r)
{
    struct feed_counts c = feed_counts(r->feed);
    char time[INSTANT_TEXT_SIZE] = "nothing yet";
    if (r->steady_ms < r->tell_ms)
        return;
    r->tell_ms = r->steady_ms + TELL_EVERY_MS;
    if (c.last_ms > 0)
        instant_format(c.last_ms, time);
    log_info("%" PRIu64 " samples up to %s; %" PRIu64 " statements signed, %" PRIu64
             " proven on the ledger, %zu waiting",
             c.rows, time, r->signed_count, r->acked_count,
             agent_pending_unacked(&r->agent->table));
    if (!r->connected)
        log_info("not connected to the broker at %s:%u", r->setup->brokers[r->broker].host,
                 (unsigned)r->setup->brokers[r->broker].port);
}

/* A disk or an outbox that fills up says so long before it is full. */
static void warn_of_room(struct run *r)
{
    uint64_t bytes = 0;
    struct err err;
    if (r->steady_ms < r->warn_ms)
        return;
    r->warn_ms = r->steady_ms + WARN_EVERY_MS;
    unsigned percent = outbox_percent(r->outbox);
    if (percent >= NEARLY_FULL)
        log_warn("the outbox is %u %% full: %zu statements wait for the ledger", percent,
                 outbox_state(r->outbox).kept);
    if (!outbox_disk_free(r->outbox, &bytes, &err))
        log_warn("%s", err.msg);
    else if (bytes < DISK_LOW)
        log_warn("the disk under %s has %" PRIu64 " KiB left", r->setup->outbox.path, bytes / 1024);
}

/* ------------------------------------------------------------------ the loop */

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* How long poll() may sleep, in real milliseconds. */
static int sleep_ms(const struct run *r, uint64_t feed_wait_ms)
{
    uint64_t seq;
    uint64_t send = UINT64_MAX;
    const struct clock *clock = &r->options->clock;
    uint64_t pack_wait_ms = agent_pack_wait_ms(r->agent, r->now_ms);
    bool blocked = pack_wait_ms == 0; /* due, and turn() could not sign it */
    uint64_t virtual_ms = least(feed_wait_ms, blocked ? UINT64_MAX : pack_wait_ms);
    uint64_t ms = virtual_ms == UINT64_MAX ? IDLE_MAX_MS : clock_real_wait_ms(clock, virtual_ms);
    int bus = bus_timeout_ms(r->bus, r->steady_ms);
    if (r->connected && agent_next_send(r->agent, r->steady_ms, &seq, &send))
        send = 10; /* the bus did not take it */
    ms = least(least(ms, send), blocked || r->agent->out.waiting ? DISK_RETRY_MS : IDLE_MAX_MS);
    return (int)(bus >= 0 ? least(ms, (uint64_t)bus) : ms);
}

static void look_at_clocks(struct run *r)
{
    r->now_ms = clock_now_ms(&r->options->clock);
    r->steady_ms = clock_steady_ms();
}

static void turn(struct run *r, uint64_t *ret_feed_wait_ms)
{
    *ret_feed_wait_ms = UINT64_MAX;
    look_at_clocks(r);
    if (!r->ended)
        end_feed(r, pump(r, ret_feed_wait_ms));
    (void)store(r);
    if (r->agent->pack.rows > 0 && (r->ended || agent_pack_is_due(r->agent, r->now_ms)))
        (void)sign(r);
    if (r->unfreed && r->steady_ms >= r->retry_ms)
        run_bus_free_again(r);
    run_bus_choose(r);
    run_bus_send(r);
    tell(r);
    warn_of_room(r);
}

static void wait_and_serve(struct run *r, uint64_t feed_wait_ms)
{
    struct pollfd p = { .fd = bus_fd(r->bus), .events = bus_events(r->bus) };
    int n = poll(&p, 1, sleep_ms(r, feed_wait_ms));
    look_at_clocks(r);
    bus_service(r->bus, n > 0 ? p.revents : 0, r->steady_ms);
}

static bool is_all_proven(const struct run *r)
{
    return r->agent->pack.rows == 0 && !r->agent->out.waiting &&
           agent_pending_unacked(&r->agent->table) == 0;
}

/* After the last sample: true when the wait is over, one way or the other. */
static bool is_done(struct run *r, bool *ret_good, struct err *err)
{
    bool wanted = r->options->exit_when_done || r->bad_row;
    if (!r->ended || !wanted)
        return false;
    *ret_good = is_all_proven(r);
    if (*ret_good)
        return true;
    if (r->steady_ms - r->progress_ms < r->options->give_up_ms)
        return false;
    (void)err_set(err, ERR_BUSY,
                  "gave up after %" PRIu64
                  " s without an ack: %zu statements are not proven on the "
                  "ledger; they are kept in %.100s",
                  r->options->give_up_ms / 1000, agent_pending_unacked(&r->agent->table),
                  r->setup->outbox.path);
    return true;
}

/* SIGTERM: what was sampled is signed and stored; acks are waited for, but not for long. */
static void flush(struct run *r)
{
    uint64_t unused;
    uint64_t until = clock_steady_ms() + STOP_WAIT_MS;
    r->ended = true;
    do {
        turn(r, &unused);
        if (is_all_proven(r))
            break;
        wait_and_serve(r, 50);
    } while (r->steady_ms < until && r->connected);
    log_info("stopped: %zu statements wait in the outbox", agent_pending_unacked(&r->agent->table));
}

static bool loop(struct run *r, struct err *err)
{
    uint64_t feed_wait_ms;
    bool good = true;
    while (*r->options->stop == 0) {
        turn(r, &feed_wait_ms);
        if (r->fatal) {
            if (err != NULL)
                *err = r->why;
            return false;
        }
        if (is_done(r, &good, err))
            break;
        wait_and_serve(r, feed_wait_ms);
    }
    if (*r->options->stop != 0)
        flush(r);
    if (good && r->bad_row)
        return err_set(err, ERR_INPUT, "stopped at a bad row");
    return good;
}

/* ------------------------------------------------------------------ start and end */

static void restore(struct run *r)
{
    struct outbox_state state = outbox_state(r->outbox);
    agent_resume(r->agent, state.last_seq, &state.last_hash, state.last_time_ms);
    for (size_t i = 0; i < outbox_count(r->outbox); i++) {
        struct outbox_entry e = outbox_at(r->outbox, i);
        agent_restore(r->agent, e.seq, &e.hash, e.freed);
    }
    if (state.cut > 0)
        log_warn("the outbox ended in %" PRIu64
                 " bytes of a statement that was never sent; they are cut off",
                 state.cut);
    log_info("device %s: %" PRIu64 " statements signed so far, %zu wait for the ledger", r->kid,
             state.last_seq, state.kept);
}

static bool start(struct run *r, struct err *err)
{
    const struct setup *s = r->setup;
    if (!run_load_identity(s->ledger.path, &r->identity, err) ||
        !keyfile_load(s->key.path, &r->key, err))
        return false;
    hex_encode(kid_slice(&r->key.kid), r->kid);
    if (!outbox_open(s->outbox.path, &r->key.kid, &r->identity.genesis.ledger, s->outbox_max_bytes,
                     &r->outbox, err))
        return false;
    r->agent = malloc(sizeof *r->agent);
    if (r->agent == NULL)
        return err_set(err, ERR_IO, "no memory for the agent");
    if (!agent_begin(r->agent, &s->agent, &r->key, &r->identity, err)) {
        free(r->agent);
        r->agent = NULL;
        return false;
    }
    restore(r);
    return feed_open(s, outbox_state(r->outbox).last_time_ms, &r->feed, err) &&
           run_bus_open(r, err);
}

static void finish(struct run *r)
{
    run_bus_close(r);
    feed_close(r->feed);
    if (r->agent != NULL)
        agent_end(r->agent);
    free(r->agent);
    outbox_close(r->outbox);
    crypto_wipe(&r->key, sizeof r->key);
}

bool run_agent(const struct setup *setup, const struct run_options *options, struct err *err)
{
    struct run *r = calloc(1, sizeof *r);
    if (r == NULL)
        return err_set(err, ERR_IO, "no memory");
    r->setup = setup;
    r->options = options;
    look_at_clocks(r);
    r->progress_ms = r->steady_ms;
    bool good = start(r, err) && loop(r, err);
    if (r->lost > 0)
        log_error("ALARM: %" PRIu64 " samples were lost in all", r->lost);
    finish(r);
    free(r);
    return good;
}
