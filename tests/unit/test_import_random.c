/*
 * 2,000 random configurations that are valid become contracts that compile; 2,000 with one defect planted are
 * refused, and the complaint begins with the path of the defect.
 *
 * usage: test_import_random [--seed N] [--count N]
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/json.h"
#include "contracts/compile.h"
#include "contracts/definition.h"
#include "tools/import.h"

#define MAX_PARTS 512
#define MAX_TEXT  200
#define DEFECTS   22

enum part_kind { ROLE, WORKFLOW, ITEM, FUNCTION, STATE, TRANSITION, KINDS };

struct part {
    struct json_doc *doc;
    char path[MAX_TEXT];
};

struct world {
    uint64_t state;
    struct json_doc *root;
    size_t counts[KINDS];
    struct part parts[KINDS][MAX_PARTS];
    char names[8][16][64]; /* of the workflow at hand, by list */
    size_t name_count[8];
};

enum name_list { ROLES, PROPERTIES, CONSTRUCTOR, FUNCTIONS, PARAMETERS, STATES, PEOPLE, FLOWS };

static uint64_t first_seed = 1;
static unsigned how_many = 2000;
static struct world world;

static uint32_t draw(struct world *w, uint32_t below)
{
    w->state = w->state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(w->state >> 33) % (below > 0 ? below : 1);
}

/* ------------------------------------------------------------------ a random configuration */

/* Names that must be made legal, that collide when they are, that are words of the language. */
static const char *add_name(struct world *w, enum name_list list)
{
    static const char *const words[] = { "owner",  "temperature", "now",      "document",
                                         "to",     "acknowledge", "guard",    "State",
                                         "nobody", "count",       "humidity", "yes" };
    /* Those of even and of odd places differ, but not once they are legal. */
    static const char *const forms[] = { "Part ",
                                         "Part_",
                                         "Größe-",
                                         "Große_",
                                         "7 ",
                                         "x7 ",
                                         "AVeryLongNameOfFiftyCharactersThatItVeryNearlyIs ",
                                         "AVeryLongNameOfFiftyCharactersThatItVeryNearlyIs_" };
    size_t i = w->name_count[list]++;
    char *name = w->names[list][i];
    if (i < sizeof words / sizeof words[0] && draw(w, 3) == 0)
        (void)snprintf(name, 64, "%s", words[i]);
    else
        (void)snprintf(name, 64, "%s%zu", forms[2 * draw(w, 4) + i % 2], i / 2);
    return name;
}

static struct json_doc *add_part(struct world *w, struct json_doc *list, enum part_kind kind,
                                 const char *path, size_t index)
{
    struct json_doc *doc = json_doc_put_object(list, NULL);
    struct part *part = &w->parts[kind][w->counts[kind]++];
    assert_true(w->counts[kind] <= MAX_PARTS);
    part->doc = doc;
    (void)snprintf(part->path, sizeof part->path, "%s[%zu]", path, index);
    return doc;
}

static void put_words(struct world *w, struct json_doc *doc)
{
    static const char *const words[] = { "",
                                         "plain",
                                         "with \"quotes\" and \\",
                                         "line\nbreak: # no",
                                         "Größe ≤ 8 °C",
                                         "{ a: [b",
                                         "\xc2\x85 \xe2\x80\xa8 end" };
    json_doc_put_text(doc, "DisplayName", words[draw(w, 7)]);
    if (draw(w, 3) != 0)
        json_doc_put_text(doc, "Description", words[draw(w, 7)]);
}

static bool put_type(struct world *w, struct json_doc *doc)
{
    static const char *const types[] = { "address", "bool",   "contract", "int",   "money", "state",
                                         "time",    "string", "user",     "array", "enum" };
    static const char *const elements[] = { "int", "bool", "money", "time" };
    struct json_doc *type = json_doc_put_object(doc, "Type");
    uint32_t n = draw(w, 14);
    if (n > 10 && w->name_count[ROLES] > 0) {
        json_doc_put_text(type, "Name", w->names[ROLES][draw(w, (uint32_t)w->name_count[ROLES])]);
        return true;
    }
    n %= 11;
    json_doc_put_text(type, "Name", types[n]);
    if (n == 9)
        json_doc_put_text(json_doc_put_object(type, "ElementType"), "Name", elements[draw(w, 4)]);
    struct json_doc *values = n == 10 ? json_doc_put_array(type, "EnumValues") : NULL;
    for (uint32_t i = 0; n == 10 && i <= draw(w, 4); i++) {
        char value[100] = "";
        if (draw(w, 4) == 0)
            memset(value, 'v', 90);
        (void)snprintf(value + strlen(value), 8, "%u", i);
        json_doc_put_text(values, NULL, value);
    }
    return n == 0 || n == 8;
}

static void put_items(struct world *w, struct json_doc *into, const char *key, const char *path,
                      enum name_list list)
{
    char here[MAX_TEXT];
    struct json_doc *array = json_doc_put_array(into, key);
    uint32_t count = draw(w, list == PARAMETERS ? 4 : 11);
    (void)snprintf(here, sizeof here, "%s.%s", path, key);
    w->name_count[list] = 0;
    for (uint32_t i = 0; i < count; i++) {
        struct json_doc *doc = add_part(w, array, ITEM, here, i);
        const char *name = add_name(w, list);
        json_doc_put_text(doc, "Name", name);
        put_words(w, doc);
        if (put_type(w, doc) && list == PROPERTIES)
            (void)snprintf(w->names[PEOPLE][w->name_count[PEOPLE]++], 64, "%s", name);
    }
}

static void put_chosen(struct world *w, struct json_doc *doc, const char *key, enum name_list list,
                       uint32_t least)
{
    struct json_doc *array = json_doc_put_array(doc, key);
    uint32_t count = (uint32_t)w->name_count[list];
    uint32_t some = count == 0 ? 0 : least + draw(w, 3);
    for (uint32_t i = 0; i < some; i++)
        json_doc_put_text(array, NULL, w->names[list][draw(w, count)]);
}

static void put_transitions(struct world *w, struct json_doc *state, const char *path)
{
    char here[MAX_TEXT];
    (void)snprintf(here, sizeof here, "%s.Transitions", path);
    uint32_t count = w->name_count[FUNCTIONS] > 0 ? draw(w, 4) : 0;
    struct json_doc *array = json_doc_put_array(state, "Transitions");
    for (uint32_t i = 0; i < count; i++) {
        struct json_doc *doc = add_part(w, array, TRANSITION, here, i);
        put_words(w, doc);
        if (draw(w, 4) > 0)
            put_chosen(w, doc, "AllowedRoles", ROLES, 0);
        if (draw(w, 4) > 0)
            put_chosen(w, doc, "AllowedInstanceRoles", PEOPLE, 0);
        put_chosen(w, doc, "NextStates", STATES, 1);
        json_doc_put_text(doc, "Function",
                          w->names[FUNCTIONS][draw(w, (uint32_t)w->name_count[FUNCTIONS])]);
    }
}

static void put_states(struct world *w, struct json_doc *flow, const char *path)
{
    char here[MAX_TEXT];
    struct json_doc *array = json_doc_put_array(flow, "States");
    uint32_t count = 2 + draw(w, 5);
    size_t first = w->counts[STATE];
    (void)snprintf(here, sizeof here, "%s.States", path);
    w->name_count[STATES] = 0;
    for (uint32_t i = 0; i < count; i++) {
        struct json_doc *doc = add_part(w, array, STATE, here, i);
        json_doc_put_text(doc, "Name", add_name(w, STATES));
        put_words(w, doc);
        json_doc_put_int(doc, "PercentComplete", draw(w, 101));
        json_doc_put_text(doc, "Style", draw(w, 2) == 0 ? "Success" : "Failure");
        if (draw(w, 2) == 0)
            json_doc_put_int(doc, "Value", i);
    }
    json_doc_put_text(flow, "StartState", w->names[STATES][draw(w, count)]);
    for (uint32_t i = 0; i < count; i++) {
        struct part *state = &w->parts[STATE][first + i];
        put_transitions(w, state->doc, state->path);
    }
}

static void put_workflow(struct world *w, struct json_doc *list, size_t index)
{
    char here[MAX_TEXT];
    struct json_doc *flow = add_part(w, list, WORKFLOW, "Workflows", index);
    const char *path = w->parts[WORKFLOW][index].path;
    w->name_count[PEOPLE] = 0;
    json_doc_put_text(flow, "Name", add_name(w, FLOWS));
    put_words(w, flow);
    put_chosen(w, flow, "Initiators", ROLES, 0);
    put_items(w, flow, "Properties", path, PROPERTIES);
    (void)snprintf(here, sizeof here, "%s.Constructor", path);
    put_items(w, json_doc_put_object(flow, "Constructor"), "Parameters", here, CONSTRUCTOR);
    struct json_doc *functions = json_doc_put_array(flow, "Functions");
    uint32_t count = draw(w, 6);
    w->name_count[FUNCTIONS] = 0;
    (void)snprintf(here, sizeof here, "%s.Functions", path);
    for (uint32_t i = 0; i < count; i++) {
        struct json_doc *doc = add_part(w, functions, FUNCTION, here, i);
        json_doc_put_text(doc, "Name", add_name(w, FUNCTIONS));
        put_words(w, doc);
        put_items(w, doc, "Parameters", w->parts[FUNCTION][w->counts[FUNCTION] - 1].path,
                  PARAMETERS);
    }
    put_states(w, flow, path);
}

static void make_world(struct world *w, uint64_t seed)
{
    memset(w, 0, sizeof *w);
    w->state = seed * 0x9e3779b97f4a7c15u;
    (void)draw(w, 2);
    w->root = json_doc_object();
    json_doc_put_text(w->root, "ApplicationName", "Random");
    put_words(w, w->root);
    struct json_doc *roles = json_doc_put_array(w->root, "ApplicationRoles");
    uint32_t count = draw(w, 6);
    for (uint32_t i = 0; i < count; i++)
        json_doc_put_text(add_part(w, roles, ROLE, "ApplicationRoles", i), "Name",
                          add_name(w, ROLES));
    struct json_doc *flows = json_doc_put_array(w->root, "Workflows");
    count = 1 + draw(w, 3);
    for (uint32_t i = 0; i < count; i++)
        put_workflow(w, flows, i);
}

/* ------------------------------------------------------------------ a defect */

/* What is put under a key of a part, as JSON within [ ]; NULL: a text that goes on and on. */
static const struct defect {
    enum part_kind kind;
    const char *key, *value, *path;
} defects[DEFECTS] = {
    { STATE, "PercentComplete", "[101]", ".PercentComplete" },
    { STATE, "PercentComplete", "[-1]", ".PercentComplete" },
    { STATE, "PercentComplete", "[\"50\"]", ".PercentComplete" },
    { STATE, "PercentComplete", "[5.5]", ".PercentComplete" },
    { STATE, "Style", "[\"Sucess\"]", ".Style" },
    { STATE, "Name", "[\"\"]", ".Name" },
    { STATE, "Transitions", "[{}]", ".Transitions" },
    { TRANSITION, "Function", "[\"no such function\"]", ".Function" },
    { TRANSITION, "Function", "[null]", ".Function" },
    { TRANSITION, "NextStates", "[[\"no such state\"]]", ".NextStates[0]" },
    { TRANSITION, "NextStates", "[[]]", ".NextStates" },
    { TRANSITION, "AllowedRoles", "[[\"no such role\"]]", ".AllowedRoles[0]" },
    { TRANSITION, "AllowedInstanceRoles", "[[\"no such one\"]]", ".AllowedInstanceRoles[0]" },
    { ITEM, "Type", "[{\"Name\": \"strng\"}]", ".Type.Name" },
    { ITEM, "Type", "[{\"Name\": \"enum\", \"EnumValues\": [\"a\", \"a\"]}]",
      ".Type.EnumValues[1]" },
    { ITEM, "Type", "[{\"Name\": \"array\", \"ElementType\": {\"Name\": \"array\"}}]",
      ".Type.ElementType.Name" },
    { ITEM, "Name", "[7]", ".Name" },
    { FUNCTION, "Parameters", "[null]", ".Parameters" },
    { ROLE, "Name", "[\"money\"]", ".Name" },
    { WORKFLOW, "StartState", "[\"nowhere at all\"]", ".StartState" },
    { WORKFLOW, "Initiators", "[[\"no such role\"]]", ".Initiators[0]" },
    { WORKFLOW, "Transitionz", "[1]", "" },
};

/* Moves the value out of "[value]" into the part. */
static void put_json(struct json_doc *into, const char *key, const char *text)
{
    struct json_doc *list;
    struct err err = { 0 };
    struct slice word;
    int64_t number;
    assert_true(json_doc_parse(slice_text(text), 1000, &list, &err));
    const struct json_doc *one = json_doc_element(list, 0);
    struct json_doc *inner;
    if (json_doc_get_text(one, &word)) {
        json_doc_put_slice(into, key, word);
    } else if (json_doc_get_int(one, &number)) {
        json_doc_put_int(into, key, number);
    } else if (json_doc_is_null(one)) {
        json_doc_put_null(into, key);
    } else if (text[1] == '5') {
        json_doc_put_decimal(into, key, 55, -1);
    } else {
        struct slice rest = slice_of(text + 1, strlen(text) - 2);
        assert_true(json_doc_parse(rest, 1000, &inner, &err));
        json_doc_put_doc(into, key, inner);
    }
    json_doc_free(list);
}

/* Returns: the path that the complaint must name; NULL when there is nothing of the kind to spoil. */
static const char *plant(struct world *w, char path[2 * MAX_TEXT])
{
    const struct defect *d = &defects[draw(w, DEFECTS)];
    if (w->counts[d->kind] == 0)
        return NULL;
    const struct part *part = &w->parts[d->kind][draw(w, (uint32_t)w->counts[d->kind])];
    put_json(part->doc, d->key, d->value);
    (void)snprintf(path, 2 * MAX_TEXT, "%s%s: expected ", part->path, d->path);
    return path;
}

/* ------------------------------------------------------------------ the tests */

static void write_world(const struct world *w, struct buf *text)
{
    buf_clear(text);
    json_doc_write(w->root, 1, text);
    assert_false(text->failed);
}

static void check_workflow(const struct import_application *a, size_t i, uint64_t seed)
{
    static const struct import_options in_euro = { .currency = "EUR" };
    static const struct import_options plain = { .currency = NULL };
    struct err err = { 0 };
    struct yaml_tree tree;
    struct buf yaml = buf_heap(IMPORT_MAX_YAML_BYTES);
    struct buf compiled = buf_heap(DEFINITION_MAX_BYTES);
    if (!import_write(a, i, seed % 2 == 0 ? &plain : &in_euro, &yaml, &err))
        fail_msg("seed %llu: %s", (unsigned long long)seed, err.msg);
    if (!yaml_parse("f", buf_slice(&yaml), &tree, &err) ||
        !compile_contract(&tree, &compiled, &err))
        fail_msg("seed %llu: %s", (unsigned long long)seed, err.msg);
    yaml_free(&tree);
    buf_free(&compiled);
    buf_free(&yaml);
}

static void test_valid_ones_compile(void **state)
{
    (void)state;
    struct buf text = buf_heap(IMPORT_MAX_BYTES);
    size_t workflows = 0;
    for (uint64_t seed = first_seed; seed < first_seed + how_many; seed++) {
        struct import_application *a;
        struct err err = { 0 };
        make_world(&world, seed);
        write_world(&world, &text);
        if (!import_read(buf_slice(&text), &a, &err))
            fail_msg("seed %llu: %s", (unsigned long long)seed, err.msg);
        for (size_t i = 0; i < import_workflow_count(a); i++)
            check_workflow(a, i, seed);
        workflows += import_workflow_count(a);
        import_free(a);
        json_doc_free(world.root);
    }
    assert_true(workflows >= how_many);
    buf_free(&text);
}

static void test_a_defect_is_named_by_its_path(void **state)
{
    (void)state;
    struct buf text = buf_heap(IMPORT_MAX_BYTES);
    unsigned planted = 0;
    for (uint64_t seed = first_seed; planted < how_many; seed++) {
        char path[2 * MAX_TEXT];
        struct import_application *a;
        struct err err = { 0 };
        make_world(&world, seed);
        if (plant(&world, path) != NULL) {
            planted++;
            write_world(&world, &text);
            if (import_read(buf_slice(&text), &a, &err))
                fail_msg("seed %llu: imported in spite of %s", (unsigned long long)seed, path);
            if (strncmp(err.msg, path, strlen(path)) != 0)
                fail_msg("seed %llu: expected \"%s…\", found \"%s\"", (unsigned long long)seed,
                         path, err.msg);
            assert_int_equal(err.code, ERR_INPUT);
        }
        json_doc_free(world.root);
    }
    buf_free(&text);
}

int main(int argc, char **argv)
{
    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--seed") == 0)
            first_seed = strtoull(argv[i + 1], NULL, 10);
        else if (strcmp(argv[i], "--count") == 0)
            how_many = (unsigned)strtoul(argv[i + 1], NULL, 10);
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_valid_ones_compile),
        cmocka_unit_test(test_a_defect_is_named_by_its_path),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
