/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_CORRELATE_JSON_SCAN_H
#define ANCHORWATCH_CORRELATE_JSON_SCAN_H

/*
 * The strict pass before cJSON: RFC 8259 grammar with our ceilings, and the exact value of every
 * integer that a double would round. Private to correlate/json.c.
 */

#include <glib.h>

/* Accept exactly one document of data[0..len). big_integers receives, in document order, one gint64
 * for each integer token of 2^53 or more in magnitude. Errors: COR_ERROR, COR_E_INPUT with the byte
 * offset; COR_E_LIMIT when nested deeper than max_depth. */
gboolean cor_json_scan(const char *data, gsize len, guint max_depth, GArray *big_integers,
                       GError **error);

#endif
