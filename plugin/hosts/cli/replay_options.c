/* SPDX-License-Identifier: BSD-3-Clause */
/* Options of `shrike replay`: the table, and the few kinds of values that options take. */
#include "hosts/cli/replay_options.h"

#include <getopt.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hosts/cli/cli.h"

enum option_id {
    OPTION_FIRST = 1000,
#define OPTION(id, long_name, short_name, argument, help) OPTION_##id,
#include "hosts/cli/replay_options.def"
#undef OPTION
    OPTION_END
};

struct option_row {
    const char *long_name;
    char short_name;      /* 0: none */
    const char *argument; /* NULL: takes none */
    const char *help;
};

static const struct option_row ROWS[] = {
#define OPTION(id, long_name, short_name, argument, help) {long_name, short_name, argument, help},
#include "hosts/cli/replay_options.def"
#undef OPTION
};

enum { ROW_COUNT = sizeof(ROWS) / sizeof(ROWS[0]) };

static void print_help(void)
{
    puts("usage: shrike replay [-S RULES]... [--eve FILE|-] [OPTION]... CAPTURE...\n\n"
         "Reads captures (pcap, pcapng, also gzip and zstd; folders; - for standard input) as one "
         "stream\n"
         "in order of time, and writes an alert for everything that the rules match.\n");
    for (size_t i = 0; i < ROW_COUNT; i++) {
        char left[64];
        snprintf(left, sizeof(left), "%c%c%s --%s%s%s", ROWS[i].short_name ? '-' : ' ',
                 ROWS[i].short_name ? ROWS[i].short_name : ' ', ROWS[i].short_name ? "," : " ",
                 ROWS[i].long_name, ROWS[i].argument ? " " : "",
                 ROWS[i].argument ? ROWS[i].argument : "");
        printf("  %-30s %s\n", left, ROWS[i].help);
    }
    puts("\nexit status: 0 done, 1 alerts were found (with --fail-on-alert), 2 wrong usage or "
         "rules,\n"
         "3 a capture was broken or unreadable (the rest was processed), 4 output was lost,\n"
         "128 and the signal's number when interrupted (what was read was processed)");
}

/* ---- values ---------------------------------------------------------------------------------------- */

static int parse_number(const char *name, const char *text, uint64_t maximum, uint64_t *out)
{
    if (view_parse_u64(view_from_string(text), out) && *out <= maximum)
        return -1;
    return usage_error("replay", "--%s %s: expected a number from 0 to %llu", name, text,
                       (unsigned long long)maximum);
}

/* "64M", "2G", "500K" or bytes. */
static int parse_size(const char *name, const char *text, size_t *out)
{
    struct view v = view_from_string(text);
    uint64_t number, unit = 1;

    if (v.len > 0 && !byte_is_digit(v.data[v.len - 1])) {
        uint8_t letter = byte_fold(v.data[v.len - 1]);
        unit = letter == 'k' ? 1U << 10 : letter == 'm' ? 1U << 20 : letter == 'g' ? 1U << 30 : 0;
        v.len--;
    }
    if (unit == 0 || !view_parse_u64(v, &number) || number > SIZE_MAX / unit)
        return usage_error("replay", "--%s %s: expected a size such as 512M or 2G", name, text);
    *out = (size_t)(number * unit);
    return -1;
}

/* A worker without any memory for one of these could do nothing with a flow. */
static int parse_memcap(const char *name, const char *text, size_t *out)
{
    int status = parse_size(name, text, out);

    if (status == -1 && *out == 0)
        return usage_error(
            "replay", "--%s %s: expected a size from 1; leave it out for the default", name, text);
    return status;
}

/* A body is part of one event: it has to leave room in memory for those of other flows. */
static int parse_body_limit(const char *text, struct proto_limits *limits)
{
    enum { MOST = 64 * 1024 * 1024 };
    size_t size = 0;
    int status = parse_size("body-limit", text, &size);

    if (status >= 0)
        return status;
    if (size == 0 || size > MOST)
        return usage_error("replay", "--body-limit %s: expected 1 to 64M", text);
    limits->request_body_bytes = limits->response_body_bytes = (uint32_t)size;
    return -1;
}

static int parse_checksum(struct decode_options *decode, const char *text)
{
    if (strcmp(text, "count") == 0)
        return -1;
    if (strcmp(text, "drop") == 0) {
        decode->drop_bad_checksums = true;
        return -1;
    }
    if (strcmp(text, "ignore") == 0) {
        decode->ignore_checksums = true;
        return -1;
    }
    return usage_error("replay", "--checksum %s: expected count, drop or ignore", text);
}

static int parse_policy(const char *text, enum overlap_policy *out)
{
    static const char *const names[] = {
        [OVERLAP_LINUX] = "linux",
        [OVERLAP_FIRST] = "first",
        [OVERLAP_LAST] = "last",
        [OVERLAP_WINDOWS] = "windows",
    };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(text, names[i]) == 0) {
            *out = (enum overlap_policy)i;
            return -1;
        }
    }
    return usage_error("replay", "--overlap %s: expected linux, first, last or windows", text);
}

static int parse_vlan_key(const char *text, struct pipeline_options *pipeline)
{
    bool is_no = strcmp(text, "no") == 0;

    if (!is_no && strcmp(text, "yes") != 0)
        return usage_error("replay", "--vlan-key %s: expected yes or no", text);
    pipeline->worker.joins_vlans = pipeline->decode.joins_vlans = is_no;
    return -1;
}

/* "http,dns" or "all" */
static int parse_log(const char *text, bool log[EVENT_COUNT])
{
    struct view rest = view_from_string(text);

    if (rest.len == 0)
        return usage_error("replay", "--log '': expected http, dns, tls, flow, anomaly or all");
    if (view_equal(rest, VIEW("all"))) {
        log[EVENT_FLOW] = log[EVENT_HTTP] = log[EVENT_DNS] = log[EVENT_TLS] = log[EVENT_ANOMALY] =
            true;
        return -1;
    }
    while (rest.len > 0) {
        size_t comma = view_find_byte(rest, ',');
        struct view name = view_slice(rest, 0, comma);
        enum event_type type = event_type_find(name);
        if (type == EVENT_COUNT || type == EVENT_PACKET || type == EVENT_STREAM)
            return usage_error("replay",
                               "--log %.*s: expected http, dns, tls, flow, anomaly or all",
                               (int)name.len, (const char *)name.data);
        log[type] = true;
        rest = comma == VIEW_NOT_FOUND ? view_slice(rest, 0, 0) : view_skip(rest, comma + 1);
    }
    return -1;
}

static int parse_threads(const char *text, unsigned *out)
{
    uint64_t number;
    int status = parse_number("threads", text, PIPELINE_THREADS_MAX, &number);
    if (status != -1)
        return status;
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    *out = number != 0 ? (unsigned)number : cores > 0 ? (unsigned)cores : 1;
    return -1;
}

static int parse_seed(const char *text, uint16_t *out)
{
    uint64_t number;
    int status = parse_number("community-id-seed", text, UINT16_MAX, &number);
    if (status == -1)
        *out = (uint16_t)number;
    return status;
}

static int add_rules(struct replay_options *o, const char *path)
{
    if (o->rule_count == RULE_PATHS_MAX)
        return usage_error("replay", "more than %d --rules: name a folder instead", RULE_PATHS_MAX);
    o->rules[o->rule_count++] = path;
    return -1;
}

static int parse_output(const char *name, const char *text, const char **out)
{
    if (text[0] == '\0')
        return usage_error("replay",
                           "--%s '': expected the name of a file, or - for standard output", name);
    *out = text;
    return -1;
}

static int apply(struct replay_options *o, enum option_id id, const char *value)
{
    struct worker_options *worker = &o->pipeline.worker;

    switch ((int)id) {
    case OPTION_RULES:
        return add_rules(o, value);
    case OPTION_EVE:
        return parse_output("eve", value, &o->eve);
    case OPTION_OUTPUT:
        return parse_output("output", value, &o->text);
    case OPTION_LOG:
        return parse_log(value, worker->log);
    case OPTION_PCAP_OUT:
        return parse_output("pcap-out", value, &o->pcap_out);
    case OPTION_PAYLOAD:
        o->payload = true;
        return -1;
    case OPTION_PAYLOAD_PRINTABLE:
        o->payload_printable = true;
        return -1;
    case OPTION_THREADS:
        return parse_threads(value, &o->pipeline.threads);
    case OPTION_FILTER:
        o->filter = value;
        return -1;
    case OPTION_RECURSE:
        o->recurse = true;
        return -1;
    case OPTION_CHECKSUM:
        return parse_checksum(&o->pipeline.decode, value);
    case OPTION_OVERLAP:
        return parse_policy(value, &worker->tcp_policy);
    case OPTION_FRAGMENT_OVERLAP:
        return parse_policy(value, &o->pipeline.decode.fragment_policy);
    case OPTION_VLAN_KEY:
        return parse_vlan_key(value, &o->pipeline);
    case OPTION_NO_MIDSTREAM:
        worker->refuse_midstream = true;
        return -1;
    case OPTION_MEMCAP_FLOW:
        return parse_memcap("memcap-flow", value, &worker->flow_budget_bytes);
    case OPTION_MEMCAP_REASSEMBLY:
        return parse_memcap("memcap-reassembly", value, &worker->reassembly_budget_bytes);
    case OPTION_MEMCAP_PROTOCOLS:
        return parse_memcap("memcap-protocols", value, &worker->proto_budget_bytes);
    case OPTION_MEMCAP_STREAMS:
        return parse_memcap("memcap-streams", value, &worker->stream_budget_bytes);
    case OPTION_MEMCAP_ALERTS:
        return parse_memcap("memcap-alerts", value, &o->alert_budget_bytes);
    case OPTION_BODY_LIMIT:
        return parse_body_limit(value, &worker->limits);
    case OPTION_COMMUNITY_ID_SEED:
        return parse_seed(value, &worker->community_id_seed);
    case OPTION_NO_COMMUNITY_ID:
        o->no_community_id = true;
        return -1;
    case OPTION_NO_STATS:
        o->no_stats = true;
        return -1;
    case OPTION_SENSOR_NAME:
        o->sensor_name = value;
        return -1;
    case OPTION_KEEP_GOING:
        o->keep_going = true;
        return -1;
    case OPTION_FAIL_ON_ALERT:
        o->fail_on_alert = true;
        return -1;
    case OPTION_QUIET:
        o->quiet = true;
        return -1;
    case OPTION_HELP:
        print_help();
        return STATUS_OK;
    default:
        return usage_error("replay", "wrong option");
    }
}

static void make_getopt_tables(struct option long_options[ROW_COUNT + 1], char *short_options)
{
    size_t at = 0;
    for (size_t i = 0; i < ROW_COUNT; i++) {
        long_options[i] = (struct option){
            .name = ROWS[i].long_name,
            .has_arg = ROWS[i].argument ? required_argument : no_argument,
            .val = OPTION_FIRST + 1 + (int)i,
        };
        if (ROWS[i].short_name == 0)
            continue;
        short_options[at++] = ROWS[i].short_name;
        if (ROWS[i].argument != NULL)
            short_options[at++] = ':';
    }
    short_options[at] = '\0';
}

static int id_of(int found)
{
    for (size_t i = 0; i < ROW_COUNT; i++) {
        if (ROWS[i].short_name != 0 && found == ROWS[i].short_name)
            return OPTION_FIRST + 1 + (int)i;
    }
    return found;
}

static bool is_any(const bool log[EVENT_COUNT])
{
    for (size_t i = 0; i < EVENT_COUNT; i++) {
        if (log[i])
            return true;
    }
    return false;
}

/* "-", or another name of what standard input is, which can be read once only. */
static bool is_standard_input(const char *name)
{
    struct stat standard, status;

    if (strcmp(name, "-") == 0)
        return true;
    return fstat(STDIN_FILENO, &standard) == 0 && stat(name, &status) == 0 &&
           !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode) && !S_ISCHR(status.st_mode) &&
           status.st_dev == standard.st_dev && status.st_ino == standard.st_ino;
}

static int check_captures(const struct replay_options *o)
{
    size_t count = 0;

    for (size_t i = 0; i < o->capture_count; i++) {
        if (is_standard_input(o->captures[i]) && count++ > 0)
            return usage_error("replay",
                               "standard input is named twice among the captures (as %s): it can "
                               "be read once",
                               o->captures[i]);
    }
    return o->capture_count > 0 ? -1 : usage_error("replay", "no capture given");
}

/* What follows from the options together. */
static int complete(struct replay_options *o)
{
    bool has_standard = o->pcap_out != NULL && strcmp(o->pcap_out, "-") == 0;
    int status = check_captures(o);

    if (status != -1)
        return status;
    if (o->eve == NULL && is_any(o->pipeline.worker.log))
        return usage_error("replay", "--log writes to --eve: add --eve FILE or --eve -");
    if (o->eve == NULL && (o->payload || o->payload_printable))
        return usage_error("replay",
                           "--payload%s adds to the alerts of --eve: add --eve FILE or --eve -",
                           o->payload ? "" : "-printable");
    if (o->eve == NULL && o->text == NULL && !has_standard)
        o->text = "-";
    return -1;
}

int replay_options_parse(struct replay_options *options, int argc, char **argv)
{
    struct option long_options[ROW_COUNT + 1] = {0};
    char short_options[2 * ROW_COUNT + 1];
    int found;

    *options = (struct replay_options){.pipeline = {.threads = 1}};
    make_getopt_tables(long_options, short_options);
    while ((found = getopt_long(argc, argv, short_options, long_options, NULL)) != -1) {
        int status = apply(options, (enum option_id)id_of(found), optarg);
        if (status != -1)
            return status;
    }
    options->captures = argv + optind;
    options->capture_count = (size_t)(argc - optind);
    return complete(options);
}
