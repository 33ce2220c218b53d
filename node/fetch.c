#include "node/fetch.h"

#include "common/hex.h"
#include "common/http_client.h"
#include "common/tls_certificate.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* A peer as a worker knows it; the connection stays open between jobs. */
struct client {
    struct peer peer;
    struct http_client *http;
};

struct item {
    struct item *next;
    struct fetch_job job;
};

struct done {
    struct done *next;
    struct fetch_result result;
};

struct worker {
    struct fetch *fetch;
    pthread_t thread;
    bool started, only_urgent;
    bool busy;           /* under the lock, as is … */
    uint64_t tag;        /* … of the job it does */
    size_t client_count; /* the thread's own, as are … */
    struct client clients[PEER_MAX];
};

struct fetch {
    char certificate_file[PATH_MAX], key_file[PATH_MAX];
    int fd;
    pthread_mutex_t lock;
    pthread_cond_t work;
    bool stop;
    size_t queued;
    struct item *urgent, *patient; /* oldest first */
    struct done *done, **last_done;
    size_t peer_count;
    struct peer peers[PEER_MAX];
    size_t turn; /* where those begin who may be anybody */
    struct worker workers[FETCH_WORKERS];
};

/* ------------------------------------------------------------------ one exchange */

static bool same_place(const struct peer *a, const struct peer *b)
{
    return kid_equal(&a->kid, &b->kid) && strcmp(a->url, b->url) == 0 &&
           slice_equal(slice_of(a->certificate, a->certificate_len),
                       slice_of(b->certificate, b->certificate_len));
}

static void drop_client(struct worker *w, size_t i)
{
    http_client_close(w->clients[i].http);
    w->clients[i] = w->clients[--w->client_count];
}

static bool open_client(struct worker *w, const struct peer *peer, struct http_client **ret_http,
                        struct err *err)
{
    struct buf pem = buf_heap(TLS_CERTIFICATE_PEM_MAX);
    tls_certificate_put_pem(slice_of(peer->certificate, peer->certificate_len), &pem);
    struct http_client_options o = {
        .base_url = peer->url,
        .pinned = buf_slice(&pem),
        .certificate_file = w->fetch->certificate_file,
        .key_file = w->fetch->key_file,
    };
    bool good = strncmp(peer->url, "https://", strlen("https://")) == 0 ||
                err_set(err, ERR_INPUT, "expected https://, found \"%.40s\"", peer->url);
    good = good && pem.len > 0 && http_client_open(&o, ret_http, err);
    buf_free(&pem);
    return good;
}

/* The client for a peer: the one there is, unless the peer has moved since. */
static struct http_client *client_of(struct worker *w, const struct peer *peer, struct err *err)
{
    struct http_client *http = NULL;
    for (size_t i = 0; i < w->client_count; i++) {
        if (same_place(&w->clients[i].peer, peer))
            return w->clients[i].http;
        if (kid_equal(&w->clients[i].peer.kid, &peer->kid)) {
            drop_client(w, i);
            break;
        }
    }
    if (w->client_count == PEER_MAX)
        drop_client(w, 0);
    if (!open_client(w, peer, &http, err))
        return NULL;
    w->clients[w->client_count].peer = *peer;
    w->clients[w->client_count++].http = http;
    return http;
}

static bool ask_one(struct worker *w, const struct peer *peer, const struct fetch_job *job,
                    struct fetch_result *result)
{
    struct http_reply reply;
    char kid[2 * KID_SIZE + 1];
    hex_encode(kid_slice(&peer->kid), kid);
    struct http_client *http = client_of(w, peer, &result->why);
    if (http == NULL)
        return err_wrap(&result->why, "peer %s", kid);
    http_client_limit(http, job->urgent ? FETCH_URGENT_MS : FETCH_PATIENT_MS, job->reply_max);
    bool answered = http_client_get(http, job->path, "application/cbor", &reply, &result->why) ||
                    err_wrap(&result->why, "peer %s", kid);
    if (answered && reply.status == 200) {
        result->found = true;
        result->from = peer->kid;
        result->body = reply.body;
        return true;
    }
    if (answered)
        (void)err_set(&result->why, reply.status == 404 ? ERR_NOT_FOUND : ERR_REFUSED,
                      "peer %s answers %u", kid, reply.status);
    http_reply_free(&reply);
    return false;
}

/* ------------------------------------------------------------------ a job */

static bool find_peer(struct fetch *f, const struct kid *kid, struct peer *ret_peer)
{
    bool found = false;
    pthread_mutex_lock(&f->lock);
    for (size_t i = 0; i < f->peer_count && !found; i++) {
        found = kid_equal(&f->peers[i].kid, kid) && f->peers[i].url[0] != '\0';
        if (found)
            *ret_peer = f->peers[i];
    }
    pthread_mutex_unlock(&f->lock);
    return found;
}

static bool is_stopping(struct fetch *f)
{
    pthread_mutex_lock(&f->lock);
    bool stop = f->stop;
    pthread_mutex_unlock(&f->lock);
    return stop;
}

/* Anybody: all there are, beginning with another one each time. */
static void name_all(struct fetch *f, struct fetch_job *job)
{
    pthread_mutex_lock(&f->lock);
    size_t first = f->turn++;
    for (size_t i = 0; i < f->peer_count && job->kid_count < AUTHORITY_MAX; i++)
        job->kids[job->kid_count++] = f->peers[(first + i) % f->peer_count].kid;
    pthread_mutex_unlock(&f->lock);
}

static void perform(struct worker *w, struct fetch_job *job, struct fetch_result *result)
{
    struct peer peer;
    *result = (struct fetch_result){ .tag = job->tag };
    (void)err_set(&result->why, ERR_NOT_FOUND, "no peer that could be asked is known");
    if (job->kid_count == 0)
        name_all(w->fetch, job);
    for (size_t i = 0; i < job->kid_count && !is_stopping(w->fetch); i++)
        if (find_peer(w->fetch, &job->kids[i], &peer) && ask_one(w, &peer, job, result))
            return;
}

static struct item *pop(struct item **list)
{
    struct item *item = *list;
    if (item != NULL)
        *list = item->next;
    return item;
}

/* Waits for a job; NULL: it is time to end. */
static struct item *next_job(struct worker *w)
{
    struct fetch *f = w->fetch;
    struct item *item = NULL;
    pthread_mutex_lock(&f->lock);
    w->busy = false;
    while (!f->stop && (item = pop(&f->urgent)) == NULL &&
           (w->only_urgent || (item = pop(&f->patient)) == NULL))
        (void)pthread_cond_wait(&f->work, &f->lock);
    if (item != NULL) {
        w->busy = true;
        w->tag = item->job.tag;
        f->queued--;
    }
    pthread_mutex_unlock(&f->lock);
    return item;
}

static void hand_over(struct worker *w, struct done *done)
{
    struct fetch *f = w->fetch;
    pthread_mutex_lock(&f->lock);
    done->next = NULL;
    *f->last_done = done;
    f->last_done = &done->next;
    w->busy = false; /* from here on the same may be asked for again */
    pthread_mutex_unlock(&f->lock);
    (void)eventfd_write(f->fd, 1);
}

static void *run(void *user)
{
    struct worker *w = user;
    struct item *item;
    while ((item = next_job(w)) != NULL) {
        struct done *done = malloc(sizeof *done);
        if (done != NULL) {
            perform(w, &item->job, &done->result);
            hand_over(w, done);
        }
        free(item);
    }
    while (w->client_count > 0)
        drop_client(w, 0);
    return NULL;
}

/* ------------------------------------------------------------------ the loop's side */

bool fetch_open(const struct fetch_options *options, struct fetch **ret_fetch, struct err *err)
{
    struct fetch *f = calloc(1, sizeof *f);
    if (f == NULL)
        return err_set(err, ERR_IO, "out of memory");
    (void)snprintf(f->certificate_file, PATH_MAX, "%s", options->certificate_file);
    (void)snprintf(f->key_file, PATH_MAX, "%s", options->key_file);
    f->last_done = &f->done;
    pthread_mutex_init(&f->lock, NULL);
    pthread_cond_init(&f->work, NULL);
    f->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    bool good = f->fd >= 0 || err_set(err, ERR_IO, "fetch: %s", strerror(errno));
    for (size_t i = 0; i < FETCH_WORKERS && good; i++) {
        f->workers[i].fetch = f;
        f->workers[i].only_urgent = i == 0;
        f->workers[i].started =
            pthread_create(&f->workers[i].thread, NULL, run, &f->workers[i]) == 0;
        good = f->workers[i].started || err_set(err, ERR_IO, "fetch: no thread can be started");
    }
    if (good)
        *ret_fetch = f;
    else
        fetch_close(f);
    return good;
}

void fetch_close(struct fetch *f)
{
    struct fetch_result result;
    struct item *item;
    if (f == NULL)
        return;
    pthread_mutex_lock(&f->lock);
    f->stop = true;
    pthread_cond_broadcast(&f->work);
    pthread_mutex_unlock(&f->lock);
    for (size_t i = 0; i < FETCH_WORKERS; i++)
        if (f->workers[i].started)
            (void)pthread_join(f->workers[i].thread, NULL);
    while (fetch_take(f, &result))
        buf_free(&result.body);
    while ((item = pop(&f->urgent)) != NULL || (item = pop(&f->patient)) != NULL)
        free(item);
    if (f->fd >= 0)
        (void)close(f->fd);
    pthread_cond_destroy(&f->work);
    pthread_mutex_destroy(&f->lock);
    free(f);
}

void fetch_set(struct fetch *f, const struct peer *list, size_t count)
{
    assert(count <= PEER_MAX);
    pthread_mutex_lock(&f->lock);
    f->peer_count = count;
    memcpy(f->peers, list, count * sizeof list[0]);
    pthread_mutex_unlock(&f->lock);
}

static bool is_known(const struct fetch *f, uint64_t tag)
{
    for (const struct item *i = f->urgent; i != NULL; i = i->next)
        if (i->job.tag == tag)
            return true;
    for (const struct item *i = f->patient; i != NULL; i = i->next)
        if (i->job.tag == tag)
            return true;
    for (size_t i = 0; i < FETCH_WORKERS; i++)
        if (f->workers[i].busy && f->workers[i].tag == tag)
            return true;
    return false;
}

bool fetch_ask(struct fetch *f, const struct fetch_job *job, struct err *err)
{
    struct item *item = malloc(sizeof *item);
    if (item == NULL)
        return err_set(err, ERR_IO, "out of memory");
    *item = (struct item){ .job = *job };
    pthread_mutex_lock(&f->lock);
    bool known = is_known(f, job->tag);
    bool full = !known && f->queued == FETCH_QUEUE_MAX;
    if (!known && !full) {
        struct item **at = job->urgent ? &f->urgent : &f->patient;
        while (*at != NULL)
            at = &(*at)->next;
        *at = item;
        f->queued++;
        pthread_cond_broadcast(&f->work); /* not each may take it */
    }
    pthread_mutex_unlock(&f->lock);
    if (known || full)
        free(item);
    return !full || err_set(err, ERR_BUSY, "%d questions to peers wait already", FETCH_QUEUE_MAX);
}

int fetch_fd(const struct fetch *f)
{
    return f->fd;
}

bool fetch_take(struct fetch *f, struct fetch_result *ret_result)
{
    eventfd_t count;
    pthread_mutex_lock(&f->lock);
    struct done *done = f->done;
    if (done != NULL) {
        f->done = done->next;
        *ret_result = done->result;
    }
    if (f->done == NULL) {
        f->last_done = &f->done;
        (void)eventfd_read(f->fd, &count);
    }
    pthread_mutex_unlock(&f->lock);
    free(done);
    return done != NULL;
}
