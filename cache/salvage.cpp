#include "cache/salvage.hpp"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <set>

#include "cache/databases.hpp"
#include "cache/entry.hpp"
#include "cache/file_check.hpp"
#include "core/finding.hpp"

namespace mtasts::cache {
namespace {

constexpr std::size_t most_per_page = 4096;   // entries, of any page size
constexpr std::size_t commit_every = 4096;    // entries
constexpr std::size_t most_lines = 1000;      // in the log, one a loss
constexpr std::size_t most_orphans = 10'000;  // values that are not their key's
constexpr std::string_view from_a_copy = "taken from an older copy, because the cache's file was damaged";

// The new file.
class Builder {
 public:
  Builder(const std::string& path, std::uint64_t map_size) : path_(path) {
    MDB_env* raw = nullptr;
    check(mdb_env_create(&raw), "begin a new data.mdb");
    env_.reset(raw);
    mdb_env_set_maxdbs(raw, 16);
    check(mdb_env_set_mapsize(raw, map_size), "begin a new data.mdb");
    // Nobody else knows of the file, and it counts only when all of it is written.
    check(mdb_env_open(raw, path.c_str(), MDB_NOSUBDIR | MDB_NOLOCK | MDB_NOSYNC, data_file_mode),
          "begin a new data.mdb");
    begin();
    auto made = open_databases(txn_.get(), true, path);
    if (!made) throw LmdbFailure{MDB_INCOMPATIBLE, "begin a new data.mdb"};
    dbs_ = *made;
  }

  bool has(std::string_view domain) { return in(dbs_.policy, domain) || in(dbs_.negative, domain); }

  void add(std::string_view domain, std::string_view value, const RecordView& record,
           std::uint32_t last_used) {
    put(record.has_policy ? dbs_.policy : dbs_.negative, domain, value);
    auto keys = index_keys_of(domain, record, last_used);
    put(dbs_.used, keys.used.view(), {});
    if (keys.expiry) put(dbs_.expiry, keys.expiry->view(), {});
    if (keys.due) put(dbs_.due, keys.due->view(), {});
    newest_fetch_ = std::max(newest_fetch_, record.fetched_at);
    if (++added_ % commit_every != 0) return;
    check(commit(std::move(txn_)), "write the new data.mdb");
    begin();
  }
  void add(std::string_view domain, const Record& record, std::uint32_t last_used) {
    add(domain, join_value(domain, last_used, encode(record)), view(record), last_used);
  }
  // A value that this program cannot read but a newer one can.
  void add_raw(std::string_view domain, std::string_view value, bool in_policy) {
    put(in_policy ? dbs_.policy : dbs_.negative, domain, value);
  }
  void add_meta(std::string_view key, std::string_view value) { put(dbs_.meta, key, value); }
  Time newest_fetch() const noexcept { return newest_fetch_; }
  void guess_newest_fetch() { set_newest_fetch(txn_.get(), dbs_, newest_fetch_); }

  void finish() {
    check(commit(std::move(txn_)), "write the new data.mdb");
    check(mdb_env_sync(env_.get(), 1), "write the new data.mdb");
    env_.reset();
    Fd fd(::open(path_.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd || ::fsync(fd.get()) != 0) throw LmdbFailure{errno, "write the new data.mdb"};
  }

 private:
  static constexpr mode_t data_file_mode = 0640;

  void begin() {
    MDB_txn* raw = nullptr;
    check(mdb_txn_begin(env_.get(), nullptr, 0, &raw), "write the new data.mdb");
    txn_.reset(raw);
  }
  bool in(MDB_dbi dbi, std::string_view key) {
    MDB_val k = to_val(key), value{};
    int rc = mdb_get(txn_.get(), dbi, &k, &value);
    if (rc != MDB_NOTFOUND) check(rc, "read the new data.mdb");
    return rc == MDB_SUCCESS;
  }
  void put(MDB_dbi dbi, std::string_view key, std::string_view value) {
    MDB_val k = to_val(key), v = to_val(value);
    check(mdb_put(txn_.get(), dbi, &k, &v, 0), "write the new data.mdb");
  }

  std::string path_;
  Env env_;
  Txn txn_;
  Databases dbs_;
  Time newest_fetch_{};
  std::size_t added_ = 0;
};

struct Copy {
  Record record;
  std::uint32_t last_used = 0;
  bool newer_than(const Copy& other) const noexcept {
    return std::pair(record.fetched_at, record.look.at) >
           std::pair(other.record.fetched_at, other.record.look.at);
  }
};

using Names = std::set<std::string, std::less<>>;

// One of the two databases of entries, and what is missing in it.
struct Side {
  const char* name;
  bool in_policy;
  std::vector<Hole> holes = {};
  Names missing = {};                   // stored once, by an index or by its own key
  Names named_once = {};                // by an index that cannot be reached
  Names found_bad = {};                 // read as keys of values that are bad
  bool counted = false;                 // claimed is of the newest state
  std::uint64_t claimed = 0, seen = 0;  // entries that the tree should have; that were kept
  std::map<std::string, Copy, std::less<>> copies = {};

  bool wants(std::string_view domain, bool names_are_known) const {
    if (missing.contains(domain)) return true;
    return !names_are_known &&
           std::ranges::any_of(holes, [&](const Hole& hole) { return hole.holds(domain); });
  }
};

class Salvage {
 public:
  Salvage(const std::string& damaged, const std::string& fresh, std::uint64_t map_size, const Log& log)
      : file_(damaged), builder_(fresh, map_size), log_(log) {}

  Salvaged run() {
    Meta meta;
    meta.last_page = file_.pages() == 0 ? 0 : file_.pages() - 1;
    auto metas = file_.metas();
    if (metas) meta = metas->best;
    walk_.emplace(file_, meta);
    NamedTrees trees;
    TreeReport main;
    if (metas) trees = read_main(*walk_, meta, main);
    take_meta(trees);
    // The state before the last commit: what that one stored lies on pages that cannot be reached.
    if (metas && !metas->newest) policy_.holes.push_back({}), negative_.holes.push_back({});
    one_state_ = metas && metas->newest;
    for (Side* side : {&policy_, &negative_}) take_reachable(*side, trees);
    find_missing(trees);
    if (wanting()) scan_pages();
    for (Side* side : {&policy_, &negative_}) fill(*side);
    if (!meta_found_) builder_.guess_newest_fetch();
    if (lines_ > most_lines)
      log_.error("cache: " + std::to_string(lines_ - most_lines) + " more entries were lost");
    builder_.finish();
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

  // An older schema stays: it is brought up to date when the file is opened.
  void keep_meta(const std::map<std::string, std::string>& values) {
    for (const auto& [key, value] : values) {
      bool schema = key == "schema";
      if (schema && (value.size() != 4 || get_little(value) == 0 || get_little(value) > schema_version))
        continue;
      if (key == "newest_fetch" && value.size() != 8) continue;
      builder_.add_meta(key, value);
    }
    meta_found_ = values.contains("newest_fetch");
  }

  void take_reachable(Side& side, const NamedTrees& trees) {
    const auto& tree = side.in_policy ? trees.policy : trees.negative;
    if (!tree) {
      if (trees.complete && trees.meta) return;  // it was never begun
      side.holes.push_back({});
      return;
    }
    side.claimed = tree->entries;
    side.counted = true;
    auto report = walk_->walk(*tree, false, [&](std::string_view domain, auto value, auto) {
      auto entry = value ? judge_entry(domain, *value, side.in_policy) : Entry{};
      if (entry.newer_version) {
        builder_.add_raw(domain, *value, side.in_policy);
        return true;
      }
      if (!entry.record) {
        side.found_bad.emplace(domain);
        if (value && orphans_.size() < most_orphans) orphans_.emplace_back(*value);
        return false;
      }
      ++side.seen;
      if (builder_.has(domain)) return true;  // in both: the policy counts
      builder_.add(domain, *value, *entry.record, entry.last_used);
      ++result_.kept;
      return true;
    });
    side.holes.insert(side.holes.end(), report.holes.begin(), report.holes.end());
  }

  static bool is_name(std::string_view text) { return DomainName::parse(text).has_value(); }

  // A name of `used` with the rank of no policy misses nothing but what the last look found.
  void find_missing(const NamedTrees& trees) {
    auto miss = [&](Side& side, std::string_view domain) {
      if (is_name(domain) && !builder_.has(domain)) side.missing.emplace(domain);
    };
    auto walk = [&](const std::optional<Tree>& tree, auto&& f) {
      if (!tree) return false;
      return walk_
                 ->walk(*tree, false,
                        [&](std::string_view key, auto, auto) {
                          f(key);
                          return true;
                        })
                 .problems == 0;
    };
    auto timed = [&](std::string_view key) {
      if (auto parsed = parse_time_key(key)) miss(policy_, parsed->domain);
    };
    walk(trees.expiry, timed);
    walk(trees.due, timed);
    names_are_known_ = walk(trees.used, [&](std::string_view key) {
      auto parsed = parse_used_key(key);
      if (!parsed || parsed->rank > static_cast<std::uint8_t>(Rank::enforce)) return;
      miss(parsed->rank == 0 ? negative_ : policy_, parsed->domain);
    });
    names_are_known_ &= one_state_;
    // A key that is itself damaged is no name of ours, as far as the index tells.
    if (!names_are_known_)
      for (Side* side : {&policy_, &negative_})
        for (const auto& domain : side->found_bad) miss(*side, domain);
    for (const auto& domain : policy_.missing) negative_.missing.erase(domain);
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
    // What an index that cannot be reached names. It may be long outdated, so it only says: not known.
    for (Side* side : {&policy_, &negative_})
      for (const auto& domain : side->named_once)
        if (!builder_.has(domain) && !(side == &negative_ && policy_.named_once.contains(domain)))
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

  // How many entries a database had, by an older copy of its root.
  void consider_root(const page::Node& node) {
    for (Side* side : {&policy_, &negative_})
      if (!side->counted && node.key == side->name && node.value.size() == tree_size) {
        auto tree = parse_tree(node.value);
        if (tree.flags == 0 && tree.depth < 32 && tree.entries / most_per_page <= file_.pages())
          side->claimed = std::max(side->claimed, tree.entries);
      }
  }

  // Whatever looks like a node: the entry's checksums decide. A stranger's text cannot look like one, because
  // a node's head has octets that are zero, and no policy with a control character is stored.
  void consider(const page::Node& node, std::map<std::string, std::string>& meta_values) {
    if (node.flags == page::sub_data) consider_root(node);
    if (node.flags & ~page::big_data || node.key.empty() || node.key.size() > 255) return;
    bool is_meta =
        node.key == "schema" || node.key == "newest_fetch" || node.key == "clock" || node.key == "host";
    if (is_meta && node.value.size() <= 4096) meta_values.emplace(node.key, node.value);
    if (!names_are_known_) consider_name(node);
    if (builder_.has(node.key)) return;
    bool wanted = policy_.wants(node.key, names_are_known_) || negative_.wants(node.key, names_are_known_);
    if (!wanted) return;
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

  // All of them lie on one page; of several the one of the latest fetch counts.
  void consider_meta(std::map<std::string, std::string> values) {
    auto newest = [](const auto& of) {
      auto found = of.find("newest_fetch");
      return found == of.end() || found->second.size() != 8 ? std::uint64_t{0}
                                                            : get_little(found->second) + 1;
    };
    if (values.contains("schema") && (best_meta_.empty() || newest(values) > newest(best_meta_)))
      best_meta_ = std::move(values);
  }

  // A value that lies under a damaged key knows by its checksum whose it is.
  bool fill_from_orphan(Side& side, const std::string& domain) {
    for (const auto& value : orphans_) {
      auto entry = judge_entry(domain, value, side.in_policy);
      if (!entry.record) continue;
      builder_.add(domain, value, *entry.record, entry.last_used);
      return true;
    }
    return false;
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
      // Whatever it demanded: the mail waits until that is known.
      if (side.in_policy) builder_.add(domain, lost_record(), 0);
    }
    for (auto& [domain, copy] : side.copies) {
      if (builder_.has(domain)) continue;
      copy.record.refresh_at = copy.record.look.next_check = copy.record.look.retry_fetch = Time{};
      copy.record.look.failed_id.clear();
      copy.record.look.detail = from_a_copy;
      builder_.add(domain, copy.record, copy.last_used);
      ++result_.salvaged;
      log_.warning("cache: the stored " + std::string(side.in_policy ? "policy" : "record") + " of " +
                   printable(domain) + " was damaged; an older copy is used, and looked up again at once");
    }
    auto told = side.seen + named + side.copies.size();
    if (side.claimed <= told) return;
    auto unnamed = side.claimed - told;
    result_.lost += unnamed;
    log_.error("cache: " + std::string(side.counted ? "" : "about ") + std::to_string(unnamed) +
               " entries of the database " + side.name + " were lost whose names cannot be read");
  }

  void say_lost(const Side& side, const std::string& domain) {
    if (++lines_ > most_lines) return;
    if (side.in_policy)
      log_.error("cache: the stored policy of " + printable(domain) +
                 " is lost; its mail waits until DNS and its policy host tell what it demands");
    else
      log_.warning("cache: the stored record of " + printable(domain) + " is lost; it had no policy");
  }

  PageFile file_;
  Builder builder_;
  const Log& log_;
  std::optional<TreeWalk> walk_;
  Side policy_{"policy", true}, negative_{"negative", false};
  std::vector<std::string> orphans_;
  std::map<std::string, std::string> best_meta_;
  bool one_state_ = false, names_are_known_ = false, meta_found_ = false;
  std::size_t lines_ = 0;
  Salvaged result_;
};

}  // namespace

Salvaged salvage(const std::string& damaged_file, const std::string& new_file, std::uint64_t map_size,
                 const Log& log) {
  return Salvage(damaged_file, new_file, map_size, log).run();
}

}  // namespace mtasts::cache
