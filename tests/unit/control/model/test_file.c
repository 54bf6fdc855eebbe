/* SPDX-License-Identifier: BSD-3-Clause */
/* test_file.c - good files load; bad ones are refused with file, line and what is accepted. */
#include "load.h"

/* What every case stands on; a case's own text begins in line 5. */
#define NET                                                                                        \
	"interface = ( { name = \"lan\"; device = \"net_null0\"; },\n"                             \
	"              { name = \"wan\"; device = \"net_null1\"; } );\n"                           \
	"ip = { address = ( { address = \"192.168.1.1/24\"; interface = \"lan\"; },\n"             \
	"                   { address = \"192.0.2.2/24\"; interface = \"wan\"; } );\n"
#define PEER                                                                                       \
	"peer = ( { name = \"p\"; address = \"192.0.2.9\"; profile = \"f\"; allow-weak = "         \
	"\"ikev1\"; } );\n"
#define PROFILE                                                                                    \
	"profile = ( { name = \"f\"; dh-group = \"ecp256\"; hash-algorithm = \"sha256\"; } );\n"
#define IDENTITY "identity = ( { peer = \"p\"; secret = \"0123456789012345678901234\"; } );\n"
#define PROPOSAL                                                                                   \
	"proposal = ( { name = \"e\"; auth-algorithms = \"sha256\"; pfs-group = \"none\"; } );\n"
#define POLICY                                                                                     \
	"policy = ( { peer = \"p\"; tunnel = true; src-address = \"192.168.1.0/24\"; dst-address " \
	"= \"10.1.0.0/16\"; proposal = \"e\"; } );\n"
#define IPSEC(x) NET "ipsec = {\n" x "}; };\n" /* x begins in line 6 */

struct bad {
	const char *text;
	const char *told; /* the beginning of a line of what is told */
};

static const struct bad syntax[] = {
	{"interface = (", "t.conf:1: syntax error"},
	{"a = 1;\na = 2;\n", "t.conf:2: duplicate setting name"},
	{NET "};\nfoo = 1;\n", "t.conf:6: \"foo\" is not a menu"},
	{NET "adress = ( );\n};\n", "t.conf:5: \"adress\" is not a menu of /ip; did you mean "
				    "\"address\"?"},
	{NET "ipsec = ( );\n};\n", "t.conf:5: /ip ipsec must be a group: { … }"},
	{IPSEC("peer = { };\n"), "t.conf:6: /ip ipsec peer must be a list of groups"},
	{IPSEC("peer = ( 1 );\n"), "t.conf:6: /ip ipsec peer: entry 1 must be a group"},
	{IPSEC("settings = ( );\n"), "t.conf:6: /ip ipsec settings must be a group"},
	{IPSEC("installed-sa = ( );\n"),
	 "t.conf:6: /ip ipsec installed-sa shows what runs; it has no configuration"},
	{NET "firewall = { nat = ( { chain = \"srcnat\"; } ); };\n};\n",
	 "t.conf:5: /ip firewall nat: address translation is not built yet"},
	{NET "firewall = { filter = ( ); };\n};\n",
	 "t.conf:5: /ip firewall filter: packet filtering is not built"},
	{IPSEC("mode-config = ( );\n"), "t.conf:6: /ip ipsec mode-config: addresses are not"},
	{NET "};\nipv6 = { nd = ( ); };\n", "t.conf:6: /ipv6 nd: router advertisements"},
	{"", "t.conf: there is no /interface"},
};

static const struct bad values[] = {
	{IPSEC("profile = ( { name = \"x\"; dh-gruop = \"modp2048\"; } );\n"),
	 "t.conf:6: /ip ipsec profile \"x\": dh-gruop: no such property; did you mean "
	 "\"dh-group\"?"},
	{IPSEC("profile = ( { name = \"x\"; dh-group = \"modp2084\"; } );\n"),
	 "t.conf:6: /ip ipsec profile \"x\": dh-group: \"modp2084\" is not known; accepted: "
	 "modp768, modp1024, modp1536, modp2048, modp3072, modp4096, modp6144, modp8192, ecp256, "
	 "ecp384, ecp521, x25519, modp2048s256; did you mean \"modp2048\"?"},
	{IPSEC("profile = ( { name = \"x\"; dh-group = \"ec2n155\"; } );\n"),
	 "t.conf:6: /ip ipsec profile \"x\": dh-group: \"ec2n155\" is an EC2N group; EC2N groups "
	 "are "
	 "not implemented; nearest accepted: \"ecp256\""},
	{IPSEC("profile = ( { name = \"x\"; enc-algorithm = \"aes-128,camellia-256\"; } );\n"),
	 "t.conf:6: /ip ipsec profile \"x\": enc-algorithm: \"camellia-256\" has no engine here; "
	 "nearest accepted: \"aes-256\""},
	{IPSEC("profile = ( { name = \"x\"; enc-algorithm = \"des\"; } );\n"),
	 "t.conf:6: /ip ipsec profile \"x\": enc-algorithm: \"des\" MUST NOT be used (RFC 8247"},
	{IPSEC("proposal = ( { name = \"x\"; enc-algorithms = \"blowfish\"; } );\n"),
	 "t.conf:6: /ip ipsec proposal \"x\": enc-algorithms: \"blowfish\" MUST NOT be used (RFC "
	 "8221"},
	{IPSEC("proposal = ( { name = \"x\"; enc-algorithms = \"sm4\"; } );\n"),
	 "t.conf:6: /ip ipsec proposal \"x\": enc-algorithms: \"sm4\" is not built yet; "
	 "nearest accepted: \"aes-128-cbc\""},
	{IPSEC("profile = ( { name = \"x\"; hash-algorithm = \"sha256,sha256\"; } );\n"),
	 "t.conf:6: /ip ipsec profile \"x\": hash-algorithm: \"sha256\" stands there twice"},
	{IPSEC("profile = ( { name = \"x\"; hash-algorithm = \"sha256,\"; } );\n"),
	 "t.conf:6: /ip ipsec profile \"x\": hash-algorithm: \"sha256,\" ends with a comma"},
	{IPSEC("profile = ( { name = \"x\"; lifetime = \"1y\"; } );\n"),
	 "t.conf:6: /ip ipsec profile \"x\": lifetime: \"1y\" is not a time from 5s to 52w1d"},
	{IPSEC("profile = ( { name = \"x\"; dpd-interval = \"2h\"; } );\n"),
	 "t.conf:6: /ip ipsec profile \"x\": dpd-interval: \"2h\" is not a time from 1s to 1h "
	 "(like "
	 "30m, 1h30m, 1d), nor \"disable-dpd\""},
	{IPSEC("profile = ( { name = \"x\"; dpd-maximum-failures = 0; } );\n"),
	 "t.conf:6: /ip ipsec profile \"x\": dpd-maximum-failures: \"0\" is not a number from 1 to "
	 "100"},
	{IPSEC("profile = ( { name = \"x\"; dpd-maximum-failures = -3; } );\n"),
	 "t.conf:6: /ip ipsec profile \"x\": dpd-maximum-failures: \"-3\" is not a number"},
	{IPSEC("profile = ( { name = \"x\"; nat-traversal = \"maybe\"; } );\n"),
	 "t.conf:6: /ip ipsec profile \"x\": nat-traversal: \"maybe\" is not yes or no"},
	{IPSEC("profile = ( { name = \"x\"; nat-traversal = 1; } );\n"),
	 "t.conf:6: /ip ipsec profile \"x\": nat-traversal: a number is not accepted here"},
	{IPSEC("profile = ( { name = \"x\"; lifetime = 1.5; } );\n"),
	 "t.conf:6: /ip ipsec profile \"x\": lifetime: takes no fractions"},
	{IPSEC("profile = ( { name = \"x\"; lifetime = ( \"1d\" ); } );\n"),
	 "t.conf:6: /ip ipsec profile \"x\": lifetime: takes one value, not a list"},
	{IPSEC("profile = ( { name = \"x y\"; } );\n"),
	 "t.conf:6: /ip ipsec profile \"x y\": name: \"x y\" is not a name"},
	{IPSEC("profile = ( { name = \"x\"; prf-algorithm = \"md5\"; } );\n"),
	 "t.conf:6: /ip ipsec profile \"x\": prf-algorithm: \"md5\" is not known; accepted: auto, "
	 "sha1, sha256, sha384, sha512"},
	{IPSEC("peer = ( { name = \"x\"; exchange-mode = \"base\"; } );\n"),
	 "t.conf:6: /ip ipsec peer \"x\": exchange-mode: \"base\" is not supported: no peer needs "
	 "it; nearest accepted: \"main\""},
	{IPSEC("profile = ( { name = \"x\"; dh-group = \"modp1024s160\"; } );\n"),
	 "t.conf:6: /ip ipsec profile \"x\": dh-group: \"modp1024s160\" MUST NOT be used (RFC 8247 "
	 "section 2.4); nearest accepted: \"modp2048\""},
	{IPSEC("peer = ( { name = \"x\"; address = \"203.0.113.256\"; } );\n"),
	 "t.conf:6: /ip ipsec peer \"x\": address: \"203.0.113.256\" is neither an address nor a "
	 "name"},
	{IPSEC("peer = ( { name = \"x\"; port = 70000; } );\n"),
	 "t.conf:6: /ip ipsec peer \"x\": port: \"70000\" is not a number from 1 to 65535"},
	{IPSEC("peer = ( { name = \"x\"; allow-weak = \"modp786\"; } );\n"),
	 "t.conf:6: /ip ipsec peer \"x\": allow-weak: \"modp786\" is not known; accepted: ikev1, "
	 "modp768, modp1024, modp1536, md5, sha1, 3des, null, aggressive, modp2048s256, "
	 "short-secret; did you mean \"modp768\"?"},
	{IPSEC("identity = ( { auth-method = \"eap\"; } );\n"),
	 "t.conf:6: /ip ipsec identity: auth-method: \"eap\" (IKEv2) is for roaming users"},
	{IPSEC("identity = ( { auth-method = \"rsa-key\"; } );\n"),
	 "t.conf:6: /ip ipsec identity: auth-method: \"rsa-key\" (IKEv1) is not supported"},
	{IPSEC("identity = ( { generate-policy = \"yes\"; } );\n"),
	 "t.conf:6: /ip ipsec identity: generate-policy: \"yes\" is not known; accepted: no, "
	 "port-override, port-strict"},
	{IPSEC("identity = ( { notrack-chain = \"prerouting\"; } );\n"),
	 "t.conf:6: /ip ipsec identity: notrack-chain: the fast path tracks no connections"},
	{IPSEC("identity = ( { my-id = \"fqdn\"; } );\n"),
	 "t.conf:6: /ip ipsec identity: my-id: \"fqdn\" is not an identity"},
	{IPSEC("identity = ( { my-id = \"ignore\"; } );\n"),
	 "t.conf:6: /ip ipsec identity: my-id: \"ignore\" is not an identity"},
	{IPSEC("identity = ( { remote-id = \"dn:CN=x\"; } );\n"),
	 "t.conf:6: /ip ipsec identity: remote-id: \"dn\" names a certificate"},
	{IPSEC("identity = ( { remote-id = \"address:1.2.3\"; } );\n"),
	 "t.conf:6: /ip ipsec identity: remote-id: \"address:1.2.3\" has no IP address"},
	{IPSEC("identity = ( { remote-id = \"user-fqdn:nobody\"; } );\n"),
	 "t.conf:6: /ip ipsec identity: remote-id: \"user-fqdn:nobody\": a user-fqdn has the form"},
	{IPSEC("identity = ( { secret = \"0x123\"; } );\n"),
	 "t.conf:6: /ip ipsec identity: secret: 0x must be followed by an even number of hex"},
	{IPSEC("identity = ( { secret = 123456; } );\n"),
	 "t.conf:6: /ip ipsec identity: secret: a number is not accepted here; write the value in "
	 "quotes"},
	{IPSEC("policy = ( { level = \"uniq\"; } );\n"),
	 "t.conf:6: /ip ipsec policy: level: \"uniq\" is not known; accepted: require, unique, "
	 "use"},
	{IPSEC("policy = ( { ipsec-protocols = \"ah\"; } );\n"),
	 "t.conf:6: /ip ipsec policy: ipsec-protocols: \"ah\" does not encrypt"},
	{IPSEC("policy = ( { template = \"maybe\"; } );\n"),
	 "t.conf:6: /ip ipsec policy: template: \"maybe\" is not yes or no"},
	{IPSEC("policy-group = ( { name = \"a b\"; } );\n"),
	 "t.conf:6: /ip ipsec policy group \"a b\": name: \"a b\" is not a name"},
	{IPSEC("peer-group = ( );\n"), "t.conf:6: \"peer-group\" is not a menu of /ip ipsec"},
	{IPSEC("policy = ( { src-address = \"192.168.1.5/24\"; } );\n"),
	 "t.conf:6: /ip ipsec policy: src-address: \"192.168.1.5/24\" has bits set behind its "
	 "length; the network is \"192.168.1.0/24\""},
	{IPSEC("policy = ( { src-address = \"192.168.1.0/33\"; } );\n"),
	 "t.conf:6: /ip ipsec policy: src-address: \"192.168.1.0/33\" is not an IPv4 or IPv6 "
	 "prefix"},
	{IPSEC("policy = ( { protocol = \"tpc\"; } );\n"),
	 "t.conf:6: /ip ipsec policy: protocol: \"tpc\" is not known"},
	{IPSEC("policy = ( { ph2-count = 1; } );\n"),
	 "t.conf:6: /ip ipsec policy: ph2-count: read-only"},
	{IPSEC("policy = ( { comment = \"a\\x1b[31m\"; } );\n"),
	 "t.conf:6: /ip ipsec policy: comment: holds a control character"},
	{IPSEC("settings = { accounting = true; };\n"),
	 "t.conf:6: /ip ipsec settings: accounting: RADIUS is not part"},
	{NET "};\ndataplane = { max-sas = 1000; };\n",
	 "t.conf:6: /dataplane: max-sas: 1000 is not a power of two"},
	{NET "};\ndataplane = { worker = 2; };\n",
	 "t.conf:6: /dataplane: worker: no such property; did you mean \"workers\"?"},
};

static const struct bad net[] = {
	{"interface = ( { name = \"a\"; } );\n", "t.conf:1: /interface \"a\": device is missing"},
	{"interface = ( { name = \"a\"; device = \"net_tap0,iface=x\"; },\n"
	 "{ name = \"a\"; device = \"net_tap1\"; } );\n",
	 "t.conf:2: /interface: the name \"a\" stands there twice, first in line 1"},
	{"interface = ( { name = \"a\"; device = \"net_tap0,iface=x\"; },\n"
	 "{ name = \"b\"; device = \"net_tap0,iface=y\"; } );\n",
	 "t.conf:2: /interface \"b\": device \"net_tap0,iface=y\" already belongs to \"a\""},
	{NET "route = ( { gateway = \"192.0.2.1\"; }, { gateway = \"192.0.2.1\"; distance = 2; } "
	     ");\n};\n",
	 "t.conf:5: /ip route: line 5 has the same dst-address and gateway"},
	{NET "route = ( { gateway = \"198.51.100.1\"; } );\n};\n",
	 "t.conf:5: /ip route: gateway: 198.51.100.1 lies in no network of /ip address"},
	{NET "route = ( { gateway = \"192.0.2.2\"; } );\n};\n",
	 "t.conf:5: /ip route: gateway: 192.0.2.2 is an address of our own"},
	{NET "route = ( { gateway = \"wam\"; } );\n};\n",
	 "t.conf:5: /ip route: gateway: \"wam\" is neither an IPv4 address nor the name of an "
	 "interface; did you mean \"wan\"?"},
	{NET "route = ( { dst-address = \"10.0.0.0/8\"; } );\n};\n",
	 "t.conf:5: /ip route: gateway is missing"},
	{"interface = ( { name = \"lan\"; device = \"d\"; } );\n"
	 "ip = { address = ( { address = \"10.0.0.1/24\"; interface = \"lna\"; } ); };\n",
	 "t.conf:2: /ip address: interface: there is no /interface named \"lna\"; did you mean "
	 "\"lan\"?"},
	{"interface = ( { name = \"lan\"; device = \"d\"; } );\n"
	 "ip = { address = ( { address = \"10.0.0.1/24\"; } ); };\n",
	 "t.conf:2: /ip address: interface is missing"},
	{"interface = ( { name = \"lan\"; device = \"d\"; } );\n"
	 "ip = { address = ( { address = \"10.0.0.0/24\"; interface = \"lan\"; } ); };\n",
	 "t.conf:2: /ip address: address: 10.0.0.0/24 is the network itself"},
	{"interface = ( { name = \"lan\"; device = \"d\"; } );\n"
	 "ip = { address = ( { network = \"10.0.1.0\"; address = \"10.0.0.1/24\"; } ); };\n",
	 "t.conf:2: /ip address: network: is that of address; another one cannot be had"},
	{"interface = ( { name = \"lan\"; device = \"d\"; } );\n"
	 "ip = { address = ( { address = \"10.0.0.255/24\"; interface = \"lan\"; } ); };\n",
	 "t.conf:2: /ip address: address: 10.0.0.255/24 is the broadcast address"},
	{"interface = ( { name = \"lan\"; device = \"d\"; } );\n"
	 "ip = { address = ( { address = \"127.0.0.1/8\"; interface = \"lan\"; } ); };\n",
	 "t.conf:2: /ip address: address: 127.0.0.1/8 cannot be an address"},
	{NET "};\ninterface = ( );\n", "t.conf:6: duplicate setting name"},
};

static const struct bad ipsec[] = {
	{IPSEC(PROFILE PEER "identity = ( { peer = \"p\"; } );\n"),
	 "t.conf:8: /ip ipsec identity: secret is missing"},
	{IPSEC(PROFILE PEER IDENTITY "policy = ( { tunnel = true; src-address = \"10.0.0.0/8\"; "
				     "dst-address = \"11.0.0.0/8\"; } );\n"),
	 "t.conf:9: /ip ipsec policy: peer is missing"},
	{IPSEC(PROFILE PEER IDENTITY PROPOSAL "policy = ( { peer = \"p\"; src-address = "
					      "\"10.0.0.0/8\"; dst-address = \"11.0.0.0/8\"; "
					      "proposal = \"e\"; } );\n"),
	 "t.conf:10: /ip ipsec policy: src-address: with tunnel=no (RouterOS's default, transport "
	 "mode) it must be the SA's address, 192.0.2.2/32 (our address towards the peer); between "
	 "networks, say tunnel = true"},
	{IPSEC(PROFILE PEER IDENTITY POLICY),
	 "t.conf:9: /ip ipsec policy: proposal: there is no /ip ipsec proposal named \"e\""},
	{IPSEC("peer = ( { name = \"p\"; address = \"192.0.2.9\"; profile = \"to_tencemt\"; } );\n"
	       "profile = ( { name = \"to_tencent\"; } );\n"),
	 "t.conf:6: /ip ipsec peer \"p\": profile: there is no /ip ipsec profile named "
	 "\"to_tencemt\"; did you mean \"to_tencent\"?"},
	{IPSEC(PROFILE PEER IDENTITY PROPOSAL POLICY) "x = 1;\n", "t.conf:12: \"x\" is not"},
	{IPSEC(PROFILE "peer = ( { name = \"p\"; address = \"198.51.100.1\"; profile = \"f\"; "
		       "allow-weak = \"ikev1\"; } );\n" IDENTITY),
	 "t.conf:7: /ip ipsec peer \"p\": address: no route leads to 198.51.100.1"},
	{IPSEC(PROFILE "peer = ( { name = \"p\"; address = \"192.0.2.9\"; profile = \"f\"; "
		       "local-address = \"192.0.2.3\"; } );\n" IDENTITY),
	 "t.conf:7: /ip ipsec peer \"p\": local-address: 192.0.2.3 is not an address in /ip "
	 "address"},
	{IPSEC(PROFILE "peer = ( { name = \"p\"; address = \"192.0.2.2\"; profile = \"f\"; "
		       "} );\n" IDENTITY),
	 "t.conf:7: /ip ipsec peer \"p\": address: 192.0.2.2 is an address of our own"},
	{IPSEC(PROFILE "peer = ( { name = \"p\"; address = \"192.0.2.9\"; profile = \"f\"; },\n"
		       "{ name = \"q\"; address = \"192.0.2.9\"; profile = \"f\"; } );\n" IDENTITY),
	 "t.conf:8: /ip ipsec peer \"q\": address: \"p\" in line 7 has the same address"},
	{IPSEC(PROFILE "peer = ( { name = \"p\"; address = \"192.0.2.9\"; profile = \"f\"; "
		       "exchange-mode = \"aggressive\"; },\n"
		       "{ name = \"q\"; address = \"192.0.2.9\"; profile = \"f\"; "
		       "exchange-mode = \"aggressive\"; } );\n"
		       "identity = ( { peer = \"p\"; secret = \"01234567890123456789\"; "
		       "remote-id = \"fqdn:one.example\"; },\n"
		       "{ peer = \"q\"; secret = \"01234567890123456789\"; "
		       "remote-id = \"fqdn:ONE.example\"; } );\n"),
	 "t.conf:8: /ip ipsec peer \"q\": address: \"p\" in line 7 has the same address and "
	 "remote-id, so they cannot be told apart"},
	{IPSEC("profile = ( { name = \"f\"; dh-group = \"modp2048\"; }, { name = \"g\"; "
	       "dh-group = \"modp2048\"; } );\n"
	       "peer = ( { name = \"p\"; address = \"192.0.2.9\"; profile = \"f\"; "
	       "exchange-mode = \"ike2\"; },\n"
	       "{ name = \"q\"; address = \"192.0.2.9\"; profile = \"g\"; "
	       "exchange-mode = \"ike2\"; } );\n"
	       "identity = ( { peer = \"p\"; secret = \"01234567890123456789\"; "
	       "remote-id = \"fqdn:one.example\"; },\n"
	       "{ peer = \"q\"; secret = \"01234567890123456789\"; "
	       "remote-id = \"fqdn:two.example\"; } );\n"),
	 "t.conf:8: /ip ipsec peer \"q\": profile: \"p\" in line 7 has the same address and "
	 "another "
	 "profile"},
	{IPSEC(PROFILE PEER "identity = ( { peer = \"p\"; secret = \"01234567890123456789\"; },\n"
			    "{ peer = \"p\"; secret = \"01234567890123456789\"; } );\n"),
	 "t.conf:9: /ip ipsec identity: peer \"p\" has one in line 8"},
	{IPSEC(PROFILE PEER IDENTITY PROPOSAL
	       "policy = ( { peer = \"p\"; tunnel = true; src-address = \"10.0.0.0/8\"; "
	       "dst-address = \"11.0.0.0/8\"; proposal = \"e\"; },\n"
	       "{ action = \"discard\"; src-address = \"10.0.0.0/8\"; dst-address = "
	       "\"11.0.0.0/8\"; } );\n"),
	 "t.conf:11: /ip ipsec policy: it covers the same packets as the one in line 10"},
	{IPSEC("policy = ( { action = \"discard\"; src-address = \"10.0.0.0/8\"; dst-address = "
	       "\"11.0.0.0/8\"; dst-port = 80; } );\n"),
	 "t.conf:6: /ip ipsec policy: protocol: src-port and dst-port need tcp or udp"},
	{IPSEC("policy = ( { action = \"discard\"; src-address = \"10.0.0.0/8\"; dst-address = "
	       "\"11.0.0.0/8\"; replay-window = 100; } );\n"),
	 "t.conf:6: /ip ipsec policy: replay-window: not a multiple of 64"},
};

static const struct bad weak[] = {
	{IPSEC(PROFILE "peer = ( { name = \"p\"; address = \"192.0.2.9\"; profile = \"f\";\n"
		       "exchange-mode = \"main\"; } );\n" IDENTITY),
	 "t.conf:8: /ip ipsec peer \"p\": exchange-mode: main, a mode of IKEv1, is weak; to use it "
	 "nevertheless add \"ikev1\" to allow-weak of /ip ipsec peer \"p\" or of /ip ipsec "
	 "settings"},
	{IPSEC(PROFILE "peer = ( { name = \"p\"; address = \"192.0.2.9\"; profile = \"f\";\n"
		       "exchange-mode = \"aggressive\"; allow-weak = \"ikev1\"; } );\n" IDENTITY),
	 "t.conf:8: /ip ipsec peer \"p\": exchange-mode: aggressive, a mode of IKEv1 that shows "
	 "everybody who asks a hash of the secret, to guess it from at leisure, is weak; to use it "
	 "nevertheless add \"aggressive\" to allow-weak of /ip ipsec peer \"p\""},
	{IPSEC("profile = ( { name = \"f\"; dh-group = \"modp2048s256\"; } );\n" PEER IDENTITY),
	 "t.conf:6: /ip ipsec profile \"f\": dh-group: modp2048s256 is weak; to use it "
	 "nevertheless "
	 "add \"modp2048s256\" to allow-weak"},
	{IPSEC("profile = ( { name = \"f\"; dh-group = \"modp768\"; } );\n" PEER IDENTITY),
	 "t.conf:6: /ip ipsec profile \"f\": dh-group: modp768 is weak; to use it nevertheless add "
	 "\"modp768\" to allow-weak of /ip ipsec peer \"p\""},
	{IPSEC("profile = ( { name = \"f\"; dh-group = \"ecp256\"; hash-algorithm = \"md5\"; } "
	       ");\n" PEER IDENTITY),
	 "t.conf:6: /ip ipsec profile \"f\": hash-algorithm: md5 is weak"},
	{IPSEC("profile = ( { name = \"f\"; dh-group = \"ecp256\"; enc-algorithm = \"3des\"; } "
	       ");\n" PEER IDENTITY),
	 "t.conf:6: /ip ipsec profile \"f\": enc-algorithm: 3des is weak"},
	{IPSEC(PROFILE PEER IDENTITY
	       "proposal = ( { name = \"e\"; auth-algorithms = \"sha256\"; } );\n" POLICY),
	 "t.conf:9: /ip ipsec proposal \"e\": pfs-group: modp1024 (the default) is weak; to use it "
	 "nevertheless add \"modp1024\" to allow-weak of /ip ipsec peer \"p\" or of /ip ipsec "
	 "settings, or say another one"},
	{IPSEC("peer = ( { name = \"p\"; address = \"192.0.2.9\"; allow-weak = \"ikev1\"; } "
	       ");\n" IDENTITY),
	 "t.conf:6: /ip ipsec profile \"default\": dh-group: modp1024 (the default) is weak"},
	{IPSEC("settings = { allow-weak = \"ikev1,modp768\"; };\n"
	       "profile = ( { name = \"f\"; dh-group = \"modp768\"; } );\n"
	       "peer = ( { name = \"p\"; address = \"192.0.2.9\"; profile = \"f\"; allow-weak = "
	       "\"ikev1\"; } );\n" IDENTITY),
	 "t.conf:7: /ip ipsec profile \"f\": dh-group: modp768 is weak"},
};

static bool has_line(const char *told, const char *begin)
{
	for (const char *p = told; p && *p; p = strchr(p, '\n')) {
		p += *p == '\n';
		if (strncmp(p, begin, strlen(begin)) == 0)
			return true;
	}
	return false;
}

static void refuse_all(const struct bad *bad, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char *told;
		struct model *m = load_text(bad[i].text, &told);

		if (m || !has_line(told, bad[i].told))
			fail_msg("case %zu: expected\n%s\ntold\n%s", i, bad[i].told, told);
		free(told);
	}
}

#define REFUSES(name, table)                                                                       \
	static void name(void **state)                                                             \
	{                                                                                          \
		(void)state;                                                                       \
		refuse_all(table, sizeof(table) / sizeof(table[0]));                               \
	}

REFUSES(refuses_bad_structure, syntax)
REFUSES(refuses_bad_values, values)
REFUSES(refuses_bad_nets, net)
REFUSES(refuses_what_does_not_fit_together, ipsec)
REFUSES(refuses_weak_things_without_permission, weak)

static void takes_the_pieces_these_tests_are_made_of(void **state)
{
	(void)state;
	model_free(load_good(IPSEC(PROFILE PEER IDENTITY PROPOSAL POLICY)));
}

static void tells_everything_at_once(void **state)
{
	char *told;

	(void)state;
	assert_null(
		load_text(IPSEC("profile = ( { name = \"x\"; lifetime = \"1y\"; nosuch = 1; } );\n"
				"peer = ( { name = \"p\"; profile = \"nobody\"; } );\n"),
			  &told));
	assert_true(has_line(told, "t.conf:6: /ip ipsec profile \"x\": lifetime"));
	assert_true(has_line(told, "t.conf:6: /ip ipsec profile \"x\": nosuch"));
	assert_true(has_line(told, "t.conf:7: /ip ipsec peer \"p\": address is missing"));
	assert_true(has_line(told, "t.conf:7: /ip ipsec peer \"p\": profile: there is no"));
	free(told);
}

static void what_it_tells_is_bounded(void **state)
{
	char *text = calloc(1, 200000), *told, *p = text;

	(void)state;
	for (int i = 0; i < 5000; i++)
		p += sprintf(p, "unknown%d = 1;\n", i);
	assert_null(load_text(text, &told));
	assert_non_null(strstr(told, "and 4901 more\n")); /* one more: no interface */
	free(told);
	free(text);
}

static void a_secret_is_never_repeated(void **state)
{
	static const char *const wrong[] = {"0xSECRETSECRET", "0xSECRETX"};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		char text[2048], *told;

		snprintf(text, sizeof(text),
			 IPSEC(PROFILE PEER "identity = ( { peer = \"p\"; secret = \"%s\"; } );\n"),
			 wrong[i]);
		assert_null(load_text(text, &told));
		assert_null(strstr(told, "SECRET"));
		assert_true(has_line(told, "t.conf:8: /ip ipsec identity: secret:"));
		free(told);
	}
}

static void warns_of_poor_secrets(void **state)
{
	char *told;
	struct model *m = load_text(
		IPSEC(PROFILE PEER "identity = ( { peer = \"p\"; secret = \"short\"; } );\n"),
		&told);

	(void)state;
	assert_non_null(m);
	assert_true(has_line(told,
			     "t.conf:8: warning: /ip ipsec identity: the secret for peer \"p\" "
			     "is shorter than 20 bytes"));
	free(told);
	model_free(m);
	m = load_text(IPSEC(PROFILE PEER "identity = ( { peer = \"p\"; secret = "
					 "\"0123456789012345678901234 \"; } );\n"),
		      &told);
	assert_non_null(m);
	assert_true(has_line(told,
			     "t.conf:8: warning: /ip ipsec identity: the secret for peer \"p\" "
			     "begins or ends with a blank"));
	free(told);
	model_free(m);
}

static void sha1_is_noticed_and_allowed(void **state)
{
	char *told;
	struct model *m = load_text(IPSEC("profile = ( { name = \"f\"; dh-group = \"ecp256\"; } "
					  ");\n" PEER IDENTITY),
				    &told);

	(void)state;
	assert_non_null(m);
	assert_true(has_line(told,
			     "t.conf:6: warning: /ip ipsec profile \"f\": hash-algorithm: sha1 "
			     "(the default) is on its way out"));
	free(told);
	model_free(m);
}

static void a_peer_falls_back_on_the_settings(void **state)
{
	(void)state;
	model_free(load_good(
		IPSEC("settings = { allow-weak = [ \"ikev1\", \"modp768\" ]; };\n"
		      "profile = ( { name = \"f\"; dh-group = \"modp768\"; hash-algorithm = "
		      "\"sha256\"; } );\n"
		      "peer = ( { name = \"p\"; address = \"192.0.2.9\"; profile = \"f\"; } "
		      ");\n" IDENTITY)));
}

static void unused_weak_things_are_not_looked_at(void **state)
{
	(void)state;
	model_free(load_good(IPSEC("profile = ( { name = \"x\"; dh-group = \"modp768\"; } );\n"
				   "proposal = ( { name = \"y\"; auth-algorithms = \"md5\"; } );\n"
				   "peer = ( { name = \"p\"; address = \"192.0.2.9\"; profile = "
				   "\"x\"; disabled = true; } );\n")));
}

static void what_asks_for_nothing_may_be_said(void **state)
{
	(void)state;
	model_free(load_good(IPSEC(
		PROFILE PEER "identity = ( { peer = \"p\"; secret = \"01234567890123456789\"; "
			     "generate-policy = \"no\"; match-by = \"remote-id\"; "
			     "policy-template-group = \"default\"; } );\n" PROPOSAL
			     "policy = ( { peer = \"p\"; tunnel = \"yes\"; template = false; "
			     "src-address = \"192.168.1.0/24\"; dst-address = "
			     "\"10.1.0.0/16\"; proposal = \"e\"; } );\n")));
	/* RouterOS says it twice, in either order */
	model_free(load_good("interface = ( { name = \"lan\"; device = \"d\"; } );\n"
			     "ip = { address = ( { network = \"10.0.0.0\"; interface = \"lan\"; "
			     "address = \"10.0.0.1/24\"; } ); };\n"));
}

static void the_default_profile_can_be_changed(void **state)
{
	struct model *m =
		load_good(IPSEC("profile = ( { name = \"default\"; dh-group = \"ecp384\"; } );\n"));

	(void)state;
	assert_int_equal(m->table[MENU_PROFILE].n, 1);
	assert_string_equal(
		schema_menu(MENU_PROFILE)
			->props[PROFILE_DH]
			.domain->words[m->table[MENU_PROFILE].rows[0].values[PROFILE_DH].list[0]]
			.name,
		"ecp384");
	model_free(m);
}

static void a_file_with_secrets_must_be_private(void **state)
{
	static const char text[] = IPSEC(PROFILE PEER IDENTITY);
	static const mode_t open_modes[] = {0644, 0640, 0604, 0620, 0602, 0666};
	static struct problems problems;

	(void)state;
	for (size_t i = 0; i < sizeof(open_modes) / sizeof(open_modes[0]); i++) {
		char *told, expected[128];

		load_write("t.conf", text, sizeof(text) - 1, open_modes[i]);
		problems_init(&problems);
		assert_null(model_load("t.conf", &problems));
		told = problems_text(&problems);
		snprintf(
			expected, sizeof(expected),
			"t.conf:8: the file holds a secret, but its mode %04o lets group or others "
			"at it; make it 0600",
			open_modes[i]);
		assert_true(has_line(told, expected));
		free(told);
		problems_free(&problems);
	}
	load_write("t.conf", text, sizeof(text) - 1, 0400);
	problems_init(&problems);
	model_free(model_load("t.conf", &problems));
	assert_int_equal(problems.n_errors, 0);
	problems_free(&problems);
}

static void without_secrets_anybody_may_read_it(void **state)
{
	static const char text[] = NET "};\n";
	static struct problems problems;

	(void)state;
	load_write("t.conf", text, sizeof(text) - 1, 0644);
	problems_init(&problems);
	model_free(model_load("t.conf", &problems));
	assert_int_equal(problems.n_errors, 0);
	problems_free(&problems);
}

static void the_shipped_files_are_good(void **state)
{
	static const char *const names[] = {"tutorial.conf", "reference.conf"};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		size_t len;
		char *text = load_conf(names[i], &len);

		model_free(load_good(text));
		free(text);
	}
}

static void a_missing_file_is_told(void **state)
{
	static struct problems problems;
	char *told;

	(void)state;
	problems_init(&problems);
	assert_null(model_load("nosuch.conf", &problems));
	told = problems_text(&problems);
	assert_string_equal(told, "nosuch.conf: No such file or directory\n");
	free(told);
	problems_free(&problems);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_the_pieces_these_tests_are_made_of),
		cmocka_unit_test(refuses_bad_structure),
		cmocka_unit_test(refuses_bad_values),
		cmocka_unit_test(refuses_bad_nets),
		cmocka_unit_test(refuses_what_does_not_fit_together),
		cmocka_unit_test(refuses_weak_things_without_permission),
		cmocka_unit_test(tells_everything_at_once),
		cmocka_unit_test(what_it_tells_is_bounded),
		cmocka_unit_test(a_secret_is_never_repeated),
		cmocka_unit_test(warns_of_poor_secrets),
		cmocka_unit_test(sha1_is_noticed_and_allowed),
		cmocka_unit_test(a_peer_falls_back_on_the_settings),
		cmocka_unit_test(unused_weak_things_are_not_looked_at),
		cmocka_unit_test(what_asks_for_nothing_may_be_said),
		cmocka_unit_test(the_default_profile_can_be_changed),
		cmocka_unit_test(a_file_with_secrets_must_be_private),
		cmocka_unit_test(without_secrets_anybody_may_read_it),
		cmocka_unit_test(the_shipped_files_are_good),
		cmocka_unit_test(a_missing_file_is_told),
	};

	return cmocka_run_group_tests(tests, load_setup, load_teardown);
}
