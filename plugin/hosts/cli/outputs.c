/* SPDX-License-Identifier: BSD-3-Clause */
/* Outputs: files compared by what they are, not by what they are called.
 *
 * Identity   device and inode, links followed; of a file that does not exist yet, its folder's and the name
 *            that it will have there. Character devices (/dev/null, a terminal) lose nothing by being named
 *            twice.
 * Twice read the captures of --pcap-out: what can be read once only (a pipe) is refused.
 */
#include "hosts/cli/outputs.h"

#include <ftw.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hosts/cli/cli.h"
#include "output/whole_file.h"
#include "sigma/rules.h"

struct identity {
    bool is_known, exists;
    struct stat status;  /* of the file, or of the folder where it will be */
    char leaf[PATH_MAX]; /* its name there */
};

static struct identity identity_of(const char *name, int standard_stream)
{
    struct identity identity = {0};
    char path[PATH_MAX];

    if (strcmp(name, "-") == 0) {
        identity.exists = identity.is_known = fstat(standard_stream, &identity.status) == 0;
        return identity;
    }
    if (stat(name, &identity.status) == 0) {
        identity.exists = identity.is_known = true;
        return identity;
    }
    if (whole_file_place(name, path) != 0)
        return identity; /* opening it says why */
    char *slash = strrchr(path, '/');
    snprintf(identity.leaf, sizeof(identity.leaf), "%s", slash + 1);
    slash[1] = '\0';
    identity.is_known = stat(path, &identity.status) == 0;
    return identity;
}

static bool is_same(const struct identity *a, const struct identity *b)
{
    if (!a->is_known || !b->is_known || a->exists != b->exists || S_ISCHR(a->status.st_mode))
        return false;
    return a->status.st_dev == b->status.st_dev && a->status.st_ino == b->status.st_ino &&
           strcmp(a->leaf, b->leaf) == 0;
}

struct output {
    const char *option, *name; /* NULL: not asked for */
};

static int refuse_input(const struct output *output, const char *kind, const char *name)
{
    return usage_error("replay", "--%s %s would overwrite the %s %s", output->option, output->name,
                       kind, name);
}

/* ---- rule folders ---- */

struct rule_search {
    const struct identity *wanted;
    char found[PATH_MAX];
};

static _Thread_local struct rule_search search; /* nftw() hands no context on */

static int look_at_rule(const char *path, const struct stat *status, int type, struct FTW *at)
{
    (void)status;
    (void)at;
    if (type != FTW_F || !rules_is_file(path))
        return 0;
    const struct identity identity = identity_of(path, STDIN_FILENO);
    if (!is_same(search.wanted, &identity))
        return 0;
    snprintf(search.found, sizeof(search.found), "%s", path);
    return 1;
}

/* The rule file at `path`, or in that folder, that `identity` is; NULL when it is none. */
static const char *find_rule(const char *path, const struct identity *identity)
{
    enum { DESCRIPTORS = 16 };

    search = (struct rule_search){.wanted = identity};
    return nftw(path, look_at_rule, DESCRIPTORS, 0) > 0 ? search.found : NULL;
}

static int check_inputs(const struct replay_options *options, const struct capture *capture,
                        const struct output *output, const struct identity *identity)
{
    size_t count = capture_progress(capture).file_count;

    for (size_t i = 0; i < count; i++) {
        const char *name = capture_file_name(capture, i);
        const struct identity input = identity_of(name, STDIN_FILENO);
        if (is_same(identity, &input))
            return refuse_input(output, "capture", name);
    }
    for (size_t i = 0; i < options->rule_count; i++) {
        const struct identity input = identity_of(options->rules[i], STDIN_FILENO);
        const char *found =
            is_same(identity, &input) ? options->rules[i] : find_rule(options->rules[i], identity);
        if (found != NULL)
            return refuse_input(output, "rules", found);
    }
    return -1;
}

static int check_rereading(const struct replay_options *options)
{
    if (options->pcap_out == NULL)
        return -1;
    for (size_t i = 0; i < options->capture_count; i++) {
        const char *name = options->captures[i];
        struct stat status;
        if (strcmp(name, "-") == 0 ||
            (stat(name, &status) == 0 && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode)))
            return usage_error("replay",
                               "--pcap-out reads the captures twice, which %s does not allow: "
                               "store it in a file first",
                               strcmp(name, "-") == 0 ? "standard input" : name);
    }
    return -1;
}

enum { OUTPUTS = 3 };

static void list_outputs(const struct replay_options *options, struct output outputs[OUTPUTS])
{
    outputs[0] = (struct output){"eve", options->eve};
    outputs[1] = (struct output){"output", options->text};
    outputs[2] = (struct output){"pcap-out", options->pcap_out};
}

int outputs_check_lists(const struct replay_options *options, const struct rules *rules)
{
    struct output outputs[OUTPUTS];

    list_outputs(options, outputs);
    for (size_t i = 0; i < OUTPUTS; i++) {
        if (outputs[i].name == NULL)
            continue;
        const struct identity identity = identity_of(outputs[i].name, STDOUT_FILENO);
        for (size_t k = 0; k < rules->list_file_count; k++) {
            const struct identity input = identity_of(rules->list_files[k], STDIN_FILENO);
            if (is_same(&identity, &input))
                return refuse_input(&outputs[i], "list", rules->list_files[k]);
        }
    }
    return -1;
}

int outputs_check(const struct replay_options *options, const struct capture *capture)
{
    struct output outputs[OUTPUTS];
    struct identity identities[OUTPUTS];
    int status = check_rereading(options);

    list_outputs(options, outputs);
    for (size_t i = 0; i < OUTPUTS && status == -1; i++) {
        if (outputs[i].name == NULL)
            continue;
        identities[i] = identity_of(outputs[i].name, STDOUT_FILENO);
        status = check_inputs(options, capture, &outputs[i], &identities[i]);
        for (size_t k = 0; k < i && status == -1; k++) {
            if (outputs[k].name == NULL)
                continue;
            bool are_standard =
                strcmp(outputs[i].name, "-") == 0 && strcmp(outputs[k].name, "-") == 0;
            if (are_standard || is_same(&identities[i], &identities[k]))
                status =
                    usage_error("replay", "--%s %s and --%s %s are one file", outputs[k].option,
                                outputs[k].name, outputs[i].option, outputs[i].name);
        }
    }
    return status;
}
