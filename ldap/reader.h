/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_LDAP_READER_H
#define ANCHORWATCH_LDAP_READER_H

/*
 * Entries of a search pushed into a sink, and the value ranges that a server cut.
 */

#include "ldap/connection.h"
#include "ldap/entry.h"

/* Told of each entry, whatever its class, before it is delivered. FALSE: it is not delivered, which
 * is no error. */
typedef gboolean (*ad_watch_func)(const struct ad_entry *entry, void *data);

struct ad_reader {
    struct ad_connection *connection;
    const struct ad_schema *schema;
    struct cor_sink *sink;
    gboolean recycle_bin;
    guint search_flags;   /* AD_SEARCH_*, for reading one object again */
    gboolean sink_failed; /* the error came from the sink, not from the directory */
    guint64 objects;      /* records delivered */
    guint64 unkeyed;      /* links whose target has no GUID */
    guint64 broken;       /* objects whose replication metadata cannot be decoded */
    guint64 unstamped;    /* values of link metadata that cannot be read */
    GArray *deferred;     /* char[AD_GUID_TEXT]: objects with cut ranges */
    ad_watch_func watch;  /* NULL: nobody */
    void *watch_data;
    GHashTable *kinds; /* set, borrowed: kinds of links that occur are added; NULL: nobody asks */
    /* The sink keeps what it is not told of: with each object, all links of these kinds follow. */
    gboolean follow;
};
void ad_reader_init(struct ad_reader *reader, struct ad_connection *connection,
                    const struct ad_schema *schema, struct cor_sink *sink);
void ad_reader_clear(struct ad_reader *reader);

/* The attribute list of every object search. */
extern const char *const ad_object_attributes[];

/* One entry: delivered, or deferred when a value range is open. */
gboolean ad_reader_take(struct ad_reader *reader, LDAPMessage *message, GError **error);
/* Read the deferred objects again, each with all its ranges, until it did not change meanwhile
 * (uSNChanged); a few attempts each. *ret_open counts ranges that stayed open. */
gboolean ad_reader_ranges(struct ad_reader *reader, guint *ret_open, GError **error);
/* Hand a record of our own making to the sink. */
gboolean ad_reader_record(struct ad_reader *reader, const struct cor_record *record,
                          GError **error);

#endif
