/* The wire's vectors as they are handed in: every object, byte for byte. Usage: conform_waybill VECTORS. */
#include "tests/support/vectors.h"
#include "tests/support/wire_cases.h"

#include <stdio.h>

int main(int argc, char **argv)
{
    static char path[4096];
    if (argc != 2) {
        (void)fprintf(stderr, "usage: conform_waybill VECTORS\n");
        return 2;
    }
    (void)snprintf(path, sizeof path, "%s/waybill/vectors.json", argv[1]);
    vectors_from(path);
    return wire_cases_run();
}
