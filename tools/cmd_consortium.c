/* `waybill consortium`: a ledger of many authorities on one machine, to try what companies would do on many. */
#include "tools/cmd_consortium_parts.h"

int cmd_consortium(int argc, char **argv)
{
    const struct cmd_action actions[] = {
        cmd_consortium_init_action,   cmd_consortium_up_action,   cmd_consortium_down_action,
        cmd_consortium_status_action, cmd_consortium_move_action, { .word = NULL },
    };
    return cmd_action_choose(actions, argc, argv);
}
