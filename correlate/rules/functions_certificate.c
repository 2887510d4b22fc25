/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Functions over X.509 certificates, DER or base64, read by libcrypto, which is included here only.
 * The reference says of each in one sentence what it returns; forms are those of .NET's
 * X509Certificate2, on which IsCert rests: names with the most specific part first, hexadecimal in
 * capitals, algorithms as OIDs, times in UTC. What .NET takes from elsewhere is not guessed.
 */
#include "correlate/rules/expression_private.h"

#include <openssl/x509.h>
#include <string.h>

#define CONNECT "connect/reference-connect-sync-functions-reference"

#define CERTIFICATE_BYTES ((gsize)256 * 1024)

typedef struct cor_value (*of_certificate)(struct cor_evaluation *e, X509 *cert);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(X509, X509_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(BIO, BIO_free_all)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(BIGNUM, BN_free)

/* --- reading ---------------------------------------------------------------------------------- */

static X509 *from_der(const guint8 *data, gsize len)
{
    const unsigned char *at = data;
    if (len == 0 || len > CERTIFICATE_BYTES)
        return NULL;
    X509 *cert = d2i_X509(NULL, &at, (long)len);
    if (cert && at == data + len)
        return cert;
    X509_free(cert);
    return NULL;
}

static X509 *read_certificate(const struct cor_value *value)
{
    gsize len = 0;
    if (value->type == COR_VALUE_MULTI && value->len == 1)
        value = &value->items[0];
    X509 *cert = value->type == COR_VALUE_BYTES ? from_der(value->bytes, value->len) : NULL;
    if (cert || (value->type != COR_VALUE_BYTES && value->type != COR_VALUE_STRING))
        return cert;
    g_autofree char *text = g_strndup(value->text, value->len);
    g_autofree guchar *der = g_base64_decode(text, &len);
    return from_der(der, len);
}

static struct cor_value apply(struct cor_evaluation *e, const struct cor_value *value,
                              of_certificate get)
{
    g_autoptr(X509) cert = read_certificate(value);
    return cert ? get(e, cert) : cor_value_error(cor_arena_of(e), "a certificate is needed");
}

/* Of several certificates each gives its values. */
static struct cor_value apply_to_each(struct cor_evaluation *e, const struct cor_value *many,
                                      of_certificate get)
{
    struct cor_value *items = cor_arena_alloc(cor_arena_of(e), many->len * sizeof *items);
    if (!items)
        return cor_value_error(cor_arena_of(e), "the values grow beyond their limit");
    for (gsize i = 0; i < many->len; i++) {
        items[i] = apply(e, &many->items[i], get);
        if (items[i].type == COR_VALUE_ERROR)
            return items[i];
        if (items[i].type == COR_VALUE_MULTI)
            return cor_value_error(cor_arena_of(e), "one certificate is needed");
    }
    return (struct cor_value){.type = COR_VALUE_MULTI, .len = many->len, .items = items};
}

/* --- what is in it ------------------------------------------------------------------------------
 */

static struct cor_value hex(struct cor_evaluation *e, const guint8 *data, gsize len)
{
    g_autoptr(GString) out = g_string_sized_new(2 * len + 1);
    for (gsize i = 0; i < len; i++)
        g_string_append_printf(out, "%02X", data[i]);
    return cor_text_copy(e, out->str, out->len);
}

static struct cor_value oid(struct cor_evaluation *e, const ASN1_OBJECT *object)
{
    char text[128];
    int len = OBJ_obj2txt(text, sizeof text, object, 1);
    if (len <= 0 || len >= (int)sizeof text)
        return cor_value_error(cor_arena_of(e), "the certificate has an OID that is too long");
    return cor_text_copy(e, text, (gsize)len);
}

static struct cor_value name(struct cor_evaluation *e, const X509_NAME *of)
{
    char *text = NULL;
    g_autoptr(BIO) out = BIO_new(BIO_s_mem());
    unsigned long flags = ASN1_STRFLGS_ESC_2253 | ASN1_STRFLGS_ESC_QUOTE |
                          ASN1_STRFLGS_UTF8_CONVERT | XN_FLAG_SEP_CPLUS_SPC | XN_FLAG_DN_REV |
                          XN_FLAG_FN_SN;
    if (!out || X509_NAME_print_ex(out, of, 0, flags) < 0)
        return cor_value_error(cor_arena_of(e), "the certificate's name cannot be shown");
    long len = BIO_get_mem_data(out, &text);
    g_autofree char *valid = g_utf8_make_valid(text ? text : "", MAX(len, 0));
    return cor_text_copy(e, valid, strlen(valid));
}

static struct cor_value time_of(struct cor_evaluation *e, const ASN1_TIME *time)
{
    struct tm tm;
    if (!ASN1_TIME_to_tm(time, &tm))
        return cor_value_error(cor_arena_of(e), "the certificate's time cannot be read");
    g_autoptr(GDateTime) date = g_date_time_new_utc(tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,
                                                    tm.tm_hour, tm.tm_min, tm.tm_sec);
    if (!date)
        return cor_value_error(cor_arena_of(e), "the certificate's time cannot be read");
    return (struct cor_value){.type = COR_VALUE_TIME,
                              .number = g_date_time_to_unix(date) * G_USEC_PER_SEC};
}

static struct cor_value subject(struct cor_evaluation *e, X509 *cert)
{
    return name(e, X509_get_subject_name(cert));
}

static struct cor_value issuer(struct cor_evaluation *e, X509 *cert)
{
    return name(e, X509_get_issuer_name(cert));
}

static struct cor_value not_after(struct cor_evaluation *e, X509 *cert)
{
    return time_of(e, X509_get0_notAfter(cert));
}

static struct cor_value not_before(struct cor_evaluation *e, X509 *cert)
{
    return time_of(e, X509_get0_notBefore(cert));
}

static struct cor_value thumbprint(struct cor_evaluation *e, X509 *cert)
{
    unsigned char *der = NULL;
    int len = i2d_X509(cert, &der);
    if (len <= 0)
        return cor_value_error(cor_arena_of(e), "a certificate is needed");
    g_autofree char *sum = g_compute_checksum_for_data(G_CHECKSUM_SHA1, der, (gsize)len);
    OPENSSL_free(der);
    g_autofree char *upper = g_ascii_strup(sum, -1);
    return cor_text_copy(e, upper, strlen(upper));
}

static struct cor_value serial(struct cor_evaluation *e, X509 *cert)
{
    const ASN1_INTEGER *number = X509_get0_serialNumber(cert);
    return hex(e, ASN1_STRING_get0_data(number), (gsize)ASN1_STRING_length(number));
}

static struct cor_value version(struct cor_evaluation *e, X509 *cert)
{
    g_autofree char *text = g_strdup_printf("%ld", X509_get_version(cert) + 1);
    return cor_text_copy(e, text, strlen(text));
}

static struct cor_value signature_oid(struct cor_evaluation *e, X509 *cert)
{
    const ASN1_OBJECT *object = NULL;
    X509_ALGOR_get0(&object, NULL, NULL, X509_get0_tbs_sigalg(cert));
    return oid(e, object);
}

static struct cor_value key_oid(struct cor_evaluation *e, X509 *cert)
{
    ASN1_OBJECT *object = NULL;
    X509_PUBKEY_get0_param(&object, NULL, NULL, NULL, X509_get_X509_PUBKEY(cert));
    return oid(e, object);
}

/* The parameters' DER: an OID of a curve, NULL for RSA. */
static struct cor_value key_parameters(struct cor_evaluation *e, X509 *cert)
{
    X509_ALGOR *algorithm = NULL;
    unsigned char *der = NULL;
    X509_PUBKEY_get0_param(NULL, NULL, NULL, &algorithm, X509_get_X509_PUBKEY(cert));
    int len = algorithm && algorithm->parameter ? i2d_ASN1_TYPE(algorithm->parameter, &der) : 0;
    struct cor_value value = len > 0 ? hex(e, der, (gsize)len) : cor_value_string("");
    OPENSSL_free(der);
    return value;
}

static struct cor_value critical_oids(struct cor_evaluation *e, X509 *cert)
{
    int n = X509_get_ext_count(cert);
    gsize used = 0;
    struct cor_value *items = cor_arena_alloc(cor_arena_of(e), (gsize)MAX(n, 1) * sizeof *items);
    if (!items)
        return cor_value_error(cor_arena_of(e), "the values grow beyond their limit");
    for (int i = 0; i < n; i++) {
        X509_EXTENSION *extension = X509_get_ext(cert, i);
        if (!X509_EXTENSION_get_critical(extension))
            continue;
        items[used] = oid(e, X509_EXTENSION_get_object(extension));
        if (items[used].type == COR_VALUE_ERROR)
            return items[used];
        used++;
    }
    return (struct cor_value){.type = COR_VALUE_MULTI, .len = used, .items = items};
}

static struct cor_value format(struct cor_evaluation *e, X509 *cert)
{
    (void)e, (void)cert;
    return cor_value_string("X509"); /* .NET has no other */
}

/* An alias is kept beside a certificate in a Windows store, never inside. */
static struct cor_value friendly_name(struct cor_evaluation *e, X509 *cert)
{
    (void)e, (void)cert;
    return cor_value_string("");
}

/* --- functions -------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    of_certificate get;
} parts[] = {
    {"CertExtensionOids", critical_oids},
    {"CertFormat", format},
    {"CertFriendlyName", friendly_name},
    {"CertHashString", thumbprint},
    {"CertIssuer", issuer},
    {"CertIssuerDN", issuer},
    {"CertKeyAlgorithm", key_oid},
    {"CertKeyAlgorithmParams", key_parameters},
    {"CertNotAfter", not_after},
    {"CertNotBefore", not_before},
    {"CertPublicKeyOid", key_oid},
    {"CertSerialNumber", serial},
    {"CertSignatureAlgorithmOid", signature_oid},
    {"CertSubject", subject},
    {"CertSubjectNameDN", subject},
    {"CertThumbprint", thumbprint},
    {"CertVersion", version},
};

static struct cor_value f_part(struct cor_evaluation *e, const struct cor_node *node)
{
    struct cor_value value = cor_node_evaluate(e, node->operands[0]);
    const char *wanted = node->function->info.name;
    if (value.type == COR_VALUE_ERROR || cor_value_is_null(&value))
        return value;
    for (gsize i = 0; i < G_N_ELEMENTS(parts); i++)
        if (strcmp(parts[i].name, wanted) == 0)
            return value.type == COR_VALUE_MULTI && value.len > 1
                       ? apply_to_each(e, &value, parts[i].get)
                       : apply(e, &value, parts[i].get);
    return cor_value_error(cor_arena_of(e), "%s is not computed: its form is not documented",
                           wanted);
}

/* CertNameInfo(certificate, type, of the issuer): the simple name, which is the common name. */
static struct cor_value f_name_info(struct cor_evaluation *e, const struct cor_value *args, guint n)
{
    struct cor_value type;
    char text[512];
    (void)n;
    if (!cor_to_text(e, &args[1], &type))
        return type;
    if (strcmp(type.text, "SimpleName") != 0)
        return cor_value_error(cor_arena_of(e), "of the name types only SimpleName is computed");
    g_autoptr(X509) cert = read_certificate(&args[0]);
    if (!cert)
        return cor_value_error(cor_arena_of(e), "a certificate is needed");
    X509_NAME *of =
        cor_to_bool(&args[2]) ? X509_get_issuer_name(cert) : X509_get_subject_name(cert);
    int len = X509_NAME_get_text_by_NID(of, NID_commonName, text, sizeof text);
    if (len <= 0 || !g_utf8_validate(text, len, NULL))
        return cor_value_error(cor_arena_of(e), "the certificate has no common name");
    return cor_text_copy(e, text, (gsize)len);
}

static struct cor_value f_is_cert(struct cor_evaluation *e, const struct cor_value *args, guint n)
{
    (void)e, (void)n;
    g_autoptr(X509) cert = read_certificate(&args[0]);
    return cor_value_bool(cert != NULL);
}

#define P(name)                                                                                    \
    {                                                                                              \
        {name, COR_DIALECT_CONNECT, 1, 1, CONNECT}, 0, NULL, f_part                                \
    }

static const struct cor_function functions[] = {
    P("CertExtensionOids"),
    P("CertFormat"),
    P("CertFriendlyName"),
    P("CertHashString"),
    P("CertIssuer"),
    P("CertIssuerDN"),
    P("CertIssuerOid"),
    P("CertKeyAlgorithm"),
    P("CertKeyAlgorithmParams"),
    P("CertNotAfter"),
    P("CertNotBefore"),
    P("CertPublicKeyOid"),
    P("CertPublicKeyParametersOid"),
    P("CertSerialNumber"),
    P("CertSignatureAlgorithmOid"),
    P("CertSubject"),
    P("CertSubjectNameDN"),
    P("CertSubjectNameOid"),
    P("CertThumbprint"),
    P("CertVersion"),
    {{"CertNameInfo", COR_DIALECT_CONNECT, 3, 3, CONNECT},
     COR_FUNCTION_PER_VALUE | COR_FUNCTION_NULL,
     f_name_info,
     NULL},
    {{"IsCert", COR_DIALECT_CONNECT, 1, 1, CONNECT}, 0, f_is_cert, NULL},
};
const struct cor_function_group cor_functions_certificate = {functions, G_N_ELEMENTS(functions)};
