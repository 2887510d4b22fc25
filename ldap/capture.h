/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_LDAP_CAPTURE_H
#define ANCHORWATCH_LDAP_CAPTURE_H

/*
 * Capture of one Active Directory domain: find a DC, bind, read everything, prove it.
 */

#include "correlate/check.h"
#include "correlate/record.h"

#include <gio/gio.h>

enum ad_transport {
    AD_LDAP_SEALED, /* ldap:// with GSSAPI sign and seal */
    AD_LDAPS,       /* ldaps:// with Kerberos without a security layer, or simple bind */
    AD_STARTTLS,    /* the same inside TLS that was begun on the plain port (RFC 4511 4.14) */
};
enum ad_mechanism { AD_GSSAPI, AD_SPNEGO }; /* of the Kerberos bind */
struct ad_options {
    const char *source; /* configured name */
    const char *domain; /* DNS name, lab.example.test */
    const char *server; /* FQDN[:port], several separated by commas in the order to be tried; NULL:
                           DNS SRV _ldap._tcp.dc._msdcs.DOMAIN */
    enum ad_transport transport;
    enum ad_mechanism mechanism;
    guint min_ssf;         /* least strength of sign and seal in bits, AD_LDAP_SEALED; 0: 56 */
    const char *keytab;    /* path, or NULL: credential cache of the environment */
    const char *principal; /* svc@REALM; NULL: first principal of the keytab */
    const char *bind_dn;   /* simple bind inside TLS only; NULL: Kerberos */
    const char *password_file;
    const char *ca_file; /* TLS */
    const char *prefer;  /* host to be tried first if DNS names it; NULL: none */
    const char *avoid;   /* FQDN:port or FQDN[:port] as in server, to be tried last; NULL: none */
    char **ret_lost; /* when the domain controller is lost in mid-read and there are others, nothing
                        of it is kept: the half is abandoned with COR_E_RETRY, and its name goes
                        here (caller frees), so that another can be read as avoid says. NULL: what
                        was read is kept as a partial half */
    guint page_size; /* 0: 1000 */
    guint timeout_ms;             /* per operation; 0: 30000 */
    guint max_objects_per_second; /* taken from the server, on average; 0: as fast as they come */
    /* Read only what changed, while the last full read is younger than this; 0: always everything.
     * It takes a sink that can be incremental, and the two below. */
    guint full_every_hours;
    const struct cor_json *checkpoint; /* of AD_STREAM, from the last complete half; NULL: none */
    struct cor_view *stored;           /* what the store shows of the domain now; borrowed */
    const char *full_because; /* why there is no checkpoint; NULL: this is the first read */
    const char *remark;       /* said with how this read was done; NULL: nothing */
};
/* The stream that the checkpoint of a domain is kept under. */
#define AD_STREAM "changes"
/* Progress after each page; may be NULL. */
typedef void (*ad_progress_func)(void *data, const char *phase, guint64 objects);

/* Read the whole domain into the sink: users, inetOrgPersons, groups, computers, contacts,
 * organizational units, deleted objects of those classes, one "domain" record (attributes
 * distinguishedName, objectSid, dnsRoot, nETBIOSName, recycleBinEnabled, tombstoneLifetimeDays,
 * deletedObjectLifetimeDays, domainFunctionality, serverVendor) and one "domainController" record
 * per DC (attributes invocationId, dNSHostName, site, distinguishedName), with links by GUID and
 * replication metadata; or only what changed since the checkpoint, with the same result. Which of
 * the two, and why, is a remark of the proof. Calls finish (also for a partial half) or abandon on
 * the sink. FALSE with error: nothing usable was read (COR_E_AUTH, COR_E_RETRY, COR_E_CONFIG, ...).
 */
gboolean ad_capture(const struct ad_options *options, struct cor_sink *sink,
                    GCancellable *cancellable, ad_progress_func progress, void *progress_data,
                    GError **error);

/* Append struct cor_check *; never fails. */
void ad_check(const struct ad_options *options, GPtrArray *checks);

#endif
