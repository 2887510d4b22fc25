/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Joins a change in Active Directory with the security log: by object, attribute and time. The log
 * of one domain controller knows only what was written there, so that its silence proves nothing;
 * and metadata, which every write leaves, decides which record is that of the value we see.
 */
#include "correlate/attribute_who.h"

#include "correlate/attribute_events.h"
#include "correlate/time.h"

#include <string.h>

/* Metadata has whole seconds, the log is written a moment later on the same clock. */
#define SAME_WRITE_US (3 * COR_SECOND_US)
#define WRITES_SHOWN  10

static const char *activity_of(enum cor_change_kind kind)
{
    switch (kind) {
    case COR_CHANGE_ADDED:
        return "create";
    case COR_CHANGE_DELETED:
    case COR_CHANGE_REMOVED:
        return "delete";
    case COR_CHANGE_RESTORED:
        return "undelete";
    case COR_CHANGE_MOVED:
        return "move";
    case COR_CHANGE_MODIFIED:
    case COR_CHANGE_LINKED:
    case COR_CHANGE_UNLINKED:
        break;
    }
    return "modify";
}

static gboolean same_text(const char *a, const char *b)
{
    if (!a || !b)
        return FALSE;
    g_autofree char *left = g_utf8_casefold(a, -1);
    g_autofree char *right = g_utf8_casefold(b, -1);
    return strcmp(left, right) == 0;
}

/* A target that only metadata knows is named by its DN. */
gboolean cor_judge_is_target(const struct cor_judging *j, const char *dn)
{
    const struct cor_change *change = j->change;
    const struct cor_record *targets[] = {j->in->target_older, j->in->target_newer};
    for (gsize i = 0; i < G_N_ELEMENTS(targets); i++)
        if (targets[i] && same_text(dn, cor_record_text(targets[i], "distinguishedName")))
            return TRUE;
    return !change->link_target &&
           same_text(dn,
                     cor_json_string(change->new_value ? change->new_value : change->old_value));
}

/* A link record names the other object by its DN, before or after a move. */
static gboolean names_target(const struct cor_judging *j, const struct cor_json *modified)
{
    gboolean added = j->change->kind == COR_CHANGE_LINKED;
    return cor_judge_is_target(j, cor_json_get_string(modified, added ? "new" : "old"));
}

static gboolean names_change(const struct cor_judging *j, const struct cor_json *target)
{
    const struct cor_json *list = cor_json_get(target, "modified");
    for (const struct cor_json *n = cor_json_first(list); n; n = cor_json_next(n)) {
        const char *property = cor_json_get_string(n, "property");
        if (!property || !j->change->attribute ||
            g_ascii_strcasecmp(property, j->change->attribute) != 0)
            continue;
        if (!cor_change_is_link(j->change) || names_target(j, n))
            return TRUE;
    }
    return FALSE;
}

static gboolean in_window(const struct cor_change *change, gint64 time_us, gint64 tolerance_us)
{
    return time_us >= change->seen_from_us - tolerance_us &&
           (!change->seen_to_us || time_us <= change->seen_to_us + tolerance_us);
}

/* Without a time of the last write, a record of the window itself is the best there is. */
static gboolean is_same_write(const struct cor_change *change, gint64 time_us)
{
    if (!change->when_us)
        return in_window(change, time_us, 0);
    return ABS(time_us - change->when_us) <= SAME_WRITE_US;
}

static gboolean fits(const struct cor_judging *j, const struct cor_event_row *event)
{
    const struct cor_change *change = j->change;
    const struct cor_json *target = cor_json_first(cor_json_get(event->doc, "targets"));
    const char *activity = cor_json_get_string(event->doc, "activity");
    const char *wanted = activity_of(change->kind);
    if (g_strcmp0(cor_json_get_string(event->doc, "category"), "ad") != 0 ||
        g_strcmp0(activity, wanted) != 0 ||
        g_strcmp0(cor_json_get_string(target, "id"), change->object.key) != 0)
        return FALSE;
    if (strcmp(wanted, "modify") == 0 && !names_change(j, target))
        return FALSE;
    return in_window(change, event->time_us, COR_CLOCK_SKEW_US);
}

/* Accounts under which the engines write into AD (Microsoft: Connect accounts and permissions;
 * cloud sync troubleshooting). Names can be given to anybody: the pattern has to fit whole. */
static gboolean is_engine_account(const struct cor_judging *j, const struct cor_json *actor)
{
    const struct cor_sync_identities *identities = j->in->identities;
    const char *sid = cor_json_get_string(actor, "id"), *name = cor_json_get_string(actor, "name");
    const char *bare = name && strchr(name, '\\') ? strchr(name, '\\') + 1 : name;
    if (sid && identities && identities->ad_sids && g_hash_table_contains(identities->ad_sids, sid))
        return TRUE;
    if (!bare)
        return FALSE;
    if (g_ascii_strncasecmp(bare, "MSOL_", 5) == 0)
        return strlen(bare) == 17 && strspn(bare + 5, "0123456789abcdefABCDEF") == 12;
    return g_ascii_strcasecmp(bare, "provAgentgMSA$") == 0;
}

static void add_record(struct cor_judging *j, const struct cor_event_row *event,
                       gboolean is_last_write)
{
    const struct cor_json *actor = cor_json_get(event->doc, "actor");
    const struct cor_json *details = cor_json_get(event->doc, "details");
    const char *dc = cor_json_get_string(details, "dc");
    g_autofree char *when = cor_time_text(event->time_us);
    g_autofree char *who = cor_actor_text(actor);
    struct cor_json *fields = cor_json_new_object();
    cor_json_add_string(fields, "id", event->id);
    cor_json_add_string(fields, "time", when);
    cor_json_add_string(fields, "activity", cor_json_get_string(event->doc, "activity"));
    cor_json_add_string(fields, "dc", dc);
    cor_json_add(fields, "initiator", actor ? cor_json_copy(actor) : cor_json_new_null());
    g_ptr_array_add(j->change->evidence,
                    cor_evidence_new(is_last_write ? "security-log" : "security-log-earlier",
                                     fields, "the security log of %s has a %s at %s by %s%s",
                                     dc ? dc : "a domain controller",
                                     cor_json_get_string(event->doc, "activity"), when,
                                     who ? who : "nobody it names",
                                     is_last_write ? "" : ", which is not the last write"));
}

static void settle(struct cor_judging *j, const struct cor_event_row *event)
{
    const struct cor_json *actor = cor_json_get(event->doc, "actor");
    if (j->change->grade != COR_GRADE_CONTRADICTED)
        j->change->grade = COR_GRADE_MEASURED;
    if (!j->change->when_us)
        j->change->when_us = event->time_us;
    if (is_engine_account(j, actor)) {
        j->change->origin = COR_ORIGIN_SYNC;
        cor_judge_note(j, "writeback",
                       "the account is the sync engine's: it carried the value "
                       "from the cloud");
        return;
    }
    g_free(j->change->actor);
    j->change->actor = cor_actor_text(actor);
}

void cor_judge_who(struct cor_judging *j)
{
    const GPtrArray *events = j->in->events;
    const struct cor_event_row *last = NULL;
    g_autoptr(GPtrArray) fitting = g_ptr_array_new();
    for (guint i = 0; events && i < events->len; i++)
        if (fits(j, events->pdata[i]))
            g_ptr_array_add(fitting, events->pdata[i]);
    for (guint i = 0; i < fitting->len; i++) {
        const struct cor_event_row *event = fitting->pdata[i];
        if (is_same_write(j->change, event->time_us))
            last = event;
    }
    guint from = fitting->len > WRITES_SHOWN ? fitting->len - WRITES_SHOWN : 0;
    for (guint i = from; i < fitting->len; i++)
        add_record(j, fitting->pdata[i], fitting->pdata[i] == last);
    if (last)
        settle(j, last);
}

/* --- behind a property of Entra --------------------------------------------------------- */

static gboolean wrote(const struct cor_event_row *event, const char *key, const char *const *names)
{
    const struct cor_json *target = cor_json_first(cor_json_get(event->doc, "targets"));
    const struct cor_json *list = cor_json_get(target, "modified");
    if (g_strcmp0(cor_json_get_string(event->doc, "category"), "ad") != 0 ||
        g_strcmp0(cor_json_get_string(target, "id"), key) != 0)
        return FALSE;
    for (const struct cor_json *n = cor_json_first(list); n; n = cor_json_next(n))
        for (gsize i = 0; names[i]; i++)
            if (cor_json_get_string(n, "property") &&
                g_ascii_strcasecmp(cor_json_get_string(n, "property"), names[i]) == 0)
                return TRUE;
    return FALSE;
}

void cor_judge_who_fed(struct cor_judging *j, const char *sources)
{
    const struct cor_record *ad = j->in->peer_newer ? j->in->peer_newer : j->in->peer_older;
    const GPtrArray *events = j->in->events;
    const struct cor_event_row *found = NULL;
    g_auto(GStrv) names = g_strsplit(sources, " ", 0);
    for (guint i = 0; ad && j->change->when_us && events && i < events->len; i++) {
        const struct cor_event_row *event = events->pdata[i];
        if (wrote(event, ad->key, (const char *const *)names) &&
            is_same_write(j->change, event->time_us))
            found = event;
    }
    if (!found)
        return;
    const struct cor_json *actor = cor_json_get(found->doc, "actor");
    add_record(j, found, TRUE);
    if (!is_engine_account(j, actor) && !j->change->actor)
        j->change->actor = cor_actor_text(actor);
}
