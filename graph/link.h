/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_GRAPH_LINK_H
#define ANCHORWATCH_GRAPH_LINK_H

/*
 * Which links of an answer may be followed (Graph page "paging": follow nextLink verbatim). Each
 * request carries the access token, so a link to another host would hand it over.
 */

#include <glib.h>

#define ENTRA_MAX_LINK 32768 /* bytes of one link */

/* Is base an https URL with a host and nothing that could confuse? FALSE: COR_E_CONFIG. */
gboolean entra_link_check_base(const char *base, GError **error);
/* May link be followed from a service at base? Same scheme, host and port (host compared without
 * case, port 443 may be left out); no user information, no control characters. FALSE: COR_E_INPUT
 * with the foreign authority named. */
gboolean entra_link_check(const char *base, const char *link, GError **error);

/* The value of a top-level "@odata.nextLink" guessed from the raw bytes near the start and end of a
 * page, so that the next page can be fetched while this one is parsed. Only a hint: the caller
 * compares it with the parsed page. NULL when nothing is seen or the text is escaped. */
char *entra_link_hint(const char *body, gsize len);

#endif
