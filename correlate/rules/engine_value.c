/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values at the borders of the engine: which schema type an attribute has, and how a value takes
 * the type of the attribute that it flows to.
 */
#include "correlate/rules/engine_private.h"

#include <string.h>

/* What AD's schema says, for rule sets that come without the connector's schema. Octet strings
 * whose records hold text (correlate/record.h) are told by their own kinds in any case. */
static const struct {
    const char *attribute, *kind;
} known[] = {
    {"altRecipient", "dn"},
    {"authOrig", "dn[]"},
    {"dLMemRejectPerms", "dn[]"},
    {"dLMemSubmitPerms", "dn[]"},
    {"managedBy", "dn"},
    {"manager", "dn"},
    {"member", "dn[]"},
    {"msDS-ExternalDirectoryObjectId", "string"},
    {"publicDelegates", "dn[]"},
    {"unauthOrig", "dn[]"},
    {"mS-DS-ConsistencyGuid", "binary"},
    {"thumbnailPhoto", "binary"},
    {"userCertificate", "binary[]"},
    {"userSMIMECertificate", "binary[]"},
};
static const struct {
    const char *attribute, *kind;
} textual[] = {
    {"objectGUID", "guid"},
    {"objectSid", "sid"},
    {"sIDHistory", "sid[]"},
    {"msExchMasterAccountSid", "sid"},
    {"msRTCSIP-OriginatorSid", "sid"},
    {"mS-DS-CreatorSID", "sid"},
};

const char *cor_program_kind(const struct cor_connector *connector, const char *attribute)
{
    const char *kind = connector ? g_hash_table_lookup(connector->syntaxes, attribute) : NULL;
    if (connector && connector->cloud)
        return kind;
    for (gsize i = 0; i < G_N_ELEMENTS(textual); i++)
        if (strcmp(textual[i].attribute, attribute) == 0)
            return textual[i].kind;
    for (gsize i = 0; i < G_N_ELEMENTS(known) && !kind; i++)
        if (strcmp(known[i].attribute, attribute) == 0)
            kind = known[i].kind;
    return kind;
}

gboolean cor_program_number(const char *text, gint64 *ret)
{
    if (!text)
        return FALSE;
    gboolean hex =
        g_ascii_strncasecmp(text, "0x", 2) == 0 || g_ascii_strncasecmp(text, "&H", 2) == 0;
    if (!hex)
        return g_ascii_string_to_signed(text, 10, G_MININT64, G_MAXINT64, ret, NULL);
    guint64 number = 0;
    gboolean ok = g_ascii_string_to_unsigned(text + 2, 16, 0, G_MAXUINT64, &number, NULL);
    *ret = (gint64)number;
    return ok;
}

static const char *keep(const char *text, gsize len, gboolean fold, struct cor_arena *arena)
{
    char *copy = cor_arena_alloc(arena, len + 1);
    if (!copy)
        return NULL;
    gboolean ascii = TRUE;
    for (gsize i = 0; i < len; i++) {
        copy[i] = fold ? g_ascii_tolower(text[i]) : text[i];
        ascii = ascii && (guchar)text[i] < 0x80;
    }
    copy[len] = 0;
    if (ascii || !fold)
        return copy;
    g_autofree char *folded = g_utf8_casefold(text, (gssize)len);
    return keep(folded, strlen(folded), FALSE, arena);
}

static const char *keep_text(char *text_taken, struct cor_arena *arena)
{
    g_autofree char *text = text_taken;
    return keep(text, strlen(text), FALSE, arena);
}

const char *cor_program_text(struct cor_value value, gboolean fold, struct cor_arena *arena)
{
    switch (value.type) {
    case COR_VALUE_STRING:
    case COR_VALUE_DN:
        return keep(value.text, value.len, fold, arena);
    case COR_VALUE_INT:
    case COR_VALUE_TIME:
        return keep_text(g_strdup_printf("%" G_GINT64_FORMAT, value.number), arena);
    case COR_VALUE_BOOL:
        return value.number ? (fold ? "true" : "True") : (fold ? "false" : "False");
    case COR_VALUE_BYTES:
        return keep_text(g_base64_encode(value.bytes, value.len), arena);
    case COR_VALUE_MULTI:
        return value.len == 1 ? cor_program_text(value.items[0], fold, arena) : NULL;
    default:
        return NULL;
    }
}

static struct cor_value to_boolean(struct cor_value value)
{
    if (value.type == COR_VALUE_INT)
        return cor_value_bool(value.number != 0);
    if (value.type == COR_VALUE_STRING && g_ascii_strcasecmp(value.text, "true") == 0)
        return cor_value_bool(TRUE);
    if (value.type == COR_VALUE_STRING && g_ascii_strcasecmp(value.text, "false") == 0)
        return cor_value_bool(FALSE);
    return value;
}

static struct cor_value to_integer(struct cor_value value)
{
    gint64 number = 0;
    if (value.type == COR_VALUE_STRING && cor_program_number(value.text, &number))
        return cor_value_int(number);
    return value;
}

static struct cor_value to_string(struct cor_value value, struct cor_arena *arena)
{
    if (value.type == COR_VALUE_INT || value.type == COR_VALUE_BOOL)
        return cor_value_string(cor_program_text(value, FALSE, arena));
    return value;
}

static struct cor_value to_reference(struct cor_value value)
{
    if (value.type == COR_VALUE_STRING)
        value.type = COR_VALUE_DN;
    return value;
}

static struct cor_value coerce_one(struct cor_value value, const char *kind,
                                   struct cor_arena *arena)
{
    if (g_str_has_prefix(kind, "boolean"))
        return to_boolean(value);
    if (g_str_has_prefix(kind, "integer"))
        return to_integer(value);
    if (g_str_has_prefix(kind, "string"))
        return to_string(value, arena);
    if (g_str_has_prefix(kind, "dn"))
        return to_reference(value);
    return value;
}

static struct cor_value coerce_list(struct cor_value value, const char *kind,
                                    struct cor_arena *arena)
{
    struct cor_value *items = cor_arena_alloc(arena, sizeof(*items) * value.len);
    if (!items)
        return cor_value_error(arena, "the values are too large");
    for (gsize i = 0; i < value.len; i++)
        items[i] = coerce_one(value.items[i], kind, arena);
    return (struct cor_value){.type = COR_VALUE_MULTI, .len = value.len, .items = items};
}

struct cor_value cor_program_coerce(struct cor_value value, const char *kind,
                                    struct cor_arena *arena)
{
    if (!kind || cor_value_is_null(&value) || value.type == COR_VALUE_ERROR)
        return value;
    gboolean many = g_str_has_suffix(kind, "[]");
    if (value.type == COR_VALUE_MULTI && value.len == 1 && !many)
        return coerce_one(value.items[0], kind, arena);
    if (value.type == COR_VALUE_MULTI)
        return coerce_list(value, kind, arena);
    if (!many)
        return coerce_one(value, kind, arena);
    struct cor_value one = value;
    return coerce_list((struct cor_value){.type = COR_VALUE_MULTI, .len = 1, .items = &one}, kind,
                       arena);
}
