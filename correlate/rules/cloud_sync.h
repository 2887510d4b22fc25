/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_CORRELATE_RULES_CLOUD_SYNC_H
#define ANCHORWATCH_CORRELATE_RULES_CLOUD_SYNC_H

/*
 * The default mappings of Entra Cloud Sync as far as Microsoft publishes them: a table of common
 * attributes (cloud-sync/concept-attributes), the accountEnabled expression and the scope
 * (cloud-sync/how-to-attribute-mapping), and those of device sync (cloud-sync/device-sync). The
 * whole default schema is not public: a property that is not here may well flow. A tenant's own
 * schema, read through Graph, says what is true for it.
 */

#include "correlate/rules/model.h"

#define COR_CLOUD_SYNC_DOUBT "the published part of the Cloud Sync defaults; more may flow"

/* Caller frees. Source COR_RULES_CLOUD_SYNC; every rule says COR_CLOUD_SYNC_DOUBT. */
struct cor_rule_set *cor_cloud_sync_defaults(void);

#endif
