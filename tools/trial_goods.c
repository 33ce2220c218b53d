/* Steps that say what becomes of goods, and where places are. */
#include "tools/trial_step.h"

#include "common/gs1.h"

#include <string.h>

#define DEGREE INT64_C(10000000) /* positions are in 10^-7 degrees */

/* ------------------------------------------------------------------ what becomes of goods */

static bool take_action(struct trial_case *c, const struct yaml_node *step,
                        enum disposition_action *ret_action)
{
    const char *what;
    if (!trial_case_text(c, step, "what", &what))
        return false;
    for (int i = DISPOSITION_QUARANTINE; what != NULL && i <= DISPOSITION_DESTROY; i++) {
        *ret_action = (enum disposition_action)i;
        if (strcmp(what, disposition_action_name(*ret_action)) == 0)
            return true;
    }
    return trial_case_refuse(c, what != NULL ? yaml_get(step, "what") : step,
                             "what: expected quarantine, release, reject, return, recall, "
                             "end recall, decommission, dispense or destroy");
}

static bool take_names(struct trial_case *c, const struct yaml_node *step,
                       struct asset_set *ret_set)
{
    char name[ASSET_NAME_MAX + 1];
    const char *of;
    if (!trial_case_text(c, step, "of", &of))
        return false;
    if (of == NULL || strcmp(of, "goods") == 0)
        return trial_case_units(c, step, &c->bufs[0], ret_set);
    if (strcmp(of, "lot") != 0)
        return trial_case_refuse(c, yaml_get(step, "of"), "of: expected goods or lot");
    if (c->file->lot == NULL)
        return trial_case_refuse(c, yaml_get(step, "of"),
                                 "of: the goods have no lot: say `lot` under `goods`");
    trial_case_lot(c->file->lot, name);
    *ret_set = asset_set_one(name, &c->bufs[0]);
    return true;
}

bool trial_step_disposition(struct trial_case *c, const struct yaml_node *step)
{
    static const char *const known[] = { "by", "what", "of", "units", "meaning", "reason", NULL };
    struct statement draft = { .kind = KIND_DISPOSITION };
    struct disposition *d = &draft.as.disposition;
    struct trial_person *by;
    const char *meaning, *reason;
    if (!trial_case_check_keys(c, step, known) || !trial_case_person(c, step, "by", &by) ||
        !take_action(c, step, &d->action) || !trial_case_text(c, step, "meaning", &meaning) ||
        !trial_case_text(c, step, "reason", &reason) || !take_names(c, step, &d->assets))
        return false;
    d->meaning = slice_text(meaning != NULL ? meaning : "");
    d->reason = slice_text(reason != NULL ? reason : "");
    return trial_case_say(c, step, by, draft);
}

/* ------------------------------------------------------------------ where places are */

/* "45.764", "-4.5": in 10^-7 degrees. */
static bool take_degrees(struct trial_case *c, const struct yaml_node *step, const char *key,
                         int64_t most, int64_t *ret_degrees)
{
    const char *text;
    struct quantity q;
    if (!trial_case_text(c, step, key, &text))
        return false;
    if (text != NULL && quantity_parse(text, &q, NULL) && q.unit[0] == '\0' && q.exponent >= -7 &&
        q.exponent <= 0 && q.mantissa >= -most * DEGREE && q.mantissa <= most * DEGREE) {
        *ret_degrees = q.mantissa;
        for (int e = -7;
             e < q.exponent && *ret_degrees <= most * DEGREE && *ret_degrees >= -most * DEGREE; e++)
            *ret_degrees *= 10;
        if (*ret_degrees <= most * DEGREE && *ret_degrees >= -most * DEGREE)
            return true;
    }
    return trial_case_refuse(c, text != NULL ? yaml_get(step, key) : step,
                             "%s: expected degrees such as 45.764, at most %d, with at most 7 "
                             "decimals",
                             key, (int)most);
}

bool trial_step_place(struct trial_case *c, const struct yaml_node *step)
{
    static const char *const known[] = { "by", "number", "name", "lat", "lon", NULL };
    struct statement draft = { .kind = KIND_PLACE };
    struct place *p = &draft.as.place;
    struct trial_person *by;
    const char *number, *name;
    if (!trial_case_check_keys(c, step, known) || !trial_case_person(c, step, "by", &by) ||
        !trial_case_text(c, step, "number", &number) || !trial_case_text(c, step, "name", &name) ||
        !take_degrees(c, step, "lat", 90, &p->lat) || !take_degrees(c, step, "lon", 180, &p->lon))
        return false;
    if (number == NULL || !gs1_value_fits(gs1_find_ai(slice_text("414")), slice_text(number)))
        return trial_case_refuse(c, step, "number: expected a GLN, of 13 digits");
    p->gln = slice_text(number);
    p->name = slice_text(name != NULL ? name : number);
    p->has_position = true;
    return trial_case_say(c, step, by, draft);
}
