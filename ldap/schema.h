/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_LDAP_SCHEMA_H
#define ANCHORWATCH_LDAP_SCHEMA_H

/*
 * What the directory's own schema says about its attributes, and what we do with each: one place
 * decides what is stored, what becomes a link, and what is never touched.
 */

#include "ldap/decode.h"

enum ad_handling {
    AD_STORE,    /* into the attribute document */
    AD_LINK,     /* forward link of DN syntax: becomes links by GUID */
    AD_VOLATILE, /* differs per DC, computed, back link, or bookkeeping: never stored */
    AD_SECRET,   /* secret or confidential: never stored; its metadata entry is kept */
};

struct ad_attribute {
    const char *name; /* lDAPDisplayName; owned by the schema */
    enum ad_syntax syntax;
    gboolean single;
    enum ad_handling handling;
};

/* One attributeSchema object as read (MS-ADTS 3.1.1.2.3). Text members are borrowed. */
struct ad_schema_row {
    const char *name;
    const char *attribute_id;
    const char *syntax;
    gboolean single;
    gboolean has_int_id;
    gint64 link_id, search_flags, system_flags, int_id;
};

struct ad_schema;
struct ad_schema *ad_schema_new(void);
void ad_schema_free(struct ad_schema *schema);
#define AD_SCHEMA_AUTO __attribute__((cleanup(ad_schema_cleanup))) struct ad_schema
static inline void ad_schema_cleanup(struct ad_schema **schema)
{
    ad_schema_free(*schema);
}
/* Rows after the first of the same name (any case) are ignored. */
void ad_schema_add(struct ad_schema *schema, const struct ad_schema_row *row);
guint ad_schema_size(const struct ad_schema *schema);
/* A number that changes when any attribute is added, removed or to be handled differently; the
 * order of rows does not matter. */
guint64 ad_schema_mark(const struct ad_schema *schema);
/* Borrowed; NULL when unknown. name need not end in NUL; case is ignored (RFC 4512 2.5). */
const struct ad_attribute *ad_schema_by_name(const struct ad_schema *schema, const char *name,
                                             gsize len);
const struct ad_attribute *ad_schema_by_attrtyp(const struct ad_schema *schema, guint32 attrtyp);

/* ATTRTYP of an attribute (MS-DRSR 5.16.4): msDS-IntId, else the well-known prefix index and the
 * last arc of its OID. FALSE for prefixes that each DC numbers by itself. */
gboolean ad_attrtyp_of(const struct ad_schema_row *row, guint32 *ret);

#endif
