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

char *ad_deleted_objects_remedy(const struct ad_connection *connection)
{
    g_autofree char *container = ad_deleted_objects_dn(connection->root.default_nc);
    if (connection->root.vendor)
        return g_strdup("grant the account list and read (RPLC) on that container; "
                        "docs/active-directory.md has the script for Samba");
    return g_strdup_printf("as domain administrator run: dsacls \"%s\" /takeownership & "
                           "dsacls \"%s\" /G DOMAIN\\ACCOUNT:LCRP",
                           container, container);
}

char *ad_replication_remedy(const struct ad_connection *connection)
{
    const char *nc = connection->root.default_nc;
    if (connection->root.vendor)
        return g_strdup_printf("samba-tool dsacl set --objectdn=\"%s\" --sddl=\"(OA;;CR;"
                               "1131f6aa-9c07-11d1-f79f-00c04fc2dcd2;;SID-OF-ACCOUNT)\"",
                               nc);
    return g_strdup_printf("dsacls \"%s\" /G \"DOMAIN\\ACCOUNT:CA;Replicating Directory Changes\"",
                           nc);
}
