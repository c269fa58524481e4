#include "cli/listed_overrides.hpp"

#include "conf/override_name.hpp"

namespace mtasts {

ListedOverrides::ListedOverrides(const std::vector<OverrideConfig>& all, Time now) : now_(now) {
  for (const OverrideConfig& each : all) {
    if (now >= each.rule.until) continue;
    overrides_.add(each.key, each.rule);
    rows_.push_back({to_string(each.key), &each.rule, false, false});
  }
}

const Override* ListedOverrides::find(std::string_view domain) {
  auto name = DomainName::parse(domain);
  const Override* found = name ? overrides_.find(*name, false, std::nullopt, now_) : nullptr;
  for (Row& row : rows_) {
    row.listed = row.listed || row.name == domain;
    row.used = row.used || (found != nullptr && *found == *row.rule);
  }
  return found;
}

}  // namespace mtasts
