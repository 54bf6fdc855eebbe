/* SPDX-License-Identifier: BSD-3-Clause */
/* vendor_templates.c - see vendor_templates.h. */
#include "control/diag/vendor_templates.h"
#include "control/ike/prop.h"

#define ANY 0u
#define ENC (1u << PROP_ENCR)
#define HSH (1u << PROP_HASH | 1u << PROP_INTEG)
#define GRP (1u << PROP_GROUP)

#define V_ANY IKE_VENDOR_UNKNOWN
#define V_ROS IKE_VENDOR_ROUTEROS
#define V_SWN IKE_VENDOR_STRONGSWAN
#define V_TEN IKE_VENDOR_TENCENT
#define V_ALI IKE_VENDOR_ALIBABA
#define V_HUA IKE_VENDOR_HUAWEI

#define SWAN_CONN  "swanctl.conf, connections.<conn>"
#define SWAN_CHILD "swanctl.conf, connections.<conn>.children.<child>"
#define TEN_BASIC  "Tencent console, VPN tunnel, basic configuration"
#define TEN_IKE	   "Tencent console, VPN tunnel, IKE configuration"
#define TEN_IPSEC  "Tencent console, VPN tunnel, IPsec configuration"
#define TEN_SPD	   "Tencent console, VPN tunnel, SPD policy"
#define TEN_VPC	   "Tencent console, VPC, route table"
#define ALI_IKE	   "Alibaba console, IPsec connection, IKE configuration"
#define ALI_IPSEC  "Alibaba console, IPsec connection, IPsec configuration"
#define ALI_CONN   "Alibaba console, IPsec connection"
#define HUA_IKE	   "Huawei firewall, ike proposal <n>"
#define HUA_ESP	   "Huawei firewall, ipsec proposal <name>"
#define HUA_PEER   "Huawei firewall, ike peer <name>"
#define HUA_POLICY "Huawei firewall, ipsec policy <name> <n> isakmp"

/* clang-format off */
static const struct vendor_template templates[] = {
	/* any product: the settings by their common names */
	{V_ANY, DIAG_SET_IKE_SUITE, ENC, "phase 1 (IKE)", "encryption: {enc}"},
	{V_ANY, DIAG_SET_IKE_SUITE, HSH, "phase 1 (IKE)", "hash, integrity and PRF: {hash}"},
	{V_ANY, DIAG_SET_IKE_SUITE, GRP, "phase 1 (IKE)", "DH group: {group}"},
	{V_ANY, DIAG_SET_ESP_SUITE, ENC, "phase 2 (ESP)", "encryption: {enc}"},
	{V_ANY, DIAG_SET_ESP_SUITE, HSH, "phase 2 (ESP)", "authentication: {hash}"},
	{V_ANY, DIAG_SET_ESP_SUITE, GRP, "phase 2 (ESP)", "PFS: {pfs}"},
	{V_ANY, DIAG_SET_MODE, ANY, "", "IKE version and mode: {mode}"},
	{V_ANY, DIAG_SET_PSK, ANY, "", "pre-shared key: the same as here"},
	{V_ANY, DIAG_SET_LOCAL_ID, ANY, "", "local ID: {idtype} {id}"},
	{V_ANY, DIAG_SET_REMOTE_ID, ANY, "", "remote ID: {idtype} {id}"},
	{V_ANY, DIAG_SET_REMOTE_ADDRESS, ANY, "", "remote gateway address: {addr}"},
	{V_ANY, DIAG_SET_NETS, ANY, "", "local network {local}, remote network {remote}"},
	{V_ANY, DIAG_SET_TUNNEL, ANY, "phase 2 (ESP)", "mode: {tunnel}"},
	{V_ANY, DIAG_SET_LIFETIME1, ANY, "phase 1 (IKE)", "lifetime: {n} s"},
	{V_ANY, DIAG_SET_LIFETIME2, ANY, "phase 2 (ESP)", "lifetime: {n} s"},
	{V_ANY, DIAG_SET_NO_NAT, ANY, "", "no NAT from {local} to {remote}"},
	{V_ANY, DIAG_SET_ROUTE, ANY, "", "route {remote} into the tunnel"},
	{V_ANY, DIAG_SET_BEGIN, ANY, "", "begin the negotiation (active, not passive)"},
	{V_ANY, DIAG_SET_FRAGMENTATION, ANY, "phase 1 (IKE)", "IKE fragmentation: on"},

	{V_ROS, DIAG_SET_IKE_SUITE, ENC, "", "/ip ipsec profile set [find name=<profile>] enc-algorithm={enc}"},
	{V_ROS, DIAG_SET_IKE_SUITE, HSH, "", "/ip ipsec profile set [find name=<profile>] hash-algorithm={hash}"},
	{V_ROS, DIAG_SET_IKE_SUITE, GRP, "", "/ip ipsec profile set [find name=<profile>] dh-group={group}"},
	{V_ROS, DIAG_SET_ESP_SUITE, ENC, "", "/ip ipsec proposal set [find name=<proposal>] enc-algorithms={enc}"},
	{V_ROS, DIAG_SET_ESP_SUITE, HSH, "", "/ip ipsec proposal set [find name=<proposal>] auth-algorithms={hash}"},
	{V_ROS, DIAG_SET_ESP_SUITE, GRP, "", "/ip ipsec proposal set [find name=<proposal>] pfs-group={pfs}"},
	{V_ROS, DIAG_SET_MODE, ANY, "", "/ip ipsec peer set [find name=<peer>] exchange-mode={mode}"},
	{V_ROS, DIAG_SET_PSK, ANY, "", "/ip ipsec identity set [find peer=<peer>] secret=<the secret of both sides>"},
	{V_ROS, DIAG_SET_LOCAL_ID, ANY, "", "/ip ipsec identity set [find peer=<peer>] my-id={id}"},
	{V_ROS, DIAG_SET_REMOTE_ID, ANY, "", "/ip ipsec identity set [find peer=<peer>] remote-id={id}"},
	{V_ROS, DIAG_SET_REMOTE_ADDRESS, ANY, "", "/ip ipsec peer set [find name=<peer>] address={addr}"},
	{V_ROS, DIAG_SET_NETS, ANY, "", "/ip ipsec policy set [find peer=<peer>] src-address={local} dst-address={remote}"},
	{V_ROS, DIAG_SET_TUNNEL, ANY, "", "/ip ipsec policy set [find peer=<peer>] tunnel={tunnelbool}"},
	{V_ROS, DIAG_SET_LIFETIME1, ANY, "", "/ip ipsec profile set [find name=<profile>] lifetime={n}s"},
	{V_ROS, DIAG_SET_LIFETIME2, ANY, "", "/ip ipsec proposal set [find name=<proposal>] lifetime={n}s"},
	{V_ROS, DIAG_SET_BEGIN, ANY, "", "/ip ipsec peer set [find name=<peer>] passive=no"},
	{V_ROS, DIAG_SET_FRAGMENTATION, ANY, "", "/ip ipsec proposal set [find name=<proposal>] enc-algorithms=<one> auth-algorithms=<one> (it has no such setting: with one of each a message fits one packet)"},
	{V_ROS, DIAG_SET_NO_NAT, ANY, "", "/ip firewall nat add chain=srcnat action=accept place-before=0 src-address={local} dst-address={remote}"},
	{V_ROS, DIAG_SET_ROUTE, ANY, "", "/ip ipsec policy print where dst-address={remote}"},

	{V_SWN, DIAG_SET_IKE_SUITE, ANY, SWAN_CONN, "proposals = {suite}"},
	{V_SWN, DIAG_SET_ESP_SUITE, ANY, SWAN_CHILD, "esp_proposals = {suite}"},
	{V_SWN, DIAG_SET_MODE, ANY, SWAN_CONN, "version = {version}"},
	{V_SWN, DIAG_SET_MODE, ANY, SWAN_CONN, "aggressive = {aggressive}"},
	{V_SWN, DIAG_SET_PSK, ANY, "swanctl.conf, secrets.ike<name>", "secret = <the secret of both sides>"},
	{V_SWN, DIAG_SET_LOCAL_ID, ANY, SWAN_CONN ".local<n>", "id = {id}"},
	{V_SWN, DIAG_SET_REMOTE_ID, ANY, SWAN_CONN ".remote<n>", "id = {id}"},
	{V_SWN, DIAG_SET_REMOTE_ADDRESS, ANY, SWAN_CONN, "remote_addrs = {addr}"},
	{V_SWN, DIAG_SET_NETS, ANY, SWAN_CHILD, "local_ts = {local}"},
	{V_SWN, DIAG_SET_NETS, ANY, SWAN_CHILD, "remote_ts = {remote}"},
	{V_SWN, DIAG_SET_TUNNEL, ANY, SWAN_CHILD, "mode = {tunnel}"},
	{V_SWN, DIAG_SET_LIFETIME1, ANY, SWAN_CONN, "rekey_time = {n}s"}, /* it tells the sum */
	{V_SWN, DIAG_SET_LIFETIME1, ANY, SWAN_CONN, "over_time = 0s"},
	{V_SWN, DIAG_SET_LIFETIME2, ANY, SWAN_CHILD, "life_time = {n}s"},
	{V_SWN, DIAG_SET_BEGIN, ANY, SWAN_CHILD, "start_action = start"},
	{V_SWN, DIAG_SET_FRAGMENTATION, ANY, SWAN_CONN, "fragmentation = yes"},
	{V_SWN, DIAG_SET_NO_NAT, ANY, "shell", "iptables -t nat -I POSTROUTING -s {local} -d {remote} -j ACCEPT"},
	{V_SWN, DIAG_SET_ROUTE, ANY, "shell", "ip route get {remotehost}"},

	{V_TEN, DIAG_SET_IKE_SUITE, ENC, TEN_IKE, "加密算法 (encryption): {enc}"},
	{V_TEN, DIAG_SET_IKE_SUITE, HSH, TEN_IKE, "认证算法 (authentication): {hash}"},
	{V_TEN, DIAG_SET_IKE_SUITE, GRP, TEN_IKE, "DH group: {group}"},
	{V_TEN, DIAG_SET_ESP_SUITE, ENC, TEN_IPSEC, "加密算法 (encryption): {enc}"},
	{V_TEN, DIAG_SET_ESP_SUITE, HSH, TEN_IPSEC, "认证算法 (authentication): {hash}"},
	{V_TEN, DIAG_SET_ESP_SUITE, GRP, TEN_IPSEC, "PFS: {pfs}"},
	{V_TEN, DIAG_SET_MODE, ANY, TEN_IKE, "版本 (version): {ikev}; 协商模式 (mode): {MODE}"},
	{V_TEN, DIAG_SET_PSK, ANY, TEN_BASIC, "预共享密钥 (pre-shared key): the same as here"},
	{V_TEN, DIAG_SET_LOCAL_ID, ANY, TEN_IKE, "本端标识 (local identity): {idtype} {id}"},
	{V_TEN, DIAG_SET_REMOTE_ID, ANY, TEN_IKE, "远端标识 (remote identity): {idtype} {id}"},
	{V_TEN, DIAG_SET_REMOTE_ADDRESS, ANY, "Tencent console, customer gateway", "公网 IP (public IP): {addr}"},
	{V_TEN, DIAG_SET_NETS, ANY, TEN_SPD, "本端网段 (local): {local}; 对端网段 (remote): {remote}"},
	{V_TEN, DIAG_SET_LIFETIME1, ANY, TEN_IKE, "IKE SA Lifetime: {n} s"},
	{V_TEN, DIAG_SET_LIFETIME2, ANY, TEN_IPSEC, "IPsec SA Lifetime: {n} s"},
	{V_TEN, DIAG_SET_BEGIN, ANY, TEN_BASIC, "协商类型 (negotiation type): 主动 (active)"},
	{V_TEN, DIAG_SET_TUNNEL, ANY, TEN_IPSEC, "报文封装模式 (encapsulation mode): {tunnel}"},
	{V_TEN, DIAG_SET_NO_NAT, ANY, TEN_VPC, "目的端 (destination) {remote} 直接指向 VPN 网关，不经过 NAT 网关 (to the VPN gateway, not through a NAT gateway); 源 (source) {local}"},
	{V_TEN, DIAG_SET_FRAGMENTATION, ANY, TEN_IKE, "没有此选项 (there is no such field): 加密、认证算法和 DH group 各选一个 (choose one encryption, authentication and DH group), 报文就不超过一个 IP 包 (then a message fits one packet)"},
	{V_TEN, DIAG_SET_ROUTE, ANY, TEN_VPC, "目的端 (destination) {remote}, 下一跳 (next hop): VPN 网关"},

	{V_ALI, DIAG_SET_IKE_SUITE, ENC, ALI_IKE, "加密算法 (encryption): {enc}"},
	{V_ALI, DIAG_SET_IKE_SUITE, HSH, ALI_IKE, "认证算法 (authentication): {hash}"},
	{V_ALI, DIAG_SET_IKE_SUITE, GRP, ALI_IKE, "DH 分组 (DH group): {group}"},
	{V_ALI, DIAG_SET_ESP_SUITE, ENC, ALI_IPSEC, "加密算法 (encryption): {enc}"},
	{V_ALI, DIAG_SET_ESP_SUITE, HSH, ALI_IPSEC, "认证算法 (authentication): {hash}"},
	{V_ALI, DIAG_SET_ESP_SUITE, GRP, ALI_IPSEC, "DH 分组 (PFS): {pfs}"},
	{V_ALI, DIAG_SET_MODE, ANY, ALI_IKE, "版本 (version): {ikev}; 协商模式 (mode): {mode1}"},
	{V_ALI, DIAG_SET_PSK, ANY, ALI_IKE, "预共享密钥 (pre-shared key): the same as here"},
	{V_ALI, DIAG_SET_LOCAL_ID, ANY, ALI_IKE, "LocalId: {id}"},
	{V_ALI, DIAG_SET_REMOTE_ID, ANY, ALI_IKE, "RemoteId: {id}"},
	{V_ALI, DIAG_SET_REMOTE_ADDRESS, ANY, "Alibaba console, customer gateway", "IP 地址 (address): {addr}"},
	{V_ALI, DIAG_SET_NETS, ANY, ALI_CONN, "本端网段 (local): {local}; 对端网段 (remote): {remote}"},
	{V_ALI, DIAG_SET_LIFETIME1, ANY, ALI_IKE, "SA 生存周期 (lifetime): {n} s"},
	{V_ALI, DIAG_SET_LIFETIME2, ANY, ALI_IPSEC, "SA 生存周期 (lifetime): {n} s"},
	{V_ALI, DIAG_SET_BEGIN, ANY, ALI_CONN, "立即生效 (effect immediately): 是 (yes)"},
	{V_ALI, DIAG_SET_TUNNEL, ANY, ALI_CONN, "没有此选项 (there is no such field): 只有 (only) tunnel；本端设 tunnel=yes (set tunnel=yes here)"},
	{V_ALI, DIAG_SET_NO_NAT, ANY, "Alibaba console, VPC NAT gateway, SNAT entries", "{local} 到 (to) {remote}: 不做 SNAT (no SNAT entry covers it)"},
	{V_ALI, DIAG_SET_FRAGMENTATION, ANY, ALI_IKE, "没有此选项 (there is no such field): 加密、认证算法和 DH 分组各选一个 (choose one encryption, authentication and DH group), 报文就不超过一个 IP 包 (then a message fits one packet)"},
	{V_ALI, DIAG_SET_ROUTE, ANY, "Alibaba console, VPC, route table", "目标网段 (destination) {remote}, 下一跳 (next hop): VPN 网关"},

	{V_HUA, DIAG_SET_IKE_SUITE, ENC, HUA_IKE, "encryption-algorithm {enc}"},
	{V_HUA, DIAG_SET_IKE_SUITE, HSH, HUA_IKE, "authentication-algorithm {hash}"},
	{V_HUA, DIAG_SET_IKE_SUITE, GRP, HUA_IKE, "dh {group}"},
	{V_HUA, DIAG_SET_ESP_SUITE, ENC, HUA_ESP, "esp encryption-algorithm {enc}"},
	{V_HUA, DIAG_SET_ESP_SUITE, HSH, HUA_ESP, "esp authentication-algorithm {hash}"},
	{V_HUA, DIAG_SET_ESP_SUITE, GRP, HUA_POLICY, "{pfs}"},
	{V_HUA, DIAG_SET_MODE, ANY, HUA_PEER, "version {version}; exchange-mode {mode1}"},
	{V_HUA, DIAG_SET_PSK, ANY, HUA_PEER, "pre-shared-key <the secret of both sides>"},
	{V_HUA, DIAG_SET_LOCAL_ID, ANY, HUA_PEER, "local-id-type {idtype}; local-id {id}"},
	{V_HUA, DIAG_SET_REMOTE_ID, ANY, HUA_PEER, "remote-id-type {idtype}; remote-id {id}"},
	{V_HUA, DIAG_SET_REMOTE_ADDRESS, ANY, HUA_PEER, "remote-address {addr}"},
	{V_HUA, DIAG_SET_NETS, ANY, "Huawei firewall, acl of the ipsec policy", "rule permit ip source {localnet} {localwild} destination {remotenet} {remotewild}"},
	{V_HUA, DIAG_SET_TUNNEL, ANY, HUA_ESP, "encapsulation-mode {tunnel}"},
	{V_HUA, DIAG_SET_LIFETIME1, ANY, HUA_IKE, "sa duration {n}"},
	{V_HUA, DIAG_SET_LIFETIME2, ANY, HUA_POLICY, "sa duration time-based {n}"},
	{V_HUA, DIAG_SET_BEGIN, ANY, HUA_POLICY, "sa trigger-mode auto"},
	{V_HUA, DIAG_SET_FRAGMENTATION, ANY, HUA_PEER, "ikev2 fragmentation"},
	{V_HUA, DIAG_SET_NO_NAT, ANY, "Huawei firewall, interface Dialer0 (the one to the Internet)", "nat disable"},
	{V_HUA, DIAG_SET_NO_NAT, ANY, "Huawei firewall", "nat-policy interzone trust untrust outbound"},
	{V_HUA, DIAG_SET_NO_NAT, ANY, "Huawei firewall", "policy 0"},
	{V_HUA, DIAG_SET_NO_NAT, ANY, "Huawei firewall", "action no-nat"},
	{V_HUA, DIAG_SET_NO_NAT, ANY, "Huawei firewall", "policy source {localnet} mask {localbits}"},
	{V_HUA, DIAG_SET_NO_NAT, ANY, "Huawei firewall", "policy destination {remotenet} mask {remotebits}"},
	{V_HUA, DIAG_SET_NO_NAT, ANY, "Huawei firewall", "policy 1"},
	{V_HUA, DIAG_SET_NO_NAT, ANY, "Huawei firewall", "action source-nat"},
	{V_HUA, DIAG_SET_NO_NAT, ANY, "Huawei firewall", "policy source {localnet} mask {localbits}"},
	{V_HUA, DIAG_SET_NO_NAT, ANY, "Huawei firewall", "easy-ip Dialer0"},
	{V_HUA, DIAG_SET_ROUTE, ANY, "Huawei firewall", "ip route-static {remotenet} {remotebits} <interface or next hop of the tunnel>"},
};
/* clang-format on */
const struct vendor_template *vendor_template_at(size_t i)
{
	return i < sizeof(templates) / sizeof(templates[0]) ? &templates[i] : NULL;
}
