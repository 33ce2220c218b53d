/* A contract as the ledger has it: what was agreed, checked by its hashes, and what the node says of it. */
#include "common/file.h"
#include "common/hex.h"
#include "tools/cmd_contract_parts.h"
#include "tools/cmd_node.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool cmd_contract_statement_name(const char *text, struct hash *ret_hash, struct err *err)
{
    struct statement st;
    if (strlen(text) == (size_t)2 * HASH_SIZE && cmd_home_parse_hash(text, ret_hash, NULL))
        return true;
    if (!file_exists(text))
        return err_set(err, ERR_INPUT,
                       "expected a hash, 64 hexadecimal digits, or the file of a statement, found "
                       "\"%.80s\"",
                       text);
    struct buf bytes = buf_heap(STATEMENT_MAX);
    bool good = file_read(text, STATEMENT_MAX, &bytes, err) &&
                (statement_decode(buf_slice(&bytes), &st, err) || err_wrap(err, "%s", text));
    if (good)
        *ret_hash = st.hash;
    buf_free(&bytes);
    return good;
}

bool cmd_contract_get_statement(struct cmd_home *home, const struct hash *hash, struct buf *out,
                                struct err *err)
{
    char hex[2 * HASH_SIZE + 1], path[128];
    hex_encode(hash_slice(hash), hex);
    (void)snprintf(path, sizeof path, "/v1/statements/%s", hex);
    if (!cmd_node_get_bytes(home, path, out, err)) {
        if (err->code == ERR_NOT_FOUND)
            (void)err_set(err, ERR_NOT_FOUND, "the ledger has no statement %s", hex);
        return false;
    }
    struct hash got = crypto_sha256(buf_slice(out));
    return hash_equal(&got, hash) ||
           err_set(err, ERR_PROOF,
                   "the node answers with another statement than the one asked for");
}

static bool get_definition(struct cmd_home *home, struct contract_opened *c, struct err *err)
{
    char hex[2 * HASH_SIZE + 1], path[128];
    hex_encode(hash_slice(&c->opening), hex);
    (void)snprintf(path, sizeof path, "/v1/contracts/%s/definition", hex);
    if (!cmd_node_get_bytes(home, path, &c->compiled, err))
        return false;
    struct hash got = definition_hash(buf_slice(&c->compiled));
    if (!hash_equal(&got, &c->st.as.open.definition))
        return err_set(err, ERR_PROOF,
                       "the node answers with another contract than the one that was agreed");
    return definition_decode(buf_slice(&c->compiled), &c->definition, err);
}

bool cmd_contract_fetch(struct cmd_home *home, const char *text, struct contract_opened **ret,
                        struct err *err)
{
    struct hash opening;
    if (!cmd_contract_statement_name(text, &opening, err))
        return false;
    struct contract_opened *c = calloc(1, sizeof *c);
    if (c == NULL)
        return err_set(err, ERR_IO, "out of memory");
    c->opening = opening;
    c->statement = buf_heap(STATEMENT_MAX);
    c->compiled = buf_heap(DEFINITION_MAX_BYTES);
    bool good = cmd_contract_get_statement(home, &opening, &c->statement, err) &&
                statement_decode(buf_slice(&c->statement), &c->st, err) &&
                (c->st.kind == KIND_OPEN ||
                 err_set(err, ERR_INPUT, "statement %.64s opens no contract: it is of kind %s",
                         text, statement_kind_name(c->st.kind))) &&
                get_definition(home, c, err);
    if (!good) {
        cmd_contract_release(c);
        return false;
    }
    c->bound = terms_bind(&c->definition, c->st.as.open.terms, &c->terms, NULL);
    *ret = c;
    return true;
}

void cmd_contract_release(struct contract_opened *c)
{
    if (c == NULL)
        return;
    buf_free(&c->statement);
    buf_free(&c->compiled);
    free(c);
}

bool cmd_contract_get_json(struct cmd_home *home, const struct hash *opening, const char *rest,
                           struct json_doc **ret_doc, struct err *err)
{
    char hex[2 * HASH_SIZE + 1], path[NODE_CLIENT_PATH_MAX];
    hex_encode(hash_slice(opening), hex);
    if (snprintf(path, sizeof path, "/v1/contracts/%s%s", hex, rest) >= (int)sizeof path)
        return err_set(err, ERR_INPUT, "the question to the node is too long");
    return cmd_node_get_json(home, path, ret_doc, err);
}
