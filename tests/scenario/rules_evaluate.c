/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the rules engine makes of a list of AD objects, as text, so that another implementation of
 * the same rules can be compared with it:
 *
 *   rules_evaluate --rules DIR [--now RFC3339] [--quiet] < objects.jsonl > results.jsonl
 *
 * One object a line: {"id", "connector", "type", "dn", "attributes"}, values as in
 * correlate/record.h, references (member, manager) as DNs. One result a line, in the same order.
 * --quiet evaluates without writing results; the rate on standard error, by time of the processor,
 * is then the engine's own.
 */
#include "agent/rules/import.h"
#include "correlate/rules/engine.h"
#include "correlate/time.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct item {
    struct cor_json *json;
    struct cor_program_object object;
    guint number; /* of its metaverse object; G_MAXUINT: none */
    gboolean in_cloud, failed;
    const char *error;
};
struct bench {
    GPtrArray *items;    /* struct item * */
    GHashTable *by_dn;   /* folded DN or SID -> struct item * */
    GHashTable *members; /* "folded group DN\nfolded member DN" */
    struct cor_program *engine;
    struct cor_program_run *run;
    struct cor_program_joiner *joiner;
};

static char *folded(const char *dn)
{
    return g_utf8_casefold(dn ? dn : "", -1);
}

/* By DN, or by SID where the directory refers by that (mS-DS-CreatorSID). */
static const struct item *find(const struct bench *bench, const char *reference)
{
    g_autofree char *key = folded(reference);
    return g_hash_table_lookup(bench->by_dn, key);
}

/* A reference leads to a metaverse object, which the first that became it stands for. */
static const char *first_of(const struct bench *bench, const struct item *item)
{
    gsize n = 0;
    return cor_program_joiner_objects(bench->joiner, item->number, &n)[0]->id;
}

static const char *resolve(const char *reference, void *data)
{
    const struct bench *bench = data;
    const struct item *item = find(bench, reference);
    return item && item->in_cloud && !item->failed ? first_of(bench, item) : NULL;
}

static gboolean is_member(const struct cor_program_object *object, const char *group_dn, void *data)
{
    const struct bench *bench = data;
    g_autofree char *group = folded(group_dn);
    g_autofree char *member = folded(object->dn);
    g_autofree char *key = g_strconcat(group, "\n", member, NULL);
    return g_hash_table_contains(bench->members, key);
}

/* --- input -------------------------------------------------------------------------------- */

static void note_members(struct bench *bench, const struct cor_program_object *object)
{
    const struct cor_json *members = cor_json_get(object->attributes, "member");
    g_autofree char *group = folded(object->dn);
    for (const struct cor_json *n = cor_json_first(members); n; n = cor_json_next(n)) {
        g_autofree char *member = folded(cor_json_string(n));
        g_hash_table_add(bench->members, g_strconcat(group, "\n", member, NULL));
    }
}

/* The first of a name stays: a directory has no second one. */
static void remember(struct bench *bench, const char *name, struct item *item)
{
    g_autofree char *key = folded(name);
    if (!g_hash_table_contains(bench->by_dn, key))
        g_hash_table_insert(bench->by_dn, g_steal_pointer(&key), item);
}

static void take_line(struct bench *bench, const char *line, gsize len)
{
    g_autoptr(GError) error = NULL;
    struct item *item = g_new0(struct item, 1);
    item->number = G_MAXUINT;
    item->json = cor_json_parse(line, len, 0, &error);
    if (!item->json) {
        fprintf(stderr, "line %u: %s\n", bench->items->len + 1, error->message);
        exit(2);
    }
    item->object =
        (struct cor_program_object){.id = cor_json_get_string(item->json, "id"),
                                    .connector = cor_json_get_string(item->json, "connector"),
                                    .type = cor_json_get_string(item->json, "type"),
                                    .dn = cor_json_get_string(item->json, "dn"),
                                    .attributes = cor_json_get(item->json, "attributes")};
    if (!item->object.id || !item->object.type) {
        fprintf(stderr, "line %u: id and type are needed\n", bench->items->len + 1);
        exit(2);
    }
    g_ptr_array_add(bench->items, item);
    remember(bench, item->object.dn, item);
    const char *sid = cor_json_string(cor_json_get(item->object.attributes, "objectSid"));
    if (sid && strcmp(item->object.type, "foreignSecurityPrincipal") != 0)
        remember(bench, sid, item);
    note_members(bench, &item->object);
}

static void read_objects(struct bench *bench)
{
    char *line = NULL;
    size_t size = 0;
    ssize_t len;
    while ((len = getline(&line, &size, stdin)) > 0)
        if (line[0] != '\n')
            take_line(bench, line, (gsize)(line[len - 1] == '\n' ? len - 1 : len));
    free(line);
}

/* --- output ------------------------------------------------------------------------------- */

static int by_canonical(const void *a, const void *b)
{
    g_autofree char *x = cor_json_to_text(*(struct cor_json *const *)a);
    g_autofree char *y = cor_json_to_text(*(struct cor_json *const *)b);
    return strcmp(x, y);
}

/* Takes the items. Two names of one object are one reference. */
static struct cor_json *sorted_array(GPtrArray *items, gboolean references)
{
    struct cor_json *sorted = cor_json_new_array();
    g_ptr_array_sort(items, by_canonical);
    for (guint i = 0; i < items->len; i++)
        if (references && i > 0 && by_canonical(&items->pdata[i - 1], &items->pdata[i]) == 0)
            cor_json_free(g_steal_pointer(&items->pdata[i - 1]));
    for (guint i = 0; i < items->len; i++)
        if (items->pdata[i])
            cor_json_append(sorted, items->pdata[i]);
    return sorted;
}

/* A reference to an object of the metaverse by its id; one to anything else is not there. */
static struct cor_json *reference_json(const struct bench *bench, const struct cor_value *value)
{
    const struct item *item = find(bench, value->text);
    return item && item->number != G_MAXUINT && !item->failed
               ? cor_json_new_string(first_of(bench, item))
               : cor_json_new_null();
}

static struct cor_json *value_json(const struct cor_value *value)
{
    struct cor_json *json = cor_value_to_json(value);
    if (cor_json_type(json) != COR_JSON_ARRAY)
        return json ? json : cor_json_new_null();
    g_autoptr(GPtrArray) items = g_ptr_array_new();
    for (const struct cor_json *n = cor_json_first(json); n; n = cor_json_next(n))
        g_ptr_array_add(items, cor_json_copy(n));
    struct cor_json *sorted =
        sorted_array(items, value->len > 0 && value->items[0].type == COR_VALUE_DN);
    cor_json_free(json);
    return sorted;
}

static void add_text(struct cor_json *object, const char *key, const char *text)
{
    cor_json_add(object, key, text ? cor_json_new_string(text) : cor_json_new_null());
}

/* Values of the metaverse: references by id, those that lead nowhere left out. */
static struct cor_json *metaverse_value_json(const struct bench *bench,
                                             const struct cor_value *value)
{
    if (value->type == COR_VALUE_DN)
        return reference_json(bench, value);
    if (value->type != COR_VALUE_MULTI || value->len == 0 || value->items[0].type != COR_VALUE_DN)
        return value_json(value);
    g_autoptr(GPtrArray) items = g_ptr_array_new();
    for (gsize i = 0; i < value->len; i++) {
        struct cor_json *one = reference_json(bench, &value->items[i]);
        if (cor_json_is_null(one))
            cor_json_free(one);
        else
            g_ptr_array_add(items, one);
    }
    if (items->len == 0)
        return cor_json_new_null();
    return sorted_array(items, TRUE);
}

static struct cor_json *metaverse_json(struct bench *bench, const char *type)
{
    struct cor_program_run *run = bench->run;
    struct cor_json *json = cor_json_new_object(), *attributes = cor_json_new_object();
    add_text(json, "type", type);
    g_autoptr(GPtrArray) names = cor_program_metaverse_names(run);
    for (guint i = 0; i < names->len; i++) {
        const struct cor_rule *rule = NULL;
        struct cor_value value = cor_program_metaverse(run, names->pdata[i], &rule);
        struct cor_json *one = metaverse_value_json(bench, &value);
        if (cor_json_is_null(one))
            cor_json_free(one);
        else
            cor_json_add(attributes, names->pdata[i], one);
    }
    cor_json_add(json, "attributes", attributes);
    return json;
}

static struct cor_json *properties_json(struct cor_program_run *run)
{
    static const char *const words[] = {"leave", "value", "remove", "error"};
    gsize n = 0;
    const struct cor_program_property *properties = cor_program_properties(run, &n);
    struct cor_json *json = cor_json_new_object();
    for (gsize i = 0; i < n; i++) {
        const struct cor_program_property *property = &properties[i];
        if (property->outcome == COR_PROGRAM_LEAVE)
            continue;
        struct cor_json *item = cor_json_new_object();
        add_text(item, "outcome", words[property->outcome]);
        if (property->outcome == COR_PROGRAM_VALUE)
            cor_json_add(item, "value", value_json(&property->value));
        add_text(item, "rule", property->rule->id);
        add_text(item, "mvRule", property->mv_rule ? property->mv_rule->id : NULL);
        cor_json_add(json, property->name, item);
    }
    return json;
}

static struct cor_json *joined_json(const struct bench *bench, const struct item *item)
{
    struct cor_json *json = cor_json_new_array();
    gsize n = 0;
    if (item->number == G_MAXUINT)
        return json;
    const struct cor_program_object *const *objects =
        cor_program_joiner_objects(bench->joiner, item->number, &n);
    for (gsize i = 0; i < n; i++)
        if (objects[i] != &item->object)
            cor_json_append(json, cor_json_new_string(objects[i]->id));
    return json;
}

static void write_result(struct bench *bench, const struct item *item,
                         const struct cor_program_result *result)
{
    COR_JSON_AUTO *json = cor_json_new_object();
    gboolean in_scope = item->number != G_MAXUINT;
    cor_json_add_string(json, "id", item->object.id);
    cor_json_add_bool(json, "inScope", in_scope);
    cor_json_add(json, "metaverse",
                 in_scope ? metaverse_json(bench, result->mv_type) : cor_json_new_null());
    cor_json_add(json, "joinedWith", joined_json(bench, item));
    add_text(json, "cloudType", in_scope ? result->cloud_type : NULL);
    cor_json_add_bool(json, "cloudFiltered", in_scope && result->cloud_filtered);
    struct cor_json *properties = in_scope ? properties_json(bench->run) : cor_json_new_object();
    add_text(json, "error", item->error ? item->error : (in_scope ? result->error : NULL));
    cor_json_add(json, "properties", properties);
    g_autofree char *text = cor_json_to_text(json);
    puts(text);
}

/* --- the run ------------------------------------------------------------------------------ */

static void evaluate(struct bench *bench, const struct item *item, gboolean quiet)
{
    gsize n = 1;
    const struct cor_program_object *only = &item->object;
    const struct cor_program_object *const *objects = &only;
    if (item->number != G_MAXUINT)
        objects = cor_program_joiner_objects(bench->joiner, item->number, &n);
    const struct cor_program_result *result = cor_program_evaluate(bench->run, objects, n);
    if (quiet)
        cor_program_properties(bench->run, &n);
    else
        write_result(bench, item, result);
}

/* Everything is joined before anything is written: references ask whether their target is in the
 * cloud. */
static void join_all(struct bench *bench, gboolean quiet)
{
    for (guint i = 0; i < bench->items->len; i++) {
        struct item *item = bench->items->pdata[i];
        item->number = cor_program_joiner_add(bench->joiner, &item->object, &item->error);
    }
    for (guint i = 0; i < bench->items->len; i++) {
        struct item *item = bench->items->pdata[i];
        gsize n = 0;
        if (item->number == G_MAXUINT)
            continue;
        const struct cor_program_object *const *objects =
            cor_program_joiner_objects(bench->joiner, item->number, &n);
        const struct cor_program_result *result = cor_program_evaluate(bench->run, objects, n);
        item->in_cloud = result->cloud_type != NULL;
        if (quiet)
            continue;
        /* an object whose rules end in an error is in the metaverse for nobody */
        g_ptr_array_unref(cor_program_metaverse_names(bench->run));
        item->failed = result->error != NULL;
    }
}

/* Of the processor, so that a busy machine does not count against the engine. */
static double processor_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static gint64 resident_kib(void)
{
    g_autofree char *text = NULL;
    gint64 pages = 0;
    if (g_file_get_contents("/proc/self/statm", &text, NULL, NULL))
        pages = g_ascii_strtoll(strchr(text, ' ') + 1, NULL, 10);
    return pages * 4;
}

static void run_bench(struct bench *bench, gboolean quiet)
{
    double start = processor_seconds();
    join_all(bench, quiet);
    double joined = processor_seconds();
    gint64 before = resident_kib();
    for (guint i = 0; i < bench->items->len; i++)
        evaluate(bench, bench->items->pdata[i], quiet);
    double seconds = processor_seconds() - joined;
    fprintf(stderr,
            "%u objects: joined in %.3f s, evaluated%s in %.3f s, %.0f objects/s; memory grew by "
            "%" G_GINT64_FORMAT " KiB\n",
            bench->items->len, joined - start, quiet ? "" : " and written", seconds,
            seconds > 0 ? bench->items->len / seconds : 0.0, resident_kib() - before);
}

static struct cor_program *load(const char *path)
{
    g_autoptr(GError) error = NULL;
    struct rules_import import = {0};
    if (!rules_import_path(path, &import, &error)) {
        fprintf(stderr, "%s\n", error->message);
        exit(2);
    }
    struct cor_program *engine = cor_program_new(g_steal_pointer(&import.set));
    rules_import_clear(&import);
    const GPtrArray *problems = cor_program_problems(engine);
    for (guint i = 0; i < problems->len; i++) {
        const struct cor_program_problem *problem = problems->pdata[i];
        fprintf(stderr, "%s%s%s: %s\n", problem->rule ? problem->rule->name : "(set)",
                problem->target ? ", " : "", problem->target ? problem->target : "", problem->text);
    }
    return engine;
}

static void free_item(void *data)
{
    struct item *item = data;
    cor_json_free(item->json);
    g_free(item);
}

int main(int argc, char **argv)
{
    const char *rules = NULL, *now = NULL;
    gboolean quiet = FALSE;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--rules") == 0 && i + 1 < argc)
            rules = argv[++i];
        else if (strcmp(argv[i], "--now") == 0 && i + 1 < argc)
            now = argv[++i];
        else if (strcmp(argv[i], "--quiet") == 0)
            quiet = TRUE;
        else
            rules = NULL, i = argc;
    }
    if (!rules) {
        fputs("usage: rules_evaluate --rules DIR [--now RFC3339] [--quiet] < objects.jsonl\n",
              stderr);
        return 2;
    }
    struct bench bench = {.items = g_ptr_array_new_with_free_func(free_item)};
    bench.by_dn = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    bench.members = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    bench.engine = load(rules);
    struct cor_program_options options = {.now_us = now ? cor_time_parse(now) : g_get_real_time(),
                                          .initial = TRUE,
                                          .resolve = resolve,
                                          .is_member = is_member,
                                          .data = &bench};
    bench.run = cor_program_run_new(bench.engine, &options);
    bench.joiner = cor_program_joiner_new(bench.run);
    read_objects(&bench);
    run_bench(&bench, quiet);
    cor_program_joiner_free(bench.joiner);
    cor_program_run_free(bench.run);
    cor_program_free(bench.engine);
    g_hash_table_unref(bench.by_dn);
    g_hash_table_unref(bench.members);
    g_ptr_array_unref(bench.items);
    return 0;
}
