#include "core/override.hpp"

#include <utility>

namespace mtasts {
namespace {

const Override* in_force(const Override& rule, Time now) noexcept {
  return now < rule.until ? &rule : nullptr;
}

}  // namespace

void Overrides::add(const OverrideKey& key, Override rule) {
  if (key.literal) {
    literal_.push_back({key, std::move(rule)});
  } else {
    (key.wildcard ? wildcard_ : exact_).insert_or_assign(std::string(key.domain.str()), std::move(rule));
  }
}

const Override* Overrides::find(const DomainName& domain, bool bracketed, std::optional<std::uint16_t> port,
                                Time now) const noexcept {
  for (const Literal& each : literal_) {
    bool same = each.key.domain == domain && each.key.bracketed == bracketed && each.key.port == port;
    if (same && in_force(each.rule, now)) return &each.rule;
  }
  auto exact = exact_.find(domain.str());
  if (exact != exact_.end() && in_force(exact->second, now)) return &exact->second;
  if (wildcard_.empty()) return nullptr;
  for (std::string_view rest = domain.str(); rest.contains('.');) {
    rest.remove_prefix(rest.find('.') + 1);
    auto found = wildcard_.find(rest);
    if (found != wildcard_.end() && in_force(found->second, now)) return &found->second;
  }
  return nullptr;
}

}  // namespace mtasts
