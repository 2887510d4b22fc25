/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_LDAP_ERROR_H
#define ANCHORWATCH_LDAP_ERROR_H

/*
 * Foreign errors in our words, one function per library. The native code and text stay in the
 * message; the code of the GError tells the caller what to do.
 */

#include "correlate/error.h"

#include <krb5.h>
#include <ldap.h>

/* Set an error from an LDAP result or API code. doing: what was tried, e.g. "bind to
 * dc1.example.test". The diagnostic message of the handle (may be NULL) is kept and searched for
 * the causes it hides: TLS verification, Kerberos, "data 52e". */
void ad_fail_ldap(GError **error, LDAP *ld, int code, const char *doing);
/* The same decision on plain inputs: words for people (static) and what to do. */
const char *ad_explain_ldap(int code, const char *diagnostic, enum cor_code *ret_todo);

/* Set an error from libkrb5. */
void ad_fail_krb5(GError **error, krb5_context context, krb5_error_code code, const char *doing);
const char *ad_explain_krb5(krb5_error_code code, enum cor_code *ret_todo);

#endif
