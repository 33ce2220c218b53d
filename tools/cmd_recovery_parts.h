/* Inside `waybill recovery` (cmd_recovery*.c). */
#ifndef TOOLS_CMD_RECOVERY_PARTS_H
#define TOOLS_CMD_RECOVERY_PARTS_H

#include "common/final.h"
#include "common/json.h"
#include "common/recovery.h"
#include "node/store.h"
#include "tools/cmd_action.h"
#include "tools/recovery_meet.h"

/* What a folder's ledger ends with. */
struct recovery_last {
    struct header head;
    struct hash tip;
    struct authority_set set; /* that should seal the next block */
};
/* DIR is a member's folder or a node's; ret_store is for reading and the caller's to close, data its folder. */
bool cmd_recovery_last(const char *dir, struct recovery_last *ret_last, struct store **ret_store,
                       char data[PATH_MAX], struct err *err);

/* Fills f of DIR (f->dir): its identity, and its ledger's store, if there is one: the caller's to close. */
bool cmd_recovery_folder(struct recovery_folder *f, struct identity *ret_identity, struct err *err);

bool cmd_recovery_read(const char *path, struct buf *out, struct recovery *ret_r, struct err *err);
void cmd_recovery_tell(const struct recovery *given);
struct json_doc *cmd_recovery_json(const struct recovery *r, const char *path);

int cmd_recovery_sign(struct cmd_home *home, const struct cmd_args *args, struct err *err);
int cmd_recovery_seal(struct cmd_home *home, const struct cmd_args *args, struct err *err);
int cmd_recovery_pin(struct cmd_home *home, const struct cmd_args *args, struct err *err);
int cmd_recovery_check(struct cmd_home *home, const struct cmd_args *args, struct err *err);

#endif
