/* SPDX-License-Identifier: Apache-2.0 */
/* A datagram of any bytes as an answer to the LDAP ping: whole and bounded, or nothing. */
#include "ldap/ping.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_value(const uint8_t *data, size_t size)
{
    struct ad_ping *ping = ad_ping_parse(data, size);
    if (ping && (!*ping->domain || !*ping->host || !ping->server_site || !ping->client_site))
        abort();
    ad_ping_free(ping);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GBytes) value = ad_ping_value(data, size, 1);
    gsize len = 0;
    const guint8 *bytes = value ? g_bytes_get_data(value, &len) : NULL;
    if (bytes)
        read_value(bytes, len);
    read_value(data, size);
    return 0;
}
