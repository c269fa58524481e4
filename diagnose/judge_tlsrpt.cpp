#include "diagnose/judge_tlsrpt.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "core/catalogue.hpp"
#include "core/text.hpp"
#include "core/tlsrpt.hpp"

namespace mtasts {
namespace {

constexpr std::string_view step_name = "tlsrpt";

// The TXT records of an answer, each with its strings joined. Malformed ones are left out.
std::vector<std::string> texts_of(const DnsAnswer& answer) {
  std::vector<std::string> texts;
  for (const std::string& rdata : answer.rdata)
    if (auto text = decode_txt(rdata)) texts.push_back(*std::move(text));
  return texts;
}

class TlsRptJudge {
 public:
  explicit TlsRptJudge(const TlsRptFacts& facts)
      : facts_(facts), texts_(texts_of(facts.record)), lint_(lint_tlsrpt(texts_)) {}

  Judgement judge() {
    if (facts_.record.kind == DnsAnswer::Kind::failed)
      return finished("TXT " + name() + ": " + facts_.record.reason, StepState::unknown);
    for (Finding& finding : lint_.findings) add(std::move(finding));
    if (lint_.verdict == TxtVerdict::none && !judge_elsewhere()) judge_missing();
    if (lint_.verdict == TxtVerdict::valid) judge_targets();
    return finished(words());
  }

 private:
  std::string name() const { return "_smtp._tls." + facts_.domain; }

  // Reports are lost, but no mail: errors count as warnings.
  void add(Finding finding) {
    finding.message = printable(finding.message, 600);
    finding.severity = std::min(finding.severity, Severity::warning);
    finding.where.step = step_name;
    judgement_.findings.push_back(std::move(finding));
  }

  Judgement finished(std::string_view words, std::optional<StepState> state = std::nullopt) {
    StepState found = any_fault(judgement_.findings) ? StepState::found : StepState::ok;
    judgement_.steps.push_back(
        {.step = step_name, .state = state.value_or(found), .words = printable(words, 300)});
    return std::move(judgement_);
  }

  std::string words() const {
    auto ours = std::ranges::find_if(texts_, is_tlsrpt_record);
    if (lint_.verdict == TxtVerdict::invalid && std::ranges::count_if(texts_, is_tlsrpt_record) > 1)
      return "several TLSRPT records";
    return ours == texts_.end() ? "no TLSRPT record" : *ours;
  }

  // Whether a record stands at another name.
  bool judge_elsewhere() {
    bool any = false;
    for (const ElsewhereFacts& each : facts_.elsewhere) {
      auto texts = texts_of(each.answer);
      auto found = std::ranges::find_if(texts, is_tlsrpt_record);
      if (found == texts.end()) continue;
      any = true;
      add(make_finding("tlsrpt-misplaced",
                       "a TLSRPT record stands at " + each.name + "; senders look for it at " + name(), {},
                       printable(*found, 300)));
    }
    return any;
  }

  void judge_missing() {
    bool broken = !lint_.findings.empty();  // what is wrong with it was said already
    if (broken || !facts_.has_policy_or_dane) return;
    bool others = facts_.record.kind == DnsAnswer::Kind::data;
    std::string seen(others ? "other TXT records only" : words_of(facts_.record.kind));
    add(make_finding("tlsrpt-missing", "there is no TLSRPT record at " + name() + " (" + seen + ")"));
  }

  static std::string_view words_of(DnsAnswer::Kind kind) noexcept {
    return kind == DnsAnswer::Kind::no_data ? "no TXT record" : mtasts::words(kind);
  }

  void judge_targets() {
    for (const ReportHostFacts& host : facts_.hosts) {
      bool ours = std::ranges::find(lint_.uris, host.uri) != lint_.uris.end();
      if (!ours || host.fault.empty()) continue;
      add(make_finding("tlsrpt-endpoint-broken",
                       in_quotes(host.uri, 200) + " takes no reports: " + host.fault, {},
                       printable(host.uri, 300)));
    }
    if (facts_.has_policy_or_dane && std::ranges::all_of(lint_.uris, [this](const auto& uri) {
          auto target = report_target(uri);
          return target && target->kind == ReportTarget::Kind::mail &&
                 equal_folded(target->host, facts_.domain);
        }))
      add(make_finding("tlsrpt-same-domain", "reports about " + facts_.domain + " go only by mail to " +
                                                 facts_.domain + " itself"));
  }

  const TlsRptFacts& facts_;
  std::vector<std::string> texts_;
  TlsRptLint lint_;
  Judgement judgement_;
};

}  // namespace

Judgement judge_tlsrpt(const TlsRptFacts& facts) { return TlsRptJudge(facts).judge(); }

std::vector<std::string> misplaced_tlsrpt_names(std::string_view domain) {
  std::string name(domain);
  std::vector<std::string> names{name};
  for (std::string_view label :
       {"_smtp-tlsrpt", "_tlsrpt", "_tls", "_smtp", "smtp._tls", "_smtp.tls", "smtp.tls"})
    names.push_back(std::string(label) + '.' + name);
  names.push_back("_smtp._tls." + name + '.' + name);
  return names;
}

}  // namespace mtasts
