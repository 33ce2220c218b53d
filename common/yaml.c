#include "common/yaml.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <yaml.h>

#define CHUNK_BYTES 16384
#define ALIGNMENT   16

/* ------------------------------------------------------------------ memory of a tree */

/* Blocks of memory released together; the newest one is filled from its start. */
struct chunk {
    struct chunk *next;
    size_t used;
    size_t size;
    _Alignas(ALIGNMENT) unsigned char bytes[];
};

struct arena {
    struct chunk *newest;
};

static void *arena_take(struct arena *a, size_t len)
{
    size_t need = (len + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    struct chunk *c = a->newest;
    if (c == NULL || need > c->size - c->used) {
        size_t size = need > CHUNK_BYTES ? need : CHUNK_BYTES;
        c = calloc(1, sizeof *c + size);
        if (c == NULL)
            return NULL;
        *c = (struct chunk){ .next = a->newest, .size = size };
        a->newest = c;
    }
    void *at = c->bytes + c->used;
    c->used += need;
    return at;
}

static char *arena_text(struct arena *a, const void *text, size_t len)
{
    char *copy = arena_take(a, len + 1);
    if (copy == NULL)
        return NULL;
    memcpy(copy, text, len);
    copy[len] = '\0';
    return copy;
}

static void chunks_free(struct chunk *c)
{
    while (c != NULL) {
        struct chunk *next = c->next;
        free(c);
        c = next;
    }
}

/* ------------------------------------------------------------------ building the tree */

struct item { /* an element, or a pair with its key, while the list or map is still open */
    const struct yaml_node *key;
    const struct yaml_node *value;
    struct item *next;
};

struct build {
    yaml_parser_t parser;
    struct arena arena;
    struct slice text;
    size_t nodes;
    const char *name;
    struct err *err;
};

static bool build_refuse(const struct build *b, size_t line, const char *why)
{
    return err_set(b->err, ERR_INPUT, "%s:%zu: %s", b->name, line, why);
}

static bool build_out_of_memory(const struct build *b)
{
    return err_set(b->err, ERR_IO, "%s: out of memory", b->name);
}

static size_t line_at(struct slice text, size_t offset)
{
    size_t line = 1;
    for (size_t i = 0; i < offset && i < text.len; i++)
        line += text.data[i] == '\n';
    return line;
}

static bool build_syntax_error(const struct build *b)
{
    const yaml_parser_t *p = &b->parser;
    const char *why = p->problem != NULL ? p->problem : "not YAML";
    size_t line = p->problem_mark.line + 1;
    if (p->error == YAML_MEMORY_ERROR)
        return build_out_of_memory(b);
    if (p->error == YAML_READER_ERROR)
        line = line_at(b->text, p->problem_offset);
    if (p->context != NULL)
        return err_set(b->err, ERR_INPUT, "%s:%zu: %s, %s", b->name, line, p->context, why);
    return build_refuse(b, line, why);
}

static bool build_next(struct build *b, yaml_event_t *event)
{
    return yaml_parser_parse(&b->parser, event) != 0 || build_syntax_error(b);
}

/* What people must not be able to hide a value behind. */
static bool refuse_indirection(const struct build *b, const yaml_event_t *event)
{
    const yaml_char_t *anchor = NULL;
    const yaml_char_t *tag = NULL;
    size_t line = event->start_mark.line + 1;
    if (event->type == YAML_ALIAS_EVENT)
        return build_refuse(b, line, "aliases are not allowed: write the value out");
    if (event->type == YAML_SCALAR_EVENT) {
        anchor = event->data.scalar.anchor;
        tag = event->data.scalar.tag;
    } else if (event->type == YAML_SEQUENCE_START_EVENT) {
        anchor = event->data.sequence_start.anchor;
        tag = event->data.sequence_start.tag;
    } else if (event->type == YAML_MAPPING_START_EVENT) {
        anchor = event->data.mapping_start.anchor;
        tag = event->data.mapping_start.tag;
    }
    if (anchor != NULL)
        return build_refuse(b, line, "anchors are not allowed");
    if (tag != NULL)
        return build_refuse(b, line, "tags are not allowed");
    return true;
}

static bool build_scalar(struct build *b, const yaml_event_t *event, struct yaml_node *node)
{
    const yaml_char_t *value = event->data.scalar.value;
    size_t len = event->data.scalar.length;
    if (memchr(value, 0, len) != NULL)
        return build_refuse(b, node->line, "text with a zero byte in it");
    node->kind = YAML_SCALAR;
    node->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    node->text = arena_text(&b->arena, value, len);
    return node->text != NULL || build_out_of_memory(b);
}

static int compare_keys(const void *a, const void *b)
{
    const struct yaml_node *const *left = a;
    const struct yaml_node *const *right = b;
    int order = strcmp((*left)->text, (*right)->text);
    return order != 0 ? order : ((*left)->line > (*right)->line) - ((*left)->line < (*right)->line);
}

static bool check_keys_differ(const struct build *b, const struct yaml_node *map)
{
    if (map->count < 2)
        return true;
    const struct yaml_node **sorted = calloc(map->count, sizeof(struct yaml_node *));
    if (sorted == NULL)
        return build_out_of_memory(b);
    for (size_t i = 0; i < map->count; i++)
        sorted[i] = map->keys[i];
    qsort(sorted, map->count, sizeof(struct yaml_node *), compare_keys);
    bool differ = true;
    for (size_t i = 1; differ && i < map->count; i++)
        if (strcmp(sorted[i - 1]->text, sorted[i]->text) == 0)
            differ = err_set(b->err, ERR_INPUT, "%s:%u: \"%s\" is already given on line %u",
                             b->name, sorted[i]->line, sorted[i]->text, sorted[i - 1]->line);
    free(sorted);
    return differ;
}

static bool build_close(struct build *b, struct yaml_node *node, const struct item *first)
{
    const struct yaml_node **values =
        arena_take(&b->arena, node->count * sizeof(struct yaml_node *));
    const struct yaml_node **keys = arena_take(&b->arena, node->count * sizeof(struct yaml_node *));
    if (values == NULL || keys == NULL)
        return build_out_of_memory(b);
    size_t i = 0;
    for (const struct item *it = first; it != NULL; it = it->next) {
        values[i] = it->value;
        keys[i++] = it->key;
    }
    node->values = values;
    if (node->kind != YAML_MAP)
        return true;
    node->keys = keys;
    return check_keys_differ(b, node);
}

static bool build_node(struct build *b, yaml_event_t *event, unsigned depth,
                       const struct yaml_node **ret_node);

/* One element or one pair; event is its first one. */
static bool build_item(struct build *b, yaml_event_t *event, unsigned depth, bool pair,
                       struct item *item)
{
    if (!pair)
        return build_node(b, event, depth, &item->value);
    if (event->type != YAML_SCALAR_EVENT && event->type != YAML_ALIAS_EVENT) {
        size_t line = event->start_mark.line + 1;
        yaml_event_delete(event);
        return build_refuse(b, line, "a key must be plain text");
    }
    yaml_event_t value;
    return build_node(b, event, depth, &item->key) && build_next(b, &value) &&
           build_node(b, &value, depth, &item->value);
}

static bool build_collection(struct build *b, struct yaml_node *node, unsigned depth)
{
    yaml_event_type_t end =
        node->kind == YAML_MAP ? YAML_MAPPING_END_EVENT : YAML_SEQUENCE_END_EVENT;
    struct item *first = NULL;
    struct item **tail = &first;
    for (;;) {
        yaml_event_t event;
        if (!build_next(b, &event))
            return false;
        if (event.type == end) {
            yaml_event_delete(&event);
            return build_close(b, node, first);
        }
        struct item *item = arena_take(&b->arena, sizeof *item);
        if (item == NULL) {
            yaml_event_delete(&event);
            return build_out_of_memory(b);
        }
        *item = (struct item){ 0 };
        if (!build_item(b, &event, depth + 1, node->kind == YAML_MAP, item))
            return false;
        *tail = item;
        tail = &item->next;
        node->count++;
    }
}

/* Takes over event. */
static bool build_node(struct build *b, yaml_event_t *event, unsigned depth,
                       const struct yaml_node **ret_node)
{
    size_t line = event->start_mark.line + 1;
    yaml_event_type_t type = event->type;
    bool good = refuse_indirection(b, event);
    struct yaml_node *node = NULL;
    if (good && ++b->nodes > YAML_MAX_NODES)
        good = build_refuse(b, line, "too many values in one file");
    else if (good && depth > YAML_MAX_DEPTH)
        good = build_refuse(b, line, "lists and maps nest too deep");
    else if (good && (node = arena_take(&b->arena, sizeof *node)) == NULL)
        good = build_out_of_memory(b);
    if (node != NULL) {
        *node = (struct yaml_node){ .line = (unsigned)line };
        if (type == YAML_SCALAR_EVENT)
            good = build_scalar(b, event, node);
        else
            node->kind = type == YAML_MAPPING_START_EVENT ? YAML_MAP : YAML_LIST;
    }
    yaml_event_delete(event);
    if (!good || node == NULL)
        return false;
    *ret_node = node;
    return node->kind == YAML_SCALAR || build_collection(b, node, depth);
}

/* The whole stream: at most one document. */
static bool build_stream(struct build *b, const struct yaml_node **ret_root)
{
    for (;;) {
        yaml_event_t event;
        if (!build_next(b, &event))
            return false;
        yaml_event_type_t type = event.type;
        size_t line = event.start_mark.line + 1;
        if (type == YAML_DOCUMENT_START_EVENT && *ret_root != NULL) {
            yaml_event_delete(&event);
            return build_refuse(b, line, "a second document in one file is not allowed");
        }
        if (type == YAML_SCALAR_EVENT || type == YAML_SEQUENCE_START_EVENT ||
            type == YAML_MAPPING_START_EVENT || type == YAML_ALIAS_EVENT) {
            if (!build_node(b, &event, 1, ret_root))
                return false;
            continue;
        }
        yaml_event_delete(&event);
        if (type == YAML_STREAM_END_EVENT)
            return true;
    }
}

bool yaml_parse(const char *name, struct slice text, struct yaml_tree *ret_tree, struct err *err)
{
    if (text.len > YAML_MAX_BYTES)
        return err_set(err, ERR_INPUT, "%s: larger than %d bytes", name, YAML_MAX_BYTES);
    struct build b = { .text = text, .name = name, .err = err };
    if (yaml_parser_initialize(&b.parser) == 0)
        return build_out_of_memory(&b);
    yaml_parser_set_encoding(&b.parser, YAML_UTF8_ENCODING);
    static const uint8_t nothing[1]; /* libyaml asserts that there is a pointer */
    yaml_parser_set_input_string(&b.parser, text.len > 0 ? text.data : nothing, text.len);
    const struct yaml_node *root = NULL;
    const char *own_name = arena_text(&b.arena, name, strlen(name));
    bool good = own_name == NULL ? build_out_of_memory(&b) : build_stream(&b, &root);
    yaml_parser_delete(&b.parser);
    if (!good) {
        chunks_free(b.arena.newest);
        return false;
    }
    *ret_tree = (struct yaml_tree){ .root = root, .name = own_name, .memory = b.arena.newest };
    return true;
}

/* ------------------------------------------------------------------ files */

static bool read_whole(int fd, uint8_t *bytes, size_t cap, size_t *ret_len)
{
    size_t len = 0;
    while (len < cap) {
        ssize_t n = read(fd, bytes + len, cap - len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        if (n == 0)
            break;
        len += (size_t)n;
    }
    *ret_len = len;
    return true;
}

bool yaml_load(const char *path, struct yaml_tree *ret_tree, struct err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_set(err, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO, "%s: %s", path,
                       strerror(errno));
    uint8_t *bytes = malloc(YAML_MAX_BYTES + 1);
    size_t len = 0;
    bool good = bytes != NULL && read_whole(fd, bytes, YAML_MAX_BYTES + 1, &len);
    if (!good)
        err_set(err, ERR_IO, "%s: %s", path, strerror(errno));
    (void)close(fd);
    if (good)
        good = yaml_parse(path, slice_of(bytes, len), ret_tree, err);
    free(bytes);
    return good;
}

void yaml_tree_free(struct yaml_tree *tree)
{
    if (tree == NULL)
        return;
    chunks_free(tree->memory);
    *tree = (struct yaml_tree){ 0 };
}

/* ------------------------------------------------------------------ reading */

const struct yaml_node *yaml_get(const struct yaml_node *map, const char *key)
{
    if (map == NULL || map->kind != YAML_MAP)
        return NULL;
    for (size_t i = 0; i < map->count; i++)
        if (strcmp(map->keys[i]->text, key) == 0)
            return map->values[i];
    return NULL;
}

bool yaml_refuse(const struct yaml_tree *tree, const struct yaml_node *node, struct err *err,
                 const char *fmt, ...)
{
    char why[sizeof err->msg];
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(why, sizeof why, fmt, ap);
    va_end(ap);
    return err_set(err, ERR_INPUT, "%s:%u: %s", tree->name, node != NULL ? node->line : 1, why);
}
