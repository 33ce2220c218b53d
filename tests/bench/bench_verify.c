/* ed25519_verify_all_cores: what the machine can do at most, the measure of all else. */
#include "common/crypto.h"
#include "tests/support/measure.h"

int main(int argc, char **argv)
{
    if (!crypto_init())
        return 1;
    if (measure_wanted(argc, argv, "ed25519_verify_all_cores", true))
        measure_print("ed25519_verify_all_cores", measure_verify_all_cores(2), "signatures/s");
    return 0;
}
