/* SPDX-License-Identifier: Apache-2.0 */
/* Any JSON document that is a set of rules: what is read must survive the way through the store's
 * JSON, and the engine must take it. */
#include "agent/rules/import.h"
#include "correlate/rules/engine.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cor_rule_set *set = cor_rule_set_new(COR_RULES_CONNECT_EXPORT);
    g_autoptr(GPtrArray) findings = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GError) error = NULL;
    if (rules_import_file("input", data, size, set, findings, &error)) {
        cor_rule_set_sort(set);
        COR_JSON_AUTO *json = cor_rule_set_to_json(set);
        struct cor_rule_set *again = cor_rule_set_from_json(json, &error);
        g_assert_no_error(error);
        COR_JSON_AUTO *second = cor_rule_set_to_json(again);
        g_assert(cor_json_equal(json, second));
        cor_program_free(cor_program_new(again));
    } else {
        g_assert(error && g_utf8_validate(error->message, -1, NULL));
    }
    cor_rule_set_free(set);
    return 0;
}
