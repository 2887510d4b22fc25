/* SPDX-License-Identifier: Apache-2.0 */
#include "graph/cloud.h"

#define LOGIN_US    "https://login.microsoftonline.us"
#define NO_RECOVERY "Microsoft's Backup and Recovery"

/* Hosts: Graph page "deployments". What lacks: the published schemas of the clouds have no recovery
 * service, and the page of directory audits names the global and US clouds only. */
static const struct entra_cloud_row rows[] = {
    [ENTRA_GLOBAL] = {"the global cloud", "https://login.microsoftonline.com",
                      "https://graph.microsoft.com", NULL},
    [ENTRA_USGOV] = {"US Government L4 (GCC High)", LOGIN_US, "https://graph.microsoft.us",
                     NO_RECOVERY},
    [ENTRA_USGOV_DOD] = {"US Government L5 (DoD)", LOGIN_US, "https://dod-graph.microsoft.us",
                         NO_RECOVERY},
    [ENTRA_CHINA] = {"China, operated by 21Vianet", "https://login.chinacloudapi.cn",
                     "https://microsoftgraph.chinacloudapi.cn",
                     NO_RECOVERY " and, by the page of that service, directory audits"},
};

const struct entra_cloud_row *entra_cloud_row(enum entra_cloud cloud)
{
    return &rows[cloud];
}
