/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_AGENT_STORE_EVENT_H
#define ANCHORWATCH_AGENT_STORE_EVENT_H

#include "correlate/json.h"

/* Every object id a normalised audit document names, actor and targets, as an array of distinct
 * texts; caller frees. An audit record is found by any of them. */
struct cor_json *store_event_keys(const struct cor_json *doc);

#endif
