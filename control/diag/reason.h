/* SPDX-License-Identifier: BSD-3-Clause */
/* reason.h - what the files of reasoning share: a builder for each code fills one finding. */
#ifndef ESPGW_DIAG_REASON_H
#define ESPGW_DIAG_REASON_H

#include "control/diag/diag.h"

/* f->code, ev and policy are set; the rest is to be filled in. */
typedef void diag_builder(struct diag_finding *f, const struct diag_peer *p,
			  const struct ike_evidence *ev);

diag_builder diag_name;
diag_builder diag_p1_lifetime1;
diag_builder diag_p1_version;
diag_builder diag_p1_mode;
diag_builder diag_p1_psk;
diag_builder diag_p1_identity;
diag_builder diag_p1_silent;
diag_builder diag_p1_dead;
diag_builder diag_p1_unknown_to_peer;
diag_builder diag_p1_malformed;
diag_builder diag_p1_unexplained;
diag_builder diag_p1_group;
diag_builder diag_p1_proposals;
diag_builder diag_p2_selectors;
diag_builder diag_p2_esp_proposals;
diag_builder diag_p2_encapsulation;
diag_builder diag_p2_lifetime2;
diag_builder diag_p2_no_answer2;
diag_builder diag_p2_not_installed;
diag_builder diag_p2_no_reauth;

/** Is it about a child SA, not the IKE SA? */
bool diag_of_phase2(const struct ike_evidence *ev);
/** A new finding; NULL when there are too many. */
struct diag_finding *diag_add(struct diag_report *r, enum ike_code code);
/** reason_probe.c: does the probe (NULL: none), or ICMP, show that messages are lost on the way? */
bool diag_probe_blames_path(const struct ike_probe *p, const struct ike_evidence *ev);
/** reason_probe.c: what came of the probe with all common algorithms. */
enum diag_wide { DIAG_WIDE_UNKNOWN = 0, DIAG_WIDE_TAKEN, DIAG_WIDE_REFUSED };
enum diag_wide diag_probe_wide(const struct ike_probe *p);
/** reason_probe.c: is it refused because the peer wants another version or mode, as the probe
 * shows? */
bool diag_probe_explains(const struct diag_peer *p, const struct ike_evidence *ev);
/** reason_probe.c: what is wrong without any evidence: nobody begins, or the probe shows it. */
void diag_no_evidence(struct diag_report *r);
/** traffic.c: what the traffic of a policy tells. */
void diag_traffic(struct diag_report *r, const struct diag_policy *policy);
/** traffic.c: some policies are up and others not, or carry less than configured. */
void diag_partial(struct diag_report *r);

#endif
