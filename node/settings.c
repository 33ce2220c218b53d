#include "node/settings.h"

#include "common/broker.h"
#include "common/hex.h"

#include <stdio.h>
#include <string.h>

#define HOUR_MS   3600000u
#define MINUTE_MS 60000u

static void copy_text(char out[SETTINGS_TEXT_MAX], const char *text)
{
    (void)snprintf(out, SETTINGS_TEXT_MAX, "%s", text == NULL ? "" : text);
}

/* Where this machine listens. */
static void read_host(const struct config *c, const char *fallback, char host[SETTINGS_TEXT_MAX])
{
    copy_text(host, config_text(c, "host", fallback));
    if (host[0] != '\0' && !broker_is_address(host))
        config_refuse(c, "host",
                      "expected an address of this machine, such as 0.0.0.0, found \"%.80s\"",
                      host);
}

static void read_broker(const struct config *root, struct settings *s)
{
    static const char *const keys[] = { "host", "port", "user", "password", "ca", NULL };
    struct config c = config_section(root, "broker");
    config_check_keys(&c, keys);
    s->own_broker = !config_has(&c, "host");
    copy_text(s->broker_host, config_text(&c, "host", "127.0.0.1"));
    s->broker_port = (uint16_t)config_uint(&c, "port", 0, UINT16_MAX, s->own_broker ? 0 : 1883);
    copy_text(s->broker_user, config_text(&c, "user", ""));
    copy_text(s->broker_password, config_text(&c, "password", ""));
    s->broker_ca = config_path(&c, "ca", "");
}

static void read_http(const struct config *root, struct settings *s)
{
    static const char *const keys[] = { "host", "port", "web", "enabled", NULL };
    struct config c = config_section(root, "http");
    config_check_keys(&c, keys);
    s->http = config_bool(&c, "enabled", true);
    read_host(&c, "127.0.0.1", s->http_host);
    s->http_port = (uint16_t)config_uint(&c, "port", 0, UINT16_MAX, 8600);
    s->http_web = config_path(&c, "web", "");
}

/* A key of `consensus:`, or the older name of it in `block:`; not both. */
static uint64_t read_either(const struct config *consensus, const char *key,
                            const struct config *block, const char *old, uint64_t max_ms,
                            uint64_t fallback_ms)
{
    if (config_has(consensus, key) && config_has(block, old))
        config_refuse(consensus, key, "block: says it already, under \"%s\"", old);
    if (config_has(consensus, key))
        return config_duration_ms(consensus, key, 0, max_ms, fallback_ms);
    return config_duration_ms(block, old, 0, max_ms, fallback_ms);
}

static void read_times(const struct config *root, struct settings *s)
{
    static const char *const block_keys[] = { "period", "empty every", NULL };
    static const char *const keys[] = { "t0", "period", "empty", NULL };
    struct config block = config_section(root, "block");
    struct config c = config_section(root, "consensus");
    config_check_keys(&block, block_keys);
    config_check_keys(&c, keys);
    s->t0_ms = config_duration_ms(&c, "t0", 100, MINUTE_MS, 1000);
    s->period_ms = read_either(&c, "period", &block, "period", HOUR_MS, 500);
    s->empty_ms = read_either(&c, "empty", &block, "empty every", 24 * HOUR_MS, MINUTE_MS);
}

/* ------------------------------------------------------------------ peers */

static void read_place(const struct config *peers, const char *section, uint16_t fallback,
                       char host[SETTINGS_TEXT_MAX], uint16_t *port)
{
    static const char *const keys[] = { "host", "port", NULL };
    struct config c = config_section(peers, section);
    config_check_keys(&c, keys);
    read_host(&c, "0.0.0.0", host);
    *port = (uint16_t)config_uint(&c, "port", 0, UINT16_MAX, fallback);
}

static void read_address(const struct config *addresses, const char *kid_text,
                         struct settings_address *a)
{
    static const char *const keys[] = { "broker", "url", NULL };
    struct config c = config_section(addresses, kid_text);
    struct host_port place;
    struct err why;
    config_check_keys(&c, keys);
    if (!hex_decode_lower(kid_text, strlen(kid_text), a->kid.bytes, KID_SIZE))
        config_refuse(addresses, kid_text, "expected an authority's kid, 16 hexadecimal digits");
    copy_text(a->broker, config_text(&c, "broker", ""));
    copy_text(a->url, config_text(&c, "url", ""));
    if (a->broker[0] != '\0' && !host_port_parse(a->broker, &place, &why))
        config_refuse(&c, "broker", "%s", why.msg);
    if (a->url[0] != '\0' && strncmp(a->url, "https://", strlen("https://")) != 0)
        config_refuse(&c, "url", "expected https://host:port, found \"%.80s\"", a->url);
}

static void read_peers(const struct config *root, struct settings *s)
{
    static const char *const keys[] = { "broker", "http", "certificate", "key", "addresses", NULL };
    struct settings_peers *p = &s->peers;
    s->has_peers = config_has(root, "peers");
    if (!s->has_peers)
        return;
    struct config c = config_section(root, "peers");
    config_check_keys(&c, keys);
    read_place(&c, "broker", 18830, p->broker_host, &p->broker_port);
    read_place(&c, "http", 18840, p->http_host, &p->http_port);
    p->certificate = config_path(&c, "certificate", NULL);
    p->key = config_path(&c, "key", NULL);
    struct config addresses = config_section(&c, "addresses");
    size_t count = addresses.map != NULL ? addresses.map->count : 0;
    if (count > AUTHORITY_MAX)
        config_refuse(&c, "addresses", "expected at most %d, found %zu", AUTHORITY_MAX, count);
    for (size_t i = 0; i < count && config_good(root); i++)
        read_address(&addresses, addresses.map->keys[i]->text, &p->addresses[p->address_count++]);
}

static bool overlap(const char *a, const char *b)
{
    bool same_kind = (strchr(a, ':') != NULL) == (strchr(b, ':') != NULL);
    const char *all = strchr(a, ':') != NULL ? "::" : "0.0.0.0";
    return same_kind && (strcmp(a, b) == 0 || strcmp(a, all) == 0 || strcmp(b, all) == 0);
}

/* Each of the node's own places needs a port of its own, unless their addresses differ. */
static void check_ports(const struct config *root, const struct settings *s)
{
    static const char loopback[] = "127.0.0.1";
    const struct settings_peers *p = &s->peers;
    struct config peers = config_section(root, "peers");
    struct config sections[] = { config_section(root, "broker"), config_section(root, "http"),
                                 config_section(&peers, "broker"), config_section(&peers, "http") };
    const struct {
        const char *host;
        uint16_t port;
    } places[] = { { loopback, s->own_broker ? s->broker_port : 0 },
                   { s->http_host, s->http ? s->http_port : 0 },
                   { p->broker_host, s->has_peers ? p->broker_port : 0 },
                   { p->http_host, s->has_peers ? p->http_port : 0 } };
    for (size_t i = 1; i < sizeof places / sizeof places[0]; i++)
        for (size_t k = 0; k < i; k++)
            if (places[i].port != 0 && places[i].port == places[k].port &&
                overlap(places[i].host, places[k].host))
                config_refuse(&sections[i], "port", "%u is another one's already", places[i].port);
}

static void read_witnesses(const struct config *root, struct settings *s)
{
    struct note_key key;
    struct err why;
    size_t count = config_count(root, "witnesses", SETTINGS_WITNESSES_MAX);
    for (size_t i = 0; i < count && config_good(root); i++) {
        const char *text = config_list_text(root, "witnesses", i);
        if (text == NULL)
            return;
        if (!note_key_parse(text, &key, &why) || key.type != NOTE_COSIGNATURE)
            config_refuse(root, "witnesses",
                          "expected the key of a witness, as waybill witness init prints it, found "
                          "\"%.80s\"",
                          text);
        (void)snprintf(s->witnesses[s->witness_count++], NOTE_KEY_TEXT_MAX + 1, "%s", text);
    }
}

static void read_recovery(const struct config *root, struct settings *s)
{
    s->has_recovery = config_has(root, "recovery");
    const char *text = s->has_recovery ? config_text(root, "recovery", NULL) : NULL;
    if (text != NULL && !hex_decode_lower(text, strlen(text), s->recovery.bytes, HASH_SIZE))
        config_refuse(root, "recovery", "expected a recovery's hash, 64 hexadecimal digits");
}

static bool read_all(const struct config *root, struct settings *s)
{
    static const char *const keys[] = { "data",      "key",      "broker",    "http",
                                        "block",     "peers",    "consensus", "workers",
                                        "witnesses", "recovery", NULL };
    config_check_keys(root, keys);
    s->data = config_path(root, "data", NULL);
    s->key = config_path(root, "key", NULL);
    read_broker(root, s);
    read_http(root, s);
    read_times(root, s);
    read_peers(root, s);
    check_ports(root, s);
    read_witnesses(root, s);
    read_recovery(root, s);
    s->workers = (unsigned)config_uint(root, "workers", 0, 64, 0);
    return config_good(root);
}

bool settings_load(const char *path, struct settings *ret_settings, struct err *err)
{
    struct yaml_tree tree;
    struct settings s;
    memset(&s, 0, sizeof s);
    if (!yaml_load(path, &tree, err))
        return false;
    struct config root = config_open(&tree, err);
    bool ok = read_all(&root, &s);
    yaml_free(&tree);
    if (ok)
        *ret_settings = s;
    return ok;
}
