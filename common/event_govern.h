/* What the items of the data of government's events are; as event_data.h for the others. */
#ifndef COMMON_EVENT_GOVERN_H
#define COMMON_EVENT_GOVERN_H

#include "common/constitution.h"
#include "common/event.h"

struct event_proposed {
    enum govern_action action;
    struct kid member;
};

struct event_ballot {
    struct kid member;
    bool yes;
};

struct event_set_changed {
    bool has_in, has_out;
    struct kid in, out;
    struct hash next; /* of the set */
};

struct event_evidence {
    uint64_t type; /* enum message_type */
    uint64_t height, round;
};

struct event_node {
    struct slice broker, url;
};

struct event_authorised {
    struct kid member;
    uint64_t from_height, until_ms;
};

/* Each takes an event's whole data array; false: it is of another shape. Texts are borrowed from data. */
bool event_govern_proposed(struct slice data, struct event_proposed *ret_data);
bool event_govern_ballot(struct slice data, struct event_ballot *ret_data);
bool event_govern_number(struct slice data,
                         uint64_t *ret_number); /* PASSED, APPLIED, NOT_APPLIED */
bool event_govern_member_added(struct slice data, struct slice *ret_name);
bool event_govern_set_changed(struct slice data, struct event_set_changed *ret_data);
bool event_govern_evidence(struct slice data, struct event_evidence *ret_data);
bool event_govern_node(struct slice data, struct event_node *ret_data);
bool event_govern_authorised(struct slice data, struct event_authorised *ret_data);
/* Of a recovered member's new key: [class, member]. */
bool event_govern_recovered(struct slice data, uint64_t *ret_class, struct kid *ret_member);

#endif
