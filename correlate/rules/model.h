/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_CORRELATE_RULES_MODEL_H
#define ANCHORWATCH_CORRELATE_RULES_MODEL_H

/*
 * One set of sync rules, as an administrator exported it, in the vocabulary of Entra Connect
 * (Synchronization Rules Editor). Importers (agent/rules) fill it, the store keeps it as JSON, the
 * engine (correlate/rules/engine.h) compiles it. Plain data: every string is owned, UTF-8, and
 * freed with the set. Arrays are never NULL, strings may be where that is said.
 */

#include "correlate/json.h"

enum cor_rules_source {
    COR_RULES_CONNECT_EXPORT, /* folder of Get-ADSyncServerConfiguration */
    COR_RULES_CONNECT_POLICY, /* Applied-/Exported-SynchronizationPolicy JSON */
    COR_RULES_CLOUD_SYNC,     /* synchronizationSchema of a Cloud Sync job, by Graph or a file */
};

enum cor_rule_direction { COR_RULE_INBOUND, COR_RULE_OUTBOUND };
enum cor_rule_link { COR_RULE_PROVISION, COR_RULE_JOIN, COR_RULE_STICKY_JOIN };
enum cor_rule_merge {
    COR_RULE_UPDATE, /* default: the highest precedence wins */
    COR_RULE_REPLACE,
    COR_RULE_MERGE,
    COR_RULE_MERGE_CASE_INSENSITIVE,
};
/* Scoping operators. Text comparisons ignore case. */
enum cor_rule_operator {
    COR_RULE_EQUAL,
    COR_RULE_NOT_EQUAL,
    COR_RULE_LESS_THAN, /* as text */
    COR_RULE_LESS_THAN_OR_EQUAL,
    COR_RULE_GREATER_THAN,
    COR_RULE_GREATER_THAN_OR_EQUAL,
    COR_RULE_CONTAINS,
    COR_RULE_NOT_CONTAINS,
    COR_RULE_STARTS_WITH,
    COR_RULE_NOT_STARTS_WITH,
    COR_RULE_ENDS_WITH,
    COR_RULE_NOT_ENDS_WITH,
    COR_RULE_IS_NULL,
    COR_RULE_IS_NOT_NULL,
    COR_RULE_IS_IN,
    COR_RULE_IS_NOT_IN,
    COR_RULE_IS_BIT_SET,
    COR_RULE_IS_BIT_NOT_SET, /* files also spell ISNOTBITSET */
    COR_RULE_IS_MEMBER_OF,   /* value: DN of the group */
};
/* Names as in the files ("EQUAL"); by_name also accepts the other documented spellings and
 * answers FALSE for an unknown name. */
const char *cor_rule_operator_name(enum cor_rule_operator op);
gboolean cor_rule_operator_by_name(const char *name, enum cor_rule_operator *ret);
const char *cor_rule_direction_name(enum cor_rule_direction direction); /* "Inbound" */
const char *cor_rule_link_name(enum cor_rule_link link);                /* "Provision" */
const char *cor_rule_merge_name(enum cor_rule_merge merge);             /* "Update" */
gboolean cor_rule_direction_by_name(const char *name, enum cor_rule_direction *ret);
gboolean cor_rule_link_by_name(const char *name, enum cor_rule_link *ret);
gboolean cor_rule_merge_by_name(const char *name, enum cor_rule_merge *ret);

struct cor_rule_clause { /* of a scoping filter: on the source object */
    char *attribute;
    enum cor_rule_operator op;
    char *value; /* NULL for ISNULL and ISNOTNULL */
};
struct cor_rule_join {
    char *cs_attribute; /* of the connected directory's object */
    char *mv_attribute; /* of the metaverse object */
    gboolean case_sensitive;
};
struct cor_rule_mapping {
    char *target;
    GPtrArray *sources; /* char *: attributes named beside the expression or for a direct flow */
    char *constant;     /* NULL when not a constant */
    char *expression;   /* text, NULL when direct or constant */
    gboolean execute_once;
    enum cor_rule_merge merge;
};
struct cor_rule {
    char *id;                       /* "{GUID}", lower case */
    char *name, *description, *tag; /* tag: immutable tag, NULL or "" for a custom rule */
    enum cor_rule_direction direction;
    gboolean disabled;
    char *connector;                 /* id of the connector */
    char *source_type, *target_type; /* object classes; "*" any */
    enum cor_rule_link link;
    gint64 precedence; /* lower number wins */
    gboolean password_sync;
    GPtrArray *scope;    /* GPtrArray * of struct cor_rule_clause *: OR of ANDs; empty: all */
    GPtrArray *join;     /* GPtrArray * of struct cor_rule_join *: OR of ANDs, tried in order */
    GPtrArray *mappings; /* struct cor_rule_mapping * */
    gboolean has_body;   /* FALSE: named by a policy export, but its body is not known */
};

/* A directory the engine is connected to. */
struct cor_connector {
    char *id;
    char *name;
    gboolean cloud;          /* the Entra connector */
    char *forest, *domain;   /* DNS names, NULL when not told; domain: of the first partition */
    char *netbios;           /* NULL when not told */
    GPtrArray *partitions;   /* struct cor_partition * */
    GPtrArray *attributes;   /* char *: selected attributes; empty: not told */
    GPtrArray *object_types; /* char *: selected classes; empty: not told */
    GHashTable *syntaxes;    /* attribute -> char * schema type: "string", "integer", "boolean",
                                "dn", "binary"; with suffix "[]" when multi-valued */
    GHashTable *parameters;  /* name -> value: what expressions name as %Forest.FQDN% and the like,
                                and Connector.GroupFilteringGroupDn; without secrets */
};
struct cor_partition {
    char *dn;
    GHashTable *parameters; /* name -> value: %Domain.FQDN%, %Domain.Netbios% … of this domain */
    gboolean selected;
    GPtrArray *inclusions, *exclusions; /* char *: DNs of containers; the longest match decides */
};

struct cor_rule_set {
    enum cor_rules_source source;
    char *version;          /* of the server's configuration, NULL when not told */
    GPtrArray *connectors;  /* struct cor_connector *, ascending by id */
    GPtrArray *rules;       /* struct cor_rule *, ascending by precedence, then id */
    GHashTable *options;    /* name -> value, as in the files, e.g.
                               "Microsoft.SynchronizationOption.AnchorAttribute" */
    GHashTable *metaverse;  /* metaverse attribute -> type, as struct cor_connector.syntaxes */
    GPtrArray *unknown;     /* char *: "file: path of the element or key" that was kept in
                               `extra` and not understood */
    struct cor_json *extra; /* object, file or section -> what was not understood, verbatim */
};

struct cor_rule_set *cor_rule_set_new(enum cor_rules_source source);
struct cor_rule *cor_rule_new(void);
struct cor_rule_mapping *cor_rule_mapping_new(const char *target);
/* Append an empty group of ANDed clauses or joins; the group is owned by the rule. A value given
 * with ISNULL or ISNOTNULL is dropped, a NULL one with any other operator is "". */
GPtrArray *cor_rule_add_scope_group(struct cor_rule *rule);
void cor_rule_scope_group_add(GPtrArray *group, const char *attribute, enum cor_rule_operator op,
                              const char *value);
GPtrArray *cor_rule_add_join_group(struct cor_rule *rule);
void cor_rule_join_group_add(GPtrArray *group, const char *cs_attribute, const char *mv_attribute,
                             gboolean case_sensitive);
struct cor_connector *cor_connector_new(const char *id, const char *name);
struct cor_partition *cor_partition_new(const char *dn);
void cor_rule_free(struct cor_rule *rule);
void cor_rule_set_free(struct cor_rule_set *set);
/* Sort as promised above; importers call it last. */
void cor_rule_set_sort(struct cor_rule_set *set);
const struct cor_connector *cor_rule_set_connector(const struct cor_rule_set *set, const char *id);
const char *cor_rule_set_option(const struct cor_rule_set *set, const char *name); /* NULL: unset */

/* The source's name in JSON and output: "connect-export", "connect-policy", "cloud-sync". */
const char *cor_rules_source_name(enum cor_rules_source source);
gboolean cor_rules_source_by_name(const char *name, enum cor_rules_source *ret);
/* One rule, as it stands in the items of a set's JSON. Caller frees. */
struct cor_json *cor_rule_to_json(const struct cor_rule *rule);

/* Loss-free both ways; what the store keeps. From JSON: COR_E_INPUT names the member. */
struct cor_json *cor_rule_set_to_json(const struct cor_rule_set *set);
struct cor_rule_set *cor_rule_set_from_json(const struct cor_json *json, GError **error);

#endif
