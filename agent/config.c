/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The configuration file. One table says which keys exist, of what kind they are, their range and
 * where they go; parsing, checking, suggestions and the documentation come from it.
 *
 * All mistakes are collected before failing, because an administrator fixes a file once, not once
 * per run. GKeyFile does not keep line numbers, so a mistake's line is looked up in the text.
 */
#include "agent/config.h"

#include "agent/suggest.h"
#include "correlate/error.h"
#include "correlate/time.h"
#include "graph/cloud.h"

#include <string.h>

enum value_kind { TEXT, PATH, NUMBER, MINUTES, DAYS, CHOICE, TRISTATE };

struct key {
    const char *section; /* "ad" and "entra" sections carry a name: [ad corp] */
    const char *name;
    enum value_kind kind;
    gsize offset; /* in struct config */
    gint64 low, high;
    const char *choices; /* CHOICE: space separated, the index is the value */
    gboolean required;
    const char *standard; /* default, for people */
    const char *help;
};

#define AT(member) G_STRUCT_OFFSET(struct config, member)

static const struct key keys[] = {
    {"store", "path", PATH, AT(store_path), 0, 0, NULL, TRUE, NULL,
     "the store, one SQLite file; created with mode 0600"},
    {"ad", "domain", TEXT, AT(ad.domain), 0, 0, NULL, TRUE, NULL, "DNS name of the domain"},
    {"ad", "server", TEXT, AT(ad.server), 0, 0, NULL, FALSE, "DNS SRV lookup",
     "name of a domain controller, optionally with :port; a name, not an address; several, "
     "separated by commas, in the order to be tried"},
    {"ad", "transport", CHOICE, AT(ad.transport), 0, 0, "ldap ldaps starttls", FALSE, "ldap",
     "ldap: port 389, signed and sealed by Kerberos; ldaps: TLS; starttls: TLS begun on port 389"},
    {"ad", "mechanism", CHOICE, AT(ad.mechanism), 0, 0, "GSSAPI GSS-SPNEGO", FALSE, "GSSAPI",
     "how Kerberos is offered; GSS-SPNEGO where a server takes nothing else"},
    {"ad", "min_ssf", NUMBER, AT(ad.min_ssf), 56, 256, NULL, FALSE, "56",
     "least strength of sign and seal with transport ldap, in bits; 256 demands AES-256"},
    {"ad", "keytab", PATH, AT(ad.keytab), 0, 0, NULL, FALSE, "credential cache",
     "keytab of the service account; not readable by others"},
    {"ad", "principal", TEXT, AT(ad.principal), 0, 0, NULL, FALSE, "first in the keytab",
     "service account, name@REALM"},
    {"ad", "bind_dn", TEXT, AT(ad.bind_dn), 0, 0, NULL, FALSE, "Kerberos",
     "simple bind instead of Kerberos; inside TLS only"},
    {"ad", "password_file", PATH, AT(ad.password_file), 0, 0, NULL, FALSE, NULL,
     "password for bind_dn; not readable by others"},
    {"ad", "ca_file", PATH, AT(ad.ca_file), 0, 0, NULL, FALSE, "system CAs", "CA for TLS, PEM"},
    {"ad", "page_size", NUMBER, AT(ad.page_size), 10, 20000, NULL, FALSE, "1000",
     "entries per page"},
    {"ad", "timeout_ms", NUMBER, AT(ad.timeout_ms), 100, 3600000, NULL, FALSE, "30000",
     "longest silence of the server in one operation"},
    {"ad", "max_objects_per_second", NUMBER, AT(ad.max_objects_per_second), 0, 1000000, NULL, FALSE,
     "0", "how fast the domain controller may be read, on average; 0: as fast as it answers"},
    {"ad", "full_every_hours", NUMBER, AT(ad.full_every_hours), 0, 8760, NULL, FALSE, "24",
     "read everything at least this often, and in between only what changed; 0: always everything"},
    {"entra", "tenant_id", TEXT, AT(entra.tenant_id), 0, 0, NULL, TRUE, NULL,
     "tenant, GUID or domain"},
    {"entra", "client_id", TEXT, AT(entra.client_id), 0, 0, NULL, FALSE, NULL,
     "application (client) id of the read-only app registration; not with a managed identity"},
    {"entra", "secret_file", PATH, AT(entra.secret_file), 0, 0, NULL, FALSE, NULL,
     "file with the client secret; not readable by others"},
    {"entra", "certificate_file", PATH, AT(entra.certificate_file), 0, 0, NULL, FALSE, NULL,
     "instead: PEM or PKCS#12 with certificate and RSA key; not readable by others"},
    {"entra", "certificate_password_file", PATH, AT(entra.certificate_password_file), 0, 0, NULL,
     FALSE, NULL, "password of the PKCS#12 or of the encrypted key, one line"},
    {"entra", "certificate_algorithm", CHOICE, AT(entra.certificate_algorithm), 0, 0, "PS256 RS256",
     FALSE, "PS256",
     "how assertions are signed; RS256 (with x5t) is known from an older sample only"},
    {"entra", "managed_identity", CHOICE, AT(entra.managed_identity), 0, 0, "no arc", FALSE, "no",
     "instead: arc, the identity that Azure Arc gave this server"},
    {"entra", "cloud", CHOICE, AT(entra.cloud), 0, 0, ENTRA_CLOUDS, FALSE, "global",
     "national cloud of the tenant: global, usgov (L4), usgov-dod (L5), china (21Vianet)"},
    {"entra", "graph_url", TEXT, AT(entra.graph_url), 0, 0, NULL, FALSE, "of the cloud",
     "root of Graph, where it is not that of the cloud"},
    {"entra", "token_url", TEXT, AT(entra.token_url), 0, 0, NULL, FALSE, "of the cloud",
     "token endpoint, where it is not that of the cloud"},
    {"entra", "ca_file", PATH, AT(entra.ca_file), 0, 0, NULL, FALSE, "system CAs",
     "additional CA, PEM"},
    {"entra", "proxy", TEXT, AT(entra.proxy), 0, 0, NULL, FALSE, NULL,
     "http://HOST:PORT of a proxy; the environment is not asked, loopback never goes through it"},
    {"entra", "proxy_secret_file", PATH, AT(entra.proxy_secret_file), 0, 0, NULL, FALSE, NULL,
     "user:password for the proxy, one line; not readable by others"},
    {"entra", "page_size", NUMBER, AT(entra.page_size), 1, 999, NULL, FALSE, "999",
     "objects per page"},
    {"entra", "timeout_ms", NUMBER, AT(entra.timeout_ms), 100, 3600000, NULL, FALSE, "120000",
     "longest time of one request"},
    {"entra", "retry_budget_ms", NUMBER, AT(entra.retry_budget_ms), 0, 86400000, NULL, FALSE,
     "900000", "how long one capture may wait for a throttling service in all"},
    {"entra", "quota_percent", NUMBER, AT(entra.quota_percent), 0, 100, NULL, FALSE, "90",
     "share of the service's quotas for this app that a capture uses; 0: wait only when refused"},
    {"entra", "reconcile_days", DAYS, AT(entra.reconcile_us), 0, 365, NULL, FALSE, "7",
     "read everything, not only what changed, when that was last done so long ago; 0: always"},
    {"sync", "engine", CHOICE, AT(hints.engine), 0, 0, "auto connect cloudsync", FALSE, "auto",
     "which sync engine serves the tenant"},
    {"sync", "interval_minutes", MINUTES, AT(hints.interval_us), 1, 10080, NULL, FALSE,
     "30 (connect), 2 (cloudsync)", "time between delta cycles"},
    {"sync", "staging", TRISTATE, AT(hints.staging), 0, 0, NULL, FALSE, "unknown",
     "yes when the only Connect server is in staging mode"},
    {"sync", "suspended", TRISTATE, AT(hints.suspended), 0, 0, NULL, FALSE, "unknown",
     "yes while the scheduler is suspended"},
    {"sync", "password_hash_sync", TRISTATE, AT(hints.password_hash_sync), 0, 0, NULL, FALSE,
     "unknown", "yes when password hashes are synchronized"},
    {"sync", "password_writeback", TRISTATE, AT(hints.password_writeback), 0, 0, NULL, FALSE,
     "unknown", "yes when cloud password changes are written back"},
    {"agent", "interval_minutes", MINUTES, AT(agent_interval_us), 1, 10080, NULL, FALSE, "60",
     "time between captures of `anchorwatch agent`"},
    {"retention", "keep_daily_days", NUMBER, AT(retention.keep_daily_days), 1, 36500, NULL, FALSE,
     "365", "keep the newest complete point of each day this long"},
    {"retention", "keep_all_days", NUMBER, AT(retention.keep_all_days), 0, 36500, NULL, FALSE, "7",
     "keep every point this long"},
    {"retention", "keep_last", NUMBER, AT(retention.keep_last), 1, 100000, NULL, FALSE, "10",
     "always keep this many newest points"},
};

struct reading {
    struct config *config;
    GKeyFile *file;
    char **lines;
    GString *mistakes;
};

/* Is this line the header [group], or [group NAME] when only the section is known? */
static gboolean is_header(const char *line, const char *group)
{
    gsize n = strlen(group);
    return line[0] == '[' && strncmp(line + 1, group, n) == 0 && strchr("] ", line[n + 1]);
}

/* The line of a key, or of the section's header when key is NULL; 0 when it is not found. */
static guint line_of(const struct reading *in, const char *group, const char *key)
{
    gboolean inside = FALSE;
    for (guint i = 0; in->lines[i]; i++) {
        g_autofree char *line = g_strstrip(g_strdup(in->lines[i]));
        if (line[0] == '[')
            inside = is_header(line, group);
        if (inside && !key && line[0] == '[')
            return i + 1;
        gsize n = key ? strlen(key) : 0;
        if (inside && key && strncmp(line, key, n) == 0 && strchr(" \t=", line[n]))
            return i + 1;
    }
    return 0;
}

static void mistake(struct reading *in, const char *group, const char *key, const char *format, ...)
    G_GNUC_PRINTF(4, 5);
static void mistake(struct reading *in, const char *group, const char *key, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    if (in->mistakes->len)
        g_string_append_c(in->mistakes, '\n');
    g_string_append_printf(in->mistakes, "%s:%u: %s", in->config->path, line_of(in, group, key),
                           text);
}

/* "ad corp" -> "ad"; sections without a name are themselves. */
static char *section_of(const char *group)
{
    const char *blank = strchr(group, ' ');
    return blank ? g_strndup(group, (gsize)(blank - group)) : g_strdup(group);
}

static gboolean section_is_named(const char *section)
{
    return strcmp(section, "ad") == 0 || strcmp(section, "entra") == 0;
}

static const char *keep(struct config *config, char *text)
{
    g_ptr_array_add(config->texts, text);
    return text;
}

static void read_number(struct reading *in, const struct key *key, const char *group, char *text)
{
    char *end = NULL;
    gint64 value = g_ascii_strtoll(text, &end, 10);
    if (end == text || *end || value < key->low || value > key->high) {
        mistake(in, group, key->name,
                "%s must be a whole number from %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT
                ", not \"%s\"",
                key->name, key->low, key->high, text);
        return;
    }
    void *at = (char *)in->config + key->offset;
    if (key->kind == MINUTES)
        *(gint64 *)at = value * COR_MINUTE_US;
    else if (key->kind == DAYS)
        *(gint64 *)at = value * COR_DAY_US;
    else
        *(guint *)at = (guint)value;
}

static void read_choice(struct reading *in, const struct key *key, const char *group, char *text)
{
    const char *list = key->kind == TRISTATE ? "no yes unknown" : key->choices;
    g_auto(GStrv) words = g_strsplit(list, " ", 0);
    for (int i = 0; words[i]; i++) {
        if (strcmp(words[i], text) != 0)
            continue;
        int value = key->kind == TRISTATE && i == 2 ? COR_UNKNOWN : i;
        *(int *)((char *)in->config + key->offset) = value;
        return;
    }
    g_autofree char *joined = g_strjoinv(", ", words);
    mistake(in, group, key->name, "%s must be one of %s, not \"%s\"", key->name, joined, text);
}

static void read_key(struct reading *in, const struct key *key, const char *group)
{
    g_autofree char *text = g_key_file_get_string(in->file, group, key->name, NULL);
    if (!text || !*g_strstrip(text)) {
        mistake(in, group, key->name, "%s is empty", key->name);
        return;
    }
    switch (key->kind) {
    case TEXT:
    case PATH:
        if (key->kind == PATH && !g_path_is_absolute(text)) {
            mistake(in, group, key->name, "%s must be an absolute path, not \"%s\"", key->name,
                    text);
            return;
        }
        *(const char **)((char *)in->config + key->offset) =
            keep(in->config, g_steal_pointer(&text));
        return;
    case NUMBER:
    case MINUTES:
    case DAYS:
        read_number(in, key, group, text);
        return;
    case CHOICE:
    case TRISTATE:
        read_choice(in, key, group, text);
        return;
    }
}

static const struct key *find_key(const char *section, const char *name)
{
    for (gsize i = 0; i < G_N_ELEMENTS(keys); i++)
        if (strcmp(keys[i].section, section) == 0 && strcmp(keys[i].name, name) == 0)
            return &keys[i];
    return NULL;
}

static void unknown_key(struct reading *in, const char *group, const char *section,
                        const char *name)
{
    g_autoptr(GPtrArray) known = g_ptr_array_new();
    for (gsize i = 0; i < G_N_ELEMENTS(keys); i++)
        if (strcmp(keys[i].section, section) == 0)
            g_ptr_array_add(known, (char *)keys[i].name);
    g_ptr_array_add(known, NULL);
    const char *near = suggest_nearest(name, (const char *const *)known->pdata);
    if (near)
        mistake(in, group, name, "unknown key \"%s\" in [%s]; did you mean \"%s\"?", name, group,
                near);
    else
        mistake(in, group, name, "unknown key \"%s\" in [%s]", name, group);
}

static void unknown_section(struct reading *in, const char *group, const char *section)
{
    static const char *const sections[] = {"store", "ad",        "entra", "sync",
                                           "agent", "retention", NULL};
    const char *near = suggest_nearest(section, sections);
    if (near)
        mistake(in, group, NULL, "unknown section [%s]; did you mean [%s%s]?", group, near,
                section_is_named(near) ? " NAME" : "");
    else
        mistake(in, group, NULL, "unknown section [%s]", group);
}

static gboolean section_known(const char *section)
{
    for (gsize i = 0; i < G_N_ELEMENTS(keys); i++)
        if (strcmp(keys[i].section, section) == 0)
            return TRUE;
    return FALSE;
}

/* The name of a directory's section becomes the source name of its half. */
static void name_source(struct reading *in, const char *group, const char *section)
{
    gboolean ad = strcmp(section, "ad") == 0;
    gboolean *seen = ad ? &in->config->has_ad : &in->config->has_entra;
    const char **source = ad ? &in->config->ad.source : &in->config->entra.source;
    if (*seen)
        mistake(in, group, NULL, "a second [%s …] section: one of each is supported", section);
    *seen = TRUE;
    const char *blank = strchr(group, ' ');
    *source = keep(in->config, g_strdup(blank ? blank + 1 : section));
}

static void read_section(struct reading *in, const char *group)
{
    g_autofree char *section = section_of(group);
    if (!section_known(section)) {
        unknown_section(in, group, section);
        return;
    }
    if (section_is_named(section))
        name_source(in, group, section);
    g_auto(GStrv) names = g_key_file_get_keys(in->file, group, NULL, NULL);
    for (guint i = 0; names && names[i]; i++) {
        const struct key *key = find_key(section, names[i]);
        if (key)
            read_key(in, key, group);
        else
            unknown_key(in, group, section, names[i]);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(keys); i++)
        if (keys[i].required && strcmp(keys[i].section, section) == 0 &&
            !g_key_file_has_key(in->file, group, keys[i].name, NULL))
            mistake(in, group, NULL, "[%s] needs %s: %s", group, keys[i].name, keys[i].help);
}

/* Exactly one kind of credential, and what it needs. */
static void check_credential(struct reading *in)
{
    const struct entra_options *entra = &in->config->entra;
    int kinds = (entra->secret_file != NULL) + (entra->certificate_file != NULL) +
                (entra->managed_identity != FALSE);
    if (kinds != 1)
        mistake(in, "entra", NULL, "%s: one of secret_file, certificate_file, managed_identity=arc",
                kinds ? "only one credential can be used" : "[entra …] needs a credential");
    if (!entra->client_id && !entra->managed_identity)
        mistake(in, "entra", NULL, "[entra …] needs client_id: %s",
                find_key("entra", "client_id")->help);
    if (entra->client_id && entra->managed_identity)
        mistake(in, "entra", "client_id",
                "client_id is not used with managed_identity: leave it out");
    if (entra->certificate_password_file && !entra->certificate_file)
        mistake(in, "entra", "certificate_password_file",
                "certificate_password_file needs certificate_file");
}

static gboolean is_proxy(const char *text)
{
    const char *host = strstr(text, "://");
    gboolean scheme = g_str_has_prefix(text, "http://") || g_str_has_prefix(text, "https://");
    return scheme && host[3] && !host[3 + strcspn(host + 3, "@/?# ")];
}

static void check_entra(struct reading *in)
{
    struct entra_options *entra = &in->config->entra;
    check_credential(in);
    if (!entra->graph_url)
        entra->graph_url = entra_cloud_row((enum entra_cloud)entra->cloud)->graph;
    if (!g_str_has_prefix(entra->graph_url, "https://"))
        mistake(in, "entra", "graph_url", "graph_url must begin with https://");
    if (entra->token_url && !g_str_has_prefix(entra->token_url, "https://"))
        mistake(in, "entra", "token_url", "token_url must begin with https://");
    if (entra->proxy && !is_proxy(entra->proxy))
        mistake(in, "entra", "proxy",
                "proxy must be http://HOST:PORT; user and password belong into proxy_secret_file");
    if (entra->proxy_secret_file && !entra->proxy)
        mistake(in, "entra", "proxy_secret_file", "proxy_secret_file needs proxy");
}

static void check_together(struct reading *in)
{
    const struct config *config = in->config;
    if (!config->store_path && !g_key_file_has_group(in->file, "store"))
        mistake(in, "store", NULL, "the section [store] with path is missing");
    if (!config->has_ad && !config->has_entra)
        mistake(in, "ad", NULL, "no directory is named: add [ad NAME] and [entra NAME]");
    if (config->ad.bind_dn && config->ad.transport == AD_LDAP_SEALED)
        mistake(
            in, "ad", NULL,
            "bind_dn would send a password in clear: set transport=ldaps or transport=starttls");
    if (config->ad.bind_dn && !config->ad.password_file)
        mistake(in, "ad", NULL, "bind_dn needs password_file");
    if (config->has_entra)
        check_entra(in);
}

static struct config *config_new(const char *path)
{
    struct config *config = g_new0(struct config, 1);
    config->path = g_strdup(path);
    config->texts = g_ptr_array_new_with_free_func(g_free);
    config->hints.staging = config->hints.suspended = COR_UNKNOWN;
    config->hints.password_hash_sync = config->hints.password_writeback = COR_UNKNOWN;
    config->agent_interval_us = COR_HOUR_US;
    config->retention =
        (struct store_retention){.keep_daily_days = 365, .keep_all_days = 7, .keep_last = 10};
    config->ad.full_every_hours = 24;
    config->entra.quota_percent = 90;
    config->entra.reconcile_us = 7 * COR_DAY_US;
    return config;
}

struct config *config_load(const char *path, GError **error)
{
    CONFIG_AUTO *config = config_new(path);
    g_autofree char *text = NULL;
    g_autoptr(GError) first = NULL;
    if (!g_file_get_contents(path, &text, NULL, &first)) {
        g_set_error(error, AGENT_ERROR, COR_E_CONFIG,
                    "cannot read the configuration: %s; name another file with -c FILE",
                    first->message);
        return NULL;
    }
    g_autoptr(GKeyFile) file = g_key_file_new();
    if (!g_key_file_load_from_data(file, text, strlen(text), G_KEY_FILE_NONE, &first)) {
        g_set_error(error, AGENT_ERROR, COR_E_CONFIG, "%s: %s", path, first->message);
        return NULL;
    }
    g_auto(GStrv) lines = g_strsplit(text, "\n", 0);
    g_autoptr(GString) mistakes = g_string_new(NULL);
    struct reading in = {.config = config, .file = file, .lines = lines, .mistakes = mistakes};
    g_auto(GStrv) groups = g_key_file_get_groups(file, NULL);
    for (guint i = 0; groups[i]; i++)
        read_section(&in, groups[i]);
    check_together(&in);
    if (mistakes->len) {
        g_set_error_literal(error, AGENT_ERROR, COR_E_CONFIG, mistakes->str);
        return NULL;
    }
    return g_steal_pointer(&config);
}

void config_free(struct config *config)
{
    if (!config)
        return;
    g_ptr_array_unref(config->texts);
    g_free(config->path);
    g_free(config);
}

char *config_describe(void)
{
    GString *out = g_string_new("| section | key | default | meaning |\n|---|---|---|---|\n");
    for (gsize i = 0; i < G_N_ELEMENTS(keys); i++) {
        const struct key *key = &keys[i];
        g_string_append_printf(out, "| `[%s%s]` | `%s` | %s | %s |\n", key->section,
                               section_is_named(key->section) ? " NAME" : "", key->name,
                               key->required   ? "required"
                               : key->standard ? key->standard
                                               : "none",
                               key->help);
    }
    return g_string_free(out, FALSE);
}
