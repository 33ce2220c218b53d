#include "scanner/options.h"

#include "common/config.h"
#include "common/instant.h"
#include "scanner/ledger_mark.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char options_usage[] =
    "Usage: waybill-scan IMAGE... [options]\n"
    "Reads the QR codes in PNG, JPEG and PGM files. Without a key it says which goods they name "
    "and\n"
    "whether the label was made for the ledger in use. With a key it accepts goods that are "
    "offered\n"
    "to this company, or with --to offers goods this company holds, and waits for the ledger's "
    "answer.\n"
    "With --seen, --place or --note it records that the goods were here and hands nothing over; "
    "where\n"
    "there is nothing else to do, it asks on a terminal whether to.\n"
    "\n"
    "  --key FILE        the private key that signs\n"
    "  --identity FILE   the public identity of the ledger in use; needed to sign\n"
    "  --node URL        the node to ask (default: $WAYBILL_NODE, or " NODE_CLIENT_URL ")\n"
    "  --to MEMBER       offer the goods to this company: its name or kid\n"
    "  --accept          accept what is offered, nothing else; asks nobody without a terminal\n"
    "  --offer           the same as --to says by itself; needs --to\n"
    "  --seen            record that the goods were here, nothing else\n"
    "  --place GLN       ... where that was\n"
    "  --note TEXT       ... and what there is to say, 1 to 200 bytes\n"
    "  --read-only       read and report, sign nothing\n"
    "  --yes             ask for no confirmation\n"
    "  --role ROLE       of an offer: custodian (default) or owner\n"
    "  --condition TEXT  how the goods look\n"
    "  --member MEMBER   the company an operator's key signs for (default: the key's own)\n"
    "  --time INSTANT    when it happened (default: now)\n"
    "  --clock SPEC      REAL, or START@RATE[@ORIGIN] (default: $WAYBILL_CLOCK, or REAL)\n"
    "  --config FILE     YAML: identity or ledger, node, ca, key, member\n"
    "  --ca FILE         certificates to trust in an https node\n"
    "  --ledger HEX      32 or 64 hexadecimal digits instead of --identity: to compare only\n"
    "  --json            one line of JSON a picture\n"
    "Exit code: 0 good, 1 error or a picture without a label, 4 refused, or a label of another "
    "ledger\n"
    "(then nothing at all is signed).\n";

enum option_code {
    OPTION_CONFIG = 256,
    OPTION_IDENTITY,
    OPTION_LEDGER,
    OPTION_NODE,
    OPTION_CA,
    OPTION_KEY,
    OPTION_MEMBER,
    OPTION_TO,
    OPTION_ROLE,
    OPTION_CONDITION,
    OPTION_TIME,
    OPTION_CLOCK,
    OPTION_ACCEPT,
    OPTION_OFFER,
    OPTION_SEEN,
    OPTION_PLACE,
    OPTION_NOTE,
    OPTION_READ_ONLY,
    OPTION_YES,
    OPTION_JSON,
};

static const struct option longs[] = {
    { "config", required_argument, NULL, OPTION_CONFIG },
    { "identity", required_argument, NULL, OPTION_IDENTITY },
    { "ledger", required_argument, NULL, OPTION_LEDGER },
    { "node", required_argument, NULL, OPTION_NODE },
    { "ca", required_argument, NULL, OPTION_CA },
    { "key", required_argument, NULL, OPTION_KEY },
    { "member", required_argument, NULL, OPTION_MEMBER },
    { "to", required_argument, NULL, OPTION_TO },
    { "role", required_argument, NULL, OPTION_ROLE },
    { "condition", required_argument, NULL, OPTION_CONDITION },
    { "time", required_argument, NULL, OPTION_TIME },
    { "clock", required_argument, NULL, OPTION_CLOCK },
    { "accept", no_argument, NULL, OPTION_ACCEPT },
    { "offer", no_argument, NULL, OPTION_OFFER },
    { "seen", no_argument, NULL, OPTION_SEEN },
    { "place", required_argument, NULL, OPTION_PLACE },
    { "note", required_argument, NULL, OPTION_NOTE },
    { "read-only", no_argument, NULL, OPTION_READ_ONLY },
    { "yes", no_argument, NULL, OPTION_YES },
    { "json", no_argument, NULL, OPTION_JSON },
    { "help", no_argument, NULL, 'h' },
    { NULL, 0, NULL, 0 },
};

static bool take_option(struct options *o, int code)
{
    switch (code) {
    case OPTION_CONFIG: o->config = optarg; return true;
    case OPTION_IDENTITY: o->identity = optarg; return true;
    case OPTION_LEDGER: o->ledger = optarg; return true;
    case OPTION_NODE: o->node = optarg; return true;
    case OPTION_CA: o->ca = optarg; return true;
    case OPTION_KEY: o->key = optarg; return true;
    case OPTION_MEMBER: o->member = optarg; return true;
    case OPTION_TO: o->handover.to = optarg; return true;
    case OPTION_ROLE: o->role = optarg; return true;
    case OPTION_CONDITION: o->handover.condition = optarg; return true;
    case OPTION_TIME: o->time = optarg; return true;
    case OPTION_CLOCK: o->clock = optarg; return true;
    case OPTION_ACCEPT: o->accept = true; return true;
    case OPTION_OFFER: o->offer = true; return true;
    case OPTION_SEEN: o->handover.seen = true; return true;
    case OPTION_PLACE: o->handover.place = optarg; return true;
    case OPTION_NOTE: o->handover.note = optarg; return true;
    case OPTION_READ_ONLY: o->read_only = true; return true;
    case OPTION_YES: o->handover.yes = true; return true;
    case OPTION_JSON: o->json = true; return true;
    case 'h': o->help = true; return true;
    default: return false; /* getopt has said what it does not know */
    }
}

/* ------------------------------------------------------------------ the configuration file */

/* A file the configuration names, unless the command line did. */
static void config_file_of(const struct config *config, const char *key, const char **into,
                           char memory[PATH_MAX])
{
    struct config_file file = config_path(config, key, "");
    if (*into != NULL || file.path[0] == '\0')
        return;
    memcpy(memory, file.path, PATH_MAX);
    *into = memory;
}

static void config_text_of(const struct config *config, const char *key, const char **into,
                           char memory[256])
{
    const char *text = config_has(config, key) ? config_text(config, key, NULL) : NULL;
    if (*into != NULL || text == NULL)
        return;
    if (snprintf(memory, 256, "%s", text) >= 256)
        config_refuse(config, key, "expected at most 255 bytes");
    *into = memory;
}

static bool load_config(struct options *o, struct err *err)
{
    static const char *const keys[] = { "identity", "ledger", "node", "ca", "key", "member", NULL };
    struct yaml_tree tree;
    if (!yaml_load(o->config, &tree, err))
        return false;
    struct config config = config_open(&tree, err);
    config_check_keys(&config, keys);
    if (config_has(&config, "identity") && config_has(&config, "ledger"))
        config_refuse(&config, "ledger", "identity is given too: choose one");
    bool typed = o->identity != NULL || o->ledger != NULL; /* one of them replaces both */
    if (!typed) {
        config_file_of(&config, "identity", &o->identity, o->from_config[0]);
        config_text_of(&config, "ledger", &o->ledger, o->from_config[1]);
    }
    config_file_of(&config, "ca", &o->ca, o->from_config[2]);
    config_file_of(&config, "key", &o->key, o->from_config[3]);
    config_text_of(&config, "node", &o->node, o->names_from_config[0]);
    config_text_of(&config, "member", &o->member, o->names_from_config[1]);
    bool good = config_good(&config);
    yaml_free(&tree);
    return good;
}

/* ------------------------------------------------------------------ what it comes to */

static bool find_ledger(struct options *o, struct err *err)
{
    if (o->identity != NULL && o->ledger != NULL)
        return err_set(err, ERR_INPUT, "--identity and --ledger: choose one");
    o->knows = o->identity != NULL || o->ledger != NULL;
    o->whole = o->identity != NULL;
    if (o->ledger != NULL)
        return ledger_mark_parse(o->ledger, o->mark, err);
    if (o->identity == NULL)
        return true;
    if (!ledger_mark_load_id(o->identity, &o->handover.ledger, err))
        return false;
    memcpy(o->mark, o->handover.ledger.bytes, GS1_LINK_LEDGER);
    return true;
}

static const char *from_environment(const char *name, const char *fallback)
{
    const char *value = getenv(name);
    return value != NULL && *value != '\0' ? value : fallback;
}

/* The genesis that waybill init lays beside the identity: it need not be there. */
static const char *genesis_beside(struct options *o)
{
    const char *slash = strrchr(o->identity, '/');
    int folder = slash != NULL ? (int)(slash - o->identity) + 1 : 0;
    int len = snprintf(o->genesis, sizeof o->genesis, "%.*sgenesis.cbor", folder, o->identity);
    return len > 0 && (size_t)len < sizeof o->genesis ? o->genesis : NULL;
}

static bool check_wishes(const struct options *o, struct err *err)
{
    bool to = o->handover.to != NULL, seen = o->handover.seen;
    bool wishes = to || o->accept || o->offer || seen;
    if (o->read_only + o->accept + (o->offer || to) + seen > 1)
        return err_set(err, ERR_INPUT,
                       "--accept, --offer (--to), --seen (--place, --note) and --read-only: choose "
                       "one");
    if (seen && o->handover.condition != NULL)
        return err_set(err, ERR_INPUT, "--condition: is said by a handover; a scan takes --note");
    if (o->offer && !to)
        return err_set(err, ERR_INPUT, "--offer: to whom? --to MEMBER");
    if (o->role != NULL && !to)
        return err_set(err, ERR_INPUT, "--role: is said by the offer; only --to takes it");
    if (wishes && o->key == NULL)
        return err_set(err, ERR_INPUT, "--key FILE: missing: nothing can be signed without it");
    return true;
}

static bool fill_handover(struct options *o, struct err *err)
{
    struct handover_options *h = &o->handover;
    const char *clock = o->clock != NULL ? o->clock : from_environment("WAYBILL_CLOCK", "REAL");
    if (!o->whole)
        return err_set(err, ERR_INPUT,
                       "--identity FILE: missing: a signature is made for one ledger");
    h->node_url = o->node != NULL ? o->node : from_environment("WAYBILL_NODE", NODE_CLIENT_URL);
    h->ca_file = o->ca;
    h->key_path = o->key;
    h->member = o->member;
    h->genesis_path = genesis_beside(o);
    h->accept = o->accept;
    h->role = o->role != NULL && strcmp(o->role, "owner") == 0 ? ROLE_OWNER : ROLE_CUSTODIAN;
    if (o->role != NULL && h->role != ROLE_OWNER && strcmp(o->role, "custodian") != 0)
        return err_set(err, ERR_INPUT, "--role: expected custodian or owner, found \"%.40s\"",
                       o->role);
    if (h->place != NULL && !gs1_check_key("414", slice_text(h->place), err))
        return err_wrap(err, "--place");
    if (h->note != NULL && (strlen(h->note) > NAME_MAX_BYTES || h->note[0] == '\0'))
        return err_set(err, ERR_INPUT, "--note: expected 1 to %d bytes", NAME_MAX_BYTES);
    if (h->condition != NULL && (strlen(h->condition) > NAME_MAX_BYTES || h->condition[0] == '\0'))
        return err_set(err, ERR_INPUT, "--condition: expected 1 to %d bytes", NAME_MAX_BYTES);
    if (o->time != NULL && !instant_parse(o->time, &h->time_ms))
        return err_set(err, ERR_INPUT,
                       "--time: expected an instant such as 2026-06-01T10:00:00Z, found \"%.60s\"",
                       o->time);
    return clock_parse(clock, &h->clock, err) || err_wrap(err, "--clock");
}

bool options_parse(int argc, char **argv, struct options *ret_options, struct err *err)
{
    struct options *o = ret_options;
    int code;
    memset(o, 0, sizeof *o);
    while ((code = getopt_long(argc, argv, "h", longs, NULL)) != -1)
        if (!take_option(o, code))
            return err_set(err, ERR_INPUT, "see waybill-scan --help");
    o->first_image = optind;
    if (o->help)
        return true;
    if (optind >= argc)
        return err_set(err, ERR_INPUT, "expected IMAGE...; see waybill-scan --help");
    if (argc - optind > OPTIONS_IMAGES_MAX)
        return err_set(err, ERR_INPUT, "%d pictures: at most %d at once", argc - optind,
                       OPTIONS_IMAGES_MAX);
    o->handover.seen = o->handover.seen || o->handover.place != NULL || o->handover.note != NULL;
    if ((o->config != NULL && !load_config(o, err)) || !check_wishes(o, err) ||
        !find_ledger(o, err))
        return false;
    o->acts = o->key != NULL && !o->read_only;
    return !o->acts || fill_handover(o, err);
}
