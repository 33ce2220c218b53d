/* Parts of `waybill cert`: what is asked of the node. */
#ifndef TOOLS_CMD_CERT_H
#define TOOLS_CMD_CERT_H

#include "tools/cmd_action.h"

#endif
