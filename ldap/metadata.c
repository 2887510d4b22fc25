/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decoder of replPropertyMetaData.
 *
 * The blob is accepted only when its length is exactly what its count says; after that check every
 * access is in bounds by construction. It says which DC and when, never who.
 */
#include "ldap/metadata.h"

#include "correlate/time.h"
#include "ldap/decode.h"

#include <string.h>

enum { HEADER_BYTES = 16, ENTRY_BYTES = 48 };

/* ATTRTYPs that are the same on every DC (MS-DRSR 5.16.4 with the fixed prefixes of 5.14). */
enum { ATTRTYP_NAME = 0x90001, ATTRTYP_DELETED = 0x20030, ATTRTYP_RECYCLED = 0x9080a };

/* Seconds between 1601-01-01 and 1970-01-01. */
#define EPOCH_SECONDS G_GINT64_CONSTANT(11644473600)
/* The year 9999: later than any clock, early enough for microseconds in 64 bits. */
#define LAST_SECOND G_GINT64_CONSTANT(253402300799)

gint ad_stamps_count(const guint8 *data, gsize len)
{
    if (len < HEADER_BYTES || ad_u32(data) != 1)
        return -1;
    guint32 count = ad_u32(data + 8);
    gsize room = (len - HEADER_BYTES) / ENTRY_BYTES;
    if (count > room || len != HEADER_BYTES + (gsize)count * ENTRY_BYTES || count > G_MAXINT)
        return -1;
    return (gint)count;
}

static gint64 time_from_seconds(guint64 seconds)
{
    if (seconds <= (guint64)EPOCH_SECONDS || seconds > (guint64)(EPOCH_SECONDS + LAST_SECOND))
        return 0;
    return ((gint64)seconds - EPOCH_SECONDS) * COR_SECOND_US;
}

struct ad_stamp ad_stamp_at(const guint8 *data, guint index)
{
    const guint8 *entry = data + HEADER_BYTES + (gsize)index * ENTRY_BYTES;
    struct ad_stamp stamp = {
        .attrtyp = ad_u32(entry),
        .version = ad_u32(entry + 4),
        .time_us = time_from_seconds(ad_u64(entry + 8)),
        .usn = ad_usn(entry + 32),
        .local_usn = ad_usn(entry + 40),
    };
    memcpy(stamp.dsa, entry + 16, sizeof stamp.dsa);
    return stamp;
}

struct ad_marks ad_metadata_marks(const guint8 *data, gsize len)
{
    struct ad_marks marks = {0};
    gint count = ad_stamps_count(data, len);
    for (gint i = 0; i < count; i++) {
        struct ad_stamp stamp = ad_stamp_at(data, (guint)i);
        if (stamp.attrtyp == ATTRTYP_NAME)
            marks.named = stamp.local_usn;
        if (stamp.attrtyp == ATTRTYP_DELETED || stamp.attrtyp == ATTRTYP_RECYCLED)
            marks.buried = MAX(marks.buried, stamp.local_usn);
        if (stamp.local_usn > marks.newest.local_usn)
            marks.newest = stamp;
    }
    return marks;
}

/* Texts of the newest time and DC, kept because most attributes of an object were written at once.
 */
struct stamp_cache {
    gint64 time_us;
    char *text;
    gboolean has_dsa;
    guint8 dsa[AD_GUID_BYTES];
    char dsa_text[AD_GUID_TEXT];
};

static const char *cached_time(struct stamp_cache *cache, gint64 time_us)
{
    if (!cache->text || cache->time_us != time_us) {
        g_free(cache->text);
        cache->text = cor_time_text(time_us);
        cache->time_us = time_us;
    }
    return cache->text;
}

static const char *cached_dsa(struct stamp_cache *cache, const guint8 dsa[AD_GUID_BYTES])
{
    if (!cache->has_dsa || memcmp(cache->dsa, dsa, AD_GUID_BYTES) != 0) {
        cache->has_dsa = TRUE;
        memcpy(cache->dsa, dsa, AD_GUID_BYTES);
        ad_guid_text(dsa, cache->dsa_text);
    }
    return cache->dsa_text;
}

/* Members in the order of the canonical text, which need not sort them then. */
static void describe(const struct ad_stamp *stamp, struct stamp_cache *cache, struct cor_json *out)
{
    cor_json_add_string(out, "dsa", cached_dsa(cache, stamp->dsa));
    cor_json_add_string(out, "time", cached_time(cache, stamp->time_us));
    cor_json_add_int(out, "usn", stamp->usn);
    cor_json_add_int(out, "version", stamp->version);
}

/* Where the attribute that names the object is to take its stamp from: that of name, if any. */
static gint name_index(const guint8 *data, gint count)
{
    for (gint i = 0; i < count; i++)
        if (ad_stamp_at(data, (guint)i).attrtyp == ATTRTYP_NAME)
            return i;
    return -1;
}

struct cor_json *ad_metadata_json(const struct ad_schema *schema, const struct ad_attribute *naming,
                                  const guint8 *data, gsize len)
{
    gint count = ad_stamps_count(data, len);
    if (count < 0)
        return NULL;
    struct cor_json *metadata = cor_json_new_object();
    struct stamp_cache cache = {0};
    gint name = naming ? name_index(data, count) : -1;
    guint32 previous = 0;
    for (gint i = 0; i < count; i++) {
        struct ad_stamp stamp = ad_stamp_at(data, (guint)i);
        const struct ad_attribute *attribute = ad_schema_by_attrtyp(schema, stamp.attrtyp);
        char hex[16];
        /* entries ascend; one that does not would name an attribute twice */
        if (i > 0 && stamp.attrtyp <= previous) {
            cor_json_free(metadata);
            g_free(cache.text);
            return NULL;
        }
        previous = stamp.attrtyp;
        if (attribute && attribute->handling == AD_VOLATILE)
            continue;
        if (attribute && attribute == naming && name >= 0)
            stamp = ad_stamp_at(data, (guint)name);
        if (!attribute)
            g_snprintf(hex, sizeof hex, "0x%08x", stamp.attrtyp);
        describe(&stamp, &cache, cor_json_put_object(metadata, attribute ? attribute->name : hex));
    }
    g_free(cache.text);
    return metadata;
}
