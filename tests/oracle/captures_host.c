/* SPDX-License-Identifier: BSD-3-Clause */
/* A host of the public API that is asked about many captures: the rules are loaded once, and each capture gets a
 * worker of its own, so that no flow of one is known to the next.
 *
 *   captures_host [-m] RULES < paths > alerts        (-m: flows whose start is not in the capture are not followed)
 *
 * For each path of standard input lines of `alert TAB sid TAB protocol TAB address TAB port TAB address TAB port`,
 * client first, and at its end `done TAB path TAB what libpcap said` (empty when it read to the end). Alerts of one
 * rule on one flow are written as often as they come. */
#include <arpa/inet.h>
#include <pcap/pcap.h>
#include <shrike/shrike.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* libpcap has names of its own for some link types, by the system that it runs on. */
static int link_type_of(int dlt)
{
    switch (dlt) {
    case DLT_RAW:
        return 101;
    case DLT_ATM_RFC1483:
        return 100;
    case DLT_SLIP_BSDOS:
        return 102;
    case DLT_PPP_BSDOS:
        return 103;
    default:
        return dlt;
    }
}

static void print_end(const uint8_t address[16], unsigned port)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    char text[INET6_ADDRSTRLEN] = "";

    if (memcmp(address, mapped, sizeof(mapped)) == 0)
        inet_ntop(AF_INET, address + 12, text, sizeof(text));
    else
        inet_ntop(AF_INET6, address, text, sizeof(text));
    printf("\t%s\t%u", text, port);
}

static void on_alert(void *context, const struct shrike_alert *alert)
{
    struct shrike_tuple tuple;

    (void)context;
    shrike_alert_tuple(alert, &tuple);
    printf("alert\t%u\t%u", shrike_alert_sid(alert), tuple.ip_proto);
    print_end(tuple.client, tuple.client_port);
    print_end(tuple.server, tuple.server_port);
    putchar('\n');
}

static void feed(struct shrike_worker *worker, pcap_t *pcap)
{
    struct pcap_pkthdr *header;
    const u_char *data;
    int link_type = link_type_of(pcap_datalink(pcap));

    while (pcap_next_ex(pcap, &header, &data) == 1) {
        const struct shrike_packet packet = {
            .data = data,
            .len = header->caplen,
            .wire_len = header->len,
            .time_us = (int64_t)header->ts.tv_sec * 1000000 + header->ts.tv_usec,
            .link_type = link_type,
        };
        if (shrike_worker_packet(worker, &packet) != 0)
            return;
    }
}

static void replay(struct shrike_ruleset *set, const char *path, bool refuses_midstream)
{
    const struct shrike_worker_options options = {
        .size = sizeof(options), .on_alert = on_alert, .refuses_midstream = refuses_midstream};
    char reason[PCAP_ERRBUF_SIZE] = "";
    struct shrike_error error = {""};
    pcap_t *pcap = pcap_open_offline(path, reason);

    if (pcap != NULL) {
        struct shrike_worker *worker = shrike_worker_new(set, &options, &error);
        if (worker == NULL) {
            fprintf(stderr, "captures_host: %s\n", error.text);
            exit(1);
        }
        feed(worker, pcap);
        shrike_worker_free(worker);
        snprintf(reason, sizeof(reason), "%s", pcap_geterr(pcap));
        pcap_close(pcap);
    }
    printf("done\t%s\t%s\n", path, reason);
    fflush(stdout);
}

static void on_message(void *context, const struct shrike_message *message)
{
    (void)context;
    if (message->severity == SHRIKE_ERROR)
        fprintf(stderr, "%s:%u:%u: %s\n", message->file, message->line, message->column,
                message->text);
}

int main(int argc, char **argv)
{
    bool refuses_midstream = argc == 3 && strcmp(argv[1], "-m") == 0;
    const char *rules = argv[argc - 1];
    struct shrike_error error = {""};
    char path[4096];

    if (argc != 2 + refuses_midstream) {
        fprintf(stderr, "usage: captures_host [-m] RULES < paths\n");
        return 2;
    }
    struct shrike_ruleset *set = shrike_ruleset_load(&rules, 1, on_message, NULL, NULL, &error);
    if (set == NULL) {
        fprintf(stderr, "captures_host: %s\n", error.text);
        return 1;
    }
    while (fgets(path, sizeof(path), stdin) != NULL) {
        path[strcspn(path, "\n")] = '\0';
        replay(set, path, refuses_midstream);
    }
    shrike_ruleset_release(set);
    return 0;
}
