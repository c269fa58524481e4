#include "diagnose/judge_mx.hpp"

#include <algorithm>
#include <array>
#include <ranges>
#include <string_view>
#include <utility>

#include "core/catalogue.hpp"
#include "core/mx_pattern.hpp"

namespace mtasts {
namespace {

constexpr std::string_view step_name = "mx";
constexpr std::size_t most_named = 5;  // hosts or patterns in one message

// An MX host whose name is a host name.
struct Named {
  DomainName name;
  unsigned preference;
};

Where at_host(std::string_view host) { return {.step = step_name, .host = printable(host, 253)}; }

// "a, b, c and 4 more".
std::string list_words(const std::vector<std::string>& names) {
  std::string words;
  for (const std::string& name : names | std::views::take(most_named)) {
    if (!words.empty()) words += ", ";
    words += name;
  }
  if (names.size() > most_named) words += " and " + std::to_string(names.size() - most_named) + " more";
  return words;
}

std::string count_words(std::size_t count, std::string_view one, std::string_view several) {
  return std::to_string(count) + ' ' + std::string(count == 1 ? one : several);
}

bool is_address(std::string_view host) noexcept {
  return DomainName::is_numeric(host) || parse_address(host).has_value();
}

bool demands(const std::optional<PolicyFacts>& policy) noexcept {
  return policy && policy->mode != Mode::none;
}

std::vector<Named> named_hosts(const MxFacts& facts) {
  std::vector<Named> hosts;
  for (const auto* list : {&facts.hosts, &facts.further})
    for (const MxHostFacts& host : *list)
      if (auto name = DomainName::parse(host.name)) hosts.push_back({*name, host.preference});
  return hosts;
}

// How many octets two names have in common at their ends.
std::size_t common_end(std::string_view a, std::string_view b) noexcept {
  auto [end, ignored] = std::mismatch(a.rbegin(), a.rend(), b.rbegin(), b.rend());
  return static_cast<std::size_t>(end - a.rbegin());
}

// The pattern that is most like the name. REQUIRES: mx is not empty.
std::string_view nearest(MxListView mx, const DomainName& host) {
  std::string_view best;
  std::size_t best_end = 0;
  for (std::string_view pattern : mx) {
    std::size_t end = common_end(pattern, host.str());
    if (!best.empty() && end <= best_end) continue;
    best = pattern;
    best_end = end;
  }
  return best;
}

// A wildcard of the policy that all but covers the host; which of the two findings it is.
struct NearMiss {
  std::string_view code, pattern;
};

std::optional<NearMiss> near_miss(MxListView mx, const DomainName& host) {
  for (std::string_view pattern : mx) {
    if (!pattern.starts_with("*.")) continue;
    if (pattern.substr(2) == host.str()) return NearMiss{"wildcard-misses-parent", pattern};
    if (host.str().ends_with(pattern.substr(1))) return NearMiss{"wildcard-too-shallow", pattern};
  }
  return std::nullopt;
}

class MxJudge {
 public:
  explicit MxJudge(const MxFacts& facts) : facts_(facts), hosts_(named_hosts(facts)) {}

  Judgement judge() {
    judge_hosts();
    if (demands(facts_.policy)) judge_policy();
    if (!facts_.policy && facts_.parent_policy) judge_parent();
    auto state = not_learned_.empty() ? std::nullopt : std::optional(StepState::unknown);
    return finished(facts_.hosts.empty() ? "no MX host" : words(),
                    any_fault(judgement_.findings) ? std::nullopt : state);
  }

  Judgement judge_no_domain() {
    add("no-such-domain", domain() + " does not exist (NXDOMAIN), so mail to it is returned to its sender",
        {.step = step_name});
    return finished("the domain does not exist");
  }

  Judgement judge_failed() {
    if (facts_.local) return finished(printable(facts_.failure, 300), StepState::unknown);
    add("mx-lookup-failed", facts_.failure, {.step = step_name});
    return finished("the lookup failed");
  }

  Judgement judge_null_mx() {
    if (demands(facts_.policy))
      add("null-mx", "the null MX of " + domain() + " says that it takes no mail, but it has a policy",
          {.step = step_name});
    return finished("null MX: the domain takes no mail");
  }

 private:
  std::string domain() const { return std::string(facts_.domain.str()); }

  void add(std::string_view code, std::string_view message, Where where, std::string evidence = {}) {
    judgement_.findings.push_back(
        make_finding(code, printable(message, 600), std::move(where), std::move(evidence)));
  }

  // A finding about what the policy lacks.
  void add_lack(std::string_view code, std::string_view message, Where where, std::string evidence = {}) {
    add(code, message, std::move(where), std::move(evidence));
    Severity& severity = judgement_.findings.back().severity;
    if (facts_.policy->mode == Mode::testing) severity = std::min(severity, Severity::warning);
  }

  Judgement finished(std::string words, std::optional<StepState> state = std::nullopt) {
    StepState found = any_fault(judgement_.findings) ? StepState::found : StepState::ok;
    judgement_.steps.push_back(
        {.step = step_name, .state = state.value_or(found), .words = std::move(words)});
    return std::move(judgement_);
  }

  std::string words() const {
    std::string text = facts_.implicit
                           ? std::string("no MX record, so the domain itself is the MX host")
                           : count_words(facts_.hosts.size() + facts_.further.size(), "MX host", "MX hosts");
    if (!facts_.further.empty())
      text += ", of which " + std::to_string(facts_.hosts.size()) + " were looked at";
    if (demands(facts_.policy))
      text += ", " + std::to_string(hosts_.size() - uncovered().size()) + " covered by the policy";
    if (!not_learned_.empty()) text += "; the addresses of " + list_words(not_learned_) + " are not known";
    return printable(text, 600);
  }

  bool reachable(const MxHostFacts& host) const { return !host.addresses.empty(); }

  void judge_hosts() {
    if (facts_.implicit)
      add("implicit-mx", domain() + " has no MX record, so mail goes to its own address",
          {.step = step_name});
    for (const MxHostFacts& host : facts_.hosts) judge_host(host);
  }

  void judge_host(const MxHostFacts& host) {
    if (is_address(host.name)) {
      add("mx-is-address", "the MX record holds the address " + host.name + " instead of a host name",
          at_host(host.name));
      return raise_if_none_is_left();
    }
    if (!host.alias_of.empty())
      add("mx-is-cname", "the MX host " + host.name + " is an alias of " + host.alias_of, at_host(host.name));
    if (!reachable(host)) judge_unreachable(host);
  }

  // Senders have no other host to go to.
  void raise_if_none_is_left() {
    auto left = [this](const MxHostFacts& each) { return reachable(each) || each.local; };
    if (facts_.further.empty() && std::ranges::none_of(facts_.hosts, left))
      judgement_.findings.back().severity = Severity::error;
  }

  void judge_unreachable(const MxHostFacts& host) {
    if (host.local) return not_learned_.push_back(host.name);
    std::string words = "the MX host " + host.name + " has no address: it has neither A nor AAAA records";
    if (!host.failure.empty())
      words = "the addresses of " + host.name + " could not be looked up: " + host.failure;
    if (!DomainName::parse(host.name))
      words = "the MX host " + host.name + " has no address: its name is not a host name";
    add("mx-no-address", words, at_host(host.name));
    raise_if_none_is_left();
  }

  MxListView mx() const { return facts_.policy->mx; }

  std::vector<Named> uncovered() const {
    std::vector<Named> found;
    for (const Named& host : hosts_)
      if (!mx().matches(host.name)) found.push_back(host);
    return found;
  }

  void judge_policy() {
    auto missed = uncovered();
    bool none_covered = !hosts_.empty() && missed.size() == hosts_.size();
    if (none_covered) judge_none_covered(missed);
    for (const Named& host : missed) judge_uncovered(host, none_covered);
    if (!none_covered) judge_unused();
    judge_provider();
  }

  void judge_none_covered(const std::vector<Named>& missed) {
    std::vector<std::string> names, patterns;
    for (const Named& host : missed) names.emplace_back(host.name.str());
    for (std::string_view pattern : mx()) patterns.emplace_back(pattern);
    std::string listed = patterns.empty() ? "no host name" : list_words(patterns);
    add_lack("no-mx-in-policy",
             "the policy covers none of the MX hosts (" + list_words(names) + "); it lists " + listed,
             {.step = step_name}, "mx: " + printable(names.front(), 253));
  }

  void judge_uncovered(const Named& host, bool none_covered) {
    std::string name(host.name.str());
    if (auto miss = near_miss(mx(), host.name)) return judge_near_miss(host, *miss);
    if (none_covered) return;  // said once, for all of them
    std::string words = " is not covered by the policy; the nearest pattern is " +
                        std::string(nearest(mx(), host.name)) + "; add \"mx: " + name + '"';
    std::string line = "mx: " + name;
    if (is_backup(host))
      add_lack("backup-mx-not-in-policy", "the backup MX host " + name + words, at_host(name), line);
    else
      add_lack("mx-not-in-policy", "the MX host " + name + words, at_host(name), line);
  }

  void judge_near_miss(const Named& host, const NearMiss& miss) {
    std::string name(host.name.str()), pattern(miss.pattern);
    bool shallow = miss.code == "wildcard-too-shallow";
    std::string line = "mx: " + pattern_for(host.name, shallow);
    std::string why = shallow ? " stands for one label only, so it does not cover the MX host "
                              : " covers the names below its own, but not the MX host ";
    add_lack(miss.code, pattern + why + name + "; add \"" + line + '"', at_host(name), line);
  }

  // A host that is tried only after one that the policy covers.
  bool is_backup(const Named& host) const {
    return std::ranges::any_of(hosts_, [&](const Named& other) {
      return other.preference < host.preference && mx().matches(other.name);
    });
  }

  void judge_unused() {
    std::vector<std::string> unused;
    for (std::string_view text : mx()) {
      bool used = std::ranges::any_of(
          hosts_, [text](const Named& host) { return MxPattern::text_matches(text, host.name); });
      if (!used) unused.emplace_back(text);
    }
    if (unused.empty()) return;
    std::string verb = unused.size() == 1 ? " covers" : " cover";
    add("pattern-unused", list_words(unused) + " in the policy" + verb + " none of the MX hosts",
        {.step = step_name}, "mx: " + printable(unused.front(), 253));
  }

  // Providers that give customers new names for the same service.
  struct Provider {
    std::string_view name;
    std::array<std::string_view, 2> old_ends;
    std::string_view new_end;
  };

  static bool ends(std::string_view name, std::string_view end) noexcept {
    return name == end || (name.ends_with(end) && name[name.size() - end.size() - 1] == '.');
  }

  void judge_provider() {
    static constexpr std::array<Provider, 2> providers{{
        {"Google", {"l.google.com", "googlemail.com"}, "smtp.google.com"},
        {"Microsoft", {"mail.protection.outlook.com", "mail.protection.outlook.com"}, "mx.microsoft"},
    }};
    for (const Provider& provider : providers) {
      auto has_old = [&](std::string_view name) {
        return ends(name, provider.old_ends[0]) || ends(name, provider.old_ends[1]);
      };
      auto new_name = DomainName::parse(provider.new_end);
      auto has_new = [&](std::string_view name) {
        return ends(name, provider.new_end) || (new_name && MxPattern::text_matches(name, *new_name));
      };
      bool served = std::ranges::any_of(hosts_, [&](const Named& host) {
        return has_old(host.name.str()) || ends(host.name.str(), provider.new_end);
      });
      bool old_listed = std::ranges::any_of(mx(), has_old), new_listed = std::ranges::any_of(mx(), has_new);
      if (!served || !old_listed || new_listed) continue;
      add("provider-mx-renamed",
          "the policy has only the old names of " + std::string(provider.name) +
              "'s MX hosts; new ones are in " + std::string(provider.new_end),
          {.step = step_name});
    }
  }

  void judge_parent() {
    add("parent-policy-not-inherited",
        domain() + " has no policy of its own, and that of " + std::string(facts_.parent_policy->str()) +
            " does not hold for it",
        {.step = step_name});
  }

  const MxFacts& facts_;
  std::vector<Named> hosts_;
  std::vector<std::string> not_learned_;  // hosts whose lookup failed because of this host here
  Judgement judgement_;
};

}  // namespace

Judgement judge_mx(const MxFacts& facts) {
  MxJudge judge(facts);
  if (!facts.failure.empty()) return judge.judge_failed();
  if (facts.no_domain) return judge.judge_no_domain();
  return facts.null_mx ? judge.judge_null_mx() : judge.judge();
}

std::string pattern_for(const DomainName& host, bool wildcard) {
  auto parent = host.parent();
  return wildcard && parent ? "*." + std::string(parent->str()) : std::string(host.str());
}

}  // namespace mtasts
