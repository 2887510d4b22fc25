/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records from objects. Invariant: what is stored is what the service said about the object, and
 * nothing that it left out: an object that came without a property which every readable one has is
 * no evidence about the object but about our rights.
 */
#include "graph/document.h"

#include <string.h>

#define ODATA_TYPE "@odata.type"

enum { MAX_ID = 512 };

/* What could open a door, by the property that holds it. "hint" is the beginning of the secret. */
static gboolean is_secret(const char *container, const char *key)
{
    static const struct {
        const char *container, *key;
    } secrets[] = {
        {"keyCredentials", "key"},
        {"passwordCredentials", "secretText"},
        {"passwordCredentials", "hint"},
        {"passwordProfile", "password"},
        {"passwordSingleSignOnSettings", "credentials"},
    };
    for (guint i = 0; container && i < G_N_ELEMENTS(secrets); i++)
        if (g_str_equal(secrets[i].container, container) && g_str_equal(secrets[i].key, key))
            return TRUE;
    return FALSE;
}

static gboolean is_annotation(const char *key)
{
    return strchr(key, '@') != NULL;
}

/* The members and elements worth keeping, put into out. holder: the property that holds them. */
static void clean(const struct cor_json *node, const char *holder, gboolean keep_type,
                  struct cor_json *out)
{
    for (const struct cor_json *at = cor_json_first(node); at; at = cor_json_next(at)) {
        const char *key = cor_json_key(at), *name = key ? key : holder;
        enum cor_json_type type = cor_json_type(at);
        gboolean told = key && is_annotation(key) && !(keep_type && g_str_equal(key, ODATA_TYPE));
        if (told || (key && is_secret(holder, key)))
            continue;
        if (type == COR_JSON_OBJECT)
            clean(at, name, TRUE, cor_json_put_object(out, key));
        else if (type == COR_JSON_ARRAY)
            clean(at, name, TRUE, cor_json_put_array(out, key));
        else if (type != COR_JSON_NULL || !key)
            cor_json_put_copy(out, key, at);
    }
}

struct cor_json *entra_document(const struct cor_json *object, const char *type)
{
    struct cor_json *out = cor_json_new_object();
    clean(object, NULL, g_str_equal(type, COR_TYPE_NAMED_LOCATION), out);
    return out;
}

gboolean entra_id_ok(const char *text)
{
    gsize len = text ? strlen(text) : 0;
    if (len == 0 || len > MAX_ID)
        return FALSE;
    for (const char *at = text; *at; at++)
        if ((guchar)*at <= 0x20 || *at == 0x7f)
            return FALSE;
    return TRUE;
}

/* The service puts the id without dashes before the UPN of a deleted user; people know it without.
 */
static const char *without_id(const char *name, const char *id)
{
    const char *at = name;
    for (; *id; id++) {
        if (*id == '-')
            continue;
        if (g_ascii_tolower(*at) != g_ascii_tolower(*id))
            return name;
        at++;
    }
    return *at ? at : name;
}

static char *name_of(const struct cor_json *document, const char *id)
{
    static const char *const names[] = {"userPrincipalName", "displayName", "mail", "appId", "name",
                                        "skuPartNumber",     "id"};
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        const char *name = cor_json_get_string(document, names[i]);
        if (name && *name)
            return g_strdup(without_id(name, id));
    }
    return g_strdup(id);
}

static gboolean is_present(const struct cor_json *value)
{
    enum cor_json_type type = cor_json_type(value);
    if (type == COR_JSON_NULL)
        return FALSE;
    return type != COR_JSON_ARRAY || cor_json_size(value) > 0;
}

/* Ids of some types are plain words or those of another type; a single object may have none. */
static char *key_of(const struct entra_resource *resource, const char *id)
{
    if (resource->scoped && resource->singleton)
        return g_strdup_printf("%s/policy", resource->type);
    return resource->scoped ? g_strdup_printf("%s/%s", resource->type, id) : g_strdup(id);
}

static void drop_transient(struct cor_json *document, const char *transient)
{
    g_auto(GStrv) names = g_strsplit(transient ? transient : "", ",", -1);
    for (guint i = 0; names[i]; i++)
        cor_json_remove(document, names[i]);
}

struct cor_record *entra_part(const struct entra_relation *relation, const char *parent,
                              const struct cor_json *object)
{
    gboolean single = relation->form == ENTRA_PART || relation->form == ENTRA_PROPERTY;
    const char *id = cor_json_get_string(object, "id");
    if (!single && !entra_id_ok(id))
        return NULL;
    g_autofree char *key = single ? g_strdup_printf("%s/%s", relation->type, parent)
                           : relation->scoped
                               ? g_strdup_printf("%s/%s/%s", relation->type, parent, id)
                               : g_strdup(id);
    struct cor_record *record = cor_record_new(COR_ENTRA, relation->type, key);
    cor_json_free(record->attributes);
    record->attributes = entra_document(object, relation->type);
    cor_json_set(record->attributes, "anchorwatchParent", cor_json_new_string(parent));
    g_free(record->name);
    record->name = single ? g_strdup(relation->segment) : name_of(record->attributes, id);
    return record;
}

enum entra_readable entra_record(const struct entra_resource *resource,
                                 const struct cor_json *object, struct cor_record **ret,
                                 const char **ret_manager)
{
    const char *id = cor_json_get_string(object, resource->id ? resource->id : "id");
    if (!entra_id_ok(id) && !resource->singleton)
        return ENTRA_INVALID;
    gboolean list = cor_json_type(cor_json_get(object, "value")) == COR_JSON_ARRAY;
    if ((resource->must && !is_present(cor_json_get(object, resource->must))) ||
        (resource->singleton && list))
        return ENTRA_LIMITED;
    const char *manager = cor_json_get_string(cor_json_get(object, "manager"), "id");
    g_autofree char *key = key_of(resource, id);
    struct cor_record *record = cor_record_new(COR_ENTRA, resource->type, key);
    cor_json_free(record->attributes);
    record->attributes = entra_document(object, resource->type);
    if (resource->expand)
        cor_json_remove(record->attributes, "manager");
    drop_transient(record->attributes, resource->transient);
    record->life = resource->life;
    g_free(record->name);
    record->name = resource->singleton && resource->scoped
                       ? g_strdup(resource->segment)
                       : name_of(record->attributes, id ? id : resource->segment);
    *ret = record;
    *ret_manager = resource->expand && entra_id_ok(manager) ? manager : NULL;
    return ENTRA_READABLE;
}

gboolean entra_wants_behavior(const struct cor_record *record)
{
    static const char *const leftovers[] = {
        "onPremisesSecurityIdentifier", "onPremisesImmutableId",      "onPremisesSamAccountName",
        "onPremisesDomainName",         "onPremisesLastSyncDateTime",
    };
    if (cor_record_get(record, "onPremisesSyncEnabled"))
        return FALSE;
    if (g_str_equal(record->type, COR_TYPE_CONTACT))
        return TRUE;
    for (guint i = 0; i < G_N_ELEMENTS(leftovers); i++)
        if (cor_record_get(record, leftovers[i]))
            return TRUE;
    return FALSE;
}
