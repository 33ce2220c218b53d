/* The agent at work: sensors in, signed statements out, until it is told to stop or has nothing left. */
#ifndef DEVICE_RUN_H
#define DEVICE_RUN_H

#include "common/clock.h"
#include "device/setup.h"

struct run_options {
    struct clock clock;       /* the samples' */
    bool exit_when_done;      /* when every file is read and every statement acknowledged */
    uint64_t give_up_ms;      /* real ms without any progress after which that wait fails */
    const volatile int *stop; /* set by a signal handler */
};

/*
 * Returns: true when it was told to stop, or is done. ERR_BUSY: done, but statements are not acknowledged;
 * they are kept. ERR_INPUT: a bad row, where the configuration says stop.
 */
bool run_agent(const struct setup *setup, const struct run_options *options, struct err *err);

/* Reads the ledger's public identity. */
bool run_load_identity(const char *path, struct identity *ret_identity, struct err *err);

#endif
