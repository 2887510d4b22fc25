/* SPDX-License-Identifier: Apache-2.0 */
/* An audit record. */
#include "graph/audit.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    COR_JSON_AUTO *object = cor_json_parse((const char *)data, size, 0, NULL);
    COR_JSON_AUTO *doc = NULL;
    struct cor_event event;
    if (entra_audit_event(object, &event, &doc)) {
        g_autofree char *text = cor_json_to_text(doc);
        g_assert(event.time_us != 0 && *event.id && text);
    }
    return 0;
}
