/* SPDX-License-Identifier: Apache-2.0 */
/* The table of resources against the schema that the service publishes, where it is at hand. */
#include "graph/resource.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#define SCHEMA AW_SOURCE_DIR "/../shared/data/graph-v1.0.csdl"

static char *schema;

static void needs(const char *kind, const char *name, const char *whose)
{
    g_autofree char *text = g_strdup_printf("<%s Name=\"%s\"", kind, name);
    if (!strstr(schema, text))
        fail_msg("%s: the schema has no %s", whose, text);
}

/* Every step of a path is something that leads on: a set, a single object or a navigation. */
static void check_path(const struct entra_resource *resource)
{
    g_auto(GStrv) steps = g_strsplit(resource->path + 1, "/", -1);
    for (guint i = 0; steps[i]; i++) {
        g_autofree char *set = g_strdup_printf("<EntitySet Name=\"%s\"", steps[i]);
        g_autofree char *single = g_strdup_printf("<Singleton Name=\"%s\"", steps[i]);
        const char *cast = strrchr(steps[i], '.');
        if (cast)
            needs("EntityType", cast + 1, resource->segment);
        else if (!strstr(schema, set) && !strstr(schema, single))
            needs("NavigationProperty", steps[i], resource->segment);
    }
}

static void check_properties(const char *list, const char *whose)
{
    g_auto(GStrv) names = g_strsplit(list ? list : "", ",", -1);
    for (guint i = 0; names[i]; i++)
        if (strcmp(names[i], "id") != 0)
            needs("Property", names[i], whose);
}

static void paths_and_properties(void **state)
{
    (void)state;
    for (guint i = 0; i < entra_resources_len; i++) {
        const struct entra_resource *resource = &entra_resources[i];
        check_path(resource);
        check_properties(resource->select, resource->segment);
        check_properties(resource->id, resource->segment);
        if (resource->inlined)
            needs("NavigationProperty", resource->inlined, resource->segment);
        for (const struct entra_relation *at = resource->relations; at && at->kind; at++)
            needs(at->form == ENTRA_PROPERTY ? "Property" : "NavigationProperty", at->relation,
                  at->segment);
    }
}

int main(void)
{
    if (!g_file_get_contents(SCHEMA, &schema, NULL, NULL)) {
        printf("SKIP: %s is not there\n", SCHEMA);
        return 77;
    }
    const struct CMUnitTest tests[] = {cmocka_unit_test(paths_and_properties)};
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    g_free(schema);
    return failed;
}
