/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_AGENT_SUGGEST_H
#define ANCHORWATCH_AGENT_SUGGEST_H

#include <glib.h>

/* The candidate (NULL-terminated list) nearest to a misspelt word, or NULL when none is near enough
 * to be meant: at most a third of the word's letters differ. Borrowed from candidates. */
const char *suggest_nearest(const char *word, const char *const *candidates);

#endif
