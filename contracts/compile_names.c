/* The names of an expression: what is declared, facts, and the words for them. */
#include "contracts/compile_expr.h"

#include <string.h>

#define ALL_RULES     63
#define RULES_IN_FACT 64

/* ------------------------------------------------------------------ reading words */

static bool is_name_byte(unsigned char ch)
{
    return (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || (ch >= '0' && ch <= '9') ||
           ch == '_';
}

/* The signs that are not ASCII: each is three bytes from e2 on; letters are not. */
static bool is_sign(const char *at)
{
    static const char *const signs[] = { "≤", "≥", "≠", "\u2212" };
    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++)
        if (strncmp(at, signs[i], strlen(signs[i])) == 0)
            return true;
    return false;
}

bool compile_name_ends(const char *at)
{
    unsigned char ch = (unsigned char)*at;
    if (ch == '-')
        return !is_name_byte((unsigned char)at[1]);
    return !is_name_byte(ch) && (ch < 0x80 || is_sign(at));
}

void compile_skip_spaces(struct compile_parse *p)
{
    while (*p->at == ' ' || *p->at == '\n' || *p->at == '\t')
        p->at++;
}

bool compile_match(const char *at, const void *items, size_t count, size_t size, size_t *ret_len,
                   unsigned *ret_index)
{
    size_t best = 0;
    for (size_t i = 0; i < count; i++) {
        struct slice name;
        memcpy(&name, (const uint8_t *)items + i * size, sizeof name);
        if (name.len <= best || strncmp(at, (const char *)name.data, name.len) != 0 ||
            !compile_name_ends(at + name.len))
            continue;
        best = name.len;
        *ret_index = (unsigned)i;
    }
    *ret_len = best;
    return best > 0;
}

/* ------------------------------------------------------------------ words of the language */

enum word_kind {
    WORD_CONSTANT, /* yes, no, nothing, a severity */
    WORD_FACT,
    WORD_RULE_FACT, /* followed by a rule */
    WORD_CHARGED,   /* followed by who, and maybe by a rule */
    WORD_DOCUMENT,
    WORD_GUARD,
    WORD_CERTIFICATE, /* followed by its name and by whose */
};

struct word {
    const char *text;
    enum word_kind kind;
    unsigned number; /* a fact's; of a constant its value */
    enum contract_type type;
};

static const struct word words[] = {
    { "yes", WORD_CONSTANT, 1, CONTRACT_BOOL },
    { "no", WORD_CONSTANT, 0, CONTRACT_BOOL },
    { "true", WORD_CONSTANT, 1, CONTRACT_BOOL },
    { "false", WORD_CONSTANT, 0, CONTRACT_BOOL },
    { "nobody", WORD_CONSTANT, 0, CONTRACT_NOTHING },
    { "nothing", WORD_CONSTANT, 0, CONTRACT_NOTHING },
    { "none", WORD_CONSTANT, VERDICT_NONE, CONTRACT_INT },
    { "low", WORD_CONSTANT, VERDICT_LOW, CONTRACT_INT },
    { "medium", WORD_CONSTANT, VERDICT_MEDIUM, CONTRACT_INT },
    { "high", WORD_CONSTANT, VERDICT_HIGH, CONTRACT_INT },
    { "critical", WORD_CONSTANT, VERDICT_CRITICAL, CONTRACT_INT },
    { "caller", WORD_FACT, EXPR_CALLER, 0 },
    { "now", WORD_FACT, EXPR_NOW, 0 },
    { "opener", WORD_FACT, EXPR_OPENER, 0 },
    { "custodian", WORD_FACT, EXPR_CUSTODIAN, 0 },
    { "owner", WORD_FACT, EXPR_OWNER, 0 },
    { "worst severity", WORD_FACT, EXPR_WORST, 0 },
    { "excursions", WORD_FACT, EXPR_EXCURSIONS, 0 },
    { "unacknowledged excursions", WORD_FACT, EXPR_UNACKNOWLEDGED, 0 },
    { "uncertain excursions", WORD_FACT, EXPR_UNCERTAIN, 0 },
    { "started", WORD_FACT, EXPR_STARTED, 0 },
    { "reading", WORD_FACT, EXPR_READING, 0 },
    { "reading time", WORD_FACT, EXPR_READING_TIME, 0 },
    { "from", WORD_FACT, EXPR_FROM, 0 },
    { "to", WORD_FACT, EXPR_TO, 0 },
    { "place", WORD_FACT, EXPR_PLACE, 0 },
    { "call time", WORD_FACT, EXPR_CALL_TIME, 0 },
    { "excursions of", WORD_RULE_FACT, EXPR_COUNT_OF, 0 },
    { "time of", WORD_RULE_FACT, EXPR_TIME_OF, 0 },
    { "peak of", WORD_RULE_FACT, EXPR_PEAK_OF, 0 },
    { "time charged to", WORD_CHARGED, 0, 0 },
    { "document", WORD_DOCUMENT, 0, 0 },
    { "guard", WORD_GUARD, 0, 0 },
    { "certificate", WORD_CERTIFICATE, 0, 0 },
};
#define WORDS (sizeof words / sizeof words[0])

static const struct word *match_word(const char *at, size_t *ret_len)
{
    const struct word *best = NULL;
    *ret_len = 0;
    for (size_t i = 0; i < WORDS; i++) {
        size_t len = strlen(words[i].text);
        if (len <= *ret_len || strncmp(at, words[i].text, len) != 0 || !compile_name_ends(at + len))
            continue;
        *ret_len = len;
        best = &words[i];
    }
    return best;
}

/* ------------------------------------------------------------------ what is declared */

struct list {
    const void *items;
    size_t count, size;
    enum expr_op op;
};

/* In the order in which one hides the other. A property's first value is asked before there are any. */
static size_t declared(const struct compile_parse *p, struct list ret[4])
{
    const struct contract_definition *d = &p->c->def;
    const struct compile_scope *s = p->scope;
    size_t n = 0;
    ret[n++] = (struct list){ s->params, s->param_count, sizeof d->params[0], EXPR_PARAM };
    if (!s->at_start)
        ret[n++] = (struct list){ d->fields, d->field_count, sizeof d->fields[0], EXPR_FIELD };
    ret[n++] = (struct list){ d->terms, d->term_count, sizeof d->terms[0], EXPR_TERM };
    ret[n++] = (struct list){ d->parties, d->party_count, sizeof d->parties[0], EXPR_PARTY };
    return n;
}

static void try_all(struct compile_nearest *nearest, const void *items, size_t count, size_t size)
{
    for (size_t i = 0; i < count; i++) {
        struct slice name;
        memcpy(&name, (const uint8_t *)items + i * size, sizeof name);
        compile_nearest_try(nearest, name);
    }
}

/* Up to where a misspelt name may reach: the next sign, or word that joins. */
static struct slice unknown_words(const char *at)
{
    static const char *const joins[] = { " and ",   " or ",   " in ",  " by ",
                                         " holds ", " then ", " else " };
    size_t len = 0;
    while (at[len] != '\0' && strchr("=!<>+*/()[],\"\n", at[len]) == NULL && !is_sign(at + len)) {
        for (size_t i = 0; i < sizeof joins / sizeof joins[0]; i++)
            if (strncmp(at + len, joins[i], strlen(joins[i])) == 0)
                return slice_of(at, len);
        if (strncmp(at + len, " - ", 3) == 0)
            break;
        len++;
    }
    while (len > 0 && at[len - 1] == ' ')
        len--;
    return slice_of(at, len);
}

static bool refuse_unknown(struct compile_parse *p, const char *why, const struct list *lists,
                           size_t count, bool with_words)
{
    struct slice word = unknown_words(p->at);
    struct compile_nearest nearest = compile_nearest_begin(word);
    if (word.len == 0)
        return compile_refuse_here(p, why);
    for (size_t i = 0; i < count; i++)
        try_all(&nearest, lists[i].items, lists[i].count, lists[i].size);
    for (size_t i = 0; with_words && i < WORDS; i++)
        compile_nearest_try(&nearest, slice_text(words[i].text));
    return compile_refuse_near(p->c, p->node, p->place, why, &nearest);
}

/* A name of one list, after a word that asks for it. */
static bool take_from(struct compile_parse *p, const struct list *list, const char *why,
                      unsigned *ret)
{
    size_t len;
    compile_skip_spaces(p);
    if (!compile_match(p->at, list->items, list->count, list->size, &len, ret))
        return refuse_unknown(p, why, list, 1, false);
    p->at += len;
    return true;
}

/* ------------------------------------------------------------------ words that ask for more */

static bool take_rule(struct compile_parse *p, unsigned *ret)
{
    const struct contract_definition *d = &p->c->def;
    struct list rules = { d->rules, d->rule_count, sizeof d->rules[0], 0 };
    return take_from(p, &rules, "expected a rule declared under \"watch\"", ret);
}

static bool parse_charged(struct compile_parse *p)
{
    unsigned rule = ALL_RULES;
    if (!compile_parse_operand(p))
        return false;
    compile_skip_spaces(p);
    if (strncmp(p->at, "for", 3) == 0 && compile_name_ends(p->at + 3)) {
        p->at += 3;
        if (!take_rule(p, &rule))
            return false;
    }
    return compile_emit_with(p, EXPR_CHARGED, rule);
}

/* A guard that is left open is an operation; one that was filled stands here as if it were written so. */
static bool parse_guard(struct compile_parse *p)
{
    const struct contract_definition *d = &p->c->def;
    const struct yaml_node *map = yaml_get(p->c->tree->root, "guards");
    struct list open = { d->guard_names, d->guard_name_count, sizeof d->guard_names[0], 0 };
    size_t open_len = 0;
    size_t filled_len = 0;
    unsigned index = 0;
    const struct yaml_node *filled = NULL;
    compile_skip_spaces(p);
    (void)compile_match(p->at, open.items, open.count, open.size, &open_len, &index);
    for (size_t i = 0; map != NULL && i < map->count; i++) {
        size_t len = strlen(map->keys[i]->text);
        if (len <= open_len || len <= filled_len || strncmp(p->at, map->keys[i]->text, len) != 0 ||
            !compile_name_ends(p->at + len))
            continue;
        filled_len = len;
        filled = map->values[i];
    }
    if (filled == NULL && open_len == 0)
        return refuse_unknown(p, "expected a guard declared under \"guards\"", &open, 1, false);
    if (filled == NULL) {
        p->at += open_len;
        return compile_emit_with(p, EXPR_OPEN_GUARD, index);
    }
    if (p->c->filling)
        return compile_refuse_here(p, "a guard cannot be filled with another guard");
    p->at += filled_len;
    struct compile_parse inner = *p;
    inner.node = filled;
    inner.at = filled->text;
    p->c->filling = true;
    bool good = compile_parse_whole(&inner);
    p->c->filling = false;
    p->code = inner.code;
    return good;
}

/* Whether the next word is this one, and no longer name that is declared. */
static bool take_own_word(struct compile_parse *p, const char *word)
{
    struct list lists[4];
    size_t count = declared(p, lists), word_len = strlen(word), len;
    unsigned index;
    compile_skip_spaces(p);
    if (strncmp(p->at, word, word_len) != 0 || !compile_name_ends(p->at + word_len))
        return false;
    for (size_t i = 0; i < count; i++)
        if (compile_match(p->at, lists[i].items, lists[i].count, lists[i].size, &len, &index))
            return false;
    p->at += word_len;
    return true;
}

/* `certificate "organic" of farmer`, `certificate "organic" of goods`, and `by office` after either. */
static bool parse_certificate(struct compile_parse *p)
{
    struct contract_value name = { .type = CONTRACT_TEXT };
    size_t constant;
    compile_skip_spaces(p);
    if (*p->at != '"')
        return compile_refuse_here(p, "expected a certificate's name in quotation marks, such as "
                                      "certificate \"organic\" of goods");
    if (!compile_parse_quoted(p, &name.text))
        return false;
    if (name.text.len == 0 || name.text.len > EXPR_CERTIFICATE_MAX)
        return compile_refuse(p->c, p->node, p->place, "a certificate's name has 1 to 200 bytes",
                              NULL);
    if (!compile_keep_constant(p, &name, &constant))
        return false;
    compile_skip_spaces(p);
    if (strncmp(p->at, "of", 2) != 0 || !compile_name_ends(p->at + 2))
        return compile_refuse_here(p,
                                   "expected \"of\" and whose certificate it is, or \"of goods\"");
    p->at += 2;
    bool of_goods = take_own_word(p, "goods");
    if (!of_goods && !compile_parse_operand(p))
        return false;
    enum expr_op op = of_goods ? EXPR_GOODS_CERTIFIED : EXPR_CERTIFIED;
    compile_skip_spaces(p);
    if (strncmp(p->at, "by", 2) == 0 && compile_name_ends(p->at + 2)) {
        p->at += 2;
        op = of_goods ? EXPR_GOODS_CERTIFIED_BY : EXPR_CERTIFIED_BY;
        if (!compile_parse_operand(p))
            return false;
    }
    return compile_emit_with(p, op, constant);
}

static bool parse_word(struct compile_parse *p, const struct word *word)
{
    const struct contract_definition *d = &p->c->def;
    struct list documents = { d->documents, d->document_count, sizeof d->documents[0], 0 };
    struct contract_value constant = { .type = word->type, .number = word->number };
    unsigned index = 0;
    switch (word->kind) {
    case WORD_CONSTANT: return compile_emit_constant(p, &constant);
    case WORD_FACT: return compile_emit_with(p, EXPR_FACT, word->number);
    case WORD_RULE_FACT:
        return take_rule(p, &index) &&
               compile_emit_with(p, EXPR_RULE_FACT, RULES_IN_FACT * word->number + index);
    case WORD_CHARGED: return parse_charged(p);
    case WORD_DOCUMENT:
        return take_from(p, &documents, "expected a document declared under \"documents\"",
                         &index) &&
               compile_emit_with(p, EXPR_DOCUMENT, index);
    case WORD_GUARD: return parse_guard(p);
    case WORD_CERTIFICATE: return parse_certificate(p);
    }
    return false;
}

bool compile_parse_name(struct compile_parse *p)
{
    struct list lists[4];
    size_t count = declared(p, lists);
    size_t best = 0;
    enum expr_op op = EXPR_PARAM;
    unsigned index = 0;
    for (size_t i = 0; i < count; i++) {
        size_t len;
        unsigned at;
        if (!compile_match(p->at, lists[i].items, lists[i].count, lists[i].size, &len, &at) ||
            len <= best)
            continue;
        best = len;
        op = lists[i].op;
        index = at;
    }
    size_t word_len;
    const struct word *word = match_word(p->at, &word_len);
    if (best == 0 && word == NULL)
        return refuse_unknown(p, "expected a value or a name that is declared", lists, count, true);
    if (word == NULL || best >= word_len) {
        p->at += best;
        return compile_emit_with(p, op, index);
    }
    p->at += word_len;
    return parse_word(p, word);
}
