/* SPDX-License-Identifier: Apache-2.0 */
/* verify and prune: care of the store. */
#include "agent/cli/common.h"
#include "agent/cli/output.h"
#include "agent/cli/text.h"

#include <stdio.h>

int cmd_verify(struct cli *cli, char **args, GError **error)
{
    (void)args;
    STORE_AUTO *store = common_store(cli, STORE_READ, error);
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *head = NULL;
    if (!store || !store_verify(store, problems, &head, error))
        return -1;
    if (cli->json) {
        struct output output;
        struct cor_json *header = cor_json_new_object();
        cor_json_add_string(header, "store", cli->config->store_path);
        cor_json_add(header, "head", output_text(head));
        cor_json_add_bool(header, "intact", problems->len == 0);
        output_begin(&output, cli, "verify", header);
        for (guint i = 0; i < problems->len; i++) {
            struct cor_json *item = cor_json_new_object();
            cor_json_add_string(item, "problem", problems->pdata[i]);
            output_item(&output, item);
        }
        output_end(&output);
    } else {
        for (guint i = 0; i < problems->len; i++)
            text_wrap(cli, TEXT_BAD, 2, problems->pdata[i]);
        if (problems->len)
            text_print(cli, TEXT_BAD, "%s does not verify: %u problems.\n", cli->config->store_path,
                       problems->len);
        else
            text_print(cli, TEXT_GOOD, "%s verifies.\n", cli->config->store_path);
        text_print(cli, TEXT_DIM, "head of the chain: %s\n", head ? head : "none yet");
    }
    return problems->len ? CLI_STORE : CLI_DONE;
}

static gboolean option_dry_run;

const GOptionEntry cmd_prune_options[] = {
    {"dry-run", 'n', 0, G_OPTION_ARG_NONE, &option_dry_run, "only say what would go", NULL},
    G_OPTION_ENTRY_NULL,
};

int cmd_prune(struct cli *cli, char **args, GError **error)
{
    (void)args;
    STORE_AUTO *store = common_store(cli, STORE_WRITE, error);
    g_autoptr(GArray) removed = g_array_new(FALSE, FALSE, sizeof(gint64));
    if (!store ||
        !store_prune(store, &cli->config->retention, cli->now_us, option_dry_run, removed, error))
        return -1;
    if (cli->json) {
        struct output output;
        struct cor_json *header = cor_json_new_object();
        cor_json_add_bool(header, "dryRun", option_dry_run);
        output_begin(&output, cli, "prune", header);
        for (guint i = 0; i < removed->len; i++) {
            struct cor_json *item = cor_json_new_object();
            cor_json_add_int(item, "snapshot", g_array_index(removed, gint64, i));
            output_item(&output, item);
        }
        output_end(&output);
    } else {
        printf("%u backup points %s by retention.\n", removed->len,
               option_dry_run ? "would be let go" : "let go");
        for (guint i = 0; i < removed->len; i++)
            printf("%s%" G_GINT64_FORMAT "%s", i ? " " : "", g_array_index(removed, gint64, i),
                   i + 1 == removed->len ? "\n" : "");
    }
    return CLI_DONE;
}
