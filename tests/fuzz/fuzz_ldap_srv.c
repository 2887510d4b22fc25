/* SPDX-License-Identifier: Apache-2.0 */
/* A DNS reply of any bytes: what comes out has names and is bounded. */
#include "ldap/locate.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static guint lowest(guint total, void *data)
{
    (void)total, (void)data;
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    GPtrArray *servers = ad_srv_parse(data, size);
    ad_srv_order(servers, lowest, NULL);
    for (guint i = 0; i < servers->len; i++)
        if (!*((struct ad_srv *)servers->pdata[i])->host)
            abort();
    if (servers->len > 64)
        abort();
    g_ptr_array_unref(servers);
    return 0;
}
