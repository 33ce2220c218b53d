/*
 * Bad lines between processes on this machine: TCP proxies in a thread of the test, each before one port. They stall
 * what passes, and cut connections in the middle of it: what was on its way is lost.
 */
#ifndef TESTS_SUPPORT_BAD_LINKS_H
#define TESTS_SUPPORT_BAD_LINKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bad_links;

struct bad_links *bad_links_new(uint64_t seed);
/* A line to a port of loopback; before bad_links_start(). Returns: the port at which it begins. */
uint16_t bad_links_add(struct bad_links *b, uint16_t to);
void bad_links_start(struct bad_links *b);
/* From now on they stall and cut, or let everything pass, as at first. */
void bad_links_set(struct bad_links *b, bool bad);
uint64_t bad_links_cuts(struct bad_links *b);
uint64_t bad_links_stalls(struct bad_links *b);
void bad_links_free(struct bad_links *b);

#endif
