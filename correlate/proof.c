/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Proof that a half was read completely (design rule 1). Every segment starts unproven and only
 * positive evidence of the protocol turns it; a later try of the same segment replaces what an
 * earlier one said, while a problem stays for good. Nothing proven at all is not complete.
 */
#include "correlate/record.h"

struct segment {
    char *name;
    gboolean proven;
    char *reason; /* why the last evidence did not prove it; NULL: no evidence came */
};

struct cor_proof {
    enum cor_directory directory;
    GPtrArray *segments; /* struct segment *, in order of announcement */
    GPtrArray *problems; /* char * */
    GPtrArray *remarks;  /* char * */
    GPtrArray *unread;   /* struct cor_unread *: of what absence says nothing */
};

static void segment_free(struct segment *segment)
{
    g_free(segment->name);
    g_free(segment->reason);
    g_free(segment);
}

static void unread_free(struct cor_unread *unread)
{
    g_free(unread->type);
    g_free(unread->kind);
    g_free(unread);
}

struct cor_proof *cor_proof_new(enum cor_directory directory)
{
    struct cor_proof *proof = g_new0(struct cor_proof, 1);
    proof->directory = directory;
    proof->segments = g_ptr_array_new_with_free_func((GDestroyNotify)segment_free);
    proof->problems = g_ptr_array_new_with_free_func(g_free);
    proof->remarks = g_ptr_array_new_with_free_func(g_free);
    proof->unread = g_ptr_array_new_with_free_func((GDestroyNotify)unread_free);
    return proof;
}

void cor_proof_free(struct cor_proof *proof)
{
    if (!proof)
        return;
    g_ptr_array_unref(proof->segments);
    g_ptr_array_unref(proof->problems);
    g_ptr_array_unref(proof->remarks);
    g_ptr_array_unref(proof->unread);
    g_free(proof);
}

static struct segment *segment_of(struct cor_proof *proof, const char *name)
{
    for (guint i = 0; i < proof->segments->len; i++) {
        struct segment *segment = proof->segments->pdata[i];
        if (g_str_equal(segment->name, name))
            return segment;
    }
    struct segment *segment = g_new0(struct segment, 1);
    segment->name = g_strdup(name);
    g_ptr_array_add(proof->segments, segment);
    return segment;
}

void cor_proof_require(struct cor_proof *proof, const char *segment)
{
    segment_of(proof, segment);
}

/* reason_taken NULL proves the segment. */
static gboolean judge(struct cor_proof *proof, const char *name, char *reason_taken)
{
    struct segment *segment = segment_of(proof, name);
    segment->proven = reason_taken == NULL;
    g_free(segment->reason);
    segment->reason = reason_taken;
    return segment->proven;
}

gboolean cor_proof_ldap(struct cor_proof *proof, const char *segment, int result_code,
                        gsize cookie_len, guint open_ranges, guint unresolved_referrals)
{
    char *reason = NULL;
    if (proof->directory != COR_AD)
        reason = g_strdup("evidence of another protocol");
    else if (result_code != 0)
        reason = g_strdup_printf("LDAP result code %d", result_code);
    else if (cookie_len != 0)
        reason = g_strdup("the server had more pages");
    else if (open_ranges != 0)
        reason = g_strdup_printf("%u value ranges were not read to their end", open_ranges);
    else if (unresolved_referrals != 0)
        reason = g_strdup_printf("%u references were not followed", unresolved_referrals);
    return judge(proof, segment, reason);
}

gboolean cor_proof_graph(struct cor_proof *proof, const char *segment, long http_status,
                         gboolean has_next_link)
{
    char *reason = NULL;
    if (proof->directory != COR_ENTRA)
        reason = g_strdup("evidence of another protocol");
    else if (http_status != 200)
        reason = g_strdup_printf("HTTP status %ld", http_status);
    else if (has_next_link)
        reason = g_strdup("the service had more pages");
    return judge(proof, segment, reason);
}

void cor_proof_problem(struct cor_proof *proof, const char *segment, const char *text)
{
    g_ptr_array_add(proof->problems, g_strdup_printf("%s: %s", segment, text));
}

void cor_proof_remark(struct cor_proof *proof, const char *text)
{
    g_ptr_array_add(proof->remarks, g_strdup_printf("remark: %s", text));
}

static void add_unread(struct cor_proof *proof, const char *type, const char *kind,
                       enum cor_life life)
{
    struct cor_unread *unread = g_new0(struct cor_unread, 1);
    *unread = (struct cor_unread){g_strdup(type), g_strdup(kind), life};
    g_ptr_array_add(proof->unread, unread);
}

void cor_proof_unread(struct cor_proof *proof, const char *type, enum cor_life life)
{
    add_unread(proof, type, NULL, life);
}

void cor_proof_unread_links(struct cor_proof *proof, const char *type, const char *kind)
{
    add_unread(proof, type, kind, COR_LIVE);
}

GPtrArray *cor_proof_unread_list(const struct cor_proof *proof)
{
    return g_ptr_array_ref(proof->unread);
}

static guint count_proven(const struct cor_proof *proof)
{
    guint count = 0;
    for (guint i = 0; i < proof->segments->len; i++)
        count += ((const struct segment *)proof->segments->pdata[i])->proven ? 1 : 0;
    return count;
}

gboolean cor_proof_complete(const struct cor_proof *proof)
{
    return proof && proof->segments->len > 0 && proof->problems->len == 0 &&
           count_proven(proof) == proof->segments->len;
}

static void append_copies(GPtrArray *to, const GPtrArray *from)
{
    for (guint i = 0; i < from->len; i++)
        g_ptr_array_add(to, g_strdup(from->pdata[i]));
}

GPtrArray *cor_proof_problems(const struct cor_proof *proof)
{
    GPtrArray *lines = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < proof->segments->len; i++) {
        const struct segment *segment = proof->segments->pdata[i];
        if (!segment->proven)
            g_ptr_array_add(lines,
                            g_strdup_printf("%s: not proven complete: %s", segment->name,
                                            segment->reason ? segment->reason : "never finished"));
    }
    append_copies(lines, proof->problems);
    append_copies(lines, proof->remarks);
    return lines;
}

char *cor_proof_text(const struct cor_proof *proof)
{
    GString *text = g_string_new(NULL);
    g_string_printf(text, "%u of %u segments proven", count_proven(proof), proof->segments->len);
    if (proof->problems->len)
        g_string_append_printf(text, ", %u problems", proof->problems->len);
    return g_string_free(text, FALSE);
}
