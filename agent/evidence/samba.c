/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Samba's dsdb_json_audit (Samba wiki: Setting up Audit Logging): one object a line. It names the
 * object by DN, has no old values, and does not log renames and moves at all (4.17).
 */
#include "agent/evidence/who_private.h"
#include "correlate/time.h"

#include <string.h>

static const struct {
    const char *operation, *activity;
} operations[] = {{"Add", "create"}, {"Modify", "modify"}, {"Delete", "delete"}};

static const char *activity_of(const char *operation)
{
    for (gsize i = 0; i < G_N_ELEMENTS(operations); i++)
        if (g_strcmp0(operations[i].operation, operation) == 0)
            return operations[i].activity;
    return NULL;
}

/* Samba writes the offset without a colon: "...+0000". 0: no time. */
static gint64 time_of(const char *text)
{
    gsize len = text ? strlen(text) : 0;
    if (len < 6 || !strchr("+-", text[len - 5]))
        return text ? cor_time_parse(text) : 0;
    g_autofree char *colon = g_strdup_printf("%.*s:%s", (int)(len - 2), text, text + len - 2);
    return cor_time_parse(colon);
}

/* Attributes whose values are secrets come redacted; their names are enough. */
static void add_attributes(struct cor_json *document, const struct cor_json *attributes)
{
    for (const struct cor_json *a = cor_json_first(attributes); a; a = cor_json_next(a)) {
        const struct cor_json *actions = cor_json_get(a, "actions");
        if (!cor_json_first(actions))
            who_add_property(document, cor_json_key(a), NULL, TRUE);
        for (const struct cor_json *n = cor_json_first(actions); n; n = cor_json_next(n)) {
            gboolean added = g_strcmp0(cor_json_get_string(n, "action"), "delete") != 0;
            const struct cor_json *values = cor_json_get(n, "values");
            if (!cor_json_first(values))
                who_add_property(document, cor_json_key(a), NULL, added);
            for (const struct cor_json *v = cor_json_first(values); v; v = cor_json_next(v))
                who_add_property(document, cor_json_key(a), cor_json_get_string(v, "value"), added);
        }
    }
}

gboolean who_take_samba(const struct cor_json *line, const char *text, const struct who_sink *sink,
                        struct who_totals *totals, GError **error)
{
    const struct cor_json *change = cor_json_get(line, "dsdbChange");
    const char *activity = activity_of(cor_json_get_string(change, "operation"));
    gint64 time_us = time_of(cor_json_get_string(line, "timestamp"));
    const char *dn = cor_json_get_string(change, "dn");
    gint64 status = -1;
    totals->records++;
    if (!activity || time_us <= 0 || !dn ||
        !cor_json_int(cor_json_get(change, "statusCode"), &status) || status != 0 ||
        cor_json_get_bool(change, "performedAsSystem")) {
        totals->other++;
        return TRUE;
    }
    g_autofree char *guid = sink->guid_of(dn, sink->data);
    if (!guid) {
        totals->unresolved++;
        return TRUE;
    }
    const char *sid = cor_json_get_string(change, "userSid");
    const struct who_write write = {.activity = activity,
                                    .log = "samba-audit",
                                    .correlation = cor_json_get_string(change, "transactionId"),
                                    .sid = sid,
                                    .account = sid,
                                    .guid = guid,
                                    .dn = dn};
    COR_JSON_AUTO *document = who_document(&write);
    add_attributes(document, cor_json_get(change, "attributes"));
    /* the line has no number of its own: its content is one, so that reading it again adds nothing
     */
    g_autofree char *digest = g_compute_checksum_for_string(G_CHECKSUM_SHA256, text, -1);
    g_autofree char *id = g_strdup_printf("samba/%s", digest);
    const struct cor_event event = {id, time_us, document};
    totals->taken++;
    return sink->event(&event, sink->data, error);
}
