/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Windows events as XML: one Event, many in Events (Event Viewer, wevtutil /e:Events), or many in a
 * row without a root (wevtutil without it).
 */
#include "agent/evidence/who_private.h"
#include "agent/rules/reading.h"
#include "correlate/error.h"
#include "correlate/time.h"

#include <string.h>

static xmlNode *child(const xmlNode *node, const char *name)
{
    for (xmlNode *n = node ? node->children : NULL; n; n = n->next)
        if (n->type == XML_ELEMENT_NODE && strcmp((const char *)n->name, name) == 0)
            return n;
    return NULL;
}

/* Text of an element without children of its own; NULL: empty. Borrowed from the tree. */
static const char *text_of(const xmlNode *node)
{
    return node && node->children && node->children->type == XML_TEXT_NODE
               ? (const char *)node->children->content
               : NULL;
}

static const char *attribute_of(const xmlNode *node, const char *name)
{
    for (const xmlAttr *a = node ? node->properties : NULL; a; a = a->next)
        if (strcmp((const char *)a->name, name) == 0 && a->children)
            return (const char *)a->children->content;
    return NULL;
}

static const char *field(const struct who_windows *event, const char *name)
{
    const xmlNode *data = event->data;
    for (const xmlNode *n = data ? data->children : NULL; n; n = n->next)
        if (n->type == XML_ELEMENT_NODE && g_strcmp0(attribute_of(n, "Name"), name) == 0)
            return text_of(n);
    return NULL;
}

static gboolean take(const xmlNode *node, const struct who_sink *sink, struct who_totals *totals,
                     GError **error)
{
    const xmlNode *system = child(node, "System");
    const char *id = text_of(child(system, "EventID"));
    const char *time = attribute_of(child(system, "TimeCreated"), "SystemTime");
    const struct who_windows event = {
        .event_id = id ? g_ascii_strtoll(id, NULL, 10) : 0,
        .time_us = time ? cor_time_parse(time) : 0,
        .computer = text_of(child(system, "Computer")),
        .record = text_of(child(system, "EventRecordID")),
        .field = field,
        .data = child(node, "EventData"),
    };
    return who_take_windows(&event, sink, totals, error);
}

/* Events without a root get one; a declaration would then stand in the middle. */
static char *with_root(const char *text, gsize len)
{
    const char *start = text;
    if (g_str_has_prefix(start, "<?xml")) {
        const char *end = g_strstr_len(start, (gssize)len, "?>");
        start = end ? end + 2 : start;
    }
    return g_strdup_printf("<Events>%s</Events>", start);
}

gboolean who_read_windows_xml(const char *name, const char *text, gsize len,
                              const struct who_sink *sink, struct who_totals *totals,
                              GError **error)
{
    g_autofree char *whole = with_root(text, len);
    RULES_XML_AUTO *doc = rules_xml_parse(name, whole, strlen(whole), error);
    xmlNode *root = doc ? xmlDocGetRootElement(doc) : NULL;
    if (!root)
        return FALSE;
    if (child(root, "Events"))
        root = child(root, "Events");
    if (!child(root, "Event")) {
        g_set_error(error, AGENT_ERROR, COR_E_INPUT,
                    "%s:1: expected Windows events (Events/Event), found another document", name);
        return FALSE;
    }
    for (const xmlNode *n = root->children; n; n = n->next)
        if (n->type == XML_ELEMENT_NODE && strcmp((const char *)n->name, "Event") == 0 &&
            !take(n, sink, totals, error))
            return FALSE;
    return TRUE;
}
