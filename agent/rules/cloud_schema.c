/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The schema of a Cloud Sync job (Graph resource synchronizationSchema): its object mappings become
 * rules from Active Directory straight to Entra ID.
 */
#include "agent/rules/members.h"

#include <stddef.h>
#include <string.h>

#define ENTRA_DIRECTORY "Azure Active Directory"
#define ENTRA_ID        "{cloud-sync-entra}"

/* --- sources --------------------------------------------------------------------------------- */

enum source_kind { ATTRIBUTE, CONSTANT, FUNCTION };
struct source {
    guint kind;
    char *name, *expression;
    GPtrArray *parameters; /* char *: expression text of each */
};

static void clear_source(struct source *source)
{
    g_free(source->name);
    g_free(source->expression);
    g_ptr_array_unref(source->parameters);
}

/* The text of an expression that has the value of the source; beside it the service may give one
 * of its own, which is preferred. */
static char *source_text(const struct source *source)
{
    if (source->kind == ATTRIBUTE)
        return g_strdup_printf("[%s]", source->name ? source->name : "");
    if (source->expression && *source->expression && source->kind == FUNCTION)
        return g_strdup(source->expression);
    GString *out = g_string_new(NULL);
    if (source->kind == CONSTANT) {
        g_string_append_c(out, '"');
        for (const char *at = source->name ? source->name : ""; *at; at++) {
            if (*at == '"' || *at == '\\')
                g_string_append_c(out, '\\');
            g_string_append_c(out, *at);
        }
        g_string_append_c(out, '"');
        return g_string_free(out, FALSE);
    }
    g_string_append_printf(out, "%s(", source->name ? source->name : "");
    for (guint i = 0; i < source->parameters->len; i++)
        g_string_append_printf(out, "%s%s", i ? ", " : "", (char *)source->parameters->pdata[i]);
    g_string_append_c(out, ')');
    return g_string_free(out, FALSE);
}

static gboolean read_source(struct rules_document *in, const struct cor_json *value, void *target,
                            GError **error);

/* value: {"key": name of the parameter, "value": a source} */
static gboolean take_parameter_value(struct rules_document *in, const struct cor_json *value,
                                     void *target, GError **error)
{
    struct source source = {.parameters = g_ptr_array_new_with_free_func(g_free)};
    gboolean ok = read_source(in, value, &source, error);
    if (ok)
        g_ptr_array_add(target, source_text(&source));
    clear_source(&source);
    return ok;
}

static gboolean take_parameter(struct rules_document *in, const struct cor_json *value,
                               void *target, GError **error)
{
    static const struct rules_member members[] = {
        {.name = "key"},
        {.name = "value", .take = take_parameter_value, .required = TRUE},
    };
    return rules_members_read(in, value, RULES_MEMBERS(members), target, error);
}

static gboolean take_parameters(struct rules_document *in, const struct cor_json *value,
                                void *target, GError **error)
{
    return rules_members_each(in, value, take_parameter, *(GPtrArray **)target, error);
}

static gboolean take_source_kind(struct rules_document *in, const struct cor_json *value,
                                 void *target, GError **error)
{
    static const char *const kinds[] = {"Attribute", "Constant", "Function"};
    return rules_member_choice(in, value, kinds, G_N_ELEMENTS(kinds), target, error);
}

static gboolean read_source(struct rules_document *in, const struct cor_json *value, void *target,
                            GError **error)
{
    static const struct rules_member members[] = {
        {.name = "type",
         .take = take_source_kind,
         .offset = offsetof(struct source, kind),
         .required = TRUE},
        {.name = "name", .take = rules_member_text, .offset = offsetof(struct source, name)},
        {.name = "expression",
         .take = rules_member_text,
         .offset = offsetof(struct source, expression)},
        {.name = "parameters",
         .take = take_parameters,
         .offset = offsetof(struct source, parameters)},
    };
    const struct source *source = target;
    if (!rules_members_read(in, value, RULES_MEMBERS(members), target, error))
        return FALSE;
    gboolean named = source->name && *source->name;
    gboolean written = source->expression && *source->expression;
    if (source->kind == CONSTANT || named || (source->kind == FUNCTION && written))
        return TRUE;
    return rules_member_expected(in, value, "the name of an attribute or a function", error);
}

/* --- attribute mappings ---------------------------------------------------------------------- */

enum flow { ALWAYS, OBJECT_ADD_ONLY, MULTI_VALUE_ADD_ONLY, VALUE_ADD_ONLY, ATTRIBUTE_ADD_ONLY };
static const char *const flow_names[] = {"Always", "ObjectAddOnly", "MultiValueAddOnly",
                                         "ValueAddOnly", "AttributeAddOnly"};

enum { ADD = 1, UPDATE = 2, DELETE = 4 }; /* objectFlowTypes */

/* Of one objectMapping. */
struct object_mapping {
    struct cor_rule *rule;
    guint flow_types;
    gboolean enabled;
    GArray *priorities; /* gint64 beside each join group, ascending */
};
struct mapping {
    struct cor_rule_mapping *mapping;
    guint flow;
    gint64 matching; /* above 0: finds the object's counterpart, lower numbers first */
};

static gboolean take_flow(struct rules_document *in, const struct cor_json *value, void *target,
                          GError **error)
{
    return rules_member_choice(in, value, flow_names, G_N_ELEMENTS(flow_names), target, error);
}

/* A fallback counts only while the object is created ("Default if null", how-to-attribute-mapping);
 * the model has no place for it. */
static gboolean take_default(struct rules_document *in, const struct cor_json *value, void *target,
                             GError **error)
{
    (void)target, (void)error;
    if (cor_json_string(value) && !*cor_json_string(value))
        return TRUE;
    rules_member_keep(in, value);
    return TRUE;
}

static gboolean take_source(struct rules_document *in, const struct cor_json *value, void *target,
                            GError **error)
{
    struct cor_rule_mapping *mapping = *(struct cor_rule_mapping **)target;
    struct source source = {.parameters = g_ptr_array_new_with_free_func(g_free)};
    gboolean ok = read_source(in, value, &source, error);
    if (ok && source.kind == ATTRIBUTE)
        g_ptr_array_add(mapping->sources, g_strdup(source.name));
    else if (ok && source.kind == CONSTANT)
        mapping->constant = g_strdup(source.name ? source.name : "");
    else if (ok)
        mapping->expression = source_text(&source);
    clear_source(&source);
    return ok;
}

static gboolean take_target(struct rules_document *in, const struct cor_json *value, void *target,
                            GError **error)
{
    struct cor_rule_mapping *mapping = *(struct cor_rule_mapping **)target;
    return rules_member_text(in, value, &mapping->target, error) &&
           (*mapping->target ||
            rules_member_expected(in, value, "the name of an attribute", error));
}

/* Matching attributes are tried from the lowest number on (Graph: attributeMapping). */
static void add_match(struct object_mapping *object, const struct mapping *reading)
{
    const struct cor_rule_mapping *mapping = reading->mapping;
    guint place = 0;
    if (reading->matching <= 0 || !mapping->sources->len)
        return;
    while (place < object->priorities->len &&
           g_array_index(object->priorities, gint64, place) <= reading->matching)
        place++;
    GPtrArray *group = cor_rule_add_join_group(object->rule);
    cor_rule_join_group_add(group, mapping->target, mapping->sources->pdata[0], FALSE);
    g_ptr_array_insert(object->rule->join, (gint)place,
                       g_ptr_array_steal_index(object->rule->join, object->rule->join->len - 1));
    g_array_insert_val(object->priorities, place, reading->matching);
}

static gboolean take_mapping(struct rules_document *in, const struct cor_json *value, void *target,
                             GError **error)
{
    static const struct rules_member members[] = {
        {.name = "targetAttributeName",
         .take = take_target,
         .offset = offsetof(struct mapping, mapping),
         .required = TRUE},
        {.name = "source", .take = take_source, .offset = offsetof(struct mapping, mapping)},
        {.name = "flowType", .take = take_flow, .offset = offsetof(struct mapping, flow)},
        {.name = "matchingPriority",
         .take = rules_member_int,
         .offset = offsetof(struct mapping, matching)},
        {.name = "defaultValue", .take = take_default},
        /* when a value is sent, not which */
        {.name = "flowBehavior"},
        {.name = "exportMissingReferences"},
    };
    struct object_mapping *object = target;
    struct mapping reading = {cor_rule_mapping_new(NULL), ALWAYS, 0};
    g_ptr_array_add(object->rule->mappings, reading.mapping);
    if (!rules_members_read(in, value, RULES_MEMBERS(members), &reading, error))
        return FALSE;
    reading.mapping->execute_once = reading.flow == OBJECT_ADD_ONLY;
    if (reading.flow > OBJECT_ADD_ONLY)
        rules_member_finding(in, "%s flows %s, which is computed as Always",
                             reading.mapping->target, flow_names[reading.flow]);
    if (!cor_json_get(value, "source") || cor_json_is_null(cor_json_get(value, "source"))) {
        /* mapping type None: a value is never written */
        rules_member_finding(in, "the mapping of %s has no source and writes nothing",
                             reading.mapping->target);
        g_ptr_array_remove_index(object->rule->mappings, object->rule->mappings->len - 1);
        rules_member_keep(in, value);
        return TRUE;
    }
    add_match(object, &reading);
    return TRUE;
}

static gboolean take_mappings(struct rules_document *in, const struct cor_json *value, void *target,
                              GError **error)
{
    return rules_members_each(in, value, take_mapping, target, error);
}

/* --- object mappings ------------------------------------------------------------------------- */

/* "Add, Update, Delete" or the sum of their numbers. */
static gboolean take_flow_types(struct rules_document *in, const struct cor_json *value,
                                void *target, GError **error)
{
    static const char *const names[] = {"None", "Add", "Update", "", "Delete"};
    guint *flags = target;
    gint64 number;
    *flags = 0;
    if (cor_json_int(value, &number) && number >= 0 && number <= (ADD | UPDATE | DELETE)) {
        *flags = (guint)number;
        return TRUE;
    }
    const char *text = cor_json_string(value);
    g_auto(GStrv) parts = g_strsplit(text ? text : "", ",", -1);
    gboolean ok = text != NULL;
    for (guint i = 0; parts[i]; i++) {
        gboolean known = FALSE;
        for (guint j = 0; j < G_N_ELEMENTS(names); j++)
            if (*names[j] && g_ascii_strcasecmp(g_strstrip(parts[i]), names[j]) == 0) {
                *flags |= j;
                known = TRUE;
            }
        ok &= known;
    }
    return ok || rules_member_expected(in, value, "None or some of Add, Update, Delete", error);
}

static gboolean take_scope(struct rules_document *in, const struct cor_json *value, void *target,
                           GError **error)
{
    return rules_read_cloud_scope(in, value, *(struct cor_rule **)target, error);
}

#define RULE_TEXT(function, field)                                                                 \
    static gboolean function(struct rules_document *in, const struct cor_json *value,              \
                             void *target, GError **error)                                         \
    {                                                                                              \
        return rules_member_text(in, value, &(*(struct cor_rule **)target)->field, error);         \
    }
RULE_TEXT(take_name, name)
RULE_TEXT(take_source_type, source_type)
RULE_TEXT(take_target_type, target_type)

/* The engine compares classes by case; a schema may write them like "User". */
static void normalize(char **type)
{
    static const char *const known[] = {"user",    "inetOrgPerson", "group",
                                        "contact", "computer",      "device"};
    for (guint i = 0; i < G_N_ELEMENTS(known); i++)
        if (g_ascii_strcasecmp(*type, known[i]) == 0) {
            g_free(*type);
            *type = g_strdup(known[i]);
            return;
        }
}

/* What objectFlowTypes mean for the rule. */
static void apply_flow_types(struct rules_document *in, struct object_mapping *object)
{
    struct cor_rule *rule = object->rule;
    rule->disabled = !object->enabled || !(object->flow_types & (ADD | UPDATE));
    rule->link = object->flow_types & ADD ? COR_RULE_PROVISION : COR_RULE_JOIN;
    for (guint i = 0; !(object->flow_types & UPDATE) && i < rule->mappings->len; i++)
        ((struct cor_rule_mapping *)rule->mappings->pdata[i])->execute_once = TRUE;
    if (!rule->disabled && !(object->flow_types & DELETE))
        rules_member_finding(in, "\"%s\" deletes nothing: an object that leaves its scope stays",
                             rule->name);
}

/* Of one synchronizationRule. */
struct leg {
    char *id, *name, *source, *target;
    gint64 priority;
    GPtrArray *containers, *groups; /* char * */
    struct cor_connector *connector;
    GPtrArray *rules; /* struct cor_rule *, owned */
};

static gboolean take_object(struct rules_document *in, const struct cor_json *value, void *target,
                            GError **error)
{
    static const struct rules_member members[] = {
        {.name = "name", .take = take_name, .offset = offsetof(struct object_mapping, rule)},
        {.name = "enabled",
         .take = rules_member_bool,
         .offset = offsetof(struct object_mapping, enabled)},
        {.name = "flowTypes",
         .take = take_flow_types,
         .offset = offsetof(struct object_mapping, flow_types)},
        {.name = "sourceObjectName",
         .take = take_source_type,
         .offset = offsetof(struct object_mapping, rule),
         .required = TRUE},
        {.name = "targetObjectName",
         .take = take_target_type,
         .offset = offsetof(struct object_mapping, rule),
         .required = TRUE},
        {.name = "scope", .take = take_scope, .offset = offsetof(struct object_mapping, rule)},
        {.name = "attributeMappings", .take = take_mappings},
        {.name = "metadata"},
    };
    struct leg *leg = target;
    struct object_mapping object = {cor_rule_new(), ADD | UPDATE | DELETE, TRUE,
                                    g_array_new(FALSE, FALSE, sizeof(gint64))};
    struct cor_rule *rule = object.rule;
    g_ptr_array_add(leg->rules, rule);
    gboolean ok = rules_members_read(in, value, RULES_MEMBERS(members), &object, error);
    g_array_unref(object.priorities);
    if (!ok)
        return FALSE;
    normalize(&rule->source_type);
    normalize(&rule->target_type);
    if (!rule->name)
        rule->name = g_strdup_printf("%s to %s", rule->source_type, rule->target_type);
    rule->direction = COR_RULE_OUTBOUND;
    apply_flow_types(in, &object);
    return TRUE;
}

static gboolean take_objects(struct rules_document *in, const struct cor_json *value, void *target,
                             GError **error)
{
    return rules_members_each(in, value, take_object, target, error);
}

/* --- rules and directories ------------------------------------------------------------------- */

#define LIST_OF(function, member, field)                                                           \
    static gboolean function(struct rules_document *in, const struct cor_json *value,              \
                             void *target, GError **error)                                         \
    {                                                                                              \
        static const struct rules_member members[] = {                                             \
            {.name = member, .take = rules_member_texts, .offset = offsetof(struct leg, field)},   \
        };                                                                                         \
        return rules_members_read(in, value, RULES_MEMBERS(members), target, error);               \
    }
LIST_OF(take_containers, "includedContainers", containers)
LIST_OF(take_groups, "includedGroups", groups)

static const struct rules_member leg_members[] = {
    {.name = "id", .take = rules_member_text, .offset = offsetof(struct leg, id)},
    {.name = "name", .take = rules_member_text, .offset = offsetof(struct leg, name)},
    {.name = "priority", .take = rules_member_int, .offset = offsetof(struct leg, priority)},
    {.name = "sourceDirectoryName",
     .take = rules_member_text,
     .offset = offsetof(struct leg, source),
     .required = TRUE},
    {.name = "targetDirectoryName",
     .take = rules_member_text,
     .offset = offsetof(struct leg, target),
     .required = TRUE},
    {.name = "containerFilter", .take = take_containers},
    {.name = "groupFilter", .take = take_groups},
    {.name = "objectMappings", .take = take_objects, .required = TRUE},
    {.name = "editable"},
    {.name = "metadata"},
};

static void clear_leg(struct leg *leg)
{
    g_free(leg->id);
    g_free(leg->name);
    g_free(leg->source);
    g_free(leg->target);
    g_ptr_array_unref(leg->containers);
    g_ptr_array_unref(leg->groups);
    g_ptr_array_unref(leg->rules);
}

static struct cor_connector *named(struct cor_rule_set *set, const char *name)
{
    for (guint i = 0; i < set->connectors->len; i++) {
        struct cor_connector *connector = set->connectors->pdata[i];
        if (g_ascii_strcasecmp(connector->name, name) == 0)
            return connector;
    }
    return NULL;
}

/* The directory's connector, made when it is first named. */
static struct cor_connector *connect(struct cor_rule_set *set, const char *name)
{
    struct cor_connector *connector = named(set, name);
    if (connector)
        return connector;
    gboolean cloud = g_ascii_strcasecmp(name, ENTRA_DIRECTORY) == 0;
    g_autofree char *lower = g_utf8_strdown(name, -1);
    g_autofree char *id = cloud ? g_strdup(ENTRA_ID) : g_strdup_printf("{cloud-sync-ad:%s}", lower);
    connector = cor_connector_new(id, name);
    connector->cloud = cloud;
    g_ptr_array_add(set->connectors, connector);
    return connector;
}

/* A container lies in the domain that its DC components name. */
static void select_containers(struct cor_connector *ad, const GPtrArray *containers)
{
    for (guint i = 0; i < containers->len; i++) {
        const char *dn = containers->pdata[i];
        g_autofree char *lower = g_ascii_strdown(dn, -1);
        const char *at = g_str_has_prefix(lower, "dc=") ? lower : strstr(lower, ",dc=");
        const char *domain = dn + (at ? at - lower + (*at == ',') : 0);
        struct cor_partition *partition = NULL;
        for (guint j = 0; j < ad->partitions->len && !partition; j++) {
            partition = ad->partitions->pdata[j];
            if (g_ascii_strcasecmp(partition->dn, domain) != 0)
                partition = NULL;
        }
        if (!partition) {
            partition = cor_partition_new(domain);
            partition->selected = TRUE;
            g_ptr_array_add(ad->partitions, partition);
        }
        g_ptr_array_add(partition->inclusions, g_strdup(dn));
    }
}

static gboolean is_taken(const struct cor_rule_set *set, const char *id)
{
    for (guint i = 0; i < set->rules->len; i++)
        if (g_strcmp0(((const struct cor_rule *)set->rules->pdata[i])->id, id) == 0)
            return TRUE;
    return FALSE;
}

/* The name keeps an id the same from one import to the next. */
static char *make_id(const struct cor_rule_set *set, const struct leg *leg,
                     const struct cor_rule *rule)
{
    g_autofree char *whole = g_strdup_printf("%s/%s", leg->id ? leg->id : leg->source, rule->name);
    g_autofree char *base = g_utf8_strdown(whole, -1);
    char *id = g_strdup_printf("{%s}", base);
    for (guint n = 2; is_taken(set, id); n++) {
        g_free(id);
        id = g_strdup_printf("{%s#%u}", base, n);
    }
    return id;
}

static void add_rules(struct rules_document *in, struct leg *leg)
{
    struct cor_rule_set *set = in->in.set;
    select_containers(connect(set, leg->source), leg->containers);
    const struct cor_connector *entra = connect(set, leg->target);
    while (leg->rules->len) {
        struct cor_rule *rule = g_ptr_array_steal_index(leg->rules, 0);
        rule->id = make_id(set, leg, rule);
        rule->connector = g_strdup(entra->id);
        rule->precedence = set->rules->len;
        rules_cloud_scope_groups(rule, leg->groups);
        g_ptr_array_add(set->rules, rule);
    }
}

static gboolean take_leg(struct rules_document *in, const struct cor_json *value, void *target,
                         GError **error)
{
    (void)target;
    struct leg leg = {
        .containers = g_ptr_array_new_with_free_func(g_free),
        .groups = g_ptr_array_new_with_free_func(g_free),
        .rules = g_ptr_array_new_with_free_func((GDestroyNotify)cor_rule_free),
    };
    gboolean ok = rules_members_read(in, value, RULES_MEMBERS(leg_members), &leg, error);
    if (ok && g_ascii_strcasecmp(leg.target, ENTRA_DIRECTORY) == 0) {
        add_rules(in, &leg);
    } else if (ok) {
        /* provisioning to AD: nothing that the forecast of cloud writes can use */
        rules_member_finding(
            in, "writes to \"%s\", not to \"" ENTRA_DIRECTORY "\": kept, and not evaluated",
            leg.target);
        rules_member_keep(in, value);
    }
    clear_leg(&leg);
    return ok;
}

static gint64 priority_of(const struct cor_json *leg)
{
    gint64 priority = 0;
    return cor_json_int(cor_json_get(leg, "priority"), &priority) ? priority : 0;
}

struct ordered {
    const struct cor_json *leg;
    guint index;
};

/* The highest priority is processed first (Graph: synchronizationRule). */
static gint by_priority(gconstpointer a, gconstpointer b)
{
    const struct ordered *x = a, *y = b;
    gint64 p = priority_of(x->leg), q = priority_of(y->leg);
    if (p != q)
        return p > q ? -1 : 1;
    return x->index < y->index ? -1 : 1;
}

static gboolean take_legs(struct rules_document *in, const struct cor_json *value, void *target,
                          GError **error)
{
    if (cor_json_type(value) != COR_JSON_ARRAY)
        return rules_member_expected(in, value, "a list", error);
    g_autoptr(GArray) order = g_array_new(FALSE, FALSE, sizeof(struct ordered));
    for (const struct cor_json *n = cor_json_first(value); n; n = cor_json_next(n)) {
        struct ordered one = {n, order->len};
        g_array_append_val(order, one);
    }
    g_array_sort(order, by_priority);
    for (guint i = 0; i < order->len; i++) {
        const struct ordered *one = &g_array_index(order, struct ordered, i);
        if (!rules_members_one(in, one->leg, one->index, take_leg, target, error))
            return FALSE;
    }
    return TRUE;
}

/* --- directories ----------------------------------------------------------------------------- */

struct definition {
    char *name;
    guint type;
    gboolean multivalued;
};
struct directory {
    char *name;
    GHashTable *types; /* attribute -> type, as struct cor_connector.syntaxes */
};

static gboolean take_type(struct rules_document *in, const struct cor_json *value, void *target,
                          GError **error)
{
    static const char *const names[] = {"String", "Integer", "Reference",
                                        "Binary", "Boolean", "DateTime"};
    return rules_member_choice(in, value, names, G_N_ELEMENTS(names), target, error);
}

static gboolean take_definition(struct rules_document *in, const struct cor_json *value,
                                void *target, GError **error)
{
    static const char *const types[] = {"string", "integer", "dn", "binary", "boolean", "string"};
    static const struct rules_member members[] = {
        {.name = "name",
         .take = rules_member_text,
         .offset = offsetof(struct definition, name),
         .required = TRUE},
        {.name = "type", .take = take_type, .offset = offsetof(struct definition, type)},
        {.name = "multivalued",
         .take = rules_member_bool,
         .offset = offsetof(struct definition, multivalued)},
        {.name = "anchor"},
        {.name = "apiExpressions"},
        {.name = "caseExact"},
        {.name = "defaultValue"},
        {.name = "flowNullValues"},
        {.name = "metadata"},
        {.name = "mutability"},
        {.name = "referencedObjects"},
        {.name = "required"},
    };
    struct directory *directory = target;
    struct definition definition = {0};
    gboolean ok = rules_members_read(in, value, RULES_MEMBERS(members), &definition, error);
    if (ok)
        g_hash_table_insert(
            directory->types, g_steal_pointer(&definition.name),
            g_strconcat(types[definition.type], definition.multivalued ? "[]" : "", NULL));
    g_free(definition.name);
    return ok;
}

static gboolean take_definitions(struct rules_document *in, const struct cor_json *value,
                                 void *target, GError **error)
{
    return rules_members_each(in, value, take_definition, target, error);
}

static gboolean take_object_definition(struct rules_document *in, const struct cor_json *value,
                                       void *target, GError **error)
{
    static const struct rules_member members[] = {
        {.name = "attributes", .take = take_definitions},
        {.name = "name"},
        {.name = "metadata"},
        {.name = "supportedApis"},
    };
    return rules_members_read(in, value, RULES_MEMBERS(members), target, error);
}

static gboolean take_object_definitions(struct rules_document *in, const struct cor_json *value,
                                        void *target, GError **error)
{
    return rules_members_each(in, value, take_object_definition, target, error);
}

static gboolean take_directory(struct rules_document *in, const struct cor_json *value,
                               void *target, GError **error)
{
    static const struct rules_member members[] = {
        {.name = "name",
         .take = rules_member_text,
         .offset = offsetof(struct directory, name),
         .required = TRUE},
        {.name = "objects", .take = take_object_definitions},
        {.name = "id"},
        {.name = "discoverabilities"},
        {.name = "discoveryDateTime"},
        {.name = "readOnly"},
        {.name = "version"},
    };
    (void)target;
    struct directory directory = {NULL,
                                  g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free)};
    gboolean ok = rules_members_read(in, value, RULES_MEMBERS(members), &directory, error);
    if (ok) {
        struct cor_connector *connector = connect(in->in.set, directory.name);
        GHashTableIter iter;
        void *name, *type;
        g_hash_table_iter_init(&iter, directory.types);
        while (g_hash_table_iter_next(&iter, &name, &type))
            g_hash_table_insert(connector->syntaxes, g_strdup(name), g_strdup(type));
    }
    g_hash_table_unref(directory.types);
    g_free(directory.name);
    return ok;
}

static gboolean take_directories(struct rules_document *in, const struct cor_json *value,
                                 void *target, GError **error)
{
    return rules_members_each(in, value, take_directory, target, error);
}

gboolean rules_read_cloud_schema(struct rules_document *in, const struct cor_json *root,
                                 GError **error)
{
    static const struct rules_member members[] = {
        {.name = "synchronizationRules", .take = take_legs, .required = TRUE},
        {.name = "directories", .take = take_directories},
        {.name = "id"},
        {.name = "provisioningTaskIdentifier"},
        {.name = "version",
         .take = rules_member_text,
         .offset = offsetof(struct cor_rule_set, version)},
    };
    return rules_members_read(in, root, RULES_MEMBERS(members), in->in.set, error);
}
