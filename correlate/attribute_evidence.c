/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is put on record for a change: audit records, originating writes of AD, rules, notes. Facts
 * only: which of them decides is judged elsewhere. Invariant: the sync engine is never written down
 * as a person, and replication metadata never as naming one.
 */
#include "correlate/attribute_events.h"
#include "correlate/attribute_private.h"
#include "correlate/time.h"

#include <string.h>

#define EVENTS_SHOWN 10

void cor_judge_settle(struct cor_judging *j, enum cor_origin origin, enum cor_grade grade)
{
    j->change->origin = origin;
    j->change->grade = grade;
}

static void add(struct cor_judging *j, struct cor_evidence *evidence)
{
    g_ptr_array_add(j->change->evidence, evidence);
}

void cor_judge_note(struct cor_judging *j, const char *kind, const char *text)
{
    add(j, cor_evidence_new(kind, NULL, "%s", text));
}

/* --- audit records ---------------------------------------------------------------------- */

static const char *log_of(const struct cor_event_row *event)
{
    return cor_event_is_provisioning(event) ? "provisioning" : "directory audit";
}

static struct cor_json *event_fields(const struct cor_event_row *event, const char *when)
{
    struct cor_json *fields = cor_json_new_object();
    const struct cor_json *actor = cor_json_get(event->doc, "actor");
    cor_json_add_string(fields, "id", event->id);
    cor_json_add_string(fields, "time", when);
    cor_json_add_string(fields, "activity", cor_json_get_string(event->doc, "activity"));
    cor_json_add(fields, "initiator", actor ? cor_json_copy(actor) : cor_json_new_null());
    cor_json_add_string(fields, "log", log_of(event));
    return fields;
}

void cor_judge_add_event(struct cor_judging *j, const struct cor_event_row *event)
{
    const char *activity = cor_json_get_string(event->doc, "activity");
    g_autofree char *when = cor_time_text(event->time_us);
    g_autofree char *who = cor_actor_text(cor_json_get(event->doc, "actor"));
    const char *log = log_of(event);
    struct cor_json *fields = event_fields(event, when);
    if (cor_event_is_sync(event, j))
        add(j, cor_evidence_new("sync-actor", fields,
                                "the %s log has \"%s\" at %s by the sync engine, which carries "
                                "what others wrote",
                                log, activity, when));
    else
        add(j, cor_evidence_new("audit-event", fields, "the %s log has \"%s\" at %s by %s", log,
                                activity, when, who ? who : "nobody it names"));
}

static void add_vague(struct cor_judging *j)
{
    const struct cor_event_row *event = j->vague;
    g_autofree char *when = cor_time_text(event->time_us);
    g_autofree char *who = cor_actor_text(cor_json_get(event->doc, "actor"));
    add(j, cor_evidence_new("audit-event-vague", event_fields(event, when),
                            "\"%s\" at %s by %s touched the object, but does not name the "
                            "property",
                            cor_json_get_string(event->doc, "activity"), when,
                            who ? who : "nobody it names"));
}

static void add_unlogged(struct cor_judging *j)
{
    if (!j->in->audit_readable) {
        cor_judge_note(j, "audit-unreadable",
                       "the directory audit log could not be read, so its silence says nothing");
        return;
    }
    cor_judge_note(j, "unlogged", "no directory audit record that was read names this change");
    if (j->vague)
        add_vague(j);
}

void cor_judge_add_events(struct cor_judging *j)
{
    guint from = j->fitting->len > EVENTS_SHOWN ? j->fitting->len - EVENTS_SHOWN : 0;
    for (guint i = from; i < j->fitting->len; i++)
        cor_judge_add_event(j, j->fitting->pdata[i]);
    if (from)
        add(j, cor_evidence_new("audit-event", NULL, "%u earlier records are not shown", from));
    if (!j->fitting->len)
        add_unlogged(j);
}

void cor_judge_add_rule(struct cor_judging *j)
{
    if (!j->rule)
        return;
    struct cor_json *fields = cor_json_new_object();
    cor_json_add_string(fields, "rule", j->rule->rule);
    cor_json_add_string(fields, "sources", j->rule->sources);
    add(j, cor_evidence_new("flow-rule", fields, "%s is fed from %s in AD (%s, %s)",
                            j->rule->property, *j->rule->sources ? j->rule->sources : "a constant",
                            j->rule->rule, j->in->flow->rules_name));
}

/* --- replication metadata --------------------------------------------------------------- */

struct stamp {
    gint64 version, time_us;
    const char *dsa;
};

static gboolean stamp_of(const struct cor_record *record, const char *attribute, struct stamp *ret)
{
    const struct cor_json *entry = record ? cor_json_get(record->metadata, attribute) : NULL;
    *ret = (struct stamp){0};
    if (!cor_json_int(cor_json_get(entry, "version"), &ret->version) || ret->version < 0)
        return FALSE;
    ret->time_us = cor_time_parse(cor_json_get_string(entry, "time"));
    ret->dsa = cor_json_get_string(entry, "dsa");
    return TRUE;
}

static void add_gap(struct cor_judging *j, const char *attribute, gint64 unseen)
{
    struct cor_json *fields = cor_json_new_object();
    cor_json_add_string(fields, "attribute", attribute);
    cor_json_add_int(fields, "unseenWrites", unseen);
    add(j, cor_evidence_new("version-gap", fields,
                            "the version of %s jumped: %" G_GINT64_FORMAT
                            " more write%s happened in between, whose values nobody saw",
                            attribute, unseen, unseen == 1 ? "" : "s"));
}

static void add_stamp(struct cor_judging *j, const char *attribute, const struct stamp *stamp)
{
    const char *dc =
        stamp->dsa && j->in->dc_name ? j->in->dc_name(j->in->dc_name_data, stamp->dsa) : NULL;
    g_autofree char *when = cor_time_text(stamp->time_us);
    struct cor_json *fields = cor_json_new_object();
    cor_json_add_string(fields, "attribute", attribute);
    cor_json_add_string(fields, "time", when);
    cor_json_add_int(fields, "version", stamp->version);
    cor_json_add_string(fields, "dsa", stamp->dsa);
    cor_json_add_string(fields, "dc", dc);
    add(j, cor_evidence_new("replication-metadata", fields,
                            "AD: %s was written at %s on %s, version %" G_GINT64_FORMAT
                            "; metadata does not tell by whom",
                            attribute, *when ? when : "an unknown time",
                            dc ? dc : "a domain controller not known any more", stamp->version));
}

enum cor_write cor_judge_write(struct cor_judging *j, const struct cor_record *older,
                               const struct cor_record *newer, const char *attribute,
                               gint64 before_us)
{
    struct stamp before, after;
    /* a move or rename leaves its trace on the RDN ([MS-ADTS] 3.1.1.5.4) */
    if (strcmp(attribute, "distinguishedName") == 0)
        attribute = "name";
    gboolean had = stamp_of(older, attribute, &before);
    if (!stamp_of(newer, attribute, &after))
        return COR_WRITE_UNKNOWN;
    if (had && after.version == before.version && after.time_us == before.time_us)
        return COR_WRITE_UNCHANGED;
    add_stamp(j, attribute, &after);
    if (had && after.version - before.version > 1)
        add_gap(j, attribute, after.version - before.version - 1);
    if (before_us && after.time_us > before_us)
        return COR_WRITE_LATE;
    j->change->when_us = MAX(j->change->when_us, after.time_us);
    return COR_WRITTEN;
}

enum cor_write cor_judge_source_writes(struct cor_judging *j, const char *sources, gint64 before_us)
{
    enum cor_write strongest = COR_WRITE_UNKNOWN;
    g_auto(GStrv) names = g_strsplit(sources, " ", 0);
    for (guint i = 0; names[i]; i++) {
        enum cor_write write = *names[i] ? cor_judge_write(j, j->in->peer_older, j->in->peer_newer,
                                                           names[i], before_us)
                                         : COR_WRITE_UNKNOWN;
        strongest = MAX(strongest, write);
    }
    return strongest;
}
