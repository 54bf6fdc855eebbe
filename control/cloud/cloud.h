/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * cloud.h - what a cloud says of its end of a tunnel, read from what its API or console gives out
 * (Alibaba's DownloadVpnConnectionConfig, Tencent's DescribeVpnConnections and
 * DownloadCustomerGatewayConfiguration), and written down as our configuration.
 *
 * The clouds call the two ends local and remote, and Alibaba changed its mind about which is which,
 * so words are not believed: the end that has one of our addresses is ours. What we cannot do is an
 * error that names it; nothing is left out in silence.
 */
#ifndef ESPGW_CLOUD_CLOUD_H
#define ESPGW_CLOUD_CLOUD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "control/ike/conf.h"
#include "control/model/text.h"
#include "dataplane/api/messages.h"

#define CLOUD_MAX_INPUT	  (1u << 20)
#define CLOUD_MAX_TUNNELS 2
#define CLOUD_MAX_PAIRS	  200 /* Tencent's limit */
#define CLOUD_MAX_OURS	  16
#define CLOUD_TEXT	  256

enum cloud_vendor { CLOUD_ALIBABA = 1, CLOUD_TENCENT };

/* The ends, as the file calls them. */
enum cloud_end { CLOUD_LOCAL = 0, CLOUD_REMOTE, CLOUD_ENDS };

struct cloud_net {
	struct abi_addr addr;
	uint8_t len;
};

struct cloud_pair {
	struct cloud_net net[CLOUD_ENDS];
};

/* Names of algorithms are those of our configuration, and static. */
struct cloud_tunnel {
	char label[CLOUD_TEXT]; /* the cloud's own name or number */
	struct abi_addr at[CLOUD_ENDS];
	char id[CLOUD_ENDS][CLOUD_TEXT]; /* "" = the address */
	bool fqdn[CLOUD_ENDS];		 /* the file says that id is one, whatever it looks like */
	char psk[CLOUD_TEXT];		 /* "" = the file has none */
	enum ike_exchange_mode mode;
	const char *enc, *hash, *dh;
	uint64_t lifetime; /* seconds */
	const char *esp_enc, *esp_auth, *pfs;
	uint64_t esp_lifetime;		   /* seconds */
	uint64_t esp_kilobytes;		   /* 0 = not said */
	struct abi_addr probe[CLOUD_ENDS]; /* health check; family 0 = off */
};

struct cloud_config {
	enum cloud_vendor vendor;
	struct cloud_tunnel tunnel[CLOUD_MAX_TUNNELS]; /* the first one is the active one */
	size_t n_tunnels;
	struct cloud_pair pair[CLOUD_MAX_PAIRS];
	size_t n_pairs;
	bool single_sa; /* one SA for all pairs */
};

struct cloud_request {
	struct abi_addr ours[CLOUD_MAX_OURS]; /* our public addresses */
	size_t n_ours;
	const char *name;	/* of what is written; NULL: the vendor's */
	const char *connection; /* which one, when the file has several; NULL: the only one */
	unsigned tunnel;	/* which one alone, from 1; 0: all */
	/* What goes through, when the cloud routes: [CLOUD_LOCAL] is ours */
	struct cloud_pair routed[CLOUD_MAX_PAIRS];
	size_t n_routed;
};

/**
 * Read a file of one of the kinds above. 0, or -EINVAL and why (one line). Wipe *c with
 * cloud_wipe() in both cases.
 */
int cloud_read(const char *data, size_t len, const struct cloud_request *req,
	       struct cloud_config *c, struct text *why);
void cloud_wipe(struct cloud_config *c);

/**
 * Which end of the tunnels is ours: it has one of our addresses in all of them. 0 and *ours, or
 * -ENOENT (neither end is ours, or both are) and why, with the addresses to choose from.
 */
int cloud_side(const struct cloud_config *c, const struct cloud_request *req, enum cloud_end *ours,
	       struct text *why);

/**
 * Write what belongs inside of the group ip.ipsec: profiles, peers, identities, proposals,
 * policies. 0, or -EINVAL and why (one line).
 */
int cloud_write(const struct cloud_config *c, const struct cloud_request *req, enum cloud_end ours,
		struct text *out, struct text *why);

/** "10.0.0.0/8", or an address alone. 0 or -EINVAL. */
int cloud_net_parse(const char *text, size_t len, struct cloud_net *net);

#endif
