/*
 * What went wrong, in words for the person who can mend it. Every function that can meet bad input
 * returns false and fills a struct err; it never logs and never aborts. A broken invariant is an assert.
 */
#ifndef COMMON_ERR_H
#define COMMON_ERR_H

#include <stdarg.h>
#include <stdbool.h>

enum err_code {
    ERR_NONE = 0,
    ERR_INPUT,     /* the caller's data is wrong: malformed bytes, a bad file, a bad argument */
    ERR_IO,        /* the system refused: file, socket, database, memory */
    ERR_BUSY,      /* a bound was reached; the same call may succeed later */
    ERR_NOT_FOUND, /* what was asked for does not exist */
    ERR_PROOF,     /* well-formed, but the proof or signature does not hold */
    ERR_REFUSED,   /* the ledger refused, by a rule */
};

struct err {
    enum err_code code;
    char msg[256];
};

/*
 * Fills err. Returns false always, so a function can end with `return err_set(...)`.
 * In: err may be NULL (the caller does not want to know); fmt as printf. A longer message is cut. Control
 * characters, line ends too, and marks that turn the direction of writing become question marks, for
 * messages say what was found in files of strangers and end on terminals.
 */
__attribute__((format(printf, 3, 4))) bool err_set(struct err *err, enum err_code code,
                                                   const char *fmt, ...);

/* As err_set(), from a started argument list. */
__attribute__((format(printf, 3, 0))) bool err_setv(struct err *err, enum err_code code,
                                                    const char *fmt, va_list ap);

/* Puts "<prefix>: " before the message already in err, keeping its code. Returns false always. */
__attribute__((format(printf, 2, 3))) bool err_wrap(struct err *err, const char *fmt, ...);

#endif
