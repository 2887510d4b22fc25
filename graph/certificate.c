/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Certificates and signatures by libcrypto, which the Entra half includes here only. The private
 * key lives as long as one token request; nothing of it reaches an error or the store.
 */
#include "graph/certificate.h"

#include "correlate/error.h"
#include "correlate/json.h"
#include "correlate/time.h"
#include "graph/secret.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <string.h>

enum {
    MAX_FILE = 256 * 1024,
    MIN_RSA_BITS = 2048,
    ASSERTION_S = 600, /* the page allows five to ten minutes */
};

struct entra_certificate {
    EVP_PKEY *key;
    X509 *cert;
    gint64 not_before_us, not_after_us;
};

struct password {
    char *text; /* NULL: none configured */
    gboolean asked;
};

G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_PKEY, EVP_PKEY_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(X509, X509_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(BIO, BIO_free_all)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(PKCS12, PKCS12_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_MD_CTX, EVP_MD_CTX_free)

void entra_certificate_free(struct entra_certificate *certificate)
{
    if (!certificate)
        return;
    EVP_PKEY_free(certificate->key);
    X509_free(certificate->cert);
    g_free(certificate);
}

static gboolean refuse(const char *path, const char *words, GError **error)
{
    ERR_clear_error();
    g_set_error(error, ENTRA_ERROR, COR_E_CONFIG, "certificate file '%s' %s", path, words);
    return FALSE;
}

/* --- reading ---------------------------------------------------------------------------------- */

static int on_password(char *buffer, int size, int writing, void *data)
{
    (void)writing;
    struct password *password = data;
    password->asked = TRUE;
    gsize len = password->text ? strlen(password->text) : 0;
    if (len == 0 || len > (gsize)size)
        return -1;
    memcpy(buffer, password->text, len);
    return (int)len;
}

static void take_fitting(struct entra_certificate *into, X509 *cert)
{
    if (!into->cert && into->key && X509_check_private_key(cert, into->key) == 1) {
        X509_up_ref(cert);
        into->cert = cert;
    }
}

/* The chain that stands beside the certificate is passed over: the service knows it already. */
static gboolean from_pem(struct entra_certificate *into, const char *path, const char *bytes,
                         gsize len, struct password *password, guint *ret_certs, GError **error)
{
    g_autoptr(BIO) key_bio = BIO_new_mem_buf(bytes, (int)len);
    g_autoptr(BIO) cert_bio = BIO_new_mem_buf(bytes, (int)len);
    into->key = PEM_read_bio_PrivateKey(key_bio, NULL, on_password, password);
    if (!into->key && password->asked)
        return refuse(path,
                      password->text ? "has a key that the password does not open"
                                     : "has an encrypted key; name certificate_password_file",
                      error);
    if (!into->key)
        return refuse(path, "holds no private key that can be read", error);
    X509 *cert;
    while ((cert = PEM_read_bio_X509(cert_bio, NULL, on_password, password))) {
        ++*ret_certs;
        take_fitting(into, cert);
        X509_free(cert);
    }
    ERR_clear_error();
    return TRUE;
}

/* OpenSSL 3 leaves RC2-40, which old exports use, to its legacy provider. */
static const char *why_closed(const struct password *password)
{
    unsigned long code = ERR_peek_last_error();
    if (ERR_GET_REASON(code) == ERR_R_UNSUPPORTED ||
        ERR_GET_REASON(code) == EVP_R_UNSUPPORTED_ALGORITHM)
        return "is encrypted with an algorithm that OpenSSL no longer opens; export it anew with "
               "AES-256";
    return password->text ? "cannot be opened: the password is wrong, or the file is damaged"
                          : "needs a password; name certificate_password_file";
}

static gboolean from_pkcs12(struct entra_certificate *into, const char *path, const char *bytes,
                            gsize len, const struct password *password, guint *ret_certs,
                            GError **error)
{
    g_autoptr(BIO) bio = BIO_new_mem_buf(bytes, (int)len);
    g_autoptr(PKCS12) bag = d2i_PKCS12_bio(bio, NULL);
    if (!bag)
        return refuse(path, "is neither PEM nor PKCS#12", error);
    g_autoptr(X509) cert = NULL;
    STACK_OF(X509) *chain = NULL;
    if (PKCS12_parse(bag, password->text ? password->text : "", &into->key, &cert, &chain) != 1)
        return refuse(path, why_closed(password), error);
    if (cert)
        take_fitting(into, cert);
    *ret_certs = (cert ? 1 : 0) + (guint)(chain ? sk_X509_num(chain) : 0);
    sk_X509_pop_free(chain, X509_free);
    return into->key ? TRUE : refuse(path, "holds no private key", error);
}

static gint64 time_of(const ASN1_TIME *at)
{
    struct tm tm;
    if (ASN1_TIME_to_tm(at, &tm) != 1)
        return 0;
    return (gint64)timegm(&tm) * COR_SECOND_US;
}

static gboolean judge(struct entra_certificate *into, const char *path, guint certs, GError **error)
{
    if (EVP_PKEY_get_base_id(into->key) != EVP_PKEY_RSA ||
        EVP_PKEY_get_bits(into->key) < MIN_RSA_BITS)
        return refuse(path, "has a key that is no RSA key of at least 2048 bits", error);
    if (certs == 0)
        return refuse(path, "holds no certificate", error);
    if (!into->cert)
        return refuse(path, "holds no certificate that fits its private key", error);
    into->not_before_us = time_of(X509_get0_notBefore(into->cert));
    into->not_after_us = time_of(X509_get0_notAfter(into->cert));
    return TRUE;
}

struct entra_certificate *entra_certificate_read(const char *path, const char *password_path,
                                                 GError **error)
{
    struct password password = {0};
    if (password_path &&
        !(password.text = entra_secret_line("certificate password file", password_path, error)))
        return NULL;
    gsize len = 0;
    guint certs = 0;
    g_autoptr(entra_certificate) into = g_new0(struct entra_certificate, 1);
    char *bytes = entra_secret_bytes("certificate file", path, MAX_FILE, &len, error);
    gboolean ok = bytes != NULL;
    if (ok)
        ok = strstr(bytes, "-----BEGIN ")
                 ? from_pem(into, path, bytes, len, &password, &certs, error)
                 : from_pkcs12(into, path, bytes, len, &password, &certs, error);
    ok = ok && judge(into, path, certs, error);
    entra_bytes_free(bytes, len);
    entra_secret_free(password.text);
    return ok ? g_steal_pointer(&into) : NULL;
}

gint64 entra_certificate_not_before(const struct entra_certificate *certificate)
{
    return certificate->not_before_us;
}

gint64 entra_certificate_not_after(const struct entra_certificate *certificate)
{
    return certificate->not_after_us;
}

/* --- signing ---------------------------------------------------------------------------------- */

/* RFC 7515 2: base64url without padding. */
static char *base64url(const guchar *bytes, gsize len)
{
    char *text = g_base64_encode(bytes, len);
    g_strdelimit(text, "+", '-');
    g_strdelimit(text, "/", '_');
    text[strcspn(text, "=")] = '\0';
    return text;
}

static gsize digest(const struct entra_certificate *certificate, const EVP_MD *md,
                    guchar out[EVP_MAX_MD_SIZE])
{
    unsigned len = 0;
    return X509_digest(certificate->cert, md, out, &len) == 1 ? len : 0;
}

char *entra_certificate_thumbprint(const struct entra_certificate *certificate)
{
    guchar sum[EVP_MAX_MD_SIZE];
    gsize len = digest(certificate, EVP_sha1(), sum);
    GString *text = g_string_new(NULL);
    for (gsize i = 0; i < len; i++)
        g_string_append_printf(text, "%02X", sum[i]);
    return g_string_free(text, FALSE);
}

static char *header_of(const struct entra_certificate *certificate, enum entra_algorithm algorithm)
{
    gboolean pss = algorithm == ENTRA_PS256;
    guchar sum[EVP_MAX_MD_SIZE];
    gsize len = digest(certificate, pss ? EVP_sha256() : EVP_sha1(), sum);
    g_autofree char *thumbprint = base64url(sum, len);
    COR_JSON_AUTO *doc = cor_json_new_object();
    cor_json_add_string(doc, "alg", pss ? "PS256" : "RS256");
    cor_json_add_string(doc, "typ", "JWT");
    cor_json_add_string(doc, pss ? "x5t#S256" : "x5t", thumbprint);
    g_autofree char *text = cor_json_to_text(doc);
    return base64url((const guchar *)text, strlen(text));
}

static char *claims_of(const char *client_id, const char *audience, gint64 now_us)
{
    gint64 now_s = now_us / COR_SECOND_US;
    g_autofree char *id = g_uuid_string_random();
    COR_JSON_AUTO *doc = cor_json_new_object();
    cor_json_add_string(doc, "aud", audience);
    cor_json_add_string(doc, "iss", client_id);
    cor_json_add_string(doc, "sub", client_id);
    cor_json_add_string(doc, "jti", id);
    cor_json_add_int(doc, "nbf", now_s);
    cor_json_add_int(doc, "iat", now_s);
    cor_json_add_int(doc, "exp", now_s + ASSERTION_S);
    g_autofree char *text = cor_json_to_text(doc);
    return base64url((const guchar *)text, strlen(text));
}

/* RFC 7518 3.5: the salt is as long as the hash. */
static gboolean begin_signature(EVP_MD_CTX *context, EVP_PKEY *key, enum entra_algorithm algorithm)
{
    EVP_PKEY_CTX *parameters = NULL; /* the context's own */
    if (EVP_DigestSignInit(context, &parameters, EVP_sha256(), NULL, key) != 1)
        return FALSE;
    if (algorithm == ENTRA_RS256)
        return TRUE;
    return EVP_PKEY_CTX_set_rsa_padding(parameters, RSA_PKCS1_PSS_PADDING) == 1 &&
           EVP_PKEY_CTX_set_rsa_pss_saltlen(parameters, RSA_PSS_SALTLEN_DIGEST) == 1;
}

static char *sign(const struct entra_certificate *certificate, enum entra_algorithm algorithm,
                  const char *text)
{
    g_autoptr(EVP_MD_CTX) context = EVP_MD_CTX_new();
    size_t len = (size_t)EVP_PKEY_get_size(certificate->key);
    g_autofree guchar *signature = g_malloc0(len);
    if (!context || !begin_signature(context, certificate->key, algorithm) ||
        EVP_DigestSign(context, signature, &len, (const guchar *)text, strlen(text)) != 1)
        return NULL;
    return base64url(signature, len);
}

char *entra_assertion(const struct entra_certificate *certificate, enum entra_algorithm algorithm,
                      const char *client_id, const char *audience, gint64 now_us, GError **error)
{
    g_autofree char *header = header_of(certificate, algorithm);
    g_autofree char *claims = claims_of(client_id, audience, now_us);
    g_autofree char *text = g_strdup_printf("%s.%s", header, claims);
    g_autofree char *signature = sign(certificate, algorithm, text);
    if (signature)
        return g_strdup_printf("%s.%s", text, signature);
    ERR_clear_error();
    g_set_error_literal(error, ENTRA_ERROR, COR_E_BUG, "libcrypto could not sign");
    return NULL;
}
