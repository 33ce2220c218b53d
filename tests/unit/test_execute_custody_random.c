/*
 * Random offers, answers, packing and unpacking among three companies, beside a slow and obvious model of them: the
 * same refusals, the same holders, and never goods that are in other hands than the box they are in.
 */
#include "common/rand.h"
#include "tests/unit/support_custody.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define BOXES   3
#define THINGS  12 /* the boxes, then units: in the order of their names */
#define MEMBERS 3  /* FARM, CARRIER, CLINIC */
#define OFFERS  400
#define NOTHING THINGS
#define STEPS   400
#define SEEDS   25

struct thing {
    unsigned holder[2]; /* by role */
    bool on_offer[2];
    unsigned inside; /* NOTHING: loose */
};

struct deal {
    bool open, expires;
    uint64_t expiry_ms;
    unsigned from, to;
    enum custody_role role;
    bool of[THINGS];
    struct hash hash;
};

struct play {
    struct world *w;
    struct rand_seq rand;
    uint64_t now_ms;
    struct thing things[THINGS];
    unsigned packed[BOXES][THINGS], count[BOXES]; /* what is directly inside, in order */
    struct deal deals[OFFERS];
    unsigned deal_count;
    unsigned accepted;
};

static unsigned pick(struct play *p, unsigned below)
{
    return (unsigned)rand_below(&p->rand, below);
}

static const char *name_of(unsigned thing)
{
    static char box[ASSET_NAME_MAX];
    if (thing >= BOXES)
        return custody_unit(thing);
    (void)snprintf(box, sizeof box, CUSTODY_PALLET "%u", thing);
    return box;
}

static struct asset_set set_of(const bool of[THINGS])
{
    static char names[THINGS][ASSET_NAME_MAX];
    const char *list[THINGS];
    size_t n = 0;
    for (unsigned i = 0; i < THINGS; i++) {
        if (!of[i])
            continue;
        (void)snprintf(names[n], sizeof names[n], "%s", name_of(i));
        list[n] = names[n];
        n++;
    }
    return custody_list(n, list);
}

static bool is_empty(const bool of[THINGS])
{
    for (unsigned i = 0; i < THINGS; i++)
        if (of[i])
            return false;
    return true;
}

/* One to three things; mostly such as the member has, and loose. */
static void pick_set(struct play *p, unsigned who, unsigned role, bool of[THINGS])
{
    bool own = pick(p, 4) > 0;
    unsigned last = 0, n = 1 + pick(p, 3);
    memset(of, 0, THINGS * sizeof of[0]);
    for (unsigned tries = 0; tries < 20 && n > 0; tries++) {
        last = pick(p, THINGS);
        const struct thing *t = &p->things[last];
        if (own && (t->holder[role] != who || t->inside != NOTHING))
            continue;
        of[last] = true;
        n--;
    }
    if (n > 0)
        of[last] = true; /* never none */
}

/* Says it a minute after the last; the model says what must become of it. */
static void say(struct play *p, unsigned who, struct statement draft, enum refusal expected)
{
    enum refusal code = world_say(p->w, (enum world_key)who, draft, p->now_ms);
    world_end(p->w);
    if (code != expected)
        fail_msg("%s: %s, not %s", refusal_name(code), p->w->detail, refusal_name(expected));
    p->w->event_count = 0;
    p->accepted += code == ACCEPTED ? 1 : 0;
}

/* ------------------------------------------------------------------ offers */

/* What is inside goes along: its own holder and offers are asked for in packing order. */
static enum refusal check_inside(const struct play *p, unsigned box, unsigned who, unsigned role)
{
    enum refusal code = ACCEPTED;
    for (unsigned i = 0; box < BOXES && i < p->count[box] && code == ACCEPTED; i++) {
        const struct thing *t = &p->things[p->packed[box][i]];
        if (t->holder[role] != who)
            code = REFUSED_NOT_HOLDER;
        else if (t->on_offer[role])
            code = REFUSED_OFFER_OPEN;
        else
            code = check_inside(p, p->packed[box][i], who, role);
    }
    return code;
}

static enum refusal check_offer(const struct play *p, unsigned who, const struct deal *d)
{
    enum refusal code = d->to == who ? REFUSED_BAD_REQUEST : ACCEPTED;
    for (unsigned i = 0; i < THINGS && code == ACCEPTED; i++) {
        const struct thing *t = &p->things[i];
        if (!d->of[i])
            continue;
        if (t->holder[d->role] != who)
            code = REFUSED_NOT_HOLDER;
        else if (t->on_offer[d->role])
            code = REFUSED_OFFER_OPEN;
        else
            code = t->inside != NOTHING ? REFUSED_PACKED : check_inside(p, i, who, d->role);
    }
    return code;
}

static void offer(struct play *p, unsigned who)
{
    struct deal *d = &p->deals[p->deal_count];
    if (p->deal_count == OFFERS)
        return;
    *d = (struct deal){ .open = true, .from = who, .to = (who + 1 + pick(p, 2)) % MEMBERS };
    d->to = pick(p, 20) == 0 ? who : d->to;
    d->role = pick(p, 2) == 0 ? ROLE_CUSTODIAN : ROLE_OWNER;
    d->expires = pick(p, 3) == 0;
    d->expiry_ms = p->now_ms + 60000 * (1 + (uint64_t)pick(p, 10));
    pick_set(p, who, d->role, d->of);
    struct asset_set set = set_of(d->of);
    struct statement s = custody_offer(p->w, &set, (enum world_key)d->to, d->role);
    s.as.custody.has_expiry = d->expires;
    s.as.custody.expiry_ms = d->expiry_ms;
    enum refusal expected = check_offer(p, who, d);
    say(p, who, s, expected);
    d->hash = p->w->last;
    if (expected != ACCEPTED)
        return;
    for (unsigned i = 0; i < THINGS; i++)
        if (d->of[i])
            p->things[i].on_offer[d->role] = true;
    p->deal_count++;
}

/* ------------------------------------------------------------------ answers */

static void end_deal(struct play *p, struct deal *d)
{
    d->open = false;
    for (unsigned i = 0; i < THINGS; i++)
        if (d->of[i])
            p->things[i].on_offer[d->role] = false;
}

static void pass(struct play *p, unsigned thing, unsigned role, unsigned to)
{
    p->things[thing].holder[role] = to;
    for (unsigned i = 0; thing < BOXES && i < p->count[thing]; i++)
        pass(p, p->packed[thing][i], role, to);
}

static void answer(struct play *p, unsigned who)
{
    bool missing[THINGS] = { false };
    if (p->deal_count == 0)
        return;
    struct deal *d = &p->deals[pick(p, p->deal_count)];
    for (unsigned tries = 0; tries < 30 && !d->open; tries++)
        d = &p->deals[pick(p, p->deal_count)]; /* mostly one that can be answered */
    enum custody_action action = (enum custody_action)(CUSTODY_ACCEPT + pick(p, 3));
    unsigned whose = action == CUSTODY_CANCEL ? d->from : d->to;
    if (pick(p, 5) > 0)
        who = whose;
    bool some = false;
    for (unsigned i = 0; i < THINGS && action == CUSTODY_ACCEPT; i++) {
        missing[i] = d->of[i] && pick(p, 4) == 0;
        some = some || missing[i];
    }
    struct asset_set set = set_of(d->of);
    struct statement s = custody_answer(action, &set, &d->hash, d->role);
    s.as.custody.has_missing = some;
    if (some)
        s.as.custody.missing = set_of(missing);
    enum refusal expected = !d->open       ? REFUSED_NO_SUCH_OFFER
                            : who != whose ? REFUSED_NOT_FOR_YOU
                                           : ACCEPTED;
    say(p, who, s, expected);
    if (expected != ACCEPTED)
        return;
    end_deal(p, d);
    for (unsigned i = 0; i < THINGS && action == CUSTODY_ACCEPT; i++)
        if (d->of[i] && !missing[i])
            pass(p, i, d->role, d->to);
}

static void let_expire(struct play *p)
{
    for (unsigned i = 0; i < p->deal_count; i++)
        if (p->deals[i].open && p->deals[i].expires && p->deals[i].expiry_ms <= p->now_ms)
            end_deal(p, &p->deals[i]);
}

/* ------------------------------------------------------------------ boxes */

static enum refusal check_box(const struct play *p, unsigned who, unsigned thing)
{
    const struct thing *t = &p->things[thing];
    if (t->holder[ROLE_CUSTODIAN] != who)
        return REFUSED_NOT_HOLDER;
    if (t->on_offer[ROLE_CUSTODIAN] || t->on_offer[ROLE_OWNER])
        return REFUSED_OFFER_OPEN;
    return t->inside != NOTHING ? REFUSED_PACKED : ACCEPTED;
}

static void take_out(struct play *p, unsigned box, unsigned thing)
{
    unsigned left = 0;
    for (unsigned i = 0; i < p->count[box]; i++)
        if (p->packed[box][i] != thing)
            p->packed[box][left++] = p->packed[box][i];
    p->count[box] = left;
    p->things[thing].inside = NOTHING;
}

static void put_in(struct play *p, unsigned box, unsigned thing)
{
    p->packed[box][p->count[box]++] = thing;
    p->things[thing].inside = box;
}

static void stow(struct play *p, unsigned who)
{
    unsigned box = pick(p, BOXES);
    if (pick(p, 4) > 0)
        who = p->things[box].holder[ROLE_CUSTODIAN];
    bool of[THINGS], unpack = pick(p, 3) == 0;
    pick_set(p, who, ROLE_CUSTODIAN, of);
    for (unsigned i = 0; i < THINGS && pick(p, 3) == 0 && unpack; i++)
        of[i] = p->things[i].inside == box; /* seldom found by chance */
    of[box] = false;                        /* it is not in itself */
    if (is_empty(of))
        of[BOXES + pick(p, THINGS - BOXES)] = true;
    struct asset_set set = set_of(of);
    enum refusal expected = check_box(p, who, box);
    for (unsigned i = 0; i < THINGS && expected == ACCEPTED; i++)
        if (of[i] && unpack)
            expected = p->things[i].inside == box ? ACCEPTED : REFUSED_NOT_PACKED;
        else if (of[i])
            expected = check_box(p, who, i);
    char container[ASSET_NAME_MAX];
    (void)snprintf(container, sizeof container, "%s", name_of(box));
    struct statement s = { .kind = KIND_PACK };
    s.as.pack =
        (struct pack){ .container = slice_text(container), .assets = set, .unpack = unpack };
    say(p, who, s, expected);
    for (unsigned i = 0; i < THINGS && expected == ACCEPTED; i++) {
        if (of[i] && unpack)
            take_out(p, box, i);
        else if (of[i])
            put_in(p, box, i);
    }
}

/* ------------------------------------------------------------------ the same, and in one hand */

static void compare(struct play *p)
{
    for (unsigned i = 0; i < THINGS; i++) {
        const struct thing *t = &p->things[i];
        struct state_asset a;
        assert_true(world_asset(p->w, name_of(i), &a));
        assert_true(kid_equal(&a.custodian, world_kid(p->w, (enum world_key)t->holder[0])));
        assert_true(kid_equal(&a.owner, world_kid(p->w, (enum world_key)t->holder[1])));
        assert_int_equal(a.has_offer, t->on_offer[0]);
        assert_int_equal(a.goods.has_sale, t->on_offer[1]);
        assert_int_equal(a.goods.container.len > 0, t->inside != NOTHING);
        if (t->inside == NOTHING)
            continue;
        assert_true(slice_equal(a.goods.container, slice_text(name_of(t->inside))));
        assert_int_equal(t->holder[ROLE_CUSTODIAN], p->things[t->inside].holder[ROLE_CUSTODIAN]);
    }
}

static void begin(struct play *p, uint64_t seed)
{
    *p = (struct play){ .rand = rand_seeded(seed), .w = world_new(), .now_ms = MINUTES(1) };
    for (unsigned i = 0; i < THINGS; i++) {
        p->things[i] = (struct thing){ .holder = { i % MEMBERS, i % MEMBERS }, .inside = NOTHING };
        say(p, i % MEMBERS, kit_commission(name_of(i)), ACCEPTED);
    }
}

static void custody_is_in_one_hand(void **state)
{
    static struct play p;
    unsigned accepted = 0;
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        begin(&p, seed);
        for (unsigned i = 0; i < STEPS; i++) {
            p.now_ms += 60000;
            world_block(p.w, p.now_ms);
            let_expire(&p);
            unsigned what = pick(&p, 10), who = pick(&p, MEMBERS);
            if (what < 4)
                offer(&p, who);
            else if (what < 6)
                answer(&p, who);
            else
                stow(&p, who);
            compare(&p);
        }
        accepted += p.accepted;
        world_free(p.w);
    }
    assert_true(accepted > SEEDS * STEPS / 4); /* it is not all refusals */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(custody_is_in_one_hand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
