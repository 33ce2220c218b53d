#include "tools/node_yaml.h"

#include "common/file.h"
#include "common/hex.h"
#include "common/yaml.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_MAX_TEXT 512

struct editing {
    const char *path;
    struct buf text; /* zero-terminated */
    struct yaml_tree tree;
    bool parsed;
};

static void close_it(struct editing *e)
{
    if (e->parsed)
        yaml_free(&e->tree);
    e->parsed = false;
    buf_free(&e->text);
}

static bool open_it(struct editing *e, const char *path, struct err *err)
{
    *e = (struct editing){ .path = path, .text = buf_heap(2 * YAML_MAX_BYTES) };
    if (!file_read(path, YAML_MAX_BYTES, &e->text, err))
        return false;
    e->parsed = yaml_parse(path, buf_slice(&e->text), &e->tree, err);
    return e->parsed;
}

/* Where line `number` (from 1) begins. */
static size_t line_at(const struct editing *e, unsigned number)
{
    size_t at = 0;
    for (unsigned line = 1; line < number && at < e->text.len; at++)
        if (e->text.data[at] == '\n')
            line++;
    return at;
}

static size_t line_end(const struct editing *e, size_t at)
{
    while (at < e->text.len && e->text.data[at] != '\n')
        at++;
    return at;
}

/* Puts `with` in the place of what lies between two offsets. */
static bool splice(struct editing *e, size_t from, size_t to, const char *with, struct err *err)
{
    struct buf out = buf_heap(2 * YAML_MAX_BYTES);
    buf_add_slice(&out, slice_from(buf_slice(&e->text), 0, from));
    buf_add_slice(&out, slice_text(with));
    buf_add_slice(&out, slice_from(buf_slice(&e->text), to, e->text.len - to));
    buf_free(&e->text);
    e->text = out;
    if (e->parsed)
        yaml_free(&e->tree);
    e->parsed = !out.failed && yaml_parse(e->path, buf_slice(&out), &e->tree, err);
    return e->parsed;
}

static bool by_hand(const struct yaml_node *node, const struct editing *e, const char *what,
                    struct err *err)
{
    return yaml_refuse(&e->tree, node, err, "cannot be changed line by line; write by hand: %s",
                       what);
}

/* Its value alone: indentation, key and comment stay. */
static bool set_scalar(struct editing *e, const struct yaml_node *map, const char *key,
                       const char *value, struct err *err)
{
    char what[LINE_MAX_TEXT];
    const struct yaml_node *node = yaml_get(map, key);
    (void)snprintf(what, sizeof what, "%s: %s", key, value);
    if (node == NULL || node->kind != YAML_SCALAR)
        return by_hand(map, e, what, err);
    size_t at = line_at(e, node->line), end = line_end(e, at), from = at;
    while (from < end && e->text.data[from] == ' ')
        from++;
    size_t len = strlen(key);
    if (memchr(e->text.data + at, '{', end - at) != NULL || end - from <= len ||
        memcmp(e->text.data + from, key, len) != 0 || e->text.data[from + len] != ':')
        return by_hand(node, e, what, err);
    from += len + 1;
    size_t to = from;
    while (to < end && !(e->text.data[to] == '#' && e->text.data[to - 1] == ' '))
        to++;
    (void)snprintf(what, sizeof what, " %s%s", value, to < end ? "  " : "");
    return splice(e, from, to, what, err);
}

static bool save(struct editing *e, struct err *err)
{
    return file_replace(e->path, buf_slice(&e->text), 0644, err);
}

/* ------------------------------------------------------------------ listening */

static bool set_place(struct editing *e, const char *section, const struct listening *place,
                      struct err *err)
{
    char host[BROKER_HOST_SIZE + 2], port[8];
    const struct yaml_node *peers = yaml_get(e->tree.root, "peers");
    if (peers == NULL || yaml_get(peers, section) == NULL)
        return by_hand(e->tree.root, e, "peers, with broker and http", err);
    bool six = strchr(place->host, ':') != NULL; /* YAML would take its colons for its own */
    (void)snprintf(host, sizeof host, six ? "\"%s\"" : "%s", place->host);
    (void)snprintf(port, sizeof port, "%u", place->port);
    return set_scalar(e, yaml_get(peers, section), "host", host, err) &&
           set_scalar(e, yaml_get(yaml_get(e->tree.root, "peers"), section), "port", port, err);
}

bool node_yaml_set_listening(const char *path, const struct listening *broker,
                             const struct listening *http, struct err *err)
{
    struct editing e;
    bool good = open_it(&e, path, err) && set_place(&e, "broker", broker, err) &&
                set_place(&e, "http", http, err) && save(&e, err);
    close_it(&e);
    return good;
}

/* ------------------------------------------------------------------ peers */

static bool insert_peer(struct editing *e, const char *kid, const char *broker, const char *url,
                        struct err *err)
{
    char lines[2 * LINE_MAX_TEXT];
    const struct yaml_node *peers = yaml_get(e->tree.root, "peers");
    const struct yaml_node *addresses = yaml_get(peers, "addresses");
    if (peers == NULL || peers->count == 0 ||
        (addresses != NULL && (addresses->kind != YAML_MAP || addresses->count == 0)))
        return by_hand(peers, e, "peers: addresses: KID: { broker: ..., url: ... }", err);
    (void)snprintf(lines, sizeof lines, "%s    \"%s\":\n      broker: \"%s\"\n      url: \"%s\"\n",
                   addresses == NULL ? "  addresses:           # these first, whatever the ledger "
                                       "says\n"
                                     : "",
                   kid, broker, url);
    const struct yaml_node *before = addresses == NULL ? peers->keys[0] : addresses->keys[0];
    size_t at = line_at(e, before->line);
    return splice(e, at, at, lines, err);
}

bool node_yaml_set_peer(const char *path, const struct kid *peer, const char *broker,
                        const char *url, struct err *err)
{
    struct editing e;
    char kid[2 * KID_SIZE + 1], quoted[512];
    hex_encode(kid_slice(peer), kid);
    bool good = open_it(&e, path, err);
    const struct yaml_node *peers = good ? yaml_get(e.tree.root, "peers") : NULL;
    if (good && peers == NULL)
        good = by_hand(e.tree.root, &e, "peers, with broker and http", err);
    const struct yaml_node *addresses = good ? yaml_get(peers, "addresses") : NULL;
    const struct yaml_node *entry =
        addresses != NULL && addresses->kind == YAML_MAP ? yaml_get(addresses, kid) : NULL;
    if (good && entry == NULL) {
        good = insert_peer(&e, kid, broker, url, err);
    } else if (good) {
        (void)snprintf(quoted, sizeof quoted, "\"%s\"", broker);
        good = set_scalar(&e, entry, "broker", quoted, err);
        (void)snprintf(quoted, sizeof quoted, "\"%s\"", url);
        good = good &&
               set_scalar(&e, yaml_get(yaml_get(yaml_get(e.tree.root, "peers"), "addresses"), kid),
                          "url", quoted, err);
    }
    good = good && save(&e, err);
    close_it(&e);
    return good;
}
