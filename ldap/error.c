/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Translation of libldap and libkrb5 errors.
 *
 * libldap gives -1 for a dead network, a refused certificate and a TLS failure alike, and -2 for
 * every Kerberos failure below SASL: the cause is only in the diagnostic text. So known pieces of
 * that text are looked for first, then the code decides. Texts of other versions fall back to the
 * code, never to silence.
 */
#include "ldap/error.h"

#include <string.h>

struct clue {
    const char *text;
    enum cor_code todo;
    const char *words;
};

static const struct clue clues[] = {
    /* libkrb5 below SASL */
    {"Clock skew too great", COR_E_AUTH,
     "this host's clock and the domain controller's differ by more than Kerberos allows; "
     "synchronise the clock"},
    {"not found in Kerberos database", COR_E_CONFIG,
     "the Kerberos realm does not know the service name of this server; name the server as the "
     "directory does (its full DNS name, not an address or alias)"},
    {"Preauthentication failed", COR_E_AUTH, "the keytab or password is wrong or outdated"},
    {"No Kerberos credentials available", COR_E_AUTH, "there are no Kerberos credentials"},
    {"No credentials cache found", COR_E_AUTH, "there are no Kerberos credentials"},
    {"Ticket expired", COR_E_AUTH, "the Kerberos ticket has expired"},
    {"Cannot contact any KDC", COR_E_RETRY, "no Kerberos server of the realm answers"},
    {"Cannot find KDC", COR_E_CONFIG, "no Kerberos server is known for the realm"},
    /* TLS (GnuTLS and OpenSSL) */
    {"hostname does not match", COR_E_CONFIG,
     "the server's certificate does not carry the name it was called by"},
    {"does not match CN", COR_E_CONFIG,
     "the server's certificate does not carry the name it was called by"},
    {"certificate is NOT trusted", COR_E_CONFIG,
     "the server's certificate is not signed by the configured CA"},
    {"certificate issuer is unknown", COR_E_CONFIG,
     "the server's certificate is not signed by the configured CA"},
    {"certificate verify failed", COR_E_CONFIG,
     "the server's certificate is not signed by the configured CA"},
    {"peer cert untrusted", COR_E_CONFIG,
     "the server's certificate is not signed by the configured CA"},
    {"certificate chain uses expired", COR_E_CONFIG, "the server's certificate has expired"},
    {"has expired", COR_E_CONFIG, "the server's certificate has expired"},
    /* Sub-codes of a refused bind (Windows error codes, hexadecimal) */
    {"data 52e", COR_E_AUTH, "the user name or password is wrong"},
    {"data 525", COR_E_AUTH, "the account does not exist"},
    {"data 530", COR_E_AUTH, "the account may not log on at this hour"},
    {"data 531", COR_E_AUTH, "the account may not log on from this computer"},
    {"data 532", COR_E_AUTH, "the account's password has expired"},
    {"data 533", COR_E_AUTH, "the account is disabled"},
    {"data 701", COR_E_AUTH, "the account has expired"},
    {"data 773", COR_E_AUTH, "the account must change its password first"},
    {"data 775", COR_E_AUTH, "the account is locked out"},
    {"80090346", COR_E_CONFIG, "the server demands channel binding and refused ours"},
    /* Signing policy */
    {"integrity checking", COR_E_CONFIG,
     "the server demands signed or encrypted LDAP; use transport ldap (sealed) or ldaps"},
    {"Sign or Seal are required", COR_E_CONFIG,
     "the server demands signing even inside TLS; use transport ldap (sealed)"},
    {"Transport encryption required", COR_E_CONFIG,
     "the server refuses passwords without encryption; use transport ldaps"},
    {"sign/seal on a connection on which TLS", COR_E_CONFIG,
     "the server refuses a security layer inside TLS"},
    {"successful bind must be completed", COR_E_AUTH, "the server wants a bind first"},
};

static const struct {
    int code;
    enum cor_code todo;
    const char *words;
} results[] = {
    {LDAP_OPERATIONS_ERROR, COR_E_INPUT, "the server reports an operations error"},
    {LDAP_PROTOCOL_ERROR, COR_E_INPUT, "the server did not understand the request"},
    {LDAP_TIMELIMIT_EXCEEDED, COR_E_RETRY, "the server's time limit ended the search"},
    {LDAP_SIZELIMIT_EXCEEDED, COR_E_INCOMPLETE, "the server's size limit ended the search"},
    {LDAP_STRONG_AUTH_REQUIRED, COR_E_CONFIG, "the server demands signed or encrypted LDAP"},
    {LDAP_REFERRAL, COR_E_CONFIG, "the server does not hold this domain and refers elsewhere"},
    {LDAP_ADMINLIMIT_EXCEEDED, COR_E_LIMIT, "an administrative limit of the server was reached"},
    {LDAP_UNAVAILABLE_CRITICAL_EXTENSION, COR_E_INPUT, "the server refuses a control"},
    {LDAP_CONFIDENTIALITY_REQUIRED, COR_E_CONFIG, "the server demands encryption"},
    {LDAP_NO_SUCH_OBJECT, COR_E_NOT_FOUND, "no such object, or no right to see it"},
    {LDAP_INVALID_CREDENTIALS, COR_E_AUTH, "the server refused the credentials"},
    {LDAP_INSUFFICIENT_ACCESS, COR_E_AUTH, "the account lacks the right"},
    {LDAP_BUSY, COR_E_RETRY, "the server is busy"},
    {LDAP_UNAVAILABLE, COR_E_RETRY, "the server is shutting down or ended the session"},
    {LDAP_UNWILLING_TO_PERFORM, COR_E_INPUT, "the server is unwilling"},
    {LDAP_SERVER_DOWN, COR_E_RETRY, "the server cannot be reached or closed the connection"},
    {LDAP_LOCAL_ERROR, COR_E_AUTH, "the security layer failed on this side"},
    {LDAP_ENCODING_ERROR, COR_E_BUG, "the request could not be encoded"},
    {LDAP_DECODING_ERROR, COR_E_INPUT, "the server's answer is not valid LDAP"},
    {LDAP_TIMEOUT, COR_E_RETRY, "the server did not answer in time"},
    {LDAP_CONNECT_ERROR, COR_E_RETRY, "the connection could not be set up"},
};

static const struct {
    krb5_error_code code;
    enum cor_code todo;
    const char *words;
} krb5_codes[] = {
    {KRB5KRB_AP_ERR_SKEW, COR_E_AUTH,
     "this host's clock and the domain controller's differ by more than Kerberos allows; "
     "synchronise the clock"},
    {KRB5KDC_ERR_PREAUTH_FAILED, COR_E_AUTH,
     "the key in the keytab is not the account's present key: the password was changed after the "
     "keytab was made, or the keytab is another account's; export it again"},
    {KRB5KDC_ERR_C_PRINCIPAL_UNKNOWN, COR_E_AUTH,
     "the realm has no such account; set the principal, or put it first in the keytab"},
    {KRB5KDC_ERR_CLIENT_REVOKED, COR_E_AUTH, "the account is disabled, expired or locked out"},
    {KRB5KDC_ERR_KEY_EXP, COR_E_AUTH, "the account's password has expired"},
    {KRB5KDC_ERR_ETYPE_NOSUPP, COR_E_AUTH,
     "account and keytab share no encryption type; export the keytab with AES keys"},
    {KRB5_KT_NOTFOUND, COR_E_CONFIG, "the keytab has no key for this principal"},
    {KRB5_KT_END, COR_E_CONFIG, "the keytab is empty"},
    {KRB5_KEYTAB_BADVNO, COR_E_CONFIG, "this is not a keytab"},
    {KRB5_KT_FORMAT, COR_E_CONFIG, "this is not a keytab"},
    {KRB5_KDC_UNREACH, COR_E_RETRY, "no Kerberos server of the realm answers"},
    {KRB5_REALM_CANT_RESOLVE, COR_E_RETRY, "the realm's Kerberos server cannot be resolved"},
    {KRB5_REALM_UNKNOWN, COR_E_CONFIG, "no Kerberos server is known for the realm"},
    {KRB5_CONFIG_NODEFREALM, COR_E_CONFIG, "the principal lacks its @REALM"},
    {KRB5_PARSE_MALFORMED, COR_E_CONFIG, "this is not a principal name"},
};

const char *ad_explain_ldap(int code, const char *diagnostic, enum cor_code *ret_todo)
{
    for (gsize i = 0; diagnostic && i < G_N_ELEMENTS(clues); i++)
        if (strstr(diagnostic, clues[i].text)) {
            *ret_todo = clues[i].todo;
            return clues[i].words;
        }
    for (gsize i = 0; i < G_N_ELEMENTS(results); i++)
        if (results[i].code == code) {
            *ret_todo = results[i].todo;
            return results[i].words;
        }
    *ret_todo = COR_E_INPUT;
    return "the server refused";
}

/* Servers end their text with newlines and sometimes a NUL; messages are one line. */
static char *one_line(const char *text)
{
    char *line = g_utf8_make_valid(text, -1);
    for (char *p = line; *p; p++)
        if (g_ascii_iscntrl(*p))
            *p = ' ';
    g_strstrip(line);
    return line;
}

void ad_fail_ldap(GError **error, LDAP *ld, int code, const char *doing)
{
    enum cor_code todo;
    char *diagnostic = NULL;
    if (ld)
        ldap_get_option(ld, LDAP_OPT_DIAGNOSTIC_MESSAGE, &diagnostic);
    const char *words = ad_explain_ldap(code, diagnostic, &todo);
    g_autofree char *detail = diagnostic && *diagnostic ? one_line(diagnostic) : NULL;
    g_set_error(error, AD_ERROR, (gint)todo, "cannot %s: %s (LDAP %d %s%s%s)", doing, words, code,
                ldap_err2string(code), detail ? ": " : "", detail ? detail : "");
    if (diagnostic)
        ldap_memfree(diagnostic);
}

const char *ad_explain_krb5(krb5_error_code code, enum cor_code *ret_todo)
{
    for (gsize i = 0; i < G_N_ELEMENTS(krb5_codes); i++)
        if (krb5_codes[i].code == code) {
            *ret_todo = krb5_codes[i].todo;
            return krb5_codes[i].words;
        }
    *ret_todo = COR_E_AUTH;
    return "Kerberos failed";
}

void ad_fail_krb5(GError **error, krb5_context context, krb5_error_code code, const char *doing)
{
    enum cor_code todo;
    const char *words = ad_explain_krb5(code, &todo);
    const char *native = krb5_get_error_message(context, code);
    g_autofree char *detail = one_line(native);
    g_set_error(error, AD_ERROR, (gint)todo, "cannot %s: %s (Kerberos %d: %s)", doing, words,
                (int)code, detail);
    krb5_free_error_message(context, native);
}
