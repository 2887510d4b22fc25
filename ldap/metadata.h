/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_LDAP_METADATA_H
#define ANCHORWATCH_LDAP_METADATA_H

/*
 * replPropertyMetaData: which DC wrote each attribute last, when and how often (MS-ADTS 3.1.1.1.9,
 * MS-DRSR 5.166). Pure.
 */

#include "ldap/schema.h"

/* One entry of the blob, in host order. */
struct ad_stamp {
    guint32 attrtyp;
    guint32 version;
    gint64 time_us;   /* originating write; whole seconds; 0 when out of any sensible range */
    guint8 dsa[16];   /* invocationId of the originating DC, stored form */
    gint64 usn;       /* originating USN, on that DC */
    gint64 local_usn; /* USN on the DC that was asked */
};

/* Number of entries, or -1 when the blob is malformed (version not 1, count and length differ). */
gint ad_stamps_count(const guint8 *data, gsize len);
/* Entry index of a blob that ad_stamps_count accepted. */
struct ad_stamp ad_stamp_at(const guint8 *data, guint index);

/* What an incremental read wants to know of an object; local USNs, 0: no such stamp. */
struct ad_marks {
    gint64 named;           /* newest write of its name: creation, rename, move, deletion */
    gint64 buried;          /* newest write of isDeleted or isRecycled, in either direction */
    struct ad_stamp newest; /* the stamp with the highest local USN */
};
/* Zeroed when the blob is malformed. */
struct ad_marks ad_metadata_marks(const guint8 *data, gsize len);

/* {attr: {version, time, dsa, usn}} as correlate/record.h wants it, without volatile attributes;
 * unknown ATTRTYPs are named by hex ("0x9f3f525c"). NULL when malformed.
 * naming: the attribute of the object's RDN, NULL if unknown. Every DC writes that one by itself
 * when name arrives (observed with two Samba DCs), so its own stamp differs per DC and can name the
 * wrong one; it gets the stamp of name, which is replicated and changes with it. */
struct cor_json *ad_metadata_json(const struct ad_schema *schema, const struct ad_attribute *naming,
                                  const guint8 *data, gsize len);

#endif
