#include "node/tracker.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define WAYS \
    8 /* places a statement may be noted in: a small set by its hash, the oldest makes room */

struct note {
    bool used;
    enum refusal code;
    uint64_t age;
    struct hash statement;
};

struct tracker {
    pthread_mutex_t lock;
    uint64_t clock;
    struct note notes[TRACKER_MAX];
};

struct tracker *tracker_new(void)
{
    struct tracker *t = calloc(1, sizeof *t);
    if (t != NULL)
        pthread_mutex_init(&t->lock, NULL);
    return t;
}

void tracker_free(struct tracker *t)
{
    if (t == NULL)
        return;
    pthread_mutex_destroy(&t->lock);
    free(t);
}

static struct note *set_of(struct tracker *t, const struct hash *statement)
{
    uint64_t v;
    memcpy(&v, statement->bytes + 16, sizeof v);
    return &t->notes[v % (TRACKER_MAX / WAYS) * WAYS];
}

static struct note *find(struct tracker *t, const struct hash *statement)
{
    struct note *set = set_of(t, statement);
    for (size_t i = 0; i < WAYS; i++)
        if (set[i].used && hash_equal(&set[i].statement, statement))
            return &set[i];
    return NULL;
}

static struct note *make_room(struct tracker *t, const struct hash *statement)
{
    struct note *set = set_of(t, statement), *best = set;
    for (size_t i = 0; i < WAYS; i++) {
        if (!set[i].used)
            return &set[i];
        if (set[i].age < best->age)
            best = &set[i];
    }
    return best;
}

void tracker_note(struct tracker *t, const struct hash *statement, enum refusal code)
{
    pthread_mutex_lock(&t->lock);
    struct note *n = find(t, statement);
    if (n == NULL)
        n = make_room(t, statement);
    *n = (struct note){ true, code, ++t->clock, *statement };
    pthread_mutex_unlock(&t->lock);
}

void tracker_forget(struct tracker *t, const struct hash *statement)
{
    pthread_mutex_lock(&t->lock);
    struct note *n = find(t, statement);
    if (n != NULL)
        n->used = false;
    pthread_mutex_unlock(&t->lock);
}

bool tracker_find(struct tracker *t, const struct hash *statement, enum refusal *ret_code)
{
    pthread_mutex_lock(&t->lock);
    const struct note *n = find(t, statement);
    if (n != NULL)
        *ret_code = n->code;
    pthread_mutex_unlock(&t->lock);
    return n != NULL;
}
