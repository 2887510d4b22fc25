/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/ruled.h"

/* References that rules read, under the names of AD; in records they are links. */
static const char *const kinds[] = {"member", "manager"};

void ruled_clear(struct ruled *ruled)
{
    for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++)
        g_clear_pointer(&ruled->targets[i], g_ptr_array_unref);
}

struct cor_program_object ruled_as(const struct ruled *ruled, const struct cor_record *ad)
{
    return (struct cor_program_object){
        .id = ad->key,
        .type = ad->type,
        .dn = cor_record_text(ad, "distinguishedName"),
        .attributes = ad->attributes,
        .links = ruled->links,
        .n_links = G_N_ELEMENTS(kinds),
    };
}

gboolean ruled_read(struct cor_view *view, const struct cor_record *ad, struct ruled *ret,
                    GError **error)
{
    *ret = (struct ruled){0};
    for (gsize i = 0; i < G_N_ELEMENTS(kinds); i++) {
        ret->targets[i] = view->links(view, COR_AD, kinds[i], ad->key, FALSE, error);
        if (!ret->targets[i]) {
            ruled_clear(ret);
            return FALSE;
        }
        g_ptr_array_add(ret->targets[i], NULL);
        ret->links[i] =
            (struct cor_program_link){kinds[i], (const char *const *)ret->targets[i]->pdata};
    }
    ret->object = ruled_as(ret, ad);
    return TRUE;
}
