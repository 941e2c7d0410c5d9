/* SPDX-License-Identifier: MIT */
/* The operation probe: http_probe.h for `target`, an https URL. */
#include "http_probe.h"
#include "http_text.h"
#include "net_worker.h"

int
net_probe(struct net_job *job, struct http *http, struct err *err)
{
	const char *target = lines_get(job->rq, "target");
	struct secbuf *to = &job->more;
	struct http_probe p;
	int r;

	if (target == NULL || !http_url_ok(target))
		return err_set(err, ERR_CONFIG, "probe: no https URL is given");
	if (http_probe(http, target,
		profile_ms(job->profile, CONF_CONNECT_TIMEOUT), &p, err) < 0)
		return err->code;
	r = lines_add_number(to, "trusted", p.trusted, err);
	if (r == 0 && !p.trusted)
		r = lines_add_some(to, "complaint", p.complaint, err);
	if (r == 0)
		r = lines_add_number(to, "authority", p.authority, err);
	if (r == 0 && p.date > 0)
		r = lines_add_number(to, "date", p.date, err);
	if (r == 0)
		r = lines_add_some(to, "subject", p.subject, err);
	if (r == 0)
		r = lines_add_some(to, "names", p.names, err);
	if (r == 0)
		r = lines_add_some(to, "sha256", p.sha256, err);
	if (r == 0 && p.not_after > 0)
		r = lines_add_number(to, "not_after", p.not_after, err);
	return r;
}
