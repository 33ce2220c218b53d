/* `waybill cert`: certificates of goods, places and companies, by who issues them; and their revocation. */
#include "tools/cmd_cert.h"

#include "common/file.h"
#include "common/instant.h"
#include "common/quantity.h"
#include "tools/cmd_names.h"
#include "tools/cmd_send.h"

#include <stdlib.h>

#define DOCUMENT_MAX ((size_t)64 << 20)

/* ------------------------------------------------------------------ issue */

/* --from, or now; --until an instant, or so long after it. */
static bool read_validity(struct cmd_home *home, const struct cmd_args *args, struct certificate *c,
                          struct err *err)
{
    const char *until;
    uint64_t lasts_ms = 0;
    c->from_ms = clock_now_ms(&home->clock);
    if (!cmd_names_instant(args, "from", &c->from_ms, err) ||
        !cmd_args_need(args, "until", &until, err))
        return false;
    if (!instant_parse(until, &c->until_ms)) {
        if (!quantity_parse_duration_ms(until, &lasts_ms, NULL))
            return err_set(err, ERR_INPUT,
                           "--until: expected an instant such as 2027-06-01T00:00:00Z or a "
                           "duration such as \"365 d\", found \"%.60s\"",
                           until);
        c->until_ms = c->from_ms + lasts_ms;
    }
    return c->until_ms > c->from_ms ||
           err_set(err, ERR_INPUT, "it would end before it begins: --until must be after --from");
}

static bool read_document(const struct cmd_args *args, struct certificate *c, struct err *err)
{
    const char *path = cmd_args_text(args, "document", NULL);
    struct buf bytes = buf_heap(DOCUMENT_MAX);
    if (path == NULL)
        return true;
    c->has_document = file_read(path, DOCUMENT_MAX, &bytes, err);
    if (c->has_document)
        c->document = crypto_sha256(buf_slice(&bytes));
    buf_free(&bytes);
    return c->has_document || err_wrap(err, "--document");
}

static bool read_scope(struct cmd_home *home, const struct cmd_args *args, struct buf *names,
                       struct certificate *c, struct err *err)
{
    const char *member = cmd_args_text(args, "member", NULL);
    c->has_assets = args->operand_count > 1;
    c->has_member = member != NULL;
    if ((c->has_assets && !cmd_names_assets(args, 1, false, names, &c->assets, err)) ||
        !cmd_names_place(args, "place", &c->place, err) ||
        (c->has_member && !cmd_home_find_member(home, member, &c->member, err)))
        return false;
    if (c->has_assets && c->assets.count > CERTIFICATE_ASSETS_MAX)
        return err_set(err, ERR_INPUT, "a certificate names at most %d goods; a lot is one",
                       CERTIFICATE_ASSETS_MAX);
    return c->has_assets || c->has_member || c->place.len > 0 ||
           err_set(err, ERR_INPUT,
                   "what is certified? Expected ASSET..., --place GLN or --member MEMBER");
}

static int issue(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    struct statement draft = { .kind = KIND_CERTIFICATE };
    struct certificate *c = &draft.as.certificate;
    struct buf names = buf_heap(CMD_ASSETS_MAX);
    bool good = cmd_args_expect(args, 1, CMD_ARGS_MAX, "the NAME of a standard", err) &&
                cmd_names_check("NAME", args->operand[0], err) &&
                read_scope(home, args, &names, c, err) && read_validity(home, args, c, err) &&
                read_document(args, c, err) && cmd_names_text(args, "number", &c->number, err) &&
                cmd_names_instant(args, "time", &draft.link.time_ms, err);
    if (good)
        c->name = slice_text(args->operand[0]);
    int code = good ? cmd_send_finish(home, "certified", &draft) : cmd_action_fail(err);
    buf_free(&names);
    return code;
}

/* ------------------------------------------------------------------ revoke */

static int revoke(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    struct statement draft = { .kind = KIND_CERTIFICATE_REVOKE };
    struct certificate_revoke *r = &draft.as.certificate_revoke;
    const char *reason;
    r->from_ms = clock_now_ms(&home->clock);
    bool good = cmd_args_expect(args, 1, 1, "one CERTIFICATE, by its hash", err) &&
                cmd_home_parse_hash(args->operand[0], &r->certificate, err) &&
                cmd_args_need(args, "reason", &reason, err) &&
                cmd_names_text(args, "reason", &r->reason, err) &&
                cmd_names_instant(args, "from", &r->from_ms, err) &&
                cmd_names_instant(args, "time", &draft.link.time_ms, err);
    return good ? cmd_send_finish(home, "revoked", &draft) : cmd_action_fail(err);
}

int cmd_cert(int argc, char **argv)
{
    static const struct cmd_action actions[] = {
        { "issue", "cert issue", "place= member= from= until= number= document= time= no-wait",
          "Usage: waybill cert issue NAME [ASSET...] --until WHEN [options]\n"
          "Certifies goods, a lot, a place or a company by a standard: organic, fair trade, GMP. "
          "The company\n"
          "that signs is the issuer. The statement's hash names the certificate.\n"
          "\n"
          "  --place GLN      of a place\n"
          "  --member MEMBER  of a company\n"
          "  --from INSTANT   valid from (default: now)\n"
          "  --until WHEN     an instant, or so long after --from: \"365 d\"\n"
          "  --number TEXT    the issuer's own number\n"
          "  --document FILE  the paper; its SHA-256 goes on the ledger\n"
          "Exit code: 0 accepted, 1 error, 4 refused.\n",
          issue },
        { "revoke", "cert revoke", "reason= from= time= no-wait",
          "Usage: waybill cert revoke CERTIFICATE --reason TEXT [--from INSTANT]\n"
          "Takes back this company's own certificate. With --from it is not valid from then on, "
          "even if\n"
          "that is long ago: it reaches goods that were shipped since.\n"
          "Exit code: 0 accepted, 1 error, 4 refused.\n",
          revoke },
        { "list", "cert list", "place= member=",
          "Usage: waybill cert list [ASSET] [--place GLN] [--member MEMBER]\n"
          "Certificates of goods, of a place, of a company; without any of them all there are.\n"
          "Exit code: 0 good, 1 error.\n",
          cmd_cert_list },
        { "show", "cert show", "",
          "Usage: waybill cert show CERTIFICATE\n"
          "One certificate, by its hash, and whether it is valid now.\n"
          "Exit code: 0 good, 1 error.\n",
          cmd_cert_show },
        { .word = NULL },
    };
    return cmd_action_choose(actions, argc, argv);
}
