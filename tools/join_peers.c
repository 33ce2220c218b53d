#include "tools/join_peers.h"

#include "common/clock.h"
#include "common/json.h"
#include "common/node_client.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define MEET_MS     5000
#define SMALL_BYTES (64 * 1024)
#define SMALL_MS    10000 /* for a small answer, from who has not failed yet */
#define LARGE_MS    15000
#define LONGER      4 /* times as long for who has failed: its line may be slow */
#define PATIENCE_MS 120000

bool join_peers_open(struct join_peers *p, const struct cmd_home *home, const struct cmd_args *args,
                     struct err *err)
{
    const char *url;
    for (size_t i = 0; (url = cmd_args_nth(args, "from", i)) != NULL; i++) {
        if (i == ASKED_MAX)
            return err_set(err, ERR_INPUT, "--from: more than %d", ASKED_MAX);
        p->url[i] = url;
        if (!node_client_open(url, home->ca_file, &p->client[i], err))
            return err_wrap(err, "--from");
        p->asked.count++;
    }
    return p->asked.count > 0 || err_set(err, ERR_INPUT, "--from URL: whom to ask");
}

void join_peers_close(struct join_peers *p)
{
    for (size_t i = 0; i < p->asked.count; i++)
        node_client_close(p->client[i]);
}

/* ------------------------------------------------------------------ meeting */

struct meeting {
    struct node_client *client;
    const struct hash *ledger;
    pthread_t thread;
    bool begun, good;
    uint64_t ms;
    struct err err;
};

static void *meet(void *ctx)
{
    struct meeting *m = ctx;
    uint64_t began = clock_steady_ms();
    node_client_limit(m->client, MEET_MS, SMALL_BYTES);
    m->good = node_client_check_ledger(m->client, m->ledger, &m->err);
    m->ms = clock_steady_ms() - began;
    return NULL;
}

void join_peers_meet(struct join_peers *p, const struct hash *ledger)
{
    struct meeting all[ASKED_MAX];
    for (size_t i = 0; i < p->asked.count; i++) {
        all[i] = (struct meeting){ .client = p->client[i], .ledger = ledger };
        all[i].begun = pthread_create(&all[i].thread, NULL, meet, &all[i]) == 0;
    }
    for (size_t i = 0; i < p->asked.count; i++) {
        if (!all[i].begun)
            continue; /* it is met when it is asked */
        (void)pthread_join(all[i].thread, NULL);
        if (all[i].good) {
            asked_answered(&p->asked, i, all[i].ms, 0);
            continue;
        }
        p->asked.of[i].faults++;
        join_peers_complain(p, i, &all[i].err);
    }
}

/* ------------------------------------------------------------------ asking */

/* Who has never answered yet may not be there at all: that it was not met gains it nothing. */
static unsigned patience(const struct asked_peer *peer, size_t max)
{
    unsigned ms = max <= SMALL_BYTES ? SMALL_MS : LARGE_MS;
    unsigned failed = peer->faults > 0 && peer->answers == 0 ? peer->faults - 1 : peer->faults;
    for (unsigned i = 0; i < failed && ms < PATIENCE_MS; i++)
        ms *= LONGER;
    return ms < PATIENCE_MS ? ms : PATIENCE_MS;
}

bool join_peers_get(struct join_peers *p, size_t peer, const char *path, size_t max,
                    struct buf *out, struct err *err)
{
    size_t before = out->len;
    uint64_t began = clock_steady_ms();
    node_client_limit(p->client[peer], patience(&p->asked.of[peer], max), max);
    if (!node_client_get_bytes(p->client[peer], path, out, err))
        return false;
    asked_answered(&p->asked, peer, clock_steady_ms() - began, out->len - before);
    return true;
}

/* ------------------------------------------------------------------ telling */

/* A message of the connection begins with the address already. */
void join_peers_complain(struct join_peers *p, size_t peer, const struct err *err)
{
    const char *url = p->url[peer];
    bool named = strncmp(err->msg, url, strlen(url)) == 0;
    if (p->asked.count == 1 || strcmp(p->told[peer].msg, err->msg) == 0)
        return;
    p->told[peer] = *err;
    (void)fprintf(stderr, "%s%s%s%s; from now on others are asked first\n",
                  p->terminal ? "\r\033[K" : "", named ? "" : url, named ? "" : ": ", err->msg);
}

void join_peers_tell(const struct join_peers *p)
{
    for (size_t i = 0; i < p->asked.count; i++) {
        const struct asked_peer *one = &p->asked.of[i];
        (void)fprintf(stderr, "%s gave %u answers, %" PRIu64 " KiB", p->url[i], one->answers,
                      one->bytes / 1024);
        if (one->faults > 0)
            (void)fprintf(stderr, "; %u times it was wrong or silent", one->faults);
        (void)fprintf(stderr, "\n");
    }
}

void join_peers_put(const struct join_peers *p, struct json_doc *doc)
{
    struct json_doc *list = json_doc_put_array(doc, "peers");
    for (size_t i = 0; i < p->asked.count; i++) {
        const struct asked_peer *one = &p->asked.of[i];
        struct json_doc *peer = json_doc_put_object(list, NULL);
        json_doc_put_text(peer, "url", p->url[i]);
        json_doc_put_int(peer, "answers", one->answers);
        json_doc_put_int(peer, "bytes", (int64_t)one->bytes);
        json_doc_put_int(peer, "faults", one->faults);
    }
}
