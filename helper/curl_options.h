/* SPDX-License-Identifier: MIT */
/*
 * Which of curl's options take a value (curl(1), 7.88): without that, a URL
 * cannot be told from an option's argument.  What could send the token to a
 * place that no argument shows, or to a server whose certificate nobody checks,
 * is left out, and so refused without --any-host: --config, --url, --insecure,
 * --location-trusted, --next, --request-target and the like, another authority
 * than the profile's; and whatever curl learns later.
 */
#ifndef CURL_OPTIONS_H
#define CURL_OPTIONS_H

/* clang-format off */
static const char curl_short_valued[] = "EbcCdDFPHmoQreXYytzTuxAw";
static const char curl_short_flags[] = "afGgI0i46jlLMnNZ#pJORSs231Bv";

static const char *const curl_long_valued[] = {
	"abstract-unix-socket", "alt-svc", "aws-sigv4", "cert",
	"cert-type", "ciphers", "connect-timeout", "connect-to", "continue-at", "cookie",
	"cookie-jar", "create-file-mode", "curves", "data", "data-ascii",
	"data-binary", "data-raw", "data-urlencode", "delegation", "dns-interface",
	"dns-ipv4-addr", "dns-ipv6-addr", "dns-servers", "doh-url", "dump-header",
	"egd-file", "engine", "etag-compare", "etag-save", "expect100-timeout", "form",
	"form-string", "ftp-account", "ftp-alternative-to-user", "ftp-method", "ftp-port",
	"ftp-ssl-ccc-mode", "happy-eyeballs-timeout-ms", "header", "hostpubmd5",
	"hostpubsha256", "hsts", "interface", "json", "keepalive-time", "key", "key-type",
	"krb", "limit-rate", "local-port", "login-options", "mail-auth", "mail-from",
	"mail-rcpt", "max-filesize", "max-redirs", "max-time", "netrc-file", "noproxy",
	"oauth2-bearer", "output", "output-dir", "parallel-max", "pass", "pinnedpubkey",
	"preproxy", "proto", "proto-default", "proto-redir", "proxy", "proxy-cacert",
	"proxy-capath", "proxy-cert", "proxy-cert-type", "proxy-ciphers", "proxy-crlfile",
	"proxy-header", "proxy-key", "proxy-key-type", "proxy-pass", "proxy-pinnedpubkey",
	"proxy-service-name", "proxy-tls13-ciphers", "proxy-tlsauthtype",
	"proxy-tlspassword", "proxy-tlsuser", "proxy-user", "proxy1.0", "pubkey", "quote",
	"random-file", "range", "rate", "referer", "request", "resolve",
	"retry", "retry-delay", "retry-max-time", "sasl-authzid", "service-name",
	"socks4", "socks4a", "socks5", "socks5-gssapi-service", "socks5-hostname",
	"speed-limit", "speed-time", "stderr", "telnet-option", "tftp-blksize",
	"time-cond", "tls-max", "tls13-ciphers", "tlsauthtype", "tlspassword", "tlsuser",
	"trace", "trace-ascii", "unix-socket", "upload-file", "url-query", "user",
	"user-agent", "write-out",
};

static const char *const curl_long_flags[] = {
	"anyauth", "append", "basic", "compressed", "compressed-ssh",
	"create-dirs", "crlf", "digest", "disable-eprt", "disable-epsv",
	"disallow-username-in-url", "doh-cert-status", "fail", "fail-early",
	"fail-with-body", "false-start", "form-escape", "ftp-create-dirs", "ftp-pasv",
	"ftp-pret", "ftp-skip-pasv-ip", "ftp-ssl-ccc", "ftp-ssl-control", "get",
	"globoff", "haproxy-protocol", "head", "http0.9", "http1.0", "http1.1", "http2",
	"http2-prior-knowledge", "http3", "http3-only", "ignore-content-length",
	"include", "ipv4", "ipv6", "junk-session-cookies", "list-only", "location",
	"mail-rcpt-allowfails", "negotiate", "netrc", "netrc-optional", "no-alpn",
	"no-buffer", "no-clobber", "no-keepalive", "no-npn", "no-progress-meter",
	"no-sessionid", "ntlm", "ntlm-wb", "parallel", "parallel-immediate", "path-as-is",
	"post301", "post302", "post303", "progress-bar", "proxy-anyauth", "proxy-basic",
	"proxy-digest", "proxy-negotiate", "proxy-ntlm", "proxy-ssl-allow-beast",
	"proxy-ssl-auto-client-cert", "proxy-tlsv1", "proxytunnel", "raw",
	"remote-header-name", "remote-name", "remote-name-all", "remote-time",
	"remove-on-error", "retry-all-errors", "retry-connrefused", "sasl-ir",
	"show-error", "silent", "socks5-basic", "socks5-gssapi", "socks5-gssapi-nec",
	"ssl", "ssl-allow-beast", "ssl-auto-client-cert", "ssl-no-revoke", "ssl-reqd",
	"ssl-revoke-best-effort", "sslv2", "sslv3", "styled-output",
	"suppress-connect-headers", "tcp-fastopen", "tcp-nodelay", "tftp-no-options",
	"tlsv1", "tlsv1.0", "tlsv1.1", "tlsv1.2", "tlsv1.3", "tr-encoding", "trace-time",
	"use-ascii", "verbose", "xattr",
};
/* clang-format on */

#endif
