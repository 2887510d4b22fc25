/* SPDX-License-Identifier: Apache-2.0 */
/* The error domains. They live together so that no folder depends on another for a quark. */
#include "correlate/error.h"

G_DEFINE_QUARK(anchorwatch - correlate, cor_error)
G_DEFINE_QUARK(anchorwatch - ldap, ad_error)
G_DEFINE_QUARK(anchorwatch - graph, entra_error)
G_DEFINE_QUARK(anchorwatch - store, store_error)
G_DEFINE_QUARK(anchorwatch - agent, agent_error)
