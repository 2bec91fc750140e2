/* SPDX-License-Identifier: BSD-3-Clause */
/* Lists read foreign files themselves: what is of their type is taken, with what is said of it. */
#include "unit/rule_load.h"

#include <stdlib.h>
#include <unistd.h>

struct file {
    char path[64];
};

static struct file write_file(const char *suffix, const char *text)
{
    struct file file;
    snprintf(file.path, sizeof(file.path), "/tmp/shrike-list-XXXXXX%s", suffix);
    int descriptor = mkstemps(file.path, (int)strlen(suffix));
    assert_true(descriptor >= 0);
    assert_int_equal(write(descriptor, text, strlen(text)), strlen(text));
    close(descriptor);
    return file;
}

static struct loaded load_list(const char *suffix, const char *text, const char *type,
                               const char *more)
{
    char document[512];
    struct file file = write_file(suffix, text);
    snprintf(document, sizeof(document), "list: a\ntype: %s\nfile: %s\n%s", type, file.path, more);
    struct loaded loaded = load(document);
    unlink(file.path);
    return loaded;
}

static const char BUNDLE[] =
    "{\"type\":\"bundle\",\"objects\":[{\"type\":\"indicator\",\"id\":\"i--1\",\"confidence\":80,"
    "\"valid_from\":\"2024-01-09T11:52:30Z\",\"valid_until\":\"2027-01-01T00:00:00Z\",\"name\":"
    "\"relay\","
    "\"pattern\":\"[ipv4-addr:value = '192.0.2.1' OR domain-name:value = 'a.example']\"},"
    "{\"type\":\"indicator\",\"id\":\"i--2\",\"pattern\":\"[network-traffic:dst_port = 1]\"}]}";

static void entries_keep_note_confidence_and_end(void **state)
{
    struct loaded loaded = load_list(".json", BUNDLE, "ip", "");
    (void)state;
    assert_int_equal(loaded.rules->lists[0]->count, 1);
    const struct list *list = loaded.rules->lists[0];
    struct list_facts facts = list_facts_of(list, 0);
    assert_string_equal(list_note(list, &facts), "relay");
    assert_int_equal(facts.confidence, 80);
    assert_int_equal(facts.first_seen_s, 0);
    assert_int_equal(facts.valid_from_s, 1704801150);
    assert_int_equal(facts.valid_until_s, 1798761600);
    assert_int_equal(list_key(list, 0).data[16], 128);
    unload(&loaded);
}

static void other_kinds_are_counted_in_one_note(void **state)
{
    struct loaded loaded = load_list(".json", BUNDLE, "domain", "format: stix\n");
    (void)state;
    size_t notes = 0;
    for (size_t i = 0; i < loaded.diagnostics.count; i++) {
        const struct diagnostic *d = &loaded.diagnostics.items[i];
        notes += strcmp(d->id, "list-passed-over") == 0;
        if (strcmp(d->id, "list-passed-over") == 0)
            assert_non_null(strstr(d->text, "passed over: 1 ip, 1 rules"));
    }
    assert_int_equal(notes, 1);
    assert_int_equal(loaded.diagnostics.errors, 0);
    unload(&loaded);
}

static void every_format_fills_a_list(void **state)
{
    static const struct {
        const char *suffix, *text, *type, *more;
        size_t count;
    } ROWS[] = {
        {".json", "{\"list\":[\"192.0.2.0/24\"],\"type\":\"cidr\",\"version\":1}", "ip", "", 1},
        {".intel", "#fields\tindicator\tindicator_type\na.example\tIntel::DOMAIN\n", "domain", "",
         1},
        {".txt", "# Reference: https://r\n\na.example\n", "domain", "", 1},
        {".txt", "a[.]example # note\nb.example\n", "domain", "format: text\n", 2},
        {".txt", "e7d705a3286e19ea42f587b344ee6865\n", "ja3", "format: text\n", 1},
        {".txt", "any words\n", "string", "format: text\n", 1},
        {".tsv", "value\ttype\nAA11223344556677889900aabbccddeeff001122\tcert_sha1\n", "sha1",
         "format: csv\n", 1},
        {".tsv",
         "sha256\tmd5\ne3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\tx\n",
         "sha256", "format: csv\n", 1},
        {".txt", "hxxp://a.example/x\n", "url", "format: text\n", 1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
        struct loaded loaded = load_list(ROWS[i].suffix, ROWS[i].text, ROWS[i].type, ROWS[i].more);
        if (loaded.diagnostics.errors > 0)
            print_message("%s: %s\n", ROWS[i].text, loaded.diagnostics.items[0].text);
        assert_int_equal(loaded.diagnostics.errors, 0);
        assert_int_equal(loaded.rules->lists[0]->count, ROWS[i].count);
        unload(&loaded);
    }
}

static void plain_lists_are_read_as_before(void **state)
{
    struct loaded loaded = load_list(".txt", "a.example # b\nc.example\n", "domain", "");
    (void)state;
    assert_int_equal(loaded.diagnostics.count, 0);
    assert_int_equal(loaded.rules->lists[0]->count, 2);
    const struct list *list = loaded.rules->lists[0];
    struct list_facts facts = list_facts_of(list, 0);
    assert_string_equal(list_note(list, &facts), "b"); /* what stands behind the # */
    facts = list_facts_of(list, 1);
    assert_null(list_note(list, &facts));
    assert_int_equal(facts.confidence, -1);
    unload(&loaded);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entries_keep_note_confidence_and_end),
        cmocka_unit_test(other_kinds_are_counted_in_one_note),
        cmocka_unit_test(every_format_fills_a_list),
        cmocka_unit_test(plain_lists_are_read_as_before),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
