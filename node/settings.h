/* The node's configuration file. */
#ifndef NODE_SETTINGS_H
#define NODE_SETTINGS_H

#include "common/authority_set.h"
#include "common/config.h"
#include "common/host_port.h"
#include "common/note.h"

#define SETTINGS_TEXT_MAX      256
#define SETTINGS_WITNESSES_MAX 16
#define SETTINGS_RESUMED       "resumed.log" /* in the data folder: a vote was set aside by hand */

/* Where an authority is reached, instead of where the ledger says. */
struct settings_address {
    struct kid kid;
    char broker[SETTINGS_TEXT_MAX]; /* "host:port"; "" = as the ledger says */
    char url[SETTINGS_TEXT_MAX];    /* "https://host:port"; "" = as the ledger says */
};

/* How this node meets other authorities' nodes. */
struct settings_peers {
    char broker_host[SETTINGS_TEXT_MAX]; /* where the peers-only broker listens */
    uint16_t broker_port;                /* 0 = any free one */
    char http_host[SETTINGS_TEXT_MAX];   /* and where peers ask for blocks */
    uint16_t http_port;
    struct config_file certificate, key;
    size_t address_count;
    struct settings_address addresses[AUTHORITY_MAX];
};

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
    bool has_peers;              /* absent: an authority alone */
    struct settings_peers peers;
    uint64_t period_ms, empty_ms;
    uint64_t t0_ms;   /* CONSENSUS "T0" */
    unsigned workers; /* 0 = one a core */
    size_t witness_count;
    char witnesses[SETTINGS_WITNESSES_MAX][NOTE_KEY_TEXT_MAX + 1]; /* their keys, checked */
    bool has_recovery;
    struct hash recovery; /* the one that a person decided to follow: DATA/recovery.cbor */
};

/* Reads path; a complaint names file and line. */
bool settings_load(const char *path, struct settings *ret_settings, struct err *err);

#endif
