/* What a watch found, told as events. */
#include "node/judging_parts.h"

#include "node/charges.h"

#define STEPS_OF_FINDING 64 /* a stretch is put in its place in the book, and told */

static struct buf *emit(struct judging *j, enum event_what what, uint64_t time_ms, size_t items)
{
    return execution_emit(j->x, what, execution_subject_asset(j->x, j->asset), time_ms, items);
}

static void put_device(struct buf *data, const struct book_stretch *s)
{
    cbor_put_bytes(data, slice_of(s->device, BOOK_DEVICE_SIZE));
}

static void tell_opened(struct judging *j, const struct book_stretch *s)
{
    struct buf *data = emit(j, EVENT_EXCURSION_OPENED, s->broken_ms, 4);
    cbor_put_uint(data, s->rule);
    cbor_put_uint(data, s->from_ms);
    cbor_put_bytes(data, hash_slice(&j->opening));
    put_device(data, s);
}

static void tell_closed(struct judging *j, const struct book_stretch *s)
{
    struct buf *data = emit(j, EVENT_EXCURSION_CLOSED, s->to_ms, 10);
    cbor_put_uint(data, s->rule);
    cbor_put_uint(data, s->from_ms);
    cbor_put_uint(data, s->to_ms);
    cbor_put_int(data, s->peak);
    cbor_put_int(data, s->peak_exponent);
    cbor_put_bytes(data, hash_slice(&j->opening));
    put_device(data, s);
    cbor_put_int(data, s->mean);
    cbor_put_int(data, s->mean_exponent);
    cbor_put_bool(data, s->certain);
}

/* When something is taken back is when it became known: by block time. */
static void tell_revised(struct judging *j, const struct book_stretch *s)
{
    struct buf *data = emit(j, EVENT_REVISION, j->x->context.time_ms, 5);
    cbor_put_uint(data, s->rule);
    cbor_put_uint(data, s->from_ms);
    cbor_put_bytes(data, hash_slice(&j->opening));
    put_device(data, s);
    cbor_put_bool(data, true);
}

static void note(struct judging *j, enum contract_trigger trigger, const struct book_stretch *s,
                 uint64_t time_ms)
{
    const struct contract_definition *def = &j->contract->definition;
    struct judging_room *room = j->room;
    for (size_t i = 0; i < def->reaction_count; i++)
        if (def->reactions[i].trigger == trigger && def->reactions[i].detail == s->rule) {
            if (room->found_count < JUDGING_FOUND_MAX) /* else the statement is over its share */
                room->found[room->found_count++] =
                    (struct judging_found){ trigger, s->rule, time_ms };
            return;
        }
}

/* After its end a contract waits for no reading: silence from then on is not one. */
static bool is_silence_after_end(const struct judging *j, const struct book_stretch *s)
{
    return j->contract->definition.rules[s->rule].watch == CONTRACT_SILENCE &&
           s->broken_ms >= j->stops_ms;
}

void judging_report(struct judging *j)
{
    (void)execution_step(j->x, j->room->findings.count * STEPS_OF_FINDING);
    for (size_t i = 0; i < j->room->findings.count; i++) {
        const struct watch_finding *f = &j->room->findings.items[i];
        const struct book_stretch *s = &f->stretch;
        if (is_silence_after_end(j, s)) {
            (void)book_remove(judging_book(j), s);
            continue;
        }
        switch (f->kind) {
        case WATCH_OPENED:
            tell_opened(j, s);
            note(j, CONTRACT_ON_BROKEN, s, s->broken_ms);
            break;
        case WATCH_CLOSED:
            tell_closed(j, s);
            note(j, CONTRACT_ON_ENDED, s, s->to_ms);
            break;
        case WATCH_CHARGE: charges_emit(j->x, j->asset, &j->opening, s); break;
        case WATCH_REVISED: tell_revised(j, s); break;
        }
    }
}
