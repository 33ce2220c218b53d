/* "host:port" as people write it: "10.0.0.7:18830", "node.example:18830", "[2001:db8::7]:18830". */
#ifndef COMMON_HOST_PORT_H
#define COMMON_HOST_PORT_H

#include "common/err.h"

#include <stdint.h>

#define HOST_PORT_HOST_SIZE 254 /* RFC 1035 section 2.3.4, and a zero */

struct host_port {
    char host[HOST_PORT_HOST_SIZE]; /* without brackets */
    uint16_t port;                  /* 1..65535 */
};

/* Letters, digits, '-' and '.' in a name; hexadecimal digits, ':' and '.' between brackets. */
bool host_port_parse(const char *text, struct host_port *ret_place, struct err *err);

#endif
