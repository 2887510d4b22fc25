/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The policy that Entra Connect writes when its settings change, or exports on demand
 * (how-to-connect-import-export-config): custom rules in full, standard rules by their tag. Its
 * format is not documented as such; what is known of it comes from tools that read it, so whatever
 * else stands in it is kept and listed.
 */
#include "agent/rules/defaults.h"
#include "agent/rules/members.h"

#include <stddef.h>
#include <string.h>

#define ENTRA_ID "{b891884f-051e-4a83-95af-2544101c9083}" /* the same in every installation */
#define TAG_IN   "Microsoft.Infrom"
#define TAG_OUT  "Microsoft.Outto"

/* A rule being read, and its place in the file. */
struct reading {
    struct cor_rule *rule;
    gboolean has_precedence;
    guint guessed; /* sources that were taken for the name of an attribute */
};

/* --- custom rules ---------------------------------------------------------------------------- */

#define TAKE_NAME(function, by_name, type, field, expected)                                        \
    static gboolean function(struct rules_document *in, const struct cor_json *value,              \
                             void *target, GError **error)                                         \
    {                                                                                              \
        struct reading *reading = target;                                                          \
        const char *text = cor_json_string(value);                                                 \
        return (text && by_name(text, &reading->rule->field)) ||                                   \
               rules_member_expected(in, value, expected, error);                                  \
    }
TAKE_NAME(take_direction, cor_rule_direction_by_name, enum cor_rule_direction, direction,
          "Inbound or Outbound")
TAKE_NAME(take_link, cor_rule_link_by_name, enum cor_rule_link, link,
          "Provision, Join or StickyJoin")

#define RULE_TAKE(function, take, field)                                                           \
    static gboolean function(struct rules_document *in, const struct cor_json *value,              \
                             void *target, GError **error)                                         \
    {                                                                                              \
        return take(in, value, &((struct reading *)target)->rule->field, error);                   \
    }
RULE_TAKE(take_name, rules_member_text, name)
RULE_TAKE(take_description, rules_member_text, description)
RULE_TAKE(take_tag, rules_member_text, tag)
RULE_TAKE(take_source_type, rules_member_text, source_type)
RULE_TAKE(take_target_type, rules_member_text, target_type)
RULE_TAKE(take_disabled, rules_member_bool, disabled)
RULE_TAKE(take_precedence_value, rules_member_int, precedence)

static gboolean take_precedence(struct rules_document *in, const struct cor_json *value,
                                void *target, GError **error)
{
    struct reading *reading = target;
    reading->has_precedence = TRUE;
    if (!take_precedence_value(in, value, target, error))
        return FALSE;
    return reading->rule->precedence >= 0 ||
           rules_member_expected(in, value, "a number from 0 on as precedence", error);
}

static gboolean take_id(struct rules_document *in, const struct cor_json *value, void *target,
                        GError **error)
{
    struct reading *reading = target;
    const char *text = cor_json_string(value);
    reading->rule->id = text ? rules_guid(text) : NULL;
    if (!reading->rule->id)
        return rules_member_expected(in, value, "a GUID", error);
    for (guint i = 0; i < in->in.set->rules->len; i++) {
        const struct cor_rule *other = in->in.set->rules->pdata[i];
        if (other != reading->rule && g_strcmp0(other->id, reading->rule->id) == 0)
            return rules_member_expected(in, value, "an id of its own", error);
    }
    return TRUE;
}

struct clause {
    char *attribute, *value;
    enum cor_rule_operator op;
};

static gboolean take_operator(struct rules_document *in, const struct cor_json *value, void *target,
                              GError **error)
{
    const char *text = cor_json_string(value);
    g_autofree char *upper = text ? g_ascii_strup(text, -1) : NULL;
    return (upper && cor_rule_operator_by_name(upper, target)) ||
           rules_member_expected(in, value, "a scoping operator", error);
}

static gboolean take_clause(struct rules_document *in, const struct cor_json *value, void *target,
                            GError **error)
{
    static const struct rules_member members[] = {
        {.name = "attribute",
         .take = rules_member_text,
         .offset = offsetof(struct clause, attribute),
         .required = TRUE},
        {.name = "condition",
         .take = take_operator,
         .offset = offsetof(struct clause, op),
         .required = TRUE},
        {.name = "value", .take = rules_member_text, .offset = offsetof(struct clause, value)},
    };
    struct clause clause = {0};
    gboolean ok = rules_members_read(in, value, RULES_MEMBERS(members), &clause, error);
    if (ok)
        cor_rule_scope_group_add(target, clause.attribute, clause.op, clause.value);
    g_free(clause.attribute);
    g_free(clause.value);
    return ok;
}

static gboolean take_scope_group(struct rules_document *in, const struct cor_json *value,
                                 void *target, GError **error)
{
    return rules_members_each(in, value, take_clause, cor_rule_add_scope_group(target), error);
}

/* One list of clauses, all of which must hold, or a list of such lists. */
static gboolean take_scope(struct rules_document *in, const struct cor_json *value, void *target,
                           GError **error)
{
    struct cor_rule *rule = ((struct reading *)target)->rule;
    if (cor_json_type(cor_json_first(value)) == COR_JSON_ARRAY)
        return rules_members_each(in, value, take_scope_group, rule, error);
    return cor_json_size(value) == 0 || take_scope_group(in, value, rule, error);
}

/* Names of attributes are made of letters, digits, '-' and '_'; all else is an expression. */
static gboolean is_name(const char *text)
{
    for (const char *at = text; *at; at++)
        if (!g_ascii_isalnum(*at) && *at != '-' && *at != '_')
            return FALSE;
    return *text != '\0';
}

static gboolean take_source(struct rules_document *in, const struct cor_json *value, void *target,
                            GError **error)
{
    struct cor_rule_mapping *mapping = target;
    const char *text = cor_json_string(value);
    if (!text)
        return rules_member_texts(in, value, &mapping->sources, error);
    if (is_name(text))
        g_ptr_array_add(mapping->sources, g_strdup(text));
    else
        mapping->expression = g_strdup(text);
    return TRUE;
}

static gboolean take_mapping(struct rules_document *in, const struct cor_json *value, void *target,
                             GError **error)
{
    static const struct rules_member members[] = {
        {.name = "destination",
         .take = rules_member_text,
         .offset = offsetof(struct cor_rule_mapping, target),
         .required = TRUE},
        {.name = "source", .take = take_source, .required = TRUE},
    };
    struct reading *reading = target;
    struct cor_rule_mapping *mapping = cor_rule_mapping_new(NULL);
    g_ptr_array_add(reading->rule->mappings, mapping);
    if (!rules_members_read(in, value, RULES_MEMBERS(members), mapping, error))
        return FALSE;
    reading->guessed += mapping->sources->len > 0;
    return TRUE;
}

static gboolean take_mappings(struct rules_document *in, const struct cor_json *value, void *target,
                              GError **error)
{
    return rules_members_each(in, value, take_mapping, target, error);
}

/* The policy of one directory. */
struct directory {
    struct cor_connector *connector;
    enum cor_rule_direction direction; /* of rules that do not say theirs */
};

static void begin_rule(struct rules_document *in, const struct directory *directory,
                       struct reading *ret)
{
    *ret = (struct reading){cor_rule_new(), FALSE, 0};
    ret->rule->direction = directory->direction;
    ret->rule->connector = g_strdup(directory->connector->id);
    g_ptr_array_add(in->in.set->rules, ret->rule);
}

static gboolean take_custom(struct rules_document *in, const struct cor_json *value, void *target,
                            GError **error)
{
    static const struct rules_member members[] = {
        {.name = "uniqueIdentifier", .take = take_id, .required = TRUE},
        {.name = "name", .take = take_name, .required = TRUE},
        {.name = "description", .take = take_description},
        {.name = "direction", .take = take_direction, .required = TRUE},
        {.name = "source", .take = take_source_type, .required = TRUE},
        {.name = "target", .take = take_target_type, .required = TRUE},
        {.name = "linkType", .take = take_link, .required = TRUE},
        {.name = "precedence", .take = take_precedence, .required = TRUE},
        {.name = "disabled", .take = take_disabled},
        {.name = "scopeFilters", .take = take_scope},
        {.name = "attributeMappings", .take = take_mappings},
        {.name = "internalIdentifier"},
    };
    struct reading reading;
    begin_rule(in, target, &reading);
    if (!rules_members_read(in, value, RULES_MEMBERS(members), &reading, error))
        return FALSE;
    if (reading.guessed)
        rules_member_finding(in,
                             "%u mappings of \"%s\" name a source that is taken for an attribute; "
                             "the export does not tell it from a constant",
                             reading.guessed, reading.rule->name);
    return TRUE;
}

static gboolean take_customs(struct rules_document *in, const struct cor_json *value, void *target,
                             GError **error)
{
    return rules_members_each(in, value, take_custom, target, error);
}

/* --- standard rules -------------------------------------------------------------------------- */

static void resolve(struct rules_document *in, struct cor_rule *rule)
{
    if (g_ascii_strncasecmp(rule->tag, TAG_IN, strlen(TAG_IN)) == 0)
        rule->direction = COR_RULE_INBOUND;
    else if (g_ascii_strncasecmp(rule->tag, TAG_OUT, strlen(TAG_OUT)) == 0)
        rule->direction = COR_RULE_OUTBOUND;
    switch (rules_default_fill(rule)) {
    case RULES_DEFAULT_UNKNOWN:
        rules_member_finding(in, "what \"%s\" (%s) does is not in the export and not known here",
                             rule->name, rule->tag);
        break;
    case RULES_DEFAULT_OTHER_REVISION:
        rules_member_finding(in,
                             "\"%s\" (%s) is taken for a revision that is known here and may "
                             "do something else",
                             rule->name, rule->tag);
        break;
    case RULES_DEFAULT_KNOWN:
        break;
    }
    if (!rule->source_type)
        rule->source_type = g_strdup("*");
    if (!rule->target_type)
        rule->target_type = g_strdup("*");
}

static gboolean take_standard(struct rules_document *in, const struct cor_json *value, void *target,
                              GError **error)
{
    static const struct rules_member members[] = {
        {.name = "uniqueIdentifier", .take = take_id, .required = TRUE},
        {.name = "name", .take = take_name, .required = TRUE},
        {.name = "immutableTag", .take = take_tag, .required = TRUE},
        {.name = "precedence", .take = take_precedence, .required = TRUE},
        {.name = "disabled", .take = take_disabled},
    };
    struct reading reading;
    begin_rule(in, target, &reading);
    if (!rules_members_read(in, value, RULES_MEMBERS(members), &reading, error))
        return FALSE;
    resolve(in, reading.rule);
    return TRUE;
}

static gboolean take_standards(struct rules_document *in, const struct cor_json *value,
                               void *target, GError **error)
{
    return rules_members_each(in, value, take_standard, target, error);
}

/* --- directories ----------------------------------------------------------------------------- */

static gboolean take_partition(struct rules_document *in, const struct cor_json *value,
                               void *target, GError **error)
{
    static const struct rules_member members[] = {
        {.name = "distinguishedName",
         .take = rules_member_text,
         .offset = offsetof(struct cor_partition, dn),
         .required = TRUE},
        {.name = "containerInclusions",
         .take = rules_member_texts,
         .offset = offsetof(struct cor_partition, inclusions)},
        {.name = "containerExclusions",
         .take = rules_member_texts,
         .offset = offsetof(struct cor_partition, exclusions)},
    };
    struct cor_partition *partition = cor_partition_new(NULL);
    partition->selected = TRUE; /* a filter is written for what is selected */
    g_ptr_array_add(((struct directory *)target)->connector->partitions, partition);
    return rules_members_read(in, value, RULES_MEMBERS(members), partition, error);
}

static gboolean take_partitions(struct rules_document *in, const struct cor_json *value,
                                void *target, GError **error)
{
    return rules_members_each(in, value, take_partition, target, error);
}

#define DIRECTORY_TAKE(function, field)                                                            \
    static gboolean function(struct rules_document *in, const struct cor_json *value,              \
                             void *target, GError **error)                                         \
    {                                                                                              \
        return rules_member_text(in, value, &((struct directory *)target)->connector->field,       \
                                 error);                                                           \
    }
DIRECTORY_TAKE(take_directory_name, name)
DIRECTORY_TAKE(take_forest, forest)

static const struct rules_member on_premises_members[] = {
    {.name = "uniqueIdentifier"}, /* read first, for the rules to name it */
    {.name = "friendlyName", .take = take_directory_name},
    {.name = "fullyQualifiedDomainName", .take = take_forest},
    {.name = "partitionFilters", .take = take_partitions},
    {.name = "customSynchronizationRules", .take = take_customs},
    {.name = "standardSynchronizationRules", .take = take_standards},
};

/* Expressions name the directory by %Forest.FQDN% and the like. */
static void add_parameters(struct cor_connector *connector)
{
    g_hash_table_insert(connector->parameters, g_strdup("Connector.ID"), g_strdup(connector->id));
    if (!connector->name)
        connector->name = g_strdup(connector->forest ? connector->forest : connector->id);
    if (connector->forest)
        g_hash_table_insert(connector->parameters, g_strdup("Forest.FQDN"),
                            g_strdup(connector->forest));
    for (guint i = 0; i < connector->partitions->len; i++) {
        struct cor_partition *partition = connector->partitions->pdata[i];
        g_autofree char *lower = g_ascii_strdown(partition->dn, -1);
        g_auto(GStrv) parts = g_strsplit(lower, "dc=", -1);
        g_autofree char *joined = parts[0] ? g_strjoinv("", parts + 1) : g_strdup("");
        g_strdelimit(joined, ",", '.');
        g_hash_table_insert(partition->parameters, g_strdup("Domain.FQDN"), g_strdup(joined));
        if (!connector->domain)
            connector->domain = g_strdup(joined);
    }
}

static gboolean take_on_premises(struct rules_document *in, const struct cor_json *value,
                                 void *target, GError **error)
{
    (void)target;
    const char *text = cor_json_get_string(value, "uniqueIdentifier");
    g_autofree char *id = text ? rules_guid(text) : NULL;
    if (!id)
        return rules_member_expected(in, value, "a directory with the GUID uniqueIdentifier",
                                     error);
    if (cor_rule_set_connector(in->in.set, id))
        return rules_member_expected(in, value, "a directory with an id of its own", error);
    struct directory directory = {cor_connector_new(id, NULL), COR_RULE_INBOUND};
    g_ptr_array_add(in->in.set->connectors, directory.connector);
    if (!rules_members_read(in, value, RULES_MEMBERS(on_premises_members), &directory, error))
        return FALSE;
    add_parameters(directory.connector);
    return TRUE;
}

static gboolean take_all_on_premises(struct rules_document *in, const struct cor_json *value,
                                     void *target, GError **error)
{
    return rules_members_each(in, value, take_on_premises, target, error);
}

static gboolean take_cloud(struct rules_document *in, const struct cor_json *value, void *target,
                           GError **error)
{
    static const struct rules_member members[] = {
        {.name = "customSynchronizationRules", .take = take_customs},
        {.name = "standardSynchronizationRules", .take = take_standards},
    };
    (void)target;
    if (cor_rule_set_connector(in->in.set, ENTRA_ID))
        return rules_member_expected(in, value, "one connector with the id of Microsoft Entra ID",
                                     error);
    struct directory directory = {cor_connector_new(ENTRA_ID, "Microsoft Entra ID"),
                                  COR_RULE_OUTBOUND};
    directory.connector->cloud = TRUE;
    g_ptr_array_add(in->in.set->connectors, directory.connector);
    return rules_members_read(in, value, RULES_MEMBERS(members), &directory, error);
}

gboolean rules_read_policy(struct rules_document *in, const struct cor_json *root, GError **error)
{
    static const struct rules_member members[] = {
        {.name = "onpremisesDirectoryPolicy", .take = take_all_on_premises, .required = TRUE},
        {.name = "azureDirectoryPolicy", .take = take_cloud, .required = TRUE},
    };
    if (!rules_members_read(in, root, RULES_MEMBERS(members), in->in.set, error))
        return FALSE;
    rules_finding(&in->in, NULL,
                  "the anchor is taken to be mS-DS-ConsistencyGuid, and objectGUID where that is "
                  "empty; which one is in use is not read from this export");
    return TRUE;
}
