/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The client secret. It is read again for each token, so that a replaced file is noticed without a
 * restart, and cleared after use. The permissions are judged on the open file, not on its name.
 */
#include "graph/secret.h"

#include "correlate/error.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_SECRET = 4096 };

static gboolean mode_ok(int fd, const char *path, GError **error)
{
    struct stat info;
    if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
        g_set_error(error, ENTRA_ERROR, COR_E_CONFIG, "secret file '%s' is not a regular file",
                    path);
        return FALSE;
    }
    if (info.st_mode & (S_IRWXG | S_IRWXO)) {
        g_set_error(error, ENTRA_ERROR, COR_E_CONFIG,
                    "secret file '%s' can be read by others (mode %04o); run: chmod 600 '%s'", path,
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

char *entra_secret_read(const char *path, GError **error)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        g_set_error(error, ENTRA_ERROR, COR_E_CONFIG, "cannot read secret file '%s': %s", path,
                    g_strerror(errno));
        return NULL;
    }
    char buffer[MAX_SECRET + 1];
    gssize len = mode_ok(fd, path, error) ? read_all(fd, buffer, MAX_SECRET) : -2;
    close(fd);
    char *secret = NULL;
    if (len >= 0) {
        buffer[len] = '\0';
        gsize line = strcspn(buffer, "\r\n");
        gboolean one_line = buffer[line + strspn(buffer + line, "\r\n")] == '\0';
        if (line > 0 && one_line && strlen(buffer) == (gsize)len)
            secret = g_strndup(buffer, line);
    }
    explicit_bzero(buffer, sizeof buffer);
    if (!secret && len != -2)
        g_set_error(error, ENTRA_ERROR, COR_E_CONFIG,
                    "secret file '%s' does not hold one line with the client secret", path);
    return secret;
}

void entra_secret_free(char *secret)
{
    if (secret)
        explicit_bzero(secret, strlen(secret));
    g_free(secret);
}
