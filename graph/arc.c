/* SPDX-License-Identifier: Apache-2.0 */
#include "graph/arc.h"

#include "correlate/error.h"
#include "graph/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define USUAL_ENDPOINT "http://127.0.0.1:40342/metadata/identity/oauth2/token"
#define VERSION        "2019-11-01" /* of the page's Linux sample */
#define NAME_CHARS     G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "-_."

static gboolean is_loopback(const char *url)
{
    static const char *const hosts[] = {"http://localhost", "http://127.0.0.1", "http://[::1]"};
    for (guint i = 0; i < G_N_ELEMENTS(hosts); i++) {
        const char *rest = url + strlen(hosts[i]);
        if (!g_str_has_prefix(url, hosts[i]))
            continue;
        if (*rest == ':')
            rest += 1 + strspn(rest + 1, G_CSET_DIGITS);
        return *rest == '/' && !rest[strcspn(rest, "?#@\\ ")];
    }
    return FALSE;
}

char *entra_arc_url(const char *endpoint, const char *resource, GError **error)
{
    if (!endpoint || !*endpoint)
        endpoint = USUAL_ENDPOINT;
    if (!is_loopback(endpoint)) {
        g_set_error(error, ENTRA_ERROR, COR_E_CONFIG,
                    "IDENTITY_ENDPOINT '%.100s' is no http:// address of this host", endpoint);
        return NULL;
    }
    g_autofree char *escaped = g_uri_escape_string(resource, NULL, FALSE);
    return g_strdup_printf("%s?api-version=" VERSION "&resource=%s", endpoint, escaped);
}

char *entra_arc_key_path(const char *challenge, GError **error)
{
    static const char scheme[] = "Basic realm=";
    const char *dir = ENTRA_ARC_DIRECTORY;
    if (!challenge || g_ascii_strncasecmp(challenge, scheme, strlen(scheme)) != 0) {
        g_set_error_literal(error, ENTRA_ERROR, COR_E_INPUT,
                            "the Arc agent answered without the challenge that names a key file");
        return NULL;
    }
    const char *path = challenge + strlen(scheme);
    gsize len = strlen(path);
    gboolean quoted = len >= 2 && path[0] == '"' && path[len - 1] == '"';
    g_autofree char *plain = quoted ? g_strndup(path + 1, len - 2) : g_strdup(path);
    const char *name = g_str_has_prefix(plain, dir) ? plain + strlen(dir) : NULL;
    if (name && *name != '.' && g_str_has_suffix(name, ".key") && strlen(name) <= 255 &&
        name[strspn(name, NAME_CHARS)] == '\0')
        return g_steal_pointer(&plain);
    g_set_error(error, ENTRA_ERROR, COR_E_INPUT,
                "the Arc agent named a key file that is no .key file in %s, so it is not read",
                dir);
    return NULL;
}

static gssize read_key(int fd, char *buffer, gsize size)
{
    gsize len = 0;
    ssize_t got = 0;
    while (len < size && (got = read(fd, buffer + len, size - len)) != 0) {
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -1;
        len += (gsize)got;
    }
    return (gssize)len;
}

static char *usable(char *buffer, gsize len)
{
    while (len > 0 && g_ascii_isspace(buffer[len - 1]))
        len--;
    for (gsize i = 0; i < len; i++)
        if (!g_ascii_isprint(buffer[i]))
            return NULL;
    return len > 0 ? g_strndup(buffer, len) : NULL;
}

char *entra_arc_key(const char *path, GError **error)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
    struct stat info;
    if (fd < 0) {
        g_set_error(error, ENTRA_ERROR, COR_E_CONFIG, "cannot read the Arc agent's key file: %s%s",
                    g_strerror(errno),
                    errno == EACCES ? "; add this program's user to the group himds" : "");
        return NULL;
    }
    char buffer[ENTRA_ARC_KEY_BYTES + 1];
    gboolean plain = fstat(fd, &info) == 0 && S_ISREG(info.st_mode);
    gssize len = plain ? read_key(fd, buffer, sizeof buffer) : -1;
    close(fd);
    char *key = len > 0 && len <= ENTRA_ARC_KEY_BYTES ? usable(buffer, (gsize)len) : NULL;
    explicit_bzero(buffer, sizeof buffer);
    if (!key)
        g_set_error(error, ENTRA_ERROR, COR_E_INPUT,
                    "the Arc agent's key file is empty, larger than %d bytes or no text",
                    ENTRA_ARC_KEY_BYTES);
    return key;
}
