#include "tools/cmd_pages.h"

#include "common/http_client.h"
#include "tools/cmd_action.h"
#include "tools/cmd_contract_words.h"
#include "tools/cmd_node.h"
#include "tools/goods_words.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define PAGE_TEXT_MAX ((size_t)64 << 20)
#define HASH_SHOWN    16

/* ------------------------------------------------------------------ pages */

static bool get_page(struct cmd_home *home, const struct cmd_pages *p, int64_t next,
                     struct json_doc **ret_doc, struct err *err)
{
    char path[2 * NODE_CLIENT_PATH_MAX], at[64] = "";
    char sign = strchr(p->path, '?') != NULL ? '&' : '?';
    if (next != 0)
        (void)snprintf(at, sizeof at, "&%s=%" PRId64, p->cursor, next);
    int len = snprintf(path, sizeof path, "%s%climit=%" PRIu64 "%s", p->path, sign, p->limit, at);
    return ((len > 0 && (size_t)len < sizeof path) ||
            err_set(err, ERR_INPUT, "the question is too long")) &&
           cmd_node_get_json(home, path, ret_doc, err);
}

/* A part of one document, as a document of its own. */
static struct json_doc *copy(const struct json_doc *part)
{
    struct json_doc *doc = NULL;
    struct buf text = buf_heap(PAGE_TEXT_MAX);
    json_doc_write(part, 0, &text);
    if (!json_doc_parse(buf_slice(&text), PAGE_TEXT_MAX, &doc, NULL))
        doc = NULL;
    buf_free(&text);
    return doc;
}

static void gather(const struct json_doc *list, struct json_doc *into)
{
    for (size_t i = 0; i < json_doc_count(list); i++) {
        struct json_doc *one = copy(json_doc_element(list, i));
        if (one != NULL)
            json_doc_put_doc(into, NULL, one);
    }
}

struct paging {
    struct cmd_home *home;
    const struct cmd_pages *pages;
    cmd_pages_visitor first, visit;
    void *ctx;
    struct json_doc *whole; /* the first page; NULL: none is kept */
    struct json_doc *more;  /* all elements, with whole */
    struct err *err;
};

static void read_page(struct paging *r, const struct json_doc *doc, bool first)
{
    const struct json_doc *list = json_doc_at(doc, r->pages->list);
    if (first && r->first != NULL)
        r->first(r->ctx, doc);
    for (size_t i = 0; r->visit != NULL && i < json_doc_count(list); i++)
        r->visit(r->ctx, json_doc_element(list, i));
    if (r->more != NULL)
        gather(list, r->more);
}

static bool read_pages(struct paging *r)
{
    int64_t next = 0, before;
    do {
        struct json_doc *doc = NULL;
        before = next;
        if (!get_page(r->home, r->pages, next, &doc, r->err))
            return false;
        next = cmd_pages_int(doc, "/next");
        read_page(r, doc, before == 0);
        if (r->more != NULL && r->whole == NULL)
            r->whole = doc;
        else
            json_doc_free(doc);
        if (next != 0 && next == before)
            return err_set(r->err, ERR_IO, "the node's pages do not come to an end");
    } while (next != 0);
    return true;
}

bool cmd_pages_each(struct cmd_home *home, const struct cmd_pages *pages, cmd_pages_visitor visit,
                    void *ctx, struct err *err)
{
    struct paging r = { .home = home, .pages = pages, .visit = visit, .ctx = ctx, .err = err };
    return read_pages(&r);
}

int cmd_pages_tell(struct cmd_home *home, const struct cmd_pages *pages, cmd_pages_visitor first,
                   cmd_pages_visitor visit, void *ctx, struct err *err)
{
    struct paging r = { .home = home, .pages = pages, .ctx = ctx, .err = err };
    r.first = home->json ? NULL : first;
    r.visit = home->json ? NULL : visit;
    r.more = home->json ? json_doc_array() : NULL;
    bool good = read_pages(&r);
    if (good && home->json) {
        json_doc_put_doc(r.whole, pages->list + 1, r.more);
        cmd_action_print(r.whole);
        return CMD_GOOD;
    }
    json_doc_free(r.more);
    json_doc_free(r.whole);
    return good ? CMD_GOOD : cmd_action_fail(err);
}

bool cmd_pages_query(char *path, size_t size, const char *name, const char *text, struct err *err)
{
    struct buf out = buf_fixed(path, size);
    out.len = strlen(path);
    buf_add_byte(&out, strchr(path, '?') != NULL ? '&' : '?');
    buf_add_slice(&out, slice_text(name));
    buf_add_byte(&out, '=');
    http_client_put_path(&out, text);
    buf_add_byte(&out, '\0');
    return !out.failed || err_set(err, ERR_INPUT, "--%s: too long", name);
}

void cmd_pages_put_segment(struct buf *path, const char *text)
{
    for (; *text != '\0'; text++) {
        char one[2] = { *text, '\0' };
        if (*text == '/')
            buf_add_slice(path, slice_text("%2F"));
        else
            http_client_put_path(path, one);
    }
}

/* ------------------------------------------------------------------ telling */

int64_t cmd_pages_int(const struct json_doc *doc, const char *pointer)
{
    int64_t value = 0;
    (void)json_doc_get_int(json_doc_at(doc, pointer), &value);
    return value;
}

bool cmd_pages_true(const struct json_doc *doc, const char *pointer)
{
    bool value = false;
    (void)json_doc_get_bool(json_doc_at(doc, pointer), &value);
    return value;
}

void cmd_pages_print(const char *before, const struct json_doc *doc, const char *pointer,
                     const char *after)
{
    struct slice text = cmd_contract_text_at(doc, pointer, "");
    if (text.len == 0)
        return;
    (void)printf("%s", before);
    cmd_contract_print(text);
    (void)printf("%s", after);
}

void cmd_pages_print_time(const char *before, const struct json_doc *doc, const char *pointer)
{
    struct slice text = cmd_contract_text_at(doc, pointer, "");
    if (text.len < 16)
        return;
    (void)printf("%s", before);
    cmd_contract_print(slice_from(text, 0, 10));
    (void)printf(" ");
    cmd_contract_print(slice_from(text, 11, 5));
}

void cmd_pages_print_number(const char *before, const struct json_doc *doc, const char *pointer)
{
    const struct json_doc *number = json_doc_at(doc, pointer);
    struct buf text = buf_heap(64);
    if (number == NULL)
        return;
    json_doc_write(number, 0, &text);
    (void)printf("%s%.*s", before, (int)text.len, (const char *)text.data);
    buf_free(&text);
}

void cmd_pages_print_set(const struct json_doc *set)
{
    char count[GOODS_WORDS_SIZE];
    int64_t units = cmd_pages_int(set, "/count");
    cmd_pages_print("", set, "/amount/text", units > 1 ? " each of " : " of ");
    cmd_pages_print("", set, "/asset", "");
    cmd_pages_print("", set, "/first", "");
    if (units > 1)
        cmd_pages_print(units == 2 ? " and " : " to ", set, "/last", "");
    if (units > 2)
        (void)printf(" (%s)", goods_words_number((uint64_t)units, count));
    if (!slice_equal(cmd_contract_text_at(set, "/lot", ""),
                     cmd_contract_text_at(set, "/asset", "")))
        cmd_pages_print(", lot ", set, "/lot", "");
}

void cmd_pages_print_sets(const struct json_doc *list)
{
    for (size_t i = 0; i < json_doc_count(list); i++) {
        (void)printf("%s", i > 0 ? "; " : "");
        cmd_pages_print_set(json_doc_element(list, i));
    }
}

void cmd_pages_print_hash(const char *before, const struct json_doc *doc, const char *pointer)
{
    struct slice text = cmd_contract_text_at(doc, pointer, "");
    if (text.len < HASH_SHOWN)
        return;
    (void)printf("%s", before);
    cmd_contract_print(slice_from(text, 0, HASH_SHOWN));
}

static const char *hold_word(const struct json_doc *hold)
{
    struct slice kind = cmd_contract_text_at(hold, "/hold", "");
    if (slice_equal(kind, slice_text("recall")))
        return "RECALLED";
    return slice_equal(kind, slice_text("rejected")) ? "REJECTED" : "QUARANTINED";
}

void cmd_pages_print_holds(const char *before, const struct json_doc *holds)
{
    for (size_t i = 0; i < json_doc_count(holds); i++) {
        const struct json_doc *one = json_doc_element(holds, i);
        struct slice way = cmd_contract_text_at(one, "/by", "own");
        (void)printf("%s%s", before, hold_word(one));
        cmd_pages_print(" by ", one, "/member/name", "");
        if (!slice_equal(way, slice_text("own")))
            cmd_pages_print(slice_equal(way, slice_text("lot")) ? ", with its lot " : ", made of ",
                            one, "/name", "");
        cmd_pages_print(": ", one, "/reason", "");
        (void)printf("\n");
    }
}
