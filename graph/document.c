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

static gboolean is_annotation(const char *key)
{
    return strchr(key, '@') != NULL;
}

/* The members and elements worth keeping, put into out. */
static void clean(const struct cor_json *container, gboolean keep_type, struct cor_json *out)
{
    for (const struct cor_json *at = cor_json_first(container); at; at = cor_json_next(at)) {
        const char *key = cor_json_key(at);
        enum cor_json_type type = cor_json_type(at);
        if (key && is_annotation(key) && !(keep_type && g_str_equal(key, ODATA_TYPE)))
            continue;
        if (type == COR_JSON_OBJECT)
            clean(at, TRUE, cor_json_put_object(out, key));
        else if (type == COR_JSON_ARRAY)
            clean(at, TRUE, cor_json_put_array(out, key));
        else if (type != COR_JSON_NULL || !key)
            cor_json_put_copy(out, key, at);
    }
}

struct cor_json *entra_document(const struct cor_json *object, const char *type)
{
    struct cor_json *out = cor_json_new_object();
    clean(object, g_str_equal(type, COR_TYPE_NAMED_LOCATION), out);
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
    static const char *const names[] = {"userPrincipalName", "displayName", "mail", "appId"};
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

enum entra_readable entra_record(const struct entra_resource *resource,
                                 const struct cor_json *object, struct cor_record **ret,
                                 const char **ret_manager)
{
    const char *id = cor_json_get_string(object, "id");
    if (!entra_id_ok(id))
        return ENTRA_INVALID;
    if (!is_present(cor_json_get(object, resource->must)))
        return ENTRA_LIMITED;
    const char *manager = cor_json_get_string(cor_json_get(object, "manager"), "id");
    struct cor_record *record = cor_record_new(COR_ENTRA, resource->type, id);
    cor_json_free(record->attributes);
    record->attributes = entra_document(object, resource->type);
    if (resource->expand)
        cor_json_remove(record->attributes, "manager");
    record->life = resource->life;
    g_free(record->name);
    record->name = name_of(record->attributes, id);
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
