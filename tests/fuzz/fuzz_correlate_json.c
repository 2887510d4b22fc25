/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever parses must survive its own canonical text: same bytes after a second round. */
#include "correlate/json.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    COR_JSON_AUTO *doc = cor_json_parse((const char *)data, size, 1 << 20, NULL);
    if (!doc)
        return 0;
    g_autofree char *once = cor_json_to_text(doc);
    COR_JSON_AUTO *again = cor_json_parse(once, strlen(once), 0, NULL);
    g_assert(again);
    g_autofree char *twice = cor_json_to_text(again);
    g_assert_cmpstr(once, ==, twice);
    g_autoptr(GString) pretty = g_string_new(NULL);
    cor_json_pretty(doc, pretty);
    COR_JSON_AUTO *readable = cor_json_parse(pretty->str, pretty->len, 0, NULL);
    g_assert(readable && cor_json_equal(readable, doc));
    return 0;
}
