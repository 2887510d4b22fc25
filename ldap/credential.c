/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Secret files and Kerberos tickets.
 *
 * The ticket is obtained here for an explicit principal instead of being left to libgssapi: that
 * would take the first principal of the keytab (often host/...) and read the environment. Secrets
 * never appear in messages and are wiped before their memory is given back.
 */
#include "ldap/credential.h"

#include "ldap/error.h"

#include <errno.h>
#include <fcntl.h>
#include <gssapi/gssapi_krb5.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SECRET_MAX = 4096 };

static gboolean secret_mode_ok(const char *what, const char *path, const struct stat *info,
                               GError **error)
{
    if (!S_ISREG(info->st_mode)) {
        g_set_error(error, AD_ERROR, COR_E_CONFIG, "%s '%s' is not a regular file", what, path);
        return FALSE;
    }
    if (info->st_mode & (S_IRWXG | S_IRWXO)) {
        g_set_error(error, AD_ERROR, COR_E_CONFIG,
                    "%s '%s' can be read by others (mode %04o); run: chmod 600 '%s'", what, path,
                    (unsigned)(info->st_mode & 07777), path);
        return FALSE;
    }
    return TRUE;
}

static int secret_open(const char *what, const char *path, GError **error)
{
    struct stat info;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0) {
        g_set_error(error, AD_ERROR, COR_E_CONFIG, "cannot read %s '%s': %s", what, path,
                    g_strerror(errno));
        return -1;
    }
    if (fstat(fd, &info) != 0 || !secret_mode_ok(what, path, &info, error)) {
        close(fd);
        return -1;
    }
    return fd;
}

gboolean ad_secret_check(const char *what, const char *path, GError **error)
{
    int fd = secret_open(what, path, error);
    if (fd < 0)
        return FALSE;
    close(fd);
    return TRUE;
}

char *ad_secret_read(const char *what, const char *path, GError **error)
{
    int fd = secret_open(what, path, error);
    if (fd < 0)
        return NULL;
    char *secret = g_malloc0(SECRET_MAX + 1);
    ssize_t len = read(fd, secret, SECRET_MAX + 1);
    close(fd);
    if (len > SECRET_MAX)
        secret[SECRET_MAX] = 0;
    secret[strcspn(secret, "\r\n")] = 0;
    if (len <= 0 || len > SECRET_MAX || !*secret) {
        g_set_error(error, AD_ERROR, COR_E_CONFIG, "%s '%s' must hold one line of 1 to %d bytes",
                    what, path, SECRET_MAX);
        explicit_bzero(secret, SECRET_MAX + 1);
        g_free(secret);
        return NULL;
    }
    return secret;
}

void ad_secret_free(char *secret)
{
    if (secret)
        explicit_bzero(secret, strlen(secret));
    g_free(secret);
}

struct ad_ticket {
    krb5_context context;
    krb5_keytab keytab;
    krb5_principal principal;
    krb5_ccache cache;
    char *cache_name;
    char *principal_name;
};

static krb5_error_code first_principal(struct ad_ticket *ticket)
{
    krb5_kt_cursor cursor;
    krb5_keytab_entry entry;
    krb5_error_code code = krb5_kt_start_seq_get(ticket->context, ticket->keytab, &cursor);
    if (code)
        return code;
    code = krb5_kt_next_entry(ticket->context, ticket->keytab, &entry, &cursor);
    if (!code) {
        code = krb5_copy_principal(ticket->context, entry.principal, &ticket->principal);
        krb5_free_keytab_entry_contents(ticket->context, &entry);
    }
    krb5_kt_end_seq_get(ticket->context, ticket->keytab, &cursor);
    return code;
}

static krb5_error_code open_keytab(struct ad_ticket *ticket, const char *path,
                                   const char *principal)
{
    g_autofree char *name = g_strconcat("FILE:", path, NULL);
    char *text = NULL;
    krb5_error_code code = krb5_kt_resolve(ticket->context, name, &ticket->keytab);
    if (!code && principal)
        code = krb5_parse_name(ticket->context, principal, &ticket->principal);
    else if (!code)
        code = first_principal(ticket);
    if (!code)
        code = krb5_unparse_name(ticket->context, ticket->principal, &text);
    if (!code)
        ticket->principal_name = g_strdup(text);
    krb5_free_unparsed_name(ticket->context, text);
    return code;
}

static krb5_error_code open_cache(struct ad_ticket *ticket)
{
    char *name = NULL;
    krb5_error_code code = krb5_cc_new_unique(ticket->context, "MEMORY", NULL, &ticket->cache);
    if (!code)
        code = krb5_cc_get_full_name(ticket->context, ticket->cache, &name);
    if (!code)
        ticket->cache_name = g_strdup(name);
    krb5_free_string(ticket->context, name);
    return code ? code : krb5_cc_initialize(ticket->context, ticket->cache, ticket->principal);
}

static krb5_error_code obtain(struct ad_ticket *ticket)
{
    krb5_creds creds = {0};
    krb5_get_init_creds_opt *options = NULL;
    krb5_error_code code = krb5_get_init_creds_opt_alloc(ticket->context, &options);
    if (!code)
        /* hands the measured clock offset to the cache, beside the ticket itself */
        code = krb5_get_init_creds_opt_set_out_ccache(ticket->context, options, ticket->cache);
    if (!code)
        code = krb5_get_init_creds_keytab(ticket->context, &creds, ticket->principal,
                                          ticket->keytab, 0, NULL, options);
    krb5_free_cred_contents(ticket->context, &creds);
    krb5_get_init_creds_opt_free(ticket->context, options);
    return code;
}

struct ad_ticket *ad_ticket_new(const char *keytab, const char *principal, GError **error)
{
    if (!ad_secret_check("keytab", keytab, error))
        return NULL;
    struct ad_ticket *ticket = g_new0(struct ad_ticket, 1);
    krb5_error_code code = krb5_init_context(&ticket->context);
    g_autofree char *doing = g_strdup_printf("get a Kerberos ticket for '%s' from keytab '%s'",
                                             principal ? principal : "the first principal", keytab);
    if (!code)
        code = open_keytab(ticket, keytab, principal);
    if (!code)
        code = open_cache(ticket);
    if (!code)
        code = obtain(ticket);
    if (!code)
        return ticket;
    ad_fail_krb5(error, ticket->context, code, doing);
    ad_ticket_free(ticket);
    return NULL;
}

void *ad_ticket_credential(const struct ad_ticket *ticket, GError **error)
{
    gss_cred_id_t credential = GSS_C_NO_CREDENTIAL;
    gss_key_value_element_desc cache = {"ccache", ticket ? ticket->cache_name : NULL};
    const gss_key_value_set_desc store = {1, &cache};
    OM_uint32 minor;
    OM_uint32 major = gss_acquire_cred_from(
        &minor, GSS_C_NO_NAME, GSS_C_INDEFINITE, GSS_C_NO_OID_SET, GSS_C_INITIATE,
        ticket ? &store : GSS_C_NO_CRED_STORE, &credential, NULL, NULL);
    if (major == GSS_S_COMPLETE)
        return credential;
    if (ticket)
        g_set_error(error, AD_ERROR, COR_E_BUG,
                    "the ticket of '%s' cannot be used (GSSAPI %u, minor %u)",
                    ticket->principal_name, major, minor);
    return NULL;
}

void ad_credential_free(void *credential)
{
    gss_cred_id_t owned = credential;
    OM_uint32 minor;
    if (owned)
        gss_release_cred(&minor, &owned);
}

const char *ad_ticket_principal(const struct ad_ticket *ticket)
{
    return ticket->principal_name;
}

void ad_ticket_free(struct ad_ticket *ticket)
{
    if (!ticket)
        return;
    if (ticket->cache)
        krb5_cc_destroy(ticket->context, ticket->cache);
    if (ticket->principal)
        krb5_free_principal(ticket->context, ticket->principal);
    if (ticket->keytab)
        krb5_kt_close(ticket->context, ticket->keytab);
    if (ticket->context)
        krb5_free_context(ticket->context);
    g_free(ticket->cache_name);
    g_free(ticket->principal_name);
    g_free(ticket);
}
