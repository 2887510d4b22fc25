/* SPDX-License-Identifier: Apache-2.0 */
/* The challenge of whoever listens on the Arc agent's port: no file outside its directory. */
#include "graph/arc.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = g_strndup((const char *)data, size);
    g_autofree char *path = entra_arc_key_path(text, NULL);
    if (path) {
        g_assert(g_str_has_prefix(path, ENTRA_ARC_DIRECTORY) && g_str_has_suffix(path, ".key"));
        g_assert(!strchr(path + strlen(ENTRA_ARC_DIRECTORY), '/') && !strstr(path, "/.."));
    }
    g_autofree char *url = entra_arc_url(text, "https://graph.example.test", NULL);
    g_assert(!url || g_str_has_prefix(url, "http://localhost") ||
             g_str_has_prefix(url, "http://127.0.0.1") || g_str_has_prefix(url, "http://[::1]") ||
             size == 0);
    return 0;
}
