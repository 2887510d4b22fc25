/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_CORRELATE_SEMANTIC_TABLE_H
#define ANCHORWATCH_CORRELATE_SEMANTIC_TABLE_H

#include "correlate/semantic.h"

/* One attribute with traits. type NULL: every type of the directory. */
struct cor_semantic_row {
    enum cor_directory directory;
    const char *type;
    const char *attribute;
    guint traits;
};
const struct cor_semantic_row *cor_semantic_rows(gsize *ret_n);

#endif
