/* SPDX-License-Identifier: Apache-2.0 */
/* The value of a DirSync response control of any bytes; what is accepted is written and read back.
 */
#include "ldap/dirsync.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *copy = g_memdup2(data, size);
    const struct berval value = {size, copy};
    struct berval cookie, again;
    gboolean more;
    if (!ad_dirsync_decode(&value, &more, &cookie))
        return 0;
    if (!cookie.bv_len || cookie.bv_len > size)
        abort();
    struct berval *encoded = ad_dirsync_encode(more, &cookie);
    if (!encoded || !ad_dirsync_decode(encoded, &more, &again) || again.bv_len != cookie.bv_len ||
        memcmp(again.bv_val, cookie.bv_val, cookie.bv_len) != 0)
        abort();
    ber_bvfree(encoded);
    ber_memfree(cookie.bv_val);
    ber_memfree(again.bv_val);
    return 0;
}
