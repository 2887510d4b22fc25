/* SPDX-License-Identifier: Apache-2.0 */
/* The folder of Get-ADSyncServerConfiguration, and single files that are a whole of their own. */
#include "agent/rules/import.h"

#include "agent/rules/members.h"
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

/* Documents in JSON, told by a member that only they have. */
static const struct {
    const char *member;
    enum cor_rules_source source;
    gboolean (*read)(struct rules_document *in, const struct cor_json *root, GError **error);
} documents[] = {
    {"synchronizationRules", COR_RULES_CLOUD_SYNC, rules_read_cloud_schema},
    {"onpremisesDirectoryPolicy", COR_RULES_CONNECT_POLICY, rules_read_policy},
};

static gboolean read_json(const struct rules_reading *in, const char *text, gsize len,
                          GError **error)
{
    g_autoptr(GString) path = g_string_new(NULL);
    struct rules_document document = {*in, path};
    COR_JSON_AUTO *root = cor_json_parse(text, len, RULES_FILE_MAX, error);
    if (!root) {
        g_prefix_error(error, "%s: ", in->file);
        return FALSE;
    }
    for (guint i = 0; i < G_N_ELEMENTS(documents); i++) {
        if (!cor_json_get(root, documents[i].member))
            continue;
        in->set->source = documents[i].source;
        return documents[i].read(&document, root, error);
    }
    return rules_member_expected(&document, root,
                                 "synchronizationRules or onpremisesDirectoryPolicy", error);
}

static gboolean is_json(const char *text)
{
    while (g_ascii_isspace(*text))
        text++;
    return *text == '{';
}

gboolean rules_import_file(const char *name, const void *data, gsize len, struct cor_rule_set *set,
                           GPtrArray *findings, GError **error)
{
    gsize text_len;
    struct rules_reading in = {set, findings, name};
    g_autofree char *text = rules_decode(data, len, name, &text_len, error);
    if (text && is_json(text))
        return read_json(&in, text, text_len, error);
    RULES_XML_AUTO *doc = text ? rules_xml_parse(name, text, text_len, error) : NULL;
    if (!doc)
        return FALSE;
    xmlNode *root = xmlDocGetRootElement(doc);
    if (strcmp((const char *)root->name, "ma-data") == 0)
        return rules_read_connector(&in, root, error);
    if (strcmp((const char *)root->name, "synchronizationRule") == 0)
        return rules_read_rule(&in, root, error);
    return rules_read_metaverse(&in, root, error);
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

/* A single file is a whole only in JSON: one of the folder's says nothing without the others. */
static gboolean read_single(struct rules_reading *in, const char *path, GError **error)
{
    gsize len;
    g_autofree char *name = g_path_get_basename(path);
    in->file = name;
    g_autofree char *text = rules_file_text(path, name, &len, error);
    if (!text)
        return FALSE;
    if (!is_json(text)) {
        g_set_error(error, AGENT_ERROR, COR_E_INPUT,
                    "%s: expected a folder, or a file with a JSON object, found another file",
                    name);
        return FALSE;
    }
    gboolean ok = read_json(in, text, len, error);
    cor_rule_set_sort(in->set);
    return ok;
}

gboolean rules_import_path(const char *path, struct rules_import *ret, GError **error)
{
    struct rules_import import = {
        .set = cor_rule_set_new(COR_RULES_CONNECT_EXPORT),
        .findings = g_ptr_array_new_with_free_func(g_free),
    };
    struct rules_reading in = {import.set, import.findings, path};
    gboolean single = g_file_test(path, G_FILE_TEST_IS_REGULAR);
    if (!(single ? read_single : read_export)(&in, path, error)) {
        rules_import_clear(&import);
        return FALSE;
    }
    *ret = import;
    return TRUE;
}
