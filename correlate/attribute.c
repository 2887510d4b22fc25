/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a change came from. The audit records that fit are found first, then the side of the change
 * judges: AD by its replication metadata, Entra by who masters the property, by the last record
 * that fits, and by what AD says behind the sync engine. Every answer carries a grade and at least
 * one piece of evidence.
 */
#include "correlate/attribute.h"

#include "correlate/attribute_events.h"
#include "correlate/attribute_private.h"

gboolean cor_change_is_link(const struct cor_change *change)
{
    return change->kind == COR_CHANGE_LINKED || change->kind == COR_CHANGE_UNLINKED;
}

static void find_events(struct cor_judging *j)
{
    const GPtrArray *events = j->in->events;
    for (guint i = 0; events && i < events->len; i++) {
        struct cor_event_row *event = events->pdata[i];
        gboolean sync = cor_event_is_sync(event, j);
        if (!cor_event_fits(event, j->change) &&
            !cor_event_ties(event, j->change, j->in->newer ? j->in->newer : j->in->older)) {
            if (!sync && cor_event_touches(event, j->change))
                j->vague = event;
            continue;
        }
        g_ptr_array_add(j->fitting, event);
        if (sync)
            j->by_sync = event;
        else
            j->by_other = event;
    }
}

void cor_attribute(struct cor_change *change, const struct cor_attribution *input)
{
    g_autoptr(GPtrArray) fitting = g_ptr_array_new();
    struct cor_judging j = {.change = change, .in = input, .fitting = fitting};
    if (change->object.directory == COR_AD) {
        cor_judge_ad(&j);
        return;
    }
    j.soa_older = cor_soa_of(input->older, input->peer_older);
    j.soa_newer = cor_soa_of(input->newer, input->peer_newer);
    if (change->attribute)
        j.rule = cor_flow_rule_for(input->flow, change->object.type, change->attribute);
    find_events(&j);
    cor_judge_entra(&j);
}
