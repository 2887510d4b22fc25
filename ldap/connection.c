/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connecting, binding, and judging the server.
 *
 * Two kinds of protection and nothing between: a Kerberos layer that signs and seals, or TLS (from
 * the first byte or begun by StartTLS) without such a layer, since servers refuse both together.
 * Every wait is finite: libldap needs asynchronous connects together with its network time-out, and
 * a receive time-out on the socket, or a silent peer holds it forever. Referrals are never
 * followed: that would bind elsewhere.
 */
#include "ldap/connection.h"

#include "correlate/time.h"
#include "ldap/credential.h"
#include "ldap/decode.h"
#include "ldap/locate.h"
#include "ldap/search.h"

#include <sasl/sasl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

enum {
    TIMEOUT_MS = 30000,
    CONNECT_MS = 10000,
    SSF_MIN = 56,
    TLS_1_2 = 0x303,
    KEEPALIVE_S = 60,
};

/* --- handle ----------------------------------------------------------------------------------- */

/* Runs when a TCP connection exists, before anything is read from it. */
static int socket_opened(LDAP *ld, Sockbuf *sb, LDAPURLDesc *server, struct sockaddr *address,
                         struct ldap_conncb *callback)
{
    int fd = -1;
    ber_len_t most = AD_MESSAGE_MAX;
    /* A read that has begun must not outlast a cancelled wait. */
    struct timeval slice = {.tv_usec = 250000};
    (void)ld, (void)server, (void)address, (void)callback;
    ber_sockbuf_ctrl(sb, LBER_SB_OPT_SET_MAX_INCOMING, &most);
    if (ber_sockbuf_ctrl(sb, LBER_SB_OPT_GET_FD, &fd) > 0 && fd >= 0)
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &slice, sizeof slice);
    return 0;
}

static void socket_closed(LDAP *ld, Sockbuf *sb, struct ldap_conncb *callback)
{
    (void)ld, (void)sb, (void)callback;
}

static struct ldap_conncb socket_callbacks = {.lc_add = socket_opened, .lc_del = socket_closed};

static int set_timeouts(LDAP *ld, guint timeout_ms)
{
    guint connect_ms = MIN(timeout_ms, CONNECT_MS);
    struct timeval network = {connect_ms / 1000, (connect_ms % 1000) * 1000};
    struct timeval total = {timeout_ms / 1000, (timeout_ms % 1000) * 1000};
    int idle = KEEPALIVE_S, rc;
    rc = ldap_set_option(ld, LDAP_OPT_NETWORK_TIMEOUT, &network);
    rc |= ldap_set_option(ld, LDAP_OPT_TIMEOUT, &total);
    rc |= ldap_set_option(ld, LDAP_OPT_CONNECT_ASYNC, LDAP_OPT_ON);
    ldap_set_option(ld, LDAP_OPT_X_KEEPALIVE_IDLE, &idle);
    return rc;
}

static int set_tls(LDAP *ld, const char *ca_file, int demand)
{
    int client = 0, version = TLS_1_2, rc = 0;
    if (ca_file)
        rc = ldap_set_option(ld, LDAP_OPT_X_TLS_CACERTFILE, ca_file);
    rc |= ldap_set_option(ld, LDAP_OPT_X_TLS_REQUIRE_CERT, &demand);
    rc |= ldap_set_option(ld, LDAP_OPT_X_TLS_PROTOCOL_MIN, &version);
    /* last: the context takes the options as they are now */
    return rc | ldap_set_option(ld, LDAP_OPT_X_TLS_NEWCTX, &client);
}

static int set_sasl(LDAP *ld, enum ad_transport transport)
{
    int binding = LDAP_OPT_X_SASL_CBINDING_TLS_ENDPOINT;
    char sealed[32];
    g_snprintf(sealed, sizeof sealed, "minssf=%d", SSF_MIN);
    int rc = ldap_set_option(ld, LDAP_OPT_X_SASL_NOCANON, LDAP_OPT_ON);
    if (transport == AD_LDAP_SEALED)
        return rc | ldap_set_option(ld, LDAP_OPT_X_SASL_SECPROPS, sealed);
    ldap_set_option(ld, LDAP_OPT_X_SASL_CBINDING, &binding);
    return rc | ldap_set_option(ld, LDAP_OPT_X_SASL_SECPROPS, "minssf=0,maxssf=0");
}

static gboolean inside_tls(const struct ad_options *options)
{
    return options->transport != AD_LDAP_SEALED;
}

/* verify: LDAP_OPT_X_TLS_DEMAND for everything but the diagnosis of a refused certificate. */
static gboolean set_options(LDAP *ld, const struct ad_options *options, guint timeout_ms,
                            int verify, GError **error)
{
    int version = LDAP_VERSION3;
    int rc = ldap_set_option(ld, LDAP_OPT_PROTOCOL_VERSION, &version);
    rc |= ldap_set_option(ld, LDAP_OPT_REFERRALS, LDAP_OPT_OFF);
    rc |= ldap_set_option(ld, LDAP_OPT_CONNECT_CB, &socket_callbacks);
    rc |= set_timeouts(ld, timeout_ms);
    rc |= set_sasl(ld, options->transport);
    if (rc) {
        g_set_error(error, AD_ERROR, COR_E_BUG, "libldap refuses an option");
        return FALSE;
    }
    if (inside_tls(options) && set_tls(ld, options->ca_file, verify)) {
        g_set_error(error, AD_ERROR, COR_E_CONFIG, "TLS cannot be set up with CA file '%s'",
                    options->ca_file ? options->ca_file : "(system)");
        return FALSE;
    }
    return TRUE;
}

/* --- bind ------------------------------------------------------------------------------------- */

/* The mechanism asks for an authorisation identity only: none means the ticket's own. libldap takes
 * a credential just now, while the SASL context of the bind exists and has not begun its work. */
static int interact(LDAP *ld, unsigned flags, void *credential, void *prompts)
{
    (void)flags;
    if (credential && ldap_set_option(ld, LDAP_OPT_X_SASL_GSS_CREDS, credential) != LDAP_SUCCESS)
        return LDAP_LOCAL_ERROR;
    for (sasl_interact_t *prompt = prompts; prompt->id != SASL_CB_LIST_END; prompt++) {
        prompt->result = "";
        prompt->len = 0;
    }
    return LDAP_SUCCESS;
}

static const char *mechanism_name(enum ad_mechanism mechanism)
{
    return mechanism == AD_SPNEGO ? "GSS-SPNEGO" : "GSSAPI";
}

static gboolean bind_kerberos(struct ad_connection *connection, const struct ad_options *options,
                              struct ad_ticket *ticket, GError **error)
{
    ber_len_t ssf = 0;
    connection->mechanism = mechanism_name(options->mechanism);
    g_autofree char *doing =
        g_strdup_printf("bind to %s as %s", connection->uri,
                        ticket ? ad_ticket_principal(ticket) : "the credential cache's principal");
    GError *failure = NULL;
    void *credential = ad_ticket_credential(ticket, &failure);
    if (failure) {
        g_propagate_error(error, failure);
        return FALSE;
    }
    int rc = ldap_sasl_interactive_bind_s(connection->ld, NULL, connection->mechanism, NULL, NULL,
                                          LDAP_SASL_QUIET, interact, credential);
    ad_credential_free(credential);
    connection->bind_code = rc;
    if (rc != LDAP_SUCCESS) {
        ad_fail_ldap(error, connection->ld, rc, doing);
        return FALSE;
    }
    ldap_get_option(connection->ld, LDAP_OPT_X_SASL_SSF, &ssf);
    connection->ssf = (int)ssf;
    /* above what SASL was told to demand: it would only say that the mechanism is too weak */
    guint least = options->min_ssf ? options->min_ssf : SSF_MIN;
    if (options->transport == AD_LDAP_SEALED && ssf < least) {
        g_set_error(error, AD_ERROR, COR_E_CONFIG,
                    "cannot %s: the connection is protected with %d bits only, %u are required",
                    doing, (int)ssf, least);
        return FALSE;
    }
    return TRUE;
}

static gboolean bind_simple(struct ad_connection *connection, const struct ad_options *options,
                            GError **error)
{
    char *password = ad_secret_read("password file", options->password_file, error);
    if (!password)
        return FALSE;
    struct berval secret = {strlen(password), password};
    int rc = ldap_sasl_bind_s(connection->ld, options->bind_dn, LDAP_SASL_SIMPLE, &secret, NULL,
                              NULL, NULL);
    ad_secret_free(password);
    connection->bind_code = rc;
    connection->mechanism = "simple";
    if (rc == LDAP_SUCCESS)
        return TRUE;
    g_autofree char *doing =
        g_strdup_printf("bind to %s as '%s'", connection->uri, options->bind_dn);
    ad_fail_ldap(error, connection->ld, rc, doing);
    return FALSE;
}

/* --- rootDSE ---------------------------------------------------------------------------------- */

static const char *const root_attributes[] = {
    "configurationNamingContext",
    "currentTime",
    "defaultNamingContext",
    "dnsHostName",
    "domainFunctionality",
    "dsServiceName",
    "highestCommittedUSN",
    "isSynchronized",
    "rootDomainNamingContext",
    "schemaNamingContext",
    "supportedCapabilities",
    "supportedControl",
    "tokenGroups",
    "vendorName",
    NULL,
};

static void collect_set(LDAP *ld, LDAPMessage *entry, const char *attribute, GHashTable *set)
{
    struct berval **values = ldap_get_values_len(ld, entry, attribute);
    for (guint i = 0; values && values[i]; i++)
        g_hash_table_add(set, g_strndup(values[i]->bv_val, values[i]->bv_len));
    ldap_value_free_len(values);
}

static void collect_sids(LDAP *ld, LDAPMessage *entry, GPtrArray *sids)
{
    struct berval **values = ldap_get_values_len(ld, entry, "tokenGroups");
    for (guint i = 0; values && values[i]; i++) {
        char *sid = ad_sid_text((const guint8 *)values[i]->bv_val, values[i]->bv_len);
        if (sid)
            g_ptr_array_add(sids, sid);
    }
    ldap_value_free_len(values);
}

static gint64 entry_clock(LDAP *ld, LDAPMessage *entry)
{
    g_autofree char *text = ad_entry_text(ld, entry, "currentTime");
    return text ? cor_time_parse_generalized(text, strlen(text)) : 0;
}

static gboolean take_root(LDAPMessage *entry, void *data, GError **error)
{
    struct ad_connection *connection = data;
    struct ad_rootdse *root = &connection->root;
    LDAP *ld = connection->ld;
    const struct {
        char **member;
        const char *attribute;
    } texts[] = {
        {&root->default_nc, "defaultNamingContext"},
        {&root->config_nc, "configurationNamingContext"},
        {&root->schema_nc, "schemaNamingContext"},
        {&root->root_domain_nc, "rootDomainNamingContext"},
        {&root->dns_host_name, "dnsHostName"},
        {&root->ds_service_name, "dsServiceName"},
        {&root->vendor, "vendorName"},
        {&root->domain_functionality, "domainFunctionality"},
    };
    (void)error;
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_free(*texts[i].member);
        *texts[i].member = ad_entry_text(ld, entry, texts[i].attribute);
    }
    g_autofree char *synchronized = ad_entry_text(ld, entry, "isSynchronized");
    root->synchronized = g_strcmp0(synchronized, "FALSE") != 0;
    root->clock_us = entry_clock(ld, entry);
    root->highest_usn = 0;
    ad_entry_int(ld, entry, "highestCommittedUSN", &root->highest_usn);
    collect_set(ld, entry, "supportedControl", root->controls);
    collect_set(ld, entry, "supportedCapabilities", root->capabilities);
    collect_sids(ld, entry, root->token_groups);
    return TRUE;
}

static gboolean read_root(struct ad_connection *connection, GError **error)
{
    const struct ad_search search = {
        .base = "",
        .scope = LDAP_SCOPE_BASE,
        .filter = "(objectClass=*)",
        .attributes = root_attributes,
    };
    AD_OUTCOME_AUTO outcome = {0};
    if (!ad_search(connection, &search, take_root, NULL, connection, &outcome, error))
        return FALSE;
    if (outcome.code != LDAP_SUCCESS) {
        ad_outcome_fail(&outcome, "read rootDSE", error);
        return FALSE;
    }
    const struct ad_rootdse *root = &connection->root;
    if (root->default_nc && root->config_nc && root->schema_nc)
        return TRUE;
    g_set_error(error, AD_ERROR, COR_E_CONFIG,
                "%s is not an Active Directory domain controller: its rootDSE names no domain",
                connection->uri);
    return FALSE;
}

static gboolean take_clock(LDAPMessage *entry, void *data, GError **error)
{
    struct ad_connection *connection = data;
    (void)error;
    connection->root.clock_us = entry_clock(connection->ld, entry);
    return TRUE;
}

gint64 ad_server_clock(struct ad_connection *connection)
{
    static const char *const attributes[] = {"currentTime", NULL};
    const struct ad_search search = {
        .base = "",
        .scope = LDAP_SCOPE_BASE,
        .filter = "(objectClass=*)",
        .attributes = attributes,
    };
    AD_OUTCOME_AUTO outcome = {0};
    connection->root.clock_us = 0;
    if (!ad_search(connection, &search, take_clock, NULL, connection, &outcome, NULL) ||
        outcome.code != LDAP_SUCCESS)
        return 0;
    return connection->root.clock_us;
}

char *ad_dn_from_domain(const char *domain)
{
    g_auto(GStrv) labels = g_strsplit(domain, ".", -1);
    GString *dn = g_string_new(NULL);
    for (guint i = 0; labels[i]; i++)
        if (*labels[i])
            g_string_append_printf(dn, "%sdc=%s", dn->len ? "," : "", labels[i]);
    return g_string_free(dn, FALSE);
}

gboolean ad_root_judge(const struct ad_connection *connection, const char *domain, GError **error)
{
    const struct ad_rootdse *root = &connection->root;
    g_autofree char *wanted = ad_dn_from_domain(domain);
    if (g_ascii_strcasecmp(wanted, root->default_nc) != 0) {
        g_set_error(error, AD_ERROR, COR_E_CONFIG, "%s holds the domain '%s', not '%s'",
                    connection->uri, root->default_nc, domain);
        return FALSE;
    }
    if (g_hash_table_contains(root->capabilities, AD_OID_CAP_RODC)) {
        g_set_error(error, AD_ERROR, COR_E_CONFIG,
                    "%s is a read-only domain controller, which holds filtered copies; name a "
                    "writable one",
                    connection->uri);
        return FALSE;
    }
    if (!root->synchronized) {
        g_set_error(error, AD_ERROR, COR_E_RETRY,
                    "%s has not finished its first replication (isSynchronized is FALSE)",
                    connection->uri);
        return FALSE;
    }
    return TRUE;
}

gboolean ad_has_control(const struct ad_connection *connection, const char *oid)
{
    return g_hash_table_contains(connection->root.controls, oid);
}

/* --- connecting ------------------------------------------------------------------------------- */

static char *make_uri(const char *server, enum ad_transport transport, gboolean from_dns)
{
    const char *scheme = transport == AD_LDAPS ? "ldaps" : "ldap";
    /* SRV records name the plain port; its TLS port is fixed (MS-ADTS 5.1.1.3) */
    if (from_dns && transport == AD_LDAPS) {
        g_autofree char *host = g_strndup(server, strcspn(server, ":"));
        return g_strdup_printf("%s://%s", scheme, host);
    }
    return g_strdup_printf("%s://%s", scheme, server);
}

static struct ad_connection *connection_new(const struct ad_options *options, char *uri_taken,
                                            GCancellable *cancellable)
{
    struct ad_connection *connection = g_new0(struct ad_connection, 1);
    connection->uri = uri_taken;
    connection->max_per_second = options->max_objects_per_second;
    connection->timeout_ms = options->timeout_ms ? options->timeout_ms : TIMEOUT_MS;
    connection->cancellable = cancellable;
    connection->root.controls = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    connection->root.capabilities = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    connection->root.token_groups = g_ptr_array_new_with_free_func(g_free);
    return connection;
}

static void root_clear(struct ad_rootdse *root)
{
    g_free(root->default_nc);
    g_free(root->config_nc);
    g_free(root->schema_nc);
    g_free(root->root_domain_nc);
    g_free(root->dns_host_name);
    g_free(root->ds_service_name);
    g_free(root->vendor);
    g_free(root->domain_functionality);
    g_hash_table_unref(root->controls);
    g_hash_table_unref(root->capabilities);
    g_ptr_array_unref(root->token_groups);
}

void ad_connection_free(struct ad_connection *connection)
{
    if (!connection)
        return;
    if (connection->ld)
        ldap_unbind_ext(connection->ld, NULL, NULL);
    root_clear(&connection->root);
    g_free(connection->uri);
    g_free(connection->server);
    g_free(connection);
}

static gboolean open_handle(struct ad_connection *connection, const struct ad_options *options,
                            int verify, GError **error)
{
    int rc = ldap_initialize(&connection->ld, connection->uri);
    if (rc == LDAP_SUCCESS)
        return set_options(connection->ld, options, connection->timeout_ms, verify, error);
    g_set_error(error, AD_ERROR, COR_E_CONFIG, "'%s' is not a server address", connection->uri);
    return FALSE;
}

/* Nothing is sent but the request to begin TLS; what fails here never falls back to clear text. */
static gboolean begin_tls(struct ad_connection *connection, const struct ad_options *options,
                          GError **error)
{
    if (options->transport != AD_STARTTLS)
        return TRUE;
    int rc = ldap_start_tls_s(connection->ld, NULL, NULL);
    connection->bind_code = rc;
    if (rc == LDAP_SUCCESS)
        return TRUE;
    g_autofree char *doing = g_strdup_printf("begin TLS with %s", connection->uri);
    ad_fail_ldap(error, connection->ld, rc, doing);
    return FALSE;
}

static gboolean answers_anonymously(const struct ad_options *options, const char *uri, int verify,
                                    GCancellable *cancellable)
{
    AD_CONNECTION_AUTO *probe = connection_new(options, g_strdup(uri), cancellable);
    return open_handle(probe, options, verify, NULL) && begin_tls(probe, options, NULL) &&
           read_root(probe, NULL);
}

static gboolean looks_like_dead_network(int code)
{
    return code == LDAP_SERVER_DOWN || code == LDAP_CONNECT_ERROR;
}

/* libldap reports a refused certificate like a dead network. When the server answers an anonymous
 * rootDSE read only without verification, it was the certificate. No credentials are sent. */
static void explain_certificate(const struct ad_options *options,
                                const struct ad_connection *connection, GError **failure)
{
    GCancellable *cancellable = connection->cancellable;
    if (!inside_tls(options) || !looks_like_dead_network(connection->bind_code) ||
        !answers_anonymously(options, connection->uri, LDAP_OPT_X_TLS_ALLOW, cancellable) ||
        answers_anonymously(options, connection->uri, LDAP_OPT_X_TLS_DEMAND, cancellable))
        return;
    g_clear_error(failure);
    g_set_error(failure, AD_ERROR, COR_E_CONFIG,
                "cannot trust %s: its certificate is not signed by the CA in '%s', has expired, "
                "or does not carry this name",
                connection->uri, options->ca_file ? options->ca_file : "the system's store");
}

static gboolean bind_as(struct ad_connection *connection, const struct ad_options *options,
                        struct ad_ticket *ticket, GError **error)
{
    return options->bind_dn ? bind_simple(connection, options, error)
                            : bind_kerberos(connection, options, ticket, error);
}

static struct ad_connection *connect_one(const struct ad_options *options, char *uri_taken,
                                         struct ad_ticket *ticket, GCancellable *cancellable,
                                         GError **error)
{
    AD_CONNECTION_AUTO *connection = connection_new(options, uri_taken, cancellable);
    GError *failure = NULL;
    if (!open_handle(connection, options, LDAP_OPT_X_TLS_DEMAND, error))
        return NULL;
    if (!begin_tls(connection, options, &failure) ||
        !bind_as(connection, options, ticket, &failure)) {
        explain_certificate(options, connection, &failure);
        g_propagate_error(error, failure);
        return NULL;
    }
    return read_root(connection, error) ? g_steal_pointer(&connection) : NULL;
}

static gboolean options_ok(const struct ad_options *options, GError **error)
{
    const char *mistake = NULL;
    if (!options->domain || !*options->domain)
        mistake = "the domain is not configured";
    else if (options->server && !options->server[strspn(options->server, ", ")])
        mistake = "server names no domain controller";
    else if (options->bind_dn && !inside_tls(options))
        mistake = "a simple bind sends the password: it needs transport ldaps or starttls";
    else if (options->bind_dn && !options->password_file)
        mistake = "a simple bind needs a password file";
    if (!mistake)
        return TRUE;
    g_set_error_literal(error, AD_ERROR, COR_E_CONFIG, mistake);
    return FALSE;
}

/* Changes are told by the domain controller of last time only. */
static void move_to_front(GPtrArray *servers, const char *host)
{
    gsize len = strlen(host);
    for (guint i = 1; i < servers->len; i++) {
        char *server = servers->pdata[i];
        if (g_ascii_strncasecmp(server, host, len) != 0 || (server[len] && server[len] != ':'))
            continue;
        memmove(&servers->pdata[1], &servers->pdata[0], i * sizeof *servers->pdata);
        servers->pdata[0] = server;
        return;
    }
}

static void move_to_back(GPtrArray *servers, const char *avoid)
{
    for (guint i = 0; i < servers->len; i++)
        if (g_ascii_strcasecmp(servers->pdata[i], avoid) == 0) {
            g_ptr_array_add(servers, g_strdup(avoid));
            g_ptr_array_remove_index(servers, i);
            return;
        }
}

static GPtrArray *configured(const char *list)
{
    GPtrArray *servers = g_ptr_array_new_with_free_func(g_free);
    g_auto(GStrv) names = g_strsplit_set(list, ", ", 0);
    for (guint i = 0; names[i]; i++)
        if (*names[i])
            g_ptr_array_add(servers, g_strdup(names[i]));
    return servers;
}

static GPtrArray *candidates(const struct ad_options *options, GError **error)
{
    GPtrArray *servers =
        options->server ? configured(options->server) : ad_locate(options->domain, error);
    if (servers && options->prefer && !options->server)
        move_to_front(servers, options->prefer);
    if (servers && options->avoid)
        move_to_back(servers, options->avoid);
    return servers;
}

static gboolean try_next(GCancellable *cancellable, const GError *failure)
{
    return !g_cancellable_is_cancelled(cancellable) &&
           g_error_matches(failure, AD_ERROR, COR_E_RETRY);
}

static struct ad_connection *connect_first(const struct ad_options *options, gboolean judge,
                                           GCancellable *cancellable, GError **error)
{
    struct ad_ticket *ticket = NULL;
    struct ad_connection *connection = NULL;
    if (!options_ok(options, error))
        return NULL;
    g_autoptr(GPtrArray) servers = candidates(options, error);
    if (!servers)
        return NULL;
    if (!options->bind_dn && options->keytab) {
        ticket = ad_ticket_new(options->keytab, options->principal, error);
        if (!ticket)
            return NULL;
    }
    for (guint i = 0; i < servers->len && !connection; i++) {
        g_autoptr(GError) failure = NULL;
        char *uri = make_uri(servers->pdata[i], options->transport, !options->server);
        connection = connect_one(options, uri, ticket, cancellable, &failure);
        if (connection && judge && !ad_root_judge(connection, options->domain, &failure))
            g_clear_pointer(&connection, ad_connection_free);
        if (connection) {
            connection->server = g_strdup(servers->pdata[i]);
            connection->others = servers->len > 1;
        }
        if (connection || (i + 1 < servers->len && try_next(cancellable, failure)))
            continue;
        g_propagate_error(error, g_steal_pointer(&failure));
        break;
    }
    ad_ticket_free(ticket);
    return connection;
}

struct ad_connection *ad_connect(const struct ad_options *options, GCancellable *cancellable,
                                 GError **error)
{
    return connect_first(options, TRUE, cancellable, error);
}

struct ad_connection *ad_connect_any(const struct ad_options *options, GCancellable *cancellable,
                                     GError **error)
{
    return connect_first(options, FALSE, cancellable, error);
}
