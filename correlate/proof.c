/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Proof of completeness. A half is complete when every required segment was proven by the end
 * marker of its protocol and no problem was reported. There is no call that sets a segment proven
 * without showing that marker.
 */
#include "correlate/record.h"

struct segment {
    char *name;
    gboolean proven;
    char *open; /* why it is not, if an attempt was made */
};

struct cor_proof {
    enum cor_directory directory;
    GPtrArray *segments; /* struct segment * */
    GPtrArray *problems; /* char * */
    GPtrArray *remarks;  /* char * */
};

static void segment_free(struct segment *segment)
{
    g_free(segment->name);
    g_free(segment->open);
    g_free(segment);
}

struct cor_proof *cor_proof_new(enum cor_directory directory)
{
    struct cor_proof *proof = g_new0(struct cor_proof, 1);
    proof->directory = directory;
    proof->segments = g_ptr_array_new_with_free_func((GDestroyNotify)segment_free);
    proof->problems = g_ptr_array_new_with_free_func(g_free);
    proof->remarks = g_ptr_array_new_with_free_func(g_free);
    return proof;
}

void cor_proof_free(struct cor_proof *proof)
{
    if (!proof)
        return;
    g_ptr_array_unref(proof->segments);
    g_ptr_array_unref(proof->problems);
    g_ptr_array_unref(proof->remarks);
    g_free(proof);
}

static struct segment *segment_named(struct cor_proof *proof, const char *name)
{
    for (guint i = 0; i < proof->segments->len; i++) {
        struct segment *segment = proof->segments->pdata[i];
        if (g_strcmp0(segment->name, name) == 0)
            return segment;
    }
    struct segment *segment = g_new0(struct segment, 1);
    segment->name = g_strdup(name);
    g_ptr_array_add(proof->segments, segment);
    return segment;
}

void cor_proof_require(struct cor_proof *proof, const char *segment)
{
    segment_named(proof, segment);
}

static gboolean settle(struct cor_proof *proof, const char *name, char *open_taken)
{
    struct segment *segment = segment_named(proof, name);
    g_free(segment->open);
    segment->open = open_taken;
    segment->proven = open_taken == NULL;
    return segment->proven;
}

gboolean cor_proof_ldap(struct cor_proof *proof, const char *segment, int result_code,
                        gsize cookie_len, guint open_ranges, guint unresolved_referrals)
{
    char *open = NULL;
    if (result_code != 0)
        open = g_strdup_printf("LDAP result code %d", result_code);
    else if (cookie_len != 0)
        open = g_strdup("the server announced more pages");
    else if (open_ranges != 0)
        open = g_strdup_printf("%u value ranges were not read to their end", open_ranges);
    else if (unresolved_referrals != 0)
        open = g_strdup_printf("%u referrals were not followed", unresolved_referrals);
    return settle(proof, segment, open);
}

gboolean cor_proof_graph(struct cor_proof *proof, const char *segment, long http_status,
                         gboolean has_next_link)
{
    char *open = NULL;
    if (http_status != 200)
        open = g_strdup_printf("HTTP status %ld", http_status);
    else if (has_next_link)
        open = g_strdup("the service announced more pages");
    return settle(proof, segment, open);
}

void cor_proof_problem(struct cor_proof *proof, const char *segment, const char *text)
{
    g_ptr_array_add(proof->problems,
                    segment ? g_strdup_printf("%s: %s", segment, text) : g_strdup(text));
}

void cor_proof_remark(struct cor_proof *proof, const char *text)
{
    g_ptr_array_add(proof->remarks, g_strdup(text));
}

static guint count_proven(const struct cor_proof *proof)
{
    guint proven = 0;
    for (guint i = 0; i < proof->segments->len; i++)
        proven += ((struct segment *)proof->segments->pdata[i])->proven != FALSE;
    return proven;
}

gboolean cor_proof_complete(const struct cor_proof *proof)
{
    /* nothing required and nothing read proves nothing */
    return proof && proof->segments->len > 0 && proof->problems->len == 0 &&
           count_proven(proof) == proof->segments->len;
}

GPtrArray *cor_proof_problems(const struct cor_proof *proof)
{
    GPtrArray *lines = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < proof->problems->len; i++)
        g_ptr_array_add(lines, g_strdup(proof->problems->pdata[i]));
    for (guint i = 0; i < proof->segments->len; i++) {
        const struct segment *segment = proof->segments->pdata[i];
        if (!segment->proven)
            g_ptr_array_add(lines, g_strdup_printf("%s: not proven complete (%s)", segment->name,
                                                   segment->open ? segment->open : "not reached"));
    }
    for (guint i = 0; i < proof->remarks->len; i++)
        g_ptr_array_add(lines, g_strdup(proof->remarks->pdata[i]));
    return lines;
}

char *cor_proof_text(const struct cor_proof *proof)
{
    return g_strdup_printf("%u of %u segments proven", count_proven(proof), proof->segments->len);
}
