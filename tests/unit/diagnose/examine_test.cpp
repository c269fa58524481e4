// Whole domains, each as the trace of a check.
#include "diagnose/examine.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "diagnose/trace_file.hpp"
#include "tests/unit/diagnose/dialogues.hpp"

using namespace mtasts;
using namespace mtasts::test;

namespace {

using Security = DnsAnswer::Security;

const std::string mx_host = "mx.good.example", policy_host = "mta-sts.good.example",
                  submission_host = "submission.good.example";
constexpr std::string_view mx_v4 = "203.0.113.1", mx_v6 = "2001:db8::1", web = "203.0.113.2",
                           submission_v4 = "203.0.113.3";

// The inputs and the trace of a check, to be changed.
struct World {
  CheckInputs inputs;
  Trace trace;
};

using Change = std::function<void(World&)>;

DnsAnswer data(std::vector<std::string> rdata) {
  DnsAnswer answer;
  answer.kind = DnsAnswer::Kind::data;
  answer.security = Security::secure;
  answer.ttl = 300;
  answer.rdata = std::move(rdata);
  return answer;
}

DnsAnswer none(DnsAnswer::Kind kind = DnsAnswer::Kind::nxdomain) {
  DnsAnswer answer = data({});
  answer.kind = kind;
  return answer;
}

DnsAnswer text(const std::string& record) { return data({static_cast<char>(record.size()) + record}); }

DnsAnswer failed(std::string reason) {
  DnsAnswer answer;
  answer.reason = std::move(reason);
  return answer;
}

DnsAnswer addresses(std::string_view shown) {
  Address address = parse_address(shown).value();
  return data({{address.octets.begin(), address.octets.begin() + (address.v6 ? 16 : 4)}});
}

std::string wire(std::string_view name) {
  std::string octets;
  while (!name.empty()) {
    std::size_t end = std::min(name.find('.'), name.size());
    octets += static_cast<char>(end);
    octets += name.substr(0, end);
    name.remove_prefix(std::min(end + 1, name.size()));
  }
  return octets + '\0';
}

DnsAnswer mx(const std::string& host) { return data({std::string("\0\x0a", 2) + wire(host)}); }

DnsAnswer srv(unsigned char port, const std::string& host) {
  return data({std::string("\0\0\0\1\2", 5) + static_cast<char>(port) + wire(host)});  // 512 and so many
}

void say(World& world, const std::string& name, RrType type, DnsAnswer answer) {
  for (Step& step : world.trace)
    if (auto* dns = std::get_if<DnsStep>(&step); dns != nullptr && dns->name == name && dns->type == type) {
      dns->answer = std::move(answer);
      return;
    }
  DnsStep step;
  step.name = name;
  step.type = type;
  step.answer = std::move(answer);
  world.trace.emplace_back(std::move(step));
}

const Made& mx_certificate() {
  static const Made made = certificate_for(mx_host);
  return made;
}

SmtpDialogue dialogue_with(const std::vector<Made>& chain) {
  SmtpDialogue dialogue = good_dialogue(mx_host);
  dialogue.tls = shown(chain);
  return dialogue;
}

PolicyHostAnswer policy_answer(std::string body) {
  static const SmtpTlsFacts tls = shown({certificate_for(policy_host)});
  PolicyHostAnswer answer{.answer = HttpAnswer{200, "text/plain", std::move(body)}};
  answer.seen.chain = tls.chain;
  answer.seen.status = 200;
  return answer;
}

std::string policy(std::string_view mode, std::string_view host = mx_host) {
  return "version: STSv1\nmode: " + std::string(mode) + "\nmx: " + std::string(host) + "\nmax_age: 2419200\n";
}

void serve(World& world, const std::string& body) {
  for (Step& step : world.trace) {
    if (auto* https = std::get_if<HttpsStep>(&step)) https->answer = HttpAnswer{200, "text/plain", body};
    if (auto* at = std::get_if<PolicyHostStep>(&step)) at->answer = policy_answer(body);
  }
}

// What a host says; host: the name that it is called by in the handshake.
void talk_at(World& world, const std::string& host, const SmtpDialogue& dialogue) {
  for (Step& step : world.trace)
    if (auto* smtp = std::get_if<SmtpStep>(&step); smtp != nullptr && smtp->request.host == host)
      smtp->dialogue = dialogue;
}

// The MX host, also without its name.
void talk(World& world, const SmtpDialogue& dialogue) {
  for (const std::string& host : {mx_host, std::string()}) talk_at(world, host, dialogue);
}

void has_no_submission(World& world) {
  for (const char* name : {"_submission._tcp.good.example", "_submissions._tcp.good.example"})
    say(world, name, RrType::srv, none());
}

// A domain with all that it should have.
World good() {
  World world;
  world.inputs.explain.now = now;
  world.inputs.explain.next_hop = "good.example";
  world.inputs.postfix_version = "3.10";
  DomainName domain = DomainName::parse("good.example").value();
  say(world, "_mta-sts.good.example", RrType::txt, text("v=STSv1; id=20270310"));
  say(world, "_smtp._tls.good.example", RrType::txt, text("v=TLSRPTv1; rua=mailto:tls@reports.example"));
  say(world, "reports.example", RrType::mx, mx("mx.reports.example"));
  say(world, "good.example", RrType::mx, mx(mx_host));
  say(world, mx_host, RrType::a, addresses(mx_v4));
  say(world, mx_host, RrType::aaaa, addresses(mx_v6));
  say(world, "_25._tcp." + mx_host, RrType::tlsa,
      data({tlsa_of(3, 1, 1, mx_certificate()), tlsa_of(2, 1, 1, trusted_ca())}));
  say(world, policy_host, RrType::a, addresses(web));
  say(world, policy_host, RrType::aaaa, none(DnsAnswer::Kind::no_data));
  world.trace.emplace_back(HttpsStep{domain, HttpAnswer{200, "text/plain", policy("enforce")}, {}});
  world.trace.emplace_back(
      PolicyHostStep{domain, parse_address(web).value(), policy_answer(policy("enforce")), {}});
  for (std::string_view at : {mx_v4, mx_v6})
    world.trace.emplace_back(
        SmtpStep{{parse_address(at).value(), 25, mx_host, false}, dialogue_with({mx_certificate()}), {}});
  world.trace.emplace_back(
      SmtpStep{{parse_address(mx_v6).value(), 25, "", false}, dialogue_with({mx_certificate()}), {}});
  say(world, "_submissions._tcp.good.example", RrType::srv, none());
  say(world, "_submission._tcp.good.example", RrType::srv, srv(75, submission_host));
  say(world, submission_host, RrType::a, addresses(submission_v4));
  say(world, submission_host, RrType::aaaa, none(DnsAnswer::Kind::no_data));
  world.trace.emplace_back(SmtpStep{{parse_address(submission_v4).value(), 587, submission_host, false},
                                    good_dialogue(submission_host),
                                    {}});
  return world;
}

void without_record(World& world) {
  say(world, "_mta-sts.good.example", RrType::txt, none());
  for (std::string_view name : {"good.example", "mta-sts.good.example", "_mta-sts._mta-sts.good.example",
                                "_mta-sts.good.example.good.example"})
    say(world, std::string(name), RrType::txt, none());
}

void without_policy_host(World& world) {
  for (RrType type : {RrType::a, RrType::aaaa}) say(world, policy_host, type, none());
}

void without_dane(World& world) {
  say(world, "_25._tcp." + mx_host, RrType::tlsa, none(DnsAnswer::Kind::no_data));
}

// No DNS question gets an answer.
void without_dns(World& world) {
  for (Step& step : world.trace)
    if (auto* dns = std::get_if<DnsStep>(&step)) dns->answer = failed("timeout after 5 s");
}

void without_validation(World& world) {
  world.inputs.explain.rules.dnssec = Dnssec::ignore_dane;
  for (Step& step : world.trace)
    if (auto* dns = std::get_if<DnsStep>(&step)) {
      dns->answer.security = Security::insecure;
      dns->answer.validated = false;
    }
}

void without_port_25(World& world) {
  talk(world, ended(good_dialogue(mx_host), SmtpStage::none, SmtpTrouble::timeout, "no answer in time"));
}

std::string codes(const Examination& all) {
  std::string found;
  for (const Finding& finding : all.findings) found.append(found.empty() ? "" : " ").append(finding.code);
  return found;
}

// The states of the steps that are not ok.
std::string not_ok(const Examination& all) {
  std::string found;
  for (const CheckStep& step : all.steps)
    if (step.state != StepState::ok)
      found.append(found.empty() ? "" : ", ").append(step.step).append(" ").append(words(step.state));
  return found;
}

// Two name servers, with what they say.
Change name_servers(DnsAnswer one, DnsAnswer other) {
  return [=](World& w) {
    say(w, "_mta-sts.good.example", RrType::ns, none(DnsAnswer::Kind::no_data));
    say(w, "good.example", RrType::ns, data({wire("ns1.good.example"), wire("ns2.other.example")}));
    say(w, "ns1.good.example", RrType::a, addresses("203.0.113.51"));
    say(w, "ns2.other.example", RrType::a, none(DnsAnswer::Kind::no_data));
    say(w, "ns2.other.example", RrType::aaaa, addresses("2001:db8::52"));
    for (const auto& [at, answer] : {std::pair("203.0.113.51", one), std::pair("2001:db8::52", other)})
      w.trace.emplace_back(
          NameServerStep{parse_address(at).value(), {"_mta-sts.good.example", RrType::txt, answer, {}}});
  };
}

void without_policy(World& world) {
  FetchError error{FetchStep::connect, "Connection refused"};
  for (Step& step : world.trace) {
    if (auto* https = std::get_if<HttpsStep>(&step)) https->answer = std::unexpected(error);
    if (auto* at = std::get_if<PolicyHostStep>(&step)) at->answer.answer = HttpAnswer{404, "", ""};
  }
}

// The first fetch has this end, though the policy host serves the policy at its address.
Change first_fetch(std::expected<HttpAnswer, FetchError> answer) {
  return [=](World& w) {
    without_dane(w);
    for (Step& step : w.trace)
      if (auto* https = std::get_if<HttpsStep>(&step)) https->answer = answer;
  };
}

DnsAnswer open_question() {
  DnsAnswer open = failed(std::string(no_answer_in_time));
  open.local = true;
  return open;
}

DnsAnswer two_mx(const std::string& one, const std::string& other) {
  return data({std::string("\0\x0a", 2) + wire(one), std::string("\0\x14", 2) + wire(other)});
}

// A backup MX host without TLSA records, that the policy covers too, and what it says.
Change with_backup(SmtpDialogue dialogue) {
  return [=](World& w) {
    const std::string host = "mx2.good.example";
    say(w, "good.example", RrType::mx, two_mx(mx_host, host));
    say(w, host, RrType::a, addresses("203.0.113.9"));
    say(w, host, RrType::aaaa, none(DnsAnswer::Kind::no_data));
    say(w, "_25._tcp." + host, RrType::tlsa, none(DnsAnswer::Kind::no_data));
    w.trace.emplace_back(SmtpStep{{parse_address("203.0.113.9").value(), 25, host, false}, dialogue, {}});
    serve(w, policy("enforce", "*.good.example"));
  };
}

// Good by DANE, and by nothing else.
void private_certificate(World& world) {
  Made made({.names = "DNS:" + mx_host}, &private_ca());
  talk(world, dialogue_with({made, private_ca()}));
  say(world, "_25._tcp." + mx_host, RrType::tlsa,
      data({tlsa_of(3, 1, 1, made), tlsa_of(2, 1, 1, private_ca())}));
}

SmtpDialogue refused() {
  return ended(good_dialogue("mx2.good.example"), SmtpStage::none, SmtpTrouble::refused,
               "Connection refused");
}

SmtpDialogue greets_with_554(const std::string& host) {
  SmtpDialogue dialogue = ended(good_dialogue(host), SmtpStage::connected, SmtpTrouble::reply);
  dialogue.greeting = {554, {"no service for you"}};
  return dialogue;
}

SmtpDialogue not_dialled(std::string_view address) {
  return ended(good_dialogue(mx_host), SmtpStage::none, SmtpTrouble::not_allowed,
               std::string(address) + " is special-use");
}

void without_mta_sts_and_dane(World& world) {
  without_record(world);
  without_policy_host(world);
  without_dane(world);
}

void is_mx(World& world, const std::string& host) { say(world, "good.example", RrType::mx, mx(host)); }

void policy_at_www(World& world) {
  for (PolicyPlace place : policy_places) {
    auto found = place == PolicyPlace::www ? PlaceFound::policy : PlaceFound::nothing;
    world.trace.emplace_back(PolicyPlaceStep{DomainName::parse("good.example").value(), place, found});
  }
}

// All that is printed of an examination, one line each.
std::string all_of(const Examination& all) {
  std::string text;
  auto line = [&](std::initializer_list<std::string_view> parts) {
    for (std::string_view part : parts) text.append(part).append(" | ");
    text += '\n';
  };
  for (const CheckStep& each : all.steps) line({each.step, each.host, words(each.state), each.words});
  for (const Finding& each : all.findings)
    line({each.code, words(each.severity), each.message, each.where.step, each.where.host, each.where.address,
          std::to_string(each.where.port), std::to_string(each.where.line), each.evidence});
  const Prediction& prediction = all.prediction;
  line({words(all.overall), words(prediction.outcome), prediction.reason, prediction.host,
        prediction.certain ? "certain" : "", prediction.later_in_clear ? "later" : ""});
  for (const SenderOutcome& each : all.senders)
    line({each.kind, words(each.prediction.outcome), each.prediction.reason});
  for (const auto& [dialect, reply] : all.explanation.replies) line({reply});
  return text;
}

struct Row {
  std::string_view why;
  Change change;
  std::string_view codes;
  std::string_view not_ok;  // the steps
  Overall overall;
  Outcome outcome;
};

const std::vector<Row> rows{
    {"all is well", [](World&) {}, "", "", Overall::ok, Outcome::delivered_verified},
    {"without DANE", without_dane, "", "", Overall::ok, Outcome::delivered_verified},
    {"without a record and a policy host, with DANE",
     [](World& w) {
       without_record(w);
       without_policy_host(w);
     },
     "record-missing", "policy-host not-asked, policy not-asked", Overall::ok, Outcome::delivered_verified},
    {"without MTA-STS and DANE",
     [](World& w) {
       without_record(w);
       without_policy_host(w);
       without_dane(w);
     },
     "record-missing", "record found, policy-host not-asked, policy not-asked", Overall::warning,
     Outcome::delivered_unverified},
    {"a policy without a record",
     [](World& w) {
       without_record(w);
       without_dane(w);
     },
     "policy-without-record", "record found", Overall::warning, Outcome::delivered_unverified},
    {"the record at the domain",
     [](World& w) {
       without_record(w);
       without_dane(w);
       say(w, "good.example", RrType::txt, text("v=STSv1; id=20270310"));
     },
     "record-misplaced policy-without-record", "record found", Overall::error, Outcome::delivered_unverified},
    {"the MX host's certificate has expired",
     [](World& w) {
       without_dane(w);
       talk(w, dialogue_with({certificate_for(mx_host, {.ends = now - std::chrono::days(1)})}));
     },
     "certificate-expired mx-in-policy-fails-tls senders-differ", "smtp found", Overall::error,
     Outcome::deferred},
    {"the policy lists another host",
     [](World& w) {
       without_dane(w);
       serve(w, policy("enforce", "mx.old.example"));
     },
     "no-mx-in-policy senders-differ", "mx found", Overall::error, Outcome::deferred},
    {"another certificate than the TLSA record says",
     [](World& w) {
       Made other({.names = "DNS:" + mx_host}, &private_ca());
       talk(w, dialogue_with({other, private_ca()}));
     },
     "certificate-untrusted mx-in-policy-fails-tls tlsa-mismatch senders-differ", "smtp found, dane found",
     Overall::error, Outcome::deferred},
    {"mode testing", [](World& w) { serve(w, policy("testing")); }, "mode-testing", "policy found",
     Overall::warning, Outcome::delivered_verified},
    {"DNS does not work here",
     [](World& w) {
       w.inputs.explain.dnssec_known = false;
       without_dns(w);
     },
     "",
     "record unknown, policy-host unknown, policy not-asked, mx unknown, dane unknown, tlsrpt unknown, "
     "submission unknown",
     Overall::unknown, Outcome::unknown},
    {"the name servers of the domain fail", without_dns,
     "record-lookup-failed policy-host-no-address mx-lookup-failed",
     "record found, policy-host found, policy not-asked, mx found, dane unknown, tlsrpt unknown, "
     "submission unknown",
     Overall::error, Outcome::deferred},
    {"the record was not asked in time",
     [](World& w) {
       std::erase_if(w.trace, [](const Step& step) {
         const auto* dns = std::get_if<DnsStep>(&step);
         return dns != nullptr && dns->name == "_mta-sts.good.example";
       });
     },
     "", "record unknown", Overall::unknown, Outcome::delivered_verified},
    {"the record can't be looked up, and there is a policy host",
     [](World& w) { say(w, "_mta-sts.good.example", RrType::txt, failed("SERVFAIL")); },
     "record-lookup-failed", "record found", Overall::error, Outcome::delivered_verified},
    {"the record can't be looked up, and the policy host has no policy",
     [](World& w) {
       say(w, "_mta-sts.good.example", RrType::txt, failed("SERVFAIL"));
       for (Step& step : w.trace)
         if (auto* at = std::get_if<PolicyHostStep>(&step)) at->answer.answer = HttpAnswer{404, "", ""};
     },
     "record-lookup-failed http-not-found", "record found, policy-host found, policy not-asked",
     Overall::error, Outcome::delivered_verified},
    {"the record can't be looked up, and there is no policy host",
     [](World& w) {
       say(w, "_mta-sts.good.example", RrType::txt, failed("SERVFAIL"));
       without_policy_host(w);
     },
     "record-lookup-failed", "record found, policy-host not-asked, policy not-asked", Overall::error,
     Outcome::delivered_verified},
    {"the check's time was over",
     [](World& w) {
       DnsAnswer open = failed(std::string(no_answer_in_time));
       open.local = true;
       say(w, "_mta-sts.good.example", RrType::txt, open);
     },
     "time-limit-reached", "record unknown", Overall::unknown, Outcome::delivered_verified},
    {"the check's time was over for the servers",
     [](World& w) {
       SmtpDialogue open;
       open.trouble = SmtpTrouble::local;
       open.detail = no_answer_in_time;
       talk(w, open);
       for (Step& step : w.trace)
         if (auto* at = std::get_if<PolicyHostStep>(&step))
           at->answer = {.answer = std::unexpected(FetchError{FetchStep::deadline, "no answer in time"}),
                         .timed_out = true};
     },
     "time-limit-reached", "policy-host unknown, smtp unknown, dane unknown", Overall::unknown,
     Outcome::unknown},
    {"the domain above has a policy",
     [](World& w) {
       w.inputs.explain.next_hop = "mail.good.example";
       for (Step& step : w.trace)
         if (auto* dns = std::get_if<DnsStep>(&step); dns != nullptr && dns->name == "good.example")
           dns->name = "mail.good.example";
       say(w, "_mta-sts.mail.good.example", RrType::txt, none());
       say(w, "mta-sts.mail.good.example", RrType::a, none());
       say(w, "mta-sts.mail.good.example", RrType::aaaa, none());
       say(w, "_smtp._tls.mail.good.example", RrType::txt, text("v=TLSRPTv1; rua=mailto:a@reports.example"));
       say(w, "_submissions._tcp.mail.good.example", RrType::srv, none());
       say(w, "_submission._tcp.mail.good.example", RrType::srv, none());
     },
     "record-missing parent-policy-not-inherited",
     "policy-host not-asked, policy not-asked, submission not-asked", Overall::ok,
     Outcome::delivered_verified},
    {"TLSA records for HTTPS alone",
     [](World& w) {
       without_dane(w);
       say(w, "_443._tcp." + mx_host, RrType::tlsa, data({tlsa_of(3, 1, 1, mx_certificate())}));
     },
     "tlsa-misplaced", "", Overall::ok, Outcome::delivered_verified},
    {"TLSA records at the domain",
     [](World& w) {
       without_dane(w);
       say(w, "_25._tcp.good.example", RrType::tlsa, data({tlsa_of(3, 1, 1, mx_certificate())}));
     },
     "tlsa-misplaced", "", Overall::error, Outcome::delivered_verified},
    {"name servers that differ", name_servers(text("v=STSv1; id=20270310"), text("v=STSv1; id=20270309")),
     "name-servers-differ", "record found", Overall::warning, Outcome::delivered_verified},
    {"name servers that say the same", name_servers(text("v=STSv1; id=1"), text("v=STSv1; id=1")), "", "",
     Overall::ok, Outcome::delivered_verified},
    {"a name server that does not answer", name_servers(text("v=STSv1; id=1"), failed("timeout after 2 s")),
     "", "", Overall::ok, Outcome::delivered_verified},
    {"the name servers were not found in time",
     [](World& w) {
       name_servers(text("v=STSv1; id=1"), text("v=STSv1; id=2"))(w);
       DnsAnswer open = failed(std::string(no_answer_in_time));
       open.local = true;
       say(w, "ns1.good.example", RrType::a, open);
       say(w, "ns1.good.example", RrType::aaaa, open);
     },
     "", "", Overall::ok, Outcome::delivered_verified},
    {"the question for name servers was not answered in time",
     [](World& w) {
       DnsAnswer open = failed(std::string(no_answer_in_time));
       open.local = true;
       say(w, "_mta-sts.good.example", RrType::ns, open);
     },
     "", "", Overall::ok, Outcome::delivered_verified},
    {"a domain that does not exist, below one with servers that differ",
     [](World& w) {
       name_servers(text("v=STSv1; id=1"), text("v=STSv1; id=2"))(w);
       w.inputs.explain.next_hop = "gone.good.example";
       say(w, "_mta-sts.gone.good.example", RrType::ns, none());
       say(w, "gone.good.example", RrType::ns, none());
       say(w, "_mta-sts.gone.good.example", RrType::txt, text("v=STSv1; id=1"));
       for (Step& step : w.trace)
         if (auto* at = std::get_if<NameServerStep>(&step)) at->asked.name = "_mta-sts.gone.good.example";
     },
     "", "policy-host unknown, mx unknown, dane unknown, tlsrpt unknown, submission unknown",
     Overall::unknown, Outcome::unknown},
    {"an alias has no name servers of its own",
     [](World& w) {
       name_servers(text("v=STSv1; id=1"), text("v=STSv1; id=2"))(w);
       DnsAnswer alias = data({wire("ns.provider.example")});
       alias.canonical = "_mta-sts.provider.example";
       say(w, "_mta-sts.good.example", RrType::ns, alias);
     },
     "name-servers-differ", "record found", Overall::warning, Outcome::delivered_verified},
    {"the policy is at www alone",
     [](World& w) {
       without_policy(w);
       policy_at_www(w);
     },
     "http-not-found policy-misplaced", "policy-host found, policy not-asked", Overall::error,
     Outcome::delivered_verified},
    {"the policy is at www, and there is no policy host",
     [](World& w) {
       without_policy(w);
       without_policy_host(w);
       policy_at_www(w);
     },
     "policy-host-no-address policy-misplaced", "policy-host found, policy not-asked", Overall::error,
     Outcome::delivered_verified},
    {"the policy is at www too, which nobody asks", policy_at_www, "", "", Overall::ok,
     Outcome::delivered_verified},
    {"no other place was asked", without_policy, "http-not-found", "policy-host found, policy not-asked",
     Overall::error, Outcome::delivered_verified},
    {"reports go to a domain that does not exist",
     [](World& w) {
       for (RrType type : {RrType::mx, RrType::a, RrType::aaaa}) say(w, "reports.example", type, none());
     },
     "tlsrpt-endpoint-broken", "tlsrpt found", Overall::warning, Outcome::delivered_verified},
    {"nothing of the trace was asked", [](World& w) { w.trace.clear(); }, "",
     "record unknown, policy-host unknown, policy not-asked, mx unknown, dane unknown, tlsrpt unknown, "
     "submission unknown",
     Overall::unknown, Outcome::unknown},
    {"a mail address was given", [](World& w) { w.inputs.given = "user@Good.example"; }, "input-corrected",
     "", Overall::ok, Outcome::delivered_verified},
    {"port 25 is blocked here", without_port_25, "", "smtp unknown, dane unknown", Overall::unknown,
     Outcome::unknown},
    {"nothing validates", without_validation, "resolver-not-validating", "dane unknown", Overall::unknown,
     Outcome::delivered_verified},
    {"without SNI the certificate of another host",
     [](World& w) {
       without_dane(w);
       talk_at(w, "", dialogue_with({certificate_for("elsewhere.example")}));
     },
     "certificate-depends-on-sni", "smtp found", Overall::warning, Outcome::delivered_verified},
    {"the time was over for the dialogue without SNI",
     [](World& w) {
       SmtpDialogue open;
       open.trouble = SmtpTrouble::local;
       open.detail = no_answer_in_time;
       talk_at(w, "", open);
     },
     "", "", Overall::ok, Outcome::delivered_verified},
    {"the MX host knows only old TLS",
     [](World& w) {
       without_dane(w);
       SmtpDialogue old = dialogue_with({mx_certificate()});
       old.tls->version = "TLSv1";
       talk(w, old);
     },
     "tls-too-old tls-too-old mx-in-policy-fails-tls senders-differ", "smtp found", Overall::error,
     Outcome::deferred},
    {"no server for submission is named", has_no_submission, "", "submission not-asked", Overall::ok,
     Outcome::delivered_verified},
    {"the certificate of the server for submission has expired",
     [](World& w) {
       SmtpDialogue dialogue = good_dialogue(submission_host);
       dialogue.tls = shown({certificate_for(submission_host, {.ends = now - std::chrono::days(1)})});
       talk_at(w, submission_host, dialogue);
     },
     "certificate-expired", "submission found", Overall::error, Outcome::delivered_verified},
    {"the server for submission has no address", [](World& w) { say(w, submission_host, RrType::a, none()); },
     "mx-no-address", "submission found", Overall::warning, Outcome::delivered_verified},
    {"it is not known which servers there are for submission",
     [](World& w) { say(w, "_submission._tcp.good.example", RrType::srv, failed("SERVFAIL")); }, "",
     "submission unknown", Overall::unknown, Outcome::delivered_verified},
    {"the first fetch failed, and the next did not",
     first_fetch(std::unexpected(FetchError{FetchStep::connect, "refused"})), "policy-host-unsteady",
     "policy-host found", Overall::warning, Outcome::delivered_unverified},
    {"the first fetch was not answered in time", first_fetch(std::unexpected(not_fetched_yet())),
     "time-limit-reached", "policy-host unknown", Overall::unknown, Outcome::delivered_unverified},
    {"the first fetch was not answered in time, in a file of before", first_fetch(HttpAnswer{}),
     "time-limit-reached", "policy-host unknown", Overall::unknown, Outcome::delivered_unverified},
    {"the first fetch was not answered in time, and none was made of an address",
     [](World& w) {
       first_fetch(HttpAnswer{})(w);
       say(w, policy_host, RrType::a, addresses("9.9.9.9"));
     },
     "time-limit-reached", "policy-host unknown, policy not-asked", Overall::unknown,
     Outcome::delivered_unverified},
    {"an override here puts the policy out of force",
     [](World& w) {
       without_dane(w);
       Override over;
       over.reason = "a test";
       w.inputs.explain.over = over;
     },
     "policy-not-in-force", "policy found", Overall::warning, Outcome::delivered_unverified},
    {"without a policy, all servers break off after TLS",
     [](World& w) {
       without_mta_sts_and_dane(w);
       talk(w, ended(good_dialogue(mx_host), SmtpStage::tls, SmtpTrouble::closed, "closed"));
     },
     "record-missing smtp-broken-after-tls smtp-broken-after-tls",
     "record found, policy-host not-asked, policy not-asked, smtp found", Overall::error, Outcome::deferred},
    {"without a policy, all handshakes fail",
     [](World& w) {
       without_mta_sts_and_dane(w);
       talk(w, ended(good_dialogue(mx_host), SmtpStage::starttls, SmtpTrouble::tls, "handshake failure"));
     },
     "record-missing handshake-failed handshake-failed",
     "record found, policy-host not-asked, policy not-asked, smtp found", Overall::error, Outcome::deferred},
    {"DANE is good at the first MX host alone, where the policy fails, and the other is down",
     [](World& w) {
       private_certificate(w);
       with_backup(refused())(w);
     },
     "mx-in-policy-fails-tls mx-unreachable tlsa-on-some-mx senders-differ", "smtp found, smtp found",
     Overall::error, Outcome::deferred},
    {"the same, and the other sends everybody away",
     [](World& w) {
       private_certificate(w);
       with_backup(greets_with_554("mx2.good.example"))(w);
     },
     "mx-in-policy-fails-tls greeting-failed tlsa-on-some-mx senders-differ", "smtp found, smtp found",
     Overall::error, Outcome::deferred},
    {"the addresses of the MX host were not answered in time",
     [](World& w) {
       without_dane(w);
       say(w, mx_host, RrType::a, open_question());
       say(w, mx_host, RrType::aaaa, open_question());
     },
     "time-limit-reached", "mx unknown, smtp not-asked, dane unknown", Overall::unknown, Outcome::unknown},
    {"the domain does not exist",
     [](World& w) {
       without_mta_sts_and_dane(w);
       say(w, "good.example", RrType::mx, none());
     },
     "record-missing no-such-domain", "record found, policy-host not-asked, policy not-asked, mx found",
     Overall::error, Outcome::bounced},
    {"the MX host has private addresses only",
     [](World& w) {
       without_dane(w);
       talk(w, not_dialled("10.0.0.1"));
     },
     "mx-private-address mx-private-address", "smtp found", Overall::error, Outcome::unknown},
    {"a DANE-TA record, and a certificate for the alias that the MX host is",
     [](World& w) {
       for (RrType type : {RrType::a, RrType::aaaa}) {
         DnsAnswer answer = addresses(type == RrType::a ? mx_v4 : mx_v6);
         answer.canonical = "real.good.example";
         say(w, mx_host, type, answer);
       }
       without_mta_sts_and_dane(w);
       say(w, "_25._tcp.real.good.example", RrType::tlsa, data({tlsa_of(2, 1, 1, private_ca())}));
       Made made({.names = "DNS:" + mx_host}, &private_ca());
       talk(w, dialogue_with({made, private_ca()}));
     },
     "record-missing mx-is-cname certificate-untrusted ta-name-mismatch senders-differ",
     "policy-host not-asked, policy not-asked, mx found, smtp found, dane found", Overall::error,
     Outcome::deferred},
    {"the only MX host sends us away by its greeting",
     [](World& w) {
       without_dane(w);
       talk(w, greets_with_554(mx_host));
     },
     "greeting-failed greeting-failed", "smtp unknown", Overall::unknown, Outcome::deferred},
    {"a certificate that DANE accepts expires soon, and there is a policy",
     [](World& w) {
       Made made = certificate_for(mx_host, {.ends = now + std::chrono::days(3)});
       talk(w, dialogue_with({made}));
       say(w, "_25._tcp." + mx_host, RrType::tlsa,
           data({tlsa_of(3, 1, 1, made), tlsa_of(2, 1, 1, trusted_ca())}));
     },
     "certificate-expires-soon", "smtp found", Overall::warning, Outcome::delivered_verified},
    {"a certificate that DANE accepts expires soon, and there is no policy",
     [](World& w) {
       without_record(w);
       without_policy_host(w);
       Made made = certificate_for(mx_host, {.ends = now + std::chrono::days(3)});
       talk(w, dialogue_with({made}));
       say(w, "_25._tcp." + mx_host, RrType::tlsa,
           data({tlsa_of(3, 1, 1, made), tlsa_of(2, 1, 1, trusted_ca())}));
     },
     "record-missing", "policy-host not-asked, policy not-asked", Overall::ok, Outcome::delivered_verified},
    {"null MX, and no record",
     [](World& w) {
       without_mta_sts_and_dane(w);
       say(w, "good.example", RrType::mx, data({std::string(3, '\0')}));
     },
     "record-missing", "policy-host not-asked, policy not-asked, dane not-asked", Overall::ok,
     Outcome::bounced},
    {"the MX record is an address",
     [](World& w) {
       without_mta_sts_and_dane(w);
       is_mx(w, "192.0.2.1");
     },
     "record-missing mx-is-address",
     "record found, policy-host not-asked, policy not-asked, mx found, smtp not-asked", Overall::error,
     Outcome::unknown},
    {"the MX record does not hold a host name",
     [](World& w) {
       without_mta_sts_and_dane(w);
       is_mx(w, "-.example");
     },
     "record-missing mx-no-address",
     "record found, policy-host not-asked, policy not-asked, mx found, smtp not-asked", Overall::error,
     Outcome::unknown},
    {"a remark is not a fault of a step",
     [](World& w) {
       SmtpDialogue dialogue = dialogue_with({mx_certificate()});
       dialogue.tls->asks_for_certificate = true;
       talk(w, dialogue);
     },
     "client-certificate-required client-certificate-required", "", Overall::ok, Outcome::delivered_verified},
    {"null MX", [](World& w) { say(w, "good.example", RrType::mx, data({std::string(3, '\0')})); }, "null-mx",
     "mx found, dane not-asked", Overall::warning, Outcome::bounced},
};

}  // namespace

TEST_CASE("a domain is examined as a whole", "[examine]") {
  for (const Row& row : rows) {
    World world = good();
    row.change(world);
    Examination all = examine(world.inputs, world.trace);
    INFO(row.why << '\n' << all_of(all));
    CHECK(codes(all) == row.codes);
    CHECK(not_ok(all) == row.not_ok);
    CHECK(words(all.overall) == words(row.overall));
    CHECK(words(all.prediction.outcome) == words(row.outcome));
  }
}

TEST_CASE("a saved trace gives the same examination", "[examine]") {
  for (const Row& row : rows) {
    INFO(row.why);
    World world = good();
    row.change(world);
    auto saved = read_trace(write_trace(world.inputs, world.trace));
    REQUIRE(saved);
    REQUIRE(saved->check);
    CHECK(all_of(examine(*saved->check, saved->trace)) == all_of(examine(world.inputs, world.trace)));
  }
}

TEST_CASE("the live MX hosts are judged without DANE and without what is published", "[diagnose]") {
  World world = good();
  talk(world, dialogue_with({certificate_for("elsewhere.example")}));
  say(world, "_25._tcp." + mx_host, RrType::tlsa,
      data({tlsa_of(3, 1, 1, certificate_for("elsewhere.example"))}));
  auto live = live_hosts(world.inputs, world.trace);
  REQUIRE(live);
  CHECK_FALSE(live->mx.policy);
  REQUIRE(live->smtp.hosts.size() == 1);
  CHECK(live->smtp.hosts[0].mode == Mode::none);
  CHECK_FALSE(live->smtp.hosts[0].dane);
  CHECK(live->smtp.hosts[0].addresses.size() == 2);
  REQUIRE(live->published);
  CHECK(live->published->id == "20270310");
  CHECK(live->published->mode == Mode::enforce);
  CHECK(all_pass(judge_candidate(*live, policy_for(*live, Mode::enforce)).hosts) == false);
}

TEST_CASE("without a step nothing is known", "[examine]") { CHECK(overall_of({}, {}) == Overall::unknown); }

TEST_CASE("a policy is held against MX hosts that are too many to be looked at", "[examine]") {
  World world = good();
  std::vector<std::string> records{std::string("\0\x0a", 2) + wire(mx_host)};
  for (int i = 0; i < 21; ++i)
    records.push_back(std::string("\0\x14", 2) + wire("mx" + std::to_string(10 + i) + ".good.example"));
  say(world, "good.example", RrType::mx, data(records));
  std::string text = policy("enforce");
  for (int i = 0; i < 19; ++i)
    text.insert(text.find("max_age"), "mx: mx" + std::to_string(10 + i) + ".good.example\n");
  serve(world, text);
  Examination all = examine(world.inputs, world.trace);
  INFO(all_of(all));
  for (std::string_view host : {"mx29.good.example", "mx30.good.example"})
    CHECK(std::ranges::any_of(all.findings, [&](const Finding& each) {
      return each.code == "backup-mx-not-in-policy" && each.where.host == host;
    }));
  auto step = std::ranges::find_if(
      all.steps, [](const CheckStep& each) { return each.step == "smtp" && each.host.empty(); });
  REQUIRE(step != all.steps.end());
  CHECK(step->state == StepState::unknown);
  CHECK(step->words ==
        "2 more MX hosts were not asked, because the domain has too many: mx29.good.example, "
        "mx30.good.example");
  CHECK(all_of(all).contains(
      "| 22 MX hosts, of which 20 were looked at, 20 covered by the policy; the addresses of "));
  CHECK(all.overall == Overall::unknown);
}

TEST_CASE("MX hosts beyond the twentieth are named, but not looked at", "[diagnose]") {
  World world = good();
  std::vector<std::string> records;
  for (int i = 0; i < 22; ++i)
    records.push_back(std::string("\0\x0a", 2) + wire("mx" + std::to_string(10 + i) + ".good.example"));
  say(world, "good.example", RrType::mx, data(records));
  without_record(world);
  auto live = live_hosts(world.inputs, world.trace);
  REQUIRE(live);
  CHECK(live->mx.hosts.size() == 20);
  CHECK(live->more == std::vector<std::string>{"mx30.good.example", "mx31.good.example"});
  CHECK_FALSE(live->published);
}
