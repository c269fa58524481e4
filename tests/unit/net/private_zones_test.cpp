#include "net/dns/private_zones.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "net/dns/unbound_dns.hpp"
#include "tests/unit/name_servers.hpp"
#include "tests/unit/net/dns_server.hpp"
#include "tests/unit/net/dns_signer.hpp"
#include "tests/unit/net/run.hpp"
#include "tests/unit/net/temp_file.hpp"

namespace mtasts {
namespace {

namespace asio = boost::asio;
using test::name_servers;
using Kind = DnsAnswer::Kind;
using Security = DnsAnswer::Security;
constexpr std::uint16_t type_txt = 16, type_dnskey = 48;

DnsReply says(const DnsQuestion& q, const char* text) {
  if (q.type == type_txt) return {.answer = {{q.name, type_txt, dns_strings({text})}}};
  return {.authority = {dns_soa("example")}};
}

}  // namespace

TEST_CASE("only names and addresses get into unbound's configuration", "[net]") {
  Address v4 = *parse_address("192.0.2.53"), v6 = *parse_address("fe80::1");
  struct Row {
    const char *why, *zone;
    NameServer server;
  };
  auto row = GENERATE_COPY(Catch::Generators::values<Row>({
      {"a quote in a zone", "corp.example\"", {v4}},
      {"a line end in a zone", "corp.example\nserver:", {v4}},
      {"no zone", "", {v4}},
      {"a blank in a zone", "corp example", {v4}},
      {"port 0", "corp.example", {v4, "", 0}},
      {"a line end in an interface", "corp.example", {v6, "eth0\nx"}},
      {"a port in an interface", "corp.example", {v6, "eth0@53"}},
      {"an interface of IPv4", "corp.example", {v4, "eth0"}},
  }));
  INFO(row.why);
  CHECK_FALSE(private_zone_text({row.zone}, {row.server}));
}

TEST_CASE("the text for libunbound", "[net]") {
  CHECK(private_zone_text({}, name_servers({"192.0.2.53"})) == "");
  CHECK(private_zone_text({"corp.example"}, {}) == "");
  CHECK(private_zone_text({"Corp.Example."}, name_servers({"192.0.2.53", "2001:db8::53@5353"})) ==
        "server:\n  domain-insecure: \"corp.example.\"\n  local-zone: \"corp.example.\" transparent\n"
        "forward-zone:\n  name: \"corp.example.\"\n  forward-addr: 192.0.2.53@53\n"
        "  forward-addr: 2001:db8::53@5353\n");
  CHECK(private_zone_text({"corp.example"}, name_servers({"fe80::1%eth0"}))
            ->ends_with("forward-addr: fe80::1%eth0@53\n"));
}

TEST_CASE("questions about private zones go to their own server, the rest to the forwarder", "[net]") {
  DnsServer inside([](const DnsQuestion& q) { return says(q, "inside"); });
  DnsServer outside([](const DnsQuestion& q) { return says(q, "outside"); });
  UnboundOptions options;
  options.forward = {outside.forward()};
  options.private_zones = {"corp.example", "home.arpa"};
  options.private_servers = {inside.forward()};
  asio::io_context loop{1};
  auto dns = make_unbound_dns(loop, options);
  REQUIRE(dns);
  auto text = [&](const char* name) {
    auto answer = run(loop, (*dns)->ask(name, RrType::txt));
    INFO(answer.reason);
    REQUIRE(answer.rdata.size() == 1);
    return decode_txt(answer.rdata[0]).value();
  };
  CHECK(text("corp.example") == "inside");
  CHECK(text("a.b.corp.example") == "inside");
  CHECK(text("box.home.arpa") == "inside");  // UB-19: libunbound answers it itself otherwise
  CHECK(text("example") == "outside");
  CHECK(text("xcorp.example") == "outside");
}

TEST_CASE("recursion may ask a loopback resolver for private zones", "[net]") {
  DnsServer inside([](const DnsQuestion& q) { return says(q, "inside"); });
  UnboundOptions options;
  options.private_zones = {"corp.example"};
  options.private_servers = {inside.forward()};
  asio::io_context loop{1};
  auto dns = make_unbound_dns(loop, options);
  REQUIRE(dns);
  CHECK(run(loop, (*dns)->ask("corp.example", RrType::txt)).kind == Kind::data);
}

TEST_CASE("private zones are unsigned, whatever the trust anchor says", "[net]") {
  DnsSigner root("");
  DnsServer server([&root](const DnsQuestion& q) -> DnsReply {
    if (q.name.empty() && q.type == type_dnskey) return {.answer = root.with_signature({root.dnskey()})};
    return says(q, "unsigned");
  });
  TempFile anchor(root.trust_anchor());
  UnboundOptions options;
  options.forward = {server.forward()};
  options.trust_anchor = anchor.path();
  options.private_zones = {"corp.example"};
  options.private_servers = {server.forward()};
  asio::io_context loop{1};
  auto dns = make_unbound_dns(loop, options);
  REQUIRE(dns);
  CHECK(run(loop, (*dns)->ask(".", RrType::dnskey)).security == Security::secure);
  auto answer = run(loop, (*dns)->ask("corp.example", RrType::txt));
  CHECK(answer.kind == Kind::data);
  CHECK(answer.security == Security::insecure);
  CHECK(run(loop, (*dns)->ask("public.example", RrType::txt)).security == Security::bogus);
}

TEST_CASE("without validation a stripped zone is answered, insecure", "[net]") {
  DnsSigner root("");
  DnsServer server([](const DnsQuestion& q) { return says(q, "stripped"); });
  TempFile anchor(root.trust_anchor());
  UnboundOptions options;
  options.forward = {server.forward()};
  options.trust_anchor = anchor.path();
  options.validate = false;
  asio::io_context loop{1};
  auto dns = make_unbound_dns(loop, options);
  REQUIRE(dns);
  auto answer = run(loop, (*dns)->ask("public.example", RrType::txt));
  CHECK(answer.kind == Kind::data);
  CHECK(answer.security == Security::insecure);
}

TEST_CASE("an anchor with other keys: bogus, and the keys come with the answer", "[net]") {
  DnsSigner root(""), older("");
  DnsServer server([&root](const DnsQuestion& q) -> DnsReply {
    if (q.name.empty() && q.type == type_dnskey) return {.answer = root.with_signature({root.dnskey()})};
    return says(q, "unsigned");
  });
  TempFile anchor(older.trust_anchor());
  UnboundOptions options;
  options.forward = {server.forward()};
  options.trust_anchor = anchor.path();
  asio::io_context loop{1};
  auto dns = make_unbound_dns(loop, options);
  REQUIRE(dns);
  auto answer = run(loop, (*dns)->ask(".", RrType::dnskey));
  CHECK(answer.kind == Kind::failed);
  CHECK(answer.security == Security::bogus);
  CHECK(answer.rdata == std::vector<std::string>{root.dnskey().rdata});
}

}  // namespace mtasts
