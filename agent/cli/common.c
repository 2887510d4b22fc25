/* SPDX-License-Identifier: Apache-2.0 */
/* Steps that several commands share: open, name a point, read live, warn. */
#include "agent/cli/common.h"

#include "agent/cli/text.h"
#include "correlate/change.h"
#include "correlate/semantic.h"
#include "correlate/time.h"

#define VALUE_MAX    80
#define OLD_POINT_US (2 * COR_DAY_US)

struct store *common_store(const struct cli *cli, enum store_mode mode, GError **error)
{
    const char *path = cli->config->store_path;
    if (mode == STORE_READ && !g_file_test(path, G_FILE_TEST_EXISTS)) {
        g_set_error(error, AGENT_ERROR, COR_E_NOT_FOUND,
                    "no store at %s yet; take a first backup point with 'anchorwatch snapshot'",
                    path);
        return NULL;
    }
    return store_open(path, mode, error);
}

struct point *common_point(const struct cli *cli, struct store *store, const char *name,
                           GError **error)
{
    struct store_point *info = store_point_named(store, name ? name : "latest", error);
    if (!info)
        return NULL;
    gint64 number = info->number;
    store_point_free(info);
    struct point *point = point_open(cli->config, store, number, error);
    if (point)
        common_warn_point(cli, point);
    return point;
}

void common_warn_point(const struct cli *cli, const struct point *point)
{
    const struct store_point *info = point->info;
    for (guint i = 0; i < info->halves->len; i++) {
        const struct store_half *half = info->halves->pdata[i];
        if (half->state != STORE_HALF_COMPLETE)
            cli_note("backup point %" G_GINT64_FORMAT ": the %s half is %s; what is missing there "
                     "is not taken for deleted",
                     info->number, cor_directory_name(half->directory),
                     store_half_state_name(half->state));
    }
    if (cli->now_us - info->finished_us > OLD_POINT_US) {
        g_autofree char *age = text_span(cli->now_us - info->finished_us);
        cli_note("backup point %" G_GINT64_FORMAT " is %s old", info->number, age);
    }
}

struct live {
    common_live_func func;
    void *data;
    int status;
};

static gboolean on_preview(struct store *store, gint64 number, void *data, GError **error)
{
    struct live *live = data;
    g_autofree char *name = g_strdup_printf("%" G_GINT64_FORMAT, number);
    live->status = live->func(live->data, store, name, error);
    return live->status >= 0;
}

int common_live(struct cli *cli, struct store *store, common_live_func func, void *data,
                GError **error)
{
    struct capture capture;
    struct live live = {func, data, -1};
    if (!capture_read(cli->config, store, cli->progress, cli->cancellable, &capture, error))
        return -1;
    const GError *worst = capture_worst(&capture);
    if (worst) {
        g_propagate_prefixed_error(error, g_error_copy(worst), "cannot read the live state: ");
        capture_clear(&capture);
        return -1;
    }
    store_run_preview(g_steal_pointer(&capture.run), g_get_real_time(), on_preview, &live, error);
    capture_clear(&capture);
    return live.status;
}

const char *common_health_words(enum cor_health health)
{
    static const char *const words[] = {
        [COR_SYNC_RUNNING] = "running",
        [COR_SYNC_STALLED] = "stalled",
        [COR_SYNC_OFF] = "off",
        [COR_SYNC_UNKNOWN] = "unknown",
    };
    return words[health];
}

char *common_value(const struct cor_json *value)
{
    g_autofree char *text = cor_value_text(value);
    return text_clean(text, VALUE_MAX);
}

char *common_object(const struct cor_object_ref *object)
{
    g_autofree char *name = text_clean(object->name ? object->name : object->key, VALUE_MAX);
    return g_strdup_printf("%s (%s %s)", name, object->directory == COR_AD ? "AD" : "Entra",
                           object->type);
}
