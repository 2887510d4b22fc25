/* SPDX-License-Identifier: Apache-2.0 */
/* An error body, and what is no JSON at all. */
#include "graph/answer.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    g_autofree char *message = NULL;
    g_autofree char *code = entra_error_code(text, size, &message);
    g_autofree char *words = entra_not_json("text/html", text, size);
    g_assert(words && g_utf8_validate(words, -1, NULL));
    g_assert(!code || g_utf8_validate(code, -1, NULL));
    g_assert(!message || g_utf8_validate(message, -1, NULL));
    entra_looks_like_json(text, size);
    return 0;
}
