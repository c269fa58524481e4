#include "core/override.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

using namespace mtasts;
using namespace std::chrono_literals;
using Catch::Generators::values;

namespace {

constexpr Time now{1'800'000'000s};

DomainName name(std::string_view text) { return DomainName::parse(text).value(); }

OverrideKey domain(std::string_view text) { return {name(text), false, false, false, {}}; }
OverrideKey below(std::string_view text) { return {name(text), true, false, false, {}}; }
OverrideKey literal(std::string_view text, bool bracketed, std::optional<std::uint16_t> port) {
  return {name(text), false, true, bracketed, port};
}

Override rule(std::string_view reason, Time until = Time::max()) {
  return {OverrideAction::no_policy, {}, std::string(reason), until};
}

std::string found(const Overrides& all, std::string_view text, bool bracketed = false,
                  std::optional<std::uint16_t> port = {}) {
  const Override* rule = all.find(name(text), bracketed, port, now);
  return rule == nullptr ? "none" : rule->reason;
}

Overrides sample() {
  Overrides all;
  all.add(below("example.com"), rule("*.example.com"));
  all.add(below("b.example.com"), rule("*.b.example.com"));
  all.add(domain("a.b.example.com"), rule("a.b.example.com"));
  all.add(domain("example.org"), rule("example.org"));
  all.add(literal("example.org", true, {}), rule("[example.org]"));
  all.add(literal("example.org", true, 587), rule("[example.org]:587"));
  all.add(literal("example.org", false, 587), rule("example.org:587"));
  all.add(literal("x.example.com", false, 26), rule("x.example.com:26"));
  all.add(below("net"), rule("*.net"));
  return all;
}

}  // namespace

TEST_CASE("Overrides: literal, then domain, then the longest wildcard", "[core]") {
  struct Row {
    const char *why, *host;
    bool bracketed;
    std::optional<std::uint16_t> port;
    const char* want;
  };
  auto row = GENERATE(values<Row>({
      {"none", "example.de", false, {}, "none"},
      {"a domain", "example.org", false, {}, "example.org"},
      {"a domain does not match names below it", "a.example.org", false, {}, "none"},
      {"KEY-1 literal with brackets", "example.org", true, {}, "[example.org]"},
      {"KEY-1 literal with brackets and port", "example.org", true, 587, "[example.org]:587"},
      {"KEY-1 literal with port", "example.org", false, 587, "example.org:587"},
      {"STS-35 a domain counts for every form", "example.org", true, 25, "example.org"},
      {"STS-35 and for each port", "example.org", false, 25, "example.org"},
      {"a literal counts for its port alone", "x.example.com", false, 27, "*.example.com"},
      {"a literal goes before a wildcard", "x.example.com", false, 26, "x.example.com:26"},
      {"and for its brackets alone", "x.example.com", true, 26, "*.example.com"},
      {"not the wildcard's own domain", "example.com", false, {}, "none"},
      {"one label", "a.example.com", false, {}, "*.example.com"},
      {"any depth", "a.c.d.example.com", false, {}, "*.example.com"},
      {"the longest wins", "c.b.example.com", false, {}, "*.b.example.com"},
      {"at any depth", "d.c.b.example.com", true, 25, "*.b.example.com"},
      {"its own domain lies below the shorter one", "b.example.com", false, {}, "*.example.com"},
      {"a domain goes before a wildcard", "a.b.example.com", false, {}, "a.b.example.com"},
      {"whole labels only", "a.notexample.com", false, {}, "none"},
      {"a top-level domain", "a.net", false, {}, "*.net"},
      {"a single label", "net", false, {}, "none"},
  }));
  INFO(row.why);
  CHECK(found(sample(), row.host, row.bracketed, row.port) == row.want);
}

TEST_CASE("an override that is over does not count, and the next in precedence does", "[core]") {
  Overrides all;
  all.add(literal("a.b.example", true, {}), rule("literal", now));
  all.add(domain("a.b.example"), rule("domain", now - 1s));
  all.add(below("b.example"), rule("near", Time{}));
  all.add(below("example"), rule("far", now + 1s));
  CHECK(found(all, "a.b.example", true) == "far");
  CHECK(all.find(name("a.b.example"), true, {}, now - 1s)->reason == "literal");
  CHECK(all.find(name("a.b.example"), true, {}, now - 2s)->reason == "literal");
  CHECK(all.find(name("a.b.example"), false, {}, now - 2s)->reason == "domain");
  CHECK(all.find(name("a.b.example"), true, {}, now + 1s) == nullptr);
}

TEST_CASE("no overrides", "[core]") {
  Overrides all;
  CHECK(all.empty());
  CHECK(found(all, "example.com") == "none");
  all.add(below("example"), rule("x"));
  CHECK_FALSE(all.empty());
}

TEST_CASE("the words of the actions are read back", "[core]") {
  for (auto action : {OverrideAction::no_policy, OverrideAction::ignore_sts, OverrideAction::ignore_dane,
                      OverrideAction::enforce, OverrideAction::answer})
    CHECK(enum_words<OverrideAction>.value_of(words(action)) == action);
  CHECK(enum_words<OverrideAction>.value_of("No-Policy") == std::nullopt);
  CHECK(enum_words<OverrideAction>.value_of("") == std::nullopt);
}
