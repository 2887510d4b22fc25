/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Functions of Cloud Sync. Those that Connect has under another name and with the same arguments
 * are the same function; the others are written here.
 */
#include "correlate/rules/expression_private.h"

#include <string.h>

#define CLOUD "app-provisioning/functions-for-customizing-application-data"

static struct cor_value f_append(struct cor_evaluation *e, const struct cor_value *args, guint n)
{
    struct cor_value a, b;
    (void)n;
    if (!cor_to_text(e, &args[0], &a))
        return a;
    if (!cor_to_text(e, &args[1], &b))
        return b;
    g_autofree char *text = g_strconcat(a.text, b.text, NULL);
    return cor_text_copy(e, text, strlen(text));
}

static gboolean absent(const struct cor_value *value)
{
    return cor_value_is_null(value) || (value->type == COR_VALUE_STRING && value->len == 0);
}

static struct cor_value f_coalesce(struct cor_evaluation *e, const struct cor_value *args, guint n)
{
    (void)e;
    for (guint i = 0; i < n; i++)
        if (!absent(&args[i]))
            return args[i];
    return cor_null();
}

static struct cor_value f_ignore_flow(struct cor_evaluation *e, const struct cor_value *args,
                                      guint n)
{
    (void)e, (void)n;
    return absent(&args[0]) ? (struct cor_value){.type = COR_VALUE_IGNORE} : args[0];
}

static struct cor_value f_not(struct cor_evaluation *e, const struct cor_value *args, guint n)
{
    (void)e, (void)n;
    return cor_value_bool(!cor_to_bool(&args[0]));
}

/* Switch(source, default, key1, value1, ...) */
static struct cor_value f_switch(struct cor_evaluation *e, const struct cor_value *args, guint n)
{
    struct cor_value source, key;
    if (!cor_to_text(e, &args[0], &source))
        return source;
    for (guint i = 2; i + 1 < n; i += 2) {
        if (!cor_to_text(e, &args[i], &key))
            return key;
        if (strcmp(source.text, key.text) == 0)
            return args[i + 1];
    }
    return args[1];
}

static struct cor_value f_strip_spaces(struct cor_evaluation *e, const struct cor_value *args,
                                       guint n)
{
    struct cor_value text;
    (void)n;
    if (!cor_to_text(e, &args[0], &text))
        return text;
    g_autoptr(GString) out = g_string_new(NULL);
    for (gsize i = 0; i < text.len; i++)
        if (text.text[i] != ' ')
            g_string_append_c(out, text.text[i]);
    return cor_text_copy(e, out->str, out->len);
}

/* Letters that do not decompose into a plain one and a mark. */
static const struct {
    const char *letter, *plain;
} letters[] = {{"ø", "o"}, {"Ø", "O"}, {"ł", "l"}, {"Ł", "L"}, {"đ", "d"}, {"Đ", "D"}};

static struct cor_value f_diacritics(struct cor_evaluation *e, const struct cor_value *args,
                                     guint n)
{
    struct cor_value text;
    (void)n;
    if (!cor_to_text(e, &args[0], &text))
        return text;
    g_autofree char *parts = g_utf8_normalize(text.text, (gssize)text.len, G_NORMALIZE_NFD);
    g_autoptr(GString) out = g_string_new(NULL);
    for (const char *c = parts; c && *c; c = g_utf8_next_char(c)) {
        gunichar letter = g_utf8_get_char(c);
        if (g_unichar_type(letter) != G_UNICODE_NON_SPACING_MARK)
            g_string_append_unichar(out, letter);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(letters); i++)
        g_string_replace(out, letters[i].letter, letters[i].plain, 0);
    return cor_text_copy(e, out->str, out->len);
}

/* What the service makes of app role assignments, values that exist nowhere before, and random
 * ones cannot be foretold: the flow ends in an error that says so, and no value is guessed. */
static struct cor_value f_unforeseeable(struct cor_evaluation *e, const struct cor_node *node)
{
    return cor_value_error(cor_arena_of(e), "%s cannot be foretold: the service decides",
                           node->function->info.name);
}

/* The Connect function that does the same. */
static const struct {
    const char *cloud, *connect;
    guint min_args, max_args;
} same[] = {
    {"BitAnd", "BitAnd", 2, 2},
    {"CBool", "CBool", 1, 1},
    {"CDate", "CDate", 1, 1},
    {"ConvertToBase64", "ConvertToBase64", 1, 1},
    {"ConvertToUTF8Hex", "ConvertToUTF8Hex", 1, 1},
    {"Count", "Count", 1, 1},
    {"CStr", "CStr", 1, 1},
    {"DateAdd", "DateAdd", 3, 3},
    {"DateFromNum", "DateFromNum", 1, 1},
    {"Guid", "Guid", 0, 0},
    {"IIF", "IIF", 3, 3},
    {"InStr", "InStr", 2, 4},
    {"IsNull", "IsNull", 1, 1},
    {"IsNullOrEmpty", "IsNullOrEmpty", 1, 1},
    {"IsPresent", "IsPresent", 1, 1},
    {"IsString", "IsString", 1, 1},
    {"Item", "Item", 2, 2},
    {"Left", "Left", 2, 2},
    {"Mid", "Mid", 3, 3},
    {"Now", "Now", 0, 0},
    {"NumFromDate", "NumFromDate", 1, 1},
    {"PCase", "PCase", 1, 1},
    {"RemoveDuplicates", "RemoveDuplicates", 1, 1},
    {"Split", "Split", 2, 2},
    {"ToLower", "LCase", 1, 1},
    {"ToUpper", "UCase", 1, 1},
    {"Trim", "Trim", 1, 1},
    {"Word", "Word", 3, 3},
};

#define F(name, least, most, flags, call)                                                          \
    {                                                                                              \
        {name, COR_DIALECT_CLOUD_SYNC, least, most, CLOUD}, flags, call, NULL                      \
    }
#define U(name, most)                                                                              \
    {                                                                                              \
        {name, COR_DIALECT_CLOUD_SYNC, 0, most, CLOUD}, 0, NULL, f_unforeseeable                   \
    }

static const struct cor_function functions[] = {
    F("Append", 2, 2, COR_FUNCTION_PER_VALUE, f_append),
    F("Coalesce", 1, G_MAXUINT, 0, f_coalesce),
    F("IgnoreFlowIfNullOrEmpty", 1, 1, 0, f_ignore_flow),
    F("NormalizeDiacritics", 1, 1, COR_FUNCTION_PER_VALUE | COR_FUNCTION_NULL, f_diacritics),
    F("Not", 1, 1, 0, f_not),
    F("StripSpaces", 1, 1, COR_FUNCTION_PER_VALUE | COR_FUNCTION_NULL, f_strip_spaces),
    F("Switch", 2, G_MAXUINT, 0, f_switch),
    U("AppRoleAssignmentsComplex", 1),
    U("SingleAppRoleAssignment", 1),
    U("SelectUniqueValue", G_MAXUINT),
    U("RandomString", G_MAXUINT),
    U("Redact", G_MAXUINT),
    U("DateDiff", 3),
    U("FormatDateTime", 4),
    U("Join", G_MAXUINT),
    U("Replace", 7),
};
const struct cor_function_group cor_functions_cloud = {functions, G_N_ELEMENTS(functions)};

static const struct cor_function *find_in(const struct cor_function_group *group, const char *name,
                                          enum cor_dialect dialect)
{
    for (gsize i = 0; i < group->n; i++)
        if (group->functions[i].info.dialect == dialect &&
            strcmp(group->functions[i].info.name, name) == 0)
            return &group->functions[i];
    return NULL;
}

static const struct cor_function_group *const groups[] = {
    &cor_functions_logic,   &cor_functions_text,  &cor_functions_list,
    &cor_functions_convert, &cor_functions_cloud,
};

const struct cor_function *cor_function_find(const char *name, enum cor_dialect dialect)
{
    for (gsize g = 0; g < G_N_ELEMENTS(groups); g++) {
        const struct cor_function *function = find_in(groups[g], name, dialect);
        if (function)
            return function;
    }
    for (gsize i = 0; dialect == COR_DIALECT_CLOUD_SYNC && i < G_N_ELEMENTS(same); i++)
        if (strcmp(same[i].cloud, name) == 0)
            return cor_function_find(same[i].connect, COR_DIALECT_CONNECT);
    return NULL;
}
