#include "tests/unit/support_fate.h"

#include "tests/support/transform.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* ------------------------------------------------------------------ saying */

static enum refusal say(struct world *w, enum world_key who, struct statement draft,
                        uint64_t time_ms, struct fate_said *ret_said)
{
    world_end(w);
    if (time_ms > w->context.time_ms)
        world_block(w, time_ms);
    enum refusal code = world_say(w, who, draft, time_ms);
    assert_true(w->count > 0);
    struct slice bytes = w->statements[w->count - 1].bytes;
    ret_said->hash = w->last;
    ret_said->len = bytes.len < FATE_BYTES ? bytes.len : 0;
    memcpy(ret_said->bytes, bytes.data, ret_said->len);
    world_end(w);
    return code;
}

struct fate_said fate_do(struct world *w, enum world_key who, struct statement draft,
                         uint64_t time_ms)
{
    struct fate_said said;
    enum refusal code = say(w, who, draft, time_ms, &said);
    if (code != ACCEPTED)
        fail_msg("%s: %s", refusal_name(code), w->detail);
    return said;
}

void fate_refused(struct world *w, enum world_key who, struct statement draft, uint64_t time_ms,
                  enum refusal expected)
{
    struct fate_said said;
    enum refusal code = say(w, who, draft, time_ms, &said);
    if (code != expected)
        fail_msg("%s: %s, not %s", refusal_name(code), w->detail, refusal_name(expected));
}

struct fate_said fate_take_back(struct world *w, enum world_key who, const struct fate_said *said)
{
    return fate_do(w, who, fate_correct(said), w->context.time_ms + 1000);
}

struct world *fate_world(void)
{
    struct world *w = world_new();
    (void)fate_do(w, FARM, fate_commission(FATE_FIRST, "L1", 0), MINUTES(1));
    (void)fate_do(w, FARM, fate_commission(FATE_OTHER, "L1", 0), MINUTES(1));
    return w;
}

struct fate_said fate_judge(struct world *w, enum world_key who, const char *name,
                            enum disposition_action action)
{
    return fate_do(w, who, fate_dispose(name, action), w->context.time_ms + 1000);
}

int fate_set_up(void **state)
{
    *state = fate_world();
    return 0;
}

int fate_tear_down(void **state)
{
    world_free(*state);
    return 0;
}

static struct statement place(const char *gln, const char *name, int64_t lat, int64_t lon)
{
    struct statement s = { .kind = KIND_PLACE };
    s.as.place = (struct place){ .gln = slice_text(gln),
                                 .name = slice_text(name),
                                 .has_position = true,
                                 .lat = lat,
                                 .lon = lon };
    return s;
}

void fate_places(struct world *w)
{
    (void)fate_do(w, FARM, place(FATE_ROME, "Rome", 419027835, 124963655), MINUTES(1));
    (void)fate_do(w, FARM, place(FATE_LYON, "Lyon", 457640430, 48356590), MINUTES(1));
    (void)fate_do(w, FARM, place(FATE_OSTIA, "Ostia", 417300000, 122800000), MINUTES(1));
}

void fate_hand_over(struct world *w, const char *name, enum world_key from, enum world_key to,
                    enum custody_role role)
{
    struct asset_set set = custody_one(name);
    uint64_t now = w->context.time_ms + 1000;
    struct fate_said offer = fate_do(w, from, custody_offer(w, &set, to, role), now);
    (void)fate_do(w, to, custody_answer(CUSTODY_ACCEPT, &set, &offer.hash, role), now + 1000);
}

/* ------------------------------------------------------------------ drafts */

struct statement fate_commission(const char *name, const char *lot, uint64_t expiry_ms)
{
    struct statement s = { .kind = KIND_COMMISSION };
    s.as.commission.assets = custody_one(name);
    if (lot != NULL)
        s.as.commission.lot = slice_text(lot);
    s.as.commission.has_expiry = expiry_ms > 0;
    s.as.commission.expiry_ms = expiry_ms;
    return s;
}

struct statement fate_dispose_set(const struct asset_set *set, enum disposition_action action)
{
    struct statement s = { .kind = KIND_DISPOSITION };
    s.as.disposition = (struct disposition){ .assets = *set, .action = action };
    if (action == DISPOSITION_RELEASE || action == DISPOSITION_REJECT ||
        action == DISPOSITION_RECALL || action == DISPOSITION_END_RECALL) {
        s.as.disposition.meaning = slice_text("quality");
        s.as.disposition.reason = slice_text("tested");
    }
    return s;
}

struct statement fate_dispose(const char *name, enum disposition_action action)
{
    struct asset_set set = custody_one(name);
    return fate_dispose_set(&set, action);
}

struct statement fate_scan(const char *name, const char *place_gln, bool in_custody)
{
    struct statement s = { .kind = KIND_SCAN };
    s.as.scan.assets = custody_one(name);
    if (place_gln != NULL)
        s.as.scan.place = slice_text(place_gln);
    s.as.scan.in_custody = in_custody;
    return s;
}

struct statement fate_certificate(const char *name, const char *place_gln, const struct kid *member,
                                  uint64_t from_ms, uint64_t until_ms)
{
    struct statement s = { .kind = KIND_CERTIFICATE };
    s.as.certificate = (struct certificate){ .name = slice_text("organic"),
                                             .has_assets = name != NULL,
                                             .has_member = member != NULL,
                                             .from_ms = from_ms,
                                             .until_ms = until_ms };
    if (name != NULL)
        s.as.certificate.assets = custody_one(name);
    if (place_gln != NULL)
        s.as.certificate.place = slice_text(place_gln);
    if (member != NULL)
        s.as.certificate.member = *member;
    return s;
}

struct statement fate_revoke(const struct hash *certificate, uint64_t from_ms)
{
    struct statement s = { .kind = KIND_CERTIFICATE_REVOKE };
    s.as.certificate_revoke = (struct certificate_revoke){ .certificate = *certificate,
                                                           .from_ms = from_ms,
                                                           .reason = slice_text("fraud") };
    return s;
}

struct statement fate_correct(const struct fate_said *original)
{
    struct statement s = { .kind = KIND_CORRECTION };
    s.as.correction = (struct correction){ .original = slice_of(original->bytes, original->len),
                                           .meaning = slice_text("correction"),
                                           .reason = slice_text("a slip") };
    return s;
}

struct statement fate_seal(const char *name, const char *code)
{
    static uint8_t memory[1 + HASH_SIZE + 2];
    struct buf b = buf_fixed(memory, sizeof memory);
    struct hash commitment = label_commitment(slice_text(name), slice_text(code));
    struct statement s = { .kind = KIND_LABEL_SEAL };
    cbor_put_array(&b, 1);
    cbor_put_bytes(&b, hash_slice(&commitment));
    s.as.label_seal = (struct label_seal){ custody_one(name), buf_slice(&b) };
    return s;
}

struct statement fate_reveal(const char *name, const char *code)
{
    struct statement s = { .kind = KIND_LABEL_REVEAL };
    s.as.label_reveal.asset = slice_text(name);
    s.as.label_reveal.code = slice_text(code);
    return s;
}

struct statement fate_transform(const char *from, const char *to, const char *lot)
{
    static uint8_t memory[512];
    struct buf entries = buf_fixed(memory, sizeof memory);
    struct make_input input = { .assets = custody_one(from) };
    struct make_output output = { .assets = custody_one(to), .lot = slice_text(lot) };
    return transform_draft(&input, &output, &entries);
}

struct statement fate_pack(const char *container, const char *name, bool unpack)
{
    struct statement s = { .kind = KIND_PACK };
    s.as.pack = (struct pack){ .container = slice_text(container),
                               .assets = custody_one(name),
                               .unpack = unpack };
    return s;
}

/* ------------------------------------------------------------------ looking */

bool fate_is_held(struct world *w, const char *name, struct state_hold *ret_hold)
{
    struct state_key key = state_key_text(TABLE_HOLD, slice_text(name));
    struct slice value;
    world_end(w);
    return memory_state_get(w->state, state_key_slice(&key), &value) &&
           state_hold_take(value, ret_hold);
}

void fate_told_correction(struct world *w, size_t count, const char *subject,
                          enum statement_kind kind)
{
    char text[WORLD_TEXT];
    (void)snprintf(text, sizeof text, "corrected %s # %d # at", subject, kind);
    assert_int_equal(world_count(w, text), 1);
    (void)snprintf(text, sizeof text, "corrected # # %d # at", kind);
    assert_int_equal(world_count(w, text), 1);
    assert_int_equal(w->caused, count);
    assert_int_equal(world_count(w, "corrected "), count);
}
