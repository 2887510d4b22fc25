/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_CORRELATE_SEMANTIC_H
#define ANCHORWATCH_CORRELATE_SEMANTIC_H

/*
 * When two attribute values mean the same (design rule 8): multi-values are sets, case follows the
 * attribute, null, absent and [] are equal. One table says which attributes are volatile (never a
 * difference), compared without case, shadowed by cloud logic, or collections that are replaced
 * whole.
 */

#include "correlate/record.h"

enum cor_trait {
    COR_TRAIT_VOLATILE = 1 << 0, /* never reported as a difference */
    COR_TRAIT_NOCASE = 1 << 1,
    COR_TRAIT_SHADOW = 1 << 2,  /* cloud computes it: inequality to AD alone is no drift */
    COR_TRAIT_PROXY = 1 << 3,   /* proxyAddresses: type prefix tells primary, address nocase */
    COR_TRAIT_NOTIMES = 1 << 4, /* members of its objects that are times do not count */
};
guint cor_traits(enum cor_directory directory, const char *type, const char *attribute);

/* NULL stands for absent. */
gboolean cor_value_equal(guint traits, const struct cor_json *a, const struct cor_json *b);

/* Human form of a value: text as is, numbers, lists joined by "; ", objects as canonical JSON;
 * "(none)" for absent. Caller frees. */
char *cor_value_text(const struct cor_json *value);

#endif
