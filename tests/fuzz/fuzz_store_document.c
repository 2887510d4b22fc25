/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whatever bytes stand in a document column, reading them gives a record or an error, in bounded
 * memory; and a record that was read is written back to the same canonical text.
 */
#include "agent/store/codec.h"
#include "correlate/error.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The same bytes as the text inside a document, so that a mutation need not know zstd. */
static void parse_plain(struct store_codec *codec, const uint8_t *data, size_t size)
{
    if (!codec->text)
        codec->text = g_string_new(NULL);
    g_string_truncate(codec->text, 0);
    g_string_append_len(codec->text, (const char *)data, (gssize)size);
    COR_RECORD_AUTO *record = store_codec_parse(codec, COR_AD, "key", NULL);
    if (!record)
        return;
    if (!store_codec_record(codec, record, NULL) ||
        !store_codec_pack(codec, codec->text->str, codec->text->len, NULL))
        abort();
    g_autofree char *text = g_strdup(codec->text->str);
    g_autofree uint8_t *packed = g_memdup2(codec->packed->data, codec->packed->len);
    COR_RECORD_AUTO *again =
        store_codec_load(codec, COR_AD, "key", packed, codec->packed->len, NULL);
    if (!again || !store_codec_record(codec, again, NULL) || strcmp(text, codec->text->str) != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct store_codec codec = {0};
    GError *error = NULL;
    COR_RECORD_AUTO *record = store_codec_load(&codec, COR_ENTRA, "key", data, size, &error);
    if (!record == !error)
        abort();
    g_clear_error(&error);
    parse_plain(&codec, data, size);
    store_codec_release(&codec);
    return 0;
}
