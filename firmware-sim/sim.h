/* The sub-commands of `waybill-sim`: each a main of its own, argv[0] its name; returns the exit code. */
#ifndef FIRMWARE_SIM_SIM_H
#define FIRMWARE_SIM_SIM_H

int sim_climate(int argc, char **argv);

#endif
