/* SPDX-License-Identifier: MIT */
#include "fingerprint.h"

#include <sha2.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static void
add(SHA2_CTX *sha, const char *field)
{
	size_t len = field != NULL ? strlen(field) : 0;
	uint8_t prefix[4] = {(uint8_t)(len >> 24), (uint8_t)(len >> 16),
	    (uint8_t)(len >> 8), (uint8_t)len};

	SHA256Update(sha, prefix, sizeof(prefix));
	if (len > 0)
		SHA256Update(sha, (const uint8_t *)field, len);
}

void
fingerprint(
    const struct profile *p, const char *account, char ret[FINGERPRINT_LEN + 1])
{
	static const enum conf_key fields[] = {CONF_PROVIDER, CONF_ISSUER,
	    CONF_TOKEN_URL, CONF_AUTHORIZATION_URL,
	    CONF_DEVICE_AUTHORIZATION_URL, CONF_REVOCATION_URL, CONF_CLIENT_ID,
	    CONF_SCOPE, CONF_AUDIENCE, CONF_URL, CONF_DOMAIN};
	uint8_t digest[SHA256_DIGEST_LENGTH];
	SHA2_CTX sha;
	size_t i;

	SHA256Init(&sha);
	add(&sha, "tokenring 1");
	for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		add(&sha, profile_get(p, fields[i]));
	add(&sha, account);
	SHA256Final(digest, &sha);
	for (i = 0; i < FINGERPRINT_LEN / 2; i++)
		(void)snprintf(ret + 2 * i, 3, "%02x", digest[i]);
}
