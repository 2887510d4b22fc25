/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_CORRELATE_CHECK_H
#define ANCHORWATCH_CORRELATE_CHECK_H

/* The result of one self-check; both directories report theirs in this form. */

#include <glib.h>

/* One line of a check: what was tried, whether it worked, what it means, how to mend it. */
struct cor_check {
    char *name; /* "bind", "read deleted objects", ... */
    gboolean ok;
    gboolean required; /* FALSE: something is lost without it, but a capture works */
    char *detail;
    char *remedy; /* NULL when ok */
};
void cor_check_free(struct cor_check *check);
/* Append a check; detail and remedy are formatted by the caller and owned by the array. */
void cor_check_add(GPtrArray *checks, const char *name, gboolean ok, gboolean required,
                   char *detail_taken, char *remedy_taken);

#endif
