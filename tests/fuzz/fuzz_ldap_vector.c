/* SPDX-License-Identifier: Apache-2.0 */
/* replUpToDateVector of any bytes: no read out of bounds, and a USN only of what is a vector. */
#include "ldap/vector.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    gint64 usn;
    if (size < AD_GUID_BYTES)
        return 0;
    gboolean sound = ad_vector_usn(data + AD_GUID_BYTES, size - AD_GUID_BYTES, data, &usn);
    if (usn < 0 || (!sound && usn))
        abort();
    return 0;
}
