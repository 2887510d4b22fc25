/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_GRAPH_CERTIFICATE_H
#define ANCHORWATCH_GRAPH_CERTIFICATE_H

/*
 * The certificate that an app registration knows, its private key, and the assertions signed with
 * it (Entra page "certificate-credentials"; RFC 7515, 7518 3.3 and 3.5, 7523).
 */

#include <glib.h>

enum entra_algorithm {
    ENTRA_PS256, /* RSASSA-PSS with SHA-256, named by x5t#S256: what the page documents */
    ENTRA_RS256, /* RSASSA-PKCS1-v1_5 with SHA-256, named by x5t: of an older sample of it */
};

struct entra_certificate;

/* Read PEM (private key, certificate, chain in any order) or PKCS#12 from a file that only its
 * owner may read. password_path may be NULL; one line, for PKCS#12 and for an encrypted PEM key.
 * The certificate that fits the key is taken. COR_E_CONFIG: unreadable, wrong password, no RSA key,
 * no certificate that fits. */
struct entra_certificate *entra_certificate_read(const char *path, const char *password_path,
                                                 GError **error);
void entra_certificate_free(struct entra_certificate *certificate);
typedef struct entra_certificate entra_certificate;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(entra_certificate, entra_certificate_free)

/* The time it is valid for, microseconds since 1970. */
gint64 entra_certificate_not_before(const struct entra_certificate *certificate);
gint64 entra_certificate_not_after(const struct entra_certificate *certificate);
/* SHA-1 of the DER form in capitals, as portals show it. Caller frees. */
char *entra_certificate_thumbprint(const struct entra_certificate *certificate);

/* A JWT for the token endpoint at audience, valid from now_us for ten minutes, with an id that no
 * other has. Caller frees. COR_E_BUG when libcrypto fails. */
char *entra_assertion(const struct entra_certificate *certificate, enum entra_algorithm algorithm,
                      const char *client_id, const char *audience, gint64 now_us, GError **error);

#endif
