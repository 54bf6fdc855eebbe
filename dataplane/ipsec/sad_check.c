/* SPDX-License-Identifier: BSD-3-Clause */
/* sad_check.c - the fields of SA commands, one by one. Whoever writes them may be compromised. */
#include "dataplane/ipsec/sad_impl.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "dataplane/ipsec/crypto.h"
#include "dataplane/net/ip6.h"

#define ADD(field)    ((uint32_t)offsetof(struct abi_sa_add, field))
#define UPDATE(field) ((uint32_t)offsetof(struct abi_sa_update, field))
#define OUT_FLAGS     (ABI_SA_F_CURRENT | ABI_SA_F_KEEP_MSS)
#define ADD_FLAGS     (ABI_SA_F_ESN | ABI_SA_F_RESUME | OUT_FLAGS)
#define UPDATE_WHAT   (ABI_SA_UPD_CURRENT | ABI_SA_UPD_ENDPOINT | ABI_SA_UPD_LIFETIME)

static uint16_t wrong(uint16_t status, uint32_t at, uint32_t *detail)
{
	*detail = at;
	return status;
}

/* An address that a host elsewhere can have. */
static bool check_addr(const struct abi_addr *a)
{
	if (a->family == 6)
		return !ip6_martian_source(a->bytes) && !ip6_is_link_local(a->bytes);
	/* 0/8, 127/8, multicast and above are nobody's address (RFC 1122 section 3.2.1.3). */
	return a->family == 4 && a->bytes[0] != 0 && a->bytes[0] != 127 && a->bytes[0] < 224;
}

static bool check_ports(uint8_t encap, uint16_t local, uint16_t remote)
{
	if (encap == ABI_ENCAP_NONE)
		return local == 0 && remote == 0;
	return encap == ABI_ENCAP_UDP && local != 0 && remote != 0;
}

static bool check_pair(uint64_t soft, uint64_t hard)
{
	return hard == 0 || soft <= hard;
}

static bool check_life(const struct abi_lifetime *l)
{
	return check_pair(l->soft_time, l->hard_time) && check_pair(l->soft_bytes, l->hard_bytes) &&
	       check_pair(l->soft_packets, l->hard_packets);
}

static bool check_range(const struct abi_range *r)
{
	if (r->port_lo > r->port_hi)
		return false;
	if (r->family == 6)
		return memcmp(r->lo, r->hi, sizeof(r->lo)) <= 0;
	return r->family == 4 && sad_addr(r->lo) <= sad_addr(r->hi);
}

/* Index of the first selector that is wrong, or n. *families: a bit for each that occurs. */
static uint32_t check_ranges(const struct abi_range *r, uint32_t n, unsigned int *families)
{
	*families = 0;
	for (uint32_t i = 0; i < n; i++) {
		if (!check_range(&r[i]))
			return i;
		*families |= 1u << r[i].family;
	}
	return n;
}

static uint16_t check_selectors(const struct abi_sa_add *c, uint32_t *detail)
{
	unsigned int local, remote;
	uint32_t i;

	if (c->n_local == 0 || c->n_local > ABI_MAX_SELECTORS)
		return wrong(ABI_ERR_FIELD, ADD(n_local), detail);
	if (c->n_remote == 0 || c->n_remote > ABI_MAX_SELECTORS)
		return wrong(ABI_ERR_FIELD, ADD(n_remote), detail);
	i = check_ranges(c->ts_local, c->n_local, &local);
	if (i < c->n_local)
		return wrong(ABI_ERR_FIELD, ADD(ts_local) + i * (uint32_t)sizeof(struct abi_range),
			     detail);
	i = check_ranges(c->ts_remote, c->n_remote, &remote);
	if (i < c->n_remote)
		return wrong(ABI_ERR_FIELD, ADD(ts_remote) + i * (uint32_t)sizeof(struct abi_range),
			     detail);
	/* A family on one side alone would match nothing. */
	return local == remote ? ABI_OK : wrong(ABI_ERR_FIELD, ADD(ts_remote), detail);
}

static uint16_t check_suite(const struct abi_sa_add *c, uint32_t *detail)
{
	struct sa suite = {.cipher = CRYPTO_NULL};

	switch (crypto_suite(&suite, c->encr, c->integ, c->encr_key_len, c->integ_key_len,
			     c->salt_len)) {
	case 0:
		break;
	case -ENOTSUP:
		return wrong(ABI_ERR_UNSUPPORTED, ADD(encr), detail);
	default:
		return wrong(ABI_ERR_FIELD, ADD(encr_key_len), detail);
	}
	if (!crypto_key_ok(&suite, c->encr_key))
		return wrong(ABI_ERR_FIELD, ADD(encr_key), detail);
	/* Where the IV is the number, a resumed SA must go on above all that was ever used, and the
	 * mark, from which it goes on, is never 0. */
	if ((c->flags & ABI_SA_F_RESUME) != 0 && c->direction == ABI_DIR_OUT && c->salt_len != 0 &&
	    c->seq_start == 0)
		return wrong(ABI_ERR_FIELD, ADD(seq_start), detail);
	return ABI_OK;
}

static uint16_t check_sequence(const struct abi_sa_add *c, uint32_t *detail)
{
	bool esn = (c->flags & ABI_SA_F_ESN) != 0;

	if (c->replay_window != 0 &&
	    (c->replay_window < REPLAY_WINDOW_MIN || c->replay_window > REPLAY_WINDOW_MAX))
		return wrong(ABI_ERR_FIELD, ADD(replay_window), detail);
	/* The window says which half of the number was not sent (RFC 4303 section 3.3.3). */
	if (esn && c->direction == ABI_DIR_IN && c->replay_window == 0)
		return wrong(ABI_ERR_FIELD, ADD(replay_window), detail);
	if (c->seq_start > (esn ? SA_ESN_MAX : SA_SEQ_MAX))
		return wrong(ABI_ERR_FIELD, ADD(seq_start), detail);
	return ABI_OK;
}

static uint16_t check_ends(const struct abi_sa_add *c, uint32_t *detail)
{
	if (!check_addr(&c->local))
		return wrong(ABI_ERR_FIELD, ADD(local), detail);
	if (!check_addr(&c->remote) || c->remote.family != c->local.family)
		return wrong(ABI_ERR_FIELD, ADD(remote), detail);
	if (c->encap > ABI_ENCAP_UDP)
		return wrong(ABI_ERR_FIELD, ADD(encap), detail);
	if (!check_ports(c->encap, c->local_port, c->remote_port))
		return wrong(ABI_ERR_FIELD, ADD(local_port), detail);
	return ABI_OK;
}

/* How the outer header is marked: of an SA that writes one. */
static uint16_t check_marks(const struct abi_sa_add *c, uint32_t *detail)
{
	bool writes = c->direction == ABI_DIR_OUT && c->mode == ABI_MODE_TUNNEL;

	if (c->df > ABI_DF_CLEAR || (c->df != ABI_DF_SET && !writes))
		return wrong(ABI_ERR_FIELD, ADD(df), detail);
	if (c->dscp != ABI_DSCP_COPY &&
	    (!writes || (c->dscp & ABI_DSCP_SET) == 0 || (c->dscp & ~ABI_DSCP_SET) > ABI_DSCP_MAX))
		return wrong(ABI_ERR_FIELD, ADD(dscp), detail);
	return ABI_OK;
}

static uint16_t check_identity(const struct abi_sa_add *c, uint32_t mask, uint32_t *detail)
{
	if (c->slot > mask)
		return wrong(ABI_ERR_FIELD, ADD(slot), detail);
	if (c->direction != ABI_DIR_IN && c->direction != ABI_DIR_OUT)
		return wrong(ABI_ERR_FIELD, ADD(direction), detail);
	if (c->spi < ABI_SPI_MIN || (c->direction == ABI_DIR_IN && (c->spi & mask) != c->slot))
		return wrong(ABI_ERR_FIELD, ADD(spi), detail);
	if ((c->flags & ~ADD_FLAGS) != 0 ||
	    (c->direction == ABI_DIR_IN && (c->flags & OUT_FLAGS) != 0))
		return wrong(ABI_ERR_FIELD, ADD(flags), detail);
	if (c->mode != ABI_MODE_TUNNEL && c->mode != ABI_MODE_TRANSPORT)
		return wrong(ABI_ERR_FIELD, ADD(mode), detail);
	return ABI_OK;
}

uint16_t sad_check_add(const struct abi_sa_add *c, uint32_t mask, uint64_t now, uint32_t *detail)
{
	uint16_t status;

	*detail = 0;
	if (c->msg.length != sizeof(*c))
		return ABI_ERR_LENGTH;
	status = check_identity(c, mask, detail);
	if (status == ABI_OK)
		status = check_suite(c, detail);
	if (status == ABI_OK)
		status = check_ends(c, detail);
	if (status == ABI_OK)
		status = check_marks(c, detail);
	if (status == ABI_OK)
		status = check_sequence(c, detail);
	if (status != ABI_OK)
		return status;
	if (!check_life(&c->life) || (c->life.hard_time != 0 && c->life.hard_time <= now))
		return wrong(ABI_ERR_FIELD, ADD(life), detail);
	return check_selectors(c, detail);
}

uint16_t sad_check_update(const struct abi_sa_update *c, uint32_t *detail)
{
	*detail = 0;
	if (c->msg.length != sizeof(*c))
		return ABI_ERR_LENGTH;
	if ((c->what & ~UPDATE_WHAT) != 0)
		return wrong(ABI_ERR_FIELD, UPDATE(what), detail);
	if ((c->what & ABI_SA_UPD_LIFETIME) != 0 && !check_life(&c->life))
		return wrong(ABI_ERR_FIELD, UPDATE(life), detail);
	if ((c->what & ABI_SA_UPD_ENDPOINT) == 0)
		return ABI_OK;
	if (!check_addr(&c->local))
		return wrong(ABI_ERR_FIELD, UPDATE(local), detail);
	if (!check_addr(&c->remote) || c->remote.family != c->local.family)
		return wrong(ABI_ERR_FIELD, UPDATE(remote), detail);
	if (!check_ports(c->encap, c->local_port, c->remote_port))
		return wrong(ABI_ERR_FIELD, UPDATE(encap), detail);
	return ABI_OK;
}
