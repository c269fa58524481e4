// What is stored of a policy's text, and that no reply shows the difference.
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <string>

#include "core/dane_codec.hpp"
#include "core/record.hpp"
#include "core/reply.hpp"
#include "tests/unit/lists.hpp"

using namespace mtasts;

namespace {

constexpr auto head = "version: STSv1\nmode: enforce\nmax_age: 604800\n";  // not in the plain order

std::string mx_lines(int count, std::size_t length) {
  std::string lines;
  for (int n = 0; n < count; ++n)
    lines += "mx: m" + std::to_string(n) + "." + std::string(length, 'x') + ".example\n";
  return lines;
}

std::string repeated(const std::string& line, std::size_t count) {
  std::string lines;
  for (std::size_t n = 0; n < count; ++n) lines += line + "\n";
  return lines;
}

Record record_of(const Policy& policy) {
  Record record;
  record.policy = policy;
  record.id = "1";
  return record;
}

std::string reply(Dialect dialect, const DomainName& domain, const PolicyView& policy) {
  std::string out;
  append_reply(out, dialect, domain, Decision{Verdict::secure, "6", "enforce policy", {}, &policy});
  return out;
}

}  // namespace

TEST_CASE("no text of a policy is stored that no reply can carry", "[core]") {
  struct Row {
    const char* why;
    std::string body, stored;
  };
  const std::string mx = "mx: mx.example.net\n", packed = "\n";
  auto row = GENERATE_COPY(Catch::Generators::values<Row>({
      {"plain", "version: STSv1\nmode: enforce\n" + mx + "max_age: 1\n", ""},
      {"plain, but for what a reply leaves out",
       "version: STSv1\nmode: enforce\n" + mx + "max_age: 1\n" + repeated("x: {}", 9000), ""},
      {"another order", head + mx, head + packed + "\n"},
      {"another line", head + mx + "x: y\n", head + packed + "x: y\n"},
      {"a line with a tab", head + mx + "x:\ty\n", head + packed + "x:\ty\n"},
      {"a line with braces", head + mx + "x: {\nx: y\n", head + packed + "x: y\n"},
      {"several mx", mx + head + "mx: b.example\nx: y\nmx: c.example\n",
       packed + head + packed + "x: y\n" + packed + "\n"},
      {"an mx twice", head + mx + mx + "mx: b.example\nx: y\n", head + packed + mx + packed + "x: y\n"},
      {"an mx in upper case", head + std::string("mx: MX.example.net\nmx: b.example\n"),
       head + std::string("mx: MX.example.net\nmx: b.example\n")},
      {"large, but a reply can carry it", head + mx + repeated("x: " + std::string(57, 'x'), 1000),
       head + packed + repeated("x: " + std::string(57, 'x'), 1000)},
      {"more lines than a reply can carry", head + mx + repeated("x: y", 9000), " "},
      {"more mx than a reply can carry", head + mx_lines(1000, 42), " "},
      {"mx that no match can have, so that there is no reply", std::string(head) + "mx: nexthop\n", " "},
      {"mode none", "version: STSv1\nmode: none\nmax_age: 1\n" + mx + repeated("x: y", 100), ""},
      {"mode testing, which may be taken as enforce",
       "version: STSv1\nmode: testing\nmax_age: 1\n" + mx + "x: y\n",
       "version: STSv1\nmode: testing\nmax_age: 1\n" + packed + "x: y\n"},
  }));
  INFO(row.why);
  const auto policy = lint_policy(row.body).policy;
  REQUIRE(policy);
  const auto bytes = encode(record_of(*policy));
  const auto read = decode(bytes);
  REQUIRE(read);
  CHECK(std::string(read->policy.lines) + (row.stored.ends_with('\n') ? "\n" : "") == row.stored);
  CHECK(encode(to_record(*read)) == bytes);
  CHECK(bytes.size() < policy->mx.text().size() + row.stored.size() + 100);
  CHECK(read->policy.mx == policy->mx);

  for (const std::string& name : {std::string("a"), std::string(60, 'a') + ".example"})
    for (Dialect dialect : {Dialect::postfix, Dialect::postfix310, Dialect::sts})
      CHECK(reply(dialect, *DomainName::parse(name), read->policy) ==
            reply(dialect, *DomainName::parse(name), view(*policy)));
}

TEST_CASE("a text that earlier builds stored with all its lines is read unchanged", "[core]") {
  const auto record = record_of(*lint_policy(head + std::string("mx: mx.example\nx: y")).policy);
  const std::string lines = record.policy->lines, packed = packed_lines(lines, record.policy->mx);
  REQUIRE(packed.size() < lines.size());
  std::string bytes = encode(record);
  bytes.replace(bytes.find(packed), packed.size(), lines);
  bytes[17] = static_cast<char>(lines.size());
  bytes.resize(bytes.size() - 4);
  append_little(bytes, crc32c(bytes), 4);
  REQUIRE(decode(bytes));
  CHECK(decode(bytes)->policy.lines == lines);
  CHECK(to_record(*decode(bytes)).policy == record.policy);
  CHECK(encode(to_record(*decode(bytes))) == encode(record));
}

TEST_CASE("where the text was left out, the policy's fields give it", "[core]") {
  const auto policy = lint_policy(head + mx_lines(1000, 42)).policy;
  REQUIRE(policy);
  auto cut = record_of(*policy);
  cut = to_record(decode(encode(cut)).value());
  std::string told;
  for_each_line(view(*cut.policy), [&](std::string_view key, std::string_view value) {
    told.append(told.empty() ? "" : "\n").append(key).append(value);
  });
  CHECK(told == plain_lines(*policy));
}

TEST_CASE("a text is stored up to the size at which a reply is full", "[core]") {
  const auto shortest = *DomainName::parse("a");
  int carried = 0, kept = 0;
  for (std::size_t size = max_reply - 400; size < max_reply; ++size) {
    const Policy policy{Mode::enforce, 1, test::mx_list("mx.example"),
                        "version: STSv1\n" + std::string(size, 'x')};
    const bool stored = carried_lines(view(policy)) == policy.lines;
    const bool in_reply = reply(Dialect::postfix310, shortest, view(policy)).contains("policy_type=sts");
    if (in_reply) REQUIRE(stored);
    carried += in_reply;
    kept += stored;
  }
  CHECK(carried > 0);
  CHECK(kept - carried <= 1);  // it is not known yet how long the domain is
  CHECK(kept < 400);
}
