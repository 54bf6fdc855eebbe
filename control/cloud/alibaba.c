/* SPDX-License-Identifier: BSD-3-Clause */
/* alibaba.c - the answer of DownloadVpnConnectionConfig, of both generations. */
#include <stdio.h>
#include <string.h>

#include "control/cloud/cloud_priv.h"
#include "control/model/addr.h"

#define MAX_NETS 16

static void read_ike(struct cloud_reader *r, json_t *o, struct cloud_tunnel *t)
{
	json_t *ike = json_object_get(o, "IkeConfig");

	if (!json_is_object(ike)) {
		cloud_fail(r, "no IkeConfig");
		return;
	}
	t->mode =
		cloud_mode(r, cloud_string(r, ike, "IkeVersion"), cloud_string(r, ike, "IkeMode"));
	t->enc = cloud_word(r, CLOUD_WORD_ENC, "IkeEncAlg", cloud_string(r, ike, "IkeEncAlg"),
			    "aes-128");
	t->hash = cloud_word(r, CLOUD_WORD_HASH, "IkeAuthAlg", cloud_string(r, ike, "IkeAuthAlg"),
			     "sha1");
	t->dh = cloud_word(r, CLOUD_WORD_GROUP, "IkePfs", cloud_string(r, ike, "IkePfs"),
			   "modp1024");
	t->lifetime = cloud_number(r, ike, "IkeLifetime", 86400);
	cloud_copy(r, t->psk, "Psk", cloud_string(r, ike, "Psk"));
	cloud_copy(r, t->id[CLOUD_LOCAL], "LocalId", cloud_string(r, ike, "LocalId"));
	cloud_copy(r, t->id[CLOUD_REMOTE], "RemoteId", cloud_string(r, ike, "RemoteId"));
}

static void read_ipsec(struct cloud_reader *r, json_t *o, struct cloud_tunnel *t)
{
	json_t *esp = json_object_get(o, "IpsecConfig");

	if (!json_is_object(esp)) {
		cloud_fail(r, "no IpsecConfig");
		return;
	}
	t->esp_enc = cloud_word(r, CLOUD_WORD_ESP_ENC, "IpsecEncAlg",
				cloud_string(r, esp, "IpsecEncAlg"), "aes-128-cbc");
	t->esp_auth = cloud_word(r, CLOUD_WORD_ESP_AUTH, "IpsecAuthAlg",
				 cloud_string(r, esp, "IpsecAuthAlg"), "sha1");
	t->pfs = cloud_word(r, CLOUD_WORD_PFS, "IpsecPfs", cloud_string(r, esp, "IpsecPfs"),
			    "modp1024");
	t->esp_lifetime = cloud_number(r, esp, "IpsecLifetime", 86400);
}

static void refuse_bgp(struct cloud_reader *r, json_t *o)
{
	static const char *const keys[] = {"VpnBgpConfig", "BgpConfig", "TunnelBgpConfig"};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (cloud_flag(r, json_object_get(o, keys[i]), "EnableBgp"))
			cloud_fail(r,
				   "%s: BGP is not spoken here: turn it off and use static "
				   "routes at the cloud",
				   keys[i]);
}

/* The addresses of a tunnel; those of a single one may be missing, for the identities are they. */
static void read_ends(struct cloud_reader *r, json_t *o, struct cloud_tunnel *t)
{
	static const char *const keys[] = {"Local", "Remote"};

	for (int e = 0; e < CLOUD_ENDS; e++) {
		const char *text = cloud_string(r, o, keys[e]);

		cloud_address(r, &t->at[e], keys[e], *text != '\0' ? text : t->id[e]);
	}
}

/* An identity that is the other end's address belongs to the other end: the words of the two
 * generations got mixed. */
static void sort_ids(struct cloud_tunnel *t)
{
	struct abi_addr id[CLOUD_ENDS];
	char local[CLOUD_TEXT];
	bool crossed = false;

	for (int e = 0; e < CLOUD_ENDS; e++)
		crossed |= addr_parse(t->id[e], &id[e]) == 0 && addr_equal(&id[e], &t->at[!e]);
	if (!crossed)
		return;
	memcpy(local, t->id[CLOUD_LOCAL], sizeof(local));
	memcpy(t->id[CLOUD_LOCAL], t->id[CLOUD_REMOTE], sizeof(local));
	memcpy(t->id[CLOUD_REMOTE], local, sizeof(local));
}

static void read_tunnel(struct cloud_reader *r, json_t *o, const char *label)
{
	struct cloud_tunnel *t = &r->c->tunnel[r->c->n_tunnels];

	if (r->c->n_tunnels == CLOUD_MAX_TUNNELS) {
		cloud_fail(r, "more than %d tunnels", CLOUD_MAX_TUNNELS);
		return;
	}
	r->c->n_tunnels++;
	cloud_copy(r, t->label, "TunnelId", label);
	refuse_bgp(r, o);
	read_ike(r, o, t);
	read_ipsec(r, o, t);
	if (!r->failed)
		read_ends(r, o, t);
	if (!r->failed)
		sort_ids(t);
}

/* Dual-tunnel connections repeat one of their tunnels at the top, in words that may be turned
 * round; their networks are said in those words. */
static void check_top(struct cloud_reader *r, json_t *config)
{
	const struct cloud_tunnel *t = &r->c->tunnel[0];
	struct abi_addr top[CLOUD_ENDS];

	for (size_t i = 0; i < r->c->n_tunnels; i++) {
		t = &r->c->tunnel[i];
		if (addr_parse(cloud_string(r, config, "Local"), &top[CLOUD_LOCAL]) == 0 &&
		    addr_parse(cloud_string(r, config, "Remote"), &top[CLOUD_REMOTE]) == 0 &&
		    (addr_equal(&top[CLOUD_LOCAL], &t->at[CLOUD_REMOTE]) ||
		     addr_equal(&top[CLOUD_REMOTE], &t->at[CLOUD_LOCAL])))
			cloud_fail(r,
				   "Local and Remote of tunnel %zu are turned round against "
				   "those of the connection: which networks are whose cannot "
				   "be told",
				   i + 1);
	}
}

/* One SA for several pairs is IKEv2's alone. */
static void check_pairs(struct cloud_reader *r, size_t n_pairs)
{
	r->c->single_sa = n_pairs > 1;
	for (size_t i = 0; i < r->c->n_tunnels && n_pairs > 1; i++)
		if (r->c->tunnel[i].mode != IKE_MODE_IKE2)
			cloud_fail(r,
				   "%zu pairs of networks with IKEv1, where an SA has one: set "
				   "IKEv2 at the cloud, or make a connection for each pair there",
				   n_pairs);
}

void cloud_read_alibaba(struct cloud_reader *r, json_t *config)
{
	json_t *tunnels = json_object_get(json_object_get(config, "TunnelsConfig"), "TunnelConfig");
	struct cloud_net local[MAX_NETS], remote[MAX_NETS];
	size_t n_local, n_remote;

	r->c->vendor = CLOUD_ALIBABA;
	refuse_bgp(r, config);
	if (tunnels != NULL && !json_is_array(tunnels))
		cloud_fail(r, "TunnelConfig: not a list");
	for (size_t i = 0; i < json_array_size(tunnels); i++) {
		json_t *o = json_array_get(tunnels, i);

		read_tunnel(r, o, cloud_string(r, o, "TunnelId"));
	}
	if (json_array_size(tunnels) == 0)
		read_tunnel(r, config, "");
	else
		check_top(r, config);
	n_local = cloud_nets(r, "LocalSubnet", cloud_string(r, config, "LocalSubnet"), local,
			     MAX_NETS);
	n_remote = cloud_nets(r, "RemoteSubnet", cloud_string(r, config, "RemoteSubnet"), remote,
			      MAX_NETS);
	for (size_t i = 0; i < n_local && !r->failed; i++)
		for (size_t k = 0; k < n_remote; k++)
			cloud_add_pair(r, &local[i], &remote[k]);
	check_pairs(r, r->c->n_pairs);
}
