/* What a contract declares and nobody uses, and guards nobody has filled in. */
#include "contracts/lint_parts.h"

struct used {
    uint64_t terms;
    uint32_t roles;
    uint64_t params[DEFINITION_MAX_PARAMS / 64]; /* by place in the definition's pool */
};

static void use_operand(struct used *u, const struct contract_operand *o)
{
    if (o->is_term)
        u->terms |= UINT64_C(1) << o->term;
}

static void use_kind(struct used *u, const struct value_kind *kind)
{
    if (kind->role >= 0 && (kind->type == CONTRACT_PARTY || kind->type == CONTRACT_LIST))
        u->roles |= 1u << kind->role;
}

static void use_callers(struct used *u, const struct contract_callers *c)
{
    u->roles |= c->roles;
    u->terms |= c->instance_terms;
}

static void use_rules(struct used *u, const struct contract_definition *def)
{
    for (size_t i = 0; i < def->rule_count; i++) {
        const struct contract_rule *r = &def->rules[i];
        use_operand(u, &r->bound);
        use_operand(u, &r->duration);
        use_operand(u, &r->until);
        use_operand(u, &r->until_less);
        use_operand(u, &r->ignore);
    }
    for (size_t i = 0; i < def->sensor_count; i++) {
        use_operand(u, &def->sensors[i].accuracy);
        use_operand(u, &def->sensors[i].low);
        use_operand(u, &def->sensors[i].high);
    }
    use_operand(u, &def->maximum_gap);
    use_operand(u, &def->lateness);
    use_operand(u, &def->calibration);
    use_operand(u, &def->fastest);
}

/* In: first_param: where the action's parameters begin in the pool. */
static void use_code(struct used *u, const struct contract_definition *def,
                     struct contract_code code, size_t first_param)
{
    int32_t argument;
    for (size_t at = 0; at < code.len;) {
        enum expr_op op = lint_code_next(def, code, &at, &argument);
        size_t param = first_param + (size_t)argument;
        if (op == EXPR_TERM)
            u->terms |= UINT64_C(1) << argument;
        else if (op == EXPR_HOLDS)
            u->roles |= 1u << argument;
        else if (op == EXPR_PARAM)
            u->params[param / 64] |= UINT64_C(1) << param % 64;
    }
}

static void use_step(struct used *u, const struct contract_definition *def,
                     const struct contract_step *step, size_t first_param)
{
    for (size_t i = 0; i < step->guard_count; i++)
        use_code(u, def, def->guards[step->guard + i].code, first_param);
    for (size_t i = 0; i < step->effect_count; i++) {
        const struct contract_effect *e = &def->effects[step->effect + i];
        use_code(u, def, e->code, first_param);
        if (e->what == CONTRACT_CALL)
            u->terms |= UINT64_C(1) << e->target;
    }
}

static void use_flow(struct used *u, const struct contract_definition *def)
{
    for (size_t i = 0; i < lint_unit_count(def); i++) {
        struct lint_unit unit = lint_unit_at(def, i);
        size_t first = unit.params == NULL ? 0 : (size_t)(unit.params - def->params);
        use_step(u, def, unit.step, first);
        for (size_t k = 0; k < unit.case_count; k++)
            use_step(u, def, &unit.cases[k].step, first);
        if (unit.callers != NULL)
            use_callers(u, unit.callers);
    }
    for (size_t i = 0; i < def->field_count; i++) {
        use_code(u, def, def->fields[i].start, 0);
        use_kind(u, &def->fields[i].kind);
    }
    for (size_t i = 0; i < def->param_count; i++)
        use_kind(u, &def->params[i].kind);
    for (size_t i = 0; i < def->document_count; i++)
        use_callers(u, &def->documents[i].callers);
    for (size_t i = 0; i < def->reaction_count; i++)
        if (def->reactions[i].trigger == CONTRACT_ON_SUCCESS ||
            def->reactions[i].trigger == CONTRACT_ON_FAILURE)
            u->terms |= UINT64_C(1) << def->reactions[i].detail;
    use_callers(u, &def->quality);
}

static void report_params(struct lint_work *w, const struct used *u)
{
    for (size_t i = 0; i < w->def->action_count; i++) {
        struct lint_unit unit = lint_unit_at(w->def, i);
        for (size_t k = 0; k < unit.param_count; k++) {
            size_t param = (size_t)(unit.params - w->def->params) + k;
            if ((u->params[param / 64] & UINT64_C(1) << param % 64) == 0)
                lint_report(w, LINT_UNUSED, false, &unit, "takes", "\"%.*s\" is not used",
                            LINT_SHOW(unit.params[k].name));
        }
    }
}

void lint_use(struct lint_work *w)
{
    const struct contract_definition *def = w->def;
    struct used u = { 0 };
    use_rules(&u, def);
    use_flow(&u, def);
    for (size_t i = 0; i < def->party_count; i++)
        u.roles |= 1u << def->parties[i].role;
    for (size_t i = 0; i < def->term_count; i++)
        use_kind(&u, &def->terms[i].kind);
    if (def->has_opener)
        u.roles |= 1u << def->opener;
    for (size_t i = 0; i < def->term_count; i++)
        if ((u.terms & UINT64_C(1) << i) == 0 && def->terms[i].kind.type != CONTRACT_TEXT)
            lint_report_at(w, LINT_UNUSED, false, "terms", def->terms[i].name,
                           "no rule and no action uses this term");
    for (size_t i = 0; i < def->role_count; i++) /* a device takes part by what it reports */
        if ((u.roles & 1u << i) == 0 && def->roles[i].rank != CONTRACT_DEVICE)
            lint_report_at(w, LINT_UNUSED, false, "roles", def->roles[i].name,
                           "no party has this role and no action asks for it");
    for (size_t i = 0; i < def->guard_name_count; i++)
        lint_report_at(w, LINT_OPEN_GUARD, false, "guards", def->guard_names[i],
                       "left open: every call that meets it is refused");
    report_params(w, &u);
}
