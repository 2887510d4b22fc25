/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_AGENT_RULED_H
#define ANCHORWATCH_AGENT_RULED_H

/* An AD object of a backup point in the form that the rules engine reads. */

#include "correlate/rules/engine.h"

#include "correlate/record.h"

/* What a struct cor_program_object borrows: the record's references, read from the view. */
struct ruled {
    struct cor_program_object object;
    GPtrArray *targets[2]; /* owned */
    struct cor_program_link links[2];
};
/* The record is borrowed as long as ret; FALSE with the view's error. */
gboolean ruled_read(struct cor_view *view, const struct cor_record *ad, struct ruled *ret,
                    GError **error);
void ruled_clear(struct ruled *ruled);
/* The same references under other attributes: the object as it would be. */
struct cor_program_object ruled_as(const struct ruled *ruled, const struct cor_record *ad);

#endif
