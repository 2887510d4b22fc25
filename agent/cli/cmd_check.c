/* SPDX-License-Identifier: Apache-2.0 */
/* check: every step of a capture tried by itself, with what is missing and how to mend it. */
#include "agent/cli/common.h"
#include "agent/cli/output.h"
#include "agent/cli/text.h"
#include "correlate/error.h"
#include "graph/register.h"

#include <stdio.h>
#include <string.h>

enum { MAX_INLINE = 72 }; /* longer ones go below the name */

static char *option_script;

const GOptionEntry cmd_check_options[] = {
    {"script", 0, 0, G_OPTION_ARG_STRING, &option_script,
     "try nothing; print the script that registers the app with exactly the permissions it needs: "
     "az or powershell",
     "SHELL"},
    G_OPTION_ENTRY_NULL,
};

struct checking {
    struct cli *cli;
    struct output output;
    guint failed, lacking;
    int status;
};

static struct cor_json *check_json(const char *directory, const struct cor_check *check)
{
    struct cor_json *json = cor_json_new_object();
    cor_json_add(json, "directory", output_text(directory));
    cor_json_add_string(json, "name", check->name);
    cor_json_add_bool(json, "ok", check->ok);
    cor_json_add_bool(json, "required", check->required);
    cor_json_add(json, "detail", output_text(check->detail));
    cor_json_add(json, "remedy", output_text(check->remedy));
    return json;
}

static void print_check(const struct cli *cli, const char *label, const struct cor_check *check)
{
    enum text_style style = check->ok ? TEXT_GOOD : check->required ? TEXT_BAD : TEXT_WARN;
    text_print(cli, style, "%-8s", check->ok ? "ok" : check->required ? "FAILED" : "lacking");
    g_autofree char *detail = text_clean(check->detail, 500);
    if (strlen(detail) > MAX_INLINE) {
        printf(" %-6s %s\n", label, check->name);
        text_wrap(cli, TEXT_PLAIN, 16, detail);
    } else {
        printf(" %-6s %-40s %s\n", label, check->name, detail);
    }
    if (check->remedy && !check->ok)
        text_wrap(cli, TEXT_NOTE, 16, check->remedy);
}

static void report(struct checking *checking, const char *directory, const char *label,
                   const struct cor_check *check)
{
    if (!check->ok) {
        checking->failed += check->required;
        checking->lacking += !check->required;
    }
    if (checking->cli->json)
        output_item(&checking->output, check_json(directory, check));
    else
        print_check(checking->cli, label, check);
}

static void check_store(struct checking *checking)
{
    g_autoptr(GError) error = NULL;
    const char *path = checking->cli->config->store_path;
    STORE_AUTO *store = store_open(path, STORE_WRITE, &error);
    g_autofree char *detail = g_strdup(store ? path : error->message);
    struct cor_check check = {(char *)"open for writing", store != NULL, TRUE, detail, NULL};
    report(checking, NULL, "store", &check);
    if (!store)
        checking->status = CLI_STORE;
}

static void report_all(struct checking *checking, const char *directory, const char *label,
                       const GPtrArray *checks)
{
    for (guint i = 0; i < checks->len; i++)
        report(checking, directory, label, checks->pdata[i]);
}

static int print_script(const struct cli *cli, GError **error)
{
    gboolean powershell = strcmp(option_script, "powershell") == 0;
    if (!powershell && strcmp(option_script, "az") != 0) {
        g_set_error(error, AGENT_ERROR, COR_E_CONFIG,
                    "--script must be one of az, powershell, not "
                    "\"%s\"",
                    option_script);
        return -1;
    }
    if (!cli->config->has_entra) {
        g_set_error_literal(error, AGENT_ERROR, COR_E_CONFIG,
                            "--script needs an [entra NAME] section");
        return -1;
    }
    g_autofree char *text =
        entra_register_script(&cli->config->entra, powershell ? ENTRA_POWERSHELL : ENTRA_AZ, error);
    if (!text)
        return -1;
    fputs(text, stdout);
    return CLI_DONE;
}

int cmd_check(struct cli *cli, char **args, GError **error)
{
    (void)args;
    if (option_script)
        return print_script(cli, error);
    struct checking checking = {.cli = cli};
    if (cli->json)
        output_begin(&checking.output, cli, "check", NULL);
    check_store(&checking);
    g_autoptr(GPtrArray) ad = g_ptr_array_new_with_free_func((GDestroyNotify)cor_check_free);
    g_autoptr(GPtrArray) entra = g_ptr_array_new_with_free_func((GDestroyNotify)cor_check_free);
    if (cli->config->has_ad) {
        ad_check(&cli->config->ad, ad);
        report_all(&checking, "ad", "AD", ad);
    }
    if (cli->config->has_entra) {
        entra_check(&cli->config->entra, entra);
        report_all(&checking, "entra", "Entra", entra);
    }
    if (cli->json)
        output_end(&checking.output);
    else if (checking.failed)
        text_print(cli, TEXT_BAD, "A capture would be incomplete: %u checks failed.\n",
                   checking.failed);
    else if (checking.lacking)
        text_print(cli, TEXT_WARN, "A capture works; %u things would be missing from it.\n",
                   checking.lacking);
    else
        text_print(cli, TEXT_GOOD, "Everything a capture needs is there.\n");
    if (checking.status)
        return checking.status;
    if (checking.failed)
        return CLI_AUTH;
    return checking.lacking ? CLI_FINDINGS : CLI_DONE;
}
