/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_LDAP_LOCATE_H
#define ANCHORWATCH_LDAP_LOCATE_H

/*
 * Which domain controllers there are: DNS SRV records in the order of RFC 2782, those of our own
 * site first (LDAP ping, MS-ADTS 6.3.6).
 */

#include <glib.h>

struct ad_srv {
    guint16 priority, weight, port;
    char *host; /* owned, without a final dot */
};
void ad_srv_free(struct ad_srv *srv);

/* SRV answers of a DNS reply, in no particular order: array of struct ad_srv *. Never NULL; what is
 * malformed is left out. At most 64. */
GPtrArray *ad_srv_parse(const guint8 *reply, gsize len);
/* RFC 2782: ascending priority; within one, drawn by weight. random is called with the total
 * weight and answers a number in [0, total]. */
void ad_srv_order(GPtrArray *servers, guint (*random)(guint total, void *data), void *data);

/* Reorder: our site first, then others, then those that were asked and are silent, read-only ones
 * last; within each as they were. pings: as from ad_ping for these servers. nearby: set of folded
 * host names that DNS lists for our site. */
void ad_srv_prefer(GPtrArray *servers, const GPtrArray *pings, GHashTable *nearby);

/* Domain controllers of a domain, best first: array of "host:port" text. Queries
 * _ldap._tcp.dc._msdcs.DOMAIN (MS-ADTS 6.3.2.3) and asks where we are, for at most a second.
 * Errors: COR_E_CONFIG (no such records),
 * COR_E_RETRY (DNS does not answer). */
GPtrArray *ad_locate(const char *domain, GError **error);

#endif
