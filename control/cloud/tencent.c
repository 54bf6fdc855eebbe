/* SPDX-License-Identifier: BSD-3-Clause */
/* tencent.c - the answer of DescribeVpnConnections. */
#include <string.h>
#include <strings.h>

#include "control/cloud/cloud_priv.h"
#include "control/model/addr.h"

static void read_id(struct cloud_reader *r, json_t *ike, struct cloud_tunnel *t, enum cloud_end e)
{
	static const char *const kind[] = {"LocalIdentity", "RemoteIdentity"};
	static const char *const address[] = {"LocalAddress", "RemoteAddress"};
	static const char *const fqdn[] = {"LocalFqdnName", "RemoteFqdnName"};
	const char *what = cloud_string(r, ike, kind[e]);

	cloud_address(r, &t->at[e], address[e], cloud_string(r, ike, address[e]));
	if (*what == '\0' || strcasecmp(what, "ADDRESS") == 0)
		return;
	if (strcasecmp(what, "FQDN") != 0)
		cloud_fail(r, "%s: \"%.40s\" is not known here", kind[e], what);
	cloud_copy(r, t->id[e], fqdn[e], cloud_string(r, ike, fqdn[e]));
	t->fqdn[e] = true;
	if (t->id[e][0] == '\0')
		cloud_fail(r, "%s: empty, although %s is FQDN", fqdn[e], kind[e]);
}

static void read_ike(struct cloud_reader *r, json_t *ike, struct cloud_tunnel *t)
{
	if (!json_is_object(ike)) {
		cloud_fail(r, "no IKEOptionsSpecification");
		return;
	}
	t->mode = cloud_mode(r, cloud_string(r, ike, "IKEVersion"),
			     cloud_string(r, ike, "ExchangeMode"));
	t->enc = cloud_word(r, CLOUD_WORD_ENC, "PropoEncryAlgorithm",
			    cloud_string(r, ike, "PropoEncryAlgorithm"), "3des");
	t->hash = cloud_word(r, CLOUD_WORD_HASH, "PropoAuthenAlgorithm",
			     cloud_string(r, ike, "PropoAuthenAlgorithm"), "md5");
	t->dh = cloud_word(r, CLOUD_WORD_GROUP, "DhGroupName", cloud_string(r, ike, "DhGroupName"),
			   "modp768");
	t->lifetime = cloud_number(r, ike, "IKESaLifetimeSeconds", 86400);
	read_id(r, ike, t, CLOUD_LOCAL);
	read_id(r, ike, t, CLOUD_REMOTE);
}

static void read_esp(struct cloud_reader *r, json_t *esp, struct cloud_tunnel *t)
{
	const char *proto = cloud_string(r, esp, "SecurityProto");

	if (!json_is_object(esp)) {
		cloud_fail(r, "no IPSECOptionsSpecification");
		return;
	}
	if (*proto != '\0' && strcasecmp(proto, "ESP") != 0)
		cloud_fail(r, "SecurityProto: %.40s is not supported; set ESP at the cloud", proto);
	t->esp_enc = cloud_word(r, CLOUD_WORD_ESP_ENC, "EncryptAlgorithm",
				cloud_string(r, esp, "EncryptAlgorithm"), "aes-128-cbc");
	t->esp_auth = cloud_word(r, CLOUD_WORD_ESP_AUTH, "IntegrityAlgorith",
				 cloud_string(r, esp, "IntegrityAlgorith"), "md5");
	t->pfs = cloud_word(r, CLOUD_WORD_PFS, "PfsDhGroup", cloud_string(r, esp, "PfsDhGroup"),
			    "none");
	t->esp_lifetime = cloud_number(r, esp, "IPSECSaLifetimeSeconds", 3600);
	t->esp_kilobytes = cloud_number(r, esp, "IPSECSaLifetimeTraffic", 0);
}

static void read_spd(struct cloud_reader *r, json_t *set)
{
	for (size_t i = 0; i < json_array_size(set) && !r->failed; i++) {
		json_t *o = json_array_get(set, i);
		json_t *remotes = json_object_get(o, "RemoteCidrBlock");
		struct cloud_net local, remote;

		cloud_nets(r, "LocalCidrBlock", cloud_string(r, o, "LocalCidrBlock"), &local, 1);
		if (!json_is_array(remotes))
			cloud_fail(r, "RemoteCidrBlock: not a list");
		for (size_t k = 0; k < json_array_size(remotes) && !r->failed; k++) {
			const char *text = json_string_value(json_array_get(remotes, k));

			cloud_nets(r, "RemoteCidrBlock", text != NULL ? text : "", &remote, 1);
			if (!r->failed)
				cloud_add_pair(r, &local, &remote);
		}
	}
}

static void read_health(struct cloud_reader *r, json_t *o, struct cloud_tunnel *t)
{
	static const char *const keys[] = {"HealthCheckLocalIp", "HealthCheckRemoteIp"};

	if (!cloud_flag(r, o, "EnableHealthCheck"))
		return;
	for (int e = 0; e < CLOUD_ENDS; e++) {
		const char *text = cloud_string(r, o, keys[e]);

		if (addr_parse(text, &t->probe[e]) != 0)
			cloud_fail(r, "%s: \"%.40s\" is not an address", keys[e], text);
	}
}

static void read_connection(struct cloud_reader *r, json_t *o)
{
	const char *route = cloud_string(r, o, "RouteType");
	struct cloud_tunnel *t = &r->c->tunnel[0];

	r->c->n_tunnels = 1;
	cloud_copy(r, t->label, "VpnConnectionId", cloud_string(r, o, "VpnConnectionId"));
	if (strcasecmp(route, "Bgp") == 0)
		cloud_fail(r, "RouteType: BGP is not spoken here: set StaticRoute or Policy at the "
			      "cloud");
	cloud_copy(r, t->psk, "PreShareKey", cloud_string(r, o, "PreShareKey"));
	read_ike(r, json_object_get(o, "IKEOptionsSpecification"), t);
	read_esp(r, json_object_get(o, "IPSECOptionsSpecification"), t);
	read_spd(r, json_object_get(o, "SecurityPolicyDatabaseSet"));
	read_health(r, o, t);
	if (!r->failed && r->c->n_pairs == 0) { /* a routed one */
		struct cloud_net any = {.addr = {.family = 4}};

		cloud_add_pair(r, &any, &any);
	}
}

/* The one that is meant: that of req->connection, or the only one. */
void cloud_read_tencent(struct cloud_reader *r, json_t *set)
{
	const char *want = r->req->connection;
	json_t *found = NULL;

	r->c->vendor = CLOUD_TENCENT;
	for (size_t i = 0; i < json_array_size(set); i++) {
		json_t *o = json_array_get(set, i);

		if (want == NULL || strcmp(cloud_string(r, o, "VpnConnectionId"), want) == 0 ||
		    strcmp(cloud_string(r, o, "VpnConnectionName"), want) == 0) {
			if (found != NULL)
				cloud_fail(r,
					   "several connections, %.40s and %.40s among them: "
					   "say --connection ID",
					   cloud_string(r, found, "VpnConnectionId"),
					   cloud_string(r, o, "VpnConnectionId"));
			found = o;
		}
	}
	if (found == NULL)
		cloud_fail(r, want != NULL ? "no connection \"%.40s\"" : "no connection%s",
			   want != NULL ? want : "");
	else if (!r->failed)
		read_connection(r, found);
}
