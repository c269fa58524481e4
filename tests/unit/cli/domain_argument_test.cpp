#include "cli/domain_argument.hpp"

#include <boost/json/serialize.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <string>

#include "tests/unit/cli/support.hpp"

namespace mtasts {
namespace {

std::string read_as(Result<DomainArgument> (*read)(std::string_view), std::string_view text) {
  auto argument = read(text);
  return argument ? argument->domain : "refused: " + argument.error().detail;
}

}  // namespace

TEST_CASE("a domain is understood in what people paste", "[cli]") {
  struct Row {
    std::string text, domain;
  };
  auto row = GENERATE(Catch::Generators::values<Row>({
      {"user@example.com", "example.com"},
      {"<user@example.com>", "example.com"},
      {R"("a@b"@example.com)", "example.com"},
      {"@example.com", "example.com"},
      {"mailto:user@example.com", "example.com"},
      {"MailTo:user@example.com?subject=a@b.example", "example.com"},
      {"https://example.com", "example.com"},
      {"https://example.com/", "example.com"},
      {"https://example.com/a@b/c:d?e#f", "example.com"},
      {"HTTPS://Example.com:8443/.well-known/", "example.com"},
      {"https://me:secret@example.com/", "example.com"},
      {"http://example.com?x", "example.com"},
      {"http://example.com#x", "example.com"},
      {"example.com.", "example.com"},
      {"user@example.com.", "example.com"},
      {"https://example.com./", "example.com"},
      {" example.com", "example.com"},
      {"example.com \t\r\n", "example.com"},
      {"\tuser@example.com ", "example.com"},
      {" <user@example.com> ", "example.com"},
      {"Example.COM", "example.com"},
      {"b\u00fccher.example", "xn--bcher-kva.example"},
      {"user@b\u00fccher.example", "xn--bcher-kva.example"},
      {"https://B\u00fccher.example/", "xn--bcher-kva.example"},
  }));
  INFO(row.text);
  for (auto* read : {read_domain, read_next_hop}) {
    CHECK(read_as(read, row.text) == row.domain);
    CHECK(read(row.text)->note.ends_with(" is understood as " + row.domain));
    CHECK(read(row.text)->given == row.text);
  }
}

TEST_CASE("what is a domain already is left as it is", "[cli]") {
  for (const char* text :
       {"example.com", "under_score.example", "localhost", "xn--bcher-kva.example", "1.example"}) {
    INFO(text);
    for (auto* read : {read_domain, read_next_hop}) {
      CHECK(read_as(read, text) == text);
      CHECK(read(text)->note.empty());
      CHECK(read(text)->given.empty());
    }
  }
}

TEST_CASE("next hops keep their brackets and their port", "[cli]") {
  struct Row {
    std::string text, next_hop;
  };
  auto row = GENERATE(Catch::Generators::values<Row>({
      {"[mx.example.com]:587", "[mx.example.com]:587"},
      {"[mx.example.com]", "[mx.example.com]"},
      {"example.com:25", "example.com:25"},
      {"example.com:submission", "example.com:submission"},
      {"[MX.example.com.]:submission", "[mx.example.com]:submission"},
      {"[b\u00fccher.example]:25", "[xn--bcher-kva.example]:25"},
      {"user@Example.com:587", "example.com:587"},
  }));
  INFO(row.text);
  CHECK(read_as(read_next_hop, row.text) == row.next_hop);
  CHECK(read_next_hop(row.text)->note.empty() == (row.text == row.next_hop));
  CHECK_FALSE(read_domain(row.text));
}

TEST_CASE("what has no policy domain is refused in words", "[cli]") {
  struct Row {
    std::string text, words;
  };
  auto row = GENERATE(Catch::Generators::values<Row>({
      {"", "the domain is empty; write it as example.com"},
      {" \t\n", "the domain is empty; "},
      {"user@", "\"user@\" is not a host or domain name; "},
      {"@", "is not a host or domain name; "},
      {"https://", "is not a host or domain name; "},
      {"https:///x", "is not a host or domain name; "},
      {"mailto:", "is not a host or domain name; "},
      {".", "begins with a dot"},
      {".example.com",
       "\".example.com\" begins with a dot: a parent-domain key never has a policy; write it as"},
      {"192.0.2.1", "\"192.0.2.1\" names an IP address, which has no policy; name the domain: write it as"},
      {"[192.0.2.1]", "\"[192.0.2.1]\" names an IP address"},
      {"[192.0.2.1]:25", "names an IP address"},
      {"192.0.2.1:25", "names an IP address"},
      {"2001:db8::1", "names an IP address"},
      {"[2001:db8::1]", "names an IP address"},
      {"[IPv6:2001:db8::1]:25", "names an IP address"},
      {"user@[192.0.2.1]", "names an IP address"},
      {"https://192.0.2.1/", "names an IP address"},
      {"https://[2001:db8::1]:8443/", "names an IP address"},
      {"a b", "\"a b\" is not a host or domain name; "},
      {"exa\nmple.com", "\"exa\\x0ample.com\" is not a host or domain name; "},
      {"\x1b[2J", "\"\\x1b[2J\" is not a host or domain name; "},
      {std::string("a\0b", 3), "\"a\\x00b\" is not a host or domain name; "},
      {"ftp://example.com/", "is not a host or domain name; "},
      {"\xff.example", "\"\\xff.example\" is not a valid internationalised name; "},
      {std::string(300, 'a'), "..."},
  }));
  INFO(row.text);
  for (auto* read : {read_domain, read_next_hop}) {
    CHECK(read_as(read, row.text).starts_with("refused: "));
    CHECK(read_as(read, row.text).contains(row.words));
  }
}

TEST_CASE("a verb about a domain takes neither brackets nor a port", "[cli]") {
  CHECK(read_as(read_domain, "[mx.example.com]:587") ==
        "refused: \"[mx.example.com]:587\" has brackets or a port; name the domain alone: mx.example.com");
  CHECK(read_as(read_domain, "example.com:25").ends_with("; name the domain alone: example.com"));
}

TEST_CASE("a note goes to standard error, or into the object", "[cli]") {
  test::Caught text, json, nothing;
  DomainArgument argument = read_domain("\x1b@Example.com").value();
  tell(argument, text.text());
  CHECK(text.err.str() == "mtastsctl: note: \"\\x1b@Example.com\" is understood as example.com\n");
  CHECK(text.out.str().empty());
  tell(argument, json.json());
  CHECK(json.err.str().empty());
  boost::json::object object{{"a", 1}};
  tell(argument, object);
  CHECK(boost::json::serialize(object) == R"({"a":1,"understood_as":"example.com"})");
  tell(DomainArgument{"example.com", {}}, nothing.text());
  CHECK(nothing.err.str().empty());
  object.clear();
  tell(DomainArgument{"example.com", {}}, object);
  CHECK(object.empty());
}

}  // namespace mtasts
