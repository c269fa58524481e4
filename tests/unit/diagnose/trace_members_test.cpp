// A saved check keeps every member of every step. A member that is added breaks the build here, until it has
// a value that a file must keep.
#include <algorithm>
#include <array>
#include <catch2/catch_test_macros.hpp>
#include <tuple>
#include <utility>

#include "diagnose/trace_file.hpp"
#include "tests/unit/cli/support.hpp"
#include "tests/unit/lookup/fakes.hpp"

namespace mtasts {
namespace {

// The members of each type, as a tuple of references.
auto members(const SmtpReply& one) {
  const auto& [code, lines, cut] = one;
  return std::tie(code, lines, cut);
}
auto members(const SmtpTlsFacts& one) {
  const auto& [version, cipher, chain, cut, untrusted, depth, words, asks] = one;
  return std::tie(version, cipher, chain, cut, untrusted, depth, words, asks);
}
auto members(const SmtpRequest& one) {
  const auto& [address, port, host, implicit_tls] = one;
  return std::tie(address, port, host, implicit_tls);
}
auto members(const SmtpDialogue& one) {
  const auto& [reached, trouble, detail, greeting, ehlo, starttls, ehlo_in_tls, surplus, tls, helo] = one;
  return std::tie(reached, trouble, detail, greeting, ehlo, starttls, ehlo_in_tls, surplus, tls, helo);
}
auto members(const SmtpStep& one) {
  const auto& [request, dialogue, took] = one;
  return std::tie(request, dialogue, took);
}
auto members(const PolicyHostSeen& one) {
  const auto& [tls, chain, cut, untrusted, depth, words, status, location, encoding, large, cut_short] = one;
  return std::tie(tls, chain, cut, untrusted, depth, words, status, location, encoding, large, cut_short);
}
auto members(const HttpAnswer& one) {
  const auto& [status, content_type, body] = one;
  return std::tie(status, content_type, body);
}
auto members(const FetchError& one) {
  const auto& [step, detail, put_off, local] = one;
  return std::tie(step, detail, put_off, local);
}
auto members(const PolicyHostAnswer& one) {
  const auto& [answer, asked, timed_out, seen] = one;
  return std::tie(answer, asked, timed_out, seen);
}
auto members(const PolicyHostStep& one) {
  const auto& [domain, address, answer, took] = one;
  return std::tie(domain, address, answer, took);
}
auto members(const HttpsStep& one) {
  const auto& [domain, answer, took] = one;
  return std::tie(domain, answer, took);
}
auto members(const DnsAnswer& one) {
  const auto& [kind, security, reason, ttl, canonical, validated, local, unsigned_delegation, rdata] = one;
  return std::tie(kind, security, reason, ttl, canonical, validated, local, unsigned_delegation, rdata);
}
auto members(const DnsStep& one) {
  const auto& [name, type, answer, took] = one;
  return std::tie(name, type, answer, took);
}
auto members(const NameServerStep& one) {
  const auto& [server, asked] = one;
  return std::tie(server, asked);
}
auto members(const PolicyPlaceStep& one) {
  const auto& [domain, place, found, took] = one;
  return std::tie(domain, place, found, took);
}
auto members(const CheckInputs& one) {
  const auto& [unused, warn_days, postfix_version, ehlo, given] = one;
  return std::tie(warn_days, postfix_version, ehlo, given);  // the first: see trace_file_test.cpp
}

// Member for member.
template <class T>
bool same(const T& a, const T& b) {
  if constexpr (requires { members(a); })
    return [&]<std::size_t... I>(std::index_sequence<I...>) {
      auto all = members(a), others = members(b);
      return (same(std::get<I>(all), std::get<I>(others)) && ...);
    }(std::make_index_sequence<std::tuple_size_v<decltype(members(a))>>());
  else if constexpr (requires { a.error(); })
    return a.has_value() == b.has_value() && (a ? same(*a, *b) : same(a.error(), b.error()));
  else
    return a == b;
}

// The first member that has its default in each of the values; their number if there is none.
template <class T>
std::size_t unset_member(const std::vector<T>& values, const T& fresh) {
  constexpr std::size_t count = std::tuple_size_v<decltype(members(fresh))>;
  return [&]<std::size_t... I>(std::index_sequence<I...>) {
    auto defaults = members(fresh);
    const std::array<bool, count> set{std::ranges::any_of(
        values, [&](const T& each) { return !same(std::get<I>(members(each)), std::get<I>(defaults)); })...};
    return static_cast<std::size_t>(std::ranges::find(set, false) - set.begin());
  }(std::make_index_sequence<count>());
}

template <class T>
bool all_set(const std::vector<T>& values, const T& fresh = {}) {
  return unset_member(values, fresh) == std::tuple_size_v<decltype(members(fresh))>;
}

const DomainName domain = fake::name("example.com");
const Address address = parse_address("2001:db8::1").value();
constexpr std::chrono::milliseconds a_while{17};

SmtpReply reply(unsigned code) { return {code, {"text \xff", "more"}, true}; }

SmtpTlsFacts tls_facts() { return {"TLSv1.2", "AES", {"leaf", "above"}, true, 20, 1, "untrusted", true}; }

SmtpStep in_tls() {
  SmtpStep step{{address, 26, "mx.example.com", false}, {}, a_while};
  SmtpDialogue& dialogue = step.dialogue;
  dialogue.reached = SmtpStage::tls;
  dialogue.trouble = SmtpTrouble::reply;
  dialogue.detail = "421 later";
  dialogue.greeting = reply(220);
  dialogue.ehlo = reply(250);
  dialogue.starttls = reply(220);
  dialogue.ehlo_in_tls = reply(421);
  dialogue.tls = tls_facts();
  return step;
}

SmtpStep with_implicit_tls() {
  SmtpStep step{{address, 465, "mx.example.com", true}, {}, a_while};
  step.dialogue.reached = SmtpStage::connected;
  step.dialogue.trouble = SmtpTrouble::tls;
  return step;
}

SmtpStep with_helo() {
  SmtpStep step = in_tls();
  step.request.port = 27;
  step.dialogue = {};
  step.dialogue.reached = SmtpStage::greeted;
  step.dialogue.trouble = SmtpTrouble::reply;
  step.dialogue.greeting = reply(220);
  step.dialogue.ehlo = reply(502);
  step.dialogue.helo = reply(250);
  return step;
}

SmtpStep with_surplus() {
  SmtpStep step = in_tls();
  step.request.port = 28;
  step.dialogue.reached = SmtpStage::starttls;
  step.dialogue.tls.reset();
  step.dialogue.ehlo_in_tls = {};
  step.dialogue.surplus = 7;
  return step;
}

PolicyHostSeen seen() {
  return {TlsTrouble::certificate, {"other", "above"}, true, 62, 2, "mismatch", 301, "/", "gzip", true, true};
}

const FetchError whole_error{FetchStep::tls, "why", true, true};

const std::expected<HttpAnswer, FetchError> no_answer{HttpAnswer{}};

std::vector<PolicyHostStep> policy_hosts() {
  return {{domain, address, {std::unexpected(whole_error), false, true, seen()}, a_while},
          {domain, *parse_address("192.0.2.1"), {HttpAnswer{200, "text/plain", "body"}}, a_while}};
}

NameServerStep name_server() { return {address, {"example.com", RrType::txt, {}, a_while}}; }

PolicyPlaceStep place() { return {domain, PolicyPlace::www, PlaceFound::policy, a_while}; }

std::vector<DnsStep> dns_steps() {
  DnsStep found{"example.com", RrType::mx, {}, a_while}, failed = found;
  found.answer = {.kind = DnsAnswer::Kind::data,
                  .security = DnsAnswer::Security::secure,
                  .reason = {},
                  .ttl = 60,
                  .canonical = "other.example",
                  .validated = false,
                  .unsigned_delegation = true,
                  .rdata = {"\1\xff"}};
  failed.name = "other.example";
  failed.answer.reason = "timeout";
  failed.answer.local = true;
  return {found, failed};
}

CheckInputs inputs() {
  CheckInputs inputs;
  inputs.explain.now = test::noon;
  inputs.explain.next_hop = "example.com";
  inputs.warn_days = 21;
  inputs.postfix_version = "3.10";
  inputs.ehlo = "relay.example";
  inputs.given = "user@example.com";
  return inputs;
}

Trace whole_trace() {
  Trace trace{in_tls(), with_implicit_tls(), with_helo(), with_surplus()};
  for (const auto& each : policy_hosts()) trace.emplace_back(each);
  for (const auto& each : dns_steps()) trace.emplace_back(each);
  trace.emplace_back(HttpsStep{domain, HttpAnswer{200, "text/plain", "body"}, a_while});
  trace.emplace_back(HttpsStep{domain, std::unexpected(whole_error), a_while});
  trace.emplace_back(name_server());
  trace.emplace_back(place());
  return trace;
}

}  // namespace

TEST_CASE("the steps of these tests leave no member out", "[trace]") {
  std::vector<SmtpStep> steps{in_tls(), with_implicit_tls(), with_helo(), with_surplus()};
  std::vector<SmtpDialogue> dialogues;
  std::vector<SmtpRequest> requests;
  for (const SmtpStep& each : steps) {
    dialogues.push_back(each.dialogue);
    requests.push_back(each.request);
    CHECK(contradiction_in(each.dialogue, each.request.implicit_tls).empty());
  }
  CHECK(all_set(steps));
  CHECK(all_set(dialogues));
  CHECK(all_set(requests));
  CHECK(all_set<SmtpReply>({reply(220)}));
  CHECK(all_set<SmtpTlsFacts>({tls_facts()}));
  CHECK(all_set<PolicyHostSeen>({seen()}));
  CHECK(all_set<FetchError>({whole_error}, {FetchStep::address, {}}));
  CHECK(all_set<HttpAnswer>({{200, "text/plain", "body"}}));
  CHECK(all_set<PolicyHostAnswer>({policy_hosts()[0].answer}, {no_answer}));
  CHECK(all_set(policy_hosts(), {fake::name("other.example"), {}, {no_answer}, {}}));
  CHECK(all_set(dns_steps()));
  CHECK(all_set<DnsAnswer>({dns_steps()[0].answer, dns_steps()[1].answer}));
  CHECK(all_set<NameServerStep>({name_server()}));
  CHECK(all_set<PolicyPlaceStep>({place()}, {fake::name("other.example"), PolicyPlace::domain}));
  CHECK(all_set<CheckInputs>({inputs()}));
}

TEST_CASE("a saved check keeps every member of every step", "[trace]") {
  Trace trace = whole_trace();
  auto saved = read_trace(write_trace(inputs(), trace));
  if (!saved) FAIL(saved.error().detail);
  REQUIRE(saved->check);
  CHECK(same(*saved->check, inputs()));
  REQUIRE(saved->trace.size() == trace.size());
  for (std::size_t i = 0; i < trace.size(); ++i) {
    INFO("step " << i);
    REQUIRE(saved->trace[i].index() == trace[i].index());
    std::visit(
        [&](const auto& step) {
          CHECK(same(std::get<std::remove_cvref_t<decltype(step)>>(saved->trace[i]), step));
        },
        trace[i]);
  }
}

}  // namespace mtasts
