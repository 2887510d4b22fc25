/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Matching of directory audit records to a change. Records name properties by directory-schema
 * names, list the changed names in a pseudo-property, put the member before or behind the group,
 * and sometimes name no property at all (Graph page directoryAudit; Entra audit activities).
 * Invariant: a record that does not name the property is not proof that it changed it.
 */
#include "correlate/attribute_events.h"

#include <string.h>

/* --- names of properties ---------------------------------------------------------------- */

/* Directory-schema names that are not the Graph name with a capital letter. */
static const char *const property_names[][2] = {
    {"AppAddress", "web"},
    {"AppIdentifierUri", "identifierUris"},
    {"AppInformationalUrl", "info"},
    {"ApplicationTag", "tags"},
    {"AssignedLicense", "assignedLicenses"},
    {"AvailableToOtherTenants", "signInAudience"},
    {"Company", "companyName"},
    {"DeviceOSType", "operatingSystem"},
    {"DeviceOSVersion", "operatingSystemVersion"},
    {"DeviceTrustType", "trustType"},
    {"DirSyncEnabled", "onPremisesSyncEnabled"},
    {"DnsDomainName", "onPremisesDomainName"},
    {"EmployeeLeaveDate", "employeeLeaveDateTime"},
    {"ExplicitAccessGrantRequired", "appRoleAssignmentRequired"},
    {"ExtensionAttributes", "onPremisesExtensionAttributes"},
    {"FacsimileTelephoneNumber", "faxNumber"},
    {"GroupType", "groupTypes"},
    {"IsPublic", "visibility"},
    {"LastDirSyncTime", "onPremisesLastSyncDateTime"},
    {"Mobile", "mobilePhone"},
    {"NetBiosName", "onPremisesNetBiosName"},
    {"OnPremiseSecurityIdentifier", "onPremisesSecurityIdentifier"},
    {"OtherMail", "otherMails"},
    {"PhysicalDeliveryOfficeName", "officeLocation"},
    {"ServicePrincipalName", "servicePrincipalNames"},
    {"ServicePrincipalTag", "tags"},
    {"SourceAnchor", "onPremisesImmutableId"},
    {"StsRefreshTokensValidFrom", "signInSessionsValidFromDateTime"},
    {"TelephoneNumber", "businessPhones"},
};

/* Names that say something about the record, not about a property. */
static gboolean is_pseudo(const char *name)
{
    static const char *const prefixes[] = {
        "Included Updated Properties", "TargetId.",   "Action Client Name", "Group.", "User.",
        "ServicePrincipal.",           "Application."};
    for (gsize i = 0; i < G_N_ELEMENTS(prefixes); i++)
        if (g_str_has_prefix(name, prefixes[i]))
            return TRUE;
    return FALSE;
}

static gboolean is_head(const char *name, const char *attribute, gsize head)
{
    return strlen(name) == head && g_ascii_strncasecmp(name, attribute, head) == 0;
}

static gboolean same_property(const char *directory_name, const char *attribute)
{
    gsize head = strcspn(attribute, ".");
    for (gsize i = 0; i < G_N_ELEMENTS(property_names); i++)
        if (g_ascii_strcasecmp(property_names[i][0], directory_name) == 0 &&
            is_head(property_names[i][1], attribute, head))
            return TRUE;
    /* extensionAttribute7 stands for onPremisesExtensionAttributes.extensionAttribute7 */
    if (attribute[head] == '.' && g_ascii_strcasecmp(directory_name, attribute + head + 1) == 0)
        return TRUE;
    return is_head(directory_name, attribute, head);
}

static gboolean in_list(const char *list, const char *attribute)
{
    g_auto(GStrv) names = g_strsplit(list ? list : "", ",", 0);
    for (guint i = 0; names[i]; i++)
        if (same_property(g_strstrip(names[i]), attribute))
            return TRUE;
    return FALSE;
}

static gboolean names_property(const struct cor_json *target, const char *attribute)
{
    const struct cor_json *list = cor_json_get(target, "modified");
    for (const struct cor_json *n = cor_json_first(list); n; n = cor_json_next(n)) {
        const char *name = cor_json_get_string(n, "property");
        if (!name)
            continue;
        if (g_str_has_prefix(name, "Included Updated Properties")) {
            if (in_list(cor_json_get_string(n, "new"), attribute))
                return TRUE;
        } else if (!is_pseudo(name) && same_property(name, attribute)) {
            return TRUE;
        }
    }
    return FALSE;
}

/* --- activities ------------------------------------------------------------------------- */

static gboolean starts(const char *text, const char *prefix)
{
    return g_ascii_strncasecmp(text, prefix, strlen(prefix)) == 0;
}

static gboolean contains(const char *text, const char *word)
{
    g_autofree char *folded_text = g_ascii_strdown(text, -1);
    g_autofree char *folded_word = g_ascii_strdown(word, -1);
    return strstr(folded_text, folded_word) != NULL;
}

/* What the activities call an object of a type: "Add user", "Delete conditional access policy". */
static const char *noun_of(const char *type)
{
    static const char *const nouns[][2] = {
        {COR_TYPE_USER, "user"},
        {COR_TYPE_GROUP, "group"},
        {COR_TYPE_CONTACT, "contact"},
        {COR_TYPE_DEVICE, "device"},
        {COR_TYPE_APPLICATION, "application"},
        {COR_TYPE_SERVICE_PRINCIPAL, "service principal"},
        {COR_TYPE_CA_POLICY, "conditional access policy"},
        {COR_TYPE_NAMED_LOCATION, "named location"},
    };
    for (gsize i = 0; type && i < G_N_ELEMENTS(nouns); i++)
        if (g_str_equal(nouns[i][0], type))
            return nouns[i][1];
    return "policy";
}

/* The activity is one of the verbs and the noun, and nothing else: "Add member to group" has the
 * group as a target too, but did not add it. */
static gboolean is_verb(const char *activity, const char *const *verbs, const char *noun)
{
    for (gsize i = 0; verbs[i]; i++)
        if (starts(activity, verbs[i]) &&
            g_ascii_strcasecmp(activity + strlen(verbs[i]), noun) == 0)
            return TRUE;
    return FALSE;
}

static const char *const adding[] = {"Add ", "Invite external ", NULL};
static const char *const deleting[] = {"Delete ", "Hard Delete ", "Remove ", NULL};
static const char *const restoring[] = {"Restore ", NULL};

/* Activities that say by themselves which property they change. NULL ends the words. */
static gboolean tells_property(const char *activity, const char *attribute)
{
    static const struct {
        const char *attribute, *word;
    } telling[] = {
        {"accountEnabled", "disable account"},
        {"accountEnabled", "enable account"},
        {"assignedLicenses", "license"},
        {"assignedPlans", "license"},
        {"licenseAssignmentStates", "license"},
        {"lastPasswordChangeDateTime", "password"},
        {"signInSessionsValidFromDateTime", "StsRefreshTokenValidFrom"},
        {"refreshTokensValidFromDateTime", "StsRefreshTokenValidFrom"},
        /* moving the source of authority flips onPremisesSyncEnabled as well */
        {"onPremisesSyncBehavior.isCloudManaged", "source of authority"},
        {"onPremisesSyncEnabled", "source of authority"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(telling); i++)
        if (g_str_equal(telling[i].attribute, attribute) && contains(activity, telling[i].word))
            return TRUE;
    return FALSE;
}

/* Objects whose record holds one document instead of properties. */
static gboolean is_policy(const struct cor_change *change)
{
    static const char *const types[] = {COR_TYPE_CA_POLICY,    COR_TYPE_NAMED_LOCATION,
                                        COR_TYPE_AUTH_METHODS, COR_TYPE_AUTHORIZATION,
                                        COR_TYPE_ORGANIZATION, NULL};
    return change->object.type && g_strv_contains(types, change->object.type);
}

static gboolean is_update(const char *activity)
{
    return starts(activity, "Update ") || starts(activity, "Set ") ||
           contains(activity, "policy update") || contains(activity, "policy reset");
}

static gboolean fits_modified(const struct cor_change *change, const char *activity,
                              const struct cor_json *target)
{
    if (!change->attribute)
        return FALSE;
    if (tells_property(activity, change->attribute) || names_property(target, change->attribute))
        return TRUE;
    return is_policy(change) && is_update(activity);
}

static gboolean fits_link(const struct cor_change *change, const char *activity)
{
    const char *kind = change->attribute ? change->attribute : "";
    if (g_str_equal(kind, "manager"))
        return contains(activity, "manager");
    g_autofree char *prefix =
        g_strconcat(change->kind == COR_CHANGE_LINKED ? "Add " : "Remove ", kind, " ", NULL);
    return starts(activity, prefix);
}

/* --- targets ---------------------------------------------------------------------------- */

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

/* Some records have the member alone as target and the group's id among its properties. */
static gboolean names_end(const struct cor_json *doc, const char *key)
{
    const struct cor_json *targets = cor_json_get(doc, "targets");
    if (target_of(doc, key))
        return TRUE;
    for (const struct cor_json *t = cor_json_first(targets); t && key; t = cor_json_next(t)) {
        const struct cor_json *list = cor_json_get(t, "modified");
        for (const struct cor_json *n = cor_json_first(list); n; n = cor_json_next(n)) {
            const char *name = cor_json_get_string(n, "property");
            const char *old = cor_json_get_string(n, "old"), *new = cor_json_get_string(n, "new");
            if (name && g_str_has_suffix(name, ".ObjectID") &&
                ((old && g_ascii_strcasecmp(old, key) == 0) ||
                 (new &&g_ascii_strcasecmp(new, key) == 0)))
                return TRUE;
        }
    }
    return FALSE;
}

/* The activity of a record that did something; NULL for a failed one. */
static const char *activity_of(const struct cor_event_row *event)
{
    static const char *const idle[] = {"failure", "skipped", NULL};
    const char *result = cor_json_get_string(event->doc, "result");
    return result && g_strv_contains(idle, result) ? NULL
                                                   : cor_json_get_string(event->doc, "activity");
}

/* --- provisioning logs ------------------------------------------------------------------ */

gboolean cor_event_is_provisioning(const struct cor_event_row *event)
{
    return g_strcmp0(cor_json_get_string(event->doc, "category"), "provisioning") == 0;
}

/* Links are not told by them in a documented form, so they prove none. */
static gboolean fits_provisioning(const struct cor_change *change, const char *activity,
                                  const struct cor_json *target)
{
    static const struct {
        enum cor_change_kind kind;
        const char *activity;
    } fitting[] = {
        {COR_CHANGE_ADDED, "create"},         {COR_CHANGE_DELETED, "delete"},
        {COR_CHANGE_DELETED, "stagedDelete"}, {COR_CHANGE_REMOVED, "delete"},
        {COR_CHANGE_MODIFIED, "create"},      {COR_CHANGE_MODIFIED, "update"},
        {COR_CHANGE_MODIFIED, "disable"},
    };
    for (gsize i = 0; target && i < G_N_ELEMENTS(fitting); i++)
        if (fitting[i].kind == change->kind && g_str_equal(fitting[i].activity, activity))
            return change->kind != COR_CHANGE_MODIFIED ||
                   (change->attribute && names_property(target, change->attribute));
    return FALSE;
}

/* Jobs of Cloud Sync from AD carry the name of their template before their id (Graph page
 * "synchronization-synchronizationjob-get"). */
static gboolean is_sync_job(const struct cor_event_row *event)
{
    const char *job = cor_json_get_string(cor_json_get(event->doc, "details"), "job");
    return job && (starts(job, "AD2AADProvisioning.") || starts(job, "AD2AADPasswordHash."));
}

gboolean cor_event_fits(const struct cor_event_row *event, const struct cor_change *change)
{
    const char *activity = activity_of(event);
    const struct cor_json *target = target_of(event->doc, change->object.key);
    if (!activity)
        return FALSE;
    if (cor_event_is_provisioning(event))
        return fits_provisioning(change, activity, target);
    if (cor_change_is_link(change))
        return fits_link(change, activity) && names_end(event->doc, change->object.key) &&
               /* the record of a manager need not name the manager by id */
               (g_strcmp0(change->attribute, "manager") == 0 ||
                names_end(event->doc, change->link_target));
    const char *noun = noun_of(change->object.type);
    switch (target ? change->kind : COR_CHANGE_MOVED) {
    case COR_CHANGE_ADDED:
        return is_verb(activity, adding, noun);
    case COR_CHANGE_REMOVED:
    case COR_CHANGE_DELETED:
        return is_verb(activity, deleting, noun);
    case COR_CHANGE_RESTORED:
        return is_verb(activity, restoring, noun);
    case COR_CHANGE_MODIFIED:
        return fits_modified(change, activity, target);
    default:
        return FALSE;
    }
}

/* Does some target have this property with that value, before or after? */
static gboolean tells_value(const struct cor_json *doc, const char *property, const char *value)
{
    const struct cor_json *targets = cor_json_get(doc, "targets");
    for (const struct cor_json *t = cor_json_first(targets); t && value; t = cor_json_next(t)) {
        const struct cor_json *list = cor_json_get(t, "modified");
        for (const struct cor_json *n = cor_json_first(list); n; n = cor_json_next(n)) {
            const char *old = cor_json_get_string(n, "old"), *new = cor_json_get_string(n, "new");
            if (g_strcmp0(cor_json_get_string(n, "property"), property) == 0 &&
                (g_strcmp0(old, value) == 0 || g_strcmp0(new, value) == 0))
                return TRUE;
        }
    }
    return FALSE;
}

gboolean cor_event_ties(const struct cor_event_row *event, const struct cor_change *change,
                        const struct cor_record *record)
{
    /* property: the one that tells which role, where the role is no target by that id */
    static const struct {
        const char *type, *words, *one, *other, *property;
    } ties[] = {
        {COR_TYPE_ROLE_ASSIGNMENT, "member ", "principalId", "roleDefinitionId", "Role.TemplateId"},
        {COR_TYPE_APP_ROLE_ASSIGNMENT, "app role assignment ", "principalId", "resourceId",
         "AppRole.Id"},
        {COR_TYPE_PERMISSION_GRANT, "delegated permission grant", "clientId", "resourceId", ""},
    };
    const char *activity = activity_of(event);
    const char *verb = change->kind == COR_CHANGE_ADDED     ? "Add "
                       : change->kind == COR_CHANGE_REMOVED ? "Remove "
                                                            : NULL;
    for (gsize i = 0; activity && verb && record && i < G_N_ELEMENTS(ties); i++) {
        const char *one = cor_record_text(record, ties[i].one);
        const char *other = cor_record_text(record, ties[i].other);
        g_autofree char *start = g_strconcat(verb, ties[i].words, NULL);
        if (g_strcmp0(record->type, ties[i].type) == 0)
            return starts(activity, start) && one && other && names_end(event->doc, one) &&
                   (names_end(event->doc, other) ||
                    tells_value(event->doc, ties[i].property, other));
    }
    return FALSE;
}

gboolean cor_event_touches(const struct cor_event_row *event, const struct cor_change *change)
{
    const char *activity = activity_of(event);
    return activity && change->kind == COR_CHANGE_MODIFIED && is_update(activity) &&
           target_of(event->doc, change->object.key);
}

gboolean cor_event_deletes(const struct cor_event_row *event, const char *key)
{
    const char *activity = activity_of(event);
    return activity && target_of(event->doc, key) &&
           (starts(activity, "Delete ") || starts(activity, "Hard Delete ") ||
            g_ascii_strcasecmp(activity, "Remove service principal") == 0);
}

/* --- actors ----------------------------------------------------------------------------- */

/* Microsoft.Azure.SyncFabric: drives Cloud Sync, but other provisioning as well */
#define SYNC_FABRIC_APP "00000014-0000-0000-c000-000000000000"

/* Old records of directory synchronization clients carry a pseudo-property. */
static gboolean is_marked(const struct cor_json *doc)
{
    const struct cor_json *targets = cor_json_get(doc, "targets");
    for (const struct cor_json *t = cor_json_first(targets); t; t = cor_json_next(t)) {
        const struct cor_json *list = cor_json_get(t, "modified");
        for (const struct cor_json *n = cor_json_first(list); n; n = cor_json_next(n))
            if (g_strcmp0(cor_json_get_string(n, "property"), "Action Client Name") == 0 &&
                g_strcmp0(cor_json_get_string(n, "new"), "DirectorySync") == 0)
                return TRUE;
    }
    return FALSE;
}

gboolean cor_event_is_sync(const struct cor_event_row *event, const struct cor_judging *j)
{
    const struct cor_json *actor = cor_json_get(event->doc, "actor");
    const struct cor_tenant *tenant = j->in->tenant;
    if (cor_event_is_provisioning(event))
        return is_sync_job(event);
    if (cor_actor_is_sync(j->in->identities, actor) || is_marked(event->doc))
        return TRUE;
    return tenant && tenant->engine == COR_ENGINE_CLOUDSYNC &&
           (j->soa_older == COR_SOA_ONPREM || j->soa_newer == COR_SOA_ONPREM) &&
           g_strcmp0(cor_json_get_string(actor, "appId"), SYNC_FABRIC_APP) == 0;
}

char *cor_actor_text(const struct cor_json *actor)
{
    const char *kind = cor_json_get_string(actor, "kind");
    const char *upn = cor_json_get_string(actor, "upn");
    const char *name = cor_json_get_string(actor, "name");
    const char *id = cor_json_get_string(actor, "id");
    const char *app = cor_json_get_string(actor, "appId");
    if (g_strcmp0(kind, "user") == 0)
        return g_strdup(upn ? upn : name ? name : id);
    if (g_strcmp0(kind, "app") == 0 && (name || app))
        return g_strdup_printf("%s (application)", name ? name : app);
    return NULL;
}
