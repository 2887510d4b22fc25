/* SPDX-License-Identifier: Apache-2.0 */
/* The machine contract in one place: member names here are the ones in docs/schema. */
#include "agent/cli/output.h"

#include "correlate/time.h"

#include <stdio.h>
#include <string.h>

struct cor_json *output_text(const char *text_or_null)
{
    return text_or_null ? cor_json_new_string(text_or_null) : cor_json_new_null();
}

struct cor_json *output_time(gint64 time_us)
{
    g_autofree char *text = time_us ? cor_time_text(time_us) : NULL;
    return output_text(text);
}

struct cor_json *output_value(const struct cor_json *value)
{
    return value ? cor_json_copy(value) : cor_json_new_null();
}

static void put_json(const struct cor_json *node)
{
    g_autoptr(GString) text = g_string_new(NULL);
    cor_json_pretty(node, text);
    fputs(text->str, stdout);
}

void output_begin(struct output *output, const struct cli *cli, const char *kind,
                  struct cor_json *header_taken)
{
    COR_JSON_AUTO *header = header_taken ? header_taken : cor_json_new_object();
    COR_JSON_AUTO *head = cor_json_new_object();
    g_autofree char *schema = g_strdup_printf("anchorwatch.%s/1", kind);
    output->any = FALSE;
    cor_json_add_string(head, "schema", schema);
    cor_json_add(head, "generated", output_time(cli->now_us - cli->now_us % COR_SECOND_US));
    for (const struct cor_json *n = cor_json_first(header); n; n = cor_json_next(n))
        cor_json_add(head, cor_json_key(n), cor_json_copy(n));
    g_autoptr(GString) text = g_string_new(NULL);
    cor_json_pretty(head, text);
    g_string_truncate(text, text->len - strlen("\n}")); /* the end comes with output_end */
    output->head = g_string_free(g_steal_pointer(&text), FALSE);
}

static void put_head(struct output *output)
{
    if (output->head)
        printf("%s,\n  \"items\": [", output->head);
    g_clear_pointer(&output->head, g_free);
}

void output_item(struct output *output, struct cor_json *item_taken)
{
    COR_JSON_AUTO *item = item_taken;
    put_head(output);
    fputs(output->any ? ",\n" : "\n", stdout);
    put_json(item);
    output->any = TRUE;
}

void output_end(struct output *output)
{
    put_head(output);
    puts(output->any ? "\n]\n}" : "]\n}");
}

static struct cor_json *ref(const struct cor_object_ref *object)
{
    struct cor_json *json = cor_json_new_object();
    cor_json_add_string(json, "directory", cor_directory_name(object->directory));
    cor_json_add(json, "key", output_text(object->key));
    cor_json_add(json, "name", output_text(object->name));
    return json;
}

struct cor_json *output_object(const struct cor_object_ref *object,
                               const struct cor_object_ref *peer)
{
    struct cor_json *json = cor_json_new_object();
    cor_json_add_string(json, "directory", cor_directory_name(object->directory));
    cor_json_add(json, "type", output_text(object->type));
    cor_json_add(json, "key", output_text(object->key));
    cor_json_add(json, "anchor", output_text(object->anchor));
    cor_json_add(json, "name", output_text(object->name));
    cor_json_add(json, "peer", peer && peer->key ? ref(peer) : cor_json_new_null());
    return json;
}

static struct cor_json *evidence_list(const GPtrArray *evidence)
{
    struct cor_json *list = cor_json_new_array();
    for (guint i = 0; evidence && i < evidence->len; i++) {
        const struct cor_evidence *one = evidence->pdata[i];
        struct cor_json *json = cor_json_new_object();
        cor_json_add_string(json, "kind", one->kind);
        cor_json_add_string(json, "text", one->text);
        for (const struct cor_json *n = cor_json_first(one->fields); n; n = cor_json_next(n))
            if (!cor_json_get(json, cor_json_key(n)))
                cor_json_add(json, cor_json_key(n), cor_json_copy(n));
        cor_json_append(list, json);
    }
    return list;
}

struct cor_json *output_change(const struct cor_change *change)
{
    struct cor_json *json = output_object(&change->object, &change->peer);
    cor_json_add_string(json, "kind", cor_change_kind_name(change->kind));
    cor_json_add(json, "attribute", output_text(change->attribute));
    cor_json_add(json, "old", output_value(change->old_value));
    cor_json_add(json, "new", output_value(change->new_value));
    if (change->link_target)
        cor_json_add_string(json, "target", change->link_target);
    struct cor_json *seen = cor_json_new_array();
    cor_json_append(seen, output_time(change->seen_from_us));
    cor_json_append(seen, output_time(change->seen_to_us));
    cor_json_add(json, "seenBetween", seen);
    cor_json_add(json, "when", output_time(change->when_us));
    cor_json_add_string(json, "origin", cor_origin_name(change->origin));
    cor_json_add_string(json, "grade", cor_grade_name(change->grade));
    cor_json_add(json, "actor", output_text(change->actor));
    cor_json_add(json, "evidence", evidence_list(change->evidence));
    return json;
}

struct cor_json *output_drift(const struct cor_drift *drift)
{
    struct cor_json *json = output_object(&drift->object, &drift->peer);
    cor_json_add_string(json, "kind", drift->kind);
    cor_json_add(json, "attribute", output_text(drift->attribute));
    cor_json_add(json, "onprem", output_value(drift->onprem));
    cor_json_add(json, "cloud", output_value(drift->cloud));
    cor_json_add(json, "expected", output_value(drift->expected));
    cor_json_add(json, "rule", output_text(drift->rule));
    cor_json_add(json, "since", output_time(drift->since_us));
    cor_json_add(json, "text", output_text(drift->text));
    return json;
}

static struct cor_json *source_of(const struct cor_forecast *forecast)
{
    if (!forecast->source_dn && !forecast->source_attributes && !forecast->source_rule)
        return cor_json_new_null();
    struct cor_json *json = cor_json_new_object();
    cor_json_add(json, "dn", output_text(forecast->source_dn));
    struct cor_json *list = cor_json_new_array();
    g_auto(GStrv) names =
        g_strsplit_set(forecast->source_attributes ? forecast->source_attributes : "", " ,", 0);
    for (guint i = 0; names[i]; i++)
        if (*names[i])
            cor_json_append(list, cor_json_new_string(names[i]));
    cor_json_add(json, "attributes", list);
    cor_json_add(json, "rule", output_text(forecast->source_rule));
    return json;
}

struct cor_json *output_steps(const GPtrArray *steps)
{
    if (!steps || steps->len == 0)
        return cor_json_new_null();
    struct cor_json *list = cor_json_new_array();
    for (guint i = 0; i < steps->len; i++) {
        const struct cor_step *step = steps->pdata[i];
        struct cor_json *json = cor_json_new_object();
        cor_json_add_string(json, "where", step->where);
        cor_json_add_string(json, "text", step->text);
        cor_json_add(json, "command", output_text(step->command));
        cor_json_append(list, json);
    }
    return list;
}

struct cor_json *output_plan(const struct plan_item *item)
{
    const struct cor_forecast *forecast = &item->forecast;
    struct cor_json *json = output_object(&item->object, &item->peer);
    cor_json_add_string(json, "action", cor_action_name(item->action));
    cor_json_add(json, "attribute", output_text(item->attribute));
    cor_json_add(json, "live", output_value(item->live));
    cor_json_add(json, "target", output_value(item->target));
    if (item->link_target)
        cor_json_add_string(json, "linkTarget", item->link_target);
    cor_json_add_string(json, "verdict", cor_verdict_name(forecast->verdict));
    cor_json_add(json, "row", output_text(forecast->row ? forecast->row->id : NULL));
    cor_json_add_string(json, "confidence", cor_confidence_name(forecast->confidence));
    cor_json_add(json, "why", output_text(forecast->why));
    cor_json_add(json, "overwrittenBy", output_text(forecast->overwritten_by));
    cor_json_add(json, "at", output_time(forecast->at_us));
    cor_json_add(json, "holdsUntil", output_text(forecast->holds_until));
    cor_json_add(json, "source", source_of(forecast));
    cor_json_add(json, "instead", output_steps(forecast->instead));
    return json;
}

static struct cor_json *half_of(const struct store_half *half)
{
    struct cor_json *json = cor_json_new_object();
    const struct cor_half_stats *stats = &half->stats;
    cor_json_add_string(json, "directory", cor_directory_name(half->directory));
    cor_json_add(json, "source", output_text(half->source));
    cor_json_add_string(json, "state", store_half_state_name(half->state));
    cor_json_add(json, "mode", output_text(half->mode));
    cor_json_add_int(json, "objectsRead", (gint64)stats->objects);
    cor_json_add_int(json, "versionsAdded", (gint64)half->versions_added);
    cor_json_add_int(json, "linksAdded", (gint64)half->links_added);
    cor_json_add_int(json, "linksRemoved", (gint64)half->links_removed);
    cor_json_add_int(json, "requests", (gint64)stats->requests);
    cor_json_add_int(json, "bytes", (gint64)stats->bytes);
    cor_json_add_int(json, "throttled", (gint64)stats->throttled);
    cor_json_add_int(json, "units", (gint64)stats->units);
    cor_json_add(json, "waitedSeconds", cor_json_new_real((double)stats->waited_ms / 1000));
    gint64 span_ms = (stats->finished_us - stats->started_us) / 1000;
    cor_json_add(json, "seconds", cor_json_new_real((double)span_ms / 1000));
    cor_json_add(json, "proof", output_text(half->proof));
    struct cor_json *problems = cor_json_new_array();
    for (guint i = 0; half->problems && i < half->problems->len; i++)
        cor_json_append(problems, cor_json_new_string(half->problems->pdata[i]));
    cor_json_add(json, "problems", problems);
    return json;
}

struct cor_json *output_point(const struct store_point *point)
{
    struct cor_json *json = cor_json_new_object();
    cor_json_add_int(json, "snapshot", point->number);
    cor_json_add_string(json, "state", store_half_state_name(point->state));
    cor_json_add(json, "started", output_time(point->started_us));
    cor_json_add(json, "finished", output_time(point->finished_us));
    cor_json_add_bool(json, "pinned", point->pinned);
    cor_json_add(json, "hash", output_text(point->hash));
    struct cor_json *halves = cor_json_new_array();
    for (guint i = 0; i < point->halves->len; i++)
        cor_json_append(halves, half_of(point->halves->pdata[i]));
    cor_json_add(json, "halves", halves);
    return json;
}
