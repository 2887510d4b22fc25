/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_LDAP_DECODE_H
#define ANCHORWATCH_LDAP_DECODE_H

/*
 * Wire forms of Active Directory values turned into their canonical text. Pure; input is bytes and
 * a length and is never trusted.
 */

#include "correlate/json.h"

#include <lber.h>

#define AD_GUID_BYTES 16
#define AD_GUID_TEXT  37 /* with the final NUL */

/* Little-endian numbers, as in every binary attribute; at least so many octets must be there. */
guint32 ad_u32(const guint8 *data);
guint64 ad_u64(const guint8 *data);
/* An unsigned USN in 64 bits of ours; what does not fit is the largest. */
gint64 ad_usn(const guint8 *data);

/* Octets as stored (first three fields little-endian, MS-DTYP 2.3.4.2) to lower-case text. */
void ad_guid_text(const guint8 guid[AD_GUID_BYTES], char text[AD_GUID_TEXT]);
/* 8-4-4-4-12 hex digits to the stored octets; FALSE on anything else. */
gboolean ad_guid_parse(const char *text, gsize len, guint8 guid[AD_GUID_BYTES]);
/* SID octets (MS-DTYP 2.4.2.2) to "S-1-..."; NULL when they are not exactly one SID. */
char *ad_sid_text(const guint8 *data, gsize len);
/* Whole decimal of at most 64 bits with an optional minus; FALSE on anything else. */
gboolean ad_int_parse(const char *text, gsize len, gint64 *ret);

/* A DN as control 1.2.840.113556.1.4.529 with flag 1 gives it (MS-ADTS 3.1.1.3.4.1.5):
 * <GUID=...>;<SID=...>;DN. Both prefixes may be missing. dn borrows from the input. */
struct ad_dn {
    gboolean has_guid;
    guint8 guid[AD_GUID_BYTES];
    const char *dn;
    gsize dn_len;
};
/* FALSE when a prefix is not closed or malformed. */
gboolean ad_dn_parse(const char *data, gsize len, struct ad_dn *ret);
/* Whether a DN is base or below it; case is ignored, both are as one server writes them. */
gboolean ad_dn_within(const char *dn, gsize len, const char *base);
/* DN-Binary "B:n:HEX:DN" and DN-String "S:n:TEXT:DN" (MS-ADTS 3.1.1.2.2.2). data borrows. */
gboolean ad_dn_data_parse(const char *value, gsize len, const char **ret_data, gsize *ret_data_len,
                          struct ad_dn *ret_dn);

/* Syntaxes as far as they differ for us (MS-ADTS 3.1.1.2.2.2). */
enum ad_syntax {
    AD_SYNTAX_OCTETS, /* also security descriptors and everything unknown */
    AD_SYNTAX_TEXT,
    AD_SYNTAX_BOOLEAN,
    AD_SYNTAX_INTEGER,
    AD_SYNTAX_TIME,
    AD_SYNTAX_SID,
    AD_SYNTAX_DN,
    AD_SYNTAX_DN_DATA,
};
/* attributeSyntax ("2.5.5.12") to ours. */
enum ad_syntax ad_syntax_of(const char *attribute_syntax);

/* A single value above this many bytes is kept as {"sha256": hex, "bytes": n}. */
#define AD_VALUE_MAX ((gsize)100 * 1024)

/* One value in canonical form (correlate/record.h). A value that does not fit its syntax is kept
 * as text when it is valid UTF-8 without NUL, else as {"base64": ...}: nothing is dropped and
 * nothing is taken for what it is not. Never NULL. */
struct cor_json *ad_value(enum ad_syntax syntax, const struct berval *value);
/* {"sha256","bytes","values"} over all values in sorted order. */
struct cor_json *ad_values_digest(const struct berval *values, guint count);
/* A sorted array of canonical values. */
struct cor_json *ad_values(enum ad_syntax syntax, const struct berval *values, guint count);
/* The union of two such arrays, sorted; NULL when either is not an array. Caller frees. */
struct cor_json *ad_values_merge(const struct cor_json *a, const struct cor_json *b);

#endif
