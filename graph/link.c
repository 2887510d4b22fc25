/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Links of answers. The authority is cut out of the text by hand and compared whole: a second URL
 * parser beside curl's could disagree with it about where the host ends, so everything that parsers
 * disagree about (backslash, user information, control characters) is refused before.
 */
#include "graph/link.h"

#include "correlate/error.h"

#include <string.h>

#define SCHEME      "https://"
#define HINT_WINDOW 8192

/* Lower-case host[:port] without the default port; NULL when the text is no plain https URL. */
static char *authority_of(const char *url)
{
    if (g_ascii_strncasecmp(url, SCHEME, strlen(SCHEME)) != 0)
        return NULL;
    const char *start = url + strlen(SCHEME);
    gsize len = strcspn(start, "/?#");
    if (len == 0 || strcspn(start, "@\\%") < len)
        return NULL;
    for (const char *at = url; *at; at++)
        if ((guchar)*at <= 0x20 || *at == 0x7f)
            return NULL;
    char *authority = g_ascii_strdown(start, (gssize)len);
    if (g_str_has_suffix(authority, ":443"))
        authority[len - strlen(":443")] = '\0';
    return authority;
}

gboolean entra_link_check_base(const char *base, GError **error)
{
    g_autofree char *authority = authority_of(base);
    if (authority)
        return TRUE;
    g_set_error(error, ENTRA_ERROR, COR_E_CONFIG, "'%s' is not an https:// address", base);
    return FALSE;
}

gboolean entra_link_check(const char *base, const char *link, GError **error)
{
    if (strlen(link) > ENTRA_MAX_LINK) {
        g_set_error(error, ENTRA_ERROR, COR_E_LIMIT,
                    "the service sent a link of more than %d bytes", ENTRA_MAX_LINK);
        return FALSE;
    }
    g_autofree char *ours = authority_of(base);
    g_autofree char *theirs = authority_of(link);
    if (ours && theirs && g_str_equal(ours, theirs))
        return TRUE;
    g_autofree char *shown = theirs ? g_utf8_make_valid(theirs, -1) : g_strdup("no https address");
    g_set_error(error, ENTRA_ERROR, COR_E_INPUT,
                "the service sent a link to another host (%.100s), which is not followed", shown);
    return FALSE;
}

static char *hint_in(const char *from, gsize len)
{
    static const char name[] = "\"@odata.nextLink\"";
    const char *at = g_strstr_len(from, (gssize)len, name);
    if (!at)
        return NULL;
    const char *end = from + len;
    at += strlen(name);
    while (at < end && strchr(" \t\r\n:", *at) && *at)
        at++;
    if (at >= end || *at++ != '"')
        return NULL;
    const char *close = memchr(at, '"', (gsize)(end - at));
    if (!close || memchr(at, '\\', (gsize)(close - at)) || memchr(at, '\0', (gsize)(close - at)))
        return NULL;
    return g_strndup(at, (gsize)(close - at));
}

char *entra_link_hint(const char *body, gsize len)
{
    char *hint = hint_in(body, MIN(len, HINT_WINDOW));
    if (!hint && len > HINT_WINDOW)
        hint = hint_in(body + len - HINT_WINDOW, HINT_WINDOW);
    return hint;
}
