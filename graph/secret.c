/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files with secrets. They are read again for each token, so that a replaced file is noticed
 * without a restart, and cleared after use. The permissions are judged on the open file, not on its
 * name.
 */
#include "graph/secret.h"

#include "correlate/error.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_SECRET = 4096 };

static gboolean mode_ok(int fd, const char *what, const char *path, GError **error)
{
    struct stat info;
    if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
        g_set_error(error, ENTRA_ERROR, COR_E_CONFIG, "%s '%s' is not a regular file", what, path);
        return FALSE;
    }
    if (info.st_mode & (S_IRWXG | S_IRWXO)) {
        g_set_error(error, ENTRA_ERROR, COR_E_CONFIG,
                    "%s '%s' can be read by others (mode %04o); run: chmod 600 '%s'", what, path,
                    (unsigned)(info.st_mode & 07777), path);
        return FALSE;
    }
    return TRUE;
}

static gssize read_all(int fd, char *buffer, gsize size)
{
    gsize len = 0;
    while (len < size) {
        ssize_t got = read(fd, buffer + len, size - len);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -1;
        if (got == 0)
            break;
        len += (gsize)got;
    }
    return (gssize)len;
}

char *entra_secret_bytes(const char *what, const char *path, gsize max, gsize *ret_len,
                         GError **error)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        g_set_error(error, ENTRA_ERROR, COR_E_CONFIG, "cannot read %s '%s': %s", what, path,
                    g_strerror(errno));
        return NULL;
    }
    if (!mode_ok(fd, what, path, error)) {
        close(fd);
        return NULL;
    }
    char *bytes = g_malloc0(max + 2);
    gssize len = read_all(fd, bytes, max + 1);
    int failure = errno;
    close(fd);
    if (len >= 0 && (gsize)len <= max) {
        *ret_len = (gsize)len;
        return bytes;
    }
    if (len < 0)
        g_set_error(error, ENTRA_ERROR, COR_E_CONFIG, "cannot read %s '%s': %s", what, path,
                    g_strerror(failure));
    else
        g_set_error(error, ENTRA_ERROR, COR_E_CONFIG,
                    "%s '%s' is larger than %" G_GSIZE_FORMAT " bytes", what, path, max);
    entra_bytes_free(bytes, max);
    return NULL;
}

void entra_bytes_free(char *bytes, gsize len)
{
    if (bytes)
        explicit_bzero(bytes, len);
    g_free(bytes);
}

static char *one_line(const char *bytes, gsize len)
{
    gsize line = strcspn(bytes, "\r\n");
    gboolean alone = bytes[line + strspn(bytes + line, "\r\n")] == '\0';
    return line > 0 && alone && strlen(bytes) == len ? g_strndup(bytes, line) : NULL;
}

static char *read_line(const char *what, const char *path, const char *content, GError **error)
{
    gsize len = 0;
    char *bytes = entra_secret_bytes(what, path, MAX_SECRET, &len, error);
    if (!bytes)
        return NULL;
    char *line = one_line(bytes, len);
    entra_bytes_free(bytes, len);
    if (!line)
        g_set_error(error, ENTRA_ERROR, COR_E_CONFIG, "%s '%s' does not hold one line%s", what,
                    path, content);
    return line;
}

char *entra_secret_line(const char *what, const char *path, GError **error)
{
    return read_line(what, path, "", error);
}

char *entra_secret_read(const char *path, GError **error)
{
    return read_line("secret file", path, " with the client secret", error);
}

void entra_secret_free(char *secret)
{
    if (secret)
        explicit_bzero(secret, strlen(secret));
    g_free(secret);
}
