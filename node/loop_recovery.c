/* A recovery that a person pinned in the configuration: DATA/recovery.cbor, by its hash. */
#include "common/file.h"
#include "common/hex.h"
#include "common/log.h"
#include "common/state_key.h"
#include "node/loop_parts.h"

#include <inttypes.h>
#include <stdio.h>

/* Until its block is there, the ledger does not say where the new authorities are. */
static void note_nodes(struct node *n)
{
    struct recovery r = n->recovery;
    uint8_t memory[NODE_CERTIFICATE_MAX + 2 * NODE_ADDRESS_MAX + 16];
    for (size_t i = 0; i < r.set.count; i++) {
        struct recovery_node node;
        struct enrol_request e;
        struct buf record = buf_fixed(memory, sizeof memory);
        recovery_next_node(&r, &node);
        if (!enrol_request_parse(node.request, &e, NULL))
            continue; /* recovery_decode() has parsed it */
        struct kid kid = key_kid(e.pub);
        struct state_key key = state_key_kid(TABLE_NODE, &kid);
        node_record_put(&record, &node.record);
        (void)peer_book_note(n->meet.book, state_key_slice(&key), buf_slice(&record));
    }
}

static bool read_recovery(struct node *n, struct err *err)
{
    char path[PATH_MAX], hex[2 * HASH_SIZE + 1];
    hex_encode(hash_slice(&n->settings->recovery), hex);
    if (snprintf(path, sizeof path, "%s/recovery.cbor", n->settings->data.path) >= (int)sizeof path)
        return err_set(err, ERR_INPUT, "%s: the name is too long", n->settings->data.path);
    if (!file_read(path, RECOVERY_SIZE_MAX, &n->recovery_bytes, err) ||
        !recovery_decode(buf_slice(&n->recovery_bytes), &n->recovery, err))
        return err_wrap(err, "recovery %s", hex);
    return hash_equal(&n->recovery.hash, &n->settings->recovery) ||
           err_set(err, ERR_PROOF, "%s: is not the recovery that the configuration pins", path);
}

bool loop_load_recovery(struct node *n, struct err *err)
{
    char hex[2 * HASH_SIZE + 1];
    if (!n->settings->has_recovery)
        return true;
    n->recovery_bytes = buf_heap(RECOVERY_SIZE_MAX);
    if (!read_recovery(n, err) || !chain_recover(&n->chain, &n->recovery, err))
        return false;
    n->identity.pins[n->identity.pin_count++] = n->recovery.hash;
    note_nodes(n);
    hex_encode(hash_slice(&n->recovery.hash), hex);
    log_warn("follows recovery %s: from block %" PRIu64 " on %zu other authorities seal", hex,
             n->recovery.height + 1, n->recovery.set.count);
    return true;
}
