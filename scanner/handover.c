#include "scanner/handover.h"

#include "common/hex.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What the three in scan_goods are called. */
struct goods_names {
    char custodian[NAMES_SIZE], from[NAMES_SIZE], to[NAMES_SIZE];
};

struct handover {
    const struct handover_options *options;
    struct node_client *node;
    struct signer *signer;
    struct names *names;
    struct kid self;
};

/* ------------------------------------------------------------------ opening */

bool handover_open(const struct handover_options *options, struct handover **ret_handover,
                   struct err *err)
{
    struct handover *h = calloc(1, sizeof *h);
    if (h == NULL)
        return err_set(err, ERR_IO, "out of memory");
    h->options = options;
    bool good = names_open(options->genesis_path, &options->ledger, &h->names, err) &&
                node_client_open(options->node_url, options->ca_file, &h->node, err) &&
                node_client_check_ledger(h->node, &options->ledger, err) &&
                names_ask_set(h->names, h->node, err) &&
                node_client_open_signer(options->key_path, &options->ledger, &h->signer, err);
    if (good) {
        h->self = *signer_kid(h->signer);
        good = options->member == NULL || names_find(h->names, options->member, &h->self, err);
    }
    if (!good) {
        handover_close(h);
        return false;
    }
    *ret_handover = h;
    return true;
}

void handover_close(struct handover *h)
{
    if (h == NULL)
        return;
    signer_close(h->signer);
    node_client_close(h->node);
    names_close(h->names);
    free(h);
}

/* ------------------------------------------------------------------ what the ledger says now */

static bool take_kid(const struct json_doc *doc, const char *pointer, struct kid *ret_kid)
{
    struct slice text;
    return json_doc_get_text(json_doc_at(doc, pointer), &text) &&
           hex_decode((const char *)text.data, text.len, ret_kid->bytes, KID_SIZE);
}

/* goods->known stays false when the ledger has never heard of it. */
static bool ask_holder(struct handover *h, const char *asset, struct scan_goods *goods,
                       struct err *err)
{
    char path[NODE_CLIENT_PATH_MAX];
    struct json_doc *summary = NULL, *custody = NULL;
    struct err why = { .code = ERR_NONE };
    bool owner = h->options->to != NULL && h->options->role == ROLE_OWNER;
    if (!node_client_asset_path(asset, "", path, err))
        return false;
    if (!node_client_get_json(h->node, path, &summary, &why))
        return why.code == ERR_NOT_FOUND || err_set(err, why.code, "%s", why.msg);
    goods->known = true;
    goods->has_custodian =
        take_kid(summary, owner ? "/owner/kid" : "/custodian/kid", &goods->custodian);
    bool good = node_client_asset_path(asset, "/custody", path, err) &&
                node_client_get_json(h->node, path, &custody, err);
    names_hear(h->names, json_doc_at(summary, "/custodian"));
    names_hear(h->names, json_doc_at(summary, "/owner"));
    names_hear(h->names, json_doc_at(custody, "/offered_to"));
    const struct json_doc *list = json_doc_at(custody, "/custody");
    for (size_t i = 0; i < json_doc_count(list); i++)
        names_hear(h->names, json_doc_at(json_doc_element(list, i), "/member"));
    json_doc_free(summary);
    json_doc_free(custody);
    return good;
}

static bool ask_offer(struct handover *h, const char *asset, struct buf *bytes,
                      struct node_offer *offer, struct scan_goods *goods, struct err *err)
{
    if (!goods->known)
        return true;
    if (!node_client_find_offer(h->node, asset, bytes, offer, err))
        return false;
    goods->has_offer = offer->open;
    if (offer->open) {
        goods->offer_from = offer->from;
        goods->offer_to = offer->statement.as.custody.to;
        goods->offer = offer->statement.hash;
    }
    return true;
}

static void name_goods(const struct handover *h, struct goods_names *memory,
                       struct scan_goods *goods)
{
    names_tell(h->names, &goods->custodian, memory->custodian);
    names_tell(h->names, &goods->offer_from, memory->from);
    names_tell(h->names, &goods->offer_to, memory->to);
    goods->custodian_name = memory->custodian;
    goods->from_name = memory->from;
    goods->to_name = memory->to;
}

/* ------------------------------------------------------------------ asking the person */

static bool ask(const char *question)
{
    char answer[16] = "";
    (void)fprintf(stderr, "%s [y/N] ", question);
    (void)fflush(stderr);
    bool good = fgets(answer, sizeof answer, stdin) != NULL;
    return good && (answer[0] == 'y' || answer[0] == 'Y');
}

static bool is_terminal(void)
{
    return isatty(STDIN_FILENO) != 0 && isatty(STDERR_FILENO) != 0;
}

static void put_question(const struct handover_result *r, const struct scan_decision *d,
                         const char *asset, char *out, size_t size)
{
    char more[48] = "";
    bool accept = d->step == SCAN_STEP_ACCEPT;
    if (d->step == SCAN_STEP_SEEN) {
        (void)snprintf(out, size, "%s: %s. Record that you saw it?", asset, d->why);
        return;
    }
    if (r->count > 1)
        (void)snprintf(more, sizeof more, " and %zu more with it", r->count - 1);
    (void)snprintf(out, size, "%s %s%s%s %s %s?", accept ? "Accept" : "Offer",
                   r->role == ROLE_OWNER ? "ownership of " : "", asset, more,
                   accept ? "from" : "to", r->other_name);
}

/* ret_go: sign. Without a terminal nobody can be asked, so it has to have been said before. */
static bool confirm(const struct handover *h, const char *asset, const struct scan_decision *d,
                    const struct handover_result *r, bool *ret_go, struct err *err)
{
    char question[640];
    bool accept = d->step == SCAN_STEP_ACCEPT;
    bool terminal = is_terminal();
    *ret_go = h->options->yes || (!terminal && (!accept || h->options->accept));
    if (*ret_go)
        return true;
    if (!terminal)
        return err_set(err, ERR_INPUT,
                       "%s is offered to you by %.80s: say --accept or --yes to accept it without "
                       "a terminal",
                       asset, r->other_name);
    put_question(r, d, asset, question, sizeof question);
    *ret_go = ask(question);
    return true;
}

/* ------------------------------------------------------------------ doing it */

static struct statement scan_of(const struct handover_options *o, const struct scan_label *label,
                                struct buf *memory)
{
    struct statement draft = { .kind = KIND_SCAN };
    draft.as.scan.assets = asset_set_one(label->asset, memory);
    draft.as.scan.place = slice_text(o->place != NULL ? o->place : "");
    draft.as.scan.note = slice_text(o->note != NULL ? o->note : "");
    return draft;
}

/* The statement of a handover; memory holds the set of an offer. */
static struct statement draft_of(const struct handover *h, const struct scan_label *label,
                                 const struct scan_decision *d, const struct node_offer *offer,
                                 struct buf *memory)
{
    const struct handover_options *o = h->options;
    struct statement draft = { .kind = KIND_CUSTODY };
    struct custody *c = &draft.as.custody;
    c->condition = slice_text(o->condition != NULL ? o->condition : "");
    if (d->step == SCAN_STEP_OFFER) {
        c->action = CUSTODY_OFFER;
        c->assets = asset_set_one(label->asset, memory);
        c->to = d->to;
        c->role = o->role;
    } else {
        const struct custody *answered = &offer->statement.as.custody;
        c->action = CUSTODY_ACCEPT;
        c->assets = answered->assets; /* byte for byte */
        c->offer = d->offer;
        c->role = answered->role;
    }
    return draft;
}

/* Decided: ask, sign, send. */
static bool carry_out(struct handover *h, const struct scan_label *label,
                      const struct scan_decision *d, const struct node_offer *offer,
                      struct handover_result *r, struct err *err)
{
    uint8_t memory[ASSET_NAME_MAX + 16];
    struct buf set = buf_fixed(memory, sizeof memory);
    bool go = false;
    bool seen = d->step == SCAN_STEP_SEEN;
    struct statement draft =
        seen ? scan_of(h->options, label, &set) : draft_of(h, label, d, offer, &set);
    r->count = seen ? 1 : draft.as.custody.assets.count;
    if (!seen) {
        r->other = d->step == SCAN_STEP_OFFER ? d->to : offer->from;
        names_tell(h->names, &r->other, r->other_name);
        r->role = draft.as.custody.role;
    }
    if (!confirm(h, label->asset, d, r, &go, err))
        return false;
    if (!go) {
        (void)snprintf(r->why, sizeof r->why, "left as it was");
        if (seen &&
            !h->options->seen) /* nobody wished it: what was wanted is what the ledger says */
            (void)snprintf(r->why, sizeof r->why, "%s", d->why);
        return true;
    }
    r->step = d->step;
    draft.link.time_ms =
        h->options->time_ms != 0 ? h->options->time_ms : clock_now_ms(&h->options->clock);
    return node_client_send(h->node, h->signer, &draft, true, &r->sent, err);
}

bool handover_do(struct handover *h, const struct scan_label *label, enum scan_identity identity,
                 struct handover_result *ret_result, struct err *err)
{
    struct scan_goods goods = { .known = false };
    struct scan_wish wish = { .self = h->self,
                              .has_to = h->options->to != NULL,
                              .accept = h->options->accept,
                              .seen = h->options->seen,
                              .asks = is_terminal() && !h->options->yes };
    struct scan_decision decision = { .step = SCAN_STEP_NONE };
    struct node_offer offer = { .open = false };
    struct goods_names called;
    struct buf bytes = buf_heap(STATEMENT_MAX);
    bool place = label->link.name.kind == GS1_PLACE; /* scan_decide() refuses it */
    *ret_result = (struct handover_result){ .step = SCAN_STEP_NONE };
    bool good = identity == SCAN_OTHER || place ||
                (ask_holder(h, label->asset, &goods, err) &&
                 ask_offer(h, label->asset, &bytes, &offer, &goods, err));
    name_goods(h, &called, &goods);
    good = good && (!wish.has_to || names_find(h->names, h->options->to, &wish.to, err)) &&
           scan_decide(label, identity, &goods, &wish, &decision, err);
    if (good && decision.step == SCAN_STEP_NONE)
        (void)snprintf(ret_result->why, sizeof ret_result->why, "%s", decision.why);
    else if (good)
        good = carry_out(h, label, &decision, &offer, ret_result, err);
    buf_free(&bytes);
    return good;
}
