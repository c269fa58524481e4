#include "core/mail_address.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

using Catch::Generators::values;
using namespace std::string_view_literals;

namespace mtasts {

TEST_CASE("the mailbox of an SMTP path", "[core]") {
  struct Row {
    std::string_view path, local, domain;
  };
  auto row = GENERATE(values<Row>({
      {"<bob@a.example>", "bob", "a.example"},
      {"bob@a.example", "bob", "a.example"},
      {" <bob@a.example>\t", "bob", "a.example"},
      {"<Bob@A.Example.>", "Bob", "A.Example"},  // one final dot is dropped
      {"<bob@a.example..>", "bob", "a.example."},
      {"<>", "", ""},
      {"", "", ""},
      {"<postmaster>", "postmaster", ""},
      {"<bob@>", "bob", ""},
      {"<@a.example>", "", "a.example"},
      {"<@r1.example:bob@a.example>", "bob", "a.example"},  // a source route
      {"<@r1.example,@r2.example:bob@a.example>", "bob", "a.example"},
      {"<@[IPv6:2001:db8::1],@r2.example:bob@a.example>", "bob", "a.example"},
      {"<@[IPv6:2001:db8::1:bob@a.example>", "@[IPv6:2001:db8::1:bob", "a.example"},
      {"<@r1.example:>", "", ""},
      {"<bob:x@a.example>", "bob:x", "a.example"},  // no route without an "@" in front
      {"<\"x@y\"@a.example>", "\"x@y\"", "a.example"},
      {"<\"x@y\">", "\"x@y\"", ""},
      {"<a@b@c>", "a@b", "c"},
      {"<bob@[192.0.2.1]>", "bob", "[192.0.2.1]"},
      {"<b\u00fccher@b\u00fccher.example>", "b\u00fccher", "b\u00fccher.example"},
      {"<bob@a.example", "bob", "a.example"},
      {"<", "", ""},
      {">", "", ""},
      {"@", "", ""},
      {"\"", "\"", ""},
      {"\0@\0"sv, "\0"sv, "\0"sv},
      {"<\xff\n@\x80>", "\xff\n", "\x80"},
  }));
  INFO(row.path);
  auto address = mail_address_of(row.path);
  CHECK(address.local == row.local);
  CHECK(address.domain == row.domain);
  CHECK(address.empty() == (row.local.empty() && row.domain.empty()));
}

TEST_CASE("which addresses a pattern matches", "[core]") {
  using Kind = AddressPattern::Kind;
  // Static: the rows of the first run, which point here, serve every run of this case.
  static const AddressPattern every{}, bob{Kind::address, "Bob", "a.example"},
      domain{Kind::domain, "", "a.example"}, below{Kind::below, "", "a.example"},
      quoted{Kind::address, "\"x\\\"y z\"", "a.example"};
  struct Row {
    const AddressPattern* pattern;
    std::string_view path;
    bool want;
  };
  auto row = GENERATE(values<Row>({
      {&every, "<bob@a.example>", true},
      {&every, "<postmaster>", true},
      {&every, "<>", false},
      {&bob, "<bob@a.example>", true},
      {&bob, "<BOB@A.EXAMPLE.>", true},
      {&bob, "<\"bob\"@a.example>", true},  // the same mailbox: quotes must not evade a list
      {&bob, "<\"b\\ob\"@a.example>", true},
      {&bob, "<b\\ob@a.example>", false},
      {&bob, "<@r.example:bob@a.example>", true},
      {&bob, "<bobby@a.example>", false},
      {&bob, "<bo@a.example>", false},
      {&bob, "<@a.example>", false},
      {&bob, "<bob@b.example>", false},
      {&bob, "<bob@x.a.example>", false},
      {&bob, "<bob>", false},
      {&bob, "<bob\0@a.example>"sv, false},
      {&quoted, "<\"X\\\"Y Z\"@a.example>", true},
      {&quoted, "<\"x\\\"y z@a.example>", false},
      {&domain, "<anyone@a.Example>", true},
      {&domain, "<anyone@x.a.example>", false},
      {&domain, "<anyone@aa.example>", false},
      {&domain, "<a.example>", false},
      {&domain, "<>", false},
      {&below, "<anyone@x.a.example>", true},
      {&below, "<anyone@x.y.A.example>", true},
      {&below, "<anyone@a.example>", false},
      {&below, "<anyone@.a.example>", false},
      {&below, "<anyone@xa.example>", false},
      {&below, "<>", false},
  }));
  INFO(to_string(*row.pattern) << " " << row.path);
  CHECK(row.pattern->matches(mail_address_of(row.path)) == row.want);
}

TEST_CASE("every pattern has its text", "[core]") {
  using Kind = AddressPattern::Kind;
  CHECK(to_string(AddressPattern{}) == "*");
  CHECK(to_string(AddressPattern{Kind::address, "Bob", "a.example"}) == "Bob@a.example");
  CHECK(to_string(AddressPattern{Kind::domain, "", "a.example"}) == "a.example");
  CHECK(to_string(AddressPattern{Kind::below, "", "a.example"}) == "*.a.example");
}

}  // namespace mtasts
