/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Paged searches.
 *
 * The server works on page N+1 while page N is eaten: entries are held back until their page's
 * result has come, the next request goes out, then they are processed. Memory is one page. Entries
 * of a page that did not end with success are dropped: a page counts when it is whole (a page
 * larger than HOLD_MAX is the exception; the search's outcome tells the truth in any case).
 */
#include "ldap/search.h"

#include "ldap/decode.h"

#include <errno.h>
#include <string.h>

enum {
    SLICE_MS = 250,         /* how long a cancellation may go unnoticed */
    PAGE_PATIENCE = 10,     /* time-outs one page may take in all, however it trickles */
    EMPTY_PAGES_MAX = 1000, /* in a row */
    REFERENCES_MAX = 1000,
};
#define HOLD_MAX    ((gsize)8 * 1024 * 1024)
#define ENTRIES_MAX G_GUINT64_CONSTANT(20000000)

struct run {
    struct ad_connection *connection;
    const struct ad_search *search;
    ad_entry_func entry;
    ad_page_func page;
    void *data;
    struct ad_outcome *outcome;
    int msgid;
    gint64 page_deadline_us;
    GQueue held; /* LDAPMessage * */
    gsize held_bytes;
    guint page_entries, empty_pages;
    gsize page_head;        /* hash of the first DN of the present page */
    GHashTable *seen_heads; /* of the pages before */
    struct berval cookie;
};

void ad_outcome_clear(struct ad_outcome *outcome)
{
    g_clear_pointer(&outcome->references, g_ptr_array_unref);
    g_clear_pointer(&outcome->diagnostic, g_free);
    ber_memfree(outcome->answer.bv_val);
    outcome->answer = (struct berval){0};
}

void ad_outcome_fail(const struct ad_outcome *outcome, const char *doing, GError **error)
{
    enum cor_code todo;
    const char *words = ad_explain_ldap(outcome->code, outcome->diagnostic, &todo);
    gboolean more = outcome->diagnostic && *outcome->diagnostic;
    g_set_error(error, AD_ERROR, (gint)todo, "cannot %s: %s (LDAP %d %s%s%s)", doing, words,
                outcome->code, ldap_err2string(outcome->code), more ? ": " : "",
                more ? outcome->diagnostic : "");
}

/* --- waiting ---------------------------------------------------------------------------------- */

static gboolean fail_transport(struct ad_connection *connection, int code, GError **error)
{
    g_autofree char *doing = g_strdup_printf("read from %s", connection->uri);
    connection->lost = connection->lost || code != LDAP_TIMEOUT;
    ad_fail_ldap(error, connection->ld, code, doing);
    return FALSE;
}

/* liblber tells only by errno that a message was larger than AD_MESSAGE_MAX. */
static gboolean fail_result(struct ad_connection *connection, int system_code, GError **error)
{
    int code = LDAP_SERVER_DOWN;
    ldap_get_option(connection->ld, LDAP_OPT_RESULT_CODE, &code);
    if (system_code != ERANGE)
        return fail_transport(connection, code, error);
    g_set_error(error, AD_ERROR, COR_E_LIMIT,
                "%s sent a message of more than %u MiB, which is not accepted", connection->uri,
                (unsigned)(AD_MESSAGE_MAX / (1024 * 1024)));
    return FALSE;
}

static gboolean go_on(const struct ad_connection *connection, GError **error)
{
    if (!g_cancellable_is_cancelled(connection->cancellable))
        return TRUE;
    g_set_error(error, AD_ERROR, COR_E_CANCELLED, "stopped while reading from %s", connection->uri);
    return FALSE;
}

/* Before each request: however fast the server is, no more objects are taken from it on average
 * since the first one than the administrator allows. */
static gboolean keep_pace(struct ad_connection *connection, GError **error)
{
    gint64 now_us = g_get_monotonic_time();
    if (!connection->max_per_second)
        return TRUE;
    if (!connection->pace_from_us)
        connection->pace_from_us = now_us;
    gint64 due_us = connection->pace_from_us +
                    (gint64)(connection->entries * G_USEC_PER_SEC / connection->max_per_second);
    for (; now_us < due_us; now_us = g_get_monotonic_time()) {
        if (!go_on(connection, error))
            return FALSE;
        g_usleep((gulong)MIN(due_us - now_us, SLICE_MS * 1000));
    }
    return TRUE;
}

/* Wait for one message in slices. */
static gboolean wait_message(struct run *run, LDAPMessage **ret, GError **error)
{
    struct ad_connection *connection = run->connection;
    gint64 idle_us = g_get_monotonic_time() + (gint64)connection->timeout_ms * 1000;
    struct timeval slice = {.tv_usec = SLICE_MS * 1000};
    for (;;) {
        if (!go_on(connection, error))
            return FALSE;
        errno = 0;
        int type = ldap_result(connection->ld, run->msgid, LDAP_MSG_ONE, &slice, ret);
        if (type > 0)
            return TRUE;
        if (type < 0)
            return fail_result(connection, errno, error);
        if (g_get_monotonic_time() > MIN(idle_us, run->page_deadline_us))
            return fail_transport(connection, LDAP_TIMEOUT, error);
    }
}

/* --- requests --------------------------------------------------------------------------------- */

static void add_control(GPtrArray *controls, const char *oid, gboolean critical, const char *value,
                        gsize len)
{
    LDAPControl *control = NULL;
    struct berval octets = {len, (char *)value};
    /* an absent value and an empty one differ on the wire, and servers mind */
    if (ldap_control_create(oid, critical, value ? &octets : NULL, 1, &control) == LDAP_SUCCESS)
        g_ptr_array_add(controls, control);
}

static gboolean add_paging(struct run *run, GPtrArray *controls)
{
    LDAPControl *control = NULL;
    struct berval *cookie = run->cookie.bv_val ? &run->cookie : NULL;
    if (ldap_create_page_control(run->connection->ld, (ber_int_t)run->search->page_size, cookie, 1,
                                 &control) != LDAP_SUCCESS)
        return FALSE;
    g_ptr_array_add(controls, control);
    return TRUE;
}

static gboolean is_paged(const struct run *run)
{
    return run->search->page_size && ad_has_control(run->connection, AD_OID_PAGED);
}

/* Only what rootDSE lists is sent: a server may stay silent on an unknown critical control. */
static GPtrArray *make_controls(struct run *run)
{
    static const char text_form[] = {0x30, 0x03, 0x02, 0x01, 0x01};
    const struct {
        const char *oid;
        guint flag;
        const char *value;
        gsize len;
    } table[] = {
        {AD_OID_DOMAIN_SCOPE, 0, NULL, 0},
        {AD_OID_EXTENDED_DN, AD_SEARCH_EXTENDED_DN, text_form, sizeof text_form},
        {AD_OID_SHOW_DELETED, AD_SEARCH_SHOW_DELETED, NULL, 0},
        {AD_OID_RECYCLED, AD_SEARCH_SHOW_DELETED, NULL, 0},
    };
    GPtrArray *controls = g_ptr_array_new_with_free_func((GDestroyNotify)ldap_control_free);
    for (gsize i = 0; i < G_N_ELEMENTS(table); i++)
        if ((table[i].flag & run->search->flags) == table[i].flag &&
            ad_has_control(run->connection, table[i].oid))
            add_control(controls, table[i].oid, FALSE, table[i].value, table[i].len);
    if (run->search->control)
        add_control(
            controls, run->search->control->ldctl_oid, run->search->control->ldctl_iscritical,
            run->search->control->ldctl_value.bv_val, run->search->control->ldctl_value.bv_len);
    if (is_paged(run) && !add_paging(run, controls))
        g_ptr_array_set_size(controls, 0);
    g_ptr_array_add(controls, NULL);
    return controls;
}

static gboolean send_page(struct run *run, GError **error)
{
    struct ad_connection *connection = run->connection;
    if (connection->lost)
        return fail_transport(connection, LDAP_SERVER_DOWN, error);
    if (!keep_pace(connection, error))
        return FALSE;
    g_autoptr(GPtrArray) controls = make_controls(run);
    int rc =
        ldap_search_ext(connection->ld, run->search->base, run->search->scope, run->search->filter,
                        (char **)run->search->attributes, 0, (LDAPControl **)controls->pdata, NULL,
                        NULL, LDAP_NO_LIMIT, &run->msgid);
    connection->requests++;
    run->page_entries = 0;
    run->page_deadline_us =
        g_get_monotonic_time() + (gint64)connection->timeout_ms * 1000 * PAGE_PATIENCE;
    return rc == LDAP_SUCCESS || fail_transport(connection, rc, error);
}

/* --- answers ---------------------------------------------------------------------------------- */

static gboolean eat_held(struct run *run, GError **error)
{
    LDAPMessage *message;
    gboolean ok = TRUE;
    while ((message = g_queue_pop_head(&run->held))) {
        ok = ok && run->entry(message, run->data, error);
        ldap_msgfree(message);
    }
    run->held_bytes = 0;
    return ok;
}

/* FNV-1a in 64 bits: pages are few, so equal hashes mean equal names. */
static gsize dn_hash(const struct berval *dn)
{
    guint64 hash = G_GUINT64_CONSTANT(0xcbf29ce484222325);
    for (gsize i = 0; i < dn->bv_len; i++)
        hash = (hash ^ (guchar)dn->bv_val[i]) * G_GUINT64_CONSTANT(0x100000001b3);
    return (gsize)hash;
}

static gboolean take_entry(struct run *run, LDAPMessage *message, GError **error)
{
    BerElement *ber = NULL;
    struct berval dn = {0};
    ber_len_t left = 0;
    if (ldap_get_dn_ber(run->connection->ld, message, &ber, &dn) != LDAP_SUCCESS) {
        ldap_msgfree(message);
        return fail_transport(run->connection, LDAP_DECODING_ERROR, error);
    }
    if (run->page_entries++ == 0)
        run->page_head = dn_hash(&dn);
    ber_get_option(ber, LBER_OPT_BER_REMAINING_BYTES, &left);
    ber_free(ber, 0);
    run->connection->bytes += left + dn.bv_len;
    run->connection->entries++;
    run->held_bytes += left + dn.bv_len;
    g_queue_push_tail(&run->held, message);
    if (++run->outcome->entries > ENTRIES_MAX) {
        g_set_error(error, AD_ERROR, COR_E_LIMIT,
                    "%s delivered more than %" G_GUINT64_FORMAT " objects in one search",
                    run->connection->uri, ENTRIES_MAX);
        return FALSE;
    }
    return run->held_bytes <= HOLD_MAX || eat_held(run, error);
}

static gboolean take_reference(struct run *run, LDAPMessage *message, GError **error)
{
    char **uris = NULL;
    int rc = ldap_parse_reference(run->connection->ld, message, &uris, NULL, 1);
    if (rc != LDAP_SUCCESS)
        return fail_transport(run->connection, rc, error);
    for (guint i = 0; uris && uris[i]; i++)
        if (run->outcome->references->len < REFERENCES_MAX)
            g_ptr_array_add(run->outcome->references, g_strdup(uris[i]));
    ber_memvfree((void **)uris);
    return TRUE;
}

static gboolean take_cookie(struct run *run, LDAPControl **controls, GError **error)
{
    LDAPControl *control = ldap_control_find(AD_OID_PAGED, controls, NULL);
    ber_int_t estimate;
    ber_memfree(run->cookie.bv_val);
    run->cookie = (struct berval){0};
    if (control && ldap_parse_pageresponse_control(run->connection->ld, control, &estimate,
                                                   &run->cookie) == LDAP_SUCCESS)
        return TRUE;
    g_set_error(error, AD_ERROR, COR_E_INPUT, "%s ended a page without saying whether more follow",
                run->connection->uri);
    return FALSE;
}

static void take_answer(struct run *run, LDAPControl **controls)
{
    const LDAPControl *asked = run->search->control;
    const LDAPControl *found =
        asked && controls ? ldap_control_find(asked->ldctl_oid, controls, NULL) : NULL;
    if (found && found->ldctl_value.bv_val)
        ber_dupbv(&run->outcome->answer, (struct berval *)&found->ldctl_value);
}

static gboolean take_result(struct run *run, LDAPMessage *message, GError **error)
{
    struct ad_outcome *outcome = run->outcome;
    LDAPControl **controls = NULL;
    char *diagnostic = NULL;
    int rc = ldap_parse_result(run->connection->ld, message, &outcome->code, NULL, &diagnostic,
                               NULL, &controls, 1);
    gboolean ok = rc == LDAP_SUCCESS || fail_transport(run->connection, rc, error);
    if (ok && outcome->code != LDAP_SUCCESS && diagnostic) {
        outcome->diagnostic = g_utf8_make_valid(diagnostic, -1);
        g_strdelimit(outcome->diagnostic, "\r\n\t", ' ');
        g_strstrip(outcome->diagnostic);
    }
    if (ok && outcome->code == LDAP_SUCCESS && is_paged(run))
        ok = take_cookie(run, controls, error);
    outcome->cookie_len = run->cookie.bv_len;
    take_answer(run, controls);
    ldap_memfree(diagnostic);
    ldap_controls_free(controls);
    return ok;
}

/* A server that serves the same page again would be followed forever. Cookies say nothing here:
 * some servers give the same one with every page. */
static gboolean page_advances(struct run *run, GError **error)
{
    gboolean fresh = run->page_entries == 0
                         ? ++run->empty_pages <= EMPTY_PAGES_MAX
                         : g_hash_table_add(run->seen_heads, GSIZE_TO_POINTER(run->page_head));
    if (run->page_entries)
        run->empty_pages = 0;
    if (fresh)
        return TRUE;
    g_set_error(error, AD_ERROR, COR_E_INPUT, "%s repeats its pages: the search does not end",
                run->connection->uri);
    return FALSE;
}

/* One page up to its result; *ret_done when the search has ended. */
static gboolean read_page(struct run *run, gboolean *ret_done, GError **error)
{
    for (;;) {
        LDAPMessage *message = NULL;
        if (!wait_message(run, &message, error))
            return FALSE;
        int type = ldap_msgtype(message);
        if (type == LDAP_RES_SEARCH_ENTRY) {
            if (!take_entry(run, message, error))
                return FALSE;
        } else if (type == LDAP_RES_SEARCH_REFERENCE) {
            if (!take_reference(run, message, error))
                return FALSE;
        } else if (type == LDAP_RES_SEARCH_RESULT) {
            if (!take_result(run, message, error))
                return FALSE;
            break;
        } else {
            ldap_msgfree(message);
        }
    }
    *ret_done = run->outcome->code != LDAP_SUCCESS || run->outcome->cookie_len == 0;
    return *ret_done || page_advances(run, error);
}

/* A server that is busy or going down is lost as one that closed the connection is. */
static gboolean fail_away(struct run *run, GError **error)
{
    g_autofree char *doing = g_strdup_printf("read from %s", run->connection->uri);
    ad_outcome_fail(run->outcome, doing, error);
    return FALSE;
}

static gboolean read_pages(struct run *run, GError **error)
{
    gboolean done = FALSE;
    for (guint pages = 1; !done; pages++) {
        if (!read_page(run, &done, error))
            return FALSE;
        if (run->outcome->code == LDAP_BUSY || run->outcome->code == LDAP_UNAVAILABLE)
            return fail_away(run, error);
        if (run->outcome->code != LDAP_SUCCESS)
            return TRUE;
        done = done || pages == run->search->pages_max;
        if (!done && !send_page(run, error))
            return FALSE;
        if (!eat_held(run, error))
            return FALSE;
        if (run->page)
            run->page(run->outcome->entries, run->data);
    }
    return TRUE;
}

static void drop_held(struct run *run)
{
    LDAPMessage *message;
    while ((message = g_queue_pop_head(&run->held)))
        ldap_msgfree(message);
}

gboolean ad_search(struct ad_connection *connection, const struct ad_search *search,
                   ad_entry_func entry, ad_page_func page, void *data, struct ad_outcome *outcome,
                   GError **error)
{
    struct run run = {
        .connection = connection,
        .search = search,
        .entry = entry,
        .page = page,
        .data = data,
        .outcome = outcome,
        .seen_heads = g_hash_table_new(NULL, NULL),
    };
    ad_outcome_clear(outcome);
    *outcome = (struct ad_outcome){.references = g_ptr_array_new_with_free_func(g_free)};
    g_queue_init(&run.held);
    gboolean ok = send_page(&run, error) && read_pages(&run, error);
    if (!ok && run.msgid > 0)
        ldap_abandon_ext(connection->ld, run.msgid, NULL, NULL);
    drop_held(&run);
    ber_memfree(run.cookie.bv_val);
    g_hash_table_unref(run.seen_heads);
    return ok;
}

void ad_filter_add_key(GString *filter, const char *key)
{
    guint8 guid[AD_GUID_BYTES];
    if (!ad_guid_parse(key, strlen(key), guid))
        return;
    g_string_append(filter, "(objectGUID=");
    for (gsize i = 0; i < sizeof guid; i++)
        g_string_append_printf(filter, "\\%02x", guid[i]);
    g_string_append_c(filter, ')');
}

/* --- values ----------------------------------------------------------------------------------- */

char *ad_entry_text(LDAP *ld, LDAPMessage *entry, const char *attribute)
{
    struct berval **values = ldap_get_values_len(ld, entry, attribute);
    char *text = NULL;
    if (values && values[0] && g_utf8_validate_len(values[0]->bv_val, values[0]->bv_len, NULL))
        text = g_strndup(values[0]->bv_val, values[0]->bv_len);
    ldap_value_free_len(values);
    return text;
}

gboolean ad_entry_int(LDAP *ld, LDAPMessage *entry, const char *attribute, gint64 *ret)
{
    struct berval **values = ldap_get_values_len(ld, entry, attribute);
    gboolean ok = values && values[0] && ad_int_parse(values[0]->bv_val, values[0]->bv_len, ret);
    ldap_value_free_len(values);
    return ok;
}
