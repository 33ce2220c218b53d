#include "tools/listening.h"

#include "common/host_port.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static const char everywhere_four[] = "0.0.0.0", everywhere_six[] = "::";

/* What the resolver would take for an address, or could take for nothing else. */
static bool check_host(const char *host, bool six, struct err *err)
{
    bool digits = host[strspn(host, "0123456789.")] == '\0';
    if (((six || digits) && !broker_is_address(host)) || six != (strchr(host, ':') != NULL))
        return err_set(err, ERR_INPUT, "\"%.80s\" is no IPv%s address", host, six ? "6" : "4");
    if (strcmp(host, everywhere_four) == 0 || (six && strspn(host, "0:") == strlen(host)))
        return err_set(err, ERR_INPUT,
                       "nobody can connect to %.80s: say an address of the machine, and "
                       "--listen %.80s",
                       host, host);
    return true;
}

static bool is_loopback(const char *host)
{
    struct in6_addr six;
    struct in_addr four;
    if (inet_pton(AF_INET, host, &four) == 1)
        return (ntohl(four.s_addr) >> 24) == 127;
    return inet_pton(AF_INET6, host, &six) == 1 && IN6_IS_ADDR_LOOPBACK(&six);
}

static const char *host_for(const char *host)
{
    if (strcasecmp(host, "localhost") == 0)
        return "127.0.0.1";
    if (is_loopback(host))
        return host;
    return strchr(host, ':') != NULL ? everywhere_six : everywhere_four;
}

static bool take_wanted(const char *wanted, char host[BROKER_HOST_SIZE], struct err *err)
{
    size_t len = strlen(wanted);
    bool brackets = len >= 2 && wanted[0] == '[' && wanted[len - 1] == ']';
    int n = snprintf(host, BROKER_HOST_SIZE, "%.*s", (int)(len - (brackets ? 2 : 0)),
                     wanted + brackets);
    return (n >= 0 && n < BROKER_HOST_SIZE && broker_is_address(host)) ||
           err_set(err, ERR_INPUT,
                   "expected an address of this machine to listen on, such as 0.0.0.0 or ::, found "
                   "\"%.80s\"",
                   wanted);
}

bool listening_choose(const char *address, const char *wanted, struct listening *ret_listening,
                      struct err *err)
{
    struct host_port place;
    struct listening l;
    const char *scheme = strstr(address, "://");
    const char *text = scheme != NULL ? scheme + 3 : address;
    if (!host_port_parse(text, &place, err) || !check_host(place.host, text[0] == '[', err))
        return false;
    if (wanted != NULL && !take_wanted(wanted, l.host, err))
        return false;
    if (wanted == NULL)
        (void)snprintf(l.host, sizeof l.host, "%s", host_for(place.host));
    l.port = place.port;
    *ret_listening = l;
    return true;
}
