#include "diagnose/judge_record.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/catalogue.hpp"
#include "core/sts_record.hpp"

namespace mtasts {
namespace {

using Kind = DnsAnswer::Kind;

Where here() { return {.step = "record"}; }

std::vector<std::string> texts_of(const DnsAnswer& answer) {
  std::vector<std::string> texts;
  for (const std::string& rdata : answer.rdata)
    if (auto text = decode_txt(rdata)) texts.push_back(*std::move(text));
  return texts;
}

bool has_sts_record(const std::optional<DnsAnswer>& answer) {
  return answer && std::ranges::any_of(texts_of(*answer), is_sts_record);
}

class Judge {
 public:
  explicit Judge(const RecordFacts& facts) : facts_(facts), name_("_mta-sts." + facts.domain) {}

  Judgement judge() && {
    const DnsAnswer& answer = facts_.record;
    step_.step = "record";
    if (answer.security == DnsAnswer::Security::bogus || answer.kind == Kind::failed) {
      failed();
    } else {
      if (answer.kind == Kind::data)
        read();
      else
        missing();
      check_elsewhere();
      check_delegation();
      if (answer.security == DnsAnswer::Security::insecure && answer.validated)
        add("zone-unsigned",
            fmt::format(
                "{} is not signed by DNSSEC, so an attacker can hide it from senders that see it first",
                name_));
    }
    settle();
    return {{std::move(step_)}, std::move(findings_)};
  }

 private:
  void add(std::string_view code, std::string message, std::string evidence = {}) {
    findings_.push_back(make_finding(code, std::move(message), here(), std::move(evidence)));
  }

  void failed() {
    step_.words = fmt::format("{}: {}", name_, printable(facts_.record.reason, 200));
    // Without an answer it may be this network that is broken.
    if (facts_.record.security != DnsAnswer::Security::bogus) {
      step_.state = StepState::unknown;
      return;
    }
    add("record-lookup-failed", fmt::format("the TXT record at {} can't be looked up: {}", name_,
                                            printable(facts_.record.reason, 200)));
  }

  void broken_alias() {
    add("record-cname-broken", fmt::format("{} is an alias of {}, which has no TXT record", name_,
                                           printable(facts_.record.canonical)));
  }

  void missing() {
    step_.words = fmt::format("{}: {}", name_, words(facts_.record.kind));
    if (!facts_.record.canonical.empty()) return broken_alias();
    if (facts_.policy_served == true)
      return add_unless_dane(
          "policy-without-record",
          fmt::format("mta-sts.{} serves a policy, but {} has no TXT record, so no sender asks for it",
                      facts_.domain, name_));
    add_unless_dane("record-missing",
                    fmt::format("{} has no TXT record ({})", name_, words(facts_.record.kind)));
  }

  // DANE protects the domain's mail too, so then it is only a remark.
  void add_unless_dane(std::string_view code, std::string message) {
    add(code, std::move(message));
    if (facts_.all_mx_have_dane) findings_.back().severity = Severity::info;
  }

  void read() {
    auto texts = texts_of(facts_.record);
    RecordLint lint = lint_records(texts);
    std::string shown;
    for (const std::string& text : texts)
      shown.append(shown.empty() ? "" : " | ").append(printable(text, 200));
    step_.words = fmt::format("{}: {}", name_, shown);
    for (Finding& each : lint.findings) {
      each.where = here();
      each.evidence = printable(shown, 300);
      findings_.push_back(std::move(each));
    }
    if (lint.verdict == TxtVerdict::none)
      add("only-unrelated-records", fmt::format("{} has TXT records, but none of them is for MTA-STS", name_),
          shown);
  }

  void check_elsewhere() {
    for (const auto& [answer, at] :
         {std::pair(&facts_.apex, facts_.domain), std::pair(&facts_.doubled, name_ + "." + facts_.domain)})
      if (has_sts_record(*answer))
        add("record-misplaced",
            fmt::format("an MTA-STS record is at {}, where no sender looks; it belongs at {}", at, name_));
  }

  void check_delegation() {
    if (!facts_.policy_host || facts_.record.kind != Kind::data) return;
    bool record = !facts_.record.canonical.empty(), host = !facts_.policy_host->canonical.empty();
    if (record && !host && facts_.policy_served == false)
      add("half-delegated",
          fmt::format("{} is an alias of {}, but mta-sts.{} is not an alias, so record and policy come from "
                      "different places",
                      name_, printable(facts_.record.canonical), facts_.domain));
  }

  void settle() {
    if (step_.state == StepState::unknown) return;
    bool found =
        std::ranges::any_of(findings_, [](const Finding& each) { return each.severity != Severity::info; });
    step_.state = found ? StepState::found : StepState::ok;
  }

  const RecordFacts& facts_;
  std::string name_;
  CheckStep step_;
  Findings findings_;
};

}  // namespace

Judgement judge_record(const RecordFacts& facts) { return Judge(facts).judge(); }

}  // namespace mtasts
