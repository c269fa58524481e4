#include "diagnose/judge_record.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "core/catalogue.hpp"
#include "core/sts_record.hpp"
#include "core/text.hpp"

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

// What a name server gives, in the shortest form that tells the groups apart.
struct GivenRecords {
  std::set<std::string> records;  // those meant for MTA-STS
  bool is_alias = false;          // where it leads is another zone's matter
  auto operator<=>(const GivenRecords&) const = default;
};

GivenRecords given_by(const DnsAnswer& answer) {
  GivenRecords given{.records = {}, .is_alias = !answer.canonical.empty()};
  if (given.is_alias) return given;
  for (std::string& text : texts_of(answer))
    if (is_sts_record(text)) given.records.insert(std::move(text));
  return given;
}

std::string in_words(const GivenRecords& given, bool whole) {
  if (given.is_alias) return "an alias";
  if (given.records.empty()) return "no record";
  std::vector<std::string> records(given.records.begin(), given.records.end());
  if (auto lint = lint_records(records); records.size() == 1 && !whole && !lint.id.empty())
    return "id " + lint.id;
  std::string all;
  for (const std::string& record : given.records)
    all.append(all.empty() ? "" : " and ").append(in_quotes(record, 60));
  return all;
}

// Whether it is an alias of a name outside of the domain, so that somebody else looks after it.
bool leads_away(const DnsAnswer& answer, std::string_view domain) noexcept {
  std::string_view alias = answer.canonical;
  if (alias.size() < domain.size()) return !alias.empty();
  std::size_t above = alias.size() - domain.size();
  bool whole_labels = above == 0 || alias[above - 1] == '.';
  return !whole_labels || !equal_folded(alias.substr(above), domain);
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
      check_name_servers();
      check_signed();
    }
    settle();
    return {{std::move(step_)}, std::move(findings_)};
  }

 private:
  void add(std::string_view code, std::string message, std::string evidence = {}) {
    findings_.push_back(make_finding(code, std::move(message), here(), std::move(evidence)));
  }

  void failed() {
    std::string cause = printable(facts_.record.reason, 200);
    step_.words = fmt::format("{}: {}", name_, cause);
    if (facts_.record.local) {
      step_.state = StepState::unknown;
      return;
    }
    add("record-lookup-failed", fmt::format("the TXT record at {} can't be looked up: {}", name_, cause));
  }

  // A wildcard alias of the whole domain answers for _mta-sts too. It answers for other names as well.
  bool is_wildcard_alias() const {
    return std::ranges::any_of(facts_.elsewhere, [&](const ElsewhereFacts& each) {
      return each.name.starts_with("_mta-sts._mta-sts.") && each.answer.canonical == facts_.record.canonical;
    });
  }

  void missing() {
    std::string_view kind = words(facts_.record.kind);
    step_.words = fmt::format("{}: {}", name_, kind);
    if (!facts_.record.canonical.empty() && !is_wildcard_alias())
      add("record-cname-broken", fmt::format("{} is an alias of {}, which has no TXT record ({})", name_,
                                             printable(facts_.record.canonical), kind));
    else if (facts_.policy_served == true)
      add_lack("policy-without-record",
               fmt::format("mta-sts.{} serves a policy, but {} has no TXT record, so no sender asks for it",
                           facts_.domain, name_));
    else
      add_lack("record-missing", fmt::format("{} has no TXT record ({})", name_, kind));
  }

  // DANE protects the domain's mail too, and a domain that takes none needs no policy. Then it is only a
  // remark.
  void add_lack(std::string_view code, std::string message, std::string evidence = {}) {
    add(code, std::move(message), std::move(evidence));
    if (facts_.all_mx_have_dane || facts_.takes_no_mail) findings_.back().severity = Severity::info;
  }

  void read() {
    auto texts = texts_of(facts_.record);
    RecordLint lint = lint_records(texts);
    std::string shown;
    for (const std::string& text : texts)
      shown.append(shown.empty() ? "" : " | ").append(printable(text, 200));
    step_.words = printable(fmt::format("{}: {}", name_, shown), 600);
    for (Finding& each : lint.findings) {
      each.where = here();
      each.evidence = printable(shown, 300);
      findings_.push_back(std::move(each));
    }
    // Otherwise one of them is meant for MTA-STS, and it was said what is wrong with it.
    if (lint.verdict == TxtVerdict::none && !has_fault())
      add_lack("only-unrelated-records",
               fmt::format("{} has TXT records, but none of them is for MTA-STS", name_),
               printable(shown, 300));
  }

  void check_elsewhere() {
    if (has_sts_record(facts_.record)) return;
    for (const ElsewhereFacts& each : facts_.elsewhere)
      if (has_sts_record(each.answer))
        add("record-misplaced",
            fmt::format("an MTA-STS record is at {}, where no sender looks; it belongs at {}",
                        printable(each.name, 300), name_));
  }

  // One of the two names is in a provider's hands, the other is not. A policy host is often only hosted
  // elsewhere, with a file that its owner writes; so that is a remark.
  void check_delegation() {
    if (!facts_.policy_host || facts_.record.kind != Kind::data) return;
    bool record = leads_away(facts_.record, facts_.domain),
         host = leads_away(*facts_.policy_host, facts_.domain);
    if (record == host) return;
    std::string host_name = "mta-sts." + facts_.domain;
    const DnsAnswer& away = record ? facts_.record : *facts_.policy_host;
    add("half-delegated",
        fmt::format("{} is an alias of {}, but {} stays in the domain: when the policy changes, both must",
                    record ? name_ : host_name, printable(away.canonical), record ? host_name : name_));
    if (host) findings_.back().severity = Severity::info;
  }

  void check_name_servers() {
    std::map<GivenRecords, std::string> givers;  // names of servers
    std::set<std::string> shown;
    for (const NameServerFacts& each : facts_.name_servers) {
      if (each.answer.kind == Kind::failed) continue;
      std::string& names = givers[given_by(each.answer)];
      names.append(names.empty() ? "" : " and ").append(printable(each.name, 100));
    }
    if (givers.size() < 2) return;
    for (const auto& [given, names] : givers) shown.insert(in_words(given, false));
    bool whole = shown.size() < givers.size();  // the same id in records that differ
    std::string all;
    for (const auto& [given, names] : givers)
      all.append(all.empty() ? "" : "; ").append(names + ": " + in_words(given, whole));
    add("name-servers-differ",
        fmt::format("the name servers give different records at {}: {}", name_, printable(all, 600)));
  }

  void check_signed() {
    if (facts_.record.security != DnsAnswer::Security::insecure || !facts_.record.validated) return;
    add("zone-unsigned", fmt::format("{} is not signed by DNSSEC, so an attacker can hide the record from "
                                     "senders that have no policy in their "
                                     "cache yet",
                                     name_));
  }

  bool has_fault() const { return any_fault(findings_); }

  void settle() {
    if (step_.state == StepState::unknown) return;
    step_.state = has_fault() ? StepState::found : StepState::ok;
  }

  const RecordFacts& facts_;
  std::string name_;
  CheckStep step_;
  Findings findings_;
};

}  // namespace

bool has_sts_record(const DnsAnswer& answer) { return std::ranges::any_of(texts_of(answer), is_sts_record); }

Judgement judge_record(const RecordFacts& facts) { return Judge(facts).judge(); }

std::vector<std::string> misplaced_record_names(std::string_view domain) {
  std::string name(domain);
  return {name, "mta-sts." + name, "_mta-sts._mta-sts." + name, "_mta-sts." + name + "." + name};
}

}  // namespace mtasts
