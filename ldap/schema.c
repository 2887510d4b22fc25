/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The attribute table of one directory.
 *
 * Syntax, cardinality and links come from the directory's schema; two short tables of ours add
 * what the schema does not say: bookkeeping that would make every capture differ, and secrets.
 * An attribute the schema marks confidential is treated as a secret even if a right to read it
 * was granted by accident.
 */
#include "ldap/schema.h"

#include <string.h>

enum {
    SEARCH_CONFIDENTIAL = 128,
    SYSTEM_NOT_REPLICATED = 1,
    SYSTEM_CONSTRUCTED = 4,
};

struct ad_schema {
    GHashTable *by_name;    /* struct berval * (name) -> struct ad_attribute *, owned */
    GHashTable *by_attrtyp; /* ATTRTYP -> struct ad_attribute *, borrowed */
    guint64 mark;
};

struct row {
    struct berval key;
    struct ad_attribute attribute;
};

/* Written by logons, password failures, the server's bookkeeping or replication itself. */
static const char *const volatile_names[] = {
    "badPasswordTime",
    "badPwdCount",
    "dSCorePropagationData",
    "lastLogoff",
    "lastLogon",
    "lastLogonTimestamp",
    "logonCount",
    "memberOf",
    "modifyTimeStamp",
    "msDS-FailedInteractiveLogonCount",
    "msDS-FailedInteractiveLogonCountAtLastSuccessfulLogon",
    "msDS-LastFailedInteractiveLogonTime",
    "msDS-LastSuccessfulInteractiveLogonTime",
    "nTSecurityDescriptor",
    "replPropertyMetaData",
    "replUpToDateVector",
    "uSNChanged",
    "uSNCreated",
    "whenChanged",
};

static const char *const secret_names[] = {
    "currentValue",
    "dBCSPwd",
    "initialAuthIncoming",
    "initialAuthOutgoing",
    "lmPwdHistory",
    "ms-Mcs-AdmPwd",
    "msDS-ExecuteScriptPassword",
    "msDS-ManagedPassword",
    "msFVE-KeyPackage",
    "msFVE-RecoveryPassword",
    "msLAPS-EncryptedDSRMPassword",
    "msLAPS-EncryptedDSRMPasswordHistory",
    "msLAPS-EncryptedPassword",
    "msLAPS-EncryptedPasswordHistory",
    "msLAPS-Password",
    "msPKIAccountCredentials",
    "msPKIDPAPIMasterKeys",
    "msTPM-OwnerInformation",
    "ntPwdHistory",
    "priorValue",
    "supplementalCredentials",
    "trustAuthIncoming",
    "trustAuthOutgoing",
    "unicodePwd",
    "unixUserPassword",
    "userPassword",
};

/* Not replicated by their flags, and yet the same on every DC and needed. */
static const char *const kept_names[] = {"distinguishedName", "objectGUID"};

/* Prefix indices that are the same on every DC (MS-DRSR 5.14, PrefixTable). */
static const struct {
    const char *prefix;
    guint32 index;
} prefixes[] = {
    {"2.5.4.", 0},
    {"2.5.6.", 1},
    {"1.2.840.113556.1.2.", 2},
    {"1.2.840.113556.1.3.", 3},
    {"2.16.840.1.101.2.2.1.", 4},
    {"2.16.840.1.101.2.2.3.", 5},
    {"2.16.840.1.101.2.1.5.", 6},
    {"2.16.840.1.101.2.1.4.", 7},
    {"2.5.5.", 8},
    {"1.2.840.113556.1.4.", 9},
    {"1.2.840.113556.1.5.", 10},
    {"0.9.2342.19200300.100.", 19},
    {"2.16.840.1.113730.3.", 20},
    {"0.9.2342.19200300.100.1.", 21},
    {"2.16.840.1.113730.3.1.", 22},
    {"1.2.840.113556.1.5.7000.", 23},
    {"2.5.21.", 24},
    {"2.5.18.", 25},
    {"2.5.20.", 26},
};

static guint name_hash(gconstpointer key)
{
    const struct berval *name = key;
    guint hash = 5381;
    for (gsize i = 0; i < name->bv_len; i++)
        hash = hash * 33 + (guchar)g_ascii_tolower(name->bv_val[i]);
    return hash;
}

static gboolean name_equal(gconstpointer a, gconstpointer b)
{
    const struct berval *left = a, *right = b;
    return left->bv_len == right->bv_len &&
           g_ascii_strncasecmp(left->bv_val, right->bv_val, left->bv_len) == 0;
}

static void row_free(gpointer data)
{
    struct row *row = data;
    g_free(row->key.bv_val);
    g_free(row);
}

struct ad_schema *ad_schema_new(void)
{
    struct ad_schema *schema = g_new0(struct ad_schema, 1);
    schema->by_name = g_hash_table_new_full(name_hash, name_equal, NULL, row_free);
    schema->by_attrtyp = g_hash_table_new(NULL, NULL);
    return schema;
}

void ad_schema_free(struct ad_schema *schema)
{
    if (!schema)
        return;
    g_hash_table_unref(schema->by_attrtyp);
    g_hash_table_unref(schema->by_name);
    g_free(schema);
}

static gboolean listed(const char *const *names, gsize count, const char *name)
{
    for (gsize i = 0; i < count; i++)
        if (g_ascii_strcasecmp(names[i], name) == 0)
            return TRUE;
    return FALSE;
}

static enum ad_handling handling_of(const struct ad_schema_row *row, enum ad_syntax syntax)
{
    if (listed(secret_names, G_N_ELEMENTS(secret_names), row->name) ||
        (row->search_flags & SEARCH_CONFIDENTIAL))
        return AD_SECRET;
    if (listed(kept_names, G_N_ELEMENTS(kept_names), row->name))
        return AD_STORE;
    if (listed(volatile_names, G_N_ELEMENTS(volatile_names), row->name) ||
        (row->system_flags & (SYSTEM_NOT_REPLICATED | SYSTEM_CONSTRUCTED)))
        return AD_VOLATILE;
    if (row->link_id > 0 && row->link_id % 2)
        return AD_VOLATILE;
    /* A link that carries data beside its target (a key credential) is a value, not only a link. */
    if (row->link_id > 0 && syntax == AD_SYNTAX_DN)
        return AD_LINK;
    return AD_STORE;
}

gboolean ad_attrtyp_of(const struct ad_schema_row *row, guint32 *ret)
{
    const char *dot = row->attribute_id ? strrchr(row->attribute_id, '.') : NULL;
    gint64 last;
    if (row->has_int_id) {
        *ret = (guint32)row->int_id;
        return TRUE;
    }
    /* Arcs of 16384 and more need three octets and belong to prefixes numbered per DC. */
    if (!dot || !ad_int_parse(dot + 1, strlen(dot + 1), &last) || last < 0 || last >= 16384)
        return FALSE;
    gsize prefix_len = (gsize)(dot - row->attribute_id) + 1;
    for (gsize i = 0; i < G_N_ELEMENTS(prefixes); i++)
        if (strlen(prefixes[i].prefix) == prefix_len &&
            memcmp(prefixes[i].prefix, row->attribute_id, prefix_len) == 0) {
            *ret = prefixes[i].index << 16 | (guint32)last;
            return TRUE;
        }
    return FALSE;
}

/* FNV-1a in 64 bits over all that decides how values of the attribute are stored. */
static guint64 row_mark(const struct ad_attribute *attribute, guint32 attrtyp)
{
    g_autofree char *text =
        g_strdup_printf("%s %d %d %d %u", attribute->name, (int)attribute->syntax,
                        attribute->single, (int)attribute->handling, attrtyp);
    guint64 hash = G_GUINT64_CONSTANT(0xcbf29ce484222325);
    for (const char *at = text; *at; at++)
        hash = (hash ^ (guchar)*at) * G_GUINT64_CONSTANT(0x100000001b3);
    return hash;
}

void ad_schema_add(struct ad_schema *schema, const struct ad_schema_row *source)
{
    struct berval probe = {strlen(source->name), (char *)source->name};
    guint32 attrtyp;
    if (g_hash_table_contains(schema->by_name, &probe))
        return;
    struct row *row = g_new0(struct row, 1);
    row->key = (struct berval){probe.bv_len, g_strdup(source->name)};
    row->attribute.name = row->key.bv_val;
    row->attribute.syntax = ad_syntax_of(source->syntax ? source->syntax : "");
    row->attribute.single = source->single;
    row->attribute.handling = handling_of(source, row->attribute.syntax);
    g_hash_table_insert(schema->by_name, &row->key, row);
    if (ad_attrtyp_of(source, &attrtyp))
        g_hash_table_insert(schema->by_attrtyp, GUINT_TO_POINTER(attrtyp), &row->attribute);
    else
        attrtyp = 0;
    schema->mark += row_mark(&row->attribute, attrtyp);
}

guint64 ad_schema_mark(const struct ad_schema *schema)
{
    return schema->mark;
}

guint ad_schema_size(const struct ad_schema *schema)
{
    return g_hash_table_size(schema->by_name);
}

const struct ad_attribute *ad_schema_by_name(const struct ad_schema *schema, const char *name,
                                             gsize len)
{
    struct berval probe = {len, (char *)name};
    const struct row *row = g_hash_table_lookup(schema->by_name, &probe);
    return row ? &row->attribute : NULL;
}

const struct ad_attribute *ad_schema_by_attrtyp(const struct ad_schema *schema, guint32 attrtyp)
{
    return g_hash_table_lookup(schema->by_attrtyp, GUINT_TO_POINTER(attrtyp));
}
