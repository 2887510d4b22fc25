/* SPDX-License-Identifier: Apache-2.0 */
/* The audit document of a write in AD. */
#include "agent/evidence/who_private.h"

#include <string.h>

struct cor_json *who_document(const struct who_write *write)
{
    struct cor_json *document = cor_json_new_object(), *actor = cor_json_new_object();
    struct cor_json *details = cor_json_new_object(), *target = cor_json_new_object();
    struct cor_json *targets = cor_json_new_array();
    cor_json_add_string(document, "category", "ad");
    cor_json_add_string(document, "activity", write->activity);
    cor_json_add_string(document, "result", "success");
    cor_json_add_string(document, "correlation", write->correlation);
    cor_json_add_string(actor, "kind", write->sid || write->account ? "user" : "none");
    cor_json_add_string(actor, "id", write->sid);
    cor_json_add_string(actor, "name", write->account);
    cor_json_add(document, "actor", actor);
    cor_json_add_string(details, "log", write->log);
    cor_json_add_string(details, "dc", write->dc);
    cor_json_add(document, "details", details);
    cor_json_add_string(target, "id", write->guid);
    cor_json_add_string(target, "name", write->dn);
    cor_json_add_string(target, "type", write->type);
    cor_json_add(target, "modified", cor_json_new_array());
    cor_json_append(targets, target);
    cor_json_add(document, "targets", targets);
    return document;
}

/* "<GUID=...>;<SID=...>;CN=..." (MS-ADTS 3.1.1.3.4.1.5) or a bare DN; NULL: neither. */
static const char *dn_in(const char *value)
{
    const char *dn = value;
    while (dn && dn[0] == '<') {
        dn = strchr(dn, ';');
        dn = dn ? dn + 1 : NULL;
    }
    if (!dn || !strchr(dn, ',') || !g_ascii_isalpha(dn[0]))
        return NULL;
    const char *equal = strchr(dn, '=');
    return equal && equal < strchr(dn, ',') ? dn : NULL;
}

void who_add_property(struct cor_json *document, const char *property, const char *value,
                      gboolean added)
{
    /* the arrays were made by who_document: taken out, grown and put back */
    struct cor_json *targets = cor_json_steal(document, "targets");
    struct cor_json *target = cor_json_copy(cor_json_first(targets));
    struct cor_json *list = cor_json_steal(target, "modified"), *one = cor_json_new_object();
    cor_json_add_string(one, "property", property);
    cor_json_add_string(one, added ? "new" : "old", dn_in(value));
    cor_json_append(list, one);
    cor_json_add(target, "modified", list);
    cor_json_free(targets);
    targets = cor_json_new_array();
    cor_json_append(targets, target);
    cor_json_add(document, "targets", targets);
}
