/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_LDAP_METADATA_LINKS_H
#define ANCHORWATCH_LDAP_METADATA_LINKS_H

/*
 * msDS-ReplValueMetaData: which DC added or removed each single link, when and how often, removed
 * ones included (MS-ADTS 3.1.1.3.1.1.2; DS_REPL_VALUE_META_DATA of MS-DRSR 4.1.13.1.25). Pure.
 * Both forms are read: XML text, and the blob that the option ";binary" asks for.
 */

#include "correlate/json.h"
#include "ldap/decode.h"

#define AD_LINK_METADATA     "msDS-ReplValueMetaData"
#define AD_LINK_METADATA_EXT "msDS-ReplValueMetaDataExt"

struct ad_link_stamp {
    char *attribute, *target; /* owned; the target's DN as the server shows it */
    gint64 created_us;        /* 0 unknown */
    gint64 deleted_us;        /* 0: the link is there */
    gint64 changed_us;        /* last originating write; 0 unknown */
    guint32 version;          /* one more with every addition and removal */
    guint8 dsa[AD_GUID_BYTES];
    gint64 usn; /* originating, on that DC */
};
void ad_link_stamp_clear(struct ad_link_stamp *stamp);

/* FALSE when the bytes are not of that form; ret is then cleared. */
gboolean ad_link_stamp_blob(const guint8 *data, gsize len, struct ad_link_stamp *ret);
gboolean ad_link_stamp_xml(const char *data, gsize len, struct ad_link_stamp *ret);

/* The links of one object that changed last. */
#define AD_LINK_STAMPS_MAX 2000u
struct ad_link_stamps {
    GArray *list; /* struct ad_link_stamp; never more than twice AD_LINK_STAMPS_MAX */
    guint64 omitted, broken;
};
void ad_link_stamps_init(struct ad_link_stamps *stamps);
void ad_link_stamps_clear(struct ad_link_stamps *stamps);
/* One value of either form. */
void ad_link_stamps_add(struct ad_link_stamps *stamps, const struct berval *value);
/* Into the metadata of a record, for each attribute: {"values": {DN: {version, time, dsa, usn,
 * created, deleted}}, "omitted": n}, times that are not known left out, and omitted when 0. */
void ad_link_stamps_store(struct ad_link_stamps *stamps, struct cor_json *metadata);

#endif
