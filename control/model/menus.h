/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * menus.h - every menu and every property: the tables behind the file, the console and its help.
 * One line is one property:
 *
 *   X(ID, "name", TYPE, FLAGS, preset, domain, "help")
 *
 * makes the id MENU_ID for code, takes the words or the range from domain_<domain> (domains.c) and
 * the default from preset. Properties print in this order. A property marked REFUSED is one that
 * RouterOS has and espgw has not; its help is the reason, and its preset, where it has one, is the
 * one value that is accepted, since it asks for nothing. So does the network of an address, when it
 * is that.
 */
#ifndef ESPGW_MODEL_MENUS_H
#define ESPGW_MODEL_MENUS_H

#include "control/ike/engine_counters.h"
#include "control/model/schema.h"
#include "dataplane/api/counters.h"

/* clang-format off */

#define F_REQ (PROP_F_REQUIRED)
#define F_NAM (PROP_F_REQUIRED | PROP_F_NAME)
#define F_RUN (PROP_F_RUNTIME)
#define F_DET (PROP_F_RUNTIME | PROP_F_DETAIL)
#define F_KEY (PROP_F_RUNTIME | PROP_F_SECRET)
#define F_NO  (PROP_F_REFUSED)

#define MENU_COMMON(X, M) \
	X(M##_DISABLED, "disabled", PROP_BOOL, 0, "no", none, "yes: as if it were not there") \
	X(M##_COMMENT, "comment", PROP_STRING, 0, NULL, comment, "free text, shown as ;;; text")

#define MENU_INTERFACE_PROPS(X) \
	X(INTERFACE_NAME, "name", PROP_STRING, F_NAM, NULL, ifname, "how the rest of the configuration calls it") \
	X(INTERFACE_DEVICE, "device", PROP_STRING, F_REQ, NULL, device, "the DPDK device: PCI address or virtual device with arguments") \
	X(INTERFACE_MTU, "mtu", PROP_INT, 0, "1500", mtu, "largest IP packet, bytes") \
	MENU_COMMON(X, INTERFACE) \
	X(INTERFACE_RUNNING, "running", PROP_BOOL, F_RUN, NULL, none, "the link is up") \
	X(INTERFACE_MAC, "mac-address", PROP_WORD, F_RUN, NULL, none, "Ethernet address") \
	X(INTERFACE_RX_PACKETS, "rx-packets", PROP_COUNT, F_DET, NULL, none, "packets received") \
	X(INTERFACE_RX_BYTES, "rx-bytes", PROP_COUNT, F_DET, NULL, none, "bytes received") \
	X(INTERFACE_TX_PACKETS, "tx-packets", PROP_COUNT, F_DET, NULL, none, "packets sent") \
	X(INTERFACE_TX_BYTES, "tx-bytes", PROP_COUNT, F_DET, NULL, none, "bytes sent")

#define MENU_ADDRESS_PROPS(X) \
	X(ADDRESS_ADDRESS, "address", PROP_PREFIX, F_REQ, NULL, host4, "our address with the length of its network: 192.168.1.1/24") \
	X(ADDRESS_INTERFACE, "interface", PROP_REF, F_REQ, NULL, ref_interface, "the interface that has it") \
	MENU_COMMON(X, ADDRESS) \
	X(ADDRESS_NETWORK, "network", PROP_STRING, F_NO, NULL, none, "is that of address; another one cannot be had")

#define MENU_ROUTE_PROPS(X) \
	X(ROUTE_DST, "dst-address", PROP_PREFIX, 0, "0.0.0.0/0", ip4, "network") \
	X(ROUTE_GATEWAY, "gateway", PROP_GATEWAY, F_REQ, NULL, ip4, "address of the next router, or the name of an interface") \
	X(ROUTE_DISTANCE, "distance", PROP_INT, 0, "1", distance, "the smaller one wins") \
	MENU_COMMON(X, ROUTE) \
	X(ROUTE_CHECK_GATEWAY, "check-gateway", PROP_STRING, F_NO, "none", none, "gateways are not probed") \
	X(ROUTE_SCOPE, "scope", PROP_STRING, F_NO, "30", none, "routes are not resolved recursively") \
	X(ROUTE_TARGET_SCOPE, "target-scope", PROP_STRING, F_NO, "10", none, "routes are not resolved recursively") \
	X(ROUTE_PREF_SRC, "pref-src", PROP_STRING, F_NO, "", none, "say local-address in /ip ipsec peer instead") \
	X(ROUTE_TABLE, "routing-table", PROP_STRING, F_NO, "main", none, "there is one routing table") \
	X(ROUTE_VRF, "vrf-interface", PROP_STRING, F_NO, NULL, none, "there is one routing table") \
	X(ROUTE_OFFLOAD, "suppress-hw-offload", PROP_STRING, F_NO, "no", none, "there is no hardware to offload routes to")

/* The first ones as in MENU_ADDRESS_PROPS and MENU_ROUTE_PROPS: see the assertions below. */
#define MENU_ADDRESS6_PROPS(X) \
	X(ADDRESS6_ADDRESS, "address", PROP_PREFIX, F_REQ, NULL, host6, "our address with the length of its network: 2001:db8:1::1/64") \
	X(ADDRESS6_INTERFACE, "interface", PROP_REF, F_REQ, NULL, ref_interface, "the interface that has it") \
	MENU_COMMON(X, ADDRESS6) \
	X(ADDRESS6_ADVERTISE, "advertise", PROP_STRING, F_NO, "no", none, "router advertisements are not sent; the hosts of the LAN need a router that is told") \
	X(ADDRESS6_EUI64, "eui-64", PROP_STRING, F_NO, "no", none, "addresses are not made from the MAC address; write the whole address down") \
	X(ADDRESS6_FROM_POOL, "from-pool", PROP_STRING, F_NO, "", none, "addresses are not handed out; write the address down") \
	X(ADDRESS6_NO_DAD, "no-dad", PROP_STRING, F_NO, "yes", none, "duplicate addresses are not looked for")

#define MENU_ROUTE6_PROPS(X) \
	X(ROUTE6_DST, "dst-address", PROP_PREFIX, 0, "::/0", ip6, "network") \
	X(ROUTE6_GATEWAY, "gateway", PROP_GATEWAY, F_REQ, NULL, ip6, "address of the next router (a link-local one with its interface: fe80::1%wan), or the name of an interface") \
	X(ROUTE6_DISTANCE, "distance", PROP_INT, 0, "1", distance, "the smaller one wins") \
	MENU_COMMON(X, ROUTE6) \
	X(ROUTE6_CHECK_GATEWAY, "check-gateway", PROP_STRING, F_NO, "none", none, "gateways are not probed") \
	X(ROUTE6_SCOPE, "scope", PROP_STRING, F_NO, "30", none, "routes are not resolved recursively") \
	X(ROUTE6_TARGET_SCOPE, "target-scope", PROP_STRING, F_NO, "10", none, "routes are not resolved recursively") \
	X(ROUTE6_PREF_SRC, "pref-src", PROP_STRING, F_NO, "", none, "say local-address in /ip ipsec peer instead") \
	X(ROUTE6_TABLE, "routing-table", PROP_STRING, F_NO, "main", none, "there is one routing table") \
	X(ROUTE6_VRF, "vrf-interface", PROP_STRING, F_NO, NULL, none, "there is one routing table") \
	X(ROUTE6_OFFLOAD, "suppress-hw-offload", PROP_STRING, F_NO, "no", none, "there is no hardware to offload routes to")

#define MENU_PROFILE_PROPS(X) \
	X(PROFILE_NAME, "name", PROP_STRING, F_NAM, NULL, name, "peers refer to it") \
	X(PROFILE_HASH, "hash-algorithm", PROP_LIST, 0, "sha1", profile_hash, "phase 1: hash and PRF") \
	X(PROFILE_PRF, "prf-algorithm", PROP_ENUM, 0, "auto", profile_prf, "phase 1 of IKEv2: the PRF; auto: the same as hash-algorithm") \
	X(PROFILE_ENC, "enc-algorithm", PROP_LIST, 0, "aes-128", profile_enc, "phase 1: ciphers, best first") \
	X(PROFILE_DH, "dh-group", PROP_LIST, 0, "modp2048,modp1024", dh_group, "phase 1: Diffie-Hellman groups, best first") \
	X(PROFILE_LIFETIME, "lifetime", PROP_TIME, 0, "1d", profile_lifetime, "phase 1: how long an IKE SA lives") \
	X(PROFILE_LIFEBYTES, "lifebytes", PROP_INT, 0, "0", u32, "kilobytes told to the peer; never ends the IKE SA; 0 = not told") \
	X(PROFILE_PROPOSAL_CHECK, "proposal-check", PROP_ENUM, 0, "obey", proposal_check, "as responder: what to do with a lifetime that differs") \
	X(PROFILE_NATT, "nat-traversal", PROP_BOOL, 0, "yes", none, "detect NAT and use UDP 4500 through it") \
	X(PROFILE_DPD_INTERVAL, "dpd-interval", PROP_TIME, 0, "8s", dpd_interval, "probe a silent peer after this long") \
	X(PROFILE_DPD_FAILURES, "dpd-maximum-failures", PROP_INT, 0, "4", dpd_failures, "unanswered probes until the peer counts as dead") \
	X(PROFILE_REAUTH, "reauthentication", PROP_BOOL, 0, "no", none, "IKEv2: make a new IKE SA with new authentication instead of rekeying it, and ask the initiator for it") \
	X(PROFILE_COMMENT, "comment", PROP_STRING, 0, NULL, comment, "free text, shown as ;;; text")

#define MENU_PEER_PROPS(X) \
	X(PEER_NAME, "name", PROP_STRING, F_NAM, NULL, name, "identities and policies refer to it") \
	X(PEER_ADDRESS, "address", PROP_HOST, F_REQ, NULL, none, "where the peer is; a network: whoever comes from there, never started by us; a DNS name: what it resolves to, asked for at the start, when its time to live is over and when the peer fails. A tunnel that is up stays where it is until it fails or its IKE SA is replaced, and is made to the new address then") \
	X(PEER_PORT, "port", PROP_INT, 0, "500", udp_port, "the peer's IKE port") \
	X(PEER_LOCAL, "local-address", PROP_ADDRESS, 0, NULL, none, "our address towards it; by default the one of the route there") \
	X(PEER_PROFILE, "profile", PROP_REF, 0, "default", ref_profile, "phase 1 parameters") \
	X(PEER_MODE, "exchange-mode", PROP_ENUM, 0, "main", exchange_mode, "how phase 1 is done") \
	X(PEER_PASSIVE, "passive", PROP_BOOL, 0, "no", none, "yes: wait for the peer to start") \
	X(PEER_START, "start", PROP_ENUM, 0, "load", peer_start, "when we begin: load: at once, and again whenever it went down; traffic: when a packet needs it, which waits meanwhile") \
	X(PEER_INITIAL_CONTACT, "send-initial-contact", PROP_BOOL, 0, "yes", none, "tell the peer to forget older SAs of ours") \
	MENU_COMMON(X, PEER) \
	X(PEER_RESOLVED, "resolved-address", PROP_ADDRESS, F_RUN, NULL, none, "what the DNS name in address stands for now") \
	X(PEER_RESOLVES, "resolve-state", PROP_WORD, F_DET, NULL, none, "of a DNS name: resolved, resolving, or what is wrong with it") \
	X(PEER_RESPONDER, "responder", PROP_BOOL, F_RUN, NULL, none, "it is never begun by us: passive, or a network") \
	X(PEER_ALLOW_WEAK, "allow-weak", PROP_LIST, 0, NULL, allow_weak, "weak things this peer may use; default: those of /ip ipsec settings") \
	X(PEER_SELECTORS, "multi-selector", PROP_ENUM, 0, "per-pair", selectors, "per-pair: an SA for each policy; IKEv2: single-sa: one for all policies with one proposal; auto: one, until the peer shows that it wants one each; any: one, negotiated for 0.0.0.0/0 on both sides (destination routing), which only what the policies cover goes through")

#define MENU_IDENTITY_PROPS(X) \
	X(IDENTITY_PEER, "peer", PROP_REF, F_REQ, NULL, ref_peer, "the peer it is for") \
	X(IDENTITY_METHOD, "auth-method", PROP_ENUM, 0, "pre-shared-key", auth_method, "how the two ends prove who they are") \
	X(IDENTITY_SECRET, "secret", PROP_SECRET, PROP_F_SECRET | F_REQ, NULL, secret, "pre-shared key: text, or 0x and hex digits") \
	X(IDENTITY_MY_ID, "my-id", PROP_IDENT, 0, "auto", ident_mine, "who we say we are: auto, address:, fqdn:, user-fqdn:, key-id:") \
	X(IDENTITY_REMOTE_ID, "remote-id", PROP_IDENT, 0, "auto", ident_remote, "who the peer must say it is; auto and ignore take anybody who knows the key") \
	X(IDENTITY_GENERATE, "generate-policy", PROP_ENUM, 0, "no", generate, "when the peer asks for what no policy has, but a template of the group covers: no: refuse; port-strict: make a policy of it; port-override: the same, for all ports") \
	X(IDENTITY_TEMPLATES, "policy-template-group", PROP_REF, 0, NULL, ref_group, "whose templates; by default those of the group default") \
	MENU_COMMON(X, IDENTITY) \
	X(IDENTITY_MATCH_BY, "match-by", PROP_STRING, F_NO, "remote-id", none, "there are no certificates to match by") \
	X(IDENTITY_MODE_CONFIG, "mode-config", PROP_STRING, F_NO, "none", none, "addresses are not handed out: a gateway joins networks") \
	X(IDENTITY_NOTRACK, "notrack-chain", PROP_STRING, F_NO, NULL, none, "the fast path tracks no connections, so there is nothing to exempt") \
	X(IDENTITY_CERT, "certificate", PROP_STRING, F_NO, NULL, none, "certificates are not built yet; use auth-method = \"pre-shared-key\"") \
	X(IDENTITY_REMOTE_CERT, "remote-certificate", PROP_STRING, F_NO, "none", none, "certificates are not built yet; use auth-method = \"pre-shared-key\"") \
	X(IDENTITY_KEY, "key", PROP_STRING, F_NO, NULL, none, "RSA keys are not supported; use auth-method = \"pre-shared-key\"") \
	X(IDENTITY_REMOTE_KEY, "remote-key", PROP_STRING, F_NO, NULL, none, "RSA keys are not supported; use auth-method = \"pre-shared-key\"") \
	X(IDENTITY_EAP, "eap-methods", PROP_STRING, F_NO, NULL, none, "EAP is for roaming users and is not supported") \
	X(IDENTITY_USERNAME, "username", PROP_STRING, F_NO, NULL, none, "EAP and XAuth are for roaming users and are not supported") \
	X(IDENTITY_PASSWORD, "password", PROP_STRING, F_NO, NULL, none, "EAP and XAuth are for roaming users and are not supported")

#define MENU_PROPOSAL_PROPS(X) \
	X(PROPOSAL_NAME, "name", PROP_STRING, F_NAM, NULL, name, "policies refer to it") \
	X(PROPOSAL_AUTH, "auth-algorithms", PROP_LIST, 0, "sha1", esp_auth, "ESP: integrity, best first; gcm and chacha20poly1305 have their own, so null goes with them") \
	X(PROPOSAL_ENC, "enc-algorithms", PROP_LIST, 0, "aes-256-cbc,aes-192-cbc,aes-128-cbc", esp_enc, "ESP: ciphers, best first") \
	X(PROPOSAL_LIFETIME, "lifetime", PROP_TIME, 0, "30m", proposal_lifetime, "hard lifetime of an SA; it is replaced at 80 % of it") \
	X(PROPOSAL_LIFEBYTES, "lifebytes", PROP_INT, 0, "0", u32, "kilobytes an SA may carry, told to an IKEv1 peer; it is replaced at 80 % of it; 0 = no limit") \
	X(PROPOSAL_PFS, "pfs-group", PROP_ENUM, 0, "modp1024", pfs_group, "group of phase 2, or none") \
	MENU_COMMON(X, PROPOSAL)

#define MENU_GROUP_PROPS(X) \
	X(GROUP_NAME, "name", PROP_STRING, F_NAM, NULL, name, "templates belong to it, identities refer to it") \
	X(GROUP_COMMENT, "comment", PROP_STRING, 0, NULL, comment, "free text, shown as ;;; text")

#define MENU_POLICY_PROPS(X) \
	X(POLICY_PEER, "peer", PROP_REF, 0, NULL, ref_peer, "the other end; needed with action=encrypt") \
	X(POLICY_TUNNEL, "tunnel", PROP_BOOL, 0, "no", none, "yes: whole packets travel inside new ones; no: transport mode, between the two gateways themselves: src-address and dst-address are those of the SA") \
	X(POLICY_SRC, "src-address", PROP_PREFIX, F_REQ, NULL, none, "our side's network") \
	X(POLICY_SRC_PORT, "src-port", PROP_PORT, 0, "any", none, "port or ports (1000-1999) on our side, with protocol tcp or udp; several: IKEv2 alone") \
	X(POLICY_DST, "dst-address", PROP_PREFIX, F_REQ, NULL, none, "the other side's network") \
	X(POLICY_DST_PORT, "dst-port", PROP_PORT, 0, "any", none, "port or ports on the other side, the same way") \
	X(POLICY_PROTOCOL, "protocol", PROP_PROTOCOL, 0, "all", protocol, "all, a name or a number") \
	X(POLICY_ACTION, "action", PROP_ENUM, 0, "encrypt", policy_action, "what to do with packets it covers") \
	X(POLICY_LEVEL, "level", PROP_ENUM, 0, "require", policy_level, "while there is no SA: require, unique: packets wait, then drop; use: they pass in clear, both ways") \
	X(POLICY_ALLOW_CLEAR, "allow-clear", PROP_BOOL, 0, "no", none, "yes: level=use may have its way") \
	X(POLICY_PROTOCOLS, "ipsec-protocols", PROP_ENUM, 0, "esp", ipsec_protocol, "how packets are protected") \
	X(POLICY_PROPOSAL, "proposal", PROP_REF, 0, "default", ref_proposal, "phase 2 parameters") \
	X(POLICY_DF, "dont-fragment", PROP_ENUM, 0, "set", dont_fragment, "DF of the outer IPv4 header: set, inherit (as inside), clear (too big ones travel in pieces)") \
	X(POLICY_DSCP, "dscp", PROP_INT, 0, "inherit", dscp, "DSCP of the outer header, or inherit (as inside)") \
	X(POLICY_MSS, "change-tcp-mss", PROP_BOOL, 0, "yes", none, "TCP connections agree on segments that fit the tunnel; no: on what their ends say") \
	X(POLICY_REPLAY, "replay-window", PROP_INT, 0, "128", replay_window, "how far behind the newest a packet may arrive, in packets; a multiple of 64") \
	X(POLICY_TEMPLATE, "template", PROP_BOOL, 0, "no", none, "yes: no policy, but the bounds of what a peer may ask for: see generate-policy of /ip ipsec identity") \
	X(POLICY_GROUP, "group", PROP_REF, 0, NULL, ref_group, "of a template; by default the group default") \
	X(POLICY_STANDBY, "standby", PROP_BOOL, 0, "no", none, "yes: it takes the place of an earlier policy with the same addresses and another peer while that tunnel is down") \
	MENU_COMMON(X, POLICY) \
	X(POLICY_ACTIVE, "active", PROP_BOOL, F_RUN, NULL, none, "it has an SA pair") \
	X(POLICY_PH2_COUNT, "ph2-count", PROP_COUNT, F_RUN, NULL, none, "its SA pairs") \
	X(POLICY_PH2_STATE, "ph2-state", PROP_WORD, F_RUN, NULL, none, "no-phase2, passing in clear, established, or established, not passing (see diagnose)") \
	X(POLICY_SA_SRC, "sa-src-address", PROP_ADDRESS, F_RUN, NULL, none, "outer source in use") \
	X(POLICY_SA_DST, "sa-dst-address", PROP_ADDRESS, F_RUN, NULL, none, "outer destination in use") \
	X(POLICY_ID, "policy-id", PROP_COUNT, F_DET, NULL, none, "number in events and counters") \
	X(POLICY_OUT_HITS, "out-hits", PROP_COUNT, F_DET, NULL, none, "packets that matched outbound, before anything else") \
	X(POLICY_OUT_PACKETS, "out-packets", PROP_COUNT, F_DET, NULL, none, "inner packets sent through all its SAs, dead ones included") \
	X(POLICY_OUT_BYTES, "out-bytes", PROP_COUNT, F_DET, NULL, none, "their bytes") \
	X(POLICY_IN_HITS, "in-hits", PROP_COUNT, F_DET, NULL, none, "packets that came out of its SAs or matched in clear") \
	X(POLICY_IN_PACKETS, "in-packets", PROP_COUNT, F_DET, NULL, none, "inner packets accepted from all its SAs, dead ones included") \
	X(POLICY_IN_BYTES, "in-bytes", PROP_COUNT, F_DET, NULL, none, "their bytes") \
	X(POLICY_DYNAMIC, "dynamic", PROP_BOOL, F_RUN, NULL, none, "generated from a template, for as long as it has SAs; matched where the template stands")

#define MENU_SETTINGS_PROPS(X) \
	X(SETTINGS_ALLOW_WEAK, "allow-weak", PROP_LIST, 0, NULL, allow_weak, "weak things that peers without an allow-weak of their own may use") \
	X(SETTINGS_ACCOUNTING, "accounting", PROP_STRING, F_NO, NULL, none, "RADIUS is not part of a site-to-site gateway") \
	X(SETTINGS_INTERIM, "interim-update", PROP_STRING, F_NO, NULL, none, "RADIUS is not part of a site-to-site gateway") \
	X(SETTINGS_XAUTH, "xauth-use-radius", PROP_STRING, F_NO, NULL, none, "RADIUS is not part of a site-to-site gateway")

#define MENU_DATAPLANE_PROPS(X) \
	X(DATAPLANE_WORKERS, "workers", PROP_INT, 0, "1", workers, "cores that move packets") \
	X(DATAPLANE_MAX_SAS, "max-sas", PROP_INT, 0, "4096", max_sas, "SAs at most, both directions together; a power of two") \
	X(DATAPLANE_MAX_POLICIES, "max-policies", PROP_INT, 0, "1024", max_policies, "policies at most") \
	X(DATAPLANE_MAX_FRAGMENTS, "max-fragments", PROP_INT, 0, "1024", max_fragments, "fragments a worker holds until their packet is whole; the oldest make room") \
	X(DATAPLANE_FRAGMENT_TIMEOUT, "fragment-timeout", PROP_INT, 0, "15", fragment_timeout, "seconds until fragments without the rest are dropped") \
	X(DATAPLANE_HUGEPAGES, "hugepages", PROP_BOOL, 0, "yes", none, "no: ordinary memory, for tests") \
	X(DATAPLANE_IDLE, "idle", PROP_ENUM, 0, NULL, idle, "what a worker without packets does; default: poll with a PCI device, else sleep") \
	X(DATAPLANE_SPRAY, "spray", PROP_ENUM, 0, "auto", spray, "auto: a worker with more ESP than it can decrypt gives some to idle ones")

#define MENU_ACTIVE_PEERS_PROPS(X) \
	X(ACTIVE_RESPONDER, "responder", PROP_BOOL, F_RUN, NULL, none, "the peer started it") \
	X(ACTIVE_NATT, "natt-peer", PROP_BOOL, F_RUN, NULL, none, "there is a NAT on either side") \
	X(ACTIVE_COMMENT, "comment", PROP_STRING, F_RUN, NULL, none, "the peer's comment") \
	X(ACTIVE_ID, "id", PROP_WORD, F_RUN, NULL, none, "the peer's identity, as text with its type unless it is an address") \
	X(ACTIVE_STATE, "state", PROP_WORD, F_RUN, NULL, none, "of phase 1") \
	X(ACTIVE_UPTIME, "uptime", PROP_TIME, F_RUN, NULL, none, "since established") \
	X(ACTIVE_PH2_TOTAL, "ph2-total", PROP_COUNT, F_RUN, NULL, none, "SA pairs in use") \
	X(ACTIVE_REMOTE, "remote-address", PROP_ADDRESS, F_RUN, NULL, none, "where the peer is now") \
	X(ACTIVE_DYNAMIC, "dynamic-address", PROP_ADDRESS, F_RUN, NULL, none, "never set: addresses are not handed out") \
	X(ACTIVE_PEER, "peer", PROP_WORD, F_DET, NULL, none, "its name in /ip ipsec peer") \
	X(ACTIVE_LOCAL, "local-address", PROP_ADDRESS, F_DET, NULL, none, "our address") \
	X(ACTIVE_PORT, "port", PROP_COUNT, F_DET, NULL, none, "the peer's UDP port") \
	X(ACTIVE_LOCAL_PORT, "local-port", PROP_COUNT, F_DET, NULL, none, "our UDP port") \
	X(ACTIVE_SIDE, "side", PROP_WORD, F_DET, NULL, none, "initiator or responder") \
	X(ACTIVE_VERSION, "ike-version", PROP_COUNT, F_DET, NULL, none, "1 or 2") \
	X(ACTIVE_LAST_SEEN, "last-seen", PROP_TIME, F_DET, NULL, none, "since the last authenticated packet") \
	X(ACTIVE_PH2_STATE, "ph2-state", PROP_WORD, F_DET, NULL, none, "no-phase2, established, or established, not passing (see diagnose)") \
	X(ACTIVE_RX_BYTES, "rx-bytes", PROP_COUNT, F_DET, NULL, none, "inner bytes accepted from it, dead SAs included") \
	X(ACTIVE_RX_PACKETS, "rx-packets", PROP_COUNT, F_DET, NULL, none, "inner packets accepted from it, dead SAs included") \
	X(ACTIVE_TX_BYTES, "tx-bytes", PROP_COUNT, F_DET, NULL, none, "inner bytes sent to it, dead SAs included") \
	X(ACTIVE_TX_PACKETS, "tx-packets", PROP_COUNT, F_DET, NULL, none, "inner packets sent to it, dead SAs included") \
	X(ACTIVE_SPII, "spi-initiator", PROP_WORD, F_DET, NULL, none, "cookie of the initiator, 16 hex digits") \
	X(ACTIVE_SPIR, "spi-responder", PROP_WORD, F_DET, NULL, none, "cookie of the responder, 16 hex digits") \
	X(ACTIVE_WEAK, "weak", PROP_WORD, F_DET, NULL, none, "words of allow-weak it makes use of")

#define MENU_INSTALLED_SA_PROPS(X) \
	X(SA_SEEN_TRAFFIC, "seen-traffic", PROP_BOOL, F_RUN, NULL, none, "packets passed") \
	X(SA_HW_AEAD, "hw-aead", PROP_BOOL, F_RUN, NULL, none, "done by a device") \
	X(SA_AH, "ah", PROP_BOOL, F_RUN, NULL, none, "never") \
	X(SA_ESP, "esp", PROP_BOOL, F_RUN, NULL, none, "always") \
	X(SA_SPI, "spi", PROP_SPI, F_RUN, NULL, none, "security parameter index") \
	X(SA_SRC, "src-address", PROP_ENDPOINT, F_RUN, NULL, none, "outer source, with its port when UDP-encapsulated") \
	X(SA_DST, "dst-address", PROP_ENDPOINT, F_RUN, NULL, none, "outer destination, with its port when UDP-encapsulated") \
	X(SA_STATE, "state", PROP_WORD, F_RUN, NULL, none, "larval, mature, dying, dead") \
	X(SA_AUTH_ALGORITHM, "auth-algorithm", PROP_WORD, F_RUN, NULL, none, "md5, sha1, sha256, sha256_96, sha384, sha512") \
	X(SA_ENC_ALGORITHM, "enc-algorithm", PROP_WORD, F_RUN, NULL, none, "cipher, without its key size") \
	X(SA_ENC_KEY_SIZE, "enc-key-size", PROP_COUNT, F_RUN, NULL, none, "bits") \
	X(SA_AUTH_KEY, "auth-key", PROP_KEY, F_KEY, NULL, none, "integrity key") \
	X(SA_ENC_KEY, "enc-key", PROP_KEY, F_KEY, NULL, none, "cipher key") \
	X(SA_ADDTIME, "addtime", PROP_DATE, F_RUN, NULL, none, "when it was installed") \
	X(SA_EXPIRES_IN, "expires-in", PROP_TIME, F_RUN, NULL, none, "until its hard lifetime") \
	X(SA_ADD_LIFETIME, "add-lifetime", PROP_TIME_PAIR, F_RUN, NULL, none, "soft and hard, from addtime") \
	X(SA_LIFEBYTES, "lifebytes", PROP_COUNT_PAIR, F_RUN, NULL, none, "soft and hard, bytes; not set without limits") \
	X(SA_CURRENT_BYTES, "current-bytes", PROP_COUNT, F_RUN, NULL, none, "inner bytes that passed") \
	X(SA_CURRENT_PACKETS, "current-packets", PROP_COUNT, F_RUN, NULL, none, "inner packets that passed") \
	X(SA_REPLAY, "replay", PROP_COUNT, F_RUN, NULL, none, "replay window, packets") \
	X(SA_COMMENT, "comment", PROP_STRING, F_DET, NULL, none, "the policy's or the peer's comment") \
	X(SA_PEER, "peer", PROP_WORD, F_DET, NULL, none, "the peer's name") \
	X(SA_DIRECTION, "direction", PROP_WORD, F_DET, NULL, none, "in or out") \
	X(SA_CURRENT, "current", PROP_BOOL, F_DET, NULL, none, "out: its policy sends through it") \
	X(SA_POLICY_ID, "policy-id", PROP_COUNT, F_DET, NULL, none, "the policy it serves") \
	X(SA_SEQ, "seq", PROP_COUNT, F_DET, NULL, none, "last sequence number (in: top of the window)") \
	X(SA_ESN, "esn", PROP_BOOL, F_DET, NULL, none, "extended sequence numbers") \
	X(SA_UDP_ENCAP, "udp-encapsulation", PROP_BOOL, F_DET, NULL, none, "ESP travels in UDP") \
	X(SA_MTU, "mtu", PROP_COUNT, F_DET, NULL, none, "out: largest inner packet, bytes") \
	X(SA_WIRE_BYTES, "wire-bytes", PROP_COUNT, F_DET, NULL, none, "the same packets with their outer headers") \
	X(SA_WORKERS, "workers", PROP_WORD, F_DET, NULL, none, "the workers that saw its packets: 0,2") \
	X(SA_FIRST_USED, "first-used", PROP_DATE, F_DET, NULL, none, "its first packet") \
	X(SA_LAST_USED, "last-used", PROP_DATE, F_DET, NULL, none, "its last packet") \
	X(SA_DROPS, "drops", PROP_COUNT, F_DET, NULL, none, "packets dropped on it") \
	X(SA_DROP_CAUSES, "drop-causes", PROP_WORD, F_DET, NULL, none, "counter:packets, separated by commas; unset without drops")

#define MENU_DROP_SAMPLES_PROPS(X) \
	X(SAMPLE_TIME, "time", PROP_DATE, F_RUN, NULL, none, "when it was dropped") \
	X(SAMPLE_REASON, "reason", PROP_WORD, F_RUN, NULL, none, "the counter it is in") \
	X(SAMPLE_INTERFACE, "interface", PROP_WORD, F_RUN, NULL, none, "where it came in; unset: the gateway made it") \
	X(SAMPLE_LENGTH, "length", PROP_COUNT, F_RUN, NULL, none, "bytes, Ethernet included") \
	X(SAMPLE_SPI, "spi", PROP_SPI, F_RUN, NULL, none, "the SA it met, if that still lives") \
	X(SAMPLE_PACKET, "packet", PROP_STRING, F_RUN, NULL, none, "from>to and what it is; clear headers of what came out of an SA") \
	X(SAMPLE_WORKER, "worker", PROP_COUNT, F_DET, NULL, none, "who dropped it; the highest number is the manager") \
	X(SAMPLE_NUMBER, "number", PROP_COUNT, F_DET, NULL, none, "the how-manyth of this reason and worker") \
	X(SAMPLE_HEADERS, "headers", PROP_WORD, F_DET, NULL, none, "its headers, hexadecimal; never payload")

#define MENU_NETWATCH_PROPS(X) \
	X(NETWATCH_NAME, "name", PROP_STRING, F_NAM, NULL, name, "how the log calls it") \
	X(NETWATCH_HOST, "host", PROP_ADDRESS, F_REQ, NULL, none, "who is watched: a host behind a tunnel, or the address that a cloud's health check comes from") \
	X(NETWATCH_SRC, "src-address", PROP_ADDRESS, F_REQ, NULL, none, "our address towards it, one of /ip address, where its pings are answered") \
	X(NETWATCH_PROBE, "probe", PROP_BOOL, 0, "yes", none, "ping it") \
	X(NETWATCH_INTERVAL, "interval", PROP_INT, 0, "1000", watch_interval, "between our pings, milliseconds") \
	X(NETWATCH_FAILURES, "failures", PROP_INT, 0, "3", watch_failures, "unanswered pings in a row until it is down") \
	X(NETWATCH_EXPECT, "expect-interval", PROP_INT, 0, "0", watch_expect, "between pings of its, milliseconds; 0 = none are expected") \
	X(NETWATCH_EXPECT_FAILURES, "expect-failures", PROP_INT, 0, "3", watch_failures, "of those in a row until the cloud switches its route") \
	X(NETWATCH_PEER, "peer", PROP_REF, 0, NULL, ref_peer, "whose tunnel leads there: while the host is down, its policies leave to their standby, if they have one") \
	MENU_COMMON(X, NETWATCH) \
	X(NETWATCH_STATUS, "status", PROP_WORD, F_RUN, NULL, none, "up, down or unknown, by our pings") \
	X(NETWATCH_SINCE, "since", PROP_TIME, F_RUN, NULL, none, "how long that has been so") \
	X(NETWATCH_RTT, "rtt", PROP_COUNT, F_RUN, NULL, none, "of the last answer, microseconds") \
	X(NETWATCH_SENT, "sent", PROP_COUNT, F_DET, NULL, none, "pings of ours") \
	X(NETWATCH_RECEIVED, "received", PROP_COUNT, F_DET, NULL, none, "answers to them") \
	X(NETWATCH_EXPECTED, "expected-status", PROP_WORD, F_RUN, NULL, none, "of its pings: up, late, down or unknown; unset when none are expected") \
	X(NETWATCH_HEARD, "heard", PROP_COUNT, F_DET, NULL, none, "pings of its") \
	X(NETWATCH_SWITCH_IN, "switch-in", PROP_TIME, F_RUN, NULL, none, "until the cloud switches its route, if no ping comes")

#define MENU_LOG_PROPS(X) \
	X(LOG_TIME, "time", PROP_DATE, F_RUN, NULL, none, "when") \
	X(LOG_TOPICS, "topics", PROP_WORD, F_RUN, NULL, none, "ipsec,info and the like") \
	X(LOG_MESSAGE, "message", PROP_STRING, F_RUN, NULL, none, "what happened")

/* M(ID, "path", flags, "help") */
#define MENUS(M) \
	M(INTERFACE, "interface", 0, "DPDK ports and their names") \
	M(ADDRESS, "ip address", 0, "our addresses") \
	M(ROUTE, "ip route", 0, "static routes") \
	M(ADDRESS6, "ipv6 address", 0, "our IPv6 addresses") \
	M(ROUTE6, "ipv6 route", 0, "static IPv6 routes") \
	M(PROFILE, "ip ipsec profile", 0, "phase 1 parameters") \
	M(PEER, "ip ipsec peer", 0, "who the tunnels go to") \
	M(GROUP, "ip ipsec policy group", 0, "groups of policy templates (policy-group in the file)") \
	M(IDENTITY, "ip ipsec identity", 0, "keys and names of the two ends") \
	M(PROPOSAL, "ip ipsec proposal", 0, "phase 2 parameters") \
	M(POLICY, "ip ipsec policy", 0, "what is protected; the first match wins") \
	M(SETTINGS, "ip ipsec settings", MENU_F_SINGLE, "defaults of all peers") \
	M(DATAPLANE, "dataplane", MENU_F_SINGLE, "size and manner of the data plane; read at its start") \
	M(ACTIVE_PEERS, "ip ipsec active-peers", MENU_F_RUNTIME, "IKE SAs") \
	M(INSTALLED_SA, "ip ipsec installed-sa", MENU_F_RUNTIME, "ESP SAs") \
	M(STATISTICS, "ip ipsec statistics", MENU_F_RUNTIME | MENU_F_SINGLE, "dropped packets by reason") \
	M(IKE_COUNTERS, "ip ipsec statistics ike", MENU_F_RUNTIME | MENU_F_SINGLE, "IKE messages received by what became of them, and what IKE has done") \
	M(DROP_SAMPLES, "ip ipsec drop-samples", MENU_F_RUNTIME, "the last packets dropped for each reason, by their headers") \
	M(NETWATCH, "tool netwatch", 0, "hosts behind tunnels, watched by pings") \
	M(LOG, "system log", MENU_F_RUNTIME, "the newest log lines")

/* clang-format on */

#define MENU_ENUM(id, path, flags, help) MENU_##id,
enum menu_id { MENUS(MENU_ENUM) MENU_MAX };
#undef MENU_ENUM

#define MENU_PROP_ENUM(id, name, type, flags, preset, domain, help) id,
enum interface_prop { MENU_INTERFACE_PROPS(MENU_PROP_ENUM) INTERFACE_PROPS };
enum address_prop { MENU_ADDRESS_PROPS(MENU_PROP_ENUM) ADDRESS_PROPS };
enum route_prop { MENU_ROUTE_PROPS(MENU_PROP_ENUM) ROUTE_PROPS };
enum address6_prop { MENU_ADDRESS6_PROPS(MENU_PROP_ENUM) ADDRESS6_PROPS };
enum route6_prop { MENU_ROUTE6_PROPS(MENU_PROP_ENUM) ROUTE6_PROPS };
enum profile_prop { MENU_PROFILE_PROPS(MENU_PROP_ENUM) PROFILE_PROPS };
enum peer_prop { MENU_PEER_PROPS(MENU_PROP_ENUM) PEER_PROPS };
enum identity_prop { MENU_IDENTITY_PROPS(MENU_PROP_ENUM) IDENTITY_PROPS };
enum proposal_prop { MENU_PROPOSAL_PROPS(MENU_PROP_ENUM) PROPOSAL_PROPS };
enum group_prop { MENU_GROUP_PROPS(MENU_PROP_ENUM) GROUP_PROPS };
enum policy_prop { MENU_POLICY_PROPS(MENU_PROP_ENUM) POLICY_PROPS };
enum settings_prop { MENU_SETTINGS_PROPS(MENU_PROP_ENUM) SETTINGS_PROPS };
enum dataplane_prop { MENU_DATAPLANE_PROPS(MENU_PROP_ENUM) DATAPLANE_PROPS };
enum active_prop { MENU_ACTIVE_PEERS_PROPS(MENU_PROP_ENUM) ACTIVE_PEERS_PROPS };
enum sa_prop { MENU_INSTALLED_SA_PROPS(MENU_PROP_ENUM) INSTALLED_SA_PROPS };
enum sample_prop { MENU_DROP_SAMPLES_PROPS(MENU_PROP_ENUM) DROP_SAMPLES_PROPS };
enum netwatch_prop { MENU_NETWATCH_PROPS(MENU_PROP_ENUM) NETWATCH_PROPS };
enum log_prop { MENU_LOG_PROPS(MENU_PROP_ENUM) LOG_PROPS };
#undef MENU_PROP_ENUM

/* One piece of code reads the menus of both families. */
_Static_assert((int)ADDRESS6_ADDRESS == (int)ADDRESS_ADDRESS &&
		       (int)ADDRESS6_INTERFACE == (int)ADDRESS_INTERFACE &&
		       (int)ADDRESS6_DISABLED == (int)ADDRESS_DISABLED,
	       "/ipv6 address is like /ip address");
_Static_assert((int)ROUTE6_DST == (int)ROUTE_DST && (int)ROUTE6_GATEWAY == (int)ROUTE_GATEWAY &&
		       (int)ROUTE6_DISTANCE == (int)ROUTE_DISTANCE &&
		       (int)ROUTE6_DISABLED == (int)ROUTE_DISABLED,
	       "/ipv6 route is like /ip route");

/* The statistics are the drop reasons, in their order: property id = enum drop_reason - 1. */
#define STAT_ID(reason)	 ((int)(reason)-1)
#define STATISTICS_PROPS STAT_ID(DROP_MAX)

/* The counters of the IKE engine, in their order. */
#define IKE_STAT_RX_ENUM(name, label, text)    IKE_STAT_rx_##name,
#define IKE_STAT_EVENT_ENUM(name, label, text) IKE_STAT_##name,
enum ike_stat_prop {
	IKE_STAT_rx,
	IKE_RX_CLASSES(IKE_STAT_RX_ENUM) IKE_EVENT_COUNTERS(IKE_STAT_EVENT_ENUM) IKE_COUNTERS_PROPS
};
#undef IKE_STAT_RX_ENUM
#undef IKE_STAT_EVENT_ENUM

#define MENU_MAX_PROPS 64 /* of any menu */

#endif
