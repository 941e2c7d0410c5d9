/* SPDX-License-Identifier: MIT */
#include "loopback_http.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "http_text.h"

const char *
loopback_param(const struct loopback_query *q, const char *name)
{
	size_t i;

	for (i = 0; i < q->n; i++)
		if (strcmp(q->param[i].name, name) == 0)
			return q->param[i].value;
	return NULL;
}

size_t
loopback_head_len(const struct secbuf *request)
{
	const char *end = memmem(request->ptr, request->len, "\r\n\r\n", 4);

	return end != NULL ? (size_t)(end - request->ptr) + 4 : 0;
}

/* Lines end in CR LF, and no other control character stands in them. */
static bool
is_text(const struct secbuf *head)
{
	unsigned char c;
	size_t i;

	for (i = 0; i < head->len; i++) {
		c = (unsigned char)head->ptr[i];
		if (c == '\r' && head->ptr[i + 1] == '\n')
			i++;
		else if ((c < 0x20 && c != '\t') || c == 0x7f)
			return false;
	}
	return true;
}

/* Every line a name, a colon and a value (RFC 9112 §5): nothing folded. */
static bool
are_fields(const char *p)
{
	static const char token[] = "!#$%&'*+-.^_`|~0123456789"
				    "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
	size_t n;

	for (; *p != '\0' && strcmp(p, "\r\n") != 0; p = strchr(p, '\n') + 1) {
		n = strspn(p, token);
		if (n == 0 || p[n] != ':')
			return false;
	}
	return true;
}

/* Were we called by an address of ours? */
static bool
is_our_host(const struct secbuf *fields, int port)
{
	static const char *const hosts[] = {"127.0.0.1", "[::1]"};
	char ours[32];
	const char *v;
	size_t len, i;

	if (http_header(fields, "Host", &v, &len) != 1)
		return false;
	for (i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
		(void)snprintf(ours, sizeof(ours), "%s:%d", hosts[i], port);
		if (strlen(ours) == len && memcmp(v, ours, len) == 0)
			return true;
	}
	return false;
}

static int
hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Decode in place (application/x-www-form-urlencoded); no NUL may come out. */
static bool
decode(char *s)
{
	char *to = s;
	int high, low;

	for (; *s != '\0'; s++) {
		if (*s != '%') {
			*to++ = *s == '+' ? ' ' : *s;
			continue;
		}
		high = hex(s[1]);
		low = high < 0 ? -1 : hex(s[2]);
		if (low < 0 || (high | low) == 0)
			return false;
		*to++ = (char)(high << 4 | low);
		s += 2;
	}
	*to = '\0';
	return true;
}

/* No parameter may come twice (RFC 6749 §3.1). */
static bool
split_query(char *text, struct loopback_query *ret)
{
	char *name, *value;

	ret->n = 0;
	while ((name = strsep(&text, "&")) != NULL) {
		if (*name == '\0')
			continue;
		value = strchrnul(name, '=');
		if (*value == '=')
			*value++ = '\0';
		if (!decode(name) || !decode(value) ||
		    loopback_param(ret, name) != NULL ||
		    ret->n == LOOPBACK_PARAMS_MAX)
			return false;
		ret->param[ret->n].name = name;
		ret->param[ret->n++].value = value;
	}
	return true;
}

/* "GET TARGET HTTP/1.1": ends the target in place, or NULL. */
static char *
find_target(char *line, bool *get)
{
	char *target = strchr(line, ' '), *version;

	if (target == NULL || target == line)
		return NULL;
	*target++ = '\0';
	version = strchr(target, ' ');
	if (version == NULL || version == target)
		return NULL;
	*version++ = '\0';
	if (strcmp(version, "HTTP/1.1") != 0 &&
	    strcmp(version, "HTTP/1.0") != 0)
		return NULL;
	for (*get = strcmp(line, "GET") == 0; *line != '\0'; line++)
		if (*line < 'A' || *line > 'Z')
			return NULL;
	for (line = target; *line != '\0'; line++)
		if (*line <= ' ' || *line > '~' || *line == '#')
			return NULL;
	return target;
}

int
loopback_request(struct secbuf *head, int port, struct loopback_query *ret)
{
	struct secbuf fields = *head;
	char *end, *target, *query;
	bool get;

	ret->n = 0;
	if (!is_text(head) || (end = strstr(head->ptr, "\r\n")) == NULL)
		return 400;
	*end = '\0';
	fields.ptr = end + 2;
	fields.len = head->len - (size_t)(fields.ptr - head->ptr);
	target = find_target(head->ptr, &get);
	if (target == NULL || !are_fields(fields.ptr) ||
	    !is_our_host(&fields, port))
		return 400;
	query = strchrnul(target, '?');
	if (*query == '?')
		*query++ = '\0';
	if (!get || strcmp(target, LOOPBACK_PATH) != 0)
		return 404;
	return split_query(query, ret) ? 200 : 400;
}

/* clang-format off */
static const struct {
	int status;
	const char *reason, *english, *french;
} pages[] = {
	{200, "OK",
	    "The answer has arrived. You may close this page; the terminal says whether you are signed in.",
	    "La réponse est arrivée. Vous pouvez fermer cette page ; le terminal indique si vous êtes connecté."},
	{400, "Bad Request",
	    "This is not the answer that is waited for. You may close this page.",
	    "Ce n’est pas la réponse attendue. Vous pouvez fermer cette page."},
	{403, "Forbidden",
	    "Another user of this machine is signing in here. You may close this page.",
	    "Un autre utilisateur de cette machine se connecte ici. Vous pouvez fermer cette page."},
	{404, "Not Found",
	    "There is nothing here. You may close this page.",
	    "Il n’y a rien ici. Vous pouvez fermer cette page."},
	{408, "Request Timeout",
	    "The request took too long. You may close this page.",
	    "La requête a pris trop de temps. Vous pouvez fermer cette page."},
	{431, "Request Header Fields Too Large",
	    "The request is too long. You may close this page.",
	    "La requête est trop longue. Vous pouvez fermer cette page."},
};

static const char fields_of_all[] =
	"Content-Type: text/html; charset=utf-8\r\n"
	"Cache-Control: no-store\r\n"
	"Content-Security-Policy: default-src 'none'\r\n"
	"Referrer-Policy: no-referrer\r\n"
	"X-Content-Type-Options: nosniff\r\n"
	"Connection: close\r\n";
/* clang-format on */

int
loopback_page(int status, struct secbuf *to)
{
	char head[512], body[1024];
	size_t i = 0;

	while (pages[i].status != status)
		if (++i == sizeof(pages) / sizeof(pages[0]))
			return -1;
	(void)snprintf(body, sizeof(body),
	    "<!DOCTYPE html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n"
	    "<title>tokenring</title>\n<p>%s</p>\n<p lang=\"fr\">%s</p>\n",
	    pages[i].english, pages[i].french);
	(void)snprintf(head, sizeof(head),
	    "HTTP/1.1 %d %s\r\n%sContent-Length: %zu\r\n\r\n", status,
	    pages[i].reason, fields_of_all, strlen(body));
	secbuf_reset(to);
	return secbuf_addstr(to, head) < 0 || secbuf_addstr(to, body) < 0 ? -1
									  : 0;
}
