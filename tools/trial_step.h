/* The verbs of a test's steps, for trial_file.c. Nobody else includes this. */
#ifndef TOOLS_TRIAL_STEP_H
#define TOOLS_TRIAL_STEP_H

#include "tools/trial_case.h"

/* Each returns as trial_case_say() does; step is what stands after the verb. */
bool trial_step_open(struct trial_case *c, const struct yaml_node *step);
bool trial_step_agree(struct trial_case *c, const struct yaml_node *step);
bool trial_step_handover(struct trial_case *c, const struct yaml_node *step);
bool trial_step_attach(struct trial_case *c, const struct yaml_node *step);
bool trial_step_detach(struct trial_case *c, const struct yaml_node *step);
bool trial_step_scan(struct trial_case *c, const struct yaml_node *step);
bool trial_step_disposition(struct trial_case *c, const struct yaml_node *step);
bool trial_step_place(struct trial_case *c, const struct yaml_node *step);
bool trial_certificate_take(struct trial_case *c, const struct yaml_node *step);
bool trial_certificate_revoke(struct trial_case *c, const struct yaml_node *step);
bool trial_call_take(struct trial_case *c, const struct yaml_node *step);
bool trial_call_document(struct trial_case *c, const struct yaml_node *step);
bool trial_readings_take(struct trial_case *c, const struct yaml_node *step);
bool trial_readings_deliver(struct trial_case *c, const struct yaml_node *step);
bool trial_expect_all(struct trial_case *c, const struct yaml_node *step);

#endif
