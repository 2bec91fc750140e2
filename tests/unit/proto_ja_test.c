/* SPDX-License-Identifier: BSD-3-Clause */
/* Fingerprints of hellos written by hand, against the values that their inventors publish. Captures of real
 * clients: tests/oracle/ja4.py. */
#include "unit/test.h"

#include "proto/tls/tls_hello.h"
#include "unit/tls_bytes.h"

/* Lists in hexadecimal. An extension gets a body where it needs one to be what it is. */
struct client {
    unsigned version;
    const char *ciphers, *extensions, *signatures, *groups, *versions;
    struct view alpn; /* the first protocol, when extension 0010 is there */
};

struct bytes {
    struct buf ciphers, extensions, message;
};

static void put_listed(struct buf *out, unsigned type, unsigned length_bytes, const char *list)
{
    struct buf body, values;

    buf_init(&values, 65536);
    buf_init(&body, 65536);
    put_hex_list(&values, list);
    if (length_bytes == 2)
        put_u16(&body, (unsigned)values.len);
    else
        buf_byte(&body, (uint8_t)values.len);
    buf_add(&body, buf_view(&values));
    put_extension(out, type, buf_view(&body));
    buf_clear(&body);
    buf_clear(&values);
}

static void put_alpn(struct buf *out, struct view name)
{
    struct buf body;

    buf_init(&body, 65536);
    put_u16(&body, (unsigned)name.len + 1);
    buf_byte(&body, (uint8_t)name.len);
    buf_add(&body, name);
    put_extension(out, 0x10, buf_view(&body));
    buf_clear(&body);
}

static void put_one_extension(struct buf *out, unsigned type, const struct client *client)
{
    static const uint8_t points[] = {1, 0}, nothing[] = {0, 0};

    if (type == 0)
        put_sni(out, VIEW("example.org"));
    else if (type == 0x0a)
        put_listed(out, type, 2, client->groups ? client->groups : "001d");
    else if (type == 0x0b)
        put_extension(out, type, view_make(points, sizeof(points)));
    else if (type == 0x0d && client->signatures != NULL)
        put_listed(out, type, 2, client->signatures);
    else if (type == 0x0d)
        put_extension(out, type, view_make(nothing, sizeof(nothing)));
    else if (type == 0x10)
        put_alpn(out, client->alpn);
    else if (type == 0x2b && client->versions != NULL)
        put_listed(out, type, 1, client->versions);
    else
        put_extension(out, type, VIEW(""));
}

static struct tls_client_hello hello_of(struct bytes *bytes, const struct client *client)
{
    struct tls_client_hello hello;
    struct buf types;

    buf_init(&bytes->ciphers, 65536);
    buf_init(&bytes->extensions, 65536);
    buf_init(&bytes->message, 65536);
    buf_init(&types, 65536);
    if (client->ciphers != NULL)
        put_hex_list(&bytes->ciphers, client->ciphers);
    if (client->extensions != NULL)
        put_hex_list(&types, client->extensions);
    for (size_t i = 0; i < types.len; i += 2)
        put_one_extension(&bytes->extensions, types.data[i] * 256u + types.data[i + 1], client);
    put_client_hello(&bytes->message, client->version, buf_view(&bytes->ciphers),
                     buf_view(&bytes->extensions));
    buf_clear(&types);
    assert_true(tls_parse_client_hello(buf_view(&bytes->message), &hello));
    return hello;
}

static void clear(struct bytes *bytes)
{
    buf_clear(&bytes->ciphers);
    buf_clear(&bytes->extensions);
    buf_clear(&bytes->message);
}

static void assert_ja4(const struct client *client, const char *expected)
{
    struct bytes bytes;
    struct tls_client_hello hello = hello_of(&bytes, client);
    char text[JA4_LEN + 1] = {0};

    assert_true(ja4_fingerprint(&hello, (uint8_t *)text));
    assert_string_equal(text, expected);
    clear(&bytes);
}

/* The example of FoxIO's JA4.md, in the order in which it shows the lists. */
#define SPEC_CIPHERS "1301,1302,1303,c02b,c02f,c02c,c030,cca9,cca8,c013,c014,009c,009d,002f,0035"
#define SPEC_EXTENSIONS                                                                            \
    "001b,0000,0033,0010,4469,0017,002d,000d,0005,0023,0012,002b,ff01,000b,000a,0015"
#define SPEC_SIGNATURES "0403,0804,0401,0503,0805,0501,0806,0601"

static void the_example_of_the_specification_has_its_ja4(void **state)
{
    (void)state;
    struct client client = {.version = 0x303,
                            .ciphers = SPEC_CIPHERS,
                            .extensions = SPEC_EXTENSIONS,
                            .signatures = SPEC_SIGNATURES,
                            .versions = "0304,0303",
                            .alpn = VIEW("h2")};
    assert_ja4(&client, "t13d1516h2_8daaf6152771_e5627efa2ab1");
    client.signatures = NULL;
    assert_ja4(&client, "t13d1516h2_8daaf6152771_6d807ffa2a79");
}

/* curl of LibreSSL in FoxIO's ipv6.pcapng, by the raw form (JA4_ro) that they publish. */
static void signature_algorithms_keep_their_order(void **state)
{
    (void)state;
    struct client client = {
        .version = 0x303,
        .ciphers =
            "c030,c02c,c028,c024,c014,c00a,009f,006b,0039,cca9,cca8,ccaa,ff85,00c4,0088,0081,"
            "009d,003d,0035,00c0,0084,c02f,c02b,c027,c023,c013,c009,009e,0067,0033,00be,0045,"
            "009c,003c,002f,00ba,0041,c011,c007,0005,0004,c012,c008,0016,000a,00ff",
        .extensions = "0000,000b,000a,000d,0010",
        .signatures = "0601,0603,efef,0501,0503,0401,0403,eeee,eded,0301,0303,0201,0203",
        .alpn = VIEW("h2")};
    assert_ja4(&client, "t12d4605h2_85626a9a5f7f_aaf95bb78ec9");
}

static void grease_is_ignored_everywhere(void **state)
{
    (void)state;
    struct client client = {.version = 0x303,
                            .ciphers = "0a0a," SPEC_CIPHERS ",fafa",
                            .extensions = "1a1a," SPEC_EXTENSIONS ",2a2a",
                            .signatures = "3a3a," SPEC_SIGNATURES,
                            .versions = "fafa,0304,0303",
                            .groups = "4a4a,001d",
                            .alpn = VIEW("h2")};
    assert_ja4(&client, "t13d1516h2_8daaf6152771_e5627efa2ab1");
    client.alpn = VIEW("\x0a\x0a");
    assert_ja4(&client, "t13d151600_8daaf6152771_e5627efa2ab1");
}

static void a_hello_without_lists_has_zeros(void **state)
{
    (void)state;
    struct client client = {.version = 0x301};
    assert_ja4(&client, "t10i000000_000000000000_000000000000");
    client.extensions = "0000"; /* counted, but not in the hash */
    assert_ja4(&client, "t10d000100_000000000000_000000000000");
}

static void alpn_is_its_first_and_last_character_or_their_digits(void **state)
{
    (void)state;
    static const struct {
        struct view name;
        const char *code;
    } cases[] = {
        {{(const uint8_t *)"http/1.1", 8}, "h1"},   {{(const uint8_t *)"h", 1}, "hh"},
        {{(const uint8_t *)"", 0}, "00"},           {{(const uint8_t *)"\xab", 1}, "ab"},
        {{(const uint8_t *)"\xab\xcd", 2}, "ad"},   {{(const uint8_t *)"0\xab", 2}, "3b"},
        {{(const uint8_t *)"01\xab\xcd", 4}, "3d"}, {{(const uint8_t *)"0\xab\xcd\x31", 4}, "01"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct client client = {.version = 0x303, .extensions = "0010", .alpn = cases[i].name};
        char expected[JA4_LEN + 1] = "t12i0001??_000000000000_000000000000";
        memcpy(expected + 8, cases[i].code, 2);
        assert_ja4(&client, expected);
    }
}

static void versions_have_their_codes(void **state)
{
    (void)state;
    static const struct {
        unsigned version;
        const char *versions, *code;
    } cases[] = {
        {0x300, NULL, "s3"},   {0x301, NULL, "10"},        {0x302, NULL, "11"},
        {0x303, NULL, "12"},   {0x303, "0303,0304", "13"}, {0x303, "0a0a,0302", "11"},
        {0x303, "7f1c", "00"}, {0x002, NULL, "s2"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct bytes bytes;
        struct client client = {.version = cases[i].version,
                                .extensions = cases[i].versions ? "002b" : NULL,
                                .versions = cases[i].versions};
        struct tls_client_hello hello = hello_of(&bytes, &client);
        uint8_t text[JA4_LEN];
        assert_true(ja4_fingerprint(&hello, text));
        assert_memory_equal(text + 1, cases[i].code, 2);
        clear(&bytes);
    }
}

static void counts_end_at_99_and_lists_at_their_bound(void **state)
{
    (void)state;
    struct buf ciphers, message;
    struct tls_client_hello hello;
    uint8_t text[JA4_LEN];

    buf_init(&ciphers, 65536);
    buf_init(&message, 65536);
    for (unsigned i = 0; i < JA4_VALUES_MAX; i++)
        put_u16(&ciphers, i << 4);
    put_client_hello(&message, 0x303, buf_view(&ciphers), VIEW(""));
    assert_true(tls_parse_client_hello(buf_view(&message), &hello));
    assert_true(ja4_fingerprint(&hello, text));
    assert_memory_equal(text, "t12i990000_", 11);
    put_u16(&ciphers, 1);
    buf_reset(&message);
    put_client_hello(&message, 0x303, buf_view(&ciphers), VIEW(""));
    assert_true(tls_parse_client_hello(buf_view(&message), &hello));
    assert_false(ja4_fingerprint(&hello, text));
    buf_clear(&ciphers);
    buf_clear(&message);
}

/* ---- JA3 ---------------------------------------------------------------------------------------- */

static void assert_ja3(const struct client *client, const char *string, const char *hash)
{
    struct bytes bytes;
    struct tls_client_hello hello = hello_of(&bytes, client);
    struct buf text;
    uint8_t digits[JA3_HASH_LEN];

    buf_init(&text, 65536);
    ja3_string(&text, &hello);
    buf_byte(&text, '\0');
    assert_string_equal((const char *)text.data, string);
    ja3_hash(view_make(text.data, text.len - 1), digits);
    assert_memory_equal(digits, hash, sizeof(digits));
    buf_clear(&text);
    clear(&bytes);
}

static void the_examples_of_ja3_have_their_hashes(void **state)
{
    (void)state;
    const struct client first = {.version = 0x301,
                                 .ciphers =
                                     "002f,0035,0005,000a,c009,c00a,c013,c014,0032,0038,0013,0004",
                                 .extensions = "0000,000a,000b",
                                 .groups = "0017,0018,0019"};
    assert_ja3(&first, "769,47-53-5-10-49161-49162-49171-49172-50-56-19-4,0-10-11,23-24-25,0",
               "ada70206e40642a3e4461f35503241d5");
    const struct client second = {
        .version = 0x301, .ciphers = "0004,0005,000a,0009,0064,0062,0003,0006,0013,0012,0063"};
    assert_ja3(&second, "769,4-5-10-9-100-98-3-6-19-18-99,,,", "de350869b8c85de67a350c8d186f11e6");
}

static void ja3_leaves_grease_out(void **state)
{
    (void)state;
    const struct client client = {.version = 0x303,
                                  .ciphers = "dada,1301",
                                  .extensions = "caca,000a,8a8a",
                                  .groups = "baba,001d"};
    assert_ja3(&client, "771,4865,10,29,", "94b4733440e9c77351bb46ebadad5e0f");
}

/* What tshark and Suricata say of a Samsung server's hello (suricata-verify's tls-pre-1970). */
static void a_real_server_has_the_ja3s_of_tshark(void **state)
{
    (void)state;
    struct buf extensions, message, text;
    struct tls_server_hello hello;
    uint8_t digits[JA3_HASH_LEN];

    buf_init(&extensions, 65536);
    buf_init(&message, 65536);
    buf_init(&text, 65536);
    put_extension(&extensions, 65281, VIEW("\0"));
    put_extension(&extensions, 35, VIEW(""));
    put_server_hello(&message, 0x301, 5, false, buf_view(&extensions));
    assert_true(tls_parse_server_hello(buf_view(&message), &hello));
    ja3s_string(&text, &hello);
    assert_true(view_equal(buf_view(&text), VIEW("769,5,65281-35")));
    ja3_hash(buf_view(&text), digits);
    assert_memory_equal(digits, "6b96cf9c27b0223177b0e9f135fe4899", sizeof(digits));
    buf_clear(&extensions);
    buf_clear(&message);
    buf_clear(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_example_of_the_specification_has_its_ja4),
        cmocka_unit_test(signature_algorithms_keep_their_order),
        cmocka_unit_test(grease_is_ignored_everywhere),
        cmocka_unit_test(a_hello_without_lists_has_zeros),
        cmocka_unit_test(alpn_is_its_first_and_last_character_or_their_digits),
        cmocka_unit_test(versions_have_their_codes),
        cmocka_unit_test(counts_end_at_99_and_lists_at_their_bound),
        cmocka_unit_test(the_examples_of_ja3_have_their_hashes),
        cmocka_unit_test(ja3_leaves_grease_out),
        cmocka_unit_test(a_real_server_has_the_ja3s_of_tshark),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
