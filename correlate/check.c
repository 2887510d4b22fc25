/* SPDX-License-Identifier: Apache-2.0 */
/* One self-check. */
#include "correlate/check.h"

void cor_check_free(struct cor_check *check)
{
    if (!check)
        return;
    g_free(check->name);
    g_free(check->detail);
    g_free(check->remedy);
    g_free(check);
}

void cor_check_add(GPtrArray *checks, const char *name, gboolean ok, gboolean required,
                   char *detail_taken, char *remedy_taken)
{
    struct cor_check *check = g_new0(struct cor_check, 1);
    *check = (struct cor_check){g_strdup(name), ok, required, detail_taken, remedy_taken};
    g_ptr_array_add(checks, check);
}
