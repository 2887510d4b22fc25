/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The DirSync control and its loop.
 *
 * A server says "more" with the answer, and the next request begins where its cookie says. One that
 * repeats a cookie, sends no control, or names objects without a GUID has said nothing that could
 * be relied on: that is a refusal, and the caller reads everything.
 */
#include "ldap/dirsync.h"

#include "ldap/decode.h"
#include "ldap/search.h"

#include <string.h>

enum {
    MAX_BYTES = 1024 * 1024, /* of one answer; the least that servers honour */
    ROUNDS_MAX = 100000,
    IDLE_ROUNDS_MAX = 1000, /* answers in a row without a new object */
};
#define COOKIE_MAX ((ber_len_t)1024 * 1024)

/* --- the control ------------------------------------------------------------------------------ */

struct berval *ad_dirsync_encode(guint32 flags, const struct berval *cookie)
{
    struct berval *value = NULL;
    BerElement *ber = ber_alloc_t(LBER_USE_DER);
    ber_int_t signed_flags;
    if (!ber)
        return NULL;
    memcpy(&signed_flags, &flags, sizeof signed_flags);
    if (ber_printf(ber, "{iio}", signed_flags, (ber_int_t)MAX_BYTES,
                   cookie->bv_val ? cookie->bv_val : "", cookie->bv_len) < 0 ||
        ber_flatten(ber, &value) < 0)
        value = NULL;
    ber_free(ber, 1);
    return value;
}

gboolean ad_dirsync_decode(const struct berval *value, gboolean *ret_more,
                           struct berval *ret_cookie)
{
    struct berval input = *value;
    ber_int_t more = 0, unused = 0;
    ber_len_t left = 0;
    *ret_cookie = (struct berval){0};
    if (!input.bv_val || !input.bv_len)
        return FALSE;
    BerElement *ber = ber_init(&input);
    if (!ber)
        return FALSE;
    gboolean ok = ber_scanf(ber, "{iio}", &more, &unused, ret_cookie) != LBER_ERROR;
    ber_get_option(ber, LBER_OPT_BER_REMAINING_BYTES, &left);
    ber_free(ber, 1);
    ok = ok && left == 0 && ret_cookie->bv_len > 0 && ret_cookie->bv_len <= COOKIE_MAX;
    if (!ok) {
        ber_memfree(ret_cookie->bv_val);
        *ret_cookie = (struct berval){0};
    }
    *ret_more = more != 0;
    return ok;
}

void ad_dirsync_clear(struct ad_dirsync *dirsync)
{
    ber_memfree(dirsync->cookie.bv_val);
    dirsync->cookie = (struct berval){0};
    g_clear_pointer(&dirsync->refusal, g_free);
}

/* --- one request ------------------------------------------------------------------------------ */

struct round {
    struct ad_connection *connection;
    GHashTable *keys; /* NULL: entries are not looked at */
    gboolean nameless;
};

static gboolean take_changed(LDAPMessage *entry, void *data, GError **error)
{
    struct round *round = data;
    LDAP *ld = round->connection->ld;
    struct berval **guid = ldap_get_values_len(ld, entry, "objectGUID");
    (void)error;
    if (guid && guid[0] && guid[0]->bv_len == AD_GUID_BYTES) {
        char *key = g_malloc(AD_GUID_TEXT);
        ad_guid_text((const guint8 *)guid[0]->bv_val, key);
        if (round->keys)
            g_hash_table_add(round->keys, key);
        else
            g_free(key);
    } else {
        round->nameless = TRUE;
    }
    ldap_value_free_len(guid);
    return TRUE;
}

static void refuse(struct ad_dirsync *dirsync, const char *text)
{
    g_free(dirsync->refusal);
    dirsync->refusal = g_strdup(text);
}

static void refuse_code(struct ad_dirsync *dirsync, const struct ad_outcome *outcome)
{
    g_autoptr(GError) failure = NULL;
    ad_outcome_fail(outcome, "learn by DirSync what changed", &failure);
    refuse(dirsync, failure->message);
}

/* Take the new cookie out of an answer; *ret_more: the server has more to tell. */
static void judge_answer(struct ad_dirsync *dirsync, const struct round *round,
                         const struct ad_outcome *outcome, gboolean *ret_more)
{
    struct berval cookie;
    *ret_more = FALSE;
    dirsync->code = outcome->code;
    if (outcome->code != LDAP_SUCCESS) {
        refuse_code(dirsync, outcome);
    } else if (!ad_dirsync_decode(&outcome->answer, ret_more, &cookie)) {
        *ret_more = FALSE;
        refuse(dirsync, "the server ended a DirSync answer without a usable cookie");
    } else {
        if (*ret_more && dirsync->cookie.bv_val && cookie.bv_len == dirsync->cookie.bv_len &&
            memcmp(cookie.bv_val, dirsync->cookie.bv_val, cookie.bv_len) == 0)
            refuse(dirsync, "the server has more changes but repeats its DirSync cookie");
        ber_memfree(dirsync->cookie.bv_val);
        dirsync->cookie = cookie;
        if (round->nameless)
            refuse(dirsync, "a DirSync answer names an object without its objectGUID");
    }
}

static gboolean ask(struct ad_connection *connection, struct ad_dirsync *dirsync,
                    const char *filter, GHashTable *keys, gboolean *ret_more, GError **error)
{
    static const char *const attributes[] = {AD_DIRSYNC_ATTRIBUTES, NULL};
    struct berval *value = ad_dirsync_encode(dirsync->flags, &dirsync->cookie);
    struct round round = {connection, keys, FALSE};
    AD_OUTCOME_AUTO outcome = {0};
    if (!value) {
        g_set_error(error, AD_ERROR, COR_E_BUG, "a DirSync request cannot be encoded");
        return FALSE;
    }
    const LDAPControl control = {(char *)AD_OID_DIRSYNC, *value, 1};
    const struct ad_search search = {
        .base = connection->root.default_nc,
        .scope = LDAP_SCOPE_SUBTREE,
        .filter = filter,
        .attributes = attributes,
        .flags = AD_SEARCH_SHOW_DELETED,
        .control = &control,
    };
    gboolean ok = ad_search(connection, &search, take_changed, NULL, &round, &outcome, error);
    ber_bvfree(value);
    if (ok)
        judge_answer(dirsync, &round, &outcome, ret_more);
    return ok;
}

/* --- the loops -------------------------------------------------------------------------------- */

static gboolean start_with(struct ad_connection *connection, struct ad_dirsync *dirsync,
                           guint32 flags, GError **error)
{
    gboolean more = TRUE;
    ad_dirsync_clear(dirsync);
    dirsync->flags = flags;
    for (guint rounds = 0; more && !dirsync->refusal; rounds++) {
        if (!ask(connection, dirsync, "(!(objectClass=*))", NULL, &more, error))
            return FALSE;
        if (rounds == ROUNDS_MAX)
            refuse(dirsync, "the server does not come to an end of DirSync");
    }
    return TRUE;
}

gboolean ad_dirsync_start(struct ad_connection *connection, struct ad_dirsync *dirsync,
                          GError **error)
{
    ad_dirsync_clear(dirsync);
    if (!ad_has_control(connection, AD_OID_DIRSYNC)) {
        dirsync->code = LDAP_UNAVAILABLE_CRITICAL_EXTENSION;
        refuse(dirsync, "the server does not offer DirSync");
        return TRUE;
    }
    if (!start_with(connection, dirsync, AD_DIRSYNC_INCREMENTAL_VALUES, error))
        return FALSE;
    return dirsync->code != LDAP_UNAVAILABLE_CRITICAL_EXTENSION ||
           start_with(connection, dirsync, 0, error);
}

gboolean ad_dirsync_read(struct ad_connection *connection, struct ad_dirsync *dirsync,
                         GHashTable *keys, guint keys_max, GError **error)
{
    gboolean more = TRUE;
    guint idle = 0;
    for (guint rounds = 0; more && !dirsync->refusal; rounds++) {
        guint before = g_hash_table_size(keys);
        if (!ask(connection, dirsync, AD_DIRSYNC_FILTER, keys, &more, error))
            return FALSE;
        if (g_hash_table_size(keys) > keys_max)
            return TRUE;
        idle = g_hash_table_size(keys) > before ? 0 : idle + 1;
        if (more && (idle > IDLE_ROUNDS_MAX || rounds == ROUNDS_MAX))
            refuse(dirsync, "the server says that it has more changes and does not show them");
    }
    return TRUE;
}
