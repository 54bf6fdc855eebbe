/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * templates.h - policy templates, their groups, and the identities whose peers' policies are
 * generated from them.
 */
#ifndef ESPGW_MODEL_TEMPLATES_H
#define ESPGW_MODEL_TEMPLATES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "control/ike/conf.h"

struct model;
struct model_row;
struct problems;

/** Is a row of /ip ipsec policy a template, and in force? */
bool templates_is(const struct model_row *policy);

/** generate-policy of a row of /ip ipsec identity. */
enum ike_generate templates_mode(const struct model_row *identity);

/** The row of /ip ipsec policy group that an identity takes templates from. */
const struct model_row *templates_group(const struct model *m, const struct model_row *identity);

/** The first template of an identity's group from row *at of /ip ipsec policy on; *at is the row
 * behind it then. NULL: there is none, or nothing is generated. */
const struct model_row *templates_next(const struct model *m, const struct model_row *identity,
				       size_t *at);

/** A number for a template that stays while what it covers, and its group, stay. Not 0. */
uint32_t templates_id(const struct model *m, const struct model_row *template);

/** Templates and those who use them. */
void templates_validate(const struct model *m, struct problems *problems);

#endif
