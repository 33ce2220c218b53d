/* /v1/contracts over a ledger that a node has made: contracts opened, called, documented, ended. */
#include "node/api_parts.h"
#include "tests/support/contract_kit.h"
#include "tests/support/node_kit.h"
#include "tests/unit/support_contract.h"

#include "common/hex.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define MINUTE     UINT64_C(60000)
#define LOT_PREFIX "01/09506000134352/21/L"

/* One state for all goods: packed, travelling, released. */
static const char workflow[] = "contract: delivery\n"
                               "version: 3\n"
                               "summary: Goods that travel and are released.\n"
                               "roles:\n"
                               "  shipper: packs the goods\n"
                               "  clinic: receives them\n"
                               "parties: { sender: shipper, receiver: clinic }\n"
                               "terms:\n"
                               "  warmest: 8 °C\n"
                               "  price: EUR 12.50\n"
                               "maximum gap: 30 min\n"
                               "watch:\n"
                               "  too warm: { when: temperature > warmest, severity: high }\n"
                               "properties:\n"
                               "  note: text\n"
                               "  tries: { is: int 0..9, starts: 0 }\n"
                               "states:\n"
                               "  packed: { progress: 0 }\n"
                               "  travelling: { progress: 50 }\n"
                               "  released: { progress: 100, ends: success }\n"
                               "quality: [receiver]\n"
                               "documents:\n"
                               "  bill of lading: sender\n"
                               "actions:\n"
                               "  ship:\n"
                               "    by: sender\n"
                               "    in: packed\n"
                               "    takes: { remark: text }\n"
                               "    sets: { note: remark, tries: tries + 1 }\n"
                               "    to: travelling\n"
                               "  release:\n"
                               "    by: receiver\n"
                               "    in: travelling\n"
                               "    when: [worst severity < high, caller = receiver]\n"
                               "    to: released\n";

struct world_of_one {
    char dir[64];
    struct node_kit node;
    struct kit_signer farm, clinic, device;
    struct support_contract contract;
    uint64_t time_ms;
    struct api_context api;
    bool open;
    struct http_answer answer;
    struct json_doc *json;
};

static void check(bool good, const struct err *err)
{
    if (!good)
        fail_msg("%s", err->msg);
}

static struct world_of_one *begin(const char *yaml)
{
    struct world_of_one *w = calloc(1, sizeof *w);
    struct kit kit;
    struct err err = { .msg = "" };
    struct buf genesis = buf_heap(1 << 16);
    struct key_pair farm = kit_pair("farm"), clinic = kit_pair("clinic"), node = kit_pair("node"),
                    device = kit_pair("device");
    kit_begin(&kit, KIT_T0, true);
    kit_add_member(&kit, &farm, "Farm A");
    kit_add_member(&kit, &clinic, "Clinic C");
    kit_add_key(&kit, &node, &farm.kid, CLASS_AUTHORITY);
    kit_add_key(&kit, &device, &farm.kid, CLASS_DEVICE);
    kit_genesis(&kit, &genesis);
    (void)snprintf(w->dir, sizeof w->dir, "/tmp/waybill-test-XXXXXX");
    assert_non_null(mkdtemp(w->dir));
    check(store_create(w->dir, buf_slice(&genesis), &err), &err);
    check(node_kit_open(&w->node, w->dir, NULL, &node, &err), &err);
    kit_signer_begin(&w->farm, &farm, &kit.identity.genesis.ledger);
    kit_signer_begin(&w->clinic, &clinic, &kit.identity.genesis.ledger);
    kit_signer_begin(&w->device, &device, &kit.identity.genesis.ledger);
    w->time_ms = KIT_T0 + 1000;
    support_contract_make(yaml, &w->contract);
    buf_free(&genesis);
    return w;
}

static void end(struct world_of_one *w)
{
    static const char *const names[] = { "ledger.db", "ledger.db-wal", "ledger.db-shm", "lock" };
    char path[128];
    if (w->open)
        api_context_close(&w->api);
    json_doc_free(w->json);
    buf_free(&w->answer.body);
    node_kit_close(&w->node);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", w->dir, names[i]);
        (void)unlink(path);
    }
    (void)rmdir(w->dir);
    free(w);
}

/* Signed, sealed in a block of its own, and accepted. */
static struct hash say(struct world_of_one *w, struct kit_signer *who, struct statement draft)
{
    struct buf bytes = buf_heap(STATEMENT_MAX), verdict = buf_heap(1 << 20);
    struct err err = { .msg = "" };
    struct outcome o;
    uint64_t leaf = 0;
    struct hash hash = kit_sign(who, draft, w->time_ms += 1000, &bytes);
    assert_int_equal(node_kit_add(&w->node, buf_slice(&bytes)), POOL_TAKEN);
    check(node_kit_step(&w->node, &err), &err);
    check(store_find_statement(w->node.store, &hash, &leaf, &err), &err);
    check(store_verdict(w->node.store, leaf, &verdict, &err), &err);
    check(outcome_decode(buf_slice(&verdict), &o, &err), &err);
    if (o.verdict.code != ACCEPTED)
        fail_msg("%s: %.*s", refusal_name(o.verdict.code), (int)o.verdict.detail.len,
                 (const char *)o.verdict.detail.data);
    buf_free(&bytes);
    buf_free(&verdict);
    return hash;
}

static struct hash open_contract(struct world_of_one *w, struct asset_set assets)
{
    struct kit_party parties[] = { { "sender", w->farm.key.kid },
                                   { "receiver", w->clinic.key.kid } };
    struct kit_opening o = { .definition = slice_of(w->contract.bytes, w->contract.len),
                             .assets = assets,
                             .parties = parties,
                             .party_count = 2,
                             .expires_ms = w->time_ms + 3600000 };
    return say(w, &w->farm, kit_open_with(&o));
}

static struct hash open_unit(struct world_of_one *w)
{
    uint8_t memory[128];
    struct buf set = buf_fixed(memory, sizeof memory);
    (void)say(w, &w->farm, kit_commission(KIT_UNIT));
    return open_contract(w, asset_set_one(KIT_UNIT, &set));
}

static struct hash in_force(struct world_of_one *w)
{
    struct hash opening = open_unit(w);
    (void)say(w, &w->clinic, kit_agree(&opening, false));
    return opening;
}

static unsigned ask_path(struct world_of_one *w, const char *path, const char *query)
{
    struct api_options options = { .data_dir = w->dir, .web_dir = "node/web" };
    struct err err = { .msg = "" };
    if (!w->open)
        check(api_context_open(&w->api, &options, &err), &err);
    w->open = true;
    struct http_request q = {
        .method = HTTP_GET, .path = path, .query = query, .accept = "", .type = ""
    };
    buf_free(&w->answer.body);
    json_doc_free(w->json);
    w->json = NULL;
    api_handle(&w->api, &q, &w->answer);
    if (strstr(w->answer.type, "json") != NULL)
        check(json_doc_parse(buf_slice(&w->answer.body), API_ANSWER_MAX, &w->json, &err), &err);
    return w->answer.status;
}

/* Of a thing named by a hash. */
static unsigned ask_tree(struct world_of_one *w, const char *tree, const struct hash *hash,
                         const char *what, const char *query)
{
    char path[200], hex[2 * HASH_SIZE + 1];
    hex_encode(hash_slice(hash), hex);
    (void)snprintf(path, sizeof path, "/v1/%s/%s%s", tree, hex, what);
    return ask_path(w, path, query);
}

static unsigned ask(struct world_of_one *w, const struct hash *opening, const char *what,
                    const char *query)
{
    return ask_tree(w, "contracts", opening, what, query);
}

static void assert_text(struct world_of_one *w, const char *pointer, const char *expected)
{
    struct slice value = { NULL, 0 };
    if (!json_doc_get_text(json_doc_at(w->json, pointer), &value))
        fail_msg("no text at %s in %.*s", pointer, (int)w->answer.body.len,
                 (const char *)w->answer.body.data);
    assert_string_equal((const char *)value.data, expected);
}

static void assert_number(struct world_of_one *w, const char *pointer, int64_t expected)
{
    int64_t value = INT64_MIN;
    if (!json_doc_get_int(json_doc_at(w->json, pointer), &value))
        fail_msg("no number at %s in %.*s", pointer, (int)w->answer.body.len,
                 (const char *)w->answer.body.data);
    assert_int_equal(value, expected);
}

/* ------------------------------------------------------------------ cases */

static void a_waiting_contract_says_what_was_proposed(void **state)
{
    (void)state;
    struct world_of_one *w = begin(workflow);
    struct hash opening = open_unit(w);
    assert_int_equal(ask(w, &opening, "", ""), 200);
    assert_text(w, "/status", "waiting");
    assert_text(w, "/definition/name", "delivery");
    assert_number(w, "/definition/version", 3);
    assert_text(w, "/parties/0/party", "sender");
    assert_text(w, "/parties/0/role", "shipper");
    assert_text(w, "/parties/0/member/name", "Farm A");
    assert_text(w, "/parties/1/member/name", "Clinic C");
    assert_text(w, "/terms/0/name", "warmest");
    assert_text(w, "/terms/0/value", "8 °C");
    assert_text(w, "/terms/1/value", "EUR 12.50");
    assert_text(w, "/rules/0/rule", "too warm");
    assert_text(w, "/rules/0/looks_for", "above 8 °C");
    assert_text(w, "/actions/0/action", "ship");
    assert_text(w, "/actions/0/by/0", "sender");
    assert_text(w, "/actions/0/in/0", "packed");
    assert_text(w, "/actions/0/takes/0/name", "remark");
    assert_text(w, "/quality/0", "receiver");
    assert_text(w, "/assets/0/asset", KIT_UNIT);
    assert_null(json_doc_at(w->json, "/state"));
    assert_null(json_doc_at(w->json, "/start"));
    end(w);
}

static void a_contract_in_force_shows_its_state(void **state)
{
    (void)state;
    struct world_of_one *w = begin(workflow);
    struct hash opening = in_force(w);
    assert_int_equal(ask(w, &opening, "", ""), 200);
    assert_text(w, "/status", "in force");
    assert_text(w, "/state/name", "packed");
    assert_text(w, "/properties/0/name", "note");
    assert_true(json_doc_is_null(json_doc_at(w->json, "/properties/0/value")));
    assert_text(w, "/properties/1/value", "0");
    assert_text(w, "/documents/0/name", "bill of lading");
    assert_true(json_doc_is_null(json_doc_at(w->json, "/documents/0/hash")));
    assert_non_null(json_doc_at(w->json, "/start_ms"));
    assert_null(json_doc_at(w->json, "/end"));
    end(w);
}

static void calls_and_documents_change_what_is_shown(void **state)
{
    (void)state;
    struct world_of_one *w = begin(workflow);
    struct hash opening = in_force(w);
    struct kit_argument remark = kit_text("remark", "two boxes");
    struct hash paper = crypto_sha256(slice_text("a paper"));
    char hex[2 * HASH_SIZE + 1];
    hex_encode(hash_slice(&paper), hex);
    (void)say(w, &w->farm, kit_document(&opening, "bill of lading", slice_text("a paper"), NULL));
    (void)say(w, &w->farm, kit_call(&opening, "ship", &remark, 1, NULL));
    assert_int_equal(ask(w, &opening, "", ""), 200);
    assert_text(w, "/state/name", "travelling");
    assert_number(w, "/state/progress", 50);
    assert_text(w, "/properties/0/value", "two boxes");
    assert_text(w, "/properties/1/value", "1");
    assert_text(w, "/documents/0/hash", hex);
    (void)say(w, &w->clinic, kit_call(&opening, "release", NULL, 0, NULL));
    assert_int_equal(ask(w, &opening, "", ""), 200);
    assert_text(w, "/status", "finished");
    assert_text(w, "/ending", "success");
    assert_text(w, "/state/ending", "success");
    end(w);
}

static void a_document_is_found_by_its_hash(void **state)
{
    (void)state;
    struct world_of_one *w = begin(workflow);
    struct hash opening = in_force(w);
    struct hash paper = crypto_sha256(slice_text("a paper"));
    struct hash other = crypto_sha256(slice_text("another"));
    char hex[2 * HASH_SIZE + 1], first_hex[2 * HASH_SIZE + 1], second_hex[2 * HASH_SIZE + 1];
    hex_encode(hash_slice(&opening), hex);
    struct statement draft = kit_document(&opening, "bill of lading", slice_text("a paper"), NULL);
    struct hash first = say(w, &w->farm, draft);
    struct hash second = say(w, &w->farm, draft);
    hex_encode(hash_slice(&first), first_hex);
    hex_encode(hash_slice(&second), second_hex);
    assert_int_equal(ask_tree(w, "documents", &paper, "", ""), 200);
    assert_int_equal(json_doc_count(json_doc_at(w->json, "/attached")), 2);
    assert_text(w, "/attached/0/statement", second_hex);
    assert_text(w, "/attached/1/statement", first_hex);
    assert_text(w, "/attached/0/opening", hex);
    assert_text(w, "/attached/0/name", "bill of lading");
    assert_null(json_doc_at(w->json, "/attached/0/asset"));
    assert_int_equal(ask_tree(w, "documents", &other, "", ""), 404);
    assert_int_equal(ask_tree(w, "documents", &paper, "0", ""), 400);
    assert_int_equal(ask_path(w, "/v1/documents", ""), 400);
    end(w);
}

static unsigned ask_actions(struct world_of_one *w, const struct hash *opening,
                            const struct kid *kid, const char *more)
{
    char query[200], hex[2 * KID_SIZE + 1];
    hex_encode(kid_slice(kid), hex);
    (void)snprintf(query, sizeof query, "kid=%s%s", hex, more);
    return ask(w, opening, "/actions", query);
}

static void assert_may(struct world_of_one *w, size_t action, bool expected)
{
    char pointer[64];
    bool may = !expected;
    (void)snprintf(pointer, sizeof pointer, "/actions/%zu/may", action);
    assert_true(json_doc_get_bool(json_doc_at(w->json, pointer), &may));
    assert_int_equal(may, expected);
}

static void actions_say_who_may_what_and_why_not(void **state)
{
    (void)state;
    struct world_of_one *w = begin(workflow);
    struct hash opening = open_unit(w);
    struct kid stranger = { { 1, 2, 3, 4, 5, 6, 7, 8 } };
    assert_int_equal(ask_actions(w, &opening, &w->farm.key.kid, ""), 200);
    assert_may(w, 0, false); /* not all have agreed */
    assert_text(w, "/actions/0/code", "WRONG_STATE");
    (void)say(w, &w->clinic, kit_agree(&opening, false));
    assert_int_equal(ask_actions(w, &opening, &w->farm.key.kid, ""), 200);
    assert_text(w, "/actions/0/action", "ship");
    assert_may(w, 0, true);
    assert_may(w, 1, false);
    assert_int_equal(ask_actions(w, &opening, &w->clinic.key.kid, ""), 200);
    assert_may(w, 0, false);
    assert_text(w, "/actions/0/code", "NOT_ALLOWED");
    assert_text(w, "/actions/1/code", "WRONG_STATE");
    struct kit_argument remark = kit_text("remark", "two boxes");
    (void)say(w, &w->farm, kit_call(&opening, "ship", &remark, 1, NULL));
    assert_int_equal(ask_actions(w, &opening, &w->clinic.key.kid, ""), 200);
    assert_may(w, 1, true);
    assert_int_equal(ask_actions(w, &opening, &stranger, ""), 200);
    assert_text(w, "/actions/0/code", "UNKNOWN_KEY");
    assert_int_equal(ask(w, &opening, "/actions", ""), 400);
    assert_int_equal(ask(w, &opening, "/actions", "kid=xx"), 400);
    end(w);
}

/* A key that was enrolled with names as rights holds no other roles than these. */
static void rights_that_name_other_roles_are_in_the_way(void **state)
{
    (void)state;
    struct world_of_one *w = begin(workflow);
    struct hash opening = in_force(w);
    struct key_pair driver = kit_pair("driver"), guest = kit_pair("guest");
    uint8_t memory[64];
    struct buf rights = buf_fixed(memory, sizeof memory);
    cbor_put_array(&rights, 1);
    cbor_put_text(&rights, slice_text("clinic"));
    (void)say(w, &w->farm, kit_enrol(&driver, &w->farm.ledger, &w->farm.key.kid, CLASS_OPERATOR));
    struct statement draft = kit_enrol(&guest, &w->farm.ledger, &w->farm.key.kid, CLASS_OPERATOR);
    draft.as.enrol.rights = buf_slice(&rights);
    (void)say(w, &w->farm, draft);
    assert_int_equal(ask_actions(w, &opening, &driver.kid, ""), 200);
    assert_may(w, 0, true);
    assert_int_equal(ask_actions(w, &opening, &guest.kid, ""), 200);
    assert_may(w, 0, false);
    assert_text(w, "/actions/0/code", "NOT_ALLOWED");
    end(w);
}

/* Three minutes at 9 degrees while it travels: the guard fails, with the reason in words. */
static void an_excursion_is_in_the_book_and_stops_the_release(void **state)
{
    (void)state;
    struct world_of_one *w = begin(workflow);
    struct hash opening = in_force(w);
    struct kit_argument remark = kit_text("remark", "two boxes");
    static const int warm[] = { 900, 910, 900, 500 };
    (void)say(w, &w->farm, kit_attach(&w->device.key.kid, KIT_UNIT, false));
    (void)say(w, &w->farm, kit_call(&opening, "ship", &remark, 1, NULL));
    w->time_ms += 10 * MINUTE;
    w->node.clock_ms += 10 * MINUTE;
    (void)say(w, &w->device, kit_temperatures(warm, 4, MINUTE));
    uint64_t from_ms = w->time_ms - 3 * MINUTE;
    assert_int_equal(ask(w, &opening, "", ""), 200);
    assert_text(w, "/assets/0/excursions/0/rule", "too warm");
    assert_text(w, "/assets/0/excursions/0/finding", "out");
    assert_number(w, "/assets/0/excursions/0/from_ms", (int64_t)from_ms);
    assert_number(w, "/assets/0/excursions/0/to_ms", (int64_t)w->time_ms);
    assert_int_equal(ask_actions(w, &opening, &w->clinic.key.kid, ""), 200);
    assert_may(w, 1, false);
    assert_text(w, "/actions/1/code", "GUARD");
    struct kit_argument ack[] = { kit_text("rule", "too warm"), kit_int("from", (int64_t)from_ms),
                                  kit_bytes("device", kid_slice(&w->device.key.kid)),
                                  kit_text("meaning", "I have assessed it"),
                                  kit_text("comment", "Within the product's stability") };
    struct hash call = say(w, &w->clinic, kit_call(&opening, "acknowledge", ack, 5, NULL));
    char hex[2 * HASH_SIZE + 1];
    hex_encode(hash_slice(&call), hex);
    assert_int_equal(ask(w, &opening, "", ""), 200);
    assert_text(w, "/assets/0/excursions/0/acknowledgement/call", hex);
    assert_text(w, "/assets/0/excursions/0/acknowledgement/by/name", "Clinic C");
    assert_text(w, "/assets/0/excursions/0/acknowledgement/comment",
                "Within the product's stability");
    end(w);
}

static void the_definition_is_the_bytes_its_hash_names(void **state)
{
    (void)state;
    struct world_of_one *w = begin(workflow);
    struct hash opening = open_unit(w);
    assert_int_equal(ask(w, &opening, "/definition", ""), 200);
    assert_string_equal(w->answer.type, API_TYPE_CBOR);
    assert_true(
        slice_equal(buf_slice(&w->answer.body), slice_of(w->contract.bytes, w->contract.len)));
    assert_true(w->answer.immutable);
    end(w);
}

static void units_have_states_of_their_own(void **state)
{
    (void)state;
    static char yaml[sizeof workflow + 32];
    (void)snprintf(yaml, sizeof yaml, "%s%s", "each unit: yes\n", workflow);
    struct world_of_one *w = begin(yaml);
    uint8_t memory[128];
    struct buf set = buf_fixed(memory, sizeof memory);
    (void)say(w, &w->farm, kit_commission_range(LOT_PREFIX, "001", 300));
    struct hash opening = open_contract(w, asset_set_range(LOT_PREFIX, "001", 300, &set));
    (void)say(w, &w->clinic, kit_agree(&opening, false));
    struct kit_argument remark = kit_text("remark", "one box");
    (void)say(w, &w->farm, kit_call(&opening, "ship", &remark, 1, LOT_PREFIX "002"));
    assert_int_equal(ask(w, &opening, "", "limit=2"), 200);
    assert_number(w, "/asset_count", 300);
    assert_number(w, "/next", 2);
    assert_text(w, "/assets/0/state/name", "packed");
    assert_text(w, "/assets/1/state/name", "travelling");
    assert_text(w, "/assets/1/properties/0/value", "one box");
    assert_null(json_doc_at(w->json, "/assets/2"));
    assert_null(json_doc_at(w->json, "/state"));
    assert_int_equal(ask(w, &opening, "", "from=299"), 200);
    assert_text(w, "/assets/0/asset", LOT_PREFIX "300");
    assert_null(json_doc_at(w->json, "/next"));
    const struct kid *farm = &w->farm.key.kid;
    assert_int_equal(ask_actions(w, &opening, farm, ""), 200);
    assert_text(w, "/asset", LOT_PREFIX "001");
    assert_may(w, 0, true);
    assert_int_equal(ask_actions(w, &opening, farm, "&asset=" LOT_PREFIX "002"), 200);
    assert_may(w, 0, false);
    assert_int_equal(ask_actions(w, &opening, farm, "&asset=" LOT_PREFIX "999"), 404);
    assert_int_equal(ask_actions(w, &opening, farm, "&asset=nonsense"), 400);
    end(w);
}

static void what_is_no_contract_is_not_found(void **state)
{
    (void)state;
    struct world_of_one *w = begin(workflow);
    struct hash opening = open_unit(w), other = crypto_sha256(slice_text("other"));
    assert_int_equal(ask(w, &other, "", ""), 404);
    assert_int_equal(ask(w, &other, "/definition", ""), 404);
    assert_int_equal(ask(w, &opening, "/nothing", ""), 404);
    assert_int_equal(ask(w, &opening, "/", ""), 404);
    assert_int_equal(ask(w, &opening, "00", ""), 400);
    assert_int_equal(ask(w, &opening, "", "limit=1001"), 400);
    static const char *const paths[] = { "/v1/contracts", "/v1/contracts/", "/v1/contracts/00",
                                         "/v1/contracts/../head" };
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        struct http_request q = {
            .method = HTTP_GET, .path = paths[i], .query = "", .accept = "", .type = ""
        };
        struct http_answer a;
        api_handle(&w->api, &q, &a);
        assert_int_equal(a.status, 400);
        buf_free(&a.body);
    }
    end(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_waiting_contract_says_what_was_proposed),
        cmocka_unit_test(a_contract_in_force_shows_its_state),
        cmocka_unit_test(calls_and_documents_change_what_is_shown),
        cmocka_unit_test(a_document_is_found_by_its_hash),
        cmocka_unit_test(actions_say_who_may_what_and_why_not),
        cmocka_unit_test(rights_that_name_other_roles_are_in_the_way),
        cmocka_unit_test(an_excursion_is_in_the_book_and_stops_the_release),
        cmocka_unit_test(the_definition_is_the_bytes_its_hash_names),
        cmocka_unit_test(units_have_states_of_their_own),
        cmocka_unit_test(what_is_no_contract_is_not_found),
    };
    return cmocka_run_group_tests_name("api_contract", tests, NULL, NULL);
}
