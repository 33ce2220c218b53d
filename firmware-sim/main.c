/*
 * waybill-sim: a world with virtual time for devices and ledgers to live in.
 *
 * A guided tour. Each sub-command is one kind of world. The first is climate (climate.c, sim_climate.c): the
 * air in a refrigerated van, written as the CSV a data logger would have kept. Everything random comes
 * from a seed, so that whatever happens in a world can be made to happen again.
 */
#include "common/file.h"
#include "firmware-sim/sim.h"

#include <stdio.h>
#include <string.h>

static const char usage[] = "Usage: waybill-sim COMMAND [options]\n"
                            "\n"
                            "  climate    the air in a refrigerated van over a journey, as CSV\n"
                            "\n"
                            "waybill-sim COMMAND --help tells more.\n";

int main(int argc, char **argv)
{
    if (!file_hold_standard())
        return 1;
    if (argc >= 2 && strcmp(argv[1], "climate") == 0)
        return sim_climate(argc - 1, argv + 1);
    if (argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
        (void)fputs(usage, stdout);
        return 0;
    }
    (void)fprintf(stderr, "waybill-sim: expected a command; see waybill-sim --help\n");
    return 1;
}
