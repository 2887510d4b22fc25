/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_AGENT_EVIDENCE_WHO_H
#define ANCHORWATCH_AGENT_EVIDENCE_WHO_H

/*
 * Who wrote in Active Directory: security events 5136, 5137, 5138, 5139 and 5141 of a Windows
 * domain controller (Microsoft: Audit Directory Service Changes), exported as XML (wevtutil, Event
 * Viewer) or as JSON lines (Winlogbeat, NXLog, evtx_dump), and Samba's dsdb_json_audit. They become
 * audit documents as correlate/attribute_who.h describes them.
 *
 * Values are kept of references alone (the DN of a member), since nothing else is needed to join
 * and a log may hold what nobody should keep.
 */

#include "correlate/record.h"

enum who_format { WHO_WINDOWS_XML, WHO_WINDOWS_JSON, WHO_SAMBA_JSON };

struct who_totals {
    guint64 records; /* in the file */
    guint64 taken;
    guint64 other;      /* of another kind, failed, or the server's own bookkeeping */
    guint64 unresolved; /* Samba names objects by DN: not one that is known */
};
struct who_sink {
    /* An event to keep; borrowed for the call. FALSE stops with its error. */
    gboolean (*event)(const struct cor_event *event, void *data, GError **error);
    /* objectGUID as text of a DN, NULL: not known. Caller frees. */
    char *(*guid_of)(const char *dn, void *data);
    void *data;
};

/* Read a file of any of the forms, told by its content. Totals grow. Errors: COR_E_CONFIG (cannot
 * be opened), COR_E_INPUT ("file:line: expected ..., found ..."), COR_E_LIMIT. Events before the
 * mistake were given to the sink. */
gboolean who_read_file(const char *path, const struct who_sink *sink, struct who_totals *totals,
                       GError **error);
/* The same for bytes; name: for messages. */
gboolean who_read(const char *name, const char *text, gsize len, const struct who_sink *sink,
                  struct who_totals *totals, GError **error);

#endif
