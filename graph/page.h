/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_GRAPH_PAGE_H
#define ANCHORWATCH_GRAPH_PAGE_H

/*
 * A collection, page by page (Graph page "paging"). While one page is worked on, the next one is
 * already asked for.
 */

#include "correlate/json.h"
#include "graph/client.h"

enum { ENTRA_MAX_PAGES = 20000 };

/* Members are read-only for the caller. */
struct entra_pager {
    struct entra_client *client;
    char *next;               /* owned; link of the page to read, NULL at the end */
    char *ahead;              /* owned; link already asked for, NULL: none */
    struct entra_reply *held; /* owned; answer to ahead that was taken early */
    GError *held_error;       /* owned; or the error of it */
    struct cor_json *page;    /* owned; the last one given out */
    GHashTable *seen;         /* links asked for */
    guint pages;
    gboolean repeats; /* set after init: pages may repeat objects, as those of a delta round do */
    long status;      /* of the last answer; 0: there was none */
};

/* Nothing else may be outstanding at the client between init and clear, except after settle. */
void entra_pager_init(struct entra_pager *pager, struct entra_client *client, const char *url);
void entra_pager_clear(struct entra_pager *pager);
/* The next page, valid until the next call, or NULL at the end. The end is proven: the last page
 * was a 200 without nextLink. Errors: those of entra_client_wait and entra_reply_fail; COR_E_INPUT
 * for a foreign host, a loop, or a body that stays broken; COR_E_LIMIT for too many pages. */
gboolean entra_pager_next(struct entra_pager *pager, const struct cor_json **ret_page,
                          GError **error);
/* Take the answer that is on its way, so that the caller may ask something else. */
void entra_pager_settle(struct entra_pager *pager);

/* "value" of a page. NULL: COR_E_INPUT. */
const struct cor_json *entra_page_values(const struct cor_json *page, GError **error);

#endif
