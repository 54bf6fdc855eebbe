/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * msg_name.c - texts for parse errors, exchanges and notifications.
 */
#include "control/ike/msg.h"

static const char *const reasons[IKE_PARSE_REASONS] = {
	[IKE_PARSE_OK] = "ok",
	[IKE_PARSE_SHORT] = "a field runs past the end",
	[IKE_PARSE_VERSION] = "unknown major version",
	[IKE_PARSE_LENGTH] = "length in the header is not the datagram's",
	[IKE_PARSE_TOO_LONG] = "message is too long",
	[IKE_PARSE_PAYLOAD_LENGTH] = "payload length is out of bounds",
	[IKE_PARSE_TOO_MANY] = "too many elements",
	[IKE_PARSE_TRAILING] = "bytes after the last payload",
	[IKE_PARSE_RESERVED] = "reserved field is not zero",
	[IKE_PARSE_BODY] = "fields contradict the payload's length",
	[IKE_PARSE_NESTED] = "payload does not belong here",
	[IKE_PARSE_CRITICAL] = "unknown critical payload",
};

const char *ike_parse_reason_text(enum ike_parse_reason reason)
{
	return (unsigned int)reason < IKE_PARSE_REASONS ? reasons[reason] : "unknown";
}

struct number_name {
	uint16_t number;
	const char *name;
};

static const char *find_name(const struct number_name *names, size_t n, uint16_t number)
{
	for (size_t i = 0; i < n; i++) {
		if (names[i].number == number)
			return names[i].name;
	}
	return "unknown";
}

static const struct number_name exchanges[] = {
	{IKE1_EXCH_BASE, "base"},
	{IKE1_EXCH_MAIN, "main"},
	{IKE1_EXCH_AUTH_ONLY, "authentication-only"},
	{IKE1_EXCH_AGGRESSIVE, "aggressive"},
	{IKE1_EXCH_INFO, "informational-v1"},
	{IKE1_EXCH_TRANSACTION, "transaction"},
	{IKE1_EXCH_QUICK, "quick"},
	{IKE1_EXCH_NEW_GROUP, "new-group"},
	{IKE2_EXCH_SA_INIT, "sa-init"},
	{IKE2_EXCH_AUTH, "auth"},
	{IKE2_EXCH_CREATE_CHILD, "create-child-sa"},
	{IKE2_EXCH_INFO, "informational"},
};

const char *ike_exchange_name(uint8_t exchange)
{
	return find_name(exchanges, sizeof(exchanges) / sizeof(exchanges[0]), exchange);
}

static const struct number_name notifies[] = {
	{IKE1_N_INVALID_PAYLOAD_TYPE, "INVALID-PAYLOAD-TYPE"},
	{IKE1_N_DOI_NOT_SUPPORTED, "DOI-NOT-SUPPORTED"},
	{IKE1_N_SITUATION_NOT_SUPPORTED, "SITUATION-NOT-SUPPORTED"},
	{IKE1_N_INVALID_COOKIE, "INVALID-COOKIE"},
	{IKE1_N_INVALID_MAJOR_VERSION, "INVALID-MAJOR-VERSION"},
	{IKE1_N_INVALID_MINOR_VERSION, "INVALID-MINOR-VERSION"},
	{IKE1_N_INVALID_EXCHANGE_TYPE, "INVALID-EXCHANGE-TYPE"},
	{IKE1_N_INVALID_FLAGS, "INVALID-FLAGS"},
	{IKE1_N_INVALID_MESSAGE_ID, "INVALID-MESSAGE-ID"},
	{IKE1_N_INVALID_PROTOCOL_ID, "INVALID-PROTOCOL-ID"},
	{IKE1_N_INVALID_SPI, "INVALID-SPI"},
	{IKE1_N_INVALID_TRANSFORM_ID, "INVALID-TRANSFORM-ID"},
	{IKE1_N_ATTRIBUTES_NOT_SUPPORTED, "ATTRIBUTES-NOT-SUPPORTED"},
	{IKE1_N_NO_PROPOSAL_CHOSEN, "NO-PROPOSAL-CHOSEN"},
	{IKE1_N_BAD_PROPOSAL_SYNTAX, "BAD-PROPOSAL-SYNTAX"},
	{IKE1_N_PAYLOAD_MALFORMED, "PAYLOAD-MALFORMED"},
	{IKE1_N_INVALID_KEY_INFORMATION, "INVALID-KEY-INFORMATION"},
	{IKE1_N_INVALID_ID_INFORMATION, "INVALID-ID-INFORMATION"},
	{IKE1_N_INVALID_HASH_INFORMATION, "INVALID-HASH-INFORMATION"},
	{IKE1_N_AUTHENTICATION_FAILED, "AUTHENTICATION-FAILED"},
	{IKE1_N_INVALID_SIGNATURE, "INVALID-SIGNATURE"},
	{IKE1_N_NOTIFY_SA_LIFETIME, "NOTIFY-SA-LIFETIME"},
	{IKE1_N_UNEQUAL_PAYLOAD_LENGTHS, "UNEQUAL-PAYLOAD-LENGTHS"},
	{IKE1_N_CONNECTED, "CONNECTED"},
	{IKE1_N_RESPONDER_LIFETIME, "RESPONDER-LIFETIME"},
	{IKE1_N_REPLAY_STATUS, "REPLAY-STATUS"},
	{IKE1_N_INITIAL_CONTACT, "INITIAL-CONTACT"},
	{IKE1_N_R_U_THERE, "R-U-THERE"},
	{IKE1_N_R_U_THERE_ACK, "R-U-THERE-ACK"},
};

const char *ike1_notify_name(uint16_t type)
{
	return find_name(notifies, sizeof(notifies) / sizeof(notifies[0]), type);
}
