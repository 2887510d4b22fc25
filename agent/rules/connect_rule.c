/* SPDX-License-Identifier: Apache-2.0 */
/* SynchronizationRules/SynchronizationRule_{guid}.xml of Get-ADSyncServerConfiguration. */
#include "agent/rules/reading.h"

#include <stddef.h>
#include <string.h>

static gboolean take_guid(struct rules_reading *in, xmlNode *node, const char *text, void *target,
                          GError **error)
{
    char **member = target;
    *member = rules_guid(text);
    return *member || rules_expected(in, node, "a GUID in braces", text, error);
}

#define TAKE_NAME(function, by_name, type, expected)                                               \
    static gboolean function(struct rules_reading *in, xmlNode *node, const char *text,            \
                             void *target, GError **error)                                         \
    {                                                                                              \
        type *member = target;                                                                     \
        return by_name(text, member) || rules_expected(in, node, expected, text, error);           \
    }
TAKE_NAME(take_direction, cor_rule_direction_by_name, enum cor_rule_direction,
          "Inbound or Outbound")
TAKE_NAME(take_link, cor_rule_link_by_name, enum cor_rule_link, "Provision, Join or StickyJoin")
TAKE_NAME(take_merge, cor_rule_merge_by_name, enum cor_rule_merge,
          "Update, Replace, Merge or MergeCaseInsensitive")
TAKE_NAME(take_operator, cor_rule_operator_by_name, enum cor_rule_operator, "a scoping operator")

static gboolean take_precedence(struct rules_reading *in, xmlNode *node, const char *text,
                                void *target, GError **error)
{
    gint64 *member = target;
    return g_ascii_string_to_signed(text, 10, 0, G_MAXINT32, member, NULL) ||
           rules_expected(in, node, "a number from 0 on as precedence", text, error);
}

/* --- mappings -------------------------------------------------------------------------------- */

static gboolean take_source(struct rules_reading *in, xmlNode *node, const char *text, void *target,
                            GError **error)
{
    static const struct rules_element elements[] = {
        {.name = "attr",
         .take = rules_take_item,
         .flags = RULES_REPEATS,
         .offset = offsetof(struct cor_rule_mapping, sources)},
    };
    struct cor_rule_mapping *mapping = target;
    if (!rules_read(in, node, RULES_TABLE(elements), mapping, error))
        return FALSE;
    if (mapping->sources->len == 0)
        mapping->constant = g_strdup(text);
    return TRUE;
}

static gboolean take_mapping(struct rules_reading *in, xmlNode *node, const char *text,
                             void *target, GError **error)
{
    static const struct rules_element elements[] = {
        {.name = "@execute-once",
         .take = rules_take_bool,
         .offset = offsetof(struct cor_rule_mapping, execute_once)},
        {.name = "dest",
         .take = rules_take_text,
         .flags = RULES_REQUIRED,
         .offset = offsetof(struct cor_rule_mapping, target)},
        {.name = "src", .take = take_source},
        {.name = "expression",
         .take = rules_take_text,
         .offset = offsetof(struct cor_rule_mapping, expression)},
        {.name = "valueMergeType",
         .take = take_merge,
         .offset = offsetof(struct cor_rule_mapping, merge)},
    };
    (void)text;
    struct cor_rule *rule = target;
    struct cor_rule_mapping *mapping = cor_rule_mapping_new(NULL);
    g_ptr_array_add(rule->mappings, mapping);
    if (!rules_read(in, node, RULES_TABLE(elements), mapping, error))
        return FALSE;
    if (!*mapping->target)
        return rules_expected(in, node, "the name of an attribute in dest", "nothing", error);
    if (mapping->expression && !*mapping->expression)
        g_clear_pointer(&mapping->expression, g_free);
    /* an empty src beside an expression is no constant */
    if (mapping->expression && mapping->constant && !*mapping->constant)
        g_clear_pointer(&mapping->constant, g_free);
    if (!mapping->expression && mapping->sources->len > 1)
        rules_finding(in, node, "the direct mapping of %s names %u attributes", mapping->target,
                      mapping->sources->len);
    if (!mapping->expression && !mapping->constant && !mapping->sources->len)
        rules_finding(in, node, "the mapping of %s has no source", mapping->target);
    return TRUE;
}

static gboolean take_mappings(struct rules_reading *in, xmlNode *node, const char *text,
                              void *target, GError **error)
{
    static const struct rules_element elements[] = {
        {.name = "mapping", .take = take_mapping, .flags = RULES_REPEATS},
    };
    (void)text;
    return rules_read(in, node, RULES_TABLE(elements), target, error);
}

/* --- joins ----------------------------------------------------------------------------------- */

static gboolean take_condition(struct rules_reading *in, xmlNode *node, const char *text,
                               void *target, GError **error)
{
    struct condition {
        char *cs, *mv;
        gboolean case_sensitive;
    };
    static const struct rules_element elements[] = {
        {.name = "csAttribute",
         .take = rules_take_text,
         .flags = RULES_REQUIRED,
         .offset = offsetof(struct condition, cs)},
        {.name = "ilmAttribute",
         .take = rules_take_text,
         .flags = RULES_REQUIRED,
         .offset = offsetof(struct condition, mv)},
        {.name = "caseSensitive",
         .take = rules_take_bool,
         .offset = offsetof(struct condition, case_sensitive)},
    };
    (void)text;
    struct condition condition = {0};
    gboolean ok = rules_read(in, node, RULES_TABLE(elements), &condition, error);
    if (ok)
        cor_rule_join_group_add(target, condition.cs, condition.mv, condition.case_sensitive);
    g_free(condition.cs);
    g_free(condition.mv);
    return ok;
}

static gboolean take_join_group(struct rules_reading *in, xmlNode *node, const char *text,
                                void *target, GError **error)
{
    static const struct rules_element elements[] = {
        {.name = "condition", .take = take_condition, .flags = RULES_REPEATS},
    };
    (void)text;
    return rules_read(in, node, RULES_TABLE(elements), cor_rule_add_join_group(target), error);
}

static gboolean take_joins(struct rules_reading *in, xmlNode *node, const char *text, void *target,
                           GError **error)
{
    static const struct rules_element elements[] = {
        {.name = "conditions", .take = take_join_group, .flags = RULES_REPEATS},
    };
    (void)text;
    return rules_read(in, node, RULES_TABLE(elements), target, error);
}

/* --- scope ----------------------------------------------------------------------------------- */

static gboolean take_clause(struct rules_reading *in, xmlNode *node, const char *text, void *target,
                            GError **error)
{
    struct scope {
        char *attribute, *value;
        enum cor_rule_operator op;
    };
    static const struct rules_element elements[] = {
        {.name = "csAttribute",
         .take = rules_take_text,
         .flags = RULES_REQUIRED,
         .offset = offsetof(struct scope, attribute)},
        {.name = "csOperator",
         .take = take_operator,
         .flags = RULES_REQUIRED,
         .offset = offsetof(struct scope, op)},
        {.name = "csValue", .take = rules_take_text, .offset = offsetof(struct scope, value)},
    };
    (void)text;
    struct scope scope = {0};
    gboolean ok = rules_read(in, node, RULES_TABLE(elements), &scope, error);
    if (ok)
        cor_rule_scope_group_add(target, scope.attribute, scope.op, scope.value);
    g_free(scope.attribute);
    g_free(scope.value);
    return ok;
}

static gboolean take_scope_group(struct rules_reading *in, xmlNode *node, const char *text,
                                 void *target, GError **error)
{
    static const struct rules_element elements[] = {
        {.name = "scope", .take = take_clause, .flags = RULES_REPEATS},
    };
    (void)text;
    return rules_read(in, node, RULES_TABLE(elements), cor_rule_add_scope_group(target), error);
}

static gboolean take_scope(struct rules_reading *in, xmlNode *node, const char *text, void *target,
                           GError **error)
{
    static const struct rules_element elements[] = {
        {.name = "conditions", .take = take_scope_group, .flags = RULES_REPEATS},
    };
    (void)text;
    return rules_read(in, node, RULES_TABLE(elements), target, error);
}

/* --- the rule -------------------------------------------------------------------------------- */

#define RULE(field) .offset = offsetof(struct cor_rule, field)

/* internal-id, version and the neighbours in precedence only matter to the rules editor. */
static const struct rules_element rule_elements[] = {
    {.name = "id", .take = take_guid, RULE(id), .flags = RULES_REQUIRED},
    {.name = "name", .take = rules_take_text, RULE(name), .flags = RULES_REQUIRED},
    {.name = "description", .take = rules_take_text, RULE(description)},
    {.name = "immutable-tag", .take = rules_take_text, RULE(tag)},
    {.name = "direction", .take = take_direction, RULE(direction), .flags = RULES_REQUIRED},
    {.name = "disabled", .take = rules_take_bool, RULE(disabled)},
    {.name = "connector", .take = take_guid, RULE(connector), .flags = RULES_REQUIRED},
    {.name = "sourceObjectType",
     .take = rules_take_text,
     RULE(source_type),
     .flags = RULES_REQUIRED},
    {.name = "targetObjectType",
     .take = rules_take_text,
     RULE(target_type),
     .flags = RULES_REQUIRED},
    {.name = "linkType", .take = take_link, RULE(link), .flags = RULES_REQUIRED},
    {.name = "precedence", .take = take_precedence, RULE(precedence), .flags = RULES_REQUIRED},
    {.name = "EnablePasswordSync", .take = rules_take_bool, RULE(password_sync)},
    {.name = "attribute-mappings", .take = take_mappings},
    {.name = "relationshipCriteria", .take = take_joins},
    {.name = "synchronizationCriteria", .take = take_scope},
    {.name = "internal-id"},
    {.name = "version"},
    {.name = "precedence-after"},
    {.name = "precedence-before"},
    {.name = "softDeleteExpiryInterval", .usual = "00:00:00"},
};

static gboolean check_rule(struct rules_reading *in, const xmlNode *root,
                           const struct cor_rule *rule, GError **error)
{
    for (guint i = 0; i < in->set->rules->len; i++) {
        const struct cor_rule *other = in->set->rules->pdata[i];
        if (other != rule && strcmp(other->id, rule->id) == 0) {
            g_autofree char *found = g_strdup_printf("that of \"%s\"", other->name);
            return rules_expected(in, root, "an id of its own", found, error);
        }
    }
    return TRUE;
}

gboolean rules_read_rule(struct rules_reading *in, xmlNode *root, GError **error)
{
    if (strcmp((const char *)root->name, "synchronizationRule") != 0)
        return rules_expected(in, root, "element synchronizationRule", (const char *)root->name,
                              error);
    struct cor_rule *rule = cor_rule_new();
    g_ptr_array_add(in->set->rules, rule);
    return rules_read(in, root, RULES_TABLE(rule_elements), rule, error) &&
           check_rule(in, root, rule, error);
}
