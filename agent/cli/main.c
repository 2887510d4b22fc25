/* SPDX-License-Identifier: Apache-2.0 */
/*
 * anchorwatch: finds the command, reads the configuration, runs, reports an error once and turns
 * it into the exit status. Standard output is flushed and checked: a full disk behind a pipe must
 * not look like success.
 */
#include "agent/cli/cli.h"
#include "agent/suggest.h"

#include <glib-unix.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const struct command commands[] = {
    {"check", "", "can both directories be reached and read, and with which rights",
     "Tries every step of a capture and says what is missing and how to grant it. Reads only.", 0,
     0, cmd_check_options, cmd_check},
    {"snapshot", "", "capture both directories as a new backup point", NULL, 0, 0,
     cmd_snapshot_options, cmd_snapshot},
    {"snapshots", "", "list the backup points", NULL, 0, 0, NULL, cmd_snapshots},
    {"show", "OBJECT", "one object with both halves, who owns it and each attribute",
     "OBJECT: UPN, sAMAccountName, DN, SID, mail, objectGUID, Entra id or anchor.", 1, 1,
     cmd_show_options, cmd_show},
    {"diff", "FROM [TO|live]", "what changed between two backup points, and where it came from",
     "FROM and TO: a number, latest, previous, -N, a date or an RFC 3339 time. \"live\" reads both "
     "directories now and keeps nothing.",
     1, 2, cmd_diff_options, cmd_diff},
    {"drift", "", "where the two halves of an object disagree with the sync rules", NULL, 0, 0,
     cmd_drift_options, cmd_drift},
    {"explain", "OBJECT [ATTRIBUTE]", "the history of an object: who or what changed it",
     "Each change with the chain AD write, sync cycle, cloud event, and how sure that is.", 1, 2,
     NULL, cmd_explain},
    {"anchors", "[OBJECT]",
     "anchor health: which tie is wrong, who would take over whom, the repair",
     "Judges what ties the two halves of every object and says what the next cycle makes of it.\n"
     "Exit status 1: something is above a note. docs/anchors.md lists the kinds of findings.",
     0, 1, cmd_anchors_options, cmd_anchors},
    {"plan", "--to N [OBJECT…]", "what a restore in the cloud would do, write by write",
     "Compares the backup point with the live tenant and forecasts every write: refused, "
     "overwritten, durable … and what to do instead. Never writes anywhere.",
     0, 1000, cmd_plan_options, cmd_plan},
    {"rules",
     "import PATH|--from-tenant | show [RULE] | diff [A [B]] | versions | explain OBJECT "
     "[PROPERTY] | whatif "
     "CHANGE",
     "the tenant's own sync rules: import, show, compare",
     "PATH: the folder that Get-ADSyncServerConfiguration wrote, a policy that Entra Connect "
     "exported, or the schema of a Cloud Sync job. RULE: name, id, tag or "
     "precedence. "
     "A and B: versions, by number or latest; without them the newest and the one before.",
     1, 5, cmd_rules_options, cmd_rules},
    {"verify", "", "check the store: documents, intervals and the hash chain", NULL, 0, 0, NULL,
     cmd_verify},
    {"prune", "", "apply retention", NULL, 0, 0, cmd_prune_options, cmd_prune},
    {"agent", "", "the daemon: capture on a schedule", NULL, 0, 0, NULL, cmd_agent},
};

static char *option_config, *option_format, *option_colour;
static gboolean option_version;

static const GOptionEntry global_options[] = {
    {"config", 'c', 0, G_OPTION_ARG_FILENAME, &option_config, "configuration file", "FILE"},
    {"format", 0, 0, G_OPTION_ARG_STRING, &option_format, "text or json", "FORMAT"},
    {"color", 0, 0, G_OPTION_ARG_STRING, &option_colour, "auto, always or never", "WHEN"},
    {"version", 0, 0, G_OPTION_ARG_NONE, &option_version, "print the version", NULL},
    G_OPTION_ENTRY_NULL,
};

void cli_note(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    g_auto(GStrv) lines = g_strsplit(text, "\n", 0);
    for (guint i = 0; lines[i]; i++)
        fprintf(stderr, "anchorwatch: %s\n", lines[i]);
}

int cli_exit_status(const GError *error)
{
    if (error->domain == G_OPTION_ERROR)
        return CLI_USAGE;
    switch ((enum cor_code)error->code) {
    case COR_E_CONFIG:
    case COR_E_NOT_FOUND:
    case COR_E_AMBIGUOUS:
        return CLI_USAGE;
    case COR_E_AUTH:
        return CLI_AUTH;
    case COR_E_STORE:
        return CLI_STORE;
    case COR_E_RETRY:
    case COR_E_RESYNC:
    case COR_E_INCOMPLETE:
    case COR_E_INPUT:
    case COR_E_LIMIT:
    case COR_E_CANCELLED:
        return CLI_INCOMPLETE;
    case COR_E_BUG:
        break;
    }
    return CLI_INTERNAL;
}

static const struct command *find_command(const char *name)
{
    for (gsize i = 0; i < G_N_ELEMENTS(commands); i++)
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    return NULL;
}

static char *commands_help(void)
{
    GString *text = g_string_new("Commands:\n");
    for (gsize i = 0; i < G_N_ELEMENTS(commands); i++) {
        g_autofree char *call = g_strdup_printf("%s %s", commands[i].name, commands[i].usage);
        g_string_append_printf(text, "  %-30s %s\n", call, commands[i].summary);
    }
    g_string_append(text, "\n'anchorwatch COMMAND --help' tells more.\n\nExit status: 0 done and "
                          "nothing to report, 1 done with findings, 2 usage or configuration,\n"
                          "3 incomplete capture, 4 authentication or authorisation, 5 store, "
                          "70 internal.\n");
    return g_string_free(text, FALSE);
}

/* GOption knows what is wrong but not what was meant. */
static void add_option_hint(GError **error, const char *arg, const struct command *command)
{
    if (!g_error_matches(*error, G_OPTION_ERROR, G_OPTION_ERROR_UNKNOWN_OPTION) || !arg)
        return;
    g_autoptr(GPtrArray) known = g_ptr_array_new();
    const GOptionEntry *lists[] = {global_options, command ? command->options : NULL};
    for (gsize l = 0; l < G_N_ELEMENTS(lists); l++)
        for (const GOptionEntry *e = lists[l]; e && e->long_name; e++)
            g_ptr_array_add(known, (char *)e->long_name);
    g_ptr_array_add(known, NULL);
    g_autofree char *word = g_strdup(arg + strspn(arg, "-"));
    word[strcspn(word, "=")] = 0;
    const char *near = suggest_nearest(word, (const char *const *)known->pdata);
    if (near)
        g_prefix_error(error, "did you mean --%s? ", near);
}

/* The word GOption stopped at: the first that looks like an option and is none we know. */
static const char *unknown_option(const GError *error, char **args)
{
    for (guint i = 1; error && args[i]; i++)
        if (args[i][0] == '-' && strstr(error->message, args[i]))
            return args[i];
    return NULL;
}

static gboolean parse_options(GOptionContext *context, char ***args, const struct command *command,
                              GError **error)
{
    g_auto(GStrv) copy = g_strdupv(*args);
    if (g_option_context_parse_strv(context, args, error))
        return TRUE;
    add_option_hint(error, unknown_option(error ? *error : NULL, copy), command);
    return FALSE;
}

static gboolean choose(const char *value, const char *const *words, const char *option, int *ret,
                       GError **error)
{
    for (int i = 0; words[i]; i++)
        if (!value || strcmp(value, words[i]) == 0) {
            *ret = i;
            return TRUE;
        }
    g_autofree char *list = g_strjoinv(", ", (char **)words);
    g_set_error(error, AGENT_ERROR, COR_E_CONFIG, "--%s must be one of %s, not \"%s\"", option,
                list, value);
    return FALSE;
}

static gboolean apply_globals(struct cli *cli, GError **error)
{
    static const char *const formats[] = {"text", "json", NULL};
    static const char *const whens[] = {"auto", "always", "never", NULL};
    int format, when;
    if (!choose(option_format, formats, "format", &format, error) ||
        !choose(option_colour, whens, "color", &when, error))
        return FALSE;
    const char *term = g_getenv("TERM");
    gboolean able = isatty(STDOUT_FILENO) && !g_getenv("NO_COLOR") && g_strcmp0(term, "dumb") != 0;
    cli->json = format == 1;
    cli->colour = when == 1 || (when == 0 && able);
    cli->progress = isatty(STDERR_FILENO);
    const char *path = option_config ? option_config : g_getenv("ANCHORWATCH_CONF");
    cli->config = config_load(path ? path : CONFIG_DEFAULT_PATH, error);
    return cli->config != NULL;
}

static gboolean on_signal(gpointer data)
{
    g_cancellable_cancel(data);
    return G_SOURCE_CONTINUE;
}

/* Signals arrive on a thread of their own, so that a blocking capture sees the cancellable. */
static gpointer signal_thread(gpointer data)
{
    g_autoptr(GMainContext) context = g_main_context_new();
    int signals[] = {SIGINT, SIGTERM};
    for (gsize i = 0; i < G_N_ELEMENTS(signals); i++) {
        g_autoptr(GSource) source = g_unix_signal_source_new(signals[i]);
        g_source_set_callback(source, on_signal, data, NULL);
        g_source_attach(source, context);
    }
    g_autoptr(GMainLoop) loop = g_main_loop_new(context, FALSE);
    g_main_loop_run(loop);
    return NULL;
}

static int run_command(const struct command *command, char **args, GError **error)
{
    struct cli cli = {.now_us = g_get_real_time()};
    guint n = g_strv_length(args);
    if (n < command->min_args || n > command->max_args) {
        g_set_error(error, AGENT_ERROR, COR_E_CONFIG, "usage: anchorwatch %s %s", command->name,
                    command->usage);
        return -1;
    }
    int status = -1;
    cli.cancellable = g_cancellable_new();
    if (apply_globals(&cli, error)) {
        /* the daemon has a main loop that takes signals itself */
        if (command->run != cmd_agent)
            g_thread_unref(g_thread_new("signals", signal_thread, cli.cancellable));
        status = command->run(&cli, args, error);
    }
    config_free(cli.config);
    return status;
}

/* Options may stand before and after the command. */
static int dispatch(char **all_args, GError **error)
{
    g_autofree char *help = commands_help();
    g_autoptr(GOptionContext) context = g_option_context_new("COMMAND [ARGUMENT…]");
    g_option_context_set_strict_posix(context, TRUE);
    g_option_context_set_description(context, help);
    g_option_context_add_main_entries(context, global_options, NULL);
    g_auto(GStrv) args = g_strdupv(all_args);
    if (!parse_options(context, &args, NULL, error))
        return -1;
    if (option_version) {
        puts("anchorwatch " ANCHORWATCH_VERSION);
        return CLI_DONE;
    }
    if (!args[1]) {
        g_autofree char *text = g_option_context_get_help(context, TRUE, NULL);
        fputs(text, stderr);
        return CLI_USAGE;
    }
    const struct command *command = find_command(args[1]);
    if (!command) {
        const char *names[G_N_ELEMENTS(commands) + 1] = {0};
        for (gsize i = 0; i < G_N_ELEMENTS(commands); i++)
            names[i] = commands[i].name;
        const char *near = suggest_nearest(args[1], names);
        g_set_error(error, AGENT_ERROR, COR_E_CONFIG, "unknown command \"%s\"%s%s%s", args[1],
                    near ? "; did you mean \"" : "; see anchorwatch --help", near ? near : "",
                    near ? "\"?" : "");
        return -1;
    }
    g_autofree char *title = g_strdup_printf("%s - %s", command->usage, command->summary);
    g_autoptr(GOptionContext) own = g_option_context_new(title);
    g_option_context_set_description(own, command->description);
    /* first the command's: its --version means another thing than the program's */
    if (command->options)
        g_option_context_add_main_entries(own, command->options, NULL);
    g_option_context_add_main_entries(own, global_options, NULL);
    g_auto(GStrv) rest = g_strdupv(args + 1);
    if (!parse_options(own, &rest, command, error))
        return -1;
    return run_command(command, rest + 1, error);
}

int main(int argc, char **argv)
{
    (void)argc;
    setlocale(LC_ALL, "");
    g_set_prgname("anchorwatch");
    g_autoptr(GError) error = NULL;
    int status = dispatch(argv, &error);
    if (status < 0) {
        cli_note("%s", error ? error->message : "internal error without a reason");
        status = error ? cli_exit_status(error) : CLI_INTERNAL;
    }
    if (fflush(stdout) || ferror(stdout)) {
        cli_note("cannot write the result: %s", g_strerror(errno));
        return status == CLI_DONE || status == CLI_FINDINGS ? CLI_STORE : status;
    }
    return status;
}
