/* SPDX-License-Identifier: Apache-2.0 */
/* Prices of links that the service sent, and of batches. */
#include "graph/governor.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = g_strndup((const char *)data, size);
    struct entra_cost cost = entra_cost_of(text, NULL);
    guint meters = 0;
    for (guint i = 0; i < ENTRA_METERS; i++)
        meters += cost.of[i] > 0;
    g_assert(meters == 1 && cost.of[ENTRA_UNITS] <= 8);
    cost = entra_cost_of("https://graph.example.test/v1.0/$batch", text);
    struct entra_governor governor;
    entra_governor_init(&governor, 90);
    gint64 now_us = 1;
    for (size_t i = 0; i < MIN(size, 300); i++) {
        gint64 wait = entra_governor_wait(&governor, &cost, now_us);
        g_assert(wait <= (gint64)152 * G_USEC_PER_SEC);
        now_us += MAX(wait, data[i] * 1000);
        g_assert(entra_governor_wait(&governor, &cost, now_us) <= (gint64)152 * G_USEC_PER_SEC);
        entra_governor_spend(&governor, &cost, data[i], now_us);
        entra_governor_told(&governor, data[i] > 200 ? data[i] / 200.0 : 0, now_us);
        if (data[i] == 255)
            entra_governor_refused(&governor, now_us);
    }
    return 0;
}
