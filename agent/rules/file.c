/* SPDX-License-Identifier: Apache-2.0 */
/* Files of an export: read under a ceiling, and turned into UTF-8 whatever they were written in. */
#include "agent/rules/file.h"

#include "correlate/error.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static gboolean fail(const char *name, enum cor_code code, const char *what, GError **error)
{
    g_set_error(error, AGENT_ERROR, (int)code, "%s: %s", name, what);
    return FALSE;
}

static gboolean read_all(int fd, const char *name, GByteArray *bytes, GError **error)
{
    guint8 block[65536];
    for (;;) {
        ssize_t got = read(fd, block, sizeof block);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return fail(name, COR_E_INPUT, g_strerror(errno), error);
        if (got == 0)
            return TRUE;
        if (bytes->len + (gsize)got > RULES_FILE_MAX) {
            g_autofree char *what = g_strdup_printf(
                "expected at most %" G_GSIZE_FORMAT " bytes, found more", RULES_FILE_MAX);
            return fail(name, COR_E_LIMIT, what, error);
        }
        g_byte_array_append(bytes, block, (guint)got);
    }
}

char *rules_file_text(const char *path, const char *name, gsize *ret_len, GError **error)
{
    /* a device or a pipe in the folder must not hold us up */
    int fd = g_open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0);
    struct stat info;
    if (fd < 0) {
        fail(name, COR_E_CONFIG, g_strerror(errno), error);
        return NULL;
    }
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    gboolean ok = fstat(fd, &info) == 0 && S_ISREG(info.st_mode);
    if (!ok)
        fail(name, COR_E_CONFIG, "expected a file, found something else", error);
    ok = ok && read_all(fd, name, bytes, error);
    close(fd);
    return ok ? rules_decode(bytes->data, bytes->len, name, ret_len, error) : NULL;
}

/* How a text begins tells its encoding: first the marks, then an ASCII character in each form. */
static const struct {
    const char *encoding;
    guint8 start[4];
    guint8 len, mark; /* bytes to compare; bytes of the mark to drop */
} encodings[] = {
    {"UTF-32LE", {0xFF, 0xFE, 0, 0}, 4, 4}, {"UTF-32BE", {0, 0, 0xFE, 0xFF}, 4, 4},
    {"UTF-16LE", {0xFF, 0xFE}, 2, 2},       {"UTF-16BE", {0xFE, 0xFF}, 2, 2},
    {"UTF-8", {0xEF, 0xBB, 0xBF}, 3, 3},    {"UTF-32LE", {'<', 0, 0, 0}, 4, 0},
    {"UTF-32BE", {0, 0, 0, '<'}, 4, 0},     {"UTF-16LE", {'<', 0}, 2, 0},
    {"UTF-16BE", {0, '<'}, 2, 0},           {"UTF-16LE", {'{', 0}, 2, 0},
    {"UTF-16BE", {0, '{'}, 2, 0},
};

char *rules_decode(const void *data, gsize len, const char *name, gsize *ret_len, GError **error)
{
    const char *encoding = "UTF-8";
    gsize skip = 0;
    for (guint i = 0; i < G_N_ELEMENTS(encodings); i++) {
        if (len >= encodings[i].len && memcmp(data, encodings[i].start, encodings[i].len) == 0) {
            encoding = encodings[i].encoding;
            skip = encodings[i].mark;
            break;
        }
    }
    const char *body = len ? (const char *)data + skip : "";
    gsize rest = len - skip;
    char *text;
    if (strcmp(encoding, "UTF-8") != 0) {
        text = g_convert(body, (gssize)rest, "UTF-8", encoding, NULL, ret_len, NULL);
    } else {
        *ret_len = rest;
        text = g_utf8_validate_len(body, rest, NULL) ? g_strndup(body, rest) : NULL;
    }
    if (text)
        return text;
    g_autofree char *what = g_strdup_printf("expected text in %s, found other bytes", encoding);
    fail(name, COR_E_INPUT, what, error);
    return NULL;
}

char *rules_guid(const char *text)
{
    gsize len = strlen(text);
    g_autofree char *bare = NULL;
    if (len == 38 && text[0] == '{' && text[37] == '}')
        bare = g_strndup(text + 1, 36);
    else
        bare = g_strdup(text);
    if (!g_uuid_string_is_valid(bare))
        return NULL;
    g_autofree char *lower = g_ascii_strdown(bare, -1);
    return g_strdup_printf("{%s}", lower);
}
