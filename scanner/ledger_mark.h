/*
 * The ledger in use, as labels name it: the first 16 bytes of its id, from its public identity file or
 * typed as hexadecimal digits.
 */
#ifndef SCANNER_LEDGER_MARK_H
#define SCANNER_LEDGER_MARK_H

#include "common/crypto.h"
#include "common/err.h"
#include "common/gs1_link.h"

/* Reads the identity file and checks that its genesis header gives the id it claims. */
bool ledger_mark_load(const char *path, uint8_t ret_mark[GS1_LINK_LEDGER], struct err *err);

/* The whole id: what a signature binds to. */
bool ledger_mark_load_id(const char *path, struct hash *ret_ledger, struct err *err);

/* 32 digits, or the 64 of the whole id. */
bool ledger_mark_parse(const char *hex, uint8_t ret_mark[GS1_LINK_LEDGER], struct err *err);

#endif
