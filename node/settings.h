/* The node's configuration file. */
#ifndef NODE_SETTINGS_H
#define NODE_SETTINGS_H

#include "common/config.h"

#define SETTINGS_TEXT_MAX 256

struct settings {
    struct config_file data; /* folder of the ledger */
    struct config_file key;  /* of the authority */
    bool own_broker;         /* none is configured: the node starts one on loopback */
    char broker_host[SETTINGS_TEXT_MAX];
    uint16_t broker_port; /* own broker: 0 = any free one */
    char broker_user[SETTINGS_TEXT_MAX], broker_password[SETTINGS_TEXT_MAX];
    struct config_file broker_ca; /* "" = no TLS */
    bool http;
    char http_host[SETTINGS_TEXT_MAX];
    uint16_t http_port;          /* 0 = any free one */
    struct config_file http_web; /* folder of the pages; "" = the installed one */
    uint64_t period_ms, empty_ms;
    unsigned workers; /* 0 = one a core */
};

/* Reads path; a complaint names file and line. */
bool settings_load(const char *path, struct settings *ret_settings, struct err *err);

#endif
