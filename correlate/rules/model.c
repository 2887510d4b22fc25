/* SPDX-License-Identifier: Apache-2.0 */
/* Making, freeing and naming the parts of a rule set. */
#include "correlate/rules/model.h"

#include <string.h>

/* --- names ----------------------------------------------------------------------------------- */

/* The first row of a value is its name; later rows are other spellings that are documented or were
 * met: the rules editor and New-ADSyncRule's help write ISNOTBITSET and the spaced forms. */
struct name {
    const char *name;
    int value;
};

static const struct name operators[] = {
    {"EQUAL", COR_RULE_EQUAL},
    {"NOTEQUAL", COR_RULE_NOT_EQUAL},
    {"LESSTHAN", COR_RULE_LESS_THAN},
    {"LESSTHAN_OR_EQUAL", COR_RULE_LESS_THAN_OR_EQUAL},
    {"LESSTHANOREQUAL", COR_RULE_LESS_THAN_OR_EQUAL},
    {"GREATERTHAN", COR_RULE_GREATER_THAN},
    {"GREATERTHAN_OR_EQUAL", COR_RULE_GREATER_THAN_OR_EQUAL},
    {"GREATERTHANOREQUAL", COR_RULE_GREATER_THAN_OR_EQUAL},
    {"CONTAINS", COR_RULE_CONTAINS},
    {"NOTCONTAINS", COR_RULE_NOT_CONTAINS},
    {"STARTSWITH", COR_RULE_STARTS_WITH},
    {"NOTSTARTSWITH", COR_RULE_NOT_STARTS_WITH},
    {"ENDSWITH", COR_RULE_ENDS_WITH},
    {"NOTENDSWITH", COR_RULE_NOT_ENDS_WITH},
    {"ISNULL", COR_RULE_IS_NULL},
    {"ISNOTNULL", COR_RULE_IS_NOT_NULL},
    {"ISIN", COR_RULE_IS_IN},
    {"ISNOTIN", COR_RULE_IS_NOT_IN},
    {"ISBITSET", COR_RULE_IS_BIT_SET},
    {"ISBITNOTSET", COR_RULE_IS_BIT_NOT_SET},
    {"ISNOTBITSET", COR_RULE_IS_BIT_NOT_SET},
    {"ISMEMBEROF", COR_RULE_IS_MEMBER_OF},
};
static const struct name directions[] = {
    {"Inbound", COR_RULE_INBOUND},
    {"Outbound", COR_RULE_OUTBOUND},
};
static const struct name links[] = {
    {"Provision", COR_RULE_PROVISION},
    {"Join", COR_RULE_JOIN},
    {"StickyJoin", COR_RULE_STICKY_JOIN},
};
static const struct name merges[] = {
    {"Update", COR_RULE_UPDATE},
    {"Replace", COR_RULE_REPLACE},
    {"Merge", COR_RULE_MERGE},
    {"MergeCaseInsensitive", COR_RULE_MERGE_CASE_INSENSITIVE},
};

static const struct name sources[] = {
    {"connect-export", COR_RULES_CONNECT_EXPORT},
    {"connect-policy", COR_RULES_CONNECT_POLICY},
    {"cloud-sync", COR_RULES_CLOUD_SYNC},
};

static const char *name_of(const struct name *names, gsize n, int value)
{
    for (gsize i = 0; i < n; i++)
        if (names[i].value == value)
            return names[i].name;
    return NULL;
}

static gboolean by_name(const struct name *names, gsize n, const char *name, int *ret)
{
    for (gsize i = 0; name && i < n; i++)
        if (g_ascii_strcasecmp(names[i].name, name) == 0) {
            *ret = names[i].value;
            return TRUE;
        }
    return FALSE;
}

const char *cor_rule_operator_name(enum cor_rule_operator op)
{
    return name_of(operators, G_N_ELEMENTS(operators), (int)op);
}

gboolean cor_rule_operator_by_name(const char *name, enum cor_rule_operator *ret)
{
    int value;
    if (!by_name(operators, G_N_ELEMENTS(operators), name, &value))
        return FALSE;
    *ret = (enum cor_rule_operator)value;
    return TRUE;
}

const char *cor_rule_direction_name(enum cor_rule_direction direction)
{
    return name_of(directions, G_N_ELEMENTS(directions), (int)direction);
}

gboolean cor_rule_direction_by_name(const char *name, enum cor_rule_direction *ret)
{
    int value;
    if (!by_name(directions, G_N_ELEMENTS(directions), name, &value))
        return FALSE;
    *ret = (enum cor_rule_direction)value;
    return TRUE;
}

const char *cor_rule_link_name(enum cor_rule_link link)
{
    return name_of(links, G_N_ELEMENTS(links), (int)link);
}

gboolean cor_rule_link_by_name(const char *name, enum cor_rule_link *ret)
{
    int value;
    if (!by_name(links, G_N_ELEMENTS(links), name, &value))
        return FALSE;
    *ret = (enum cor_rule_link)value;
    return TRUE;
}

const char *cor_rule_merge_name(enum cor_rule_merge merge)
{
    return name_of(merges, G_N_ELEMENTS(merges), (int)merge);
}

gboolean cor_rule_merge_by_name(const char *name, enum cor_rule_merge *ret)
{
    int value;
    if (!by_name(merges, G_N_ELEMENTS(merges), name, &value))
        return FALSE;
    *ret = (enum cor_rule_merge)value;
    return TRUE;
}

const char *cor_rules_source_name(enum cor_rules_source source)
{
    return name_of(sources, G_N_ELEMENTS(sources), (int)source);
}

gboolean cor_rules_source_by_name(const char *name, enum cor_rules_source *ret)
{
    int value;
    if (!by_name(sources, G_N_ELEMENTS(sources), name, &value))
        return FALSE;
    *ret = (enum cor_rules_source)value;
    return TRUE;
}

/* --- parts ----------------------------------------------------------------------------------- */

static void clause_free(gpointer data)
{
    struct cor_rule_clause *clause = data;
    g_free(clause->attribute);
    g_free(clause->value);
    g_free(clause);
}

static void join_free(gpointer data)
{
    struct cor_rule_join *join = data;
    g_free(join->cs_attribute);
    g_free(join->mv_attribute);
    g_free(join);
}

static void mapping_free(gpointer data)
{
    struct cor_rule_mapping *mapping = data;
    g_free(mapping->target);
    g_ptr_array_unref(mapping->sources);
    g_free(mapping->constant);
    g_free(mapping->expression);
    g_free(mapping);
}

static void partition_free(gpointer data)
{
    struct cor_partition *partition = data;
    g_free(partition->dn);
    g_hash_table_unref(partition->parameters);
    g_ptr_array_unref(partition->inclusions);
    g_ptr_array_unref(partition->exclusions);
    g_free(partition);
}

static void connector_free(gpointer data)
{
    struct cor_connector *connector = data;
    g_free(connector->id);
    g_free(connector->name);
    g_free(connector->forest);
    g_free(connector->domain);
    g_free(connector->netbios);
    g_ptr_array_unref(connector->partitions);
    g_ptr_array_unref(connector->attributes);
    g_ptr_array_unref(connector->object_types);
    g_hash_table_unref(connector->syntaxes);
    g_hash_table_unref(connector->parameters);
    g_free(connector);
}

static void rule_free(gpointer data)
{
    cor_rule_free(data);
}

static GHashTable *text_table(void)
{
    return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
}

struct cor_rule *cor_rule_new(void)
{
    struct cor_rule *rule = g_new0(struct cor_rule, 1);
    rule->scope = g_ptr_array_new_with_free_func((GDestroyNotify)g_ptr_array_unref);
    rule->join = g_ptr_array_new_with_free_func((GDestroyNotify)g_ptr_array_unref);
    rule->mappings = g_ptr_array_new_with_free_func(mapping_free);
    rule->has_body = TRUE;
    return rule;
}

void cor_rule_free(struct cor_rule *rule)
{
    if (!rule)
        return;
    g_free(rule->id);
    g_free(rule->name);
    g_free(rule->description);
    g_free(rule->tag);
    g_free(rule->connector);
    g_free(rule->source_type);
    g_free(rule->target_type);
    g_ptr_array_unref(rule->scope);
    g_ptr_array_unref(rule->join);
    g_ptr_array_unref(rule->mappings);
    g_free(rule);
}

GPtrArray *cor_rule_add_scope_group(struct cor_rule *rule)
{
    GPtrArray *group = g_ptr_array_new_with_free_func(clause_free);
    g_ptr_array_add(rule->scope, group);
    return group;
}

void cor_rule_scope_group_add(GPtrArray *group, const char *attribute, enum cor_rule_operator op,
                              const char *value)
{
    struct cor_rule_clause *clause = g_new0(struct cor_rule_clause, 1);
    gboolean valueless = op == COR_RULE_IS_NULL || op == COR_RULE_IS_NOT_NULL;
    clause->attribute = g_strdup(attribute);
    clause->op = op;
    clause->value = valueless ? NULL : g_strdup(value ? value : "");
    g_ptr_array_add(group, clause);
}

GPtrArray *cor_rule_add_join_group(struct cor_rule *rule)
{
    GPtrArray *group = g_ptr_array_new_with_free_func(join_free);
    g_ptr_array_add(rule->join, group);
    return group;
}

void cor_rule_join_group_add(GPtrArray *group, const char *cs_attribute, const char *mv_attribute,
                             gboolean case_sensitive)
{
    struct cor_rule_join *join = g_new0(struct cor_rule_join, 1);
    join->cs_attribute = g_strdup(cs_attribute);
    join->mv_attribute = g_strdup(mv_attribute);
    join->case_sensitive = case_sensitive;
    g_ptr_array_add(group, join);
}

struct cor_rule_mapping *cor_rule_mapping_new(const char *target)
{
    struct cor_rule_mapping *mapping = g_new0(struct cor_rule_mapping, 1);
    mapping->target = g_strdup(target);
    mapping->sources = g_ptr_array_new_with_free_func(g_free);
    return mapping;
}

struct cor_connector *cor_connector_new(const char *id, const char *name)
{
    struct cor_connector *connector = g_new0(struct cor_connector, 1);
    connector->id = g_strdup(id);
    connector->name = g_strdup(name);
    connector->partitions = g_ptr_array_new_with_free_func(partition_free);
    connector->attributes = g_ptr_array_new_with_free_func(g_free);
    connector->object_types = g_ptr_array_new_with_free_func(g_free);
    connector->syntaxes = text_table();
    connector->parameters = text_table();
    return connector;
}

struct cor_partition *cor_partition_new(const char *dn)
{
    struct cor_partition *partition = g_new0(struct cor_partition, 1);
    partition->dn = g_strdup(dn);
    partition->parameters = text_table();
    partition->inclusions = g_ptr_array_new_with_free_func(g_free);
    partition->exclusions = g_ptr_array_new_with_free_func(g_free);
    return partition;
}

/* --- the set --------------------------------------------------------------------------------- */

struct cor_rule_set *cor_rule_set_new(enum cor_rules_source source)
{
    struct cor_rule_set *set = g_new0(struct cor_rule_set, 1);
    set->source = source;
    set->connectors = g_ptr_array_new_with_free_func(connector_free);
    set->rules = g_ptr_array_new_with_free_func(rule_free);
    set->options = text_table();
    set->metaverse = text_table();
    set->unknown = g_ptr_array_new_with_free_func(g_free);
    set->extra = cor_json_new_object();
    return set;
}

void cor_rule_set_free(struct cor_rule_set *set)
{
    if (!set)
        return;
    g_free(set->version);
    g_ptr_array_unref(set->connectors);
    g_ptr_array_unref(set->rules);
    g_hash_table_unref(set->options);
    g_hash_table_unref(set->metaverse);
    g_ptr_array_unref(set->unknown);
    cor_json_free(set->extra);
    g_free(set);
}

static gint by_precedence(gconstpointer a, gconstpointer b)
{
    const struct cor_rule *left = *(const struct cor_rule *const *)a;
    const struct cor_rule *right = *(const struct cor_rule *const *)b;
    if (left->precedence != right->precedence)
        return left->precedence < right->precedence ? -1 : 1;
    return g_strcmp0(left->id, right->id);
}

static gint by_id(gconstpointer a, gconstpointer b)
{
    const struct cor_connector *left = *(const struct cor_connector *const *)a;
    const struct cor_connector *right = *(const struct cor_connector *const *)b;
    return g_strcmp0(left->id, right->id);
}

void cor_rule_set_sort(struct cor_rule_set *set)
{
    g_ptr_array_sort(set->rules, by_precedence);
    g_ptr_array_sort(set->connectors, by_id);
}

const struct cor_connector *cor_rule_set_connector(const struct cor_rule_set *set, const char *id)
{
    for (guint i = 0; id && i < set->connectors->len; i++) {
        const struct cor_connector *connector = set->connectors->pdata[i];
        if (g_ascii_strcasecmp(connector->id, id) == 0)
            return connector;
    }
    return NULL;
}

const char *cor_rule_set_option(const struct cor_rule_set *set, const char *name)
{
    return g_hash_table_lookup(set->options, name);
}
