/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scope of a Cloud Sync object mapping (Graph resource filter): groups of clauses, OR of ANDs. A
 * clause that the model cannot express is kept and listed, and counts as fulfilled.
 */
#include "agent/rules/members.h"

#include <stddef.h>
#include <string.h>

struct clause {
    char *operator, * attribute;
    GPtrArray *values; /* char * */
};

/* Names as in the provisioning service ("scoping filters"), without case, spaces and underscores.
 * An absent isCriticalSystemObject passes IS FALSE in the default scope, so false is "not true". */
static const struct {
    const char *name;
    enum cor_rule_operator op;
    const char *value; /* fixed; NULL: that of the clause */
} operators[] = {
    {"EQUALS", COR_RULE_EQUAL, NULL},
    {"NOTEQUALS", COR_RULE_NOT_EQUAL, NULL},
    {"ISTRUE", COR_RULE_EQUAL, "True"},
    {"ISFALSE", COR_RULE_NOT_EQUAL, "True"},
    {"ISNULL", COR_RULE_IS_NULL, ""},
    {"ISNOTNULL", COR_RULE_IS_NOT_NULL, ""},
    {"GREATERTHAN", COR_RULE_GREATER_THAN, NULL},
    {"GREATERTHANOREQUALS", COR_RULE_GREATER_THAN_OR_EQUAL, NULL},
    {"ISMEMBEROF", COR_RULE_IS_MEMBER_OF, NULL},
};
/* A pattern that is a literal text between optional anchors is one of these; [starts][ends]. */
static const enum cor_rule_operator literal[2][2] = {
    {COR_RULE_CONTAINS, COR_RULE_ENDS_WITH},
    {COR_RULE_STARTS_WITH, COR_RULE_EQUAL},
};
static const enum cor_rule_operator not_literal[2][2] = {
    {COR_RULE_NOT_CONTAINS, COR_RULE_NOT_ENDS_WITH},
    {COR_RULE_NOT_STARTS_WITH, COR_RULE_NOT_EQUAL},
};

static char *bare(const char *name)
{
    GString *out = g_string_new(NULL);
    for (; *name; name++)
        if (*name != ' ' && *name != '_')
            g_string_append_c(out, g_ascii_toupper(*name));
    return g_string_free(out, FALSE);
}

/* The literal text of a regular expression, or NULL when it is more than that. */
static char *plain(const char *pattern, gboolean *starts, gboolean *ends)
{
    g_autoptr(GString) out = g_string_new(NULL);
    *starts = *pattern == '^';
    *ends = FALSE;
    for (const char *at = pattern + *starts; *at; at++) {
        if (*at == '\\' && at[1] && g_ascii_ispunct(at[1])) {
            g_string_append_c(out, *++at);
        } else if (*at == '$' && !at[1]) {
            *ends = TRUE;
        } else if (strcmp(at, ".*") == 0) {
            break;
        } else if (strchr("\\^$.|?*+()[]{}", *at)) {
            return NULL;
        } else {
            g_string_append_c(out, *at);
        }
    }
    return g_strdup(out->str);
}

static gboolean add_pattern(GPtrArray *group, const struct clause *clause, const char *name)
{
    gboolean negative = strcmp(name, "NOTREGEXMATCH") == 0, starts, ends;
    if ((!negative && strcmp(name, "REGEXMATCH") != 0) || clause->values->len != 1)
        return FALSE;
    g_autofree char *text = plain(clause->values->pdata[0], &starts, &ends);
    if (text)
        cor_rule_scope_group_add(group, clause->attribute,
                                 (negative ? not_literal : literal)[starts][ends], text);
    return text != NULL;
}

/* FALSE: the model has no such clause. */
static gboolean add_clause(GPtrArray *group, const struct clause *clause)
{
    g_autofree char *name = bare(clause->operator);
    for (guint i = 0; i < G_N_ELEMENTS(operators); i++) {
        if (strcmp(operators[i].name, name) != 0)
            continue;
        if (!operators[i].value && clause->values->len != 1)
            return FALSE;
        cor_rule_scope_group_add(group, clause->attribute, operators[i].op,
                                 operators[i].value ? operators[i].value
                                                    : clause->values->pdata[0]);
        return TRUE;
    }
    return add_pattern(group, clause, name);
}

static gboolean take_operand(struct rules_document *in, const struct cor_json *value, void *target,
                             GError **error)
{
    static const struct rules_member members[] = {
        {.name = "values", .take = rules_member_texts, .offset = offsetof(struct clause, values)},
    };
    return rules_members_read(in, value, RULES_MEMBERS(members), target, error);
}

static gboolean take_clause(struct rules_document *in, const struct cor_json *value, void *target,
                            GError **error)
{
    static const struct rules_member members[] = {
        {.name = "operatorName",
         .take = rules_member_text,
         .offset = offsetof(struct clause, operator),
         .required = TRUE},
        {.name = "sourceOperandName",
         .take = rules_member_text,
         .offset = offsetof(struct clause, attribute),
         .required = TRUE},
        {.name = "targetOperand", .take = take_operand},
    };
    struct clause clause = {NULL, NULL, g_ptr_array_new_with_free_func(g_free)};
    gboolean ok = rules_members_read(in, value, RULES_MEMBERS(members), &clause, error);
    if (ok && !add_clause(target, &clause)) {
        rules_member_finding(in, "%s %s cannot be computed and counts as fulfilled",
                             clause.attribute, clause.operator);
        rules_member_keep(in, value);
    }
    g_free(clause.operator);
    g_free(clause.attribute);
    g_ptr_array_unref(clause.values);
    return ok;
}

static gboolean take_clauses(struct rules_document *in, const struct cor_json *value, void *target,
                             GError **error)
{
    return rules_members_each(in, value, take_clause, target, error);
}

static gboolean take_group(struct rules_document *in, const struct cor_json *value, void *target,
                           GError **error)
{
    static const struct rules_member members[] = {
        {.name = "clauses", .take = take_clauses},
        {.name = "name"},
    };
    return rules_members_read(in, value, RULES_MEMBERS(members), cor_rule_add_scope_group(target),
                              error);
}

static gboolean take_groups(struct rules_document *in, const struct cor_json *value, void *target,
                            GError **error)
{
    return rules_members_each(in, value, take_group, target, error);
}

/* "Experimental" in the Graph reference. */
static gboolean take_experimental(struct rules_document *in, const struct cor_json *value,
                                  void *target, GError **error)
{
    (void)target, (void)error;
    if (cor_json_size(value))
        rules_member_keep(in, value);
    return TRUE;
}

gboolean rules_read_cloud_scope(struct rules_document *in, const struct cor_json *value,
                                struct cor_rule *rule, GError **error)
{
    static const struct rules_member members[] = {
        {.name = "groups", .take = take_groups},
        {.name = "inputFilterGroups", .take = take_experimental},
        {.name = "categoryFilterGroups", .take = take_experimental},
    };
    return rules_members_read(in, value, RULES_MEMBERS(members), rule, error);
}

void rules_cloud_scope_groups(struct cor_rule *rule, const GPtrArray *groups)
{
    if (!groups->len)
        return;
    if (!rule->scope->len)
        cor_rule_add_scope_group(rule);
    guint before = rule->scope->len;
    for (guint i = 0; i < before; i++) {
        const GPtrArray *of = rule->scope->pdata[i];
        for (guint g = 0; g < groups->len; g++) {
            GPtrArray *group = cor_rule_add_scope_group(rule);
            cor_rule_scope_group_add(group, "dn", COR_RULE_IS_MEMBER_OF, groups->pdata[g]);
            for (guint c = 0; c < of->len; c++) {
                const struct cor_rule_clause *clause = of->pdata[c];
                cor_rule_scope_group_add(group, clause->attribute, clause->op, clause->value);
            }
        }
    }
    g_ptr_array_remove_range(rule->scope, 0, before);
}
