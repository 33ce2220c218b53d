/* `waybill consortium move`: a member of a rehearsal gets other addresses, in its own files and the others'. */
#include "common/file.h"
#include "common/json.h"
#include "common/request.h"
#include "common/yaml.h"
#include "node/settings.h"
#include "tools/cmd_consortium_parts.h"
#include "tools/consortium_node.h"
#include "tools/member_folder.h"
#include "tools/node_yaml.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct moving {
    struct consortium_dir *dir;
    const struct consortium_member *member;
    const char *broker, *url;
    struct listening listen_broker, listen_http;
    struct kid authority;
};

static bool change_yaml(const struct moving *m, const struct consortium_member *whose,
                        const char *path, struct err *err)
{
    return whose == m->member
               ? node_yaml_set_listening(path, &m->listen_broker, &m->listen_http, err)
               : node_yaml_set_peer(path, &m->authority, m->broker, m->url, err);
}

/* On a copy beside it, for paths start at its folder: would a node take what it becomes? */
static bool rehearse(const struct moving *m, const struct consortium_member *whose, struct err *err)
{
    char path[PATH_MAX], copy[PATH_MAX];
    struct settings settings;
    struct buf text = buf_heap(YAML_MAX_BYTES);
    bool good = member_folder_path(whose->dir, "node.yaml", path, err) &&
                member_folder_path(whose->dir, "node.yaml.moved", copy, err) &&
                file_read(path, YAML_MAX_BYTES, &text, err) &&
                file_replace(copy, buf_slice(&text), 0600, err);
    if (good) {
        good = change_yaml(m, whose, copy, err) && settings_load(copy, &settings, err);
        (void)unlink(copy);
    }
    buf_free(&text);
    return good || err_wrap(err, "%s: nothing was changed", whose->name);
}

static bool read_authority(struct moving *m, struct err *err)
{
    char path[PATH_MAX];
    struct request q;
    struct buf request = buf_heap(REQUEST_SIZE_MAX);
    bool good = member_folder_path(m->member->dir, "request.cbor", path, err) &&
                member_folder_read_request(path, &request, &q, err);
    if (good)
        m->authority = key_kid(q.authority);
    buf_free(&request);
    return good;
}

/* What the member says of itself. */
static bool change_address(const struct moving *m, struct err *err)
{
    struct node_record record;
    struct buf address = buf_heap(REQUEST_SIZE_MAX);
    bool good = member_folder_read_address(m->member->dir, &address, &record, err);
    if (good) {
        record.broker = slice_text(m->broker);
        record.url = slice_text(m->url);
        good = member_folder_write_address(m->member->dir, &record, err);
    }
    buf_free(&address);
    return good;
}

/* Each file is tried before the first is changed. */
static bool change_all(struct moving *m, struct err *err)
{
    char path[PATH_MAX];
    bool good = read_authority(m, err);
    for (size_t i = 0; i < m->dir->count && good; i++)
        good = rehearse(m, &m->dir->members[i], err);
    good = good && change_address(m, err);
    for (size_t i = 0; i < m->dir->count && good; i++)
        good = member_folder_path(m->dir->members[i].dir, "node.yaml", path, err) &&
               change_yaml(m, &m->dir->members[i], path, err);
    return good;
}

static bool read_places(struct moving *m, const char *listen, struct err *err)
{
    return ((request_check_broker(slice_text(m->broker), err) &&
             listening_choose(m->broker, listen, &m->listen_broker, err)) ||
            err_wrap(err, "--broker")) &&
           ((request_check_url(slice_text(m->url), err) &&
             listening_choose(m->url, listen, &m->listen_http, err)) ||
            err_wrap(err, "--url"));
}

static bool read_move(struct moving *m, const struct cmd_args *args, struct err *err)
{
    if (!cmd_args_expect(args, 2, 2, "DIR and a MEMBER", err) ||
        !cmd_args_need(args, "broker", &m->broker, err) ||
        !cmd_args_need(args, "url", &m->url, err) ||
        !consortium_dir_load(args->operand[0], &m->dir, err))
        return false;
    for (size_t i = 0; i < m->dir->count; i++)
        if (strcmp(m->dir->members[i].name, args->operand[1]) == 0)
            m->member = &m->dir->members[i];
    if (m->member == NULL)
        return err_set(err, ERR_NOT_FOUND, "%s: has no member \"%.60s\"", args->operand[0],
                       args->operand[1]);
    if (consortium_node_pid(m->member) != 0)
        return err_set(err, ERR_BUSY, "%s runs: waybill consortium down %s %s first",
                       m->member->name, args->operand[0], m->member->name);
    return read_places(m, cmd_args_text(args, "listen", NULL), err);
}

static int move(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    struct moving m = { .dir = NULL };
    bool good = read_move(&m, args, err) && change_all(&m, err);
    if (good && home->json) {
        struct json_doc *doc = json_doc_object();
        json_doc_put_text(doc, "member", m.member->name);
        json_doc_put_text(doc, "broker", m.broker);
        json_doc_put_text(doc, "url", m.url);
        cmd_action_print(doc);
    } else if (good) {
        (void)printf("%s: peers find it at %s and %s\n"
                     "the others' node.yaml say so, and count from their next start; once it runs, "
                     "the ledger\nis told by: waybill member announce --dir %s\n",
                     m.member->name, m.broker, m.url, m.member->dir);
    }
    consortium_dir_free(m.dir);
    return good ? CMD_GOOD : cmd_action_fail(err);
}

const struct cmd_action cmd_consortium_move_action = {
    "move", "consortium move", "broker= url= listen=",
    "Usage: waybill consortium move DIR MEMBER --broker HOST:PORT --url https://HOST:PORT\n"
    "Gives a member of a rehearsal other addresses for its peers: in its own node.yaml, and in "
    "the\n"
    "others' under peers: addresses. So its folder can be carried to another machine.\n"
    "\n"
    "  --listen HOST  where it listens (default: everywhere, or loopback if the addresses are)\n"
    "Exit code: 0 good, 1 error.\n",
    move
};
