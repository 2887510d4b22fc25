/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connectors/Connector_{guid}.xml and GlobalSettings/MV.xml of Get-ADSyncServerConfiguration. What
 * tables pass over is how the server connects and runs: accounts, certificates, cookies, run
 * profiles; none of it decides what a value becomes, and some of it should not be kept.
 */
#include "agent/rules/reading.h"

#include <stddef.h>
#include <string.h>

#define ENTRA_CONNECTOR "{b891884f-051e-4a83-95af-2544101c9083}" /* the same in every tenant */
#define ENTRA_SUBTYPE   "Windows Azure Active Directory (Microsoft)"

/* --- parameters ------------------------------------------------------------------------------ */

struct parameter {
    char *name, *use;
    gboolean intrinsic, encrypted;
};

static gboolean read_parameter(struct rules_reading *in, xmlNode *node, struct parameter *ret,
                               GError **error)
{
    static const struct rules_element elements[] = {
        {.name = "@name", .take = rules_take_text, .offset = offsetof(struct parameter, name)},
        {.name = "@use", .take = rules_take_text, .offset = offsetof(struct parameter, use)},
        {.name = "@intrinsic",
         .take = rules_take_bool,
         .offset = offsetof(struct parameter, intrinsic)},
        {.name = "@encrypted",
         .take = rules_take_bool,
         .offset = offsetof(struct parameter, encrypted)},
        {.name = "@type"},
        {.name = "@dataType"},
    };
    if (!rules_read(in, node, RULES_TABLE(elements), ret, error))
        return FALSE;
    return ret->name || rules_expected(in, node, "a parameter with a name", "none", error);
}

/* Of a connector: what expressions and filters may name, not how the server signs in. */
static gboolean take_parameter(struct rules_reading *in, xmlNode *node, const char *text,
                               void *target, GError **error)
{
    struct parameter parameter = {0};
    gboolean ok = read_parameter(in, node, &parameter, error);
    gboolean named = parameter.intrinsic || g_strcmp0(parameter.use, "global") == 0;
    if (ok && named && !parameter.encrypted)
        g_hash_table_insert(target, g_strdup(parameter.name), g_strdup(text));
    g_free(parameter.name);
    g_free(parameter.use);
    return ok;
}

static gboolean take_option(struct rules_reading *in, xmlNode *node, const char *text, void *target,
                            GError **error)
{
    struct parameter parameter = {0};
    gboolean ok = read_parameter(in, node, &parameter, error);
    if (ok && g_hash_table_contains(target, parameter.name)) {
        g_autofree char *expected = g_strdup_printf("one parameter %s", parameter.name);
        ok = rules_expected(in, node, expected, "a second", error);
    }
    if (ok && !parameter.encrypted)
        g_hash_table_insert(target, g_strdup(parameter.name), g_strdup(text));
    g_free(parameter.name);
    g_free(parameter.use);
    return ok;
}

static gboolean read_parameters(struct rules_reading *in, xmlNode *node, GHashTable *ret,
                                GError **error)
{
    static const struct rules_element elements[] = {
        {.name = "parameter", .take = take_parameter, .flags = RULES_REPEATS},
    };
    return rules_read(in, node, RULES_TABLE(elements), ret, error);
}

/* --- partitions ------------------------------------------------------------------------------ */

/* A list of one kind of element: <inclusions><inclusion>…</inclusion></inclusions>. */
#define TAKE_LIST(function, element)                                                               \
    static gboolean function(struct rules_reading *in, xmlNode *node, const char *text,            \
                             void *target, GError **error)                                         \
    {                                                                                              \
        static const struct rules_element elements[] = {                                           \
            {.name = element, .take = rules_take_item, .flags = RULES_REPEATS},                    \
        };                                                                                         \
        (void)text;                                                                                \
        return rules_read(in, node, RULES_TABLE(elements), target, error);                         \
    }
TAKE_LIST(take_inclusions, "inclusion")
TAKE_LIST(take_exclusions, "exclusion")
TAKE_LIST(take_object_classes, "object-class")
TAKE_LIST(take_attributes, "attribute")

/* What a partition element fills: its own part, and the connector's. */
struct partition_reading {
    struct cor_partition *partition;
    struct cor_connector *connector;
    char *domain; /* DNS name, for a domain */
    gboolean is_domain;
};

static gboolean take_containers(struct rules_reading *in, xmlNode *node, const char *text,
                                void *target, GError **error)
{
    static const struct rules_element elements[] = {
        {.name = "inclusions",
         .take = take_inclusions,
         .offset = offsetof(struct cor_partition, inclusions)},
        {.name = "exclusions",
         .take = take_exclusions,
         .offset = offsetof(struct cor_partition, exclusions)},
    };
    (void)text;
    struct partition_reading *reading = target;
    return rules_read(in, node, RULES_TABLE(elements), reading->partition, error);
}

static gboolean take_classes(struct rules_reading *in, xmlNode *node, const char *text,
                             void *target, GError **error)
{
    struct partition_reading *reading = target;
    g_autoptr(GPtrArray) classes = g_ptr_array_new_with_free_func(g_free);
    if (!take_object_classes(in, node, text, &classes, error))
        return FALSE;
    for (guint i = 0; i < classes->len; i++)
        if (!g_ptr_array_find_with_equal_func(reading->connector->object_types, classes->pdata[i],
                                              g_str_equal, NULL))
            g_ptr_array_add(reading->connector->object_types, g_strdup(classes->pdata[i]));
    return TRUE;
}

static gboolean take_filter(struct rules_reading *in, xmlNode *node, const char *text, void *target,
                            GError **error)
{
    static const struct rules_element elements[] = {
        {.name = "containers", .take = take_containers},
        {.name = "object-classes", .take = take_classes},
    };
    (void)text;
    return rules_read(in, node, RULES_TABLE(elements), target, error);
}

static gboolean take_domain_data(struct rules_reading *in, xmlNode *node, const char *text,
                                 void *target, GError **error)
{
    static const struct rules_element elements[] = {
        {.name = "name",
         .take = rules_take_text,
         .offset = offsetof(struct partition_reading, domain)},
        {.name = "is-domain",
         .take = rules_take_bool,
         .offset = offsetof(struct partition_reading, is_domain)},
        {.name = "dn"},
        {.name = "guid"},
        {.name = "sign-and-seal"},
        {.name = "last-dc"},
        {.name = "dc-failover"},
        {.name = "ssl-bind"},
        {.name = "simple-bind"},
        {.name = "cookie"},
        {.name = "preferred-dcs"},
    };
    (void)text;
    return rules_read(in, node, RULES_TABLE(elements), target, error);
}

static gboolean take_custom_data(struct rules_reading *in, xmlNode *node, const char *text,
                                 void *target, GError **error)
{
    static const struct rules_element elements[] = {
        {.name = "adma-partition-data", .take = take_domain_data},
        {.name = "ecma-partition-data"},
        {.name = "water-mark"},
    };
    (void)text;
    return rules_read(in, node, RULES_TABLE(elements), target, error);
}

static gboolean take_partition_dn(struct rules_reading *in, xmlNode *node, const char *text,
                                  void *target, GError **error)
{
    struct partition_reading *reading = target;
    return rules_take_text(in, node, text, &reading->partition->dn, error);
}

static gboolean take_selected(struct rules_reading *in, xmlNode *node, const char *text,
                              void *target, GError **error)
{
    struct partition_reading *reading = target;
    return rules_take_bool(in, node, text, &reading->partition->selected, error);
}

static gboolean take_partition_parameters(struct rules_reading *in, xmlNode *node, const char *text,
                                          void *target, GError **error)
{
    (void)text;
    struct partition_reading *reading = target;
    return read_parameters(in, node, reading->partition->parameters, error);
}

static gboolean take_partition(struct rules_reading *in, xmlNode *node, const char *text,
                               void *target, GError **error)
{
    static const struct rules_element elements[] = {
        {.name = "name", .take = take_partition_dn, .flags = RULES_REQUIRED},
        {.name = "selected", .take = take_selected, .flags = RULES_REQUIRED},
        {.name = "filter", .take = take_filter},
        {.name = "custom-data", .take = take_custom_data},
        {.name = "parameter-values", .take = take_partition_parameters},
        {.name = "id"},
        {.name = "creation-time"},
        {.name = "last-modification-time"},
        {.name = "version"},
        {.name = "display-name"},
    };
    (void)text;
    struct cor_connector *connector = target;
    struct partition_reading reading = {cor_partition_new(NULL), connector, NULL, FALSE};
    g_ptr_array_add(connector->partitions, reading.partition);
    gboolean ok = rules_read(in, node, RULES_TABLE(elements), &reading, error);
    if (ok && reading.is_domain && reading.domain && !connector->domain) {
        connector->domain = g_strdup(reading.domain);
        g_free(connector->netbios);
        connector->netbios =
            g_strdup(g_hash_table_lookup(reading.partition->parameters, "Domain.Netbios"));
    }
    g_free(reading.domain);
    return ok;
}

static gboolean take_partitions(struct rules_reading *in, xmlNode *node, const char *text,
                                void *target, GError **error)
{
    static const struct rules_element elements[] = {
        {.name = "partition", .take = take_partition, .flags = RULES_REPEATS},
    };
    (void)text;
    return rules_read(in, node, RULES_TABLE(elements), target, error);
}

/* --- connectors ------------------------------------------------------------------------------ */

static gboolean take_id(struct rules_reading *in, xmlNode *node, const char *text, void *target,
                        GError **error)
{
    struct cor_connector *connector = target;
    connector->id = rules_guid(text);
    if (!connector->id)
        return rules_expected(in, node, "a GUID in braces", text, error);
    if (strcmp(connector->id, ENTRA_CONNECTOR) == 0)
        connector->cloud = TRUE;
    for (guint i = 0; i < in->set->connectors->len; i++) {
        const struct cor_connector *other = in->set->connectors->pdata[i];
        if (other != connector && strcmp(other->id, connector->id) == 0)
            return rules_expected(in, node, "an id of its own", "one that another file has", error);
    }
    return TRUE;
}

static gboolean take_subtype(struct rules_reading *in, xmlNode *node, const char *text,
                             void *target, GError **error)
{
    (void)in, (void)node, (void)error;
    if (g_ascii_strcasecmp(text, ENTRA_SUBTYPE) == 0)
        *(gboolean *)target = TRUE;
    return TRUE;
}

static gboolean take_schema(struct rules_reading *in, xmlNode *node, const char *text, void *target,
                            GError **error)
{
    (void)text;
    return rules_read_schema(in, node, *(GHashTable **)target, error);
}

static gboolean take_parameters(struct rules_reading *in, xmlNode *node, const char *text,
                                void *target, GError **error)
{
    (void)text;
    return read_parameters(in, node, *(GHashTable **)target, error);
}

static gboolean take_forest(struct rules_reading *in, xmlNode *node, const char *text, void *target,
                            GError **error)
{
    static const struct rules_element elements[] = {
        {.name = "forest-name",
         .take = rules_take_text,
         .offset = offsetof(struct cor_connector, forest)},
        {.name = "parameter-values",
         .take = take_parameters,
         .offset = offsetof(struct cor_connector, parameters)},
        {.name = "forest-guid"},
        {.name = "forest-port"},
        {.name = "forest-login-domain"},
        {.name = "forest-login-user"},
        {.name = "sign-and-seal"},
        {.name = "default-ssl-strength"},
        {.name = "ssl-bind"},
        {.name = "simple-bind"},
        {.name = "password-hash-sync-config"},
    };
    (void)text;
    return rules_read(in, node, RULES_TABLE(elements), target, error);
}

static gboolean take_private(struct rules_reading *in, xmlNode *node, const char *text,
                             void *target, GError **error)
{
    static const struct rules_element elements[] = {
        {.name = "adma-configuration", .take = take_forest},
        {.name = "MAConfig"},
    };
    (void)text;
    return rules_read(in, node, RULES_TABLE(elements), target, error);
}

#define CONNECTOR(field) .offset = offsetof(struct cor_connector, field)

gboolean rules_read_connector(struct rules_reading *in, xmlNode *root, GError **error)
{
    static const struct rules_element elements[] = {
        {.name = "id", .take = take_id, .flags = RULES_REQUIRED},
        {.name = "name", .take = rules_take_text, CONNECTOR(name), .flags = RULES_REQUIRED},
        {.name = "subtype", .take = take_subtype, CONNECTOR(cloud)},
        {.name = "schema", .take = take_schema, CONNECTOR(syntaxes)},
        {.name = "attribute-inclusion", .take = take_attributes, CONNECTOR(attributes)},
        {.name = "ma-partition-data", .take = take_partitions},
        {.name = "private-configuration", .take = take_private},
        {.name = "format-version"},
        {.name = "category"},
        {.name = "description"},
        {.name = "ma-listname"},
        {.name = "ma-companyname"},
        {.name = "creation-time"},
        {.name = "last-modification-time"},
        {.name = "version"},
        {.name = "internal-version"},
        {.name = "password-sync-allowed"},
        {.name = "ma-run-data"},
        {.name = "password-sync"},
        /* flows outside the sync rules: nothing there in Entra Connect, kept when there is */
        {.name = "join", .usual = ""},
        {.name = "projection", .usual = ""},
        {.name = "export-attribute-flow", .usual = ""},
        {.name = "component_mappings", .usual = ""},
        {.name = "encrypted-attributes"},
    };
    if (strcmp((const char *)root->name, "ma-data") != 0)
        return rules_expected(in, root, "element ma-data", (const char *)root->name, error);
    struct cor_connector *connector = cor_connector_new(NULL, NULL);
    g_ptr_array_add(in->set->connectors, connector);
    if (!rules_read(in, root, RULES_TABLE(elements), connector, error))
        return FALSE;
    if (!connector->netbios)
        connector->netbios = g_strdup(g_hash_table_lookup(connector->parameters, "Forest.Netbios"));
    return TRUE;
}

/* --- the metaverse --------------------------------------------------------------------------- */

static gboolean take_options(struct rules_reading *in, xmlNode *node, const char *text,
                             void *target, GError **error)
{
    static const struct rules_element elements[] = {
        {.name = "parameter", .take = take_option, .flags = RULES_REPEATS},
    };
    (void)text;
    return rules_read(in, node, RULES_TABLE(elements), *(GHashTable **)target, error);
}

static gboolean take_metaverse(struct rules_reading *in, xmlNode *node, const char *text,
                               void *target, GError **error)
{
    static const struct rules_element elements[] = {
        {.name = "schema", .take = take_schema, .offset = offsetof(struct cor_rule_set, metaverse)},
        {.name = "parameter-values",
         .take = take_options,
         .flags = RULES_REQUIRED,
         .offset = offsetof(struct cor_rule_set, options)},
        {.name = "format-version"},
        {.name = "version"},
        {.name = "password-change-history-size"},
        {.name = "password-sync"},
    };
    (void)text;
    return rules_read(in, node, RULES_TABLE(elements), target, error);
}

gboolean rules_read_metaverse(struct rules_reading *in, xmlNode *root, GError **error)
{
    static const struct rules_element elements[] = {
        {.name = "mv-data", .take = take_metaverse, .flags = RULES_REQUIRED},
        {.name = "@server"},
        {.name = "@export-date"},
    };
    struct cor_rule_set *set = in->set;
    gboolean bare = strcmp((const char *)root->name, "mv-data") == 0;
    if (!bare && strcmp((const char *)root->name, "saved-mv-configuration") != 0)
        return rules_expected(in, root, "element saved-mv-configuration or mv-data",
                              (const char *)root->name, error);
    if (bare ? !take_metaverse(in, root, "", set, error)
             : !rules_read(in, root, RULES_TABLE(elements), set, error))
        return FALSE;
    g_free(set->version);
    set->version =
        g_strdup(cor_rule_set_option(set, "Microsoft.Synchronize.ServerConfigurationVersion"));
    return TRUE;
}
