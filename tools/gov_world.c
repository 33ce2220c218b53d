#include "tools/gov_world.h"

#include "common/hex.h"
#include "tools/cmd_node.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define PREFIX_MIN 6

/* ------------------------------------------------------------------ parts of an answer */

static bool take_hex(const struct json_doc *doc, const char *pointer, uint8_t *out, size_t len)
{
    struct slice text;
    return json_doc_get_text(json_doc_at(doc, pointer), &text) &&
           hex_decode((const char *)text.data, text.len, out, len);
}

static uint64_t take_uint(const struct json_doc *doc, const char *pointer)
{
    int64_t value = 0;
    (void)json_doc_get_int(json_doc_at(doc, pointer), &value);
    return value < 0 ? 0 : (uint64_t)value;
}

static bool has_role(const struct json_doc *member, const char *role)
{
    const struct json_doc *roles = json_doc_at(member, "/roles");
    for (size_t i = 0; i < json_doc_count(roles); i++) {
        struct slice text;
        if (json_doc_get_text(json_doc_element(roles, i), &text) &&
            slice_equal(text, slice_text(role)))
            return true;
    }
    return false;
}

static void take_member(struct gov_world *w, const struct json_doc *doc)
{
    struct gov_member *m = &w->members[w->count];
    struct slice name = { NULL, 0 };
    *m = (struct gov_member){ .active = false };
    if (!take_hex(doc, "/kid", m->kid.bytes, KID_SIZE))
        return;
    (void)json_doc_get_text(json_doc_at(doc, "/name"), &name);
    if (cbor_text_valid(name))
        (void)snprintf(m->name, sizeof m->name, "%.*s", (int)name.len, (const char *)name.data);
    (void)json_doc_get_bool(json_doc_at(doc, "/active"), &m->active);
    m->operator_role = has_role(doc, "operator");
    m->sponsor_role = has_role(doc, "sponsor");
    m->has_authority = take_hex(doc, "/authority", m->authority.bytes, KID_SIZE);
    w->count++;
}

static void take_constitution(struct gov_world *w)
{
    uint8_t memory[CONSTITUTION_SIZE_MAX];
    struct slice text;
    w->governed = json_doc_get_text(json_doc_at(w->doc, "/constitution"), &text) &&
                  text.len / 2 <= sizeof memory &&
                  hex_decode((const char *)text.data, text.len, memory, text.len / 2) &&
                  constitution_decode(slice_of(memory, text.len / 2), &w->constitution, NULL);
}

bool gov_world_load(struct cmd_home *home, bool all, struct gov_world **ret_world, struct err *err)
{
    struct gov_world *w = calloc(1, sizeof *w);
    const char *path = all ? "/v1/governance?all=true" : "/v1/governance";
    if (w == NULL)
        return err_set(err, ERR_IO, "out of memory");
    bool good = cmd_node_get_json(home, path, &w->doc, err);
    if (good && !take_hex(w->doc, "/set", w->set.bytes, HASH_SIZE))
        good = err_set(err, ERR_IO, "the node does not say which authorities are in force");
    if (!good) {
        gov_world_free(w);
        return false;
    }
    w->height = take_uint(w->doc, "/height");
    w->quorum = (size_t)take_uint(w->doc, "/quorum");
    w->authorities = (size_t)take_uint(w->doc, "/authorities");
    take_constitution(w);
    const struct json_doc *members = json_doc_at(w->doc, "/members");
    for (size_t i = 0; i < json_doc_count(members) && w->count < GOV_WORLD_MEMBERS_MAX; i++)
        take_member(w, json_doc_element(members, i));
    *ret_world = w;
    return true;
}

void gov_world_free(struct gov_world *w)
{
    if (w != NULL)
        json_doc_free(w->doc);
    free(w);
}

/* ------------------------------------------------------------------ members */

/* A name that several have had means the one that is active. */
const struct gov_member *gov_world_find(const struct gov_world *w, const char *text,
                                        struct err *err)
{
    const struct gov_member *found = NULL;
    struct kid kid;
    bool hex = cmd_home_parse_kid(text, &kid, NULL);
    for (size_t i = 0; i < w->count; i++) {
        const struct gov_member *m = &w->members[i];
        bool same = hex ? kid_equal(&m->kid, &kid) : strcasecmp(m->name, text) == 0;
        if (same && found != NULL && found->active && m->active) {
            (void)err_set(err, ERR_INPUT, "two members are called \"%.60s\": say which by its kid",
                          text);
            return NULL;
        }
        if (same && (found == NULL || m->active))
            found = m;
    }
    if (found == NULL)
        (void)err_set(err, ERR_NOT_FOUND,
                      "\"%.60s\" is no member of this ledger; waybill gov list names them", text);
    return found;
}

const char *gov_world_name(const struct gov_world *w, const struct kid *member,
                           char text[CMD_HOME_NAME_SIZE])
{
    for (size_t i = 0; i < w->count; i++)
        if (kid_equal(&w->members[i].kid, member) && w->members[i].name[0] != '\0')
            return w->members[i].name;
    hex_encode(kid_slice(member), text);
    return text;
}

void gov_world_names(const struct gov_world *w, struct constitution_names *ret_names)
{
    ret_names->count = w->count;
    for (size_t i = 0; i < w->count; i++) {
        ret_names->at[i].name = slice_text(w->members[i].name);
        ret_names->at[i].kid = w->members[i].kid;
    }
}

size_t gov_world_active(const struct gov_world *w)
{
    size_t active = 0;
    for (size_t i = 0; i < w->count; i++)
        active += (size_t)w->members[i].active;
    return active;
}

/* ------------------------------------------------------------------ candidates */

static bool take_candidate(const struct json_doc *node, struct kid *ret_authority,
                           struct kid *ret_member)
{
    return json_doc_at(node, "/candidate") != NULL &&
           take_hex(node, "/kid", ret_authority->bytes, KID_SIZE) &&
           take_hex(node, "/member/kid", ret_member->bytes, KID_SIZE);
}

bool gov_world_candidate(const struct gov_world *w, const struct kid *authority,
                         struct kid *ret_member)
{
    const struct json_doc *nodes = json_doc_at(w->doc, "/nodes");
    struct kid kid, member;
    for (size_t i = 0; i < json_doc_count(nodes); i++)
        if (take_candidate(json_doc_element(nodes, i), &kid, &member) &&
            kid_equal(&kid, authority)) {
            *ret_member = member;
            return true;
        }
    return false;
}

size_t gov_world_candidates(const struct gov_world *w, const struct kid *member,
                            struct kid *ret_authority)
{
    const struct json_doc *nodes = json_doc_at(w->doc, "/nodes");
    struct kid kid, of;
    size_t count = 0;
    for (size_t i = 0; i < json_doc_count(nodes); i++)
        if (take_candidate(json_doc_element(nodes, i), &kid, &of) && kid_equal(&of, member)) {
            *ret_authority = kid;
            count++;
        }
    return count;
}

/* ------------------------------------------------------------------ proposals */

bool gov_world_proposal(const struct gov_world *w, const char *text, struct hash *ret_hash,
                        struct err *err)
{
    const struct json_doc *list = json_doc_at(w->doc, "/proposals");
    size_t len = strlen(text), found = 0;
    if (cmd_home_parse_hash(text, ret_hash, NULL))
        return true;
    for (size_t i = 0; i < json_doc_count(list) && len >= PREFIX_MIN; i++) {
        struct slice hex;
        const struct json_doc *one = json_doc_element(list, i);
        if (json_doc_get_text(json_doc_at(one, "/hash"), &hex) && hex.len > len &&
            strncasecmp((const char *)hex.data, text, len) == 0 &&
            take_hex(one, "/hash", ret_hash->bytes, HASH_SIZE))
            found++;
    }
    if (found > 1)
        return err_set(err, ERR_INPUT, "\"%.60s\" begins more than one proposal: more digits",
                       text);
    return found == 1 ||
           err_set(err, ERR_NOT_FOUND,
                   "\"%.70s\" is no open proposal: its hash, or its first %d digits; waybill gov "
                   "list shows them",
                   text, PREFIX_MIN);
}

bool gov_world_take(const struct json_doc *doc, struct gov_proposal *ret_proposal, struct err *err)
{
    struct gov_proposal *p = ret_proposal;
    struct slice text = { NULL, 0 };
    *p = (struct gov_proposal){ .ballots = json_doc_at(doc, "/ballots") };
    if (!take_hex(doc, "/hash", p->hash.bytes, HASH_SIZE) ||
        !take_hex(doc, "/proposer", p->proposer.bytes, KID_SIZE))
        return err_set(err, ERR_IO, "the node's answer is no proposal");
    if (json_doc_get_text(json_doc_at(doc, "/action"), &text))
        p->action = constitution_find_action(text);
    if (json_doc_get_text(json_doc_at(doc, "/body"), &text) && text.len / 2 <= sizeof p->body &&
        hex_decode((const char *)text.data, text.len, p->body, text.len / 2))
        p->readable =
            proposal_body_decode(p->action, slice_of(p->body, text.len / 2), &p->parts, NULL);
    (void)json_doc_get_text(json_doc_at(doc, "/status"), &p->status);
    (void)json_doc_get_text(json_doc_at(doc, "/expires"), &p->expires);
    (void)json_doc_get_text(json_doc_at(doc, "/reason"), &p->reason);
    (void)json_doc_get_text(json_doc_at(doc, "/refusal/name"), &p->code);
    (void)json_doc_get_text(json_doc_at(doc, "/refusal/sentence"), &p->sentence);
    p->height = take_uint(doc, "/height");
    p->needed = take_uint(doc, "/needed");
    p->voters = take_uint(doc, "/voters");
    p->yes = take_uint(doc, "/yes");
    p->no = take_uint(doc, "/no");
    return true;
}
