// What a check's trace leaves out to keep to 1 MiB.
#include <catch2/catch_test_macros.hpp>

#include "diagnose/trace_file.hpp"
#include "tests/unit/cli/support.hpp"
#include "tests/unit/lookup/fakes.hpp"

namespace mtasts {
namespace {

constexpr std::size_t mx_hosts = 20, addresses_each = 8;

const DomainName domain = fake::name("example.com");

CheckInputs check_inputs() {
  CheckInputs inputs;
  inputs.explain.now = test::noon;
  inputs.explain.next_hop = "example.com";
  inputs.postfix_version = "3.10";
  return inputs;
}

Address address_number(std::size_t number) {
  Address address{true, {0x20, 0x01, 0x0d, 0xb8}};
  address.octets[14] = static_cast<std::uint8_t>(number >> 8);
  address.octets[15] = static_cast<std::uint8_t>(number & 0xff);
  return address;
}

// No two numbers give the same text.
std::string filler(std::size_t size, std::size_t number, char c = 'c') {
  std::string text = std::to_string(number);
  text.resize(size, c);
  return text;
}

SmtpStep smtp_step(std::size_t number, std::vector<std::string> chain) {
  SmtpStep step;
  step.request.address = address_number(number);
  step.request.host = "mx" + std::to_string(number / addresses_each) + ".example.com";
  step.dialogue.reached = SmtpStage::ehlo_in_tls;
  step.dialogue.greeting = {220, {"mx.example.com ESMTP Postfix"}};
  step.dialogue.ehlo = {
      250, {"mx.example.com", "PIPELINING", "SIZE 10240000", "STARTTLS", "8BITMIME", "CHUNKING"}};
  step.dialogue.starttls = {220, {"2.0.0 Ready to start TLS"}};
  step.dialogue.ehlo_in_tls = step.dialogue.ehlo;
  step.dialogue.tls.emplace().chain = std::move(chain);
  return step;
}

PolicyHostStep policy_host_step(std::size_t number, std::string body) {
  return {domain, address_number(number), {HttpAnswer{200, "text/plain", std::move(body)}}, {}};
}

DnsStep dns_step(std::size_t number, std::string rdata) {
  DnsStep step;
  step.name = "mx" + std::to_string(number) + ".example.com";
  step.type = RrType::tlsa;
  step.answer.kind = DnsAnswer::Kind::data;
  step.answer.rdata = {std::move(rdata)};
  return step;
}

const SmtpTlsFacts& tls_of(const Trace& trace, std::size_t step) {
  return *std::get<SmtpStep>(trace.at(step)).dialogue.tls;
}

std::size_t size_of(const Trace& trace) { return write_trace(check_inputs(), trace).size(); }

// Fits the trace into what it takes less so many octets.
Trace less(Trace trace, std::size_t octets) {
  std::size_t most = size_of(trace) - octets;
  fit_trace(check_inputs(), trace, most);
  CHECK(size_of(trace) <= most);
  return trace;
}

std::string hostile(std::size_t size, std::size_t number) { return filler(size, number, '\xff'); }

// The largest that the ports hand over, for every host and address.
Trace worst_trace() {
  Trace trace;
  for (std::size_t i = 0; i < 40; ++i) trace.emplace_back(dns_step(i, hostile(65'535, i)));
  trace.emplace_back(HttpsStep{domain, HttpAnswer{200, hostile(16'000, 0), hostile(65'536, 0)}, {}});
  for (std::size_t i = 0; i < 16; ++i) {
    PolicyHostStep host = policy_host_step(i, hostile(65'536, i));
    host.answer.answer->content_type = hostile(16'000, i);
    host.answer.seen.chain = {hostile(max_chain_octets, 1000 + i)};
    host.answer.seen.location = hostile(max_header_octets, i);
    host.answer.seen.content_encoding = hostile(max_header_octets, i);
    trace.emplace_back(std::move(host));
  }
  for (std::size_t i = 0; i < mx_hosts * addresses_each; ++i) {
    SmtpStep smtp = smtp_step(i, {hostile(max_chain_octets, i)});
    smtp.request.host = filler(DomainName::max_size, i);
    smtp.dialogue.detail = std::string(200, 'x');
    SmtpDialogue& dialogue = smtp.dialogue;
    for (SmtpReply* reply : {&dialogue.greeting, &dialogue.ehlo, &dialogue.starttls, &dialogue.ehlo_in_tls})
      reply->lines = {hostile(16'384, i)};
    trace.emplace_back(std::move(smtp));
  }
  return trace;
}

}  // namespace

TEST_CASE("a check of 20 MX hosts with 8 addresses each never saves more than 1 MiB", "[trace]") {
  CheckInputs inputs = check_inputs();
  inputs.explain.stored = fake::stored_policy(test::noon, "enforce", 60);
  inputs.explain.stored->policy->lines = std::string(max_policy_bytes, 'x');
  Trace trace = worst_trace();
  std::string text = write_trace(inputs, trace);
  CHECK(text.size() <= max_check_file);
  CHECK(text.size() > max_check_file / 2);  // no more is left out than needed
  auto saved = read_trace(text);
  if (!saved) FAIL(saved.error().detail);
  CHECK(write_trace(*saved) == text);
  CHECK(saved->trace.size() == trace.size());  // each step is still there
  std::size_t marked = 0;
  for (const Step& step : saved->trace) {
    const auto* smtp = std::get_if<SmtpStep>(&step);
    if (smtp == nullptr) continue;
    CHECK(smtp->dialogue.greeting.cut);
    CHECK(smtp->dialogue.tls->chain.empty());
    marked += smtp->dialogue.tls->chain_cut ? 1 : 0;
  }
  CHECK(marked == mx_hosts * addresses_each);
  fit_trace(inputs, trace);
  CHECK(write_trace(inputs, trace) == text);  // what is judged after it is what is saved
}

TEST_CASE("nothing is left out of a large check whose servers are honest", "[trace]") {
  Trace trace;
  std::string upper = filler(1500, 0), root = filler(1500, 1);
  for (std::size_t i = 0; i < mx_hosts * addresses_each; ++i)
    trace.emplace_back(smtp_step(i, {filler(1800, 100 + i), upper, root}));
  for (std::size_t i = 0; i < 16; ++i) trace.emplace_back(policy_host_step(i, "version: STSv1\n"));
  auto saved = read_trace(write_trace(check_inputs(), trace));
  REQUIRE(saved);
  for (std::size_t i = 0; i < mx_hosts * addresses_each; ++i) {
    CHECK(tls_of(saved->trace, i).chain.size() == 3);
    CHECK_FALSE(tls_of(saved->trace, i).chain_cut);
  }
}

TEST_CASE("the largest certificates behind the leaf go first, and leaves after them", "[trace]") {
  std::string leaf = filler(5000, 1), other = filler(4000, 2), small = filler(1000, 3),
              large = filler(3000, 4);
  Trace trace{smtp_step(0, {leaf, small, large}), smtp_step(1, {other, large, small})};
  PolicyHostStep host = policy_host_step(2, "version: STSv1\n");
  host.answer.seen.chain = {leaf, small};
  trace.emplace_back(host);
  auto chain = [](const Trace& of, std::size_t step) { return tls_of(of, step).chain; };
  using Chain = std::vector<std::string>;

  CHECK(chain(less(trace, 0), 0) == Chain{leaf, small, large});
  Trace first = less(trace, 5000);
  CHECK(chain(first, 0) == Chain{leaf, small});
  CHECK(chain(first, 1) == Chain{other});
  CHECK(tls_of(first, 0).chain_cut);
  CHECK(tls_of(first, 1).chain_cut);
  CHECK_FALSE(std::get<PolicyHostStep>(first[2]).answer.seen.chain_cut);
  Trace second = less(trace, 7000);
  CHECK(chain(second, 0) == Chain{leaf});
  CHECK(std::get<PolicyHostStep>(second[2]).answer.seen.chain == Chain{leaf});
  CHECK(std::get<PolicyHostStep>(second[2]).answer.seen.chain_cut);
  Trace third = less(trace, 15'000);
  CHECK(chain(third, 0).empty());
  CHECK(chain(third, 1) == Chain{other});
  CHECK(std::get<PolicyHostStep>(third[2]).answer.seen.chain.empty());
  CHECK(std::get<PolicyHostStep>(third[2]).answer.answer->body == "version: STSv1\n");
}

TEST_CASE("a certificate that is also a leaf saves nothing behind one", "[trace]") {
  std::string twice = filler(3000, 1), leaf = filler(2000, 2);
  Trace trace{smtp_step(0, {twice, twice}), smtp_step(1, {leaf, twice})};
  Trace shorter = less(trace, 5000);
  CHECK(tls_of(shorter, 0).chain.empty());
  CHECK(tls_of(shorter, 1).chain == std::vector{leaf});
}

TEST_CASE("replies larger than any honest one are cut before certificates are left out", "[trace]") {
  SmtpStep hostile_one = smtp_step(0, {filler(3000, 1)});
  hostile_one.dialogue.ehlo.lines = {"mx.example.com", "STARTTLS", std::string(5000, 'x'), "SIZE"};
  hostile_one.dialogue.greeting.lines = {std::string(4000, 'x')};
  Trace trace{hostile_one, smtp_step(1, {filler(3000, 2), filler(3000, 3)})};
  Trace shorter = less(trace, 900);
  const SmtpDialogue& cut = std::get<SmtpStep>(shorter[0]).dialogue;
  REQUIRE(cut.ehlo.lines.size() == 3);
  CHECK(cut.ehlo.lines[1] == "STARTTLS");
  CHECK(cut.ehlo.lines[2].size() < 4096);
  CHECK(cut.ehlo.lines[2].size() > 4000);
  CHECK(cut.ehlo.cut);
  CHECK_FALSE(cut.greeting.cut);
  CHECK(tls_of(shorter, 0).chain.size() == 1);
  CHECK(tls_of(shorter, 1).chain.size() == 2);
}

TEST_CASE("an answer that is left out says so, the largest first", "[trace]") {
  SECTION("of a policy host") {
    Trace trace{policy_host_step(0, filler(2000, 0)), policy_host_step(1, filler(5000, 1)),
                policy_host_step(2, "version: STSv1\n")};
    trace.emplace_back(dns_step(3, filler(9000, 3)));
    Trace shorter = less(trace, 6000);
    CHECK(std::get<PolicyHostStep>(shorter[0]).answer.answer.has_value());
    CHECK(std::get<PolicyHostStep>(shorter[2]).answer.answer.has_value());
    const auto& left_out = std::get<PolicyHostStep>(shorter[1]).answer.answer;
    REQUIRE_FALSE(left_out);
    CHECK(left_out.error().detail.contains("left out of the saved trace"));
    CHECK(left_out.error().local);
    CHECK(std::get<DnsStep>(shorter[3]).answer.rdata.size() == 1);
  }
  SECTION("of a name server, before any other of the DNS") {
    Trace trace{dns_step(0, filler(5000, 0)), NameServerStep{{}, dns_step(1, filler(3000, 1))}};
    Trace shorter = less(trace, 1000);
    CHECK(std::get<DnsStep>(shorter[0]).answer.rdata.size() == 1);
    CHECK(std::get<NameServerStep>(shorter[1]).asked.answer.reason.contains("left out"));
  }
  SECTION("of the DNS: it fails, as an answer that never came, and says nothing about the name") {
    Trace trace{dns_step(0, filler(2000, 0)), dns_step(1, filler(5000, 1))};
    Trace shorter = less(trace, 6000);
    CHECK(std::get<DnsStep>(shorter[0]).answer.rdata.size() == 1);
    const DnsAnswer& left_out = std::get<DnsStep>(shorter[1]).answer;
    CHECK(left_out.kind == DnsAnswer::Kind::failed);
    CHECK(left_out.rdata.empty());
    CHECK(left_out.reason.contains("left out of the saved trace"));
    CHECK(left_out.local);
  }
}

TEST_CASE("a trace can be shortened to nothing", "[trace]") {
  Trace trace;
  for (std::size_t i = 0; i < 5; ++i) trace.emplace_back(smtp_step(i, {filler(100, i)}));
  fit_trace(check_inputs(), trace, 3000);
  CHECK(!trace.empty());
  CHECK(size_of(trace) <= 3000);
  fit_trace(check_inputs(), trace, 0);
  CHECK(trace.empty());
}

}  // namespace mtasts
