/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_CORRELATE_RULES_ENGINE_PRIVATE_H
#define ANCHORWATCH_CORRELATE_RULES_ENGINE_PRIVATE_H

/* The compiled form of a rule set and the memory of a run; private to correlate/rules/engine*.c. */

#include "correlate/rules/engine.h"
#include "correlate/rules/expression.h"

/* Attribute names as numbers ("slots"), one space for directories and one for the metaverse. */
struct cor_program_names {
    GHashTable *index; /* name -> slot + 1 */
    GPtrArray *names;  /* char *, owned */
};
guint cor_program_slot(struct cor_program_names *names, const char *name); /* adds it */
/* G_MAXUINT when no rule mentions it. */
guint cor_program_find_slot(const struct cor_program_names *names, const char *name);

enum cor_program_side { COR_SIDE_SOURCE, COR_SIDE_METAVERSE };

enum cor_formula_kind { COR_FORMULA_DIRECT, COR_FORMULA_CONSTANT, COR_FORMULA_EXPRESSION };
/* One way to get a value out of one side's attributes. Rules that say the same share it. */
struct cor_formula {
    enum cor_formula_kind kind;
    enum cor_program_side side;
    guint number;
    char *text;                        /* constant or expression */
    struct cor_expression *expression; /* NULL: did not parse, `text` then says why */
    GArray *slots;                     /* guint: what it reads */
    gboolean has_blank;                /* it is `blank` when none of `slots` has a value */
    struct cor_value blank;
    gboolean fails; /* its text did not parse */
};

struct cor_clause {
    const struct cor_rule_clause *of;
    guint slot;
    char *folded; /* value in lower case; NULL: none */
    gint64 number;
    gboolean has_number, negative;
    enum cor_rule_operator positive; /* the operator without its NOT */
};
struct cor_flow_group { /* AND */
    GArray *clauses;    /* struct cor_clause */
    gboolean never;     /* asks for an attribute that nothing feeds */
};
struct cor_join_clause {
    guint source, metaverse;
    gboolean case_sensitive;
};
struct cor_program_connector;
struct cor_program_rule {
    const struct cor_rule *rule;
    guint number;
    struct cor_program_connector *connector;
    GPtrArray *scope; /* struct cor_flow_group *: OR; empty: all */
    GPtrArray *joins; /* GArray * of struct cor_join_clause: OR in order */
    gboolean never;   /* no object can come into scope */
};
struct cor_program_flow {
    const struct cor_rule_mapping *mapping;
    struct cor_program_rule *rule;
    struct cor_formula *formula;
    const char *kind; /* of the target; NULL: not told */
};
struct cor_program_connector {
    const struct cor_connector *of; /* NULL: the set does not describe it */
    const char *id;
    gboolean cloud;
    GArray *kinds;         /* const char * by source slot; NULL: not told */
    GArray *hidden;        /* guint8 by source slot: not selected */
    GHashTable *by_type;   /* source type -> GPtrArray of cor_program_rule *, inbound */
    GPtrArray *selections; /* of its partitions */
    GHashTable *types;     /* selected types; NULL: all */
};
struct cor_target { /* one property of one pair of metaverse type and cloud type */
    const char *name;
    GPtrArray *flows; /* struct cor_program_flow *, by precedence */
};
struct cor_target_list {
    GPtrArray *targets; /* struct cor_target *, by name */
    GHashTable *index;  /* name -> position + 1 */
};

struct cor_program {
    struct cor_rule_set *set;
    GPtrArray *problems;
    gboolean single_leg; /* Cloud Sync: outbound rules read the directory itself */
    enum cor_dialect dialect;
    struct cor_program_names source, metaverse;
    GPtrArray *connectors; /* struct cor_program_connector * */
    GPtrArray *rules;      /* struct cor_program_rule *, all that can apply, by precedence */
    GPtrArray *formulas;   /* struct cor_formula * */
    GHashTable *formula_index;
    GPtrArray *flows;        /* owner of struct cor_program_flow */
    GPtrArray *mv_flows;     /* by metaverse slot: GPtrArray of cor_program_flow *, or NULL */
    GHashTable *outbound;    /* source type -> GPtrArray of cor_program_rule * */
    GHashTable *targets;     /* "source type\ncloud type" -> struct cor_target_list * */
    GHashTable *cloud;       /* cloud type -> GPtrArray of char *, sorted */
    struct cor_arena *arena; /* of blanks */
};

struct cor_run_source {
    const struct cor_program_object *object;
    const struct cor_program_connector *connector;
    const struct cor_partition *partition;
    char *skipped; /* why it is not imported; NULL: it is */
    guint *stamps; /* by source slot: node or value is of this evaluation */
    const struct cor_json **nodes;
    const struct cor_program_link **links;
    guint *read; /* by source slot: value is converted */
    struct cor_value *values;
    guint *done; /* by formula: result is of this evaluation */
    struct cor_value *results;
};
struct cor_run_attribute { /* of the metaverse */
    guint stamp;
    struct cor_value value;
    const struct cor_program_flow *winner;
};
struct cor_program_run {
    const struct cor_program *engine;
    struct cor_program_options options;
    struct cor_arena *arena;
    guint stamp;
    GPtrArray *sources; /* struct cor_run_source *, grown and kept */
    guint n_sources;
    guint *applied; /* by rule: stamp when in scope */
    guint *holder;  /* by rule: number of the source, inbound */
    struct cor_run_attribute *metaverse;
    guint *mv_done; /* by formula of the metaverse side */
    struct cor_value *mv_results;
    struct cor_program_result result;
    const struct cor_target_list *targets;
    GArray *properties;
    gboolean all_properties;
};

/* engine_value.c */
/* A value in the type that its target has: text to boolean, integer to text, one to a list. */
struct cor_value cor_program_coerce(struct cor_value value, const char *kind,
                                    struct cor_arena *arena);
/* Text for comparisons, lower case when fold; on the arena; NULL for no value. */
const char *cor_program_text(struct cor_value value, gboolean fold, struct cor_arena *arena);
const char *cor_program_kind(const struct cor_connector *connector, const char *attribute);
gboolean cor_program_number(const char *text, gint64 *ret);

/* engine_read.c */
void cor_run_load(struct cor_program_run *run, guint source,
                  const struct cor_program_object *object);
struct cor_value cor_run_source_value(struct cor_program_run *run, guint source, guint slot);

/* engine_scope.c */
struct cor_value cor_run_side_value(struct cor_program_run *run, enum cor_program_side side,
                                    guint source, guint slot);
gboolean cor_run_in_scope(struct cor_program_run *run, const struct cor_program_rule *rule,
                          enum cor_program_side side, guint source);
char *cor_run_scope_why(struct cor_program_run *run, const struct cor_program_rule *rule,
                        enum cor_program_side side, guint source);

/* engine_select.c */
GPtrArray *cor_program_selections(const struct cor_connector *connector);
/* Why the connector does not import the object; NULL when it does. Caller frees. The partition is
 * borrowed; NULL when it lies in none or the connector tells none. */
char *cor_program_not_selected(const struct cor_program_connector *connector,
                               const struct cor_program_object *object,
                               const struct cor_partition **ret_partition);

/* engine_run.c */
/* Inbound rules of a source for objects of a type, those for any type among them; may be NULL. */
const GPtrArray *cor_run_inbound(const struct cor_run_source *at, const char *type);
struct cor_value cor_run_formula(struct cor_program_run *run, const struct cor_formula *formula,
                                 guint source);
gboolean cor_run_parameter(struct cor_program_run *run, guint source, const char *name,
                           struct cor_value *ret);
const struct cor_run_attribute *cor_run_attribute(struct cor_program_run *run, guint slot);
gboolean cor_run_applies(const struct cor_program_run *run, const struct cor_program_rule *rule);
/* Who wins among flows in order of precedence. winner NULL: nobody had anything to say. */
struct cor_settled {
    struct cor_value value; /* NULL, a value, or ERROR; references are not resolved */
    const struct cor_program_flow *winner;
};
/* What happened to each flow, for explanations. */
typedef void (*cor_settle_func)(const struct cor_program_flow *flow, enum cor_program_fate fate,
                                struct cor_value value, const struct cor_program_flow *winner,
                                void *data);
struct cor_settled cor_run_settle(struct cor_program_run *run, const GPtrArray *flows,
                                  cor_settle_func tell, void *data);

#endif
