#include "net/dns/unbound_dns.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "tests/unit/net/dns_server.hpp"
#include "tests/unit/net/dns_signer.hpp"
#include "tests/unit/net/run.hpp"
#include "tests/unit/net/temp_file.hpp"

namespace mtasts {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;
using Kind = DnsAnswer::Kind;
using Security = DnsAnswer::Security;
using Catch::Generators::values;

constexpr std::uint16_t type_a = 1, type_cname = 5, type_txt = 16;

DnsReply txt(const DnsQuestion& q, std::vector<std::string> strings) {
  return {.answer = {{q.name, type_txt, dns_strings(std::move(strings))}}};
}

DnsReply unsigned_zone(const DnsQuestion& q) {
  DnsReply none{.authority = {dns_soa("example")}};
  if (q.name == "nx.example") return {.authority = {dns_soa("example", 77)}, .rcode = 3};
  if (q.name == "servfail.example") return {.rcode = 2};
  if (q.name == "refused.example") return {.rcode = 5};
  if (q.name == "alias.example") {
    return {.answer = {{q.name, type_cname, dns_name("target.example"), 30},
                       {"target.example", type_txt, dns_strings({"from target"})}},
            .authority = {}};
  }
  if (q.name == "alias-to-nothing.example") {
    return {.answer = {{q.name, type_cname, dns_name("nowhere.example")}},
            .authority = {dns_soa("example")},
            .rcode = 3};
  }
  if (q.name == "big.example" && q.type == type_txt) {
    if (!q.tcp) return {.truncated = true};
    return txt(q, {std::string(255, 'a'), std::string(255, 'b'), std::string(255, 'c'), std::string(255, 'd'),
                   std::string(255, 'e'), std::string(255, 'f')});
  }
  if (q.name == "address.example") {
    if (q.type == type_a) return {.answer = {{q.name, type_a, std::string("\xcb\x00\x71\x09", 4)}}};
    return none;
  }
  if (q.name == "nowhere.example") return {.authority = {dns_soa("example")}, .rcode = 3};
  if (q.type != type_txt) return none;
  if (q.name == "target.example") return txt(q, {"from target"});
  if (q.name == "two.example") {
    return {.answer = {{q.name, type_txt, dns_strings({"one"})}, {q.name, type_txt, dns_strings({"two"})}},
            .authority = {}};
  }
  if (q.name == "parts.example") return txt(q, {"v=STSv1; ", "id=1;"});
  if (q.name == "odd.example") return txt(q, {std::string("\0\xff\n{}", 5)});
  if (q.name.starts_with("n")) return txt(q, {q.name});
  return none;
}

struct Bench {
  explicit Bench(DnsScript script = unsigned_zone, UnboundOptions options = {}) : server(std::move(script)) {
    options.forward.push_back(server.forward());
    if (options.timeout == 5000ms) options.timeout = 60s;
    auto made = make_unbound_dns(loop, options);
    REQUIRE(made);
    dns = std::move(*made);
  }
  DnsAnswer ask(std::string name, RrType type = RrType::txt) {
    return run(loop, dns->ask(std::move(name), type));
  }

  DnsServer server;
  asio::io_context loop{1};
  std::unique_ptr<Dns> dns;
};

TEST_CASE("each kind of answer through a forwarder", "[net]") {
  Bench bench;
  SECTION("data") {
    auto answer = bench.ask("n1.example");
    CHECK(answer.kind == Kind::data);
    CHECK(answer.security == Security::insecure);
    CHECK(answer.rdata == std::vector<std::string>{dns_strings({"n1.example"})});
    CHECK(answer.ttl == 300);
    CHECK(answer.canonical.empty());
  }
  SECTION("several records") {
    auto rdata = bench.ask("two.example").rdata;
    std::ranges::sort(rdata);
    CHECK(rdata == std::vector<std::string>{dns_strings({"one"}), dns_strings({"two"})});
  }
  SECTION("STS-1: strings of one record stay apart in the RDATA") {
    auto answer = bench.ask("parts.example.");
    REQUIRE(answer.rdata.size() == 1);
    CHECK(answer.rdata[0] == dns_strings({"v=STSv1; ", "id=1;"}));
    CHECK(decode_txt(answer.rdata[0]) == "v=STSv1; id=1;");
  }
  SECTION("bytes of a record are passed on as they are") {
    auto answer = bench.ask("odd.example");
    REQUIRE(answer.rdata.size() == 1);
    CHECK(answer.rdata[0] == dns_strings({std::string("\0\xff\n{}", 5)}));
  }
  SECTION("UB-7: no data") {
    auto answer = bench.ask("address.example", RrType::aaaa);
    CHECK(answer.kind == Kind::no_data);
    CHECK(answer.ttl == 60);
    CHECK(answer.rdata.empty());
  }
  SECTION("address") {
    auto answer = bench.ask("address.example", RrType::a);
    REQUIRE(answer.rdata.size() == 1);
    CHECK(answer.rdata[0] == std::string("\xcb\x00\x71\x09", 4));
  }
  SECTION("UB-7: NXDOMAIN") {
    auto answer = bench.ask("nx.example");
    CHECK(answer.kind == Kind::nxdomain);
    CHECK(answer.ttl == 77);
  }
  SECTION("STS-1, UB-8: an alias is followed, the shortest TTL counts") {
    auto answer = bench.ask("alias.example");
    CHECK(answer.kind == Kind::data);
    CHECK(answer.canonical == "target.example");
    CHECK(answer.ttl == 30);
    CHECK(answer.rdata == std::vector<std::string>{dns_strings({"from target"})});
  }
  SECTION("an alias to nothing is NXDOMAIN") {
    auto answer = bench.ask("alias-to-nothing.example");
    CHECK(answer.kind == Kind::nxdomain);
    CHECK(answer.canonical == "nowhere.example");
  }
  SECTION("a truncated answer is asked for again over TCP") {
    auto answer = bench.ask("big.example");
    REQUIRE(answer.rdata.size() == 1);
    CHECK(answer.rdata[0].size() == 6 * 256);
    CHECK(bench.server.tcp_questions() > 0);
  }
}

TEST_CASE("a server's refusal is a failure with its name", "[net]") {
  Bench bench;
  auto name = GENERATE(std::string("servfail.example"), std::string("refused.example"));
  auto answer = bench.ask(name);
  CHECK(answer.kind == Kind::failed);
  CHECK(answer.security == Security::insecure);
  CHECK(answer.reason ==
        "SERVFAIL");  // libunbound's summary of a forwarder that does not answer the question
}

TEST_CASE("names that can't be asked fail at once, without a packet", "[net]") {
  std::atomic<int> asked{0};
  Bench bench([&asked](const DnsQuestion& q) {
    ++asked;
    return unsigned_zone(q);
  });
  auto name =
      GENERATE(std::string(), std::string("a..b"), std::string("a\\000.example"), std::string(300, 'a'));
  auto answer = bench.ask(name);
  CHECK(answer.kind == Kind::failed);
  CHECK(!answer.reason.empty());
  CHECK(asked == 0);
}

TEST_CASE("several forwarders: one that is down costs no question its answer", "[net]") {
  DnsServer silent([](const DnsQuestion&) { return DnsReply{.silent = true}; });
  DnsServer broken([](const DnsQuestion&) { return DnsReply{.rcode = 2}; });
  NameServer closed;
  {
    DnsServer gone(unsigned_zone);
    closed = gone.forward();
  }
  auto dead = GENERATE_REF(values<NameServer>({silent.forward(), broken.forward(), closed}));
  UnboundOptions options;
  options.forward = {dead};  // the bench adds the one that works
  Bench bench(unsigned_zone, options);
  for (int i = 0; i < 10; ++i) {
    DnsAnswer answer = bench.ask("n" + std::to_string(i) + ".example");
    INFO(answer.reason);
    CHECK(answer.kind == Kind::data);
  }
}

TEST_CASE("DNSSEC: secure, bogus and insecure are told apart", "[net]") {
  DnsSigner signer("signed.example");
  auto script = [&signer](const DnsQuestion& q) -> DnsReply {
    std::vector<DnsRecord> rrset{{q.name, type_txt, dns_strings({"hello"})}};
    if (q.type == 48 && q.name == "signed.example")
      return {.answer = signer.with_signature({signer.dnskey()})};
    if (q.name == "good.signed.example") return {.answer = signer.with_signature(rrset)};
    if (q.name == "expired.signed.example") return {.answer = signer.with_signature(rrset, 10 * 86400)};
    if (q.name == "forged.signed.example") {
      auto answer = signer.with_signature(rrset);
      answer[0].rdata = dns_strings({"forged"});
      return {.answer = answer};
    }
    if (q.name == "stripped.signed.example") return {.answer = rrset};
    return unsigned_zone(q);
  };
  TempFile anchor(signer.trust_anchor());
  UnboundOptions options;
  options.trust_anchor = anchor.path();
  Bench bench(script, options);

  SECTION("UB-5: secure") {
    auto answer = bench.ask("good.signed.example");
    CHECK(answer.kind == Kind::data);
    CHECK(answer.security == Security::secure);
    CHECK(answer.rdata == std::vector<std::string>{dns_strings({"hello"})});
  }
  SECTION("UB-6: bogus has no data, but a cause") {
    auto name = GENERATE(std::string("expired"), std::string("forged"), std::string("stripped"));
    auto answer = bench.ask(name + ".signed.example");
    CHECK(answer.kind == Kind::failed);
    CHECK(answer.security == Security::bogus);
    CHECK(answer.rdata.empty());
    CHECK(answer.reason.starts_with("DNSSEC bogus: "));
    if (name == "expired") CHECK(answer.reason.contains("signature expired"));
  }
  SECTION("outside of the anchor's zone: insecure") {
    auto answer = bench.ask("n1.example");
    CHECK(answer.kind == Kind::data);
    CHECK(answer.security == Security::insecure);
  }
}

TEST_CASE("an error about a file has the key, the path and the remedy", "[net]") {
  struct Row {
    const char *why, *key;
    std::string path, text;  // no path: a file with the text
    const char *cause, *remedy;
  };
  auto row = GENERATE(Catch::Generators::values<Row>({
      {"missing anchor", "trust_anchor", "/nonexistent/root.key", "", "No such file", "dns-root-data"},
      {"the anchor is a folder", "trust_anchor", "/", "", "Is a directory", "dns-root-data"},
      {"empty anchor", "trust_anchor", "", "", "empty", "dns-root-data"},
      {"UB-3: no anchor in it", "trust_anchor", "", "; nothing\n", "", "DS or DNSKEY"},
      {"not a zone file", "trust_anchor", "", "this is not a zone file\n", "", "DS or DNSKEY"},
      {"missing hints", "root_hints", "/nonexistent/hints", "", "No such file", "leave it empty"},
      {"hints are not a zone file", "root_hints", "", "this is not a zone file\n(", "", "named.root"},
  }));
  INFO(row.why);
  TempFile file(row.text);
  std::string path = row.path.empty() ? file.path() : row.path;
  UnboundOptions options;
  (row.key == std::string_view("root_hints") ? options.root_hints : options.trust_anchor) = path;
  asio::io_context loop{1};
  auto made = make_unbound_dns(loop, options);
  REQUIRE(!made);
  INFO(made.error().detail);
  CHECK(made.error().fault == Fault::config);
  CHECK(made.error().detail.contains(std::string("[dns] ") + row.key));
  for (const auto& word : {path, std::string(row.cause), std::string(row.remedy)}) {
    CHECK(made.error().detail.contains(word));
  }
}

}  // namespace
}  // namespace mtasts
