/* SPDX-License-Identifier: MIT */
#include "dialect.h"

#include <string.h>
#include <time.h>

#include "match.h"

static int
parse(const struct secbuf *text, int flags, const char *what,
    struct json_object **ret, struct err *err)
{
	struct json_tokener *parser = json_tokener_new_ex(DIALECT_DEPTH_MAX);

	if (parser == NULL)
		return err_set(err, ERR_NOMEM, "out of memory");
	json_tokener_set_flags(parser, JSON_TOKENER_STRICT | flags);
	*ret = json_tokener_parse_ex(parser, text->ptr, (int)text->len);
	if (json_tokener_get_error(parser) != json_tokener_success ||
	    strspn(text->ptr + json_tokener_get_parse_end(parser), " \t\r\n") !=
		text->len - json_tokener_get_parse_end(parser) ||
	    !json_object_is_type(*ret, json_type_object)) {
		json_object_put(*ret);
		*ret = NULL;
	}
	if (parser->pb != NULL)
		explicit_bzero(parser->pb->buf, (size_t)parser->pb->size);
	json_tokener_free(parser);
	return *ret != NULL ? 0
			    : err_set(err, ERR_PROTOCOL,
				  "%s is not one JSON object", what);
}

int
dialect_parse(const struct secbuf *text, const char *what,
    struct json_object **ret, struct err *err)
{
	return parse(text, JSON_TOKENER_VALIDATE_UTF8, what, ret, err);
}

int
dialect_parse_bytes(const struct secbuf *text, const char *what,
    struct json_object **ret, struct err *err)
{
	return parse(text, 0, what, ret, err);
}

const char *
dialect_text(struct json_object *o, const char *key)
{
	struct json_object *v;

	if (!json_object_object_get_ex(o, key, &v) ||
	    !json_object_is_type(v, json_type_string) ||
	    strlen(json_object_get_string(v)) !=
		(size_t)json_object_get_string_len(v))
		return NULL;
	return json_object_get_string(v);
}

int
dialect_profile(struct front *f, const struct match_target *target,
    const struct profile **ret, struct err *err)
{
	if (f->opt.profile == NULL)
		return match_profile(f->conf, target, ret, err);
	if (front_profile(f, NULL, ret, err) < 0)
		return err->code;
	if (!match_covers(*ret, target))
		return err_set(err, ERR_NOTFOUND, "not this profile's host");
	return 0;
}

int
dialect_token(struct front *f, const struct profile *p, struct grant *g,
    struct token *ret, struct err *err)
{
	const char *c;

	if (grant_open(g, f, p, err) < 0 ||
	    broker_get(g, front_min_valid(f, p), ret, err) < 0)
		return err->code;
	for (c = ret->access_token.ptr; *c > 0x20 && *c < 0x7f;)
		c++;
	if (ret->access_token.len == 0 || *c != '\0')
		return err_set(err, ERR_PROTOCOL,
		    "profile '%s': the token has characters that no header can "
		    "carry",
		    p->name);
	return 0;
}

int64_t
dialect_expiry(
    const struct front *f, const struct profile *p, const struct token *t)
{
	int64_t left = t->expires_at - time(NULL);
	int64_t skew = front_min_valid(f, p);

	if (skew > left / 2)
		skew = left > 0 ? left / 2 : 0;
	return t->expires_at - skew;
}
