/*
 * From beans to bars on a ledger that a node has made, by the real rules: two lots of beans, a making, a
 * pallet, a handover, a bar dispensed and seen again, certificates and a recall of the beans. Failures end the test.
 */
#ifndef TESTS_UNIT_SUPPORT_GOODS_H
#define TESTS_UNIT_SUPPORT_GOODS_H

#include "node/api_parts.h"
#include "tests/support/node_kit.h"

#define GOODS_BEANS  "01/09506000134352/21/S"
#define GOODS_BARS   "01/09506000134369/21/B"
#define GOODS_PALLET "00/095060001343520000"
#define GOODS_FARM   "9506000134352"

struct support_goods {
    char dir[64];
    struct node_kit node;
    struct kit_signer farm, maker, shop;
    uint64_t time_ms;
    struct api_context api;
    bool open;
    struct http_answer answer;
    struct json_doc *json;
    struct hash made, offer, accept, recall, organic, expired, dispensed, scan;
    struct buf memory[4];
};

/* The whole story; its last word is the recall. */
struct support_goods *support_goods_new(void);
void support_goods_free(struct support_goods *g);
/* Signed, sealed in a block of its own, and accepted. */
struct hash support_goods_say(struct support_goods *g, struct kit_signer *who,
                              struct statement draft);
/* Asks the API, opened when it is not; returns the status. */
unsigned support_goods_ask(struct support_goods *g, const char *path, const char *query,
                           const char *accept);
int64_t support_goods_number(struct support_goods *g, const char *pointer);
const char *support_goods_text(struct support_goods *g, const char *pointer);
/* A disposition of one name. */
struct hash support_goods_dispose(struct support_goods *g, struct kit_signer *who, const char *name,
                                  enum disposition_action action);

#endif
