/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_CORRELATE_TIME_H
#define ANCHORWATCH_CORRELATE_TIME_H

/*
 * Points in time are microseconds since 1970-01-01T00:00:00Z in a gint64 named *_us. Zero means
 * "unknown". Nothing in correlate/ reads a clock: whoever needs the present is given it.
 */

#include <glib.h>

#define COR_SECOND_US ((gint64)1000000)
#define COR_MINUTE_US (60 * COR_SECOND_US)
#define COR_HOUR_US   (60 * COR_MINUTE_US)
#define COR_DAY_US    (24 * COR_HOUR_US)

/* RFC 3339 with Z, seconds; fractions only when not zero. "" for 0. Caller frees. */
char *cor_time_text(gint64 time_us);
/* RFC 3339 with Z or offset, 0-7 fractional digits (Graph). 0 on anything else and for
 * 0001-01-01T00:00:00Z, which Graph writes for "never". */
gint64 cor_time_parse(const char *text);
/* AD generalizedTime YYYYMMDDHHMMSS.0Z (MS-ADTS 3.1.1.2.2.2.10). 0 on anything else and
 * for 16010101000000.0Z, which AD writes for "never". */
gint64 cor_time_parse_generalized(const char *text, gsize len);
/* FILETIME, 100 ns since 1601. 0 for the never forms 0 and INT64_MAX. */
gint64 cor_time_from_filetime(gint64 filetime);

#endif
