/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_TESTS_UNIT_LDAP_FIXTURE_H
#define ANCHORWATCH_TESTS_UNIT_LDAP_FIXTURE_H

/* A scripted LDAP server in a child process (tests/lab/fakeldap.py), and a sink that remembers. */

#include "correlate/error.h"
#include "ldap/capture.h"

#include <glib/gstdio.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* --- sink ------------------------------------------------------------------------------------- */

struct memory {
    struct cor_sink sink; /* first: the sink is the memory */
    GHashTable *records;  /* key -> struct cor_record * (a copy) */
    GHashTable *links;    /* set of "kind source target" */
    guint finished, abandoned;
    gboolean complete;
    char *problems; /* joined by newlines */
    struct cor_half_stats stats;
    guint fail_after; /* the sink refuses the record with this number; 0 never */
    /* What makes it a store over several captures, see memory_again. */
    gboolean incremental;
    GHashTable *kept_records, *kept_links; /* as records and links, of the last capture */
    struct cor_json *checkpoint, *staged_checkpoint;
    struct cor_view view;     /* of what is kept */
    guint unlinked_unplanned; /* calls that only an incremental half may make */
};

static inline gboolean memory_only_incremental(struct memory *memory)
{
    memory->unlinked_unplanned += !memory->incremental;
    return TRUE;
}

static inline void memory_copy(GHashTable *to, GHashTable *from)
{
    GHashTableIter iter;
    gpointer key, value;
    g_hash_table_iter_init(&iter, from);
    while (g_hash_table_iter_next(&iter, &key, &value))
        g_hash_table_insert(to, g_strdup(key), value ? cor_record_copy(value) : NULL);
}

static inline gboolean memory_incremental(struct cor_sink *self, GError **error)
{
    struct memory *memory = (struct memory *)self;
    (void)error;
    /* it must come first */
    assert_int_equal(g_hash_table_size(memory->records), 0);
    memory->incremental = TRUE;
    memory_copy(memory->records, memory->kept_records);
    memory_copy(memory->links, memory->kept_links);
    return TRUE;
}

static inline gboolean has_prefix(gpointer key, gpointer value, gpointer prefix)
{
    (void)value;
    return g_str_has_prefix(key, prefix);
}

static inline gboolean memory_links_follow(struct cor_sink *self, const char *source_key,
                                           const char *kind, GError **error)
{
    struct memory *memory = (struct memory *)self;
    g_autofree char *prefix = g_strdup_printf("%s %s ", kind, source_key);
    (void)error;
    g_hash_table_foreach_remove(memory->links, has_prefix, prefix);
    return memory_only_incremental(memory);
}

static inline gboolean memory_unlink(struct cor_sink *self, const struct cor_link *link,
                                     GError **error)
{
    struct memory *memory = (struct memory *)self;
    g_autofree char *text =
        g_strdup_printf("%s %s %s", link->kind, link->source_key, link->target_key);
    (void)error;
    g_hash_table_remove(memory->links, text);
    return memory_only_incremental(memory);
}

static inline gboolean names(gpointer key, gpointer value, gpointer object)
{
    (void)value;
    return strstr(key, object) != NULL;
}

static inline gboolean memory_gone(struct cor_sink *self, const char *key, GError **error)
{
    struct memory *memory = (struct memory *)self;
    (void)error;
    g_hash_table_remove(memory->records, key);
    g_hash_table_foreach_remove(memory->links, names, (gpointer)key);
    return memory_only_incremental(memory);
}

static inline gboolean memory_checkpoint(struct cor_sink *self, const char *stream,
                                         const struct cor_json *doc, GError **error)
{
    struct memory *memory = (struct memory *)self;
    (void)error;
    assert_string_equal(stream, AD_STREAM);
    cor_json_free(memory->staged_checkpoint);
    memory->staged_checkpoint = cor_json_copy(doc);
    return TRUE;
}

static inline GPtrArray *memory_view_links(struct cor_view *self, enum cor_directory directory,
                                           const char *kind, const char *key, gboolean incoming,
                                           GError **error)
{
    struct memory *memory = (struct memory *)((char *)self - offsetof(struct memory, view));
    GPtrArray *found = g_ptr_array_new_with_free_func(g_free);
    GHashTableIter iter;
    gpointer link;
    (void)directory;
    (void)error;
    assert_true(incoming);
    g_hash_table_iter_init(&iter, memory->kept_links);
    while (g_hash_table_iter_next(&iter, &link, NULL)) {
        g_auto(GStrv) words = g_strsplit(link, " ", 3);
        if (strcmp(words[0], kind) == 0 && strcmp(words[2], key) == 0)
            g_ptr_array_add(found, g_strdup(words[1]));
    }
    return found;
}

static inline gboolean memory_record(struct cor_sink *self, const struct cor_record *record,
                                     GError **error)
{
    struct memory *memory = (struct memory *)self;
    if (memory->fail_after && g_hash_table_size(memory->records) + 1 >= memory->fail_after) {
        g_set_error(error, STORE_ERROR, COR_E_STORE, "disk full");
        return FALSE;
    }
    struct cor_record *copy = cor_record_new(record->directory, record->type, record->key);
    copy->life = record->life;
    g_free(copy->name);
    copy->name = g_strdup(record->name);
    cor_json_free(copy->attributes);
    copy->attributes = cor_json_copy(record->attributes);
    copy->metadata = record->metadata ? cor_json_copy(record->metadata) : NULL;
    g_hash_table_replace(memory->records, g_strdup(record->key), copy);
    return TRUE;
}

static inline gboolean memory_link(struct cor_sink *self, const struct cor_link *link,
                                   GError **error)
{
    struct memory *memory = (struct memory *)self;
    (void)error;
    g_hash_table_replace(
        memory->links, g_strdup_printf("%s %s %s", link->kind, link->source_key, link->target_key),
        NULL);
    return TRUE;
}

static inline gboolean memory_finish(struct cor_sink *self, const struct cor_proof *proof,
                                     const struct cor_half_stats *stats, GError **error)
{
    struct memory *memory = (struct memory *)self;
    (void)error;
    g_autoptr(GPtrArray) problems = cor_proof_problems(proof);
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < problems->len; i++)
        g_string_append_printf(text, "%s\n", (char *)problems->pdata[i]);
    memory->finished++;
    memory->complete = cor_proof_complete(proof);
    if (!memory->complete) { /* what was there stays, with what is new */
        GHashTableIter iter;
        gpointer key, value;
        g_hash_table_iter_init(&iter, memory->kept_records);
        while (g_hash_table_iter_next(&iter, &key, &value))
            if (!g_hash_table_contains(memory->records, key))
                g_hash_table_insert(memory->records, g_strdup(key), cor_record_copy(value));
        memory_copy(memory->links, memory->kept_links);
    } else if (memory->staged_checkpoint) {
        cor_json_free(memory->checkpoint);
        memory->checkpoint = g_steal_pointer(&memory->staged_checkpoint);
    }
    memory->problems = g_string_free(text, FALSE);
    memory->stats = *stats;
    return TRUE;
}

static inline void memory_abandon(struct cor_sink *self, const struct cor_half_stats *stats,
                                  const GError *reason)
{
    struct memory *memory = (struct memory *)self;
    memory->abandoned++;
    memory->stats = *stats;
    memory->problems = g_strdup(reason->message);
}

static inline void memory_init(struct memory *memory)
{
    *memory = (struct memory){
        .sink = {.record = memory_record,
                 .link = memory_link,
                 .incremental = memory_incremental,
                 .links_follow = memory_links_follow,
                 .unlink = memory_unlink,
                 .gone = memory_gone,
                 .checkpoint = memory_checkpoint,
                 .finish = memory_finish,
                 .abandon = memory_abandon},
        .records =
            g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)cor_record_free),
        .links = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
        .kept_records =
            g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)cor_record_free),
        .kept_links = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
        .view = {.links = memory_view_links},
    };
}

/* Keep what the last capture gave (nothing of a failed one) and be ready for the next. */
static inline void memory_again(struct memory *memory)
{
    if (memory->finished) {
        g_hash_table_remove_all(memory->kept_records);
        g_hash_table_remove_all(memory->kept_links);
        memory_copy(memory->kept_records, memory->records);
        memory_copy(memory->kept_links, memory->links);
    }
    g_hash_table_remove_all(memory->records);
    g_hash_table_remove_all(memory->links);
    g_clear_pointer(&memory->staged_checkpoint, cor_json_free);
    g_clear_pointer(&memory->problems, g_free);
    memory->finished = memory->abandoned = 0;
    memory->complete = memory->incremental = FALSE;
}

static inline void memory_clear(struct memory *memory)
{
    g_hash_table_unref(memory->records);
    g_hash_table_unref(memory->links);
    g_hash_table_unref(memory->kept_records);
    g_hash_table_unref(memory->kept_links);
    cor_json_free(memory->checkpoint);
    cor_json_free(memory->staged_checkpoint);
    g_free(memory->problems);
}

static inline guint memory_count(const struct memory *memory, const char *type, enum cor_life life)
{
    GHashTableIter iter;
    gpointer value;
    guint count = 0;
    g_hash_table_iter_init(&iter, memory->records);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const struct cor_record *record = value;
        count += strcmp(record->type, type) == 0 && record->life == life;
    }
    return count;
}

/* --- server ----------------------------------------------------------------------------------- */

struct fake {
    char *dir, *server, *ca, *password, *other_ca;
    GPid pid;
    int input;
};

static inline gboolean fake_run(const char *command)
{
    int status = 0;
    g_autofree char *out = NULL, *err = NULL;
    return g_spawn_command_line_sync(command, &out, &err, &status, NULL) && status == 0;
}

/* Certificates for the loopback address (libldap replaces "localhost") in a directory of the test;
 * FALSE when openssl is missing. */
static inline gboolean fake_prepare(struct fake *fake)
{
    static const char *const commands[] = {
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 "
        "-subj /CN=localhost -addext subjectAltName=IP:127.0.0.1 -keyout %s/key -out %s/cert",
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 "
        "-subj /CN=other -keyout %s/other-key -out %s/other-cert",
    };
    fake->dir = g_dir_make_tmp("anchorwatch-ldap-XXXXXX", NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(commands); i++) {
        g_auto(GStrv) parts = g_strsplit(commands[i], "%s", -1);
        g_autofree char *command = g_strjoinv(fake->dir, parts);
        if (!fake_run(command))
            return FALSE;
    }
    fake->ca = g_build_filename(fake->dir, "cert", NULL);
    fake->other_ca = g_build_filename(fake->dir, "other-cert", NULL);
    fake->password = g_build_filename(fake->dir, "password", NULL);
    return g_file_set_contents(fake->password, "fake-secret\n", -1, NULL) &&
           g_chmod(fake->password, 0600) == 0 && fake_run("python3 -c 'import ssl'");
}

static inline void fake_start(struct fake *fake, const char *scenario, guint users)
{
    g_autofree char *port_file = g_build_filename(fake->dir, "port", NULL);
    g_autofree char *key = g_build_filename(fake->dir, "key", NULL);
    g_autofree char *count = g_strdup_printf("%u", users);
    g_autofree char *port = NULL;
    gboolean delta = g_str_has_prefix(scenario, "delta-");
    const char *argv[] = {"python3",
                          delta ? AW_SOURCE_DIR "/tests/lab/fakedelta.py"
                                : AW_SOURCE_DIR "/tests/lab/fakeldap.py",
                          "--port-file",
                          port_file,
                          "--cert",
                          fake->ca,
                          "--key",
                          key,
                          "--users",
                          count,
                          scenario,
                          NULL};
    g_unlink(port_file);
    assert_true(g_spawn_async_with_pipes(NULL, (char **)argv, NULL,
                                         G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD, NULL,
                                         NULL, &fake->pid, &fake->input, NULL, NULL, NULL));
    for (guint i = 0; i < 1000 && !port; i++) {
        g_usleep(10000);
        g_file_get_contents(port_file, &port, NULL, NULL);
    }
    assert_non_null(port);
    fake->server = g_strdup_printf("127.0.0.1:%s", port);
}

static inline void fake_stop(struct fake *fake)
{
    close(fake->input);
    kill(fake->pid, SIGTERM);
    waitpid(fake->pid, NULL, 0);
    g_clear_pointer(&fake->server, g_free);
}

static inline void fake_cleanup(struct fake *fake)
{
    g_autoptr(GDir) dir = g_dir_open(fake->dir, 0, NULL);
    const char *name;
    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename(fake->dir, name, NULL);
        g_unlink(path);
    }
    g_rmdir(fake->dir);
    g_free(fake->dir);
    g_free(fake->ca);
    g_free(fake->other_ca);
    g_free(fake->password);
}

static inline struct ad_options fake_options(const struct fake *fake)
{
    return (struct ad_options){
        .source = "lab",
        .domain = "lab.example.test",
        .server = fake->server,
        .transport = AD_LDAPS,
        .bind_dn = "svc@lab.example.test",
        .password_file = fake->password,
        .ca_file = fake->ca,
        .timeout_ms = 20000,
    };
}

#endif
