/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_AGENT_EVIDENCE_WHO_PRIVATE_H
#define ANCHORWATCH_AGENT_EVIDENCE_WHO_PRIVATE_H

/* Between the forms of a log and the audit document; private to agent/evidence. */

#include "agent/evidence/who.h"

/* One Windows event, whatever form it came in. Text is borrowed. */
struct who_windows {
    gint64 event_id, time_us;
    const char *computer, *record;
    const char *(*field)(const struct who_windows *event, const char *name); /* of EventData */
    const void *data;
};
/* Give it to the sink when it is one of those we keep. */
gboolean who_take_windows(const struct who_windows *event, const struct who_sink *sink,
                          struct who_totals *totals, GError **error);

gboolean who_read_windows_xml(const char *name, const char *text, gsize len,
                              const struct who_sink *sink, struct who_totals *totals,
                              GError **error);
/* One line of JSON; FALSE in *ret_known: of no form that is known here. */
gboolean who_take_json(const struct cor_json *line, const struct who_sink *sink,
                       struct who_totals *totals, gboolean *ret_known, GError **error);
gboolean who_take_samba(const struct cor_json *line, const char *text, const struct who_sink *sink,
                        struct who_totals *totals, GError **error);

/* --- documents -------------------------------------------------------------------------------- */

struct who_write {
    const char *activity; /* create, modify, delete, undelete, move */
    const char *log, *dc, *correlation;
    const char *sid, *account;
    const char *guid, *dn, *type;
};
/* Without targets[0].modified. */
struct cor_json *who_document(const struct who_write *write);
/* Add a property to the target; value is kept when it is a DN. */
void who_add_property(struct cor_json *document, const char *property, const char *value,
                      gboolean added);

#endif
