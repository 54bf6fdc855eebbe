/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * comware.c - the commands for H3C's Comware (5 and 7) that Tencent's
 * DownloadCustomerGatewayConfiguration writes for our side of a tunnel. One table of commands; a
 * line that is in none of the blocks of IPsec is somebody else's business, one that is and is not
 * known is an error.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "control/cloud/cloud_priv.h"
#include "control/model/addr.h"

#define MAX_WORDS 12
#define MAX_LINE  512

/* Blocks of the configuration, by their first words. */
enum block {
	OUTSIDE = 0,
	IKE_PROPOSAL,
	IKE_KEYCHAIN,
	IKE_PROFILE,
	IKE_PEER,
	ACL,
	TRANSFORM,
	POLICY,
	OTHER,
	BLOCKS
};

struct parse {
	struct cloud_reader *r;
	struct cloud_tunnel *t;
	enum block in;
	unsigned seen[BLOCKS];
	char *word[MAX_WORDS];
	size_t n;
	char line[MAX_LINE]; /* cut into words */
	char shown[64];	     /* its beginning, without what may be a key */
};

static void join(struct parse *p, size_t from, char *buf, size_t cap)
{
	buf[0] = '\0';
	for (size_t i = from; i < p->n; i++) {
		strncat(buf, i > from ? "-" : "", cap - strlen(buf) - 1);
		strncat(buf, p->word[i], cap - strlen(buf) - 1);
	}
}

static void take_word(struct parse *p, size_t at, enum cloud_words kind, const char **to)
{
	char value[64];

	join(p, at, value, sizeof(value)); /* "aes-cbc 128" of version 5 */
	*to = cloud_word(p->r, kind, p->shown, value, *to);
}

static void enc(struct parse *p)
{
	take_word(p, 1, CLOUD_WORD_ENC, &p->t->enc);
}

static void hash(struct parse *p)
{
	take_word(p, 1, CLOUD_WORD_HASH, &p->t->hash);
}

static void group(struct parse *p)
{
	take_word(p, 1, CLOUD_WORD_GROUP, &p->t->dh);
}

static void esp_enc(struct parse *p)
{
	take_word(p, 2, CLOUD_WORD_ESP_ENC, &p->t->esp_enc);
}

static void esp_auth(struct parse *p)
{
	take_word(p, 2, CLOUD_WORD_ESP_AUTH, &p->t->esp_auth);
}

static void pfs(struct parse *p)
{
	take_word(p, 1, CLOUD_WORD_PFS, &p->t->pfs);
}

static uint64_t number(struct parse *p)
{
	char *end = NULL;
	unsigned long long n = p->n > 0 ? strtoull(p->word[p->n - 1], &end, 10) : 0;

	if (end == NULL || *end != '\0' || n == 0 || n > INT64_MAX)
		cloud_fail(p->r, "%s: not a number", p->shown);
	return n;
}

static void ike_lifetime(struct parse *p)
{
	p->t->lifetime = number(p);
}

static void esp_lifetime(struct parse *p)
{
	p->t->esp_lifetime = number(p);
}

static void esp_volume(struct parse *p)
{
	p->t->esp_kilobytes = number(p);
}

static void key(struct parse *p)
{
	if (strcasecmp(p->word[p->n - 2], "simple") != 0)
		cloud_fail(p->r, "%s: the key is not in clear (\"simple\")", p->shown);
	cloud_copy(p->r, p->t->psk, p->shown, p->word[p->n - 1]);
}

static void mode(struct parse *p)
{
	p->t->mode = cloud_mode(p->r, "", p->word[1]);
}

static void identity(struct parse *p, size_t at, enum cloud_end e)
{
	bool address = strcasecmp(p->word[at], "address") == 0;
	struct abi_addr parsed;

	if (!address && strcasecmp(p->word[at], "fqdn") != 0)
		cloud_fail(p->r, "%s: neither an address nor an FQDN", p->shown);
	if (p->n <= at + 1 || (address && addr_parse(p->word[at + 1], &parsed) != 0)) {
		cloud_fail(p->r, "%s: no name and no single address", p->shown);
		return;
	}
	cloud_copy(p->r, p->t->id[e], p->shown, p->word[at + 1]);
	p->t->fqdn[e] = !address;
}

static void local_id(struct parse *p)
{
	identity(p, 1, CLOUD_LOCAL);
}

static void remote_id(struct parse *p)
{
	identity(p, 3, CLOUD_REMOTE);
}

static void local_address(struct parse *p)
{
	cloud_address(p->r, &p->t->at[CLOUD_LOCAL], p->shown, p->word[p->n - 1]);
}

static void remote_address(struct parse *p)
{
	cloud_address(p->r, &p->t->at[CLOUD_REMOTE], p->shown, p->word[p->n - 1]);
}

/* "10.1.0.0 0.0.255.255", a wildcard mask whose ones are all at its end, or "any". */
static size_t network(struct parse *p, size_t at, struct cloud_net *net)
{
	struct abi_addr mask;
	uint32_t wild;

	*net = (struct cloud_net){.addr = {.family = 4}};
	if (at < p->n && strcasecmp(p->word[at], "any") == 0)
		return at + 1;
	if (at + 1 >= p->n || addr_parse(p->word[at], &net->addr) != 0 || net->addr.family != 4 ||
	    (addr_parse(p->word[at + 1], &mask) != 0 && strcmp(p->word[at + 1], "0") != 0)) {
		cloud_fail(p->r, "%s: not a network", p->shown);
		return p->n;
	}
	if (strcmp(p->word[at + 1], "0") == 0)
		mask = (struct abi_addr){.family = 4};
	wild = (uint32_t)mask.bytes[0] << 24 | (uint32_t)mask.bytes[1] << 16 |
	       (uint32_t)mask.bytes[2] << 8 | mask.bytes[3];
	if (wild & (wild + 1))
		cloud_fail(p->r, "%s: the mask has holes", p->shown);
	net->len = (uint8_t)(wild == 0 ? 32 : __builtin_clz(wild));
	net->addr = addr_first(&net->addr, net->len);
	return at + 2;
}

/* rule [N] permit ip source A W destination B W */
static void rule(struct parse *p)
{
	size_t at = p->n > 1 && strspn(p->word[1], "0123456789") == strlen(p->word[1]) ? 2 : 1;
	struct cloud_net local, remote;

	if (p->n < at + 4 || strcasecmp(p->word[at], "permit") != 0 ||
	    strcasecmp(p->word[at + 1], "ip") != 0 || strcasecmp(p->word[at + 2], "source") != 0) {
		cloud_fail(p->r, "%s: only \"permit ip source … destination …\"", p->shown);
		return;
	}
	at = network(p, at + 3, &local);
	if (!p->r->failed && (at >= p->n || strcasecmp(p->word[at], "destination") != 0))
		cloud_fail(p->r, "%s: no destination", p->shown);
	if (!p->r->failed && network(p, at + 1, &remote) == p->n && !p->r->failed)
		cloud_add_pair(p->r, &local, &remote);
	else
		cloud_fail(p->r, "%s: more than addresses", p->shown);
}

static void nothing(struct parse *p)
{
	(void)p;
}

/* Words with which a line of a block begins, and what it does. */
static const struct command {
	enum block in;
	const char *words[3];
	void (*take)(struct parse *p);
	size_t least; /* words */
} commands[] = {
	{IKE_PROPOSAL, {"authentication-method", "pre-share"}, nothing, 2},
	{IKE_PROPOSAL, {"encryption-algorithm"}, enc, 2},
	{IKE_PROPOSAL, {"authentication-algorithm"}, hash, 2},
	{IKE_PROPOSAL, {"dh"}, group, 2},
	{IKE_PROPOSAL, {"sa", "duration"}, ike_lifetime, 3},
	{IKE_KEYCHAIN, {"pre-shared-key"}, key, 4},
	{IKE_PROFILE, {"keychain"}, nothing, 2},
	{IKE_PROFILE, {"proposal"}, nothing, 2},
	{IKE_PROFILE, {"exchange-mode"}, mode, 2},
	{IKE_PROFILE, {"local-identity"}, local_id, 2},
	{IKE_PROFILE, {"match", "remote", "identity"}, remote_id, 5},
	{IKE_PROFILE, {"dpd"}, nothing, 2},
	{IKE_PEER, {"pre-shared-key"}, key, 3},
	{IKE_PEER, {"proposal"}, nothing, 2},
	{IKE_PEER, {"exchange-mode"}, mode, 2},
	{IKE_PEER, {"remote-address"}, remote_address, 2},
	{IKE_PEER, {"local-address"}, local_address, 2},
	{IKE_PEER, {"nat", "traversal"}, nothing, 2},
	{IKE_PEER, {"dpd"}, nothing, 2},
	{ACL, {"rule"}, rule, 5},
	{TRANSFORM, {"encapsulation-mode", "tunnel"}, nothing, 2},
	{TRANSFORM, {"protocol", "esp"}, nothing, 2},
	{TRANSFORM, {"transform", "esp"}, nothing, 2},
	{TRANSFORM, {"esp", "encryption-algorithm"}, esp_enc, 3},
	{TRANSFORM, {"esp", "authentication-algorithm"}, esp_auth, 3},
	{TRANSFORM, {"pfs"}, pfs, 2},
	{POLICY, {"transform-set"}, nothing, 2},
	{POLICY, {"proposal"}, nothing, 2},
	{POLICY, {"security", "acl"}, nothing, 3},
	{POLICY, {"local-address"}, local_address, 2},
	{POLICY, {"remote-address"}, remote_address, 2},
	{POLICY, {"ike-profile"}, nothing, 2},
	{POLICY, {"ike-peer"}, nothing, 2},
	{POLICY, {"pfs"}, pfs, 2},
	{POLICY, {"sa", "duration", "time-based"}, esp_lifetime, 4},
	{POLICY, {"sa", "duration", "traffic-based"}, esp_volume, 4},
};

static const struct {
	const char *words[2];
	enum block block;
} heads[] = {
	{{"ike", "proposal"}, IKE_PROPOSAL}, {{"ike", "keychain"}, IKE_KEYCHAIN},
	{{"ike", "profile"}, IKE_PROFILE},   {{"ike", "peer"}, IKE_PEER},
	{{"acl", "advanced"}, ACL},	     {{"acl", "number"}, ACL},
	{{"ipsec", "proposal"}, TRANSFORM},  {{"ipsec", "transform-set"}, TRANSFORM},
	{{"ipsec", "policy"}, POLICY},
};

static bool begins(const struct parse *p, const char *const *words, size_t max)
{
	for (size_t i = 0; i < max && words[i] != NULL; i++)
		if (i >= p->n || strcasecmp(p->word[i], words[i]) != 0)
			return false;
	return true;
}

/* Is it the head of a block of IPsec? */
static bool head(struct parse *p)
{
	enum block block = OTHER;

	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++)
		if (begins(p, heads[i].words, 2))
			block = heads[i].block;
	if (block == OTHER)
		return false;
	p->in = block;
	if (p->seen[block]++ > 0)
		cloud_fail(p->r, "%s: a second one: give one tunnel at a time", p->shown);
	return true;
}

static bool command(struct parse *p)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		const struct command *c = &commands[i];

		if (c->in != p->in || !begins(p, c->words, 3))
			continue;
		if (p->n < c->least)
			cloud_fail(p->r, "%s: something is missing", p->shown);
		else
			c->take(p);
		return true;
	}
	return false;
}

/* Lines that are about something else. */
static bool harmless(const struct parse *p)
{
	static const char *const words[] = {"description", "interface", "ip",	   "quit",
					    "return",	   "save",	"sysname", "system-view"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcasecmp(p->word[0], words[i]) == 0)
			return true;
	return p->n > 1 && strcasecmp(p->word[0], "ipsec") == 0 &&
	       strcasecmp(p->word[1], "apply") == 0;
}

static void take_command(struct parse *p, bool indented)
{
	if (head(p) || command(p))
		return;
	if (harmless(p)) {
		p->in = strcasecmp(p->word[0], "interface") == 0 ? OTHER : p->in;
		return;
	}
	if (p->in != OTHER || !indented)
		cloud_fail(p->r, "%s: not known here", p->shown);
}

/* May the word behind this one be a key? */
static bool tells_key(const char *word)
{
	static const char *const names[] = {"key", "psk", "secret", "pass", "pre-share"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcasestr(word, names[i]) != NULL)
			return true;
	return false;
}

static void take_line(struct parse *p, const char *line, size_t len)
{
	bool indented = len > 0 && (*line == ' ' || *line == '\t');
	char *save = NULL;

	if (len >= sizeof(p->line)) {
		cloud_fail(p->r, "a line of more than %d bytes", MAX_LINE - 1);
		return;
	}
	memcpy(p->line, line, len);
	p->line[len] = '\0';
	p->n = 0;
	for (char *w = strtok_r(p->line, " \t\r", &save); w; w = strtok_r(NULL, " \t\r", &save)) {
		if (p->n == MAX_WORDS) {
			cloud_fail(p->r, "a line of more than %d words", MAX_WORDS);
			return;
		}
		p->word[p->n++] = w;
	}
	if (p->n == 0 || *p->word[0] == '#' || *p->word[0] == '!')
		return;
	p->shown[0] = '\0';
	strncat(p->shown, p->word[0], sizeof(p->shown) - 2);
	if (p->n > 1 && !tells_key(p->word[0])) {
		strncat(p->shown, " ", sizeof(p->shown) - strlen(p->shown) - 1);
		strncat(p->shown, p->word[1], sizeof(p->shown) - strlen(p->shown) - 1);
	}
	take_command(p, indented);
}

/* Without a local-address ours is the one of the identity, or the only one there is. */
static void find_local(struct parse *p)
{
	const struct cloud_request *req = p->r->req;
	struct abi_addr *at = &p->t->at[CLOUD_LOCAL];

	if (at->family != 0 || (!p->t->fqdn[CLOUD_LOCAL] &&
				addr_parse(p->t->id[CLOUD_LOCAL], at) == 0 && addr_is_host(at)))
		return;
	if (req->n_ours == 1)
		*at = req->ours[0];
	else
		cloud_fail(p->r, "no local-address: say our public address with --local ADDRESS%s",
			   req->n_ours > 1 ? ", and that alone" : "");
}

static void check(struct parse *p)
{
	struct cloud_reader *r = p->r;

	if (p->seen[IKE_PROPOSAL] + p->seen[TRANSFORM] + p->seen[POLICY] == 0)
		cloud_fail(r, "neither JSON of a cloud nor commands of Comware");
	if (p->t->at[CLOUD_REMOTE].family == 0)
		cloud_fail(r, "no remote-address");
	find_local(p);
	if (r->c->n_pairs == 0)
		cloud_fail(r, "no acl with a rule");
}

/* What Comware has where nothing is said. */
void cloud_read_comware(struct cloud_reader *r, const char *text)
{
	struct parse p = {.r = r, .t = &r->c->tunnel[0]};

	r->c->vendor = CLOUD_TENCENT;
	r->c->n_tunnels = 1;
	p.t->mode = IKE_MODE_MAIN;
	p.t->hash = p.t->esp_auth = "sha1";
	p.t->dh = "modp768";
	p.t->pfs = "none";
	p.t->lifetime = 86400;
	p.t->esp_lifetime = 3600;
	while (*text != '\0' && !r->failed) {
		size_t len = strcspn(text, "\n");

		take_line(&p, text, len);
		text += len + (text[len] == '\n');
	}
	if (!r->failed)
		check(&p);
	if (!r->failed && (p.t->enc == NULL || p.t->esp_enc == NULL))
		cloud_fail(r, "no encryption-algorithm: Comware would take DES, which is refused");
	explicit_bzero(p.line, sizeof(p.line));
}
