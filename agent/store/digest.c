/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SHA-256 by libcrypto. It fails only without memory or without the algorithm, and a program that
 * cannot hash must not go on: both end it.
 */
#include "agent/store/digest.h"

#include <openssl/evp.h>

struct store_digest {
    EVP_MD *algorithm;
    EVP_MD_CTX *context;
};

static void check(int ok)
{
    if (ok != 1)
        g_error("libcrypto does not compute SHA-256");
}

struct store_digest *store_digest_new(void)
{
    struct store_digest *digest = g_new0(struct store_digest, 1);
    digest->algorithm = EVP_MD_fetch(NULL, "SHA256", NULL);
    digest->context = EVP_MD_CTX_new();
    check(digest->algorithm && digest->context);
    check(EVP_DigestInit_ex2(digest->context, digest->algorithm, NULL));
    return digest;
}

void store_digest_free(struct store_digest *digest)
{
    if (!digest)
        return;
    EVP_MD_CTX_free(digest->context);
    EVP_MD_free(digest->algorithm);
    g_free(digest);
}

void store_digest_add(struct store_digest *digest, const void *data, gsize len)
{
    if (len > 0)
        check(EVP_DigestUpdate(digest->context, data, len));
}

void store_digest_end(struct store_digest *digest, guint8 ret[STORE_HASH_LEN])
{
    check(EVP_DigestFinal_ex(digest->context, ret, NULL));
    check(EVP_DigestInit_ex2(digest->context, NULL, NULL));
}
