/* SPDX-License-Identifier: Apache-2.0 */
/* One line of JSON: the shapes in which collectors write Windows events, and Samba's own. */
#include "agent/evidence/who_private.h"
#include "correlate/time.h"

/* Where each collector puts what we need; a path "" is the line itself. */
static const struct shape {
    const char *mark; /* a path that only this shape has */
    const char *event_id, *time, *computer, *record, *fields;
} shapes[] = {
    /* Winlogbeat */
    {"winlog.event_data", "winlog.event_id", "@timestamp", "winlog.computer_name",
     "winlog.record_id", "winlog.event_data"},
    /* evtx_dump and the like: the XML turned to JSON */
    {"Event.EventData", "Event.System.EventID", "Event.System.TimeCreated.#attributes.SystemTime",
     "Event.System.Computer", "Event.System.EventRecordID", "Event.EventData"},
    /* NXLog: everything on one level */
    {"EventID", "EventID", "EventTime", "Hostname", "RecordNumber", ""},
};

static const struct cor_json *at(const struct cor_json *line, const char *path)
{
    return *path ? cor_json_path(line, path) : line;
}

static const char *field(const struct who_windows *event, const char *name)
{
    return cor_json_get_string(event->data, name);
}

/* A number that may be written as text. */
static gint64 number_at(const struct cor_json *line, const char *path)
{
    const struct cor_json *node = at(line, path);
    const char *text = cor_json_string(node);
    gint64 number = 0;
    if (text)
        return g_ascii_strtoll(text, NULL, 10);
    return cor_json_int(node, &number) ? number : 0;
}

static gboolean take_shape(const struct shape *shape, const struct cor_json *line,
                           const struct who_sink *sink, struct who_totals *totals, GError **error)
{
    const char *time = cor_json_string(at(line, shape->time));
    gint64 record = number_at(line, shape->record);
    g_autofree char *record_text = g_strdup_printf("%" G_GINT64_FORMAT, record);
    const struct who_windows event = {
        .event_id = number_at(line, shape->event_id),
        .time_us = time ? cor_time_parse(time) : 0,
        .computer = cor_json_string(at(line, shape->computer)),
        .record = record ? record_text : NULL,
        .field = field,
        .data = at(line, shape->fields),
    };
    return who_take_windows(&event, sink, totals, error);
}

gboolean who_take_json(const struct cor_json *line, const struct who_sink *sink,
                       struct who_totals *totals, gboolean *ret_known, GError **error)
{
    *ret_known = TRUE;
    for (gsize i = 0; i < G_N_ELEMENTS(shapes); i++)
        if (at(line, shapes[i].mark))
            return take_shape(&shapes[i], line, sink, totals, error);
    *ret_known = FALSE;
    return TRUE;
}
