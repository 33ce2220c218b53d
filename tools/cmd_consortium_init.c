/*
 * `waybill consortium init`: what the founders of a ledger do, each on its own machine, done for all of them
 * in one folder: member new, genesis draft, sign, seal, start. Nothing is shared but the machine.
 */
#include "common/file.h"
#include "common/genesis.h"
#include "common/instant.h"
#include "tools/cmd_consortium_parts.h"
#include "tools/constitution_file.h"
#include "tools/genesis_files.h"
#include "tools/member_folder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BASE_PORT        18600
#define PORTS_A_MEMBER   10 /* pages, devices, peers' broker, peers' pages; the rest is air */
#define PORT_DEVICES     1
#define PORT_PEER_BROKER 2
#define PORT_PEER_PAGES  3

struct founder {
    const char *name;
    char slug[CMD_SLUG_SIZE];
    char dir[PATH_MAX];
};

struct making {
    const struct cmd_args *args;
    const char *dir, *name, *constitution;
    unsigned base_port;
    uint64_t time_ms;
    char clock[CLOCK_SPEC_SIZE]; /* "": the real one */
    char *list;                  /* --members, cut into names */
    size_t count;
    struct founder founders[FOUNDING_MEMBERS_MAX];
    struct genesis_files files;
    struct buf draft, sealed;
    struct genesis_view view;
};

/* ------------------------------------------------------------------ arguments */

static bool add_founder(struct making *m, char *name, struct err *err)
{
    size_t len = strlen(name);
    struct founder *f = &m->founders[m->count];
    while (len > 0 && name[len - 1] == ' ')
        name[--len] = '\0';
    name += strspn(name, " ");
    if (m->count == FOUNDING_MEMBERS_MAX)
        return err_set(err, ERR_INPUT, "--members: more than %d", FOUNDING_MEMBERS_MAX);
    if (!cmd_home_is_name(name))
        return err_set(err, ERR_INPUT,
                       "--members: \"%.60s\": expected a name with letters or digits", name);
    if (!cmd_home_slug(name, f->slug)) /* of other letters than folders' names are made of */
        (void)snprintf(f->slug, sizeof f->slug, "member-%zu", m->count + 1);
    for (size_t i = 0; i < m->count; i++)
        if (strcmp(m->founders[i].slug, f->slug) == 0)
            return err_set(err, ERR_INPUT, "--members: \"%.60s\" and \"%.60s\" are too alike",
                           m->founders[i].name, name);
    f->name = name;
    m->count++;
    return member_folder_path(m->dir, f->slug, f->dir, err);
}

static bool read_members(struct making *m, struct err *err)
{
    const char *members;
    char *rest = NULL;
    if (!cmd_args_need(m->args, "members", &members, err))
        return false;
    m->list = strdup(members);
    if (m->list == NULL)
        return err_set(err, ERR_IO, "out of memory");
    for (char *name = m->list; name != NULL; name = rest) {
        rest = strchr(name, ',');
        if (rest != NULL)
            *rest++ = '\0';
        if (!add_founder(m, name, err))
            return false;
    }
    return true;
}

static bool read_base_port(struct making *m, struct err *err)
{
    const char *text = cmd_args_text(m->args, "base-port", NULL);
    char *end = NULL;
    m->base_port = BASE_PORT;
    if (text == NULL)
        return true;
    unsigned long most = UINT16_MAX - PORTS_A_MEMBER * m->count;
    unsigned long value = strtoul(text, &end, 10);
    if (*text < '1' || *text > '9' || *end != '\0' || value > most)
        return err_set(err, ERR_INPUT, "--base-port: expected 1 to %lu, found \"%.40s\"", most,
                       text);
    m->base_port = (unsigned)value;
    return true;
}

/* Without --clock or WAYBILL_CLOCK the real one, of which nothing is written down. */
static bool read_clock(struct making *m, const struct cmd_home *home, struct err *err)
{
    const char *time = cmd_args_text(m->args, "time", NULL);
    m->time_ms = clock_now_ms(&home->clock);
    if (!home->clock.real)
        clock_format_spec(&home->clock, m->clock);
    return time == NULL || instant_parse(time, &m->time_ms) ||
           err_set(err, ERR_INPUT, "--time: expected 2026-06-01T06:00:00Z, found \"%.40s\"", time);
}

/* Before any folder is made; who its members are is known only afterwards. */
static bool check_constitution(const struct making *m, struct err *err)
{
    struct constitution_file *f = calloc(1, sizeof *f);
    bool good = f != NULL &&
                (m->constitution == NULL || constitution_file_load(m->constitution, NULL, f, err));
    free(f);
    return good;
}

static bool read_arguments(struct making *m, const struct cmd_home *home, struct err *err)
{
    const struct cmd_args *a = m->args;
    if (!cmd_args_expect(a, 1, 1, "one DIR", err))
        return false;
    m->dir = a->operand[0];
    m->name = cmd_args_text(a, "name", "rehearsal");
    m->constitution = cmd_args_text(a, "constitution", NULL);
    if (!read_members(m, err) || !read_base_port(m, err) || !read_clock(m, home, err) ||
        !genesis_files_name(&m->files, m->name, err) || !check_constitution(m, err))
        return false;
    char list[PATH_MAX];
    if (!file_exists(m->dir) || !member_folder_path(m->dir, "consortium.yaml", list, err))
        return !file_exists(m->dir);
    return err_set(err, ERR_INPUT, "%s: is there already%s", m->dir,
                   file_exists(list)
                       ? "; a ledger is never made over another"
                       : ", and no finished rehearsal: remove it, or say another DIR");
}

/* ------------------------------------------------------------------ making */

static unsigned port_of(const struct making *m, size_t i, unsigned which)
{
    return m->base_port + PORTS_A_MEMBER * (unsigned)i + which;
}

static bool make_member(struct making *m, size_t i, struct err *err)
{
    char broker[64], url[64], path[PATH_MAX];
    struct founder *f = &m->founders[i];
    (void)snprintf(broker, sizeof broker, "127.0.0.1:%u", port_of(m, i, PORT_PEER_BROKER));
    (void)snprintf(url, sizeof url, "https://127.0.0.1:%u", port_of(m, i, PORT_PEER_PAGES));
    struct member_plan plan = { .dir = f->dir,
                                .name = f->name,
                                .node = true,
                                .broker = broker,
                                .url = url,
                                .http_port = port_of(m, i, 0),
                                .devices_port = port_of(m, i, PORT_DEVICES),
                                .now_ms = clock_real_ms() };
    return member_folder_make(&plan, err) &&
           member_folder_path(f->dir, "request.cbor", path, err) &&
           genesis_files_add(&m->files, path, err);
}

static bool draft(struct making *m, struct err *err)
{
    struct identity id;
    m->files.plan.demo = cmd_args_flag(m->args, "demo");
    m->files.plan.opening_wait_ms = FOUNDING_OPENING_WAIT_MS;
    m->files.plan.time_ms = m->time_ms;
    return genesis_files_constitution(&m->files, m->constitution, err) &&
           founding_draft(&m->files.plan, &m->draft, &id, err) &&
           genesis_words_take(buf_slice(&m->draft), false, &m->view, err);
}

static bool seal(struct making *m, struct err *err)
{
    struct founding_signature signatures[FOUNDING_MEMBERS_MAX];
    for (size_t i = 0; i < m->count; i++) {
        char path[PATH_MAX];
        if (!member_folder_path(m->founders[i].dir, "signature.cbor", path, err) ||
            !genesis_files_sign(m->founders[i].dir, &m->view, path, err) ||
            !genesis_files_read_signature(path, &m->view.identity.genesis.ledger, &signatures[i],
                                          err))
            return false;
    }
    return founding_seal(buf_slice(&m->draft), signatures, m->count, &m->sealed, err);
}

static bool start_member(struct making *m, size_t i, struct err *err)
{
    char path[PATH_MAX];
    struct identity id;
    const char *dir = m->founders[i].dir;
    return member_folder_start(dir, buf_slice(&m->sealed), &id, err) &&
           (m->clock[0] == '\0' || (member_folder_path(dir, "clock", path, err) &&
                                    file_create(path, slice_text(m->clock), 0644, err)));
}

/* Last: without it the folder is no rehearsal to any command. */
static bool write_list(const struct making *m, struct err *err)
{
    char path[PATH_MAX], line[CLOCK_SPEC_SIZE + 64];
    struct buf out = buf_heap(8192);
    (void)snprintf(line, sizeof line,
                   "# A rehearsal: each of these folders is a member, and could be elsewhere.\n"
                   "members:\n");
    buf_add_slice(&out, slice_text(line));
    for (size_t i = 0; i < m->count; i++) {
        (void)snprintf(line, sizeof line, "  - %s\n", m->founders[i].slug);
        buf_add_slice(&out, slice_text(line));
    }
    (void)snprintf(line, sizeof line, "clock: \"%s\"\n", m->clock);
    if (m->clock[0] != '\0')
        buf_add_slice(&out, slice_text(line));
    bool good = member_folder_path(m->dir, "consortium.yaml", path, err) &&
                file_create(path, buf_slice(&out), 0644, err);
    buf_free(&out);
    return good;
}

static bool make_all(struct making *m, struct err *err)
{
    bool good = file_make_folder(m->dir, 0700, err);
    for (size_t i = 0; i < m->count && good; i++)
        good = make_member(m, i, err);
    good = good && draft(m, err) && seal(m, err);
    for (size_t i = 0; i < m->count && good; i++)
        good = start_member(m, i, err);
    return good && genesis_words_take(buf_slice(&m->sealed), true, &m->view, err) &&
           write_list(m, err);
}

/* ------------------------------------------------------------------ telling */

static void tell_json(const struct making *m)
{
    struct json_doc *doc = genesis_words_json(&m->view);
    struct json_doc *folders = json_doc_put_array(doc, "folders");
    for (size_t i = 0; i < m->count; i++) {
        char url[64];
        struct json_doc *f = json_doc_put_object(folders, NULL);
        (void)snprintf(url, sizeof url, "http://127.0.0.1:%u", port_of(m, i, 0));
        json_doc_put_text(f, "member", m->founders[i].slug);
        json_doc_put_text(f, "dir", m->founders[i].dir);
        json_doc_put_text(f, "url", url);
        json_doc_put_int(f, "devices_port", port_of(m, i, PORT_DEVICES));
    }
    cmd_action_print(doc);
}

static void tell(const struct making *m)
{
    genesis_words_print(&m->view);
    (void)printf("\n");
    for (size_t i = 0; i < m->count; i++)
        (void)printf("  %-12s pages http://127.0.0.1:%u   devices 127.0.0.1:%u\n",
                     m->founders[i].slug, port_of(m, i, 0), port_of(m, i, PORT_DEVICES));
    (void)printf("start them all:    waybill consortium up %s\n"
                 "work as one:       WAYBILL_HOME=%s waybill asset list\n",
                 m->dir, m->founders[0].dir);
}

static int init(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    struct making *m = calloc(1, sizeof *m);
    if (m == NULL) {
        (void)err_set(err, ERR_IO, "out of memory");
        return CMD_ERROR;
    }
    m->args = args;
    m->draft = buf_heap(GENESIS_SIZE_MAX);
    m->sealed = buf_heap(GENESIS_SIZE_MAX);
    bool good = read_arguments(m, home, err) && make_all(m, err);
    if (good && home->json)
        tell_json(m);
    else if (good)
        tell(m);
    genesis_files_free(&m->files);
    buf_free(&m->draft);
    buf_free(&m->sealed);
    free(m->list);
    free(m);
    return good ? CMD_GOOD : cmd_action_fail(err);
}

const struct cmd_action cmd_consortium_init_action = {
    "init", "consortium init", "members= name= base-port= constitution= time= demo",
    "Usage: waybill consortium init DIR --members a,b,c,d [options]\n"
    "A rehearsal on this machine of what the founders of a ledger do, each on its own: a folder a\n"
    "member with its keys, its certificate, its node's configuration and ledger, and a genesis "
    "that\n"
    "all have signed. DIR must not exist yet.\n"
    "\n"
    "  --members A,B,...    names of companies (1 to 64); each runs a node in a folder named "
    "after\n"
    "                       it, or member-3 for the third, where it has no plain letter or digit\n"
    "  --name LEDGER        what people call it (default: rehearsal)\n"
    "  --base-port N        ports from here on, ten a member (default: 18600)\n"
    "  --constitution FILE  how it is governed (YAML)\n"
    "  --demo               mark it a demo; with --clock START@RATE on a clock of its own\n"
    "  --time INSTANT       of the genesis (default: now)\n"
    "Exit code: 0 good, 1 error.\n",
    init
};
