/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_CORRELATE_RULES_ENGINE_COMPILE_H
#define ANCHORWATCH_CORRELATE_RULES_ENGINE_COMPILE_H

/* The parts of compiling a rule set; private to correlate/rules/engine_*.c. */

#include "correlate/rules/engine_private.h"

/* The formula of a mapping, made or found among those that say the same. A text that does not
 * parse is reported once per mapping and gives an error whenever it is evaluated. */
struct cor_formula *cor_program_formula(struct cor_program *engine, enum cor_program_side side,
                                        const struct cor_rule *rule,
                                        const struct cor_rule_mapping *mapping);
void cor_program_formula_free(void *formula);
void cor_program_complain(struct cor_program *engine, const struct cor_rule *rule,
                          const char *target, char *text_taken);

#endif
