// file_check - whether data.mdb is what LMDB and this program wrote: every page that is in use, every entry,
// and that the indexes and the entries agree.
//
// Reads with page_file, so a damaged file kills nobody; only what is proved wrong counts as damage. Takes
// about a second for 512 MiB that are in the system's cache.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "cache/tree_walk.hpp"

namespace mtasts::cache {

enum class FileState {
  sound,
  empty,  // nothing was ever stored
  damaged,
  foreign,       // sound, and another program's
  other_format,  // of another LMDB
  newer,         // of a newer mtastsd
};

struct FileCheck {
  FileState verdict = FileState::sound;
  std::string why;             // in words, unless sound or empty
  std::uint64_t lengthen = 0;  // sound but shorter than its page count, all pages in use are there: to this
};

// The meta pages and the length are as they should be: what every start looks at. If not, only the whole
// check tells whether it is damage. Throws LmdbFailure.
bool metas_hold(const std::string& data_file, const LastWriter& last);

// The whole check. Throws LmdbFailure with the system's code if the file cannot be read: that says nothing
// about the file.
FileCheck check_file(const std::string& data_file, const LastWriter& last = {});

// Why mtastsd does not use a file that was checked so, with the remedy; empty: it does, or mends it.
std::string refusal(const FileCheck& check);

// The trees of the named databases, as far as the main tree could be read.
struct NamedTrees {
  std::optional<Tree> policy, negative, due, expiry, used, meta;
  bool complete = false;  // the main tree was read without a problem
  bool any = false;       // it has entries
};
struct NamedTree {
  const char* name;
  std::optional<Tree> NamedTrees::* tree;
};
inline constexpr std::array<NamedTree, 6> named_trees{{{"policy", &NamedTrees::policy},
                                                       {"negative", &NamedTrees::negative},
                                                       {"due", &NamedTrees::due},
                                                       {"expiry", &NamedTrees::expiry},
                                                       {"used", &NamedTrees::used},
                                                       {"meta", &NamedTrees::meta}}};
NamedTrees read_main(TreeWalk& walk, const Meta& meta, TreeReport& report);

}  // namespace mtasts::cache
