/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_LDAP_DIRSYNC_H
#define ANCHORWATCH_LDAP_DIRSYNC_H

/*
 * DirSync (MS-ADTS 3.1.1.3.4.1.3): the server tells which objects of a naming context changed since
 * a cookie. Only that is taken from it, the objectGUIDs: what the answers say about attributes is
 * not true on every server, so each object is read by itself afterwards.
 */

#include "ldap/connection.h"

#include <lber.h>

/* Added and removed values of a link apart, so that a large group costs what changed of it. */
#define AD_DIRSYNC_INCREMENTAL_VALUES 0x80000000u

/* What the filter and attribute list must be so that no change stays hidden: a cookie moves on past
 * what they hide. */
#define AD_DIRSYNC_FILTER     "(objectClass=*)"
#define AD_DIRSYNC_ATTRIBUTES "*"

/* The request value SEQUENCE { flags, maxBytes, cookie } in BER; NULL without memory. Free with
 * ber_bvfree. */
struct berval *ad_dirsync_encode(guint32 flags, const struct berval *cookie);
/* The response value. FALSE unless it is exactly SEQUENCE { more, unused, cookie } with a cookie
 * that is not empty and below a ceiling. The cookie is owned by the caller (ber_memfree). Pure. */
gboolean ad_dirsync_decode(const struct berval *value, gboolean *ret_more,
                           struct berval *ret_cookie);

struct ad_dirsync {
    guint32 flags;
    struct berval cookie; /* in: where to begin, out: where to go on; owned (ber_memfree) */
    int code;             /* result code of the last request */
    char *refusal;        /* why there is no usable answer; NULL: all is well; owned */
};
void ad_dirsync_clear(struct ad_dirsync *dirsync);

/* A cookie for the present moment without any data, by a filter that nothing fits. Servers that do
 * not know AD_DIRSYNC_INCREMENTAL_VALUES are asked without it; flags tell. FALSE: the connection
 * failed. */
gboolean ad_dirsync_start(struct ad_connection *connection, struct ad_dirsync *dirsync,
                          GError **error);
/* Add the objectGUID (text, owned by the set) of everything that changed since the cookie, asking
 * on while the server has more, and move the cookie. Stops when the set exceeds keys_max; the
 * cookie is worthless then, as after a refusal. FALSE: the connection failed. */
gboolean ad_dirsync_read(struct ad_connection *connection, struct ad_dirsync *dirsync,
                         GHashTable *keys, guint keys_max, GError **error);

#endif
