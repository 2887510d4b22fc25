/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_CORRELATE_FLOW_RULES_H
#define ANCHORWATCH_CORRELATE_FLOW_RULES_H

/* The functions that the rows of flow_rules.c name; private to correlate/flow*.c. Sources: the
 * transformations of the shipped Entra Connect rules (Microsoft: default configuration). */

#include "correlate/flow.h"

#define COR_FLOW_FUNC(name)                                                                        \
    void cor_flow_##name(const struct cor_flow_rule *rule, const struct cor_record *ad,            \
                         const struct cor_flow_context *context, struct cor_flow_value *ret)

COR_FLOW_FUNC(copy);          /* the value as it is */
COR_FLOW_FUNC(trim);          /* Trim([x]) */
COR_FLOW_FUNC(trim_list);     /* Trim, as a list of one: businessPhones */
COR_FLOW_FUNC(first_448);     /* Left(Trim(Item([x],1)),448) */
COR_FLOW_FUNC(first_present); /* the first source that has a value: displayName, cn */
COR_FLOW_FUNC(proxies);       /* RemoveDuplicates(Trim([proxyAddresses])) */
COR_FLOW_FUNC(enabled);       /* userAccountControl bit 2 is clear */
COR_FLOW_FUNC(upn);           /* UPN, else sAMAccountName@domain, else an error */
COR_FLOW_FUNC(anchor);
COR_FLOW_FUNC(ignore_if_empty); /* IIF(IsNullOrEmpty([x]),IgnoreThisFlow,[x]) */
COR_FLOW_FUNC(usage_location);  /* the same, and only with a mailNickname */
COR_FLOW_FUNC(password_time);   /* pwdLastSet */
COR_FLOW_FUNC(domain_fqdn);
COR_FLOW_FUNC(domain_netbios);
COR_FLOW_FUNC(security_enabled);
COR_FLOW_FUNC(mail_enabled);
COR_FLOW_FUNC(addresses); /* contact: one address of six attributes */
COR_FLOW_FUNC(phones);    /* contact: three kinds */
COR_FLOW_FUNC(server_ad); /* the constant ServerAd */
COR_FLOW_FUNC(untouched); /* no default rule feeds it: leave */

/* The default table alone. */
const struct cor_flow_rule *cor_flow_default_rules(const char *entra_type, gsize *ret_n);
/* The UPN that the service shows for one that it was sent; NULL: that one. Caller frees. */
char *cor_flow_computed_upn(const struct cor_record *ad, const char *upn,
                            const struct cor_tenant *tenant);

/* Answers of the tenant's rules; private to correlate/flow*.c. */
const struct cor_flow_rule *cor_flow_program_rules(const struct cor_flow_program *program,
                                                   const char *entra_type, gsize *ret_n);
gboolean cor_flow_program_in_scope(struct cor_flow_program *program, const struct cor_record *ad,
                                   const char **ret_why);
void cor_flow_program_evaluate(const struct cor_flow_rule *rule, const struct cor_record *ad,
                               const struct cor_flow_context *context, struct cor_flow_value *ret);

/* Has the object an address the cloud would take as mail-enabled? */
gboolean cor_flow_is_mail_enabled(const struct cor_record *ad);

#endif
