/* Names of goods, instants and durations as people type them, turned into what a statement holds. */
#ifndef TOOLS_CMD_NAMES_H
#define TOOLS_CMD_NAMES_H

#include "common/amount.h"
#include "common/asset_set.h"
#include "common/gs1.h"
#include "tools/cmd_args.h"

#include <stdint.h>

#define CMD_ASSETS_MAX (ASSET_SET_MAX * (ASSET_NAME_MAX + 4))

/* "01/GTIN/21/SERIAL", "(01)…(21)…" or a Digital Link; the check digit is judged. */
bool cmd_names_asset(const char *text, char ret_name[GS1_NAME_MAX + 1], struct err *err);

/*
 * The operands from `first` on as an asset-set, or --range PREFIX FIRST COUNT when `range` (three operands), or
 * a span when there is but one.
 * memory: a buf of CMD_ASSETS_MAX that the set borrows from.
 */
bool cmd_names_assets(const struct cmd_args *args, size_t first, bool range, struct buf *memory,
                      struct asset_set *ret_set, struct err *err);

/* The same of names that were read elsewhere. */
bool cmd_names_list(const char *const *typed, size_t count, struct buf *memory,
                    struct asset_set *ret_set, struct err *err);

/* One name, or a span of numbered ones: 01/GTIN/21/BAR0001..0500. */
bool cmd_names_span(const char *text, struct buf *memory, struct asset_set *ret_set,
                    struct err *err);

/* "25t", "0.1 kg", "48 each". The unit is borrowed from text. */
bool cmd_names_amount(const char *text, struct amount *ret_amount, struct err *err);

/* An option's place, a GLN; absent gives an empty slice. */
bool cmd_names_place(const struct cmd_args *args, const char *option, struct slice *ret_gln,
                     struct err *err);

/* An option's instant: 2026-06-01T10:00:00Z. Absent: ret_ms is left alone. */
bool cmd_names_instant(const struct cmd_args *args, const char *option, uint64_t *ret_ms,
                       struct err *err);
bool cmd_names_instant_text(const char *option, const char *text, uint64_t *ret_ms,
                            struct err *err);
/* An option's duration "24 h", in ms. Absent: ret_ms is left alone. */
bool cmd_names_duration(const struct cmd_args *args, const char *option, uint64_t *ret_ms,
                        struct err *err);

/* An option's text as a statement's name (1 to 200 bytes of UTF-8); absent gives an empty slice. */
bool cmd_names_text(const struct cmd_args *args, const char *option, struct slice *ret_text,
                    struct err *err);
bool cmd_names_check(const char *what, const char *text, struct err *err);

#endif
