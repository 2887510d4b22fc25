/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a fuzz target over the files of a corpus folder without libFuzzer, so that every finding of
 * the past is replayed in every build. An empty or missing corpus is a failure, not a pass.
 */
#include <glib.h>
#include <stdint.h>
#include <stdio.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static gboolean replay_file(const char *path)
{
    g_autofree char *data = NULL;
    gsize len = 0;
    if (!g_file_get_contents(path, &data, &len, NULL)) {
        fprintf(stderr, "cannot read '%s'\n", path);
        return FALSE;
    }
    /* an exact-size copy, so that a sanitizer sees a read one byte past the end */
    g_autofree uint8_t *exact = g_malloc(len ? len : 1);
    memcpy(exact, data, len);
    LLVMFuzzerTestOneInput(exact, len);
    return TRUE;
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: %s CORPUS-FOLDER\n", argv[0]);
        return 2;
    }
    g_autoptr(GDir) dir = g_dir_open(argv[1], 0, NULL);
    guint count = 0;
    const char *name;
    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename(argv[1], name, NULL);
        if (!replay_file(path))
            return 1;
        count++;
    }
    printf("%u corpus files replayed\n", count);
    return count ? 0 : 1;
}
