#include "cache/salvage.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <set>

#include "cache/databases.hpp"
#include "cache/entry.hpp"
#include "cache/file_check.hpp"
#include "cache/file_size.hpp"
#include "cache/index_names.hpp"
#include "cache/new_file.hpp"
#include "core/finding.hpp"

namespace mtasts::cache {
namespace {

constexpr std::size_t most_per_page = 4096;  // entries; for any page size
constexpr std::size_t most_lines = 1000;     // in the log, one for each loss
constexpr std::string_view from_a_copy = "taken from an older copy, because the cache's file was damaged";

struct Copy {
  Record record;
  std::uint32_t last_used = 0;
  bool newer_than(const Copy& other) const noexcept {
    return std::pair(record.fetched_at, record.last_lookup.at) >
           std::pair(other.record.fetched_at, other.record.last_lookup.at);
  }
};

using Names = std::set<std::string, std::less<>>;

// One of the two databases of entries, and what is missing from it.
struct Side {
  const char* name;
  bool in_policy;
  bool whole = false;  // all of it was read without a problem
  Holes holes = {};
  Names missing = {};         // had an entry, as an index or the entry's own key says
  Names named_once = {};      // named by an index page that cannot be reached
  Names found_bad = {};       // keys whose values are damaged
  bool counted = false;       // `claimed` belongs to the newest commit
  std::uint64_t claimed = 0;  // how many entries the tree should have
  std::uint64_t seen = 0;     // how many intact entries were found in it
  std::map<std::string, Copy, std::less<>> copies = {};

  bool wants(std::string_view domain, bool names_are_known) const {
    if (missing.contains(domain)) return true;
    return !names_are_known && holes.holds(domain);
  }
  // Whether an entry of that domain may have been in a part of the tree that is lost.
  bool may_have_lost(std::string_view domain) const {
    bool somewhere = holes.empty() && found_bad.empty();  // all that is known is that entries are missing
    return !whole && (somewhere || found_bad.contains(domain) || holes.holds(domain));
  }
};

// Values whose key is damaged. The checksum in their prefix, of the day and the domain, tells whose they are.
class Orphans {
 public:
  void add(std::string_view value) {
    if (values_.size() >= most || value.size() <= prefix_size || !decode(value.substr(prefix_size))) return;
    auto day = static_cast<std::uint32_t>(get_little(value.substr(0, 4)));
    days_.insert(day);
    values_.emplace(std::pair(day, static_cast<std::uint32_t>(get_little(value.substr(4, 4)))), value);
  }
  std::optional<std::string_view> of(std::string_view domain) const {
    for (auto day : days_)
      if (auto found = values_.find({day, name_checksum(domain, day)}); found != values_.end())
        return found->second;
    return std::nullopt;
  }

 private:
  static constexpr std::size_t most = 10'000;
  std::set<std::uint32_t> days_;  // days of last use; there are few
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::string> values_;
};

class Salvage {
 public:
  Salvage(const std::string& damaged, const std::string& fresh, std::uint64_t map_size,
          const LastWriter& last, const CacheLog& log)
      : file_(damaged), new_(fresh, map_size), last_(last), log_(log) {}

  Salvaged run() {
    Meta meta;
    meta.last_page = file_.pages() == 0 ? 0 : file_.pages() - 1;
    auto metas = read_metas(file_, last_);
    if (metas) meta = metas->best;
    walk_.emplace(file_, meta);
    NamedTrees trees;
    TreeReport main;
    if (metas) walk_->walk_free_list();
    if (metas) trees = read_main(*walk_, meta, main);
    take_meta(trees);
    // Only an older commit can be reached, so everything that the last one stored may be missing.
    if (metas && !metas->newest) policy_.holes.add({}), negative_.holes.add({});
    one_state_ = metas && metas->newest;
    for (Side* side : {&policy_, &negative_}) {
      take_reachable(*side, trees);
      side->whole &= one_state_;
      side->holes.settle();
    }
    find_missing(trees);
    if (wanting()) scan_pages();
    for (Side* side : {&policy_, &negative_}) fill(*side);
    if (!meta_found_) new_.guess_newest_fetch();
    if (lines_ > most_lines)
      log_.error("cache: " + std::to_string(lines_ - most_lines) + " more entries were lost");
    new_.finish();
    return result_;
  }

 private:
  bool wanting() const {
    return !meta_found_ || !policy_.missing.empty() || !policy_.holes.empty() || !negative_.missing.empty() ||
           !negative_.holes.empty();
  }

  void take_meta(const NamedTrees& trees) {
    if (!trees.meta) return;
    std::map<std::string, std::string> values;
    auto report = walk_->walk(*trees.meta, false, [&](std::string_view key, auto value, auto) {
      if (value) values.emplace(key, *value);
      return value.has_value();
    });
    if (report.problems == 0) keep_meta(values);
  }

  // Keeps an older schema as it is; opening the file brings it up to date.
  void keep_meta(const std::map<std::string, std::string>& values) {
    for (const auto& [key, value] : values) {
      bool schema = key == "schema";
      if (schema && (value.size() != 4 || get_little(value) == 0 || get_little(value) > schema_version))
        continue;
      if (key == "newest_fetch" && value.size() != 8) continue;
      new_.add_meta(key, value);
    }
    meta_found_ = values.contains("newest_fetch");
  }

  void take_reachable(Side& side, const NamedTrees& trees) {
    const auto& tree = side.in_policy ? trees.policy : trees.negative;
    if (!tree) {
      side.whole = trees.complete && trees.meta;  // nothing was ever stored in it
      if (!side.whole) side.holes.add({});
      return;
    }
    side.counted = is_plausible(tree->entries);
    side.claimed = side.counted ? tree->entries : 0;
    auto report = walk_->walk(*tree, false, [&](std::string_view domain, auto value, auto) {
      auto entry = value ? judge_entry(domain, *value, side.in_policy) : Entry{};
      if (entry.newer_version) {
        new_.add_raw(domain, *value, side.in_policy);
        ++side.seen;
        return true;
      }
      if (!entry.record) {
        side.found_bad.emplace(domain);
        if (value) orphans_.add(*value);
        return false;
      }
      ++side.seen;
      if (new_.has(domain)) return true;  // it is in both databases, and the policy counts
      new_.add(domain, *value, *entry.record, entry.last_used);
      ++result_.kept;
      return true;
    });
    for (Hole& hole : report.holes) side.holes.add(std::move(hole));
    side.whole = report.problems == 0;
  }

  // An entry takes some octets, so there is a limit to how many fit the file.
  bool is_plausible(std::uint64_t entries) const { return entries / most_per_page <= file_.pages(); }

  static bool is_name(std::string_view text) { return DomainName::parse(text).has_value(); }

  void find_missing(const NamedTrees& trees) {
    auto names = read_index_names(*walk_, trees, [&](std::string_view domain) { return new_.has(domain); });
    names_are_known_ = names.names_all && one_state_;
    for (const auto& [domain, named] : names.all) {
      if (!is_missing(domain, named)) continue;
      (named.protects ? policy_ : negative_).missing.insert(domain);
      if (names.tells_ends && one_state_ && named.in_expiry) ends_.emplace(domain, named.ends);
    }
    // If the indexes name every entry, they decide, because a key in found_bad may be damaged itself.
    if (!names_are_known_)
      for (Side* side : {&policy_, &negative_})
        for (const auto& domain : side->found_bad)
          if (is_name(domain) && !new_.has(domain)) side->missing.insert(domain);
    for (const auto& domain : policy_.missing) negative_.missing.erase(domain);
  }

  // If a tree is whole and only one index names a domain that is not in it, that index key is what was
  // damaged: index keys have no checksum.
  bool is_missing(std::string_view domain, const Named& named) const {
    if (!named.protects) return !negative_.whole;
    return !policy_.whole || named.times() > 1 || negative_.may_have_lost(domain);
  }

  void scan_pages() {
    std::string bytes;
    for (PageNumber number = 0; number <= file_.pages(); ++number) {
      if (number < file_.pages() ? !file_.read(number, 1, bytes) : !file_.read_rest(bytes)) continue;
      std::map<std::string, std::string> meta_values;
      for (std::size_t at = page::head_size; at + page::node_head < bytes.size(); at += 2)
        if (auto node = page::leaf_node_at(bytes, at)) consider(*node, meta_values);
      consider_meta(std::move(meta_values));
    }
    if (!best_meta_.empty() && !meta_found_) keep_meta(best_meta_);
    // Names from index pages that cannot be reached may be long outdated. They only show that a lost part of
    // the tree may have held such an entry.
    for (Side* side : {&policy_, &negative_})
      for (const auto& domain : side->named_once)
        if (side->may_have_lost(domain) && !new_.has(domain) &&
            !(side == &negative_ && policy_.missing.contains(domain)))
          side->missing.insert(domain);
  }

  void consider_name(const page::Node& node) {
    if (node.flags != 0 || node.size != 0) return;
    constexpr std::uint32_t most_days = 1'000'000;
    auto used = parse_used_key(node.key);
    if (used && used->rank <= static_cast<std::uint8_t>(Rank::enforce) && used->day < most_days &&
        is_name(used->domain)) {
      (used->rank == 0 ? negative_ : policy_).named_once.emplace(used->domain);
      return;
    }
    auto timed = parse_time_key(node.key);
    if (timed && node.key[0] == 0 && is_name(timed->domain)) policy_.named_once.emplace(timed->domain);
  }

  // An older copy of a database's root tells how many entries it had.
  void consider_root(const page::Node& node) {
    for (Side* side : {&policy_, &negative_})
      if (!side->counted && node.key == side->name && node.value.size() == tree_size) {
        auto tree = parse_tree(node.value);
        if (tree.flags == 0 && tree.depth <= most_tree_depth && is_plausible(tree.entries))
          side->claimed = std::max(side->claimed, tree.entries);
      }
  }

  // Considers anything that looks like a node; the entry's checksums decide whether it is one. A stranger's
  // text cannot pass for a node, because a node's header has octets that are zero, and no policy with a
  // control character is stored.
  void consider(const page::Node& node, std::map<std::string, std::string>& meta_values) {
    if (node.flags == page::sub_data) consider_root(node);
    if (node.flags & ~page::big_data || node.key.empty() || node.key.size() > 255) return;
    bool is_meta =
        node.key == "schema" || node.key == "newest_fetch" || node.key == "clock" || node.key == "host";
    if (is_meta && node.value.size() <= 4096) meta_values.emplace(node.key, node.value);
    if (!names_are_known_) consider_name(node);
    bool wanted = policy_.wants(node.key, names_are_known_) || negative_.wants(node.key, names_are_known_);
    if (!wanted || new_.has(node.key)) return;
    std::string_view value = node.value;
    std::optional<std::string> big;
    if (node.flags & page::big_data) {
      big = walk_->overflow_value(get_little(node.value), node.size, false, nullptr);
      if (!big) return;
      value = *big;
    }
    for (Side* side : {&policy_, &negative_}) {
      auto entry = judge_entry(node.key, value, side->in_policy);
      if (entry.record && side->wants(node.key, names_are_known_) && is_name(node.key))
        keep_copy(*side, node.key, {to_record(*entry.record), entry.last_used});
    }
  }

  static void keep_copy(Side& side, std::string_view domain, Copy copy) {
    auto found = side.copies.find(domain);
    if (found == side.copies.end())
      side.copies.emplace(domain, std::move(copy));
    else if (copy.newer_than(found->second))
      found->second = std::move(copy);
  }

  // All values of `meta` are on one page. Of several such pages, the one with the latest fetch counts.
  void consider_meta(std::map<std::string, std::string> values) {
    auto newest = [](const auto& of) {
      auto found = of.find("newest_fetch");
      return found == of.end() || found->second.size() != 8 ? std::uint64_t{0}
                                                            : get_little(found->second) + 1;
    };
    if (values.contains("schema") && (best_meta_.empty() || newest(values) > newest(best_meta_)))
      best_meta_ = std::move(values);
  }

  bool fill_from_orphan(Side& side, const std::string& domain) {
    auto value = orphans_.of(domain);
    auto entry = value ? judge_entry(domain, *value, side.in_policy) : Entry{};
    if (!entry.record) return false;
    new_.add(domain, *value, *entry.record, entry.last_used);
    return true;
  }

  // A lost entry that ends when the index `expiry` says; with Time{} if that is not known.
  Record lost_until(const std::string& domain) const {
    Record record = lost_record();
    if (auto ends = ends_.find(domain); ends != ends_.end()) record.refresh_at = ends->second;
    return record;
  }

  void fill(Side& side) {
    std::uint64_t named = 0;
    for (const auto& domain : side.missing) {
      if (side.copies.contains(domain)) continue;
      ++named;
      if (fill_from_orphan(side, domain)) {
        ++result_.kept;
        continue;
      }
      ++result_.lost;
      say_lost(side, domain);
      // Mail waits until it is known what the policy demanded.
      if (side.in_policy) new_.add(domain, lost_until(domain), 0);
    }
    for (auto& [domain, copy] : side.copies) {
      if (new_.has(domain)) continue;
      copy.record.refresh_at = copy.record.last_lookup.next_check = copy.record.last_lookup.retry_fetch =
          Time{};
      copy.record.last_lookup.failed_id.clear();
      copy.record.last_lookup.detail = from_a_copy;
      new_.add(domain, copy.record, copy.last_used);
      ++result_.salvaged;
      log_.warning("cache: the " + std::string(side.in_policy ? "policy" : "entry") + " of " +
                   printable(domain) +
                   " was damaged; an older copy is used, and the domain is looked up again at once");
    }
    if (names_are_known_) return;
    if (!side.whole && !side.counted) {
      result_.more_lost = true;
      log_.error("cache: entries of the database " + std::string(side.name) +
                 " may be lost: how many it had cannot be read");
    }
    auto told = side.seen + named + side.copies.size();
    if (side.claimed <= told) return;
    auto unnamed = side.claimed - told;
    result_.lost += unnamed;
    log_.error("cache: " + std::string(side.counted ? "" : "about ") + std::to_string(unnamed) +
               " entries of the database " + side.name + " were lost; their names cannot be read");
  }

  void say_lost(const Side& side, const std::string& domain) {
    if (++lines_ > most_lines) return;
    if (side.in_policy)
      log_.error("cache: the policy of " + printable(domain) +
                 " is lost; mail to this domain waits until a lookup finds out what its policy demands");
    else
      log_.warning("cache: the entry of " + printable(domain) + " is lost; it had no policy");
  }

  PageFile file_;
  NewFile new_;
  LastWriter last_;
  const CacheLog& log_;
  std::optional<TreeWalk> walk_;
  Side policy_{"policy", true}, negative_{"negative", false};
  Orphans orphans_;
  std::map<std::string, Time, std::less<>> ends_;  // of missing policies
  std::map<std::string, std::string> best_meta_;
  bool one_state_ = false, names_are_known_ = false, meta_found_ = false;
  std::size_t lines_ = 0;
  Salvaged result_;
};

}  // namespace

// If a limit on address space leaves no room for the whole map, tries half of it, and so on.
Salvaged salvage(const std::string& damaged_file, const std::string& new_file, std::uint64_t map_size,
                 const LastWriter& last, const CacheLog& log) {
  for (;; map_size /= 2) try {
      return Salvage(damaged_file, new_file, map_size, last, log).run();
    } catch (const LmdbFailure& failure) {
      if (failure.rc != ENOMEM || map_size / 2 < 2 * size_of_file(damaged_file)) throw;
      ::unlink(new_file.c_str());
    }
}

}  // namespace mtasts::cache
