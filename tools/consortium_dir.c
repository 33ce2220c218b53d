#include "tools/consortium_dir.h"

#include "common/config.h"
#include "common/file.h"
#include "tools/member_folder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * Where people ask the node; what its configuration says now, for it may have been moved. One that can't be
 * read is no reason not to look after the others, or not to end its node.
 */
static void find_url(struct consortium_member *m)
{
    char path[PATH_MAX];
    struct settings *s = calloc(1, sizeof *s);
    if (s != NULL && member_folder_path(m->dir, "node.yaml", path, &m->damage) &&
        settings_load(path, s, &m->damage)) {
        bool any = strcmp(s->http_host, "0.0.0.0") == 0;
        (void)snprintf(m->url, sizeof m->url, "http://%s:%u", any ? "127.0.0.1" : s->http_host,
                       s->http_port);
    }
    free(s);
}

static bool take_member(struct consortium_dir *d, const char *name, struct err *err)
{
    char slug[CMD_SLUG_SIZE];
    struct consortium_member *m = &d->members[d->count];
    if (name == NULL)
        return false;
    if (!cmd_home_slug(name, slug) || strcmp(slug, name) != 0)
        return err_set(err, ERR_INPUT, "%s: \"%.60s\" is no member's folder", d->dir, name);
    (void)snprintf(m->name, sizeof m->name, "%s", name);
    d->count++;
    if (!member_folder_path(d->dir, name, m->dir, err))
        return false;
    find_url(m);
    return true;
}

static bool read_file(struct consortium_dir *d, const char *path, struct err *err)
{
    static const char *const keys[] = { "members", "clock", NULL };
    struct yaml_tree tree;
    if (!yaml_load(path, &tree, err))
        return false;
    struct config root = config_open(&tree, err);
    config_check_keys(&root, keys);
    (void)snprintf(d->clock, sizeof d->clock, "%s", config_text(&root, "clock", "REAL"));
    size_t count = config_count(&root, "members", FOUNDING_MEMBERS_MAX);
    bool good = config_good(&root);
    for (size_t i = 0; i < count && good; i++)
        good = take_member(d, config_list_text(&root, "members", i), err);
    yaml_free(&tree);
    return good;
}

bool consortium_dir_load(const char *dir, struct consortium_dir **ret_dir, struct err *err)
{
    char path[PATH_MAX];
    struct consortium_dir *d = calloc(1, sizeof *d);
    if (d == NULL)
        return err_set(err, ERR_IO, "out of memory");
    bool good = member_folder_path(dir, "consortium.yaml", path, err);
    if (good && !file_exists(path))
        good = err_set(err, ERR_NOT_FOUND,
                       "%s: missing: waybill consortium init makes such a folder", path);
    (void)snprintf(d->dir, sizeof d->dir, "%s", dir);
    good = good && read_file(d, path, err);
    if (good)
        *ret_dir = d;
    else
        free(d);
    return good;
}

void consortium_dir_free(struct consortium_dir *d)
{
    free(d);
}

bool consortium_dir_choose(struct consortium_dir *d, const char *const *names, size_t count,
                           struct err *err)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        size_t at = 0;
        while (at < d->count && strcmp(d->members[at].name, names[i]) != 0)
            at++;
        if (at == d->count)
            return err_set(err, ERR_NOT_FOUND, "%s: has no member \"%.60s\"", d->dir, names[i]);
    }
    for (size_t at = 0; at < d->count; at++) {
        bool named = count == 0;
        for (size_t i = 0; i < count; i++)
            named = named || strcmp(d->members[at].name, names[i]) == 0;
        if (named)
            d->members[kept++] = d->members[at];
    }
    d->count = kept;
    return true;
}
