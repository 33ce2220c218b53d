/* What run.c (the loop) and run_bus.c (the broker's side of it) share. */
#ifndef DEVICE_RUN_PARTS_H
#define DEVICE_RUN_PARTS_H

#include "common/bus.h"
#include "device/agent_ack.h"
#include "device/feed.h"
#include "device/outbox.h"
#include "device/run.h"

#define RUN_TOPIC_SIZE 64

struct run {
    const struct setup *setup;
    const struct run_options *options;
    struct key_pair key;
    struct identity identity;
    struct agent *agent;
    struct outbox *outbox;
    struct feed *feed;
    struct bus *bus;
    size_t broker;       /* which of the configuration's it is to */
    uint64_t reached_ms; /* steady: when it was last connected, or began to try */
    uint64_t proven_ms;  /* steady: when an ack last proved something, or nothing was owed */
    char kid[2 * KID_SIZE + 1];
    char up[RUN_TOPIC_SIZE], ack[RUN_TOPIC_SIZE], status[RUN_TOPIC_SIZE];
    bool connected; /* as far as was said */
    bool ended;     /* no more samples will come */
    bool bad_row;   /* … because of a row the configuration does not want passed over */
    bool unfreed;   /* the disk did not record something the ledger freed */
    bool fatal;     /* nothing can be signed any more; why says the reason */
    bool hinted;    /* a hint was logged since the last ack */
    struct err why;
    uint64_t now_ms; /* the samples' clock */
    uint64_t steady_ms;
    uint64_t progress_ms;  /* steady: last time something was acknowledged, or read */
    uint64_t retry_ms;     /* steady: when to ask the disk again */
    uint64_t tell_ms;      /* steady: when to say how it goes */
    uint64_t warn_ms;      /* steady: when to look at the room that is left */
    uint64_t lost;         /* samples that found no place */
    uint64_t lost_tell_ms; /* steady: when to say so again */
    uint64_t signed_count, acked_count;
};

/* Opens the connection; it is made in the loop. */
bool run_bus_open(struct run *r, struct err *err);
/*
 * Goes on to the next of several brokers when this one is not reached, or brings no acks: any authority's will
 * do, for each tells what its ledger holds, and the ledger is one.
 */
void run_bus_choose(struct run *r);
/* Says hello after a connection, and sends what is due. */
void run_bus_send(struct run *r);
/* Says goodbye and closes. */
void run_bus_close(struct run *r);
/* Deletes from the outbox what the agent no longer holds: after the disk refused to record that. */
void run_bus_free_again(struct run *r);

#endif
