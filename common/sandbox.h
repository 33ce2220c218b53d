/*
 * Runs a function on hostile bytes in a forked child that can do nothing but compute and answer: no
 * files (landlock, where the kernel has it, and seccomp), no network, no new programs, bounded memory,
 * CPU and time. The only file that includes libseccomp.
 *
 * The child starts as a copy of the caller's memory: read secrets such as signing keys afterwards.
 * Whatever comes back was made by a process the input may have taken over: judge it like the input.
 */
#ifndef COMMON_SANDBOX_H
#define COMMON_SANDBOX_H

#include "common/bytes.h"
#include "common/err.h"

struct sandbox_limits {
    size_t memory_bytes; /* address space beyond what the caller already uses */
    unsigned cpu_s;
    unsigned timeout_ms; /* by the wall clock */
    size_t result_max;   /* bytes of result */
};

/*
 * Runs work(input, result, err) in the child. An error it sets comes back as ERR_INPUT with its text.
 * Out: ret_result is appended to; untouched on failure. It must have room for limits->result_max.
 * Returns: false with ERR_INPUT when the input was refused or brought the child down (crash, limit,
 * forbidden system call: err says which), ERR_IO when no child could be made.
 */
bool sandbox_run(bool (*work)(struct slice input, struct buf *result, struct err *err),
                 struct slice input, const struct sandbox_limits *limits, struct buf *ret_result,
                 struct err *err);

#endif
