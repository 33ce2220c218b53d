/* The sub-commands of `waybill`: each is a main of its own, argv[0] its name; returns the exit code. */
#ifndef TOOLS_CMD_H
#define TOOLS_CMD_H

int cmd_label(int argc, char **argv);

#endif
