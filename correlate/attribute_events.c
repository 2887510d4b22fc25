/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Matching of directory audit records to a change. Records name properties by directory-schema
 * names, hide values as JSON in text, list the changed names in a pseudo-property, and put the
 * member before or behind the group (Graph page directoryAudit; Entra audit activities).
 */
#include "correlate/attribute_events.h"

#include <string.h>

/* Directory-schema names that are not the Graph name with a capital letter. */
static const char *const property_names[][2] = {
    {"Mobile", "mobilePhone"},
    {"TelephoneNumber", "businessPhones"},
    {"PhysicalDeliveryOfficeName", "officeLocation"},
    {"FacsimileTelephoneNumber", "faxNumber"},
    {"OtherMail", "otherMails"},
    {"EmployeeLeaveDate", "employeeLeaveDateTime"},
    {"GroupType", "groupTypes"},
    {"IsPublic", "visibility"},
    {"AppIdentifierUri", "identifierUris"},
    {"AppAddress", "web"},
    {"AvailableToOtherTenants", "signInAudience"},
    {"ServicePrincipalTag", "tags"},
    {"ServicePrincipalName", "servicePrincipalNames"},
    {"ApplicationTag", "tags"},
    {"Company", "companyName"},
    {"AssignedLicense", "assignedLicenses"},
    {"DeviceOSType", "operatingSystem"},
    {"DeviceOSVersion", "operatingSystemVersion"},
    {"SourceAnchor", "onPremisesImmutableId"},
    {"DirSyncEnabled", "onPremisesSyncEnabled"},
    {"LastDirSyncTime", "onPremisesLastSyncDateTime"},
};

/* Names that say something about the record, not about a property. */
static gboolean is_pseudo(const char *name)
{
    return g_str_has_prefix(name, "Included Updated Properties") ||
           g_str_has_prefix(name, "TargetId.") || strcmp(name, "Action Client Name") == 0 ||
           g_str_has_prefix(name, "Group.") || g_str_has_prefix(name, "User.") ||
           g_str_has_prefix(name, "ServicePrincipal.") || g_str_has_prefix(name, "Application.");
}

static gboolean same_property(const char *directory_name, const char *attribute)
{
    gsize head = strcspn(attribute, ".");
    for (gsize i = 0; i < G_N_ELEMENTS(property_names); i++)
        if (g_ascii_strcasecmp(property_names[i][0], directory_name) == 0 &&
            g_ascii_strncasecmp(property_names[i][1], attribute, head) == 0)
            return TRUE;
    /* extensionAttribute7 stands for onPremisesExtensionAttributes.extensionAttribute7 */
    if (attribute[head] == '.' && g_ascii_strcasecmp(directory_name, attribute + head + 1) == 0)
        return TRUE;
    return strlen(directory_name) == head &&
           g_ascii_strncasecmp(directory_name, attribute, head) == 0;
}

static gboolean in_list(const char *list, const char *attribute)
{
    g_auto(GStrv) names = g_strsplit(list ? list : "", ",", 0);
    for (guint i = 0; names[i]; i++)
        if (same_property(g_strstrip(names[i]), attribute))
            return TRUE;
    return FALSE;
}

/* Does the target's list name the property? A list without any real property (policies put one
 * document there) speaks of the object as a whole. */
static gboolean names_property(const struct cor_json *target, const char *attribute)
{
    const struct cor_json *list = cor_json_get(target, "modified");
    gboolean named_any = FALSE;
    for (const struct cor_json *n = cor_json_first(list); n; n = cor_json_next(n)) {
        const char *name = cor_json_get_string(n, "property");
        if (!name)
            continue;
        if (g_str_has_prefix(name, "Included Updated Properties") &&
            in_list(cor_json_get_string(n, "new"), attribute))
            return TRUE;
        if (is_pseudo(name))
            continue;
        if (same_property(name, attribute))
            return TRUE;
        named_any = TRUE;
    }
    return !named_any && !list ? TRUE : !named_any && !cor_json_first(list);
}

static const struct cor_json *target_of(const struct cor_json *doc, const char *key)
{
    const struct cor_json *targets = cor_json_get(doc, "targets");
    for (const struct cor_json *n = cor_json_first(targets); n && key; n = cor_json_next(n)) {
        const char *id = cor_json_get_string(n, "id");
        if (id && g_ascii_strcasecmp(id, key) == 0)
            return n;
    }
    return NULL;
}

/* Objects whose record holds one document instead of properties. */
static gboolean is_policy(const struct cor_change *change)
{
    static const char *const types[] = {COR_TYPE_CA_POLICY,    COR_TYPE_NAMED_LOCATION,
                                        COR_TYPE_AUTH_METHODS, COR_TYPE_AUTHORIZATION,
                                        COR_TYPE_ORGANIZATION, NULL};
    return g_strv_contains(types, change->object.type);
}

static gboolean has_word(const char *activity, const char *prefix, const char *word)
{
    return g_str_has_prefix(activity, prefix) && (!word || strstr(activity, word));
}

static gboolean fits_link(const struct cor_change *change, const char *activity)
{
    gboolean adding = change->kind == COR_CHANGE_LINKED;
    if (g_strcmp0(change->attribute, "manager") == 0)
        return has_word(activity, adding ? "Set user manager" : "Remove user manager", NULL) ||
               has_word(activity, "Set user manager", NULL) ||
               has_word(activity, "Update user", NULL);
    return has_word(activity, adding ? "Add " : "Remove ", change->attribute);
}

static gboolean fits_modified(const struct cor_change *change, const char *activity)
{
    const char *attribute = change->attribute ? change->attribute : "";
    /* moving the source of authority also flips onPremisesSyncEnabled */
    if (strstr(activity, "Source of Authority"))
        return g_str_has_prefix(attribute, "onPremisesSync");
    if (g_str_has_prefix(attribute, "onPremisesSyncBehavior"))
        return FALSE;
    if (strcmp(attribute, "accountEnabled") == 0 &&
        (has_word(activity, "Disable account", NULL) || has_word(activity, "Enable account", NULL)))
        return TRUE;
    if (strcmp(attribute, "assignedLicenses") == 0 && strstr(activity, "license"))
        return TRUE;
    return has_word(activity, "Update ", NULL) || has_word(activity, "Set ", NULL) ||
           strstr(activity, "Policy Update") != NULL;
}

static gboolean fits_activity(const struct cor_change *change, const char *activity)
{
    switch (change->kind) {
    case COR_CHANGE_ADDED:
        return has_word(activity, "Add ", NULL);
    case COR_CHANGE_REMOVED:
    case COR_CHANGE_DELETED:
        return has_word(activity, "Delete ", NULL) || has_word(activity, "Hard Delete ", NULL) ||
               has_word(activity, "Remove service principal", NULL);
    case COR_CHANGE_RESTORED:
        return has_word(activity, "Restore ", NULL);
    case COR_CHANGE_LINKED:
    case COR_CHANGE_UNLINKED:
        return fits_link(change, activity);
    case COR_CHANGE_MODIFIED:
    case COR_CHANGE_MOVED:
        break;
    }
    return fits_modified(change, activity);
}

/* Activities that say by themselves which property they changed. */
static gboolean tells_property(const char *activity)
{
    return strstr(activity, "account") || strstr(activity, "Source of Authority") ||
           strstr(activity, "license");
}

/* A link's record names both ends, in either order. */
static gboolean names_link(const struct cor_json *doc, const struct cor_change *change)
{
    return target_of(doc, change->object.key) && (target_of(doc, change->link_target) ||
                                                  cor_json_size(cor_json_get(doc, "targets")) == 1);
}

gboolean cor_event_fits(const struct cor_event_row *event, const struct cor_change *change)
{
    const char *activity = cor_json_get_string(event->doc, "activity");
    const char *result = cor_json_get_string(event->doc, "result");
    const struct cor_json *target = target_of(event->doc, change->object.key);
    if (!activity || !target || g_strcmp0(result, "failure") == 0 ||
        !fits_activity(change, activity))
        return FALSE;
    if (change->kind == COR_CHANGE_LINKED || change->kind == COR_CHANGE_UNLINKED)
        return names_link(event->doc, change);
    if (change->kind != COR_CHANGE_MODIFIED)
        return TRUE;
    return is_policy(change) || tells_property(activity) ||
           names_property(target, change->attribute);
}

char *cor_actor_text(const struct cor_json *actor)
{
    const char *kind = cor_json_get_string(actor, "kind");
    const char *upn = cor_json_get_string(actor, "upn");
    const char *name = cor_json_get_string(actor, "name");
    const char *id = cor_json_get_string(actor, "appId");
    if (g_strcmp0(kind, "user") == 0)
        return g_strdup(upn ? upn : name);
    if (g_strcmp0(kind, "app") == 0 && (name || id))
        return g_strdup_printf("%s (application)", name ? name : id);
    return NULL;
}
