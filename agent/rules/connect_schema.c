/* SPDX-License-Identifier: Apache-2.0 */
/* The DSML schema inside connectors and the metaverse: the type of each attribute. */
#include "agent/rules/reading.h"

#include <stddef.h>
#include <string.h>

/* LDAP syntaxes (RFC 4517) and those of Active Directory (MS-ADTS 3.1.1.2.2.2). */
static const struct {
    const char *oid, *type;
} syntaxes[] = {
    {"1.3.6.1.4.1.1466.115.121.1.5", "binary"},
    {"1.3.6.1.4.1.1466.115.121.1.7", "boolean"},
    {"1.3.6.1.4.1.1466.115.121.1.12", "dn"},
    {"1.3.6.1.4.1.1466.115.121.1.15", "string"},
    {"1.3.6.1.4.1.1466.115.121.1.24", "string"},
    {"1.3.6.1.4.1.1466.115.121.1.26", "string"},
    {"1.3.6.1.4.1.1466.115.121.1.27", "integer"},
    {"1.3.6.1.4.1.1466.115.121.1.36", "string"},
    {"1.3.6.1.4.1.1466.115.121.1.38", "string"},
    {"1.3.6.1.4.1.1466.115.121.1.40", "binary"},
    {"1.3.6.1.4.1.1466.115.121.1.43", "string"},
    {"1.3.6.1.4.1.1466.115.121.1.44", "string"},
    {"1.3.6.1.4.1.1466.115.121.1.53", "string"},
    {"1.2.840.113556.1.4.903", "dn"},
    {"1.2.840.113556.1.4.904", "dn"},
    {"1.2.840.113556.1.4.905", "string"},
    {"1.2.840.113556.1.4.906", "integer"},
    {"1.2.840.113556.1.4.907", "binary"},
    {"1.2.840.113556.1.4.1221", "dn"},
};

struct attribute_type {
    char *name, *syntax;
    gboolean single;
};

static const char *type_of(struct rules_reading *in, const xmlNode *node, const char *oid)
{
    for (guint i = 0; i < G_N_ELEMENTS(syntaxes); i++)
        if (strcmp(syntaxes[i].oid, oid) == 0)
            return syntaxes[i].type;
    rules_finding(in, node, "syntax %s is not known and is taken for text", oid);
    return "string";
}

static gboolean take_attribute(struct rules_reading *in, xmlNode *node, const char *text,
                               void *target, GError **error)
{
    static const struct rules_element elements[] = {
        {.name = "@single-value",
         .take = rules_take_bool,
         .offset = offsetof(struct attribute_type, single)},
        {.name = "name",
         .take = rules_take_text,
         .flags = RULES_REQUIRED,
         .offset = offsetof(struct attribute_type, name)},
        {.name = "syntax",
         .take = rules_take_text,
         .flags = RULES_REQUIRED,
         .offset = offsetof(struct attribute_type, syntax)},
        {.name = "@id"},
        {.name = "@range-lower"},
        {.name = "@range-upper"},
        {.name = "@user-modification"},
        {.name = "@encrypted"},
        {.name = "@export-only"},
        {.name = "@indexable"},
    };
    (void)text;
    struct attribute_type type = {0};
    gboolean ok = rules_read(in, node, RULES_TABLE(elements), &type, error);
    if (ok)
        g_hash_table_insert(
            target, g_strdup(type.name),
            g_strconcat(type_of(in, node, type.syntax), type.single ? "" : "[]", NULL));
    g_free(type.name);
    g_free(type.syntax);
    return ok;
}

static gboolean take_directory(struct rules_reading *in, xmlNode *node, const char *text,
                               void *target, GError **error)
{
    /* which class may hold which attribute is for the directory to judge, not for the engine */
    static const struct rules_element elements[] = {
        {.name = "attribute-type", .take = take_attribute, .flags = RULES_REPEATS},
        {.name = "class", .flags = RULES_REPEATS},
        {.name = "dit-content-rule", .flags = RULES_REPEATS},
        {.name = "@no-objectclass-validation"},
    };
    (void)text;
    return rules_read(in, node, RULES_TABLE(elements), target, error);
}

static gboolean take_dsml(struct rules_reading *in, xmlNode *node, const char *text, void *target,
                          GError **error)
{
    static const struct rules_element elements[] = {
        {.name = "directory-schema", .take = take_directory, .flags = RULES_REQUIRED},
    };
    (void)text;
    return rules_read(in, node, RULES_TABLE(elements), target, error);
}

gboolean rules_read_schema(struct rules_reading *in, xmlNode *node, GHashTable *types,
                           GError **error)
{
    static const struct rules_element elements[] = {
        {.name = "dsml", .take = take_dsml},
    };
    return rules_read(in, node, RULES_TABLE(elements), types, error);
}
