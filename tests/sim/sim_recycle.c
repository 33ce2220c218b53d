/*
 * What executes blocks takes 2 MB, most of them zeroes, and is made anew at each of a node's restarts. Here the
 * linker (--wrap in the Makefile) puts these in place of execution_new and execution_free: the memory is kept,
 * but for the contracts in its cache, which are of one machine. A block begins by resetting all else.
 */
#include "node/execution.h"

#include <stdlib.h>

#define KEPT_MAX 64

struct execution *sim_recycle_made(void) __asm__("__real_execution_new");
void sim_recycle_end(struct execution *x) __asm__("__real_execution_free");
struct execution *sim_recycle_new(void) __asm__("__wrap_execution_new");
void sim_recycle_free(struct execution *x) __asm__("__wrap_execution_free");

static struct execution *kept[KEPT_MAX];
static size_t kept_count;

struct execution *sim_recycle_new(void)
{
    return kept_count > 0 ? kept[--kept_count] : sim_recycle_made();
}

void sim_recycle_free(struct execution *x)
{
    struct contract_cache *fresh =
        x == NULL || kept_count == KEPT_MAX ? NULL : contract_cache_new();
    if (fresh == NULL) {
        sim_recycle_end(x);
        return;
    }
    contract_cache_free(x->contracts);
    x->contracts = fresh;
    kept[kept_count++] = x;
}
