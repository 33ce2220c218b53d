/*
 * An asset's journey from its events: who held it and whose it was, what went wrong, who answers for which
 * seconds, and the verdict in one word. Pure: events come in, one by one and in order; nothing else is
 * asked. Bounded: what does not fit is counted, and the journey says that it was cut.
 */
#ifndef NODE_PROVENANCE_H
#define NODE_PROVENANCE_H

#include "contracts/definition.h"
#include "node/provenance_goods.h"

#define PROVENANCE_INTERVALS  256
#define PROVENANCE_EXCURSIONS 256
#define PROVENANCE_SHARES     16 /* custodians in one excursion */
#define PROVENANCE_CONTRACTS  8
#define PROVENANCE_DEVICES    16

struct provenance_interval {
    uint64_t role; /* enum custody_role */
    struct kid member;
    uint64_t from_ms;
    bool ended;
    uint64_t to_ms; /* when ended */
};

struct provenance_share {
    bool held; /* false: nobody held it */
    struct kid member;
    uint64_t seconds;
};

struct provenance_excursion {
    struct event_excursion of;
    bool opened;    /* false: only counted towards a total that was not used up */
    bool of_sensor; /* silence or a fault: it says nothing of the goods */
    bool ended;
    uint64_t to_ms; /* when ended, with what follows */
    int64_t peak, mean;
    int peak_exponent, mean_exponent;
    bool certain; /* false: the sensor's accuracy leaves it open */
    bool acknowledged;
    uint64_t acknowledged_ms, acknowledged_event; /* when, by which of the asset's events */
    uint64_t revisions;
    size_t share_count;
    struct provenance_share share[PROVENANCE_SHARES];
};

enum provenance_status {
    PROVENANCE_IN_FORCE,
    PROVENANCE_SUCCEEDED,
    PROVENANCE_FAILED,
    PROVENANCE_REPLACED,
};

struct provenance_contract {
    struct hash opening;
    enum provenance_status status;
    uint64_t status_ms;
    bool has_state; /* it is no longer that of the start: */
    uint64_t state; /* place in the definition */
};

enum provenance_verdict {
    PROVENANCE_GOOD,      /* a contract, data, no excursion */
    PROVENANCE_BREACH,    /* at least one excursion that is not open to doubt */
    PROVENANCE_UNCERTAIN, /* see the reason */
};

enum provenance_reason {
    PROVENANCE_CLEAR,
    PROVENANCE_NO_CONTRACT, /* nothing says what would be good */
    PROVENANCE_NO_DATA,     /* a contract, and no reading since */
    PROVENANCE_ACCURACY,    /* excursions, all within the accuracy of their sensors */
    PROVENANCE_SENSOR,     /* a sensor was silent or at fault: no excursion, and no proof of none */
    PROVENANCE_NOT_JUDGED, /* readings came too late to be judged */
    PROVENANCE_SUSPECT,    /* a reading's key was revoked for a time before it */
    PROVENANCE_CUT,        /* more happened than a journey holds */
};

struct provenance {
    uint64_t events;
    uint64_t packs; /* statements of readings */
    uint64_t first_reading_ms, last_reading_ms;
    uint64_t not_judged; /* statements with samples that came too late for a contract */
    bool suspect, cut;
    size_t interval_count;
    struct provenance_interval interval[PROVENANCE_INTERVALS];
    size_t excursion_count;
    struct provenance_excursion excursion[PROVENANCE_EXCURSIONS];
    size_t contract_count; /* that came into force */
    struct provenance_contract contract[PROVENANCE_CONTRACTS];
    size_t device_count; /* that reported */
    struct kid device[PROVENANCE_DEVICES];
    struct provenance_goods goods;
};

/* About 100 kB: make one and keep it. */
void provenance_begin(struct provenance *p);
/* In: data: the event's raw array. A misfit counts as an event and changes nothing else. */
void provenance_add(struct provenance *p, enum event_what what, uint64_t time_ms,
                    struct slice data);
/* Goods that were made begin with who made them and whose they became: their event does not say. */
void provenance_hold(struct provenance *p, uint64_t role, const struct kid *member,
                     uint64_t time_ms);
/*
 * Events name rules by their place; only the definition tells what each is about. To be called for each
 * contract before the journey is judged: the rules of a contract that nobody knows are taken for the goods'.
 */
void provenance_apply_rules(struct provenance *p, const struct hash *opening,
                            const struct contract_definition *definition);
enum provenance_verdict provenance_judge(const struct provenance *p,
                                         enum provenance_reason *ret_reason);
/* "in force" …; "GOOD" …. */
const char *provenance_status_name(enum provenance_status status);
const char *provenance_verdict_name(enum provenance_verdict verdict);
/* A sentence for people. */
const char *provenance_reason_sentence(enum provenance_reason reason);

/* Who held it at a time, by role: NULL when nobody did. */
const struct provenance_interval *provenance_holder(const struct provenance *p, uint64_t role,
                                                    uint64_t time_ms);
/* The newest interval of a role; NULL when there is none. */
const struct provenance_interval *provenance_current(const struct provenance *p, uint64_t role);
/* Seconds charged to everybody for an excursion. */
uint64_t provenance_seconds(const struct provenance_excursion *e);
/* Excursions of the goods that were opened: the others only count towards a total, or are a sensor's. */
size_t provenance_breaches(const struct provenance *p);
/* "out", "uncertain" when the sensor's accuracy could explain it, "sensor" when it is not of the goods. */
const char *provenance_finding(const struct provenance_excursion *e);
/* The accuracy of the sensor leaves it open; how many of them. */
bool provenance_is_doubtful(const struct provenance_excursion *e);
size_t provenance_doubtful(const struct provenance *p);

#endif
