#include "tools/cmd_home.h"

#include "common/file.h"
#include "common/genesis.h"
#include "common/hex.h"
#include "common/keyfile.h"
#include "common/node_client.h"
#include "common/state_key.h"
#include "common/state_value.h"
#include "node/settings.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define IDENTITY_MAX (64 * 1024)

/* ------------------------------------------------------------------ names */

bool cmd_home_slug(const char *name, char slug[CMD_SLUG_SIZE])
{
    size_t len = 0;
    for (; *name != '\0' && len + 1 < CMD_SLUG_SIZE; name++) {
        char c = *name >= 'A' && *name <= 'Z' ? (char)(*name - 'A' + 'a') : *name;
        bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (plain)
            slug[len++] = c;
        else if (len > 0 && slug[len - 1] != '-')
            slug[len++] = '-';
    }
    while (len > 0 && slug[len - 1] == '-')
        len--;
    slug[len] = '\0';
    return len > 0;
}

bool cmd_home_is_name(const char *text)
{
    char slug[CMD_SLUG_SIZE];
    if (cmd_home_slug(text, slug))
        return true;
    while (*text != '\0' && (unsigned char)*text < 0x80)
        text++;
    return *text != '\0';
}

bool cmd_home_parse_kid(const char *text, struct kid *ret_kid, struct err *err)
{
    return hex_decode(text, strlen(text), ret_kid->bytes, KID_SIZE) ||
           err_set(err, ERR_INPUT, "expected a kid, 16 hexadecimal digits, found \"%.60s\"", text);
}

bool cmd_home_parse_hash(const char *text, struct hash *ret_hash, struct err *err)
{
    return hex_decode(text, strlen(text), ret_hash->bytes, HASH_SIZE) ||
           err_set(err, ERR_INPUT, "expected a hash, 64 hexadecimal digits, found \"%.80s\"", text);
}

/* Of an answer's members, the active one of this name; nobody when there are two. */
static bool take_named(const struct json_doc *members, const char *text, struct kid *ret_member)
{
    size_t found = 0;
    for (size_t i = 0; i < json_doc_count(members); i++) {
        const struct json_doc *one = json_doc_element(members, i);
        struct slice name, hex;
        bool active = false;
        if (json_doc_get_text(json_doc_at(one, "/name"), &name) &&
            json_doc_get_text(json_doc_at(one, "/kid"), &hex) &&
            json_doc_get_bool(json_doc_at(one, "/active"), &active) && active &&
            strcasecmp((const char *)name.data, text) == 0 &&
            hex_decode((const char *)hex.data, hex.len, ret_member->bytes, KID_SIZE))
            found++;
    }
    return found == 1;
}

/* Of an answer's members, the one that this key speaks for: its first, or another that a vote gave it. */
static bool take_keyed(const struct json_doc *members, const struct kid *key,
                       struct kid *ret_member)
{
    for (size_t i = 0; i < json_doc_count(members); i++) {
        const struct json_doc *one = json_doc_element(members, i);
        struct slice own, now;
        struct kid member, speaks;
        if (!json_doc_get_text(json_doc_at(one, "/kid"), &own) ||
            !hex_decode((const char *)own.data, own.len, member.bytes, KID_SIZE))
            continue;
        speaks = member;
        if (json_doc_get_text(json_doc_at(one, "/key"), &now) &&
            !hex_decode((const char *)now.data, now.len, speaks.bytes, KID_SIZE))
            continue;
        if (!kid_equal(&speaks, key))
            continue;
        *ret_member = member;
        return true;
    }
    return false;
}

/*
 * A member that came in by vote is in no genesis: whom a name means is then the node's word, and is told.
 * ERR_BUSY: the node can't say yet.
 */
static bool ask_node(const struct cmd_home *home, const char *text, struct kid *ret_member,
                     struct err *err)
{
    struct node_client *node = NULL;
    struct json_doc *doc = NULL;
    char hex[2 * KID_SIZE + 1];
    bool good = home->has_identity && node_client_open(home->node_url, home->ca_file, &node, err) &&
                node_client_get_json(node, "/v1/governance", &doc, err) &&
                take_named(json_doc_at(doc, "/members"), text, ret_member);
    if (good) {
        hex_encode(kid_slice(ret_member), hex);
        (void)fprintf(stderr, "%s is %s, as the node says\n", text, hex);
    }
    json_doc_free(doc);
    node_client_close(node);
    return good;
}

bool cmd_home_key_member(const struct cmd_home *home, const struct kid *key, struct kid *ret_member)
{
    struct node_client *node = NULL;
    struct json_doc *doc = NULL;
    bool good = home->has_identity &&
                node_client_open(home->node_url, home->ca_file, &node, NULL) &&
                node_client_get_json(node, "/v1/governance", &doc, NULL) &&
                take_keyed(json_doc_at(doc, "/members"), key, ret_member);
    json_doc_free(doc);
    node_client_close(node);
    return good;
}

bool cmd_home_find_member(const struct cmd_home *home, const char *text, struct kid *ret_member,
                          struct err *err)
{
    for (size_t i = 0; i < home->member_count; i++)
        if (strcasecmp(home->members[i].name, text) == 0) {
            *ret_member = home->members[i].kid;
            return true;
        }
    struct err why = { .code = ERR_NONE };
    if (cmd_home_parse_kid(text, ret_member, NULL) || ask_node(home, text, ret_member, &why))
        return true;
    if (why.code == ERR_BUSY)
        return err_set(err, ERR_BUSY, "\"%.80s\": %s", text, why.msg);
    return err_set(
        err, ERR_NOT_FOUND,
        "\"%.80s\" is no member of this ledger; waybill member list and gov list name them", text);
}

const char *cmd_home_member_name(const struct cmd_home *home, const struct kid *member,
                                 char text[CMD_HOME_NAME_SIZE])
{
    for (size_t i = 0; i < home->member_count; i++)
        if (kid_equal(&home->members[i].kid, member))
            return home->members[i].name;
    hex_encode(kid_slice(member), text);
    return text;
}

/* ------------------------------------------------------------------ files of the folder */

static bool join(const struct cmd_home *home, const char *name, char path[PATH_MAX],
                 struct err *err)
{
    return snprintf(path, PATH_MAX, "%s/%s", home->dir, name) < PATH_MAX ||
           err_set(err, ERR_INPUT, "%s: the name is too long", home->dir);
}

static bool load_identity(struct cmd_home *home, struct err *err)
{
    char path[PATH_MAX];
    const char *given = cmd_args_text(home->args, "identity", NULL);
    if (given == NULL && !join(home, "identity.cbor", path, err))
        return false;
    if (given == NULL && !file_exists(path))
        return true;
    struct buf bytes = buf_heap(IDENTITY_MAX);
    bool good = file_read(given != NULL ? given : path, IDENTITY_MAX, &bytes, err) &&
                (identity_decode(buf_slice(&bytes), &home->identity, err) ||
                 err_wrap(err, "%s", given != NULL ? given : path));
    home->has_identity = good;
    buf_free(&bytes);
    return good;
}

static struct cmd_member *member_entry(struct cmd_home *home, const struct kid *kid)
{
    for (size_t i = 0; i < home->member_count; i++)
        if (kid_equal(&home->members[i].kid, kid))
            return &home->members[i];
    if (home->member_count == CMD_HOME_MEMBERS_MAX)
        return NULL;
    struct cmd_member *m = &home->members[home->member_count++];
    m->kid = *kid;
    return m;
}

/* What one entry of the genesis says about members. */
static void take_entry(struct cmd_home *home, struct slice key, struct slice value)
{
    struct state_params params;
    struct state_member member;
    struct state_key_record record;
    enum state_table table = state_key_table(key);
    struct cbor_reader r = cbor_reader(key);
    cbor_take_array_of(&r, 2);
    (void)cbor_take_uint(&r);
    struct kid kid = table == TABLE_MEMBER ? kid_take(&r) : (struct kid){ { 0 } };
    if (table == TABLE_PARAMS && state_params_take(value, &params))
        home->demo = params.demo;
    if (table == TABLE_MEMBER && state_member_take(value, &member)) {
        struct cmd_member *m = member_entry(home, &kid);
        if (m != NULL && member.name.len < CMD_HOME_NAME_SIZE)
            memcpy(m->name, member.name.data, member.name.len);
    }
    if (table == TABLE_KEY && state_key_record_take(value, &record) &&
        record.class == CLASS_MEMBER) {
        struct cmd_member *m = member_entry(home, &record.member);
        if (m != NULL)
            memcpy(m->pub, record.pub, PUB_SIZE);
    }
}

/* Names only: nothing is decided by them, but a genesis of another ledger is a mistake to tell. */
static bool load_genesis(struct cmd_home *home, struct err *err)
{
    char path[PATH_MAX];
    struct genesis g;
    if (!join(home, "genesis.cbor", path, err))
        return false;
    if (!file_exists(path))
        return true;
    struct buf bytes = buf_heap(GENESIS_SIZE_MAX);
    bool good = file_read(path, GENESIS_SIZE_MAX, &bytes, err) &&
                (genesis_decode(buf_slice(&bytes), &g, err) || err_wrap(err, "%s", path));
    if (good && home->has_identity && !hash_equal(&g.header.ledger, &home->identity.genesis.ledger))
        good = cmd_args_text(home->args, "identity", NULL) != NULL ||
               err_set(err, ERR_PROOF, "%s: is not the genesis of identity.cbor's ledger", path);
    for (size_t i = 0; good && i < g.entry_count; i++) {
        struct slice key, value;
        genesis_next_entry(&g, &key, &value);
        take_entry(home, key, value);
    }
    buf_free(&bytes);
    return good;
}

/* Shown in front of what is proven, so it is only text. */
static void load_name(struct cmd_home *home)
{
    char path[PATH_MAX];
    struct buf text = buf_heap(CMD_HOME_NAME_SIZE);
    if (join(home, "name", path, NULL) && file_read(path, CMD_HOME_NAME_SIZE - 1, &text, NULL) &&
        cbor_text_valid(buf_slice(&text)))
        (void)snprintf(home->ledger_name, sizeof home->ledger_name, "%.*s", (int)text.len,
                       (const char *)text.data);
    buf_free(&text);
}

/* ------------------------------------------------------------------ opening */

static const char *from_environment(const char *name, const char *fallback)
{
    const char *value = getenv(name);
    return value != NULL && *value != '\0' ? value : fallback;
}

/* The node that runs from this folder is the one to ask, unless somebody says otherwise. */
static const char *find_url(struct cmd_home *home)
{
    char path[PATH_MAX];
    struct err ignored = { .code = ERR_NONE };
    struct settings *s = calloc(1, sizeof *s);
    if (s != NULL && join(home, "node.yaml", path, NULL) && file_exists(path) &&
        settings_load(path, s, &ignored) && s->http && s->http_port != 0) {
        bool any = strcmp(s->http_host, "0.0.0.0") == 0;
        (void)snprintf(home->own_url, sizeof home->own_url, "http://%s:%u",
                       any ? "127.0.0.1" : s->http_host, s->http_port);
    }
    free(s);
    return home->own_url[0] != '\0' ? home->own_url : NODE_CLIENT_URL;
}

/* One line, DIR/clock; "REAL" without it. */
static void find_clock(struct cmd_home *home, char spec[CLOCK_SPEC_SIZE])
{
    char path[PATH_MAX], line[CLOCK_SPEC_SIZE] = "";
    struct buf text = buf_fixed(line, sizeof line - 1);
    bool there = join(home, "clock", path, NULL) && file_read(path, sizeof line - 1, &text, NULL);
    line[strcspn(line, "\n")] = '\0';
    (void)snprintf(spec, CLOCK_SPEC_SIZE, "%s", there ? line : "REAL");
}

static bool read_options(struct cmd_home *home, struct err *err)
{
    const struct cmd_args *a = home->args;
    char own_clock[CLOCK_SPEC_SIZE];
    const char *dir = cmd_args_text(a, "dir", from_environment("WAYBILL_HOME", CMD_HOME_DEFAULT));
    if (snprintf(home->dir, sizeof home->dir, "%s", dir) >= (int)sizeof home->dir)
        return err_set(err, ERR_INPUT, "--dir: the name is too long");
    find_clock(home, own_clock);
    const char *clock = cmd_args_text(a, "clock", from_environment("WAYBILL_CLOCK", own_clock));
    home->json = cmd_args_flag(a, "json");
    home->node_url = cmd_args_text(a, "node", from_environment("WAYBILL_NODE", find_url(home)));
    home->ca_file = cmd_args_text(a, "ca", NULL);
    return clock_parse(clock, &home->clock, err) || err_wrap(err, "--clock");
}

bool cmd_home_open(const struct cmd_args *args, struct cmd_home **ret_home, struct err *err)
{
    struct cmd_home *home = calloc(1, sizeof *home);
    if (home == NULL)
        return err_set(err, ERR_IO, "out of memory");
    home->args = args;
    bool good = read_options(home, err);
    bool given = good && cmd_args_text(args, "identity", NULL) != NULL;
    if (good && (!load_identity(home, &home->damage) || !load_genesis(home, &home->damage))) {
        *err = home->damage;
        good = !given; /* a file that was named must be good */
    }
    if (!good) {
        cmd_home_close(home);
        return false;
    }
    load_name(home);
    *ret_home = home;
    return true;
}

void cmd_home_close(struct cmd_home *home)
{
    if (home == NULL)
        return;
    node_client_close(home->node);
    buf_free(&home->sets);
    free(home);
}

bool cmd_home_need_identity(const struct cmd_home *home, struct err *err)
{
    if (home->damage.code != ERR_NONE)
        return err_set(err, home->damage.code, "%s", home->damage.msg);
    return home->has_identity ||
           err_set(err, ERR_NOT_FOUND,
                   "%s/identity.cbor: missing: without the ledger's identity nothing can be "
                   "verified or signed (--dir DIR or --identity FILE)",
                   home->dir);
}

/* ------------------------------------------------------------------ the key */

/* The only NAME.key of the folder. */
static bool only_key(const char *folder, char path[PATH_MAX], struct err *err)
{
    size_t found = 0;
    DIR *dir = opendir(folder);
    if (dir == NULL)
        return err_set(err, ERR_NOT_FOUND, "%s: no keys here; --key FILE, or --dir DIR", folder);
    const struct dirent *entry;
    while ((entry = readdir(dir)) != NULL) {
        size_t len = strlen(entry->d_name);
        if (len < 5 || strcmp(entry->d_name + len - 4, ".key") != 0)
            continue;
        found++;
        if (snprintf(path, PATH_MAX, "%s/%s", folder, entry->d_name) >= PATH_MAX)
            found = 2;
    }
    (void)closedir(dir);
    if (found == 0)
        return err_set(err, ERR_NOT_FOUND, "%s: no keys here; --key FILE, or --dir DIR", folder);
    return found == 1 ||
           err_set(err, ERR_INPUT, "%s holds several keys: say who signs, such as --as \"Farm A\"",
                   folder);
}

/* DIR/member.key, when that is the key of the member named. */
static bool is_own_key(const struct cmd_home *home, const char *as, char path[PATH_MAX])
{
    struct key_pair key;
    struct kid member, spoken_for;
    if (!join(home, "member.key", path, NULL) || !keyfile_load(path, &key, NULL))
        return false;
    bool own = cmd_home_find_member(home, as, &member, NULL) &&
               (kid_equal(&key.kid, &member) || (cmd_home_key_member(home, &key.kid, &spoken_for) &&
                                                 kid_equal(&spoken_for, &member)));
    crypto_wipe(&key, sizeof key);
    return own;
}

bool cmd_home_key_path(const struct cmd_home *home, char path[PATH_MAX], struct err *err)
{
    char slug[CMD_SLUG_SIZE], folder[PATH_MAX];
    const char *key = cmd_args_text(home->args, "key", NULL);
    const char *as = cmd_args_text(home->args, "as", NULL);
    if (key != NULL)
        return snprintf(path, PATH_MAX, "%s", key) < PATH_MAX ||
               err_set(err, ERR_INPUT, "--key: the name is too long");
    if (!join(home, "keys", folder, err))
        return false;
    if (as == NULL && join(home, "member.key", path, err) && file_exists(path))
        return true;
    if (as == NULL)
        return only_key(folder, path, err);
    struct kid kid;
    char name[CMD_HOME_NAME_SIZE];
    if (is_own_key(home, as, path))
        return true;
    if (cmd_home_parse_kid(as, &kid, NULL))
        as = cmd_home_member_name(home, &kid, name);
    if (!cmd_home_slug(as, slug))
        return err_set(err, ERR_INPUT, "--as: \"%.60s\" is no name", as);
    if (snprintf(path, PATH_MAX, "%s/%s.key", folder, slug) >= PATH_MAX)
        return err_set(err, ERR_INPUT, "%s: the name is too long", folder);
    return file_exists(path) ||
           err_set(err, ERR_NOT_FOUND, "%s: there is no key of \"%.60s\" here", path, as);
}
