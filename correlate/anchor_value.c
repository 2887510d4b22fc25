/* SPDX-License-Identifier: Apache-2.0 */
/* One source anchor by itself: which form it has (Microsoft: plan-connect-design-concepts). */
#include "correlate/anchor.h"
#include "correlate/identity.h"

#include <string.h>

#define FORBIDDEN "\\!#$%&*+/=?^{}|~<>()';:,[]\"@_`"

guint cor_anchor_weight(const char *anchor)
{
    guint weight = 0;
    for (const char *p = anchor; *p; p = g_utf8_next_char(p))
        weight += g_ascii_isalnum(*p) ? 1 : 3;
    return weight;
}

/* A text is only taken for base64 when it is the one spelling of its octets. */
static gboolean is_base64(const char *anchor)
{
    gsize len = 0;
    gsize chars = strlen(anchor);
    if (chars == 0 || chars % 4 != 0 || !strchr(anchor, '='))
        return FALSE;
    g_autofree guint8 *octets = g_base64_decode(anchor, &len);
    g_autofree char *again = len ? g_base64_encode(octets, len) : NULL;
    return again && strcmp(again, anchor) == 0;
}

enum cor_anchor_form cor_anchor_form(const char *anchor)
{
    g_autofree char *guid = cor_anchor_to_guid(anchor);
    if (guid)
        return COR_ANCHOR_GUID;
    if (!*anchor || cor_anchor_weight(anchor) > COR_ANCHOR_WEIGHT_MAX)
        return COR_ANCHOR_ILLEGAL;
    if (is_base64(anchor))
        return COR_ANCHOR_BINARY;
    return strpbrk(anchor, FORBIDDEN) ? COR_ANCHOR_ILLEGAL : COR_ANCHOR_STRING;
}

char *cor_anchor_swapped(const char *anchor)
{
    static const guint8 order[] = {3, 2, 1, 0, 5, 4, 7, 6};
    g_autofree char *guid = anchor ? cor_anchor_to_guid(anchor) : NULL;
    if (!guid)
        return NULL;
    gsize len = 0;
    g_autofree guint8 *octets = g_base64_decode(anchor, &len);
    guint8 swapped[16];
    memcpy(swapped, octets, sizeof swapped);
    for (gsize i = 0; i < sizeof order; i++)
        swapped[i] = octets[order[i]];
    return g_base64_encode(swapped, sizeof swapped);
}

char *cor_anchor_in_force(const struct cor_record *ad, enum cor_anchor_attribute attribute)
{
    char *anchor = cor_anchor_of(ad);
    if (!anchor || attribute != COR_ANCHORED_GUID)
        return anchor;
    g_free(anchor);
    return cor_anchor_from_guid(ad->key);
}
