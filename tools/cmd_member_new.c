#include "tools/cmd_member_new.h"

#include "common/file.h"
#include "common/hex.h"
#include "common/json.h"
#include "tools/cmd_contract_words.h"
#include "tools/member_folder.h"

#include <stdio.h>
#include <stdlib.h>

/* ------------------------------------------------------------------ telling */

static void put_json(const struct request *q, const char *path)
{
    struct json_doc *doc = json_doc_object();
    struct kid kid = key_kid(q->member);
    struct enrol_request enrolment;
    json_doc_put_text(doc, "file", path);
    json_doc_put_slice(doc, "name", q->name);
    json_doc_put_hex(doc, "kid", kid_slice(&kid));
    if (q->has_node) {
        struct hash fingerprint = crypto_sha256(q->certificate);
        kid = key_kid(q->authority);
        json_doc_put_hex(doc, "authority", kid_slice(&kid));
        json_doc_put_slice(doc, "broker", q->broker);
        json_doc_put_slice(doc, "url", q->url);
        json_doc_put_hex(doc, "certificate", hash_slice(&fingerprint));
    }
    if (q->joins && enrol_request_parse(q->member_enrolment, &enrolment, NULL)) {
        json_doc_put_hex(doc, "joins", hash_slice(&enrolment.ledger));
        json_doc_put_hex(doc, "of", kid_slice(&enrolment.sponsor));
    }
    cmd_action_print(doc);
}

static void print_hex(const char *label, struct slice bytes)
{
    char hex[2 * HASH_SIZE + 1];
    hex_encode(bytes, hex);
    (void)printf("%s%s\n", label, hex);
}

static void tell(const struct request *q)
{
    struct kid kid = key_kid(q->member);
    struct enrol_request enrolment;
    (void)printf("request of \"");
    cmd_contract_print(q->name);
    (void)printf("\"\n");
    print_hex("  member      ", kid_slice(&kid));
    if (q->has_node) {
        struct hash fingerprint = crypto_sha256(q->certificate);
        kid = key_kid(q->authority);
        print_hex("  authority   ", kid_slice(&kid));
        (void)printf("  peers reach it at %.*s (broker) and %.*s\n", (int)q->broker.len,
                     (const char *)q->broker.data, (int)q->url.len, (const char *)q->url.data);
        print_hex("  certificate SHA-256 ", hash_slice(&fingerprint));
    } else {
        (void)printf("  runs no node\n");
    }
    if (!q->joins || !enrol_request_parse(q->member_enrolment, &enrolment, NULL))
        return;
    print_hex("  asks to join ledger ", hash_slice(&enrolment.ledger));
    kid = key_kid(q->member);
    if (!kid_equal(&enrolment.sponsor, &kid))
        print_hex("  as the new key of member ", kid_slice(&enrolment.sponsor));
}

int cmd_member_new_show(struct cmd_home *home, const char *path, struct err *err)
{
    struct request q;
    struct buf bytes = buf_heap(REQUEST_SIZE_MAX);
    bool good = member_folder_read_request(path, &bytes, &q, err);
    if (good && home->json)
        put_json(&q, path);
    else if (good)
        tell(&q);
    if (good && !home->json)
        (void)printf("its keys signed it; that it is from whom it says, ask them: compare the "
                     "member's number\n");
    buf_free(&bytes);
    return good ? CMD_GOOD : cmd_action_fail(err);
}

/* ------------------------------------------------------------------ making */

static bool read_port(const struct cmd_args *a, const char *name, unsigned *ret_port,
                      struct err *err)
{
    const char *text = cmd_args_text(a, name, NULL);
    char *end = NULL;
    if (text == NULL)
        return true;
    unsigned long value = strtoul(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '\0' || value > UINT16_MAX)
        return err_set(err, ERR_INPUT, "--%s: expected 0 to 65535, found \"%.40s\"", name, text);
    *ret_port = (unsigned)value;
    return true;
}

static bool read_ledger(const struct cmd_args *a, struct identity *id, struct member_plan *p,
                        struct err *err)
{
    const char *path = cmd_args_text(a, "ledger", NULL);
    struct buf bytes = buf_heap(64 * 1024);
    if (path == NULL)
        return true;
    bool good = file_read(path, 64 * 1024, &bytes, err) &&
                (identity_decode(buf_slice(&bytes), id, err) || err_wrap(err, "%s", path));
    p->ledger = &id->genesis.ledger;
    buf_free(&bytes);
    return good;
}

static bool read_recovers(const struct cmd_args *a, struct kid *member, struct member_plan *p,
                          struct err *err)
{
    const char *text = cmd_args_text(a, "recovers", NULL);
    if (text == NULL)
        return true;
    p->recovers = member;
    if (p->ledger == NULL)
        return err_set(err, ERR_INPUT, "--recovers needs --ledger IDENTITY");
    return cmd_home_parse_kid(text, member, err) || err_wrap(err, "--recovers");
}

struct plan_memory {
    struct identity identity;
    struct kid member;
};

static bool read_plan(const struct cmd_args *a, struct plan_memory *m, struct member_plan *p,
                      struct err *err)
{
    if (!cmd_args_expect(a, 1, 1, "one DIR", err))
        return false;
    p->dir = a->operand[0];
    p->node = !cmd_args_flag(a, "no-node");
    p->broker = cmd_args_text(a, "broker", NULL);
    p->url = cmd_args_text(a, "url", NULL);
    p->listen = cmd_args_text(a, "listen", NULL);
    p->http_port = MEMBER_FOLDER_HTTP_PORT;
    p->now_ms = clock_real_ms();
    if (p->node && (p->broker == NULL || p->url == NULL))
        return err_set(err, ERR_INPUT,
                       "say where the other members reach this node, --broker HOST:PORT and --url "
                       "https://HOST:PORT, or --no-node");
    if (!p->node && (p->broker != NULL || p->url != NULL))
        return err_set(err, ERR_INPUT, "--no-node has no --broker and no --url");
    return read_port(a, "http-port", &p->http_port, err) &&
           read_port(a, "devices-port", &p->devices_port, err) &&
           read_ledger(a, &m->identity, p, err) && read_recovers(a, &m->member, p, err);
}

static void tell_next(const struct member_plan *p, const char *path)
{
    (void)printf("\n%s holds nothing secret: ", path);
    if (p->ledger == NULL)
        (void)printf("send it to whoever drafts the ledger, who runs\n"
                     "  waybill genesis draft REQUEST... --name LEDGER\n");
    else
        (void)printf("send it to a member of the ledger, who runs\n"
                     "  waybill gov propose %s request.cbor\n",
                     p->recovers != NULL ? "recover-member NAME" : "add-member");
    (void)printf("Everything else in %s stays on this machine.\n", p->dir);
}

static int make(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    struct member_plan plan = { .dir = NULL };
    struct plan_memory memory;
    struct request q;
    char path[PATH_MAX];
    struct buf bytes = buf_heap(REQUEST_SIZE_MAX);
    bool good = cmd_args_need(args, "name", &plan.name, err) &&
                read_plan(args, &memory, &plan, err) && member_folder_make(&plan, err) &&
                member_folder_path(plan.dir, "request.cbor", path, err) &&
                member_folder_read_request(path, &bytes, &q, err);
    if (good && home->json) {
        put_json(&q, path);
    } else if (good) {
        tell(&q);
        tell_next(&plan, path);
    }
    buf_free(&bytes);
    return good ? CMD_GOOD : cmd_action_fail(err);
}

/* ------------------------------------------------------------------ a spare */

static int make_spare(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    struct member_plan plan = { .name = "a spare" };
    struct plan_memory memory;
    char path[PATH_MAX];
    bool good = read_plan(args, &memory, &plan, err);
    const char *of = cmd_args_text(args, "of", NULL);
    if (good && (of == NULL || plan.ledger == NULL))
        good =
            err_set(err, ERR_INPUT, "say whose and for which ledger: --of KID --ledger IDENTITY");
    plan.spare_of = &memory.member;
    good = good && (cmd_home_parse_kid(of, &memory.member, err) || err_wrap(err, "--of")) &&
           member_folder_make(&plan, err) &&
           member_folder_path(plan.dir, "enrolment.cose", path, err);
    if (good && home->json) {
        struct json_doc *doc = json_doc_object();
        json_doc_put_text(doc, "file", path);
        cmd_action_print(doc);
    } else if (good) {
        (void)printf("%s holds nothing secret: the member proposes it with\n"
                     "  waybill gov propose add-authority enrolment.cose\n"
                     "and once that has passed and this node has caught up, it takes over with\n"
                     "  waybill member enter --dir %s\n",
                     path, plan.dir);
    }
    return good ? CMD_GOOD : cmd_action_fail(err);
}

const struct cmd_action cmd_member_spare_action = {
    "spare", "member spare", "of= broker= url= listen= http-port= devices-port= ledger=",
    "Usage: waybill member spare DIR --of KID --ledger IDENTITY --broker HOST:PORT --url URL\n"
    "       [--listen HOST] [--http-port N] [--devices-port N]\n"
    "A second node for a member that has one: with a key of its own, on another machine or beside\n"
    "the first, to take over at once (another key) or some day (a spare). No member key is needed\n"
    "here. Options as of waybill member new.\n"
    "Exit code: 0 good, 1 error.\n",
    make_spare
};

const struct cmd_action cmd_member_new_action = {
    "new", "member new",
    "name= broker= url= listen= no-node http-port= devices-port= ledger= recovers=",
    "Usage: waybill member new DIR --name NAME --broker HOST:PORT --url https://HOST:PORT\n"
    "       waybill member new DIR --name NAME --no-node\n"
    "Makes a company's folder on its own machine: its member key, its node's authority key and\n"
    "certificate, its node's configuration, and request.cbor, which tells the others all of it "
    "that\n"
    "is public. Private keys are made here and never leave. DIR must not exist yet.\n"
    "\n"
    "  --name NAME          of the company, on the ledger for ever\n"
    "  --broker HOST:PORT   where the other nodes reach this node's broker for peers\n"
    "  --url URL            where they reach its pages for peers\n"
    "  --listen HOST        where it listens for them (default: everywhere, or loopback if the\n"
    "                       address is)\n"
    "  --no-node            it runs no node: a member that votes, trades, and trusts others' "
    "nodes\n"
    "  --http-port N        of the node's pages for people, on loopback (default: 8600)\n"
    "  --devices-port N     of the node's broker for devices, on loopback (default: any free one)\n"
    "  --ledger IDENTITY    the identity.cbor of a ledger that runs, to join it\n"
    "  --recovers KID       with --ledger: a new key for this member, which has lost its own\n"
    "Exit code: 0 good, 1 error.\n",
    make
};
