/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_CORRELATE_FLOW_H
#define ANCHORWATCH_CORRELATE_FLOW_H

/*
 * What the sync engine would write to the cloud for an AD object. The rules are the tenant's own
 * where they were imported (struct cor_flow_program), else the documented defaults of Entra Connect
 * (table in flow_rules.c).
 */

#include "correlate/record.h"
#include "correlate/tenant.h"

enum cor_flow_kind {
    COR_FLOW_DIRECT,
    COR_FLOW_EXPRESSION,
    COR_FLOW_REFERENCE, /* manager, member: compared as links */
    COR_FLOW_SYSTEM,    /* onPremises*, read-only */
};

struct cor_flow_context;
struct cor_flow_program;
struct cor_program; /* correlate/rules/engine.h */
struct cor_flow_value;
struct cor_flow_rule;
/* How a rule computes its value; sets result and value of ret. */
typedef void (*cor_flow_func)(const struct cor_flow_rule *rule, const struct cor_record *ad,
                              const struct cor_flow_context *context, struct cor_flow_value *ret);

/* One row: which Entra property a type gets from which AD attributes. Static storage. */
enum cor_flow_flag {
    COR_FLOW_SHADOW = 1 << 0,      /* the cloud computes the visible value */
    COR_FLOW_WRITABLE = 1 << 1,    /* Graph accepts the write although it is AD-fed */
    COR_FLOW_UNCONFIRMED = 1 << 2, /* no public page confirms it */
    COR_FLOW_ONCE = 1 << 3,        /* at creation only */
};
struct cor_flow_rule {
    const char *property; /* Graph name, dotted for a member: "employeeOrgData.division" */
    const char *sources;  /* AD attributes, space separated, strongest first */
    enum cor_flow_kind kind;
    guint flags;      /* enum cor_flow_flag */
    const char *rule; /* name of the (first) rule, e.g. "In from AD - User Common" */
    cor_flow_func evaluate;
};

enum cor_flow_result {
    COR_FLOW_VALUE,  /* the engine writes this value */
    COR_FLOW_REMOVE, /* the engine leaves the property empty */
    COR_FLOW_LEAVE,  /* the engine does not touch the property */
    COR_FLOW_ERROR,  /* the rule ends in an error: object does not export */
};
struct cor_flow_value {
    enum cor_flow_result result;
    struct cor_json *value;           /* owned; with COR_FLOW_VALUE only */
    const struct cor_flow_rule *rule; /* borrowed */
    const char *by;                   /* name of the rule that decided for this object, borrowed */
    char *why;                        /* owned; one clause in words */
};
void cor_flow_value_clear(struct cor_flow_value *value);

/* What the rules need besides the object. */
struct cor_flow_context {
    const char *domain_fqdn; /* lab.example.test */
    const char *domain_netbios;
    const struct cor_tenant *tenant;
    const char *rules_name; /* "default rules" until the tenant's own are imported */
    GHashTable *suppressed; /* set of properties that the tenant's rules leave out, or NULL */
    struct cor_flow_program *program; /* the tenant's own rules, borrowed; NULL: default rules */
};

/* The tenant's rules, ready for the questions below. Each AD object is taken alone: objects that
 * the rules would join with it do not contribute, and who is a member of what is not known. Not
 * for several threads at once. Takes the program. now_us: what Now() is in expressions. */
struct cor_flow_program *cor_flow_program_new(struct cor_program *program_taken, gint64 now_us);
void cor_flow_program_free(struct cor_flow_program *program);
/* Connector space names (char *) that the rules write and the table of names does not know: drift
 * and forecasts cannot see them. Borrowed. */
const GPtrArray *cor_flow_program_unnamed(const struct cor_flow_program *program);

/* The rule that feeds an Entra property, or NULL: not flowed by the rules in force. entra_type is
 * user, group, contact or device; links are named by their kind ("member", "manager"). context
 * NULL: the default rules. */
const struct cor_flow_rule *cor_flow_rule_for(const struct cor_flow_context *context,
                                              const char *entra_type, const char *property);
/* All rules of an Entra type, for iteration; *ret_n rows. */
const struct cor_flow_rule *cor_flow_rules(const struct cor_flow_context *context,
                                           const char *entra_type, gsize *ret_n);
/* A property of the default rules that the tenant's rules leave out. */
gboolean cor_flow_is_suppressed(const struct cor_flow_context *context, const char *entra_type,
                                const char *property);

/* In scope of the rules in force? FALSE gives the reason in *ret_why, static or good until the next
 * question of the context. The default rules know no filters by OU, group or custom rule. */
gboolean cor_flow_in_scope(const struct cor_record *ad, const struct cor_flow_context *context,
                           const char **ret_why);
/* Expected value of one property. */
void cor_flow_evaluate(const struct cor_flow_rule *rule, const struct cor_record *ad,
                       const struct cor_flow_context *context, struct cor_flow_value *ret);
/* Does a cloud value agree with an evaluated one, with every tolerance of decision row E5? */
gboolean cor_flow_agrees(const struct cor_flow_value *expected, const struct cor_json *cloud);
/* The AD type that feeds an Entra type and back; NULL when there is none. */
const char *cor_flow_peer_type(enum cor_directory directory, const char *type);

#endif
