/* SPDX-License-Identifier: BSD-3-Clause */
/* domains.h - the domains that the tables of menus.h name. */
#ifndef ESPGW_MODEL_DOMAINS_H
#define ESPGW_MODEL_DOMAINS_H

#include "control/model/menus.h"

extern const struct domain domain_none;
/* addresses: a host keeps the bits behind its length */
extern const struct domain domain_host4, domain_host6, domain_ip4, domain_ip6;
/* lengths of texts */
extern const struct domain domain_ifname, domain_name, domain_comment, domain_device, domain_secret;
/* ranges */
extern const struct domain domain_watch_interval, domain_watch_failures, domain_watch_expect;
extern const struct domain domain_mtu, domain_distance, domain_u32, domain_udp_port;
extern const struct domain domain_profile_lifetime, domain_proposal_lifetime;
extern const struct domain domain_dpd_interval, domain_dpd_failures, domain_replay_window;
extern const struct domain domain_workers, domain_max_sas, domain_max_policies;
extern const struct domain domain_max_fragments, domain_fragment_timeout;
/* references */
extern const struct domain domain_ref_interface, domain_ref_profile, domain_ref_peer,
	domain_ref_proposal, domain_ref_group;
/* words */
extern const struct domain domain_profile_hash, domain_profile_enc, domain_dh_group;
extern const struct domain domain_esp_auth, domain_esp_enc, domain_pfs_group;
extern const struct domain domain_proposal_check, domain_exchange_mode, domain_auth_method;
extern const struct domain domain_profile_prf, domain_selectors, domain_generate, domain_peer_start;
extern const struct domain domain_ident_mine, domain_ident_remote, domain_allow_weak;
extern const struct domain domain_policy_action, domain_policy_level, domain_ipsec_protocol;
extern const struct domain domain_protocol, domain_idle, domain_dont_fragment, domain_dscp,
	domain_spray;

#endif
