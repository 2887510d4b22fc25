/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Audit records. The service writes old and new values as text that holds JSON, but not always, and
 * spells the type of a target two ways. Invariant: text that is not exactly one JSON document is
 * kept as it came; nothing is concluded here about who or why.
 */
#include "graph/audit.h"

#include "correlate/time.h"

#include <string.h>

enum { MAX_VALUE = 1 << 20 };

static void copy_text(struct cor_json *to, const char *key, const struct cor_json *from,
                      const char *name)
{
    cor_json_add_string(to, key, cor_json_get_string(from, name));
}

/* A quoted text, list, object, number or word of JSON; anything else is the text itself. */
static struct cor_json *decode_value(const struct cor_json *value)
{
    const char *text = cor_json_string(value);
    if (!text)
        return cor_json_is_null(value) ? cor_json_new_null() : cor_json_copy(value);
    struct cor_json *decoded = cor_json_parse(text, strlen(text), MAX_VALUE, NULL);
    return decoded ? decoded : cor_json_new_string(text);
}

struct cor_json *entra_audit_modified(const struct cor_json *properties)
{
    struct cor_json *out = cor_json_new_array();
    for (const struct cor_json *at = cor_json_first(properties); at; at = cor_json_next(at)) {
        struct cor_json *one = cor_json_new_object();
        copy_text(one, "property", at, "displayName");
        cor_json_add(one, "old", decode_value(cor_json_get(at, "oldValue")));
        cor_json_add(one, "new", decode_value(cor_json_get(at, "newValue")));
        cor_json_append(out, one);
    }
    return out;
}

static struct cor_json *targets(const struct cor_json *resources)
{
    struct cor_json *out = cor_json_new_array();
    for (const struct cor_json *at = cor_json_first(resources); at; at = cor_json_next(at)) {
        struct cor_json *one = cor_json_new_object();
        copy_text(one, "id", at, "id");
        copy_text(one, "type", at, cor_json_get(at, "type") ? "type" : "Type");
        copy_text(one, "name", at, "displayName");
        copy_text(one, "upn", at, "userPrincipalName");
        cor_json_add(one, "modified", entra_audit_modified(cor_json_get(at, "modifiedProperties")));
        cor_json_append(out, one);
    }
    return out;
}

/* Sometimes both initiators are there and one is hollow. */
static gboolean names_somebody(const struct cor_json *initiator)
{
    for (const struct cor_json *at = cor_json_first(initiator); at; at = cor_json_next(at)) {
        const char *text = cor_json_key(at) ? cor_json_string(at) : NULL;
        if (text && *text)
            return TRUE;
    }
    return FALSE;
}

static struct cor_json *actor(const struct cor_json *initiated)
{
    const struct cor_json *user = cor_json_get(initiated, "user");
    const struct cor_json *app = cor_json_get(initiated, "app");
    struct cor_json *out = cor_json_new_object();
    if (names_somebody(user)) {
        cor_json_add_string(out, "kind", "user");
        copy_text(out, "id", user, "id");
        copy_text(out, "name", user, "displayName");
        copy_text(out, "upn", user, "userPrincipalName");
        copy_text(out, "ip", user, "ipAddress");
    } else if (names_somebody(app)) {
        cor_json_add_string(out, "kind", "app");
        copy_text(out, "id", app, "servicePrincipalId");
        copy_text(out, "name", app, "displayName");
        copy_text(out, "appId", app, "appId");
    } else {
        cor_json_add_string(out, "kind", "none");
    }
    return out;
}

/* Keys may repeat in the list, but not in an object: the first stays. */
static struct cor_json *details(const struct cor_json *list)
{
    struct cor_json *out = cor_json_new_object();
    for (const struct cor_json *at = cor_json_first(list); at; at = cor_json_next(at)) {
        const char *key = cor_json_get_string(at, "key");
        if (key && !cor_json_get(out, key))
            copy_text(out, key, at, "value");
    }
    return out;
}

gboolean entra_audit_event(const struct cor_json *object, struct cor_event *event,
                           struct cor_json **ret_doc)
{
    static const char *const plain[][2] = {
        {"activity", "activityDisplayName"},
        {"category", "category"},
        {"service", "loggedByService"},
        {"operation", "operationType"},
        {"result", "result"},
        {"reason", "resultReason"},
        {"correlation", "correlationId"},
    };
    const char *id = cor_json_get_string(object, "id");
    const char *time = cor_json_get_string(object, "activityDateTime");
    gint64 time_us = time ? cor_time_parse(time) : 0;
    if (!id || !*id || time_us == 0)
        return FALSE;
    struct cor_json *doc = cor_json_new_object();
    for (guint i = 0; i < G_N_ELEMENTS(plain); i++)
        copy_text(doc, plain[i][0], object, plain[i][1]);
    cor_json_add(doc, "actor", actor(cor_json_get(object, "initiatedBy")));
    cor_json_add(doc, "targets", targets(cor_json_get(object, "targetResources")));
    cor_json_add(doc, "details", details(cor_json_get(object, "additionalDetails")));
    *ret_doc = doc;
    *event = (struct cor_event){.id = id, .time_us = time_us, .doc = doc};
    return TRUE;
}
