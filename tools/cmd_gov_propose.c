/* `waybill gov propose`: every action that members decide on, as a person would type it. */
#include "common/file.h"
#include "common/instant.h"
#include "common/quantity.h"
#include "common/request.h"
#include "common/statement.h"
#include "tools/cmd_contract_parts.h"
#include "tools/cmd_gov_parts.h"
#include "tools/cmd_names.h"
#include "tools/cmd_send.h"
#include "tools/member_folder.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DAY_MS            (24 * UINT64_C(3600000))
#define EXPIRES_MS        (7 * DAY_MS)  /* of a proposal when nobody says otherwise */
#define UNTIL_MS          (30 * DAY_MS) /* by when a new authority must have entered */
#define VALUE_MAX         1024
#define PARAM_OPENING     2
#define PARAM_LEDGER_NAME 3

/* What is being proposed, and the memory that it borrows from. */
struct drafting {
    struct cmd_home *home;
    const struct cmd_args *args;
    struct gov_world *world;
    struct proposal_body body;
    struct buf bytes, request, value;
    char name[NAME_MAX_BYTES + 1];
    struct constitution_file file;
    struct constitution_names names;
};

/* ------------------------------------------------------------------ parts */

/* An instant, or so long after now. */
static bool read_moment(const struct drafting *d, const char *option, uint64_t after_ms,
                        uint64_t *ret_ms, struct err *err)
{
    const char *text = cmd_args_text(d->args, option, NULL);
    if (text != NULL && instant_parse(text, ret_ms))
        return true;
    if (text != NULL && !quantity_parse_duration_ms(text, &after_ms, NULL))
        return err_set(err, ERR_INPUT,
                       "--%s: expected an instant such as 2027-06-01T00:00:00Z or a duration such "
                       "as 7d, found \"%.60s\"",
                       option, text);
    *ret_ms = clock_now_ms(&d->home->clock) + after_ms;
    return true;
}

static bool read_member(struct drafting *d, const char *text, const struct gov_member **ret_member,
                        struct err *err)
{
    *ret_member = gov_world_find(d->world, text, err);
    return *ret_member != NULL;
}

static bool read_member_kid(struct drafting *d, struct err *err)
{
    const struct gov_member *m = NULL;
    if (!cmd_args_expect(d->args, 1, 1, "one MEMBER", err) ||
        !read_member(d, d->args->operand[0], &m, err))
        return false;
    d->body.kid = m->kid;
    return true;
}

static bool is_for_this_ledger(const struct drafting *d, const struct hash *ledger,
                               const char *path, struct err *err)
{
    return hash_equal(ledger, &d->home->identity.genesis.ledger) ||
           err_set(err, ERR_INPUT,
                   "%s: is no request to join this ledger: made without --ledger, or for another",
                   path);
}

/* A joiner's request. */
static bool read_request(struct drafting *d, const char *path, struct request *ret_q,
                         struct err *err)
{
    struct enrol_request enrolment;
    if (!cmd_home_need_identity(d->home, err) ||
        !member_folder_read_request(path, &d->bytes, ret_q, err))
        return false;
    if (!ret_q->joins || !enrol_request_parse(ret_q->member_enrolment, &enrolment, NULL))
        return err_set(err, ERR_INPUT, "%s: asks to found a ledger, not to join one", path);
    return is_for_this_ledger(d, &enrolment.ledger, path, err);
}

/* ------------------------------------------------------------------ members */

static bool add_member(struct drafting *d, struct err *err)
{
    struct request q;
    if (!cmd_args_expect(d->args, 1, 1, "one REQUEST", err) ||
        !read_request(d, d->args->operand[0], &q, err))
        return false;
    struct kid own = key_kid(q.member), sponsor = request_sponsor(&q);
    if (!kid_equal(&own, &sponsor))
        return err_set(err, ERR_INPUT, "%s: is the new key of a member: gov propose recover-member",
                       d->args->operand[0]);
    const char *name = cmd_args_text(d->args, "name", NULL);
    if (name != NULL && !cmd_names_check("--name", name, err))
        return false;
    d->body.request = q.member_enrolment;
    d->body.name = name != NULL ? slice_text(name) : q.name;
    for (size_t i = 0; i < d->world->count; i++)
        if (d->world->members[i].active &&
            slice_equal(d->body.name, slice_text(d->world->members[i].name)))
            return err_set(err, ERR_INPUT,
                           "there is a member called \"%.60s\" already: --name gives it another",
                           d->world->members[i].name);
    return true;
}

static bool recover_member(struct drafting *d, struct err *err)
{
    struct request q;
    const struct gov_member *m = NULL;
    if (!cmd_args_expect(d->args, 2, 2, "a MEMBER and the REQUEST of its new key", err) ||
        !read_member(d, d->args->operand[0], &m, err) ||
        !read_request(d, d->args->operand[1], &q, err))
        return false;
    struct kid sponsor = request_sponsor(&q);
    if (!kid_equal(&sponsor, &m->kid))
        return err_set(err, ERR_INPUT, "%s: is not for %s", d->args->operand[1], m->name);
    d->body.kid = m->kid;
    d->body.request = q.member_enrolment;
    return true;
}

/* ------------------------------------------------------------------ authorities */

/* The authority's own enrolment alone: of a spare machine, which has no member key. */
static bool read_enrolment(struct drafting *d, const char *path, struct err *err)
{
    struct enrol_request e;
    if (!enrol_request_parse(buf_slice(&d->request), &e, NULL))
        return err_set(err, ERR_INPUT, "%s: no request", path);
    if (!enrol_request_verify(&e))
        return err_set(err, ERR_PROOF, "%s: its signature does not hold", path);
    d->body.request = buf_slice(&d->request);
    return cmd_home_need_identity(d->home, err) && is_for_this_ledger(d, &e.ledger, path, err);
}

static bool add_authority(struct drafting *d, struct err *err)
{
    struct request q;
    struct err why = { .code = ERR_NONE };
    if (!cmd_args_expect(d->args, 1, 1, "one REQUEST", err) ||
        !read_moment(d, "until", UNTIL_MS, &d->body.until_ms, err))
        return false;
    const char *path = d->args->operand[0];
    if (file_read(path, ENROL_REQUEST_MAX, &d->request, &why) &&
        enrol_request_parse(buf_slice(&d->request), &(struct enrol_request){ .token = { 0 } },
                            NULL))
        return read_enrolment(d, path, err);
    if (!read_request(d, path, &q, err))
        return false;
    if (!q.has_node)
        return err_set(err, ERR_INPUT, "%s: runs no node", path);
    d->body.request = q.authority_enrolment;
    return true;
}

/* In the set, or voted in and not there yet. */
static bool is_authority(const struct gov_world *w, const struct kid *kid)
{
    struct kid member;
    for (size_t i = 0; i < w->count; i++)
        if (w->members[i].has_authority && kid_equal(&w->members[i].authority, kid))
            return true;
    return gov_world_candidate(w, kid, &member);
}

/* A member's name stands for its authority; without one, for the only spare that was voted in. */
static bool remove_authority(struct drafting *d, struct err *err)
{
    const struct gov_member *m = NULL;
    if (!cmd_args_expect(d->args, 1, 1, "one MEMBER, or the authority's kid", err))
        return false;
    if (cmd_home_parse_kid(d->args->operand[0], &d->body.kid, NULL) &&
        is_authority(d->world, &d->body.kid))
        return true;
    if (!read_member(d, d->args->operand[0], &m, err))
        return false;
    size_t spares = gov_world_candidates(d->world, &m->kid, &d->body.kid);
    if (!m->has_authority && spares == 0)
        return err_set(err, ERR_NOT_FOUND,
                       "%s has no authority in the set, and none that may enter it", m->name);
    if (!m->has_authority && spares > 1)
        return err_set(err, ERR_INPUT,
                       "%zu keys of %s may enter the set: say which by its kid (waybill gov list)",
                       spares, m->name);
    if (m->has_authority)
        d->body.kid = m->authority;
    return true;
}

/* ------------------------------------------------------------------ the rest */

/* A definition by its hash, or by the file that compiles to it. */
static bool definition(struct drafting *d, struct err *err)
{
    struct contract_file c = { .bytes = buf_heap(DEFINITION_MAX_BYTES) };
    if (!cmd_args_expect(d->args, 1, 1, "one DEFINITION, a hash or a file", err))
        return false;
    bool good = cmd_home_parse_hash(d->args->operand[0], &d->body.definition, NULL);
    if (!good && cmd_contract_load(d->args->operand[0], &c, err)) {
        d->body.definition = c.hash;
        good = true;
    }
    buf_free(&c.bytes);
    return good;
}

static bool put_value(struct drafting *d, const char *text)
{
    char *end = NULL;
    if (strcmp(text, "true") == 0 || strcmp(text, "false") == 0) {
        cbor_put_bool(&d->value, text[0] == 't');
        return true;
    }
    int64_t value = strtoll(text, &end, 10);
    if (*text != '\0' && *end == '\0')
        cbor_put_int(&d->value, value);
    else if (cbor_text_valid(slice_text(text)))
        cbor_put_text(&d->value, slice_text(text));
    else
        return false;
    return !d->value.failed;
}

/* Those that have a meaning by name, any other by number. */
static bool set_parameter(struct drafting *d, struct err *err)
{
    uint64_t wait_ms = 0;
    if (!cmd_args_expect(d->args, 2, 2, "a PARAMETER and its value", err))
        return false;
    const char *which = d->args->operand[0], *text = d->args->operand[1];
    char *end = NULL;
    if (strcmp(which, "opening-wait") == 0) {
        d->body.number = PARAM_OPENING;
        if (!quantity_parse_duration_ms(text, &wait_ms, err))
            return err_wrap(err, "opening-wait");
        cbor_put_uint(&d->value, wait_ms);
    } else if (strcmp(which, "name") == 0) {
        d->body.number = PARAM_LEDGER_NAME;
        if (!cmd_names_check("name", text, err))
            return false;
        cbor_put_text(&d->value, slice_text(text));
    } else {
        d->body.number = strtoul(which, &end, 10);
        if (*which < '0' || *which > '9' || *end != '\0' || d->body.number > PROPOSAL_PARAMETER_MAX)
            return err_set(err, ERR_INPUT,
                           "expected opening-wait, name or a parameter's number, found \"%.40s\"",
                           which);
        if (!put_value(d, text))
            return err_set(err, ERR_INPUT, "\"%.60s\" is no value of a parameter", text);
    }
    d->body.value = buf_slice(&d->value);
    return true;
}

static bool rules_version(struct drafting *d, struct err *err)
{
    char *end = NULL;
    if (!cmd_args_expect(d->args, 1, 1, "one VERSION", err))
        return false;
    const char *text = d->args->operand[0];
    d->body.number = strtoul(text, &end, 10);
    return (*text >= '1' && *text <= '9' && *end == '\0' && d->body.number <= UINT16_MAX) ||
           err_set(err, ERR_INPUT, "expected a version of the rules, found \"%.40s\"", text);
}

static bool amend(struct drafting *d, struct err *err)
{
    if (!cmd_args_expect(d->args, 1, 1, "one FILE", err))
        return false;
    gov_world_names(d->world, &d->names);
    if (!constitution_file_load(d->args->operand[0], &d->names, &d->file, err))
        return false;
    if (d->file.operator_count > 0 || d->file.sponsor_count > 0)
        return err_set(err, ERR_INPUT,
                       "%s: roles are given by add-operator and add-sponsor; only a genesis lists "
                       "them here",
                       d->args->operand[0]);
    constitution_put(&d->value, &d->file.constitution);
    d->body.constitution = buf_slice(&d->value);
    return true;
}

/* ------------------------------------------------------------------ sending */

static bool fill(struct drafting *d, enum govern_action action, struct err *err)
{
    switch (action) {
    case ACTION_ADD_MEMBER: return add_member(d, err);
    case ACTION_ADD_AUTHORITY: return add_authority(d, err);
    case ACTION_REMOVE_AUTHORITY: return remove_authority(d, err);
    case ACTION_REMOVE_MEMBER:
    case ACTION_ADD_OPERATOR:
    case ACTION_REMOVE_OPERATOR:
    case ACTION_ADD_SPONSOR:
    case ACTION_REMOVE_SPONSOR: return read_member_kid(d, err);
    case ACTION_APPROVE_DEFINITION:
    case ACTION_WITHDRAW_DEFINITION: return definition(d, err);
    case ACTION_SET_PARAMETER: return set_parameter(d, err);
    case ACTION_RULES_VERSION: return rules_version(d, err);
    case ACTION_AMEND: return amend(d, err);
    case ACTION_RECOVER_MEMBER: return recover_member(d, err);
    }
    return false;
}

static bool read_height(const struct cmd_args *args, struct proposal *p, struct err *err)
{
    const char *text = cmd_args_text(args, "at-height", NULL);
    char *end = NULL;
    if (text == NULL)
        return true;
    p->has_height = true;
    p->height = strtoull(text, &end, 10);
    return (*text >= '1' && *text <= '9' && *end == '\0' && p->height <= INT64_MAX) ||
           err_set(err, ERR_INPUT, "--at-height: expected a height, found \"%.40s\"", text);
}

static int propose(struct drafting *d, enum govern_action action, struct err *err)
{
    struct statement draft = { .kind = KIND_PROPOSE };
    struct proposal *p = &draft.as.proposal;
    struct buf body = buf_heap(PROPOSAL_BODY_MAX);
    p->action = action;
    bool good = gov_world_load(d->home, false, &d->world, err) &&
                (d->world->governed ||
                 err_set(err, ERR_INPUT, "this ledger was founded without government by vote")) &&
                fill(d, action, err) &&
                read_moment(d, "expires", EXPIRES_MS, &p->expires_ms, err) &&
                read_height(d->args, p, err) && cmd_names_text(d->args, "reason", &p->reason, err);
    if (good) {
        proposal_body_put(&body, action, &d->body);
        p->body = buf_slice(&body);
        good = !body.failed || err_set(err, ERR_INPUT, "the proposal is too large");
    }
    int code = CMD_ERROR;
    if (good && !d->home->json)
        cmd_gov_warn(d->world, action, &d->body);
    good = good && cmd_gov_check(d->home, d->world, action, &d->body, err);
    if (good)
        code = cmd_send_finish(d->home, "proposed", &draft);
    if (code == CMD_GOOD && !d->home->json)
        (void)printf("a proposal is not a ballot: waybill gov vote HASH yes, this member's too\n");
    buf_free(&body);
    return good ? code : cmd_action_fail(err);
}

static int run(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    struct drafting *d = calloc(1, sizeof *d);
    static const char prefix[] = "gov propose ";
    if (d == NULL) {
        (void)err_set(err, ERR_IO, "out of memory");
        return CMD_ERROR;
    }
    d->home = home;
    d->args = args;
    d->bytes = buf_heap(REQUEST_SIZE_MAX);
    d->request = buf_heap(ENROL_REQUEST_MAX);
    d->value = buf_heap(CONSTITUTION_SIZE_MAX > VALUE_MAX ? CONSTITUTION_SIZE_MAX : VALUE_MAX);
    int code =
        propose(d, constitution_find_action(slice_text(args->command + sizeof prefix - 1)), err);
    gov_world_free(d->world);
    buf_free(&d->bytes);
    buf_free(&d->request);
    buf_free(&d->value);
    free(d);
    return code;
}

#define OPTIONS "expires= at-height= reason= no-wait despite-warning"
#define TERMS                                                                              \
    "  --expires WHEN     an instant, or so long from now (default: 7d, a year at most)\n" \
    "  --at-height N      takes effect there, or a block after it passed (default)\n"      \
    "  --reason TEXT      why\n"                                                           \
    "  --no-wait          ends when it is handed in, not when it is on the ledger\n"       \
    "  --despite-warning  even what would lock everybody out\n"                            \
    "Exit code: 0 the proposal is on the ledger, 1 error, 4 refused.\n"

int cmd_gov_propose(int argc, char **argv)
{
    static const struct cmd_action actions[] = {
        { "add-member", "gov propose add-member", OPTIONS " name=",
          "Usage: waybill gov propose add-member REQUEST [--name NAME] [options]\n"
          "Takes a company in, by its request (waybill member new --ledger).\n\n" TERMS,
          run },
        { "remove-member", "gov propose remove-member", OPTIONS,
          "Usage: waybill gov propose remove-member MEMBER [options]\n"
          "Its authority leaves the set with it, its open ballots and proposals fall.\n\n" TERMS,
          run },
        { "add-authority", "gov propose add-authority", OPTIONS " until=",
          "Usage: waybill gov propose add-authority REQUEST [--until WHEN] [options]\n"
          "Lets a member's node into the set of authorities: its first, or one that takes the "
          "place "
          "of\n"
          "the one it has (another key, a spare). It enters by its own word: waybill member "
          "enter.\n"
          "\n"
          "  --until WHEN     it must have entered by then (default: 30d)\n" TERMS,
          run },
        { "remove-authority", "gov propose remove-authority", OPTIONS,
          "Usage: waybill gov propose remove-authority MEMBER|KID [options]\n"
          "Its member stays. KID may be of a spare that has not entered: it may no more.\n\n" TERMS,
          run },
        { "add-operator", "gov propose add-operator", OPTIONS,
          "Usage: waybill gov propose add-operator MEMBER [options]\n"
          "An operator decides where the constitution asks operators.\n\n" TERMS,
          run },
        { "remove-operator", "gov propose remove-operator", OPTIONS,
          "Usage: waybill gov propose remove-operator MEMBER [options]\n\n" TERMS, run },
        { "add-sponsor", "gov propose add-sponsor", OPTIONS,
          "Usage: waybill gov propose add-sponsor MEMBER [options]\n"
          "A sponsor enrols devices where the constitution lets sponsors alone.\n\n" TERMS,
          run },
        { "remove-sponsor", "gov propose remove-sponsor", OPTIONS,
          "Usage: waybill gov propose remove-sponsor MEMBER [options]\n\n" TERMS, run },
        { "approve-definition", "gov propose approve-definition", OPTIONS,
          "Usage: waybill gov propose approve-definition HASH|FILE [options]\n"
          "Contracts by this definition may be opened, where the constitution asks for approval.\n"
          "\n" TERMS,
          run },
        { "withdraw-definition", "gov propose withdraw-definition", OPTIONS,
          "Usage: waybill gov propose withdraw-definition HASH|FILE [options]\n"
          "No more contracts by it; those that are open go on.\n\n" TERMS,
          run },
        { "set-parameter", "gov propose set-parameter", OPTIONS,
          "Usage: waybill gov propose set-parameter PARAMETER VALUE [options]\n"
          "PARAMETER: opening-wait (a duration), name (of the ledger), or a number.\n\n" TERMS,
          run },
        { "rules", "gov propose rules-version", OPTIONS,
          "Usage: waybill gov propose rules VERSION [options]\n"
          "The version of the rules that blocks are made under. A node whose program does not know "
          "it\n"
          "stops at that height and says so: bring every node up to date first.\n\n" TERMS,
          run },
        { "amend", "gov propose amend", OPTIONS,
          "Usage: waybill gov propose amend FILE [options]\n"
          "Another constitution (YAML, see waybill constitution check), as a whole.\n\n" TERMS,
          run },
        { "recover-member", "gov propose recover-member", OPTIONS,
          "Usage: waybill gov propose recover-member MEMBER REQUEST [options]\n"
          "A new key for a member that has lost its own (waybill member new --ledger IDENTITY "
          "--recovers\n"
          "KID); the old one is revoked.\n\n" TERMS,
          run },
        { .word = NULL },
    };
    char words[] = "gov propose"; /* what it is called in messages */
    argv[0] = words;
    return cmd_action_choose(actions, argc, argv);
}
