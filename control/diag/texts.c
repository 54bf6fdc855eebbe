/* SPDX-License-Identifier: BSD-3-Clause */
/* texts.c - the texts of diagnosis; see texts.h. */
#include "control/diag/texts.h"

struct both {
	const char *en, *zh;
};

struct code_text {
	const char *rows;
	struct both text;
};

static const struct code_text codes[IKE_CODE_COUNT] = {
	[IKE_P1_PSK_MISMATCH] = {"E1,E10", {"the pre-shared keys differ", "预共享密钥不一致"}},
	[IKE_P1_VERSION_MISMATCH] = {"E2", {"the IKE versions differ", "IKE 协议版本不一致"}},
	[IKE_P1_MODE_MISMATCH] = {"E3", {"the exchange modes differ", "协商模式不一致"}},
	[IKE_P1_NO_PROPOSAL] = {"E2,E5,E6",
				{"the peer takes none of our phase 1 proposals",
				 "对端不接受本端的第一阶段提议"}},
	[IKE_P1_ALG_MISMATCH] = {"E5",
				 {"phase 1 algorithms differ", "第一阶段加密算法或认证算法不一致"}},
	[IKE_P1_DH_MISMATCH] = {"E6",
				{"the DH groups of phase 1 differ", "第一阶段 DH 分组不一致"}},
	[IKE_P1_LIFETIME_MISMATCH] = {"E5",
				      {"the lifetimes of phase 1 differ",
				       "第一阶段生存周期不一致"}},
	[IKE_P1_ID_MISMATCH] = {"E4", {"the identities differ", "本端标识和远端标识不一致"}},
	[IKE_P1_MALFORMED] = {"", {"a message of phase 1 is malformed", "第一阶段报文格式错误"}},
	[IKE_P1_UNEXPLAINED] = {"E13",
				{"the peer refused phase 1 without a reason",
				 "对端拒绝了第一阶段，但没有说明原因"}},
	[IKE_PEER_SILENT] = {"E7", {"the peer does not answer", "对端网关不响应"}},
	[IKE_PEER_DEAD] = {"E7", {"the peer stopped answering", "对端网关停止响应"}},
	[IKE_PEER_DOES_NOT_KNOW_US] = {"E8",
				       {"the peer does not know our public address",
					"对端配置的用户网关公网 IP 错误"}},
	[IKE_PEER_NAME_UNRESOLVED] = {"", {"the peer's name does not resolve", "对端域名无法解析"}},
	[IKE_PEER_NAME_UNUSABLE] = {"",
				    {"the peer's name resolves to an address that it cannot have",
				     "对端域名解析出的地址不能作为对端地址"}},
	[IKE_P2_TS_MISMATCH] = {"E9,E10", {"the traffic selectors differ", "感兴趣流不一致"}},
	[IKE_P2_ALG_MISMATCH] = {"E11",
				 {"phase 2 algorithms differ", "第二阶段加密算法或认证算法不一致"}},
	[IKE_P2_PFS_MISMATCH] = {"E12",
				 {"the PFS groups of phase 2 differ",
				  "第二阶段 DH 分组（PFS）不一致"}},
	[IKE_P2_ENCAP_MISMATCH] = {"E11", {"the encapsulations differ", "封装模式不一致"}},
	[IKE_P2_LIFETIME_MISMATCH] = {"E11",
				      {"the lifetimes of phase 2 differ",
				       "第二阶段生存周期不一致"}},
	[IKE_P2_MALFORMED] = {"", {"a message of phase 2 is malformed", "第二阶段报文格式错误"}},
	[IKE_P2_SILENT] = {"E7", {"the peer does not answer in phase 2", "对端不响应第二阶段协商"}},
	[IKE_P2_INSTALL_FAILED] = {"", {"the SAs could not be installed here", "本端无法安装 SA"}},
	[IKE_P2_UNEXPLAINED] = {"E13",
				{"the peer refused phase 2 without a reason",
				 "对端拒绝了第二阶段，但没有说明原因"}},
	[IKE_TS_PARTIAL] = {"E16", {"only some networks pass", "只有部分网段通信正常"}},
	[IKE_PEER_NO_REAUTH] = {"E19",
				{"the peer does not re-authenticate as asked",
				 "对端没有按要求重新认证"}},
	[IKE_NO_RETURN_FROM_LAN] = {"E14",
				    {"packets of the peer reach our LAN, replies do not come to us",
				     "对端报文已送达本端内网，但没有回应到达本网关"}},
	[IKE_NOTHING_FROM_PEER] = {"E14",
				   {"nothing of the peer's network arrives",
				    "没有收到来自对端网段的报文"}},
	[IKE_NOT_MATCHED] = {"E15",
			     {"nothing of our LAN reaches this policy",
			      "没有本端内网报文匹配该策略"}},
	[IKE_NO_REPLY_FROM_PEER] = {"E15,E17",
				    {"our packets leave, nothing comes back",
				     "本端报文已发出，但没有收到回应"}},
	[IKE_NO_SA_FOR_TRAFFIC] = {"E15",
				   {"traffic waits for an SA that is not there",
				    "有流量匹配，但没有可用的 SA"}},
	[IKE_NOT_VERIFIED] = {"E15",
			      {"packets of the peer arrive and cannot be verified",
			       "收到对端报文，但校验失败"}},
	[IKE_PEER_NATS_TUNNEL_TRAFFIC] = {"E17",
					  {"the peer translates addresses before it encrypts",
					   "对端在加密之前做了 NAT"}},
	[IKE_LAN_UNREACHABLE] = {"E14",
				 {"packets of the peer arrive, our LAN host does not",
				  "收到对端报文，但无法送达本端内网主机"}},
};

#define SAY_TEXT(name, english, chinese) [SAY_##name] = {english, chinese},
static const struct both says[SAY_COUNT] = {DIAG_SAYS(SAY_TEXT)};
#define SAY_NAME(name, english, chinese) [SAY_##name] = #name,
static const char *const say_names[SAY_COUNT] = {DIAG_SAYS(SAY_NAME)};

static const struct both words[WORDS] = {
	[WORD_CERTAIN] = {"certain", "确定"},
	[WORD_LIKELY] = {"likely", "很可能"},
	[WORD_POSSIBLE] = {"possible", "可能"},
	[WORD_SEEN] = {"seen at", "出现于"},
	[WORD_FROM] = {"from", "来自"},
	[WORD_TIMES] = {"time(s)", "次"},
	[WORD_AGO] = {"s ago", "秒前"},
	[WORD_RECEIVED] = {"received", "收到"},
	[WORD_CONFIGURED] = {"configured", "本端配置"},
	[WORD_PEER_SAID] = {"the peer said", "对端通知"},
	[WORD_UNPROTECTED] = {"(unprotected: a hint, no proof)", "（未加密，仅供参考）"},
	[WORD_BYTES] = {"bytes of the message without answer", "未得到回应的报文字节数"},
	[WORD_ANSWERED] = {"of the largest with one", "得到回应的最大报文字节数"},
	[WORD_HERE] = {"change here", "修改本端"},
	[WORD_RELOAD] = {"in the configuration file, then \"espgw reload\"",
			 "配置文件，然后执行 espgw reload"},
	[WORD_OR_PEER] = {"or at the peer", "或修改对端"},
	[WORD_AND_PEER] = {"and at the peer", "同时修改对端"},
	[WORD_PEER] = {"change at the peer", "修改对端"},
	[WORD_CHECK] = {"check", "检查"},
	[WORD_POLICY] = {"policy", "策略"},
	[WORD_FACTS] = {"packets", "报文"},
	[WORD_NOTHING_WRONG] = {"nothing wrong is known", "没有发现问题"},
	[WORD_NO_PHASE1] = {"no phase 1", "第一阶段未建立"},
	[WORD_NO_PHASE2] = {"phase 1 established, no phase 2", "第一阶段已建立，第二阶段未建立"},
	[WORD_ESTABLISHED] = {"established", "已建立"},
	[WORD_NOT_PASSING] = {"established, not passing", "已建立，但流量不通"},
	[WORD_VENDOR_HINT] =
		{"vendor=routeros, strongswan, tencent, alibaba or huawei gives the "
		 "peer's lines in its own syntax",
		 "加 vendor=routeros、strongswan、tencent、alibaba 或 huawei 可按该产品的"
		 "写法显示对端修改"},
};

static const char *pick(const struct both *b, enum diag_lang lang)
{
	return lang == DIAG_ZH ? b->zh : b->en;
}

const char *diag_say_text(enum diag_say say, enum diag_lang lang)
{
	return (unsigned)say < SAY_COUNT ? pick(&says[say], lang) : "";
}

const char *diag_say_name(enum diag_say say)
{
	return (unsigned)say < SAY_COUNT ? say_names[say] : "";
}

const char *diag_code_text(enum ike_code code, enum diag_lang lang)
{
	return (unsigned)code < IKE_CODE_COUNT ? pick(&codes[code].text, lang) : "";
}

const char *diag_code_rows(enum ike_code code)
{
	return (unsigned)code < IKE_CODE_COUNT ? codes[code].rows : "";
}

const char *diag_word(enum diag_word word, enum diag_lang lang)
{
	return (unsigned)word < WORDS ? pick(&words[word], lang) : "";
}
