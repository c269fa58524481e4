#include "conf/milter_values.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

using Catch::Generators::values;

namespace mtasts {
namespace {

// A refusal says what is wrong and what to do, in one printable line.
template <class T>
void check_refusal(const Read<T>& read, std::string_view remedy) {
  REQUIRE_FALSE(read);
  INFO(read.error());
  CHECK(read.error().contains("; "));
  CHECK(read.error().contains(remedy));
  CHECK(std::ranges::all_of(read.error(), [](char c) { return c >= ' ' && c <= '~'; }));
}

}  // namespace

TEST_CASE("where a milter listens is read in libmilter's and in Postfix's notation", "[conf]") {
  struct Row {
    std::string_view text, want;
  };
  auto row = GENERATE(values<Row>({
      {"inet:18899@127.0.0.1", "inet:18899@127.0.0.1"},
      {"inet:18899@localhost", "inet:18899@127.0.0.1"},
      {"inet:18899@[127.0.0.1]", "inet:18899@127.0.0.1"},
      {"inet:1@0.0.0.0", "inet:1@0.0.0.0"},
      {"inet:127.0.0.1:65535", "inet:65535@127.0.0.1"},
      {"inet:localhost:18899", "inet:18899@127.0.0.1"},
      {"inet6:18899@::1", "inet6:18899@::1"},
      {"inet6:18899@[0:0::1]", "inet6:18899@::1"},
      {"inet6:18899@localhost", "inet6:18899@::1"},
      {"inet:[::1]:18899", "inet6:18899@::1"},
      {"inet6:[::1]:18899", "inet6:18899@::1"},
      {"unix:/run/mtasts-milter/milter.sock", "unix:/run/mtasts-milter/milter.sock"},
      {"local:/run/a@b", "unix:/run/a@b"},
  }));
  INFO(row.text);
  auto endpoint = read_milter_endpoint(row.text);
  REQUIRE(endpoint);
  CHECK(milter_notation(*endpoint) == row.want);
  CHECK(read_milter_endpoint(row.want) == endpoint);
}

TEST_CASE("where a milter can't listen", "[conf]") {
  auto text = GENERATE(values<std::string>({"",
                                            "18899@127.0.0.1",
                                            "inet:",
                                            "inet:18899",
                                            "inet:18899@",
                                            "inet:@127.0.0.1",
                                            "inet:0@127.0.0.1",
                                            "inet:127.0.0.1:0",
                                            "inet:65536@127.0.0.1",
                                            "inet:-1@127.0.0.1",
                                            "inet:18899@mail.example",
                                            "inet:18899@::1",
                                            "inet6:18899@127.0.0.1",
                                            "inet6:127.0.0.1:18899",
                                            "inet:18899@127.0.0.1:1",
                                            "inet:1@2@127.0.0.1",
                                            "inet:::1:18899",
                                            "tcp:18899@127.0.0.1",
                                            "unix:",
                                            "unix:milter.sock",
                                            "local:milter.sock",
                                            "unix:/" + std::string(107, 'x'),
                                            std::string("inet:1\0@127.0.0.1", 17)}));
  INFO(text);
  check_refusal(read_milter_endpoint(text), "");
}

TEST_CASE("address patterns are read, and written as they are compared", "[conf]") {
  struct Row {
    std::string_view text, want;
    AddressPattern::Kind kind;
  };
  using Kind = AddressPattern::Kind;
  auto row = GENERATE(values<Row>({
      {"Bob@A.Example", "Bob@a.example", Kind::address},
      {"bob.b+x=y@a.example.", "bob.b+x=y@a.example", Kind::address},
      {"\"a b@c\\\"\"@a.example", "\"a b@c\\\"\"@a.example", Kind::address},
      {"b\u00fc@b\u00fccher.example", "b\u00fc@xn--bcher-kva.example", Kind::address},
      {"a.example", "a.example", Kind::domain},
      {"@A.example", "a.example", Kind::domain},
      {"B\u00dcCHER.example", "xn--bcher-kva.example", Kind::domain},
      {"localhost", "localhost", Kind::domain},
      {"*.a.example", "*.a.example", Kind::below},
      {"*.b\u00fccher.example", "*.xn--bcher-kva.example", Kind::below},
      {"*.example", "*.example", Kind::below},
      {"*", "*", Kind::every},
  }));
  INFO(row.text);
  auto pattern = read_address_pattern(row.text);
  REQUIRE(pattern);
  CHECK(pattern->kind == row.kind);
  CHECK(to_string(*pattern) == row.want);
  CHECK(read_address_pattern(row.want) == pattern);
  CHECK(read_domain_pattern(row.text).has_value() == (row.kind != Kind::address));
}

TEST_CASE("what is not an address pattern", "[conf]") {
  struct Row {
    std::string text, remedy;
  };
  const std::string forms = "write \"user@example.com\", \"example.com\"";
  auto row = GENERATE_COPY(values<Row>({
      {"", forms},
      {"@", forms},
      {"bob@", forms},
      {"<bob@a.example>", forms},
      {"b ob@a.example", forms},
      {"a@b@a.example", forms},
      {"\"a\"b\"@a.example", forms},
      {"\"a\\\"@a.example", forms},
      {"\"@a.example", forms},
      {"bo*@a.example", forms},
      {"*@a.example", "write \"a.example\""},
      {"bob@*.a.example", forms},
      {"*.", forms},
      {"*a.example", forms},
      {"*.*.a.example", forms},
      {".a.example", forms},
      {"a..example", forms},
      {"bob@[192.0.2.1]", forms},
      {"bob@192.0.2.1", forms},
      {"a.example,b.example", forms},
      {"b\nob@a.example", forms},
      {std::string("b\0@a.example", 12), forms},
      {"bob@\xff.example", forms},
  }));
  INFO(row.text);
  check_refusal(read_address_pattern(row.text), row.remedy);
}

TEST_CASE("a list of domains takes no single address", "[conf]") {
  check_refusal(read_domain_pattern("bob@A.example"), "is one address; write its domain, \"a.example\"");
  check_refusal(read_domain_pattern(""), "is not an address");
}

TEST_CASE("replies have a code and a status that agree", "[conf]") {
  struct Row {
    std::string_view text;
    ReplyCode want;
  };
  auto row = GENERATE(values<Row>({
      {"550 5.7.10", {550, "5.7.10"}},
      {"450 4.7.5", {450, "4.7.5"}},
      {"400 4.0.0", {400, "4.0.0"}},
      {"559 5.999.999", {559, "5.999.999"}},
  }));
  INFO(row.text);
  CHECK(read_reply_code(row.text) == row.want);
  CHECK(format_reply_code(row.want) == row.text);
  CHECK(read_optional_reply_code(row.text).value() == std::optional(row.want));
}

TEST_CASE("replies that can't refuse mail", "[conf]") {
  struct Row {
    std::string text, remedy;
  };
  const std::string form = "write a code of 4xx or 5xx and an enhanced status code, such as \"550 5.7.10\"";
  auto row = GENERATE_COPY(values<Row>({
      {"550", form},
      {"5.7.10", form},
      {"550 ", form},
      {"550  5.7.10", form},
      {" 550 5.7.10", form},
      {"550 5.7.10 no", form},
      {"550-5.7.10", form},
      {"250 2.0.0", form},
      {"350 3.0.0", form},
      {"650 5.0.0", form},
      {"560 5.0.0", form},
      {"5500 5.7.1", form},
      {"55 5.7.1", form},
      {"5x0 5.7.1", form},
      {"550 5.7", form},
      {"550 5.7.", form},
      {"550 5.7.1.1", form},
      {"550 5.7.1000", form},
      {"550 5.07.1", form},
      {"550 5.7.01", form},
      {"550 2.7.1", form},
      {"550 %.7.1", form},
      {"550\t5.7.10", form},
      {"550 5.7.10\n", form},
      {"421 4.7.0", "would end the whole SMTP session; write another code"},
      {"421 5.7.0", "would end the whole SMTP session"},
      {"550 4.7.10", "; write \"550 5.7.10\""},
      {"450 5.7.10", "; write \"450 4.7.10\""},
  }));
  INFO(row.text);
  check_refusal(read_reply_code(row.text), row.remedy);
  check_refusal(read_optional_reply_code(row.text), row.remedy);
}

TEST_CASE("an empty text stands for no reply and no endpoint, where there need not be one", "[conf]") {
  CHECK(read_optional_reply_code("").value() == std::nullopt);
  check_refusal(read_reply_code(""), "550 5.7.10");
  CHECK(read_optional_endpoint("").value() == std::nullopt);
  CHECK(read_optional_endpoint("unix:/a").value() == std::optional(unix_endpoint("/a")));
  check_refusal(read_optional_endpoint("/a"), "unix:/PATH");
}

TEST_CASE("header fields that demand TLS", "[conf]") {
  struct Row {
    std::string_view text, name, value;
  };
  auto row = GENERATE(values<Row>({
      {"Require-TLS-ESMTP: yes", "Require-TLS-ESMTP", "yes"},
      {"X-A:b", "X-A", "b"},
      {"X-A: \tb c: d \t", "X-A", "b c: d"},
      {"Subject: \u00fcber", "Subject", "\u00fcber"},
  }));
  INFO(row.text);
  auto header = read_header_match(row.text);
  REQUIRE(header);
  CHECK(*header == HeaderMatch{std::string(row.name), std::string(row.value)});
  CHECK(read_header_match(format_header_match(*header)) == header);
}

TEST_CASE("texts that are not header fields that demand TLS", "[conf]") {
  for (const std::string& text :
       {std::string(), std::string("X-A"), std::string("X-A:"), std::string("X-A:  "), std::string(": b"),
        std::string("X A: b"), std::string("X-A : b"), std::string("X-\u00fc: b"), std::string("X-A: b\nc"),
        std::string("X-A: b\0", 7), "X-A: " + std::string(994, 'b'), std::string(77, 'X') + ": b"}) {
    INFO(text);
    check_refusal(read_header_match(text), "write \"NAME: VALUE\"");
  }
  CHECK(read_header_match("X-A: " + std::string(993, 'b')));
  CHECK(read_header_match(std::string(76, 'X') + ": b"));
  check_refusal(read_header_match("tls-required: no"), "; remove it");
}

TEST_CASE("header fields that the milter may add", "[conf]") {
  for (std::string_view good : {"", "X-TLS-Decision", "A", "x_1"}) {
    INFO(good);
    CHECK(read_header_name(good) == std::string(good));
  }
  for (std::string_view bad : {"X A", "X-A:", "X-\u00fc", "X-A\n", " X"}) {
    INFO(bad);
    check_refusal(read_header_name(bad), "is not the name of a header field; write ");
  }
  for (std::string_view used : {"From", "to", "CC", "Bcc", "Sender", "Reply-To", "Date", "Subject",
                                "Message-Id", "received", "Return-Path", "TLS-Required", "DKIM-Signature",
                                "Authentication-Results", "require-tls-esmtp", "Delivered-To"}) {
    INFO(used);
    check_refusal(read_header_name(used), "that mail itself uses; write a name of your own");
  }
}

TEST_CASE("login names and transports", "[conf]") {
  for (std::string_view good : {"bob", "Bob@A.example", "*", "a b", "b\u00fc"}) {
    INFO(good);
    CHECK(read_login(good) == std::string(good));
  }
  for (std::string_view bad : {"", " ", " bob", "bob ", "bo\nb", "\x7f"}) {
    INFO(bad);
    check_refusal(read_login(bad), "is not a login name; write ");
  }
  for (std::string_view good : {"lmtp", "relay-tls", "dovecot_2", "x"}) {
    INFO(good);
    CHECK(read_transport(good) == std::string(good));
  }
  for (std::string_view bad : {"", "lm tp", "smtp:", "lmtp:unix:/x", "b\u00fc", "\n"}) {
    INFO(bad);
    check_refusal(read_transport(bad), "is not the name of a transport; write ");
  }
}

}  // namespace mtasts
