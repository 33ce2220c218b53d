#include "node/ingest.h"

#include "common/clock.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define BATCH      64 /* statements a worker takes at a time */
#define SEEN_SLOTS 131072
#define SEEN_MS    10000 /* so long what a peer relays again is not verified again */

/* Of a queue: results hold as many as the queue and all workers' hands can. */
struct ring {
    struct ingest_result *at;
    size_t cap, first, count;
};

struct known_key {
    bool used;
    struct kid kid;
    uint8_t pub[PUB_SIZE];
};

/* When a statement last came to the door, by its hash; a newer one in its slot pushes it out. */
struct sighting {
    uint64_t at_ms; /* steady; 0: none */
    uint8_t half[HALF_SIZE];
};

struct ingest {
    struct hash ledger;
    pthread_mutex_t lock; /* guards both rings, bytes and stopping */
    pthread_cond_t work;
    struct ring waiting, done;
    size_t bytes; /* of all that was brought and not yet taken */
    bool stopping;
    int fd;
    unsigned worker_count;
    pthread_t workers[INGEST_WORKERS_MAX];

    pthread_mutex_t seen_lock;
    struct sighting *seen; /* SEEN_SLOTS */

    pthread_rwlock_t keys_lock;
    struct known_key *keys; /* open addressing by kid */
    size_t key_count, key_cap;
};

/* ------------------------------------------------------------------ rings */

static bool ring_init(struct ring *r, size_t cap)
{
    r->at = calloc(cap, sizeof r->at[0]);
    r->cap = cap;
    return r->at != NULL;
}

static void ring_push(struct ring *r, struct ingest_result item)
{
    assert(r->count < r->cap);
    r->at[(r->first + r->count++) % r->cap] = item;
}

static struct ingest_result ring_pop(struct ring *r)
{
    struct ingest_result item = r->at[r->first];
    r->first = (r->first + 1) % r->cap;
    r->count--;
    return item;
}

static void ring_free(struct ring *r)
{
    while (r->at != NULL && r->count > 0)
        free(ring_pop(r).parcel);
    free(r->at);
}

/* ------------------------------------------------------------------ keys */

static size_t key_slot(const struct known_key *keys, size_t cap, const struct kid *kid)
{
    uint64_t v;
    memcpy(&v, kid->bytes, sizeof v);
    size_t i = (size_t)(v % cap);
    while (keys[i].used && !kid_equal(&keys[i].kid, kid))
        i = (i + 1) % cap;
    return i;
}

static bool keys_grow(struct ingest *in)
{
    size_t cap = in->key_cap == 0 ? 256 : in->key_cap * 2;
    struct known_key *keys = calloc(cap, sizeof keys[0]);
    if (keys == NULL)
        return false;
    for (size_t i = 0; i < in->key_cap; i++)
        if (in->keys[i].used)
            keys[key_slot(keys, cap, &in->keys[i].kid)] = in->keys[i];
    free(in->keys);
    in->keys = keys;
    in->key_cap = cap;
    return true;
}

bool ingest_add_key(struct ingest *in, const struct kid *kid, const uint8_t pub[PUB_SIZE])
{
    pthread_rwlock_wrlock(&in->keys_lock);
    bool ok = 2 * in->key_count < in->key_cap || keys_grow(in);
    if (ok) {
        struct known_key *k = &in->keys[key_slot(in->keys, in->key_cap, kid)];
        in->key_count += k->used ? 0 : 1;
        k->used = true;
        k->kid = *kid;
        memcpy(k->pub, pub, PUB_SIZE);
    }
    pthread_rwlock_unlock(&in->keys_lock);
    return ok;
}

static bool find_key(struct ingest *in, const struct kid *kid, uint8_t ret_pub[PUB_SIZE])
{
    pthread_rwlock_rdlock(&in->keys_lock);
    bool found = false;
    if (in->key_cap > 0) {
        const struct known_key *k = &in->keys[key_slot(in->keys, in->key_cap, kid)];
        found = k->used;
        if (found)
            memcpy(ret_pub, k->pub, PUB_SIZE);
    }
    pthread_rwlock_unlock(&in->keys_lock);
    return found;
}

/* ------------------------------------------------------------------ workers */

static enum refusal verify(struct ingest *in, struct parcel *p, struct buf *scratch)
{
    uint8_t pub[PUB_SIZE];
    struct slice bytes = slice_of(p->bytes, p->len);
    if (!statement_decode(bytes, &p->st, NULL)) {
        p->st.hash = crypto_sha256(bytes);
        return REFUSED_MALFORMED;
    }
    if (!find_key(in, &p->st.kid, pub))
        return REFUSED_UNKNOWN_KEY;
    return statement_verify(&p->st, pub, &in->ledger, scratch) ? ACCEPTED : REFUSED_BAD_SIGNATURE;
}

/* Waits for work; returns 0 when the node is stopping. */
static size_t take_batch(struct ingest *in, struct ingest_result *batch)
{
    size_t n = 0;
    pthread_mutex_lock(&in->lock);
    while (in->waiting.count == 0 && !in->stopping)
        pthread_cond_wait(&in->work, &in->lock);
    /* leave some for the others: a batch is a fair share of what waits */
    size_t share = in->waiting.count / in->worker_count + 1;
    while (!in->stopping && n < BATCH && n < share && in->waiting.count > 0)
        batch[n++] = ring_pop(&in->waiting);
    pthread_mutex_unlock(&in->lock);
    return n;
}

static void deliver(struct ingest *in, const struct ingest_result *batch, size_t n)
{
    static const uint64_t one = 1;
    pthread_mutex_lock(&in->lock);
    bool was_empty = in->done.count == 0;
    for (size_t i = 0; i < n; i++)
        ring_push(&in->done, batch[i]);
    pthread_mutex_unlock(&in->lock);
    if (was_empty) {
        ssize_t wrote = write(in->fd, &one, sizeof one);
        assert(wrote == (ssize_t)sizeof one || errno == EAGAIN);
    }
}

static void *worker(void *arg)
{
    struct ingest *in = arg;
    struct ingest_result batch[BATCH];
    struct buf scratch = buf_heap(STATEMENT_MAX + COSE_SIG_ROOM);
    size_t n;
    while ((n = take_batch(in, batch)) > 0) {
        for (size_t i = 0; i < n; i++)
            batch[i].code = verify(in, batch[i].parcel, &scratch);
        deliver(in, batch, n);
    }
    buf_free(&scratch);
    return NULL;
}

/* ------------------------------------------------------------------ life */

static bool start_workers(struct ingest *in, unsigned workers)
{
    in->worker_count = workers;
    for (unsigned i = 0; i < workers; i++)
        if (pthread_create(&in->workers[i], NULL, worker, in) != 0) {
            in->worker_count = i;
            return false;
        }
    return true;
}

struct ingest *ingest_new(unsigned workers, const struct hash *ledger, struct err *err)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    if (workers == 0)
        workers = cores > 0 ? (unsigned)cores : 1;
    if (workers > INGEST_WORKERS_MAX)
        workers = INGEST_WORKERS_MAX;
    struct ingest *in = calloc(1, sizeof *in);
    if (in == NULL) {
        (void)err_set(err, ERR_IO, "out of memory");
        return NULL;
    }
    in->ledger = *ledger;
    pthread_mutex_init(&in->lock, NULL);
    pthread_cond_init(&in->work, NULL);
    pthread_rwlock_init(&in->keys_lock, NULL);
    pthread_mutex_init(&in->seen_lock, NULL);
    in->seen = calloc(SEEN_SLOTS, sizeof in->seen[0]);
    in->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (in->fd < 0 || in->seen == NULL || !ring_init(&in->waiting, INGEST_QUEUE_MAX) ||
        !ring_init(&in->done, 2 * INGEST_QUEUE_MAX + BATCH * INGEST_WORKERS_MAX) ||
        !start_workers(in, workers)) {
        (void)err_set(err, ERR_IO, "can't start %u verification threads", workers);
        ingest_free(in);
        return NULL;
    }
    return in;
}

void ingest_free(struct ingest *in)
{
    if (in == NULL)
        return;
    pthread_mutex_lock(&in->lock);
    in->stopping = true;
    pthread_cond_broadcast(&in->work);
    pthread_mutex_unlock(&in->lock);
    for (unsigned i = 0; i < in->worker_count; i++)
        pthread_join(in->workers[i], NULL);
    ring_free(&in->waiting);
    ring_free(&in->done);
    free(in->keys);
    if (in->fd >= 0)
        close(in->fd);
    pthread_mutex_destroy(&in->lock);
    pthread_cond_destroy(&in->work);
    pthread_rwlock_destroy(&in->keys_lock);
    pthread_mutex_destroy(&in->seen_lock);
    free(in->seen);
    free(in);
}

/* Room must be left among the results for everything that waits, and for clients when a peer brings it. */
static bool has_room(const struct ingest *in, size_t len, bool from_peer)
{
    if (from_peer)
        return in->waiting.count + in->done.count < INGEST_QUEUE_MAX / 4 * 3 &&
               in->bytes + len <= INGEST_QUEUE_BYTES / 4 * 3;
    return in->waiting.count < in->waiting.cap && in->done.count < INGEST_QUEUE_MAX &&
           in->bytes + len <= INGEST_QUEUE_BYTES;
}

static bool enqueue(struct ingest *in, struct parcel *p)
{
    pthread_mutex_lock(&in->lock);
    bool ok = has_room(in, p->len, p->from_peer);
    if (ok) {
        ring_push(&in->waiting, (struct ingest_result){ p, ACCEPTED });
        in->bytes += p->len;
        pthread_cond_signal(&in->work);
    }
    pthread_mutex_unlock(&in->lock);
    return ok;
}

static struct parcel *make_parcel(struct slice bytes, bool from_peer)
{
    struct parcel *p = malloc(sizeof *p + bytes.len);
    if (p == NULL)
        return NULL;
    p->from_peer = from_peer;
    p->arrived_ms = 0; /* the loop says when it first saw it */
    p->len = bytes.len;
    if (bytes.len > 0)
        memcpy(p->bytes, bytes.data, bytes.len);
    return p;
}

/* Notes that it is here. Returns: whether it was here a moment ago. */
static bool see(struct ingest *in, struct slice bytes)
{
    struct hash hash = crypto_sha256(bytes);
    uint64_t now = clock_steady_ms(), slot;
    memcpy(&slot, hash.bytes, sizeof slot);
    struct sighting *s = &in->seen[slot % SEEN_SLOTS];
    pthread_mutex_lock(&in->seen_lock);
    bool known =
        s->at_ms != 0 && now < s->at_ms + SEEN_MS && memcmp(s->half, hash.bytes, HALF_SIZE) == 0;
    if (!known) {
        s->at_ms = now;
        memcpy(s->half, hash.bytes, HALF_SIZE);
    }
    pthread_mutex_unlock(&in->seen_lock);
    return known;
}

bool ingest_submit(struct ingest *in, struct slice bytes, struct err *err)
{
    if (bytes.len > STATEMENT_MAX)
        return err_set(err, ERR_INPUT, "%zu bytes, more than the %d a statement may have",
                       bytes.len, STATEMENT_MAX);
    struct parcel *p = make_parcel(bytes, false);
    if (p == NULL)
        return err_set(err, ERR_BUSY, "out of memory");
    if (enqueue(in, p)) {
        (void)see(in, bytes);
        return true;
    }
    free(p);
    return err_set(err, ERR_BUSY, "the queue is full");
}

void ingest_submit_relayed(struct ingest *in, const struct kid *by, struct slice bytes)
{
    pthread_mutex_lock(&in->lock); /* what finds no room is not noted as seen: it comes again */
    bool fits = bytes.len <= STATEMENT_MAX && has_room(in, bytes.len, true);
    pthread_mutex_unlock(&in->lock);
    struct parcel *p = fits && !see(in, bytes) ? make_parcel(bytes, true) : NULL;
    if (p != NULL)
        p->relayer = *by;
    if (p != NULL && !enqueue(in, p))
        free(p);
}

bool ingest_retry(struct ingest *in, struct parcel *p)
{
    return enqueue(in, p);
}

int ingest_fd(const struct ingest *in)
{
    return in->fd;
}

bool ingest_take(struct ingest *in, struct ingest_result *ret_result)
{
    pthread_mutex_lock(&in->lock);
    bool some = in->done.count > 0;
    if (some) {
        *ret_result = ring_pop(&in->done);
        in->bytes -= ret_result->parcel->len;
    } else {
        uint64_t ignored;
        ssize_t got = read(in->fd, &ignored, sizeof ignored);
        (void)got; /* nothing to read is as good as something */
    }
    pthread_mutex_unlock(&in->lock);
    return some;
}

size_t ingest_depth(struct ingest *in)
{
    pthread_mutex_lock(&in->lock);
    size_t n = in->waiting.count;
    pthread_mutex_unlock(&in->lock);
    return n;
}
