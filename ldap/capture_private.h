/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_LDAP_CAPTURE_PRIVATE_H
#define ANCHORWATCH_LDAP_CAPTURE_PRIVATE_H

/* What a full and an incremental read of one domain share. */

#include "ldap/capture.h"
#include "ldap/changes.h"
#include "ldap/reader.h"

#define AD_SEGMENT_DOMAIN      "domain"
#define AD_SEGMENT_CONTROLLERS "domain controllers"
#define AD_SEGMENT_CHANGES     "changes"
#define AD_SEGMENT_OBJECTS     "objects"
#define AD_SEGMENT_DELETED     "deleted objects"

/* The classes that are captured. */
#define AD_CLASSES                                                                                 \
    "(|(objectClass=user)(objectClass=group)(objectClass=contact)(objectClass=organizationalUnit)" \
    ")"

struct ad_capture {
    const struct ad_options *options;
    struct ad_connection *connection;
    struct ad_schema *schema;
    struct ad_domain domain;
    struct ad_reader reader;
    struct ad_changes changes;
    struct cor_sink *sink;
    struct cor_proof *proof;
    struct cor_half_stats stats;
    const char *segment;  /* being read */
    gboolean incremental; /* the sink knows */
    guint64 basics;       /* records that are no objects of the domain */
    ad_progress_func progress;
    void *progress_data;
    GError *first_refusal; /* the first search that the server ended with an error */
};

/* One search whose entries go to the sink, with all their value ranges; how it ended is evidence
 * for the segment. FALSE: the connection or the sink failed. */
gboolean ad_capture_search(struct ad_capture *capture, const char *segment,
                           const struct ad_search *search, GError **error);
/* Judge how a search of a segment ended. */
void ad_capture_prove(struct ad_capture *capture, const char *segment,
                      const struct ad_outcome *outcome, guint open_ranges);
/* Whether deleted objects can be seen; when not, that is a problem of their segment. */
gboolean ad_capture_deleted_readable(struct ad_capture *capture, gboolean *ret_readable,
                                     GError **error);
guint ad_capture_page_size(const struct ad_capture *capture);

/* Deliver what changes.keys names and all that changed with it although no change tells so. The
 * sink knows already that the half is incremental. */
gboolean ad_incremental_read(struct ad_capture *capture, GError **error);

#endif
