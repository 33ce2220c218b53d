/* `waybill device`: keys of things and people that a company answers for, and what they are fixed to. */
#include "common/file.h"
#include "common/hex.h"
#include "common/json.h"
#include "common/keyfile.h"
#include "common/signer.h"
#include "contracts/property.h"
#include "tools/cmd_action.h"
#include "tools/cmd_names.h"
#include "tools/cmd_send.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RIGHTS_MEMORY 16384

/* ------------------------------------------------------------------ request */

/* DIR/keys/NAME.key, where --as NAME finds it. */
static bool new_key_path(const struct cmd_home *home, const char *name, char path[PATH_MAX],
                         struct err *err)
{
    char slug[CMD_SLUG_SIZE];
    if (strlen(name) > NAME_MAX_BYTES || !cmd_home_slug(name, slug))
        return err_set(err, ERR_INPUT, "expected a name with letters or digits, found \"%.60s\"",
                       name);
    if (snprintf(path, PATH_MAX, "%s/keys", home->dir) >= PATH_MAX)
        return err_set(err, ERR_INPUT, "%s: the name is too long", home->dir);
    if (!file_exists(path) && !file_make_folder(path, 0700, err))
        return false;
    return snprintf(path, PATH_MAX, "%s/keys/%s.key", home->dir, slug) < PATH_MAX ||
           err_set(err, ERR_INPUT, "%s: the name is too long", home->dir);
}

/* The key is on disk, with its place in its sequence, before anybody can enrol it. */
static bool make_key(const struct cmd_home *home, const char *path, const struct kid *sponsor,
                     struct buf *out, struct kid *ret_kid, struct err *err)
{
    struct key_pair key;
    uint8_t token[HALF_SIZE];
    const struct hash *ledger = &home->identity.genesis.ledger;
    crypto_random(token, sizeof token);
    if (!keyfile_make(path, &key, err))
        return false;
    *ret_kid = key.kid;
    enrol_request_sign(&key, ledger, sponsor, token, out);
    crypto_wipe(&key, sizeof key);
    return (!out->failed || err_set(err, ERR_INPUT, "the request is too large")) &&
           signer_create(path, ledger, err);
}

static int tell_request(const struct cmd_home *home, const struct kid *kid, const char *key_path,
                        const char *output)
{
    char hex[2 * KID_SIZE + 1];
    hex_encode(kid_slice(kid), hex);
    if (home->json) {
        struct json_doc *doc = json_doc_object();
        json_doc_put_text(doc, "key", hex);
        json_doc_put_text(doc, "file", key_path);
        json_doc_put_text(doc, "request", output);
        cmd_action_print(doc);
    } else {
        (void)printf("key      %s  %s\nrequest  %s\n", hex, key_path, output);
    }
    return CMD_GOOD;
}

static int request(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    const char *sponsor_name, *output;
    char path[PATH_MAX];
    uint8_t memory[ENROL_REQUEST_MAX];
    struct buf out = buf_fixed(memory, sizeof memory);
    struct kid sponsor, kid;
    if (!cmd_args_expect(args, 1, 1, "one NAME", err) ||
        !cmd_args_need(args, "sponsor", &sponsor_name, err) ||
        !cmd_args_need(args, "o", &output, err) || !cmd_home_need_identity(home, err) ||
        !cmd_home_find_member(home, sponsor_name, &sponsor, err) ||
        !new_key_path(home, args->operand[0], path, err) ||
        !make_key(home, path, &sponsor, &out, &kid, err) ||
        !file_replace(output, buf_slice(&out), 0644, err))
        return cmd_action_fail(err);
    return tell_request(home, &kid, path, output);
}

/* ------------------------------------------------------------------ enrol */

static bool read_class(const char *text, enum key_class *ret_class, struct err *err)
{
    static const struct {
        const char *name;
        enum key_class class;
    } classes[] = { { "device", CLASS_DEVICE },
                    { "operator", CLASS_OPERATOR },
                    { "oracle", CLASS_ORACLE },
                    { "auditor", CLASS_AUDITOR } };
    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++)
        if (strcmp(classes[i].name, text) == 0) {
            *ret_class = classes[i].class;
            return true;
        }
    return err_set(err, ERR_INPUT,
                   "--class: expected device, operator, oracle or auditor, found \"%.40s\"", text);
}

static int by_number(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

/* What a device may report: properties by name or number, rising, none twice. */
static bool put_properties(const struct cmd_args *args, struct buf *out, struct err *err)
{
    uint64_t ids[ENROL_RIGHTS_MAX];
    size_t count = 0;
    const char *text;
    for (size_t i = 0; (text = cmd_args_nth(args, "right", i)) != NULL; i++) {
        const struct property *p = property_by_name(slice_text(text));
        char *end = NULL;
        uint64_t id = p != NULL ? p->id : strtoull(text, &end, 10);
        if (p == NULL && (*text < '0' || *text > '9' || *end != '\0' || id == 0 || id > 65535))
            return err_set(err, ERR_INPUT, "--right: \"%.60s\" is no property", text);
        if (count == ENROL_RIGHTS_MAX)
            return err_set(err, ERR_INPUT, "--right: more than %d", ENROL_RIGHTS_MAX);
        ids[count++] = id;
    }
    qsort(ids, count, sizeof ids[0], by_number);
    for (size_t i = 1; i < count; i++)
        if (ids[i - 1] == ids[i])
            return err_set(err, ERR_INPUT, "--right: one property twice");
    cbor_put_array(out, count);
    for (size_t i = 0; i < count; i++)
        cbor_put_uint(out, ids[i]);
    return true;
}

static bool put_names(const struct cmd_args *args, struct buf *out, struct err *err)
{
    size_t count = 0;
    const char *text;
    while ((text = cmd_args_nth(args, "right", count)) != NULL) {
        if (!cmd_names_check("--right", text, err))
            return false;
        count++;
    }
    cbor_put_array(out, count);
    for (size_t i = 0; i < count; i++)
        cbor_put_text(out, slice_text(cmd_args_nth(args, "right", i)));
    return true;
}

static bool check_request(struct cmd_home *home, struct slice bytes, struct err *err)
{
    struct enrol_request q;
    struct kid self, member;
    if (!cmd_home_need_identity(home, err) || !cmd_send_kid(home, &self, err) ||
        !enrol_request_parse(bytes, &q, err))
        return false;
    if (!enrol_request_verify(&q))
        return err_set(err, ERR_PROOF, "the request is not signed by the key it names");
    if (!hash_equal(&q.ledger, &home->identity.genesis.ledger))
        return err_set(err, ERR_INPUT, "the request is for another ledger");
    return kid_equal(&q.sponsor, &self) ||
           (cmd_home_key_member(home, &self, &member) && kid_equal(&q.sponsor, &member)) ||
           err_set(err, ERR_INPUT, "the request asks another company to answer for it");
}

static bool build_enrol(struct cmd_home *home, const struct cmd_args *args, struct buf *request,
                        struct buf *rights, struct enrol *ret_enrol, struct err *err)
{
    const char *class;
    if (!cmd_args_expect(args, 1, 1, "one REQUEST file", err) ||
        !cmd_args_need(args, "class", &class, err) || !read_class(class, &ret_enrol->class, err) ||
        !file_read(args->operand[0], ENROL_REQUEST_MAX, request, err))
        return false;
    if (!check_request(home, buf_slice(request), err))
        return err_wrap(err, "%s", args->operand[0]);
    bool device = ret_enrol->class == CLASS_DEVICE;
    if (!(device ? put_properties(args, rights, err) : put_names(args, rights, err)) ||
        !cmd_names_text(args, "name", &ret_enrol->name, err))
        return false;
    ret_enrol->request = buf_slice(request);
    if (cmd_args_nth(args, "right", 0) != NULL)
        ret_enrol->rights = buf_slice(rights);
    return true;
}

static int enrol(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    struct statement draft = { .kind = KIND_ENROL };
    struct buf request = buf_heap(ENROL_REQUEST_MAX), rights = buf_heap(RIGHTS_MEMORY);
    int code = build_enrol(home, args, &request, &rights, &draft.as.enrol, err)
                   ? cmd_send_finish(home, "enrolled", &draft)
                   : cmd_action_fail(err);
    buf_free(&request);
    buf_free(&rights);
    return code;
}

/* ------------------------------------------------------------------ revoke */

static bool read_reason(const char *text, enum revoke_reason *ret_reason, struct err *err)
{
    static const char *const names[] = { "unspecified", "lost", "stolen", "retired" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i], text) == 0) {
            *ret_reason = (enum revoke_reason)i;
            return true;
        }
    return err_set(err, ERR_INPUT,
                   "--reason: expected lost, stolen, retired or unspecified, found \"%.40s\"",
                   text);
}

static bool build_revoke(const struct cmd_args *args, struct revoke *v, struct err *err)
{
    const char *from, *last, *reason = cmd_args_text(args, "reason", "unspecified");
    char *end = NULL;
    if (!cmd_args_expect(args, 1, 1, "one KID", err) ||
        !cmd_home_parse_kid(args->operand[0], &v->key, err) ||
        !cmd_args_need(args, "from", &from, err) || !cmd_args_need(args, "last-good", &last, err) ||
        !cmd_names_instant(args, "from", &v->from_ms, err) || !read_reason(reason, &v->reason, err))
        return false;
    v->last_good_seq = strtoull(last, &end, 10);
    return (*last >= '0' && *last <= '9' && *end == '\0' && v->last_good_seq <= INT64_MAX) ||
           err_set(err, ERR_INPUT, "--last-good: expected a sequence number, found \"%.40s\"",
                   last);
}

static int revoke(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    struct statement draft = { .kind = KIND_REVOKE };
    return build_revoke(args, &draft.as.revoke, err) ? cmd_send_finish(home, "revoked", &draft)
                                                     : cmd_action_fail(err);
}

/* ------------------------------------------------------------------ attach, detach */

static int fix(struct cmd_home *home, const struct cmd_args *args, bool detach, struct err *err)
{
    char asset[GS1_NAME_MAX + 1];
    struct statement draft = { .kind = KIND_ATTACH };
    struct attach *a = &draft.as.attach;
    if (!cmd_args_expect(args, 2, 2, "KID ASSET", err) ||
        !cmd_home_parse_kid(args->operand[0], &a->device, err) ||
        !cmd_names_asset(args->operand[1], asset, err) ||
        !cmd_names_instant(args, "time", &draft.link.time_ms, err))
        return cmd_action_fail(err);
    a->asset = slice_text(asset);
    a->detach = detach;
    return cmd_send_finish(home, detach ? "detached" : "attached", &draft);
}

static int attach(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    return fix(home, args, false, err);
}

static int detach(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    return fix(home, args, true, err);
}

int cmd_device(int argc, char **argv)
{
    static const struct cmd_action actions[] = {
        { "request", "device request", "sponsor= o=",
          "Usage: waybill device request NAME --sponsor MEMBER -o REQUEST\n"
          "Makes a key for a person or an oracle, DIR/keys/NAME.key, and the REQUEST with which "
          "MEMBER\n"
          "enrols it (waybill device enrol). From then on --as NAME signs with it. A sensor's key "
          "is made\n"
          "by waybill-agent request, where the sensor is.\n"
          "Exit code: 0 good, 1 error.\n",
          request },
        { "enrol", "device enrol", "class= right= name= no-wait",
          "Usage: waybill device enrol REQUEST --class CLASS [--right R ...] [--name NAME]\n"
          "Answers for a key: REQUEST is the file that its owner made and signed for this ledger\n"
          "and this company. CLASS: device, operator, oracle, auditor. R: for a device what it "
          "may\n"
          "report (temperature, humidity, ...); for others names of rights.\n"
          "Exit code: 0 accepted, 1 error, 3 the request does not hold, 4 refused.\n",
          enrol },
        { "revoke", "device revoke", "from= last-good= reason= no-wait",
          "Usage: waybill device revoke KID --from INSTANT --last-good SEQ [--reason WHY]\n"
          "Ends a key: what it signed after SEQ is turned away, what is sealed and of a time "
          "after\n"
          "INSTANT is marked suspect. WHY: lost, stolen, retired.\n"
          "Exit code: 0 accepted, 1 error, 4 refused.\n",
          revoke },
        { "attach", "device attach", "time= no-wait",
          "Usage: waybill device attach KID ASSET [--time INSTANT]\n"
          "From here on the device's readings are readings of ASSET.\n"
          "Exit code: 0 accepted, 1 error, 4 refused.\n",
          attach },
        { "detach", "device detach", "time= no-wait",
          "Usage: waybill device detach KID ASSET [--time INSTANT]\n"
          "From here on they are not.\n"
          "Exit code: 0 accepted, 1 error, 4 refused.\n",
          detach },
        { .word = NULL },
    };
    return cmd_action_choose(actions, argc, argv);
}
