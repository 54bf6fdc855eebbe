/* SPDX-License-Identifier: BSD-3-Clause */
/* ident_text.h - identities as RouterOS writes them: auto, address:, fqdn:, user-fqdn:, key-id:. */
#ifndef ESPGW_MODEL_IDENT_TEXT_H
#define ESPGW_MODEL_IDENT_TEXT_H

#include "control/model/schema.h"
#include "control/model/text.h"
#include "control/model/value.h"

struct model;

/** As value_parse(). v->num is enum ike_id_type, bytes and len what goes on the wire. */
int ident_text_parse(struct model *m, const struct domain *d, const char *text, struct value *v,
		     struct text *why);

/** The other way. */
void ident_text_print(const struct value *v, struct text *out);

#endif
