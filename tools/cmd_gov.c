/*
 * `waybill gov`: members decide together. A proposal is a statement, a ballot is another; what passes takes
 * effect at a height, on every node alike. Nothing here decides: it signs, and shows what the ledger says.
 */
#include "common/statement.h"
#include "tools/cmd_gov_parts.h"
#include "tools/cmd_send.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------ vote */

/* What is open is there with what it would do; a yes is said with that before one's eyes. */
static bool think_twice(struct cmd_home *home, const struct gov_world *w,
                        const struct hash *proposal, struct err *err)
{
    const struct json_doc *list = json_doc_at(w->doc, "/proposals");
    struct gov_proposal *p = calloc(1, sizeof *p);
    bool good = true;
    if (p == NULL)
        return err_set(err, ERR_IO, "out of memory");
    for (size_t i = 0; good && i < json_doc_count(list); i++) {
        if (!gov_world_take(json_doc_element(list, i), p, NULL) || !p->readable ||
            !hash_equal(&p->hash, proposal) || !slice_equal(p->status, slice_text("open")))
            continue;
        if (!home->json)
            cmd_gov_warn(w, p->action, &p->parts);
        good = cmd_gov_check(home, w, p->action, &p->parts, err);
    }
    free(p);
    return good;
}

static bool read_ballot(struct cmd_home *home, const struct cmd_args *args, struct ballot *ret_b,
                        struct err *err)
{
    struct gov_world *w = NULL;
    if (!cmd_args_expect(args, 2, 2, "a PROPOSAL and yes or no", err))
        return false;
    ret_b->yes = strcmp(args->operand[1], "yes") == 0;
    if (!ret_b->yes && strcmp(args->operand[1], "no") != 0)
        return err_set(err, ERR_INPUT, "expected yes or no, found \"%.40s\"", args->operand[1]);
    bool good = gov_world_load(home, false, &w, err) &&
                gov_world_proposal(w, args->operand[0], &ret_b->proposal, err) &&
                (!ret_b->yes || think_twice(home, w, &ret_b->proposal, err));
    if (good)
        ret_b->set = w->set;
    gov_world_free(w);
    return good;
}

static int vote(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    struct statement draft = { .kind = KIND_BALLOT };
    if (!read_ballot(home, args, &draft.as.ballot, err))
        return cmd_action_fail(err);
    return cmd_send_finish(home, draft.as.ballot.yes ? "voted yes" : "voted no", &draft);
}

/* ------------------------------------------------------------------ withdraw */

static int withdraw(struct cmd_home *home, const struct cmd_args *args, struct err *err)
{
    struct statement draft = { .kind = KIND_WITHDRAW };
    struct gov_world *w = NULL;
    bool good = cmd_args_expect(args, 1, 1, "one PROPOSAL", err) &&
                gov_world_load(home, false, &w, err) &&
                gov_world_proposal(w, args->operand[0], &draft.as.withdraw.proposal, err);
    gov_world_free(w);
    return good ? cmd_send_finish(home, "withdrawn", &draft) : cmd_action_fail(err);
}

int cmd_gov(int argc, char **argv)
{
    const struct cmd_action actions[] = {
        { "vote", "gov vote", "no-wait despite-warning",
          "Usage: waybill gov vote PROPOSAL yes|no [--no-wait] [--despite-warning]\n"
          "Casts this member's ballot: one a proposal, which cannot be changed; it lapses when "
          "the\n"
          "authority set changes before the proposal passed, and may then be cast anew. PROPOSAL "
          "is "
          "its\n"
          "hash, or its first digits. A yes to what would lock everybody out is not signed.\n"
          "\n"
          "  --despite-warning  it is\n"
          "Exit code: 0 accepted, 1 error, 4 refused.\n",
          vote },
        { "withdraw", "gov withdraw", "no-wait",
          "Usage: waybill gov withdraw PROPOSAL [--no-wait]\n"
          "Takes back an open proposal of this member.\n"
          "Exit code: 0 accepted, 1 error, 4 refused.\n",
          withdraw },
        cmd_gov_list_action,
        cmd_gov_show_action,
        cmd_gov_constitution_action,
        { .word = NULL },
    };
    if (argc >= 2 && strcmp(argv[1], "propose") == 0)
        return cmd_gov_propose(argc - 1, argv + 1);
    if (argc >= 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
        (void)printf("Usage: waybill gov propose ACTION ...\n"
                     "Proposes a change to all members; waybill gov propose --help names the "
                     "actions.\n\n");
        return cmd_action_choose(actions, argc, argv);
    }
    if (argc >= 2 && argv[1][0] != '-')
        return cmd_action_choose(actions, argc, argv);
    (void)fprintf(stderr,
                  "waybill gov: expected one of propose vote withdraw list show constitution; see "
                  "waybill gov --help\n");
    return CMD_ERROR;
}
