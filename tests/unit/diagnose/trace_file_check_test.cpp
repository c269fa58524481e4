// The saved trace of a check: its own kinds of steps, its limit, and what it leaves out to keep to it.
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "diagnose/trace_file.hpp"
#include "tests/unit/cli/support.hpp"
#include "tests/unit/diagnose/changed_file.hpp"
#include "tests/unit/lookup/fakes.hpp"

namespace mtasts {
namespace {

const DomainName domain = fake::name("example.com");
const Address address = parse_address("192.0.2.1").value();

CheckInputs check_inputs() {
  CheckInputs inputs;
  inputs.explain.now = test::noon;
  inputs.explain.next_hop = "example.com";
  inputs.warn_days = 21;
  inputs.postfix_version = "3.10";
  inputs.ehlo = "relay.example";
  inputs.given = "b\u00fccher@example.com";
  return inputs;
}

SmtpTlsFacts tls_facts(std::vector<std::string> chain) {
  SmtpTlsFacts tls;
  tls.version = "TLSv1.3";
  tls.cipher = "TLS_AES_256_GCM_SHA384";
  tls.chain = std::move(chain);
  tls.chain_cut = true;
  tls.untrusted = 20;
  tls.untrusted_depth = 1;
  tls.untrusted_words = "unable to get local issuer certificate";
  tls.asks_for_certificate = true;
  return tls;
}

SmtpStep smtp_step(std::vector<std::string> chain) {
  SmtpStep step;
  step.request = {address, 25, "mx.example.com", false};
  step.dialogue.reached = SmtpStage::tls;
  step.dialogue.trouble = SmtpTrouble::reply;
  step.dialogue.detail = "421 too busy";
  step.dialogue.greeting = {220, {"mx.example.com ESMTP \xff\x01", ""}};
  step.dialogue.ehlo = {250, {"mx.example.com", "STARTTLS"}, true};
  step.dialogue.starttls = {220, {"go on"}};
  step.dialogue.ehlo_in_tls = {421, {"too busy"}};
  step.dialogue.tls = tls_facts(std::move(chain));
  step.took = std::chrono::milliseconds(12);
  return step;
}

PolicyHostStep policy_host_step(std::vector<std::string> chain) {
  PolicyHostStep step{domain, address, {HttpAnswer{200, "text/plain", "version: STSv1"}}, {}};
  step.answer.seen = {.tls = TlsTrouble::certificate,
                      .chain = std::move(chain),
                      .chain_cut = true,
                      .untrusted = 62,
                      .untrusted_depth = 0,
                      .untrusted_words = "hostname mismatch",
                      .status = 301,
                      .location = "https://x/\xff",
                      .content_encoding = "gzip",
                      .too_large = true,
                      .cut_short = true};
  step.answer.timed_out = true;
  step.took = std::chrono::milliseconds(34);
  return step;
}

PolicyHostStep not_asked_step() {
  return {domain, address, not_asked(FetchStep::proxy, "through a proxy"), {}};
}

NameServerStep name_server_step() {
  NameServerStep step{address, {}};
  step.asked.name = "_mta-sts.example.com";
  step.asked.type = RrType::txt;
  step.asked.answer.kind = DnsAnswer::Kind::data;
  step.asked.answer.rdata = {"\1x"};
  step.asked.took = std::chrono::milliseconds(7);
  return step;
}

Trace good_trace() {
  DnsStep dns;
  dns.name = "example.com";
  dns.answer.local = true;
  FetchError error{FetchStep::tls, "why", false, true};
  HttpsStep failed{domain, std::unexpected(error), {}};
  return {smtp_step({"leaf", "above"}),
          policy_host_step({"other", "above"}),
          dns,
          failed,
          not_asked_step(),
          name_server_step(),
          PolicyPlaceStep{domain, PolicyPlace::www, PlaceFound::policy, std::chrono::milliseconds(8)}};
}

std::string good_file() { return write_trace(check_inputs(), good_trace()); }

const SmtpDialogue& dialogue_of(const Trace& trace, std::size_t step) {
  return std::get<SmtpStep>(trace.at(step)).dialogue;
}

}  // namespace

TEST_CASE("a check's trace is read as it was written", "[trace]") {
  auto saved = read_trace(good_file());
  if (!saved) FAIL(saved.error().detail);
  CHECK(write_trace(*saved) == good_file());
  REQUIRE(saved->check);
  CHECK(saved->check->warn_days == 21);
  CHECK(saved->check->postfix_version == "3.10");
  CHECK(saved->check->ehlo == "relay.example");
  CHECK(saved->check->given == "b\u00fccher@example.com");
  CHECK(saved->check->explain.next_hop == "example.com");
  CHECK(saved->inputs.next_hop == "example.com");
  Trace trace = good_trace();
  REQUIRE(saved->trace.size() == trace.size());
  const auto& smtp = std::get<SmtpStep>(saved->trace[0]);
  CHECK(smtp.request == std::get<SmtpStep>(trace[0]).request);
  CHECK(smtp.dialogue == dialogue_of(trace, 0));
  CHECK(smtp.took == std::chrono::milliseconds(12));
  const auto& host = std::get<PolicyHostStep>(saved->trace[1]);
  CHECK(host.domain == domain);
  CHECK(host.address == address);
  CHECK(host.answer.seen == std::get<PolicyHostStep>(trace[1]).answer.seen);
  CHECK(host.answer.answer->body == "version: STSv1");
  CHECK(host.answer.asked);
  CHECK(host.answer.timed_out);
  CHECK(host.took == std::chrono::milliseconds(34));
  CHECK(std::get<DnsStep>(saved->trace[2]).answer.local);
  CHECK(std::get<HttpsStep>(saved->trace[3]).answer.error().local);
  CHECK_FALSE(std::get<PolicyHostStep>(saved->trace[4]).answer.asked);
  CHECK(std::get<PolicyHostStep>(saved->trace[4]).answer.answer.error().step == FetchStep::proxy);
  const auto& server = std::get<NameServerStep>(saved->trace[5]);
  CHECK(server.server == address);
  CHECK(server.asked.name == "_mta-sts.example.com");
  CHECK(server.asked.answer.rdata == std::vector<std::string>{"\1x"});
  CHECK(server.asked.took == std::chrono::milliseconds(7));
  const auto& place = std::get<PolicyPlaceStep>(saved->trace[6]);
  CHECK(place.domain == domain);
  CHECK(place.place == PolicyPlace::www);
  CHECK(place.found == PlaceFound::policy);
  CHECK(place.took == std::chrono::milliseconds(8));
}

TEST_CASE("a certificate stands in a file once", "[trace]") {
  auto certificates = boost::json::parse(good_file()).at("certificates").as_array();
  CHECK(certificates.size() == 3);
  CHECK(certificates[0] == "6c656166");
}

TEST_CASE("explain writes version 2, without the steps of a check", "[trace]") {
  ExplainInputs inputs = check_inputs().explain;
  Trace trace = good_trace();
  auto text = write_trace(inputs, trace);
  CHECK(boost::json::parse(text).at("mtastsd_trace") == 2);
  CHECK(text == write_trace(inputs, {trace[2], trace[3]}));
  auto saved = read_trace(text);
  REQUIRE(saved);
  CHECK_FALSE(saved->check);
  CHECK(saved->trace.size() == 2);
  CHECK(write_trace(*saved) == text);
}

TEST_CASE("the error names what is wrong in a check's trace", "[trace]") {
  struct Row {
    const char *path, *value, *words;
  };
  auto row = GENERATE(Catch::Generators::values<Row>({
      {"mtastsd_trace", "2", "trace[0].kind is not one of the words"},
      {"mtastsd_trace", "4", "version 4"},
      {"certificates", "{}", "certificates is not an array"},
      {"certificates", "[\"AB\",\"00\",\"00\"]", "certificates must consist of"},
      {"certificates", "[]", "trace[0].tls.chain must consist of whole numbers from 0, each below 0"},
      {"check", nullptr, "check is missing"},
      {"check", "null", "check is not a JSON object"},
      {"check/warn_days", "-1", "check.warn_days is not a whole number"},
      {"check/postfix_version", nullptr, "check.postfix_version is missing"},
      {"check/ehlo", "7", "check.ehlo is not a string"},
      {"check/given", "7", "check.given is not a string"},
      {"check/more", "1", "check has a member"},
      {"trace/0/address", "\"mx.example\"", "trace[0].address is not an IP address"},
      {"trace/0/port", "65536", "trace[0].port is not a whole number"},
      {"trace/0/host", "null", "trace[0].host is not a string"},
      {"trace/0/implicit_tls", "1", "trace[0].implicit_tls is neither"},
      {"trace/0/reached", "\"quit\"", "trace[0].reached is not one of the words"},
      {"trace/0/trouble", "\"ehlo\"", "trace[0].trouble is not one of the words"},
      {"trace/0/greeting", "null", "trace[0].greeting is not a JSON object"},
      {"trace/0/greeting/code", "1000", "trace[0].greeting.code is not a whole number"},
      {"trace/0/greeting/lines", "\"x\"", "trace[0].greeting.lines is not an array"},
      {"trace/0/greeting/lines", "[7]", "trace[0].greeting.lines must consist of strings"},
      {"trace/0/greeting/lines", "[\"\\u0100\"]", "trace[0].greeting.lines must consist of strings"},
      {"trace/0/greeting/cut", nullptr, "trace[0].greeting.cut is missing"},
      {"trace/0/ehlo/more", "1", "trace[0].ehlo has a member"},
      {"trace/0/starttls", nullptr, "trace[0].starttls is missing"},
      {"trace/0/ehlo_in_tls", "[]", "trace[0].ehlo_in_tls is not a JSON object"},
      {"trace/0/surplus", "4294967296", "trace[0].surplus is not a whole number"},
      {"trace/0/tls", "7", "trace[0].tls is not a JSON object"},
      {"trace/0/tls/chain", "[3]", "trace[0].tls.chain must consist of whole numbers from 0, each below 3"},
      {"trace/0/tls/chain", "[-1]", "trace[0].tls.chain must consist of whole numbers"},
      {"trace/0/tls/chain", "[\"0\"]", "trace[0].tls.chain must consist of whole numbers"},
      {"trace/0/tls/chain", "{}", "trace[0].tls.chain is not an array"},
      {"trace/0/tls/untrusted", "-1", "trace[0].tls.untrusted is not a whole number"},
      {"trace/0/tls/version", nullptr, "trace[0].tls.version is missing"},
      {"trace/0/tls/more", "1", "trace[0].tls has a member"},
      {"trace/0/more", "1", "trace[0] has a member"},
      {"trace/0/helo", "null", "trace[0].helo is not a JSON object"},
      {"trace/0/tls", "null", "trace[0]: the handshake was done, but tls is null"},
      {"trace/0/reached", "\"ehlo-in-tls\"", "trace[0]: there is trouble at its end"},
      {"trace/0/reached", "\"starttls\"", "trace[0]: there is tls without a handshake"},
      {"trace/0/reached", "\"none\"", "trace[0]: there is trouble with a server that was not reached"},
      {"trace/0/trouble", "\"none\"", "trace[0]: there is trouble at its end, or none before it"},
      {"trace/0/trouble", "\"refused\"", "trace[0]: the connection was made and refused"},
      {"trace/0/trouble", "\"tls\"", "trace[0]: a reply does not fit the stage"},
      {"trace/0/implicit_tls", "true", "trace[0]: a reply came in the clear before implicit TLS"},
      {"trace/0/surplus", "1", "trace[0]: octets behind the reply to STARTTLS"},
      {"trace/0/greeting/code", "199", "trace[0]: a reply has a code that is not from 200 to 599"},
      {"trace/0/greeting/code", "554", "trace[0]: a stage was reached without its reply"},
      {"trace/0/ehlo_in_tls/code", "250", "trace[0]: a reply does not fit the stage"},
      {"trace/0/helo", R"({"code":250,"lines":[],"cut":false})", "trace[0]: HELO was sent although"},
      {"trace/1/domain", "\"-\"", "trace[1].domain is not a host name"},
      {"trace/1/address", "\"::1%lo\"", "trace[1].address is not an IP address"},
      {"trace/1/asked", "null", "trace[1].asked is neither"},
      {"trace/1/status", nullptr, "trace[1].status is missing"},
      {"trace/1/local", "true", "trace[1] has a member"},
      {"trace/1/seen", "null", "trace[1].seen is not a JSON object"},
      {"trace/1/seen/tls", "\"fine\"", "trace[1].seen.tls is not one of the words"},
      {"trace/1/seen/chain_cut", "0", "trace[1].seen.chain_cut is neither"},
      {"trace/1/seen/location", "false", "trace[1].seen.location is not a string"},
      {"trace/1/seen/more", "1", "trace[1].seen has a member"},
      {"trace/2/local", nullptr, "trace[2].local is missing"},
      {"trace/3/local", nullptr, "trace[3].local is missing"},
      {"trace/4/put_off", "7", "trace[4].put_off is neither"},
      {"trace/4/local", "7", "trace[4].local is neither"},
      {"trace/5/server", "\"ns.example\"", "trace[5].server is not an IP address"},
      {"trace/5/server", nullptr, "trace[5].server is missing"},
      {"trace/5/type", "\"SOA\"", "trace[5].type is not one of the words"},
      {"trace/6/domain", "\"-\"", "trace[6].domain is not a host name"},
      {"trace/6/place", "\"ftp\"", "trace[6].place is not one of the words"},
      {"trace/6/found", "true", "trace[6].found is not a string"},
      {"trace/6/body", "\"\"", "trace[6] has a member"},
  }));
  INFO(row.path << " " << (row.value == nullptr ? "missing" : row.value));
  auto read = read_trace(changed_file(good_file(), row.path, row.value));
  REQUIRE_FALSE(read);
  CHECK(read.error().fault == Fault::syntax);
  INFO(read.error().detail);
  CHECK(read.error().detail.contains(row.words));
}

TEST_CASE("what a saved chain, reply or header may hold has a limit", "[trace]") {
  auto refused = [](const Trace& trace) { return !read_trace(write_trace(check_inputs(), trace)); };
  std::string most(max_chain_octets, 'c'), one = "1";
  CHECK_FALSE(refused({smtp_step({most})}));
  CHECK(refused({smtp_step({most, one})}));
  CHECK_FALSE(refused({policy_host_step({most})}));
  CHECK(refused({policy_host_step({one, most})}));
  CHECK(refused({smtp_step(std::vector<std::string>(201, one))}));
  auto lines = [](std::size_t count) {
    SmtpStep step = smtp_step({});
    step.dialogue.ehlo.lines.assign(count, "x");
    return Trace{step};
  };
  CHECK_FALSE(refused(lines(512)));
  CHECK(refused(lines(513)));
  PolicyHostStep step = policy_host_step({});
  step.answer.seen.location.assign(max_header_octets + 1, 'x');
  CHECK(refused({step}));
}

}  // namespace mtasts
