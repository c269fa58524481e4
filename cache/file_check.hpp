// file_check - checks that data.mdb is what LMDB and this program wrote: every page in use, every entry, and
// that the indexes and the entries agree.
//
// Reads with page_file, so that a damaged file cannot kill the process. Only what is proved wrong counts as
// damage. Takes about a second for 512 MiB that are in the system's cache.
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
  foreign,       // sound, but another program's
  other_format,  // written by an LMDB with another file format
  newer,         // written by a newer mtastsd
};

struct FileCheck {
  FileState verdict = FileState::sound;
  std::string why;             // for people; not set if sound or empty
  std::uint64_t lengthen = 0;  // not 0: sound, but to be made this long (octets) to match its page count
};

// Whether the meta pages and the length are right; every start checks this much. If not, only check_file()
// tells whether the file is damaged. last: what daemon.lock says about the file. Throws LmdbFailure.
bool metas_hold(const std::string& data_file, const LastWriter& last);

// Checks the whole file. Throws LmdbFailure with the system's code if the file cannot be read, which does not
// mean that it is damaged.
FileCheck check_file(const std::string& data_file, const LastWriter& last = {});

// Why mtastsd does not use a file with this result, with the remedy, for people. Empty: it uses the file, or
// mends it.
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
// Sets report to what was found wrong in the main tree.
NamedTrees read_main(TreeWalk& walk, const Meta& meta, TreeReport& report);

}  // namespace mtasts::cache
