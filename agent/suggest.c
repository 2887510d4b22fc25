/* SPDX-License-Identifier: Apache-2.0 */
/*
 * "Did you mean": the optimal string alignment distance between a misspelt word and what is known.
 * Used for configuration keys, options and commands; words are short, so the plain table will do.
 */
#include "agent/suggest.h"

#include <string.h>

#define WORD_MAX 64

static guint min3(guint a, guint b, guint c)
{
    return MIN(a, MIN(b, c));
}

static guint distance(const char *a, const char *b)
{
    gsize n = strlen(a), m = strlen(b);
    guint row[3][WORD_MAX + 1];
    if (n > WORD_MAX || m > WORD_MAX)
        return G_MAXUINT;
    guint *before = row[0], *last = row[1], *now = row[2];
    for (gsize j = 0; j <= m; j++)
        last[j] = (guint)j;
    for (gsize i = 1; i <= n; i++) {
        now[0] = (guint)i;
        for (gsize j = 1; j <= m; j++) {
            guint change = a[i - 1] != b[j - 1];
            now[j] = min3(last[j] + 1, now[j - 1] + 1, last[j - 1] + change);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                now[j] = MIN(now[j], before[j - 2] + 1);
        }
        guint *spare = before;
        before = last;
        last = now;
        now = spare;
    }
    return last[m];
}

const char *suggest_nearest(const char *word, const char *const *candidates)
{
    const char *best = NULL;
    guint best_distance = (guint)strlen(word) / 3 + 1;
    for (gsize i = 0; candidates[i]; i++) {
        guint d = distance(word, candidates[i]);
        if (d < best_distance || (d == best_distance && !best)) {
            best = candidates[i];
            best_distance = d;
        }
    }
    return best;
}
