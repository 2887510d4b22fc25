/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A rule set as JSON and back. Invariant: what from_json reads is all that to_json writes, so a
 * set survives the way through the store byte by byte. Reading is strict about types, and lenient
 * about members that are absent: a later version of this program may add some.
 */
#include "correlate/error.h"
#include "correlate/rules/model.h"

/* --- writing --------------------------------------------------------------------------------- */

static struct cor_json *from_texts(const GPtrArray *texts)
{
    struct cor_json *array = cor_json_new_array();
    for (guint i = 0; i < texts->len; i++)
        cor_json_append(array, cor_json_new_string(texts->pdata[i]));
    return array;
}

static gint by_text(gconstpointer a, gconstpointer b)
{
    return g_strcmp0(*(const char *const *)a, *(const char *const *)b);
}

static struct cor_json *from_table(GHashTable *table)
{
    struct cor_json *object = cor_json_new_object();
    g_autoptr(GPtrArray) keys = g_ptr_array_new();
    GHashTableIter iter;
    void *key;
    g_hash_table_iter_init(&iter, table);
    while (g_hash_table_iter_next(&iter, &key, NULL))
        g_ptr_array_add(keys, key);
    g_ptr_array_sort(keys, by_text);
    for (guint i = 0; i < keys->len; i++)
        cor_json_add_string(object, keys->pdata[i], g_hash_table_lookup(table, keys->pdata[i]));
    return object;
}

static struct cor_json *from_clause(const void *data)
{
    const struct cor_rule_clause *clause = data;
    struct cor_json *json = cor_json_new_object();
    cor_json_add_string(json, "attribute", clause->attribute);
    cor_json_add_string(json, "operator", cor_rule_operator_name(clause->op));
    cor_json_add_string(json, "value", clause->value);
    return json;
}

static struct cor_json *from_join(const void *data)
{
    const struct cor_rule_join *join = data;
    struct cor_json *json = cor_json_new_object();
    cor_json_add_string(json, "attribute", join->cs_attribute);
    cor_json_add_string(json, "metaverse", join->mv_attribute);
    cor_json_add_bool(json, "caseSensitive", join->case_sensitive);
    return json;
}

static struct cor_json *from_groups(const GPtrArray *groups,
                                    struct cor_json *(*write)(const void *))
{
    struct cor_json *array = cor_json_new_array();
    for (guint i = 0; i < groups->len; i++) {
        const GPtrArray *group = groups->pdata[i];
        struct cor_json *inner = cor_json_new_array();
        for (guint j = 0; j < group->len; j++)
            cor_json_append(inner, write(group->pdata[j]));
        cor_json_append(array, inner);
    }
    return array;
}

static struct cor_json *from_mapping(const struct cor_rule_mapping *mapping)
{
    struct cor_json *json = cor_json_new_object();
    cor_json_add_string(json, "target", mapping->target);
    cor_json_add(json, "source", from_texts(mapping->sources));
    cor_json_add_string(json, "constant", mapping->constant);
    cor_json_add_string(json, "expression", mapping->expression);
    cor_json_add_bool(json, "executeOnce", mapping->execute_once);
    cor_json_add_string(json, "merge", cor_rule_merge_name(mapping->merge));
    return json;
}

struct cor_json *cor_rule_to_json(const struct cor_rule *rule)
{
    struct cor_json *json = cor_json_new_object();
    cor_json_add_string(json, "id", rule->id);
    cor_json_add_string(json, "name", rule->name);
    cor_json_add_string(json, "description", rule->description);
    cor_json_add_string(json, "tag", rule->tag);
    cor_json_add_string(json, "direction", cor_rule_direction_name(rule->direction));
    cor_json_add_int(json, "precedence", rule->precedence);
    cor_json_add_bool(json, "disabled", rule->disabled);
    cor_json_add_string(json, "connector", rule->connector);
    cor_json_add_string(json, "sourceType", rule->source_type);
    cor_json_add_string(json, "targetType", rule->target_type);
    cor_json_add_string(json, "link", cor_rule_link_name(rule->link));
    cor_json_add_bool(json, "passwordSync", rule->password_sync);
    cor_json_add_bool(json, "hasBody", rule->has_body);
    cor_json_add(json, "scope", from_groups(rule->scope, from_clause));
    cor_json_add(json, "join", from_groups(rule->join, from_join));
    struct cor_json *mappings = cor_json_new_array();
    for (guint i = 0; i < rule->mappings->len; i++)
        cor_json_append(mappings, from_mapping(rule->mappings->pdata[i]));
    cor_json_add(json, "mappings", mappings);
    return json;
}

static struct cor_json *from_connector(const struct cor_connector *connector)
{
    struct cor_json *json = cor_json_new_object(), *partitions = cor_json_new_array();
    cor_json_add_string(json, "id", connector->id);
    cor_json_add_string(json, "name", connector->name);
    cor_json_add_bool(json, "cloud", connector->cloud);
    cor_json_add_string(json, "forest", connector->forest);
    cor_json_add_string(json, "domain", connector->domain);
    cor_json_add_string(json, "netbios", connector->netbios);
    for (guint i = 0; i < connector->partitions->len; i++) {
        const struct cor_partition *partition = connector->partitions->pdata[i];
        struct cor_json *item = cor_json_new_object();
        cor_json_add_string(item, "dn", partition->dn);
        cor_json_add(item, "parameters", from_table(partition->parameters));
        cor_json_add_bool(item, "selected", partition->selected);
        cor_json_add(item, "inclusions", from_texts(partition->inclusions));
        cor_json_add(item, "exclusions", from_texts(partition->exclusions));
        cor_json_append(partitions, item);
    }
    cor_json_add(json, "partitions", partitions);
    cor_json_add(json, "attributes", from_texts(connector->attributes));
    cor_json_add(json, "objectTypes", from_texts(connector->object_types));
    cor_json_add(json, "syntaxes", from_table(connector->syntaxes));
    cor_json_add(json, "parameters", from_table(connector->parameters));
    return json;
}

struct cor_json *cor_rule_set_to_json(const struct cor_rule_set *set)
{
    struct cor_json *json = cor_json_new_object();
    struct cor_json *connectors = cor_json_new_array(), *rules = cor_json_new_array();
    cor_json_add_string(json, "source", cor_rules_source_name(set->source));
    cor_json_add_string(json, "version", set->version);
    for (guint i = 0; i < set->connectors->len; i++)
        cor_json_append(connectors, from_connector(set->connectors->pdata[i]));
    cor_json_add(json, "connectors", connectors);
    for (guint i = 0; i < set->rules->len; i++)
        cor_json_append(rules, cor_rule_to_json(set->rules->pdata[i]));
    cor_json_add(json, "rules", rules);
    cor_json_add(json, "options", from_table(set->options));
    cor_json_add(json, "metaverse", from_table(set->metaverse));
    cor_json_add(json, "unknown", from_texts(set->unknown));
    cor_json_add(json, "extra", cor_json_copy(set->extra));
    return json;
}

/* --- reading --------------------------------------------------------------------------------- */

/* The first member that cannot be right ends the reading; later calls then do nothing. */
struct reading {
    GError *error;
};

static void refuse(struct reading *in, const char *member, const char *expected)
{
    if (!in->error)
        g_set_error(&in->error, COR_ERROR, COR_E_INPUT, "rule set: member \"%s\" is not %s", member,
                    expected);
}

static char *take_text(struct reading *in, const struct cor_json *object, const char *member,
                       gboolean required)
{
    const struct cor_json *node = cor_json_get(object, member);
    const char *text = cor_json_string(node);
    if (!text && (required || !cor_json_is_null(node)))
        refuse(in, member, "a text");
    /* a text that must be there is there even when reading is about to end */
    return g_strdup(text ? text : required ? "" : NULL);
}

static gboolean take_bool(struct reading *in, const struct cor_json *object, const char *member)
{
    const struct cor_json *node = cor_json_get(object, member);
    if (node && cor_json_type(node) != COR_JSON_BOOL)
        refuse(in, member, "true or false");
    return cor_json_bool(node);
}

static const struct cor_json *take_list(struct reading *in, const struct cor_json *object,
                                        const char *member)
{
    const struct cor_json *node = cor_json_get(object, member);
    if (cor_json_type(node) == COR_JSON_ARRAY)
        return node;
    refuse(in, member, "an array");
    return NULL;
}

static void take_texts(struct reading *in, const struct cor_json *object, const char *member,
                       GPtrArray *ret)
{
    const struct cor_json *list = take_list(in, object, member);
    for (const struct cor_json *n = cor_json_first(list); n; n = cor_json_next(n)) {
        if (cor_json_string(n))
            g_ptr_array_add(ret, g_strdup(cor_json_string(n)));
        else
            refuse(in, member, "an array of texts");
    }
}

static void take_table(struct reading *in, const struct cor_json *object, const char *member,
                       GHashTable *ret)
{
    const struct cor_json *table = cor_json_get(object, member);
    if (cor_json_type(table) != COR_JSON_OBJECT) {
        refuse(in, member, "an object");
        return;
    }
    for (const struct cor_json *n = cor_json_first(table); n; n = cor_json_next(n)) {
        if (cor_json_string(n))
            g_hash_table_insert(ret, g_strdup(cor_json_key(n)), g_strdup(cor_json_string(n)));
        else
            refuse(in, member, "an object of texts");
    }
}

static void take_clause(struct reading *in, const struct cor_json *json, GPtrArray *group)
{
    g_autofree char *attribute = take_text(in, json, "attribute", TRUE);
    g_autofree char *value = take_text(in, json, "value", FALSE);
    enum cor_rule_operator op = COR_RULE_EQUAL;
    if (!cor_rule_operator_by_name(cor_json_get_string(json, "operator"), &op))
        refuse(in, "operator", "the name of a scoping operator");
    cor_rule_scope_group_add(group, attribute, op, value);
}

static void take_join(struct reading *in, const struct cor_json *json, GPtrArray *group)
{
    g_autofree char *attribute = take_text(in, json, "attribute", TRUE);
    g_autofree char *metaverse = take_text(in, json, "metaverse", TRUE);
    cor_rule_join_group_add(group, attribute, metaverse, take_bool(in, json, "caseSensitive"));
}

static void take_groups(struct reading *in, const struct cor_json *object, const char *member,
                        struct cor_rule *rule, GPtrArray *(*add)(struct cor_rule *),
                        void (*take)(struct reading *, const struct cor_json *, GPtrArray *))
{
    const struct cor_json *list = take_list(in, object, member);
    for (const struct cor_json *n = cor_json_first(list); n; n = cor_json_next(n)) {
        GPtrArray *group = add(rule);
        if (cor_json_type(n) != COR_JSON_ARRAY)
            refuse(in, member, "an array of arrays");
        for (const struct cor_json *item = cor_json_first(n); item; item = cor_json_next(item))
            take(in, item, group);
    }
}

static void take_mapping(struct reading *in, const struct cor_json *json, struct cor_rule *rule)
{
    g_autofree char *target = take_text(in, json, "target", TRUE);
    struct cor_rule_mapping *mapping = cor_rule_mapping_new(target);
    g_ptr_array_add(rule->mappings, mapping);
    take_texts(in, json, "source", mapping->sources);
    mapping->constant = take_text(in, json, "constant", FALSE);
    mapping->expression = take_text(in, json, "expression", FALSE);
    mapping->execute_once = take_bool(in, json, "executeOnce");
    if (!cor_rule_merge_by_name(cor_json_get_string(json, "merge"), &mapping->merge))
        refuse(in, "merge", "the name of a merge type");
}

static void take_rule(struct reading *in, const struct cor_json *json, struct cor_rule *rule)
{
    rule->id = take_text(in, json, "id", TRUE);
    rule->name = take_text(in, json, "name", TRUE);
    rule->description = take_text(in, json, "description", FALSE);
    rule->tag = take_text(in, json, "tag", FALSE);
    rule->connector = take_text(in, json, "connector", TRUE);
    rule->source_type = take_text(in, json, "sourceType", TRUE);
    rule->target_type = take_text(in, json, "targetType", TRUE);
    rule->disabled = take_bool(in, json, "disabled");
    rule->password_sync = take_bool(in, json, "passwordSync");
    rule->has_body = take_bool(in, json, "hasBody");
    if (!cor_rule_direction_by_name(cor_json_get_string(json, "direction"), &rule->direction))
        refuse(in, "direction", "Inbound or Outbound");
    if (!cor_rule_link_by_name(cor_json_get_string(json, "link"), &rule->link))
        refuse(in, "link", "the name of a link type");
    if (!cor_json_int(cor_json_get(json, "precedence"), &rule->precedence))
        refuse(in, "precedence", "an integer");
    take_groups(in, json, "scope", rule, cor_rule_add_scope_group, take_clause);
    take_groups(in, json, "join", rule, cor_rule_add_join_group, take_join);
    const struct cor_json *list = take_list(in, json, "mappings");
    for (const struct cor_json *n = cor_json_first(list); n; n = cor_json_next(n))
        take_mapping(in, n, rule);
}

static void take_connector(struct reading *in, const struct cor_json *json,
                           struct cor_rule_set *set)
{
    g_autofree char *id = take_text(in, json, "id", TRUE);
    g_autofree char *name = take_text(in, json, "name", TRUE);
    struct cor_connector *connector = cor_connector_new(id, name);
    g_ptr_array_add(set->connectors, connector);
    connector->cloud = take_bool(in, json, "cloud");
    connector->forest = take_text(in, json, "forest", FALSE);
    connector->domain = take_text(in, json, "domain", FALSE);
    connector->netbios = take_text(in, json, "netbios", FALSE);
    take_texts(in, json, "attributes", connector->attributes);
    take_texts(in, json, "objectTypes", connector->object_types);
    take_table(in, json, "syntaxes", connector->syntaxes);
    take_table(in, json, "parameters", connector->parameters);
    const struct cor_json *list = take_list(in, json, "partitions");
    for (const struct cor_json *n = cor_json_first(list); n; n = cor_json_next(n)) {
        g_autofree char *dn = take_text(in, n, "dn", TRUE);
        struct cor_partition *partition = cor_partition_new(dn);
        g_ptr_array_add(connector->partitions, partition);
        take_table(in, n, "parameters", partition->parameters);
        partition->selected = take_bool(in, n, "selected");
        take_texts(in, n, "inclusions", partition->inclusions);
        take_texts(in, n, "exclusions", partition->exclusions);
    }
}

struct cor_rule_set *cor_rule_set_from_json(const struct cor_json *json, GError **error)
{
    struct reading in = {NULL};
    enum cor_rules_source source = COR_RULES_CONNECT_EXPORT;
    if (!cor_rules_source_by_name(cor_json_get_string(json, "source"), &source))
        refuse(&in, "source", "the name of a source of rules");
    struct cor_rule_set *set = cor_rule_set_new(source);
    set->version = take_text(&in, json, "version", FALSE);
    take_table(&in, json, "options", set->options);
    take_table(&in, json, "metaverse", set->metaverse);
    take_texts(&in, json, "unknown", set->unknown);
    const struct cor_json *list = take_list(&in, json, "connectors");
    for (const struct cor_json *n = cor_json_first(list); n; n = cor_json_next(n))
        take_connector(&in, n, set);
    list = take_list(&in, json, "rules");
    for (const struct cor_json *n = cor_json_first(list); n; n = cor_json_next(n)) {
        struct cor_rule *rule = cor_rule_new();
        g_ptr_array_add(set->rules, rule);
        take_rule(&in, n, rule);
    }
    const struct cor_json *extra = cor_json_get(json, "extra");
    if (cor_json_type(extra) == COR_JSON_OBJECT) {
        cor_json_free(set->extra);
        set->extra = cor_json_copy(extra);
    } else {
        refuse(&in, "extra", "an object");
    }
    if (!in.error)
        return set;
    cor_rule_set_free(set);
    g_propagate_error(error, in.error);
    return NULL;
}
