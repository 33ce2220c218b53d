/* Every object of the wire's vectors, byte for byte: the cases that `make test` and `make conformance` share. */
#ifndef TESTS_SUPPORT_WIRE_CASES_H
#define TESTS_SUPPORT_WIRE_CASES_H

/* Runs the cases as a cmocka group on the file vectors_from() named. Returns the number that failed. */
int wire_cases_run(void);

#endif
