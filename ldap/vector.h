/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_LDAP_VECTOR_H
#define ANCHORWATCH_LDAP_VECTOR_H

/*
 * replUpToDateVector of a naming context's head: how far a domain controller has the changes of the
 * others. A domain with one domain controller has none. Pure.
 */

#include "ldap/decode.h"

/* The highest USN of the database with that invocation ID up to which every change is known; 0: it
 * is not in the vector. FALSE: the bytes are no vector of version 1 or 2 (MS-DRSR 5.166
 * UPTODATE_VECTOR_V1_EXT, UPTODATE_VECTOR_V2_EXT). */
gboolean ad_vector_usn(const guint8 *data, gsize len, const guint8 invocation[AD_GUID_BYTES],
                       gint64 *ret_usn);

#endif
