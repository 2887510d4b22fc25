/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Formulas: what mappings say, each kept once. What a formula gives when nothing it reads is there
 * is computed while compiling, so that the many mappings of absent attributes cost nothing.
 */
#include "correlate/rules/engine_compile.h"

#include <string.h>

struct binding {
    struct cor_program *engine;
    struct cor_formula *formula;
};

static struct cor_program_names *names_of(struct cor_program *engine, enum cor_program_side side)
{
    return side == COR_SIDE_SOURCE ? &engine->source : &engine->metaverse;
}

static void reads(struct cor_formula *formula, guint slot)
{
    for (guint i = 0; i < formula->slots->len; i++)
        if (g_array_index(formula->slots, guint, i) == slot)
            return;
    g_array_append_val(formula->slots, slot);
}

static guint bind(const char *attribute, void *data)
{
    struct binding *binding = data;
    guint slot = cor_program_slot(names_of(binding->engine, binding->formula->side), attribute);
    reads(binding->formula, slot);
    return slot;
}

/* Attributes that a function takes by name: ImportedValue("x"), ValueCount("x"). The outbound
 * ImportedValue reads the cloud's object, which is of the directory side too. */
static void reads_by_name(struct cor_program *engine, struct cor_formula *formula,
                          const char *function)
{
    for (const char *at = formula->text; (at = strstr(at, function)); at++) {
        const char *c = at + strlen(function);
        c += strspn(c, " \t\r\n");
        if (*c != '(')
            continue;
        c += 1 + strspn(c + 1, " \t\r\n");
        const char *end = *c == '"' ? strchr(c + 1, '"') : NULL;
        if (!end)
            continue;
        g_autofree char *name = g_strndup(c + 1, (gsize)(end - c - 1));
        reads(formula, cor_program_slot(names_of(engine, formula->side), name));
        cor_program_slot(&engine->source, name);
    }
}

static struct cor_value nothing(const struct cor_expression_env *env, guint slot)
{
    (void)env;
    (void)slot;
    return (struct cor_value){.type = COR_VALUE_NULL};
}

static struct cor_value not_imported(const struct cor_expression_env *env, const char *attribute)
{
    (void)env;
    (void)attribute;
    return (struct cor_value){.type = COR_VALUE_NULL};
}

static gboolean unknown(const struct cor_expression_env *env, const char *name,
                        struct cor_value *ret)
{
    (void)env;
    (void)name;
    (void)ret;
    return FALSE;
}

/* Its value depends on its attributes alone. */
static gboolean is_fixed(const struct cor_formula *formula)
{
    static const char *const moving[] = {
        "Now", "Guid", "RandomNum", "RandomString", "SelectUniqueValue", "ImportedValue"};
    if (cor_expression_parameters(formula->expression)->len > 0)
        return FALSE;
    for (gsize i = 0; i < G_N_ELEMENTS(moving); i++)
        if (cor_expression_calls(formula->expression, moving[i]) > 0 &&
            !(strcmp(moving[i], "ImportedValue") == 0 && formula->side == COR_SIDE_SOURCE))
            return FALSE;
    return TRUE;
}

static void find_blank(struct cor_program *engine, struct cor_formula *formula)
{
    if (formula->kind == COR_FORMULA_EXPRESSION && (formula->fails || !is_fixed(formula)))
        return;
    formula->has_blank = TRUE;
    if (formula->kind == COR_FORMULA_DIRECT)
        return;
    if (formula->kind == COR_FORMULA_CONSTANT) {
        formula->blank = cor_value_string(formula->text);
        return;
    }
    struct cor_expression_env env = {.attribute = nothing,
                                     .parameter = unknown,
                                     .imported = not_imported,
                                     .arena = engine->arena};
    formula->blank = cor_expression_evaluate(formula->expression, &env);
}

static void parse(struct cor_program *engine, struct cor_formula *formula)
{
    g_autoptr(GError) error = NULL;
    formula->expression =
        cor_expression_parse(formula->text, strlen(formula->text), engine->dialect, &error);
    if (!formula->expression) {
        g_free(formula->text);
        formula->text = g_strdup(error->message);
        formula->fails = TRUE;
        return;
    }
    struct binding binding = {engine, formula};
    cor_expression_bind(formula->expression, bind, &binding);
    reads_by_name(engine, formula, "ImportedValue");
    reads_by_name(engine, formula, "ValueCount");
}

static enum cor_formula_kind kind_of(const struct cor_rule_mapping *mapping, const char **ret_text)
{
    if (mapping->expression && *mapping->expression) {
        *ret_text = mapping->expression;
        return COR_FORMULA_EXPRESSION;
    }
    if (mapping->constant) {
        *ret_text = mapping->constant;
        return COR_FORMULA_CONSTANT;
    }
    *ret_text = mapping->sources->len > 0 ? mapping->sources->pdata[0] : "";
    return COR_FORMULA_DIRECT;
}

struct cor_formula *cor_program_formula(struct cor_program *engine, enum cor_program_side side,
                                        const struct cor_rule *rule,
                                        const struct cor_rule_mapping *mapping)
{
    const char *text = NULL;
    enum cor_formula_kind kind = kind_of(mapping, &text);
    g_autofree char *key = g_strdup_printf("%d%d%s", (int)side, (int)kind, text);
    struct cor_formula *formula = g_hash_table_lookup(engine->formula_index, key);
    if (!formula) {
        formula = g_new0(struct cor_formula, 1);
        formula->kind = kind;
        formula->side = side;
        formula->number = engine->formulas->len;
        formula->text = g_strdup(text);
        formula->slots = g_array_new(FALSE, FALSE, sizeof(guint));
        if (kind == COR_FORMULA_EXPRESSION)
            parse(engine, formula);
        else if (kind == COR_FORMULA_DIRECT)
            reads(formula, cor_program_slot(names_of(engine, side), text));
        find_blank(engine, formula);
        g_ptr_array_add(engine->formulas, formula);
        g_hash_table_insert(engine->formula_index, g_steal_pointer(&key), formula);
    }
    if (formula->fails)
        cor_program_complain(engine, rule, mapping->target, g_strdup(formula->text));
    return formula;
}

void cor_program_formula_free(void *data)
{
    struct cor_formula *formula = data;
    cor_expression_free(formula->expression);
    g_array_unref(formula->slots);
    g_free(formula->text);
    g_free(formula);
}
