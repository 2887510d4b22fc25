/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Functions of Cloud Sync. Those that Connect has under another name and with the same arguments
 * are the same function; the others are written here.
 */
#include "correlate/rules/expression_private.h"

#include <string.h>

#define SHIPPED "shipped, not documented"
#define CLOUD   "app-provisioning/functions-for-customizing-application-data"

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
        if (!cor_value_is_null(&args[i]))
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
    if (n % 2)
        return cor_value_error(cor_arena_of(e), "Switch needs pairs of a key and a value");
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

/* Of the page's table, those that do not decompose into a plain letter and a mark. */
static const struct {
    const char *letter, *plain;
} letters[] = {{"ø", "oe"}, {"Ø", "OE"}, {"œ", "oe"}, {"Œ", "OE"}, {"æ", "ae"},
               {"Æ", "AE"}, {"ß", "ss"}, {"ł", "l"},  {"Ł", "L"},  {"ı", "i"}};

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

/* Join(separator, source, ...): of several values each; what is empty takes no part, as the page's
 * example Join(", ", "", [surname], [givenName]) shows. */
static struct cor_value f_join(struct cor_evaluation *e, const struct cor_value *args, guint n)
{
    struct cor_value separator, text;
    g_autoptr(GString) out = g_string_new(NULL);
    gboolean first = TRUE;
    if (!cor_to_text(e, &args[0], &separator))
        return separator;
    for (guint i = 1; i < n; i++) {
        const struct cor_value list = cor_as_list(e, &args[i]);
        if (list.type == COR_VALUE_ERROR)
            return list;
        for (gsize k = 0; k < list.len; k++) {
            if (!cor_to_text(e, &list.items[k], &text))
                return text;
            if (text.len == 0)
                continue;
            g_string_append(first ? out : g_string_append(out, separator.text), text.text);
            first = FALSE;
        }
    }
    return cor_text_copy(e, out->str, out->len);
}

/* The page's example drops the blank after the comma. */
static struct cor_value f_split(struct cor_evaluation *e, const struct cor_value *args, guint n)
{
    struct cor_value text, delimiter;
    (void)n;
    if (!cor_to_text(e, &args[0], &text))
        return text;
    if (!cor_to_text(e, &args[1], &delimiter))
        return delimiter;
    if (delimiter.len == 0)
        return cor_as_list(e, &text);
    g_auto(GStrv) parts = g_strsplit(text.text, delimiter.text, -1);
    gsize count = g_strv_length(parts);
    struct cor_value *items = cor_arena_alloc(cor_arena_of(e), MAX(count, 1) * sizeof *items);
    if (!items)
        return cor_value_error(cor_arena_of(e), "the values grow beyond their limit");
    for (gsize i = 0; i < count; i++) {
        const char *bare = g_strstrip(parts[i]);
        items[i] = cor_text_copy(e, bare, strlen(bare));
        if (items[i].type == COR_VALUE_ERROR)
            return items[i];
    }
    return (struct cor_value){.type = COR_VALUE_MULTI, .len = count, .items = items};
}

/* The Unicode categories that part words when none are named: all but letters, digits and marks. */
static gboolean parts_words(gunichar c, const char *separators)
{
    if (separators)
        return g_utf8_strchr(separators, -1, c) != NULL;
    return !g_unichar_isalnum(c) && !g_unichar_ismark(c);
}

static struct cor_value f_pcase(struct cor_evaluation *e, const struct cor_value *args, guint n)
{
    struct cor_value text, separators;
    gboolean first = TRUE, named = n > 1 && !cor_value_is_null(&args[1]);
    if (!cor_to_text(e, &args[0], &text))
        return text;
    if (named && !cor_to_text(e, &args[1], &separators))
        return separators;
    g_autoptr(GString) out = g_string_new(NULL);
    for (const char *c = text.text; *c; c = g_utf8_next_char(c)) {
        gunichar letter = g_utf8_get_char(c);
        g_string_append_unichar(out, first ? g_unichar_toupper(letter) : g_unichar_tolower(letter));
        first = parts_words(letter, named ? separators.text : NULL);
    }
    return cor_text_copy(e, out->str, out->len);
}

/* Cultures whose rules for i differ from the invariant ones; all others are taken as invariant. */
static gboolean culture_ok(struct cor_evaluation *e, const struct cor_value *args, guint n,
                           struct cor_value *ret_error)
{
    static const char *const others[] = {"tr", "az", "lt"};
    struct cor_value culture;
    if (n < 2)
        return TRUE;
    if (!cor_to_text(e, &args[1], &culture)) {
        *ret_error = culture;
        return FALSE;
    }
    for (gsize i = 0; i < G_N_ELEMENTS(others); i++)
        if (g_ascii_strncasecmp(culture.text, others[i], 2) == 0) {
            *ret_error = cor_value_error(cor_arena_of(e), "the rules of culture %s are not known",
                                         culture.text);
            return FALSE;
        }
    return TRUE;
}

static struct cor_value f_lower(struct cor_evaluation *e, const struct cor_value *args, guint n)
{
    struct cor_value text, error;
    if (!culture_ok(e, args, n, &error))
        return error;
    if (!cor_to_text(e, &args[0], &text))
        return text;
    g_autofree char *lower = g_utf8_strdown(text.text, (gssize)text.len);
    return cor_text_copy(e, lower, strlen(lower));
}

static struct cor_value f_upper(struct cor_evaluation *e, const struct cor_value *args, guint n)
{
    struct cor_value text, error;
    if (!culture_ok(e, args, n, &error))
        return error;
    if (!cor_to_text(e, &args[0], &text))
        return text;
    g_autofree char *upper = g_utf8_strup(text.text, (gssize)text.len);
    return cor_text_copy(e, upper, strlen(upper));
}

/* Redact hides a value in the service's logs; the value flows as it is. */
static struct cor_value f_redact(struct cor_evaluation *e, const struct cor_value *args, guint n)
{
    (void)e, (void)n;
    return args[0];
}

/* What the service makes of app role assignments, values that exist nowhere before, and random
 * ones cannot be foretold: the flow ends in an error that says so, and no value is guessed. */
static struct cor_value f_unforeseeable(struct cor_evaluation *e, const struct cor_node *node)
{
    return cor_value_error(cor_arena_of(e), "%s cannot be foretold: the service decides",
                           node->function->info.name);
}

/* Those that are the same function in Connect, under the same name. */
static const char *const same[] = {
    "BitAnd",
    "CBool",
    "CDate",
    "ConvertToBase64",
    "ConvertToUTF8Hex",
    "Count",
    "CStr",
    "DateAdd",
    "DateFromNum",
    "Guid",
    "IIF",
    "InStr",
    "IsNull",
    "IsNullOrEmpty",
    "IsPresent",
    "IsString",
    "Item",
    "Left",
    "Mid",
    "Now",
    "NumFromDate",
    "RemoveDuplicates",
    "Trim",
    "Word",
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
    F("Join", 2, G_MAXUINT, 0, f_join),
    F("PCase", 1, 2, COR_FUNCTION_PER_VALUE | COR_FUNCTION_NULL, f_pcase),
    F("Redact", 1, 1, 0, f_redact),
    F("Split", 2, 2, COR_FUNCTION_NULL, f_split),
    F("ToLower", 1, 2, COR_FUNCTION_PER_VALUE | COR_FUNCTION_NULL, f_lower),
    F("ToUpper", 1, 2, COR_FUNCTION_PER_VALUE | COR_FUNCTION_NULL, f_upper),
    F("Not", 1, 1, 0, f_not),
    F("StripSpaces", 1, 1, COR_FUNCTION_PER_VALUE | COR_FUNCTION_NULL, f_strip_spaces),
    F("Switch", 2, G_MAXUINT, 0, f_switch),
    U("AppRoleAssignmentsComplex", 1),
    U("SingleAppRoleAssignment", 1),
    U("SelectUniqueValue", G_MAXUINT),
    U("RandomString", G_MAXUINT),
};
const struct cor_function_group cor_functions_cloud = {functions, G_N_ELEMENTS(functions)};

static const struct cor_function_group *const groups[] = {
    &cor_functions_logic, &cor_functions_text,    &cor_functions_list,  &cor_functions_convert,
    &cor_functions_date,  &cor_functions_replace, &cor_functions_cloud, &cor_functions_certificate,
};

static const struct cor_function *find_in(const struct cor_function *list, gsize n,
                                          const char *name, enum cor_dialect dialect)
{
    for (gsize i = 0; i < n; i++)
        if (list[i].info.dialect == dialect && strcmp(list[i].info.name, name) == 0)
            return &list[i];
    return NULL;
}

static const struct cor_function *find_in_groups(const char *name, enum cor_dialect dialect)
{
    for (gsize g = 0; g < G_N_ELEMENTS(groups); g++) {
        const struct cor_function *function =
            find_in(groups[g]->functions, groups[g]->n, name, dialect);
        if (function)
            return function;
    }
    return NULL;
}

/* The shared functions as those of Cloud Sync; made once. */
static const struct cor_function *shared_functions(void)
{
    static struct cor_function shared[G_N_ELEMENTS(same)];
    static gsize made;
    if (g_once_init_enter(&made)) {
        for (gsize i = 0; i < G_N_ELEMENTS(same); i++) {
            shared[i] = *find_in_groups(same[i], COR_DIALECT_CONNECT);
            shared[i].info.dialect = COR_DIALECT_CLOUD_SYNC;
            shared[i].info.source = strcmp(same[i], "Trim") == 0 ? SHIPPED : CLOUD;
        }
        g_once_init_leave(&made, 1);
    }
    return shared;
}

const struct cor_function *cor_function_find(const char *name, enum cor_dialect dialect)
{
    const struct cor_function *function = find_in_groups(name, dialect);
    return function ? function : find_in(shared_functions(), G_N_ELEMENTS(same), name, dialect);
}

const struct cor_function_info *cor_function_table(gsize *ret_n)
{
    static struct cor_function_info table[200];
    static gsize made; /* rows */
    if (g_once_init_enter(&made)) {
        gsize n = 0;
        for (gsize g = 0; g < G_N_ELEMENTS(groups); g++)
            for (gsize i = 0; i < groups[g]->n; i++)
                table[n++] = groups[g]->functions[i].info;
        for (gsize i = 0; i < G_N_ELEMENTS(same); i++)
            table[n++] = shared_functions()[i].info;
        g_assert(n <= G_N_ELEMENTS(table));
        g_once_init_leave(&made, n);
    }
    *ret_n = made;
    return table;
}
