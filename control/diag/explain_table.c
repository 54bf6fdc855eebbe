/* SPDX-License-Identifier: BSD-3-Clause */
/* explain_table.c - texts of logs to clues, clues to codes; see explain.h. */
#include "control/diag/explain.h"

/* clang-format off */
static const struct explain_pattern patterns[] = {
	/* strongSwan, and the clouds that run it; their documents' typing errors included */
	{"payload length, decryption failed?", CLUE_UNDECRYPTABLE},
	{"could not decrypt payloads", CLUE_UNDECRYPTABLE},
	{"but mac mismatched", CLUE_MAC_MISMATCH},
	{"calculated hash does not match hash payload", CLUE_MAC_MISMATCH},
	{"no shared key found for", CLUE_NO_SHARED_KEY},
	{"ike_sa_init response 0 [ n(no_prop) ]", CLUE_INIT_NO_PROP},
	{"no ike config found for", CLUE_NO_CONFIG},
	{"informational_v1 request * [ n(no_prop) ]", CLUE_CLEAR_NO_PROP},
	{"informational_v1 request * [ hash n(no_prop) ]", CLUE_HASH_NO_PROP},
	{"ike_auth response 1 [ * n(no_prop)", CLUE_CHILD_NO_PROP},
	{"create_child_sa response * n(no_prop)", CLUE_CHILD_NO_PROP},
	{"no_proposal_chosen notify, no child_sa built", CLUE_CHILD_NO_PROP},
	{"received no_proposal_chosen", CLUE_NO_PROP},
	{"received authentication_failed error notifyed", CLUE_AUTH_FAILED_TYPO},
	{"received authentication_failed", CLUE_AUTH_FAILED},
	{"authentication_failed error notify", CLUE_AUTH_FAILED},
	{"[ hash n(auth_failed) ]", CLUE_AUTH_FAILED_SEALED},
	{"none allows pre-shared key authentication using", CLUE_MODE},
	{"aggressive mode psk disabled", CLUE_MODE},
	{"does not match to", CLUE_ID},
	{"constraint check failed: identity", CLUE_ID},
	{"no peer config found", CLUE_NO_PEER_CONFIG},
	{"no matching peer config found", CLUE_NO_PEER_CONFIG},
	{"sending retransmit", CLUE_RETRANSMIT},
	{"retransmit 1 of request", CLUE_RETRANSMIT},
	{"giving up after", CLUE_RETRANSMIT},
	{"failed, peer not responding", CLUE_RETRANSMIT},
	{"unsupported_critical_payload", CLUE_CRITICAL},
	{"received invalid_id_information", CLUE_INVALID_ID},
	{"no matching child_sa config found for", CLUE_NO_CHILD_CONFIG},
	{"traffic selectors * unacceptable", CLUE_TS_UNACCEPTABLE},
	{"traffic selectors * inacceptable", CLUE_TS_UNACCEPTABLE},
	{"n(ts_unaccept)", CLUE_TS_UNACCEPTABLE},
	{"ts_unacceptable notify", CLUE_TS_UNACCEPTABLE},
	{"received hash payload does not match", CLUE_HASH_MISMATCH},
	{"integrity check failed", CLUE_INTEGRITY},
	{"no matching proposal found, sending no_proposal_chosen", CLUE_NO_MATCHING},
	{"no acceptable proposal found", CLUE_NO_MATCHING},
	{"[ike] no proposal found", CLUE_PHASE1_NO_MATCH},
	{"no proposal found, sending", CLUE_PHASE1_NO_MATCH},
	{"received proposals unacceptable", CLUE_PHASE1_NO_MATCH},
	{"received proposals inacceptable", CLUE_PHASE1_NO_MATCH},
	{"didn't accept dh group", CLUE_KE_GROUP},
	{"invalid dh public value size", CLUE_KE_GROUP},
	{"invalid_major_version", CLUE_VERSION},
	/* RouterOS, and what else descends from racoon */
	{"no suitable proposal found", CLUE_ROS_PROPOSAL},
	{"failed to get valid proposal", CLUE_ROS_PROPOSAL},
	{"failed to pre-process ph1 packet", CLUE_ROS_PROPOSAL},
	{"rejected enctype", CLUE_REJECTED_ALG},
	{"rejected hashtype", CLUE_REJECTED_ALG},
	{"rejected authmethod", CLUE_REJECTED_ALG},
	{"rejected dh_group", CLUE_REJECTED_GROUP},
	{"phase1 negotiation failed due to time up", CLUE_RETRANSMIT},
	{"phase1 negotiation failed", CLUE_ROS_PHASE1},
	{"possible cause: wrong password", CLUE_UNDECRYPTABLE},
	{"pfs group mismatched", CLUE_PFS},
	{"failed to pre-process ph2 packet", CLUE_NO_MATCHING},
	{"failed to get sainfo", CLUE_NO_CHILD_CONFIG},
	{"no policy found", CLUE_NO_CHILD_CONFIG},
	{"identity not found for peer", CLUE_NO_PEER_CONFIG},
	{"did not reauthenticate as requested", CLUE_REAUTH},
	/* libreswan */
	{"no acceptable oakley transform", CLUE_PHASE1_NO_MATCH},
	{"mismatch of preshared secrets", CLUE_UNDECRYPTABLE},
	{"no preshared key found for", CLUE_NO_SHARED_KEY},
	{"no connection has been authorized", CLUE_NO_CONFIG},
	{"because no connection is known for", CLUE_NO_CHILD_CONFIG},
	{"ignoring informational payload * no_proposal_chosen", CLUE_NO_PROP},
	{"ignoring informational payload * invalid_id_information", CLUE_INVALID_ID},
	{"peer to have id", CLUE_ID},
	{"max number of retransmissions", CLUE_RETRANSMIT},
	{"rejected by peer: authentication_failed", CLUE_AUTH_FAILED},
	{"rejected by peer: no_proposal_chosen", CLUE_INIT_NO_PROP},
	{"rejected by peer: ts_unacceptable", CLUE_TS_UNACCEPTABLE},
	/* states of the clouds' consoles */
	{"第一阶段协商失败", CLUE_PHASE1_FAILED},
	{"第二阶段协商失败", CLUE_PHASE2_FAILED},
};

#define NO SAY_COUNT
#define PROPOSED (CLUE(NO_MATCHING) | CLUE(PHASE1_NO_MATCH))
#define SECRET	 (CLUE(UNDECRYPTABLE) | CLUE(MAC_MISMATCH) | CLUE(NO_SHARED_KEY))
#define PHASE1_NO_PROP (CLUE(INIT_NO_PROP) | CLUE(NO_CONFIG) | CLUE(CLEAR_NO_PROP) | CLUE(PHASE1_NO_MATCH) | CLUE(VERSION))
#define PHASE2_NO_PROP (CLUE(HASH_NO_PROP) | CLUE(CHILD_NO_PROP) | CLUE(NO_MATCHING))

/* Where both sides' proposals are in the text, explain.c decides instead of the rules of PROPOSED. */
static const struct explain_rule rules[] = {
	{IKE_P1_PSK_MISMATCH, "E1", DIAG_CERTAIN, CLUE(MAC_MISMATCH), 0,
	 {SAY_PSK_BOTH, NO, NO, NO}, {NO, NO, NO}},
	{IKE_P1_PSK_MISMATCH, "E1", DIAG_LIKELY, CLUE(UNDECRYPTABLE) | CLUE(NO_SHARED_KEY), CLUE(MAC_MISMATCH),
	 {SAY_PSK_BOTH, SAY_PSK_NAT, NO, NO}, {NO, NO, NO}},
	{IKE_P1_VERSION_MISMATCH, "E2", DIAG_LIKELY, CLUE(INIT_NO_PROP) | CLUE(NO_CONFIG) | CLUE(VERSION), CLUE(PHASE1_NO_MATCH),
	 {SAY_ALSO_ALGS, SAY_ALSO_ADDRESS, SAY_SAME_IKE2, NO}, {SAY_CHECK_LET_BEGIN, NO, NO}},
	{IKE_P1_NO_PROPOSAL, "E2,E5,E6", DIAG_LIKELY, CLUE(CLEAR_NO_PROP), PROPOSED | CLUE(INIT_NO_PROP) | CLUE(NO_CONFIG),
	 {SAY_ALSO_ALGS, SAY_ALSO_VERSION, SAY_ALSO_ADDRESS, NO}, {SAY_CHECK_LET_BEGIN, NO, NO}},
	{IKE_P1_MODE_MISMATCH, "E3", DIAG_CERTAIN, CLUE(MODE), 0, {SAY_SAME_MAIN, NO, NO, NO}, {NO, NO, NO}},
	{IKE_P1_MODE_MISMATCH, "E3", DIAG_LIKELY, CLUE(AUTH_FAILED_TYPO), CLUE(MODE) | CLUE(INIT_NO_PROP),
	 {SAY_ALSO_PSK, SAY_ALSO_ID, SAY_SAME_MAIN, NO}, {NO, NO, NO}},
	{IKE_P1_ID_MISMATCH, "E4", DIAG_CERTAIN, CLUE(ID), 0, {SAY_ID_TYPE, SAY_ID_NAT, NO, NO}, {NO, NO, NO}},
	{IKE_P1_ID_MISMATCH, "E4", DIAG_LIKELY, CLUE(NO_PEER_CONFIG), CLUE(ID), {SAY_ID_TYPE, SAY_ID_NAT, NO, NO}, {NO, NO, NO}},
	{IKE_P1_ID_MISMATCH, "E4,E3", DIAG_LIKELY, CLUE(AUTH_FAILED_SEALED), CLUE(ID) | CLUE(NO_PEER_CONFIG) | CLUE(MODE) | CLUE(MAC_MISMATCH),
	 {SAY_ALSO_MODE, SAY_ID_TYPE, NO, NO}, {SAY_CHECK_PEER_LOG, NO, NO}},
	{IKE_P1_UNEXPLAINED, "E1,E3,E4", DIAG_POSSIBLE, CLUE(AUTH_FAILED),
	 CLUE(AUTH_FAILED_TYPO) | CLUE(AUTH_FAILED_SEALED) | CLUE(ID) | CLUE(NO_PEER_CONFIG) | CLUE(MODE) | CLUE(INIT_NO_PROP) | SECRET,
	 {SAY_ALSO_PSK, SAY_ALSO_ID, SAY_ALSO_MODE, NO}, {SAY_CHECK_PEER_LOG, NO, NO}},
	{IKE_P1_ALG_MISMATCH, "E5", DIAG_CERTAIN, CLUE(REJECTED_ALG), 0, {NO, NO, NO, NO}, {NO, NO, NO}},
	{IKE_P1_DH_MISMATCH, "E6", DIAG_CERTAIN, CLUE(REJECTED_GROUP), 0, {NO, NO, NO, NO}, {NO, NO, NO}},
	{IKE_P1_DH_MISMATCH, "E6", DIAG_LIKELY, CLUE(KE_GROUP), CLUE(REJECTED_GROUP), {SAY_DH_RETRY, NO, NO, NO}, {NO, NO, NO}},
	{IKE_P1_ALG_MISMATCH, "E5,E6", DIAG_LIKELY, CLUE(PHASE1_NO_MATCH), CLUE(REJECTED_ALG) | CLUE(REJECTED_GROUP),
	 {NO, NO, NO, NO}, {SAY_CHECK_PEER_LOG, NO, NO}},
	{IKE_P1_ALG_MISMATCH, "E18,E5,E6", DIAG_LIKELY, CLUE(ROS_PROPOSAL), CLUE(REJECTED_ALG) | CLUE(REJECTED_GROUP) | PROPOSED,
	 {SAY_ALSO_VERSION, NO, NO, NO}, {NO, NO, NO}},
	{IKE_P1_ALG_MISMATCH, "E18,E5,E6", DIAG_POSSIBLE, CLUE(ROS_PHASE1),
	 CLUE(ROS_PROPOSAL) | CLUE(REJECTED_ALG) | CLUE(REJECTED_GROUP) | CLUE(RETRANSMIT) | SECRET | PROPOSED,
	 {SAY_ALSO_VERSION, SAY_ALSO_PSK, NO, NO}, {NO, NO, NO}},
	{IKE_PEER_SILENT, "E7", DIAG_LIKELY, CLUE(RETRANSMIT), SECRET | PHASE1_NO_PROP | PHASE2_NO_PROP | CLUE(CRITICAL) | CLUE(MODE),
	 {NO, NO, NO, NO}, {SAY_CHECK_UP, SAY_CHECK_500, SAY_CHECK_LARGE}},
	{IKE_PEER_DOES_NOT_KNOW_US, "E8", DIAG_LIKELY, CLUE(CRITICAL), 0, {SAY_ADDRESS_WE_SHOW, SAY_ALSO_CRITICAL, NO, NO}, {NO, NO, NO}},
	{IKE_P2_TS_MISMATCH, "E9", DIAG_CERTAIN, CLUE(NO_CHILD_CONFIG) | CLUE(TS_UNACCEPTABLE), 0, {SAY_TS_MIRROR, NO, NO, NO}, {NO, NO, NO}},
	{IKE_P2_TS_MISMATCH, "E9", DIAG_LIKELY, CLUE(INVALID_ID), CLUE(NO_CHILD_CONFIG) | CLUE(TS_UNACCEPTABLE),
	 {SAY_TS_MIRROR, SAY_ALSO_PFS, NO, NO}, {NO, NO, NO}},
	{IKE_P2_TS_MISMATCH, "E10", DIAG_LIKELY, CLUE(HASH_MISMATCH) | CLUE(INTEGRITY), CLUE(NO_CHILD_CONFIG) | CLUE(TS_UNACCEPTABLE),
	 {SAY_TS_MIRROR, NO, NO, NO}, {NO, NO, NO}},
	{IKE_P1_PSK_MISMATCH, "E10", DIAG_POSSIBLE, CLUE(HASH_MISMATCH) | CLUE(INTEGRITY), SECRET, {SAY_PSK_BOTH, NO, NO, NO}, {NO, NO, NO}},
	{IKE_P2_ALG_MISMATCH, "E11", DIAG_LIKELY, CLUE(HASH_NO_PROP) | CLUE(CHILD_NO_PROP), CLUE(NO_MATCHING) | CLUE(PFS),
	 {SAY_ALSO_PFS, SAY_ALSO_ENCAP, SAY_ALSO_LIFETIME, NO}, {SAY_CHECK_PEER_LOG, NO, NO}},
	{IKE_P2_ALG_MISMATCH, "E11,E12", DIAG_LIKELY, CLUE(NO_MATCHING), CLUE(PFS),
	 {SAY_ALSO_PFS, SAY_DEFAULTS_DIFFER, NO, NO}, {NO, NO, NO}},
	{IKE_P2_PFS_MISMATCH, "E12", DIAG_CERTAIN, CLUE(PFS), 0, {SAY_DEFAULTS_DIFFER, NO, NO, NO}, {NO, NO, NO}},
	{IKE_P1_NO_PROPOSAL, "E2,E5,E6,E11", DIAG_POSSIBLE, CLUE(NO_PROP),
	 PHASE1_NO_PROP | PHASE2_NO_PROP | CLUE(ROS_PROPOSAL), {SAY_ALSO_ALGS, SAY_ALSO_VERSION, SAY_ALSO_ADDRESS, SAY_ALSO_PFS}, {SAY_CHECK_PEER_LOG, NO, NO}},
	{IKE_PEER_NO_REAUTH, "E19", DIAG_CERTAIN, CLUE(REAUTH), 0, {NO, NO, NO, NO}, {SAY_CHECK_REAUTH, NO, NO}},
	{IKE_P1_UNEXPLAINED, "E1-E8,E13", DIAG_POSSIBLE, CLUE(PHASE1_FAILED), ~CLUE(PHASE1_FAILED),
	 {SAY_ALSO_PSK, SAY_ALSO_ALGS, SAY_ALSO_ID, SAY_LAST_AGGRESSIVE}, {SAY_CHECK_PEER_LOG, NO, NO}},
	{IKE_P2_UNEXPLAINED, "E9-E12", DIAG_POSSIBLE, CLUE(PHASE2_FAILED), ~CLUE(PHASE2_FAILED),
	 {SAY_ALSO_TS, SAY_ALSO_PFS, SAY_ALSO_ENCAP, NO}, {SAY_CHECK_PEER_LOG, NO, NO}},
};
/* clang-format on */

const struct explain_pattern *explain_pattern_at(size_t i)
{
	return i < sizeof(patterns) / sizeof(patterns[0]) ? &patterns[i] : NULL;
}

const struct explain_rule *explain_rule_at(size_t i)
{
	return i < sizeof(rules) / sizeof(rules[0]) ? &rules[i] : NULL;
}
