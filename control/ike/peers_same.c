/* SPDX-License-Identifier: BSD-3-Clause */
/* peers_same.c - whether a peer is still what it was configured as; see peers.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "control/crypto/prf.h"
#include "control/ike/peers.h"

static bool same_child(const struct ike_child_conf *a, const struct ike_child_conf *b)
{
	struct ike_child_conf plain = *a;

	plain.more = b->more;
	return memcmp(&plain, b, sizeof(plain)) == 0 &&
	       memcmp(ike_child_more(a), ike_child_more(b), sizeof(*a->more)) == 0;
}

static bool same_children(const struct ike_policy *policies, const struct ike_child_conf *confs,
			  size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (!same_child(&policies[i].conf, &confs[i]))
			return false;
	}
	return true;
}

void peers_set_place(struct ike_peer_conf *c, const struct ike_peer_conf *from)
{
	c->remote = from->remote;
	c->remote_prefix_len = from->remote_prefix_len;
	c->local = from->local;
	if (c->my_id_auto)
		c->my_id = from->my_id;
}

bool peers_same_elsewhere(const struct ike_peer *peer, const struct ike_peer_conf *conf)
{
	struct ike_peer_conf c = *conf;

	if (!conf->named || !peer->conf.named || conf->remote.family == 0 ||
	    conf->my_id_auto != peer->conf.my_id_auto)
		return false;
	peers_set_place(&c, &peer->conf);
	return peers_same(peer, &c);
}

bool peers_same(const struct ike_peer *peer, const struct ike_peer_conf *conf)
{
	struct ike_peer_conf c = *conf;

	if (peer->psk_len != conf->psk_len ||
	    CRYPTO_memcmp(peer->psk, conf->psk, conf->psk_len) != 0 ||
	    peer->n_configured != conf->n_children || peer->n_templates != conf->n_templates)
		return false;
	c.psk = NULL;
	c.psk_len = peer->conf.psk_len;
	c.children = NULL;
	c.templates = NULL;
	c.suppress_initial_contact = peer->conf.suppress_initial_contact;
	if (memcmp(&c, &peer->conf, sizeof(c)) != 0)
		return false;
	return same_children(peer->policies, conf->children, conf->n_children) &&
	       same_children(peer->templates, conf->templates, conf->n_templates);
}

int peers_digest(const struct ike_peer *peer, uint8_t out[PEERS_DIGEST])
{
	static const struct ike_peer_conf nowhere;
	size_t n = peer->n_configured + peer->n_templates;
	struct {
		struct ike_child_conf conf;
		struct ike_child_more more;
	} *children = calloc(n + 1, sizeof(*children));
	struct ike_peer_conf conf = peer->conf;
	const struct prf_piece in[] = {{(const uint8_t *)&conf, sizeof(conf)},
				       {peer->psk, peer->psk_len},
				       {(const uint8_t *)children, n * sizeof(*children)}};
	int r;

	if (children == NULL)
		return -ENOMEM;
	conf.psk = NULL;
	conf.children = NULL;
	conf.templates = NULL;
	conf.suppress_initial_contact = false;
	if (conf.named)
		peers_set_place(&conf, &nowhere);
	for (size_t i = 0; i < n; i++) {
		const struct ike_child_conf *c =
			i < peer->n_configured ? &peer->policies[i].conf
					       : &peer->templates[i - peer->n_configured].conf;

		memcpy(&children[i].conf, c, sizeof(*c));
		children[i].conf.more = NULL;
		children[i].more = *ike_child_more(c);
	}
	r = prf_digest(SUITE_HASH_SHA256, in, 3, out);
	free(children);
	return r;
}
