/* SPDX-License-Identifier: Apache-2.0 */
/* As with metadata, the length must be exactly what the count says. */
#include "ldap/vector.h"

#include <string.h>

enum { HEADER_BYTES = 16, OFF_COUNT = 8, OFF_USN = 16 };

/* Bytes of an entry: GUID and USN, and since version 2 the time of the last success. 0: unknown. */
static gsize entry_bytes(guint32 version)
{
    return version == 1 ? 24 : version == 2 ? 32 : 0;
}

gboolean ad_vector_usn(const guint8 *data, gsize len, const guint8 invocation[AD_GUID_BYTES],
                       gint64 *ret_usn)
{
    *ret_usn = 0;
    if (len < HEADER_BYTES)
        return FALSE;
    gsize size = entry_bytes(ad_u32(data));
    guint32 count = ad_u32(data + OFF_COUNT);
    if (!size || count > (len - HEADER_BYTES) / size || len != HEADER_BYTES + count * size)
        return FALSE;
    for (const guint8 *entry = data + HEADER_BYTES; entry < data + len; entry += size)
        if (memcmp(entry, invocation, AD_GUID_BYTES) == 0)
            *ret_usn = MAX(*ret_usn, ad_usn(entry + OFF_USN));
    return TRUE;
}
