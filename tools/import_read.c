/* A configuration, read and checked: the application, its roles, its workflows' properties and functions. */
#include "tools/import_path.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define MAX_NAME        50 /* characters */
#define MAX_WORDS       255
#define MAX_APPLICATION 4096
#define MAX_VALUES      DEFINITION_MAX_CHOICES
#define MAX_CONSTRUCTOR (DEFINITION_MAX_TERMS)

static const struct import_bounds named = { 1, MAX_NAME, false };
static const struct import_bounds displayed = { 0, MAX_WORDS, false };
static const struct import_bounds described = { 0, MAX_WORDS, true };

struct import_block {
    struct import_block *next;
    max_align_t bytes[];
};

void *import_memory(struct import_application *a, size_t count, size_t size)
{
    struct import_block *block = calloc(1, sizeof *block + (count > 0 ? count : 1) * size);
    assert(block != NULL); /* small: a configuration has a bounded size */
    block->next = a->blocks;
    a->blocks = block;
    return block->bytes;
}

void import_free(struct import_application *a)
{
    if (a == NULL)
        return;
    for (struct import_block *b = a->blocks; b != NULL;) {
        struct import_block *next = b->next;
        free(b);
        b = next;
    }
    json_doc_free(a->json);
    free(a);
}

/* ------------------------------------------------------------------ names with words */

/* Refuses a name that one of the `count` things before it has. */
static bool take_name(const struct import_at *at, const struct json_doc *object,
                      enum import_use use, const struct import_names *before,
                      struct import_name *ret)
{
    struct import_at here = import_key(at, "Name");
    if (!import_take_text(at, object, "Name", named, &ret->given))
        return false;
    for (size_t i = 0; i < before->count; i++)
        if (slice_equal(import_nth_name(before, i)->given, ret->given))
            return import_refuse(&here, "expected a name of its own, found \"%.*s\" a second time",
                                 (int)ret->given.len, (const char *)ret->given.data);
    import_make_name(ret, use, before);
    return true;
}

/* What it does: its description, or else the name it is displayed by. */
static bool take_about(const struct import_at *at, const struct json_doc *object, bool has_display,
                       struct slice *ret)
{
    struct slice display = { NULL, 0 };
    if (has_display && !import_take_text(at, object, "DisplayName", displayed, &display))
        return false;
    if (!import_take_text(at, object, "Description", described, ret))
        return false;
    if (ret->len == 0)
        *ret = display;
    return true;
}

/* ------------------------------------------------------------------ types */

static const char *const type_words[] = {
    [IMPORT_ADDRESS] = "address",   [IMPORT_ARRAY] = "array", [IMPORT_BOOL] = "bool",
    [IMPORT_CONTRACT] = "contract", [IMPORT_ENUM] = "enum",   [IMPORT_INT] = "int",
    [IMPORT_MONEY] = "money",       [IMPORT_STATE] = "state", [IMPORT_STRING] = "string",
    [IMPORT_TIME] = "time",         [IMPORT_USER] = "user",
};
#define TYPE_WORDS (sizeof type_words / sizeof type_words[0])

static bool find_type(struct slice word, enum import_kind *ret)
{
    for (size_t i = 0; i < TYPE_WORDS; i++) {
        if (!slice_equal(word, slice_text(type_words[i])))
            continue;
        *ret = (enum import_kind)i;
        return true;
    }
    return false;
}

static bool take_values(struct import_application *a, const struct import_at *at,
                        const struct json_doc *object, struct import_type *type)
{
    static const struct import_bounds bounds = { 1, MAX_VALUES, false };
    const struct json_doc *list;
    struct import_at here = import_key(at, "EnumValues");
    if (!import_take_list(at, object, "EnumValues", bounds, &list))
        return false;
    type->values = import_memory(a, json_doc_count(list), sizeof type->values[0]);
    for (size_t i = 0; i < json_doc_count(list); i++) {
        struct import_at item = import_index(&here, i);
        struct import_name *value = &type->values[i];
        bool good = json_doc_get_text(json_doc_element(list, i), &value->given) &&
                    value->given.len > 0 && value->given.len <= MAX_WORDS;
        for (size_t k = 0; good && k < value->given.len; k++) {
            uint8_t ch = value->given.data[k];
            good = (ch >= '0' && ch <= '9') || (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z');
        }
        if (!good)
            return import_refuse_kind(&item, "a value of at most 255 letters and digits",
                                      json_doc_element(list, i));
        for (size_t k = 0; k < i; k++)
            if (slice_equal(type->values[k].given, value->given))
                return import_refuse_kind(&item, "a value that is not there before",
                                          json_doc_element(list, i));
        import_make_name(value, IMPORT_CHOICE,
                         &(struct import_names){ type->values, i, sizeof type->values[0] });
        type->value_count = i + 1;
    }
    return true;
}

static bool take_element(const struct import_at *at, const struct json_doc *object,
                         struct import_type *type)
{
    static const char *const known[] = { "Name", NULL };
    struct import_at here = import_key(at, "ElementType");
    struct import_at name_at = import_key(&here, "Name");
    const struct json_doc *element = import_member(object, "ElementType");
    struct slice word;
    if (!import_take_object(&here, element, known) ||
        !import_take_text(&here, element, "Name", named, &word))
        return false;
    bool good = find_type(word, &type->element) &&
                (type->element == IMPORT_INT || type->element == IMPORT_BOOL ||
                 type->element == IMPORT_MONEY || type->element == IMPORT_TIME);
    return good || import_refuse_kind(&name_at, "int, bool, money or time: what an array may hold",
                                      import_member(element, "Name"));
}

bool import_find_role(const struct import_application *a, const struct import_at *at,
                      const struct json_doc *name, const char *wanted, unsigned *ret)
{
    struct slice word;
    if (!json_doc_get_text(name, &word))
        return import_refuse_kind(at, wanted, name);
    struct import_near near = import_near_begin(word);
    for (size_t i = 0; i < a->roles.count; i++) {
        *ret = (unsigned)i;
        if (slice_equal(a->roles.at[i].name.given, word))
            return true;
        import_near_try(&near, a->roles.at[i].name.given);
    }
    /* Only a type may be one of these words. */
    for (size_t i = 0; wanted[0] == 'a' && wanted[1] == ' ' && i < TYPE_WORDS; i++)
        import_near_try(&near, slice_text(type_words[i]));
    return import_refuse_near(at, wanted, &near);
}

static bool only_with(const struct import_at *at, const struct json_doc *object, const char *key,
                      const char *words)
{
    struct import_at here = import_key(at, key);
    const struct json_doc *part = import_member(object, key);
    return part == NULL || json_doc_is_null(part) ||
           (json_doc_is_array(part) && json_doc_count(part) == 0) ||
           import_refuse(&here, "expected only with the type %s", words);
}

static bool take_type(struct import_application *a, const struct import_at *up,
                      const struct json_doc *object, struct import_type *type)
{
    static const char *const known[] = { "Name", "EnumValues", "ElementType", NULL };
    const struct json_doc *doc = import_member(object, "Type");
    struct import_at at = import_key(up, "Type");
    struct import_at name_at = import_key(&at, "Name");
    struct slice word;
    if (!import_take_object(&at, doc, known) || !import_take_text(&at, doc, "Name", named, &word))
        return false;
    if (!find_type(word, &type->kind)) {
        type->kind = IMPORT_ROLE;
        if (!import_find_role(a, &name_at, import_member(doc, "Name"),
                              "a type or one of ApplicationRoles", &type->role))
            return false;
    }
    if (type->kind != IMPORT_ENUM && !only_with(&at, doc, "EnumValues", "enum"))
        return false;
    if (type->kind != IMPORT_ARRAY && !only_with(&at, doc, "ElementType", "array"))
        return false;
    if (type->kind == IMPORT_ENUM)
        return take_values(a, &at, doc, type);
    return type->kind != IMPORT_ARRAY || take_element(&at, doc, type);
}

/* ------------------------------------------------------------------ properties and parameters */

struct items_form {
    const char *key;
    struct import_bounds bounds;
    enum import_use use;
};

static bool read_items(struct import_application *a, const struct import_at *up,
                       const struct json_doc *object, const struct items_form *form,
                       struct import_items *ret)
{
    static const char *const known[] = { "Name", "DisplayName", "Description", "Type", NULL };
    const struct json_doc *list;
    struct import_at at = import_key(up, form->key);
    if (!import_take_list(up, object, form->key, form->bounds, &list))
        return false;
    ret->at = import_memory(a, json_doc_count(list), sizeof ret->at[0]);
    for (size_t i = 0; i < json_doc_count(list); i++) {
        struct import_at here = import_index(&at, i);
        const struct json_doc *one = json_doc_element(list, i);
        struct import_item *item = &ret->at[i];
        const struct import_names before = { ret->at, i, sizeof *item };
        if (!import_take_object(&here, one, known) ||
            !take_name(&here, one, form->use, &before, &item->name) ||
            !take_about(&here, one, true, &item->about) || !take_type(a, &here, one, &item->type))
            return false;
        ret->count = i + 1;
    }
    return true;
}

static bool read_functions(struct import_application *a, const struct import_at *up,
                           const struct json_doc *object, struct import_workflow *w)
{
    static const char *const known[] = { "Name", "DisplayName", "Description", "Parameters", NULL };
    static const struct import_bounds bounds = { 0, DEFINITION_MAX_ACTIONS, false };
    static const struct items_form form = { "Parameters",
                                            { 0, DEFINITION_MAX_ACTION_PARAMS, false },
                                            IMPORT_VALUE };
    const struct json_doc *list;
    struct import_at at = import_key(up, "Functions");
    struct slice about;
    if (!import_take_list(up, object, "Functions", bounds, &list))
        return false;
    w->functions = import_memory(a, json_doc_count(list), sizeof w->functions[0]);
    for (size_t i = 0; i < json_doc_count(list); i++) {
        struct import_at here = import_index(&at, i);
        const struct json_doc *one = json_doc_element(list, i);
        struct import_function *f = &w->functions[i];
        const struct import_names before = { w->functions, i, sizeof *f };
        if (!import_take_object(&here, one, known) ||
            !take_name(&here, one, IMPORT_ACTION, &before, &f->name) ||
            !take_about(&here, one, true, &about) || !read_items(a, &here, one, &form, &f->params))
            return false;
        w->function_count = i + 1;
    }
    return true;
}

/* ------------------------------------------------------------------ workflows */

static bool read_initiators(struct import_application *a, const struct import_at *up,
                            const struct json_doc *object, uint32_t *ret)
{
    static const struct import_bounds bounds = { 0, IMPORT_MAX_ROLES, false };
    const struct json_doc *list;
    struct import_at at = import_key(up, "Initiators");
    if (!import_take_list(up, object, "Initiators", bounds, &list))
        return false;
    for (size_t i = 0; i < json_doc_count(list); i++) {
        struct import_at here = import_index(&at, i);
        unsigned role = 0;
        if (!import_find_role(a, &here, json_doc_element(list, i), "one of ApplicationRoles",
                              &role))
            return false;
        *ret |= UINT32_C(1) << role;
    }
    return true;
}

static bool read_workflow(struct import_application *a, const struct import_at *at,
                          const struct json_doc *one, struct import_workflow *w)
{
    static const char *const known[] = { "Name",       "DisplayName", "Description", "Initiators",
                                         "StartState", "Properties",  "Constructor", "Functions",
                                         "States",     NULL };
    static const char *const constructor_keys[] = { "Parameters", NULL };
    static const struct items_form properties = { "Properties",
                                                  { 0, DEFINITION_MAX_FIELDS, false },
                                                  IMPORT_VALUE };
    static const struct items_form parameters = { "Parameters",
                                                  { 0, MAX_CONSTRUCTOR, false },
                                                  IMPORT_TERM };
    struct import_at in = import_key(at, "Constructor");
    const struct import_names before = { a->workflows, a->workflow_count, sizeof *w };
    if (!import_take_object(at, one, known) ||
        !take_name(at, one, IMPORT_PLAIN, &before, &w->name) ||
        !take_about(at, one, true, &w->about) || !read_initiators(a, at, one, &w->initiators) ||
        !read_items(a, at, one, &properties, &w->properties))
        return false;
    const struct json_doc *constructor = import_member(one, "Constructor");
    return import_take_object(&in, constructor, constructor_keys) &&
           read_items(a, &in, constructor, &parameters, &w->constructor) &&
           read_functions(a, at, one, w) && import_read_states(a, at, one, w);
}

static bool read_workflows(struct import_application *a, const struct import_at *up,
                           const struct json_doc *object)
{
    static const struct import_bounds bounds = { 1, IMPORT_MAX_WORKFLOWS, false };
    const struct json_doc *list;
    struct import_at at = import_key(up, "Workflows");
    if (!import_take_list(up, object, "Workflows", bounds, &list))
        return false;
    a->workflows = import_memory(a, json_doc_count(list), sizeof a->workflows[0]);
    for (size_t i = 0; i < json_doc_count(list); i++) {
        struct import_at here = import_index(&at, i);
        if (!read_workflow(a, &here, json_doc_element(list, i), &a->workflows[i]))
            return false;
        a->workflow_count = i + 1;
    }
    return true;
}

/* ------------------------------------------------------------------ the application */

static bool read_roles(struct import_application *a, const struct import_at *up,
                       const struct json_doc *object)
{
    static const char *const known[] = { "Name", "Description", NULL };
    static const struct import_bounds bounds = { 0, IMPORT_MAX_ROLES, false };
    const struct json_doc *list;
    struct import_at at = import_key(up, "ApplicationRoles");
    if (!import_take_list(up, object, "ApplicationRoles", bounds, &list))
        return false;
    a->roles.at = import_memory(a, json_doc_count(list), sizeof a->roles.at[0]);
    for (size_t i = 0; i < json_doc_count(list); i++) {
        struct import_at here = import_index(&at, i);
        struct import_at name_at = import_key(&here, "Name");
        const struct json_doc *one = json_doc_element(list, i);
        struct import_item *role = &a->roles.at[i];
        const struct import_names before = { a->roles.at, i, sizeof *role };
        enum import_kind kind;
        if (!import_take_object(&here, one, known) ||
            !take_name(&here, one, IMPORT_PLAIN, &before, &role->name) ||
            !take_about(&here, one, false, &role->about))
            return false;
        if (find_type(role->name.given, &kind))
            return import_refuse_kind(&name_at, "a name that is not a type's",
                                      import_member(one, "Name"));
        a->roles.count = i + 1;
    }
    return true;
}

static bool read_application(struct import_application *a, const struct import_at *at)
{
    static const char *const known[] = { "ApplicationName",  "DisplayName", "Description",
                                         "ApplicationRoles", "Workflows",   NULL };
    static const struct import_bounds name = { 1, MAX_APPLICATION, false };
    static const struct import_bounds display = { 0, MAX_APPLICATION, false };
    static const struct import_bounds about = { 0, MAX_APPLICATION, true };
    struct slice text;
    return import_take_object(at, a->json, known) &&
           import_take_text(at, a->json, "ApplicationName", name, &a->name.given) &&
           import_take_text(at, a->json, "DisplayName", display, &text) &&
           import_take_text(at, a->json, "Description", about, &text) &&
           read_roles(a, at, a->json) && read_workflows(a, at, a->json);
}

bool import_read(struct slice json, struct import_application **ret_application, struct err *err)
{
    static const char mark[] = "\xef\xbb\xbf"; /* some editors begin a file so */
    struct import_at root = { .err = err };
    struct import_application *a = calloc(1, sizeof *a);
    if (a == NULL)
        return err_set(err, ERR_IO, "out of memory");
    if (json.len >= sizeof mark - 1 && memcmp(json.data, mark, sizeof mark - 1) == 0)
        json = slice_from(json, sizeof mark - 1, json.len - (sizeof mark - 1));
    if (!json_doc_parse(json, IMPORT_MAX_BYTES, &a->json, err) || !read_application(a, &root)) {
        import_free(a);
        return false;
    }
    *ret_application = a;
    return true;
}

size_t import_workflow_count(const struct import_application *a)
{
    return a->workflow_count;
}

struct slice import_workflow_given(const struct import_application *a, size_t workflow)
{
    return a->workflows[workflow].name.given;
}

const char *import_workflow_name(const struct import_application *a, size_t workflow)
{
    return a->workflows[workflow].name.legal;
}
