/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records of the provisioning service: one object, one cycle, one outcome. They say what was
 * written, for which source object and, when it failed, why; whoever started the job is not who
 * wanted the value. Invariant: nothing is concluded here.
 */
#include "graph/provisioning.h"

#include "correlate/time.h"
#include "graph/audit.h"

static void copy_text(struct cor_json *to, const char *key, const struct cor_json *from,
                      const char *name)
{
    const char *text = cor_json_get_string(from, name);
    cor_json_add_string(to, key, text && *text ? text : NULL);
}

static struct cor_json *target(const struct cor_json *identity, const struct cor_json *modified)
{
    struct cor_json *out = cor_json_new_object();
    copy_text(out, "id", identity, "id");
    copy_text(out, "type", identity, "identityType");
    copy_text(out, "name", identity, "displayName");
    cor_json_add(out, "modified", entra_audit_modified(modified));
    return out;
}

/* A person who provisions one object on demand is its initiator; else the job's principal is. */
static struct cor_json *actor(const struct cor_json *object)
{
    const struct cor_json *initiator = cor_json_get(object, "initiatedBy");
    const struct cor_json *principal = cor_json_get(object, "servicePrincipal");
    gboolean user = g_strcmp0(cor_json_get_string(initiator, "initiatorType"), "user") == 0;
    struct cor_json *out = cor_json_new_object();
    cor_json_add_string(out, "kind", user ? "user" : "app");
    copy_text(out, "id", user ? initiator : principal, "id");
    copy_text(out, "name", user ? initiator : principal, "displayName");
    return out;
}

static struct cor_json *details(const struct cor_json *object, const struct cor_json *error)
{
    struct cor_json *out = cor_json_new_object();
    copy_text(out, "job", object, "jobId");
    copy_text(out, "cycle", object, "cycleId");
    copy_text(out, "change", object, "changeId");
    copy_text(out, "source", cor_json_get(object, "sourceSystem"), "displayName");
    copy_text(out, "target", cor_json_get(object, "targetSystem"), "displayName");
    copy_text(out, "error", error, "errorCode");
    copy_text(out, "advice", error, "recommendedAction");
    return out;
}

gboolean entra_provisioning_event(const struct cor_json *object, struct cor_event *event,
                                  struct cor_json **ret_doc)
{
    const char *id = cor_json_get_string(object, "id");
    const char *time = cor_json_get_string(object, "activityDateTime");
    gint64 time_us = time ? cor_time_parse(time) : 0;
    if (!id || !*id || time_us == 0)
        return FALSE;
    const struct cor_json *status = cor_json_get(object, "provisioningStatusInfo");
    const struct cor_json *error = cor_json_get(status, "errorInformation");
    struct cor_json *doc = cor_json_new_object(), *targets = cor_json_new_array();
    copy_text(doc, "activity", object, "provisioningAction");
    cor_json_add_string(doc, "category", "provisioning");
    cor_json_add_string(doc, "service", "Account Provisioning");
    copy_text(doc, "operation", object, "provisioningAction");
    copy_text(doc, "result", status, "status");
    copy_text(doc, "reason", error, "reason");
    copy_text(doc, "correlation", object, "cycleId");
    cor_json_add(doc, "actor", actor(object));
    cor_json_append(targets, target(cor_json_get(object, "targetIdentity"),
                                    cor_json_get(object, "modifiedProperties")));
    cor_json_append(targets, target(cor_json_get(object, "sourceIdentity"), NULL));
    cor_json_add(doc, "targets", targets);
    cor_json_add(doc, "details", details(object, error));
    *ret_doc = doc;
    *event = (struct cor_event){.id = id, .time_us = time_us, .doc = doc};
    return TRUE;
}
