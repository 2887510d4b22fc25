/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The machine fails at every single write: the process is killed half way through it, or the disk
 * is full from there on. SQLite lets a program replace its system calls, so nothing in the store
 * knows that it is being tested. Whatever happened, the store opens, verifies, shows the old or
 * the new state and nothing between, and the next capture works.
 */
#include "fixture.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static guint countdown; /* writes until the fault; 0: no fault armed */
static gboolean full;   /* the fault is a full disk instead of a kill */
static gboolean hit;

/* TRUE when this write is to fail for want of space; does not return when it is to be fatal. */
static gboolean fault(int fd, const void *data, size_t len, off_t offset)
{
    if (full && hit)
        return TRUE;
    if (countdown == 0 || --countdown > 0)
        return FALSE;
    hit = TRUE;
    if (full)
        return TRUE;
    if (data && pwrite(fd, data, len / 2, offset) < 0)
        _exit(9);
    kill(getpid(), SIGKILL);
    return FALSE;
}

static ssize_t faulty_pwrite(int fd, const void *data, size_t len, off_t offset)
{
    if (!fault(fd, data, len, offset))
        return pwrite(fd, data, len, offset);
    errno = ENOSPC;
    return -1;
}

static int faulty_ftruncate(int fd, off_t len)
{
    if (!fault(fd, NULL, 0, 0))
        return ftruncate(fd, len);
    errno = ENOSPC;
    return -1;
}

static int faulty_unlink(const char *path)
{
    (void)fault(-1, NULL, 0, 0);
    return unlink(path);
}

static void arm(guint step, gboolean disk_full)
{
    sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);
    vfs->xSetSystemCall(vfs, "pwrite", (sqlite3_syscall_ptr)faulty_pwrite);
    vfs->xSetSystemCall(vfs, "pwrite64", (sqlite3_syscall_ptr)faulty_pwrite);
    vfs->xSetSystemCall(vfs, "ftruncate", (sqlite3_syscall_ptr)faulty_ftruncate);
    vfs->xSetSystemCall(vfs, "unlink", (sqlite3_syscall_ptr)faulty_unlink);
    countdown = step;
    full = disk_full;
    hit = FALSE;
}

static void disarm(void)
{
    countdown = 0;
    full = FALSE;
}

/* --- what is done under fault ---------------------------------------------------------------- */

/* More than the page cache takes: pages of the running capture are written before its end. */
#define CROWD 700
#define NOISE 18000 /* bytes of each that do not compress */

/* Each action answers FALSE with an error, and checks nothing itself: it may be cut anywhere. */
typedef gboolean (*action_func)(struct store *store, GError **error);

static gboolean stage_one(struct cor_sink *sink, const char *type, const char *key,
                          const char *name, GError **error)
{
    COR_RECORD_AUTO *record = make_record(COR_AD, type, key, name, "new");
    return sink->record(sink, record, error);
}

static gboolean stage_noise(struct cor_sink *sink, guint number, GError **error)
{
    char key[40];
    g_snprintf(key, sizeof key, "99999999-0000-4000-8000-%012u", number);
    COR_RECORD_AUTO *record = make_record(COR_AD, "user", key, key, "new");
    g_autoptr(GRand) random = g_rand_new_with_seed(number);
    g_autoptr(GString) noise = g_string_sized_new(NOISE);
    while (noise->len < NOISE)
        g_string_append_c(noise, (char)g_rand_int_range(random, 'a', 'z' + 1));
    cor_json_add_string(record->attributes, "noise", noise->str);
    return sink->record(sink, record, error);
}

static gboolean stage_all(struct store_run *run, guint crowd, GError **error)
{
    struct cor_sink *sink = sink_of(run, COR_AD);
    const struct cor_link link = {COR_AD, "member", STAFF, CAROL};
    if (!stage_one(sink, "user", ALICE, "alice", error) ||
        !stage_one(sink, "user", CAROL, "carol", error) ||
        !stage_one(sink, "group", STAFF, "staff", error) || !sink->link(sink, &link, error))
        return FALSE;
    for (guint i = 0; i < crowd; i++) {
        if (!stage_noise(sink, i, error))
            return FALSE;
    }
    struct cor_proof *proof = cor_proof_new(COR_AD);
    cor_proof_require(proof, "everything");
    cor_proof_ldap(proof, "everything", 0, 0, 0, 0);
    const struct cor_half_stats stats = {0};
    gboolean ok = sink->finish(sink, proof, &stats, error);
    cor_proof_free(proof);
    return ok;
}

static gboolean capture_crowd(struct store *store, guint crowd, GError **error)
{
    struct store_run *run = store_run_begin(store, MINUTE(50), error);
    if (!run)
        return FALSE;
    if (stage_all(run, crowd, error))
        return store_run_commit(run, MINUTE(51), NULL, error);
    store_run_abandon(run);
    return FALSE;
}

static gboolean do_capture(struct store *store, GError **error)
{
    return capture_crowd(store, 0, error);
}

static gboolean do_large_capture(struct store *store, GError **error)
{
    return capture_crowd(store, CROWD, error);
}

/* Everything that an incremental half can say. */
static gboolean tell_changes(struct store_run *run, GError **error)
{
    struct cor_sink *sink = sink_of(run, COR_AD);
    const struct cor_link stays = {COR_AD, "member", STAFF, BOB};
    const struct cor_link leaves = {COR_AD, "member", STAFF, ALICE};
    const struct cor_half_stats stats = {0};
    COR_JSON_AUTO *cookie = cor_json_new_int(2);
    struct cor_proof *proof = cor_proof_new(COR_AD);
    cor_proof_require(proof, "changes");
    cor_proof_ldap(proof, "changes", 0, 0, 0, 0);
    gboolean ok =
        sink->incremental(sink, error) && stage_one(sink, "user", ALICE, "alice", error) &&
        stage_one(sink, "user", CAROL, "carol", error) &&
        sink->links_follow(sink, STAFF, "member", error) && sink->link(sink, &leaves, error) &&
        sink->link(sink, &stays, error) && sink->unlink(sink, &leaves, error) &&
        sink->gone(sink, CAROL, error) && sink->checkpoint(sink, "dirsync", cookie, error) &&
        sink->finish(sink, proof, &stats, error);
    cor_proof_free(proof);
    return ok;
}

static gboolean do_changes(struct store *store, GError **error)
{
    struct store_run *run = store_run_begin(store, MINUTE(50), error);
    if (!run)
        return FALSE;
    if (tell_changes(run, error))
        return store_run_commit(run, MINUTE(51), NULL, error);
    store_run_abandon(run);
    return FALSE;
}

static gboolean do_prune(struct store *store, GError **error)
{
    g_autoptr(GArray) removed = g_array_new(FALSE, FALSE, sizeof(gint64));
    const struct store_retention retention = {0};
    return store_prune(store, &retention, MINUTE(50), FALSE, removed, error);
}

static gboolean do_pin(struct store *store, GError **error)
{
    return store_point_pin(store, 1, TRUE, error);
}

/* --- the sweep ------------------------------------------------------------------------------- */

/* Two points, closed and checkpointed: one file to copy. */
static void build_base(const struct fixture *f, const char *base)
{
    struct store *store = NULL;
    OK((store = store_open(base, STORE_WRITE, &error)));
    capture_world(store, 10, "engineer");
    capture_world(store, 20, "manager");
    store_close(store);
    (void)f;
}

static void copy_base(const struct fixture *f, const char *base)
{
    static const char *const suffixes[] = {"", "-wal", "-shm"};
    for (guint i = 0; i < G_N_ELEMENTS(suffixes); i++) {
        g_autofree char *path = g_strconcat(f->path, suffixes[i], NULL);
        g_unlink(path);
    }
    g_autofree char *data = NULL;
    gsize len;
    OK(g_file_get_contents(base, &data, &len, &error));
    OK(g_file_set_contents_full(f->path, data, (gssize)len, G_FILE_SET_CONTENTS_NONE, 0600,
                                &error));
}

/* All points and the checkpoint as text: what the store shows. */
static char *describe_store(struct store *store)
{
    g_autoptr(GPtrArray) points = NULL;
    GString *out = g_string_new(NULL);
    OK((points = store_points(store, &error)));
    for (guint i = 0; i < points->len; i++) {
        const struct store_point *point = g_ptr_array_index(points, i);
        g_autofree char *text = describe_point(store, point->number);
        g_string_append_printf(out, "point %d%s\n%s", (int)point->number,
                               point->pinned ? " pinned" : "", text);
    }
    COR_JSON_AUTO *cookie = store_checkpoint(store, COR_AD, "corp.example.test", "dirsync", NULL);
    g_autofree char *text = cor_json_to_text(cookie);
    g_string_append(out, text);
    return g_string_free(out, FALSE);
}

static void check_survivor(const struct fixture *f, const char *before, const char *after,
                           guint step)
{
    struct store *store = NULL;
    OK((store = store_open(f->path, STORE_READ, &error)));
    g_autofree char *now = describe_store(store);
    if (strcmp(now, before) != 0 && strcmp(now, after) != 0)
        print_error("after a fault at write %u:\n%s", step, now);
    assert_true(strcmp(now, before) == 0 || strcmp(now, after) == 0);
    ASSERT_VERIFIES(store);
    store_close(store);
    OK((store = store_open(f->path, STORE_WRITE, &error)));
    gint64 point = capture_world(store, 90, "director");
    ASSERT_TITLE(store, point, COR_AD, ALICE, "director");
    ASSERT_NO_LOOSE_KEYS(store);
    ASSERT_VERIFIES(store);
    store_close(store);
}

/* Run the action in a child that dies at the given write; TRUE when it got to its end. */
static gboolean run_killed(const struct fixture *f, action_func action, guint step)
{
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        arm(step, FALSE);
        struct store *store = store_open(f->path, STORE_WRITE, NULL);
        gboolean ok = store && action(store, NULL);
        store_close(store);
        _exit(ok ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (WIFEXITED(status))
        assert_int_equal(WEXITSTATUS(status), 0);
    else
        assert_int_equal(WTERMSIG(status), SIGKILL);
    return WIFEXITED(status);
}

/* Run the action on a disk that is full from the given write on; TRUE when it got to its end. */
static gboolean run_full(const struct fixture *f, action_func action, guint step)
{
    GError *error = NULL;
    arm(step, TRUE);
    struct store *store = store_open(f->path, STORE_WRITE, &error);
    gboolean ok = store && action(store, &error);
    gboolean reached = hit;
    store_close(store);
    disarm();
    if (ok)
        assert_null(error);
    else
        expect_error(error, COR_E_STORE, (const char *const[]){f->path, "SQLite", "space", NULL});
    return !reached;
}

static void sweep(struct fixture *f, action_func action,
                  gboolean (*run)(const struct fixture *, action_func, guint), guint stride)
{
    g_autofree char *base = g_build_filename(f->folder, "base.db", NULL);
    build_base(f, base);
    copy_base(f, base);
    struct store *store = NULL;
    OK((store = store_open(f->path, STORE_WRITE, &error)));
    g_autofree char *before = describe_store(store);
    OK(action(store, &error));
    g_autofree char *after = describe_store(store);
    store_close(store);
    assert_string_not_equal(before, after);
    guint step = 0;
    for (gboolean ended = FALSE; !ended;) {
        step += stride;
        copy_base(f, base);
        ended = run(f, action, step);
        check_survivor(f, before, after, step);
    }
    print_message("faults at up to %u writes\n", step);
    assert_true(step > 5);
}

#define SWEEP(name, action, run, stride)                                                           \
    static void name(void **state)                                                                 \
    {                                                                                              \
        sweep(*state, action, run, stride);                                                        \
    }
SWEEP(test_killed_capture, do_capture, run_killed, 1)
SWEEP(test_killed_large_capture, do_large_capture, run_killed, 503)
SWEEP(test_killed_changes, do_changes, run_killed, 1)
SWEEP(test_killed_prune, do_prune, run_killed, 1)
SWEEP(test_killed_pin, do_pin, run_killed, 1)
SWEEP(test_full_disk_capture, do_capture, run_full, 1)
SWEEP(test_full_disk_changes, do_changes, run_full, 1)
SWEEP(test_full_disk_large_capture, do_large_capture, run_full, 503)
SWEEP(test_full_disk_prune, do_prune, run_full, 1)

/* --- creation -------------------------------------------------------------------------------- */

static gboolean do_nothing(struct store *store, GError **error)
{
    (void)store, (void)error;
    return TRUE;
}

static void test_killed_creation(void **state)
{
    struct fixture *f = *state;
    guint step = 0;
    for (gboolean ended = FALSE; !ended;) {
        empty_folder(f->folder);
        ended = run_killed(f, do_nothing, ++step);
        fixture_open(f);
        assert_int_equal(capture_world(f->store, 1, "engineer"), 1);
        ASSERT_VERIFIES(f->store);
        store_close(f->store);
        f->store = NULL;
    }
    assert_true(step > 5);
}

static int setup_folder(void **state)
{
    *state = fixture_new();
    return 0;
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, setup_folder, fixture_teardown)
    const struct CMUnitTest tests[] = {
        T(test_killed_capture),    T(test_killed_large_capture), T(test_killed_prune),
        T(test_killed_pin),        T(test_full_disk_capture),    T(test_full_disk_large_capture),
        T(test_full_disk_prune),   T(test_killed_creation),      T(test_killed_changes),
        T(test_full_disk_changes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
