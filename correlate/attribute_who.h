/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ANCHORWATCH_CORRELATE_ATTRIBUTE_WHO_H
#define ANCHORWATCH_CORRELATE_ATTRIBUTE_WHO_H

/*
 * Who wrote in Active Directory, where the security log of its domain controllers was imported:
 * Windows events 5136, 5137, 5138, 5139 and 5141, or Samba's dsdb_json_audit. Private to
 * attribute*.c.
 *
 * Such a record is a normalised audit document (struct cor_event) with category "ad", activity
 * modify, create, undelete, move or delete, actor {kind user, id: SID, name: DOMAIN\account},
 * correlation, details {dc, log} and one target {id: objectGUID, name: DN, modified [{property,
 * old, new}]}; of a link old or new is the DN of the other object.
 */

#include "correlate/attribute_private.h"

/* Look for the record of the change among the events. The time of the change, when metadata tells
 * it, decides which of several writes is the last one; without it the last record in the window
 * does. Found: grade measured, actor, evidence "security-log", and origin sync when the account is
 * one of the sync engine's. Other writes of the window are put on record as well. */
void cor_judge_who(struct cor_judging *j);
/* The same for a property of Entra that sync carried: who wrote the AD attributes (space separated)
 * that feed it, at the time metadata gave the change. Adds the actor and the evidence; origin and
 * grade stay, since the log says nothing of the way to the cloud. */
void cor_judge_who_fed(struct cor_judging *j, const char *sources);

#endif
