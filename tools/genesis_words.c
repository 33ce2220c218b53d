#include "tools/genesis_words.h"

#include "common/genesis.h"
#include "common/hex.h"
#include "common/instant.h"
#include "common/request.h"
#include "common/state_key.h"
#include "common/state_value.h"
#include "tools/cmd_contract_words.h"
#include "tools/constitution_file.h"
#include "tools/member_folder.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MINUTE_MS 60000u

/* ------------------------------------------------------------------ taking apart */

static struct genesis_member *add(struct genesis_view *v, const struct kid *kid)
{
    if (v->count == FOUNDING_MEMBERS_MAX)
        return NULL;
    struct genesis_member *m = &v->members[v->count++];
    *m = (struct genesis_member){ .kid = *kid };
    return m;
}

/* Members come before their keys, for table 1 sorts before table 2. */
static struct genesis_member *known(struct genesis_view *v, const struct kid *kid)
{
    for (size_t i = 0; i < v->count; i++)
        if (kid_equal(&v->members[i].kid, kid))
            return &v->members[i];
    return NULL;
}

static struct kid kid_of_key(struct slice key)
{
    struct cbor_reader r = cbor_reader(key);
    cbor_take_array_of(&r, 2);
    (void)cbor_take_uint(&r);
    return kid_take(&r);
}

static void take_key(struct genesis_view *v, struct slice key, struct slice value)
{
    struct state_key_record record;
    struct genesis_member *m =
        state_key_record_take(value, &record) ? known(v, &record.member) : NULL;
    if (m == NULL || record.revoked)
        return;
    struct kid kid = kid_of_key(key);
    if (record.class == CLASS_MEMBER)
        memcpy(m->pub, record.pub, PUB_SIZE);
    if (record.class != CLASS_AUTHORITY || authority_set_find(&v->identity.set, &kid) < 0)
        return;
    m->has_authority = true;
    m->authority = kid;
}

/* Keys come before nodes, for table 2 sorts before table 33. */
static void take_node(struct genesis_view *v, struct slice key, struct slice value)
{
    struct kid authority = kid_of_key(key);
    struct cbor_reader r = cbor_reader(value);
    for (size_t i = 0; i < v->count; i++) {
        struct genesis_member *m = &v->members[i];
        if (!m->has_authority || !kid_equal(&m->authority, &authority))
            continue;
        cbor_take_array_of(&r, 3);
        m->broker = cbor_take_text(&r, 1, REQUEST_ADDRESS_MAX);
        m->url = cbor_take_text(&r, 1, REQUEST_ADDRESS_MAX);
        m->certificate = cbor_take_bytes(&r, 1, REQUEST_CERTIFICATE_MAX);
        m->has_node = !r.failed;
    }
}

static void take_entry(struct genesis_view *v, struct slice key, struct slice value)
{
    struct state_params params;
    struct state_member member;
    unsigned table = (unsigned)state_key_table(key);
    if (table == TABLE_PARAMS && state_params_take(value, &params)) {
        v->demo = params.demo;
        v->opening_wait_ms = params.opening_wait_ms;
    }
    if (table == TABLE_MEMBER && state_member_take(value, &member)) {
        struct kid kid = kid_of_key(key);
        struct genesis_member *m = member.active ? add(v, &kid) : NULL;
        if (m != NULL)
            m->name = member.name;
    }
    if (table == TABLE_KEY)
        take_key(v, key, value);
    if (table == TABLE_NODE)
        take_node(v, key, value);
    if (table == TABLE_ROLES) {
        struct kid kid = kid_of_key(key);
        struct genesis_member *m = known(v, &kid);
        if (m != NULL)
            (void)state_roles_take(value, &m->roles);
    }
    if (table == TABLE_CONSTITUTION)
        v->constitution = value;
    if (table == TABLE_ORIGIN)
        v->origin = value;
}

bool genesis_words_take(struct slice file, bool sealed, struct genesis_view *ret_view,
                        struct err *err)
{
    struct genesis_view *v = ret_view;
    struct genesis g;
    *v = (struct genesis_view){ .count = 0 };
    if (!founding_check(file, sealed, &v->identity, err) || !genesis_decode(file, &g, err))
        return false;
    for (size_t i = 0; i < g.entry_count; i++) {
        struct slice key, value;
        genesis_next_entry(&g, &key, &value);
        take_entry(v, key, value);
    }
    for (size_t i = 0; i < g.signature_count; i++) {
        struct kid kid;
        const uint8_t *sig;
        genesis_next_signature(&g, &kid, &sig);
        struct genesis_member *m = known(v, &kid);
        if (m != NULL)
            m->signed_it = true;
    }
    v->name = member_folder_ledger_name(file);
    return true;
}

bool genesis_words_is_sealed(const struct genesis_view *v)
{
    for (size_t i = 0; i < v->count; i++)
        if (!v->members[i].signed_it)
            return false;
    return true;
}

/* ------------------------------------------------------------------ words */

void genesis_words_print_quorum(const struct authority_set *set)
{
    size_t quorum = authority_set_quorum(set), may_fail = set->count - quorum;
    if (set->count == 1) {
        (void)printf("one authority: while its node is down nothing is recorded, and nobody else "
                     "checks it\n");
        return;
    }
    (void)printf("%zu authorities, %zu make a quorum: ", set->count, quorum);
    if (may_fail > 0)
        (void)printf("blocks go on while %zu of them %s down or lying\n", may_fail,
                     may_fail == 1 ? "is" : "are");
    else
        (void)printf("it tolerates no failure, for all of them must be up;\n  consider %s as "
                     "witness: a company that runs a node and trades nothing\n",
                     set->count == 3 ? "a fourth" : "more of them, four at least, one");
}

static void print_hex(const char *label, struct slice bytes)
{
    char hex[2 * HASH_SIZE + 1];
    hex_encode(bytes, hex);
    (void)printf("%s%s", label, hex);
}

static void print_member(const struct genesis_member *m, bool sealed)
{
    print_hex("  member   ", kid_slice(&m->kid));
    (void)printf("  ");
    cmd_contract_print(m->name);
    (void)printf("%s%s%s\n", (m->roles & ROLE_BIT_OPERATOR) != 0 ? ", operator" : "",
                 (m->roles & ROLE_BIT_SPONSOR) != 0 ? ", sponsor of devices" : "",
                 sealed         ? ""
                 : m->signed_it ? "  (has signed)"
                                : "  (has not signed)");
    if (!m->has_authority) {
        (void)printf("    runs no node\n");
        return;
    }
    print_hex("    authority ", kid_slice(&m->authority));
    if (m->has_node) {
        struct hash fingerprint = crypto_sha256(m->certificate);
        (void)printf("  %.*s  %.*s", (int)m->broker.len, (const char *)m->broker.data,
                     (int)m->url.len, (const char *)m->url.data);
        print_hex("\n    certificate SHA-256 ", hash_slice(&fingerprint));
    }
    (void)printf("\n");
}

static void print_constitution(const struct genesis_view *v)
{
    struct constitution c;
    struct constitution_names *names = calloc(1, sizeof *names);
    if (names == NULL || v->constitution.len == 0 ||
        !constitution_decode(v->constitution, &c, NULL)) {
        (void)printf("no constitution: it is never governed by vote\n");
    } else {
        for (size_t i = 0; i < v->count; i++) {
            names->at[i].name = v->members[i].name;
            names->at[i].kid = v->members[i].kid;
        }
        names->count = v->count;
        constitution_file_print(&c, v->count, names);
        (void)constitution_file_warn(&c, v->count);
    }
    free(names);
}

/* [ledger, height, block hash] */
static void print_origin(struct slice value)
{
    struct cbor_reader r = cbor_reader(value);
    struct hash ledger, tip;
    if (value.len == 0)
        return;
    cbor_take_array_of(&r, 3);
    cbor_take_fixed(&r, ledger.bytes, HASH_SIZE);
    uint64_t height = cbor_take_uint(&r);
    cbor_take_fixed(&r, tip.bytes, HASH_SIZE);
    print_hex("  a fork of ledger ", hash_slice(&ledger));
    (void)printf("\n    as of block %" PRIu64, height);
    print_hex(", ", hash_slice(&tip));
    (void)printf("\n");
}

void genesis_words_print(const struct genesis_view *v)
{
    char time[INSTANT_TEXT_SIZE];
    bool sealed = genesis_words_is_sealed(v);
    instant_format(v->identity.genesis.time_ms, time);
    (void)printf("%s ", sealed ? "ledger" : "draft of ledger");
    if (v->name.len > 0) {
        (void)printf("\"");
        cmd_contract_print(v->name);
        (void)printf("\"");
    } else {
        (void)printf("without a name");
    }
    (void)printf("%s\n", v->demo ? ", a demo" : "");
    print_hex("  identity ", hash_slice(&v->identity.genesis.ledger));
    (void)printf("\n  founded  %s\n", time);
    print_origin(v->origin);
    for (size_t i = 0; i < v->count; i++)
        print_member(&v->members[i], sealed);
    (void)printf("  an opening waits at most %" PRIu64 " min for the agreement of its parties\n",
                 v->opening_wait_ms / MINUTE_MS);
    genesis_words_print_quorum(&v->identity.set);
    print_constitution(v);
}

struct json_doc *genesis_words_json(const struct genesis_view *v)
{
    struct json_doc *doc = json_doc_object();
    struct json_doc *members = json_doc_put_array(doc, "members");
    char time[INSTANT_TEXT_SIZE];
    size_t quorum = authority_set_quorum(&v->identity.set);
    instant_format(v->identity.genesis.time_ms, time);
    json_doc_put_hex(doc, "ledger", hash_slice(&v->identity.genesis.ledger));
    json_doc_put_slice(doc, "name", v->name);
    json_doc_put_text(doc, "time", time);
    json_doc_put_bool(doc, "demo", v->demo);
    json_doc_put_bool(doc, "sealed", genesis_words_is_sealed(v));
    json_doc_put_int(doc, "authorities", (int64_t)v->identity.set.count);
    json_doc_put_int(doc, "quorum", (int64_t)quorum);
    json_doc_put_int(doc, "tolerates", (int64_t)(v->identity.set.count - quorum));
    for (size_t i = 0; i < v->count; i++) {
        const struct genesis_member *m = &v->members[i];
        struct json_doc *part = json_doc_put_object(members, NULL);
        json_doc_put_slice(part, "name", m->name);
        json_doc_put_hex(part, "kid", kid_slice(&m->kid));
        json_doc_put_bool(part, "signed", m->signed_it);
        if (m->has_authority)
            json_doc_put_hex(part, "authority", kid_slice(&m->authority));
        if (!m->has_node)
            continue;
        struct hash fingerprint = crypto_sha256(m->certificate);
        json_doc_put_slice(part, "broker", m->broker);
        json_doc_put_slice(part, "url", m->url);
        json_doc_put_hex(part, "certificate", hash_slice(&fingerprint));
    }
    return doc;
}
