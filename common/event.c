#include "common/event.h"

#include "common/cose.h"

void event_put(struct buf *out, const struct event *e)
{
    cbor_put_array(out, 4);
    cbor_put_uint(out, e->what);
    buf_add_slice(out, e->subject);
    cbor_put_uint(out, e->time_ms);
    buf_add_slice(out, e->data);
}

struct event event_take(struct cbor_reader *r)
{
    struct event e = { .what = 0 };
    cbor_take_array_of(r, 4);
    e.what = (enum event_what)cbor_take_uint_max(r, UINT16_MAX);
    e.subject = cbor_take_item(r);
    e.time_ms = cbor_take_uint_max(r, TIME_MAX_MS);
    e.data = cbor_take_item(r);
    return e;
}

static const char *const names[] = {
    "",
    "recorded",
    "commissioned",
    "offered",
    "passed",
    "rejected",
    "cancelled",
    "attached",
    "detached",
    "enrolled",
    "revoked",
    "clone",
    "gap",
    "late",
    "lost",
    "master_data",
    "opened",
    "agreed",
    "in_force",
    "lapsed",
    "excursion_opened",
    "excursion_closed",
    "charged",
    "revision",
    "offer_expired",
    "suspect",
    "not_judged",
    "called",
    "state",
    "scanned",
    "document",
    "acknowledged",
    "added_back",
    "add_back_undone",
    "finished",
    "replaced",
    "received",
    "not_received",
    "bound",
    "packed",
    "unpacked",
    "loaded",
    "unloaded",
    "made",
    "used",
    "disposition",
    "disputed",
    "certified",
    "certificate_revoked",
    "corrected",
    "finding",
    "label_sealed",
    "revealed",
    "proposed",
    "ballot",
    "proposal_passed",
    "proposal_rejected",
    "proposal_withdrawn",
    "proposal_expired",
    "applied",
    "not_applied",
    "member_added",
    "member_removed",
    "set_changed",
    "evidence",
    "node",
    "ballot_rescinded",
    "authorised",
};

const char *event_name(enum event_what what)
{
    return (size_t)what < sizeof names / sizeof names[0] ? names[what] : "unknown";
}
