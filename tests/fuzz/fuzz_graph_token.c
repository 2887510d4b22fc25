/* SPDX-License-Identifier: Apache-2.0 */
/* An answer of the token endpoint, good or bad. */
#include "graph/answer.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    struct entra_token token;
    g_autoptr(GError) error = NULL;
    if (entra_token_parse(text, size, &token, NULL))
        g_assert(token.expires_in > 0 && !strpbrk(token.access, "\r\n "));
    entra_token_clear(&token);
    entra_token_fail(400, text, size, &error);
    g_assert(error && !strpbrk(error->message, "\r\n"));
    entra_token_transient(text, size);
    return 0;
}
