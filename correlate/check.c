/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of a self-check. Plain data: what a line means is decided where it is made. */
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
    check->name = g_strdup(name);
    check->ok = ok;
    check->required = required;
    check->detail = detail_taken;
    check->remedy = remedy_taken;
    g_ptr_array_add(checks, check);
}
