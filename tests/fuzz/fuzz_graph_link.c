/* SPDX-License-Identifier: Apache-2.0 */
/* A link: what is accepted begins with our host and nothing else. */
#include "graph/link.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char base[] = "https://graph.example.test";
    g_autofree char *text = g_strndup((const char *)data, size);
    if (!entra_link_check(base, text, NULL))
        return 0;
    const char *rest = text + strlen(base);
    g_assert(g_ascii_strncasecmp(text, base, strlen(base)) == 0);
    g_assert(*rest == 0 || strchr("/?#", *rest) || g_str_has_prefix(rest, ":443"));
    return 0;
}
