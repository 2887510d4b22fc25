/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_LDAP_CREDENTIAL_H
#define ANCHORWATCH_LDAP_CREDENTIAL_H

/*
 * Secrets: reading them from files that nobody else can read, and turning a keytab into a ticket
 * in a credential cache of our own.
 */

#include <glib.h>

/* FALSE (COR_E_CONFIG, with the chmod command) unless the file is a regular file that only its
 * owner can read. what: "keytab", "password file". */
gboolean ad_secret_check(const char *what, const char *path, GError **error);
/* First line of a secret file of at most 4 KiB. Free with ad_secret_free. */
char *ad_secret_read(const char *what, const char *path, GError **error);
void ad_secret_free(char *secret); /* wiped first */

/* A ticket in a private memory cache. The SASL mechanism of this thread uses it between
 * ad_ticket_use and ad_ticket_release; nothing depends on the process environment (which libkrb5
 * would otherwise ask for KRB5CCNAME and KRB5_CLIENT_KTNAME). */
struct ad_ticket;
/* principal NULL: the first of the keytab. Network traffic: bounded by libkrb5's own limits. */
struct ad_ticket *ad_ticket_new(const char *keytab, const char *principal, GError **error);
gboolean ad_ticket_use(struct ad_ticket *ticket, GError **error);
void ad_ticket_release(void);
const char *ad_ticket_principal(const struct ad_ticket *ticket);
void ad_ticket_free(struct ad_ticket *ticket);

#endif
