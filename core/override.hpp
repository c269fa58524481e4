// override - an administrator's exception for one next hop (rule 2 of docs/DECISION.md).
//
// A key is a domain, a wildcard "*.example.com" (any depth below it, not the domain itself; the longest wins)
// or a literal next hop as written in Postfix ("[relay.example]:587", "example.com:25", "[relay.example]"). A
// literal wins over a domain, and a domain over a wildcard. A domain or wildcard applies to every form of a
// next hop with that policy domain.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/domain_name.hpp"
#include "core/enum_words.hpp"
#include "core/time.hpp"

namespace mtasts {

enum class OverrideAction : std::uint8_t {
  no_policy,    // NOTFOUND, before any DNS
  ignore_sts,   // DANE alone decides
  ignore_dane,  // rules 3 to 5 are skipped
  enforce,      // a testing policy is treated as enforce
  answer,       // this answer, before any DNS
};

// As written in the configuration. enum_words<OverrideAction> converts back.
constexpr std::string_view words(OverrideAction action) noexcept {
  switch (action) {
    case OverrideAction::no_policy: return "no-policy";
    case OverrideAction::ignore_sts: return "ignore-sts";
    case OverrideAction::ignore_dane: return "ignore-dane";
    case OverrideAction::enforce: return "enforce";
    case OverrideAction::answer: return "answer";
  }
  return {};
}

struct Override {
  OverrideAction action = OverrideAction::no_policy;
  std::string answer;        // action answer only: what follows "OK " in the reply; Postfix accepts it
  std::string reason;        // the administrator's words, for log and explain; printable, not empty
  Time until = Time::max();  // in force before this moment
  friend bool operator==(const Override&, const Override&) = default;
};

struct OverrideKey {
  DomainName domain;      // for a wildcard: without "*."
  bool wildcard = false;  // "*.domain"
  bool literal = false;   // has brackets or a port, and applies to that next hop alone
  bool bracketed = false;
  std::optional<std::uint16_t> port;  // nullopt: no port is written
  friend bool operator==(const OverrideKey&, const OverrideKey&) = default;
};

// All overrides of a configuration. Immutable once shared; find() neither allocates nor throws.
class Overrides {
 public:
  void add(const OverrideKey& key, Override rule);

  // The override in force for a next hop; nullptr: none. One that is over does not count, and the next in
  // precedence is tried. port: as written in Postfix's key; nullopt: none is written. The result lives as
  // long as *this.
  const Override* find(const DomainName& domain, bool bracketed, std::optional<std::uint16_t> port,
                       Time now) const noexcept;

  bool empty() const noexcept { return literal_.empty() && exact_.empty() && wildcard_.empty(); }

 private:
  struct Literal {
    OverrideKey key;
    Override rule;
  };
  using ByDomain = std::map<std::string, Override, std::less<>>;
  std::vector<Literal> literal_;
  ByDomain exact_, wildcard_;
};

}  // namespace mtasts
