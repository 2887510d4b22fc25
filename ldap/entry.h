/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_LDAP_ENTRY_H
#define ANCHORWATCH_LDAP_ENTRY_H

/*
 * One directory entry turned into a record, its links, and what is still open in it.
 */

#include "correlate/record.h"
#include "ldap/metadata.h"
#include "ldap/metadata_links.h"

struct ad_entry_link {
    const struct ad_attribute *attribute;
    guint8 target[AD_GUID_BYTES];
};
/* A value range the server cut: the values from next on are still to be asked for. */
struct ad_range {
    char *attribute; /* owned; name without the range option, with ";binary" if it had that */
    guint64 next;
    gboolean evidence; /* metadata of links: without the rest the object is still whole */
};
struct ad_entry {
    struct cor_json *attributes, *metadata; /* owned until ad_entry_record takes them */
    GArray *links;                          /* struct ad_entry_link */
    GArray *ranges;                         /* struct ad_range */
    char *type;                             /* NULL: not a class that is captured */
    enum cor_life life;
    char key[AD_GUID_TEXT];       /* "" until objectGUID was seen */
    gint64 usn_changed;           /* 0 unknown */
    gint64 usn_created;           /* 0 unknown */
    struct ad_marks marks;        /* of the replication metadata */
    struct ad_link_stamps stamps; /* of its links */
    guint unkeyed;                /* links without a usable GUID */
    guint unmerged;               /* chunks that could not join what was there */
    gsize bytes;                  /* size of the whole answer; set by the caller first */
    gboolean deleted, recycled, metadata_broken;
    gboolean shows_dn;     /* a plain attribute has the DN of another object of the domain */
    gboolean shows_parent; /* so does lastKnownParent */
    const char *domain_nc, *config_nc; /* borrowed; NULL: neither is looked for */
};
/* Raised whenever the same entry would become another record than before: what an earlier version
 * has left is then read anew as a whole. */
#define AD_DECODE_VERSION 3

struct ad_entry *ad_entry_new(void);
void ad_entry_free(struct ad_entry *entry);
#define AD_ENTRY_AUTO __attribute__((cleanup(ad_entry_cleanup))) struct ad_entry
static inline void ad_entry_cleanup(struct ad_entry **entry)
{
    ad_entry_free(*entry);
}

/* Above this many bytes of attribute values in one object, attributes larger than AD_VALUE_MAX are
 * kept as digests. */
#define AD_ENTRY_MAX ((gsize)4 * 1024 * 1024)

/* "member;range=0-1499" or "x;binary;range=0-1499", options in any order, split: the length of the
 * bare name, and where the next range starts, 0 when this was the last (or no range at all). FALSE
 * when a range option is malformed. */
gboolean ad_range_parse(const char *name, gsize len, gsize *ret_name_len, guint64 *ret_next);

/* To be called before any attribute is added: the RDN tells which attribute names the object. */
void ad_entry_set_dn(struct ad_entry *entry, const struct berval *dn);
/* values ends at count; borrowed for the call. Unknown attributes are kept as octets. */
void ad_entry_add(struct ad_entry *entry, const struct ad_schema *schema, const struct berval *name,
                  const struct berval *values, guint count);
/* Whether the object looks different when another one is renamed, and nobody would think of it:
 * deleted objects are looked after by their last parent, but one that came back keeps that too. */
gboolean ad_entry_holds_dn(const struct ad_entry *entry);
/* Once all attributes are there: type, life and name are settled. recycle_bin: whether the domain
 * keeps deleted objects whole. NULL when the entry is not of a captured class or has no GUID. */
struct cor_record *ad_entry_record(struct ad_entry *entry, gboolean recycle_bin);

#endif
