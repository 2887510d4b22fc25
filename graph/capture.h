/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_GRAPH_CAPTURE_H
#define ANCHORWATCH_GRAPH_CAPTURE_H

/*
 * Capture of one Microsoft Entra tenant through Microsoft Graph.
 */

#include "correlate/check.h"
#include "correlate/record.h"

#include <gio/gio.h>

struct entra_options {
    const char *source;    /* configured name */
    const char *tenant_id; /* GUID or domain */
    const char *client_id; /* NULL with a managed identity */
    /* One of these three. Files must not be readable by others. */
    const char *secret_file;               /* client secret, one line */
    const char *certificate_file;          /* PEM with key, or PKCS#12 */
    gboolean managed_identity;             /* of this Arc-enabled server */
    const char *certificate_password_file; /* one line, or NULL */
    int certificate_algorithm;             /* enum entra_algorithm */
    int cloud;                             /* enum entra_cloud */
    const char *graph_url;                 /* root of Graph, that of the cloud unless told */
    const char *token_url; /* NULL: {login of the cloud}/{tenant}/oauth2/v2.0/token */
    const char *ca_file;   /* extra CA, or NULL: system */
    const char *proxy;     /* http://host:port, or NULL: none; the environment is not asked */
    const char *proxy_secret_file; /* user:password, one line, or NULL */
    guint page_size;               /* 0: 999 */
    guint timeout_ms;      /* total per request; 0: 120000. Idle and connect limits derive */
    guint retry_budget_ms; /* how long all retries of one run may wait; 0: 900000 */
    guint quota_percent;   /* of the service's quotas that are ours; 0: wait only when refused */
    gint64 audit_since_us; /* read directory audits from here; 0: the last 30 days */
    /* What the last published complete capture of this source left in the stream
     * ENTRA_CHECKPOINT, if nothing but complete captures were published since: only what changed
     * is read then. NULL: everything is read. Borrowed, as is before. */
    const struct cor_json *checkpoint;
    struct cor_view *before; /* the point of that capture, for the report of a reconciliation */
    gint64 reconcile_us;     /* everything is read when the last full read is older than that */
};
#define ENTRA_CHECKPOINT "entra"

typedef void (*entra_progress_func)(void *data, const char *phase, guint64 objects);

/* Attributes of ours in Entra documents, beside those of the service:
 *  - "onPremisesSyncBehavior": {"isCloudManaged": bool}, read only where it can tell something;
 *  - "anchorwatchSyncRole": true on a servicePrincipal that holds the app role
 *    ADSynchronization.ReadWrite.All of the Microsoft Entra AD Synchronization Service, which makes
 *    it a sync engine whatever its name (Entra page "authenticate-application-id").
 *  - "anchorwatchParent": of a part (graph/resource.h), the key of the object it is a part of.
 * Links: those of the table, and manager (users, contacts). A link of the kind of a relation with
 * parts goes from the object to the part.
 * When the audit log could not be read, a remark says "directory audits not readable". */

/* Read the whole tenant into the sink. Same contract as ad_capture. Missing permission for one
 * resource makes the half partial and is named; a resource marked optional in the table only
 * leaves a remark. Nulls where rights are short are recognised and never recorded as values. */
gboolean entra_capture(const struct entra_options *options, struct cor_sink *sink,
                       GCancellable *cancellable, entra_progress_func progress, void *progress_data,
                       GError **error);

/* Append struct cor_check *: token, each resource with its least permission; never fails. */
void entra_check(const struct entra_options *options, GPtrArray *checks);

#endif
