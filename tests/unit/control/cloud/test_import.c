/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * test_import.c - clouds' files become configurations that load, and mean what the cloud says;
 * what cannot be is refused by name.
 */
#include "tests/unit/control/model/load.h"

#include "control/cloud/cloud.h"
#include "control/model/addr.h"
#include "control/model/apply.h"

#define OURS  "139.196.10.2"
#define CLOUD "116.62.1.2"

#define SITE                                                                                       \
	"interface = ( { name = \"wan\"; device = \"net_null0\"; } );\n"                           \
	"ip = { address = ( { address = \"" OURS "/24\"; interface = \"wan\"; } );\n"              \
	"route = ( { gateway = \"139.196.10.1\"; } );\nipsec = {\n%s}; };\n"

/* Alibaba's answer; how: "Local" and "Remote" of today are ours and the cloud's. */
#define ALIBABA(local, remote, local_net, remote_net, ike, more)                                   \
	"{ \"RequestId\": \"x\", \"VpnConnectionConfig\": { \"Local\": \"" local                   \
	"\", \"Remote\": \"" remote "\", \"LocalSubnet\": \"" local_net                            \
	"\", \"RemoteSubnet\": \"" remote_net "\", \"IkeConfig\": { \"LocalId\": \"" local         \
	"\", \"RemoteId\": \"" remote                                                              \
	"\", \"Psk\": \"a \\\"secret\\\" of \\\\ 32 bytes, really.\", "                            \
	"\"IkeLifetime\": 86400, \"IkeEncAlg\": \"aes\", \"IkeMode\": \"main\", \"IkePfs\": "      \
	"\"group14\", \"IkeAuthAlg\": \"sha256\", " ike " }, \"IpsecConfig\": { "                  \
	"\"IpsecAuthAlg\": \"sha256\", \"IpsecEncAlg\": \"aes256\", \"IpsecLifetime\": 3600, "     \
	"\"IpsecPfs\": \"group14\" }" more " } }"
#define V2 "\"IkeVersion\": \"ikev2\""
#define V1 "\"IkeVersion\": \"ikev1\""

static struct cloud_request request(const char *ours)
{
	struct cloud_request req = {.n_ours = ours != NULL};

	if (ours != NULL)
		assert_int_equal(addr_parse(ours, &req.ours[0]), 0);
	return req;
}

static int import(const char *data, const struct cloud_request *req, struct text *out,
		  struct text *why)
{
	static struct cloud_config c;
	enum cloud_end ours;
	int rc = cloud_read(data, strlen(data), req, &c, why);

	if (rc == 0)
		rc = cloud_side(&c, req, &ours, why);
	if (rc == 0)
		rc = cloud_write(&c, req, ours, out, why);
	cloud_wipe(&c);
	return rc;
}

/* The plan that comes of a file. */
static struct model_plan *plan_of(const char *data, const struct cloud_request *req,
				  struct model **m)
{
	static struct problems problems;
	struct text out = {0}, why = {0}, conf = {0};
	struct model_plan *plan;

	if (import(data, req, &out, &why) != 0)
		fail_msg("refused: %s", why.s);
	text_printf(&conf, SITE, out.s);
	*m = load_good(conf.s);
	problems_init(&problems);
	plan = model_plan_new(*m, NULL, &problems);
	assert_non_null(plan);
	problems_free(&problems);
	text_free(&out);
	text_free(&conf);
	return plan;
}

static void assert_refused(const char *data, const struct cloud_request *req, const char *what)
{
	struct text out = {0}, why = {0};

	if (import(data, req, &out, &why) == 0)
		fail_msg("taken: %s", out.s);
	if (strstr(why.s, what) == NULL)
		fail_msg("told \"%s\" instead of \"%s\"", why.s, what);
	assert_null(strstr(why.s, "secret"));
	text_free(&out);
	text_free(&why);
}

static void assert_addr(const struct abi_addr *a, const char *text)
{
	char buf[ADDR_MAX_TEXT];

	assert_string_equal(addr_text(a, buf), text);
}

static void assert_net(const struct abi_range *r, const char *first)
{
	struct abi_addr a = {.family = r->family};

	memcpy(a.bytes, r->lo, sizeof(a.bytes));
	assert_addr(&a, first);
}

static void both_generations_of_alibaba_mean_the_same(void **state)
{
	/* Today's: local is on-premises. The older one: local is the VPC's side. */
	static const char *const files[] = {
		ALIBABA(OURS, CLOUD, "192.168.1.0/24", "10.0.0.0/8", V2, ""),
		ALIBABA(CLOUD, OURS, "10.0.0.0/8", "192.168.1.0/24", V2, ""),
	};
	struct cloud_request req = request(OURS);

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct model *m;
		struct model_plan *plan = plan_of(files[i], &req, &m);
		const struct ike_peer_conf *p = &plan->peers[0];

		assert_int_equal(plan->n_peers, 1);
		assert_string_equal(p->name, "alibaba");
		assert_addr(&p->remote, CLOUD);
		assert_int_equal(p->mode, IKE_MODE_IKE2);
		assert_int_equal(p->my_id.type, IKE_ID_IPV4);
		assert_int_equal(p->my_id.data[0], 139);
		assert_int_equal(p->remote_id.data[0], 116);
		assert_int_equal(p->psk_len, 33);
		assert_memory_equal(p->psk, "a \"secret\" of \\ 32 bytes, really.", 33);
		assert_int_equal(p->profile.dh[0], 14);
		assert_int_equal(p->profile.lifetime, 86400);
		assert_int_equal(p->n_children, 1);
		assert_net(&p->children[0].local, "192.168.1.0");
		assert_net(&p->children[0].remote, "10.0.0.0");
		assert_int_equal(p->children[0].mode, ABI_MODE_TUNNEL);
		assert_int_equal(p->children[0].proposal.encr[0].key_bits, 256);
		assert_int_equal(p->children[0].proposal.pfs_group, 14);
		assert_int_equal(p->children[0].proposal.lifetime, 3600);
		model_plan_free(plan);
		model_free(m);
	}
}

static void several_networks_share_one_sa_in_version_2_alone(void **state)
{
	struct cloud_request req = request(OURS);
	struct model *m;
	struct model_plan *plan = plan_of(
		ALIBABA(OURS, CLOUD, "172.30.96.0/19", "10.0.0.0/8,172.30.128.0/17", V2, ""), &req,
		&m);

	(void)state;
	assert_int_equal(plan->n_policies, 2);
	assert_int_equal(plan->peers[0].n_children, 1);
	assert_int_equal(ike_child_more(&plan->peers[0].children[0])->n_remote, 1);
	model_plan_free(plan);
	model_free(m);
	assert_refused(ALIBABA(OURS, CLOUD, "172.30.96.0/19", "10.0.0.0/8,172.30.128.0/17", V1, ""),
		       &req, "2 pairs of networks with IKEv1, where an SA has one: set IKEv2");
}

static void without_an_address_of_ours_the_side_is_asked_for(void **state)
{
	struct cloud_request req = request(NULL), wrong = request("192.0.2.1");

	(void)state;
	assert_refused(ALIBABA(OURS, CLOUD, "192.168.1.0/24", "10.0.0.0/8", V2, ""), &req,
		       "neither end is known as ours: " OURS " and " CLOUD
		       "; say our public address with --local ADDRESS");
	assert_refused(ALIBABA(OURS, CLOUD, "192.168.1.0/24", "10.0.0.0/8", V2, ""), &wrong,
		       "neither end is known as ours");
	assert_int_equal(addr_parse(OURS, &wrong.ours[0]), 0);
	assert_int_equal(addr_parse(CLOUD, &wrong.ours[wrong.n_ours++]), 0);
	assert_refused(ALIBABA(OURS, CLOUD, "192.168.1.0/24", "10.0.0.0/8", V2, ""), &wrong,
		       "both ends have addresses of ours: ");
}

#define TUNNEL(id, local, remote)                                                                  \
	"{ \"TunnelId\": \"" id "\", \"Local\": \"" local "\", \"Remote\": \"" remote              \
	"\", \"IkeConfig\": { \"Psk\": \"01234567890123456789\", \"IkeVersion\": \"ikev2\", "      \
	"\"IkeEncAlg\": \"aes\", \"IkeAuthAlg\": \"sha1\", \"IkePfs\": \"group14\", \"LocalId\": " \
	"\"" local "\", \"RemoteId\": \"cloud.example\" }, \"IpsecConfig\": { \"IpsecEncAlg\": "   \
	"\"aes\", \"IpsecAuthAlg\": \"sha1\", \"IpsecPfs\": \"disabled\" } }"
#define TUNNELS(a, b) ", \"TunnelsConfig\": { \"TunnelConfig\": [ " a ", " b " ] }"

static void one_of_two_tunnels_can_be_taken(void **state)
{
	const char *file =
		ALIBABA(OURS, CLOUD, "192.168.1.0/24", "10.0.0.0/8", V2,
			TUNNELS(TUNNEL("tun-a", OURS, CLOUD), TUNNEL("tun-b", OURS, "116.62.9.9")));
	struct cloud_request req = request(OURS);
	struct model_plan *plan;
	struct model *m;

	(void)state;
	req.tunnel = 2;
	plan = plan_of(file, &req, &m);
	assert_addr(&plan->peers[0].remote, "116.62.9.9");
	assert_string_equal(plan->peers[0].comment, "tun-b");
	assert_int_equal(plan->peers[0].remote_id.type, IKE_ID_FQDN);
	assert_int_equal(plan->peers[0].children[0].proposal.pfs_group, 0);
	model_plan_free(plan);
	model_free(m);
	req.tunnel = 0; /* both: the second one stands by */
	plan = plan_of(file, &req, &m);
	assert_int_equal(plan->n_peers, 2);
	assert_string_equal(plan->peers[1].name, "alibaba-2");
	assert_int_equal(plan->n_standbys, 1);
	assert_string_equal(plan->policy_peers[plan->standbys[0].first], "alibaba-1");
	assert_string_equal(plan->policy_peers[plan->standbys[0].second], "alibaba-2");
	model_plan_free(plan);
	model_free(m);
	assert_refused(
		ALIBABA(OURS, CLOUD, "192.168.1.0/24", "10.0.0.0/8", V2,
			TUNNELS(TUNNEL("tun-a", CLOUD, OURS), TUNNEL("tun-b", "116.62.9.9", OURS))),
		&req, "Local and Remote of tunnel 1 are turned round");
}

#define TENCENT(version, enc, auth, group, route, spd)                                             \
	"{ \"Response\": { \"TotalCount\": 1, \"VpnConnectionSet\": [ { \"VpnConnectionId\": "     \
	"\"vpnx-1\", \"VpnConnectionName\": \"to_idc\", \"PreShareKey\": "                         \
	"\"0x12345678901234567890\""                                                               \
	", \"RouteType\": \"" route "\", \"IKEOptionsSpecification\": { \"IKEVersion\": "          \
	"\"" version "\", \"PropoEncryAlgorithm\": \"" enc "\", \"PropoAuthenAlgorithm\": \"" auth \
	"\", \"ExchangeMode\": \"MAIN\", \"LocalIdentity\": \"ADDRESS\", \"RemoteIdentity\": "     \
	"\"FQDN\", \"LocalAddress\": \"" CLOUD "\", \"RemoteAddress\": \"" OURS                    \
	"\", \"LocalFqdnName\": null, \"RemoteFqdnName\": \"idc.example\", \"DhGroupName\": "      \
	"\"" group "\", \"IKESaLifetimeSeconds\": \"86400\" }, \"IPSECOptionsSpecification\": { "  \
	"\"EncryptAlgorithm\": \"AES-CBC-128\", \"IntegrityAlgorith\": \"SHA1\", \"PfsDhGroup\": " \
	"\"DH-GROUP2\", \"IPSECSaLifetimeSeconds\": 3600, \"IPSECSaLifetimeTraffic\": 1843200 }, " \
	"\"SecurityPolicyDatabaseSet\": [" spd "], \"EnableHealthCheck\": false } ] } }"
#define SPD                                                                                        \
	"{ \"LocalCidrBlock\": \"10.100.1.0/24\", \"RemoteCidrBlock\": [ \"192.168.1.0/24\", "     \
	"\"192.168.2.0/24\" ] }"

static void tencents_connection_is_read(void **state)
{
	struct cloud_request req = request(OURS);
	struct model *m;
	struct model_plan *plan =
		plan_of(TENCENT("IKEV1", "3DES-CBC", "MD5", "GROUP1", "STATIC", SPD), &req, &m);
	const struct ike_peer_conf *p = &plan->peers[0];

	(void)state;
	assert_string_equal(p->name, "tencent");
	assert_int_equal(p->mode, IKE_MODE_MAIN);
	assert_int_equal(p->profile.dh[0], 1);
	assert_int_equal(p->my_id.type, IKE_ID_FQDN);
	assert_memory_equal(p->my_id.data, "idc.example", 11);
	assert_int_equal(p->remote_id.type, IKE_ID_IPV4);
	assert_int_equal(p->psk_len, 22); /* the text, not what it could mean in hexadecimal */
	assert_memory_equal(p->psk, "0x12345678901234567890", 22);
	assert_int_equal(p->n_children, 2);
	assert_net(&p->children[1].local, "192.168.2.0");
	assert_net(&p->children[1].remote, "10.100.1.0");
	assert_int_equal(p->children[0].proposal.pfs_group, 2);
	assert_int_equal(p->children[0].proposal.lifebytes, 1843200);
	model_plan_free(plan);
	model_free(m);
}

static void its_health_check_is_not_overlooked(void **state)
{
	static const char off[] = "\"EnableHealthCheck\": false";
	const char *file = TENCENT("IKEV2", "AES-CBC-128", "SHA-256", "GROUP14", "STATIC", SPD);
	struct cloud_request req = request(OURS);
	struct text with = {0}, out = {0}, why = {0};
	size_t at = (size_t)(strstr(file, off) - file);

	(void)state;
	text_add(&with, file, at);
	text_puts(&with, "\"EnableHealthCheck\": true, \"HealthCheckLocalIp\": \"169.254.1.1\", "
			 "\"HealthCheckRemoteIp\": \"169.254.1.2\"");
	text_puts(&with, file + at + strlen(off));
	assert_int_equal(import(with.s, &req, &out, &why), 0);
	assert_non_null(strstr(out.s, "# The cloud pings 169.254.1.2 from 169.254.1.1."));
	assert_non_null(strstr(out.s, "host = \"169.254.1.1\"; src-address = \"169.254.1.2\""));
	text_free(&with);
	text_free(&out);
}

static void a_routed_connection_needs_to_be_told_its_networks(void **state)
{
	const char *file = TENCENT("IKEV2", "AES-CBC-128", "SHA-256", "GROUP14", "StaticRoute",
				   "{ \"LocalCidrBlock\": \"0.0.0.0/0\", \"RemoteCidrBlock\": "
				   "[ \"0.0.0.0/0\" ] }");
	struct cloud_request req = request(OURS);
	struct model_plan *plan;
	struct model *m;

	(void)state;
	assert_refused(file, &req, "say them with --networks OURS=THEIRS");
	req.n_routed = 1;
	assert_int_equal(cloud_net_parse("192.168.1.7/24", 14, &req.routed[0].net[0]), 0);
	assert_int_equal(cloud_net_parse("10.0.0.0/8", 10, &req.routed[0].net[1]), 0);
	plan = plan_of(file, &req, &m);
	assert_net(&plan->policies[0].local, "192.168.1.0");
	assert_net(&plan->peers[0].children[0].local, "0.0.0.0"); /* what is negotiated */
	assert_net(&ike_child_more(&plan->peers[0].children[0])->use_local[0], "192.168.1.0");
	model_plan_free(plan);
	model_free(m);
	assert_refused(TENCENT("IKEV2", "AES-CBC-128", "MD5", "GROUP14", "STATIC", SPD), &req,
		       "--networks: the file says which networks");
}

static void what_we_cannot_do_is_refused_by_name(void **state)
{
	struct cloud_request req = request(OURS);

	(void)state;
	assert_refused(TENCENT("IKEV1", "DES-CBC", "MD5", "GROUP1", "STATIC", SPD), &req,
		       "PropoEncryAlgorithm: DES-CBC: DES MUST NOT be used");
	assert_refused(TENCENT("IKEV1", "SM4", "MD5", "GROUP1", "STATIC", SPD), &req,
		       "SM4 is not built yet");
	assert_refused(TENCENT("IKEV1", "AES-CBC-128", "MD5", "GROUP7", "STATIC", SPD), &req,
		       "DhGroupName: \"GROUP7\" is not known here");
	assert_refused(TENCENT("IKEV3", "AES-CBC-128", "MD5", "GROUP1", "STATIC", SPD), &req,
		       "IKE version: \"IKEV3\" is not known here");
	assert_refused(TENCENT("IKEV1", "AES-CBC-128", "MD5", "GROUP1", "Bgp", SPD), &req,
		       "RouteType: BGP is not spoken here");
	assert_refused(ALIBABA(OURS, CLOUD, "192.168.1.0/24", "10.0.0.0/8", V2,
			       ", \"VpnBgpConfig\": { \"EnableBgp\": \"true\" }"),
		       &req, "BGP is not spoken here");
	assert_refused(ALIBABA(OURS, CLOUD, "192.168.1.0/33", "10.0.0.0/8", V2, ""), &req,
		       "LocalSubnet: \"192.168.1.0/33\" is not a network");
	assert_refused(ALIBABA(OURS, "116.62.XX.XX", "192.168.1.0/24", "10.0.0.0/8", V2, ""), &req,
		       "Remote: \"116.62.XX.XX\" is not the address of a gateway");
}

static void other_files_are_refused(void **state)
{
	static const struct {
		const char *text, *what;
	} file[] = {
		{"", "neither JSON of a cloud nor commands of Comware"},
		{"{", "not JSON"},
		{"{}", "none of Alibaba's VpnConnectionConfig"},
		{"[]", "not known here"},
		{"{ \"VpnConnectionConfig\": 7 }", "no IkeConfig"},
		{"{ \"VpnConnectionSet\": [] }", "no connection"},
		{"{ \"VpnConnectionSet\": [ 1, 2 ] }", "several connections"},
		{"{ \"VpnConnectionSet\": [ { } ] }", "no IKEOptionsSpecification"},
		{"{ \"CustomerGatewayConfiguration\": \"hello\" }", "hello: not known here"},
	};
	struct cloud_request req = request(OURS);

	(void)state;
	for (size_t i = 0; i < sizeof(file) / sizeof(file[0]); i++)
		assert_refused(file[i].text, &req, file[i].what);
}

#define COMWARE7(more)                                                                             \
	"# VPC\r\n#\r\nike proposal 1\r\n encryption-algorithm aes-cbc-128\r\n dh group2\r\n "     \
	"authentication-algorithm md5\r\n sa duration 86400\r\n#\r\nike keychain k\r\n "           \
	"pre-shared-key address " CLOUD " 255.255.255.255 key simple 01234567890123456789\r\n"     \
	"ike profile p\r\n keychain k\r\n exchange-mode main\r\n local-identity address " OURS     \
	"\r\n match remote identity address " CLOUD " 255.255.255.255\r\n proposal 1\r\n"          \
	"acl advanced 3000\r\n rule 0 permit ip source 192.168.1.0 0.0.0.255 destination "         \
	"10.100.1.0 0.0.0.255\r\nipsec transform-set t\r\n encapsulation-mode tunnel\r\n "         \
	"esp encryption-algorithm aes-cbc-256\r\n esp authentication-algorithm sha1\r\n pfs "      \
	"dh-group14\r\nipsec policy c 1 isakmp\r\n transform-set t\r\n security acl 3000\r\n "     \
	"remote-address " CLOUD "\r\n ike-profile p\r\n sa duration time-based 3600\r\n " more     \
	"\r\ninterface eth0\r\n ipsec apply policy c\r\n"

static void commands_for_comware_are_read(void **state)
{
	static const char version5[] =
		"ike proposal 1\n encryption-algorithm aes-cbc 128\n dh group14\n"
		"ike peer x\n pre-shared-key simple 01234567890123456789\n remote-address " CLOUD
		"\n nat traversal\nacl number 3000\n rule permit ip source 192.168.1.0 0.0.0.255 "
		"destination 10.100.1.0 0.0.0.255\nipsec proposal t\n transform esp\n esp "
		"encryption-algorithm aes 256\n esp authentication-algorithm sha1\nipsec policy c "
		"1 "
		"isakmp\n proposal t\n ike-peer x\n security acl 3000\n pfs dh-group14\n";
	static const char *const files[] = {COMWARE7(""), version5};
	struct cloud_request req = request(OURS);

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct model *m;
		struct model_plan *plan = plan_of(files[i], &req, &m);
		const struct ike_peer_conf *p = &plan->peers[0];

		assert_addr(&p->remote, CLOUD);
		assert_int_equal(p->mode, IKE_MODE_MAIN);
		assert_int_equal(p->profile.encr[0].key_bits, 128);
		assert_int_equal(p->profile.dh[0], i == 0 ? 2 : 14);
		assert_int_equal(p->children[0].proposal.encr[0].key_bits, 256);
		assert_int_equal(p->children[0].proposal.pfs_group, 14);
		assert_net(&p->children[0].local, "192.168.1.0");
		assert_int_equal(p->children[0].local.hi[3], 255);
		assert_net(&p->children[0].remote, "10.100.1.0");
		model_plan_free(plan);
		model_free(m);
	}
	assert_refused(COMWARE7("tunnel protection nothing"), &req, "tunnel protection: not known");
	assert_refused(COMWARE7("sa duration traffic-based x"), &req, "sa duration: not a number");
}

/* Where a file is damaged a message shows the place, and a key may be there. */
static void no_message_holds_a_key(void **state)
{
	static const char *const files[] = {
		"{ \"PreShareKey\" \"secretsecret\" }",
		"{ \"PreShareKey\": \"secretsecret\nsecret\" }",
		"{ \"PreShareKey\": secretsecret }",
		"{ \"secretsecret\": 1, \"secretsecret\": 2 }",
		"\"PreShareKey\": \"secretsecret\",\n",
		"key secretsecret\n",
		"PSK: secretsecret\n",
	};
	struct cloud_request req = request(OURS);

	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		assert_refused(files[i], &req, i < 4 ? "not JSON" : "not known here");
}

static void a_secret_is_never_read_as_hexadecimal(void **state)
{
	struct cloud_request req = request(OURS);
	struct text file = {0};
	const char *from = TENCENT("IKEV2", "AES-CBC-128", "SHA-256", "GROUP14", "STATIC", SPD);
	char *key;
	struct model *m;
	struct model_plan *plan;

	(void)state;
	text_puts(&file, from);
	key = strstr(file.s, "0x1234");
	assert_non_null(key);
	key[1] = 'X';
	plan = plan_of(file.s, &req, &m);
	assert_int_equal(plan->peers[0].psk_len, 22);
	assert_memory_equal(plan->peers[0].psk, "0X12345678901234567890", 22);
	model_plan_free(plan);
	model_free(m);
	text_free(&file);
}

/* What would be written and then not load is refused here, by its name. */
static void what_our_configuration_does_not_take_is_said_here(void **state)
{
	char long_name[62] = "";
	const char *const names[] = {"", "a b", "x\"y", long_name};
	struct cloud_request req = request(OURS);
	struct text file = {0};
	char *at;

	(void)state;
	text_puts(&file, ALIBABA(OURS, CLOUD, "192.168.1.0/24", "10.0.0.0/8", V2, ""));
	memset(long_name, 'x', 61);
	for (size_t i = 0; i < 4; i++) {
		req.name = names[i];
		assert_refused(file.s, &req, "--name: 1 to 60 letters");
	}
	req.name = NULL;
	at = strstr(file.s, "86400");
	memcpy(at, "   0 ", 5);
	assert_refused(file.s, &req, "IKE lifetime: 5 to 31536000 s here");
	memcpy(at, "86400", 5);
	at = strstr(file.s, "3600");
	memcpy(at, "   4", 4);
	assert_refused(file.s, &req, "IPsec lifetime: 5 to 31536000 s here");
	text_free(&file);
}

/* Without types of identities they are those that strongSwan would take them for. */
static void alibabas_identities_have_the_types_that_it_sends(void **state)
{
	struct cloud_request req = request(OURS);
	struct text file = {0};
	struct model *m;
	struct model_plan *plan;
	char *at;

	(void)state;
	text_puts(&file,
		  ALIBABA(OURS, CLOUD, "192.168.1.0/24,192.168.1.0/24", "10.0.0.0/8", V1,
			  TUNNELS(TUNNEL("a", OURS, CLOUD), TUNNEL("b", OURS, "116.62.9.9"))));
	at = strstr(file.s, "cloud.example");
	at[5] = '@'; /* cloud@example */
	at = strstr(at, "cloud.example");
	at[0] = '@';
	plan = plan_of(file.s, &req, &m); /* one network said twice is one */
	assert_int_equal(plan->n_policies, 2);
	assert_int_equal(plan->peers[0].remote_id.type, IKE_ID_USER_FQDN);
	assert_int_equal(plan->peers[1].remote_id.type, IKE_ID_FQDN);
	assert_int_equal(plan->peers[1].remote_id.len, 12);
	assert_memory_equal(plan->peers[1].remote_id.data, "loud.example", 12);
	model_plan_free(plan);
	model_free(m);
	text_free(&file);
}

/* Of several addresses of ours the first is not always the one that the cloud knows. */
static void comware_does_not_guess_our_address(void **state)
{
	static const char nameless[] =
		"ike proposal 1\n encryption-algorithm aes-cbc 128\n dh group14\n"
		"ike peer x\n pre-shared-key simple 01234567890123456789\n remote-address " CLOUD
		"\nacl number 3000\n rule permit ip source 192.168.1.0 0.0.0.255 destination "
		"10.100.1.0 0.0.0.255\nipsec proposal t\n esp encryption-algorithm aes 256\n"
		"ipsec policy c 1 isakmp\n ike-peer x\n";
	struct cloud_request req = request("192.168.1.1");
	struct model_plan *plan;
	struct model *m;

	(void)state;
	assert_int_equal(addr_parse(OURS, &req.ours[req.n_ours++]), 0);
	plan = plan_of(COMWARE7(""), &req, &m);
	assert_int_equal(plan->peers[0].my_id.type, IKE_ID_IPV4);
	assert_int_equal(plan->peers[0].my_id.data[0], 139);
	model_plan_free(plan);
	model_free(m);
	assert_refused(nameless, &req, "no local-address: say our public address");
}

static void one_tunnel_of_version_1_is_enough_to_refuse(void **state)
{
	struct cloud_request req = request(OURS);
	struct text file = {0};
	char *second;

	(void)state;
	text_puts(&file, ALIBABA(OURS, CLOUD, "192.168.1.0/24,192.168.2.0/24", "10.0.0.0/8", V2,
				 TUNNELS(TUNNEL("tun-a", OURS, CLOUD),
					 TUNNEL("tun-b", OURS, "116.62.9.9"))));
	second = strstr(strstr(file.s, "tun-b"), "ikev2");
	second[4] = '1';
	assert_refused(file.s, &req, "2 pairs of networks with IKEv1");
	text_free(&file);
}

/* Every file with a piece of it lost or doubled is read or refused, and nothing else. */
static void damaged_files_do_no_harm(void **state)
{
	const char *files[] = {
		ALIBABA(OURS, CLOUD, "192.168.1.0/24", "10.0.0.0/8", V2,
			TUNNELS(TUNNEL("a", OURS, CLOUD), TUNNEL("b", OURS, "116.62.9.9"))),
		TENCENT("IKEV1", "3DES-CBC", "MD5", "GROUP1", "STATIC", SPD), COMWARE7("")};
	struct cloud_request req = request(OURS);

	(void)state;
	srand(22);
	for (int n = 0; n < 6000; n++) {
		const char *from = files[n % 3];
		size_t len = strlen(from), at = (size_t)rand() % len, cut = (size_t)rand() % 30;
		char *copy = malloc(len + 64);
		struct text out = {0}, why = {0};

		cut = at + cut > len ? len - at : cut;
		if (n & 8) { /* doubled */
			memcpy(copy, from, at + cut);
			strcpy(copy + at + cut, from + at);
		} else {
			memcpy(copy, from, at);
			strcpy(copy + at, from + at + cut);
		}
		if ((n & 16) && copy[at] != '\0')
			copy[at] = (char)(1 + rand() % 255);
		if (import(copy, &req, &out, &why) == 0)
			assert_true(out.len > 0);
		else
			assert_true(why.len > 0);
		text_free(&out);
		text_free(&why);
		free(copy);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_generations_of_alibaba_mean_the_same),
		cmocka_unit_test(several_networks_share_one_sa_in_version_2_alone),
		cmocka_unit_test(without_an_address_of_ours_the_side_is_asked_for),
		cmocka_unit_test(one_of_two_tunnels_can_be_taken),
		cmocka_unit_test(tencents_connection_is_read),
		cmocka_unit_test(its_health_check_is_not_overlooked),
		cmocka_unit_test(a_routed_connection_needs_to_be_told_its_networks),
		cmocka_unit_test(what_we_cannot_do_is_refused_by_name),
		cmocka_unit_test(other_files_are_refused),
		cmocka_unit_test(commands_for_comware_are_read),
		cmocka_unit_test(no_message_holds_a_key),
		cmocka_unit_test(a_secret_is_never_read_as_hexadecimal),
		cmocka_unit_test(what_our_configuration_does_not_take_is_said_here),
		cmocka_unit_test(alibabas_identities_have_the_types_that_it_sends),
		cmocka_unit_test(comware_does_not_guess_our_address),
		cmocka_unit_test(one_tunnel_of_version_1_is_enough_to_refuse),
		cmocka_unit_test(damaged_files_do_no_harm),
	};

	return cmocka_run_group_tests(tests, load_setup, load_teardown);
}
