/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Windows security events of directory changes (Microsoft: events 5136, 5137, 5138, 5139, 5141).
 * A replaced value is two events 5136, one that takes and one that gives, with one OpCorrelationID.
 */
#include "agent/evidence/who_private.h"
#include "correlate/time.h"

#include <string.h>

#define VALUE_ADDED "%%14674" /* OperationType; %%14675: value deleted */

static const struct {
    gint64 event_id;
    const char *activity, *dn_field;
} kinds[] = {
    {5136, "modify", "ObjectDN"},  {5137, "create", "ObjectDN"}, {5138, "undelete", "NewObjectDN"},
    {5139, "move", "NewObjectDN"}, {5141, "delete", "ObjectDN"},
};

/* "{AABB...}" as lower-case text without braces; NULL: no GUID. */
static char *bare_guid(const char *text)
{
    if (!text)
        return NULL;
    const char *start = text[0] == '{' ? text + 1 : text;
    if (strlen(start) < 36 || (text[0] == '{' && strcmp(start + 36, "}") != 0))
        return NULL;
    g_autofree char *guid = g_strndup(start, 36);
    return g_uuid_string_is_valid(guid) ? g_ascii_strdown(guid, -1) : NULL;
}

static char *account_of(const struct who_windows *event)
{
    const char *domain = event->field(event, "SubjectDomainName");
    const char *user = event->field(event, "SubjectUserName");
    if (!user || !*user || strcmp(user, "-") == 0)
        return NULL;
    return domain && *domain && strcmp(domain, "-") != 0 ? g_strdup_printf("%s\\%s", domain, user)
                                                         : g_strdup(user);
}

static gboolean give(const struct who_windows *event, gsize kind, const char *guid,
                     const struct who_sink *sink, GError **error)
{
    g_autofree char *account = account_of(event);
    g_autofree char *id = g_strdup_printf("%s/%s", event->computer, event->record);
    const struct who_write write = {
        .activity = kinds[kind].activity,
        .log = "windows-security",
        .dc = event->computer,
        .correlation = event->field(event, "OpCorrelationID"),
        .sid = event->field(event, "SubjectUserSid"),
        .account = account,
        .guid = guid,
        .dn = event->field(event, kinds[kind].dn_field),
        .type = event->field(event, "ObjectClass"),
    };
    COR_JSON_AUTO *document = who_document(&write);
    if (event->event_id == 5136) {
        const char *type = event->field(event, "OperationType");
        who_add_property(document, event->field(event, "AttributeLDAPDisplayName"),
                         event->field(event, "AttributeValue"), g_strcmp0(type, VALUE_ADDED) == 0);
    }
    const struct cor_event one = {id, event->time_us, document};
    return sink->event(&one, sink->data, error);
}

gboolean who_take_windows(const struct who_windows *event, const struct who_sink *sink,
                          struct who_totals *totals, GError **error)
{
    gsize kind = 0;
    totals->records++;
    while (kind < G_N_ELEMENTS(kinds) && kinds[kind].event_id != event->event_id)
        kind++;
    g_autofree char *guid =
        kind < G_N_ELEMENTS(kinds) ? bare_guid(event->field(event, "ObjectGUID")) : NULL;
    if (!guid || !event->time_us || !event->computer || !event->record) {
        totals->other++;
        return TRUE;
    }
    totals->taken++;
    return give(event, kind, guid, sink, error);
}
