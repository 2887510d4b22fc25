/* SPDX-License-Identifier: Apache-2.0 */
#include "graph/register.h"

#include "correlate/error.h"
#include "graph/cloud.h"
#include "graph/logs.h"
#include "graph/resource.h"

#include <string.h>

#define GRAPH_APP "00000003-0000-0000-c000-000000000000"

/* What rules import --from-tenant asks for, beside what the table names. */
#define RULES_PERMISSION "Synchronization.Read.All"

static void add_once(GPtrArray *names, const char *name)
{
    for (guint i = 0; i < names->len; i++)
        if (g_str_equal(names->pdata[i], name))
            return;
    g_ptr_array_add(names, (char *)name);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void add_reading(GPtrArray *names, const struct entra_resource *resource)
{
    add_once(names, resource->permission);
    for (const struct entra_relation *at = resource->relations; at && at->kind; at++)
        add_once(names, entra_relation_permission(resource, at));
}

GPtrArray *entra_register_permissions(gboolean writing)
{
    GPtrArray *names = g_ptr_array_new();
    for (guint i = 0; i < entra_resources_len; i++) {
        if (!writing)
            add_reading(names, &entra_resources[i]);
        else if (entra_resources[i].behavior_permission)
            add_once(names, entra_resources[i].behavior_permission);
    }
    if (!writing) {
        add_once(names, ENTRA_AUDIT_PERMISSION);
        add_once(names, ENTRA_PROVISIONING_PERMISSION);
        add_once(names, RULES_PERMISSION);
    }
    g_ptr_array_sort(names, by_name);
    return names;
}

/* --- what goes into the text ------------------------------------------------------------------ */

/* Nothing of the configuration may become a command. */
static gboolean is_plain(const char *tenant)
{
    return *tenant && tenant[strspn(tenant, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS ".-")] == '\0';
}

static const char *az_cloud(int cloud)
{
    static const char *const names[] = {[ENTRA_GLOBAL] = "AzureCloud",
                                        [ENTRA_USGOV] = "AzureUSGovernment",
                                        [ENTRA_USGOV_DOD] = "AzureUSGovernment",
                                        [ENTRA_CHINA] = "AzureChinaCloud"};
    return names[cloud];
}

static const char *powershell_cloud(int cloud)
{
    static const char *const names[] = {[ENTRA_GLOBAL] = "Global",
                                        [ENTRA_USGOV] = "USGov",
                                        [ENTRA_USGOV_DOD] = "USGovDoD",
                                        [ENTRA_CHINA] = "China"};
    return names[cloud];
}

static void add_names(GString *out, gboolean writing, const char *format)
{
    g_autoptr(GPtrArray) names = entra_register_permissions(writing);
    for (guint i = 0; i < names->len; i++) {
        g_auto(GStrv) around = g_strsplit(format, "@", 2);
        g_string_append_printf(out, "%s%s%s", around[0], (const char *)names->pdata[i], around[1]);
    }
}

/* --- az --------------------------------------------------------------------------------------- */

static const char az_head[] =
    "#!/bin/sh\n"
    "# Registers Anchorwatch. Run it where the Azure CLI is, as somebody who may register apps "
    "and\n"
    "# consent to application permissions (Privileged Role Administrator).\n"
    "# Make key and certificate on the host of Anchorwatch before, and bring only the .crt here:\n"
    "#   umask 077; openssl req -x509 -newkey rsa:3072 -nodes -days 365 -subj /CN=anchorwatch \\\n"
    "#     -keyout entra.key -out entra.crt && cat entra.key entra.crt > "
    "/etc/anchorwatch/entra.pem\n"
    "set -eu\n"
    "graph=" GRAPH_APP "\n";

static const char az_tail[] =
    "app=$(az ad app create --display-name Anchorwatch --sign-in-audience AzureADMyOrg \\\n"
    "  --query appId --output tsv)\n"
    "az ad sp create --id \"$app\" --output none\n"
    "for name in $permissions; do\n"
    "  role=$(az ad sp show --id \"$graph\" --query \"appRoles[?value=='$name'].id | [0]\" \\\n"
    "    --output tsv)\n"
    "  [ -n \"$role\" ] || { echo \"this cloud has no permission $name\" >&2; exit 1; }\n"
    "  az ad app permission add --id \"$app\" --api \"$graph\" --api-permissions \"$role=Role\"\n"
    "done\n"
    "az ad app credential reset --id \"$app\" --append --cert @entra.crt --output none\n"
    "az ad app permission admin-consent --id \"$app\"\n"
    "echo \"client_id=$app\"\n";

static void az_script(const struct entra_options *options, GString *out)
{
    g_string_append(out, az_head);
    g_string_append(out, "permissions=\"\n");
    add_names(out, FALSE, "  @\n");
    g_string_append(out,
                    "\"\n# They can write; Microsoft has none that only reads. Take them to see"
                    " the source of authority:\n");
    add_names(out, TRUE, "#permissions=\"$permissions @\"\n");
    g_string_append_printf(out,
                           "az cloud set --name %s\n"
                           "az login --tenant %s --allow-no-subscriptions --output none\n",
                           az_cloud(options->cloud), options->tenant_id);
    g_string_append(out, az_tail);
}

/* --- PowerShell ------------------------------------------------------------------------------- */

static const char powershell_app[] =
    "$cert = "
    "[System.Security.Cryptography.X509Certificates.X509Certificate2]::new(\"$PWD/entra.crt\")"
    "\n$access = @($roles | ForEach-Object { @{ Id = $_.Id; Type = 'Role' } })\n"
    "$app = New-MgApplication -DisplayName 'Anchorwatch' -SignInAudience 'AzureADMyOrg' `\n"
    "  -RequiredResourceAccess @(@{ ResourceAppId = $graph.AppId; ResourceAccess = $access }) `\n"
    "  -KeyCredentials @(@{ Type = 'AsymmetricX509Cert'; Usage = 'Verify'; Key = $cert.RawData })\n"
    "$principal = New-MgServicePrincipal -AppId $app.AppId\n";

static const char powershell_identity[] =
    "$principal = Get-MgServicePrincipal -Filter \"displayName eq '$(Read-Host "
    "'Name of the Arc-enabled server')'\"\n"
    "if (@($principal).Count -ne 1) { throw 'there is not exactly one identity of that name' }\n";

static const char powershell_tail[] =
    "foreach ($role in $roles) {\n"
    "  New-MgServicePrincipalAppRoleAssignment -ServicePrincipalId $principal.Id `\n"
    "    -PrincipalId $principal.Id -ResourceId $graph.Id -AppRoleId $role.Id | Out-Null\n"
    "}\n"
    "\"client_id=$($principal.AppId)\"\n";

static void powershell_script(const struct entra_options *options, GString *out)
{
    g_string_append(
        out, "# Registers Anchorwatch with the Microsoft Graph PowerShell modules. Run it as "
             "somebody who may\n# register apps and consent to application permissions "
             "(Privileged Role Administrator).\n");
    if (!options->managed_identity)
        g_string_append(out, "# entra.crt is the certificate; its key stays on the host of "
                             "Anchorwatch.\n");
    g_string_append(out, "$ErrorActionPreference = 'Stop'\n$names = @(\n");
    add_names(out, FALSE, "  '@'\n");
    g_string_append(out,
                    ")\n# They can write; Microsoft has none that only reads. Take them to see "
                    "the source of authority:\n");
    add_names(out, TRUE, "#$names += '@'\n");
    g_string_append_printf(
        out,
        "Connect-MgGraph -TenantId '%s' -Environment '%s' `\n"
        "  -Scopes 'Application.ReadWrite.All', 'AppRoleAssignment.ReadWrite.All'"
        "\n$graph = Get-MgServicePrincipal -Filter \"appId eq '" GRAPH_APP "'\"\n"
        "$roles = @($graph.AppRoles | Where-Object { $names -contains $_.Value "
        "-and\n  $_.AllowedMemberTypes -contains 'Application' })\n"
        "if ($roles.Count -ne $names.Count) { throw 'this cloud lacks one of the "
        "permissions' }\n",
        options->tenant_id, powershell_cloud(options->cloud));
    g_string_append(out, options->managed_identity ? powershell_identity : powershell_app);
    g_string_append(out, powershell_tail);
}

char *entra_register_script(const struct entra_options *options, enum entra_shell shell,
                            GError **error)
{
    if (!is_plain(options->tenant_id)) {
        g_set_error_literal(error, ENTRA_ERROR, COR_E_CONFIG,
                            "tenant_id is neither a GUID nor a domain");
        return NULL;
    }
    if (shell == ENTRA_AZ && options->managed_identity) {
        g_set_error_literal(error, ENTRA_ERROR, COR_E_CONFIG,
                            "the az commands cannot grant to a managed identity; "
                            "use --script powershell");
        return NULL;
    }
    GString *out = g_string_new(NULL);
    if (shell == ENTRA_AZ)
        az_script(options, out);
    else
        powershell_script(options, out);
    return g_string_free(out, FALSE);
}
