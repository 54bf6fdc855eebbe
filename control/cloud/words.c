/* SPDX-License-Identifier: BSD-3-Clause */
/* words.c - the clouds' words for algorithms and modes, as ours. */
#include <string.h>
#include <strings.h>

#include "control/cloud/cloud_priv.h"

#define ENC	(1u << CLOUD_WORD_ENC)
#define ESP_ENC (1u << CLOUD_WORD_ESP_ENC)
#define BOTH	(ENC | ESP_ENC)
#define HASHES	(1u << CLOUD_WORD_HASH | 1u << CLOUD_WORD_ESP_AUTH)
#define GROUPS	(1u << CLOUD_WORD_GROUP | 1u << CLOUD_WORD_PFS)
#define PFS	(1u << CLOUD_WORD_PFS)

/* Alibaba's, Tencent's and Comware's. */
static const struct {
	unsigned kinds;
	const char *theirs, *ours;
	const char *refused;
} words[] = {
	{ENC, "aes", "aes-128", NULL},
	{ENC, "aes128", "aes-128", NULL},
	{ENC, "aes192", "aes-192", NULL},
	{ENC, "aes256", "aes-256", NULL},
	{ENC, "aes-128", "aes-128", NULL},
	{ENC, "aes-192", "aes-192", NULL},
	{ENC, "aes-256", "aes-256", NULL},
	{ENC, "aes-cbc-128", "aes-128", NULL},
	{ENC, "aes-cbc-192", "aes-192", NULL},
	{ENC, "aes-cbc-256", "aes-256", NULL},
	{ESP_ENC, "aes", "aes-128-cbc", NULL},
	{ESP_ENC, "aes128", "aes-128-cbc", NULL},
	{ESP_ENC, "aes192", "aes-192-cbc", NULL},
	{ESP_ENC, "aes256", "aes-256-cbc", NULL},
	{ESP_ENC, "aes-128", "aes-128-cbc", NULL},
	{ESP_ENC, "aes-192", "aes-192-cbc", NULL},
	{ESP_ENC, "aes-256", "aes-256-cbc", NULL},
	{ESP_ENC, "aes-cbc-128", "aes-128-cbc", NULL},
	{ESP_ENC, "aes-cbc-192", "aes-192-cbc", NULL},
	{ESP_ENC, "aes-cbc-256", "aes-256-cbc", NULL},
	{BOTH, "aes128gcm128", "aes-128-gcm", NULL},
	{BOTH, "aes192gcm128", "aes-192-gcm", NULL},
	{BOTH, "aes256gcm128", "aes-256-gcm", NULL},
	{BOTH, "3des", "3des", NULL},
	{BOTH, "3des-cbc", "3des", NULL},
	{BOTH, "des", NULL, "DES MUST NOT be used (RFC 8247, RFC 8221); set AES at the cloud"},
	{BOTH, "des-cbc", NULL, "DES MUST NOT be used (RFC 8247, RFC 8221); set AES at the cloud"},
	{BOTH, "sm4", NULL, "SM4 is not built yet; set AES at the cloud"},
	{ESP_ENC, "null", NULL, "without encryption nothing is protected; set AES at the cloud"},
	{HASHES, "md5", "md5", NULL},
	{HASHES, "sha", "sha1", NULL},
	{HASHES, "sha1", "sha1", NULL},
	{HASHES, "sha256", "sha256", NULL},
	{HASHES, "sha-256", "sha256", NULL},
	{HASHES, "sha384", "sha384", NULL},
	{HASHES, "sha-384", "sha384", NULL},
	{HASHES, "sha512", "sha512", NULL},
	{HASHES, "sha-512", "sha512", NULL},
	{GROUPS, "group1", "modp768", NULL},
	{GROUPS, "group2", "modp1024", NULL},
	{GROUPS, "group5", "modp1536", NULL},
	{GROUPS, "group14", "modp2048", NULL},
	{GROUPS, "group24", "modp2048s256", NULL},
	{PFS, "disabled", "none", NULL},
	{PFS, "null", "none", NULL},
};

const char *cloud_word(struct cloud_reader *r, enum cloud_words kind, const char *key,
		       const char *value, const char *preset)
{
	const char *word = value;

	if (*value == '\0')
		return preset;
	if (strncasecmp(word, "dh-", 3) == 0)
		word += 3;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (!(words[i].kinds >> kind & 1) || strcasecmp(words[i].theirs, word) != 0)
			continue;
		if (words[i].refused != NULL)
			cloud_fail(r, "%s: %s: %s", key, value, words[i].refused);
		return words[i].refused != NULL ? preset : words[i].ours;
	}
	cloud_fail(r, "%s: \"%.40s\" is not known here", key, value);
	return preset;
}

enum ike_exchange_mode cloud_mode(struct cloud_reader *r, const char *version, const char *mode)
{
	if (strcasecmp(version, "ikev2") == 0)
		return IKE_MODE_IKE2;
	if (*version != '\0' && strcasecmp(version, "ikev1") != 0)
		cloud_fail(r, "IKE version: \"%.40s\" is not known here", version);
	if (*mode == '\0' || strcasecmp(mode, "main") == 0)
		return IKE_MODE_MAIN;
	if (strcasecmp(mode, "aggressive") != 0)
		cloud_fail(r, "IKE mode: \"%.40s\" is not known here", mode);
	return IKE_MODE_AGGRESSIVE;
}
