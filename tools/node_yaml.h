/*
 * Changing addresses in a node's configuration line by line, so that what a person wrote around them stays.
 * Sections must be written one key a line; others are refused with a word on what to write by hand.
 */
#ifndef TOOLS_NODE_YAML_H
#define TOOLS_NODE_YAML_H

#include "common/err.h"
#include "common/key.h"
#include "tools/listening.h"

/* Where the node listens for peers. */
bool node_yaml_set_listening(const char *path, const struct listening *broker,
                             const struct listening *http, struct err *err);
/* Where it finds this peer, whatever the ledger says. */
bool node_yaml_set_peer(const char *path, const struct kid *peer, const char *broker,
                        const char *url, struct err *err);

#endif
