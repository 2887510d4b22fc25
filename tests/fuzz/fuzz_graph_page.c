/* SPDX-License-Identifier: Apache-2.0 */
/* A page of a collection: every object becomes a record, or is refused. */
#include "graph/document.h"
#include "graph/link.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    g_autofree char *hint = entra_link_hint(text, size);
    g_assert(!hint || strlen(hint) < size);
    COR_JSON_AUTO *page = cor_json_parse(text, size, 0, NULL);
    const struct cor_json *values = cor_json_get(page, "value");
    for (const struct cor_json *at = cor_json_first(values); at; at = cor_json_next(at)) {
        for (guint i = 0; i < entra_resources_len; i++) {
            COR_RECORD_AUTO *record = NULL;
            const char *manager = NULL;
            enum entra_readable readable = entra_record(&entra_resources[i], at, &record, &manager);
            g_assert((readable == ENTRA_READABLE) == (record != NULL));
            if (record)
                entra_wants_behavior(record);
        }
    }
    return 0;
}
