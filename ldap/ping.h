/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_LDAP_PING_H
#define ANCHORWATCH_LDAP_PING_H

/*
 * The LDAP ping (MS-ADTS 6.3.3): one anonymous datagram asks a domain controller who it is, in
 * which site it stands and in which site it sees us. The answer is neither signed nor secret: it
 * may choose whom to ask first, and nothing else.
 */

#include <glib.h>

#define AD_PING_PORT 389

/* DS_FLAG bits of the answer (MS-ADTS 6.3.1.2). */
#define AD_PING_CLOSEST  0x80u
#define AD_PING_WRITABLE 0x100u

/* NETLOGON_SAM_LOGON_RESPONSE_EX (MS-ADTS 6.3.1.9), what of it is of use. */
struct ad_ping {
    guint32 flags;
    char *domain, *host;             /* owned, DNS names */
    char *server_site, *client_site; /* owned; "" when the server does not know */
};
void ad_ping_free(struct ad_ping *ping);

/* The datagram to send: a search for the attribute Netlogon of the rootDSE. NULL: no memory. */
GBytes *ad_ping_request(int message_id, const char *domain);
/* The value of Netlogon in an answer of len bytes; NULL when it is no answer to that request. */
GBytes *ad_ping_value(const guint8 *answer, gsize len, int message_id);
/* NULL when the value is not whole or not of this form. */
struct ad_ping *ad_ping_parse(const guint8 *value, gsize len);

/* Ask up to AD_PING_MOST of the hosts (char *, names without port) at once and wait for at most
 * timeout_ms. Array as long as hosts: struct ad_ping *, or NULL where nobody answered for the
 * domain in time. */
#define AD_PING_MOST 16
GPtrArray *ad_ping(const GPtrArray *hosts, guint16 port, const char *domain, guint timeout_ms);

#endif
