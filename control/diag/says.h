/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * says.h - every sentence a finding can add, in English and Chinese: one line each.
 */
#ifndef ESPGW_DIAG_SAYS_H
#define ESPGW_DIAG_SAYS_H

/* clang-format off */
#define DIAG_SAYS(X) \
	/* what it can also be */ \
	X(ALSO_PSK, "It can also be that the pre-shared keys differ.", \
	  "也可能是预共享密钥不一致。") \
	X(ALSO_ID, "It can also be that the peer expects another identity than our my-id.", \
	  "也可能是对端期望的标识与本端标识（my-id）不一致。") \
	X(ALSO_VERSION, "It can also be that the peer speaks only the other IKE version.", \
	  "也可能是对端只支持另一个 IKE 版本。") \
	X(ALSO_MODE, "It can also be that the peer wants the other exchange mode (main, aggressive).", \
	  "也可能是协商模式（main、aggressive）不一致。") \
	X(ALSO_ADDRESS, "It can also be that the peer has no connection for our public address.", \
	  "也可能是对端没有为本端公网 IP 配置连接。") \
	X(ALSO_ALGS, "It can also be that phase 1 encryption, hash or DH group differ.", \
	  "也可能是第一阶段的加密算法、认证算法或 DH 分组不一致。") \
	X(ALSO_PFS, "It can also be that the PFS groups differ: one side none, the other a group.", \
	  "也可能是 PFS（第二阶段 DH 分组）不一致：一端关闭，另一端开启。") \
	X(ALSO_ENCAP, "It can also be the encapsulation: tunnel or transport, with or without UDP.", \
	  "也可能是封装模式不一致：隧道或传输、是否使用 UDP 封装。") \
	X(ALSO_LIFETIME, "It can also be that the peer insists on its own lifetime.", \
	  "也可能是对端严格要求生存周期一致。") \
	X(ALSO_TS, "It can also be that the traffic selectors differ.", "也可能是感兴趣流不一致。") \
	X(ALSO_4500, "It can also be that UDP 4500 is blocked on the way.", \
	  "也可能是中间网络阻断了 UDP 4500。") \
	X(ALSO_CRITICAL, "It can also be a payload that the peer really does not know.", \
	  "也可能是对端确实不认识某个关键载荷。") \
	X(ALSO_HUAWEI, "If traffic fails in one direction only, the peer may translate addresses (NAT) " \
	  "before it encrypts: exempt the tunnel's networks from NAT there.", \
	  "如果只有单向不通，可能是对端在加密之前做了 NAT：请在对端将隧道网段排除在 NAT 之外。") \
	/* what it means */ \
	X(WIDE_OFFER, "The peer does not say what it has. The lines for this side offer more, of which " \
	  "it can take what it knows; the lines for the peer set what this side has now.", \
	  "对端没有说明它的配置。本端的修改会提供更多算法供对端选择；对端的修改则与本端当前配置一致。") \
	X(PSK_BOTH, "Both sides need the same secret, to the last character; blanks at its ends count.", \
	  "两端的预共享密钥必须逐字符一致，首尾空格也算在内。") \
	X(PSK_BLANKS, "Our secret begins or ends with a blank.", "本端密钥首尾含有空白字符。") \
	X(PSK_NAT, "Behind NAT the peer looks the secret up by the address or identity it sees.", \
	  "经过 NAT 时，对端按它看到的地址或标识查找密钥。") \
	X(ID_TYPE, "Type and value must both agree: an address is not the FQDN of the same letters.", \
	  "类型和值都必须一致：IP 地址类型与同样文字的 FQDN 类型不同。") \
	X(ID_NAT, "Behind NAT the default identity is the private address; set it by hand.", \
	  "经过 NAT 时，默认标识是私网地址，请手动指定。") \
	X(TS_SWAPPED, "Local and remote are swapped on one side.", "其中一端的本端网段与对端网段写反了。") \
	X(TS_MASK, "Only the masks differ.", "只有掩码不同。") \
	X(TS_ONE_SIDE, "One of both networks agrees.", "两个网段中有一个是一致的。") \
	X(TS_MIRROR, "What is local on one side is remote on the other.", \
	  "一端的本端网段就是另一端的对端网段。") \
	X(TS_IKE1_FIRST, "IKEv1 carries one pair of networks for each SA: use one policy for each pair, " \
	  "or IKEv2.", "IKEv1 每个 SA 只携带一对网段：请每对网段配置一条策略，或使用 IKEv2。") \
	X(TS_SPLIT, "If the peer makes one SA for all networks, use IKEv2 with the same list; if it makes " \
	  "one for each, use one policy for each pair here and there.", \
	  "如果对端用一个 SA 承载全部网段，请用 IKEv2 并配置相同列表；否则请两端逐对拆分为多条。") \
	X(DH_RETRY, "IKEv2 tries again by itself with the group that the peer names, if dh-group has it.", \
	  "IKEv2 会自动改用对端指定的 DH 分组重试，前提是 dh-group 中包含它。") \
	X(PFS_LATER, "In IKEv2 PFS is first used at a rekey: the tunnel comes up and fails then.", \
	  "IKEv2 首次重新协商时才使用 PFS：隧道能建立，但之后会失败。") \
	X(DEFAULTS_DIFFER, "PFS defaults differ: RouterOS and Alibaba group 2 (modp1024), Tencent none.", \
	  "各家 PFS 默认值不同：RouterOS 和阿里云为 group2（modp1024），腾讯云为关闭。") \
	X(TRANSPORT_NAT, "Transport mode does not pass a NAT: both sides need tunnel mode.", \
	  "传输模式无法穿越 NAT：两端都需要使用隧道模式。") \
	X(SAME_MAIN, "Main mode on both sides is the safer choice.", "建议两端都用主模式（main），更安全。") \
	X(SAME_IKE2, "IKEv2 on both sides is the better choice.", "建议两端都用 IKEv2。") \
	X(ITS_PACKETS_COME, "Its own packets do reach us, so the way from it is open.", \
	  "对端主动发来的报文能够到达本端，说明对端到本端方向是通的。") \
	X(PEER_WRONG, "The peer answered with what was not offered: an error of the peer's software.", \
	  "对端回复了未被提议的内容：是对端软件的错误。") \
	X(ADDRESS_WE_SHOW, "The peer must know the address that it sees us with; behind NAT that is the " \
	  "NAT's public one.", "对端必须填写它看到的本端地址；经过 NAT 时是 NAT 的公网 IP。") \
	X(PSK_BY_ADDRESS, "If the secrets do agree: in main mode the peer finds them by the address it " \
	  "sees, behind NAT perhaps that of another peer; in aggressive mode by our name.", \
	  "如果密钥确实一致：主模式下对端按它看到的地址查找密钥，经过 NAT 时可能取到其他对端的密钥；野蛮模式按标识查找。") \
	X(LAST_AGGRESSIVE, "If all agrees and it still fails, aggressive mode with a named identity can " \
	  "help behind NAT; it exposes a hash of the secret to guessing, so take a long one.", \
	  "如果参数完全一致仍失败，可在 NAT 场景尝试野蛮模式并使用 FQDN 标识；该模式会暴露密钥的哈希，" \
	  "请使用足够长的密钥。") \
	X(PROBE_NOTHING, "The probe got no answer on either port.", "探测在两个端口都没有得到回应。") \
	X(PROBE_NOT_500, "The probe got answers on UDP 4500 and none on UDP 500.", \
	  "探测在 UDP 4500 得到回应，在 UDP 500 没有。") \
	X(PROBE_NOT_4500, "The probe got answers on UDP 500 and none on UDP 4500.", \
	  "探测在 UDP 500 得到回应，在 UDP 4500 没有。") \
	X(PROBE_NOT_LARGE, "The probe's short messages were answered, one of 1300 bytes was not.", \
	  "探测的短报文得到回应，1300 字节的没有。") \
	X(PROBE_NOT_FRAGMENTS, "The probe's messages were answered but for the one in IP fragments.", \
	  "探测报文得到回应，只有 IP 分片的没有。") \
	X(PROBE_ALL, "The probe got answers on both ports and to messages of this size: the way is open, " \
	  "the peer itself does not answer.", "探测在两个端口、各种长度都得到回应：路径是通的，是对端自己不回应。") \
	X(PROBE_CHILD, "The probe found what the peer takes in phase 2: the lines for this side are just that.", \
	  "探测找到了对端接受的第二阶段参数：本端按下面修改即可。") \
	X(PROBE_REFUSED_ALL, "The probe offered all common algorithms, and the peer took none: it has no connection " \
	  "for our address, or none at all.", "探测提供了全部常用算法，对端仍不接受：对端没有为本端地址配置连接。") \
	X(PROBE_TAKEN_WIDE, "The probe shows that the peer knows our address and would take other algorithms.", \
	  "探测表明对端认识本端地址，只是算法不同。") \
	X(PROBE_TAKES, "The probe shows that the peer would take our proposals in another version or mode.", \
	  "探测表明对端在另一版本或模式下会接受本端提议。") \
	X(WE_WAIT, "This side is passive, and nothing of the peer has come: both may wait for each other.", \
	  "本端为被动方，而且没有收到对端的任何报文：两端可能都在等待对方发起。") \
	X(WINDOW_SMALL, "They were refused by the replay window: packets arrive too late or twice.", \
	  "报文被重放窗口拒绝：乱序过大或重复。") \
	X(NATTED_SOURCE, "Packets came out of the tunnel from an address outside its networks.", \
	  "从隧道出来的报文，其源地址不在协商的网段内。") \
	X(NAMED_POLICY, "An earlier policy covers some of the same packets and takes them.", \
	  "有一条更靠前的策略覆盖了相同的流量。") \
	X(NAME_KEPT, "The peer keeps the address that the name had last.", "对端暂时沿用上次解析出的地址。") \
	X(NAME_FAMILY, "The name has no address of the family that is wanted here: that of local-address.", \
	  "该域名没有本端所需协议族（与 local-address 一致）的地址。") \
	X(NAME_SERVER, "espgw-control asks the name servers of /etc/resolv.conf through this host's own " \
	  "network, not through the data plane.", \
	  "espgw-control 通过本机自身的网络（不经过数据面）查询 /etc/resolv.conf 中的域名服务器。") \
	X(NAME_ADDRESS, "An answer that is loopback, multicast, link-local or our own address is not used.", \
	  "环回、组播、链路本地地址或本端自己的地址不会被采用。") \
	X(NAME_TAKEN, "Peers are told apart by their addresses, so two cannot have the same one.", \
	  "对端以地址区分，两个对端不能使用同一地址。") \
	/* what to look at */ \
	X(CHECK_NAME_SPELLING, "This side: is the name in /ip ipsec peer spelt right? Peer's side: does its " \
	  "DNS zone, or its dynamic DNS, have the name?", \
	  "本端：确认 /ip ipsec peer 中的域名拼写正确。对端：确认其 DNS 区域或动态 DNS 中有该域名。") \
	X(CHECK_NAME_FAMILY, "Peer's side: add an A (IPv4) or AAAA (IPv6) record; or this side: set " \
	  "local-address to an address of the other family.", \
	  "对端：添加 A（IPv4）或 AAAA（IPv6）记录；或在本端将 local-address 改为另一协议族的地址。") \
	X(CHECK_NAME_SERVER, "This side: are the name servers in /etc/resolv.conf right, and does this host " \
	  "reach them (\"getent hosts NAME\")?", \
	  "本端：确认 /etc/resolv.conf 中的域名服务器正确且本机可达（getent hosts 域名）。") \
	X(CHECK_NAME_OWNER, "Peer's side: the name must have its public address; a hosts file or a name server " \
	  "on the way may answer otherwise.", \
	  "对端：该域名必须指向其公网地址；也可能是本机 hosts 文件或中间的域名服务器给出了其他答案。") \
	X(CHECK_NAME_TAKEN, "Which of the two peers has the address? Correct the other one's name, or remove " \
	  "one of them in /ip ipsec peer.", \
	  "确认该地址属于哪个对端：更正另一个对端的域名，或在 /ip ipsec peer 中删除其一。") \
	X(CHECK_NAME_ROUTE, "This side: add a route to the address in /ip route (/ipv6 route), or set local-address.", \
	  "本端：在 /ip route（/ipv6 route）中添加到该地址的路由，或设置 local-address。") \
	X(CHECK_NAME_ADDRESS, "Until then the peer's public address can stand in address of /ip ipsec peer.", \
	  "在此之前，可在 /ip ipsec peer 的 address 中直接填写对端公网地址。") \
	X(CHECK_UP, "Is the peer running, and is its address right in /ip ipsec peer?", \
	  "确认对端网关正常运行，且 /ip ipsec peer 中的地址正确。") \
	X(CHECK_500, "Does UDP 500 pass in both directions (firewalls, security groups)?", \
	  "确认 UDP 500 双向放通（防火墙、安全组）。") \
	X(CHECK_4500, "Does UDP 4500 pass in both directions?", "确认 UDP 4500 双向放通。") \
	X(CHECK_LARGE, "Do large packets and fragments pass? Later messages are longer than the first.", \
	  "确认大包和分片能够通过：后面的报文比第一个长。") \
	X(CHECK_FRAGMENTS, "Do IP fragments pass? The message needs more than one packet; a peer with IKE " \
	  "fragmentation gets it in pieces of their own.", \
	  "确认 IP 分片能够通过：该报文超过一个 IP 包；对端启用 IKE 分片后可避免 IP 分片。") \
	X(CHECK_PROBE, "\"espgw probe PEER\" asks on both ports, in both versions and in several sizes, and " \
	  "tells more.", "执行 espgw probe PEER：它在两个端口、以两个版本和多种长度探测，能进一步区分原因。") \
	X(CHECK_PROBE_CHILD, "\"espgw probe --phase2 PEER\" tries proposals one after the other until the peer takes " \
	  "one; diagnose then gives the lines.", \
	  "执行 espgw probe --phase2 PEER：逐个尝试提议直到对端接受，之后 diagnose 会给出相应修改。") \
	X(CHECK_ICMP_PORT, "The port is refused, by the address in the ICMP error above: is IKE running there, " \
	  "and does the firewall allow it?", "上面 ICMP 错误中的地址拒绝了该端口：确认对端 IKE 已运行，且防火墙放通。") \
	X(CHECK_ICMP_FIREWALL, "A firewall refuses the message: the ICMP error above says from where.", \
	  "防火墙拒绝了报文：上面的 ICMP 错误指出其地址。") \
	X(CHECK_ICMP_ROUTE, "A router has no way to the peer: is its address right, and are the routes?", \
	  "路由器没有到对端的路由：确认对端地址和路由。") \
	X(CHECK_ITS_WAY, "If the peer does begin: do its packets for UDP 500 and 4500 reach us?", \
	  "如果对端确实在发起：确认它的 UDP 500 和 4500 报文能到达本端。") \
	X(CHECK_PEER_LOG, "See the peer's log; \"espgw explain-log\" reads it.", \
	  "查看对端日志；可用 espgw explain-log 解读。") \
	X(CHECK_LET_BEGIN, "Let the peer begin (passive=yes here): its first message shows its version " \
	  "and algorithms, and diagnose names them.", \
	  "让对端主动发起（本端设 passive=yes）：它的第一个报文会显示版本和算法，diagnose 会指出差异。") \
	X(CHECK_LOCAL_LOG, "See the data plane's log on this side.", "查看本端数据面日志。") \
	X(CHECK_PATH_DAMAGE, "Look for what changes packets on the way, or for an error of the peer's " \
	  "software.", "检查中间网络是否改动报文，或对端软件是否有错误。") \
	X(CHECK_VPC_ROUTE, "Peer's side: a route for our network to the VPN gateway (cloud: VPC route table).", \
	  "对端：到本端网段的路由是否指向 VPN 网关（云上：VPC 路由表）。") \
	X(CHECK_SECURITY_GROUP, "Peer's side: do security group, ACL and the host's firewall allow our network?", \
	  "对端：安全组、ACL 和主机防火墙是否允许本端网段。") \
	X(CHECK_ESP_PASSES, "Does ESP (protocol 50, or UDP 4500) pass from the peer to us?", \
	  "确认对端到本端的 ESP（协议 50 或 UDP 4500）未被阻断。") \
	X(CHECK_LAN_ROUTE, "Our LAN: the hosts need a route for the peer's network to this gateway.", \
	  "本端内网：主机到对端网段的路由必须指向本网关。") \
	X(CHECK_LAN_FIREWALL, "Our LAN: does the host's firewall allow the peer's network?", \
	  "本端内网：主机防火墙是否允许对端网段。") \
	X(CHECK_LAN_ARP, "Our LAN: does the inner host exist, and is it reached by a route of ours?", \
	  "本端内网：目的主机是否存在，本网关是否有到它的路由。") \
	X(CHECK_ORDER, "Policy order: the first policy that covers a packet decides.", \
	  "策略顺序：第一条匹配的策略生效。") \
	X(CHECK_TRUNCATION, "With sha256 some old peers cut the check value to 96 bits: use sha1 or an AEAD, or sha256_96 here.", \
	  "使用 sha256 时，部分旧设备只用 96 位校验值：请改用 sha1 或 AEAD，或在本端用 sha256_96。") \
	X(CHECK_REPLAY, "Raise replay-window of the policy, or look for reordering on the way.", \
	  "增大策略的 replay-window，或检查中间网络的乱序。") \
	X(CHECK_PUBLIC_PRIVATE, "Are public addresses used as private ones on either side?", \
	  "任一端是否把公网地址当作私网地址使用。") \
	X(CHECK_PEER_LIFE, "The peer or the path to it was lost; it is tried again.", \
	  "对端或到对端的路径中断；本端会自动重试。") \
	X(CHECK_PHASE2, "There is no SA pair yet: /ip ipsec active-peers shows how far it is, \"espgw probe PEER\" " \
	  "what the peer answers.", "还没有 SA：/ip ipsec active-peers 显示协商进度，espgw probe PEER 显示对端的回应。") \
	X(CHECK_REAUTH, "Turn re-authentication off for this peer on the side that asks for it.", \
	  "在要求重新认证的一端，对该对端关闭重新认证。") \
	X(CHECK_SUPPORT, "Everything that can be seen agrees: \"espgw diagnose --bundle FILE\" keeps what is " \
	  "known, without secrets; have the peer's log beside it.", \
	  "可见的参数都一致：执行 espgw diagnose --bundle FILE 收集信息（不含密钥），并附上对端日志。")
/* clang-format on */

#define DIAG_SAY_ENUM(name, en, zh) SAY_##name,
enum diag_say { DIAG_SAYS(DIAG_SAY_ENUM) SAY_COUNT };
#undef DIAG_SAY_ENUM

#endif
