#include "net/dns/unbound_answer.hpp"

#include <array>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

namespace mtasts {
namespace {

using Catch::Generators::values;
using Kind = DnsAnswer::Kind;
using Security = DnsAnswer::Security;

// A ub_result over memory of this object; ub_resolve_free() must not see it.
struct Sample {
  std::string item = "\4abcd";
  std::string name = "target.example.";
  std::string why = "validation failure <x.example. TXT IN>: signature expired\n\x1b[31m";
  std::array<char*, 2> data{item.data(), nullptr};
  std::array<int, 2> sizes{static_cast<int>(item.size()), 0};
  ub_result result{};

  Sample() {
    result.data = data.data();
    result.len = sizes.data();
    result.ttl = 300;
  }
};

TEST_CASE("UB-5 to UB-7: what libunbound says, kept apart", "[net]") {
  struct Row {
    const char* why;
    int rcode, havedata, nxdomain, secure, bogus;
    Kind kind;
    Security security;
    const char* reason;
  };
  auto row = GENERATE(values<Row>({
      {"data, insecure", 0, 1, 0, 0, 0, Kind::data, Security::insecure, ""},
      {"UB-5: data, secure", 0, 1, 0, 1, 0, Kind::data, Security::secure, ""},
      {"UB-7: no data", 0, 0, 0, 0, 0, Kind::no_data, Security::insecure, ""},
      {"UB-5: secure denial of data", 0, 0, 0, 1, 0, Kind::no_data, Security::secure, ""},
      {"UB-7: NXDOMAIN", 3, 0, 1, 0, 0, Kind::nxdomain, Security::insecure, ""},
      {"UB-5: secure NXDOMAIN", 3, 0, 1, 1, 0, Kind::nxdomain, Security::secure, ""},
      {"UB-7: SERVFAIL", 2, 0, 0, 0, 0, Kind::failed, Security::insecure, "SERVFAIL"},
      {"REFUSED", 5, 0, 0, 0, 0, Kind::failed, Security::insecure, "REFUSED"},
      {"an rcode without a name", 23, 0, 0, 0, 0, Kind::failed, Security::insecure, "RCODE 23"},
      {"a negative rcode", -1, 0, 0, 0, 0, Kind::failed, Security::insecure, "RCODE -1"},
      {"secure does not make SERVFAIL an answer", 2, 1, 0, 1, 0, Kind::failed, Security::insecure,
       "SERVFAIL"},
      {"UB-6: bogus comes with the data", 0, 1, 0, 0, 1, Kind::failed, Security::bogus, "DNSSEC bogus"},
      {"bogus NXDOMAIN", 3, 0, 1, 0, 1, Kind::failed, Security::bogus, "DNSSEC bogus"},
      {"bogus outranks secure", 0, 1, 0, 1, 1, Kind::failed, Security::bogus, "DNSSEC bogus"},
  }));
  INFO(row.why);
  Sample sample;
  sample.result.rcode = row.rcode;
  sample.result.havedata = row.havedata;
  sample.result.nxdomain = row.nxdomain;
  sample.result.secure = row.secure;
  sample.result.bogus = row.bogus;
  DnsAnswer answer = to_answer(sample.result);
  CHECK(answer.kind == row.kind);
  CHECK(answer.security == row.security);
  CHECK(answer.reason == row.reason);
  CHECK(answer.rdata.empty() == (row.kind != Kind::data));
}

TEST_CASE("UB-8: raw data, TTL and the end of the alias chain", "[net]") {
  Sample sample;
  sample.result.havedata = 1;
  sample.result.canonname = sample.name.data();
  DnsAnswer answer = to_answer(sample.result);
  CHECK(answer.canonical == "target.example");
  CHECK(answer.ttl == 300);
  REQUIRE(answer.rdata.size() == 1);
  CHECK(answer.rdata[0] == "\4abcd");
}

TEST_CASE("the cause of a bogus answer is one printable line", "[net]") {
  Sample sample;
  sample.result.bogus = 1;
  sample.result.why_bogus = sample.why.data();
  DnsAnswer answer = to_answer(sample.result);
  CHECK(answer.reason.starts_with("DNSSEC bogus: validation failure <x.example. TXT IN>: signature expired"));
  CHECK(answer.reason.find('\n') == std::string::npos);
  CHECK(answer.reason.find('\x1b') == std::string::npos);
}

TEST_CASE("names that are not asked", "[net]") {
  struct Row {
    const char* why;
    std::string name;
    bool fine;
  };
  std::string label(63, 'a');
  std::string longest = label + "." + label + "." + label + "." + std::string(61, 'b');
  auto row = GENERATE_COPY(values<Row>({
      {"a name", "example.com", true},
      {"final dot", "example.com.", true},
      {"underscore", "_mta-sts.example.com", true},
      {"the root, for its keys", ".", true},
      {"upper case", "EXAMPLE.com", true},
      {"longest", longest, true},
      {"longest with a final dot", longest + ".", true},
      {"254 octets", longest + "b", false},
      {"64 octets in a label", label + "a.example", false},
      {"nothing", "", false},
      {"UB-7: an empty label", "a..b", false},
      {"an empty first label", ".example", false},
      {"two final dots", "example..", false},
      {"an escape, which libunbound would read", "a\\.b.example", false},
      {"a blank", "a b.example", false},
      {"NUL", std::string("a\0b.example", 11), false},
      {"a byte above 127", "\xc3\xa4.example", false},
      {"wildcard", "*.example", false},
  }));
  INFO(row.why);
  CHECK(refuse_name(row.name).empty() == row.fine);
}

TEST_CASE("a timeout says its limit", "[net]") {
  using std::chrono::milliseconds;
  CHECK(timeout_answer(milliseconds(5000), true).reason == "timeout after 5 s");
  CHECK(timeout_answer(milliseconds(300), true).reason == "timeout after 300 ms");
  CHECK(timeout_answer(milliseconds(5000), false).reason.contains("not asked within 5 s"));
  CHECK(timeout_answer(milliseconds(5000), true).kind == Kind::failed);
}

}  // namespace
}  // namespace mtasts
