/*
 * `waybill doc`: a document's SHA-256 is attached to a contract, and a file is compared with it later. The
 * file itself never leaves this machine. What is verified follows from the proof of one of the contract's
 * goods, which names every document that was ever attached for them.
 */
#include "common/hex.h"
#include "common/instant.h"
#include "tools/cmd_action.h"
#include "tools/cmd_contract_explain.h"
#include "tools/cmd_contract_words.h"
#include "tools/cmd_names.h"
#include "tools/cmd_node.h"
#include "tools/cmd_send.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define CHUNK ((size_t)1 << 16)

/* ------------------------------------------------------------------ a file of any size */

static bool hash_stream(FILE *in, const char *path, struct hash *ret_hash, uint64_t *ret_size,
                        struct err *err)
{
    static uint8_t chunk[CHUNK];
    struct sha256 sum;
    size_t n;
    *ret_size = 0;
    crypto_sha256_begin(&sum);
    while ((n = fread(chunk, 1, sizeof chunk, in)) > 0) {
        crypto_sha256_add(&sum, slice_of(chunk, n));
        *ret_size += n;
    }
    *ret_hash = crypto_sha256_end(&sum);
    return ferror(in) == 0 || err_set(err, ERR_IO, "%s: cannot be read to its end", path);
}

static bool hash_file(const char *path, struct hash *ret_hash, uint64_t *ret_size, struct err *err)
{
    struct stat is;
    FILE *in = fopen(path, "rb");
    if (in == NULL)
        return err_set(err, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO, "%s: %s", path,
                       strerror(errno));
    /* a pipe ends, a device such as /dev/zero need not */
    bool good = (fstat(fileno(in), &is) == 0 && (S_ISREG(is.st_mode) || S_ISFIFO(is.st_mode))) ||
                err_set(err, ERR_INPUT, "%s: expected a file, found a folder or a device", path);
    good = good && hash_stream(in, path, ret_hash, ret_size, err);
    (void)fclose(in);
    return good;
}

/* ------------------------------------------------------------------ attach */

static bool check_name(const struct contract_definition *d, const char *name, struct err *err)
{
    unsigned index;
    char list[200] = "";
    if (definition_find_document(d, slice_text(name), &index))
        return true;
    for (size_t i = 0; i < d->document_count; i++) {
        size_t len = strlen(list);
        (void)snprintf(list + len, sizeof list - len, "%s%.*s", i > 0 ? ", " : "",
                       (int)d->documents[i].name.len, (const char *)d->documents[i].name.data);
    }
    return err_set(err, ERR_INPUT, "the contract has no document \"%.64s\"; it has: %s", name,
                   d->document_count > 0 ? list : "none");
}

static bool build(struct cmd_home *home, const struct cmd_args *args, struct statement *draft,
                  struct buf *units, struct err *err)
{
    struct document *d = &draft->as.document;
    struct contract_opened *contract = NULL;
    const char *opening, *name, *type = cmd_args_text(args, "type", "");
    bool good = cmd_args_expect(args, 1, 1, "one FILE", err) &&
                cmd_args_need(args, "contract", &opening, err) &&
                cmd_args_need(args, "name", &name, err) &&
                hash_file(args->operand[0], &d->hash, &d->size, err) &&
                cmd_contract_fetch(home, opening, &contract, err) &&
                check_name(&contract->definition, name, err) &&
                cmd_contract_goods(args, "unit", 1, units, &d->assets, err) &&
                (strlen(type) <= DOCUMENT_MEDIA_MAX ||
                 err_set(err, ERR_INPUT, "--type: at most %d bytes", DOCUMENT_MEDIA_MAX));
    if (good) {
        d->has_assets = d->assets.count > 0;
        d->opening = contract->opening;
        d->name = slice_text(name);
        d->media = slice_text(type);
    }
    cmd_contract_release(contract);
    return good;
}

static int attach(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    struct statement draft = { .kind = KIND_DOCUMENT };
    struct buf units = buf_heap(CMD_ASSETS_MAX);
    int code = build(home, args, &draft, &units, err) ? cmd_send_finish(home, "attached", &draft)
                                                      : cmd_action_fail(err);
    buf_free(&units);
    return code;
}

/* ------------------------------------------------------------------ verify */

enum finding {
    FOUND_NOTHING, /* no document that it could be is on the ledger */
    FOUND_OTHER,   /* there is, and the file is another */
    FOUND_OLDER,   /* the file is one that a later one took the place of */
    FOUND_SAME,
};

static const char *finding_name(enum finding f)
{
    switch (f) {
    case FOUND_NOTHING: return "UNKNOWN";
    case FOUND_OTHER: return "MISMATCH";
    case FOUND_OLDER: return "REPLACED";
    case FOUND_SAME: return "OK";
    }
    return "";
}

struct verifying {
    struct cmd_home *home;
    const char *path, *name; /* name NULL: any */
    struct hash hash;        /* of the file */
    uint64_t size;
    bool any_contract;
    struct hash opening; /* unless any_contract */
    struct chronicle *chronicle;
    enum finding found;
    const struct chronicle_line *line; /* what was compared; NULL: nothing */
};

static bool take_document(const struct verifying *v, const struct chronicle_line *line,
                          struct event_document *ret)
{
    return line->event.what == EVENT_DOCUMENT && event_data_document(line->event.data, ret) &&
           (v->any_contract || hash_equal(&ret->opening, &v->opening)) &&
           (v->name == NULL || slice_equal(ret->name, slice_text(v->name)));
}

/* Whether a later line attaches another document of the same name to the same contract. */
static bool is_replaced(const struct verifying *v, size_t at, const struct event_document *of)
{
    struct event_document later;
    for (size_t i = at + 1; i < v->chronicle->line_count; i++)
        if (take_document(v, &v->chronicle->lines[i], &later) &&
            hash_equal(&later.opening, &of->opening) && slice_equal(later.name, of->name) &&
            !hash_equal(&later.hash, &of->hash))
            return true;
    return false;
}

static void compare(struct verifying *v)
{
    for (size_t i = 0; i < v->chronicle->line_count; i++) {
        struct event_document d;
        enum finding found = FOUND_OTHER;
        if (!take_document(v, &v->chronicle->lines[i], &d))
            continue;
        bool replaced = is_replaced(v, i, &d);
        if (hash_equal(&d.hash, &v->hash))
            found = replaced ? FOUND_OLDER : FOUND_SAME;
        else if (replaced)
            continue;
        if (found >= v->found) {
            v->found = found;
            v->line = &v->chronicle->lines[i];
        }
    }
}

/* ------------------------------------------------------------------ the answer */

static bool find_signer(const struct chronicle_line *line, struct statement *ret)
{
    return line->bytes.len > 0 && statement_decode(line->bytes, ret, NULL);
}

static void tell_json(const struct verifying *v, const struct event_document *d)
{
    char name[CMD_HOME_NAME_SIZE], time[INSTANT_TEXT_SIZE];
    struct statement st;
    struct json_doc *doc = json_doc_object();
    json_doc_put_text(doc, "result", finding_name(v->found));
    json_doc_put_text(doc, "file", v->path);
    json_doc_put_hex(doc, "file_hash", hash_slice(&v->hash));
    json_doc_put_int(doc, "file_size", (int64_t)v->size);
    json_doc_put_bool(doc, "proven", v->chronicle->pinned);
    json_doc_put_text(doc, "asset", v->chronicle->claim.asset);
    json_doc_put_hex(doc, "ledger_hash", hash_slice(&d->hash));
    json_doc_put_hex(doc, "opening", hash_slice(&d->opening));
    json_doc_put_slice(doc, "name", d->name);
    instant_format(v->line->event.time_ms, time);
    json_doc_put_text(doc, "time", time);
    json_doc_put_hex(doc, "statement", hash_slice(&v->line->statement));
    if (find_signer(v->line, &st)) {
        json_doc_put_hex(doc, "kid", kid_slice(&st.kid));
        json_doc_put_text(doc, "by", cmd_home_member_name(v->home, &st.kid, name));
    }
    cmd_action_print(doc);
}

static void print_attached(const struct verifying *v, const struct event_document *d)
{
    char name[CMD_HOME_NAME_SIZE], time[INSTANT_TEXT_SIZE], hex[2 * HASH_SIZE + 1];
    struct statement st;
    instant_format(v->line->event.time_ms, time);
    hex_encode(hash_slice(&d->opening), hex);
    (void)printf("  attached as ");
    cmd_contract_print(d->name);
    if (find_signer(v->line, &st))
        (void)printf(" by %s", cmd_home_member_name(v->home, &st.kid, name));
    (void)printf(" at %s\n  contract %s\n", time, hex);
}

/* Without a name any of several could have been meant. */
static void print_others(const struct verifying *v)
{
    char hex[2 * HASH_SIZE + 1];
    struct event_document d;
    for (size_t i = 0; i < v->chronicle->line_count; i++) {
        if (&v->chronicle->lines[i] == v->line || !take_document(v, &v->chronicle->lines[i], &d) ||
            is_replaced(v, i, &d))
            continue;
        hex_encode(hash_slice(&d.hash), hex);
        (void)printf("  nor is it       %s, ", hex);
        cmd_contract_print(d.name);
        (void)printf("\n");
    }
}

static void tell(const struct verifying *v)
{
    struct event_document d;
    char file[2 * HASH_SIZE + 1], ledger[2 * HASH_SIZE + 1];
    if (!event_data_document(v->line->event.data, &d))
        return;
    if (v->home->json) {
        tell_json(v, &d);
        return;
    }
    hex_encode(hash_slice(&v->hash), file);
    hex_encode(hash_slice(&d.hash), ledger);
    (void)printf("%s  %s\n", finding_name(v->found), v->path);
    if (v->found == FOUND_OTHER)
        (void)printf("  the file is     %s\n  the ledger says %s\n", file, ledger);
    else
        (void)printf("  SHA-256 %s\n", file);
    if (v->found == FOUND_OLDER)
        (void)printf("  another one took its place since\n");
    print_attached(v, &d);
    if (v->found == FOUND_OTHER)
        print_others(v);
    (void)printf("  %s  none of the %" PRIu64 " events of %s missing up to head %" PRIu64 "\n",
                 v->chronicle->pinned ? "proof ok" : "UNPROVEN (no identity is pinned)",
                 v->chronicle->claim.events, v->chronicle->claim.asset,
                 v->chronicle->claim.head.height);
}

/* Without anything else it is by the hash alone that the node knows where to look; the proof is the goods'. */
static bool look_up(struct verifying *v, struct buf *opening, char ret_asset[GS1_NAME_MAX + 1],
                    struct err *err)
{
    char hex[2 * HASH_SIZE + 1], path[128];
    struct json_doc *doc = NULL;
    hex_encode(hash_slice(&v->hash), hex);
    (void)snprintf(path, sizeof path, "/v1/documents/%s", hex);
    if (!cmd_node_get_json(v->home, path, &doc, err))
        return false;
    struct slice asset = cmd_contract_text_at(doc, "/attached/0/asset", "");
    if (asset.len <= GS1_NAME_MAX)
        (void)snprintf(ret_asset, GS1_NAME_MAX + 1, "%.*s", (int)asset.len,
                       (const char *)asset.data);
    buf_add_slice(opening, cmd_contract_text_at(doc, "/attached/0/opening", ""));
    buf_add_byte(opening, '\0');
    json_doc_free(doc);
    return true;
}

static bool use_contract(struct verifying *v, const char *opening, char ret_asset[GS1_NAME_MAX + 1],
                         struct err *err)
{
    struct contract_opened *c = NULL;
    if (!cmd_contract_fetch(v->home, opening, &c, err))
        return false;
    v->opening = c->opening;
    bool good = v->name == NULL || check_name(&c->definition, v->name, err);
    struct asset_iter it = asset_set_begin(&c->st.as.open.assets);
    if (ret_asset[0] == '\0' && asset_set_next(&it))
        (void)snprintf(ret_asset, GS1_NAME_MAX + 1, "%s", it.name);
    cmd_contract_release(c);
    return good;
}

/* The goods whose proof is asked for: named, or the first of the contract's. */
static bool find_asset(struct verifying *v, const struct cmd_args *args,
                       char ret_asset[GS1_NAME_MAX + 1], struct err *err)
{
    char found[2 * HASH_SIZE + 2];
    struct buf memory = buf_fixed(found, sizeof found);
    const char *opening = cmd_args_text(args, "contract", NULL);
    const char *unit = cmd_args_text(args, "unit", NULL);
    if (unit != NULL && !cmd_names_asset(unit, ret_asset, err))
        return err_wrap(err, "--unit");
    if (opening == NULL && unit == NULL) {
        if (!look_up(v, &memory, ret_asset, err))
            return false;
        opening = memory.failed ? "" : found;
    }
    v->any_contract = opening == NULL;
    return opening == NULL || use_contract(v, opening, ret_asset, err);
}

static int verify(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    char asset[GS1_NAME_MAX + 1] = "";
    struct verifying v = { .home = home, .name = cmd_args_text(args, "name", NULL) };
    bool good = cmd_args_expect(args, 1, 1, "one FILE", err) &&
                hash_file(args->operand[0], &v.hash, &v.size, err) &&
                find_asset(&v, args, asset, err) &&
                cmd_contract_chronicle(home, asset, &v.chronicle, err);
    if (!good)
        return cmd_action_fail(err);
    v.path = args->operand[0];
    compare(&v);
    if (v.found != FOUND_NOTHING)
        tell(&v);
    else
        (void)err_set(err, ERR_NOT_FOUND, "no %s%s%sis attached to %s%s",
                      v.name != NULL ? "\"" : "document ", v.name != NULL ? v.name : "",
                      v.name != NULL ? "\" " : "", v.any_contract ? "" : "the contract of ", asset);
    cmd_contract_chronicle_free(v.chronicle);
    if (v.found == FOUND_NOTHING)
        return cmd_action_fail(err);
    return v.found == FOUND_SAME ? CMD_GOOD : CMD_PROOF;
}

int cmd_doc(int argc, char **argv)
{
    static const struct cmd_action actions[] = {
        { "attach", "doc attach", "contract= name= unit= assets= type= no-wait",
          "Usage: waybill doc attach FILE --contract OPENING --name NAME [options]\n"
          "Attaches a document to a contract by its SHA-256; the file stays here.\n"
          "\n"
          "  --name NAME         as the contract calls it\n"
          "  --unit ASSET        only for this one, where each has a state of its own\n"
          "  --assets FILE       or for those that a file names, one a line\n"
          "  --type MEDIA        such as application/pdf\n"
          "Exit code: 0 accepted, 1 error, 4 refused.\n",
          attach },
        { "verify", "doc verify", "contract= name= unit=",
          "Usage: waybill doc verify FILE [--contract OPENING] [--name NAME] [--unit ASSET]\n"
          "Whether a file is the document that is attached to the contract, or to any contract of\n"
          "the asset, or, with neither, anywhere: OK, MISMATCH, or REPLACED when another one took "
          "its place. The answer is\n"
          "proven as a trace is: from the asset's events, none left out, under sealed blocks.\n"
          "Exit code: 0 it is, 1 error or nothing to compare with, 3 it is not, or not proven.\n",
          verify },
        { .word = NULL },
    };
    return cmd_action_choose(actions, argc, argv);
}
