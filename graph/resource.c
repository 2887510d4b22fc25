/* SPDX-License-Identifier: Apache-2.0 */
/* The requests that the table of resources stands for. */
#include "graph/resource.h"

#include <string.h>

static void add_option(GString *url, const char *name, const char *value)
{
    if (!value)
        return;
    g_string_append_c(url, strchr(url->str, '?') ? '&' : '?');
    g_string_append(url, name);
    g_string_append_c(url, '=');
    g_string_append_uri_escaped(url, value, "$,()=:", FALSE);
}

static void add_top(GString *url, guint top)
{
    g_autofree char *text = top ? g_strdup_printf("%u", top) : NULL;
    add_option(url, "$top", text);
}

char *entra_resource_url(const char *base, const struct entra_resource *resource, guint top)
{
    GString *url = g_string_new(base);
    g_string_append_printf(url, "/%s%s", resource->version, resource->path);
    add_option(url, "$select", resource->select);
    add_option(url, "$expand", resource->expand ? resource->expand : resource->inlined);
    add_option(url, "$filter", resource->filter);
    add_top(url, resource->sized ? top : 0);
    return g_string_free(url, FALSE);
}

char *entra_delta_url(const char *base, const struct entra_resource *resource)
{
    GString *url = g_string_new(base);
    g_autofree char *select = *resource->delta
                                  ? g_strdup_printf("%s,%s", resource->select, resource->delta)
                                  : g_strdup(resource->select);
    g_string_append_printf(url, "/%s%s/delta", resource->version, resource->path);
    add_option(url, "$select", select);
    add_option(url, "$deltatoken", "latest");
    return g_string_free(url, FALSE);
}

/* A scoped key is the type, a slash and the id. */
static void add_object(GString *path, const struct entra_resource *resource, const char *key)
{
    gsize prefix = resource->scoped ? strlen(resource->type) + 1 : 0;
    g_autofree char *escaped = g_uri_escape_string(key + MIN(prefix, strlen(key)), NULL, FALSE);
    g_string_append_printf(path, "%s/%s", resource->path, escaped);
}

char *entra_object_path(const struct entra_resource *resource, const char *key)
{
    GString *path = g_string_new(NULL);
    add_object(path, resource, key);
    add_option(path, "$select", resource->select);
    add_option(path, "$expand", resource->expand);
    return g_string_free(path, FALSE);
}

gboolean entra_resource_shows(const char *property)
{
    gsize len = strlen(property);
    for (guint i = 0; i < entra_resources_len; i++)
        for (const char *at = entra_resources[i].select; at && *at;) {
            gsize end = strcspn(at, ",");
            if (end == len && g_ascii_strncasecmp(at, property, len) == 0)
                return TRUE;
            at += end + (at[end] == ',');
        }
    return FALSE;
}

char *entra_bulk_url(const char *base, const struct entra_resource *resource,
                     const struct entra_relation *relation, guint top)
{
    gboolean property = relation->form == ENTRA_PROPERTY;
    g_autofree char *select = property ? g_strdup_printf("id,%s", relation->relation) : NULL;
    g_autofree char *expand =
        property ? NULL : g_strdup_printf("%s($select=id)", relation->relation);
    GString *url = g_string_new(base);
    g_string_append_printf(url, "/%s%s", resource->version, resource->path);
    add_option(url, "$select", select ? select : "id");
    add_option(url, "$expand", expand);
    add_top(url, resource->sized ? top : 0);
    return g_string_free(url, FALSE);
}

char *entra_relation_path(const struct entra_resource *resource,
                          const struct entra_relation *relation, const char *key, guint top)
{
    GString *path = g_string_new(NULL);
    add_object(path, resource, key);
    if (relation->form == ENTRA_PROPERTY) {
        g_autofree char *select = g_strdup_printf("id,%s", relation->relation);
        add_option(path, "$select", select);
        return g_string_free(path, FALSE);
    }
    g_string_append_printf(path, "/%s", relation->relation);
    add_option(path, "$select", relation->form == ENTRA_TARGETS ? "id" : relation->select);
    add_top(path, relation->sized ? top : 0);
    return g_string_free(path, FALSE);
}

const char *entra_relation_permission(const struct entra_resource *resource,
                                      const struct entra_relation *relation)
{
    return relation->permission ? relation->permission : resource->permission;
}
