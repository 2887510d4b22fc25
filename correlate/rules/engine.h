/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_CORRELATE_RULES_ENGINE_H
#define ANCHORWATCH_CORRELATE_RULES_ENGINE_H

/*
 * What a set of sync rules makes of objects: a program is a compiled, immutable rule set that many
 * threads may share; a run is one thread's working memory. Stateless: the answer depends on the
 * objects given and on nothing that an earlier synchronization left behind; docs/rules.md ("The
 * engine") says what follows from that. Source of the semantics:
 * connect/concept-azure-ad-connect-sync-declarative-provisioning.
 */

#include "correlate/rules/model.h"
#include "correlate/rules/value.h"

/* --- compile ------------------------------------------------------------------------------ */

/* Something of the set that the engine cannot use; nothing is left out silently. */
struct cor_program_problem {
    const struct cor_rule *rule; /* borrowed; NULL: of the set */
    const char *target;          /* of the mapping, borrowed; NULL: of the rule */
    char *text;                  /* for an expression: "column N: ..." */
};
struct cor_program;
/* Takes the set. Never fails: a rule or mapping that cannot be used is a problem; a mapping whose
 * expression does not parse ends in an error whenever it is reached. */
struct cor_program *cor_program_new(struct cor_rule_set *set_taken);
void cor_program_free(struct cor_program *engine);
const GPtrArray *cor_program_problems(const struct cor_program *engine); /* cor_program_problem * */
const struct cor_rule_set *cor_program_rules(const struct cor_program *engine);
/* Entra properties (connector space names, char *, sorted) that outbound rules write to objects of
 * this cloud type; borrowed. Empty when none. */
const GPtrArray *cor_program_targets(const struct cor_program *engine, const char *cloud_type);

/* Where a property of a cloud type comes from by the first rule that writes it. */
struct cor_program_origin {
    const char *rule;      /* name of the inbound rule, of the outbound one when there is none */
    GPtrArray *attributes; /* char *, borrowed, NULL-terminated: of the directories, each once */
    gboolean direct;       /* as it is, on every leg */
    gboolean once;
};
/* FALSE: nothing writes it. Caller unrefs attributes in either case. */
gboolean cor_program_origin(const struct cor_program *program, const char *cloud_type,
                            const char *name, struct cor_program_origin *ret);

/* --- evaluate ----------------------------------------------------------------------------- */

/* References that live outside the attribute document (correlate/record.h: links). */
struct cor_program_link {
    const char *attribute;      /* "member" */
    const char *const *targets; /* NULL-terminated; what the resolver understands */
};
/* One object of a connected directory; borrowed for the run that reads it. */
struct cor_program_object {
    const char *id;        /* objectGUID as text */
    const char *connector; /* id; NULL: the only AD connector */
    const char *type;      /* structural class */
    const char *dn;
    const struct cor_json *attributes; /* as correlate/record.h; references also as DN text */
    const struct cor_program_link *links;
    gsize n_links;
};
struct cor_program_options {
    gint64 now_us;
    gboolean initial; /* the cloud object is being created: execute-once flows count */
    /* The target of a reference as the cloud knows it (borrowed until the next evaluation), NULL
     * when it is not there, and then not exported. NULL function: references as they are. */
    const char *(*resolve)(const char *reference, void *data);
    /* Direct membership for ISMEMBEROF; NULL: nobody is a member. */
    gboolean (*is_member)(const struct cor_program_object *object, const char *group_dn,
                          void *data);
    void *data;
};
struct cor_program_run;
struct cor_program_run *cor_program_run_new(const struct cor_program *engine,
                                            const struct cor_program_options *options);
void cor_program_run_free(struct cor_program_run *run);

enum cor_program_outcome {
    COR_PROGRAM_LEAVE,  /* no rule in scope says anything */
    COR_PROGRAM_VALUE,  /* this value is written */
    COR_PROGRAM_REMOVE, /* the property is left empty */
    COR_PROGRAM_ERROR,  /* value holds the text; the object does not synchronize */
};
struct cor_program_property {
    const char *name; /* of the Entra connector space */
    enum cor_program_outcome outcome;
    struct cor_value value;                 /* in the run's arena */
    const struct cor_rule *rule;            /* outbound; NULL with LEAVE */
    const struct cor_rule_mapping *mapping; /* of that rule */
    const struct cor_rule *mv_rule;         /* inbound rule of the first attribute that it reads
                                               and that has one; NULL: none, or a single leg */
    gboolean once; /* settled when the object was created, by an execute-once flow on the way */
};
struct cor_program_result {
    gboolean in_scope;      /* imported, and some inbound rule projects or joins it */
    char *why;              /* when not in_scope; owned by the run */
    const char *mv_type;    /* NULL unless in_scope */
    const char *cloud_type; /* NULL: no outbound rule provisions it */
    gboolean cloud_filtered;
    const char *error; /* first error met among what was evaluated; NULL */
};
/* Start on objects that form one metaverse object (joined by a cor_program_joiner, or just one).
 * Answers the head of the result, borrowed until the next evaluate; the first object is the one
 * whose scope is told. Scope filters are evaluated here, attributes when they are asked for. */
const struct cor_program_result *
cor_program_evaluate(struct cor_program_run *run, const struct cor_program_object *const *objects,
                     gsize n);
/* One property, or all that rules write for the cloud type, in the order of cor_program_targets;
 * FALSE: no rule of that type writes it. Values stay until the next evaluate. */
gboolean cor_program_property(struct cor_program_run *run, const char *name,
                              struct cor_program_property *ret);
const struct cor_program_property *cor_program_properties(struct cor_program_run *run,
                                                          gsize *ret_n);
/* A metaverse attribute and the rule it comes from; of a single leg: the source's own. */
struct cor_value cor_program_metaverse(struct cor_program_run *run, const char *attribute,
                                       const struct cor_rule **ret_rule);
/* All metaverse attributes that have a value, names borrowed, sorted. Caller frees the array. */
GPtrArray *cor_program_metaverse_names(struct cor_program_run *run);

/* --- explain ------------------------------------------------------------------------------ */

enum cor_program_fate {
    COR_PROGRAM_WON,
    COR_PROGRAM_MERGED,       /* added to the winner's values */
    COR_PROGRAM_LOST,         /* a rule of higher precedence had a value */
    COR_PROGRAM_NO_VALUE,     /* NULL: the next rule may speak */
    COR_PROGRAM_IGNORED,      /* IgnoreThisFlow */
    COR_PROGRAM_BLOCKED,      /* AuthoritativeNull: nobody else may speak */
    COR_PROGRAM_FAILED,       /* Error() or a failed function */
    COR_PROGRAM_OUT_OF_SCOPE, /* why says which clause */
};
const char *cor_program_fate_name(enum cor_program_fate fate); /* "won", "no value", ... */
struct cor_program_source {
    const char *attribute;
    struct cor_value value;
    GPtrArray *steps; /* struct cor_program_step *: who competed for it; NULL: of the directory */
};
struct cor_program_step {
    const struct cor_rule *rule;
    const struct cor_rule_mapping *mapping;
    enum cor_program_fate fate;
    struct cor_value value;
    char *why;                               /* one clause in words */
    const struct cor_program_object *object; /* inbound: whose value it is; may be NULL */
    GPtrArray *sources; /* struct cor_program_source *; empty unless evaluated */
};
/* The chain that led to a property of the object under evaluation: every rule that competes for
 * it, in order of precedence. Built when asked only. Caller unrefs; values live until the next
 * evaluate. Empty: no rule writes it. */
GPtrArray *cor_program_explain(struct cor_program_run *run, const char *property);
/* Why no outbound rule provisions the object: the same, for rules with link Provision. */
GPtrArray *cor_program_explain_provisioning(struct cor_program_run *run);

/* --- join --------------------------------------------------------------------------------- */

/* Finds which objects make one metaverse object. Objects are added in the order of their import
 * and must stay until the joiner is freed. */
struct cor_program_joiner;
struct cor_program_joiner *cor_program_joiner_new(struct cor_program_run *run);
void cor_program_joiner_free(struct cor_program_joiner *joiner);
/* Number of the metaverse object it joined or became; G_MAXUINT when it takes no part. An
 * ambiguous join (two objects of one directory on one metaverse object) sets ret_error (static)
 * and leaves the object out. */
guint cor_program_joiner_add(struct cor_program_joiner *joiner,
                             const struct cor_program_object *object, const char **ret_error);
/* Objects of a number, in order of joining; borrowed until the next add. */
const struct cor_program_object *const *
cor_program_joiner_objects(const struct cor_program_joiner *joiner, guint number, gsize *ret_n);

#endif
