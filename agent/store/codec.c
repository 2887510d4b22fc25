/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From record to stored document and back. Invariant: equal records give equal bytes before
 * compression, so the hash of the text decides whether an object changed. What comes from the file
 * is not trusted: sizes are bounded and every member is checked. Identity (directory, key) is not
 * part of the document; the caller hands it in.
 */
#include "agent/store/codec.h"

#include "correlate/error.h"

#include <string.h>
#include <zstd.h>

void store_codec_release(struct store_codec *codec)
{
    ZSTD_freeCCtx(codec->compressor);
    ZSTD_freeDCtx(codec->decompressor);
    store_digest_free(codec->digest);
    if (codec->text)
        g_string_free(codec->text, TRUE);
    if (codec->packed)
        g_byte_array_unref(codec->packed);
    memset(codec, 0, sizeof *codec);
}

static GString *fresh_text(struct store_codec *codec)
{
    if (!codec->text)
        codec->text = g_string_sized_new(8192);
    return g_string_truncate(codec->text, 0);
}

static gboolean check_size(const struct store_codec *codec, const char *what, GError **error)
{
    if (codec->text->len <= STORE_DOCUMENT_MAX)
        return TRUE;
    g_set_error(error, STORE_ERROR, COR_E_LIMIT,
                "document of '%s' has %" G_GSIZE_FORMAT " bytes, more than the %" G_GSIZE_FORMAT
                " a store takes",
                what, codec->text->len, STORE_DOCUMENT_MAX);
    return FALSE;
}

static void append_text(GString *out, const char *member, const char *value)
{
    COR_JSON_AUTO *node = cor_json_new_string(value);
    g_string_append(out, member);
    cor_json_canonical(node, out);
}

gboolean store_codec_record(struct store_codec *codec, const struct cor_record *record,
                            GError **error)
{
    GString *out = fresh_text(codec);
    g_string_append(out, "{\"attributes\":");
    cor_json_canonical(record->attributes, out);
    append_text(out, ",\"life\":", cor_life_name(record->life));
    g_string_append(out, ",\"metadata\":");
    if (record->metadata)
        cor_json_canonical(record->metadata, out);
    else
        g_string_append(out, "null");
    append_text(out, ",\"name\":", record->name ? record->name : "");
    append_text(out, ",\"type\":", record->type);
    g_string_append_c(out, '}');
    return check_size(codec, record->key, error);
}

gboolean store_codec_tree(struct store_codec *codec, const struct cor_json *tree, GError **error)
{
    cor_json_canonical(tree, fresh_text(codec));
    return check_size(codec, "audit record", error);
}

void store_codec_hash(struct store_codec *codec, guint8 ret[STORE_HASH_LEN])
{
    if (!codec->digest)
        codec->digest = store_digest_new();
    store_digest_add(codec->digest, codec->text->str, codec->text->len);
    store_digest_end(codec->digest, ret);
}

/* The context is kept: preparing one costs more than compressing a document. */
static ZSTD_CCtx *compressor(struct store_codec *codec)
{
    if (!codec->compressor) {
        codec->compressor = ZSTD_createCCtx();
        ZSTD_CCtx_setParameter(codec->compressor, ZSTD_c_compressionLevel, STORE_DOCUMENT_LEVEL);
    }
    return codec->compressor;
}

gboolean store_codec_pack(struct store_codec *codec, const char *text, gsize len, GError **error)
{
    if (!codec->packed)
        codec->packed = g_byte_array_new();
    g_byte_array_set_size(codec->packed, (guint)ZSTD_compressBound(len));
    gsize packed =
        ZSTD_compress2(compressor(codec), codec->packed->data, codec->packed->len, text, len);
    if (ZSTD_isError(packed)) {
        g_set_error(error, STORE_ERROR, COR_E_STORE, "cannot compress a document: zstd: %s",
                    ZSTD_getErrorName(packed));
        return FALSE;
    }
    g_byte_array_set_size(codec->packed, (guint)packed);
    return TRUE;
}

gboolean store_codec_unpack(struct store_codec *codec, const void *data, gsize len, GError **error)
{
    unsigned long long size = data ? ZSTD_getFrameContentSize(data, len) : ZSTD_CONTENTSIZE_ERROR;
    if (size == ZSTD_CONTENTSIZE_ERROR || size == ZSTD_CONTENTSIZE_UNKNOWN ||
        size > STORE_DOCUMENT_MAX) {
        g_set_error(error, STORE_ERROR, COR_E_STORE, "stored document is not a zstd document");
        return FALSE;
    }
    if (!codec->decompressor)
        codec->decompressor = ZSTD_createDCtx();
    GString *out = fresh_text(codec);
    g_string_set_size(out, (gsize)size);
    gsize got = ZSTD_decompressDCtx(codec->decompressor, out->str, (gsize)size, data, len);
    if (!ZSTD_isError(got) && got == size)
        return TRUE;
    g_set_error(error, STORE_ERROR, COR_E_STORE, "stored document does not decompress: zstd: %s",
                ZSTD_isError(got) ? ZSTD_getErrorName(got) : "wrong length");
    return FALSE;
}

static gboolean parse_life(const char *text, enum cor_life *ret)
{
    for (enum cor_life life = COR_LIVE; text && life <= COR_RECYCLED; life++) {
        if (strcmp(text, cor_life_name(life)) == 0) {
            *ret = life;
            return TRUE;
        }
    }
    return FALSE;
}

struct cor_record *store_codec_parse(const struct store_codec *codec, enum cor_directory directory,
                                     const char *key, GError **error)
{
    COR_JSON_AUTO *doc = cor_json_parse(codec->text->str, codec->text->len, 0, NULL);
    const char *type = cor_json_get_string(doc, "type");
    const char *name = cor_json_get_string(doc, "name");
    const struct cor_json *metadata = cor_json_get(doc, "metadata");
    enum cor_life life = COR_LIVE;
    if (!type || !name || !parse_life(cor_json_get_string(doc, "life"), &life) ||
        cor_json_type(cor_json_get(doc, "attributes")) != COR_JSON_OBJECT ||
        (!cor_json_is_null(metadata) && cor_json_type(metadata) != COR_JSON_OBJECT)) {
        g_set_error(error, STORE_ERROR, COR_E_STORE,
                    "stored document of '%s' is not an object document", key);
        return NULL;
    }
    struct cor_record *record = cor_record_new(directory, type, key);
    record->life = life;
    g_free(record->name);
    record->name = g_strdup(name);
    cor_json_free(record->attributes);
    record->attributes = cor_json_steal(doc, "attributes");
    if (!cor_json_is_null(metadata))
        record->metadata = cor_json_steal(doc, "metadata");
    return record;
}

struct cor_record *store_codec_load(struct store_codec *codec, enum cor_directory directory,
                                    const char *key, const void *data, gsize len, GError **error)
{
    if (!store_codec_unpack(codec, data, len, error)) {
        g_prefix_error(error, "'%s': ", key);
        return NULL;
    }
    return store_codec_parse(codec, directory, key, error);
}
