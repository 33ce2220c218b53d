/* The wire's vectors as they lie in this tree: every object, byte for byte. */
#include "tests/support/wire_cases.h"

int main(void)
{
    return wire_cases_run();
}
