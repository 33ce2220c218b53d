/* What the files of wire_cases share. Nothing else includes this. */
#ifndef TESTS_SUPPORT_WIRE_PARTS_H
#define TESTS_SUPPORT_WIRE_PARTS_H

#include "common/authority_set.h"
#include "tests/support/vector_chain.h"
#include "tests/support/wire_cases.h"

/* Are these the bytes of the vector of that name? */
void wire_assert_bytes(struct slice found, const char *name);
/* Decoded, and made again from what was decoded. */
struct authority_set wire_set_named(const char *name);

/* Of outcomes, acks, state, blocks and sequences (wire_cases_state.c). */
void wire_case_acks(void **state);
void wire_case_outcomes(void **state);
void wire_case_a_clone_is_judged_as_the_vectors_say(void **state);
void wire_case_state_after_two_blocks(void **state);
void wire_case_state_after_three_blocks(void **state);
void wire_case_state_proofs(void **state);
void wire_case_block_three(void **state);
void wire_case_sequence_steps(void **state);
void wire_case_what_must_be_refused(void **state);
void wire_case_senml_floats(void **state);
void wire_case_no_vector_is_left_out(void **state);

#endif
