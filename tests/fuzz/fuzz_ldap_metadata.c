/* SPDX-License-Identifier: Apache-2.0 */
/* replPropertyMetaData of any bytes: no read out of bounds, and what is accepted has the form. */
#include "ldap/metadata.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AD_SCHEMA_AUTO *schema = ad_schema_new();
    const struct ad_schema_row row = {
        .name = "description", .attribute_id = "2.5.4.13", .syntax = "2.5.5.12"};
    ad_schema_add(schema, &row);
    const struct ad_attribute *naming = ad_schema_by_name(schema, "description", 11);
    COR_JSON_AUTO *metadata = ad_metadata_json(schema, naming, data, size);
    gint count = ad_stamps_count(data, size);
    if (metadata && (count < 0 || cor_json_size(metadata) != (guint)count))
        abort();
    return 0;
}
