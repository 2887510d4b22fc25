/* SPDX-License-Identifier: Apache-2.0 */
/* Changes as text: one block per object, one line per change, its evidence below. */
#include "agent/cli/changes.h"

#include "agent/cli/common.h"
#include "agent/cli/text.h"

#include <stdio.h>
#include <string.h>

static const char *const origin_words[] = {
    [COR_ORIGIN_UNKNOWN] = "origin unknown",
    [COR_ORIGIN_ONPREM] = "on-premises",
    [COR_ORIGIN_CLOUD] = "cloud",
    [COR_ORIGIN_SYNC] = "sync engine",
};

static const enum text_style origin_styles[] = {
    [COR_ORIGIN_UNKNOWN] = TEXT_WARN,
    [COR_ORIGIN_ONPREM] = TEXT_NOTE,
    [COR_ORIGIN_CLOUD] = TEXT_BOLD,
    [COR_ORIGIN_SYNC] = TEXT_DIM,
};

void changes_title(const struct cli *cli, const struct store_point *from,
                   const struct store_point *to, gboolean live)
{
    g_autofree char *t0 = text_time(from->finished_us);
    g_autofree char *t1 = text_time(to->finished_us);
    text_print(cli, TEXT_BOLD, "Changes from backup point %" G_GINT64_FORMAT " (%s) to ",
               from->number, t0);
    if (live)
        text_print(cli, TEXT_BOLD, "now (%s)\n", t1);
    else
        text_print(cli, TEXT_BOLD, "backup point %" G_GINT64_FORMAT " (%s)\n", to->number, t1);
}

static void print_what(const struct cli *cli, const struct cor_change *change)
{
    g_autofree char *before = common_value(change->old_value);
    g_autofree char *after = common_value(change->new_value);
    const char *attribute = change->attribute ? change->attribute : "";
    switch (change->kind) {
    case COR_CHANGE_MODIFIED:
    case COR_CHANGE_MOVED:
        text_print(cli, TEXT_PLAIN, "  %s: %s -> %s\n", attribute, before, after);
        return;
    case COR_CHANGE_LINKED:
        text_print(cli, TEXT_PLAIN, "  %s added: %s\n", attribute, after);
        return;
    case COR_CHANGE_UNLINKED:
        text_print(cli, TEXT_PLAIN, "  %s removed: %s\n", attribute, before);
        return;
    case COR_CHANGE_ADDED:
    case COR_CHANGE_REMOVED:
    case COR_CHANGE_DELETED:
    case COR_CHANGE_RESTORED:
        text_print(cli, TEXT_PLAIN, "  object %s\n", cor_change_kind_name(change->kind));
        return;
    }
}

void changes_print_one(const struct cli *cli, const struct cor_change *change)
{
    print_what(cli, change);
    g_autofree char *when = text_time(change->when_us);
    text_print(cli, TEXT_PLAIN, "      ");
    text_print(cli, origin_styles[change->origin], "%s", origin_words[change->origin]);
    text_print(cli, TEXT_PLAIN, ", %s", cor_grade_name(change->grade));
    if (change->when_us)
        text_print(cli, TEXT_PLAIN, ", %s", when);
    if (change->actor) {
        g_autofree char *actor = text_clean(change->actor, 80);
        text_print(cli, TEXT_PLAIN, ", by %s", actor);
    }
    putchar('\n');
    for (guint i = 0; change->evidence && i < change->evidence->len; i++) {
        const struct cor_evidence *evidence = change->evidence->pdata[i];
        g_autofree char *line = text_clean(evidence->text, 600);
        text_wrap(cli, TEXT_DIM, 8, line);
    }
}

void changes_print(const struct cli *cli, struct changes_text *text,
                   const struct cor_change *change)
{
    if (g_strcmp0(text->last_key, change->object.key) != 0) {
        g_autofree char *object = common_object(&change->object);
        g_free(text->last_key);
        text->last_key = g_strdup(change->object.key);
        text->objects++;
        putchar('\n');
        text_print(cli, TEXT_BOLD, "%s", object);
        if (change->peer.key) {
            g_autofree char *peer = common_object(&change->peer);
            text_print(cli, TEXT_DIM, "  tied to %s", peer);
        }
        putchar('\n');
    }
    changes_print_one(cli, change);
    text->by_origin[change->origin]++;
    for (guint i = 0; change->evidence && i < change->evidence->len; i++)
        if (strcmp(((struct cor_evidence *)change->evidence->pdata[i])->kind, "unlogged") == 0)
            text->unlogged++;
}

void changes_summary(const struct cli *cli, const struct changes_text *text)
{
    guint64 total = 0;
    for (gsize i = 0; i < G_N_ELEMENTS(text->by_origin); i++)
        total += text->by_origin[i];
    if (total == 0) {
        text_print(cli, TEXT_GOOD, "No differences.\n");
        return;
    }
    putchar('\n');
    text_print(cli, TEXT_BOLD,
               "%" G_GUINT64_FORMAT " changes of %" G_GUINT64_FORMAT " objects: %" G_GUINT64_FORMAT
               " on-premises, %" G_GUINT64_FORMAT " cloud, %" G_GUINT64_FORMAT
               " sync engine, %" G_GUINT64_FORMAT " unknown",
               total, text->objects, text->by_origin[COR_ORIGIN_ONPREM],
               text->by_origin[COR_ORIGIN_CLOUD], text->by_origin[COR_ORIGIN_SYNC],
               text->by_origin[COR_ORIGIN_UNKNOWN]);
    if (text->unlogged)
        text_print(cli, TEXT_WARN, "; %" G_GUINT64_FORMAT " not in any log", text->unlogged);
    putchar('\n');
}

void changes_text_clear(struct changes_text *text)
{
    g_clear_pointer(&text->last_key, g_free);
}
