/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_AGENT_CLI_OUTPUT_H
#define ANCHORWATCH_AGENT_CLI_OUTPUT_H

/*
 * Machine output (docs/schema): one JSON document, its items streamed so that a difference of a
 * million objects needs no memory. And the JSON forms of the heart's findings.
 */

#include "agent/cli/cli.h"
#include "agent/planner.h"
#include "correlate/change.h"
#include "correlate/drift.h"

struct output {
    char *head;   /* printed with the first item, so that an early error leaves no half document */
    gboolean any; /* an item was printed */
};

/* {"schema":"anchorwatch.<kind>/1","generated":…, members of header…, "items":[ ; header is taken
 * and may be NULL. Nothing is printed before the first item or the end. */
void output_begin(struct output *output, const struct cli *cli, const char *kind,
                  struct cor_json *header_taken);
void output_item(struct output *output, struct cor_json *item_taken);
void output_end(struct output *output);

/* Members every item has: directory, type, key, anchor, name, peer. */
struct cor_json *output_object(const struct cor_object_ref *object,
                               const struct cor_object_ref *peer);
struct cor_json *output_change(const struct cor_change *change);
struct cor_json *output_drift(const struct cor_drift *drift);
struct cor_json *output_plan(const struct plan_item *item);
struct cor_json *output_point(const struct store_point *point);

/* Ordered steps (struct cor_step *), or null for none. */
struct cor_json *output_steps(const GPtrArray *steps);

/* RFC 3339 text, or null for 0. */
struct cor_json *output_time(gint64 time_us);
/* A copy, or null. */
struct cor_json *output_value(const struct cor_json *value);
struct cor_json *output_text(const char *text_or_null);

#endif
