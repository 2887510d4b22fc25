/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_AGENT_CLI_TEXT_H
#define ANCHORWATCH_AGENT_CLI_TEXT_H

/* Text for people: styles that vanish off a terminal, aligned tables, times, wrapped paragraphs. */

#include "agent/cli/cli.h"

enum text_style { TEXT_PLAIN, TEXT_BOLD, TEXT_DIM, TEXT_GOOD, TEXT_WARN, TEXT_BAD, TEXT_NOTE };

/* Print in a style. */
void text_print(const struct cli *cli, enum text_style style, const char *format, ...)
    G_GNUC_PRINTF(3, 4);
/* A paragraph, wrapped to the width of the terminal (100 off one), each line indented. */
void text_wrap(const struct cli *cli, enum text_style style, guint indent, const char *text);
/* Local form of a time for people: "2026-11-23 14:32:05Z"; "-" for 0. Caller frees. */
char *text_time(gint64 time_us);
/* "3 seconds", "5 h 20 min", "12 days". Caller frees. */
char *text_span(gint64 span_us);
/* Control characters of a directory value made visible, cut at max characters. Caller frees. */
char *text_clean(const char *value, guint max);

/* A table: rows of cells, each with a style; printed with columns as wide as needed. */
struct text_table;
struct text_table *text_table_new(const char *const *headings);
void text_table_row(struct text_table *table, enum text_style style, ...) G_GNUC_NULL_TERMINATED;
void text_table_print(const struct cli *cli, struct text_table *table); /* and frees it */

#endif
