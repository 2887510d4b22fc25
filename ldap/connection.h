/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_LDAP_CONNECTION_H
#define ANCHORWATCH_LDAP_CONNECTION_H

/*
 * One bound connection to one domain controller, and what its rootDSE says.
 */

#include "ldap/capture.h"
#include "ldap/error.h"

/* Object identifiers of controls (MS-ADTS 3.1.1.3.4.1) and capabilities (3.1.1.3.4.3). */
#define AD_OID_PAGED        "1.2.840.113556.1.4.319"
#define AD_OID_SHOW_DELETED "1.2.840.113556.1.4.417"
#define AD_OID_EXTENDED_DN  "1.2.840.113556.1.4.529"
#define AD_OID_DOMAIN_SCOPE "1.2.840.113556.1.4.1339"
#define AD_OID_RECYCLED     "1.2.840.113556.1.4.2064"
#define AD_OID_DIRSYNC      "1.2.840.113556.1.4.841"
#define AD_OID_CAP_AD       "1.2.840.113556.1.4.800"
#define AD_OID_CAP_RODC     "1.2.840.113556.1.4.1920"

/* One answer of the peer may be this large, and no larger. */
#define AD_MESSAGE_MAX ((ber_len_t)64 * 1024 * 1024)

struct ad_rootdse {
    char *default_nc, *config_nc, *schema_nc, *root_domain_nc;
    char *dns_host_name, *ds_service_name, *vendor, *domain_functionality;
    GHashTable *controls;     /* set of OIDs */
    GHashTable *capabilities; /* set of OIDs */
    GPtrArray *token_groups;  /* SID text of the bound identity; may be empty */
    gint64 clock_us;          /* currentTime; 0 unknown */
    gint64 highest_usn;       /* highestCommittedUSN when we connected; 0 unknown */
    gboolean synchronized;
};

struct ad_connection {
    LDAP *ld;
    char *uri;       /* scheme://host:port */
    char *server;    /* as configured or found: host[:port] */
    gboolean others; /* there are more domain controllers to be tried */
    struct ad_rootdse root;
    const char *mechanism;     /* "GSSAPI", "GSS-SPNEGO" or "simple" */
    int bind_code;             /* result of the bind */
    int ssf;                   /* strength of the SASL layer in bits; 0 inside TLS */
    guint timeout_ms;          /* without any answer */
    GCancellable *cancellable; /* borrowed; may be NULL */
    gboolean lost;             /* libldap would connect again, without our bind */
    guint64 requests, bytes, entries;
    guint max_per_second; /* entries on average; 0: as fast as they come */
    gint64 pace_from_us;  /* monotonic; 0: nothing was asked yet */
};

/* Find a server (configured, else by DNS, trying the next while the reason is COR_E_RETRY),
 * connect, bind and read rootDSE. Refuses servers that are not a synchronized, writable DC of
 * options->domain. All steps are bounded by options->timeout_ms. */
struct ad_connection *ad_connect(const struct ad_options *options, GCancellable *cancellable,
                                 GError **error);
/* The same without the judgement of ad_root_judge, for self-checks. */
struct ad_connection *ad_connect_any(const struct ad_options *options, GCancellable *cancellable,
                                     GError **error);
gboolean ad_root_judge(const struct ad_connection *connection, const char *domain, GError **error);
void ad_connection_free(struct ad_connection *connection);
#define AD_CONNECTION_AUTO __attribute__((cleanup(ad_connection_cleanup))) struct ad_connection
static inline void ad_connection_cleanup(struct ad_connection **connection)
{
    ad_connection_free(*connection);
}

gboolean ad_has_control(const struct ad_connection *connection, const char *oid);
/* Read the server's clock again; 0 when that fails. */
gint64 ad_server_clock(struct ad_connection *connection);
/* "dc=lab,dc=example,dc=test" for lab.example.test; caller frees. */
char *ad_dn_from_domain(const char *domain);

#endif
