/*
 * What the items of an event's data are (WIRE "Events"), for all who read events: the read model, a
 * journey, the tools. A misfit is said, never guessed at: then the event counts and its data does not.
 */
#ifndef COMMON_EVENT_DATA_H
#define COMMON_EVENT_DATA_H

#include "common/amount.h"
#include "common/event.h"
#include "common/key.h"

/* What names an excursion: of a contract, a rule and a device, by its beginning. */
struct event_excursion {
    struct hash opening;
    uint64_t rule; /* place in the definition */
    uint64_t from_ms;
    struct kid device; /* zeros: no device was ever heard */
};
bool event_excursion_equal(const struct event_excursion *a, const struct event_excursion *b);

struct event_recorded {
    struct kid device;
    uint64_t first_ms, last_ms;
};

/* An offer, or what became of it. */
struct event_handover {
    struct hash offer; /* zeros in EVENT_OFFERED */
    struct kid from, to;
    uint64_t role; /* enum custody_role */
};

struct event_closed {
    struct event_excursion of;
    uint64_t to_ms;
    int64_t peak, mean;
    int peak_exponent, mean_exponent;
    bool certain; /* the sensor's accuracy can't explain it */
};

struct event_charged {
    struct event_excursion of;
    bool held; /* false: nobody held the goods */
    struct kid member;
    uint64_t seconds;
};

struct event_revision {
    struct event_excursion of;
    bool is_void; /* the excursion is withdrawn, not only what was charged for it */
};

struct event_not_judged {
    struct kid device;
    uint64_t first_ms, last_ms;
    struct hash opening;
};

struct event_called {
    struct hash opening;
    struct slice action;
    bool by_key;       /* false: another contract called */
    struct kid caller; /* the key that signed; with by_key */
};

struct event_state {
    struct hash opening;
    uint64_t from, to; /* places in the definition */
    struct slice by;   /* the action or reaction */
};

struct event_scanned {
    struct kid kid;
    struct slice place; /* GLN; empty: not said */
};

struct event_document {
    struct hash opening;
    struct slice name;
    struct hash hash;
};

struct event_add_back {
    struct hash opening;
    struct slice budget;
    uint64_t ms;
    struct hash call; /* the statement that gave it back */
};

struct event_finished {
    struct hash opening;
    uint64_t ending; /* 1 success, 2 failure */
};

struct event_replaced {
    struct hash old, new;
};

struct event_received {
    struct hash offer;
    uint64_t missing, surplus, damaged;
};

/* What the two sides of a handover saw. */
struct event_bound {
    struct hash statement; /* the offer or the acceptance */
    bool has_reading;
    struct kid device;
    struct hash reading;
    bool has_seal;
    uint64_t seal;            /* enum custody_seal */
    struct slice seal_number; /* may be empty */
};

struct event_load {
    uint64_t moved, inside; /* units, with all that is in them */
};

struct event_made {
    uint64_t action; /* enum making_kind */
    struct hash making;
    uint64_t output;
};

struct event_used {
    uint64_t action;
    struct hash making;
    bool has_amount;
    struct amount amount; /* of each */
};

struct event_disposition {
    uint64_t action; /* enum disposition_action */
    struct hash statement;
    struct kid member;
    struct slice meaning, reason; /* empty: not said */
};

struct event_disputed {
    struct hash statement;
    struct kid member;
};

struct event_certified {
    struct hash certificate;
    struct slice name;
    struct kid issuer;
    uint64_t from_ms;
    uint64_t until_ms; /* 0 in CERTIFICATE_REVOKED */
};

struct event_corrected {
    struct hash original;
    uint64_t kind; /* of the original */
    struct hash correction;
};

struct event_found {
    uint64_t finding; /* enum event_finding */
    struct hash statement;
    bool has_other;
    struct hash other; /* the statement that contradicts it */
    struct kid kid;    /* who signed the first */
};

struct event_revealed {
    uint64_t result; /* enum event_reveal */
    struct hash statement;
};

/* Each takes an event's whole data array; false: it is of another shape. Texts are borrowed from data. */
bool event_data_kid(struct slice data, struct kid *ret_kid);       /* COMMISSIONED, ATTACHED … */
bool event_data_opening(struct slice data, struct hash *ret_hash); /* OPENED, IN_FORCE */
bool event_data_recorded(struct slice data, struct event_recorded *ret_data);
bool event_data_offered(struct slice data, struct event_handover *ret_data);
bool event_data_handover(struct slice data, struct event_handover *ret_data);
bool event_data_excursion(struct slice data, struct event_excursion *ret_data); /* OPENED, ACK. */
bool event_data_closed(struct slice data, struct event_closed *ret_data);
bool event_data_charged(struct slice data, struct event_charged *ret_data);
bool event_data_revision(struct slice data, struct event_revision *ret_data);
bool event_data_not_judged(struct slice data, struct event_not_judged *ret_data);
bool event_data_called(struct slice data, struct event_called *ret_data);
bool event_data_state(struct slice data, struct event_state *ret_data);
bool event_data_scanned(struct slice data, struct event_scanned *ret_data);
bool event_data_document(struct slice data, struct event_document *ret_data);
bool event_data_add_back(struct slice data, struct event_add_back *ret_data);
bool event_data_finished(struct slice data, struct event_finished *ret_data);
bool event_data_replaced(struct slice data, struct event_replaced *ret_data);
bool event_data_received(struct slice data, struct event_received *ret_data);
bool event_data_not_received(struct slice data, struct hash *ret_offer);
bool event_data_bound(struct slice data, struct event_bound *ret_data);
bool event_data_container(struct slice data, struct slice *ret_name); /* PACKED, UNPACKED */
bool event_data_load(struct slice data, struct event_load *ret_data); /* LOADED, UNLOADED */
bool event_data_made(struct slice data, struct event_made *ret_data);
bool event_data_used(struct slice data, struct event_used *ret_data);
bool event_data_disposition(struct slice data, struct event_disposition *ret_data);
bool event_data_disputed(struct slice data, struct event_disputed *ret_data);
bool event_data_certified(struct slice data, struct event_certified *ret_data); /* both events */
bool event_data_corrected(struct slice data, struct event_corrected *ret_data);
bool event_data_finding(struct slice data, struct event_found *ret_data);
bool event_data_revealed(struct slice data, struct event_revealed *ret_data);

#endif
