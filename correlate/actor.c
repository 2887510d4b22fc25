/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Identities of the sync engine (Microsoft: authenticate-application-id, Connect accounts and
 * permissions). They carry what somebody else did and are never reported as a person.
 */
#include "correlate/attribute.h"

#include <string.h>

#define ROLE_MARK "anchorwatchSyncRole" /* set by the collector, see graph/capture.h */

void cor_sync_identities_init(struct cor_sync_identities *identities)
{
    identities->entra_ids = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    identities->ad_sids = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
}

void cor_sync_identities_clear(struct cor_sync_identities *identities)
{
    g_clear_pointer(&identities->entra_ids, g_hash_table_unref);
    g_clear_pointer(&identities->ad_sids, g_hash_table_unref);
}

static gboolean starts(const char *text, const char *prefix)
{
    return text && g_ascii_strncasecmp(text, prefix, strlen(prefix)) == 0;
}

/* "<prefix><server>_<12 hexadecimal digits>" and then the end that was asked for. A looser pattern
 * would let anybody hide behind a name that begins like the engine's. */
static gboolean is_server_name(const char *name, const char *prefix, char end)
{
    if (!starts(name, prefix))
        return FALSE;
    gsize len = strcspn(name, "@");
    if (len < strlen(prefix) + 14 || name[len] != end || name[len - 13] != '_')
        return FALSE;
    for (gsize i = len - 12; i < len; i++)
        if (!g_ascii_isxdigit(name[i]))
            return FALSE;
    return TRUE;
}

static gboolean is_sync_name(const char *name)
{
    return is_server_name(name, "Sync_", '@') || starts(name, "ADToAADSyncServiceAccount@") ||
           is_server_name(name, "ConnectSyncProvisioning_", '\0');
}

static void learn(GHashTable *set, const char *id)
{
    if (id && *id)
        g_hash_table_add(set, g_ascii_strdown(id, -1));
}

void cor_sync_identities_learn(struct cor_sync_identities *identities,
                               const struct cor_record *record)
{
    const char *names[] = {cor_record_text(record, "displayName"),
                           cor_record_text(record, "userPrincipalName")};
    gboolean sync = cor_json_bool(cor_record_get(record, ROLE_MARK));
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
        sync = sync || is_sync_name(names[i]);
    if (!sync)
        return;
    learn(identities->entra_ids, record->key);
    learn(identities->entra_ids, cor_record_text(record, "appId"));
}

static gboolean known(const struct cor_sync_identities *identities, const char *id)
{
    if (!id || !identities || !identities->entra_ids)
        return FALSE;
    g_autofree char *folded = g_ascii_strdown(id, -1);
    return g_hash_table_contains(identities->entra_ids, folded);
}

gboolean cor_actor_is_sync(const struct cor_sync_identities *identities,
                           const struct cor_json *actor)
{
    return known(identities, cor_json_get_string(actor, "id")) ||
           known(identities, cor_json_get_string(actor, "appId")) ||
           is_sync_name(cor_json_get_string(actor, "upn")) ||
           is_sync_name(cor_json_get_string(actor, "name"));
}

void cor_event_row_free(struct cor_event_row *row)
{
    if (!row)
        return;
    g_free(row->id);
    cor_json_free(row->doc);
    g_free(row);
}
