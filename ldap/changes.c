/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Learning what changed.
 *
 * DirSync where the account has the replication right, else the USNs of this one domain controller.
 * Both are trusted only while the server is the one of last time and its database has moved
 * forward; whatever speaks against that is the reason for a full read, which is always right.
 */
#include "ldap/changes.h"

#include "correlate/time.h"
#include "ldap/vector.h"

#include <string.h>

enum {
    PAGE = 1000,
    KEYS_MAX = 100000, /* beyond, reading everything is cheaper and needs no such set */
};

const char *ad_method_name(enum ad_method method)
{
    static const char *const names[] = {
        [AD_METHOD_FULL] = "full read",
        [AD_METHOD_DIRSYNC] = "DirSync",
        [AD_METHOD_USN] = "USN polling",
    };
    return names[method];
}

void ad_changes_clear(struct ad_changes *changes)
{
    g_clear_pointer(&changes->reason, g_free);
    g_clear_pointer(&changes->keys, g_hash_table_unref);
    g_clear_pointer(&changes->last, ad_checkpoint_free);
    g_clear_pointer(&changes->next, ad_checkpoint_free);
    ad_outcome_clear(&changes->outcome);
}

struct learning {
    struct ad_connection *connection;
    struct ad_changes *changes;
};

/* --- the server as it is ---------------------------------------------------------------------- */

static gboolean take_invocation(LDAPMessage *entry, void *data, GError **error)
{
    struct learning *learning = data;
    char **invocation = &learning->changes->next->invocation;
    struct berval **values = ldap_get_values_len(learning->connection->ld, entry, "invocationId");
    (void)error;
    if (values && values[0] && values[0]->bv_len == AD_GUID_BYTES && !*invocation) {
        *invocation = g_malloc(AD_GUID_TEXT);
        ad_guid_text((const guint8 *)values[0]->bv_val, *invocation);
    }
    ldap_value_free_len(values);
    return TRUE;
}

static gboolean read_invocation(struct learning *learning, GError **error)
{
    static const char *const attributes[] = {"invocationId", NULL};
    const struct ad_rootdse *root = &learning->connection->root;
    const struct ad_search search = {
        .base = root->ds_service_name,
        .scope = LDAP_SCOPE_BASE,
        .filter = "(objectClass=*)",
        .attributes = attributes,
    };
    AD_OUTCOME_AUTO outcome = {0};
    return !root->ds_service_name || ad_search(learning->connection, &search, take_invocation, NULL,
                                               learning, &outcome, error);
}

static gboolean describe_server(struct learning *learning, const struct ad_domain *domain,
                                const struct ad_schema *schema, gint64 now_us, GError **error)
{
    const struct ad_rootdse *root = &learning->connection->root;
    struct ad_checkpoint *next = ad_checkpoint_new();
    learning->changes->next = next;
    next->host = g_strdup(root->dns_host_name);
    next->service = g_strdup(root->ds_service_name);
    next->naming_context = g_strdup(root->default_nc);
    next->schema = g_strdup_printf("%016" G_GINT64_MODIFIER "x", ad_schema_mark(schema));
    next->recycle_bin = domain->recycle_bin;
    next->usn = root->highest_usn;
    next->read_us = next->full_us = now_us;
    if (!read_invocation(learning, error))
        return FALSE;
    if (!next->host || !next->service || !next->invocation || next->usn <= 0)
        g_clear_pointer(&learning->changes->next, ad_checkpoint_free);
    return TRUE;
}

/* --- another domain controller ---------------------------------------------------------------- */

struct lag_check {
    LDAP *ld;
    guint8 invocation[AD_GUID_BYTES]; /* of the one read last */
    gboolean told, sound;             /* a vector is shown, and it can be decoded */
    gint64 usn;
};

static gboolean take_vector(LDAPMessage *entry, void *data, GError **error)
{
    struct lag_check *check = data;
    struct berval **values = ldap_get_values_len(check->ld, entry, "replUpToDateVector");
    (void)error;
    if (values && values[0]) {
        check->told = TRUE;
        check->sound = ad_vector_usn((const guint8 *)values[0]->bv_val, values[0]->bv_len,
                                     check->invocation, &check->usn);
    }
    ldap_value_free_len(values);
    return TRUE;
}

static void fail_lag(const struct ad_checkpoint *last, const char *host,
                     const struct lag_check *check, GError **error)
{
    g_autofree char *when = cor_time_text(last->read_us);
    g_autofree char *known =
        check->sound ? g_strdup_printf("it knows that one's changes up to USN %" G_GINT64_FORMAT
                                       " of %" G_GINT64_FORMAT,
                                       check->usn, ad_checkpoint_newest(last))
                     : g_strdup(check->told ? "its replUpToDateVector cannot be decoded"
                                            : "it shows no replUpToDateVector");
    g_set_error(error, AD_ERROR, COR_E_RETRY,
                "%s may not have yet what was read from %s at %s (%s), and what replication still "
                "owes must not look like a change; capture again when it has caught up, or read "
                "%s",
                host, last->host, when, known, last->host);
}

/* FALSE when the server is another one and does not prove that it has everything the last one
 * showed: its older values would be taken for changes, and what it does not have for deleted. */
static gboolean check_lag(struct learning *learning, GError **error)
{
    static const char *const attributes[] = {"replUpToDateVector", NULL};
    struct ad_connection *connection = learning->connection;
    const struct ad_checkpoint *last = learning->changes->last;
    struct lag_check check = {.ld = connection->ld};
    AD_OUTCOME_AUTO outcome = {0};
    const struct ad_search search = {
        .base = connection->root.default_nc,
        .scope = LDAP_SCOPE_BASE,
        .filter = "(objectClass=*)",
        .attributes = attributes,
    };
    if (!ad_checkpoint_may_lag(last, learning->changes->next) ||
        !ad_guid_parse(last->invocation, strlen(last->invocation), check.invocation))
        return TRUE;
    if (!ad_search(connection, &search, take_vector, NULL, &check, &outcome, error))
        return FALSE;
    if (outcome.code != LDAP_SUCCESS) {
        ad_outcome_fail(&outcome, "learn how far replication is", error);
        return FALSE;
    }
    /* one that shows none hides it or never replicated: neither proves anything */
    if (check.sound && check.usn >= ad_checkpoint_newest(last))
        return TRUE;
    fail_lag(last, connection->root.dns_host_name, &check, error);
    return FALSE;
}

/* --- sentinels -------------------------------------------------------------------------------- */

struct sentinel_check {
    struct ad_connection *connection;
    const GArray *sentinels;
    guint held, broken;
};

static void judge_sentinel(struct sentinel_check *check, const char *key, gint64 usn,
                           const struct berval *metadata)
{
    for (guint i = 0; i < check->sentinels->len; i++) {
        const struct ad_sentinel *sentinel =
            &g_array_index(check->sentinels, struct ad_sentinel, i);
        if (strcmp(sentinel->key, key) != 0)
            continue;
        if (ad_sentinel_holds(sentinel, usn, (const guint8 *)metadata->bv_val, metadata->bv_len))
            check->held++;
        else
            check->broken++;
    }
}

static gboolean take_sentinel(LDAPMessage *entry, void *data, GError **error)
{
    struct sentinel_check *check = data;
    LDAP *ld = check->connection->ld;
    struct berval **guid = ldap_get_values_len(ld, entry, "objectGUID");
    struct berval **metadata = ldap_get_values_len(ld, entry, "replPropertyMetaData");
    const struct berval none = {0};
    char key[AD_GUID_TEXT];
    gint64 usn = 0;
    (void)error;
    ad_entry_int(ld, entry, "uSNChanged", &usn);
    if (guid && guid[0] && guid[0]->bv_len == AD_GUID_BYTES) {
        ad_guid_text((const guint8 *)guid[0]->bv_val, key);
        judge_sentinel(check, key, usn, metadata && metadata[0] ? metadata[0] : &none);
    }
    ldap_value_free_len(guid);
    ldap_value_free_len(metadata);
    return TRUE;
}

/* A reason for a full read, or none: an older copy of the database that was put back keeps its
 * invocation ID and uses USNs again (nothing else would tell). */
static gboolean check_sentinels(struct learning *learning, GError **error)
{
    static const char *const attributes[] = {"objectGUID", "uSNChanged", "replPropertyMetaData",
                                             NULL};
    struct ad_changes *changes = learning->changes;
    struct sentinel_check check = {learning->connection, changes->last->sentinels, 0, 0};
    g_autoptr(GString) filter = g_string_new("(|");
    AD_OUTCOME_AUTO outcome = {0};
    for (guint i = 0; i < check.sentinels->len; i++)
        ad_filter_add_key(filter, g_array_index(check.sentinels, struct ad_sentinel, i).key);
    g_string_append_c(filter, ')');
    const struct ad_search search = {
        .base = learning->connection->root.default_nc,
        .scope = LDAP_SCOPE_SUBTREE,
        .filter = filter->str,
        .attributes = attributes,
        .flags = AD_SEARCH_SHOW_DELETED,
    };
    if (!check.sentinels->len)
        return TRUE;
    if (!ad_search(learning->connection, &search, take_sentinel, NULL, &check, &outcome, error))
        return FALSE;
    if (outcome.code != LDAP_SUCCESS || check.broken || check.held < check.sentinels->len)
        changes->reason = g_strdup_printf("the domain controller may show an older copy of its "
                                          "database: %u of %u objects remembered as changed last "
                                          "are neither as they were nor newer",
                                          check.sentinels->len - check.held, check.sentinels->len);
    return TRUE;
}

/* --- what changed ----------------------------------------------------------------------------- */

static gboolean take_polled(LDAPMessage *entry, void *data, GError **error)
{
    struct learning *learning = data;
    struct berval **guid = ldap_get_values_len(learning->connection->ld, entry, "objectGUID");
    (void)error;
    if (guid && guid[0] && guid[0]->bv_len == AD_GUID_BYTES) {
        char *key = g_malloc(AD_GUID_TEXT);
        ad_guid_text((const guint8 *)guid[0]->bv_val, key);
        if (g_hash_table_size(learning->changes->keys) <= KEYS_MAX)
            g_hash_table_add(learning->changes->keys, key);
        else
            g_free(key);
    }
    ldap_value_free_len(guid);
    return TRUE;
}

static gboolean poll_usn(struct learning *learning, GError **error)
{
    static const char *const attributes[] = {"objectGUID", NULL};
    struct ad_changes *changes = learning->changes;
    g_autofree char *filter =
        g_strdup_printf("(uSNChanged>=%" G_GINT64_FORMAT ")", changes->last->usn + 1);
    const struct ad_search search = {
        .base = learning->connection->root.default_nc,
        .scope = LDAP_SCOPE_SUBTREE,
        .filter = filter,
        .attributes = attributes,
        .flags = AD_SEARCH_SHOW_DELETED,
        .page_size = PAGE,
    };
    changes->method = AD_METHOD_USN;
    return ad_search(learning->connection, &search, take_polled, NULL, learning, &changes->outcome,
                     error);
}

/* A server that takes too long over DirSync can still be read in other ways; one that is gone will
 * say so next. FALSE: we are to stop. */
static gboolean excuse(GError *failure_taken, char **ret_words, GError **error)
{
    if (g_error_matches(failure_taken, AD_ERROR, COR_E_CANCELLED)) {
        g_propagate_error(error, failure_taken);
        return FALSE;
    }
    if (failure_taken && ret_words)
        *ret_words = g_strdup(failure_taken->message);
    g_clear_error(&failure_taken);
    return TRUE;
}

/* A cookie to go on with next time, if one is to be had. */
static gboolean start_cursor(struct learning *learning, GError **error)
{
    struct ad_dirsync *cursor = &learning->changes->next->cursor;
    GError *failure = NULL;
    if (ad_dirsync_start(learning->connection, cursor, &failure) && !cursor->refusal)
        return TRUE;
    ad_dirsync_clear(cursor);
    return excuse(failure, NULL, error);
}

/* TRUE with *ret_told when DirSync told what changed, or a reason why it never will. */
static gboolean follow_cursor(struct learning *learning, gboolean *ret_told, GError **error)
{
    struct ad_changes *changes = learning->changes;
    struct ad_dirsync cursor = {.flags = changes->last->cursor.flags};
    GError *failure = NULL;
    ber_dupbv(&cursor.cookie, &changes->last->cursor.cookie);
    gboolean ok = ad_dirsync_read(learning->connection, &cursor, changes->keys, KEYS_MAX, &failure);
    if (ok && !cursor.refusal) {
        *ret_told = TRUE;
        changes->method = AD_METHOD_DIRSYNC;
        changes->next->cursor = cursor;
        return TRUE;
    }
    if (ok && cursor.code == LDAP_INSUFFICIENT_ACCESS)
        g_hash_table_remove_all(changes->keys); /* the right was taken away; USNs still tell */
    else if (ok)
        changes->reason = g_steal_pointer(&cursor.refusal);
    ad_dirsync_clear(&cursor);
    return excuse(failure, &changes->reason, error);
}

static gboolean gather(struct learning *learning, GError **error)
{
    struct ad_changes *changes = learning->changes;
    gboolean told = FALSE;
    if (changes->last->cursor.cookie.bv_len && !follow_cursor(learning, &told, error))
        return FALSE;
    if (told || changes->reason)
        return TRUE;
    /* in case the right was granted meanwhile; before the poll, so that nothing falls between */
    if (!start_cursor(learning, error) || !poll_usn(learning, error))
        return FALSE;
    if (changes->outcome.code != LDAP_SUCCESS) {
        g_autoptr(GError) failure = NULL;
        ad_outcome_fail(&changes->outcome, "learn by USN what changed", &failure);
        changes->reason = g_strdup(failure->message);
    }
    return TRUE;
}

/* --- the decision ----------------------------------------------------------------------------- */

static void inherit_set(GHashTable *to, GHashTable *from)
{
    GHashTableIter iter;
    gpointer key;
    g_hash_table_iter_init(&iter, from);
    while (g_hash_table_iter_next(&iter, &key, NULL))
        g_hash_table_add(to, g_strdup(key));
}

static void inherit(struct ad_checkpoint *next, const struct ad_checkpoint *last)
{
    next->full_us = last->full_us;
    inherit_set(next->kinds, last->kinds);
    inherit_set(next->holders, last->holders);
    g_array_append_vals(next->sentinels, last->sentinels->data, last->sentinels->len);
}

static gboolean plan_full(struct learning *learning, GError **error)
{
    struct ad_changes *changes = learning->changes;
    changes->method = AD_METHOD_FULL;
    g_clear_pointer(&changes->last, ad_checkpoint_free);
    g_hash_table_remove_all(changes->keys);
    return !changes->next || start_cursor(learning, error);
}

static gboolean plan(struct learning *learning, gint64 full_every_us, GError **error)
{
    struct ad_changes *changes = learning->changes;
    if (!check_lag(learning, error))
        return FALSE;
    changes->reason = ad_checkpoint_unfit(changes->last, changes->next, full_every_us);
    if (!changes->reason && !check_sentinels(learning, error))
        return FALSE;
    if (!changes->reason && !gather(learning, error))
        return FALSE;
    if (!changes->reason && g_hash_table_size(changes->keys) > KEYS_MAX)
        changes->reason = g_strdup_printf("more than %d objects changed", KEYS_MAX);
    if (changes->reason || !changes->next)
        return plan_full(learning, error);
    inherit(changes->next, changes->last);
    return TRUE;
}

gboolean ad_changes_learn(struct ad_connection *connection, const struct ad_domain *domain,
                          const struct ad_schema *schema, const struct cor_json *last_doc,
                          gint64 now_us, gint64 full_every_us, struct ad_changes *ret,
                          GError **error)
{
    struct learning learning = {connection, ret};
    *ret = (struct ad_changes){
        .keys = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
    };
    if (full_every_us <= 0)
        return TRUE;
    if (!describe_server(&learning, domain, schema, now_us, error))
        return FALSE;
    ret->last = last_doc ? ad_checkpoint_parse(last_doc) : NULL;
    if (last_doc && !ret->last)
        ret->reason = g_strdup("what the last read left is of another version of the program");
    if (ret->last && !ret->next)
        ret->reason = g_strdup("the server does not tell its name, invocation ID and USN");
    if (!ret->last || !ret->next)
        return plan_full(&learning, error);
    return plan(&learning, full_every_us, error);
}
