/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Self-check: can the domain be reached, bound, and read with the rights a capture needs.
 *
 * Each line says what was seen and, when it is not good, the one thing to do about it. A check
 * stops at the first failure after which nothing else could be asked.
 */
#include "ldap/capture.h"

#include "ldap/dirsync.h"
#include "ldap/domain.h"
#include "ldap/metadata_links.h"
#include "ldap/quiet.h"
#include "ldap/rights.h"

#include <string.h>

enum {
    SAMPLE = 50,
    GROUPS = 5,
    SKEW_WARN_S = 60,
    SKEW_MAX_S = 300, /* Kerberos refuses beyond this (RFC 4120 7.5.7 and AD's default policy) */
};

struct checking {
    const struct ad_options *options;
    struct ad_connection *connection;
    GPtrArray *checks;
    guint users, with_metadata; /* of the sample */
    guint groups, with_stamps;  /* of the sample of groups with members */
};

static void pass(struct checking *checking, const char *name, gboolean required, char *detail_taken)
{
    cor_check_add(checking->checks, name, TRUE, required, detail_taken, NULL);
}

static void fail(struct checking *checking, const char *name, gboolean required, char *detail_taken,
                 const char *remedy)
{
    cor_check_add(checking->checks, name, FALSE, required, detail_taken, g_strdup(remedy));
}

static const char *connect_remedy(const GError *failure)
{
    switch (failure->code) {
    case COR_E_AUTH:
        return "export the account's key again (Samba: samba-tool domain exportkeytab FILE "
               "--principal=ACCOUNT@REALM; Windows: ktpass /princ ACCOUNT@REALM /mapuser ACCOUNT "
               "/crypto AES256-SHA1 /ptype KRB5_NT_PRINCIPAL /pass * /out FILE)";
    case COR_E_RETRY:
        return "check that a domain controller runs and that this host reaches its ports 88 and "
               "389 (636 for ldaps), or name another server";
    default:
        return "correct the configuration as the message says";
    }
}

static gboolean check_connect(struct checking *checking)
{
    g_autoptr(GError) failure = NULL;
    struct ad_connection *connection = ad_connect_any(checking->options, NULL, &failure);
    checking->connection = connection;
    if (!connection) {
        fail(checking, "bind", TRUE, g_strdup(failure->message), connect_remedy(failure));
        return FALSE;
    }
    pass(checking, "bind", TRUE,
         g_strdup_printf("%s (%s)", connection->uri, connection->mechanism));
    if (connection->ssf)
        pass(checking, "protection", TRUE,
             g_strdup_printf("signed and sealed with %d bits", connection->ssf));
    else
        pass(checking, "protection", TRUE, g_strdup("TLS, server certificate verified"));
    return TRUE;
}

static void check_server(struct checking *checking)
{
    g_autoptr(GError) failure = NULL;
    const struct ad_rootdse *root = &checking->connection->root;
    if (ad_root_judge(checking->connection, checking->options->domain, &failure))
        pass(checking, "domain controller", TRUE,
             g_strdup_printf("%s holds '%s'", root->dns_host_name ? root->dns_host_name : "server",
                             root->default_nc));
    else
        fail(checking, "domain controller", TRUE, g_strdup(failure->message),
             "name a writable domain controller of the configured domain");
}

static void check_identity(struct checking *checking)
{
    const GPtrArray *groups = checking->connection->root.token_groups;
    if (groups->len)
        pass(checking, "identity", FALSE,
             g_strdup_printf("SID %s, member of %u groups", (char *)groups->pdata[0],
                             groups->len - 1));
    else
        fail(checking, "identity", FALSE, g_strdup("the server does not say who we are"),
             "nothing is lost without it");
}

static void check_clock(struct checking *checking)
{
    gint64 server_us = ad_server_clock(checking->connection);
    gint64 skew_s = (g_get_real_time() - server_us) / G_USEC_PER_SEC;
    char *detail = g_strdup_printf("%" G_GINT64_FORMAT " s %s the server", ABS(skew_s),
                                   skew_s < 0 ? "behind" : "ahead of");
    if (!server_us) {
        g_free(detail);
        fail(checking, "clock", FALSE, g_strdup("the server does not tell its time"),
             "compare the clocks by hand");
    } else if (ABS(skew_s) > SKEW_WARN_S) {
        fail(checking, "clock", ABS(skew_s) > SKEW_MAX_S, detail,
             "synchronise this host's clock with the domain (chronyc makestep)");
    } else {
        pass(checking, "clock", TRUE, detail);
    }
}

static void check_controls(struct checking *checking)
{
    static const struct {
        const char *oid, *name;
    } needed[] = {
        {AD_OID_PAGED, "paged results"},
        {AD_OID_EXTENDED_DN, "extended DN"},
        {AD_OID_SHOW_DELETED, "show deleted"},
    };
    GString *missing = g_string_new(NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(needed); i++)
        if (!ad_has_control(checking->connection, needed[i].oid))
            g_string_append_printf(missing, "%s%s", missing->len ? ", " : "", needed[i].name);
    if (missing->len)
        fail(checking, "controls", TRUE, g_strdup_printf("the server lacks: %s", missing->str),
             "name a domain controller, not another kind of LDAP server");
    else
        pass(checking, "controls", TRUE, g_strdup("paging, extended DN, deleted objects"));
    g_string_free(missing, TRUE);
}

static void check_schema(struct checking *checking)
{
    g_autoptr(GError) failure = NULL;
    AD_SCHEMA_AUTO *schema = ad_schema_read(checking->connection, &failure);
    if (schema)
        pass(checking, "read schema", TRUE,
             g_strdup_printf("%u attributes", ad_schema_size(schema)));
    else
        fail(checking, "read schema", TRUE, g_strdup(failure->message),
             "let the account read the schema partition (Authenticated Users can by default)");
}

static gboolean take_user(LDAPMessage *entry, void *data, GError **error)
{
    struct checking *checking = data;
    LDAP *ld = checking->connection->ld;
    struct berval **metadata = ldap_get_values_len(ld, entry, "replPropertyMetaData");
    struct berval **guid = ldap_get_values_len(ld, entry, "objectGUID");
    (void)error;
    checking->users += guid && guid[0];
    checking->with_metadata += metadata && metadata[0];
    ldap_value_free_len(metadata);
    ldap_value_free_len(guid);
    return TRUE;
}

static void report_users(struct checking *checking)
{
    const char *remedy = "let Authenticated Users read the domain (Pre-Windows 2000 Compatible "
                         "Access, or a read grant on the organizational units)";
    if (!checking->users) {
        fail(checking, "read users", TRUE, g_strdup("not one user can be read"), remedy);
        return;
    }
    pass(checking, "read users", TRUE,
         g_strdup_printf("%u users of a sample can be read", checking->users));
    if (checking->with_metadata == checking->users)
        pass(checking, "read replication metadata", FALSE,
             g_strdup("times and domain controllers of changes are visible"));
    else
        fail(checking, "read replication metadata", FALSE,
             g_strdup_printf("%u of %u users show no replPropertyMetaData",
                             checking->users - checking->with_metadata, checking->users),
             "grant read of replPropertyMetaData; without it changes have no time and no server");
}

static void check_users(struct checking *checking)
{
    static const char *const attributes[] = {"objectGUID", "replPropertyMetaData", NULL};
    const struct ad_search search = {
        .base = checking->connection->root.default_nc,
        .scope = LDAP_SCOPE_SUBTREE,
        .filter = "(objectClass=user)",
        .attributes = attributes,
        .page_size = SAMPLE,
        .pages_max = 1,
    };
    g_autoptr(GError) failure = NULL;
    AD_OUTCOME_AUTO outcome = {0};
    gboolean asked =
        ad_search(checking->connection, &search, take_user, NULL, checking, &outcome, &failure);
    if (asked && outcome.code != LDAP_SUCCESS)
        ad_outcome_fail(&outcome, "read users", &failure);
    if (failure)
        fail(checking, "read users", TRUE, g_strdup(failure->message),
             "see the server's text; the account must be able to search the domain");
    else
        report_users(checking);
}

static gboolean take_group(LDAPMessage *message, void *data, GError **error)
{
    struct checking *checking = data;
    LDAP *ld = checking->connection->ld;
    struct berval **stamps = ldap_get_values_len(ld, message, AD_LINK_METADATA ";binary");
    struct berval **text = ldap_get_values_len(ld, message, AD_LINK_METADATA);
    (void)error;
    checking->groups++;
    checking->with_stamps += (stamps && stamps[0]) || (text && text[0]);
    ldap_value_free_len(stamps);
    ldap_value_free_len(text);
    return TRUE;
}

/* Samba has it in its schema but never shows it; a Windows domain controller does. */
static void check_link_metadata(struct checking *checking)
{
    static const char name[] = "read link metadata";
    static const char *const attributes[] = {AD_LINK_METADATA ";binary", NULL};
    const struct ad_search search = {
        .base = checking->connection->root.default_nc,
        .scope = LDAP_SCOPE_SUBTREE,
        .filter = "(&(objectClass=group)(member=*))",
        .attributes = attributes,
        .page_size = GROUPS,
        .pages_max = 1,
    };
    g_autoptr(GError) failure = NULL;
    AD_OUTCOME_AUTO outcome = {0};
    gboolean asked =
        ad_search(checking->connection, &search, take_group, NULL, checking, &outcome, &failure);
    if (!asked || outcome.code != LDAP_SUCCESS)
        fail(checking, name, FALSE, g_strdup("groups cannot be asked for it"),
             "nothing else is lost: changes of memberships stay without time and server");
    else if (checking->with_stamps)
        pass(checking, name, FALSE,
             g_strdup("times and domain controllers of single memberships are visible"));
    else if (!checking->groups)
        pass(checking, name, FALSE, g_strdup("no group with members can be read to tell by"));
    else if (checking->connection->root.vendor)
        pass(checking, name, FALSE,
             g_strdup("this server does not offer it: changes of memberships have no time and no "
                      "server, and one that came and went between captures is not seen"));
    else
        fail(checking, name, FALSE, g_strdup("no group of a sample shows " AD_LINK_METADATA),
             "grant read of msDS-ReplValueMetaData; without it changes of memberships have no "
             "time and no server");
}

static void check_deleted(struct checking *checking)
{
    g_autoptr(GError) failure = NULL;
    gboolean readable = FALSE;
    if (!ad_deleted_objects_readable(checking->connection, &readable, &failure)) {
        fail(checking, "read deleted objects", TRUE, g_strdup(failure->message),
             "try again; the connection was lost");
    } else if (readable) {
        pass(checking, "read deleted objects", TRUE, g_strdup("the container can be read"));
    } else {
        g_autofree char *remedy = ad_deleted_objects_remedy(checking->connection);
        fail(checking, "read deleted objects", TRUE,
             g_strdup("the container cannot be read: every capture stays partial, because a "
                      "deletion cannot be told from a lost right"),
             remedy);
    }
}

/* Both ways are good; the better one is named with the right it takes. */
static void check_incremental(struct checking *checking)
{
    static const char name[] = "read changes only";
    struct ad_dirsync dirsync = {0};
    g_autoptr(GError) failure = NULL;
    g_autofree char *remedy = ad_replication_remedy(checking->connection);
    if (!checking->options->full_every_hours) {
        pass(checking, name, FALSE, g_strdup("not wanted (full_every_hours=0)"));
        return;
    }
    if (!ad_dirsync_start(checking->connection, &dirsync, &failure))
        fail(checking, name, FALSE, g_strdup(failure->message),
             "try again; the connection was lost");
    else if (!dirsync.refusal)
        pass(checking, name, FALSE, g_strdup("by DirSync"));
    else if (dirsync.code == LDAP_INSUFFICIENT_ACCESS)
        pass(checking, name, FALSE,
             g_strdup_printf("by the USNs of this domain controller; with the right Replicating "
                             "Directory Changes by DirSync: %s",
                             remedy));
    else
        pass(checking, name, FALSE,
             g_strdup_printf("by the USNs of this domain controller; DirSync cannot be used: %s",
                             dirsync.refusal));
    ad_dirsync_clear(&dirsync);
}

static void check_domain(struct checking *checking)
{
    static const char name[] = "Recycle Bin";
    struct ad_domain domain = {0};
    g_autoptr(GError) failure = NULL;
    if (!ad_domain_read(checking->connection, &domain, &failure))
        fail(checking, name, TRUE, g_strdup(failure->message),
             "let the account read the configuration partition");
    else if (domain.recycle_bin)
        pass(checking, name, FALSE,
             g_strdup_printf("enabled; deleted objects stay whole for %" G_GINT64_FORMAT " days",
                             domain.deleted_days));
    else
        fail(checking, name, FALSE, g_strdup("not enabled: deleted objects lose most attributes"),
             "Enable-ADOptionalFeature 'Recycle Bin Feature' -Scope ForestOrConfigurationSet "
             "-Target FOREST (cannot be undone)");
    ad_domain_clear(&domain);
}

void ad_check(const struct ad_options *options, GPtrArray *checks)
{
    static void (*const steps[])(struct checking *) = {
        check_server, check_identity,      check_clock,   check_controls, check_schema,
        check_users,  check_link_metadata, check_deleted, check_domain,   check_incremental,
    };
    struct checking checking = {.options = options, .checks = checks};
    struct ad_quiet quiet;
    ad_quiet_begin(&quiet);
    gboolean connected = check_connect(&checking);
    for (gsize i = 0; connected && i < G_N_ELEMENTS(steps); i++)
        steps[i](&checking);
    ad_connection_free(checking.connection);
    ad_quiet_end(&quiet);
}
