/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scoping filters: OR of ANDs. Text compares without case. Numbers compare as numbers:
 * Microsoft's page says "a string compare", but then no group of seven members would pass the
 * shipped filter memberCount LESSTHAN 50000.
 */
#include "correlate/rules/engine_private.h"

#include <string.h>

struct cor_value cor_run_side_value(struct cor_program_run *run, enum cor_program_side side,
                                    guint source, guint slot)
{
    return side == COR_SIDE_SOURCE ? cor_run_source_value(run, source, slot)
                                   : cor_run_attribute(run, slot)->value;
}

/* A value of a filter may name a parameter, as the shipped contributingConnectorExchange EQUAL
 * %Connector.ID% does. */
static const char *wanted(struct cor_program_run *run, const struct cor_clause *clause,
                          guint source)
{
    struct cor_value value;
    gsize len = clause->folded ? strlen(clause->folded) : 0;
    if (len < 3 || clause->folded[0] != '%' || clause->folded[len - 1] != '%')
        return clause->folded ? clause->folded : "";
    g_autofree char *name = g_strndup(clause->folded + 1, len - 2);
    if (!cor_run_parameter(run, source, name, &value))
        return clause->folded;
    const char *text = cor_program_text(value, TRUE, run->arena);
    return text ? text : "";
}

static gboolean as_number(struct cor_value value, gint64 *ret)
{
    if (value.type == COR_VALUE_INT) {
        *ret = value.number;
        return TRUE;
    }
    return value.type == COR_VALUE_STRING && cor_program_number(value.text, ret);
}

static int compare(const struct cor_clause *clause, struct cor_value value, const char *text,
                   const char *want)
{
    gint64 number = 0;
    if (clause->has_number && value.type == COR_VALUE_INT && as_number(value, &number))
        return number < clause->number ? -1 : number > clause->number;
    return strcmp(text, want);
}

static gboolean holds_one(struct cor_program_run *run, const struct cor_clause *clause,
                          struct cor_value value, const char *want)
{
    gint64 number = 0;
    if (clause->positive == COR_RULE_IS_BIT_SET)
        return clause->has_number && as_number(value, &number) && (number & clause->number) != 0;
    const char *text = cor_program_text(value, TRUE, run->arena);
    if (!text)
        return FALSE;
    switch (clause->positive) {
    case COR_RULE_LESS_THAN:
        return compare(clause, value, text, want) < 0;
    case COR_RULE_LESS_THAN_OR_EQUAL:
        return compare(clause, value, text, want) <= 0;
    case COR_RULE_GREATER_THAN:
        return compare(clause, value, text, want) > 0;
    case COR_RULE_GREATER_THAN_OR_EQUAL:
        return compare(clause, value, text, want) >= 0;
    case COR_RULE_CONTAINS:
        return strstr(text, want) != NULL;
    case COR_RULE_STARTS_WITH:
        return g_str_has_prefix(text, want);
    case COR_RULE_ENDS_WITH:
        return g_str_has_suffix(text, want);
    default: /* EQUAL, ISIN */
        return compare(clause, value, text, want) == 0;
    }
}

static gboolean is_member(const struct cor_program_run *run, const struct cor_clause *clause,
                          guint source)
{
    const struct cor_run_source *at = run->sources->pdata[source];
    return run->options.is_member &&
           run->options.is_member(at->object, clause->of->value, run->options.data);
}

static gboolean holds_positive(struct cor_program_run *run, const struct cor_clause *clause,
                               enum cor_program_side side, guint source)
{
    if (clause->positive == COR_RULE_IS_MEMBER_OF)
        return is_member(run, clause, source);
    struct cor_value value = cor_run_side_value(run, side, source, clause->slot);
    if (clause->positive == COR_RULE_IS_NULL)
        return cor_value_is_null(&value);
    if (cor_value_is_null(&value) || value.type == COR_VALUE_ERROR)
        return FALSE;
    const char *want = wanted(run, clause, source);
    if (value.type != COR_VALUE_MULTI)
        return holds_one(run, clause, value, want);
    for (gsize i = 0; i < value.len; i++)
        if (holds_one(run, clause, value.items[i], want))
            return TRUE;
    return FALSE;
}

/* Every NOT is the negation of its operator, so that it also holds where there is no value. */
static gboolean holds(struct cor_program_run *run, const struct cor_clause *clause,
                      enum cor_program_side side, guint source)
{
    return holds_positive(run, clause, side, source) != clause->negative;
}

static const struct cor_clause *first_failing(struct cor_program_run *run,
                                              const struct cor_flow_group *group,
                                              enum cor_program_side side, guint source)
{
    for (guint i = 0; i < group->clauses->len; i++) {
        const struct cor_clause *clause = &g_array_index(group->clauses, struct cor_clause, i);
        if (!holds(run, clause, side, source))
            return clause;
    }
    return NULL;
}

gboolean cor_run_in_scope(struct cor_program_run *run, const struct cor_program_rule *rule,
                          enum cor_program_side side, guint source)
{
    if (rule->never)
        return FALSE;
    for (guint i = 0; i < rule->scope->len; i++) {
        const struct cor_flow_group *group = rule->scope->pdata[i];
        if (!group->never && !first_failing(run, group, side, source))
            return TRUE;
    }
    return rule->scope->len == 0;
}

static void tell_clause(struct cor_program_run *run, const struct cor_clause *clause,
                        enum cor_program_side side, guint source, GString *out)
{
    g_string_append_printf(out, "%s%s %s%s%s", out->len > 0 ? "; or " : "", clause->of->attribute,
                           cor_rule_operator_name(clause->of->op), clause->of->value ? " " : "",
                           clause->of->value ? clause->of->value : "");
    if (clause->positive == COR_RULE_IS_MEMBER_OF)
        return;
    struct cor_value value = cor_run_side_value(run, side, source, clause->slot);
    const char *text = cor_program_text(value, FALSE, run->arena);
    g_string_append_printf(out, " (it is %s)",
                           cor_value_is_null(&value) ? "not there" : (text ? text : "several"));
}

char *cor_run_scope_why(struct cor_program_run *run, const struct cor_program_rule *rule,
                        enum cor_program_side side, guint source)
{
    GString *out = g_string_new(NULL);
    for (guint i = 0; i < rule->scope->len; i++) {
        const struct cor_clause *clause = first_failing(run, rule->scope->pdata[i], side, source);
        if (clause)
            tell_clause(run, clause, side, source, out);
    }
    g_string_prepend(out, "its scope asks for ");
    return g_string_free(out, FALSE);
}
