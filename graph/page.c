/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pages. The link of the next page is guessed from the raw bytes and asked for before the page is
 * parsed; the parsed page decides. Invariant: a guess that the page does not confirm is thrown
 * away, and every link passes the host check and the loop check before it is followed.
 */
#include "graph/page.h"

#include "correlate/error.h"
#include "graph/link.h"

enum { MAX_PARSE_TRIES = 3, PARSE_RETRY_MS = 1000 };

void entra_pager_init(struct entra_pager *pager, struct entra_client *client, const char *url)
{
    *pager = (struct entra_pager){.client = client, .next = g_strdup(url)};
    pager->seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
}

void entra_pager_settle(struct entra_pager *pager)
{
    if (pager->ahead && !pager->held && !pager->held_error)
        pager->held = entra_client_wait(pager->client, &pager->held_error);
}

static void drop_ahead(struct entra_pager *pager)
{
    entra_pager_settle(pager);
    g_clear_pointer(&pager->ahead, g_free);
    g_clear_pointer(&pager->held, entra_reply_free);
    g_clear_error(&pager->held_error);
}

void entra_pager_clear(struct entra_pager *pager)
{
    drop_ahead(pager);
    g_free(pager->next);
    cor_json_free(pager->page);
    g_clear_pointer(&pager->seen, g_hash_table_unref);
}

/* --- one page --------------------------------------------------------------------------------- */

static struct entra_reply *take_reply(struct entra_pager *pager, GError **error)
{
    if (!pager->ahead)
        return entra_client_ask(pager->client, pager->next, NULL, error);
    entra_pager_settle(pager);
    g_clear_pointer(&pager->ahead, g_free);
    if (pager->held_error)
        g_propagate_error(error, g_steal_pointer(&pager->held_error));
    return g_steal_pointer(&pager->held);
}

static void look_ahead(struct entra_pager *pager, const struct entra_reply *reply)
{
    g_autofree char *hint = entra_link_hint(entra_reply_text(reply), reply->body->len);
    if (!hint || !entra_link_check(entra_client_base(pager->client), hint, NULL) ||
        g_hash_table_contains(pager->seen, hint))
        return;
    entra_client_send(pager->client, hint, NULL, 0);
    pager->ahead = g_steal_pointer(&hint);
}

static gboolean follow(struct entra_pager *pager, GError **error)
{
    const struct cor_json *node = cor_json_get(pager->page, "@odata.nextLink");
    const char *link = cor_json_string(node);
    g_clear_pointer(&pager->next, g_free);
    if (cor_json_is_null(node)) {
        drop_ahead(pager);
        return TRUE;
    }
    if (!link) {
        g_set_error(error, ENTRA_ERROR, COR_E_INPUT,
                    "the service sent a next link that is no text");
        return FALSE;
    }
    if (!entra_link_check(entra_client_base(pager->client), link, error))
        return FALSE;
    if (g_hash_table_contains(pager->seen, link)) {
        g_set_error(error, ENTRA_ERROR, COR_E_INPUT,
                    "the service sent the same next link twice: its pages go in a circle");
        return FALSE;
    }
    if (pager->pages >= ENTRA_MAX_PAGES) {
        g_set_error(error, ENTRA_ERROR, COR_E_LIMIT, "the collection has more than %d pages",
                    ENTRA_MAX_PAGES);
        return FALSE;
    }
    if (pager->ahead && !g_str_equal(pager->ahead, link))
        drop_ahead(pager);
    pager->next = g_strdup(link);
    return TRUE;
}

/* A body cut in the middle can be repaired by asking again; one that stays broken cannot. */
static struct cor_json *fetch(struct entra_pager *pager, GError **error)
{
    for (guint tries = 1;; tries++) {
        g_autoptr(entra_reply) reply = take_reply(pager, error);
        pager->status = reply ? reply->status : 0;
        if (!reply)
            return NULL;
        if (reply->status != 200) {
            entra_reply_fail(reply, error);
            return NULL;
        }
        look_ahead(pager, reply);
        g_autoptr(GError) local = NULL;
        struct cor_json *page =
            cor_json_parse(entra_reply_text(reply), reply->body->len, ENTRA_MAX_BODY, &local);
        if (page)
            return page;
        drop_ahead(pager);
        if (tries == MAX_PARSE_TRIES) {
            g_set_error(error, ENTRA_ERROR, local->code, "%s: the answer is damaged (%s)",
                        reply->path, local->message);
            return NULL;
        }
        entra_client_send(pager->client, pager->next, NULL, PARSE_RETRY_MS * tries);
        pager->ahead = g_strdup(pager->next);
    }
}

/* A circle may hide behind links that differ each time. Within one listing a page that begins and
 * ends with the same objects as an earlier one, and is as long, is that page again. */
static gboolean check_repeated(struct entra_pager *pager, GError **error)
{
    const struct cor_json *values = cor_json_get(pager->page, "value"), *last = NULL;
    guint count = 0;
    for (const struct cor_json *n = cor_json_first(values); n; n = cor_json_next(n), count++)
        last = n;
    if (pager->repeats)
        return TRUE;
    const char *from = cor_json_get_string(cor_json_first(values), "id");
    const char *to = cor_json_get_string(last, "id");
    if (!from || !to)
        return TRUE;
    g_autofree char *page = g_strdup_printf("%u %s %s", count, from, to);
    if (g_hash_table_add(pager->seen, g_steal_pointer(&page)))
        return TRUE;
    g_set_error(error, ENTRA_ERROR, COR_E_INPUT,
                "the service sent the same page twice: its pages go in a circle");
    return FALSE;
}

gboolean entra_pager_next(struct entra_pager *pager, const struct cor_json **ret_page,
                          GError **error)
{
    *ret_page = NULL;
    g_clear_pointer(&pager->page, cor_json_free);
    if (!pager->next)
        return TRUE;
    g_hash_table_add(pager->seen, g_strdup(pager->next));
    pager->pages++;
    pager->page = fetch(pager, error);
    if (!pager->page || !check_repeated(pager, error) || !follow(pager, error))
        return FALSE;
    *ret_page = pager->page;
    return TRUE;
}

const struct cor_json *entra_page_values(const struct cor_json *page, GError **error)
{
    const struct cor_json *values = cor_json_get(page, "value");
    if (cor_json_type(values) == COR_JSON_ARRAY)
        return values;
    g_set_error(error, ENTRA_ERROR, COR_E_INPUT, "the service sent a page without a list");
    return NULL;
}
