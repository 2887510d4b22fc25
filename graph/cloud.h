/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_GRAPH_CLOUD_H
#define ANCHORWATCH_GRAPH_CLOUD_H

/* The national clouds (Graph page "deployments"). Tokens of one are worth nothing in another. */

#include <glib.h>

/* In this order in the configuration too: ENTRA_CLOUDS names them. */
enum entra_cloud { ENTRA_GLOBAL, ENTRA_USGOV, ENTRA_USGOV_DOD, ENTRA_CHINA };
#define ENTRA_CLOUDS "global usgov usgov-dod china"

struct entra_cloud_row {
    const char *words; /* for people */
    const char *login, *graph;
    const char *lacks; /* what Microsoft's pages leave out there, or NULL */
};
/* Static storage. */
const struct entra_cloud_row *entra_cloud_row(enum entra_cloud cloud);

#endif
