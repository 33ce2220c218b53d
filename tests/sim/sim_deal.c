/* A contract between two companies, played well and badly: opened, agreed to, called, ended. */
#include "tests/sim/sim_work.h"

#include "contracts/compile.h"
#include "contracts/definition.h"
#include "tests/support/contract_kit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ASSET    "01/09506000134352/21/SIMDEAL"
#define SENDER   5
#define RECEIVER 4
#define OTHER    3
#define PAUSE_MS 300

static const char errand_yaml[] = "contract: errand\n"
                                  "roles: { shipper: packs, clinic: receives }\n"
                                  "parties: { sender: shipper, receiver: clinic }\n"
                                  "properties: { opens: { is: int 0..2, starts: 0 } }\n"
                                  "states:\n"
                                  "  packed: { progress: 0 }\n"
                                  "  travelling: { progress: 50 }\n"
                                  "  released: { progress: 100, ends: success }\n"
                                  "documents:\n"
                                  "  bill of lading: { by: sender }\n"
                                  "actions:\n"
                                  "  ship: { by: sender, in: packed, to: travelling }\n"
                                  "  look: { by: sender, sets: { opens: opens + 1 } }\n"
                                  "  release:\n"
                                  "    by: receiver\n"
                                  "    in: travelling\n"
                                  "    takes: { reason: text }\n"
                                  "    to: released\n";

struct sim_deal {
    struct buf definition;
    struct hash opening; /* the newest */
    unsigned opened;
    bool agreed; /* the receiver said so */
    bool made;   /* the goods it is about */
};

struct sim_deal *sim_deal_new(struct sim *s)
{
    struct sim_deal *d = calloc(1, sizeof *d);
    struct yaml_tree tree = { 0 };
    struct err err = { .msg = "" };
    if (d == NULL)
        abort();
    if (!sim_chance(s, 20))
        return d;
    d->definition = buf_heap(DEFINITION_MAX_BYTES);
    if (!yaml_parse("errand.yaml", slice_text(errand_yaml), &tree, &err) ||
        !compile_contract(&tree, &d->definition, &err)) {
        (void)fprintf(stderr, "simulate: %s\n", err.msg);
        abort();
    }
    yaml_tree_free(&tree);
    sim_at(s, sim_pick(s, 500), (struct sim_event){ .kind = SIM_DEAL });
    return d;
}

void sim_deal_free(struct sim_deal *d)
{
    if (d != NULL)
        buf_free(&d->definition);
    free(d);
}

/* ------------------------------------------------------------------ opening */

static void open(struct sim *s, const struct hash *replaces, bool bad_terms)
{
    struct sim_deal *d = s->deal;
    const struct kit_party parties[] = { { "sender", sim_work_member(s, SENDER) },
                                         { "receiver", sim_work_member(s, RECEIVER) } };
    const struct kit_party holders[] = { { "nobody", sim_work_member(s, OTHER) } };
    struct kit_opening o = { .definition = buf_slice(&d->definition),
                             .asset = ASSET,
                             .parties = parties,
                             .party_count = 2,
                             .holders = holders,
                             .holder_count = bad_terms ? 1 : 0,
                             .expires_ms = KIT_T0 + 40000000,
                             .replaces = replaces };
    if (sim_work_utter(s, SIM_MEMBER(SENDER), kit_open_with(&o)) && !bad_terms) {
        d->opening = sim_work_last(s, SIM_MEMBER(SENDER));
        d->opened++;
        d->agreed = false;
    }
}

static bool agree(struct sim *s, unsigned company, const struct hash *opening)
{
    return sim_work_utter(s, SIM_MEMBER(company), kit_agree(opening, false));
}

static void call(struct sim *s, unsigned company, const char *action, bool reason)
{
    const struct kit_argument arguments[] = { kit_text("reason", "arrived well") };
    (void)sim_work_utter(s, SIM_MEMBER(company),
                         kit_call(&s->deal->opening, action, arguments, reason ? 1 : 0, NULL));
}

/* ------------------------------------------------------------------ now and then */

static void go_wrong(struct sim *s)
{
    struct hash nothing = crypto_sha256(slice_text("nothing"));
    switch (sim_pick(s, 11)) {
    case 0: open(s, NULL, true); break;
    case 1: open(s, &s->deal->opening, false); break;
    case 2: (void)agree(s, RECEIVER, &nothing); break;
    case 3: (void)agree(s, OTHER, &s->deal->opening); break;
    case 4: (void)agree(s, RECEIVER, &s->deal->opening); break;
    case 5: call(s, SENDER, "fly", false); break;
    case 6: call(s, RECEIVER, "release", false); break;
    case 7:
    case 8:
    case 9: call(s, SENDER, "look", false); break; /* oftener than it may */
    case 10:
        (void)sim_work_utter(
            s, SIM_MEMBER(SENDER),
            kit_document(&s->deal->opening, "a poem", slice_text("roses are red"), NULL));
        break;
    }
}

bool sim_deal_wants(struct sim *s, unsigned signer)
{
    bool party = signer == SENDER || signer == RECEIVER || signer == OTHER;
    return s->deal->definition.len > 0 && party && sim_chance(s, 80);
}

void sim_deal_step(struct sim *s)
{
    struct sim_deal *d = s->deal;
    if (s->now_ms < s->heal_ms + 3000)
        sim_at(s, 1 + sim_pick(s, 2 * PAUSE_MS), (struct sim_event){ .kind = SIM_DEAL });
    if (d->opened == 0) {
        if (d->made)
            open(s, NULL, false);
        else
            d->made = sim_work_utter(s, SIM_MEMBER(SENDER), kit_commission(ASSET));
        return;
    }
    if (!d->agreed) {
        d->agreed = sim_chance(s, 30) && agree(s, RECEIVER, &d->opening);
        return;
    }
    switch (sim_pick(s, 12)) {
    case 0: call(s, SENDER, "ship", false); break;
    case 1: call(s, RECEIVER, "release", true); break;
    case 2:
        if (sim_chance(s, 30))
            open(s, NULL, false);
        break;
    default: go_wrong(s); break;
    }
}
