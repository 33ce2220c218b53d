#include "tests/unit/support_goods.h"

#include "common/hex.h"
#include "tests/support/transform.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DAY UINT64_C(86400000)

static void check(bool good, const struct err *err)
{
    if (good)
        return;
    (void)fprintf(stderr, "support_goods: %s\n", err->msg);
    abort();
}

/* ------------------------------------------------------------------ saying */

struct hash support_goods_say(struct support_goods *g, struct kit_signer *who,
                              struct statement draft)
{
    struct buf bytes = buf_heap(STATEMENT_MAX), verdict = buf_heap(1 << 20);
    struct err err = { .msg = "" };
    struct outcome o;
    uint64_t leaf = 0;
    struct hash hash = kit_sign(who, draft, g->time_ms += 1000, &bytes);
    if (node_kit_add(&g->node, buf_slice(&bytes)) != POOL_TAKEN)
        (void)err_set(&err, ERR_INPUT, "not taken");
    check(err.code == ERR_NONE && node_kit_step(&g->node, &err), &err);
    check(store_find_statement(g->node.store, &hash, &leaf, &err), &err);
    check(store_verdict(g->node.store, leaf, &verdict, &err), &err);
    check(outcome_decode(buf_slice(&verdict), &o, &err), &err);
    if (o.verdict.code != ACCEPTED)
        (void)err_set(&err, ERR_INPUT, "%s: %.*s", refusal_name(o.verdict.code),
                      (int)o.verdict.detail.len, (const char *)o.verdict.detail.data);
    check(o.verdict.code == ACCEPTED, &err);
    buf_free(&bytes);
    buf_free(&verdict);
    return hash;
}

static struct asset_set one(struct support_goods *g, size_t memory, const char *name)
{
    buf_clear(&g->memory[memory]);
    return asset_set_one(name, &g->memory[memory]);
}

static struct asset_set range(struct support_goods *g, size_t memory, const char *prefix,
                              const char *first, size_t count)
{
    buf_clear(&g->memory[memory]);
    return asset_set_range(prefix, first, count, &g->memory[memory]);
}

struct hash support_goods_dispose(struct support_goods *g, struct kit_signer *who, const char *name,
                                  enum disposition_action action)
{
    struct statement s = { .kind = KIND_DISPOSITION };
    s.as.disposition = (struct disposition){ .assets = one(g, 0, name),
                                             .action = action,
                                             .meaning = slice_text("quality"),
                                             .reason = slice_text("salmonella <b>found</b>") };
    return support_goods_say(g, who, s);
}

static void say_place(struct support_goods *g, const char *name)
{
    struct statement s = { .kind = KIND_PLACE };
    s.as.place = (struct place){ .gln = slice_text(GOODS_FARM),
                                 .name = slice_text(name),
                                 .has_position = true,
                                 .lat = 66500000,
                                 .lon = -15800000 };
    (void)support_goods_say(g, &g->farm, s);
    struct statement party = kit_party(&g->farm.key.kid);
    party.as.party.name = slice_text("Plot 7");
    party.as.party.contact = slice_text("recalls@plot7.example, +233 20 000 0000");
    (void)support_goods_say(g, &g->farm, party);
}

static void commission(struct support_goods *g, struct kit_signer *who, struct asset_set assets,
                       const char *lot, const struct amount *amount)
{
    struct statement s = { .kind = KIND_COMMISSION };
    s.as.commission = (struct commission){ .assets = assets, .lot = slice_text(lot) };
    if (who == &g->farm)
        s.as.commission.place = slice_text(GOODS_FARM);
    s.as.commission.has_amount = amount != NULL;
    if (amount != NULL)
        s.as.commission.amount = *amount;
    (void)support_goods_say(g, who, s);
}

static struct hash hand_over(struct support_goods *g, struct kit_signer *from,
                             struct kit_signer *to, struct asset_set assets, enum custody_role role)
{
    struct statement s = { .kind = KIND_CUSTODY };
    s.as.custody = (struct custody){
        .assets = assets, .action = CUSTODY_OFFER, .to = to->key.kid, .role = role
    };
    g->offer = support_goods_say(g, from, s);
    s.as.custody.action = CUSTODY_ACCEPT;
    s.as.custody.offer = g->offer;
    s.as.custody.has_seal = true;
    s.as.custody.seal = SEAL_BROKEN;
    s.as.custody.seal_number = slice_text("SEAL-17");
    return g->accept = support_goods_say(g, to, s);
}

static struct hash certify(struct support_goods *g, const char *name, uint64_t until_ms)
{
    struct statement s = { .kind = KIND_CERTIFICATE };
    s.as.certificate = (struct certificate){ .name = slice_text(name),
                                             .has_member = true,
                                             .member = g->farm.key.kid,
                                             .from_ms = KIT_T0 - 30 * DAY,
                                             .until_ms = until_ms };
    return support_goods_say(g, &g->maker, s);
}

/* 2 t of beans become 3,000 bars of 0.5 kg. */
static void make_bars(struct support_goods *g)
{
    uint8_t memory[512];
    struct buf entries = buf_fixed(memory, sizeof memory);
    struct make_input input = { .assets = range(g, 1, GOODS_BEANS, "1", 2) };
    struct make_output output = { .assets = range(g, 2, GOODS_BARS, "0001", 3000),
                                  .has_amount = true,
                                  .amount = { 5, -1, slice_text("kg") },
                                  .lot = slice_text("BAR1"),
                                  .has_expiry = true,
                                  .expiry_ms = KIT_T0 + 300 * DAY };
    g->made = support_goods_say(g, &g->maker, transform_draft(&input, &output, &entries));
}

static void pack(struct support_goods *g, struct kit_signer *who, struct asset_set assets,
                 bool unpack)
{
    struct statement s = { .kind = KIND_PACK };
    s.as.pack =
        (struct pack){ .container = slice_text(GOODS_PALLET), .assets = assets, .unpack = unpack };
    (void)support_goods_say(g, who, s);
}

static void live(struct support_goods *g)
{
    static const struct amount tonne = { 1, 0, { (const uint8_t *)"t", 1 } };
    say_place(g, "Plot 7, Asanko");
    g->organic = certify(g, "organic", KIT_T0 + 365 * DAY);
    g->expired = certify(g, "fair trade", KIT_T0 - DAY);
    commission(g, &g->farm, range(g, 0, GOODS_BEANS, "1", 2), "BEANS", &tonne);
    commission(g, &g->farm, range(g, 0, GOODS_BEANS, "3", 2), "OTHER", &tonne);
    (void)hand_over(g, &g->farm, &g->maker, range(g, 0, GOODS_BEANS, "1", 4), ROLE_OWNER);
    (void)hand_over(g, &g->farm, &g->maker, range(g, 0, GOODS_BEANS, "1", 4), ROLE_CUSTODIAN);
    make_bars(g);
    commission(g, &g->maker, one(g, 0, GOODS_PALLET), "", NULL);
    pack(g, &g->maker, range(g, 0, GOODS_BARS, "0001", 48), false);
    (void)hand_over(g, &g->maker, &g->shop, one(g, 0, GOODS_PALLET), ROLE_CUSTODIAN);
    pack(g, &g->shop, range(g, 0, GOODS_BARS, "0001", 2), true);
    g->dispensed = support_goods_dispose(g, &g->shop, GOODS_BARS "0001", DISPOSITION_DISPENSE);
    struct statement scan = { .kind = KIND_SCAN };
    scan.as.scan.assets = one(g, 0, GOODS_BARS "0001");
    g->time_ms += 60000;
    g->scan = support_goods_say(g, &g->maker, scan);
    g->recall =
        support_goods_dispose(g, &g->farm, "01/09506000134352/10/BEANS", DISPOSITION_RECALL);
}

struct support_goods *support_goods_new(void)
{
    struct support_goods *g = calloc(1, sizeof *g);
    struct kit kit;
    struct err err = { .msg = "" };
    struct buf genesis = buf_heap(1 << 16);
    struct key_pair farm = kit_pair("farm"), maker = kit_pair("maker"), shop = kit_pair("shop"),
                    node = kit_pair("node");
    check(g != NULL && crypto_init(), &err);
    for (size_t i = 0; i < sizeof g->memory / sizeof g->memory[0]; i++)
        g->memory[i] = buf_heap(4096);
    kit_begin(&kit, KIT_T0, true);
    kit_add_member(&kit, &farm, "Plot");
    kit_add_member(&kit, &maker, "Bar Maker");
    kit_add_member(&kit, &shop, "Corner Shop");
    kit_add_key(&kit, &node, &farm.kid, CLASS_AUTHORITY);
    kit_genesis(&kit, &genesis);
    (void)snprintf(g->dir, sizeof g->dir, "/tmp/waybill-test-XXXXXX");
    check(mkdtemp(g->dir) != NULL, &err);
    check(store_create(g->dir, buf_slice(&genesis), &err), &err);
    check(node_kit_open(&g->node, g->dir, NULL, &node, &err), &err);
    kit_signer_begin(&g->farm, &farm, &kit.identity.genesis.ledger);
    kit_signer_begin(&g->maker, &maker, &kit.identity.genesis.ledger);
    kit_signer_begin(&g->shop, &shop, &kit.identity.genesis.ledger);
    g->time_ms = KIT_T0 + 1000;
    buf_free(&genesis);
    live(g);
    return g;
}

void support_goods_free(struct support_goods *g)
{
    static const char *const names[] = { "ledger.db", "ledger.db-wal", "ledger.db-shm", "lock" };
    char path[128];
    if (g->open)
        api_context_close(&g->api);
    json_doc_free(g->json);
    buf_free(&g->answer.body);
    node_kit_close(&g->node);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", g->dir, names[i]);
        (void)unlink(path);
    }
    (void)rmdir(g->dir);
    for (size_t i = 0; i < sizeof g->memory / sizeof g->memory[0]; i++)
        buf_free(&g->memory[i]);
    free(g);
}

/* ------------------------------------------------------------------ asking */

unsigned support_goods_ask(struct support_goods *g, const char *path, const char *query,
                           const char *accept)
{
    struct err err = { .msg = "" };
    struct api_options options = { .data_dir = g->dir, .web_dir = "node/web" };
    if (!g->open)
        check(api_context_open(&g->api, &options, &err), &err);
    g->open = true;
    buf_free(&g->answer.body);
    json_doc_free(g->json);
    g->json = NULL;
    struct http_request q = {
        .method = HTTP_GET, .path = path, .query = query, .accept = accept, .type = ""
    };
    api_handle(&g->api, &q, &g->answer);
    if (strstr(g->answer.type, "json") != NULL &&
        !json_doc_parse(buf_slice(&g->answer.body), API_ANSWER_MAX, &g->json, NULL))
        fail_msg("%s: not JSON", path);
    return g->answer.status;
}

int64_t support_goods_number(struct support_goods *g, const char *pointer)
{
    int64_t value = INT64_MIN;
    if (!json_doc_get_int(json_doc_at(g->json, pointer), &value))
        fail_msg("no number at %s", pointer);
    return value;
}

const char *support_goods_text(struct support_goods *g, const char *pointer)
{
    struct slice value = { NULL, 0 };
    if (!json_doc_get_text(json_doc_at(g->json, pointer), &value))
        fail_msg("no text at %s", pointer);
    return (const char *)value.data;
}
