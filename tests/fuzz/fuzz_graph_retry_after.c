/* SPDX-License-Identifier: Apache-2.0 */
/* A Retry-After header. */
#include "graph/retry.h"

#include <glib.h>

#include <stddef.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = g_strndup((const char *)data, size);
    gint64 ms = entra_retry_after(text, G_GINT64_CONSTANT(1767225600000000));
    g_assert(ms == ENTRA_RETRY_ABSENT || (ms >= 0 && ms <= 86400000));
    return 0;
}
