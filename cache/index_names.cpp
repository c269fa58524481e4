#include "cache/index_names.hpp"

#include <algorithm>

#include "cache/layout.hpp"
#include "core/domain_name.hpp"

namespace mtasts::cache {
namespace {

// Calls f with every key; f returns whether it could read the key. False: not all keys could be read.
bool walk_keys(TreeWalk& walk, const std::optional<Tree>& tree, auto&& f) {
  if (!tree) return false;
  bool readable = true;
  auto report = walk.walk(*tree, false, [&](std::string_view key, auto, auto) {
    readable &= f(key);
    return true;
  });
  return readable && report.problems == 0;
}

}  // namespace

IndexNames read_index_names(TreeWalk& walk, const NamedTrees& trees,
                            const std::function<bool(std::string_view domain)>& known) {
  IndexNames names;
  auto of = [&](std::string_view domain) -> Named* {
    if (!DomainName::parse(domain) || known(domain)) return nullptr;
    return &names.all.try_emplace(std::string(domain)).first->second;
  };
  names.tells_ends = walk_keys(walk, trees.expiry, [&](std::string_view key) {
    auto parsed = parse_time_key(key);
    if (Named* named = parsed ? of(parsed->domain) : nullptr) {
      named->in_expiry = named->protects = true;
      named->ends = std::max(named->ends, parsed->when);
    }
    return parsed.has_value();
  });
  walk_keys(walk, trees.due, [&](std::string_view key) {
    auto parsed = parse_time_key(key);
    if (Named* named = parsed ? of(parsed->domain) : nullptr) named->in_due = named->protects = true;
    return parsed.has_value();
  });
  names.names_all = walk_keys(walk, trees.used, [&](std::string_view key) {
    auto parsed = parse_used_key(key);
    bool readable = parsed && parsed->rank <= static_cast<std::uint8_t>(Rank::enforce);
    if (Named* named = readable ? of(parsed->domain) : nullptr) {
      named->in_used = true;
      named->protects |= parsed->rank != static_cast<std::uint8_t>(Rank::negative);
    }
    return readable;
  });
  return names;
}

}  // namespace mtasts::cache
