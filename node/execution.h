/* Inside an execution: what the rules (rules_*.c) share. Nothing outside them includes this. */
#ifndef NODE_EXECUTION_H
#define NODE_EXECUTION_H

#include "node/execute.h"
#include "node/sequence.h"

struct contract_cache;
struct instance_frames;
struct judging_room;
struct goods_walk;

/* Where one outcome's events lie in execution.events. */
struct event_span {
    size_t start, len, count;
    size_t items;    /* CBOR items the events are made of */
    size_t links;    /* chains of assets that the events lengthen */
    uint64_t hashed; /* bytes that these links hash, or nearly */
};

struct recorded {
    const struct statement *st; /* NULL: a timer */
    enum refusal code;
    uint64_t flags;
    struct event_span events;
    uint64_t timer_time_ms, timer_what; /* of a timer */
    struct slice timer_subject;
    size_t detail_start, detail_len;
    size_t next_refused; /* the same signer's next refused record, 0 = none */
};

/* A refused statement that is evidence all the same: somebody claims goods that are another's. */
struct finding_claim {
    bool made;
    enum event_finding finding;
    char asset[ASSET_NAME_MAX + 1];
};

#define SIGNER_SLOTS 65536 /* more than twice the statements of a block */

struct signer {
    struct kid kid;
    uint32_t slot;    /* of execution.signer_slots */
    uint64_t highest; /* seq entered in this block: they rise, a revoked key's fall */
    size_t refused_count, first_refused, last_refused; /* records with a refusal, in order */
};

/* Whether a member is active: asked of every statement, and the same throughout a block's statements. */
#define EXECUTION_MEMBER_MEMOS 64
struct member_memo {
    bool known, active;
    struct kid member;
};

struct execution {
    struct execute_context context;
    struct overlay *overlay;
    struct contract_cache *contracts;
    struct instance_frames *frames;
    struct judging_room *judging;
    struct goods_walk *walk;
    uint64_t steps; /* of the block */
    uint64_t statement_steps;
    uint64_t links;  /* of the block's records */
    uint64_t hashed; /* bytes for them */

    struct recorded *records;
    size_t record_count, record_cap;
    size_t timer_count; /* the first records */
    struct signer *signers;
    size_t signer_count, signer_cap;
    uint32_t *signer_slots; /* signer number + 1, by kid; 0 = free */
    struct buf events;
    struct event_span now; /* the events of the statement being executed */
    char detail[OUTCOME_DETAIL_MAX + 1];
    struct buf details;

    struct buf outcome_bytes;
    struct slice *outcomes;
    size_t outcome_cap;
    struct hash *leaves;
    struct buf scratch;
    struct samples samples;     /* of the reading being executed */
    struct finding_claim claim; /* told of a statement that is refused */
    struct member_memo members[EXECUTION_MEMBER_MEMOS];
    bool failed;
};

/* Who says it. */
struct speaker {
    const struct statement *st;
    struct state_key_record key;
    uint64_t *flags;
};

#define EXECUTION_SCRATCH_MAX (512 * 1024)
#define EXECUTION_LOOK_STEPS  6 /* to look up what the state has of an asset takes as long */

/* ------------------------------------------------------------------ state */

bool execution_get(struct execution *x, const struct state_key *key, struct slice *ret_value);
/* Stores what `put` wrote into x->scratch since execution_value(). */
struct buf *execution_value(struct execution *x);
void execution_store(struct execution *x, const struct state_key *key);
bool execution_asset(struct execution *x, struct slice name, struct state_asset *ret_asset);
void execution_store_asset(struct execution *x, struct slice name, const struct state_asset *asset);
void execution_load_sequence(struct execution *x, const struct kid *kid,
                             struct sequence *ret_sequence);
/* Goods, master data and contracts are the business of members and their operators. */
bool execution_speaks_for_member(const struct speaker *by);
bool execution_member_active(struct execution *x, const struct kid *member);

/* ------------------------------------------------------------------ events */

struct slice execution_subject_asset(struct execution *x, struct slice name);
struct slice execution_subject_bytes(struct execution *x, struct slice bytes);

/* Begins an event of n data items, which the caller then puts into the returned buf. */
struct buf *execution_emit(struct execution *x, enum event_what what, struct slice raw_subject,
                           uint64_t time_ms, size_t data_items);
/* Counts steps: false when the statement has used up its share. */
bool execution_step(struct execution *x, uint64_t steps);
/* True when the statement has said or done too much: it will be undone and refused, so loops stop. */
bool execution_is_over(const struct execution *x);
/* A reason for people, kept in the verdict. */
__attribute__((format(printf, 2, 3))) void execution_explain(struct execution *x, const char *fmt,
                                                             ...);

/* ------------------------------------------------------------------ rules, one file a matter */

enum refusal rules_reading(struct execution *x, const struct speaker *by);
enum refusal rules_custody(struct execution *x, const struct speaker *by);
enum refusal rules_commission(struct execution *x, const struct speaker *by);
enum refusal rules_attach(struct execution *x, const struct speaker *by);
enum refusal rules_enrol(struct execution *x, const struct speaker *by);
enum refusal rules_revoke(struct execution *x, const struct speaker *by);
enum refusal rules_master_data(struct execution *x, const struct speaker *by);
enum refusal rules_open(struct execution *x, const struct speaker *by);
enum refusal rules_agree(struct execution *x, const struct speaker *by);
enum refusal rules_call(struct execution *x, const struct speaker *by);
enum refusal rules_document(struct execution *x, const struct speaker *by);
enum refusal rules_scan(struct execution *x, const struct speaker *by);
enum refusal rules_pack(struct execution *x, const struct speaker *by);
enum refusal rules_make(struct execution *x, const struct speaker *by);
enum refusal rules_disposition(struct execution *x, const struct speaker *by);
enum refusal rules_dispute(struct execution *x, const struct speaker *by);
enum refusal rules_certificate(struct execution *x, const struct speaker *by);
enum refusal rules_certificate_revoke(struct execution *x, const struct speaker *by);
enum refusal rules_correction(struct execution *x, const struct speaker *by);
enum refusal rules_label_seal(struct execution *x, const struct speaker *by);
enum refusal rules_label_reveal(struct execution *x, const struct speaker *by);
enum refusal rules_propose(struct execution *x, const struct speaker *by);
enum refusal rules_ballot(struct execution *x, const struct speaker *by);
enum refusal rules_withdraw_proposal(struct execution *x, const struct speaker *by);
enum refusal rules_node(struct execution *x, const struct speaker *by);
enum refusal rules_evidence(struct execution *x, const struct speaker *by);

enum timer_what {
    TIMER_OPENING_LAPSES = 1,   /* id: the opening's hash */
    TIMER_SENSOR_SILENT = 2,    /* id: the rule state's key */
    TIMER_NEVER_HEARD = 3,      /* id: [asset, opening] */
    TIMER_OFFER_EXPIRES = 4,    /* id: the offer's hash */
    TIMER_PROPOSAL_EXPIRES = 5, /* id: the proposal's hash */
    TIMER_PROPOSAL_EFFECT = 6,  /* never in the state's table: outcomes of effects say so */
};
void rules_timer_opening(struct execution *x, struct slice id);
void rules_timer_silence(struct execution *x, struct slice id);
void rules_timer_never_heard(struct execution *x, struct slice id);
void rules_timer_offer(struct execution *x, struct slice id);
void rules_timer_proposal(struct execution *x, struct slice id);

/* A block begins: the set in force is the one decided before. Gives the proposals to take effect, at most 64. */
size_t rules_govern_due(struct execution *x, struct hash *ret_hashes);
/* Before all else, in a block whose context has a recovery. */
void rules_recover(struct execution *x);
void rules_govern_effect(struct execution *x, const struct hash *hash);

/* Custody passed at time_ms: excursions already charged beyond it are charged anew. */
void rules_custody_passed(struct execution *x, struct slice asset, const struct kid *to,
                          uint64_t time_ms);

struct contract_cache *contract_cache_new(void);
void contract_cache_free(struct contract_cache *c);
void contract_cache_begin(struct contract_cache *c); /* of a block */

/* Memory that judging works in. */
struct judging_room *judging_room_new(void);
void judging_room_free(struct judging_room *room);

#endif
