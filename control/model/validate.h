/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * validate.h - what one row alone cannot tell: required properties, unique names, references, and
 * what crosses menus. All problems are told; the model is fit for model_plan_new() when there were
 * no errors.
 */
#ifndef ESPGW_MODEL_VALIDATE_H
#define ESPGW_MODEL_VALIDATE_H

#include "control/ike/conf.h"
#include <stdbool.h>

#include "control/model/menus.h"

struct model;
struct model_row;
struct problems;

void model_validate(struct model *m, struct problems *problems);

/* Its parts, in their order. */

/** Required properties, unique names, references (resolves them: value.num is the row). */
void validate_rows(struct model *m, struct problems *problems);
/** Interfaces, addresses, routes. */
void validate_net(const struct model *m, struct problems *problems);
/** Peers and identities. */
void validate_ipsec(const struct model *m, struct problems *problems);
/** What is watched by pings. */
void validate_watch(const struct model *m, struct problems *problems);
/** Policies. */
void validate_policy(const struct model *m, struct problems *problems);
/** Warns of policies of one peer that cover packets of each other: at most OVERLAP_MAX of a peer
 * are compared. */
void validate_overlap(const struct model *m, struct problems *problems);
/** Does a policy let packets pass in clear while there is no SA (level=use)? */
bool validate_policy_allows_clear(const struct model_row *policy);
/** Ciphers and integrity of proposals. */
void validate_esp(const struct model *m, struct problems *problems);
/** Ciphers of profiles that the IKE version of a peer has no number for. */
void validate_ike(const struct model *m, struct problems *problems);
/** How a peer does phase 1. */
enum ike_exchange_mode validate_peer_mode(const struct model_row *peer);
/** Does a peer speak IKEv1? */
bool validate_peer_is_ike1(const struct model_row *peer);
/** Does a proposal have a cipher that needs an integrity algorithm? */
bool validate_esp_uses_auth(const struct model_row *proposal);
/** Weak algorithms and modes against allow-weak. */
void validate_weak(const struct model *m, struct problems *problems);

/** "/menu "name"" or "/menu" of a row, into buf; buf. */
const char *validate_label(enum menu_id menu, const struct model_row *row, char *buf, size_t size);

/** Is a row in force: neither disabled nor broken. */
bool validate_active(const struct model_row *row, int disabled_prop);

#endif
