/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_CORRELATE_AUTHORITY_H
#define ANCHORWATCH_CORRELATE_AUTHORITY_H

/* Who owns an object, and who owns one of its attributes. */

#include "correlate/flow.h"
#include "correlate/record.h"

enum cor_soa {
    COR_SOA_ONPREM,           /* onPremisesSyncEnabled true */
    COR_SOA_CONVERTED,        /* isCloudManaged true */
    COR_SOA_ROLLBACK_PENDING, /* isCloudManaged false, sync null, on-premises identifiers left and
                                 the AD object is there */
    COR_SOA_UNLINKED,         /* onPremisesSyncEnabled false: formerly synchronized */
    COR_SOA_CLOUD,            /* never synchronized, or nothing says otherwise */
    COR_SOA_AD_ONLY,          /* an AD object without a cloud half */
    COR_SOA_UNKNOWN,          /* the property was not readable */
};
const char *cor_soa_name(enum cor_soa soa); /* words for people */

/* entra or ad may be NULL, not both. sync_readable FALSE: the reader lacked permission, so null
 * means nothing. */
enum cor_soa cor_soa_of(const struct cor_record *entra, const struct cor_record *ad);

enum cor_owner {
    COR_OWNER_ONPREM,
    COR_OWNER_CLOUD,
    COR_OWNER_SHARED, /* AD-fed, but the cloud accepts writes (accountEnabled, usageLocation) */
    COR_OWNER_SYSTEM, /* computed by the service or read-only */
    COR_OWNER_UNKNOWN,
};
const char *cor_owner_name(enum cor_owner owner);
struct cor_flow_context; /* correlate/flow.h */
/* Owner of one attribute of an Entra object with that authority, by the rules of the context; NULL:
 * the default rules. */
enum cor_owner cor_owner_of(const struct cor_flow_context *context, enum cor_soa soa,
                            const char *entra_type, const char *property);

#endif
