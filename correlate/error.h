/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_CORRELATE_ERROR_H
#define ANCHORWATCH_CORRELATE_ERROR_H

/*
 * One set of error codes for every folder's GError domain. A code says what the caller
 * should do next; the domain says who noticed; the message keeps the native code and text
 * of the foreign library that failed first. Messages are lower case, without a full stop,
 * and never contain a secret or an object's value.
 */

#include <glib.h>

enum cor_code {
    COR_E_RETRY = 1,  /* transient: the same call may work later */
    COR_E_AUTH,       /* credentials or rights are missing or wrong */
    COR_E_RESYNC,     /* the peer refused our position: start over with a full read */
    COR_E_INCOMPLETE, /* the read ended without proof that it was complete */
    COR_E_INPUT,      /* the peer or a file sent something that cannot be right */
    COR_E_LIMIT,      /* one of our ceilings was reached */
    COR_E_CONFIG,     /* configuration or command line */
    COR_E_STORE,      /* the store cannot be read or written */
    COR_E_CANCELLED,  /* the user or the service manager asked to stop */
    COR_E_NOT_FOUND,  /* the named object or backup point does not exist */
    COR_E_AMBIGUOUS,  /* the name fits several objects */
    COR_E_BUG,        /* a broken invariant of ours */
};

/* Error domains, one per folder. Codes are always enum cor_code. */
#define COR_ERROR   (cor_error_quark())
#define AD_ERROR    (ad_error_quark())
#define ENTRA_ERROR (entra_error_quark())
#define STORE_ERROR (store_error_quark())
#define AGENT_ERROR (agent_error_quark())

GQuark cor_error_quark(void);
GQuark ad_error_quark(void);
GQuark entra_error_quark(void);
GQuark store_error_quark(void);
GQuark agent_error_quark(void);

#endif
