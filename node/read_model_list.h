/*
 * Rows that people ask for as they are kept: recalls, certificates, findings, handovers … Each list says of
 * its columns what they are called and what they hold, so that whoever shows them need not know them.
 */
#ifndef NODE_READ_MODEL_LIST_H
#define NODE_READ_MODEL_LIST_H

#include "common/key.h"
#include "node/store.h"

#define LIST_COLUMNS_MAX 16
#define LIST_ARGS_MAX    5

enum read_model_list {
    LIST_RECALLS,             /* before id, limit: newest first */
    LIST_DISPOSITION,         /* statement */
    LIST_DISPOSITION_BY_ID,   /* id */
    LIST_DISPOSITION_NAMES,   /* id, limit */
    LIST_CERTIFICATES,        /* after id, limit, member or null, place or null, asset id or null */
    LIST_CERTIFICATE,         /* statement */
    LIST_CERTIFICATE_ASSETS,  /* certificate's id */
    LIST_CERTIFICATES_OF_HOP, /* member, place, first and last asset: each may be null */
    LIST_FINDINGS_OF_ASSET,   /* asset id, after id, limit */
    LIST_FINDINGS_OF_KEY,     /* kid, after id, limit */
    LIST_FINDINGS,            /* after id, limit */
    LIST_HANDOVER,            /* offer */
    LIST_BOUND,               /* statement */
    LIST_LOT,                 /* name */
    LIST_LOT_GOODS,           /* lot's id, after asset id, limit */
    LIST_CORRECTION,          /* statement */
    LIST_DISPUTES,            /* statement, limit */
    LIST_CUSTODY_AT,          /* asset id, time */
    LIST_CONTENTS,            /* container's id, after asset id, limit */
    LIST_CONTAINERS,          /* asset id, limit: newest first */
    LIST_REVEALS,             /* asset id, limit */
    LIST_HOLDS_OF_RUN,        /* first, last asset: that have not ended */
    LIST_LOTS_OF_RUN,         /* making, first, last asset: the lots as assets */
    LIST_PARTY,               /* member */
    LIST_COUNT,
};

enum read_model_kind {
    CELL_NUMBER,
    CELL_TEXT,
    CELL_HEX,
    CELL_MEMBER, /* its kid */
    CELL_SIGNER, /* a key's kid; its company is told besides */
    CELL_TIME,
    CELL_BOOL,
    CELL_FINDING, /* enum event_finding */
    CELL_ROLE,    /* enum custody_role */
    CELL_ANSWER,  /* what became of an offer: enum event_what, null: it is open */
    CELL_SEAL,    /* enum custody_seal */
    CELL_ACTION,  /* enum disposition_action */
    CELL_REVEAL,  /* enum event_reveal */
    CELL_KIND,    /* enum statement_kind */
    CELL_HOLD,    /* enum read_model_hold */
};

struct read_model_column {
    const char *name; /* NULL: not for people */
    enum read_model_kind kind;
};

struct read_model_cell {
    const struct read_model_column *column;
    bool is_null;
    int64_t number;
    struct slice bytes; /* text, hash or kid; borrowed during the visit */
};

/* A parameter: a number, bytes, text, or null. */
struct read_model_arg {
    enum { ARG_NULL, ARG_NUMBER, ARG_BYTES, ARG_TEXT } kind;
    int64_t number;
    struct slice bytes;
};
struct read_model_args {
    size_t count;
    struct read_model_arg at[LIST_ARGS_MAX];
};
struct read_model_arg read_model_arg_number(uint64_t number);
struct read_model_arg read_model_arg_bytes(struct slice bytes); /* empty: null */
struct read_model_arg read_model_arg_text(struct slice text);   /* empty: null */

/* The first column of every list is a number: what `after` and `before` count by. False to stop. */
typedef bool (*read_model_row_visitor)(void *ctx, const struct read_model_cell *cells,
                                       size_t count);
bool read_model_list(struct store *s, enum read_model_list which,
                     const struct read_model_args *args, read_model_row_visitor visit, void *ctx,
                     struct err *err);
/* The cell of this name, NULL when there is none. */
const struct read_model_cell *read_model_cell_of(const struct read_model_cell *cells, size_t count,
                                                 const char *name);

/* For the read model only. */
const char *read_model_list_sql(enum read_model_list which);

#endif
