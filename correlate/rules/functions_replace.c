/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Replace of Cloud Sync: seven arguments, of which those that are given say what is meant. Patterns
 * are .NET's there and PCRE's here: what both know is the same, a pattern that PCRE refuses is an
 * error. A pattern comes from a tenant's configuration, so what it may cost is bounded.
 */
#include "correlate/rules/expression_private.h"

#include <string.h>

#define CLOUD "app-provisioning/functions-for-customizing-application-data"

#define PATTERN_BYTES 4096
#define MATCH_LIMITS  "(*LIMIT_MATCH=200000)(*LIMIT_DEPTH=2000)"
#define MATCHES_MAX   10000

enum { SOURCE, OLD_VALUE, PATTERN, GROUP, NEW_VALUE, ATTRIBUTE, TEMPLATE, ARGUMENTS };

struct replacement {
    GRegex *regex;
    const char *group; /* of which alone the text is replaced, or NULL */
    const char *with;
    gsize ceiling; /* bytes of the result */
};

static struct cor_value refuse(struct cor_evaluation *e, const char *why)
{
    return cor_value_error(cor_arena_of(e), "the pattern cannot be used: %s", why);
}

/* NULL: *ret is the error. */
static GRegex *compile(struct cor_evaluation *e, const char *pattern, struct cor_value *ret)
{
    g_autoptr(GError) error = NULL;
    if (strlen(pattern) > PATTERN_BYTES) {
        *ret = refuse(e, "it is too long");
        return NULL;
    }
    g_autofree char *bounded = g_strconcat(MATCH_LIMITS, pattern, NULL);
    GRegex *regex = g_regex_new(bounded, 0, 0, &error);
    if (!regex)
        *ret = refuse(e, error->message);
    return regex;
}

/* --- .NET's substitutions -----------------------------------------------------------------------
 */

static void append_group(GString *out, const GMatchInfo *match, const char *name)
{
    g_autofree char *text =
        g_ascii_isdigit(*name)
            ? g_match_info_fetch(match, (gint)MIN(g_ascii_strtoull(name, NULL, 10), 1000))
            : g_match_info_fetch_named(match, name);
    g_string_append(out, text ? text : "");
}

/* $1, ${name}, $& for the whole and $$ for the sign; anything else stands for itself. */
static void append_substitution(GString *out, const GMatchInfo *match, const char *with)
{
    for (const char *at = with; *at;) {
        const char *close = at[0] == '$' && at[1] == '{' ? strchr(at, '}') : NULL;
        if (close) {
            g_autofree char *name = g_strndup(at + 2, (gsize)(close - at - 2));
            append_group(out, match, name);
            at = close + 1;
        } else if (at[0] == '$' && g_ascii_isdigit(at[1])) {
            append_group(out, match, at + 1);
            at += 1 + strspn(at + 1, "0123456789");
        } else if (at[0] == '$' && (at[1] == '$' || at[1] == '&')) {
            if (at[1] == '&')
                append_group(out, match, "0");
            else
                g_string_append_c(out, '$');
            at += 2;
        } else {
            g_string_append_c(out, *at++);
        }
    }
}

/* --- replacing ----------------------------------------------------------------------------------
 */

static void append_match(GString *out, const char *text, const GMatchInfo *match,
                         const struct replacement *r, int from, int until)
{
    int group_from, group_until;
    if (!r->group) {
        append_substitution(out, match, r->with);
        return;
    }
    if (!g_match_info_fetch_named_pos(match, r->group, &group_from, &group_until) ||
        group_from < from || group_until > until) {
        g_string_append_len(out, text + from, until - from);
        return;
    }
    g_string_append_len(out, text + from, group_from - from);
    g_string_append(out, r->with);
    g_string_append_len(out, text + group_until, until - group_until);
}

static struct cor_value replace_matches(struct cor_evaluation *e, const char *text,
                                        const struct replacement *r)
{
    g_autoptr(GMatchInfo) match = NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(GString) out = g_string_new(NULL);
    int done = 0, from = 0, until = 0;
    guint n = 0;
    g_regex_match_full(r->regex, text, -1, 0, 0, &match, &error);
    while (!error && g_match_info_matches(match)) {
        if (++n > MATCHES_MAX || out->len > r->ceiling)
            return refuse(e, "it replaces too much");
        if (g_match_info_fetch_pos(match, 0, &from, &until) && from >= done) {
            g_string_append_len(out, text + done, from - done);
            append_match(out, text, match, r, from, until);
            done = until;
        }
        g_match_info_next(match, &error);
    }
    if (error)
        return refuse(e, error->message);
    g_string_append(out, text + done);
    return cor_text_copy(e, out->str, out->len);
}

static gboolean knows_group(const GRegex *regex, const char *group)
{
    return g_regex_get_string_number(regex, group) >= 0;
}

/* What the group matches in another attribute. */
static struct cor_value extract(struct cor_evaluation *e, const GRegex *regex, const char *group,
                                const char *text)
{
    g_autoptr(GMatchInfo) match = NULL;
    g_autoptr(GError) error = NULL;
    g_regex_match_full(regex, text, -1, 0, 0, &match, &error);
    if (error)
        return refuse(e, error->message);
    g_autofree char *found =
        g_match_info_matches(match) ? g_match_info_fetch_named(match, group) : NULL;
    return found ? cor_text_copy(e, found, strlen(found)) : cor_null();
}

static struct cor_value replace_text(struct cor_evaluation *e, const char *text, const char *old,
                                     const char *with)
{
    if (!*old || !strstr(text, old))
        return cor_text_copy(e, text, strlen(text));
    g_auto(GStrv) parts = g_strsplit(text, old, -1);
    gsize n = g_strv_length(parts);
    if (n * strlen(with) + strlen(text) > COR_EXPRESSION_MAX_VALUE)
        return refuse(e, "it replaces too much");
    g_autofree char *joined = g_strjoinv(with, parts);
    return cor_text_copy(e, joined, strlen(joined));
}

static struct cor_value by_pattern(struct cor_evaluation *e, const struct cor_value *text,
                                   const gboolean *given)
{
    struct cor_value error;
    g_autoptr(GRegex) regex = compile(e, text[PATTERN].text, &error);
    if (!regex)
        return error;
    if (given[GROUP] && !knows_group(regex, text[GROUP].text))
        return cor_value_error(cor_arena_of(e), "the pattern has no group %s", text[GROUP].text);
    if (given[ATTRIBUTE] && given[GROUP] && !given[NEW_VALUE])
        return text[SOURCE].len ? text[SOURCE]
                                : extract(e, regex, text[GROUP].text, text[ATTRIBUTE].text);
    const struct replacement r = {regex, given[GROUP] ? text[GROUP].text : NULL,
                                  text[NEW_VALUE].text, COR_EXPRESSION_MAX_VALUE};
    return replace_matches(e, text[SOURCE].text, &r);
}

/* Replace(source, oldValue, regexPattern, regexGroupName, replacementValue,
 *         replacementAttributeName, template) */
static struct cor_value f_replace(struct cor_evaluation *e, const struct cor_value *args, guint n)
{
    struct cor_value text[ARGUMENTS] = {{0}};
    gboolean given[ARGUMENTS] = {FALSE};
    for (guint i = 0; i < ARGUMENTS; i++) {
        const struct cor_value none = cor_null(), *argument = i < n ? &args[i] : &none;
        given[i] = !cor_value_is_null(argument);
        if (!cor_to_text(e, argument, &text[i]))
            return text[i];
    }
    if (given[PATTERN] && given[GROUP] && n > ATTRIBUTE && !given[NEW_VALUE])
        given[ATTRIBUTE] = TRUE; /* named, though without a value here */
    if (given[PATTERN] && (given[NEW_VALUE] || given[ATTRIBUTE]))
        return !given[SOURCE] && given[NEW_VALUE] ? cor_null() : by_pattern(e, text, given);
    if (!given[SOURCE])
        return cor_null();
    if (given[OLD_VALUE] && given[TEMPLATE])
        return replace_text(e, text[TEMPLATE].text, text[OLD_VALUE].text, text[SOURCE].text);
    if (given[OLD_VALUE] && given[NEW_VALUE])
        return replace_text(e, text[SOURCE].text, text[OLD_VALUE].text, text[NEW_VALUE].text);
    return cor_value_error(cor_arena_of(e), "Replace in none of the documented forms");
}

static const struct cor_function functions[] = {
    {{"Replace", COR_DIALECT_CLOUD_SYNC, 3, ARGUMENTS, CLOUD},
     COR_FUNCTION_PER_VALUE,
     f_replace,
     NULL},
};
const struct cor_function_group cor_functions_replace = {functions, G_N_ELEMENTS(functions)};
