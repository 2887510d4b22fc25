/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_AGENT_CONFIG_H
#define ANCHORWATCH_AGENT_CONFIG_H

/*
 * The one configuration file (GKeyFile syntax). docs/configuration.md lists every key; the table in
 * config.c is the only place that knows them. Modules receive plain option structs, never this.
 */

#include "agent/store/store.h"
#include "correlate/tenant.h"
#include "graph/capture.h"
#include "ldap/capture.h"

#define CONFIG_DEFAULT_PATH "/etc/anchorwatch/anchorwatch.conf"

struct config {
    char *path;       /* where it was read */
    GPtrArray *texts; /* owns every string that the options below borrow */
    const char *store_path;
    gboolean has_ad, has_entra;
    struct ad_options ad;
    struct entra_options entra;
    struct cor_tenant_hints hints;
    const char *const *security_logs; /* of `snapshot --security-log`, borrowed; NULL: none */
    gint64 agent_interval_us;
    struct store_retention retention;
};

/* Read and check a file. Every mistake is reported at once, each with file and line, unknown keys
 * with the nearest known one. AGENT_ERROR, COR_E_CONFIG. */
struct config *config_load(const char *path, GError **error);
void config_free(struct config *config);
#define CONFIG_AUTO __attribute__((cleanup(config_cleanup))) struct config
static inline void config_cleanup(struct config **config)
{
    config_free(*config);
}

/* The keys with defaults and help, as the text of docs/configuration.md's table. Caller frees. */
char *config_describe(void);

#endif
