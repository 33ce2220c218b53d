/* Expressions: a recursive descent that emits postfix code as it goes, to a depth of MAX_DEPTH. */
#include "contracts/compile_expr.h"

#include <string.h>

#define MAX_DEPTH  32
#define MAX_NUMBER 64 /* bytes of a number with its unit */
#define MAX_UNIT   8  /* bytes of a unit and the space before it */
#define FOUND_MAX  64

static bool parse_expression(struct compile_parse *p);

/* ------------------------------------------------------------------ complaints and code */

bool compile_refuse_here(struct compile_parse *p, const char *why)
{
    char found[FOUND_MAX + 4] = "";
    size_t len = strlen(p->at);
    memcpy(found, p->at, len < sizeof found ? len : sizeof found - 1);
    return compile_refuse(p->c, p->node, p->place, why, len > 0 ? found : NULL);
}

bool compile_emit(struct compile_parse *p, int32_t word)
{
    struct contract_definition *d = &p->c->def;
    if (p->code.len == EXPR_MAX_CODE || d->code_count == DEFINITION_MAX_CODE)
        return compile_refuse(p->c, p->node, p->place,
                              p->code.len == EXPR_MAX_CODE
                                  ? "too long an expression: split it, or make it a property"
                                  : "more expressions than one contract may have",
                              NULL);
    d->code[d->code_count++] = word;
    p->code.len++;
    return true;
}

bool compile_emit_with(struct compile_parse *p, enum expr_op op, size_t argument)
{
    return compile_emit(p, (int32_t)op) && compile_emit(p, (int32_t)argument);
}

bool compile_keep_constant(struct compile_parse *p, const struct contract_value *value,
                           size_t *ret_index)
{
    struct contract_definition *d = &p->c->def;
    for (size_t i = 0; i < d->constant_count; i++) {
        const struct contract_value *v = &d->constants[i];
        if (v->type == value->type && v->number == value->number &&
            v->exponent == value->exponent && slice_equal(v->text, value->text)) {
            *ret_index = i;
            return true;
        }
    }
    if (d->constant_count == DEFINITION_MAX_CONSTANTS)
        return compile_refuse(p->c, p->node, p->place,
                              "more different constants than one contract may have", NULL);
    d->constants[d->constant_count] = *value;
    *ret_index = d->constant_count++;
    return true;
}

bool compile_emit_constant(struct compile_parse *p, const struct contract_value *value)
{
    size_t index;
    return compile_keep_constant(p, value, &index) && compile_emit_with(p, EXPR_CONSTANT, index);
}

/* ------------------------------------------------------------------ words and signs */

static bool see_word(struct compile_parse *p, const char *word)
{
    compile_skip_spaces(p);
    size_t len = strlen(word);
    return strncmp(p->at, word, len) == 0 && compile_name_ends(p->at + len);
}

static bool take_word(struct compile_parse *p, const char *word)
{
    if (!see_word(p, word))
        return false;
    p->at += strlen(word);
    return true;
}

static bool take_sign(struct compile_parse *p, const char *sign)
{
    compile_skip_spaces(p);
    if (strncmp(p->at, sign, strlen(sign)) != 0)
        return false;
    p->at += strlen(sign);
    return true;
}

static bool need_sign(struct compile_parse *p, const char *sign, const char *why)
{
    if (take_sign(p, sign))
        return true;
    compile_skip_spaces(p);
    /* min(a, b) in braces: YAML has cut it at the comma. */
    return compile_refuse_here(p, *p->at != '\0' ? why
                                                 : "unfinished: between { and } a comma ends a "
                                                   "value, so write this on a line of its own");
}

static bool deeper(struct compile_parse *p)
{
    return ++p->depth <= MAX_DEPTH ||
           compile_refuse(p->c, p->node, p->place, "nests deeper than 32", NULL);
}

/* ------------------------------------------------------------------ constants */

/* The longest beginning that is a number with a unit; 0 when there is none. */
static size_t match_number(const char *at, struct quantity *ret)
{
    char text[MAX_NUMBER];
    size_t digits = compile_looks_like_money(at) ? strlen("EUR ") : 0;
    digits += at[digits] == '-' ? 1 : 0;
    digits += strncmp(at + digits, "\u2212", strlen("\u2212")) == 0 ? strlen("\u2212") : 0;
    while ((at[digits] >= '0' && at[digits] <= '9') || at[digits] == '.')
        digits++;
    size_t most = digits + strnlen(at + digits, MAX_UNIT);
    if (most >= sizeof text)
        return 0;
    memcpy(text, at, most);
    for (size_t len = most; len > 0 && len >= digits; len--) {
        bool ends = compile_name_ends(at + len) && text[len - 1] != ' ';
        text[len] = '\0';
        if (ends && compile_quantity(text, ret, NULL))
            return len;
    }
    return 0;
}

static bool parse_number(struct compile_parse *p)
{
    struct quantity q;
    struct contract_value v;
    size_t len = match_number(p->at, &q);
    if (len == 0)
        return compile_refuse_here(p, "expected a number with a unit that is known, such as "
                                      "\"8 °C\"");
    p->at += len;
    return compile_keep_quantity(p->c, &q, &v)
               ? compile_emit_constant(p, &v)
               : compile_refuse(p->c, p->node, p->place,
                                "more different units than one contract may have", NULL);
}

bool compile_parse_quoted(struct compile_parse *p, struct slice *ret_text)
{
    const char *end = strchr(p->at + 1, '"');
    if (end == NULL)
        return compile_refuse_here(p, "expected a quotation mark at the end of the text");
    struct slice text = slice_of(p->at + 1, (size_t)(end - p->at - 1));
    if (text.len > DEFINITION_MAX_TEXT || !cbor_text_valid(text))
        return compile_refuse_here(p, "expected a text of at most 400 bytes of plain characters");
    p->at = end + 1;
    *ret_text = text;
    return true;
}

static bool parse_text(struct compile_parse *p)
{
    struct contract_value v = { .type = CONTRACT_TEXT };
    return compile_parse_quoted(p, &v.text) && compile_emit_constant(p, &v);
}

static bool parse_empty_list(struct compile_parse *p)
{
    static const uint8_t empty[] = { 0x80 };
    struct contract_value v = { .type = CONTRACT_LIST, .text = { empty, sizeof empty } };
    return need_sign(p, "]", "expected \"]\": only the empty list is written out") &&
           compile_emit_constant(p, &v);
}

/* ------------------------------------------------------------------ functions and operands */

struct function {
    const char *name;
    unsigned arguments;
    enum expr_op op;
};

static const struct function *match_function(struct compile_parse *p)
{
    static const struct function functions[] = {
        { "min", 2, EXPR_MINIMUM }, { "max", 2, EXPR_MAXIMUM }, { "prorate", 3, EXPR_PRORATE },
        { "count", 1, EXPR_COUNT }, { "added", 2, EXPR_ADDED },
    };
    for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) {
        const struct function *f = &functions[i];
        const char *after = p->at + strlen(f->name);
        if (strncmp(p->at, f->name, strlen(f->name)) != 0)
            continue;
        while (*after == ' ')
            after++;
        if (*after == '(')
            return f;
    }
    return NULL;
}

static bool parse_function(struct compile_parse *p, const struct function *f)
{
    p->at += strlen(f->name);
    (void)take_sign(p, "(");
    for (unsigned i = 0; i < f->arguments; i++) {
        if (i > 0 && !need_sign(p, ",", "expected a comma and one more value"))
            return false;
        if (!parse_expression(p))
            return false;
    }
    return need_sign(p, ")", "expected \")\"") && compile_emit(p, (int32_t)f->op);
}

bool compile_parse_operand(struct compile_parse *p)
{
    compile_skip_spaces(p);
    if (take_sign(p, "("))
        return parse_expression(p) && need_sign(p, ")", "expected \")\"");
    if (take_sign(p, "["))
        return parse_empty_list(p);
    if (*p->at == '"')
        return parse_text(p);
    if ((*p->at >= '0' && *p->at <= '9') || compile_looks_like_money(p->at))
        return parse_number(p);
    const struct function *f = match_function(p);
    if (f != NULL)
        return parse_function(p, f);
    if (*p->at == '\0')
        return compile_refuse(p->c, p->node, p->place, "expected a value, found the end", NULL);
    return compile_parse_name(p);
}

static bool parse_signed(struct compile_parse *p)
{
    bool good = deeper(p);
    compile_skip_spaces(p);
    bool minus = *p->at == '-' || strncmp(p->at, "\u2212", strlen("\u2212")) == 0;
    struct quantity q;
    if (good && minus && match_number(p->at, &q) > 0)
        good = parse_number(p);
    else if (good && minus)
        good = (take_sign(p, "-") || take_sign(p, "\u2212")) && parse_signed(p) &&
               compile_emit(p, EXPR_NEGATE);
    else if (good)
        good = compile_parse_operand(p);
    p->depth--;
    return good;
}

/* ------------------------------------------------------------------ operators, the strongest first */

static bool parse_product(struct compile_parse *p)
{
    if (!parse_signed(p))
        return false;
    for (;;) {
        enum expr_op op = EXPR_MULTIPLY;
        if (take_sign(p, "/"))
            op = EXPR_DIVIDE;
        else if (!take_sign(p, "*") && !take_sign(p, "×"))
            return true;
        if (!parse_signed(p) || !compile_emit(p, (int32_t)op))
            return false;
    }
}

static bool parse_sum(struct compile_parse *p)
{
    if (!parse_product(p))
        return false;
    for (;;) {
        enum expr_op op = EXPR_ADD;
        if (take_sign(p, "-") || take_sign(p, "\u2212")) {
            op = EXPR_SUBTRACT;
            if (*p->at != ' ' && *p->at != '\n')
                return compile_refuse_here(p, "a minus between two values has spaces round it");
        } else if (!take_sign(p, "+")) {
            return true;
        }
        if (!parse_product(p) || !compile_emit(p, (int32_t)op))
            return false;
    }
}

static bool take_comparison(struct compile_parse *p, enum expr_op *ret)
{
    static const struct {
        const char *sign;
        enum expr_op op;
    } signs[] = {
        { "!=", EXPR_DIFFERENT }, { "≠", EXPR_DIFFERENT }, { "<=", EXPR_AT_MOST },
        { "≤", EXPR_AT_MOST },    { ">=", EXPR_AT_LEAST }, { "≥", EXPR_AT_LEAST },
        { "=", EXPR_EQUAL },      { "<", EXPR_LESS },      { ">", EXPR_GREATER },
    };
    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++) {
        if (!take_sign(p, signs[i].sign))
            continue;
        *ret = signs[i].op;
        return true;
    }
    *ret = EXPR_IN;
    return take_word(p, "in");
}

static bool parse_holds(struct compile_parse *p)
{
    const struct contract_definition *d = &p->c->def;
    size_t len;
    unsigned role;
    compile_skip_spaces(p);
    if (!compile_match(p->at, d->roles, d->role_count, sizeof d->roles[0], &len, &role))
        return compile_refuse_here(p, "expected one of the roles declared under \"roles\"");
    p->at += len;
    return compile_emit_with(p, EXPR_HOLDS, role);
}

static bool parse_comparison(struct compile_parse *p)
{
    enum expr_op op;
    if (!parse_sum(p))
        return false;
    if (take_word(p, "holds"))
        return parse_holds(p);
    if (see_word(p, "is"))
        return compile_refuse_here(p, "expected \"=\"; \"= nothing\" asks whether it is not set");
    if (!take_comparison(p, &op))
        return true;
    if (!parse_sum(p) || !compile_emit(p, (int32_t)op))
        return false;
    return !take_comparison(p, &op) ||
           compile_refuse_here(p, "two comparisons in a row: join them with \"and\"");
}

/* `not` may begin a name: the name is then the longer. */
static bool parse_not(struct compile_parse *p)
{
    const struct contract_definition *d = &p->c->def;
    size_t len;
    unsigned index;
    bool named =
        compile_match(p->at, d->fields, d->field_count, sizeof d->fields[0], &len, &index) ||
        compile_match(p->at, d->terms, d->term_count, sizeof d->terms[0], &len, &index);
    if (named || !take_word(p, "not"))
        return parse_comparison(p);
    compile_skip_spaces(p);
    bool good = deeper(p) && parse_not(p) && compile_emit(p, EXPR_NOT);
    p->depth--;
    return good;
}

static bool parse_and(struct compile_parse *p)
{
    compile_skip_spaces(p);
    if (!parse_not(p))
        return false;
    while (take_word(p, "and")) {
        compile_skip_spaces(p);
        if (!parse_not(p) || !compile_emit(p, EXPR_AND))
            return false;
    }
    return true;
}

static bool parse_or(struct compile_parse *p)
{
    if (!parse_and(p))
        return false;
    while (take_word(p, "or"))
        if (!parse_and(p) || !compile_emit(p, EXPR_OR))
            return false;
    return true;
}

static bool parse_if(struct compile_parse *p)
{
    if (!parse_expression(p))
        return false;
    if (!take_word(p, "then"))
        return compile_refuse_here(p, "expected \"then\"");
    if (!parse_expression(p))
        return false;
    if (!take_word(p, "else"))
        return compile_refuse_here(p, "expected \"else\"");
    return parse_expression(p) && compile_emit(p, EXPR_IF);
}

static bool parse_expression(struct compile_parse *p)
{
    bool good = deeper(p);
    if (good)
        good = take_word(p, "if") ? parse_if(p) : parse_or(p);
    p->depth--;
    return good;
}

bool compile_parse_whole(struct compile_parse *p)
{
    if (!parse_expression(p))
        return false;
    compile_skip_spaces(p);
    return *p->at == '\0' || compile_refuse_here(p, "expected a sign or a word such as \"and\"");
}

/* ------------------------------------------------------------------ for the sections */

static bool check(struct compile_parse *p, struct contract_code *ret_code,
                  struct value_kind *ret_kind)
{
    struct err why;
    const struct compile_scope *s = p->scope;
    *ret_code = p->code;
    return expr_check(&p->c->def, p->code, s->params, s->param_count, s->trigger, s->detail,
                      ret_kind, &why) ||
           compile_refuse(p->c, p->node, p->place, why.msg, NULL);
}

bool compile_expression(struct compile *c, const struct yaml_node *node, struct place at,
                        const struct compile_scope *scope, struct contract_code *ret_code,
                        struct value_kind *ret_kind)
{
    struct compile_parse p = { .c = c, .node = node, .place = at, .scope = scope };
    p.code.at = (uint16_t)c->def.code_count;
    if (node->kind != YAML_SCALAR)
        return compile_refuse(c, node, at, "expected an expression, found a list or a map", NULL);
    p.at = node->text;
    return compile_parse_whole(&p) && check(&p, ret_code, ret_kind);
}

static bool take_constant(struct compile *c, const struct yaml_node *node, struct place at,
                          const struct compile_scope *scope, struct contract_code *ret_code,
                          struct value_kind *ret_kind)
{
    static const uint8_t empty[] = { 0x80 };
    struct compile_parse p = { .c = c, .node = node, .place = at, .scope = scope };
    struct contract_value v = { .type = CONTRACT_LIST, .text = { empty, sizeof empty } };
    p.code.at = (uint16_t)c->def.code_count;
    if (node->kind == YAML_SCALAR) {
        v = (struct contract_value){ .type = CONTRACT_TEXT };
        if (!compile_take_text(c, node, at, DEFINITION_MAX_TEXT, &v.text))
            return false;
    }
    return compile_emit_constant(&p, &v) && check(&p, ret_code, ret_kind);
}

bool compile_take_assigned(struct compile *c, const struct yaml_node *node, struct place at,
                           const struct compile_scope *scope, const struct value_kind *wanted,
                           struct contract_code *ret_code)
{
    struct value_kind kind;
    bool empty = node->kind == YAML_LIST && node->count == 0;
    bool constant = empty || (node->kind == YAML_SCALAR && node->quoted);
    if (!(constant ? take_constant(c, node, at, scope, ret_code, &kind)
                   : compile_expression(c, node, at, scope, ret_code, &kind)))
        return false;
    if (wanted == NULL || value_kind_suits(&kind, wanted))
        return true;
    char expected[80];
    char found[80];
    char why[200] = "expected ";
    value_kind_show(wanted, expected, sizeof expected);
    value_kind_show(&kind, found, sizeof found);
    struct buf b = buf_fixed(why, sizeof why - 1);
    b.len = strlen(why);
    buf_add_slice(&b, slice_text(expected));
    buf_add_slice(&b, slice_text(", not "));
    buf_add_slice(&b, slice_text(found));
    return compile_refuse(c, node, at, why, node->kind == YAML_SCALAR ? node->text : NULL);
}
