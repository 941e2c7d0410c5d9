/* SPDX-License-Identifier: MIT */
/* tokenring config: the effective configuration, and what is wrong with it. */
#include <stdio.h>

#include "commands.h"

static void
print_profile(const struct front *f, const struct profile *p)
{
	const char *v;
	int k;

	printf("[profile %s]\n", p->name);
	for (k = 0; k < CONF_KEYS; k++) {
		v = profile_get(p, (enum conf_key)k);
		if (v == NULL)
			continue;
		if (!f->opt.show_origin)
			printf("%s = %s\n", conf_keys[k].name, v);
		else if (p->value[k] == NULL)
			printf(
			    "%-24s%s = %s\n", "default", conf_keys[k].name, v);
		else if (p->where[k] < 0)
			printf("%-24s%s = %s\n", "-o", conf_keys[k].name, v);
		else if (p->where[k] == 0)
			printf(
			    "%-24s%s = %s\n", "preset", conf_keys[k].name, v);
		else
			printf("%s:%-*d%s = %s\n", p->file, 4, p->where[k],
			    conf_keys[k].name, v);
	}
	printf("\n");
}

int
cmd_config(struct front *f, struct err *err)
{
	const struct conf_fault *fault;
	size_t i, n;

	if (f->opt.operands > 0)
		return err_set(err, ERR_CONFIG, "config takes no arguments");
	if (front_read_conf(f, err) < 0)
		return err->code;
	n = conf_faults(f->conf, &fault);
	for (i = 0; i + 1 < n; i++)
		(void)fprintf(stderr, "tokenring: %s\n", fault[i].text);
	if (n > 0)
		return err_set(err, ERR_CONFIG, "%s", fault[n - 1].text);
	for (i = 0; i < conf_count(f->conf); i++)
		print_profile(f, conf_at(f->conf, i));
	return 0;
}
