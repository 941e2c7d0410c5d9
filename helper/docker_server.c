/* SPDX-License-Identifier: MIT */
#include "docker_server.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "dialect.h"
#include "http_text.h"

static bool
is_of_the_api(const char *path)
{
	static const char *const paths[] = {
	    "", "/", "/v1", "/v1/", "/v2", "/v2/"};
	size_t i;

	for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		if (strcmp(path, paths[i]) == 0)
			return true;
	return false;
}

int
docker_server_parse(const char *raw, struct docker_server *ret, struct err *err)
{
	char shown[HTTP_SITE_MAX];
	const char *s = raw, *path;
	int n, r;

	ret->https = strncasecmp(raw, "http://", 7) != 0;
	if (!ret->https)
		s += 7;
	else if (strncasecmp(raw, "https://", 8) == 0)
		s += 8;
	path = s + strcspn(s, "/");
	n = snprintf(ret->name, sizeof(ret->name), "%.*s", (int)(path - s), s);
	http_site(raw, shown);
	if (n <= 0 || n >= (int)sizeof(ret->name) || ret->name[n - 1] == ':')
		return err_set(err, ERR_CONFIG, "'%s' names no server", shown);
	r = match_host(ret->name, is_of_the_api(path) ? NULL : path + 1,
	    &ret->target, err);
	return r < 0 ? err_wrap(err, "'%s'", shown) : 0;
}

int
docker_server_profile(struct front *f, const struct docker_server *server,
    const struct profile **ret, struct err *err)
{
	if (!server->https)
		return err_set(err, ERR_NOTFOUND, "not https");
	return dialect_profile(f, &server->target, ret, err);
}
