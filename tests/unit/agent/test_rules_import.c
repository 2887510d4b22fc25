/* SPDX-License-Identifier: Apache-2.0 */
/* The import of a folder of Get-ADSyncServerConfiguration: what is read, kept and refused. */
#include "agent/rules/file.h"
#include "agent/rules/import.h"
#include "correlate/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib/gstdio.h>
#include <string.h>

#define SAMPLE  AW_SOURCE_DIR "/../shared/data/connect-contoso"
#define AD_ID   "{11111111-2222-4333-8444-555555555555}"
#define RULE_ID "{aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee}"

static const char connector_xml[] =
    "<ma-data><id>{11111111-2222-4333-8444-555555555555}</id><name>lab.example.test</name>"
    "<subtype/><schema><d:dsml xmlns:d='http://www.dsml.org/DSML'><d:directory-schema>"
    "<d:attribute-type id='a' single-value='true'><d:name>cn</d:name>"
    "<d:syntax>1.3.6.1.4.1.1466.115.121.1.15</d:syntax></d:attribute-type>"
    "<d:attribute-type id='b'><d:name>member</d:name>"
    "<d:syntax>1.3.6.1.4.1.1466.115.121.1.12</d:syntax></d:attribute-type>"
    "</d:directory-schema></d:dsml></schema>"
    "<attribute-inclusion><attribute>cn</attribute></attribute-inclusion>"
    "<ma-partition-data><partition><name>DC=lab,DC=example,DC=test</name><selected>1</selected>"
    "<filter><object-classes><object-class>user</object-class></object-classes><containers>"
    "<exclusions><exclusion>DC=lab,DC=example,DC=test</exclusion></exclusions>"
    "<inclusions><inclusion>OU=Staff,DC=lab,DC=example,DC=test</inclusion></inclusions>"
    "</containers></filter><custom-data><adma-partition-data><name>lab.example.test</name>"
    "<is-domain>1</is-domain></adma-partition-data></custom-data><parameter-values>"
    "<parameter name='Domain.Netbios' intrinsic='1'>LAB</parameter>"
    "<parameter name='cookie' use='partition'>SECRET</parameter></parameter-values>"
    "</partition></ma-partition-data><private-configuration><adma-configuration>"
    "<forest-name>example.test</forest-name></adma-configuration></private-configuration>"
    "</ma-data>";
static const char metaverse_xml[] =
    "<saved-mv-configuration server='s'><mv-data><schema/><parameter-values>"
    "<parameter name='Microsoft.SynchronizationOption.AnchorAttribute'>objectGUID</parameter>"
    "<parameter name='Microsoft.Synchronize.ServerConfigurationVersion'>2.5.1.0</parameter>"
    "</parameter-values></mv-data></saved-mv-configuration>";
#define RULE_HEAD                                                                                  \
    "<synchronizationRule>\n<id>" RULE_ID "</id>\n<name>In from AD</name>\n"                       \
    "<direction>Inbound</direction><connector>" AD_ID "</connector>"                               \
    "<sourceObjectType>user</sourceObjectType><targetObjectType>person</targetObjectType>"         \
    "<linkType>Provision</linkType>\n"
static const char rule_xml[] = RULE_HEAD
    "<precedence>50</precedence>"
    "<attribute-mappings><mapping execute-once='true'><dest>displayName</dest>"
    "<src><attr>displayName</attr><attr>cn</attr></src>"
    "<expression>IIF(IsNullOrEmpty([displayName]),[cn],[displayName])</expression>"
    "<valueMergeType>Merge</valueMergeType></mapping>"
    "<mapping><dest>kind</dest><src>User</src></mapping></attribute-mappings>"
    "<relationshipCriteria><conditions><condition><csAttribute>objectSid</csAttribute>"
    "<ilmAttribute>sid</ilmAttribute><caseSensitive>True</caseSensitive></condition></conditions>"
    "</relationshipCriteria><synchronizationCriteria><conditions><scope>"
    "<csAttribute>mail</csAttribute><csOperator>ISNOTNULL</csOperator><csValue/></scope>"
    "<scope><csAttribute>cn</csAttribute><csOperator>NOTSTARTSWITH</csOperator>"
    "<csValue>x</csValue></scope></conditions></synchronizationCriteria></synchronizationRule>";

/* --- an export on disk ----------------------------------------------------------------------- */

static void put(const char *root, const char *name, const void *data, gssize len)
{
    g_autofree char *path = g_build_filename(root, name, NULL);
    g_autofree char *folder = g_path_get_dirname(path);
    assert_int_equal(g_mkdir_with_parents(folder, 0700), 0);
    assert_true(g_file_set_contents(path, data, len, NULL));
}

static int setup(void **state)
{
    char *root = g_dir_make_tmp("aw-rules-XXXXXX", NULL);
    put(root, "Connectors/Connector_1.xml", connector_xml, -1);
    put(root, "GlobalSettings/MV.xml", metaverse_xml, -1);
    put(root, "SynchronizationRules/r.xml", rule_xml, -1);
    *state = root;
    return 0;
}

static void remove_tree(const char *path)
{
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    const char *name;
    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *child = g_build_filename(path, name, NULL);
        remove_tree(child);
    }
    assert_int_equal(g_remove(path), 0);
}

static int teardown(void **state)
{
    remove_tree(*state);
    g_free(*state);
    return 0;
}

static void assert_import(const char *root, struct rules_import *ret)
{
    g_autoptr(GError) error = NULL;
    if (!rules_import_path(root, ret, &error))
        fail_msg("%s", error->message);
}

static void assert_refused(const char *root, enum cor_code code, const char *message)
{
    struct rules_import import = {0};
    g_autoptr(GError) error = NULL;
    assert_false(rules_import_path(root, &import, &error));
    assert_null(import.set);
    assert_int_equal(error->code, code);
    assert_string_equal(error->message, message);
}

static void assert_same_json(const struct cor_rule_set *set)
{
    g_autoptr(GError) error = NULL;
    COR_JSON_AUTO *json = cor_rule_set_to_json(set);
    struct cor_rule_set *again = cor_rule_set_from_json(json, &error);
    if (error)
        fail_msg("%s", error->message);
    COR_JSON_AUTO *second = cor_rule_set_to_json(again);
    assert_true(cor_json_equal(json, second));
    cor_rule_set_free(again);
}

/* --- reading --------------------------------------------------------------------------------- */

static void check_rule(const struct cor_rule *rule)
{
    assert_string_equal(rule->id, RULE_ID);
    assert_int_equal(rule->precedence, 50);
    assert_int_equal(rule->mappings->len, 2);
    const struct cor_rule_mapping *first = rule->mappings->pdata[0];
    assert_true(first->execute_once);
    assert_int_equal(first->merge, COR_RULE_MERGE);
    assert_int_equal(first->sources->len, 2);
    assert_null(first->constant);
    const struct cor_rule_mapping *second = rule->mappings->pdata[1];
    assert_string_equal(second->constant, "User");
    assert_null(second->expression);
    const GPtrArray *group = rule->scope->pdata[0];
    const struct cor_rule_clause *clause = group->pdata[0];
    assert_int_equal(group->len, 2);
    assert_int_equal(clause->op, COR_RULE_IS_NOT_NULL);
    assert_null(clause->value);
    const GPtrArray *joins = rule->join->pdata[0];
    assert_true(((const struct cor_rule_join *)joins->pdata[0])->case_sensitive);
}

static void check_connector(const struct cor_connector *connector)
{
    assert_string_equal(connector->forest, "example.test");
    assert_string_equal(connector->domain, "lab.example.test");
    assert_string_equal(connector->netbios, "LAB");
    assert_false(connector->cloud);
    assert_string_equal(g_hash_table_lookup(connector->syntaxes, "cn"), "string");
    assert_string_equal(g_hash_table_lookup(connector->syntaxes, "member"), "dn[]");
    assert_string_equal(connector->attributes->pdata[0], "cn");
    assert_string_equal(connector->object_types->pdata[0], "user");
    const struct cor_partition *partition = connector->partitions->pdata[0];
    assert_true(partition->selected);
    assert_string_equal(partition->inclusions->pdata[0], "OU=Staff,DC=lab,DC=example,DC=test");
    assert_string_equal(partition->exclusions->pdata[0], "DC=lab,DC=example,DC=test");
    assert_null(g_hash_table_lookup(partition->parameters, "cookie"));
}

static void reads_an_export(void **state)
{
    struct rules_import import;
    assert_import(*state, &import);
    assert_int_equal(import.set->rules->len, 1);
    check_rule(import.set->rules->pdata[0]);
    check_connector(import.set->connectors->pdata[0]);
    assert_string_equal(import.set->version, "2.5.1.0");
    assert_string_equal(
        cor_rule_set_option(import.set, "Microsoft.SynchronizationOption.AnchorAttribute"),
        "objectGUID");
    assert_int_equal(import.set->unknown->len, 0);
    assert_int_equal(import.findings->len, 1); /* no Entra connector */
    assert_same_json(import.set);
    rules_import_clear(&import);
}

static void reads_every_encoding(void **state)
{
    static const struct {
        const char *encoding, *mark;
        gsize mark_len;
    } forms[] = {
        {"UTF-8", "\xEF\xBB\xBF", 3},
        {"UTF-16LE", "\xFF\xFE", 2},
        {"UTF-16BE", "\xFE\xFF", 2},
        {"UTF-16LE", "", 0},
        {"UTF-16BE", "", 0},
        {"UTF-32LE", "\xFF\xFE\0\0", 4},
        {"UTF-32BE", "\0\0\xFE\xFF", 4},
        {"UTF-8", "", 0},
    };
    for (guint i = 0; i < G_N_ELEMENTS(forms); i++) {
        gsize len;
        g_autofree char *body =
            g_convert(rule_xml, -1, forms[i].encoding, "UTF-8", NULL, &len, NULL);
        g_autoptr(GByteArray) file = g_byte_array_new();
        g_byte_array_append(file, (const guint8 *)forms[i].mark, (guint)forms[i].mark_len);
        g_byte_array_append(file, (const guint8 *)body, (guint)len);
        put(*state, "SynchronizationRules/r.xml", file->data, file->len);
        struct rules_import import;
        assert_import(*state, &import);
        check_rule(import.set->rules->pdata[0]);
        rules_import_clear(&import);
    }
}

static void keeps_what_it_does_not_know(void **state)
{
    put(*state, "SynchronizationRules/r.xml",
        RULE_HEAD "<precedence>1</precedence><newThing a='1'><b>c</b></newThing>"
                  "<softDeleteExpiryInterval>01:00:00</softDeleteExpiryInterval>"
                  "<attribute-mappings><mapping odd='2'><dest>cn</dest><src><attr>cn</attr></src>"
                  "</mapping></attribute-mappings></synchronizationRule>",
        -1);
    struct rules_import import;
    assert_import(*state, &import);
    assert_int_equal(import.set->unknown->len, 3);
    assert_string_equal(import.set->unknown->pdata[0],
                        "SynchronizationRules/r.xml: /synchronizationRule/newThing");
    const struct cor_json *kept = cor_json_get(import.set->extra, "SynchronizationRules/r.xml");
    const struct cor_json *texts = cor_json_get(kept, "/synchronizationRule/newThing");
    assert_string_equal(cor_json_string(cor_json_first(texts)),
                        "<newThing a=\"1\"><b>c</b></newThing>");
    assert_same_json(import.set);
    rules_import_clear(&import);
}

/* Entra Connect has no flows outside its rules; an older product's stand in elements of elements.
 */
static void keeps_flows_outside_the_rules(void **state)
{
    static const char *const names[] = {"join", "projection", "export-attribute-flow",
                                        "component_mappings"};
    g_autoptr(GString) flows = g_string_new(NULL);
    for (guint i = 0; i < G_N_ELEMENTS(names); i++)
        g_string_append_printf(flows, "<%s><flow a='%u'/></%s>", names[i], i, names[i]);
    g_string_append(flows, "</ma-data>");
    g_autoptr(GString) xml = g_string_new(connector_xml);
    g_string_replace(xml, "</ma-data>", flows->str, 0);
    put(*state, "Connectors/Connector_1.xml", xml->str, -1);
    struct rules_import import;
    assert_import(*state, &import);
    assert_int_equal(import.set->unknown->len, G_N_ELEMENTS(names));
    assert_string_equal(import.set->unknown->pdata[0], "Connectors/Connector_1.xml: /ma-data/join");
    const struct cor_json *kept = cor_json_get(import.set->extra, "Connectors/Connector_1.xml");
    assert_string_equal(cor_json_string(cor_json_first(cor_json_get(kept, "/ma-data/join"))),
                        "<join><flow a=\"0\"/></join>");
    rules_import_clear(&import);
}

/* --- refusing -------------------------------------------------------------------------------- */

static void names_line_and_expectation(void **state)
{
    static const struct {
        const char *xml, *message;
    } cases[] = {
        {RULE_HEAD "<precedence>first</precedence></synchronizationRule>",
         "SynchronizationRules/r.xml:5: expected a number from 0 on as precedence, found first"},
        {RULE_HEAD "</synchronizationRule>",
         "SynchronizationRules/r.xml:1: expected element precedence in synchronizationRule, "
         "found none"},
        {RULE_HEAD "<precedence>1</precedence>\n<synchronizationCriteria><conditions><scope>"
                   "<csAttribute>a</csAttribute><csOperator>LIKE</csOperator></scope></conditions>"
                   "</synchronizationCriteria></synchronizationRule>",
         "SynchronizationRules/r.xml:6: expected a scoping operator, found LIKE"},
        {RULE_HEAD "<precedence>1</precedence><precedence>2</precedence></synchronizationRule>",
         "SynchronizationRules/r.xml:5: expected one element precedence, found a second"},
        {"<rule/>", "SynchronizationRules/r.xml:1: expected element synchronizationRule, found "
                    "rule"},
        {"<!DOCTYPE r [<!ENTITY a 'b'>]>\n<synchronizationRule>&a;</synchronizationRule>",
         "SynchronizationRules/r.xml:1: expected an element, found a document type"},
        {"\xFF\xFF", "SynchronizationRules/r.xml: expected text in UTF-8, found other bytes"},
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        put(*state, "SynchronizationRules/r.xml", cases[i].xml, -1);
        assert_refused(*state, COR_E_INPUT, cases[i].message);
    }
}

static void refuses_an_id_twice(void **state)
{
    put(*state, "SynchronizationRules/s.xml", rule_xml, -1);
    assert_refused(*state, COR_E_INPUT,
                   "SynchronizationRules/s.xml:1: expected an id of its own, found that of "
                   "\"In from AD\"");
}

static void refuses_half_an_export(void **state)
{
    g_autofree char *path = g_build_filename(*state, "GlobalSettings", "MV.xml", NULL);
    assert_int_equal(g_remove(path), 0);
    assert_refused(*state, COR_E_CONFIG, "GlobalSettings/MV.xml: No such file or directory");
}

/* --- ceilings -------------------------------------------------------------------------------- */

static void depth_has_a_ceiling(void **state)
{
    for (guint depth = RULES_DEPTH_MAX - 1; depth <= RULES_DEPTH_MAX + 1; depth++) {
        GString *xml = g_string_new(RULE_HEAD "<precedence>1</precedence>");
        for (guint i = 1; i < depth; i++)
            g_string_append(xml, "<a>");
        for (guint i = 1; i < depth; i++)
            g_string_append(xml, "</a>");
        g_string_append(xml, "</synchronizationRule>");
        put(*state, "SynchronizationRules/r.xml", xml->str, -1);
        g_string_free(xml, TRUE);
        struct rules_import import = {0};
        g_autoptr(GError) error = NULL;
        gboolean ok = rules_import_path(*state, &import, &error);
        assert_int_equal(ok, depth <= RULES_DEPTH_MAX);
        assert_true(ok || g_error_matches(error, AGENT_ERROR, COR_E_LIMIT));
        rules_import_clear(&import);
    }
}

static void file_size_has_a_ceiling(void **state)
{
    g_autofree char *path = g_build_filename(*state, "big", NULL);
    g_autofree char *data = g_malloc(RULES_FILE_MAX + 1);
    memset(data, ' ', RULES_FILE_MAX + 1);
    for (gsize len = RULES_FILE_MAX - 1; len <= RULES_FILE_MAX + 1; len++) {
        g_autoptr(GError) error = NULL;
        gsize got = 0;
        assert_true(g_file_set_contents(path, data, (gssize)len, NULL));
        g_autofree char *text = rules_file_text(path, "big", &got, &error);
        assert_int_equal(text != NULL, len <= RULES_FILE_MAX);
        assert_true(text ? got == len : g_error_matches(error, AGENT_ERROR, COR_E_LIMIT));
    }
}

static void folder_has_a_ceiling(void **state)
{
    guint have = 1;
    for (guint want = RULES_FILES_MAX - 1; want <= RULES_FILES_MAX + 1; want++) {
        for (; have < want; have++) {
            g_autofree char *name = g_strdup_printf("SynchronizationRules/%u.txt", have);
            put(*state, name, "", 0);
        }
        struct rules_import import = {0};
        g_autoptr(GError) error = NULL;
        gboolean ok = rules_import_path(*state, &import, &error);
        assert_int_equal(ok, want <= RULES_FILES_MAX);
        assert_true(ok || g_error_matches(error, AGENT_ERROR, COR_E_LIMIT));
        rules_import_clear(&import);
    }
}

/* --- a real one ------------------------------------------------------------------------------ */

static void reads_the_sample(void **state)
{
    (void)state;
    if (!g_file_test(SAMPLE, G_FILE_TEST_IS_DIR)) {
        print_message("skipped: %s is not there\n", SAMPLE);
        skip();
    }
    struct rules_import import;
    assert_import(SAMPLE, &import);
    guint mappings = 0;
    for (guint i = 0; i < import.set->rules->len; i++)
        mappings += ((const struct cor_rule *)import.set->rules->pdata[i])->mappings->len;
    assert_int_equal(import.set->rules->len, 62);
    assert_int_equal(mappings, 1200);
    assert_int_equal(g_hash_table_size(import.set->options), 37);
    assert_int_equal(g_hash_table_size(import.set->metaverse), 219);
    for (guint i = 0; i < import.set->unknown->len; i++)
        print_message("unknown: %s\n", (char *)import.set->unknown->pdata[i]);
    for (guint i = 0; i < import.findings->len; i++)
        print_message("finding: %s\n", (char *)import.findings->pdata[i]);
    assert_int_equal(import.set->unknown->len, 0);
    assert_same_json(import.set);
    rules_import_clear(&import);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(reads_an_export),
        TEST(reads_every_encoding),
        TEST(names_line_and_expectation),
        TEST(keeps_what_it_does_not_know),
        TEST(keeps_flows_outside_the_rules),
        TEST(refuses_an_id_twice),
        TEST(refuses_half_an_export),
        TEST(depth_has_a_ceiling),
        TEST(file_size_has_a_ceiling),
        TEST(folder_has_a_ceiling),
        cmocka_unit_test(reads_the_sample),
    };
    return cmocka_run_group_tests_name("rules_import", tests, NULL, NULL);
}
