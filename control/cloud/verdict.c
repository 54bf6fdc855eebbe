/* SPDX-License-Identifier: BSD-3-Clause */
/* verdict.c - the cloud's diagnosis beside ours; see verdict.h. */
#include "control/cloud/verdict.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "control/cloud/cloud.h"
#include "control/diag/explain.h"
#include "control/diag/texts.h"
#include "control/model/duration.h"
#include "control/model/text.h"

#define CODE(x)	 (1ull << IKE_##x)
#define MAX_LINE 400u
#define MAX_LIST 200u /* connections of an answer; Alibaba's pages have at most 50 */

_Static_assert(IKE_CODE_COUNT <= 64, "codes fit a set");

/* Words in a FailedReasonCode ("DhGroupMismatch"), the longest first where one holds another, and
 * what they can be with us. */
static const struct {
	const char *word;
	uint64_t codes;
} reasons[] = {
	{"PeerMismatch", CODE(PEER_DOES_NOT_KNOW_US) | CODE(PEER_SILENT)},
	{"Psk", CODE(P1_PSK_MISMATCH)},
	{"SharedKey", CODE(P1_PSK_MISMATCH)},
	{"Version", CODE(P1_VERSION_MISMATCH)},
	{"Mode", CODE(P1_MODE_MISMATCH)},
	{"Pfs", CODE(P2_PFS_MISMATCH)},
	{"DhGroup", CODE(P1_DH_MISMATCH) | CODE(P2_PFS_MISMATCH) | CODE(P1_NO_PROPOSAL)},
	{"Algorithm", CODE(P1_NO_PROPOSAL) | CODE(P1_ALG_MISMATCH) | CODE(P1_DH_MISMATCH) |
			      CODE(P2_ALG_MISMATCH) | CODE(P2_PFS_MISMATCH)},
	{"Encapsul", CODE(P2_ENCAP_MISMATCH)},
	{"Lifetime", CODE(P1_LIFETIME_MISMATCH) | CODE(P2_LIFETIME_MISMATCH)},
	{"Flow", CODE(P2_TS_MISMATCH) | CODE(TS_PARTIAL)},
	{"Subnet", CODE(P2_TS_MISMATCH) | CODE(TS_PARTIAL)},
	{"Selector", CODE(P2_TS_MISMATCH) | CODE(TS_PARTIAL)},
	{"Timeout", CODE(PEER_SILENT) | CODE(PEER_DEAD) | CODE(P2_SILENT)},
	{"NoResponse", CODE(PEER_SILENT) | CODE(PEER_DEAD) | CODE(P2_SILENT)},
	{"Dpd", CODE(PEER_DEAD)},
	{"Id", CODE(P1_ID_MISMATCH)},
};

static uint64_t codes_of_reason(const char *reason)
{
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (strstr(reason, reasons[i].word) != NULL)
			return reasons[i].codes;
	return 0;
}

static uint64_t code_bit(const char *name)
{
	for (int i = 0; name != NULL && i < IKE_CODE_COUNT; i++)
		if (strcmp(ike_code_name((enum ike_code)i), name) == 0)
			return 1ull << i;
	return 0;
}

/* What its log means, by the same tables that read pasted logs; an array, empty without one. */
static json_t *explain(const char *log, enum diag_lang lang)
{
	struct text out = {0};
	json_t *list = NULL;

	if (*log != '\0' && explain_log(log, strlen(log), lang, true, &out) > 0 && out.s != NULL)
		list = json_loads(out.s, 0, NULL);
	text_free(&out);
	return list != NULL ? list : json_array();
}

static uint64_t codes_of(json_t *findings)
{
	uint64_t codes = 0;

	for (size_t i = 0; i < json_array_size(findings); i++)
		codes |= code_bit(
			json_string_value(json_object_get(json_array_get(findings, i), "code")));
	return codes;
}

static const char *string(json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s != NULL ? s : "";
}

static bool same(json_t *peer, const char *key, const char *id)
{
	return *id != '\0' && strcmp(string(peer, key), id) == 0;
}

/* Is the peer the one that the connection is about? */
static bool names(json_t *peer, json_t *conn)
{
	return same(peer, "comment", string(conn, "TunnelId")) ||
	       same(peer, "name", string(conn, "TunnelId")) ||
	       same(peer, "comment", string(conn, "VpnConnectionId")) ||
	       same(peer, "name", string(conn, "VpnConnectionId"));
}

/* Our findings of the peers it is about: those that are the same thing, or not. */
static json_t *ours(json_t *here, json_t *conn, uint64_t codes, bool agreeing)
{
	json_t *list = json_array();
	bool named = false;

	for (size_t i = 0; i < json_array_size(here); i++)
		named |= names(json_array_get(here, i), conn);
	for (size_t i = 0; i < json_array_size(here); i++) {
		json_t *peer = json_array_get(here, i);
		json_t *findings = json_object_get(peer, "findings");

		for (size_t k = 0; k < json_array_size(findings); k++) {
			json_t *f = json_array_get(findings, k);
			uint64_t bit = code_bit(string(f, "code"));

			if ((named && !names(peer, conn)) || ((bit & codes) != 0) != agreeing)
				continue;
			json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s}", "peer",
							      string(peer, "peer"), "code",
							      string(f, "code"), "confidence",
							      string(f, "confidence"), "text",
							      string(f, "text")));
		}
	}
	return list;
}

static json_t *merge(json_t *conn, json_t *here, enum diag_lang lang)
{
	static const char *const keys[] = {
		"VpnConnectionId", "TunnelId",		 "FailedReasonCode", "FailedReason",
		"Severity",	   "MismatchLocalParam", "SourceLog",	     "MismatchRemoteParam"};
	json_t *j = json_object(), *log = explain(string(conn, "SourceLog"), lang);
	uint64_t codes = codes_of_reason(string(conn, "FailedReasonCode")) | codes_of(log);
	json_t *time = json_object_get(conn, "FailedTime");

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (*string(conn, keys[i]) != '\0')
			json_object_set_new(j, keys[i], json_string(string(conn, keys[i])));
	if (json_is_integer(time) && json_integer_value(time) > 0)
		json_object_set(j, "FailedTime", time);
	json_object_set_new(j, "log-means", log);
	json_object_set_new(j, "asked-here", json_boolean(here != NULL));
	json_object_set_new(j, "agreeing", ours(here, conn, codes, true));
	json_object_set_new(j, "other", ours(here, conn, codes, false));
	return j;
}

/* --- as text --- */

/* Nothing of a file reaches a terminal as a control sequence. */
static void put(struct text *out, const char *s)
{
	for (size_t n = 0; *s != '\0' && n < MAX_LINE; s++, n++) {
		unsigned char c = (unsigned char)*s;
		bool c1 = c == 0xc2 && (unsigned char)s[1] >= 0x80 && (unsigned char)s[1] < 0xa0;

		text_add(out, c < 0x20 || c == 0x7f || c1 ? " " : s, 1);
		s += c1;
	}
}

static void put_member(struct text *out, json_t *j, const char *key, const char *before,
		       const char *after)
{
	if (*string(j, key) == '\0')
		return;
	text_puts(out, before);
	put(out, string(j, key));
	text_puts(out, after);
}

static void put_findings(struct text *out, json_t *list, const char *before)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		json_t *f = json_array_get(list, i);

		text_puts(out, before);
		put_member(out, f, "peer", "", ": ");
		put_member(out, f, "code", "", "");
		put_member(out, f, "confidence", " (", ")");
		put_member(out, f, "text", ": ", "");
		text_puts(out, "\n");
	}
}

static void put_time(struct text *out, json_t *j)
{
	json_t *time = json_object_get(j, "FailedTime");
	char buf[DURATION_TEXT];

	if (time != NULL)
		text_printf(out, ", %s",
			    duration_print_iso((uint64_t)json_integer_value(time) / 1000, buf));
}

static void put_text(struct text *out, json_t *j, bool zh)
{
	json_t *agreeing = json_object_get(j, "agreeing"), *other = json_object_get(j, "other");
	bool asked = json_is_true(json_object_get(j, "asked-here"));

	text_puts(out, zh ? "阿里云" : "Alibaba");
	put_member(out, j, "VpnConnectionId", " ", "");
	put_member(out, j, "TunnelId", " ", "");
	text_puts(out, ": ");
	put(out, *string(j, "FailedReasonCode") != '\0' ? string(j, "FailedReasonCode")
		 : zh					? "未报告错误"
							: "reports no error");
	put_member(out, j, "Severity", " (", ")");
	put_time(out, j);
	text_puts(out, "\n");
	put_member(out, j, "FailedReason", "    ", "\n");
	put_member(out, j, "MismatchLocalParam",
		   zh ? "    云侧配置: " : "    set at the cloud: ", "\n");
	put_member(out, j, "MismatchRemoteParam",
		   zh ? "    云侧收到: " : "    what it got from here: ", "\n");
	put_findings(out, json_object_get(j, "log-means"),
		     zh ? "    其日志说明: " : "    its log means: ");
	put_findings(out, agreeing, zh ? "    本端也看到: " : "    this side saw the same: ");
	if (asked && json_array_size(agreeing) == 0)
		text_puts(out, zh ? "    本端没有相同的证据\n"
				  : "    this side has no evidence of that\n");
	put_findings(out, other, zh ? "    本端另外看到: " : "    this side saw besides: ");
	if (!asked)
		text_puts(out, zh ? "    未能询问本端: espgw-control 没有运行\n"
				  : "    this side was not asked: no daemon answers\n");
}

static int emit_json(json_t *all, struct text *out)
{
	char *dump = json_dumps(all, JSON_COMPACT);

	if (dump == NULL)
		return -ENOMEM;
	text_printf(out, "%s\n", dump);
	free(dump);
	return 0;
}

int verdict_merge(const char *cloud, size_t len, const char *here, enum diag_lang lang, bool json,
		  struct text *out, struct text *why)
{
	json_t *file = len <= CLOUD_MAX_INPUT ? json_loadb(cloud, len, 0, NULL) : NULL;
	json_t *list = json_object_get(file, "VpnConnections");
	json_t *peers = here != NULL ? json_loads(here, 0, NULL) : NULL, *all = json_array();
	int rc = 0;

	if (!json_is_array(list)) {
		text_puts(why, "not an answer of Alibaba's DiagnoseVpnConnections: it has no list "
			       "VpnConnections");
		rc = -EINVAL;
	}
	if (rc == 0 && json_array_size(list) > MAX_LIST) {
		text_printf(why, "more than %u connections", MAX_LIST);
		rc = -EINVAL;
	}
	for (size_t i = 0; rc == 0 && i < json_array_size(list); i++)
		json_array_append_new(all, merge(json_array_get(list, i), peers, lang));
	if (rc == 0 && json)
		rc = emit_json(all, out);
	for (size_t i = 0; rc == 0 && !json && i < json_array_size(all); i++)
		put_text(out, json_array_get(all, i), lang == DIAG_ZH);
	if (rc == 0 && !json && json_array_size(all) == 0)
		text_puts(out, lang == DIAG_ZH ? "其中没有连接\n" : "no connection is in it\n");
	json_decref(all);
	json_decref(peers);
	json_decref(file);
	return rc;
}
