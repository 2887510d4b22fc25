/* SPDX-License-Identifier: Apache-2.0 */
/* Titles: a template for each type, filled with the names of what the attributes refer to. */
#include "correlate/title.h"

#include <string.h>

#define PARENT  "anchorwatchParent"
#define NOBODY  "00000000-0000-0000-0000-000000000000"
#define IN_ROLE "{roleDefinitionId} to {principalId} at {directoryScopeId}"

/* "{a}" is the attribute a, or the name of what it refers to. */
static const struct {
    const char *type, *template;
} titles[] = {
    {COR_TYPE_ROLE_ASSIGNMENT, IN_ROLE},
    {COR_TYPE_ROLE_SCHEDULE, IN_ROLE " (schedule)"},
    {COR_TYPE_ROLE_ELIGIBILITY, IN_ROLE " (eligible)"},
    {COR_TYPE_ROLE_POLICY_USE, "policy of {roleDefinitionId}"},
    {COR_TYPE_SCOPED_ROLE, "{roleId} to {roleMemberInfo} in {administrativeUnitId}"},
    {COR_TYPE_APP_ROLE_ASSIGNMENT, "{appRoleId} of {resourceId} to {principalId}"},
    {COR_TYPE_PERMISSION_GRANT, "{clientId}: {scope} of {resourceId} for {principalId}"},
    {COR_TYPE_PERMISSION_CLASS, "{permissionName} of {" PARENT "}"},
    {COR_TYPE_FEDERATED_CREDENTIAL, "{name} of {" PARENT "}"},
    {COR_TYPE_FEDERATION, "federation of {" PARENT "}"},
    {COR_TYPE_SECURITY_ATTRIBUTES, "custom security attributes of {" PARENT "}"},
    {COR_TYPE_CROSS_TENANT_SYNC, "synchronization with {" PARENT "}"},
};

static const char *const references[] = {
    "roleDefinitionId", "principalId", "directoryScopeId", "roleId",   "administrativeUnitId",
    "appRoleId",        "resourceId",  "clientId",         "policyId", PARENT,
};

static gboolean is_reference(const char *attribute)
{
    for (gsize i = 0; i < G_N_ELEMENTS(references); i++)
        if (g_str_equal(references[i], attribute))
            return TRUE;
    return FALSE;
}

static struct cor_record *find(struct cor_view *view, struct cor_view *other_view, const char *key)
{
    struct cor_record *found = view ? view->get(view, COR_ENTRA, key, NULL) : NULL;
    return found || !other_view ? found : other_view->get(other_view, COR_ENTRA, key, NULL);
}

/* An app role is an item of the service principal that gives it. */
static char *app_role_name(struct cor_view *view, struct cor_view *other_view,
                           const struct cor_record *record, const char *id)
{
    if (g_str_equal(id, NOBODY))
        return g_strdup("default access");
    const char *giver = cor_record_text(record, "resourceId");
    COR_RECORD_AUTO *principal = giver ? find(view, other_view, giver) : NULL;
    const struct cor_json *roles = cor_record_get(principal, "appRoles");
    for (const struct cor_json *at = cor_json_first(roles); at; at = cor_json_next(at)) {
        const char *value = cor_json_get_string(at, "value");
        const char *name = value && *value ? value : cor_json_get_string(at, "displayName");
        if (name && g_strcmp0(cor_json_get_string(at, "id"), id) == 0)
            return g_strdup(name);
    }
    return NULL;
}

char *cor_title_reference(struct cor_view *view, struct cor_view *other_view,
                          const struct cor_record *record, const char *attribute)
{
    const char *text = cor_record_text(record, attribute);
    if (!text || !is_reference(attribute))
        return NULL;
    if (g_str_equal(attribute, "appRoleId"))
        return app_role_name(view, other_view, record, text);
    const char *slash = strrchr(text, '/'); /* a scope is "/", "/id" or "/administrativeUnits/id" */
    gboolean scope = g_str_equal(attribute, "directoryScopeId");
    COR_RECORD_AUTO *found = find(view, other_view, scope && slash ? slash + 1 : text);
    return found ? g_strdup(found->name) : NULL;
}

/* A grant without a principal is for all users. */
static char *word_of(struct cor_view *view, struct cor_view *other_view,
                     const struct cor_record *record, const char *attribute)
{
    char *name = cor_title_reference(view, other_view, record, attribute);
    const struct cor_json *value = cor_record_get(record, attribute);
    if (name)
        return name;
    if (cor_json_type(value) == COR_JSON_OBJECT)
        return g_strdup(cor_json_get_string(value, "displayName"));
    if (cor_json_string(value))
        return g_strstrip(g_strdup(cor_json_string(value)));
    return g_strdup(g_str_equal(attribute, "principalId") ? "everyone" : "?");
}

static char *fill(const char *template, struct cor_view *view, struct cor_view *other_view,
                  const struct cor_record *record)
{
    GString *out = g_string_new(NULL);
    for (const char *at = template; *at;) {
        const char *end = *at == '{' ? strchr(at, '}') : NULL;
        if (!end) {
            g_string_append_c(out, *at++);
            continue;
        }
        g_autofree char *attribute = g_strndup(at + 1, (gsize)(end - at - 1));
        g_autofree char *word = word_of(view, other_view, record, attribute);
        g_string_append(out, word ? word : "?");
        at = end + 1;
    }
    return g_string_free(out, FALSE);
}

char *cor_title(struct cor_view *view, struct cor_view *other_view, const struct cor_record *record)
{
    for (gsize i = 0; record->directory == COR_ENTRA && i < G_N_ELEMENTS(titles); i++)
        if (g_str_equal(titles[i].type, record->type))
            return fill(titles[i].template, view, other_view, record);
    /* settings and extensions have names; those of one object tell whose they are */
    const char *parent = cor_record_text(record, PARENT);
    g_autofree char *whose = parent ? cor_title_reference(view, other_view, record, PARENT) : NULL;
    return whose ? g_strdup_printf("%s of %s", record->name, whose) : NULL;
}

void cor_title_apply(struct cor_view *view, struct cor_view *other_view, struct cor_record *record)
{
    char *title = record ? cor_title(view, other_view, record) : NULL;
    if (!title)
        return;
    g_free(record->name);
    record->name = title;
}

gboolean cor_title_is_part(const struct cor_record *target, const char *source)
{
    return target && g_strcmp0(cor_record_text(target, PARENT), source) == 0;
}
