/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_AGENT_STORE_CODEC_H
#define ANCHORWATCH_AGENT_STORE_CODEC_H

/*
 * Documents as stored: the canonical JSON of an object or audit record, compressed by zstd, and
 * the SHA-256 of that text. An object document is
 * {"attributes":{..},"life":"live","metadata":{..}|null,"name":"..","type":".."}.
 */

#include "agent/store/digest.h"
#include "correlate/record.h"

#define STORE_DOCUMENT_MAX   ((gsize)16 * 1024 * 1024) /* canonical text of one document */
#define STORE_DOCUMENT_LEVEL (-1) /* no entropy coding: half the time, a quarter more bytes */

/* Working memory that is kept between documents. Zero-initialised is empty. */
struct store_codec {
    void *compressor, *decompressor; /* ZSTD contexts */
    struct store_digest *digest;
    GString *text;      /* canonical text of the last record, tree or unpack */
    GByteArray *packed; /* result of the last pack */
};
void store_codec_release(struct store_codec *codec);

/* Write the canonical text of a record or tree into codec->text. Errors: COR_E_LIMIT. */
gboolean store_codec_record(struct store_codec *codec, const struct cor_record *record,
                            GError **error);
gboolean store_codec_tree(struct store_codec *codec, const struct cor_json *tree, GError **error);
/* SHA-256 of codec->text. */
void store_codec_hash(struct store_codec *codec, guint8 ret[STORE_HASH_LEN]);
/* Compress a text into codec->packed. */
gboolean store_codec_pack(struct store_codec *codec, const char *text, gsize len, GError **error);
/* Decompress into codec->text. Never allocates more than STORE_DOCUMENT_MAX whatever the bytes
 * claim. Errors: COR_E_STORE. */
gboolean store_codec_unpack(struct store_codec *codec, const void *data, gsize len, GError **error);
/* Parse codec->text as an object document; caller frees. Errors: COR_E_STORE. */
struct cor_record *store_codec_parse(const struct store_codec *codec, enum cor_directory directory,
                                     const char *key, GError **error);
/* Unpack and parse in one. */
struct cor_record *store_codec_load(struct store_codec *codec, enum cor_directory directory,
                                    const char *key, const void *data, gsize len, GError **error);

#endif
