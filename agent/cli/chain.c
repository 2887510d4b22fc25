/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The chain of a change, put together from its evidence alone: a step that no evidence names is
 * left out, and a fact that none tells is null or "unknown", never guessed.
 */
#include "agent/cli/chain.h"

#include "agent/cli/output.h"
#include "agent/cli/text.h"

#include <string.h>

/* The last evidence of a kind is that of the value we see. */
static const struct cor_json *fields_of(const struct cor_change *change, const char *kind)
{
    const struct cor_json *found = NULL;
    for (guint i = 0; change->evidence && i < change->evidence->len; i++) {
        const struct cor_evidence *one = change->evidence->pdata[i];
        if (strcmp(one->kind, kind) == 0 && one->fields)
            found = one->fields;
    }
    return found;
}

static void copy(struct cor_json *step, const char *name, const struct cor_json *from,
                 const char *field)
{
    cor_json_add(step, name, output_value(cor_json_get(from, field)));
}

static void add_ad(const struct cor_change *change, struct cor_json *chain)
{
    const struct cor_json *written = fields_of(change, "link-metadata");
    const struct cor_json *log = fields_of(change, "security-log");
    if (!written)
        written = fields_of(change, "replication-metadata");
    if (!written && !log)
        return;
    struct cor_json *step = cor_json_new_object();
    cor_json_add_string(step, "step", "ad");
    copy(step, "attribute", written, "attribute");
    copy(step, "time", written ? written : log, "time");
    copy(step, "dc", written ? written : log, "dc");
    copy(step, "version", written, "version");
    copy(step, "who", log, "initiator");
    cor_json_append(chain, step);
}

static void add_sync(const struct cor_change *change, struct cor_json *chain)
{
    const struct cor_json *rule = fields_of(change, "flow-rule");
    const struct cor_json *arrived = fields_of(change, "sync-actor");
    if (!rule && !arrived)
        return;
    struct cor_json *step = cor_json_new_object();
    cor_json_add_string(step, "step", "sync");
    copy(step, "rule", rule, "rule");
    copy(step, "sources", rule, "sources");
    copy(step, "exported", arrived, "time");
    cor_json_append(chain, step);
}

static void add_entra(const struct cor_change *change, struct cor_json *chain)
{
    const struct cor_json *by_sync = fields_of(change, "sync-actor");
    const struct cor_json *event = by_sync ? by_sync : fields_of(change, "audit-event");
    if (!event)
        return;
    struct cor_json *step = cor_json_new_object();
    cor_json_add_string(step, "step", "entra");
    copy(step, "time", event, "time");
    copy(step, "activity", event, "activity");
    copy(step, "id", event, "id");
    cor_json_add_bool(step, "bySync", by_sync != NULL);
    cor_json_append(chain, step);
}

struct cor_json *chain_json(const struct cor_change *change)
{
    struct cor_json *chain = cor_json_new_array();
    add_ad(change, chain);
    add_sync(change, chain);
    add_entra(change, chain);
    return chain;
}

static const char *known(const struct cor_json *step, const char *field, const char *otherwise)
{
    const char *text = cor_json_get_string(step, field);
    return text && *text ? text : otherwise;
}

static char *step_text(const struct cor_json *step)
{
    const char *name = cor_json_get_string(step, "step");
    if (strcmp(name, "ad") == 0) {
        const struct cor_json *who = cor_json_get(step, "who");
        return g_strdup_printf("written in AD %s on %s by %s",
                               known(step, "time", "at an unknown time"),
                               known(step, "dc", "an unknown domain controller"),
                               known(who, "name", known(who, "id", "whom no log told")));
    }
    if (strcmp(name, "sync") == 0)
        return g_strdup_printf("carried by sync (%s)%s%s", known(step, "rule", "rule unknown"),
                               cor_json_get_string(step, "exported") ? ", exported by " : "",
                               known(step, "exported", ""));
    return g_strdup_printf("in Entra %s, \"%s\"", known(step, "time", "at an unknown time"),
                           known(step, "activity", "an unnamed record"));
}

void chain_print(const struct cli *cli, const struct cor_change *change)
{
    COR_JSON_AUTO *chain = chain_json(change);
    g_autoptr(GString) line = g_string_new("chain: ");
    if (cor_json_size(chain) < 2)
        return;
    for (const struct cor_json *n = cor_json_first(chain); n; n = cor_json_next(n)) {
        g_autofree char *text = step_text(n);
        g_string_append_printf(line, "%s%s", n == cor_json_first(chain) ? "" : " -> ", text);
    }
    g_autofree char *clean = text_clean(line->str, 600);
    text_wrap(cli, TEXT_PLAIN, 6, clean);
}
