/* SPDX-License-Identifier: Apache-2.0 */
/* JSON by tables. */
#include "agent/rules/members.h"

#include "correlate/error.h"

#include <string.h>

#define FOUND_MAX 60 /* characters of a found value in a message */

/* --- messages -------------------------------------------------------------------------------- */

gboolean rules_member_expected(const struct rules_document *in, const struct cor_json *found,
                               const char *expected, GError **error)
{
    g_autofree char *text = found ? cor_json_to_text(found) : g_strdup("none");
    g_autofree char *cut = g_utf8_substring(text, 0, MIN(g_utf8_strlen(text, -1), FOUND_MAX));
    g_set_error(error, AGENT_ERROR, COR_E_INPUT, "%s: %s: expected %s, found %s", in->in.file,
                in->path->len ? in->path->str : "the document", expected, cut);
    return FALSE;
}

void rules_member_finding(struct rules_document *in, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    rules_finding(&in->in, NULL, "%s: %s", in->path->str, text);
}

void rules_member_keep(struct rules_document *in, const struct cor_json *value)
{
    g_autofree char *text = cor_json_to_text(value);
    rules_keep(&in->in, in->path->str, text);
}

/* --- tables ---------------------------------------------------------------------------------- */

static gsize enter(struct rules_document *in, const char *name)
{
    gsize before = in->path->len;
    if (before)
        g_string_append_c(in->path, '.');
    g_string_append(in->path, name);
    return before;
}

static const struct rules_member *find(const struct rules_members *table, const char *name,
                                       guint64 *ret_bit)
{
    for (gsize i = 0; i < table->n; i++)
        if (g_ascii_strcasecmp(table->members[i].name, name) == 0) {
            *ret_bit = (guint64)1 << i;
            return &table->members[i];
        }
    return NULL;
}

static gboolean read_member(struct rules_document *in, const struct cor_json *value,
                            const struct rules_members *table, guint64 *seen, void *target,
                            GError **error)
{
    guint64 bit = 0;
    const struct rules_member *member = find(table, cor_json_key(value), &bit);
    if (!member) {
        rules_member_keep(in, value);
        return TRUE;
    }
    if (*seen & bit)
        return rules_member_expected(in, value, "one member of this name", error);
    *seen |= bit;
    return !member->take || member->take(in, value, (char *)target + member->offset, error);
}

gboolean rules_members_read(struct rules_document *in, const struct cor_json *object,
                            const struct rules_members *table, void *target, GError **error)
{
    guint64 seen = 0;
    if (cor_json_type(object) != COR_JSON_OBJECT)
        return rules_member_expected(in, object, "an object", error);
    for (const struct cor_json *n = cor_json_first(object); n; n = cor_json_next(n)) {
        if (cor_json_is_null(n) || strchr(cor_json_key(n), '@'))
            continue;
        gsize before = enter(in, cor_json_key(n));
        if (!read_member(in, n, table, &seen, target, error))
            return FALSE;
        g_string_truncate(in->path, before);
    }
    for (gsize i = 0; i < table->n; i++) {
        if (!table->members[i].required || (seen & ((guint64)1 << i)))
            continue;
        enter(in, table->members[i].name);
        return rules_member_expected(in, NULL, "a value", error);
    }
    return TRUE;
}

gboolean rules_members_one(struct rules_document *in, const struct cor_json *element, guint index,
                           rules_member_func take, void *target, GError **error)
{
    gsize before = in->path->len;
    g_string_append_printf(in->path, "[%u]", index);
    if (!take(in, element, target, error))
        return FALSE;
    g_string_truncate(in->path, before);
    return TRUE;
}

gboolean rules_members_each(struct rules_document *in, const struct cor_json *array,
                            rules_member_func take, void *target, GError **error)
{
    guint index = 0;
    if (cor_json_type(array) != COR_JSON_ARRAY)
        return rules_member_expected(in, array, "a list", error);
    for (const struct cor_json *n = cor_json_first(array); n; n = cor_json_next(n))
        if (!rules_members_one(in, n, index++, take, target, error))
            return FALSE;
    return TRUE;
}

/* --- ready-made takes ------------------------------------------------------------------------ */

gboolean rules_member_text(struct rules_document *in, const struct cor_json *value, void *target,
                           GError **error)
{
    char **member = target;
    if (!cor_json_string(value))
        return rules_member_expected(in, value, "a text", error);
    g_free(*member);
    *member = g_strdup(cor_json_string(value));
    return TRUE;
}

gboolean rules_member_bool(struct rules_document *in, const struct cor_json *value, void *target,
                           GError **error)
{
    const char *text = cor_json_string(value);
    gboolean yes = text ? g_ascii_strcasecmp(text, "true") == 0 : cor_json_bool(value);
    gboolean no = text && g_ascii_strcasecmp(text, "false") == 0;
    if (!yes && !no && cor_json_type(value) != COR_JSON_BOOL)
        return rules_member_expected(in, value, "true or false", error);
    *(gboolean *)target = yes;
    return TRUE;
}

gboolean rules_member_int(struct rules_document *in, const struct cor_json *value, void *target,
                          GError **error)
{
    const char *text = cor_json_string(value);
    if (text ? g_ascii_string_to_signed(text, 10, G_MININT32, G_MAXINT32, target, NULL)
             : cor_json_int(value, target))
        return TRUE;
    return rules_member_expected(in, value, "a whole number", error);
}

static gboolean add_text(struct rules_document *in, const struct cor_json *value, void *target,
                         GError **error)
{
    if (!cor_json_string(value))
        return rules_member_expected(in, value, "a text", error);
    g_ptr_array_add(target, g_strdup(cor_json_string(value)));
    return TRUE;
}

gboolean rules_member_texts(struct rules_document *in, const struct cor_json *value, void *target,
                            GError **error)
{
    GPtrArray **member = target;
    return cor_json_string(value) ? add_text(in, value, *member, error)
                                  : rules_members_each(in, value, add_text, *member, error);
}

gboolean rules_member_choice(struct rules_document *in, const struct cor_json *value,
                             const char *const *names, guint n, guint *ret, GError **error)
{
    gint64 number;
    const char *text = cor_json_string(value);
    if (!text && cor_json_int(value, &number) && number >= 0 && number < n) {
        *ret = (guint)number;
        return TRUE;
    }
    g_autoptr(GString) expected = g_string_new("one of");
    for (guint i = 0; i < n; i++) {
        g_string_append_printf(expected, "%s %s", i ? "," : "", names[i]);
        if (text && g_ascii_strcasecmp(names[i], text) == 0) {
            *ret = i;
            return TRUE;
        }
    }
    return rules_member_expected(in, value, expected->str, error);
}
