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

/* A ticket in a private memory cache: nothing depends on the process environment (which libkrb5
 * would otherwise ask for KRB5CCNAME and KRB5_CLIENT_KTNAME). */
struct ad_ticket;
/* principal NULL: the first of the keytab. Network traffic: bounded by libkrb5's own limits. */
struct ad_ticket *ad_ticket_new(const char *keytab, const char *principal, GError **error);
/* A credential to bind with (gss_cred_id_t), for LDAP_OPT_X_SASL_GSS_CREDS; ticket NULL: that of
 * the credential cache of the environment, and NULL without error when there is none, which the
 * bind then says in its own words. It must outlive the bind; free with ad_credential_free. Handed
 * in because the SASL mechanism leaks the one it would acquire by itself. */
void *ad_ticket_credential(const struct ad_ticket *ticket, GError **error);
void ad_credential_free(void *credential);
const char *ad_ticket_principal(const struct ad_ticket *ticket);
void ad_ticket_free(struct ad_ticket *ticket);

#endif
