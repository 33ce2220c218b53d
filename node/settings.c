#include "node/settings.h"

#include <stdio.h>
#include <string.h>

#define HOUR_MS 3600000u

static void copy_text(char out[SETTINGS_TEXT_MAX], const char *text)
{
    (void)snprintf(out, SETTINGS_TEXT_MAX, "%s", text == NULL ? "" : text);
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
    copy_text(s->http_host, config_text(&c, "host", "127.0.0.1"));
    s->http_port = (uint16_t)config_uint(&c, "port", 0, UINT16_MAX, 8600);
    s->http_web = config_path(&c, "web", "");
}

static void read_block(const struct config *root, struct settings *s)
{
    static const char *const keys[] = { "period", "empty every", NULL };
    struct config c = config_section(root, "block");
    config_check_keys(&c, keys);
    s->period_ms = config_duration_ms(&c, "period", 0, HOUR_MS, 500);
    s->empty_ms = config_duration_ms(&c, "empty every", 0, 24 * HOUR_MS, 60000);
}

static bool read_all(const struct config *root, struct settings *s)
{
    static const char *const keys[] = { "data", "key", "broker", "http", "block", "workers", NULL };
    config_check_keys(root, keys);
    s->data = config_path(root, "data", NULL);
    s->key = config_path(root, "key", NULL);
    read_broker(root, s);
    read_http(root, s);
    read_block(root, s);
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
