#include "cache/file_check.hpp"

#include <algorithm>
#include <functional>

#include "cache/databases.hpp"
#include "cache/entry.hpp"
#include "core/finding.hpp"

namespace mtasts::cache {
namespace {

constexpr std::uint64_t most_schema = 1000;  // a higher number means damage, not a newer program

// A set of keys or names, kept as hashes so that it stays small for a cache of any size.
class Hashes {
 public:
  void add(std::string_view text) { all_.push_back(std::hash<std::string_view>{}(text)); }
  void finish() { std::ranges::sort(all_); }
  bool has(std::string_view text) const {
    return std::ranges::binary_search(all_, std::hash<std::string_view>{}(text));
  }

 private:
  std::vector<std::size_t> all_;
};

// The check while it runs. why_ keeps the first problem.
class Checker {
 public:
  Checker(const std::string& path, const LastWriter& last) : file_(path), last_(last) {}

  FileCheck run() {
    auto metas = read_metas(file_, last_);
    if (!metas) return without_meta(metas.error());
    meta_ = metas->best;
    if (!metas->sound) wrong(metas->why);
    if (file_.size() % file_.page_size() != 0) wrong("it does not end with a whole page");
    walk_.emplace(file_, meta_);
    take(walk_->walk_free_list(), "the free list");
    TreeReport main;
    NamedTrees trees = read_main(*walk_, meta_, main);
    take(main, "the main tree");
    if (why_.empty() && trees.complete && !trees.meta) {
      if (trees.any) return {FileState::foreign, "it is another program's LMDB file", 0};
    } else if (auto newer = check_meta(trees)) {
      return {FileState::newer, *newer, 0};
    }
    check_entries(trees);
    if (!why_.empty()) return {FileState::damaged, why_, 0};
    auto wanted = (meta_.last_page + 1) * file_.page_size();
    return {FileState::sound, "", file_.size() < wanted ? wanted : 0};
  }

 private:
  static FileCheck without_meta(NotWalked why) {
    switch (why) {
      case NotWalked::empty: return {FileState::empty, "", 0};
      case NotWalked::other_format:
        return {FileState::other_format, "it was written by an LMDB with another file format", 0};
      case NotWalked::no_meta: break;
    }
    return {FileState::damaged, "neither of its two meta pages can be used", 0};
  }

  void wrong(std::string what) {
    if (why_.empty()) why_ = std::move(what);
  }
  void take(const TreeReport& report, std::string_view of) {
    if (report.problems > 0)
      wrong(std::string(of) + ": " + report.first_problem +
            (report.problems > 1 ? " and " + std::to_string(report.problems - 1) + " more problems" : ""));
  }

  TreeReport walk(const std::optional<Tree>& tree, const char* name, const TreeWalk::OnEntry& f) {
    if (!tree) return {};
    // LMDB reads a node with this flag, but refuses to change it.
    auto report = walk_->walk(*tree, false, [&](std::string_view key, auto value, auto flags) {
      if (flags & page::sub_data) wrong(std::string("a node of the database ") + name + " has a wrong flag");
      return f(key, value, flags);
    });
    take(report, std::string("the database ") + name);
    return report;
  }

  // If a newer mtastsd wrote the file: that, for people.
  std::optional<std::string> check_meta(const NamedTrees& trees) {
    std::optional<std::uint64_t> schema;
    walk(trees.meta, "meta", [&](std::string_view key, auto value, auto) {
      if (key == "schema" && value && value->size() == 4) schema = get_little(*value);
      if (key == "newest_fetch" && (!value || value->size() != 8))
        wrong("its time of the newest fetch cannot be read");
      return true;
    });
    if (!trees.complete || !why_.empty()) return std::nullopt;
    if (!schema || *schema > most_schema) {
      wrong("its schema cannot be read");
    } else if (*schema > schema_version) {
      return "it has schema " + std::to_string(*schema) + ", written by a newer mtastsd";
    }
    return std::nullopt;
  }

  void check_entries(const NamedTrees& trees) {
    Hashes names, index_keys, used_keys, due_keys;
    auto read_index = [&](const std::optional<Tree>& tree, const char* name, Hashes& hashes) {
      walk(tree, name, [&](std::string_view key, auto, auto) {
        hashes.add(key);
        return true;
      });
      hashes.finish();
    };
    read_index(trees.used, "used", used_keys);
    read_index(trees.expiry, "expiry", index_keys);
    read_index(trees.due, "due", due_keys);
    auto read = [&](const std::optional<Tree>& tree, const char* name, bool in_policy) {
      walk(tree, name, [&](std::string_view domain, auto value, auto) {
        names.add(domain);
        auto entry = value ? judge_entry(domain, *value, in_policy) : Entry{};
        if (entry.newer_version) return true;
        if (!entry.record) {
          wrong("the entry of " + printable(domain) + " is damaged");
          return false;
        }
        auto keys = index_keys_of(domain, *entry.record, entry.last_used);
        if (!used_keys.has(keys.used.view()) || (keys.expiry && !index_keys.has(keys.expiry->view())))
          wrong("the entry of " + printable(domain) + " is missing from an index");
        return true;
      });
    };
    read(trees.policy, "policy", true);
    read(trees.negative, "negative", false);
    names.finish();
    check_counterparts(trees, names);
  }

  // A key of a domain that has an entry may be outdated; a key of a domain without one shows that an entry
  // was lost. This needs a second walk, because the first one has claimed the pages.
  void check_counterparts(const NamedTrees& trees, const Hashes& names) {
    if (!why_.empty()) return;
    TreeWalk again(file_, meta_);
    auto each = [&](const std::optional<Tree>& tree, const char* index, auto&& domain_of) {
      if (!tree) return;
      again.walk(*tree, false, [&](std::string_view key, auto, auto) {
        auto domain = domain_of(key);
        if (!domain)
          wrong(std::string("a key of the index ") + index + " cannot be read");
        else if (!names.has(*domain))
          wrong(printable(*domain) + " is in the index " + index + " but has no entry");
        return true;
      });
    };
    auto timed = [](std::string_view key) -> std::optional<std::string_view> {
      auto parsed = parse_time_key(key);
      return parsed ? std::optional(parsed->domain) : std::nullopt;
    };
    auto ranked = [](std::string_view key) -> std::optional<std::string_view> {
      auto parsed = parse_used_key(key);
      return parsed ? std::optional(parsed->domain) : std::nullopt;
    };
    each(trees.used, "used", ranked);
    each(trees.expiry, "expiry", timed);
    each(trees.due, "due", timed);
  }

  PageFile file_;
  LastWriter last_;
  Meta meta_;
  std::optional<TreeWalk> walk_;
  std::string why_;
};

}  // namespace

NamedTrees read_main(TreeWalk& walk, const Meta& meta, TreeReport& report) {
  NamedTrees trees;
  std::uint64_t wrong = 0;
  std::string first;
  report = walk.walk(meta.main, false, [&](std::string_view key, auto value, std::uint16_t flags) {
    trees.any = true;
    auto named = std::ranges::find(named_trees, key, &NamedTree::name);
    if (named == named_trees.end() || !value) return true;
    auto tree = value->size() == tree_size ? parse_tree(*value) : Tree{.flags = 0xFFFF};
    bool empty = tree.root == no_page && tree.entries == 0 && tree.depth == 0;
    bool fits = tree.root != no_page && tree.root >= 2 && tree.root <= meta.last_page && tree.depth > 0;
    if (!(flags & page::sub_data) || tree.flags != 0 || (!empty && !fits)) {
      if (wrong++ == 0) first = "the root of " + std::string(key) + " is wrong";
      return false;
    }
    trees.*(named->tree) = tree;
    return true;
  });
  if (report.problems == 0) report.first_problem = std::move(first);
  report.problems += wrong;
  trees.complete = report.problems == 0;
  return trees;
}

bool metas_hold(const std::string& data_file, const LastWriter& last) {
  PageFile file(data_file);
  auto metas = read_metas(file, last);
  if (!metas) return metas.error() == NotWalked::empty;
  return metas->sound && file.size() % file.page_size() == 0 && file.pages() > metas->best.last_page &&
         (!last.checksum || *last.checksum == metas->checksum);
}

FileCheck check_file(const std::string& data_file, const LastWriter& last) {
  return Checker(data_file, last).run();
}

std::string refusal(const FileCheck& check) {
  switch (check.verdict) {
    case FileState::foreign: return check.why + "; give mtastsd a folder of its own";
    case FileState::other_format:
      return check.why +
             "; install the LMDB it was written with, or move it away to begin with an empty cache";
    case FileState::newer:
      return check.why + "; install that version again, or move it away to begin with an empty cache";
    case FileState::sound:
    case FileState::empty:
    case FileState::damaged: break;
  }
  return {};
}

}  // namespace mtasts::cache
