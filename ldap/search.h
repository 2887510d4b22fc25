/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_LDAP_SEARCH_H
#define ANCHORWATCH_LDAP_SEARCH_H

/*
 * Searches: bounded waits, paging with the next page asked for before the present one is eaten,
 * and the server's own verdict kept apart from transport failures.
 */

#include "ldap/connection.h"

enum {
    AD_SEARCH_EXTENDED_DN = 1 << 0,  /* DNs carry GUIDs */
    AD_SEARCH_SHOW_DELETED = 1 << 1, /* deleted and recycled objects too */
};
struct ad_search {
    const char *base;
    int scope;
    const char *filter;
    const char *const *attributes; /* NULL-terminated */
    guint flags;
    guint page_size; /* 0: not paged */
    guint pages_max; /* stop after so many, with the cookie left open; 0: read to the end */
    const LDAPControl *control; /* one more request control, borrowed; NULL: none */
};

/* How a search ended, as evidence for cor_proof_ldap. */
struct ad_outcome {
    int code;         /* result code of the last page */
    gsize cookie_len; /* of the last page */
    guint64 entries;
    GPtrArray *references; /* char *: continuation URIs */
    char *diagnostic;      /* the server's text with a code other than success */
    struct berval answer;  /* value of the response control of search->control; may be empty */
};
void ad_outcome_clear(struct ad_outcome *outcome);
#define AD_OUTCOME_AUTO __attribute__((cleanup(ad_outcome_clear))) struct ad_outcome

/* Called for each entry; FALSE stops the search with the error. */
typedef gboolean (*ad_entry_func)(LDAPMessage *entry, void *data, GError **error);
/* Called after each page with the number of entries so far; may be NULL. */
typedef void (*ad_page_func)(guint64 entries, void *data);

/* TRUE when the search ran to a result, whatever its code: entries delivered before a code other
 * than success are not the whole. FALSE: connection lost, no answer in time, cancelled
 * (COR_E_CANCELLED), pages that repeat (COR_E_INPUT), a ceiling (COR_E_LIMIT), or the callback's
 * error. */
gboolean ad_search(struct ad_connection *connection, const struct ad_search *search,
                   ad_entry_func entry, ad_page_func page, void *data, struct ad_outcome *outcome,
                   GError **error);
/* An error from a code other than success. */
void ad_outcome_fail(const struct ad_outcome *outcome, const char *doing, GError **error);

/* Append "(objectGUID=...)" for a key to a filter; the server has an index of it. */
void ad_filter_add_key(GString *filter, const char *key);

/* First value of an attribute as text, NULL when absent or not text. Caller frees. */
char *ad_entry_text(LDAP *ld, LDAPMessage *entry, const char *attribute);
gboolean ad_entry_int(LDAP *ld, LDAPMessage *entry, const char *attribute, gint64 *ret);

#endif
