#include "common/host_port.h"

#include <stddef.h>
#include <string.h>

static const char name_letters[] =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.";
static const char six_letters[] = "0123456789abcdefABCDEF:.";

/* Where the host begins and how long it is; returns what follows, NULL when it is none. */
static const char *take_host(const char *text, const char **ret_host, size_t *ret_len)
{
    bool six = text[0] == '[';
    *ret_host = text + six;
    *ret_len = strspn(*ret_host, six ? six_letters : name_letters);
    const char *rest = *ret_host + *ret_len;
    if (*ret_len == 0 || *ret_len >= HOST_PORT_HOST_SIZE || (six && *rest != ']'))
        return NULL;
    return rest + six;
}

bool host_port_parse(const char *text, struct host_port *ret_place, struct err *err)
{
    const char *host = NULL;
    size_t len = 0, digits = 0;
    uint32_t port = 0;
    const char *rest = take_host(text, &host, &len);
    if (rest != NULL && *rest == ':')
        for (rest++; rest[digits] >= '0' && rest[digits] <= '9' && digits < 6; digits++)
            port = port * 10 + (uint32_t)(rest[digits] - '0');
    if (digits == 0 || rest[digits] != '\0' || rest[0] == '0' || port > UINT16_MAX)
        return err_set(err, ERR_INPUT,
                       "expected host:port, such as 10.0.0.7:18830, found \"%.80s\"", text);
    memcpy(ret_place->host, host, len);
    ret_place->host[len] = '\0';
    ret_place->port = (uint16_t)port;
    return true;
}
