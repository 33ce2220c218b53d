/* What is known of the sensors: accuracy, range, calibration. */
#include "contracts/compile_sections.h"

#include <string.h>

#include "contracts/property.h"

static bool take_range(struct compile *c, const struct yaml_node *node, struct place at,
                       const char *unit, struct contract_sensor *sensor)
{
    static const char form[] = "expected a range such as \"-40 °C .. 85 °C\"";
    if (node->kind != YAML_SCALAR)
        return compile_refuse(c, node, at, form, NULL);
    const char *dots = strstr(node->text, "..");
    if (dots == NULL)
        return compile_refuse(c, node, at, form, node->text);
    sensor->has_range = true;
    if (!compile_take_operand(c, node, at, slice_of(node->text, (size_t)(dots - node->text)), unit,
                              &sensor->low) ||
        !compile_take_operand(c, node, at, slice_text(dots + 2), unit, &sensor->high))
        return false;
    const struct contract_operand *low = &sensor->low;
    const struct contract_operand *high = &sensor->high;
    if (low->is_term || high->is_term || value_compare(&low->number, &high->number) < 0)
        return true;
    return compile_refuse(c, node, at, "the range ends before it begins", node->text);
}

static bool take_sensor(struct compile *c, const struct yaml_node *map, struct place at,
                        struct contract_sensor *sensor)
{
    static const char *const known[] = { "accuracy", "range", NULL };
    const struct property *p = property_by_id(sensor->property);
    if (map->kind != YAML_MAP || map->count == 0)
        return compile_refuse(c, map, at, "expected \"accuracy\", \"range\" or both", NULL);
    if (!compile_check_keys(c, map, at, known, NULL))
        return false;
    const struct yaml_node *accuracy = yaml_get(map, "accuracy");
    const struct yaml_node *range = yaml_get(map, "range");
    at.key = "range";
    if (range != NULL && !take_range(c, range, at, p->unit, sensor))
        return false;
    at.key = "accuracy";
    if (accuracy == NULL)
        return true;
    if (accuracy->kind != YAML_SCALAR)
        return compile_refuse(c, accuracy, at, "expected a value such as \"0.5 °C\"", NULL);
    sensor->has_accuracy = true;
    if (!compile_take_operand(c, accuracy, at, slice_text(accuracy->text), p->unit,
                              &sensor->accuracy))
        return false;
    return sensor->accuracy.is_term || sensor->accuracy.number.number >= 0 ||
           compile_refuse(c, accuracy, at, "an accuracy is not below zero", accuracy->text);
}

/* Into its place by property; false when that has one already. */
static bool insert(struct contract_definition *def, const struct contract_sensor *sensor)
{
    size_t at = def->sensor_count;
    while (at > 0 && def->sensors[at - 1].property > sensor->property)
        at--;
    if (at > 0 && def->sensors[at - 1].property == sensor->property)
        return false;
    memmove(&def->sensors[at + 1], &def->sensors[at],
            (def->sensor_count - at) * sizeof def->sensors[0]);
    def->sensors[at] = *sensor;
    def->sensor_count++;
    return true;
}

static bool take_calibration(struct compile *c)
{
    static const char why[] = "expected a term of kind time, such as \"calibrated: { is: time }\"";
    const struct yaml_node *node = yaml_get(c->tree->root, "calibrated until");
    struct place at = { .section = "calibrated until" };
    struct contract_operand *o = &c->def.calibration;
    if (node == NULL)
        return true;
    if (node->kind != YAML_SCALAR ||
        !definition_find_term(&c->def, slice_text(node->text), &o->term) ||
        c->def.terms[o->term].kind.type != CONTRACT_TIME)
        return compile_refuse(c, node, at, why, node->kind == YAML_SCALAR ? node->text : NULL);
    c->def.has_calibration = true;
    o->is_term = true;
    return true;
}

bool compile_take_sensors(struct compile *c)
{
    const struct yaml_node *map;
    if (!compile_take_section(c, "sensors", DEFINITION_MAX_RULES - 1, &map))
        return false;
    const struct yaml_node *calibrated = yaml_get(c->tree->root, "calibrated until");
    struct place alone = { .section = map != NULL ? "sensors" : "calibrated until" };
    if (c->def.rule_count == 0 && (map != NULL || calibrated != NULL))
        return compile_refuse(c, map != NULL ? map : calibrated, alone,
                              "has no meaning without rules under \"watch\"", NULL);
    for (size_t i = 0; map != NULL && i < map->count; i++) {
        struct contract_sensor sensor = { 0 };
        struct place at = { "sensors", map->keys[i]->text, NULL };
        const struct property *property = NULL;
        if (!compile_take_property(c, map->keys[i], at, &property) || property == NULL)
            return false;
        sensor.property = property->id;
        if (!take_sensor(c, map->values[i], at, &sensor))
            return false;
        if (!insert(&c->def, &sensor))
            return compile_refuse(c, map->keys[i], at, "this property is given twice", NULL);
    }
    return take_calibration(c);
}
