/* SPDX-License-Identifier: Apache-2.0 */
/* msDS-ReplValueMetaData of any bytes, in both forms: no read out of bounds, names are text, and
 * what is kept can be written as JSON. */
#include "ldap/metadata_links.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(gboolean ok, struct ad_link_stamp *stamp)
{
    if (ok != (stamp->attribute && stamp->target) ||
        (ok && (!g_utf8_validate(stamp->attribute, -1, NULL) ||
                !g_utf8_validate(stamp->target, -1, NULL))))
        abort();
    ad_link_stamp_clear(stamp);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ad_link_stamp stamp;
    struct ad_link_stamps stamps;
    struct berval value = {size, (char *)(uintptr_t)data};
    check(ad_link_stamp_blob(data, size, &stamp), &stamp);
    check(ad_link_stamp_xml((const char *)data, size, &stamp), &stamp);
    ad_link_stamps_init(&stamps);
    ad_link_stamps_add(&stamps, &value);
    ad_link_stamps_add(&stamps, &value);
    COR_JSON_AUTO *metadata = cor_json_new_object();
    ad_link_stamps_store(&stamps, metadata);
    g_autofree char *text = cor_json_to_text(metadata);
    if (stamps.list->len + stamps.broken != 2 || !g_utf8_validate(text, -1, NULL))
        abort();
    ad_link_stamps_clear(&stamps);
    return 0;
}
