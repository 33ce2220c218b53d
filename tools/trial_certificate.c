/* Steps that certify companies and goods, and revoke what was certified. */
#include "tools/trial_step.h"

#include <string.h>

#define YEAR_MS UINT64_C(31536000000) /* of 365 days */

/* A time under key; what it is where nothing is said. */
static bool take_time(struct trial_case *c, const struct yaml_node *step, const char *key,
                      uint64_t usual_ms, uint64_t *ret_ms)
{
    struct trial_instant instant;
    const char *text;
    if (!trial_case_text(c, step, key, &text))
        return false;
    *ret_ms = usual_ms;
    if (text == NULL)
        return true;
    if (!trial_value_time(text, c->t->now_ms, &instant, &c->err))
        return trial_case_blame(c, yaml_get(step, key));
    *ret_ms = instant.ms;
    return true;
}

static bool put_lot(struct trial_case *c, const struct yaml_node *step, struct certificate *cert)
{
    char name[ASSET_NAME_MAX + 1];
    if (c->file->lot == NULL)
        return trial_case_refuse(c, yaml_get(step, "of"),
                                 "of: the goods have no lot: say `lot` "
                                 "under `goods`");
    trial_case_lot(c->file->lot, name);
    cert->has_assets = true;
    cert->assets = asset_set_one(name, &c->bufs[0]);
    return true;
}

/* `of: goods`, `of: lot`, or somebody under `people`. */
static bool take_subject(struct trial_case *c, const struct yaml_node *step,
                         struct certificate *cert)
{
    struct trial_person *who;
    const char *of;
    if (!trial_case_text(c, step, "of", &of))
        return false;
    if (of != NULL && strcmp(of, "goods") == 0) {
        cert->has_assets = true;
        return trial_case_units(c, step, &c->bufs[0], &cert->assets);
    }
    if (of != NULL && strcmp(of, "lot") == 0)
        return put_lot(c, step, cert);
    if (!trial_case_person(c, step, "of", &who))
        return false;
    cert->has_member = true;
    cert->member = who->member;
    return true;
}

bool trial_certificate_take(struct trial_case *c, const struct yaml_node *step)
{
    static const char *const known[] = { "by",   "name",  "of",     "units",
                                         "from", "until", "number", NULL };
    struct statement draft = { .kind = KIND_CERTIFICATE };
    struct certificate *cert = &draft.as.certificate;
    struct trial_person *by;
    const char *name, *number;
    if (!trial_case_check_keys(c, step, known) || !trial_case_person(c, step, "by", &by) ||
        !trial_case_text(c, step, "name", &name) || !trial_case_text(c, step, "number", &number) ||
        !take_subject(c, step, cert) || !take_time(c, step, "from", c->t->now_ms, &cert->from_ms) ||
        !take_time(c, step, "until", cert->from_ms + YEAR_MS, &cert->until_ms))
        return false;
    if (name == NULL)
        return trial_case_refuse(c, step, "name: expected a standard such as organic");
    cert->name = slice_text(name);
    cert->number = slice_text(number != NULL ? number : "");
    if (!trial_case_say(c, step, by, draft))
        return false;
    c->has_certificate = true;
    c->certificate = c->t->last.statement;
    return true;
}

bool trial_certificate_revoke(struct trial_case *c, const struct yaml_node *step)
{
    static const char *const known[] = { "by", "certificate", "from", "reason", NULL };
    struct statement draft = { .kind = KIND_CERTIFICATE_REVOKE };
    struct certificate_revoke *revoke = &draft.as.certificate_revoke;
    struct trial_names names = trial_case_names(c);
    struct trial_person *by;
    const char *name, *reason;
    if (!trial_case_check_keys(c, step, known) || !trial_case_person(c, step, "by", &by) ||
        !trial_case_text(c, step, "certificate", &name) ||
        !trial_case_text(c, step, "reason", &reason) ||
        !take_time(c, step, "from", c->t->now_ms, &revoke->from_ms))
        return false;
    revoke->certificate = c->certificate;
    if (name == NULL && !c->has_certificate)
        return trial_case_refuse(c, step, "nothing was certified yet");
    if (name != NULL && !names.hash(names.ctx, name, &revoke->certificate))
        return trial_case_refuse(c, yaml_get(step, "certificate"),
                                 "certificate: nothing was named \"%.60s\"", name);
    revoke->reason = slice_text(reason != NULL ? reason : "withdrawn");
    return trial_case_say(c, step, by, draft);
}
