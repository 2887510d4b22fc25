/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a name or one half to both halves of an object. Names are tried from the strongest
 * identifier to the weakest; a name that fits several objects is never guessed.
 */
#include "agent/point.h"
#include "correlate/error.h"

#include <string.h>

/* Two candidates on the command line differ by one of these. */
static const int name_order[] = {
    COR_ID_KEY, COR_ID_ANCHOR, COR_ID_SID, COR_ID_DN,     COR_ID_UPN,      COR_ID_MAIL,
    COR_ID_SAM, COR_ID_PROXY,  COR_ID_APP, COR_ID_DEVICE, COR_ID_NICKNAME, COR_ID_NAME,
};

gboolean pair_of(struct cor_view *view, struct cor_record *record_taken, struct pair *ret,
                 GError **error)
{
    COR_RECORD_AUTO *record = record_taken;
    struct cor_match match = {0};
    *ret = (struct pair){0};
    if (!cor_match_find(view, record, &match, error))
        return FALSE;
    ret->outcome = match.soft ? COR_MATCH_NONE : match.outcome;
    ret->by = match.by;
    ret->candidates = g_ptr_array_new_with_free_func((GDestroyNotify)cor_record_free);
    struct cor_record *peer =
        match.outcome == COR_MATCH_ONE && !match.soft ? g_steal_pointer(&match.peer) : NULL;
    if (match.soft && match.peer)
        g_ptr_array_add(ret->candidates, g_steal_pointer(&match.peer));
    while (match.candidates && match.candidates->len)
        g_ptr_array_add(ret->candidates, g_ptr_array_steal_index(match.candidates, 0));
    cor_match_clear(&match);
    gboolean ad = record->directory == COR_AD;
    ret->ad = ad ? g_steal_pointer(&record) : peer;
    ret->entra = ad ? peer : g_steal_pointer(&record);
    return TRUE;
}

void pair_clear(struct pair *pair)
{
    cor_record_free(pair->ad);
    cor_record_free(pair->entra);
    g_clear_pointer(&pair->candidates, g_ptr_array_unref);
    *pair = (struct pair){0};
}

static gboolean collect(struct cor_view *view, int kind, const char *text, GPtrArray *hits,
                        GError **error)
{
    for (int directory = COR_AD; directory <= COR_ENTRA; directory++) {
        g_autoptr(GPtrArray) found = view->find(view, directory, kind, text, error);
        if (!found)
            return FALSE;
        while (found->len)
            g_ptr_array_add(hits, g_ptr_array_steal_index(found, 0));
    }
    return TRUE;
}

/* A live object hides deleted ones of the same name: a re-used name means the one in use. */
static void prefer_live(GPtrArray *hits)
{
    guint live = 0;
    for (guint i = 0; i < hits->len; i++)
        live += ((struct cor_record *)hits->pdata[i])->life == COR_LIVE;
    for (guint i = 0; live && i < hits->len;)
        if (((struct cor_record *)hits->pdata[i])->life == COR_LIVE)
            i++;
        else
            g_ptr_array_remove_index(hits, i);
}

static gboolean same_object(const struct pair *pair, const struct cor_record *record)
{
    const struct cor_record *half = record->directory == COR_AD ? pair->ad : pair->entra;
    return half && strcmp(half->key, record->key) == 0;
}

static void ambiguous(const char *text, const GPtrArray *hits, GError **error)
{
    g_autoptr(GString) list = g_string_new(NULL);
    for (guint i = 0; i < hits->len && i < 20; i++) {
        const struct cor_record *record = hits->pdata[i];
        g_string_append_printf(list, "\n  %s %s %s (%s)%s", cor_directory_name(record->directory),
                               record->type, record->key, record->name,
                               record->life == COR_LIVE ? "" : ", deleted");
    }
    g_set_error(error, AGENT_ERROR, COR_E_AMBIGUOUS,
                "\"%s\" fits several objects; name one by its key:%s", text, list->str);
}

/* One object, possibly hit by both of its halves. */
static gboolean settle(struct cor_view *view, const char *text, GPtrArray *hits, struct pair *ret,
                       GError **error)
{
    prefer_live(hits);
    if (!pair_of(view, cor_record_copy(hits->pdata[0]), ret, error))
        return FALSE;
    for (guint i = 0; i < hits->len; i++)
        if (!same_object(ret, hits->pdata[i])) {
            ambiguous(text, hits, error);
            pair_clear(ret);
            return FALSE;
        }
    return TRUE;
}

gboolean pair_named(struct cor_view *view, const char *text, struct pair *ret, GError **error)
{
    const char *backslash = strchr(text, '\\');
    /* DOMAIN\name, but not a DN with an escaped comma */
    const char *plain = backslash && !strchr(text, '=') ? backslash + 1 : text;
    for (gsize i = 0; i < G_N_ELEMENTS(name_order); i++) {
        g_autoptr(GPtrArray) hits = g_ptr_array_new_with_free_func((GDestroyNotify)cor_record_free);
        const char *value = name_order[i] == COR_ID_SAM ? plain : text;
        if (!collect(view, name_order[i], value, hits, error))
            return FALSE;
        if (hits->len)
            return settle(view, text, hits, ret, error);
    }
    g_set_error(error, AGENT_ERROR, COR_E_NOT_FOUND,
                "no object \"%s\" in this backup point; name it by UPN, sAMAccountName, DN, SID, "
                "mail, objectGUID, Entra id or anchor",
                text);
    return FALSE;
}
