/*
 * `waybill init`: a new ledger on one machine: founding keys, genesis, the ledger's files and a node's
 * configuration. Refuses a folder that is there; leaves nothing behind that looks finished when it fails.
 */
#include "common/file.h"
#include "common/hex.h"
#include "common/instant.h"
#include "common/json.h"
#include "common/keyfile.h"
#include "common/signer.h"
#include "node/founding.h"
#include "node/store.h"
#include "tools/cmd.h"
#include "tools/cmd_home.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OPENING_WAIT_MS 300000

static const char usage[] =
    "Usage: waybill init DIR --name LEDGER --member NAME [--member NAME ...] [options]\n"
    "Makes a new ledger on this machine: a founding key for each member, one authority run by the\n"
    "first, the genesis signed by all, and a node's configuration. DIR must not exist yet.\n"
    "\n"
    "  --name LEDGER    what people call it\n"
    "  --member NAME    a founding company, first the one that runs the node (1 to 64)\n"
    "  --demo           mark it a demo, on every page and trace\n"
    "  --time INSTANT   of the genesis (default: now)\n"
    "  --http-port N    of the node (default: 8600)\n"
    "  --broker-port N  of its broker on loopback (default: any free one)\n"
    "  --json           answer in JSON\n"
    "Founding keys of several companies in one folder are for trying things out: where companies "
    "do\n"
    "not trust each other, each makes its own key.\n"
    "Exit code: 0 good, 1 error.\n";

struct founder {
    const char *name;
    char slug[CMD_SLUG_SIZE];
    struct key_pair key;
};

struct init {
    const struct cmd_args *args;
    const char *dir, *name;
    bool demo;
    uint64_t time_ms;
    unsigned http_port, broker_port;
    size_t count;
    struct founder founder[FOUNDING_MEMBERS_MAX];
    struct key_pair authority;
    struct buf genesis;
    struct identity identity;
};

/* ------------------------------------------------------------------ arguments */

static bool read_port(const struct cmd_args *a, const char *name, unsigned *ret_port,
                      struct err *err)
{
    const char *text = cmd_args_text(a, name, NULL);
    char *end = NULL;
    if (text == NULL)
        return true;
    unsigned long value = strtoul(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '\0' || value > 65535)
        return err_set(err, ERR_INPUT, "--%s: expected 0 to 65535, found \"%.40s\"", name, text);
    *ret_port = (unsigned)value;
    return true;
}

static bool add_founder(struct init *in, const char *name, struct err *err)
{
    struct founder *f = &in->founder[in->count];
    if (in->count == FOUNDING_MEMBERS_MAX)
        return err_set(err, ERR_INPUT, "--member: more than %d", FOUNDING_MEMBERS_MAX);
    if (strlen(name) > NAME_MAX_BYTES || !cbor_text_valid(slice_text(name)) ||
        !cmd_home_slug(name, f->slug))
        return err_set(err, ERR_INPUT,
                       "--member: \"%.60s\": expected a name with letters or digits, at most %d "
                       "bytes",
                       name, NAME_MAX_BYTES);
    for (size_t i = 0; i < in->count; i++)
        if (strcmp(in->founder[i].slug, f->slug) == 0)
            return err_set(err, ERR_INPUT, "--member: \"%.60s\" and \"%.60s\" are too alike",
                           in->founder[i].name, name);
    f->name = name;
    in->count++;
    return true;
}

static bool read_arguments(struct init *in, struct err *err)
{
    const struct cmd_args *a = in->args;
    const char *time = cmd_args_text(a, "time", NULL), *name;
    in->demo = cmd_args_flag(a, "demo");
    in->http_port = 8600;
    if (!cmd_args_expect(a, 1, 1, "one DIR", err) || !cmd_args_need(a, "name", &in->name, err) ||
        !cmd_args_need(a, "member", &name, err) ||
        !read_port(a, "http-port", &in->http_port, err) ||
        !read_port(a, "broker-port", &in->broker_port, err))
        return false;
    if (!cbor_text_valid(slice_text(in->name)) || in->name[0] == '\0' ||
        strlen(in->name) > NAME_MAX_BYTES)
        return err_set(err, ERR_INPUT, "--name: expected a name of at most %d bytes",
                       NAME_MAX_BYTES);
    in->dir = a->operand[0];
    for (size_t i = 0; (name = cmd_args_nth(a, "member", i)) != NULL; i++)
        if (!add_founder(in, name, err))
            return false;
    struct clock clock;
    if (!clock_parse(cmd_args_text(a, "clock", "REAL"), &clock, err))
        return err_wrap(err, "--clock");
    in->time_ms = clock_now_ms(&clock);
    return time == NULL || instant_parse(time, &in->time_ms) ||
           err_set(err, ERR_INPUT, "--time: expected 2026-06-01T06:00:00Z, found \"%.40s\"", time);
}

/* ------------------------------------------------------------------ files */

static bool path_in(const struct init *in, char path[PATH_MAX], const char *name, struct err *err)
{
    return snprintf(path, PATH_MAX, "%s/%s", in->dir, name) < PATH_MAX ||
           err_set(err, ERR_INPUT, "%s: the name is too long", in->dir);
}

static bool make_folders(const struct init *in, struct err *err)
{
    char keys[PATH_MAX], node[PATH_MAX];
    return path_in(in, keys, "keys", err) && path_in(in, node, "node", err) &&
           file_make_folder(in->dir, 0700, err) && file_make_folder(keys, 0700, err) &&
           file_make_folder(node, 0700, err);
}

static bool make_keys(struct init *in, struct err *err)
{
    char path[PATH_MAX], name[CMD_SLUG_SIZE + 16];
    for (size_t i = 0; i < in->count; i++) {
        (void)snprintf(name, sizeof name, "keys/%s.key", in->founder[i].slug);
        if (!path_in(in, path, name, err) || !keyfile_make(path, &in->founder[i].key, err))
            return false;
    }
    return path_in(in, path, "node/node.key", err) && keyfile_make(path, &in->authority, err);
}

static bool found(struct init *in, struct err *err)
{
    struct constitution constitution = constitution_default();
    uint8_t memory[CONSTITUTION_SIZE_MAX];
    struct buf bytes = buf_fixed(memory, sizeof memory);
    constitution_put(&bytes, &constitution);
    struct founding f = { .time_ms = in->time_ms,
                          .demo = in->demo,
                          .opening_wait_ms = OPENING_WAIT_MS,
                          .constitution = buf_slice(&bytes),
                          .member_count = in->count };
    for (size_t i = 0; i < in->count; i++)
        f.members[i] =
            (struct founding_member){ .name = in->founder[i].name, .key = &in->founder[i].key };
    f.members[0].authority = &in->authority;
    return founding_make(&f, &in->genesis, &in->identity, err);
}

static bool make_states(const struct init *in, struct err *err)
{
    char path[PATH_MAX], name[CMD_SLUG_SIZE + 16];
    for (size_t i = 0; i < in->count; i++) {
        (void)snprintf(name, sizeof name, "keys/%s.key", in->founder[i].slug);
        if (!path_in(in, path, name, err) ||
            !signer_create(path, &in->identity.genesis.ledger, err))
            return false;
    }
    return true;
}

/* The name stands between quotes: what YAML would read otherwise is escaped. */
static void put_quoted(struct buf *out, const char *text)
{
    buf_add_byte(out, '"');
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\')
            buf_add_byte(out, '\\');
        buf_add_byte(out, (uint8_t)*text);
    }
    buf_add_byte(out, '"');
}

static bool write_config(const struct init *in, struct err *err)
{
    char path[PATH_MAX], rest[512];
    struct buf out = buf_heap(8192);
    buf_add_slice(&out, slice_text("# The node of ledger "));
    put_quoted(&out, in->name);
    buf_add_slice(&out, slice_text(", run by "));
    put_quoted(&out, in->founder[0].name);
    (void)snprintf(
        rest, sizeof rest,
        ". Paths start at this file's folder.\n"
        "data: node\n"
        "key: node/node.key\n"
        "broker:                # its own, on loopback; give host and port to use another\n"
        "  port: %u%s\n"
        "http:\n"
        "  host: 127.0.0.1\n"
        "  port: %u\n"
        "block:\n"
        "  period: 500 ms\n"
        "  empty every: 60 s\n",
        in->broker_port, in->broker_port == 0 ? "              # any free one" : "", in->http_port);
    buf_add_slice(&out, slice_text(rest));
    bool good =
        path_in(in, path, "node.yaml", err) && file_create(path, buf_slice(&out), 0644, err);
    buf_free(&out);
    return good;
}

/* The name is for people only: no byte of the ledger holds it. */
static bool write_name(const struct init *in, struct err *err)
{
    char path[PATH_MAX];
    return path_in(in, path, "name", err) && file_create(path, slice_text(in->name), 0644, err);
}

/* identity.cbor comes last: without it the folder is of no use to any command. */
static bool write_files(const struct init *in, struct err *err)
{
    char path[PATH_MAX], node[PATH_MAX];
    struct buf identity = buf_heap(64 * 1024);
    identity_put(&identity, &in->identity);
    bool good = make_states(in, err) && write_name(in, err) && path_in(in, node, "node", err) &&
                store_create(node, buf_slice(&in->genesis), err) && write_config(in, err) &&
                path_in(in, path, "genesis.cbor", err) &&
                file_create(path, buf_slice(&in->genesis), 0644, err) &&
                path_in(in, path, "identity.cbor", err) &&
                file_create(path, buf_slice(&identity), 0644, err);
    buf_free(&identity);
    return good;
}

/* ------------------------------------------------------------------ telling */

static void tell_json(const struct init *in)
{
    struct json_doc *doc = json_doc_object();
    struct json_doc *members = json_doc_put_array(doc, "members");
    struct buf out = buf_heap(1 << 20);
    json_doc_put_text(doc, "name", in->name);
    json_doc_put_text(doc, "dir", in->dir);
    json_doc_put_hex(doc, "ledger", hash_slice(&in->identity.genesis.ledger));
    json_doc_put_bool(doc, "demo", in->demo);
    json_doc_put_int(doc, "authorities", 1);
    json_doc_put_int(doc, "tolerates", 0);
    for (size_t i = 0; i < in->count; i++) {
        struct json_doc *m = json_doc_put_object(members, NULL);
        json_doc_put_text(m, "name", in->founder[i].name);
        json_doc_put_hex(m, "kid", kid_slice(&in->founder[i].key.kid));
    }
    json_doc_write(doc, 2, &out);
    (void)printf("%.*s\n", (int)out.len, (const char *)out.data);
    buf_free(&out);
    json_doc_free(doc);
}

static void tell(const struct init *in)
{
    char ledger[2 * HASH_SIZE + 1], kid[2 * KID_SIZE + 1];
    hex_encode(hash_slice(&in->identity.genesis.ledger), ledger);
    (void)printf("ledger \"%s\"%s\n  identity %s\n", in->name, in->demo ? ", a demo" : "", ledger);
    for (size_t i = 0; i < in->count; i++) {
        hex_encode(kid_slice(&in->founder[i].key.kid), kid);
        (void)printf("  member   %s  %s  %s/keys/%s.key\n", kid, in->founder[i].name, in->dir,
                     in->founder[i].slug);
    }
    (void)printf(
        "one authority, run by %s: while its node is down nothing is recorded, and nobody\n"
        "else checks it. %s/identity.cbor is what everyone who verifies must have.\n"
        "start it: waybill-node run --config %s/node.yaml\n",
        in->founder[0].name, in->dir, in->dir);
}

static bool run(struct init *in, struct err *err)
{
    if (!read_arguments(in, err))
        return false;
    if (file_exists(in->dir))
        return err_set(err, ERR_INPUT, "%s: is there already; a ledger is never made over another",
                       in->dir);
    return make_folders(in, err) && make_keys(in, err) && found(in, err) && write_files(in, err);
}

int cmd_init(int argc, char **argv)
{
    struct cmd_args args;
    struct err err = { .code = ERR_NONE };
    if (!cmd_args_parse("init", argc, argv,
                        "name= member= demo time= http-port= broker-port=", &args, &err))
        return cmd_fail("init", false, &err);
    if (cmd_args_flag(&args, "help")) {
        (void)fputs(usage, stdout);
        return CMD_GOOD;
    }
    struct init *in = calloc(1, sizeof *in);
    bool json = cmd_args_flag(&args, "json");
    if (in == NULL)
        return cmd_fail("init", json, &(struct err){ .code = ERR_IO, .msg = "out of memory" });
    in->args = &args;
    in->genesis = buf_heap(GENESIS_SIZE_MAX);
    int code = run(in, &err) ? CMD_GOOD : cmd_fail("init", json, &err);
    if (code == CMD_GOOD && json)
        tell_json(in);
    else if (code == CMD_GOOD)
        tell(in);
    buf_free(&in->genesis);
    crypto_wipe(in, sizeof *in);
    free(in);
    return code;
}
