/* SPDX-License-Identifier: Apache-2.0 */
/* Tells the form of a log by its first character and reads it. */
#include "agent/evidence/who_private.h"
#include "agent/rules/file.h"
#include "correlate/error.h"

#include <string.h>

#define LINE_MAX_BYTES ((gsize)1024 * 1024)

static gboolean take_line(const char *text, gsize len, const struct who_sink *sink,
                          struct who_totals *totals, GError **error)
{
    gboolean known = TRUE;
    COR_JSON_AUTO *line = cor_json_parse(text, len, LINE_MAX_BYTES, error);
    if (!line)
        return FALSE;
    if (cor_json_get(line, "dsdbChange"))
        return who_take_samba(line, text, sink, totals, error);
    if (!who_take_json(line, sink, totals, &known, error))
        return FALSE;
    if (!known) { /* Samba's other types, a collector's own messages */
        totals->records++;
        totals->other++;
    }
    return TRUE;
}

static gboolean read_lines(const char *name, const char *text, const struct who_sink *sink,
                           struct who_totals *totals, GError **error)
{
    guint number = 0;
    for (const char *at = text; *at;) {
        gsize len = strcspn(at, "\n");
        g_autofree char *line = g_strstrip(g_strndup(at, len));
        number++;
        if (*line && !take_line(line, strlen(line), sink, totals, error)) {
            g_prefix_error(error, "%s:%u: ", name, number);
            return FALSE;
        }
        at += len + (at[len] == '\n');
    }
    return TRUE;
}

gboolean who_read(const char *name, const char *text, gsize len, const struct who_sink *sink,
                  struct who_totals *totals, GError **error)
{
    const char *start = text + strspn(text, " \t\r\n");
    if (*start == '<')
        return who_read_windows_xml(name, start, len - (gsize)(start - text), sink, totals, error);
    if (*start == '{')
        return read_lines(name, text, sink, totals, error);
    g_set_error(error, AGENT_ERROR, COR_E_INPUT,
                "%s:1: expected XML of Windows events or lines of JSON, found neither", name);
    return FALSE;
}

gboolean who_read_file(const char *path, const struct who_sink *sink, struct who_totals *totals,
                       GError **error)
{
    gsize len = 0;
    g_autofree char *name = g_path_get_basename(path);
    g_autofree char *text = rules_file_text(path, name, &len, error);
    return text && who_read(name, text, len, sink, totals, error);
}
