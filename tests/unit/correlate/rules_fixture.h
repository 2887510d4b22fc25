/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_TESTS_RULES_FIXTURE_H
#define ANCHORWATCH_TESTS_RULES_FIXTURE_H

/* Small rule sets made in code, and objects made from JSON, for tests of the rules engine. */

#include "correlate/rules/engine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define AD    "{11111111-0000-0000-0000-000000000001}"
#define AD2   "{22222222-0000-0000-0000-000000000002}"
#define CLOUD "{b891884f-051e-4a83-95af-2544101c9083}"

static inline struct cor_connector *add_connector(struct cor_rule_set *set, const char *id,
                                                  const char *domain, gboolean cloud)
{
    struct cor_connector *connector = cor_connector_new(id, domain);
    connector->cloud = cloud;
    connector->domain = g_strdup(domain);
    connector->forest = g_strdup(domain);
    connector->netbios = g_strdup("EXAMPLE");
    g_ptr_array_add(set->connectors, connector);
    return connector;
}

static inline struct cor_rule_set *new_set(void)
{
    struct cor_rule_set *set = cor_rule_set_new(COR_RULES_CONNECT_EXPORT);
    add_connector(set, AD, "example.test", FALSE);
    add_connector(set, CLOUD, NULL, TRUE);
    return set;
}

static inline struct cor_rule *add_rule(struct cor_rule_set *set, const char *name,
                                        const char *connector, const char *from, const char *to,
                                        enum cor_rule_link link)
{
    struct cor_rule *rule = cor_rule_new();
    g_free(rule->id);
    g_free(rule->name);
    g_free(rule->connector);
    g_free(rule->source_type);
    g_free(rule->target_type);
    rule->precedence = 100 + (gint64)set->rules->len;
    rule->id = g_strdup_printf("{rule-%d}", (int)rule->precedence);
    rule->name = g_strdup(name);
    rule->connector = g_strdup(connector);
    rule->direction = g_str_equal(connector, CLOUD) ? COR_RULE_OUTBOUND : COR_RULE_INBOUND;
    rule->source_type = g_strdup(from);
    rule->target_type = g_strdup(to);
    rule->link = link;
    rule->has_body = TRUE;
    g_ptr_array_add(set->rules, rule);
    return rule;
}

static inline struct cor_rule_mapping *add_mapping(struct cor_rule *rule, const char *target)
{
    struct cor_rule_mapping *mapping = cor_rule_mapping_new(target);
    g_ptr_array_add(rule->mappings, mapping);
    return mapping;
}

static inline struct cor_rule_mapping *direct(struct cor_rule *rule, const char *target,
                                              const char *source)
{
    struct cor_rule_mapping *mapping = add_mapping(rule, target);
    g_ptr_array_add(mapping->sources, g_strdup(source));
    return mapping;
}

static inline struct cor_rule_mapping *constant(struct cor_rule *rule, const char *target,
                                                const char *text)
{
    struct cor_rule_mapping *mapping = add_mapping(rule, target);
    mapping->constant = g_strdup(text);
    return mapping;
}

static inline struct cor_rule_mapping *expression(struct cor_rule *rule, const char *target,
                                                  const char *text)
{
    struct cor_rule_mapping *mapping = add_mapping(rule, target);
    mapping->expression = g_strdup(text);
    return mapping;
}

/* One more clause of the last group, or of a new one. */
static inline void scope(struct cor_rule *rule, gboolean new_group, const char *attribute,
                         enum cor_rule_operator op, const char *value)
{
    GPtrArray *group = new_group || rule->scope->len == 0
                           ? cor_rule_add_scope_group(rule)
                           : rule->scope->pdata[rule->scope->len - 1];
    cor_rule_scope_group_add(group, attribute, op, value);
}

static inline void join(struct cor_rule *rule, const char *cs, const char *mv)
{
    cor_rule_join_group_add(cor_rule_add_join_group(rule), cs, mv, FALSE);
}

/* An object from {'type':..,'dn':..,'connector':..,'attributes':{..}} with single quotes. */
struct thing {
    struct cor_json *json;
    struct cor_program_object object;
};

static inline void make_thing(struct thing *thing, const char *text)
{
    g_autofree char *json = g_strdelimit(g_strdup(text), "'", '"');
    g_autoptr(GError) error = NULL;
    thing->json = cor_json_parse(json, strlen(json), 0, &error);
    if (!thing->json)
        fail_msg("%s: %s", text, error->message);
    thing->object =
        (struct cor_program_object){.id = cor_json_get_string(thing->json, "id"),
                                    .connector = cor_json_get_string(thing->json, "connector"),
                                    .type = cor_json_get_string(thing->json, "type"),
                                    .dn = cor_json_get_string(thing->json, "dn"),
                                    .attributes = cor_json_get(thing->json, "attributes")};
    if (!thing->object.type)
        thing->object.type = "user";
}

static inline void clear_thing(struct thing *thing)
{
    g_clear_pointer(&thing->json, cor_json_free);
}

/* JSON text of a value with single quotes, or the word of its outcome. */
static inline char *told(const struct cor_program_property *property)
{
    static const char *const words[] = {"leave", "value", "remove", "error"};
    if (property->outcome != COR_PROGRAM_VALUE)
        return g_strdup(words[property->outcome]);
    COR_JSON_AUTO *json = cor_value_to_json(&property->value);
    char *text = cor_json_to_text(json);
    return g_strdelimit(text, "\"", '\'');
}

#endif
