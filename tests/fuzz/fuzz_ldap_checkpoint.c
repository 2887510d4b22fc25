/* SPDX-License-Identifier: Apache-2.0 */
/* A checkpoint of any JSON: refused, or written again as the same one. */
#include "ldap/checkpoint.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    COR_JSON_AUTO *doc = cor_json_parse((const char *)data, size, 0, NULL);
    AD_CHECKPOINT_AUTO *checkpoint = doc ? ad_checkpoint_parse(doc) : NULL;
    if (!checkpoint)
        return 0;
    COR_JSON_AUTO *written = ad_checkpoint_json(checkpoint);
    AD_CHECKPOINT_AUTO *again = ad_checkpoint_parse(written);
    COR_JSON_AUTO *twice = again ? ad_checkpoint_json(again) : NULL;
    if (!twice || !cor_json_equal(written, twice))
        abort();
    g_free(ad_checkpoint_unfit(checkpoint, again, 1));
    return 0;
}
