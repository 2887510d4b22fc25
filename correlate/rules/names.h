/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_CORRELATE_RULES_NAMES_H
#define ANCHORWATCH_CORRELATE_RULES_NAMES_H

/*
 * The names of Entra's connector space, which sync rules write to, and those of Graph v1.0, which
 * everybody else reads. Rules name only the former; the pairs were made by hand from Graph's
 * published schema and Microsoft's page on synchronized attributes, and those that no page confirms
 * are marked.
 */

#include <glib.h>

enum cor_name_shape { /* how Graph shows the value */
                      COR_NAME_SAME,
                      COR_NAME_LIST,    /* one value as a list: businessPhones */
                      COR_NAME_SID,     /* bytes as S-1-... */
                      COR_NAME_ADDRESS, /* orgContact: `member` of addresses[0] */
                      COR_NAME_PHONE,   /* orgContact: phones[] entry of type `member` */
                      COR_NAME_TIME,    /* yyyyMMddHHmmss.0Z as RFC 3339 */
                      COR_NAME_NOT,     /* the opposite truth */
                      COR_NAME_LINK,    /* a relationship, not a property */
};
struct cor_name {
    const char *type; /* user, group, contact, device; NULL: all */
    const char *cs;
    const char *graph; /* NULL: flows, but Graph v1.0 does not show it */
    enum cor_name_shape shape;
    const char *member;
    gboolean unconfirmed;
};
/* The row of a connector space attribute, found without case, as Cloud Sync writes some otherwise;
 * NULL: the table does not know it. Directory extensions (extension_<app>_<name>) have the same
 * name on both sides and get a row of their own that says so, valid until the thread asks again. */
const struct cor_name *cor_name_of_cs(const char *cloud_type, const char *cs);
/* Rows that make a Graph property or link kind, e.g. six for a contact's "addresses"; a member of
 * a container is found by its dotted name and by the container's. Caller unrefs the array. */
GPtrArray *cor_names_of_graph(const char *cloud_type, const char *graph);
/* The whole table. */
const struct cor_name *cor_name_table(gsize *ret_n);

#endif
