/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The right to see deleted objects.
 *
 * A directory hides what an account may not list; an unreadable container of deleted objects looks
 * like an empty one. So the container itself is asked for first.
 */
#include "ldap/rights.h"

#include "ldap/search.h"

char *ad_deleted_objects_dn(const char *naming_context)
{
    return g_strconcat("CN=Deleted Objects,", naming_context, NULL);
}

struct container {
    LDAP *ld;
    gboolean readable;
};

/* A bare name proves nothing: servers may show the DN of what they do not let anyone read. */
static gboolean take_container(LDAPMessage *entry, void *data, GError **error)
{
    struct container *container = data;
    g_autofree char *deleted = ad_entry_text(container->ld, entry, "isDeleted");
    (void)error;
    container->readable = g_strcmp0(deleted, "TRUE") == 0;
    return TRUE;
}

gboolean ad_deleted_objects_readable(struct ad_connection *connection, gboolean *ret_readable,
                                     GError **error)
{
    static const char *const attributes[] = {"isDeleted", NULL};
    g_autofree char *base = ad_deleted_objects_dn(connection->root.default_nc);
    const struct ad_search search = {
        .base = base,
        .scope = LDAP_SCOPE_BASE,
        .filter = "(objectClass=*)",
        .attributes = attributes,
        .flags = AD_SEARCH_SHOW_DELETED,
    };
    struct container container = {.ld = connection->ld};
    AD_OUTCOME_AUTO outcome = {0};
    *ret_readable = FALSE;
    if (!ad_has_control(connection, AD_OID_SHOW_DELETED))
        return TRUE;
    if (!ad_search(connection, &search, take_container, NULL, &container, &outcome, error))
        return FALSE;
    *ret_readable = outcome.code == LDAP_SUCCESS && container.readable;
    return TRUE;
}

/* Whom to grant it to: the server says who we are (rootDSE tokenGroups, MS-ADTS 3.1.1.3.2.20), and
 * both tools take a SID. */
static const char *account(const struct ad_connection *connection, const char *otherwise)
{
    const GPtrArray *groups = connection->root.token_groups;
    return groups && groups->len ? groups->pdata[0] : otherwise;
}

char *ad_deleted_objects_remedy(const struct ad_connection *connection)
{
    g_autofree char *container = ad_deleted_objects_dn(connection->root.default_nc);
    if (connection->root.vendor)
        return g_strdup_printf("the right missing is list and read (RPLC) for %s on \"%s\"; "
                               "samba-tool cannot grant it there, docs/active-directory.md has the "
                               "script that does",
                               account(connection, "the account"), container);
    return g_strdup_printf("the right missing is list and read (LCRP); as domain administrator "
                           "run: dsacls \"%s\" /takeownership & dsacls \"%s\" /G %s:LCRP",
                           container, container, account(connection, "DOMAIN\\ACCOUNT"));
}

char *ad_replication_remedy(const struct ad_connection *connection)
{
    const char *nc = connection->root.default_nc;
    if (connection->root.vendor)
        return g_strdup_printf("samba-tool dsacl set --action=allow --objectdn=\"%s\" "
                               "--sddl=\"(OA;;CR;1131f6aa-9c07-11d1-f79f-00c04fc2dcd2;;%s)\"",
                               nc, account(connection, "SID-OF-ACCOUNT"));
    return g_strdup_printf("dsacls \"%s\" /G \"%s:CA;Replicating Directory Changes\"", nc,
                           account(connection, "DOMAIN\\ACCOUNT"));
}
