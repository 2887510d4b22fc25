/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_AGENT_WHATIF_H
#define ANCHORWATCH_AGENT_WHATIF_H

/*
 * What the next synchronization would do to the cloud if something were changed on-premises: an
 * object moved, edited or deleted, a container or a rule taken in or out. The objects that the
 * change can reach are put through the rules twice, as they are and as they would be; nothing is
 * written anywhere.
 */

#include "agent/point.h"
#include "correlate/change.h"
#include "correlate/rules/engine.h"

enum whatif_kind {
    WHATIF_MOVE,    /* object (and all below it) under another parent */
    WHATIF_DELETE,  /* object and all below it */
    WHATIF_SET,     /* one attribute of an object */
    WHATIF_EXCLUDE, /* container out of the connector's selection */
    WHATIF_INCLUDE, /* container into it */
    WHATIF_RULES,   /* other rules: a rule switched off, or another imported version */
};
struct whatif_change {
    enum whatif_kind kind;
    const char *dn;        /* of the object or container; NULL with RULES: everything */
    const char *parent_dn; /* MOVE */
    const char *attribute; /* SET */
    const char *value;     /* SET; NULL: without the attribute */
};

enum whatif_effect_kind {
    WHATIF_APPEARS,   /* a new cloud object */
    WHATIF_TAKES,     /* an existing cloud object becomes synchronized (hard match) */
    WHATIF_RETURNS,   /* a deleted cloud object is restored by its anchor */
    WHATIF_CHANGES,   /* one property gets another value */
    WHATIF_DELETED,   /* out of scope or gone: the engine deletes the cloud object */
    WHATIF_FAILS,     /* the rules end in an error: the object stops synchronizing */
    WHATIF_UNTOUCHED, /* managed in the cloud: the engine leaves it alone */
    WHATIF_UNCERTAIN, /* which cloud object is the other half is not certain */
};
const char *whatif_effect_name(enum whatif_effect_kind kind); /* "appears" ... */

/* What goes with a deleted cloud object. */
struct whatif_loss {
    guint licences, groups, owned;
    gboolean for_good; /* not restorable from the deleted items */
};
struct whatif_effect {
    enum whatif_effect_kind kind;
    struct cor_object_ref object;    /* the AD object */
    struct cor_object_ref peer;      /* the cloud object; key NULL: none yet */
    const char *property;            /* CHANGES: Graph name, else the connector's */
    struct cor_json *before, *after; /* CHANGES; owned, NULL: none */
    const char *rule;                /* outbound rule that decides, NULL: none does */
    char *why;                       /* owned; one clause */
    struct whatif_loss loss;         /* DELETED */
};
struct whatif_totals {
    guint64 objects; /* put through the rules */
    guint64 deletions;
    guint64 by_kind[WHATIF_UNCERTAIN + 1];
};

typedef gboolean (*whatif_func)(const struct whatif_effect *effect, void *data, GError **error);

/* rules: those in force; rules_after: those of the change, the same where it changes no rule (for
 * EXCLUDE, INCLUDE and RULES made by whatif_rules). Effects come in the order of AD keys. Errors:
 * COR_E_NOT_FOUND when the point has no such object, those of the store. */
gboolean whatif_run(struct point *point, const struct cor_program *rules,
                    const struct cor_program *rules_after, const struct whatif_change *change,
                    whatif_func func, void *data, struct whatif_totals *ret, GError **error);

/* A copy of the rules with a container taken out or in, or a rule switched off (by name or id).
 * COR_E_NOT_FOUND: no partition holds the container, or no rule is called so. */
struct cor_rule_set *whatif_rules_container(const struct cor_rule_set *rules, const char *dn,
                                            gboolean include, GError **error);
struct cor_rule_set *whatif_rules_without(const struct cor_rule_set *rules, const char *rule,
                                          GError **error);

/* The attribute by that name, in the spelling of the rules, for WHATIF_SET. Errors: COR_E_NOT_FOUND
 * (the rules read no such attribute), COR_E_CONFIG (a reference, or no value for its type). */
char *whatif_rules_attribute(const struct cor_rule_set *rules, const char *name,
                             const char *value_or_null, GError **error);

/* Would the engine's guard against accidental deletions stop that many? threshold as in struct
 * cor_tenant: 0 off, -1 unknown. */
gboolean whatif_guard_stops(guint64 deletions, gint64 threshold);
/* The default of both engines, where the tenant's own is not known. */
#define WHATIF_DELETION_THRESHOLD 500

#endif
