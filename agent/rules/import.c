/* SPDX-License-Identifier: Apache-2.0 */
/* The folder of Get-ADSyncServerConfiguration. */
#include "agent/rules/import.h"

#include "agent/rules/reading.h"
#include "correlate/error.h"

#include <string.h>

void rules_import_clear(struct rules_import *import)
{
    cor_rule_set_free(import->set);
    if (import->findings)
        g_ptr_array_unref(import->findings);
    *import = (struct rules_import){0};
}

/* --- files ----------------------------------------------------------------------------------- */

typedef gboolean (*read_func)(struct rules_reading *in, xmlNode *root, GError **error);

static gboolean read_file(struct rules_reading *in, const char *root, const char *name,
                          read_func read, GError **error)
{
    g_autofree char *path = g_build_filename(root, name, NULL);
    gsize len;
    in->file = name;
    g_autofree char *text = rules_file_text(path, name, &len, error);
    RULES_XML_AUTO *doc = text ? rules_xml_parse(name, text, len, error) : NULL;
    return doc && read(in, xmlDocGetRootElement(doc), error);
}

static gint by_name(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Names of a folder's XML files, "folder/name", in one order on every machine; what else lies there
 * is a finding. NULL with error. */
static GPtrArray *list_folder(struct rules_reading *in, const char *root, const char *folder,
                              GError **error)
{
    g_autofree char *path = g_build_filename(root, folder, NULL);
    g_autoptr(GError) native = NULL;
    g_autoptr(GDir) dir = g_dir_open(path, 0, &native);
    if (!dir) {
        g_set_error(error, AGENT_ERROR, COR_E_CONFIG, "%s: expected a folder, found: %s", folder,
                    native->message);
        return NULL;
    }
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    const char *name;
    guint count = 0;
    while ((name = g_dir_read_name(dir))) {
        if (++count > RULES_FILES_MAX) {
            g_set_error(error, AGENT_ERROR, COR_E_LIMIT,
                        "%s: expected at most %d files, found more", folder, RULES_FILES_MAX);
            return NULL;
        }
        g_autofree char *lower = g_ascii_strdown(name, -1);
        char *full = g_strdup_printf("%s/%s", folder, name);
        g_ptr_array_add(names, full);
        if (!g_str_has_suffix(lower, ".xml") || !g_utf8_validate(name, -1, NULL)) {
            in->file = folder;
            g_autofree char *shown = g_utf8_make_valid(name, -1);
            rules_finding(in, NULL, "%s is not an XML file and was not read", shown);
            g_ptr_array_remove(names, full);
        }
    }
    g_ptr_array_sort(names, by_name);
    return g_steal_pointer(&names);
}

static gboolean read_folder(struct rules_reading *in, const char *root, const char *folder,
                            read_func read, GError **error)
{
    g_autoptr(GPtrArray) names = list_folder(in, root, folder, error);
    if (!names)
        return FALSE;
    if (names->len == 0) {
        g_set_error(error, AGENT_ERROR, COR_E_INPUT, "%s: expected XML files, found none", folder);
        return FALSE;
    }
    for (guint i = 0; i < names->len; i++)
        if (!read_file(in, root, names->pdata[i], read, error))
            return FALSE;
    return TRUE;
}

/* --- the whole ------------------------------------------------------------------------------- */

static void find_unconnected(struct rules_reading *in)
{
    gboolean cloud = FALSE;
    for (guint i = 0; i < in->set->connectors->len; i++)
        cloud |= ((const struct cor_connector *)in->set->connectors->pdata[i])->cloud;
    in->file = "Connectors";
    if (!cloud)
        rules_finding(in, NULL, "none of them is the connector to Microsoft Entra ID");
    for (guint i = 0; i < in->set->rules->len; i++) {
        const struct cor_rule *rule = in->set->rules->pdata[i];
        g_autofree char *file =
            g_strdup_printf("SynchronizationRules/SynchronizationRule_%s.xml", rule->id);
        in->file = file;
        if (!cor_rule_set_connector(in->set, rule->connector))
            rules_finding(in, NULL, "\"%s\" is for connector %s, which has no file in Connectors",
                          rule->name, rule->connector);
    }
}

static gboolean read_export(struct rules_reading *in, const char *path, GError **error)
{
    if (!read_folder(in, path, "Connectors", rules_read_connector, error) ||
        !read_folder(in, path, "SynchronizationRules", rules_read_rule, error) ||
        !read_file(in, path, "GlobalSettings/MV.xml", rules_read_metaverse, error))
        return FALSE;
    find_unconnected(in);
    cor_rule_set_sort(in->set);
    return TRUE;
}

gboolean rules_import_path(const char *path, struct rules_import *ret, GError **error)
{
    struct rules_import import = {
        .set = cor_rule_set_new(COR_RULES_CONNECT_EXPORT),
        .findings = g_ptr_array_new_with_free_func(g_free),
    };
    struct rules_reading in = {import.set, import.findings, path};
    if (!read_export(&in, path, error)) {
        rules_import_clear(&import);
        return FALSE;
    }
    *ret = import;
    return TRUE;
}
